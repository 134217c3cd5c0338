"""The programs of scripts/predict_thresholds.sh, and its table."""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile

PYTHON = os.environ.get("GCREPLAY_PYTHON", "/usr/bin/python3")
GCREPLAY = os.environ["GCREPLAY"]
LIBRARY = os.path.dirname(os.__file__) + "/"
THRESHOLDS = ["700,10,10", "200,10,10", "2000,10,10", "700,5,5", "10000,20,50", "5000,5,5"]
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}

CYCLES = """
import random
class Node:
    def __init__(self, key): self.key, self.next, self.table, self.list = key, None, {}, []
rng, keep = random.Random(3), []
for i in range(30000):
    a, b = Node(i), Node(-i)
    a.next, b.next, a.table["x"] = b, a, b
    a.list.append(i); b.list.append(a)
    a.call = lambda: a
    if rng.random() < .05: keep.append(a)
    if len(keep) > 400: keep.pop(rng.randrange(400))
    pairs = [(i, j) for j in range(rng.randrange(20))]
"""
PYDOC = """
import pydoc
for name in "argparse difflib unittest.case email.message decimal collections typing asyncio.base_events logging".split():
    print(len(pydoc.plain(pydoc.render_doc(name))))
"""
SYMPY = """
import sympy as s
x, y = s.symbols("x y")
print(s.factor((x**6 - y**6) * (x + y)**3), s.solve(x**3 - 2*x + 1, x), s.integrate(x * s.sin(x), x))
"""


def programs(root, work):
    """(name, packages it needs, command)."""
    lib = [LIBRARY + name + ".py" for name in ("argparse", "difflib", "inspect", "typing")]
    return [
        ("ast, symbols, compile", (), [PYTHON, root + "/workloads/programs/compile_modules.py", "25"]),
        ("cycles of all kinds", (), [PYTHON, "-c", CYCLES]),
        ("lib2to3", (), [PYTHON, "-W", "ignore", "-m", "lib2to3", *lib[:2]]),
        ("pydoc", (), [PYTHON, "-c", PYDOC]),
        ("pyflakes", ("pyflakes",), [PYTHON, "-m", "pyflakes", *lib]),
        ("pygments", ("pygments",), [PYTHON, "-m", "pygments", "-f", "html", "-o", os.devnull, lib[0]]),
        ("docutils", ("docutils",), [PYTHON, "-m", "docutils", work + "/text.rst", os.devnull]),
        ("sympy", ("sympy",), [PYTHON, "-c", SYMPY]),
    ]


def write_text(path):
    with open(path, "w") as out:
        out.write("Title\n=====\n\n")
        for i in range(120):
            out.write(f"Section {i}\n--------------\n\nSome *text* with ``code``, a `link <http://x/{i}>`_ and **bold**.\n\n"
                      "* a\n* b\n\n  * c\n\n+---+---+\n| 1 | 2 |\n+---+---+\n| 3 | 4 |\n+---+---+\n\n::\n\n  block\n\n.. note:: hello *x*\n\n")


def run(words, **more):
    environment = dict(ENVIRONMENT, **more)
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)


def truth(command, thresholds, work):
    path = work + "/truth"
    run(command, LD_PRELOAD=os.environ["TRUTH_LIBRARY"], TRUTH_FILE=path, TRUTH_THRESHOLDS=thresholds)
    with open(path) as line:
        numbers = [int(word) for word in line.read().split()]
    os.unlink(path)
    return numbers[:3], numbers[3:]


def predict(trace, thresholds, work):
    path = work + "/result.json"
    settings = [word for i, t in enumerate(thresholds.split(",")) for word in ("--set", f"threshold{i}={t}")]
    run([GCREPLAY, "run", trace, "-c", "linked-list", *settings, "--json", path])
    with open(path) as text:
        result = json.load(text)
    os.unlink(path)
    if result["outcome"] != "ok":
        sys.exit(f"{trace}: {result['outcome']}: {result.get('message', '')}")
    counts, freed = [0] * 3, [0] * 3
    table = result["lanes"][0]["pauses"]["list"]
    generation, collected = table["columns"].index("generation"), table["columns"].index("collected")
    for row in table["rows"]:
        counts[row[generation]] += 1
        freed[row[generation]] += row[collected]
    return counts, freed


def error(ours, theirs):
    return (ours - theirs) / theirs if theirs else float(ours != theirs)


def main():
    parser = argparse.ArgumentParser(prog="scripts/predict_thresholds.sh")
    parser.add_argument("root")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--thresholds", action="append")
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()
    work = tempfile.mkdtemp()
    write_text(work + "/text.rst")
    heads = ["program", "thresholds", "collections", "predicted", "error", "freed", "predicted", "error", ""]
    widths = [22, 12, 13, 13, 7, 8, 9, 7, 4]
    line = (lambda cells: "| " + " | ".join(cells) + " |") if options.markdown else \
        (lambda cells: " ".join(cell.ljust(width) for cell, width in zip(cells, widths)))
    print(line(heads), flush=True)
    if options.markdown:
        print("|" + "---|" * len(heads))
    good, missing = [], []
    for name, needs, command in programs(options.root, work):
        if options.names and name not in options.names:
            continue
        if any(importlib.util.find_spec(package) is None for package in needs):
            missing.append(name)
            continue
        trace = work + "/trace.gct"
        done = run([GCREPLAY, "record", "-o", trace, "--", *command])
        if not os.path.exists(trace) or run([GCREPLAY, "check", trace]).returncode != 0:
            print(f"{name}: no valid recording: {done.stderr.strip()[-200:]}", flush=True)
            continue
        holds = True
        for thresholds in options.thresholds or THRESHOLDS:
            counts, freed = truth(command, thresholds, work)
            our_counts, our_freed = predict(trace, thresholds, work)
            in_counts = error(sum(our_counts), sum(counts))
            in_freed = error(sum(our_freed), sum(freed))
            row = (abs(in_counts) <= .03 or abs(sum(our_counts) - sum(counts)) <= 1) and abs(in_freed) <= .1
            holds = holds and row
            print(line([name, thresholds, "/".join(map(str, counts)), "/".join(map(str, our_counts)), f"{in_counts:+.1%}",
                        str(sum(freed)), str(sum(our_freed)), f"{in_freed:+.1%}", "ok" if row else "MISS"]), flush=True)
        os.unlink(trace)
        if holds:
            good.append(name)
    shutil.rmtree(work)
    print(f"within 3% and 10% at all thresholds: {', '.join(good) or 'none'}")
    if missing:
        print("left out, not installed: " + ", ".join(missing))
    return 0 if len(good) >= 5 or options.names else 1


sys.exit(main())
