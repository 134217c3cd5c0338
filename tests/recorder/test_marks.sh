# Requests, phases and times that a program marks: all of them are recorded, they disturb nothing, and a
# replay makes latencies of them. A web server's requests are as many as its clients made.
#   bash test_marks.sh GCREPLAY FOLDER_OF_GCREPLAY_MARKS
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1 folder=$2
root=$(cd "$(dirname "$0")/../.." && pwd)

record() { # MODE TRACE PROGRAM...
    local mode=$1 trace=$2
    shift 2
    "$gcreplay" record --marks --mode "$mode" -o "$trace" -- "$python" "$@" >"$work/out" 2>"$work/err" </dev/null ||
        fail "$mode: $(cat "$work/err")"
    ! grep -q "ended with status" "$work/err" || fail "$mode: $(cat "$work/err" "$work/out")"
    "$gcreplay" check "$trace" || fail "$mode: not valid"
}

figure() { # JSON PATH...: a number of a result document
    "$python" -c 'import functools, json, sys
print(functools.reduce(lambda at, key: at[int(key) if key.isdigit() else key], sys.argv[2:], json.load(open(sys.argv[1]))))' "$@"
}

"$python" "$(dirname "$0")/test_marks.py" "$folder" 2>"$work/err" || fail "$(cat "$work/err")"

for mode in faithful neutral; do
    trace=$work/$mode.gct
    record $mode "$trace" "$root/tests/recorder/marked.py"
    "$gcreplay" dump "$trace" | PYTHONIOENCODING=utf-8 PYTHONUTF8=1 "$python" "$root/tests/recorder/check_marks.py" "$work/out" ||
        fail "$mode: marks"
    [ $mode = faithful ] && design=linked-list || design=semispace
    "$gcreplay" run "$trace" -c $design --verify --json "$work/run.json" >"$work/run" 2>&1 ||
        fail "$mode on $design: $(tail -n 2 "$work/run")"
    [ "$(figure "$work/run.json" requests count)" = 112 ] || fail "$mode: requests: $(grep requests "$work/run")"
    [ "$(figure "$work/run.json" requests unfinished)" = 1 ] || fail "$mode: unfinished: $(grep requests "$work/run")"
    "$gcreplay" info "$trace" --json="$work/info.json" || fail "$mode: info"
    "$python" - "$work/info.json" <<'PY' || fail "$mode: phases"
import json, sys
info = json.load(open(sys.argv[1]))
phases = {phase["name"]: phase for phase in info["phases"]}
assert list(phases)[:3] == [None, "warm-up", "naïve threads"], list(phases)
# 50 and, after the threads, 20 tasks and 3 blocks; 10 in the children
assert [phases[name]["requests"] for name in phases] == [0, 73, 30, 10], phases
assert [phases[name]["begun"] for name in phases] == [0, 2, 1, 2], phases
assert sum(phase["events"] for phase in phases.values()) == info["events"]
assert sum(phase["bytes"] for phase in phases.values()) == info["allocated_bytes"]
PY
done
GCREPLAY=$gcreplay GCREPLAY_PYTHON=$python "$root/scripts/fidelity.sh" --verbose --trace "$work/faithful.gct" ||
    fail "with marks the replay does not collect as CPython did"

# One request sleeps for 250 ms: at the recorded pace it takes that long, unless it began late.
"$gcreplay" run "$work/neutral.gct" -c linked-list --pace recorded --json "$work/run.json" >"$work/run" 2>&1 ||
    fail "recorded pace: $(tail -n 2 "$work/run")"
longest=$(figure "$work/run.json" requests max_ns)
waited=$(figure "$work/run.json" lanes 0 time waited_ns)
late=$(figure "$work/run.json" lanes 0 time late_max_ns)
[ $((longest + late)) -ge 250000000 ] || fail "recorded pace: the longest request takes $longest ns"
[ "$waited" -gt 0 ] || fail "recorded pace: nothing was waited for"

# A pre-fork server: 60 requests in two workers, 5 of them raise.
record neutral "$work/web.gct" "$root/workloads/programs/prefork_web.py" 60 2 3 5
grep -q "^answered 200:55 500:5$" "$work/out" || fail "the clients were answered $(cat "$work/out")"
"$gcreplay" run "$work/web.gct" -c bitmap --verify --json "$work/run.json" >"$work/run" 2>&1 ||
    fail "server: $(tail -n 2 "$work/run")"
[ "$(figure "$work/run.json" requests count)" = 60 ] || fail "server: $(grep requests "$work/run")"
[ "$(figure "$work/run.json" requests unfinished)" = 0 ] || fail "server: $(grep requests "$work/run")"

# Not recorded, and recorded without --marks, the program cannot import what is not there.
"$gcreplay" record -o "$work/none.gct" -- "$python" -c 'import gcreplay_marks' >"$work/out" 2>&1 </dev/null
grep -q "No module named 'gcreplay_marks'" "$work/out" || fail "PYTHONPATH is altered without --marks"
exit $failed
