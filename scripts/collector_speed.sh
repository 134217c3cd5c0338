#!/usr/bin/env bash
# Collector CPU of the marking designs beside libgc's, on one trace and with one heap budget:
#
#   scripts/collector_speed.sh [--repeat N] [--heap SIZE] [--binary GCREPLAY] [TRACE]
#
# Without a trace, gcbench is generated. Runs are interleaved; of each configuration the run with the
# least collector CPU counts, since disturbance only adds. Collector CPU = pauses, plus what a design
# does for its collector outside of them: lazy sweeping, on both sides; setting up blocks that are empty is
# allocation. The last
# column divides it by libgc's. Needs a release build and a machine that does nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."

repeat=7
heap=3x
gcreplay=build/release/bin/gcreplay
trace=
while [ $# -gt 0 ]; do
  case $1 in
    --repeat) repeat=$2; shift 2 ;;
    --heap) heap=$2; shift 2 ;;
    --binary) gcreplay=$2; shift 2 ;;
    -*) echo "collector_speed: unknown option $1" >&2; exit 2 ;;
    *) trace=$1; shift ;;
  esac
done

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ -z "$trace" ]; then
  trace=$folder/gcbench.gct
  "$gcreplay" generate gcbench -o "$trace" >"$folder/log"
fi

# name of the row: back end and its options
rows=(
  "bdw"
  "bdw divisor=1"
  "bdw descriptors=proc divisor=1"
  "mark-sweep allocator=pools marks=bitmap mark=push sweep=pools"
  "parallel-mark-sweep workers=1"
  "parallel-mark-sweep workers=1 marks=bit"
  "parallel-mark-sweep workers=1 sweep=eager"
  "parallel-mark-sweep workers=2"
)

for ((round = 0; round < repeat; round++)); do
  for row in "${!rows[@]}"; do
    read -r -a words <<<"${rows[$row]}"
    settings=()
    for word in "${words[@]:1}"; do settings+=(--set "$word"); done
    "$gcreplay" run "$trace" -c "${words[0]}" "${settings[@]}" --heap "$heap" \
      --json "$folder/$row.$round.json" >"$folder/log" 2>&1 ||
      { echo "collector_speed: ${rows[$row]}:" >&2; cat "$folder/log" >&2; exit 1; }
  done
done

echo "trace $(basename "$trace"), heap $heap, best of $repeat interleaved runs"
python3 - "$folder" "$repeat" "${rows[@]}" <<'PYTHON'
import json
import sys

folder, repeat, rows = sys.argv[1], int(sys.argv[2]), sys.argv[3:]


def collector_ns(run):
    time = run["time"]
    return time["collector_cpu_ns"] + (time["helper_cpu_ns"] or 0)


best = []
for row in range(len(rows)):
    runs = [json.load(open(f"{folder}/{row}.{r}.json")) for r in range(repeat)]
    best.append(min(runs, key=collector_ns))
heads = ["back end", "GCs", "marked", "mark ms", "sweep ms", "collector CPU ms", "ns/marked",
         "mutator CPU ms", "peak MiB", "to bdw"]
table = [heads]
for name, run in zip(rows, best):
    time, marked = run["time"], run["objects"]["marked"]
    cpu = collector_ns(run)
    table.append([name, str(run["collections"]["total"]), f"{marked / 1e6:.2f} M",
                  f"{time['phases']['mark_ns'] / 1e6:.1f}", f"{time['phases']['sweep_ns'] / 1e6:.1f}",
                  f"{cpu / 1e6:.1f}", f"{cpu / marked:.1f}" if marked else "-",
                  f"{time['mutator_cpu_ns'] / 1e6:.0f}",
                  f"{run['memory']['footprint_peak_bytes'] / 2**20:.1f}",
                  f"{cpu / collector_ns(best[0]):.2f}"])
width = [max(len(line[i]) for line in table) for i in range(len(heads))]
for line in table:
    print("  ".join(c.ljust(width[i]) if i == 0 else c.rjust(width[i]) for i, c in enumerate(line)))
PYTHON
