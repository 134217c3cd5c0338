#!/usr/bin/env bash
# Kills recordings at random moments and looks at what is left.
#
#   scripts/kill_recording.sh [--seed S] [--keep DIR] N [PROGRAM.py [ARGUMENT]...]
#
# N recordings are killed (SIGKILL), every second time the recorded processes one after the other in
# random order, else `gcreplay record`. What remains, TRACE or TRACE.partial, must be read, be valid,
# and replay verified on linked-list and semispace. A program whose recorder was killed must end as if
# nothing had happened: same output, same status. Without a program: a pre-fork server and one with
# threads, in turn. Exit code 0: all was so. What failed stays in DIR.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export GCREPLAY=${GCREPLAY:-$root/build/release/bin/gcreplay}
export GCREPLAY_PYTHON=${GCREPLAY_PYTHON:-/usr/bin/python3}
case ${1:-} in
--help | -h) sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
if [ ! -x "$GCREPLAY" ]; then
    echo "kill_recording: no $GCREPLAY: build first (scripts/build.sh), or set GCREPLAY" >&2
    exit 2
fi
exec "$GCREPLAY_PYTHON" "$root/scripts/kill_recording.py" "$root" "$@"
