#!/usr/bin/env python3
"""Turns the runs of perf_stat_sweep.sh, which calls it, into sweep.csv and what the figure needs.

A row of sweep.csv is a run: what perf counted during the replay, what the run itself reported, and,
where the machine has no hardware events, the cache model's misses, which are the same in every run.
"""
import csv
import json
import os
import statistics
import sys

MODEL = ["l1_misses", "l2_misses", "llc_misses", "tlb2_misses"]
# Lines of the upper panel: title, column. The first list if perf counted hardware, else the second.
HARDWARE = [("L1D read misses", "L1-dcache-load-misses"), ("LLC reads (L2 misses)", "LLC-loads"),
            ("LLC read misses", "LLC-load-misses"), ("dTLB read misses", "dTLB-load-misses")]
MODELLED = [("L1D misses", "model_l1_misses"), ("L2 misses", "model_l2_misses"),
            ("LLC misses", "model_llc_misses"), ("page walks", "model_tlb2_misses")]


def read_perf(path):
    """{event: count or None} of a `perf stat -x,` file, and the least share of time counted."""
    counts, least = {}, 100.0
    with open(path, encoding="utf-8") as file:
        for row in csv.reader(file):
            if len(row) < 5 or row[0].startswith("#"):
                continue
            event = row[2].removesuffix(":u")
            try:
                counts[event] = float(row[0])
                least = min(least, float(row[4]))
            except ValueError:  # <not counted>
                counts[event] = None
    return counts, least


def model_counts(path):
    """The model's misses of the whole run, and its machine; {} and None without a model."""
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return {}, None
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    total, out = result["cache"]["total"], {}
    for name in MODEL:
        level = name.removesuffix("_misses")
        keys = [name] if name in total else [f"{level}_read_misses", f"{level}_write_misses"]
        out["model_" + name] = sum(total[key] for key in keys)
    return out, result["model"]


def number(value):
    if value is None:
        return ""
    return int(value) if float(value).is_integer() else value


def text_bytes(size):
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size} B"


def gnuplot_text(text):
    return "'" + text.replace("'", "''") + "'"


def read_runs(work, fractions, repeat, l2):
    rows, geometry = [], None
    for i, fraction in enumerate(fractions):
        above, _, below = fraction.partition("/")
        modelled, found = model_counts(os.path.join(work, f"{i}.model.json"))
        geometry = found or geometry
        for run in range(1, repeat + 1):
            counts, least = read_perf(os.path.join(work, f"{i}.{run}.perf"))
            with open(os.path.join(work, f"{i}.{run}.json"), encoding="utf-8") as file:
                result = json.load(file)
            rows.append({
                "fraction": fraction, "size_bytes": max(l2 * int(above) // int(below or 1) // 4096, 1) * 4096,
                "l2_bytes": l2, "run": run, "collector": result["collector"], "digest": result["trace"]["digest"],
                "collections": result["collections"]["total"],
                "allocated_bytes": result["objects"]["allocated_bytes"],
                "mutator_ns": result["time"]["mutator_ns"], "collector_ns": result["time"]["collector_ns"],
                **{event: number(count) for event, count in counts.items()},
                "perf_counted_percent": least, **modelled})
    return rows, geometry


def write_csv(path, rows):
    names = list(dict.fromkeys(name for row in rows for name in row))
    with open(path + ".new", "w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, names, restval="")
        out.writeheader()
        out.writerows(rows)
    os.replace(path + ".new", path)


def medians(rows, lines):
    """A row a size: KiB, misses per KiB allocated of each line, CPU ms (median, least, most), faults."""
    out = []
    for size in sorted({row["size_bytes"] for row in rows}):
        runs = [row for row in rows if row["size_bytes"] == size]
        kib = runs[0]["allocated_bytes"] / 1024
        row = [size / 1024]
        for _, name in lines:
            seen = [run[name] for run in runs if run.get(name, "") != ""]
            row.append(statistics.median(seen) / kib if seen else "")
        cpu = [run["task-clock"] for run in runs if run.get("task-clock", "") != ""]
        row += [statistics.median(cpu), min(cpu), max(cpu)] if cpu else ["", "", ""]
        faults = [run["minor-faults"] for run in runs if run.get("minor-faults", "") != ""]
        row.append(statistics.median(faults) / 1000 if faults else "")
        row.append(statistics.median(run["collections"] for run in runs))
        out.append(row)
    return out


def model_text(geometry, l2):
    text = f"misses are the cache model's ({geometry['profile']}"
    own = geometry["l2"]["bytes"] if geometry["l2"] else 0
    if own != l2:
        text += f", L2 {text_bytes(own)}" if own else ", no L2"
    return text + ")"


def labels(rows, lines, geometry, hardware, refused, why, size_name, llc):
    source = "perf stat, user space"
    if not hardware:
        found = "no cache model either" if geometry is None else model_text(geometry, rows[0]["l2_bytes"])
        source = f"{why}: {found}"
    runs = max(row["run"] for row in rows)
    least = min(row["perf_counted_percent"] for row in rows)
    if least < 100:
        source += f"; scaled, counted at least {least:.0f} % of the time"
    names = {"size_name": f"{rows[0]['collector']}: {size_name}", "source": source,
             "refused": ("refused by perf: " + refused.replace(" ", ", ")) if refused else "",
             "l2_label": f"L2 {text_bytes(rows[0]['l2_bytes'])}", "llc_label": f"LLC {text_bytes(llc)}" if llc else "",
             "runs": f"medians of {runs} runs, bars from least to most" if runs > 1 else "one run each"}
    text = [f"{name} = {gnuplot_text(value)}" for name, value in names.items()]
    text += [f"l2_kib = {rows[0]['l2_bytes'] / 1024}", f"llc_kib = {llc / 1024}",
             f"has_misses = {int(hardware > 0 or geometry is not None)}", f"line_count = {len(lines)}",
             "array line_title[%d] = [%s]" % (len(lines), ", ".join(gnuplot_text(title) for title, _ in lines))]
    return "\n".join(text) + "\n"


def main():
    work, out, fractions, repeat, l2, llc, size_name, hardware, refused, why = sys.argv[1:]
    hardware, llc = int(hardware), int(llc)
    rows, geometry = read_runs(work, fractions.split(), int(repeat), int(l2))
    if geometry is not None:
        llc = geometry["llc"]["bytes"] if geometry["llc"] else 0
    lines = HARDWARE if hardware else MODELLED
    write_csv(os.path.join(out, "sweep.csv"), rows)
    with open(os.path.join(out, "sweep-medians.csv"), "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(medians(rows, lines))
    with open(os.path.join(out, "sweep-labels.gp"), "w", encoding="utf-8") as file:
        file.write(labels(rows, lines, geometry, hardware, refused, why, size_name, llc))


if __name__ == "__main__":
    main()
