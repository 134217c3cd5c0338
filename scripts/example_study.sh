#!/usr/bin/env bash
# The example study: records four real programs, replays them on every design in five heaps, five times, timed and
# modelled, and makes the report. Started again, it goes on with what is missing.
#   scripts/example_study.sh [STUDY [OUT_DIR]]    STUDY: designs (default) or nursery, of workloads/studies/
set -euo pipefail
cd "$(dirname "$0")/.."
study=${1:-designs}
out=${2:-out/example/$study}
traces=out/example/traces
python=${GCREPLAY_PYTHON:-/usr/bin/python3}

./scripts/setup.sh
./scripts/build.sh release
gcreplay=build/release/bin/gcreplay
mkdir -p "$traces"
for program in compile_modules json_service object_graph prefork_index; do
  if [ ! -e "$traces/$program.gct" ]; then
    options=()
    if [ "$program" = prefork_index ]; then options=(--sample-pages); fi
    "$gcreplay" record -o "$traces/$program.gct" "${options[@]}" -- "$python" "workloads/programs/$program.py"
  fi
done
"$gcreplay" study "workloads/studies/$study.ini" -o "$out"
"$gcreplay" report "$out"
echo "example_study: $out/report.html"
