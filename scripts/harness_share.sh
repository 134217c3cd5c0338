#!/usr/bin/env bash
# What part of the replay clock the harness takes (dispatch, handles, roots): a trace on a design, and on one that does
# nothing, interleaved; medians. Builds bench/harness_share in a build directory of its own if it is not there.
#
#   scripts/harness_share.sh [--rounds N] [--build DIR] [TRACE [DESIGN]]
#
# TRACE: gcbench, made anew, unless given. DESIGN: semispace.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/bench
rounds=5
words=()
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build needs a directory}; shift ;;
    --rounds) rounds=${2:?--rounds needs a number}; shift ;;
    -*) echo "unknown flag $1; see the head of scripts/harness_share.sh" >&2; exit 2 ;;
    *) words+=("$1") ;;
  esac
  shift
done
if [ ! -x "$build/bench/harness_share" ]; then
  cmake --preset release -B "$build" -DGCR_BENCH=ON >/dev/null
  cmake --build "$build" --target harness_share gcreplay
fi
trace=${words[0]:-}
if [ -z "$trace" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  trace=$folder/gcbench.gct
  "$build/bin/gcreplay" generate gcbench -o "$trace"
fi
"$build/bench/harness_share" "$trace" "${words[1]:-semispace}" "$rounds"
