# import: a log that glibc's mtrace() writes here and now, against sums of awk's over the same file.
# $2: a program that logs.
. "$(dirname "$0")/expect.sh"
program=$2
library=$(ldconfig -p 2>/dev/null | awk '$1 == "libc_malloc_debug.so.0" { print $NF; exit }')
library=${library:-$(ls /usr/lib/*/libc_malloc_debug.so.0 2>/dev/null | head -1)}
if [ -z "$library" ]; then
  echo "no libc_malloc_debug.so.0 here"
  exit 77
fi

MALLOC_TRACE=$work/real.log LD_PRELOAD=$library "$program" || fail "the program ran"
[ -s real.log ] || { echo "mtrace() wrote nothing here"; exit 77; }
must import real.log -o real.gct
must check real.gct
must info real.gct --json=info.json

sed 's/.*\] //' real.log | awk '
  function number(text, i, value) {
    for (i = 3; i <= length(text); i++) value = 16 * value + index("0123456789abcdef", substr(text, i, 1)) - 1
    return value + 0
  }
  function gone(block) {
    if (!(block in live)) { unknown++; return }
    bytes -= live[block]; delete live[block]; blocks--
  }
  function come(block, size) {
    if (block == "(nil)") { failed++; return }
    if (block in live) gone(block)
    live[block] = number(size); bytes += live[block]; all += live[block]; blocks++; allocations++
    if (bytes > peak) peak = bytes
  }
  $1 == "+" { come($2, $3) }
  $1 == "-" { gone($2) }
  $1 == "<" { gone($2) }
  $1 == ">" { come($2, $3); moved++ }
  $1 == "!" { failed++ }
  END {
    printf "{\"allocations\": %d, \"allocated_bytes\": %d, \"reallocations\": %d, \"peak_live_bytes\": %d, ", allocations, all, moved, peak
    printf "\"live_at_end\": %d, \"live_bytes_at_end\": %d, \"failed\": %d, \"unknown_frees\": %d}\n", blocks, bytes, failed, unknown
  }' >sums.json
for name in allocations allocated_bytes reallocations peak_live_bytes live_at_end live_bytes_at_end failed; do
  expect_json info.json "d['meta']['import']['$name'] == json.load(open('sums.json'))['$name']"
done
expect_json info.json "d['meta']['losses']['unknown_frees'] == json.load(open('sums.json'))['unknown_frees'] >= 1"
expect_json sums.json "d['allocations'] > 1200 and d['reallocations'] > 300 and d['failed'] == 2 and d['live_at_end'] >= 4"
# The bound that frees at each death, and a collector, on the real program.
must run real.gct -c explicit-free --verify
must run real.gct -c mark-sweep
finish
