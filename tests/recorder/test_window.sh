# Recording a part of a run: from a chosen moment on, to another one, and in files that follow each
# other. Each trace is valid, replays verified, and collects as CPython did; what one file ends with,
# the next one begins with.
#   bash test_window.sh GCREPLAY
set -u
. "$(dirname "$0")/kit.sh"
gcreplay=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=$here/programs/window.py
export PYTHONHASHSEED=0

record() { # OPTION... (the trace is $work/t.gct)
    rm -f "$work"/t.gct "$work"/t.*.gct
    "$gcreplay" record -o "$work/t.gct" "$@" -- "$python" -S "$program" \
        >"$work/out" 2>"$work/err" </dev/null || fail "record $*: $(cat "$work/err")"
    [ -z "$(find "$work" -name '*.partial')" ] || fail "record $*: a partial file is left"
}

valid() { # TRACE DESIGN...
    local trace=$1 design
    shift
    "$gcreplay" check "$trace" >"$work/check" 2>&1 || fail "$(basename "$trace"): $(cat "$work/check")"
    for design in "$@"; do
        "$gcreplay" run "$trace" -c "$design" --verify >"$work/run" 2>&1 ||
            fail "$(basename "$trace") on $design: $(tail -n 2 "$work/run")"
    done
}

living() { # TRACE: objects and bytes at the end
    "$gcreplay" check "$1" | sed -n 's/.*live at the end \([0-9]* objects, [^,]*\)$/\1/p'
}

meta() { # TRACE PATH: a number of the metadata, counts/allocations
    "$gcreplay" info --json "$1" | "$python" -c '
import json, sys
value = json.load(sys.stdin)["meta"]
for key in sys.argv[1].split("/"):
    value = value.get(key, 0)
print(value)' "$2"
}

beginning() { # TRACE: what it begins with, behind the restatement, as `living` says it
    "$gcreplay" dump "$1" | "$python" -c '
import sys
left = int(sys.argv[1])
for line in sys.stdin:
    word = line.split(None, 1)[0] if line.strip() else ""
    event = word not in ("gct", "blocks", "capabilities", "shape", "name", "lane", "block", "meta", "")
    if event and not word.startswith("#"):
        if left == 0:
            break
        left -= 1
    if word != "block":
        sys.stdout.write(line)
print("exit 0")' "$(meta "$1" counts/restated_events)" >"$work/begin.txt"
    "$gcreplay" assemble "$work/begin.txt" -o "$work/begin.gct" >"$work/asm" 2>&1 || cat "$work/asm"
    living "$work/begin.gct"
}

# ---- from a moment on, to a moment ----
for mode in neutral faithful; do
    record --mode $mode --start-after 30000
    case $mode in
    neutral) valid "$work/t.gct" linked-list semispace generational explicit-free ;;
    *) valid "$work/t.gct" linked-list ;;
    esac
    [ ! -e "$work/t.1.gct" ] || fail "$mode: children of a recorded process began files of their own"
    [ "$mode" = neutral ] || GCREPLAY=$gcreplay GCREPLAY_PYTHON=$python \
        "$root/scripts/fidelity.sh" --trace "$work/t.gct" || fail "attached: collections differ"
    "$gcreplay" dump "$work/t.gct" | grep -q 'name 1 "recording begins"' || fail "$mode: no phase"
    # Two runs of a program are the same but for what hashes addresses.
    begun=$(beginning "$work/t.gct")
    record --mode $mode --stop-after 30000
    valid "$work/t.gct"
    stopped=$(living "$work/t.gct")
    echo "$mode: attached with $begun; stopped with $stopped"
    "$python" -c 'import sys; a, b = (int(s.split()[0]) for s in sys.argv[1:])
sys.exit(a < 1000 or abs(a - b) > 20)' "$begun" "$stopped" || fail "$mode: another heap"
done

# ---- rotation ----
for mode in neutral faithful; do
    record --mode $mode
    whole=$(meta "$work/t.gct" counts/allocations)
    collections=$(meta "$work/t.gct" counts/collections)
    record --mode $mode --rotate 40000
    allocations=0 collected=0 files=0 before=
    for trace in "$work"/t.gct $(ls "$work"/t.*.gct | sort -t. -k3,3n); do
        files=$((files + 1))
        valid "$trace" linked-list
        allocations=$((allocations + $(meta "$trace" counts/allocations)))
        collected=$((collected + $(meta "$trace" counts/collections)))
        if [ -n "$before" ] && [ "$lanes" = 1 ]; then
            now=$(beginning "$trace")
            [ "$now" = "$before" ] || fail "$mode: $(basename "$trace") begins with $now, before: $before"
        fi
        before=$(living "$trace")
        lanes=$("$gcreplay" info --json "$trace" | "$python" -c '
import json, sys
print(len(json.load(sys.stdin)["lanes"]))')
        if [ $mode = faithful ]; then
            GCREPLAY=$gcreplay GCREPLAY_PYTHON=$python "$root/scripts/fidelity.sh" --trace "$trace" \
                >"$work/fidelity" || fail "$(cat "$work/fidelity")"
        fi
    done
    echo "$mode: $files files; $allocations of $whole allocations, $collected of $collections collections"
    [ $files -ge 3 ] || fail "$mode: $files files"
    "$python" -c 'import sys; a, b = map(int, sys.argv[1:]); sys.exit(abs(a - b) > 200)' \
        $allocations "$whole" || fail "$mode: allocations"
    [ $collected = "$collections" ] || fail "$mode: collections"
done
exit $failed
