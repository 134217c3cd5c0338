# info: text and JSON say the same as the generator.
. "$(dirname "$0")/expect.sh"
must generate steady --set live=100 --set steps=500 -o t.gct
events=$(grep -oE '[0-9]+ events' <<<"$out" | cut -d' ' -f1)
peak=$(grep -oE '[0-9]+ bytes' <<<"$out" | tail -1 | cut -d' ' -f1)
must info t.gct
expect_no_err
expect_out "digest"
expect_out "($peak bytes)"
expect_out 'deaths exact'
expect_out 'Record'
must info t.gct --json
cp "$work/.out" info.json
expect_json info.json "d['schema'] == 'gcreplay-info-1'"
expect_json info.json "d['events'] == $events and sum(d['lanes']) == $events"
expect_json info.json "sum(d['events_by_kind'].values()) == $events"
expect_json info.json "d['peak_live_bytes'] == $peak"
expect_json info.json "d['capabilities']['deaths'] == 'exact' and d['capabilities']['forks'] is False"
expect_json info.json "d['warning'] is None and d['meta']['generator']['options']['live'] == '100'"
expect_json info.json "sum(s['objects'] for s in d['shapes']) == d['objects'] == d['events_by_kind']['alloc']"
must info t.gct --json=again.json
expect "the same in a file" cmp info.json again.json
must info t.gct --demographics objects.csv --json=objects.json
expect "distributions are one table" test "$(head -1 "$work/objects.csv")" = trace,what,low,high,objects,bytes
sums() { # what: its objects and bytes
    awk -F, -v what="$1" '$2 == what { objects += $5; bytes += $6 } END { print objects, bytes }' "$work/objects.csv"
}
expect_json objects.json "'%d %d' % (d['objects'], d['allocated_bytes']) == '$(sums size)' == '$(sums degree)' == '$(sums lifetime)'"
must info t.gct --demographics -
expect_out 't.gct,lifetime,,,'
expect "nothing but the table" [ "$(grep -c '^t.gct,\|^trace,' <<<"$out")" -eq "$(wc -l <<<"$out")" ]
gcr info t.gct --demographics - --json
expect_usage 'only one of them'
gcr info t.gct --demographics no/such/folder.csv
expect_one_line_err
must generate steady --set live=100 --set steps=500 --set deaths=off -o nodeaths.gct
must info nodeaths.gct --demographics -
expect_out nodeaths.gct,degree
expect "no lifetimes" [ "$(grep -c lifetime <<<"$out")" -eq 0 ]
must info nodeaths.gct
expect_out 'peak live     refused: the trace has no deaths'
must info nodeaths.gct --json=no.json
expect_json no.json "d['peak_live_bytes'] is None"
finish
