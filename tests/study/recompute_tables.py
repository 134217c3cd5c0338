"""Computes medians, ratios, geometric means and LBO of a study anew, from its results alone, and holds
runs.csv, summary.csv, geomean.csv and lbo.csv against them.

    recompute_tables.py STUDY TABLES BASELINE

Prints how many figures agreed; the first that does not ends it."""
import csv
import json
import math
import os
import sys
from collections import defaultdict
from statistics import mean, median

study_folder, tables, baseline = sys.argv[1:]
REFERENCES = {"epsilon", "explicit-free"}


def at(document, path):
    for name in path.split("."):
        document = document.get(name) if isinstance(document, dict) else None
    return document


def time(result):
    return at(result, "time.mutator_ns") + at(result, "time.collector_ns")


def cpu(result):
    parts = [at(result, "time." + n) for n in ("mutator_cpu_ns", "collector_cpu_ns", "phases.outside_pauses_ns")]
    return None if None in parts else parts[0] + parts[1] - parts[2]


# name: (modes, figure of a result)
FIGURES = {
    "time_ns": (("timed",), time),
    "cpu_ns": (("timed",), cpu),
    "collector_ns": (("timed",), lambda r: at(r, "time.collector_ns")),
    "collector_cpu_ns": (("timed",), lambda r: at(r, "time.collector_cpu_ns")),
    "pauses": (("timed", "cache"), lambda r: at(r, "pauses.count")),
    "footprint_peak_bytes": (("timed", "cache"), lambda r: at(r, "memory.footprint_peak_bytes")),
    "llc_misses": (("cache",), lambda r: at(r, "cache.total.llc_read_misses") + at(r, "cache.total.llc_write_misses")),
}

study = json.load(open(os.path.join(study_folder, "study.json")))
values = defaultdict(list)  # (trace, design, heap, mode, figure): by run
collector_of = {}
failed = defaultdict(int)
for job in study["jobs"]:
    result = json.load(open(os.path.join(study_folder, "results", job["id"] + ".json")))
    key = (job["trace"], job["design"], job["heap"], job["mode"])
    collector_of[job["design"]] = job["collector"]
    if result["outcome"] != "ok":
        failed[key] += 1
        continue
    for name, (modes, read) in FIGURES.items():
        if job["mode"] in modes and read(result) is not None:
            values[key + (name,)].append(read(result))

agreed = 0


def agree(text, expected, what):
    global agreed
    if expected is None:
        assert text == "", f"{what}: {text}, expected nothing"
    else:
        assert math.isclose(float(text), expected, rel_tol=1e-9), f"{what}: {text}, expected {expected}"
    agreed += 1


def rows(name):
    return list(csv.DictReader(open(os.path.join(tables, name + ".csv"))))


def ratio(key, base):
    if key not in values or base not in values or median(values[base]) == 0:
        return None
    return median(values[key]) / median(values[base])


seen = set()
for row in rows("summary"):
    if row["metric"] not in FIGURES:
        continue
    place = (row["trace"], row["design"], row["heap"], row["mode"])
    key = place + (row["metric"],)
    runs = values.get(key, [])
    seen.add(key)
    agree(row["runs"], len(runs), key)
    agree(row["failed"], failed[place], key)
    for column, figure in (("median", median), ("mean", mean), ("least", min), ("most", max)):
        agree(row[column], figure(runs) if runs else None, key + (column,))
    agree(row["ratio"], ratio(key, (row["trace"], baseline) + key[2:]), key + ("ratio",))
    if row["median_low"] != "":
        low, high = float(row["median_low"]), float(row["median_high"])
        assert min(runs) <= low <= median(runs) <= high <= max(runs), key
assert seen >= set(values), f"no row: {set(values) - seen}"

traces = [trace["name"] for trace in study["traces"]]
for row in rows("geomean"):
    if row["metric"] not in FIGURES:
        continue
    rest = (row["heap"], row["mode"], row["metric"])
    both = [t for t in traces if (t, row["design"]) + rest in values and (t, baseline) + rest in values]
    ratios = [ratio((t, row["design"]) + rest, (t, baseline) + rest) for t in both]
    known = ratios and all(r is not None and r > 0 for r in ratios)
    assert row["traces"] == f"{len(both)}/{len(traces)}", row
    agree(row["ratio"], math.exp(mean(map(math.log, ratios))) if known else None, tuple(row.values()))

# Total and distilled cost of each run, in the order of runs.
explicit = {"time": ("time_ns", "collector_ns"), "cpu": ("cpu_ns", "collector_cpu_ns")}
for row in rows("lbo"):
    total, collection = explicit[row["cost"]]
    distilled = [
        median(a - b for a, b in zip(runs, values[key[:4] + (collection,)]))
        for key, runs in values.items()
        if key[4] == total and key[0] == row["trace"] and collector_of[key[1]] not in REFERENCES
    ]
    heap = "native" if collector_of[row["design"]] == "epsilon" else row["heap"]
    runs = values.get((row["trace"], row["design"], heap, "timed", total))
    agree(row["low_bound"], min(distilled), tuple(row.values()))
    agree(row["total"], median(runs) if runs else None, tuple(row.values()))
    agree(row["lbo"], median(runs) / min(distilled) if runs else None, tuple(row.values()))
    assert (row["is_reference"] == "1") == (collector_of[row["design"]] in REFERENCES), row

print(agreed, "figures agree")
