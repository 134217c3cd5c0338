#!/usr/bin/env bash
# Random traces on every back end, with defaults and random options and budgets, verified (short ones at
# every event): thousands of them. Each that fails is printed with its seed and the shortest prefix of
# the trace that still fails.
#   scripts/soak.sh [-j JOBS] [-p PRESET] [N] [SEED]
# N traces (default 10000) from SEED (default 1) on; PRESET release (default) or asan.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc) preset=release
while getopts 'j:p:' option; do
  case $option in
  j) jobs=$OPTARG ;;
  p) preset=$OPTARG ;;
  *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
count=${1:-10000}
seed=${2:-1}

./scripts/build.sh "$preset"
program=build/$preset/tests/oracle/property.random_traces
chunk=50
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
echo "soak: $count traces from seed $seed on, $jobs at a time"
starts=$(seq "$seed" "$chunk" $((seed + count - 1)))
# shellcheck disable=SC2016
if printf '%s\n' $starts | xargs -P "$jobs" -I{} bash -c '
  left=$(('"$seed + $count"' - {}))
  "$0" --seed {} --count $((left < '"$chunk"' ? left : '"$chunk"')) --failures '"$chunk"' >"$1/{}" 2>&1 ||
    { cat "$1/{}" >&2; exit 1; }
  rm -f "$1/{}"' "$program" "$logs"; then
  echo "soak: $count traces, no failure"
else
  echo "soak: FAILED: $(cat "$logs"/* | grep -c ^FAILED:) of $count traces, see above" >&2
  exit 1
fi
