# Recording begins and ends on a signal; processes that wait when they fork; old files removed;
# killed while it restates the heap; a beginning that never comes; wrong flags.
#   bash test_orders.sh GCREPLAY
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1
here=$(cd "$(dirname "$0")" && pwd)
program=$here/programs/window.py
export PYTHONHASHSEED=0

valid() { # TRACE DESIGN...
    local trace=$1 design
    shift
    "$gcreplay" check "$trace" >"$work/check" 2>&1 || fail "$(basename "$trace"): $(cat "$work/check")"
    for design in "$@"; do
        "$gcreplay" run "$trace" -c "$design" --verify >"$work/run" 2>&1 ||
            fail "$(basename "$trace") on $design: $(tail -n 2 "$work/run")"
    done
}

wait_for() { # TEXT: a line of the program
    for _ in $(seq 3000); do
        grep -q "$1" "$work/out" && return
        sleep 0.02
    done
    fail "the program never said: $1"
}

# ---- signals ----
: >"$work/out"
WINDOW_GATE=1 "$gcreplay" record -o "$work/s.gct" --start-on USR1 --stop-on USR2 -- \
    "$python" -S "$program" >"$work/out" 2>"$work/err" </dev/null &
recorder=$!
wait_for '^recorded'
kill -USR1 $recorder
wait_for '^left alone'
kill -USR2 $recorder
wait $recorder || fail "signals: $(cat "$work/err")"
valid "$work/s.gct" linked-list semispace
cat "$work/err"

# ---- processes that wait when they fork begin files of their own ----
# Forked before that many allocations, each of the three gets there by itself. (Everywhere the same number of them: -S.)
"$gcreplay" record -o "$work/f.gct" --start-after 35500 -- "$python" -S "$program" \
    >"$work/out" 2>"$work/err" </dev/null || fail "forks: $(cat "$work/err")"
[ -e "$work/f.gct" ] && [ -e "$work/f.2.gct" ] || fail "waiting processes: $(ls "$work")"
for trace in "$work"/f.gct "$work"/f.*.gct; do
    valid "$trace" linked-list
done
cat "$work/err"

# ---- the newest files ----
"$gcreplay" record -o "$work/k.gct" --rotate 20000 --keep 2 -- "$python" -S "$program" \
    >"$work/out" 2>"$work/err" </dev/null || fail "keep: $(cat "$work/err")"
grep -q 'older traces were removed' "$work/err" || fail "keep removes nothing: $(cat "$work/err")"
processes=$(for trace in "$work"/k*.gct; do
    "$gcreplay" info "$trace" | sed -n 's/.*pid \([0-9]*\), parent.*/\1/p'
done | sort | uniq -c)
echo "$processes"
echo "$processes" | "$python" -c '
import sys
sys.exit(any(int(line.split()[0]) > 2 for line in sys.stdin))' || fail "keep: more than 2 files"
for trace in "$work"/k*.gct; do
    valid "$trace"
done
# By bytes of the file, which are known a little later: the program goes on until it sees the next one.
"$gcreplay" record -o "$work/z.gct" --rotate 50K -- "$python" -c '
import glob, sys, time
end = time.monotonic() + 100
while not glob.glob(sys.argv[1]) and time.monotonic() < end:
    kept = [[i, (i,)] for i in range(500)]' "$work/z.1.gct*" \
    >"$work/out" 2>"$work/err" </dev/null || fail "by size: $(cat "$work/err")"
[ -e "$work/z.1.gct" ] || fail "no file by size: $(cat "$work/err")"
valid "$work/z.1.gct"

# ---- killed: most of this run restates ----
cat >"$work/big.py" <<'PY'
import os
import signal
signal.alarm(120)
kept = [[i, (i, str(i))] for i in range(30000)]
print(os.getpid(), flush=True)
while True:
    kept[len(kept) // 2] = [len(kept)]
PY
for attempt in 1 5; do
    rm -f "$work"/b.*
    : >"$work/out"
    "$gcreplay" record -o "$work/b.gct" --rotate 1000 --keep 1 -- "$python" "$work/big.py" \
        >"$work/out" 2>"$work/err" </dev/null &
    recorder=$!
    wait_for '[0-9]'
    sleep 0.$attempt
    kill -KILL "$(cat "$work/out")"
    wait $recorder
    [ -n "$(find "$work" -name 'b*.gct')" ] || fail "killed: nothing is left: $(cat "$work/err")"
    for trace in "$work"/b*.gct; do
        valid "$trace" linked-list
    done
done

# ---- no beginning ----
"$gcreplay" record -o "$work/n.gct" --start-after 1000s -- "$python" -c 'import sys; sys.exit(7)' \
    >"$work/out" 2>"$work/err" </dev/null
[ $? = 1 ] || fail "a recording that never began succeeds"
grep -q 'status 7) before recording began' "$work/err" || fail "never began: $(cat "$work/err")"
[ -z "$(find "$work" -name 'n.*')" ] || fail "a recording that never began leaves a file"

# ---- wrong flags ----
refused() { # WORDS_OF_THE_MESSAGE OPTION...
    local message=$1
    shift
    "$gcreplay" record -o "$work/w.gct" "$@" -- "$python" -c pass >"$work/out" 2>"$work/err" </dev/null
    [ $? = 2 ] || fail "$* is not refused"
    [ "$(wc -l <"$work/err")" = 1 ] && grep -q -- "$message" "$work/err" ||
        fail "$*: $(cat "$work/err")"
}
refused '--start-after 3x: expected a time' --start-after 3x
refused '--start-after -1s: expected a time' --start-after=-1s
refused '--stop-after 0: expected a time' --stop-after 0
refused '--start-on KILL: expected USR1 or USR2' --start-on KILL
refused 'expected two signals, not one' --start-on USR1 --stop-on SIGUSR1
refused '--rotate 10x: expected a size' --rotate 10x
refused '--rotate 1K: expected a size' --rotate 1K
refused '--keep needs --rotate' --keep 3
refused '--keep 0: expected 1' --rotate 1M --keep 0
exit $failed
