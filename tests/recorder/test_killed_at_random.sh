# Five recordings killed at random moments (scripts/kill_recording.sh does hundreds).
#   bash test_killed_at_random.sh GCREPLAY
set -u
python=/usr/bin/python3
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "skipped: $python is not CPython 3.11"
    exit 77
fi
GCREPLAY=$1 exec "$(dirname "$0")/../../scripts/kill_recording.sh" 5 \
    "$(dirname "$0")/programs/threads.py" 100
