"""The last step of compare.sh: puts the rounds together as repetitions, lets Google Benchmark's compare.py judge them, and
prints one table. Arguments: folder, rounds, threshold in percent, alpha, names of the two versions."""

import glob
import json
import os
import statistics
import subprocess
import sys

TOOL = "/usr/share/benchmark/compare.py"


def merge(folder, side):
    """All rounds of one side as one document, each round one repetition; what was skipped is left out."""
    whole, skipped = None, set()
    for path in sorted(glob.glob(os.path.join(folder, side + ".*.*.json"))):
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        whole = whole or {"context": document["context"], "benchmarks": []}
        for row in document["benchmarks"]:
            if row.get("error_occurred"):
                skipped.add(row["name"])
            elif row.get("run_type") == "iteration":
                whole["benchmarks"].append(row)
    out = os.path.join(folder, side + ".json")
    with open(out, "w", encoding="utf-8") as file:
        json.dump(whole, file)
    return out, skipped


def difference(folder, alpha, base, new):
    """What compare.py finds out, benchmark by benchmark."""
    out = os.path.join(folder, "difference.json")
    command = ["/usr/bin/python3", TOOL, "--no-color", "-d", out, "--alpha", str(alpha), "benchmarks", base, new]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"compare: {TOOL}: {run.stdout.strip().splitlines()[-1]}")
    with open(out, encoding="utf-8") as file:
        return json.load(file)


def judged_time(name):
    """Which of its two times a benchmark is about."""
    return "real_time" if name.endswith(("/manual_time", "/real_time")) else "cpu_time"


def row_of(report):
    """Name, unit, the two medians, their ratio and the p value; None: not a benchmark of its own."""
    name, tests = report["name"], report.get("utest") or {}
    if report.get("run_type") == "aggregate" or not report["measurements"]:
        return None
    time = judged_time(name)
    old = statistics.median(m[time] for m in report["measurements"])
    new = statistics.median(m[time + "_other" if time == "real_time" else "cpu_time_other"]
                            for m in report["measurements"])
    p = tests.get("time_pvalue" if time == "real_time" else "cpu_pvalue")
    return name, report["time_unit"], old, new, new / old if old > 0 else float("nan"), p


def verdict(ratio, p, threshold, alpha):
    """In words: empty if nothing can be said."""
    if p is None or p >= alpha:
        return ""
    if ratio > 1 + threshold / 100:
        return "slower"
    if ratio < 1 / (1 + threshold / 100):
        return "faster"
    return "the same"


def main():
    folder, rounds, threshold, alpha = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    base, skipped_base = merge(folder, "base")
    new, skipped_new = merge(folder, "new")
    rows = [row for row in map(row_of, difference(folder, alpha, base, new)) if row is not None]
    if not rows:
        print("compare: no benchmark ran in both versions", file=sys.stderr)
        return 2
    width = max(len("benchmark"), *(len(row[0]) for row in rows))
    print(f"base {sys.argv[5]}, new {sys.argv[6]}: medians of {rounds} interleaved rounds, Mann-Whitney U test")
    print(f"{'benchmark':{width}}  {'base':>10}  {'new':>10}  unit  new/base        p  ")
    counts = {"slower": 0, "faster": 0}
    for name, unit, old_median, new_median, ratio, p in rows:
        word = verdict(ratio, p, threshold, alpha)
        counts[word] = counts.get(word, 0) + 1
        shown = f"{p:8.4f}" if p is not None else "       -"
        print(f"{name:{width}}  {old_median:10.4g}  {new_median:10.4g}  {unit:4}  {ratio:8.3f} {shown}  {word}".rstrip())
    print(f"{len(rows)} benchmarks: {counts['slower']} slower and {counts['faster']} faster by more than {threshold:g} % "
          f"with p < {alpha:g}")
    if skipped_base | skipped_new:
        print(f"skipped in one or both: {', '.join(sorted(skipped_base | skipped_new))}")
    if rounds < 9:
        print("fewer than nine rounds: the U test has little to go by")
    return 1 if counts["slower"] > 0 else 0


sys.exit(main())
