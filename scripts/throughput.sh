#!/usr/bin/env bash
# How fast gcreplay is, beside its targets: one table, in one command.
#
#   scripts/throughput.sh [--rounds N] [--json FILE] [--docs] [--build DIR] [NAME...]
#
# NAME: decoding gcbench harness recorded recorder verification model marking collection size; all by default. Every round measures
# all of them once, so that ratios are of interleaved runs; figures are medians over the rounds (5). Builds what is missing. --docs writes
# the table into docs/performance.md. Needs a machine that does nothing else; ten minutes for five rounds. What
# takes longer has scripts of its own: billion.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
case ${1:-} in
--help | -h) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
exec python3 -B scripts/throughput.py "$@"
