# Neutral recordings of a program in which what only garbage holds is met again by all the ways there are: valid, and
# replayed verified; and of floats alone, which is what programs really do.
#   bash test_lost.sh GCREPLAY
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1
programs=$(dirname "$0")/programs

# ok NAME COMMAND...
ok() {
    local name=$1 trace=$work/$1.gct
    shift
    if ! "$gcreplay" record -o "$trace" -- "$@" >"$work/out" 2>"$work/err" </dev/null; then
        fail "$name: not recorded: $(cat "$work/err")"
        return
    fi
    ! grep "ended with status" "$work/err" || fail "$name: the program failed"
    "$gcreplay" check "$trace" || fail "$name: the trace is not valid"
    for design in linked-list semispace; do
        "$gcreplay" run "$trace" -c $design --verify >"$work/run" 2>&1 || fail "$name on $design: $(tail -n 2 "$work/run")"
    done
    "$gcreplay" info --json "$trace" | "$python" -c '
import json, sys
losses = json.load(sys.stdin)["meta"]["losses"]
print(sys.argv[1], losses["revived"], "objects got another")
sys.exit(losses["revived"] == 0)' "$name" || fail "$name: nothing was met again, so nothing was tested"
}

ok lost-1 "$python" "$programs/lost.py" 1
ok lost-11 "$python" "$programs/lost.py" 11
ok floats "$python" "$programs/floats.py"
exit $failed
