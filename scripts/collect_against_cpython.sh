#!/usr/bin/env bash
# What does a full collection cost per object, in CPython and in gcreplay's CPython-like designs?
#
#   scripts/collect_against_cpython.sh [options] [DESIGN...]      default: linked-list bitmap
#   --objects N       containers in the graph (1000000)
#   --kind KIND       slots, tuple or list: see workloads/programs/collect_graph.py; twice or more for several
#                     (slots: blocks of 48 bytes on both sides)
#   --rounds N        how often each side runs, in turn (5)
#   --collections N   full collections in each run (5); the first of a run does not count
#   --set O=V         option of every DESIGN
#   --keep DIR        traces stay there, and are used again if they are there already
#
# The program builds a graph of N two-field containers, all alive, and calls gc.collect(2). It is recorded once
# (--mode faithful), so that a replay has the very same graph, and its collections are COLLECT 2 events. Then
# /usr/bin/python3 and the replays run in turn. Each row: medians over all counted collections of all rounds, in
# nanoseconds per tracked object, and the ratio to CPython (at most 1: no slower).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
gcreplay=${GCREPLAY:-$root/build/release/bin/gcreplay}
python=${GCREPLAY_PYTHON:-/usr/bin/python3}
program=$root/workloads/programs/collect_graph.py
objects=1000000 rounds=5 collections=5 keep= kinds=() settings=()
while [ $# -gt 0 ]; do
    case $1 in
    --objects) objects=$2; shift 2 ;;
    --kind) kinds+=("$2"); shift 2 ;;
    --rounds) rounds=$2; shift 2 ;;
    --collections) collections=$2; shift 2 ;;
    --set) settings+=(--set "$2"); shift 2 ;;
    --keep) keep=$2; shift 2 ;;
    --help | -h) sed -n '2,17s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "collect_against_cpython: unknown option $1 (--help shows all)" >&2; exit 2 ;;
    *) break ;;
    esac
done
designs=("$@")
[ ${#designs[@]} -gt 0 ] || designs=(linked-list bitmap)
[ ${#kinds[@]} -gt 0 ] || kinds=(slots)
if [ ! -x "$gcreplay" ]; then
    echo "collect_against_cpython: no $gcreplay: build first (scripts/build.sh), or set GCREPLAY" >&2
    exit 2
fi
work=${keep:-$(mktemp -d)}
mkdir -p "$work"
[ -n "$keep" ] || trap 'rm -rf "$work"' EXIT

summarise() { # KIND: reads the files of all rounds
    "$python" - "$work" "$1" "$rounds" "${designs[@]}" <<'PY'
import json, statistics, sys

work, kind, rounds, *designs = sys.argv[1:]

def cpython(number):
    with open(f"{work}/{kind}.{number}.cpython") as lines:
        tracked, *times = [int(line) for line in lines]
    return [t / tracked for t in times[1:]]

def replay(design, number):
    with open(f"{work}/{kind}.{number}.{design}.json") as file:
        result = json.load(file)
    if result["outcome"] != "ok":
        sys.exit(f"{design}: outcome {result['outcome']}: {result['message']}")
    with open(f"{work}/{kind}.{number}.cpython") as lines:
        tracked = int(next(lines))
    table = result["lanes"][0]["pauses"]["list"]
    at = {name: place for place, name in enumerate(table["columns"])}
    lengths = [row[at["length_ns"]] for row in table["rows"]
               if row[at["reason"]] == "explicit" and row[at["generation"]] == 2]
    return [t / tracked for t in lengths[1:]]

def row(name, samples, base):
    middle = statistics.median(samples)
    ratio = f"{middle / base:8.2f}" if base else "        "
    print(f"{kind:6} {name:12} {middle:10.1f} {min(samples):10.1f} {max(samples):10.1f} {ratio} {len(samples):8}")
    return middle

count = range(int(rounds))
base = row("cpython", [t for n in count for t in cpython(n)], None)
for design in designs:
    row(design, [t for n in count for t in replay(design, n)], base)
PY
}

printf '%-6s %-12s %10s %10s %10s %8s %8s\n' kind "" "ns/object" min max ratio samples
for kind in "${kinds[@]}"; do
    trace=$work/$kind.gct
    [ -e "$trace" ] || "$gcreplay" record --mode faithful -o "$trace" -- \
        "$python" "$program" "$objects" "$kind" "$collections" >"$work/$kind.recorded" 2>&1 </dev/null ||
        { cat "$work/$kind.recorded" >&2; exit 1; }
    for ((n = 0; n < rounds; n++)); do
        "$python" "$program" "$objects" "$kind" "$collections" >"$work/$kind.$n.cpython"
        for design in "${designs[@]}"; do
            "$gcreplay" run "$trace" -c "$design" "${settings[@]}" --json "$work/$kind.$n.$design.json" >/dev/null
        done
    done
    summarise "$kind"
done
