# When recording ends before the program: the program does not notice, what was written is a valid trace,
# and one line says why.
#   bash test_stops.sh GCREPLAY
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1
cd "$work" || exit 1

verified() { # TRACE
    "$gcreplay" check "$1" >check.out 2>&1 || fail "$1: $(cat check.out)"
    for design in linked-list semispace; do
        "$gcreplay" run "$1" -c $design --verify >run.out 2>&1 || fail "$1 on $design: $(tail -n 2 run.out)"
    done
}

await() { # FILE: for a minute
    for _ in $(seq 600); do
        [ -s "$1" ] && return
        sleep 0.1
    done
    fail "there is no $1"
}

# A subinterpreter, in a forked process and then in the first.
cat >sub.py <<'PY'
import gc, os, _xxsubinterpreters
def churn():
    for i in range(2000):
        items = [i]; items.append(items)
def divide():
    churn()
    other = _xxsubinterpreters.create()
    _xxsubinterpreters.run_string(other, "kept = [[i] for i in range(3000)]\nfor i in kept: i.append(i)")
    _xxsubinterpreters.destroy(other)
    churn()
    print("unharmed", flush=True)
pid = os.fork()
if pid == 0:
    divide()
    os._exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
churn()
divide()
PY
for mode in neutral faithful; do
    "$gcreplay" record --mode $mode -o sub.gct -- "$python" sub.py >out 2>err </dev/null || fail "sub: $(cat err)"
    [ "$(grep -c unharmed out)" = 2 ] || fail "sub, $mode: $(cat out)"
    [ "$(grep -c 'sub.gct: recording stopped before the program: .* made a subinterpreter' err)" = 1 ] ||
        fail "sub, $mode: $(cat err)"
    "$gcreplay" info --json sub.gct | grep -q '"stopped": "the program made a subinterpreter"' ||
        fail "sub, $mode: the metadata does not say so"
    verified sub.gct
done

# The disk is full: as far as this process's files go.
cat >long.py <<'PY'
import os, sys, time
print(os.getpid(), file=open("pid.new", "w"))
os.rename("pid.new", "pid")
while not os.path.exists("go"):
    time.sleep(0.05)
kept = [[i] for i in range(60000)]
for i in range(200000):
    items = [i]; items.append(items)
print("unharmed", len(kept), file=open("end.new", "w"))
os.rename("end.new", "end")
sys.exit(7)
PY
"$gcreplay" record -o full.gct -- "$python" long.py >out 2>err </dev/null &
recorder=$!
await pid
prlimit --pid $recorder --fsize=150000 || fail "no prlimit"
touch go
wait $recorder
rc=$?
[ $rc = 1 ] || fail "full: exit code $rc: $(cat err)"
[ "$(cat end 2>/dev/null)" = "unharmed 60000" ] || fail "full: the program has not ended"
grep -q "full.gct.partial: .*File too large; the program goes on without being recorded" err || fail "full: $(cat err)"
[ -e full.gct ] && fail "full: a whole file"
verified full.gct.partial

# The recorder is killed and remains as a zombie, because nobody asks how it ended.
rm -f pid end go
"$python" - "$gcreplay" "$python" <<'PY' || fail "zombie: the program does not end"
import os, subprocess, sys, time
gcreplay, python = sys.argv[1:]
recorder = subprocess.Popen([gcreplay, "record", "-o", "zombie.gct", "--", python, "long.py"])
end = time.monotonic() + 120
while not os.path.exists("pid") and time.monotonic() < end:
    time.sleep(0.05)
recorder.kill()
open("go", "w").close()
while not os.path.exists("end") and time.monotonic() < end:
    time.sleep(0.05)
sys.exit(not os.path.exists("end"))
PY
exit $failed
