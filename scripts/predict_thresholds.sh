#!/usr/bin/env bash
# Does a neutral recording predict what CPython does with other thresholds?
#
#   scripts/predict_thresholds.sh [--markdown] [--thresholds T0,T1,T2]... [NAME...]      default: all programs
#
# Each program (one process, deterministic; scripts/predict_thresholds.py lists them) is recorded neutral once, with
# CPython's own thresholds, and replayed on linked-list with others. The truth is the program itself, not recorded,
# with those thresholds from its first allocation to the beginning of its end (the preloaded
# tests/recorder/collections_in_truth.c sets them and reads CPython's statistics; nothing else).
# A row holds if the number of collections is within 3% in all, in generation 0 and in generation 1, at most one off in
# generation 2 (of which a run has few), and the number of freed objects within 10%.
# A program counts if all its rows hold. Exit code 1: fewer than five programs do.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1:-} in
--help | -h) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
build=${GCREPLAY_BUILD:-$root/build/release}
export GCREPLAY=${GCREPLAY:-$build/bin/gcreplay}
export TRUTH_LIBRARY=$build/tests/recorder/libcollections_in_truth.so
for file in "$GCREPLAY" "$TRUTH_LIBRARY"; do
    if [ ! -e "$file" ]; then
        echo "predict_thresholds: no $file: build first (scripts/build.sh), or set GCREPLAY_BUILD" >&2
        exit 2
    fi
done
exec "${GCREPLAY_PYTHON:-/usr/bin/python3}" "$root/scripts/predict_thresholds.py" "$root" "$@"
