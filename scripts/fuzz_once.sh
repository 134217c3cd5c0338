#!/usr/bin/env bash
# What ctest runs for a fuzz target: the seeds and a fixed number of inputs made from them, from a fixed
# seed. Nothing is written but into a temporary folder; a finding is left in the working folder.
#   scripts/fuzz_once.sh EXECUTABLE FUZZ_FOLDER TARGET RUNS MAX_LEN
set -euo pipefail
executable=$1 folder=$2 target=$3 runs=$4 max_len=$5

new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
options=()
if [ -e "$folder/$target.dict" ]; then options+=("-dict=$folder/$target.dict"); fi
"$executable" "${options[@]}" -runs="$runs" -seed=1 -max_len="$max_len" -rss_limit_mb=1500 -malloc_limit_mb=1000 -timeout=30 \
  -verbosity=0 -print_final_stats=1 -artifact_prefix="finding-$target-" "$new" "$folder/corpus/$target"
