#!/usr/bin/env python3
"""See scripts/model_speed.sh, which calls this."""
import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from docs_page import NoBlock, write_block
from machine import machine_note

PROFILE = "skylake"  # all levels: L1D, L2, LLC, two TLBs
LEVELS = "l1=32K/8,l2=off,llc=8M/16,tlb2=off"  # cachegrind's two levels, and the smallest TLB there can be
WIDTHS = ["scalar", "avx2", "avx512"]
WORKLOADS = ["copying", "resident", "marking", "gcbench"]


class Failure(Exception):
    pass


def run(command):
    """Output, wall time and processor time."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def seconds_of(output):
    return float(re.search(r"^seconds (\S+)$", output, re.M).group(1))


def accesses_of(output):
    phases = re.findall(r"^phase \S+ (\d+) (\d+) ", output, re.M)
    return sum(int(reads) + int(writes) for reads, writes in phases)


def modelled(args, workload, steps, geometry, vectors):
    return [os.path.join(args.programs, "validate_modelled"), workload, steps, geometry, vectors]


def usable_widths(args):
    widths = []
    for width in WIDTHS:
        try:
            run(modelled(args, "gcbench", "4", PROFILE, width))
            widths.append(width)
        except Failure as failure:
            print(f"model_speed: {width} left out: {failure}", file=sys.stderr)
    return widths


def widths_table(args):
    plain = [os.path.join(args.programs, "validate_plain"), "gcbench", args.depth]
    commands = {"": plain}
    for width in usable_widths(args):
        for pages in ("", "+pages"):
            commands[width + pages] = modelled(args, "gcbench", args.depth, PROFILE, width + pages)
    times, accesses = {name: [] for name in commands}, 0
    for _ in range(args.repeat):
        for name, command in commands.items():
            output, _, _ = run(command)
            times[name].append(seconds_of(output))
            accesses = accesses_of(output) or accesses
    base = statistics.median(times[""])
    rows = [["plain program, no model", f"{base:.2f}", "", "1.0", ""]]
    for name in list(commands)[1:]:
        median = statistics.median(times[name])
        without = statistics.median(times[name.removesuffix("+pages")])
        rows.append([name.replace("+pages", ", written pages followed"), f"{median:.2f}",
                     f"{accesses / median / 1e6:.0f}", f"{median / base:.1f}",
                     f"{100 * (median / without - 1):+.1f} %" if "+" in name else ""])
    heads = ["gcbench", "processor seconds", "M accesses/s, with the program's own work", "times plain",
             "cost of pages"]
    return heads, rows


def cachegrind_table(args):
    rows, times = [], {}
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=yes", "--quiet", "--D1=32768,8,64", "--I1=32768,8,64",
                    "--LL=8388608,16,64", f"--cachegrind-out-file={folder}/out"]
        plain = os.path.join(args.programs, "validate_plain")
        for _ in range(args.repeat):
            for workload in WORKLOADS:
                for name, command in (
                        ("cachegrind", [*valgrind, plain, workload, "default"]),
                        ("levels", modelled(args, workload, "default", LEVELS, "best")),
                        ("all", modelled(args, workload, "default", PROFILE, "best"))):
                    _, wall, cpu = run(command)
                    times.setdefault((workload, name), []).append((wall, cpu))
    for workload in WORKLOADS:
        wall, cpu = ({name: statistics.median(run[i] for run in times[workload, name])
                      for name in ("cachegrind", "levels", "all")} for i in (0, 1))
        rows.append([workload, *(f"{wall[name]:.2f}" for name in wall),
                     f"{wall['cachegrind'] / wall['levels']:.1f}", f"{wall['cachegrind'] / wall['all']:.1f}",
                     f"{cpu['cachegrind'] / cpu['all']:.1f}"])
    heads = ["whole processes, wall seconds", "cachegrind: I1, D1, LL", "model: L1D, LLC, TLB", "model: all levels",
             "cachegrind / L1D, LLC, TLB", "cachegrind / all levels", "the same, processor time"]
    return heads, rows


def markdown(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def main():
    parser = argparse.ArgumentParser(description="The cache model's speed.")
    parser.add_argument("--programs", required=True)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--depth", default="14", help="of gcbench's largest short-lived trees")
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args()
    note = f"{machine_note()}; medians of {args.repeat} interleaved runs.\n"
    text = note + "\n" + markdown(*widths_table(args))
    if shutil.which("valgrind"):
        text += "\n" + markdown(*cachegrind_table(args))
    else:
        text += "\nNo valgrind: no comparison with cachegrind.\n"
    print(text, end="")
    if args.docs:
        write_block("measuring.md", "model_speed", text)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, NoBlock, FileNotFoundError) as failure:
        print(f"model_speed: {failure}", file=sys.stderr)
        sys.exit(2)
