# record --follow: each executed Python has a trace of its own, which says who it is; without the flag
# there is one trace. A library at a path that LD_PRELOAD cannot name is found all the same. A process
# that executes something else is not waited for.
#   bash test_follow.sh GCREPLAY LIBRARY
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1 library=$2
programs=$(cd "$(dirname "$0")" && pwd)/programs

# Path with a blank and a colon, and a folder that is not the program's.
mkdir "$work/a b:c"
cp "$library" "$work/a b:c/library.so"
cd "$work/a b:c" || exit 1
"$gcreplay" record --follow --library ./library.so -o "$work/t.gct" -- "$python" "$programs/follow.py" \
    >"$work/out" 2>"$work/err" </dev/null || fail "not recorded: $(cat "$work/err")"
cd "$work" || exit 1
cat "$work/err"
grep -q "ended with status 4\$" "$work/err" || fail "the program's status is not reported"
grep -q "cannot be preloaded" "$work/err" && fail "the library is not found"
for trace in t*.gct; do
    "$gcreplay" run "$trace" -c semispace --verify >run.out 2>&1 || fail "$trace: $(tail -n 2 run.out)"
    "$gcreplay" info --json "$trace" >"$trace.json"
done
"$python" - out t*.gct.json <<'PY' || failed=1
import json, sys

told = {}
for line in open(sys.argv[1]):
    words = line.split()
    told[words[0]] = (int(words[1]), int(words[2]))
groups = {}
for name in sys.argv[2:]:
    info = json.load(open(name))
    meta = info["meta"]
    group = meta["group"]
    lanes = info["lanes"]
    groups[group["number"]] = dict(group, command=meta["command"], status=meta.get("program_status"),
                                   lanes=len(lanes) if isinstance(lanes, list) else lanes)
failed = 0

def expect(condition, *what):
    global failed
    if not condition:
        print("FAIL:", *what)
        failed = 1

expect(sorted(groups) == list(range(len(groups))), "numbers", sorted(groups))
first = groups.pop(0)
expect((first["pid"], first["parent_pid"]) == told["first"], "the first", first)
expect(first["origin"] == "program" and first["status"] == 4, "the first", first)
expect(first["lanes"] == 2, "lanes of the first, which forks once:", first["lanes"])
known = {(group["pid"], group["parent_pid"]): group for group in groups.values()}
for name in ("subprocess", "shell", "spawn", "forked", "last"):
    group = known.get(told[name])
    expect(group is not None and group["origin"] == "executed", name, told[name], "is not recorded")
    if group is not None and name in ("subprocess", "shell", "forked", "last"):
        expect(any("print('%s'" % name in word for word in group["command"]), name, group["command"])
server = [g for g in groups.values() if any("forkserver import main" in word for word in g["command"])]
expect(len(server) == 1 and server[0]["lanes"] == 2, "the fork server", server)
expect(told["forkserver"][1] == server[0]["pid"], "the fork server's child", told["forkserver"])
expect(told["bare"] not in known, "a Python without environment cannot be found")
expect(told["last"][0] == told["first"][0], "exec keeps the process")
sys.exit(failed)
PY

"$gcreplay" record -o one.gct -- "$python" "$programs/follow.py" >out 2>err </dev/null || fail "$(cat err)"
[ "$(echo one*)" = one.gct ] || fail "without --follow: $(echo one*)"
"$gcreplay" check one.gct >/dev/null || fail "without --follow: not valid"
"$gcreplay" record -o two.gct -- /bin/sh -c "$python -c pass; $python -c pass" >out 2>err </dev/null
grep -q "at least 1 more Python was not recorded" err || fail "the second Python: $(cat err)"
"$gcreplay" record --follow -o mixed.gct -- /bin/sh -c \
    "$python -c pass; PYTHONMALLOC=malloc $python -c 'print(1)'" >out 2>err </dev/null || fail "$(cat err)"
grep -q "1 Python was not recorded: PYTHONMALLOC" err && [ "$(cat out)" = 1 ] || fail "mixed: $(cat err)"

# The child goes on as a program of another kind, and outlives this test if it is waited for.
"$gcreplay" record -o left.gct -- "$python" -c \
    'import os
if os.fork() == 0:
    print(os.getpid(), flush=True)
    os.execv("/bin/sleep", ["sleep", "1000"])' >out 2>err </dev/null &
recorder=$!
for _ in $(seq 600); do
    kill -0 $recorder 2>/dev/null || break
    sleep 0.1
done
if kill -0 $recorder 2>/dev/null; then
    fail "recording waits for a process that executed something else"
fi
kill "$(cat out)"
wait $recorder || fail "left: $(cat err)"
"$gcreplay" check left.gct >/dev/null || fail "left: not valid"
exit $failed
