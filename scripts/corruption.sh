#!/usr/bin/env bash
# Damages a trace in memory, N times in each of three ways: one byte changed, one byte changed in the file as a killed writer leaves
# it, and the end cut off. Each change must be found, or proved harmless; each cut must yield its whole blocks.
#   scripts/corruption.sh [N [TRACE [SEED]]]      default: 10000, the recording of the tests, 1
set -euo pipefail
rounds=${1:-10000}
trace=$(realpath "${2:-"$(dirname "$0")/../tests/traces/recordings/prefork.gct"}")
cd "$(dirname "$0")/.."
if ! [[ "$rounds" =~ ^[0-9]+$ ]] || [ ! -r "$trace" ]; then
  echo "corruption: expected a number of rounds and a trace, found '$rounds' and '$trace'" >&2
  exit 2
fi
./scripts/build.sh release traces.corruption >/dev/null
exec build/release/tests/traces/traces.corruption "$trace" "$rounds" "${3:-1}"
