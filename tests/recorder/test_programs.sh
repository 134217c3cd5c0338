# Records one program in both modes with the real interpreter, and holds the recordings against their
# promises: valid; a faithful one collects exactly as CPython did; a neutral one replays verified on
# back ends of several kinds, or on those named.
#   bash test_programs.sh GCREPLAY PROGRAM.py LEAST_PROCESSES EXIT_STATUS [DESIGN...]
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1 program=$2 processes=$3 status=$4
root=$(cd "$(dirname "$0")/../.." && pwd)
shift 4
[ $# -gt 0 ] || set -- linked-list semispace epsilon explicit-free

"$python" "$program" >"$work/plain" 2>/dev/null </dev/null
for mode in faithful neutral; do
    trace=$work/$mode.gct
    if ! "$gcreplay" record --mode $mode -o "$trace" -- "$python" "$program" \
        >"$work/out" 2>"$work/err" </dev/null; then
        fail "$mode: not recorded: $(cat "$work/err")"
        continue
    fi
    cat "$work/out"
    # A faithful recording changes nothing that the program can see, its collections included.
    [ $mode = neutral ] || cmp "$work/plain" "$work/out" || fail "the program prints something else"
    if [ "$status" != 0 ] && ! grep -q "ended with status $status\$" "$work/err"; then
        fail "$mode: the program's exit status $status is not reported: $(cat "$work/err")"
    fi
    [ ! -e "$trace.partial" ] || fail "$mode: a partial file is left"
    "$gcreplay" check "$trace" || fail "$mode: the trace is not valid"
    "$gcreplay" info --json "$trace" >"$work/info.json" || fail "$mode: info"
    "$python" - "$work/info.json" "$processes" <<'PY' || fail "$mode: not every process has a lane"
import json, sys
info = json.load(open(sys.argv[1]))
lanes = info["lanes"]
count = len(lanes) if isinstance(lanes, list) else lanes
print("lanes", count)
sys.exit(count < int(sys.argv[2]))
PY
done
GCREPLAY=$gcreplay GCREPLAY_PYTHON=$python "$root/scripts/fidelity.sh" --verbose \
    --trace "$work/faithful.gct" || fail "the replay does not collect as CPython did"
for design in "$@"; do
    "$gcreplay" run "$work/neutral.gct" -c $design --verify >"$work/run" 2>&1 ||
        fail "neutral on $design: $(tail -n 2 "$work/run")"
done
exit $failed
