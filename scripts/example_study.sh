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
./scripts/build.sh release gcreplay gcreplay_cpython
gcreplay=build/release/bin/gcreplay
mkdir -p "$traces"
record() { # NAME [OPTION]... -- PROGRAM.py [ARGUMENT]...
  local name=$1 options=()
  shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done
  if [ ! -e "$traces/$name.gct" ]; then
    "$gcreplay" record -o "$traces/$name.gct" "${options[@]}" -- "$python" workloads/programs/"${@:2}"
  fi
}
record compile_modules -- compile_modules.py 5
record json_service -- json_service.py 1000
record object_graph -- object_graph.py 3000 3
record prefork_index --sample-pages -- prefork_index.py 6 2 60
"$gcreplay" study "workloads/studies/$study.ini" -o "$out"
"$gcreplay" report "$out"
echo "example_study: $out/report.html"
