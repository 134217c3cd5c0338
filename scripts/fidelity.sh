#!/usr/bin/env bash
# How faithfully do recordings reproduce CPython's own collections?
#
#   scripts/fidelity.sh PROGRAM...          a Python file, or a command in quotes: "/usr/bin/python3 -m ast x.py"
#   scripts/fidelity.sh --trace TRACE...    recordings made earlier with --mode faithful
#   options before them: --keep DIR (traces and results stay there), --verbose (each collection that differs)
#
# Each program is recorded with --mode faithful and replayed on linked-list with CPython's defaults;
# the replay's own reference counts decide every free. For each process the number of collections of
# each generation and the number of objects that each single collection freed are compared with what
# CPython itself reported (the differences of gc.get_stats(), recorded at each collection).
# Collections by which a trace restates CPython's lists at its beginning (record --start-after, --rotate)
# are none of CPython's: they are left out.
# Exit code 0: every count of collections is equal and at least 98% of the freed counts are.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
gcreplay=${GCREPLAY:-$root/build/release/bin/gcreplay}
python=${GCREPLAY_PYTHON:-/usr/bin/python3}
keep= verbose= traces=
while [ $# -gt 0 ]; do
    case $1 in
    --keep) keep=$2; shift 2 ;;
    --verbose) verbose=1; shift ;;
    --trace) traces=1; shift ;;
    --help | -h) sed -n '2,15s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) break ;;
    esac
done
if [ $# -eq 0 ]; then
    echo "usage: scripts/fidelity.sh [--keep DIR] [--verbose] PROGRAM... | --trace TRACE..." >&2
    exit 2
fi
if [ ! -x "$gcreplay" ]; then
    echo "fidelity: no $gcreplay: build first (scripts/build.sh), or set GCREPLAY" >&2
    exit 2
fi
work=${keep:-$(mktemp -d)}
mkdir -p "$work"
[ -n "$keep" ] || trap 'rm -rf "$work"' EXIT

compare() { # RESULT.json LABEL EVENTS_RESTATED
    "$python" - "$1" "$2" "${verbose:-0}" "$3" <<'PY'
import json, sys

result = json.load(open(sys.argv[1]))
label, verbose, restated = sys.argv[2], sys.argv[3] == "1", int(sys.argv[4])
if result["outcome"] != "ok":
    print(f"{label}: outcome {result['outcome']}: {result.get('message', '')}")
    sys.exit(1)

def rows(table, *names):
    places = [table["columns"].index(name) for name in names]
    return [tuple(row[p] for p in places) for row in table["rows"]]

def text(counts):
    return "/".join(str(n) for n in counts)

same = True
exact = total = 0
for lane in result["lanes"]:
    recorded = rows(lane["recorded"]["list"], "event", "generation", "collected")
    replayed = rows(lane["pauses"]["list"], "event", "generation", "collected")
    if lane["lane"] == 0:
        replayed = [r for r in replayed if r[0] >= restated]
    counts = [[sum(1 for r in side if r[1] == g) for g in range(3)] for side in (recorded, replayed)]
    equal = [r[1:] for r in recorded] == [r[1:] for r in replayed]
    hits = sum(1 for r, p in zip(recorded, replayed) if r[1:] == p[1:])
    lane_same = counts[0] == counts[1] and [r[1] for r in recorded] == [p[1] for p in replayed]
    same = same and lane_same
    exact += hits
    total += len(recorded)
    print(f"  process {lane['lane']:>3}: collections recorded {text(counts[0])}, replayed {text(counts[1])}"
          f" ({'equal' if lane_same else 'DIFFERENT'}); freed counts exact: {hits} of {len(recorded)}")
    if verbose and not equal:
        for n, (r, p) in enumerate(zip(recorded, replayed)):
            if r[1:] != p[1:]:
                print(f"    collection {n}: recorded generation {r[1]} freed {r[2]} (event {r[0]}),"
                      f" replayed generation {p[1]} freed {p[2]} (event {p[0]})")
share = 100.0 * exact / total if total else 100.0
good = same and share >= 98.0
print(f"{'ok  ' if good else 'FAIL'} {label}: collections {'equal' if same else 'DIFFERENT'} in"
      f" {len(result['lanes'])} process(es); freed counts exact in {exact} of {total} ({share:.1f}%)")
sys.exit(0 if good else 1)
PY
}

restated() { # TRACE: how many events at its beginning restate the heap
    "$gcreplay" info --json "$1" | "$python" -c '
import json, sys
print(json.load(sys.stdin).get("meta", {}).get("counts", {}).get("restated_events", 0))'
}

failed=0
number=0
for program in "$@"; do
    number=$((number + 1))
    trace=$program
    if [ -z "$traces" ]; then
        trace=$work/$number.gct
        case $program in
        *.py) command=("$python" "$program") ;;
        *) read -r -a command <<<"$program" ;;
        esac
        if ! "$gcreplay" record --mode faithful -o "$trace" -- "${command[@]}" \
            >"$work/$number.out" 2>"$work/$number.err" </dev/null; then
            echo "FAIL $program: not recorded: $(tail -n 1 "$work/$number.err")"
            failed=1
            continue
        fi
    fi
    "$gcreplay" run "$trace" -c linked-list --json "$work/$number.json" \
        >"$work/$number.run" 2>&1 || true
    if [ ! -s "$work/$number.json" ]; then
        echo "FAIL $program: not replayed: $(tail -n 1 "$work/$number.run")"
        failed=1
    elif ! compare "$work/$number.json" "$program" "$(restated "$trace")"; then
        failed=1
    fi
done
exit $failed
