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
TEXTS = """
import configparser, difflib, email.message, email.parser, html.parser, io, tokenize
lines = open(tokenize.__file__).read().split("\\n")
changed = [line.replace("self", "me") for line in lines if len(line) % 7]
print(sum(1 for _ in difflib.unified_diff(lines, changed)), len(difflib.HtmlDiff().make_table(lines[:300], changed[:300])))
class Links(html.parser.HTMLParser):
    def __init__(self): super().__init__(); self.links, self.open = [], []
    def handle_starttag(self, tag, attributes): self.open.append((tag, dict(attributes)))
    def handle_endtag(self, tag): self.links.append(self.open.pop())
for n in range(60):
    parser = Links(); parser.feed("<div class=a><p id=%d>x <b>y</b> <a href='z'>w</a></p></div>" % n * 40)
    config = configparser.ConfigParser(); config.read_string("".join("[s%d]\\na = %%(b)s\\nb = 2\\n" % i for i in range(30)))
    print(len(parser.links), sum(config.getint(name, "a") for name in config.sections()))
    mail = email.message.EmailMessage(); mail["Subject"], mail["To"] = "n", "a@b.c, D <e@f.g>"; mail.set_content("x\\n" * 40)
    mail.add_alternative("<p>x</p>", subtype="html"); print(len(email.parser.Parser().parsestr(mail.as_string()).get_payload()))
    print(sum(1 for _ in tokenize.generate_tokens(io.StringIO("\\n".join(lines[:200])).readline)))
"""
TASKS = """
import asyncio, random
rng = random.Random(5)
async def serve(queue):
    while True:
        answer, words = await queue.get()
        table = {word: [word, len(word)] for word in words}
        await asyncio.sleep(0)
        if len(table) % 7 == 0: answer.set_exception(ValueError(len(table)))
        else: answer.set_result(table)
async def ask(loop, queue, n):
    for _ in range(12):
        answer = loop.create_future()
        await queue.put((answer, [str(rng.random()) for _ in range(rng.randrange(40))]))
        try: await answer
        except ValueError: pass
async def main():
    loop, queue = asyncio.get_running_loop(), asyncio.Queue(8)
    servers = [asyncio.create_task(serve(queue)) for _ in range(4)]
    for _ in range(40): await asyncio.gather(*(ask(loop, queue, n) for n in range(10)))
    for server in servers: server.cancel()
asyncio.run(main())
"""
XML = """
import xml.dom.minidom as M, xml.etree.ElementTree as E
root = E.Element("r")
for i in range(150): E.SubElement(E.SubElement(root, "a", n=str(i)), "b").text = "x"
text = E.tostring(root)
for _ in range(40): print(len(E.fromstring(text).findall(".//b")), len(M.parseString(text).toxml()))
"""
GRAPHS = """
import networkx as nx
for seed in range(12):
    g = nx.gnm_random_graph(150, 600, seed=seed)
    print(nx.average_clustering(g), len(list(nx.connected_components(g))), len(nx.minimum_spanning_tree(g)), nx.transitivity(g))
"""
YAML = """
import yaml
text = yaml.dump([{"a": [i, str(i)], "b": {"c": None}} for i in range(60)], Dumper=yaml.SafeDumper)
for _ in range(6): print(len(yaml.load(text, Loader=yaml.SafeLoader)))
"""
TEMPLATES = """
import jinja2
for i in range(120):
    page = jinja2.Environment().from_string("{% macro m(x) %}<i>{{ x }}</i>{% endmacro %}{% for i in r if i is odd %}{{ m(i) }}{% endfor %} " + str(i))
    print(len(page.render(r=range(i))))
"""
MARKDOWN = """
import markdown
text = "".join(f"# T {i}\\n\\nSome *text* with `code`, [a](http://x/{i}) and **bold**.\\n\\n* a\\n* b\\n    * c\\n\\n> q\\n\\n" for i in range(60))
for _ in range(6): print(len(markdown.markdown(text, extensions=["extra"])))
"""
SOUP = """
import bs4
text = "<html><body>" + "".join(f"<div class=c{i}><p>x<b>y</b><a href=z>{i}</a></p><ul><li>1<li>2</ul></div>" for i in range(60))
for _ in range(8): print(len(bs4.BeautifulSoup(text, "html.parser").find_all("a")), len(bs4.BeautifulSoup(text, "html5lib").select("li")))
"""
SYMPY = """
import sympy as s
x, y = s.symbols("x y")
print(s.factor((x**6 - y**6) * (x + y)**3), s.solve(x**3 - 2*x + 1, x), s.integrate(x * s.sin(x), x))
"""


def programs(root, work):
    """(name, packages it needs, command)."""
    own = root + "/workloads/programs/"
    lib = [LIBRARY + name + ".py" for name in ("argparse", "difflib", "inspect", "typing")]
    return [
        ("ast, symbols, compile", (), [PYTHON, own + "compile_modules.py", "25"]),
        ("cycles of all kinds", (), [PYTHON, "-c", CYCLES]),
        ("lib2to3", (), [PYTHON, "-W", "ignore", "-m", "lib2to3", *lib[:2]]),
        ("pydoc", (), [PYTHON, "-c", PYDOC]),
        ("JSON service", (), [PYTHON, own + "json_service.py", "3000"]),
        ("object graph", (), [PYTHON, own + "object_graph.py", "3000", "4"]),
        ("unittest", (), [PYTHON, own + "unit_suite.py", "3"]),
        ("tokenize", (), [PYTHON, "-m", "tokenize", *lib[:1]]),
        ("pyclbr", (), [PYTHON, "-m", "pyclbr", *lib[2:3]]),
        ("texts of many kinds", (), [PYTHON, "-c", TEXTS]),
        ("asyncio, queues", (), [PYTHON, "-c", TASKS]),
        ("xml", (), [PYTHON, "-c", XML]),
        ("networkx", ("networkx",), [PYTHON, "-c", GRAPHS]),
        ("yaml", ("yaml",), [PYTHON, "-c", YAML]),
        ("jinja2", ("jinja2",), [PYTHON, "-c", TEMPLATES]),
        ("markdown", ("markdown",), [PYTHON, "-c", MARKDOWN]),
        ("bs4, html5lib", ("bs4", "html5lib"), [PYTHON, "-c", SOUP]),
        ("mercurial", ("mercurial",), ["/usr/bin/hg", "help", "-v", "config"]),
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


def holds(ours, our_freed, theirs, freed):
    """Sum, generation 0 and generation 1 within 3%; generation 2, of which there are few, within one; freed within 10%."""
    near = all(abs(error(a, b)) <= .03 for a, b in ((sum(ours), sum(theirs)), *zip(ours[:2], theirs[:2])))
    return near and abs(ours[2] - theirs[2]) <= 1 and abs(error(sum(our_freed), sum(freed))) <= .1


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
        if truth(command, THRESHOLDS[0], work) != truth(command, THRESHOLDS[0], work):
            print(f"{name}: not deterministic: two runs without recording differ", flush=True)
        whole = True
        for thresholds in options.thresholds or THRESHOLDS:
            counts, freed = truth(command, thresholds, work)
            our_counts, our_freed = predict(trace, thresholds, work)
            in_counts = error(sum(our_counts), sum(counts))
            in_freed = error(sum(our_freed), sum(freed))
            row = holds(our_counts, our_freed, counts, freed)
            whole = whole and row
            print(line([name, thresholds, "/".join(map(str, counts)), "/".join(map(str, our_counts)), f"{in_counts:+.1%}",
                        str(sum(freed)), str(sum(our_freed)), f"{in_freed:+.1%}", "ok" if row else "MISS"]), flush=True)
        os.unlink(trace)
        if whole:
            good.append(name)
    shutil.rmtree(work)
    print(f"within 3% and 10% at all thresholds: {', '.join(good) or 'none'}")
    if missing:
        print("left out, not installed: " + ", ".join(missing))
    return 0 if len(good) >= 5 or options.names else 1


sys.exit(main())
