# Five recordings killed at random moments (scripts/kill_recording.sh does hundreds).
#   bash test_killed_at_random.sh GCREPLAY
set -u
. "$(dirname "$0")/kit.sh"
GCREPLAY=$1 "$(dirname "$0")/../../scripts/kill_recording.sh" 5 \
    "$(dirname "$0")/programs/threads.py" 100
