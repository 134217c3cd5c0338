# run: each back end on small traces of every generator, verified; the result document; outcomes.
. "$(dirname "$0")/expect.sh"
must generate gcbench --set stretch-depth=9 --set long-depth=7 --set max-depth=8 --set array=1000 -o gcbench.gct
must generate ring --set rings=2000 -o ring.gct
must generate list --set length=3000 --set lists=3 -o list.gct
must generate steady --set live=300 --set steps=3000 -o steady.gct
must generate fork-read --set objects=500 -o fork-read.gct
must generate fork-gc --set objects=500 --set pairs=2000 -o fork-gc.gct
must generate ring --set rings=200 --set deaths=off -o nodeaths.gct

for name in $(collectors); do
  for trace in gcbench ring list steady fork-read fork-gc; do
    must run "$trace.gct" -c "$name" --verify --final-collection --json "$trace-$name.json"
    expect_no_err
    expect_out 'outcome      ok'
    expect_out 'verified     yes (on)'
    expect_json "$trace-$name.json" "d['outcome'] == 'ok' and d['verified'] is True"
  done
done
expect_out 'per process'

# At every event, on a small one.
must generate ring --set rings=20 --set held=2 -o small.gct
for name in $(collectors); do
  must run small.gct -c "$name" --verify=every
  expect_out 'verified     yes (every)'
done

# The names that the result promises.
result=fork-gc-semispace.json
expect_json $result "d['schema'] and {'digest','events','capabilities','lanes'} <= set(d['trace'])"
expect_json $result "d['collector'] == 'semispace' and isinstance(d['options'], dict)"
expect_json $result "{'total','by_generation','by_reason'} <= set(d['collections'])"
expect_json $result "d['collections']['total'] == sum(d['collections']['by_reason'].values())"
expect_json $result "{'allocated','freed','live_end'} <= set(d['objects'])"
expect_json $result "isinstance(d['freed_by_collection'], list)"
expect_json $result "{'footprint_peak_bytes','footprint_mean_bytes','live_peak_bytes','by_kind'} <= set(d['memory'])"
expect_json $result "{'count','p50_ns','p99_ns','max_ns','total_ns'} <= set(d['pauses'])"
expect_json $result "{'mutator_ns','collector_ns','wall_ns','events_per_second'} <= set(d['time'])"
expect_json $result "len(d['lanes']) == 3 and all(l['memory'] and l['pauses'] and l['time'] for l in d['lanes'])"
expect_json $result "d['machine'] and d['build']"
expect_json $result "d['collections']['by_reason']['final'] == 3"
expect_json steady-semispace.json "d['memory']['live_peak_bytes'] == $("$gcreplay" info steady.gct --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["peak_live_bytes"])')"
expect_json gcbench-epsilon.json "d['collections']['total'] == 0 and d['objects']['freed'] == 0"

# To standard output: the document alone.
must run ring.gct -c semispace --json -
cp "$work/.out" stdout.json
expect_no_err
expect_json stdout.json "d['outcome'] == 'ok' and d['verified'] is False"
must run ring.gct -c semispace
expect_out 'verified     no (--verify was not asked for)'

# Decoding ahead: the same figures, and it is said which it was; not where it would disturb.
must run ring.gct -c semispace --json inline.json
must run ring.gct -c semispace --decode ahead --json ahead.json
for figure in collections objects memory.footprint_peak_bytes events time.helper_cpu_ns decode; do
  for way in inline ahead; do
    python3 -c 'import functools,json,sys; print(functools.reduce(lambda d, k: d[k], sys.argv[2].split("."), json.load(open(sys.argv[1]))))' "$work/$way.json" $figure > "$work/$way.$figure"
  done
done
for figure in collections objects memory.footprint_peak_bytes events time.helper_cpu_ns; do
  cmp "$work/inline.$figure" "$work/ahead.$figure" || fail "$figure differs when decoded ahead"
done
expect_json inline.json "d['decode'] == 'inline'"
expect_json ahead.json "d['decode'] == 'ahead'"
must run fork-gc.gct -c linked-list --decode ahead --json ahead.json
expect_json ahead.json "d['decode'] == 'ahead' and len(d['lanes']) == 3"
must run fork-gc.gct -c linked-list --decode ahead --cow=kernel --json cow.json
expect_json cow.json "d['decode'] == 'inline'"
must run ring.gct -c parallel-mark-sweep --decode ahead --json threads.json
expect_json threads.json "d['decode'] == 'inline'"
gcr run ring.gct -c semispace --decode later
expect_usage "--decode cannot be 'later'; allowed: ahead, inline"

# Pauses for Perfetto: one event a pause, of the same length, and counters.
must run fork-gc.gct -c semispace --pauses pauses.trace.json --json pauses.json
expect_no_err
expect_json pauses.trace.json "sum(e['ph'] == 'X' for e in d['traceEvents']) == json.load(open('pauses.json'))['pauses']['count'] > 0"
expect_json pauses.trace.json "abs(sum(e['dur'] for e in d['traceEvents'] if e['ph'] == 'X') * 1000 - json.load(open('pauses.json'))['pauses']['total_ns']) < 1000"
expect_json pauses.trace.json "[e['args']['name'] for e in d['traceEvents'] if e['name'] == 'process_name'] == ['fork-gc.gct, semispace']"
expect_json pauses.trace.json "{e['ph'] for e in d['traceEvents']} == {'M', 'X', 'C'}"
gcr run ring.gct -c semispace --pauses -
expect_usage '--pauses needs the name of a file'
gcr run ring.gct -c semispace --pauses no/such/folder.json
expect_code 1
expect_err 'no/such/folder.json'

# Requests: listed with their times on the clock, and summed up.
must generate request-server --set requests=500 --set sessions=50 -o server.gct
must run server.gct -c generational --set nursery=64K --json server.json --pauses server.trace.json
expect_out 'requests     500: p50 '
expect_json server.json "d['requests']['count'] == len(d['lanes'][0]['requests']['rows']) == 500"
expect_json server.json "d['requests']['unfinished'] == d['requests']['dropped'] == 0"
expect_json server.json "{r[0] for r in d['lanes'][0]['requests']['rows']} == set(range(500))"
expect_json server.json "all(r[1] < r[2] <= d['time']['mutator_ns'] + d['time']['collector_ns'] for r in d['lanes'][0]['requests']['rows'])"
expect_json server.json "max(r[2] - r[1] for r in d['lanes'][0]['requests']['rows']) == d['requests']['max_ns']"
expect_json server.trace.json "sum(e['ph'] == 'b' for e in d['traceEvents']) == sum(e['ph'] == 'e' for e in d['traceEvents']) == 500"
expect_json ring-semispace.json "d['requests'] is None"

# Heap sizes: a multiple of the peak is what it says; too small is an outcome, not a crash.
must run steady.gct -c semispace --heap 4x --json heap.json
expect_json heap.json "abs(d['memory']['budget_bytes'] - 4 * d['memory']['live_peak_bytes']) <= 4"
expect_json heap.json "d['memory']['footprint_peak_bytes'] <= d['memory']['budget_bytes']"
must run steady.gct -c semispace --heap 8M --json heap.json
expect_json heap.json "d['memory']['budget_bytes'] == 8 << 20"
gcr run steady.gct -c epsilon --heap 64K --json small.json
expect_code 1
expect_one_line_err
expect_err heap_exhausted
expect_out 'outcome      heap_exhausted'
expect_json small.json "d['outcome'] == 'heap_exhausted' and d['message']"

# No deaths: what needs them is refused with the reason, or comes from the oracle.
gcr run nodeaths.gct -c explicit-free
expect_code 1
expect_one_line_err
expect_err 'explicit-free cannot run nodeaths.gct: the trace has no deaths'
must run nodeaths.gct -c semispace
expect_out 'live and overhead refused: the trace has no deaths and the run was not verified'
must run nodeaths.gct -c semispace --verify --json verified.json
expect_json verified.json "d['memory']['live_peak_bytes'] > 0"
must run nodeaths.gct -c semispace --heap 4x

# A child that dies: the document is written all the same.
make_crash
digest=$("$gcreplay" info crash.gct --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["digest"])')
for name in $(collectors); do
  gcr run crash.gct -c "$name" --heap 64M --json crash.json
  expect_code 1
  expect_one_line_err
  expect_err "$name on crash.gct: crashed: the run was killed by signal 11"
  expect_out 'outcome      crashed: '
  expect "no figures are made up" [ "$(grep -cE '^(memory|work|time)' <<<"$out")" -eq 0 ]
  expect_json crash.json "d['schema'] == 'gcreplay-result-1' and d['outcome'] == 'crashed'"
  expect_json crash.json "'signal 11' in d['message'] and d['collector'] == '$name'"
  expect_json crash.json "d['trace']['digest'] == '$digest' and d['trace']['events'] == 2 and d['trace']['bytes'] > 0"
  expect_json crash.json "set(d) == set(json.load(open('ring-$name.json')))"
  expect_json crash.json "d['options'].keys() == json.load(open('ring-$name.json'))['options'].keys()"
  expect_json crash.json "d['machine']['cores'] > 0 and d['build']['compiler'] and d['lanes'] == []"
  expect_json crash.json "d['memory']['budget_bytes'] == 64 << 20 and d['memory']['live_peak_bytes'] is None"
  expect_json crash.json "d['events'] == 0 and d['pauses']['count'] == 0 and d['verified'] is False"
done

# A command that is killed takes its run with it, forked lanes included.
must generate fork-gc --set objects=20000 --set pairs=400000 -o killed.gct
cp "$gcreplay" ./gcreplay-killed
./gcreplay-killed run killed.gct -c linked-list --verify=every >/dev/null 2>&1 &
command=$!
running() { grep -lz '^./gcreplay-killed$' /proc/[0-9]*/cmdline 2>/dev/null | wc -l; }
for _ in $(seq 100); do [ "$(running)" -ge 2 ] && break; sleep 0.05; done
ran='kill -KILL of a run'
expect "the run has a process of its own" [ "$(running)" -ge 2 ]
kill -KILL "$command"
wait "$command" 2>/dev/null
for _ in $(seq 100); do [ "$(running)" -eq 0 ] && break; sleep 0.05; done
expect "nothing goes on without it" [ "$(running)" -eq 0 ]
finish
