#!/usr/bin/env bash
# Measures a part of the benchmarks and writes docs/benchmarks.md from it: every design's operations and collections, and the
# harness's own parts.
#
#   bench/figures.sh [--builds DIRECTORY] [SECTION...]
#
# Sections: alloc, barriers, recycler, free, collect, curves, replay, model, hooks, cpython; all of them if none is named (four
# minutes). What has been measured stays in build/figures, and the page is made of whatever is there. Wants a release build with
# -DGCR_BENCH=ON and a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/release
if [ "${1:-}" = --builds ]; then
  [ $# -ge 2 ] || { echo "figures: --builds wants a directory" >&2; exit 2; }
  build=$2
  shift 2
fi
sections=("$@")
if [ ${#sections[@]} -eq 0 ]; then sections=(alloc barriers recycler free collect curves replay model hooks cpython); fi
[ -x "$build/bench/bench_alloc" ] ||
  { echo "figures: $build has no benchmarks: cmake --preset release -DGCR_BENCH=ON, and build" >&2; exit 2; }
mkdir -p build/figures

# measure SECTION PROGRAM REPETITIONS MIN_TIME FILTER
measure() {
  "$build/bench/$2" --benchmark_repetitions="$3" --benchmark_min_time="$4" --benchmark_filter="$5" \
    --benchmark_enable_random_interleaving=true --benchmark_out="build/figures/$1.json" --benchmark_out_format=json \
    >build/figures/log 2>&1 || { cat build/figures/log >&2; exit 1; }
}

plain='(linked-list|bitmap|mark-sweep|semispace|generational|hybrid|mark-compact|mark-compact-nursery|incminimark|buffered-refcount|parallel-mark-sweep|bdw|epsilon|explicit-free)'
for section in "${sections[@]}"; do
  echo "figures: $section" >&2
  case $section in
    alloc) measure alloc bench_alloc 5 0.003 "^(kept|churn)/$plain/bytes:(16|64|256)/" ;;
    barriers) measure barriers bench_barriers 5 0.01 "^(store/(old_to_old|old_to_young/(first|again))|load|root)/$plain/manual" ;;
    recycler) measure recycler bench_barriers 9 0.003 '^store/old_to_old/buffered-refcount' ;;
    free) measure free bench_free 5 0.003 '^free/.*/(same|random)_order/bytes:64/|^owner' ;;
    collect) measure collect bench_collect 3 0.003 "^full/$plain/(list|tree|wide|graph)/survive:(0|100)/objects:100000/" ;;
    curves) measure curves bench_collect 3 0.001 "^full/$plain/tree/survive:100/objects:(1000|10000|100000|1000000)/" ;;
    replay) measure replay bench_replay 5 0.02 'decode|prepare|loop|(lookup|lookup_ahead|update|alloc_death|store|root|load)/handles:(1024|8388608)' ;;
    model) measure model bench_model 5 0.01 'stream' ;;
    hooks) measure hooks bench_hooks 5 0.02 . ;;
    cpython) bench/cpython_hooks.sh --rounds 3 --operations 100000 --binary "$build/bin/gcreplay" >build/figures/cpython.md ;;
    *) echo "figures: $section: alloc, barriers, recycler, free, collect, curves, replay, model, hooks or cpython" >&2; exit 2 ;;
  esac
done
python3 bench/figures.py build/figures docs/benchmarks.md
