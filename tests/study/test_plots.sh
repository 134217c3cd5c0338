#!/usr/bin/env bash
# Every figure of plots/ on tables of many designs, of one point, of rows without figures, and without rows: gnuplot
# ends well and says nothing, the SVG is well formed, and it has the words it should.
set -euo pipefail
export LC_ALL=C.UTF-8 # as gcreplay runs gnuplot
tests=$(cd "$(dirname "$0")" && pwd)
plots=$(cd "$tests/../../plots" && pwd)
if ! command -v gnuplot >/dev/null; then
  echo "skipped: no gnuplot"
  exit 77
fi
work="$(mktemp -d)/it's a folder" # figures must not mind
mkdir "$work"
trap 'rm -rf "${work%/*}"' EXIT
cd "$work"
python3 "$tests/plot_tables.py" "$work"

# FIGURE TABLE: what each is drawn from.
figures=(
  "geomean geomean" "time_memory summary" "lbo lbo" "footprint footprint" "pauses_distribution percentiles"
  "pauses_timeline pauses" "mmu mmu" "latency latency" "nursery summary" "misses misses" "cow cow" "survival survival"
  "demographics demographics")
draw() { # KIND FIGURE TABLE: KIND/FIGURE.svg, what gnuplot says in KIND/FIGURE.log, its exit code in KIND/FIGURE.code
  local code=0
  gnuplot --default-settings -e "csv='$1/$3.csv'; out='$1/$2.svg'; trace='it''s a+b:c & <d>'; heap='2x'; l2=1048576; llc=33554432" \
    "$plots/$2.gp" >"$1/$2.log" 2>&1 || code=$?
  echo "$code" >"$1/$2.code"
}
for kind in many one unknown empty; do
  for pair in "${figures[@]}"; do
    read -r figure table <<<"$pair"
    draw "$kind" "$figure" "$table" &
  done
  wait
done
# Other formats, an ending that is none, and no table named.
gnuplot --default-settings -e "csv='many/mmu.csv'; out='mmu.png'" "$plots/mmu.gp"
gnuplot --default-settings -e "csv='many/mmu.csv'; out='mmu.pdf'" "$plots/mmu.gp"
code=0
gnuplot --default-settings -e "csv='many/mmu.csv'; out='mmu.txt'" "$plots/mmu.gp" 2>ending.log || code=$?
[ "$code" -eq 2 ] && grep -q 'must be .svg, .png or .pdf' ending.log
code=0
gnuplot --default-settings "$plots/mmu.gp" 2>usage.log || code=$?
[ "$code" -eq 2 ] && grep -q 'which table?' usage.log

python3 - "${figures[@]}" <<'PY'
import sys
import xml.etree.ElementTree as xml

figures = [pair.split()[0] for pair in sys.argv[1:]]
# Words of the axes, the key and the marks.
words = {
    "geomean": ["total time", "99th percentile of pauses", "times the baseline (log)", "no mean", "bitmap"],
    "time_memory": ["total time (s, log scale)", "32", "native heap", "failed", "semispace"],
    "lbo": ["time", "CPU time of all threads", "times the lower bound", "did not complete", "explicit-free"],
    "footprint": ["MiB", "thousand events of the program", "semispace", "peak 25 MiB"],
    "pauses_distribution": ["length (ms, log scale)", "percentile of pauses", "99.9", "max", "bdw"],
    "pauses_timeline": ["ms", "replay time (ms)", "buffered-refcount"],
    "mmu": ["window (ms of replay time, log scale)", "parallel-mark-sweep"],
    "latency": ["latency (ms, log scale)", "metered-10ms", "percentile of requests", "hybrid"],
    "nursery": ["time (s)", "size of the nursery", "L2: 1 MiB", "512 KiB", "last level: 32 MiB lies to the right"],
    "misses": ["L1", "TLB (page walks)", "misses per KiB", "allocation", "not known", "incminimark"],
    "cow": ["pages of 4 KiB", "thousand events since the fork", "count", "kernel", "mark-compact"],
    "survival": ["kept (%)", "generation 2", "epsilon"],
    "demographics": ["share (%)", "references", "bytes", "objects", "end"],
}
titles = {"footprint": {"live", "bdw"}, "mmu": {"linked-list", "epsilon"}, "cow": {"count", "kernel"}}
bad = []
for kind in ("many", "one", "unknown", "empty"):
    for figure in figures:
        stem = f"{kind}/{figure}"
        log, code = open(stem + ".log").read().strip(), open(stem + ".code").read().strip()
        if code != "0" or log:
            bad.append(f"{stem}: exit code {code}: {log}")
            continue
        root = xml.parse(stem + ".svg").getroot()
        if "viewBox" not in root.attrib:
            bad.append(f"{stem}: no viewBox")
        said = {"".join(text.itertext()).strip() for text in root.iter("{http://www.w3.org/2000/svg}text")}
        empty = any(text.startswith("no data: ") for text in said)
        if empty != (kind in ("unknown", "empty")):
            bad.append(f"{stem}: {'says' if empty else 'does not say'} that there is nothing")
        if kind == "many":
            bad += [f"{stem}: no text '{word}' in {sorted(said)}" for word in words[figure] if word not in said]
            met = {title.text for title in root.iter("{http://www.w3.org/2000/svg}title")}
            bad += [f"{stem}: no title '{title}'" for title in titles.get(figure, set()) - met]
        elif kind == "one" and figure != "geomean" and not any("it's a+b:c & <d>" in text for text in said):
            bad.append(f"{stem}: the trace is not named")
assert open("mmu.png", "rb").read(4) == b"\x89PNG" and open("mmu.pdf", "rb").read(4) == b"%PDF"
print("\n".join(bad) or f"{4 * len(figures)} figures are as they should be")
sys.exit(bool(bad))
PY
