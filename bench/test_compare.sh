#!/usr/bin/env bash
# bench/compare.sh on programs that only pretend to measure: what is slower, faster and skipped, and its exit codes.
#   test_compare.sh COMPARE_SH
set -euo pipefail
compare=$1
if [ ! -f /usr/share/benchmark/compare.py ] || ! /usr/bin/python3 -c 'import scipy.stats' 2>/dev/null; then
  echo "skipped: libbenchmark-tools or python3-scipy is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# program FOLDER A B: a build directory whose program finds A ns for one benchmark and B for another, give or take a per mille.
program() {
  mkdir -p "$work/$1/bench"
  touch "$work/$1/CMakeCache.txt"
  cat >"$work/$1/bench/bench_pretend" <<PROGRAM
#!/usr/bin/env bash
out= list=no filter=.
for word in "\$@"; do
  case \$word in
    --benchmark_list_tests) list=yes ;;
    --benchmark_filter=*) filter=\${word#*=} ;;
    --benchmark_out=*) out=\${word#*=} ;;
  esac
done
if [ \$filter = nothing ]; then exit 2; fi
if [ \$list = yes ]; then exit 0; fi
row() { echo "{\"name\": \"\$1\", \"run_type\": \"iteration\", \"real_time\": \$2, \"cpu_time\": \$3, \"time_unit\": \"ns\"}"; }
noise=\$((RANDOM % 100))
echo "{\"context\": {}, \"benchmarks\": [\$(row one "\$((RANDOM + 1))" "$2.0\$noise"), \$(row two/manual_time "$3.0\$noise" 7),
  {\"name\": \"three\", \"run_type\": \"iteration\", \"error_occurred\": true, \"error_message\": \"skipped\"}]}" >"\$out"
PROGRAM
  chmod +x "$work/$1/bench/bench_pretend"
}

# expect CODE WORDS... : runs compare.sh; its output goes to $work/out.
expect() {
  local want=$1 code=0
  shift
  "$compare" "$@" >"$work/out" 2>&1 || code=$?
  if [ "$code" -ne "$want" ]; then
    cat "$work/out"
    echo "exit code $code of $*, expected $want"
    exit 1
  fi
}
# shows PATTERN: the last output has a line that matches.
shows() {
  grep -qE "$1" "$work/out" || { cat "$work/out"; echo "no line $1"; exit 1; }
}

program old 10 20
program slower 10 40
expect 1 "$work/old" "$work/slower"
shows '^two/manual_time .* slower$'
shows '^2 benchmarks: 1 slower and 0 faster'
shows '^skipped in one or both: three$'
expect 0 --json "$work/difference.json" "$work/slower" "$work/old"
shows '^two/manual_time .* faster$'
[ -s "$work/difference.json" ]
expect 2 "$work/old" "$work/slower" nothing
shows '^compare: no benchmark of both versions matches nothing$'
expect 2 "$work/old" "$work/nowhere"
shows 'neither a build directory nor a revision$'
expect 2 --rounds 0 "$work/old" "$work/old"
expect 2 "$work/old"
expect 2 --frobnicate "$work/old" "$work/old"
shows '^compare: unknown option --frobnicate'
rm "$work/slower/bench/bench_pretend"
expect 2 "$work/old" "$work/slower"
shows 'has no benchmarks'
