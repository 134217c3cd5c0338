"""The series tables against the documents that they were made from: check_series.py LIST FOLDER.

LIST is what write_series printed; FOLDER has the tables. What a document says in sums and extremes must be what its
rows come to: nothing lost by thinning, no unit wrong, no row of another configuration. Rows are read and added up
here anew, from the tables alone.
"""
import csv
import json
import math
import sys

MIB = 1 << 20
failures = 0
held = 0


def expect(what, found, wanted, slack=1e-8):
    global failures, held
    held += 1
    if not math.isclose(found, wanted, rel_tol=slack, abs_tol=1e-6):
        failures += 1
        print(f"FAILED: {what}: {found} in the table, {wanted} in the result")


def table(name):
    """Rows by (trace, design, heap)."""
    rows = {}
    with open(f"{sys.argv[2]}/{name}.csv", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault((row["trace"], row["design"], row["heap"]), []).append(row)
    return rows


def numbers(rows, column):
    return [float(row[column]) for row in rows if row[column] != ""]


def check_footprint(key, rows, lane):
    memory = lane["memory"]
    series = lane["footprint_series"]
    clock = series["columns"].index("clock_ns")
    # The largest sample; what came and went between two samples may have been more.
    largest = max(numbers(rows, "footprint_mib")) * MIB
    expect(f"{key} largest sample", largest, max(row[2] for row in series["rows"]))
    expect(f"{key} largest sample by kind", largest, sum(memory["by_kind"].values()))
    expect(f"{key} peak is no less", largest < memory["footprint_peak_bytes"] + 1, True)
    expect(f"{key} rows", len(rows), min(400, len(series["rows"])))
    expect(f"{key} first event", float(rows[0]["event"]), series["rows"][0][1])
    expect(f"{key} last event", float(rows[-1]["event"]), series["rows"][-1][1])
    if rows[-1]["clock_ms"] != "":
        expect(f"{key} last clock", float(rows[-1]["clock_ms"]) * 1e6, series["rows"][-1][clock])
    peak = max(rows, key=lambda row: float(row["footprint_mib"]))
    for kind, bytes_ in memory["by_kind"].items():
        expect(f"{key} {kind} at the peak", float(peak[f"{kind}_mib"]) * MIB, bytes_)
    for row in rows:
        kinds = sum(float(row[f"{kind}_mib"]) for kind in memory["by_kind"])
        expect(f"{key} kinds at {row['event']}", kinds, float(row["footprint_mib"]), 1e-6)


def check_pauses(key, rows, document):
    pauses = document["pauses"]
    expect(f"{key} pauses", len(rows), pauses["count"])
    expect(f"{key} time in pauses", sum(numbers(rows, "length_us")) * 1e3, pauses["total_ns"], 1e-7)
    expect(f"{key} longest pause", max(numbers(rows, "length_us"), default=0) * 1e3, pauses["max_ns"])
    expect(f"{key} freed", sum(numbers(rows, "freed")), sum(document["reclaimed_by_collection"]))
    for reason, count in document["collections"]["by_reason"].items():
        expect(f"{key} pauses for {reason}", sum(row["reason"] == reason for row in rows), count)
    for lane in document["lanes"]:
        mine = [row for row in rows if row["lane"] == str(lane["lane"])]
        expect(f"{key} pauses of lane {lane['lane']}", len(mine), lane["pauses"]["count"])


def check_survival(key, rows, lane):
    by_generation = lane["collections"]["by_generation"]
    expect(f"{key} collections", len(rows), sum(by_generation))
    for generation, count in enumerate(by_generation):
        expect(f"{key} of generation {generation}", sum(row["generation"] == str(generation) for row in rows), count)
    for row in rows:
        if row["survived"] != "":
            expect(f"{key} a share", 0 <= float(row["survived"]) <= 1, True)


def check_misses(key, rows, document):
    total = document["cache"]["total"]
    for level in ("l1", "l2", "llc"):
        wanted = total[f"{level}_read_misses"] + total[f"{level}_write_misses"]
        expect(f"{key} {level} misses", sum(numbers(rows, f"{level}_misses")), wanted)
    expect(f"{key} TLB misses", sum(numbers(rows, "tlb_misses")), total["tlb2_misses"])
    expect(f"{key} allocated", float(rows[0]["allocated_kib"]) * 1024, document["objects"]["allocated_bytes"])


def check_cow(key, rows, document):
    for lane in document["lanes"]:
        for number, epoch in enumerate(lane["cow"] or []):
            place = f"{key} lane {lane['lane']} epoch {number}"
            mine = [row for row in rows if (row["lane"], row["epoch"]) == (str(lane["lane"]), str(number))]
            last = {row["cause"]: float(row["pages"]) for row in mine}  # rows are in order of events
            kernel = last.pop("kernel", None)
            if epoch["pages_kernel"] is not None:
                expect(f"{place} kernel", kernel, epoch["pages_kernel"])
            if epoch["pages_model"] is not None:
                expect(f"{place} all causes", sum(last.values()), epoch["pages_model"])
                for cause, pages in epoch["by_cause"].items():
                    expect(f"{place} {cause}", last[cause], pages)


def main():
    tables = {name: table(name) for name in ("footprint", "pauses", "survival", "misses", "cow")}
    with open(sys.argv[1]) as file:
        configurations = [line.rstrip("\n").split("\t") for line in file]
    timed = {tuple(key) for *key, mode, _ in configurations if mode == "timed"}
    modelled = {tuple(key) for *key, mode, _ in configurations if mode == "cache"}
    for *key, mode, path in configurations:
        key = tuple(key)
        rows = {name: found.get(key, []) for name, found in tables.items()}
        with open(path) as file:
            document = json.load(file)
        if mode == "timed":
            check_pauses(key, rows["pauses"], document)
        else:
            check_misses(key, rows["misses"], document)
        # Of two modes, the timed run gives these, and the modelled one pages by cause.
        if mode == "timed" or key not in timed:
            check_footprint(key, rows["footprint"], document["lanes"][0])
            check_survival(key, rows["survival"], document["lanes"][0])
        if document["lanes"][0]["cow"] is not None and (mode == "cache" or key not in modelled):
            check_cow(key, rows["cow"], document)
    for key in tables["pauses"].keys() | tables["misses"].keys():
        expect(f"{key} pauses of modelled runs", len(tables["pauses"].get(key, [])) > 0 and key not in timed, False)
        expect(f"{key} misses of timed runs", len(tables["misses"].get(key, [])) > 0 and key not in modelled, False)
    print(f"{len(configurations)} configurations, {held} comparisons, {failures} failed")
    sys.exit(failures > 0 or not configurations)


main()
