#!/usr/bin/env bash
# Holds the cache model against `valgrind --tool=cachegrind` on the same programs (tests/model/validate):
# D1 read and write misses by phase, which have to agree within 0.1 %.
#
#   scripts/validate_cache.sh [--small] [--docs] [--build DIR] [--sites]
#
# --small: fewer steps and one geometry, as ctest has it. --docs: writes the tables into
# docs/measuring.md. --sites: the lines of code that each phase's figures come from. Fails if a figure
# is out of bounds; exits with 77 if there is no valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/release
words=()
while [ $# -gt 0 ]; do
  case $1 in
    --build) build=${2:?--build needs a directory}; shift ;;
    *) words+=("$1") ;;
  esac
  shift
done
if ! command -v valgrind >/dev/null; then
  echo "validate_cache: skipped: no valgrind (scripts/setup.sh installs it)"
  exit 77
fi
exec python3 -B scripts/validate_cache.py --programs "$build/tests/model/validate" "${words[@]}"
