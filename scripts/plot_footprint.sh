#!/usr/bin/env bash
# Draws footprint over time from the results that `gcreplay compare TRACE -o DIR` left in DIR:
#   scripts/plot_footprint.sh DIR OUT.svg|png|pdf [GNUPLOT_SETTING...]
# e.g. scripts/plot_footprint.sh out/demo footprint.png "names='linked-list semispace'" "top=60"
# Writes DIR/footprint.csv on the way. One trace a DIR; the first process's series is drawn.
set -euo pipefail
if [ $# -lt 2 ]; then sed -n '2,5s/^# //p' "$0" >&2; exit 2; fi
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$1 out=$2
shift 2
if ! command -v gnuplot >/dev/null; then
  echo "plot_footprint: needs gnuplot (Debian: gnuplot-nox)" >&2
  exit 1
fi
python3 - "$dir" <<'PY'
import csv, glob, json, os, sys

rows, names = [], {}
try: # what compare calls its runs: a design with its options
    comparisons = json.load(open(os.path.join(sys.argv[1], "compare.json")))["comparisons"]
    names = {run["file"]: run["name"] for one in comparisons for run in one["runs"]}
except (OSError, ValueError, KeyError):
    pass
for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.json"))):
    with open(path) as file:
        result = json.load(file)
    if result.get("schema") != "gcreplay-result-1" or not result["lanes"]:
        continue
    trace = os.path.splitext(os.path.basename(result["trace"]["path"]))[0]
    name = names.get(os.path.basename(path), result["collector"])
    series = result["lanes"][0]["footprint_series"]
    at = {name: i for i, name in enumerate(series["columns"])}
    for row in series["rows"]:
        live = row[at["live_bytes"]]
        rows.append([trace, name, "", row[at["event"]], row[at["clock_ns"]] / 1e6,
                     row[at["footprint_bytes"]] / 2**20, live / 2**20 if live is not None else ""])
if not rows:
    sys.exit(f"plot_footprint: no results in {sys.argv[1]}")
with open(os.path.join(sys.argv[1], "footprint.csv"), "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["trace", "design", "heap", "event", "clock_ms", "footprint_mib", "live_mib"])
    out.writerows(rows)
PY
settings="csv='${dir//\'/\'\'}/footprint.csv'; out='${out//\'/\'\'}'"
for setting in "$@"; do settings="$settings; $setting"; done
gnuplot -e "$settings" "$root/plots/footprint.gp"
echo "plot_footprint: $out"
