"""A pre-fork server over real data: an index of the standard library's source.

The parent parses modules of the standard library into an index (name -> definitions), then forks
workers which answer JSON requests on one shared socket, as pre-fork web servers do. The parent plays
the clients. Each worker reads the shared index, builds answers, and makes some cyclic garbage, so that
reference counts and collections both write to pages that the fork had left shared.

Recorded with `gcreplay record --marks`, each answer is a REQUEST, and building the index is a phase.

usage: prefork_index.py [MODULES [WORKERS [REQUESTS]]]
"""

import ast
import collections
import gc
import glob
import json
import os
import random
import socket
import sys
import sysconfig

try:
    import gcreplay_marks as marks
except ImportError:  # not recorded with --marks, and not installed
    marks = None


class Definition:
    """One class or function of one module."""

    def __init__(self, module, node, parent):
        self.module = module
        self.name = node.name
        self.line = node.lineno
        self.parent = parent  # the enclosing definition: with `children`, a cycle
        self.children = []
        self.doc = ast.get_docstring(node) or ""
        self.calls = collections.Counter(
            call.func.id
            for call in ast.walk(node)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        )
        if parent is not None:
            parent.children.append(self)


def collect_definitions(module, node, parent, index):
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            definition = Definition(module, child, parent)
            index[child.name].append(definition)
            collect_definitions(module, child, definition, index)
        else:
            collect_definitions(module, child, parent, index)


def build_index(limit):
    index = collections.defaultdict(list)
    directory = sysconfig.get_paths()["stdlib"]
    for path in sorted(glob.glob(os.path.join(directory, "*.py")))[:limit]:
        with open(path, encoding="utf-8", errors="replace") as source:
            try:
                tree = ast.parse(source.read(), path)
            except SyntaxError:
                continue
        collect_definitions(os.path.basename(path), tree, None, index)
    return dict(index)


def answer(index, request):
    found = index.get(request["name"], [])
    results = []
    for definition in found:
        trail = []
        at = definition
        while at is not None:
            trail.append(at.name)
            at = at.parent
        results.append(
            {
                "module": definition.module,
                "line": definition.line,
                "path": ".".join(reversed(trail)),
                "summary": definition.doc.split("\n")[0],
                "calls": definition.calls.most_common(5),
                "children": [child.name for child in definition.children],
            }
        )
    session = {"request": request, "results": results}
    session["self"] = [session]  # a cycle: only the collector can free it
    return json.dumps({"id": request["id"], "results": results})


def work(listener, index):
    served = 0
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rw") as stream:
            line = stream.readline()
            if line == "quit\n":
                return served
            number = marks.begin() if marks is not None else 0
            stream.write(answer(index, json.loads(line)) + "\n")
            stream.flush()
            if marks is not None:
                marks.end(number)
        served += 1


def ask(path, text):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        with client.makefile("rw") as stream:
            stream.write(text + "\n")
            stream.flush()
            return stream.readline()


def report(who):
    stats = [(s["collections"], s["collected"]) for s in gc.get_stats()]
    print(f"{who}: gc.get_stats() {stats}", flush=True)


def main():
    modules = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    requests = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    if marks is not None:
        marks.phase("index")
    index = build_index(modules)
    if marks is not None:
        marks.phase("serve")
    names = sorted(index)
    path = f"\0prefork-index-{os.getpid()}"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    report(f"parent has {len(names)} names before the fork")
    children = []
    for number in range(workers):
        child = os.fork()
        if child == 0:
            served = work(listener, index)
            report(f"worker {number} served {served}")
            os._exit(0)
        children.append(child)
    chosen = random.Random(1)
    answered = 0
    for number in range(requests):
        reply = json.loads(ask(path, json.dumps({"id": number, "name": chosen.choice(names)})))
        answered += len(reply["results"])
    for _ in children:
        ask(path, "quit")
    for child in children:
        os.waitpid(child, 0)
    report(f"parent got {answered} definitions")


if __name__ == "__main__":
    main()
