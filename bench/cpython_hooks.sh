#!/usr/bin/env bash
# What recording adds to single operations of CPython: the loops of cpython_hooks.py, plain and recorded in both modes, in turns;
# medians of the program's own processor time for an operation, and what recording added, in nanoseconds.
#
#   bench/cpython_hooks.sh [--rounds N] [--operations N] [--binary GCREPLAY]
#
# Snapshots are in the figure, as far as the program's thread takes part in them; the recorder's own process is not. Wants a
# release build and a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=5
operations=200000
gcreplay=build/release/bin/gcreplay
while [ $# -gt 0 ]; do
  case $1 in
    --rounds) rounds=$2; shift 2 ;;
    --operations) operations=$2; shift 2 ;;
    --binary) gcreplay=$2; shift 2 ;;
    *) echo "cpython_hooks: unknown option $1 (--rounds, --operations, --binary)" >&2; exit 2 ;;
  esac
done
for value in "$rounds" "$operations"; do
  [[ $value =~ ^[1-9][0-9]*$ ]] || { echo "cpython_hooks: $value: a whole number from 1 on" >&2; exit 2; }
done
[ -x "$gcreplay" ] || { echo "cpython_hooks: $gcreplay is not there: scripts/build.sh release" >&2; exit 2; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
program=(/usr/bin/python3 bench/cpython_hooks.py "$operations")
for ((round = 0; round < rounds; round++)); do
  "${program[@]}" >"$folder/plain.$round"
  for mode in neutral faithful; do
    "$gcreplay" record --mode "$mode" -o "$folder/trace.gct" -- "${program[@]}" >"$folder/$mode.$round" 2>"$folder/log" ||
      { cat "$folder/log" >&2; exit 1; }
    rm -f "$folder/trace.gct"
  done
done

/usr/bin/python3 - "$folder" "$rounds" <<'PYTHON'
import statistics
import sys

folder, rounds = sys.argv[1], int(sys.argv[2])
modes = ["plain", "neutral", "faithful"]
times = {mode: {} for mode in modes}
for mode in modes:
    for number in range(rounds):
        with open(f"{folder}/{mode}.{number}", encoding="utf-8") as file:
            for line in file:
                words = line.split()
                if len(words) == 2:
                    times[mode].setdefault(words[0], []).append(float(words[1]))
print(f"| operation | plain | neutral | faithful | added, neutral | added, faithful |\n|---|{'---:|' * 5}")
for name, plain in times["plain"].items():
    middle = [statistics.median(times[mode].get(name, [float("nan")])) for mode in modes]
    print(f"| {name} | {middle[0]:.1f} | {middle[1]:.1f} | {middle[2]:.1f} | {middle[1] - middle[0]:.1f} "
          f"| {middle[2] - middle[0]:.1f} |")
PYTHON
