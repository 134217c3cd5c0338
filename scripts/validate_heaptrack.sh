#!/usr/bin/env bash
# Records a command with Debian's heaptrack and imports the recording, raw and interpreted: allocations, peak and leaked bytes
# of the import must be those that heaptrack's own printer reports for the same recording.
#   scripts/validate_heaptrack.sh COMMAND [ARGUMENT]...     prints a table; exit code 1 if a figure differs
# GCREPLAY names the executable (build/release/bin/gcreplay).
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
  echo "validate_heaptrack: expected a command to record" >&2
  exit 2
fi
./scripts/setup.sh heaptrack >/dev/null
gcreplay=${GCREPLAY:-build/release/bin/gcreplay}
if [ ! -x "$gcreplay" ]; then
  ./scripts/build.sh release gcreplay >/dev/null
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# One recording: the interpreted file is made of the raw one, as heaptrack does it while recording.
heaptrack --raw -o "$folder/raw" "$@" >"$folder/out" 2>&1 </dev/null || true
packed=$(find "$folder" -name 'raw*.zst' -o -name 'raw*.gz' | head -1)
interpret=$(dpkg -L heaptrack libheaptrack | grep '/heaptrack_interpret$' || true)
if [ -z "$packed" ] || [ -z "$interpret" ]; then
  echo "validate_heaptrack: heaptrack recorded nothing of '$*':" >&2
  tail -n 5 "$folder/out" >&2
  exit 1
fi
case $packed in *.zst) unpack=zstdcat ;; *) unpack=zcat ;; esac
"$unpack" "$packed" | "$interpret" >"$folder/interpreted" 2>"$folder/interpreter.err"

# Exact figures of the printer: the costs of its flame graphs add up to the peak and to what leaked.
print() { heaptrack_print --disable-builtin-suppressions --disable-embedded-suppressions -f "$folder/interpreted" "$@"; }
sum_of() {
  print --flamegraph-cost-type "$1" -F "$folder/flames" >/dev/null
  awk '{sum += $NF} END {printf "%d", sum}' "$folder/flames"
}
print >"$folder/printed"
printed_allocations=$(awk '/^calls to allocation functions:/ {print $5}' "$folder/printed")
printed_peak=$(sum_of peak)
printed_leaked=$(sum_of leaked)
interpreter_temporary=$(awk '/temporary allocations:/ {print $3}' "$folder/interpreter.err")

differences=0
row() { # what, printed, raw, interpreted
  local verdict=equal
  if [ "$2" != "$3" ] || { [ "$4" != - ] && [ "$2" != "$4" ]; }; then
    verdict=DIFFERENT
    differences=1
  fi
  printf '%-24s %14s %14s %14s  %s\n' "$1" "$2" "$3" "$4" "$verdict"
}
count() { awk -v name="$2:" '$1 == name || ($1 == "loss:" && $2 == name) {print ($1 == "loss:") ? $3 : $2}' "$folder/$1.counts"; }
for form in raw interpreted; do
  input=$packed
  if [ "$form" = interpreted ]; then input=$folder/interpreted; fi
  "$gcreplay" import --from heaptrack "$input" -o "$folder/$form.gct" >/dev/null 2>"$folder/$form.counts"
  "$gcreplay" check "$folder/$form.gct" >"$folder/$form.check"
done

echo "$*"
printf '%-24s %14s %14s %14s\n' '' heaptrack raw interpreted
row allocations "$printed_allocations" "$(count raw own_allocations)" "$(count interpreted own_allocations)"
row "allocations in the trace" "$printed_allocations" "$(count raw allocations)" "$(count interpreted allocations)"
row "peak bytes" "$printed_peak" "$(count raw own_peak_bytes)" "$(count interpreted own_peak_bytes)"
row "leaked bytes" "$printed_leaked" "$(count raw own_leaked_bytes)" "$(count interpreted own_leaked_bytes)"
# Interpreted, a free directly behind an allocation of its class may be another block's.
row temporary "$interpreter_temporary" "$(count raw temporary)" -
reused=$(count raw reused_live_addresses)
if [ "${reused:-0}" -eq 0 ]; then
  row "peak bytes in the trace" "$printed_peak" "$(count raw peak_live_bytes)" "$(count interpreted peak_live_bytes)"
  row "live bytes at its end" "$printed_leaked" "$(count raw live_bytes_at_end)" "$(count interpreted live_bytes_at_end)"
else
  echo "$reused addresses were used again while their block seemed live: heaptrack counts such blocks as leaked, the raw trace frees them"
fi
cat "$folder/raw.check" | sed "s,$folder/,,"
exit $differences
