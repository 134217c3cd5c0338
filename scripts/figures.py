#!/usr/bin/env python3
"""Rewrites the tables of figures in docs/collectors/*.md from runs made now.

A page says in a comment what to run, one run a line (a trace below, then options of the back end or
heap=SIZE), and everything between the two comments is written anew:

    <!-- figures
    gcbench
    gcbench clear=memset
    prefork heap=2x
    -->
    ...
    <!-- /figures -->

Runs are interleaved and repeated; a row is the run with the median time. Use a machine that does
nothing else:

    scripts/figures.py [--repeat N] [--binary build/release/bin/gcreplay] [--only NAME]...
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
PAGES = os.path.join(ROOT, "docs", "collectors")
BLOCK = re.compile(r"<!-- figures\n(.*?)-->\n.*?<!-- /figures -->\n", re.S)

# name -> arguments of `gcreplay generate`, or the program to record.
TRACES = {
    "gcbench": ["gcbench"],
    "steady": ["steady"],
    "ring": ["ring"],
    "list": ["list"],
    "fork-gc": ["fork-gc"],
    "mt-store": ["mt-store"],
    "ramp": ["ramp"],
    "cliff": ["cliff"],
    "midlife": ["midlife"],
    "bigarray": ["bigarray"],
    "green": ["green"],
    "popular": ["popular"],
    "sizes": ["sizes"],
    "prefork": None,
}
PROGRAM = "workloads/programs/prefork_index.py"


def text_time(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


def text_mib(size):
    return f"{size / 2**20:.1f}"


def trace_path(name, args, folder):
    path = os.path.join(folder, name + ".gct")
    if os.path.exists(path):
        return path
    if TRACES[name] is None:
        command = [args.binary, "record", "-o", path, "--", "/usr/bin/python3", PROGRAM]
    else:
        command = [args.binary, "generate", *TRACES[name], "-o", path]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


def command_of(collector, row, path):
    words = row.split()
    command = ["run", path, "-c", collector]
    for word in words[1:]:
        key, value = word.split("=", 1)
        command += ["--heap", value] if key == "heap" else ["--set", word]
    return command


def run_once(args, collector, row, folder):
    path = trace_path(row.split()[0], args, folder)
    out = os.path.join(folder, "run.json")
    if os.path.exists(out):
        os.unlink(out)
    command = [args.binary, *command_of(collector, row, path), "--json", out]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    with open(out, encoding="utf-8") as file:
        return json.load(file)


def clock_ns(result):
    return result["time"]["mutator_ns"] + result["time"]["collector_ns"]


def table_row(row, result):
    memory, time, pauses = result["memory"], result["time"], result["pauses"]
    name = f"`{row}`" if result["outcome"] == "ok" else f"`{row}` ({result['outcome'].replace('_', ' ')})"
    ratio = f"{memory['overhead']:.2f}x" if memory["overhead"] else ""
    collections = result["collections"]
    by_generation = "/".join(str(n) for n in collections["by_generation"])
    paused = pauses["count"] > 0
    return [name, f"{text_mib(memory['footprint_peak_bytes'])} / {text_mib(memory['footprint_mean_bytes'])}",
            ratio, by_generation, text_time(pauses["p50_ns"]) if paused else "",
            text_time(pauses["max_ns"]) if paused else "", text_time(time["mutator_ns"]),
            text_time(time["collector_ns"]), text_time(time["collector_cpu_ns"]),
            f"{time['events_per_second'] / 1e6:.1f}" if time["events_per_second"] else ""]


HEADS = ["run", "footprint peak / mean, MiB", "over live", "pauses by generation", "p50", "max", "mutator",
         "in pauses", "collector CPU", "M events/s"]


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def number(value):
    return f"{value:,.0f}".replace(",", " ") if value == int(value) else f"{value:.3g}"


def design_table(rows, results):
    """What the design counts itself, a column a run."""
    names = []
    for result in results:
        names += [f["name"] for f in result["design"] if f["name"] not in names]
    lines = []
    for name in names:
        cells, unit = [], ""
        for result in results:
            found = [f for f in result["design"] if f["name"] == name]
            cells.append(number(found[0]["value"]) if found else "")
            unit = found[0]["unit"] if found else unit
        lines.append([f"{name} ({unit})", *cells])
    return ["", *table(["the design's own", *(f"`{r}`" for r in rows)], lines)] if lines else []


def figures(args, collector, rows, folder):
    runs = {row: [] for row in rows}
    for _ in range(args.repeat):
        for row in rows:
            runs[row].append(run_once(args, collector, row, folder))
            print(f"{collector}: {row}", file=sys.stderr)
    median = [sorted(runs[row], key=clock_ns)[len(runs[row]) // 2] for row in rows]
    machine = median[0]["machine"]
    runs_made = f"of {args.repeat} interleaved runs the one with the median time" if args.repeat > 1 else "one run each"
    lines = [f"{machine['cores']} cores of {machine['cpu']}, L2 {machine['l2_bytes'] // 1024} KiB, release build; "
             f"{runs_made}. Times are on the replay clock.", ""]
    lines += table(HEADS, [table_row(row, result) for row, result in zip(rows, median)])
    lines += design_table(rows[:4], median[:4])
    lines += ["", "```"]
    for name in dict.fromkeys(row.split()[0] for row in rows):
        if TRACES[name] is None:
            lines.append(f"gcreplay record -o {name}.gct -- /usr/bin/python3 {PROGRAM}")
        else:
            lines.append(f"gcreplay generate {' '.join(TRACES[name])} -o {name}.gct")
    lines += ["gcreplay " + " ".join(command_of(collector, rows[-1], rows[-1].split()[0] + ".gct")),
              f"scripts/figures.py --only {collector}          # this table", "```", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "release", "bin", "gcreplay"))
    parser.add_argument("--only", action="append", help="a collector's name")
    args = parser.parse_args()
    args.binary = os.path.abspath(args.binary)
    with tempfile.TemporaryDirectory() as folder:
        for page in sorted(os.listdir(PAGES)):
            collector, ending = os.path.splitext(page)
            path = os.path.join(PAGES, page)
            if ending != ".md" or (args.only and collector not in args.only):
                continue
            with open(path, encoding="utf-8") as file:
                text = file.read()
            found = BLOCK.search(text)
            if not found:
                continue
            rows = [line.strip() for line in found.group(1).splitlines() if line.strip()]
            made = f"<!-- figures\n{found.group(1)}-->\n{figures(args, collector, rows, folder)}<!-- /figures -->\n"
            with open(path + ".new", "w", encoding="utf-8") as file:
                file.write(text[:found.start()] + made + text[found.end():])
            os.replace(path + ".new", path)


if __name__ == "__main__":
    main()
