#!/usr/bin/env bash
# Two versions of the benchmarks against each other, by Google Benchmark's own statistics:
#
#   bench/compare.sh [--rounds N] [--min-time SECONDS] [--threshold PERCENT] [--alpha P] [--json FILE] BASE NEW [FILTER]
#
# BASE and NEW are git revisions, which are built in temporary work trees, or build directories (-DGCR_BENCH=ON). FILTER is a
# regular expression over benchmarks' names, as for --benchmark_filter. Each round runs every program of both, in an order drawn
# anew; the rounds together are the repetitions that Debian's /usr/share/benchmark/compare.py puts its U test to (Mann and
# Whitney's; it wants nine).
#
# Exit code: 0, no benchmark is slower; 1, some are: their median by more than the threshold, with a p value below alpha; 2, wrong
# usage, or something could not be built or run. Needs a machine that does nothing else.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

rounds=9
min_time=0.05
threshold=5
alpha=0.01
json=
fail() {
  echo "compare: $1" >&2
  exit 2
}
words=()
while [ $# -gt 0 ]; do
  case $1 in
    --rounds | --min-time | --threshold | --alpha | --json)
      [ $# -ge 2 ] || fail "$1 wants a value"
      case $1 in
        --rounds) rounds=$2 ;;
        --min-time) min_time=$2 ;;
        --threshold) threshold=$2 ;;
        --alpha) alpha=$2 ;;
        --json) json=$2 ;;
      esac
      shift 2
      ;;
    -*) fail "unknown option $1 (--rounds, --min-time, --threshold, --alpha, --json)" ;;
    *) words+=("$1"); shift ;;
  esac
done
[ ${#words[@]} -eq 2 ] || [ ${#words[@]} -eq 3 ] || fail "usage: bench/compare.sh [options] BASE NEW [FILTER]"
[[ $rounds =~ ^[1-9][0-9]*$ ]] || fail "--rounds $rounds: a whole number from 1 on"
for value in "$min_time" "$threshold" "$alpha"; do
  [[ $value =~ ^[0-9]+(\.[0-9]+)?$ ]] || fail "$value: a number, 0 or more"
done
filter=${words[2]:-.}

work=$(mktemp -d)
clean() {
  for side in base new; do
    [ ! -d "$work/$side.tree" ] || git -C "$here" worktree remove --force "$work/$side.tree" >/dev/null 2>&1 || true
  done
  rm -rf "$work"
}
trap clean EXIT

if ! dpkg-query -W -f='${Status}\n' libbenchmark-tools python3-scipy 2>&1 | awk '!/ok installed/ { exit 1 }'; then
  "$here/../scripts/setup.sh" libbenchmark-tools python3-scipy >"$work/setup.log" || fail "$(tail -1 "$work/setup.log")"
fi

# build_revision SIDE REVISION: into the build folder of $work/SIDE.tree, where ccache finds what a usual build has left.
build_revision() {
  git -C "$here" worktree add --detach "$work/$1.tree" "$2" >"$work/$1.log" 2>&1 || fail "$2: $(tail -1 "$work/$1.log")"
  echo "compare: building $2" >&2
  local launcher=()
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  if ! (
    export CCACHE_BASEDIR=$work/$1.tree CCACHE_NOHASHDIR=1
    cd "$work/$1.tree" && cmake --preset release -DGCR_BENCH=ON "${launcher[@]}" &&
      cmake --build --preset release -j "$(nproc)" --target bench/all
  ) >"$work/$1.log" 2>&1; then
    cat "$work/$1.log" >&2
    fail "$2 cannot be built"
  fi
}

# programs_of DIRECTORY: its benchmark programs.
programs_of() {
  find "$1/bench" -maxdepth 1 -type f -name 'bench_*' -executable -printf '%f\n' | sort
}

folders=()
sides=(base new)
for i in 0 1; do
  version=${words[$i]}
  if [ -f "$version/CMakeCache.txt" ]; then
    folders+=("$(cd "$version" && pwd)")
  elif git -C "$here" rev-parse --verify --quiet "$version^{commit}" >"$work/log"; then
    build_revision "${sides[$i]}" "$version"
    folders+=("$work/${sides[$i]}.tree/build/release")
  else
    fail "$version is neither a build directory nor a revision"
  fi
  [ -d "${folders[$i]}/bench" ] && [ -n "$(programs_of "${folders[$i]}")" ] || fail "$version has no benchmarks (-DGCR_BENCH=ON)"
done

# Programs that both have, and in which the filter selects something.
programs=()
while read -r program; do
  if [ ! -x "${folders[1]}/bench/$program" ]; then
    echo "compare: ${words[1]} has no $program" >&2
  elif "${folders[0]}/bench/$program" --benchmark_list_tests --benchmark_filter="$filter" >"$work/log" 2>&1 &&
    "${folders[1]}/bench/$program" --benchmark_list_tests --benchmark_filter="$filter" >"$work/log" 2>&1; then
    programs+=("$program")
  fi
done < <(programs_of "${folders[0]}")
[ ${#programs[@]} -gt 0 ] || fail "no benchmark of both versions matches $filter"

for ((round = 1; round <= rounds; round++)); do
  echo "compare: round $round of $rounds" >&2
  while read -r program side; do
    out=$work/${sides[$side]}.$program.$round.json
    "${folders[$side]}/bench/$program" --benchmark_filter="$filter" --benchmark_min_time="$min_time" \
      --benchmark_out="$out" --benchmark_out_format=json >"$work/log" 2>&1 ||
      { cat "$work/log" >&2; fail "${words[$side]}: $program failed"; }
  done < <(for program in "${programs[@]}"; do printf '%s 0\n%s 1\n' "$program" "$program"; done | shuf)
done

status=0
/usr/bin/python3 "$here/compare.py" "$work" "$rounds" "$threshold" "$alpha" "${words[0]}" "${words[1]}" || status=$?
if [ -n "$json" ] && [ -f "$work/difference.json" ]; then cp "$work/difference.json" "$json"; fi
exit "$status"
