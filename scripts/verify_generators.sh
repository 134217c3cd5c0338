#!/usr/bin/env bash
# Replays every generator on every back end, verified, and fails unless all runs complete, are verified
# and agree on the graph at every checkpoint.
#   scripts/verify_generators.sh [GCREPLAY] [small|full]
# small: some thousand objects each, seconds in all (what the tests run); full: the generators' defaults.
set -euo pipefail
cd "$(dirname "$0")/.."
gcreplay=$(realpath "${1:-build/release/bin/gcreplay}")
size=${2:-full}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Options that make a generator small; every generator must be here.
declare -A small=(
  [gcbench]="stretch-depth=9 long-depth=7 max-depth=8 array=1000"
  [tree]="long-depth=9 short-depth=5 trees=50 walks=1"
  [ring]="rings=800 held=20"
  [list]="length=3000 lists=2"
  [growlist]="lists=5 length=600 rounds=2"
  [sizes]="live=1000 steps=5000"
  [steady]="live=300 steps=3000"
  [ramp]="objects=4000"
  [cliff]="live=3000 slow=2000"
  [midlife]="window=1000 steps=8000"
  [bigarray]="slots=2000 stores=5000"
  [deepstack]="depth=1500 waves=2 work=2000"
  [popular]="referrers=3000 storms=3000 garbage=2000"
  [green]="live=2000 steps=8000"
  [whiteshare]="groups=40 churn=30"
  [finchain]="groups=20 length=30"
  [lateweak]="references=400 rounds=4"
  [mt-store]="nodes=200 turns=150 turn=40"
  [request-server]="requests=150 sessions=100"
  [cache]="operations=1500 entries=200 keys=2000 warm=500 threads=3 processes=3"
  [fork-idle]="objects=800 idle=5"
  [fork-read]="objects=800"
  [fork-gc]="objects=800 pairs=1000"
)

# What is verified as well, in either size.
declare -A also=(
  [mt-store]="processes=2"
  [request-server]="processes=3 catalogue=1000"
)

failed=0
# NAME "OPTION=VALUE ..."
verify() {
  local name=$1 options=() option
  for option in $2; do options+=(--set "$option"); done
  "$gcreplay" generate "$name" ${options[@]+"${options[@]}"} -o trace.gct >/dev/null
  "$gcreplay" check trace.gct >/dev/null
  if "$gcreplay" compare trace.gct -c all --verify >table 2>errors &&
    grep -qE 'have equal graphs at|graphs of processes in which' table; then
    echo "verify: $name: $(grep -E 'have equal graphs|graphs of processes' table | head -1 | cut -c3-)"
  else
    echo "verify: $name $2 FAILED"
    cat table errors
    failed=1
  fi
  rm -f trace.gct table errors
}

for name in $("$gcreplay" list --json |
  python3 -c 'import json,sys; print(*[g["name"] for g in json.load(sys.stdin)["generators"]])'); do
  if [ -z "${small[$name]:-}" ]; then
    echo "verify: $name has no small size in scripts/verify_generators.sh"
    failed=1
    continue
  fi
  small_options=
  [ "$size" = full ] || small_options=${small[$name]}
  verify "$name" "$small_options"
  [ -z "${also[$name]:-}" ] || verify "$name" "$small_options ${also[$name]}"
done
exit $failed
