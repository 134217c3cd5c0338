#!/usr/bin/env bash
# The whole tool in one command: sets up, builds, records a real pre-fork Python server, replays the
# recording on every back end with verification, and makes a study of it with a report.
#
#   scripts/demo.sh [OUT_DIR]      results go to OUT_DIR (default: out/demo)
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-out/demo}
python=${GCREPLAY_PYTHON:-/usr/bin/python3}
program=(workloads/programs/prefork_index.py 10 2 100)

say() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }

say "1/5 set up and build"
./scripts/setup.sh
./scripts/build.sh release gcreplay gcreplay_cpython
gcreplay=build/release/bin/gcreplay
mkdir -p "$out"

say "2/5 record a pre-fork server that indexes the standard library (three processes, reads recorded by page)"
show "$gcreplay" record --sample-pages -o "$out/prefork.gct" -- "$python" "${program[@]}"
show "$gcreplay" info "$out/prefork.gct"

say "3/5 does a faithful recording, replayed, collect exactly as CPython did?"
show "$gcreplay" record --mode faithful -o "$out/prefork-faithful.gct" -- "$python" "${program[@]}"
show ./scripts/fidelity.sh --trace "$out/prefork-faithful.gct"

say "4/5 the program on every back end, each run verified against the oracle"
show "$gcreplay" compare "$out/prefork.gct" -c all --verify --final-collection -o "$out"

say "5/5 a study: every back end in three heaps, three times, timed and modelled, then the report"
sed "s|^traces .*|traces = $(realpath "$out")/prefork.gct|" workloads/studies/demo.ini >"$out/study.ini"
study=$out/study
rm -rf "$study" # it is of the recording before
show "$gcreplay" study "$out/study.ini" -o "$study"
show "$gcreplay" report "$study"

echo
echo "Recording: $out/prefork.gct   all verified runs: $out/compare.csv   report: $study/report.html"
