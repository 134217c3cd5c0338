#!/usr/bin/env python3
"""See scripts/throughput.sh, which calls this."""
import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from docs_page import NoBlock, write_block
from machine import machine_note

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = os.environ.get("GCREPLAY_PYTHON", "/usr/bin/python3")
PROGRAMS = {  # recorded Python programs: what they are called with
    "compile_modules": ["20"], "json_service": ["1500"], "object_graph": ["3000", "2"],
    "prefork_index": ["12", "2", "60"]}
GRAPH = ["1000000", "slots", "3"]  # of collect_graph.py


class Failure(Exception):
    pass


class Done:
    """What a command cost, and printed."""

    def __init__(self, command, environment=None):
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                              env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.wall = time.monotonic() - begin
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.output = done.stdout
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise Failure(f"{' '.join(command[:3])} ...: {' '.join(last)}")


class Bench:
    """The programs and files of one run of this script, and all samples by name."""

    def __init__(self, args, folder):
        self.args, self.folder, self.samples, self.refused = args, folder, {}, {}
        self.gcreplay = os.path.join(args.build, "bin", "gcreplay")
        self.gcbench = os.path.join(folder, "gcbench.gct")
        self.small = os.path.join(folder, "small.gct")  # gcbench without its one large array
        self.graph = os.path.join(folder, "graph.gct")

    def note(self, name, value):
        self.samples.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.samples[name])

    def trace(self, program):
        return os.path.join(self.folder, program + ".gct")

    def program(self, name):
        return [PYTHON, os.path.join(ROOT, "workloads", "programs", name + ".py"), *PROGRAMS.get(name, GRAPH)]

    def record(self, command, trace, mode):
        return Done([self.gcreplay, "record", "--mode", mode, "-o", trace, "--", *command])

    def run(self, trace, design, *words):
        """A replay's result document, with its process's own wall time."""
        file = os.path.join(self.folder, "run.json")
        done = Done([self.gcreplay, "run", trace, "-c", design, *words, "--json", file])
        with open(file, encoding="utf-8") as result:
            document = json.load(result)
        if document["outcome"] != "ok":
            raise Failure(f"{design}: {document['outcome']}: {document['message']}")
        document["process_wall"], document["process_cpu"] = done.wall, done.cpu
        return document

    def prepare(self):
        Done([self.gcreplay, "generate", "gcbench", "-o", self.gcbench])
        Done([self.gcreplay, "generate", "gcbench", "--set", "array=0", "-o", self.small])
        for name in PROGRAMS:
            self.record(self.program(name), self.trace(name), "faithful")
            self.record(self.program(name), self.trace(name + "-neutral"), "neutral")
        self.record(self.program("collect_graph"), self.graph, "faithful")


def clock_seconds(document):
    return (document["time"]["mutator_ns"] + document["time"]["collector_ns"]) / 1e9


def collector_seconds(document, wall):
    spent = document["time"]
    if wall:
        return spent["collector_ns"] / 1e9
    return (spent["collector_cpu_ns"] + (spent["helper_cpu_ns"] or 0)) / 1e9


# ---- one round of each measurement ----

def measure_decoding(bench):
    program = os.path.join(bench.args.build, "bench", "bench_decode")
    if not os.path.exists(program):
        raise Failure("no bench_decode: configure with -DGCR_BENCH=ON")
    for name, trace in (("gcbench", bench.gcbench), ("compile_modules", bench.trace("compile_modules"))):
        done = Done([program, "--benchmark_format=json", "--benchmark_min_time=0.3", "--benchmark_filter=^(inline|ahead)/"],
                    dict(os.environ, GCR_BENCH_TRACE=trace))
        for row in json.loads(done.output)["benchmarks"]:
            bench.note(f"decode {name} {row['name'].split('/')[0]}", row["items_per_second"])


def measure_gcbench(bench):
    for design in ("epsilon", "semispace", "generational"):
        document = bench.run(bench.gcbench, design)
        bench.note(f"gcbench {design}", document["time"]["events_per_second"])
        bench.note(f"gcbench {design} wall", document["events"] / document["process_wall"])
        for name, trace in (("gcbench", bench.gcbench), ("small", bench.small)) if design != "epsilon" else ():
            document = bench.run(trace, design) if name == "small" else document
            bench.note(f"copy {name} {design}", document["time"]["phases"]["copy_ns"] / document["objects"]["copied"])


def measure_harness(bench):
    """What the harness takes of the replay clock, and of all of the wall time, decoding included."""
    program = os.path.join(bench.args.build, "bench", "harness_share")
    if not os.path.exists(program):
        raise Failure("no harness_share: configure with -DGCR_BENCH=ON")
    output = Done([program, bench.gcbench, "semispace", "1"]).output
    clock, wall = re.findall(r"([\d.]+) %", output)
    bench.note("harness clock", float(clock))
    bench.note("harness wall", float(wall))


def measure_recorded(bench):
    for name in PROGRAMS:
        plain = Done(bench.program(name))
        document = bench.run(bench.trace(name), "linked-list")
        bench.note(f"linked-list {name}", document["events"] / clock_seconds(document))
        bench.note(f"linked-list {name} without deaths", document["time"]["events_per_second"])
        bench.note(f"faster {name} clock", plain.cpu / clock_seconds(document))
        bench.note(f"faster {name} wall", plain.wall / document["process_wall"])


def measure_recorder(bench):
    scratch = os.path.join(bench.folder, "scratch.gct")
    for name in PROGRAMS:
        plain = Done(bench.program(name)).wall
        for mode in ("faithful", "neutral"):
            bench.note(f"recorder {name} {mode}", bench.record(bench.program(name), scratch, mode).wall / plain)


def measure_verification(bench):
    for name, trace in (("gcbench", bench.gcbench), ("compile_modules", bench.trace("compile_modules"))):
        for design in ("semispace", "linked-list", "generational", "mark-sweep", "mark-compact"):
            plain = bench.run(trace, design)["process_wall"]
            bench.note(f"verify {name} {design}", bench.run(trace, design, "--verify")["process_wall"] / plain)


def measure_model(bench):
    program = os.path.join(bench.args.build, "tests", "model", "validate", "validate_modelled")
    for width in ("avx512", "avx2"):
        output = Done([program, "gcbench", "14", "skylake", width]).output
        seconds = float(re.search(r"^seconds (\S+)$", output, re.M).group(1))
        accesses = sum(int(reads) + int(writes) for reads, writes in re.findall(r"^phase \S+ (\d+) (\d+) ", output, re.M))
        bench.note(f"model {width}", accesses / seconds)


def measure_marking(bench):
    designs = {
        "mark-sweep": ("mark-sweep", "allocator=pools", "marks=bitmap", "mark=push", "sweep=pools"),
        "mark-sweep, its defaults": ("mark-sweep",),
        "parallel-mark-sweep": ("parallel-mark-sweep", "workers=2")}
    options = {name: [word for setting in words[1:] for word in ("--set", setting)] for name, words in designs.items()}
    base = bench.run(bench.gcbench, "bdw", "--heap", "3x")
    for name, words in designs.items():
        document = bench.run(bench.gcbench, words[0], *options[name], "--heap", "3x")
        wall = name.startswith("parallel")
        bench.note(f"bdw {name}", collector_seconds(document, wall) / collector_seconds(base, wall))


def measure_full_collection(bench):
    tracked, *times = [int(line) for line in Done(bench.program("collect_graph")).output.split()]
    real = statistics.median(times[1:]) / tracked
    for design in ("linked-list", "bitmap"):
        table = bench.run(bench.graph, design)["lanes"][0]["pauses"]["list"]
        at = {name: place for place, name in enumerate(table["columns"])}
        full = [row[at["length_ns"]] for row in table["rows"]
                if row[at["reason"]] == "explicit" and row[at["generation"]] == 2]
        bench.note(f"cpython {design}", statistics.median(full[1:]) / tracked / real)


MEASURES = {"decoding": measure_decoding, "gcbench": measure_gcbench, "harness": measure_harness, "recorded": measure_recorded,
            "recorder": measure_recorder, "verification": measure_verification, "model": measure_model,
            "marking": measure_marking, "collection": measure_full_collection}


# ---- rows: what, target, measured, met ----

def million(value):
    return f"{value / 1e6:.0f} M/s"


def row(what, target, value, show, at_least):
    return [what, show(target), show(value), "yes" if (value >= target if at_least else value <= target) else "no"]


def times(value):
    return f"{value:.2f}x"


def over(bench, pattern):
    """Medians of all series whose name fits."""
    return {name: bench.median(name) for name in bench.samples if re.fullmatch(pattern, name)}


def rows_decoding(bench):
    for how, target in (("inline", 100e6), ("ahead", 180e6)):
        for trace in ("gcbench", "compile_modules"):
            yield row(f"decode {trace}, {'one thread' if how == 'inline' else 'a second core ahead'}", target,
                      bench.median(f"decode {trace} {how}"), million, True)


def rows_gcbench(bench):
    for design, target in (("epsilon", 80e6), ("semispace", 45e6), ("generational", 60e6)):
        yield row(f"gcbench on {design}, replay clock, without deaths", target, bench.median(f"gcbench {design}"),
                  million, True)
        yield ["the same, all events, whole process", "", million(bench.median(f"gcbench {design} wall")), ""]
    show = "{:.1f} ns".format
    yield row("semispace, copying a small object of gcbench", 12, bench.median("copy small semispace"), show, False)
    yield ["the same, the copies of its array of 4 MB among them", "", show(bench.median("copy gcbench semispace")), ""]
    yield ["generational, copying a small object", "", show(bench.median("copy small generational")), ""]


def rows_harness(bench):
    yield row("the harness on semispace, gcbench: of the replay clock", 35, bench.median("harness clock"), "{:.0f} %".format, False)
    yield row("the same, of wall time, decoding and all accounts included", 35, bench.median("harness wall"), "{:.0f} %".format, False)


def rows_recorded(bench):
    for name in PROGRAMS:
        yield row(f"recorded {name} on linked-list, replay clock, without deaths", 30e6,
                  bench.median(f"linked-list {name} without deaths"), million, True)
        yield ["the same, all events", "", million(bench.median(f"linked-list {name}")), ""]
        yield row("the same, program's processor time over replay clock", 3, bench.median(f"faster {name} clock"), times, True)
        yield row("the same, whole processes, wall", 3, bench.median(f"faster {name} wall"), times, True)


def rows_recorder(bench):
    for mode in ("faithful", "neutral"):
        values = over(bench, f"recorder .* {mode}")
        each = ", ".join(f"{name.split()[1]} {value:.1f}" for name, value in values.items())
        yield row(f"recording, {mode}, wall, median of programs ({each})", 2, statistics.median(values.values()), times, False)


def rows_verification(bench):
    for name, value in over(bench, "verify .*").items():
        yield row(f"--verify, {' on '.join(name.split()[1:])}, wall", 4, value, times, False)


def rows_model(bench):
    for width, target in (("avx512", 120e6), ("avx2", 100e6)):
        yield row(f"cache model, all levels and TLBs, {width}", target, bench.median(f"model {width}"), million, True)


def rows_marking(bench):
    for name, target in (("mark-sweep", 0.6), ("mark-sweep, its defaults", 0.6), ("parallel-mark-sweep", 0.4)):
        what = "wall of 2 threads" if name.startswith("parallel") else "CPU"
        yield row(f"collector {what} of {name} over bdw, gcbench, heap 3x", target, bench.median(f"bdw {name}"), times, False)


def rows_collection(bench):
    yield row("full collection of linked-list over CPython's own, an object", 0.8, bench.median("cpython linked-list"),
              times, False)
    yield ["the same, bitmap", "", times(bench.median("cpython bitmap")), ""]


def rows_size(bench):
    traces = [("gcbench", bench.gcbench, 1.0)]
    for name in PROGRAMS:
        traces += [(f"recorded {name}, faithful", bench.trace(name), 1.2),
                   (f"recorded {name}, neutral", bench.trace(name + "-neutral"), 1.2)]
    for what, trace, target in traces:
        document = bench.run(trace, "epsilon")
        yield row(f"on disk, {what}", target, os.path.getsize(trace) / document["trace"]["events"],
                  "{:.2f} bytes an event".format, False)


ROWS = {"decoding": rows_decoding, "gcbench": rows_gcbench, "harness": rows_harness, "recorded": rows_recorded, "recorder": rows_recorder,
        "verification": rows_verification, "model": rows_model, "marking": rows_marking,
        "collection": rows_collection, "size": rows_size}


def measure(bench, names):
    for number in range(bench.args.rounds):
        for name in names:
            if name in bench.refused or name not in MEASURES:
                continue
            print(f"round {number + 1} of {bench.args.rounds}: {name}", file=sys.stderr)
            try:
                MEASURES[name](bench)
            except (Failure, FileNotFoundError) as failure:
                bench.refused[name] = str(failure)


def table(bench, names):
    for name in names:
        if name in bench.refused:
            yield [name, "", f"not measured: {bench.refused[name]}", ""]
        else:
            yield from ROWS[name](bench)


def markdown(note, rows):
    lines = [note, "", "| what | target | measured | met |", "|---|---:|---:|---|"]
    return "\n".join(lines + ["| " + " | ".join(cells) + " |" for cells in rows]) + "\n"


def plain(note, rows):
    heads = ["what", "target", "measured", "met"]
    width = [max(len(cells[i]) for cells in [heads, *rows]) for i in range(4)]
    lines = [note] + ["  ".join(cell.ljust(width[0]) if i == 0 else cell.rjust(width[i]) for i, cell in enumerate(cells))
                      for cells in [heads, *rows]]
    return "\n".join(lines) + "\n"


def build_release():
    for words in (["--preset", "release", "-DGCR_BENCH=ON"], ["--build", "--preset", "release"]):
        subprocess.run(["cmake", *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return os.path.join(ROOT, "build", "release")


def main():
    parser = argparse.ArgumentParser(prog="throughput", description="gcreplay's speed beside its targets.")
    parser.add_argument("--build", help="where the programs are (default: the release build, brought up to date)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ROWS)}; all")
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error("--rounds needs a number above 0")
    unknown = [name for name in args.names if name not in ROWS]
    if unknown:
        parser.error(f"no measurement called {unknown[0]} (there are {', '.join(ROWS)})")
    names = args.names or list(ROWS)
    if args.build is None:
        args.build = build_release()
    note = f"{machine_note()}; medians of {args.rounds} interleaved rounds."
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args, folder)
        bench.prepare()
        measure(bench, names)
        rows = list(table(bench, names))
        samples = bench.samples
    print(plain(note, rows), end="")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"machine": note, "rows": rows, "samples": samples}, file, indent=1)
    if args.docs:
        write_block("performance.md", "throughput", markdown(note, rows))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, NoBlock, FileNotFoundError, subprocess.CalledProcessError) as failure:
        print(f"throughput: {failure}", file=sys.stderr)
        sys.exit(2)
