"""Tables of docs/studies.md with made-up figures, in four kinds, into DIR/KIND/NAME.csv: `many` (fourteen designs, one of
which fails in small heaps, another everywhere, and a name that needs care), `one` (a single design and a single point),
`unknown` (rows whose figures are all empty) and `empty` (head lines alone)."""

import csv
import math
import os
import sys

DESIGNS = """linked-list bitmap mark-sweep semispace generational hybrid mark-compact mark-compact-nursery incminimark
buffered-refcount parallel-mark-sweep bdw epsilon explicit-free""".split()
TRACE = "it's a+b:c & <d>"
HEAPS = {"native": 0, "1.5x": 24, "2x": 32, "64M": 64}
HEADS = {
    "summary": "trace,design,heap,budget_bytes,mode,metric,unit,runs,failed,median,median_low,median_high,mean,mean_low,"
    "mean_high,least,most,ratio,ratio_low,ratio_high,verdict",
    "geomean": "design,heap,mode,metric,traces,ratio,ratio_low,ratio_high,verdict",
    "lbo": "trace,heap,design,cost,total,low_bound,lbo,lbo_low,lbo_high,is_reference",
    "footprint": "trace,design,heap,event,clock_ms,footprint_mib,live_mib,objects_mib,headers_mib,free_mib,side_mib,"
    "buffers_mib",
    "pauses": "trace,design,heap,lane,start_ms,length_us,generation,reason,before_mib,after_mib,freed",
    "percentiles": "trace,design,heap,percentile,pause_us",
    "mmu": "trace,design,heap,window_ms,mmu,bmu",
    "latency": "trace,design,heap,kind,percentile,latency_us",
    "misses": "trace,design,heap,phase,allocated_kib,l1_misses,l2_misses,llc_misses,tlb_misses",
    "cow": "trace,design,heap,lane,epoch,event,cause,pages",
    "survival": "trace,design,heap,collection,event,generation,before_mib,after_mib,survived",
    "demographics": "trace,what,low,high,objects,bytes",
}
TEXTS = set("trace design heap mode metric unit cost is_reference kind phase cause what lane epoch reason".split())


def fails(design, heap):
    return design == "semispace" and heap in ("1.5x", "2x") or design == "bdw"


def summary(put, designs, heaps):
    swept = [f"generational:nursery={n}L2" for n in (0.25, 0.5, 1, 2)] if len(designs) > 1 else []
    for i, design in enumerate(designs + swept):
        for heap in heaps:
            for metric in ("time_ns", "collector_ns", "footprint_peak_bytes", "l2_misses"):
                mode = "cache" if "misses" in metric else "timed"
                v = 1e8 * (i + 2) * (1 + 10 / (HEAPS[heap] + 20))
                if fails(design, heap):
                    put(TRACE, design, heap, HEAPS[heap] << 20, mode, metric, "", 3, 3, *[""] * 11, "unknown")
                else:
                    put(TRACE, design, heap, HEAPS[heap] << 20, mode, metric, "", 3, 0, v, v * 0.95, v * 1.1, v, v, v, v, v,
                        i / 2 + 0.5, i / 2 + 0.4, i / 2 + 0.6, "more")


def geomean(put, designs, heaps):
    for i, design in enumerate(designs):
        for metric in ("time_ns", "pause_p99_ns", "footprint_peak_bytes"):
            ratio = "" if fails(design, "2x") else 1.3 ** (i - 3)
            put(design, "2x", "timed", metric, "2/2", ratio, ratio and ratio * 0.9, ratio and ratio * 1.1, "more")


def lbo(put, designs, heaps):
    for i, design in enumerate(designs):
        for cost in ("time", "cpu"):
            v = "" if fails(design, "2x") else 1 + i / 8
            put(TRACE, "2x", design, cost, v, 1, v, v and v * 0.97, v and v * 1.05, int(design in ("epsilon", "explicit-free")))


def footprint(put, designs, heaps):
    for i, design in enumerate(designs):
        for n in range(50 if len(designs) > 1 else 1):
            put(TRACE, design, "2x", n * 40000, n, 10 + i + n % (i + 2), 5 + 3 * math.sin(n), *[""] * 5)


def pauses(put, designs, heaps):
    for i, design in enumerate(designs):
        for n in range(200 if len(designs) > 1 else 1):
            put(TRACE, design, "2x", 0, n * 3 + i, 50 * (i + 1) * (1 + n % 7), n % 2, "allocation", 9, 8, n)


def percentiles(put, designs, heaps):
    for i, design in enumerate(designs):
        for p in (0, 50, 90, 99, 99.9, 100) if len(designs) > 1 else (100,):
            put(TRACE, design, "2x", p, 10 * (i + 1) * (p / 50 + 0.1) ** 4)


def mmu(put, designs, heaps):
    for i, design in enumerate(designs):
        for n in range(30 if len(designs) > 1 else 1):
            u = max(0, 1 - 2 ** (i / 2 - n / 3))
            put(TRACE, design, "2x", 2 ** (n / 3), u, u * 0.98)


def latency(put, designs, heaps):
    for kind in ("simple", "metered-10ms", "metered-full"):
        for i, design in enumerate(designs):
            for p in (0, 50, 90, 99, 99.9, 100) if len(designs) > 1 else (100,):
                put(TRACE, design, "2x", kind, p, 10 * (i + 1) * (p / 50 + 0.1) ** 4)


def misses(put, designs, heaps):
    for i, design in enumerate(designs):
        for n, phase in enumerate(("mutator", "allocation", "mark", "sweep", "copy")):
            put(TRACE, design, "2x", phase, 1000, 900 * i * n, 400 * i, 90 * n, "" if i == 3 else i)


def cow(put, designs, heaps):
    for i, design in enumerate(designs):
        for cause in ("data", "count", "header", "kernel"):
            for n in range(20):
                if cause != "header":
                    put(TRACE, design, "2x", 1, 0, n * 500, cause, n * (i + 1) * (2 if cause == "kernel" else 1))
            if cause == "header":
                put(TRACE, design, "2x", 1, 0, 9500, cause, 0)


def survival(put, designs, heaps):
    for i, design in enumerate(designs):
        for n in range(60 if len(designs) > 1 else 1):
            put(TRACE, design, "2x", n + 1, n * 9000, n % 3, 9, 8, 1 / (1 + (i + n) % 5))


def demographics(put, designs, heaps):
    for what, bins in (("size", 12), ("lifetime", 24), ("degree", 8)) if len(designs) > 1 else (("size", 1),):
        for n in range(bins):
            put(TRACE, what, 2**n if n else 0, 2 ** (n + 1), 1000 // (n + 1), 50 * n + 10)
        if what == "lifetime":
            put(TRACE, what, "", "", 30, 900)


def write(folder, name, kind):
    head = HEADS[name].split(",")
    with open(os.path.join(folder, name + ".csv"), "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(head)

        def put(*fields):
            if kind == "unknown":
                fields = [f if column in TEXTS else "" for column, f in zip(head, fields)]
            out.writerow(fields)

        if kind == "many":
            globals()[name](put, DESIGNS, HEAPS)
        elif kind == "one":
            globals()[name](put, ["generational:nursery=0.5L2:tenuring=3"], ["2x"])
        elif kind == "unknown":
            globals()[name](put, DESIGNS[:2], ["2x"])


for kind in ("many", "one", "unknown", "empty"):
    folder = os.path.join(sys.argv[1], kind)
    os.makedirs(folder)
    for name in HEADS:
        write(folder, name, kind)
