"""Holds the curve tables of a study against the lists of its results, by the definitions:
check_curves.py LIST FOLDER. LIST has a line a configuration: trace, design, heap, document."""
import bisect
import csv
import json
import math
import sys

PERCENTILES = [0, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100]
WINDOWS = {"simple": None, "metered-1ms": 1e6, "metered-10ms": 1e7, "metered-100ms": 1e8, "metered-full": math.inf}
checked = {"percentiles": 0, "mmu": 0, "bmu": 0, "latency": 0, "events": 0}


def read(folder, name):
    rows = {}
    with open(f"{folder}/{name}.csv", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault((row["trace"], row["design"], row["heap"]), []).append(row)
    return rows


def table(list_, *names):
    places = [list_["columns"].index(name) for name in names]
    return [tuple(row[place] for place in places) for row in list_["rows"]]


def close(found, expected, what):
    if not math.isclose(float(found), expected, rel_tol=2e-9, abs_tol=1e-11):
        sys.exit(f"{what}: {found} and not {expected}")


def check_percentiles(values, rows, unit, what):
    """Nearest rank, in thousandths of a per cent."""
    values.sort()
    expected = []
    for percent in PERCENTILES if values else []:
        rank = max(1, -(-len(values) * round(percent * 1000) // 100000))
        if percent in (0, 100) or percent <= 50 or rank < len(values):
            expected.append((percent, values[rank - 1]))
    if len(rows) != len(expected):
        sys.exit(f"{what}: {len(rows)} percentiles and not {len(expected)}")
    for row, (percent, value) in zip(rows, expected):
        close(row["percentile"], percent, what)
        close(row[unit], value / 1e3, f"{what}, {percent}")


class Run:
    """Where the pauses of a lane lie."""

    def __init__(self, lane):
        self.pauses = table(lane["pauses"]["list"], "start_ns", "length_ns")
        self.starts = [start for start, _ in self.pauses]
        self.before = [0]
        for _, length in self.pauses:
            self.before.append(self.before[-1] + length)
        self.total = lane["time"]["mutator_ns"] + lane["time"]["collector_ns"]

    def paused_by(self, moment):
        i = bisect.bisect_right(self.starts, moment)
        if i == 0:
            return 0
        return self.before[i - 1] + min(moment - self.starts[i - 1], self.pauses[i - 1][1])

    def share(self, start, end):
        return 1 - (self.paused_by(end) - self.paused_by(start)) / (end - start)

    def mmu(self, window):
        starts = {0, self.total - window}
        for start, length in self.pauses:
            starts |= {start, start + length - window}
        return min(self.share(s, s + window) for s in starts if 0 <= s <= self.total - window)

    def bmu(self, window):
        worst = self.mmu(window)
        for i, start in enumerate(self.starts):
            for other, length in self.pauses[i:]:
                if other + length - start >= window:
                    worst = min(worst, self.share(start, other + length))
        return worst


def check_mmu(lane, rows, what):
    run = Run(lane)
    # Windows are written with ten digits: those of nanoseconds are whole.
    for n, row in enumerate(rows):
        window = round(float(row["window_ms"]) * 1e6)
        close(row["mmu"], run.mmu(min(window, run.total)), f"{what}, MMU of {window} ns")
        checked["mmu"] += 1
        if len(run.pauses) <= 200 and n % 4 == 0:
            close(row["bmu"], run.bmu(min(window, run.total)), f"{what}, BMU of {window} ns")
            checked["bmu"] += 1
    close(rows[-1]["window_ms"] if rows else "nan", run.total / 1e6, f"{what}, last window")


def latencies(requests, window):
    begins = [start for start, _ in requests]
    for i, (start, end) in enumerate(requests):
        arrival = start
        if window is not None:
            low = bisect.bisect_left(begins, start - window / 2)
            high = min(bisect.bisect_left(begins, start + window / 2), len(begins) - 1)
            if high > low:
                arrival = begins[low] + (i - low) * (begins[high] - begins[low]) / (high - low)
        yield end - min(arrival, start)


def check_latency(lanes, rows, what):
    for kind, window in WINDOWS.items():
        found = [row for row in rows if row["kind"] == kind]
        values = []
        for lane in lanes:
            values += latencies(sorted(table(lane["requests"], "start_ns", "end_ns")), window)
        check_percentiles(values, found, "latency_us", f"{what}, {kind}")
        checked["latency"] += len(found)


def check_events(folder, documents):
    with open(f"{folder}/pauses.trace.json") as file:
        events = json.load(file)["traceEvents"]
    names = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    for (trace, design, heap), document in documents.items():
        pid = next(p for p, name in names.items() if name == f"{trace}, {design}, heap {heap}")
        spans = sorted((round(e["ts"] * 1e3), round(e["dur"] * 1e3)) for e in events if e["pid"] == pid and e["ph"] == "X")
        listed = sorted(p for lane in document["lanes"] for p in table(lane["pauses"]["list"], "start_ns", "length_ns"))
        if spans != [tuple(p) for p in listed]:
            sys.exit(f"{trace}, {design}, {heap}: pauses in the trace for Perfetto are others")
        checked["events"] += len(spans)


def main(list_path, folder):
    percentiles, mmu, latency = (read(folder, name) for name in ("percentiles", "mmu", "latency"))
    documents = {}
    with open(list_path) as file:
        for line in file:
            *key, path = line.rstrip("\n").split("\t")
            with open(path) as document:
                documents[tuple(key)] = json.load(document)
    for key, document in documents.items():
        what, lanes = ", ".join(key), document["lanes"]
        lengths = [n for lane in lanes for (n,) in table(lane["pauses"]["list"], "length_ns")]
        check_percentiles(lengths, percentiles.get(key, []), "pause_us", what)
        checked["percentiles"] += len(percentiles.get(key, []))
        check_mmu(lanes[0], mmu.get(key, []), what)
        check_latency(lanes, latency.get(key, []), what)
    check_events(folder, documents)
    if 0 in checked.values():
        sys.exit(f"nothing to check: {checked}")
    print(f"curves of {len(documents)} configurations agree:", checked)


main(*sys.argv[1:])
