#!/usr/bin/env bash
# Fuzzes for as long as asked: every target in turn, or one of them. Inputs that reach new code are kept in
# out/fuzz/TARGET and used by the next run; a finding is left in out/fuzz, with its name printed, and ends the run.
#   scripts/fuzz.sh [TARGET|all [SECONDS]]      600 seconds each by default; targets: ls fuzz/corpus
# A finding that has been mended belongs into fuzz/corpus/TARGET, which every test run begins with.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=${1:-all}
seconds=${2:-600}
if ! [[ "$seconds" =~ ^[0-9]+$ ]] || [ "$seconds" -eq 0 ]; then
  echo "fuzz: expected a number of seconds, found '$seconds'" >&2
  exit 2
fi
targets=()
for folder in fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
if [ "$wanted" != all ]; then
  if [ ! -d "fuzz/corpus/$wanted" ]; then
    echo "fuzz: no target is named '$wanted'; known: ${targets[*]}" >&2
    exit 2
  fi
  targets=("$wanted")
fi

./scripts/setup.sh clang libclang-rt-dev llvm
./scripts/build.sh fuzz
for target in "${targets[@]}"; do
  kept=out/fuzz/$target
  mkdir -p "$kept"
  options=()
  if [ -e "fuzz/$target.dict" ]; then options+=("-dict=fuzz/$target.dict"); fi
  echo "fuzz: $target for $seconds seconds, new inputs go to $kept"
  "build/fuzz/fuzz/fuzz_$target" "${options[@]}" -max_total_time="$seconds" -rss_limit_mb=1500 -malloc_limit_mb=1000 \
    -timeout=30 -max_len=65536 -print_final_stats=1 -artifact_prefix="out/fuzz/finding-$target-" "$kept" "fuzz/corpus/$target" \
    2>&1 | grep -vE '^#[0-9]+\s+(NEW|REDUCE|RELOAD)|# Uses:'
done
echo "fuzz: nothing found"
