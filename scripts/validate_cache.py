#!/usr/bin/env python3
"""See scripts/validate_cache.sh, which calls this."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict

from cachegrind_sites import read_sites
from docs_page import NoBlock, write_block

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINE = 64
BOUND = 0.001    # of a phase's misses
SMALL = 0.02     # a phase with less than this share of the workload's misses is held against those
COLD = 48        # misses: lines of constants and stack, whose sets the linker and the lengths of paths decide

MUTATOR = r"^validate_(load|store|clear|root|write|run)"
POOLS = r"|^gcr_pools_(alloc|extend|take)"
COPYING = (r"|^gcr_copy_(forward|collect)|^gcr_copy_space_(flip|prepare|begin_doubling)"
           r"|^gcr_weak_list|^gcr_immortals_scan|^host_")
COPY_SWEEP = (r"/(copy_leave_from|copy_settle_tally|gcr_copy_sweep)$"
              r"|^gcr_copy_space_(clear_from|record_red_zone|finish_doubling)")
COPY_ALLOC = r"|^gcr_copy_(make_room|carve|register|reserve|count|space_open)|/space_populate$"

# workload -> phases, in the order in which a site FUNCTION/SOURCE FUNCTION is tried on them. What
# fits none is the program's start and end, the heap's creation, and the page supply.
PHASES = {
    "copying": {
        "sweep": COPY_SWEEP + r"|^gcr_copy_(space_settle|end_collection)|^host_end",
        "copy": r"^semispace_(scan|forward)" + COPYING,
        "allocation": r"^validate_alloc|^semispace_alloc" + COPY_ALLOC,
        "mutator": MUTATOR,
    },
    "resident": {
        "sweep": COPY_SWEEP + r"|^gcr_young_end_full|^gcr_nursery_set_limits"
                              r"|^gcr_copy_collect/gcr_copy_end_collection",
        "copy": r"^generational_(scan|forward)|^young_minor|^minor_|^gcr_young_(begin_full|forward)"
                r"|^gcr_nursery_(reset|drop)|^gcr_remember_(pop|clear)|^gcr_finalizer_list_run"
                r"|^gcr_copy_(end_collection|space_(settle|expect))" + COPYING,
        "mutator": MUTATOR + r"|^remember_",
        "allocation": r"^validate_alloc|^gcr_young_(alloc|refill)|^place_|^count_birth" + COPY_ALLOC,
    },
    "marking": {
        "mark": r"^mark_sweep_(drain|mark_|decide)|^gcr_mark_stack|^host_roots",
        "sweep": r"^sweep_|^mark_sweep_(plain|weak|free|adapt|settle)|^gcr_pools_(free|keep|tree_insert)"
                 r"|/collect_(sweep|settle_tally|retain)$",
        "allocation": r"^validate_alloc|^mark_sweep_alloc|^object_(build|alloc)" + POOLS,
        "mutator": MUTATOR,
    },
    "counting": {
        # An object that dies is buried by whoever drops it, a store or an allocation. A collection's
        # beginning comes before its first phase.
        "mutator, allocation": MUTATOR + r"|^validate_alloc|^gcr_linked_list_bury|^gcr_counting_(?!end)" + POOLS
                               + r"|^gcr_pools_free|^host_begin"
                                 r"|^gcr_linked_list_collect/(gcr_gc_list_init|collect_marked)$",
        "mark": r"^gcr_linked_list_(deduce|collect)|^reach_|^untrack|^host_|^gcr_counting_end",
    },
    "compacting": {
        "mark": r"^mark_(drain|roots|slots)|^gcr_mark_stack|^compact_mark|^host_roots",
        "compact": r"^compact_(plan|update|move)|^slide|^move_",
        "allocation": r"^validate_alloc|^mark_compact_alloc|^gcr_compact_(alloc|make_room|extend|reserve|carve)",
        "mutator": MUTATOR,
    },
}
PHASES["gcbench"] = PHASES["copying"]
# The model's phases that make up one of those; barriers are part of the mutator's functions.
PARTS = {"mutator": ("mutator", "barrier", "refcount"),
         "mutator, allocation": ("mutator", "barrier", "refcount", "allocation")}

FULL = [("copying", None), ("resident", None), ("marking", None), ("counting", None), ("compacting", None),
        ("gcbench", None)]
QUICK = [("copying", 20000), ("resident", 60000), ("marking", 15000)]
GEOMETRIES = [(32, 8), (48, 12)]  # KiB and ways of D1


class Failure(Exception):
    pass


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{command[0]}: exit code {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def did(output):
    return next(line for line in output.splitlines() if line.startswith("did "))


def cachegrind(args, workload, steps, geometry, folder):
    """Runs the plain program. What it did, and its figures by site."""
    kib, ways = geometry
    path = os.path.join(folder, "cachegrind.out")
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=yes", "--quiet", f"--D1={kib * 1024},{ways},{LINE}",
               f"--I1=32768,8,{LINE}", f"--LL=8388608,16,{LINE}", f"--cachegrind-out-file={path}",
               os.path.join(args.programs, "validate_plain"), workload, *steps]
    return did(run(command)), read_sites(path)


def model(args, workload, steps, geometry):
    """Runs the modelled program. What it did, and its figures by phase."""
    kib, ways = geometry
    words = [workload, *(steps or ["default"]), f"l1={kib}K/{ways},l2=off,llc=8M/16"]
    output = run([os.path.join(args.programs, "validate_modelled"), *words])
    phases = {}
    for line in output.splitlines():
        words = line.split()
        if words[0] == "phase":
            phases[words[1]] = [int(word) for word in words[2:]]
    return did(output), phases


def add(total, part):
    return [a + b for a, b in zip(total, part)]


def by_phase(workload, sites):
    phases, parts = defaultdict(lambda: [0] * 4), defaultdict(list)
    for (function, inner, source), figures in sites.items():
        site = f"{function}/{inner}"
        found = next((phase for phase, names in PHASES[workload].items() if re.search(names, site)), "")
        phases[found] = add(phases[found], figures)
        parts[found].append((figures, site, source))
    return phases, parts


def modelled_phases(workload, phases):
    result = {}
    for phase in PHASES[workload]:
        result[phase] = [0] * 4
        for part in PARTS.get(phase, (phase,)):
            result[phase] = add(result[phase], phases[part])
    return result


def show_sites(parts):
    for phase, sites in parts.items():
        print(f"  {phase or 'none'}: reads, writes, read misses, write misses")
        for figures, site, source in sorted(sites, key=lambda s: -s[0][2] - s[0][3])[:25]:
            print("   ", *figures, site, source)


def difference(theirs, ours):
    return f"{100 * (ours - theirs) / theirs:+.3f} %" if theirs else ("0" if ours == 0 else "new")


def judge(theirs, ours, total):
    """Whether two counts of misses agree, and by what rule."""
    if abs(ours - theirs) <= BOUND * theirs:
        return "agrees"
    if abs(ours - theirs) <= COLD:
        return "small"
    if max(theirs, ours) < SMALL * total and abs(ours - theirs) <= BOUND * total:
        return "small"
    return "differs"


def compare(args, workload, asked, geometry, folder):
    """Rows of the table for one workload, and how many figures are out of bounds."""
    steps = [] if asked is None else [str(asked)]
    their_work, sites = cachegrind(args, workload, steps, geometry, folder)
    our_work, modelled = model(args, workload, steps, geometry)
    if their_work != our_work:
        raise Failure(f"the two programs differ: '{their_work}' and '{our_work}'")
    theirs, parts = by_phase(workload, sites)
    ours = modelled_phases(workload, modelled)
    if args.sites:
        print(workload, *geometry)
        show_sites(parts)
    heaps = [figures for figures, _, source in parts[""] if os.path.exists(
        os.path.join(ROOT, "allocators", "common", source))]
    rest = sum(figures[2] + figures[3] for figures in heaps)
    total = sum(theirs[phase][2] + theirs[phase][3] for phase in ours)
    rows, wrong = [], 0
    for phase, figures in ours.items():
        row = [f"{geometry[0]}K/{geometry[1]}", workload, phase]
        for i in (2, 3):
            verdict = judge(theirs[phase][i], figures[i], total)
            wrong += verdict == "differs"
            mark = {"agrees": "", "small": " (s)", "differs": " (!)"}[verdict]
            row += [str(theirs[phase][i]), str(figures[i]), difference(theirs[phase][i], figures[i]) + mark]
        accesses, modelled_accesses = sum(theirs[phase][:2]), sum(figures[:2])
        row.append(f"{accesses / modelled_accesses:.2f}" if modelled_accesses else "")
        rows.append(row)
    rows.append([f"{geometry[0]}K/{geometry[1]}", workload, "*all of these*", "", "", "", "", "",
                 f"{difference(total, sum(f[2] + f[3] for f in ours.values()))} of {total}", ""])
    rows.append([f"{geometry[0]}K/{geometry[1]}", workload, "*heap code outside of them*", "", "", "", "", "",
                 f"{100 * rest / total:.3f} % of {total}", ""])
    return rows, wrong


HEADS = ["D1", "workload", "phase", "read misses: cachegrind", "model", "difference",
         "write misses: cachegrind", "model", "difference", "accesses, cachegrind / model"]


def markdown(rows):
    lines = ["| " + " | ".join(HEADS) + " |", "|---|---|---|" + "---:|" * (len(HEADS) - 3)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def plain(rows):
    widths = [max(len(row[i]) for row in [HEADS] + rows) for i in range(len(HEADS))]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip()
                     for row in [HEADS] + rows) + "\n"


def main():
    parser = argparse.ArgumentParser(description="The cache model against cachegrind.")
    parser.add_argument("--programs", required=True)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--sites", action="store_true")
    args = parser.parse_args()
    rows, wrong = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for geometry in GEOMETRIES[:1] if args.small else GEOMETRIES:
            for workload, steps in QUICK if args.small else FULL:
                more, bad = compare(args, workload, steps, geometry, folder)
                rows += more
                wrong += bad
    print(plain(rows), end="")
    print(f"(s): at most {COLD} misses off; or less than {SMALL:.0%} of the workload's misses, and within {BOUND:.1%} of those")
    if args.docs:
        write_block("measuring.md", "validate_cache", markdown(rows))
    print(f"validate_cache: {wrong} figures are out of bounds" if wrong else
          f"validate_cache: all figures within {BOUND:.1%}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, NoBlock, FileNotFoundError) as failure:
        print(f"validate_cache: {failure}", file=sys.stderr)
        sys.exit(2)
