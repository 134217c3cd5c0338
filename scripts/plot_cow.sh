#!/usr/bin/env bash
# Draws pages copied after a fork, by cause, over one process's lane, one panel a design, from the results that
# `gcreplay compare TRACE -c NAMES --cow -o DIR` left in DIR:
#   scripts/plot_cow.sh DIR OUT.svg|png|pdf [PROCESS] [GNUPLOT_SETTING...]
# e.g. scripts/plot_cow.sh out/demo cow.png 1 "heading='One worker of the demo'"
# PROCESS is a lane (default 1, the first child): from its birth for a child, from its first fork for the first
# process. Writes DIR/cow.csv on the way. One trace a DIR.
set -euo pipefail
if [ $# -lt 2 ]; then sed -n '2,7s/^# //p' "$0" >&2; exit 2; fi
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$1 out=$2 process=${3:-1}
shift $(($# < 3 ? $# : 3))
if ! command -v gnuplot >/dev/null; then
  echo "plot_cow: needs gnuplot (Debian: gnuplot-nox)" >&2
  exit 1
fi
python3 - "$dir" "$process" <<'PY'
import csv, json, os, sys

folder, process = sys.argv[1:]
if not process.isdigit():
    sys.exit(f"plot_cow: '{process}' is not the number of a process")
try:
    comparisons = json.load(open(os.path.join(folder, "compare.json")))["comparisons"]
except (OSError, ValueError, KeyError) as why:
    sys.exit(f"plot_cow: {folder} has no results of gcreplay compare -o: {why}")
if len(comparisons) != 1:
    sys.exit(f"plot_cow: {folder} has results of {len(comparisons)} traces; one is needed")
rows, without = [], []
trace = os.path.splitext(os.path.basename(comparisons[0]["trace"]["path"]))[0]
for run in comparisons[0]["runs"]:
    if run["file"] is None:
        continue
    result = json.load(open(os.path.join(folder, run["file"])))
    lanes = [lane for lane in result["lanes"] if lane["lane"] == int(process)]
    epochs = [epoch for lane in lanes for epoch in lane["cow"] or []]
    if not epochs or epochs[0]["pages_model"] is None:
        without.append(run["name"])
        continue
    series = epochs[0]["series"]
    for at, cause in enumerate(series["columns"]):
        if cause in ("event", "pages_model") or series["rows"][0][at] is None:
            continue
        cause = cause.replace("pages_kernel", "kernel")
        rows += [[trace, run["name"], "", process, 0, row[0], cause, row[at]] for row in series["rows"]]
if not rows:
    sys.exit(f"plot_cow: no figures of process {process} in {folder} (compare --cow; a fork)")
if without:
    print(f"plot_cow: without figures of the model: {', '.join(without)}")
with open(os.path.join(folder, "cow.csv"), "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["trace", "design", "heap", "lane", "epoch", "event", "cause", "pages"])
    out.writerows(rows)
PY
settings="csv='${dir//\'/\'\'}/cow.csv'; out='${out//\'/\'\'}'; lane=$process"
for setting in "$@"; do settings="$settings; $setting"; done
gnuplot -e "$settings" "$root/plots/cow.gp"
echo "plot_cow: $out"
