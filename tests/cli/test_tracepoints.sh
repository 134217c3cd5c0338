# Static tracepoints: their notes are in the executable, with all their arguments; perf finds them; the
# numbers in docs/measuring.md are those of the source.
. "$(dirname "$0")/expect.sh"

# What is there and where its arguments lie: "name: 4@%edi 8@16(%rbp)".
ran="readelf -n $gcreplay"
out=$(readelf -n "$gcreplay" | awk '
  $1 == "Provider:" { provider = $2 }
  $1 == "Name:" { name = $2 }
  $1 == "Arguments:" && provider == "gcreplay" { sub(/.*Arguments: /, ""); print name ": " $0 }')
while read -r name arguments; do
  expect "$name has $arguments arguments" \
    awk -v name="$name:" -v n="$arguments" '$1 == name { seen++; if (NF != n + 1) exit 1 } END { if (!seen) exit 1 }' <<<"$out"
done <<'END'
collection__begin 3
collection__end 4
phase 2
fork 2
END

# perf, with a cache of its own; where it is not allowed to look there is nothing to check.
export HOME=$work
if command -v perf >/dev/null && perf buildid-cache --add "$gcreplay" 2>"$work/.err"; then
  ran='perf list sdt'
  out=$(perf list sdt 2>"$work/.err")
  for name in collection__begin collection__end phase fork; do
    expect_out "sdt_gcreplay:$name"
  done
else
  echo "tracepoints: perf is absent or refused; only the notes were checked"
fi

# numbers_of PREFIX: "0 allocation 1 explicit ..." from the enumerators of collector.h.
numbers_of() {
  sed -n "s/^ *GCR_$1_\([A-Z_]*\),.*/\1/p" "$root/allocators/collector.h" | grep -vx COUNT |
    tr 'A-Z_' 'a-z-' | awk '{ printf "%s%d %s", (NR > 1 ? ", " : ""), NR - 1, $1 }'
}
out=$(cat "$root/docs/measuring.md")
ran='docs/measuring.md'
expect "reasons are found in the source" [ -n "$(numbers_of REASON)" ]
expect_out "$(numbers_of REASON)."
expect "phases are found in the source" [ -n "$(numbers_of PHASE)" ]
expect_out "$(numbers_of PHASE)."
finish
