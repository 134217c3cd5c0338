#!/usr/bin/env bash
# A nursery sweep under perf stat, in fractions of this machine's L2:
#
#   scripts/perf_stat_sweep.sh [OPTION...] [TRACE]
#
#   --design NAME         back end (generational)
#   --size OPTION         its option that is swept (nursery)
#   --set OPTION=VALUE    further options of the back end; may be repeated
#   --heap SIZE           as gcreplay run has it (native)
#   --fractions "A B..."  of the L2, as 1/4 or 2 ("1/8 1/4 1/2 1 2 4 8")
#   --repeat N            runs of each, interleaved (3)
#   --l2 BYTES            take that for the L2
#   --events LIST         hardware events for perf
#   --cache GEOMETRY      the model's machine, as gcreplay run has it (this one)
#   --software            as if the machine had no hardware events
#   -o DIR                where to (out/nursery_sweep)
#   --binary GCREPLAY     (build/release/bin/gcreplay)
#
# perf counts the replay alone: gcreplay switches it on and off (--control). Leaves DIR/sweep.csv, a row a
# run, and DIR/sweep.png and .svg, medians and the caches' sizes. Where the machine shows no hardware events,
# perf counts software events and the misses are the cache model's (gcreplay run --cache); the figure says so.
# Without a trace, gcbench is generated.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

design=generational size=nursery fractions='1/8 1/4 1/2 1 2 4 8' repeat=3 l2='' out=out/nursery_sweep
gcreplay=$root/build/release/bin/gcreplay trace='' software=no heap='' cache=host
events=cycles,instructions,L1-dcache-load-misses,LLC-loads,LLC-load-misses,dTLB-load-misses
settings=()
usage() { echo "perf_stat_sweep: $1" >&2; exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,/^set -e/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --software) software=yes; shift; continue ;;
    --design | --size | --set | --heap | --fractions | --repeat | --l2 | --events | --cache | -o | --binary)
      [ $# -ge 2 ] || usage "$1 needs a value" ;;
    -*) usage "unknown option $1" ;;
    *) [ -z "$trace" ] || usage "more than one trace: $trace and $1"; trace=$1; shift; continue ;;
  esac
  case $1 in
    --design) design=$2 ;;
    --size) size=$2 ;;
    --set) settings+=(--set "$2") ;;
    --heap) heap=$2 ;;
    --fractions) fractions=$2 ;;
    --repeat) repeat=$2 ;;
    --l2) l2=$2 ;;
    --events) events=$2 ;;
    --cache) cache=$2 ;;
    -o) out=$2 ;;
    --binary) gcreplay=$2 ;;
  esac
  shift 2
done
[[ $repeat =~ ^[1-9][0-9]*$ ]] || usage "--repeat cannot be '$repeat'; allowed: a whole number from 1"
for fraction in $fractions; do
  [[ $fraction =~ ^[1-9][0-9]*(/[1-9][0-9]*)?$ ]] ||
    usage "--fractions: '$fraction'; allowed: such as 1/4 or 2"
done
[ -n "$fractions" ] || usage "--fractions: none"
[ -z "$trace" ] || [ -r "$trace" ] || usage "$trace: cannot be read"
[ -x "$gcreplay" ] || usage "$gcreplay: not there; scripts/build.sh makes it"
missing=()
command -v perf >/dev/null || missing+=(linux-perf)
command -v gnuplot >/dev/null || missing+=(gnuplot-nox)
if [ ${#missing[@]} -gt 0 ]; then
  echo "perf_stat_sweep: needs ${missing[*]}: scripts/setup.sh ${missing[*]}" >&2
  exit 1
fi

if [ -z "$l2" ]; then l2=$(getconf LEVEL2_CACHE_SIZE 2>/dev/null || true); fi
[[ $l2 =~ ^[1-9][0-9]*$ ]] || usage "this machine does not say how large its L2 is: --l2 BYTES"
llc=$(getconf LEVEL3_CACHE_SIZE 2>/dev/null || true)
[[ $llc =~ ^[1-9][0-9]*$ ]] || llc=0

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "$trace" ]; then
  trace=$work/gcbench.gct
  "$gcreplay" generate gcbench -o "$trace" >"$work/log"
fi
run=("$gcreplay" run "$trace" -c "$design" "${settings[@]}")
if [ -n "$heap" ]; then run+=(--heap "$heap"); fi

# counted EVENT: does perf count it here?
counted() {
  perf stat -x, -o "$work/probe" -e "$1" -- true >"$work/log" 2>&1 && grep -Eq '^[0-9]' "$work/probe"
}

# ---- what can be counted: user space of the hardware, and the kernel's own ----
chosen=() refused=()
IFS=, read -r -a wanted <<<"$events"
for event in "${wanted[@]}"; do
  if [ "$software" = no ] && counted "$event:u"; then
    chosen+=("$event:u")
  else
    refused+=("$event")
  fi
done
hardware=${#chosen[@]}
for event in task-clock minor-faults major-faults context-switches; do
  if counted "$event"; then
    chosen+=("$event")
  elif [ "$event" != context-switches ] && counted "$event:u"; then # which user space has none of
    chosen+=("$event:u")
  else
    refused+=("$event")
  fi
done
level=$(cat /proc/sys/kernel/perf_event_paranoid 2>/dev/null || echo unknown)
if [ ${#chosen[@]} -eq 0 ]; then
  echo "perf_stat_sweep: perf may count nothing here (kernel.perf_event_paranoid is $level; 2 or less, or root, lets it)" >&2
  exit 1
fi
why="no hardware events here (kernel.perf_event_paranoid $level)"
if [ "$software" = yes ]; then why="hardware events left out (--software)"; fi
if [ "$hardware" -eq 0 ]; then echo "perf_stat_sweep: $why: software events and the cache model" >&2; fi

# ---- runs, interleaved ----
mkfifo "$work/control" "$work/answer"
read -r -a parts <<<"$fractions"
bytes_of() { # a fraction of the L2 in whole pages, one at least
  local above=${1%/*} below=1 pages
  if [ "$above" != "$1" ]; then below=${1#*/}; fi
  pages=$((l2 * above / below / 4096))
  echo $((pages > 0 ? pages * 4096 : 4096))
}
list=$(IFS=,; echo "${chosen[*]}")
for ((round = 1; round <= repeat; round++)); do
  for i in "${!parts[@]}"; do
    bytes=$(bytes_of "${parts[$i]}")
    if ! perf stat -x, -o "$work/$i.$round.perf" -e "$list" -D -1 \
      --control "fifo:$work/control,$work/answer" -- \
      "${run[@]}" --set "$size=$bytes" --control "$work/control,$work/answer" \
      --json "$work/$i.$round.json" >"$work/log" 2>&1; then
      echo "perf_stat_sweep: $design with $size=$bytes:" >&2
      grep -v '^Events' "$work/log" >&2
      exit 1
    fi
  done
  echo "perf_stat_sweep: round $round of $repeat is over" >&2
done
# The model's counts are the same each time: one run. Designs that cannot be modelled go without.
if [ "$hardware" -eq 0 ]; then
  for i in "${!parts[@]}"; do
    if ! "${run[@]}" --set "$size=$(bytes_of "${parts[$i]}")" "--cache=$cache" --json "$work/$i.model.json" \
      >"$work/log" 2>&1; then
      echo "perf_stat_sweep: no cache model for this: $(tail -n 1 "$work/log")" >&2
      break
    fi
  done
fi

# ---- the figures ----
python3 "$root/scripts/perf_stat_sweep.py" "$work" "$out" "$fractions" "$repeat" "$l2" "$llc" "$size" \
  "$hardware" "${refused[*]:-}" "$why"
for ending in png svg; do
  gnuplot -e "folder='$out'; out='$out/sweep.$ending'" "$root/plots/nursery_sweep.gp"
done
echo "perf_stat_sweep: $out/sweep.csv, $out/sweep.png, $out/sweep.svg"
