# Page sampling: the pages that a forked program wrote by reading come back in the replay, and the
# program does not notice. The truth is what the kernel says of the same program, unrecorded.
#   bash test_sampling.sh GCREPLAY REPLAYED_PAGES
set -u
gcreplay=$1 replayed_pages=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
python=/usr/bin/python3
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*"
    failed=1
}

if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    echo "skipped: $python is not CPython 3.11"
    exit 77
fi

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

copied() { # NAME DESIGN: pages that the two workers wrote of those that they shared
    "$replayed_pages" "$work/$1.gct" "$2" | awk '{ printf "%s ", $3 }'
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

# The truth: 30000 records, a quarter of them read in each worker. What a worker writes before and
# after it reads is in the replay only.
program=("$python" "$root/workloads/programs/prefork_readers.py" 30000 0.25)
mapfile -t truth < <("${program[@]}" </dev/null | sed 's/.*: \([0-9]*\) pages$/\1/')
[ ${#truth[@]} = 2 ] || fail "the program says '${truth[*]}'"
for mode in neutral faithful; do
    record $mode --mode $mode --sample-pages -- "${program[@]}"
    record $mode.plain --mode $mode -- "${program[@]}"
    [ "$(reads $mode)" = page-sampled ] || fail "$mode: reads=$(reads $mode)"
    [ "$(reads $mode.plain)" = none ] || fail "$mode, not sampled: reads=$(reads $mode.plain)"
    "$gcreplay" info "$work/$mode.gct" | grep -q "reads are sampled by page" ||
        fail "$mode: the trace's label does not say what its reads are"
    "$gcreplay" dump "$work/$mode.plain.gct" | grep -q '^read ' && fail "$mode: READ without the flag"
    for design in linked-list bitmap; do
        read -r -a with <<<"$(copied $mode $design)"
        read -r -a less <<<"$(copied $mode.plain $design)"
        echo "$mode, $design: program ${truth[*]}, sampled ${with[*]}, not sampled ${less[*]}"
        for i in 0 1; do
            t=${truth[i]} w=${with[i]:-0} l=${less[i]:-$t}
            [ $((w * 20)) -ge $((t * 17)) ] && [ $((w * 20)) -le $((t * 24)) ] ||
                fail "$mode on $design: worker $i wrote $t pages, in the replay $w"
            [ $((l * 10)) -le "$t" ] || fail "$mode on $design: worker $i writes $l pages unsampled"
        done
    done
    for design in linked-list semispace; do
        "$gcreplay" run "$work/$mode.gct" -c $design --verify >"$work/run" 2>&1 ||
            fail "$mode on $design: $(tail -n 2 "$work/run")"
    done
done

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
# closes it.
cat >"$work/look.py" <<'PY'
import os, subprocess, sys
look = "import os; print(sorted(int(fd) for fd in os.listdir('/proc/self/fd'))[:-1])"
pid = os.fork()
exec(look)
sys.stdout.flush()
if pid == 0:
    subprocess.run([sys.executable, "-c", look], close_fds=False, check=True)
    os.closerange(3, 65536)
    sum(len([i]) for i in range(30000))
    os._exit(0)
os.waitpid(pid, 0)
PY
"$python" "$work/look.py" >"$work/plain.out" 2>"$work/plain.err" </dev/null
record look --sample-pages -- "$python" "$work/look.py"
sed 's/, [0-9]\{3,\}\]$/]/' "$work/look.out" | cmp -s - "$work/plain.out" ||
    fail "the program sees descriptors $(cat "$work/look.out"), without recording $(cat "$work/plain.out")"
[ "$(grep -c ', [0-9]\{3,\}\]$' "$work/look.out")" = 2 ] ||
    fail "not two processes have the descriptor: $(cat "$work/look.out")"
grep -q "not sampled to the end in 1 process: the program closed" "$work/look.err" ||
    fail "the closed descriptor is not noticed: $(cat "$work/look.err")"
exit $failed
