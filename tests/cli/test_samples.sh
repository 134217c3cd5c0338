# The recordings of traces/samples are what their manifest says, are valid, and replay verified on two designs.
. "$(dirname "$0")/expect.sh"
samples=$root/traces/samples
python=python3

# What the manifest says, a line a recording: file, digest, events, processes, requests, objects, mode.
$python - "$samples" >rows <<'PY'
import json, os, sys
manifest = json.load(open(os.path.join(sys.argv[1], "manifest.json"), encoding="utf-8"))
assert manifest["schema"] == "gcreplay-recordings-1"
for row in manifest["recordings"]:
    print(row["file"], row["digest"], row["events"], row["processes"], row["requests"], row["objects"],
          row["bytes"], row["mode"] or "exact")
PY
expect "six recordings" [ "$(wc -l <rows)" -eq 6 ]
expect "each file is in the manifest" [ "$(ls "$samples"/*.gct | wc -l)" -eq "$(wc -l <rows)" ]
while read -r file digest events processes requests objects bytes mode; do
  trace=$samples/$file
  must info "$trace" --json=info.json
  expect_json info.json "d['digest'] == '$digest' and d['bytes'] == $bytes and d['warning'] is None"
  expect_json info.json "d['events'] == $events and len(d['lanes']) == $processes and d['objects'] == $objects"
  expect_json info.json "d['events_by_kind'].get('request', 0) == 2 * $requests"
  must check "$trace"
  expect_out "valid: $events events"
  must compare "$trace" -c linked-list,semispace --verify -o "$file.d"
  for result in "$file.d/${file%.gct}"-{linked-list,semispace}.json; do
    expect_json "$result" "d['outcome'] == 'ok' and (d['requests'] or {'count': 0})['count'] == $requests"
  done
done <rows

# A faithful one collects as CPython did, and frees the same.
collected() { # of a list of collections, as an expression
  echo "[row[d['lanes'][0]['$1']['list']['columns'].index('collected')] for row in d['lanes'][0]['$1']['list']['rows']]"
}
expect_json unit_suite.gct.d/unit_suite-linked-list.json "$(collected recorded) == $(collected pauses) != []"

# The server's phases: in the parent's lane as they began, in a worker's the one in which it was forked.
must run "$samples/prefork_server.gct" -c linked-list --json=phases.json --pauses phases.trace.json
expect_json phases.json "[row[0] for row in d['lanes'][0]['program_phases']['rows']] == ['index', 'serve']"
expect_json phases.json "0 < d['lanes'][0]['program_phases']['rows'][0][1] < d['lanes'][0]['program_phases']['rows'][1][1]"
expect_json phases.json "all(lane['program_phases']['rows'] == [['serve', 0, 0]] for lane in d['lanes'][1:])"
expect_json phases.trace.json "[e['name'] for e in d['traceEvents'] if e.get('cat') == 'phase'] == ['index', 'serve', 'serve', 'serve']"
expect_json phases.trace.json "all(e['dur'] > 0 for e in d['traceEvents'] if e.get('cat') == 'phase')"
finish
