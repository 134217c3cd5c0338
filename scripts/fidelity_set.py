"""The programs of scripts/fidelity_set.sh, and its table."""

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PYTHON = os.environ.get("GCREPLAY_PYTHON", "/usr/bin/python3")
GCREPLAY = os.environ["GCREPLAY"]
LIBRARY = os.path.dirname(os.__file__) + "/"

SERVE = """
import threading, urllib.request
{make}
threading.Thread(target=server.serve_forever, daemon=True).start()
url = "http://127.0.0.1:%d/" % server.server_address[1]
for _ in range(300):
    urllib.request.urlopen(url).read()
server.shutdown()
"""
WORK = "import glob, ast\ndef work(path): return sum(1 for _ in ast.walk(ast.parse(open(path, 'rb').read())))\n" \
    f"paths = sorted(glob.glob('{LIBRARY}a*.py'))\n"


def code(text):
    return [PYTHON, "-c", text]


def module(*words):
    return [PYTHON, "-W", "ignore", "-m", *words]


def programs(root, work):
    """(name, packages it needs, command)."""
    own = root + "/workloads/programs/"
    lib = [LIBRARY + name for name in ("argparse.py", "difflib.py", "inspect.py")]
    rst, package, data = f"{work}/text.rst", f"{work}/package", f"{work}/data.json"
    return [
        ("ast, symbols, compile", (), [PYTHON, own + "compile_modules.py", "20"]),
        ("JSON service", (), [PYTHON, own + "json_service.py", "1500"]),
        ("object graph", (), [PYTHON, own + "object_graph.py", "3000", "2"]),
        ("pre-fork server", (), [PYTHON, own + "prefork_index.py", "12", "2", "60"]),
        ("compileall", (), module("compileall", "-q", "-f", package)),
        ("dis", (), module("dis", lib[0])),
        ("tokenize", (), module("tokenize", lib[0])),
        ("lib2to3", (), module("lib2to3", lib[0])),
        ("pydoc", (), module("pydoc", "argparse")),
        ("pyclbr", (), module("pyclbr", lib[2])),
        ("cProfile", (), module("cProfile", "-o", f"{work}/profile", own + "json_service.py", "200")),
        ("json.tool", (), module("json.tool", data, os.devnull)),
        ("zipfile", (), module("zipfile", "-c", f"{work}/a.zip", package)),
        ("tarfile", (), module("tarfile", "-c", f"{work}/a.tar.gz", package)),
        ("doctest", (), code("import doctest, difflib, heapq, bisect\nfor m in difflib, heapq, bisect: doctest.testmod(m)")),
        ("unittest", (), code(
            "import unittest, io\n"
            "class T(unittest.TestCase):\n    def run_one(self, n): self.assertEqual(sorted([n, 1, 2]), sorted([2, n, 1]))\n"
            "for i in range(800): setattr(T, f'test_{i}', lambda self, i=i: self.run_one(i))\n"
            "unittest.TextTestRunner(io.StringIO()).run(unittest.defaultTestLoader.loadTestsFromTestCase(T))")),
        ("sqlite3", (), code(
            "import sqlite3\nc = sqlite3.connect(':memory:'); c.row_factory = sqlite3.Row\n"
            "c.execute('create table t(a, b)'); c.executemany('insert into t values(?, ?)', ((i, str(i)) for i in range(20000)))\n"
            "print(sum(r['a'] for r in [dict(r) for r in c.execute('select * from t order by b')]))")),
        ("xml.etree, minidom", (), code(
            "import xml.etree.ElementTree as E, xml.dom.minidom as M\n"
            "t = E.Element('r')\nfor i in range(3000): E.SubElement(E.SubElement(t, 'a', n=str(i)), 'b').text = 'x'\n"
            "s = E.tostring(t); print(len(E.fromstring(s).findall('.//b')), len(M.parseString(s).toxml()))")),
        ("difflib", (), code(
            f"import difflib\na = open({lib[0]!r}).read().split('\\n')\nb = [l.replace('self', 'me') for l in a if len(l) % 7]\n"
            "print(len(list(difflib.unified_diff(a, b))), len(difflib.HtmlDiff().make_table(a[:300], b[:300])))")),
        ("asyncio server", (), code(
            "import asyncio\nasync def serve(r, w):\n    while line := await r.readline(): w.write(line); await w.drain()\n    w.close()\n"
            "async def ask(port):\n    r, w = await asyncio.open_connection('127.0.0.1', port)\n"
            "    for i in range(20): w.write(b'x%d\\n' % i); await r.readline()\n    w.close(); await w.wait_closed()\n"
            "async def main():\n    s = await asyncio.start_server(serve, '127.0.0.1', 0); port = s.sockets[0].getsockname()[1]\n"
            "    for _ in range(10): await asyncio.gather(*(ask(port) for _ in range(10)))\nasyncio.run(main())")),
        ("http.server, threads", (), code(SERVE.format(make=(
            "import http.server, os\nos.chdir('/usr/share/doc')\nclass H(http.server.SimpleHTTPRequestHandler):\n"
            "    def log_message(self, *a): pass\nserver = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)")))),
        ("wsgiref", (), code(SERVE.format(make=(
            "import wsgiref.simple_server as W\nclass H(W.WSGIRequestHandler):\n    def log_message(self, *a): pass\n"
            "server = W.make_server('127.0.0.1', 0, W.demo_app, handler_class=H)")))),
        ("multiprocessing.Pool", (), code(WORK + "import multiprocessing\nwith multiprocessing.Pool(2) as p: print(sum(p.map(work, paths)))\np.join()")),
        ("multiprocessing.Manager", (), code(
            "import multiprocessing as m\ndef add(d, n):\n    for i in range(100): d[n, i] = [i]\n"
            "with m.Manager() as g:\n    d = g.dict(); ps = [m.Process(target=add, args=(d, n)) for n in range(3)]\n"
            "    [p.start() for p in ps]; [p.join() for p in ps]; print(len(d))")),
        ("ProcessPoolExecutor", (), code(WORK + "import concurrent.futures as c\nwith c.ProcessPoolExecutor(2) as p: print(sum(p.map(work, paths)))")),
        ("pygments", ("pygments",), module("pygments", "-f", "html", "-o", os.devnull, lib[0])),
        ("docutils", ("docutils",), module("docutils", rst, os.devnull)),
        ("mercurial", ("mercurial",), ["/usr/bin/hg", "help", "-v", "config"]),
        ("scons", ("SCons",), ["/usr/bin/scons", "-C", package, "--version"]),
        ("meson", ("mesonbuild",), ["/usr/bin/meson", "introspect", "--help"]),
        ("pyflakes", ("pyflakes",), module("pyflakes", *lib)),
        ("flake8", ("flake8",), module("flake8", "-j", "1", "--exit-zero", lib[0])),
        ("pylint", ("pylint",), module("pylint", "-j", "1", "--exit-zero", LIBRARY + "bisect.py", LIBRARY + "heapq.py")),
        ("black", ("black",), module("black", "-q", "--fast", "--stdin-filename", "a.py", "-c", "x = [1,\n 2]")),
        ("yt-dlp", ("yt_dlp",), module("yt_dlp", "--help")),
        ("sphinx", ("sphinx",), module("sphinx", "-q", "-E", "-C", package, f"{work}/html")),
        ("ansible", ("ansible",), ["/usr/bin/ansible", "--version"]),
        ("numpy", ("numpy",), code(
            "import numpy as n\na = n.arange(10000).astype(object); b = [n.ones((3, 3)) * i for i in range(3000)]\n"
            "r = n.array([(1, 'x', None)] * 50, dtype=[('a', 'i4'), ('b', 'U3'), ('c', 'O')])\n"
            "print(a.sum(), sum(b)[0, 0], r['c'][0], n.linalg.inv(n.eye(9))[0, 0])")),
        ("lxml", ("lxml",), code(
            "from lxml import etree as E, html\nt = E.Element('r')\nfor i in range(3000): E.SubElement(t, 'a', n=str(i)).text = 'x'\n"
            "print(len(t.xpath('//a[@n > 10]')), len([e.getparent() for e in t.iter()]), len(html.fromstring('<p>x<b>y').text_content()))")),
        ("PIL", ("PIL",), code(
            "from PIL import Image, ImageDraw, ImageFilter\nimport io\nfor i in range(60):\n    m = Image.new('RGB', (40, 40)); d = ImageDraw.Draw(m); d.line((0, i, 39, 3), fill=3)\n"
            "    f = io.BytesIO(); m.filter(ImageFilter.BLUR).save(f, 'PNG'); Image.open(f).load()")),
        ("yaml, C loader", ("yaml",), code(
            "import yaml\nd = [{'a': [i, str(i)], 'b': {'c': None}} for i in range(600)]\n"
            "s = yaml.dump(d, Dumper=yaml.CSafeDumper); print(yaml.load(s, Loader=yaml.CSafeLoader) == d == yaml.safe_load(s))")),
        ("networkx", ("networkx",), code(
            "import networkx as nx\ng = nx.gnm_random_graph(300, 1500, seed=1)\n"
            "print(nx.average_clustering(g), len(list(nx.connected_components(g))), len(nx.minimum_spanning_tree(g)))")),
        ("sympy", ("sympy",), code("import sympy as s\nx, y = s.symbols('x y')\nprint(s.factor((x**6 - y**6) * (x + y)), s.solve(x**3 - 2*x + 1, x))")),
        ("flask", ("flask",), code(
            "import flask\na = flask.Flask('x')\n@a.route('/<int:n>')\ndef f(n): return flask.render_template_string('{% for i in r %}{{i}},{% endfor %}', r=range(n))\n"
            "c = a.test_client()\nfor i in range(200): c.get('/%d' % (i % 50))")),
    ]


def prepare(work):
    os.makedirs(work + "/package", exist_ok=True)
    for name in ("bisect", "heapq", "textwrap", "string"):
        shutil.copy(LIBRARY + name + ".py", work + "/package")
    with open(work + "/package/index.rst", "w") as out:
        out.write("Text\n====\n\n" + "A *word* and ``code``.\n\n" * 100)
    with open(work + "/package/SConstruct", "w") as out:
        out.write("")
    shutil.copy(work + "/package/index.rst", work + "/text.rst")
    with open(work + "/data.json", "w") as out:
        json.dump([{"a": [i, {"b": str(i)}]} for i in range(8000)], out)


def run(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **more)


def rows(table, *names):
    places = [table["columns"].index(name) for name in names]
    return [tuple(row[place] for place in places) for row in table["rows"]]


def compare(result):
    """Collections recorded and replayed by generation, and freed counts: exact, all."""
    recorded, replayed, exact, total = [0] * 3, [0] * 3, 0, 0
    same = True
    for lane in result["lanes"]:
        theirs = rows(lane["recorded"]["list"], "generation", "collected")
        ours = rows(lane["pauses"]["list"], "generation", "collected")
        same = same and [r[0] for r in theirs] == [r[0] for r in ours]
        for side, sums in ((theirs, recorded), (ours, replayed)):
            for generation, _ in side:
                sums[generation] += 1
        exact += sum(a == b for a, b in zip(theirs, ours))
        total += len(theirs)
    return same, recorded, replayed, exact, total


def slowdown(command, trace, rounds):
    plain, recorded = [], []
    for _ in range(rounds):
        for times, words in ((plain, command), (recorded, [GCREPLAY, "record", "--mode", "faithful", "-o", trace, "--", *command])):
            start = time.monotonic()
            run(words)
            times.append(time.monotonic() - start)
    return statistics.median(recorded) / statistics.median(plain) if rounds else None


def check_neutral(command, trace):
    """None, or what is wrong."""
    done = run([GCREPLAY, "record", "-o", trace, "--", *command])
    if not os.path.exists(trace):
        return "neutral: not recorded: " + done.stderr.strip()[-200:]
    for words in (["check", trace], ["run", trace, "-c", "linked-list", "--verify"], ["run", trace, "-c", "semispace", "--verify"]):
        done = run([GCREPLAY, *words])
        if done.returncode != 0:
            return f"neutral: {words[0]} {words[3:4]}: " + done.stderr.strip()[-200:]
    return None


def measure(command, work, number, rounds):
    """The row's words, its slowdown, and what is wrong with it."""
    trace, out = f"{work}/{number}.gct", f"{work}/{number}.json"
    done = run([GCREPLAY, "record", "--mode", "faithful", "-o", trace, "--", *command])
    if not os.path.exists(trace):
        return None, None, "not recorded: " + done.stderr.strip()[-200:]
    run([GCREPLAY, "run", trace, "-c", "linked-list", "--json", out])
    result = json.load(open(out)) if os.path.exists(out) else {"outcome": "none"}
    if result["outcome"] != "ok":
        return None, None, f"faithful: {result['outcome']}: {result.get('message', '')}"
    same, recorded, replayed, exact, total = compare(result)
    events = json.loads(subprocess.run([GCREPLAY, "info", "--json", trace], capture_output=True, text=True).stdout)["events"]
    ratio = slowdown(command, trace, rounds)
    os.unlink(trace)
    wrong = check_neutral(command, trace) or (None if same else "collections differ: " + "/".join(map(str, replayed)))
    words = [str(len(result["lanes"])), str(events), "/".join(map(str, recorded)), "equal" if same else "DIFFERENT",
             f"{exact} of {total}", "verified" if wrong is None or not wrong.startswith("neutral") else "FAILED",
             "-" if ratio is None else f"{ratio:.1f}"]
    return words, ratio, wrong


def main():
    parser = argparse.ArgumentParser(prog="scripts/fidelity_set.sh")
    parser.add_argument("root")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_intermixed_args()
    work = options.keep or tempfile.mkdtemp()
    prepare(work)
    heads = ["program", "processes", "events", "collections", "replayed", "freed counts exact", "neutral", "slower"]
    line = (lambda cells: "| " + " | ".join(cells) + " |") if options.markdown else \
        (lambda cells: f"{cells[0]:25} " + " ".join(f"{c:>11}" for c in cells[1:3]) + f" {cells[3]:>14} {cells[4]:>9} {cells[5]:>18} {cells[6]:>8} {cells[7]:>6}")
    print(line(heads), flush=True)
    if options.markdown:
        print("|" + "---|" * len(heads))
    ratios, faults, missing = [], [], []
    for number, (name, needs, command) in enumerate(programs(options.root, work)):
        if options.names and name not in options.names:
            continue
        if any(importlib.util.find_spec(package) is None for package in needs) or shutil.which(command[0]) is None:
            missing.append(name)
            continue
        words, ratio, wrong = measure(command, work, number, options.rounds)
        if words is not None:
            print(line([name, *words]), flush=True)
        if wrong is not None:
            faults.append(f"{name}: {wrong}")
            print(f"  {faults[-1]}", flush=True)
        if ratio is not None:
            ratios.append(ratio)
    if ratios:
        print(f"median slowdown: {statistics.median(ratios):.2f}")
    if missing:
        print("left out, not installed: " + ", ".join(missing))
    if options.keep is None:
        shutil.rmtree(work)
    return 1 if faults else 0


sys.exit(main())
