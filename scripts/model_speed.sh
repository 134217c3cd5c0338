#!/usr/bin/env bash
# How fast the cache model is: accesses a second on a gcbench stream (all levels and the TLB, with and
# without following written pages, at each vector width), and its time beside cachegrind's on the same
# work. Runs are interleaved; figures are medians. Use a machine that does nothing else.
#
#   scripts/model_speed.sh [--repeat N] [--depth N] [--docs] [--build DIR]
#
# --docs: writes the tables into docs/measuring.md.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/release
words=()
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build needs a directory}; shift ;;
    *) words+=("$1") ;;
  esac
  shift
done
exec python3 -B scripts/model_speed.py --programs "$build/tests/model/validate" "${words[@]}"
