# Page sampling: the pages that a forked program wrote by reading come back in the replay, and the
# program does not notice. The truth is what the kernel says of the same program, unrecorded.
#   bash test_sampling.sh GCREPLAY WRITTEN_AFTER_FORK.so
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1 written_after_fork=$2
root=$(cd "$(dirname "$0")/../.." && pwd)

record() { # NAME, ARGUMENT... -- COMMAND...: NAME.gct, NAME.out, NAME.err; proves the trace
    local name=$1
    shift
    "$gcreplay" record -o "$work/$name.gct" "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null ||
        fail "$name: not recorded: $(cat "$work/$name.err")"
    "$gcreplay" check "$work/$name.gct" >"$work/check" 2>&1 || fail "$name: $(cat "$work/check")"
}

reads() { # NAME: the capability
    "$gcreplay" dump "$work/$1.gct" 2>/dev/null | sed -n 's/^capabilities.* reads=\([^ ]*\).*/\1/p;3q'
}

copied() { # NAME DESIGN: pages that the workers wrote of those that they shared, says the kernel
    "$gcreplay" run "$work/$1.gct" -c "$2" --cow=kernel --json "$work/cow.json" >/dev/null 2>&1 &&
        "$python" -c 'import json, sys
lanes = json.load(open(sys.argv[1]))["lanes"]
print(sum(e["pages_kernel"] for lane in lanes for e in lane["cow"] if e["born"]))' "$work/cow.json"
}

# Where the kernel refuses: recorded all the same, one line says why, no READ is promised.
without=("$python" "$root/tests/recorder/without_userfaultfd.py" "$gcreplay" record --sample-pages
    -o "$work/refused.gct" -- "$python" -c 'import os; os.fork() or os._exit(0)')
if "${without[@]}" >"$work/refused.out" 2>"$work/refused.err" </dev/null; then
    lines=$(grep -c "pages were not sampled: the kernel refuses userfaultfd" "$work/refused.err")
    [ "$lines" = 1 ] || fail "refused: $(cat "$work/refused.err")"
    [ "$(reads refused)" = none ] || fail "refused: the trace promises reads=$(reads refused)"
    "$gcreplay" check "$work/refused.gct" >/dev/null || fail "refused: the trace is not valid"
elif [ $? != 77 ]; then
    fail "refused: not recorded: $(cat "$work/refused.err")"
fi

record probe --sample-pages -- "$python" -c pass
if grep -q "pages were not sampled" "$work/probe.err"; then
    echo "skipped: $(cat "$work/probe.err")"
    [ $failed = 0 ] && exit 77
    exit 1
fi

# The truth of all of a program's workers together.
truth() { # COMMAND...
    LD_PRELOAD=$written_after_fork "$@" 2>&1 >/dev/null </dev/null |
        awk '/^written after fork:/ { sum += $4; n++ } END { print (n > 0 ? sum : "none") }'
}

# Copied pages within OFF percent of the truth if sampled, less than LEAST percent of it if not.
compare() { # NAME MODE TRUTH LEAST OFF DESIGN
    local name=$1 mode=$2 t=$3 least=$4 off=$5 design=$6 w l
    w=$(copied "$name.$mode" "$design") l=$(copied "$name.$mode.plain" "$design")
    echo "$name, $mode, $design: program $t pages, sampled ${w:=0}, not sampled ${l:=0}"
    [ $((w * 100)) -ge $((t * (100 - off))) ] && [ $((w * 100)) -le $((t * (100 + off))) ] ||
        fail "$name, $mode on $design: the workers wrote $t pages, in the replay $w"
    [ $((l * 100)) -lt $((t * least)) ] ||
        fail "$name, $mode on $design: $l of $t pages are written without sampling"
}

try() { # NAME LEAST COMMAND...
    local name=$1 least=$2 t
    shift 2
    t=$(truth "$@")
    if [ "$t" = none ]; then
        fail "$name: the kernel's own figures are missing"
        return
    fi
    for mode in neutral faithful; do
        record "$name.$mode" --mode $mode --sample-pages -- "$@"
        record "$name.$mode.plain" --mode $mode -- "$@"
        compare "$name" $mode "$t" "$least" 15 linked-list
        [ "$(reads "$name.$mode")" = page-sampled ] || fail "$name, $mode: no such capability"
        [ "$(reads "$name.$mode.plain")" = none ] || fail "$name, $mode: a capability too much"
        "$gcreplay" dump "$work/$name.$mode.plain.gct" | grep -q '^read ' &&
            fail "$name, $mode: READ without the flag"
        "$gcreplay" info "$work/$name.$mode.gct" | grep -q "reads are sampled by page" ||
            fail "$name, $mode: the trace's label does not say what its reads are"
        for design in linked-list semispace; do
            "$gcreplay" run "$work/$name.$mode.gct" -c $design --verify >"$work/run" 2>&1 ||
                fail "$name, $mode on $design: $(tail -n 2 "$work/run")"
        done
    done
}

# 30000 records, a quarter of them read by each worker (closer together on bitmap, so on fewer pages);
# and a server whose worker reads and builds: one, because how workers share requests is chance.
readers=("$python" "$root/workloads/programs/prefork_readers.py" 30000 0.25)
try readers 10 "${readers[@]}"
compare readers neutral "$(truth "${readers[@]}")" 10 20 bitmap
try index 90 "$python" "$root/workloads/programs/prefork_index.py" 12 1 100

# All that begins and ends processes, sampled often and from the start.
for run in "weak neutral" "weak faithful" "forks neutral" "forks faithful"; do
    read -r name mode <<<"$run"
    record $name --mode $mode --sample-pages=all --sample-every 2000 -- \
        "$python" "$root/tests/recorder/programs/$name.py"
    "$gcreplay" dump "$work/$name.gct" | grep -c '^read ' >"$work/count" ||
        fail "$name, $mode: no READ at all"
    "$gcreplay" run "$work/$name.gct" -c linked-list --verify >"$work/run" 2>&1 ||
        fail "$name, $mode: $(tail -n 2 "$work/run")"
done

# The descriptor: far from the program's own, closed on exec, and missed at once if the program
# closes it. "own" are the descriptors that are not ours, less the one that lists them.
cat >"$work/look.py" <<'PY'
import os, subprocess, sys
look = r"""
import os
own, watched = [], []
for name in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink("/proc/self/fd/" + name)
    except OSError:
        continue
    (watched if "userfaultfd" in target else own).append(int(name))
far = all(fd > 99 for fd in watched)
os.write(1, f"own {sorted(own)} watched {len(watched)} far {far}\n".encode())
"""
pid = os.fork()
exec(look)
if pid == 0:
    subprocess.run([sys.executable, "-c", look], close_fds=False, check=True)
    os.closerange(3, 65536)
    sum(len([i]) for i in range(30000))
    os._exit(0)
os.waitpid(pid, 0)
PY
"$python" "$work/look.py" >"$work/plain.out" 2>"$work/plain.err" </dev/null
record look --sample-pages -- "$python" "$work/look.py"
own() { sed 's/ watched .*//' "$1" | sort; }
[ "$(own "$work/look.out")" = "$(own "$work/plain.out")" ] ||
    fail "the program sees descriptors $(cat "$work/look.out"), without recording $(cat "$work/plain.out")"
[ "$(grep -c 'watched 1 far True' "$work/look.out")" = 2 ] && [ "$(wc -l <"$work/look.out")" = 3 ] ||
    fail "not two processes have the descriptor: $(cat "$work/look.out")"
grep -q "not sampled to the end in 1 process: the program closed" "$work/look.err" ||
    fail "the closed descriptor is not noticed: $(cat "$work/look.err")"
exit $failed
