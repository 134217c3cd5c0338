#!/usr/bin/env bash
# Records a wide set of real programs and makes one table of how faithful the recordings are.
#
#   scripts/fidelity_set.sh [--rounds N] [--keep DIR] [--markdown] [NAME...]      default: all programs, 3 rounds
#
# Each program (scripts/fidelity_set.py lists them) is recorded with --mode faithful and replayed on linked-list:
# collections of each generation, and objects that each single collection freed, against CPython's own. Then
# it is recorded neutral: the trace must be valid, and replays on linked-list and semispace verified object by object.
# "slower" is wall time of the faithful recording over that of the program alone, medians of N interleaved runs
# (0: not measured). Programs whose packages are missing are named and left out.
# Exit code 1: a program was not recorded, a trace is invalid, a replay failed, or collections differ.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
case ${1:-} in
--help | -h) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
export GCREPLAY=${GCREPLAY:-$root/build/release/bin/gcreplay}
if [ ! -x "$GCREPLAY" ]; then
    echo "fidelity_set: no $GCREPLAY: build first (scripts/build.sh), or set GCREPLAY" >&2
    exit 2
fi
exec "${GCREPLAY_PYTHON:-/usr/bin/python3}" "$root/scripts/fidelity_set.py" "$root" "$@"
