#!/usr/bin/env bash
# The whole tool in one command: sets up, builds, records a real pre-fork Python server, replays the
# recording on every back end with verification, and prints the comparison.
#
#   scripts/demo.sh [OUT_DIR]      results go to OUT_DIR (default: out/demo)
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-out/demo}
python=${GCREPLAY_PYTHON:-/usr/bin/python3}
program=workloads/programs/prefork_index.py

say() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }

say "1/5 set up and build"
./scripts/setup.sh
./scripts/build.sh release
gcreplay=build/release/bin/gcreplay
mkdir -p "$out"

say "2/5 record a pre-fork server that indexes the standard library (three processes)"
show "$gcreplay" record -o "$out/prefork.gct" -- "$python" "$program"
show "$gcreplay" record --mode faithful -o "$out/prefork-faithful.gct" -- "$python" "$program"
show "$gcreplay" info "$out/prefork.gct"

say "3/5 does a faithful recording, replayed, collect exactly as CPython did?"
show ./scripts/fidelity.sh --trace "$out/prefork-faithful.gct"

say "4/5 the same program on every back end, each run verified against the oracle"
show "$gcreplay" compare "$out/prefork.gct" -c all --verify --final-collection -o "$out"

say "5/5 which pages do its workers unshare, and why? (reads recorded by page; model and kernel side by side)"
show "$gcreplay" record --sample-pages -o "$out/prefork-pages.gct" -- "$python" "$program"
show "$gcreplay" compare "$out/prefork-pages.gct" -c linked-list,bitmap,linked-list:freeze=fork --cow -o "$out/cow"
if command -v gnuplot >/dev/null; then
  show ./scripts/plot_cow.sh "$out/cow" "$out/cow.png"
fi

echo
echo "Recording: $out/prefork.gct   results: $out/*.json, $out/compare.csv"
