#!/usr/bin/env bash
# Traces of a billion events: makes them, replays them on a terminal of its own, and prints how much memory that took beside
# what it may take (heap + 16 bytes per live object + 64 MiB), and how fast each tenth of the trace went.
#
#   scripts/billion.sh [--events N] [--design NAME] [--decode inline|ahead] [--build DIR] [--keep DIR] [NAME...]
#
# NAME: gcbench steady request-server; the first two by default. N: 1000000000. Design: generational. DIR to keep the traces in, and to find
# them again (default: none is kept; 35 MB and 700 MB). A few minutes. Exit code 1 if memory was not within its bound while
# replaying. (What a document of every pause and of up to a million requests takes afterwards is said beside it.)
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
--help | -h) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
exec python3 -B scripts/billion.py "$@"
