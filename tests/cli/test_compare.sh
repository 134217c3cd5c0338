# compare: the table, the files, and what happens when single runs fail.
. "$(dirname "$0")/expect.sh"
must generate steady --set live=300 --set steps=3000 -o steady.gct
must generate fork-gc --set objects=500 --set pairs=1000 -o forks.gct
must generate ring --set rings=200 --set deaths=off -o nodeaths.gct

count=$(collectors | wc -w)
must compare steady.gct -c all --verify --final-collection -o out --json all.json
expect_no_err
for name in $(collectors); do
  expect "$name has a row" grep -qE "^$name +[0-9.]+ [KM]iB .* ok +yes\$" <<<"$out"
  expect_json "out/steady-$name.json" "d['collector'] == '$name' and d['verified'] is True"
done
for head in footprint 'over live' pauses p50 p99 max mutator collector /epsilon /explicit-free outcome verified; do
  expect_out "$head"
done
expect_out 'replay clock'
expect "the same in the folder" cmp all.json out/compare.json
expect_json all.json "d['schema'] == 'gcreplay-compare-1'"
expect_json all.json "[r['collector'] for r in d['comparisons'][0]['runs']] == '$(collectors)'.split()"
expect_json all.json "all(r['verified'] and r['file'] for r in d['comparisons'][0]['runs'])"
expect_json all.json "[r['mutator_relative_to']['epsilon'] for r in d['comparisons'][0]['runs'] if r['collector'] == 'epsilon'] == [1.0]"
cat >rows.py <<'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
assert all(None not in r and None not in r.values() for r in rows), "ragged row"
print(len(rows), *sorted({r["process"] for r in rows}))
PY
expect "CSV: a row for each run and process" [ "$(python3 rows.py out/compare.csv)" = "$((2 * count)) 0 all" ]
expect "no other files" [ "$(ls out | wc -l)" -eq $((count + 2)) ]

# All designs hold the same graphs on the way and at the end, and the table says so.
expect_out "all $count verified back ends have equal graphs at"
expect_json out/steady-semispace.json "len(d['lanes'][0]['checkpoints']['rows']) >= 16"
expect_json out/steady-semispace.json "d['lanes'][0]['checkpoints']['rows'] == json.load(open('out/steady-linked-list.json'))['lanes'][0]['checkpoints']['rows']"

# Several traces, several processes.
must compare steady.gct forks.gct -c semispace,epsilon -o two
expect "a table for each trace" [ "$(grep -c '^back end' <<<"$out")" -eq 2 ]
expect_out 'per process'
expect "CSV: traces, runs, processes" [ "$(python3 rows.py two/compare.csv)" = '12 0 1 2 all' ]
expect "result files" [ -e two/steady-1-semispace.json -a -e two/forks-2-epsilon.json ]

# A run that fails is a row with its reason; the others go on; the exit code is 1.
gcr compare steady.gct -c semispace,epsilon --heap 256K -o failed
expect_code 1
expect_one_line_err
expect_err '1 of 2 runs failed'
expect "epsilon's outcome" grep -qE '^epsilon .*heap_exhausted' <<<"$out"
expect "semispace's outcome" grep -qE '^semispace .* ok ' <<<"$out"
expect_out 'epsilon failed: '
expect_json failed/steady-epsilon.json "d['outcome'] == 'heap_exhausted'"

# A run that crashes has its result as well.
make_crash
gcr compare crash.gct -c epsilon,linked-list -o crashed
expect_code 1
expect_one_line_err
expect_err '2 of 2 runs failed'
expect_out 'epsilon failed: the run was killed by signal 11'
for name in epsilon linked-list; do
  expect "$name has a row" grep -qE "^$name +crashed *\$" <<<"$out"
  expect_json "crashed/crash-$name.json" "d['outcome'] == 'crashed' and d['collector'] == '$name'"
done
expect_json crashed/compare.json "[r['outcome'] for r in d['comparisons'][0]['runs']] == ['crashed'] * 2"
expect_json crashed/compare.json "[r['file'] for r in d['comparisons'][0]['runs']] == ['crash-epsilon.json', 'crash-linked-list.json']"
expect "CSV: one row a run" [ "$(python3 rows.py crashed/compare.csv)" = '2 all' ]
expect "CSV: the outcome" [ "$(grep -c ',all,crashed,no,,' crashed/compare.csv)" -eq 2 ]

# A trace without deaths: listed with the reason, not run, no failure.
must compare nodeaths.gct -c all -o nodeaths
expect_out 'not run'
expect_out 'explicit-free was not run: the trace has no deaths'
expect_out 'refused'
expect "CSV without figures" [ "$(python3 rows.py nodeaths/compare.csv)" = "$((2 * count - 1)) 0 all" ]
expect_absent nodeaths/nodeaths-explicit-free.json

# Options of single back ends arrive.
must compare steady.gct -c semispace,epsilon --set semispace.start=1M -o set
expect_json set/steady-semispace.json "d['options']['start'] == '1M'"

# One back end in several rows, told apart by their own options, which prevail over --set.
must compare steady.gct -c linked-list,linked-list:freeze=fork:threshold0=300,bitmap --set linked-list.threshold0=500 --verify -o rows
for name in linked-list linked-list:freeze=fork:threshold0=300 bitmap; do
  expect "$name has a row" grep -qE "^$name +[0-9.]+ [KM]iB .* ok +yes\$" <<<"$out"
done
expect_json rows/steady-linked-list.json "d['options']['threshold0'] == '500' and d['options']['freeze'] == 'trace'"
expect_json rows/steady-linked-list-freeze=fork-threshold0=300.json "d['options']['threshold0'] == '300' and d['options']['freeze'] == 'fork'"
expect_json rows/compare.json "[r['name'] for r in d['comparisons'][0]['runs']] == ['linked-list', 'linked-list:freeze=fork:threshold0=300', 'bitmap']"
expect_json rows/compare.json "[r['collector'] for r in d['comparisons'][0]['runs']] == ['linked-list', 'linked-list', 'bitmap']"
expect "CSV: the rows' names" [ "$(cut -d, -f3 rows/compare.csv | sort -u | wc -l)" -eq 4 ]
gcr compare steady.gct -c epsilon,epsilon
expect_usage "-c names 'epsilon' twice"
gcr compare steady.gct -c linked-list:freeze
expect_usage "linked-list: expected NAME=VALUE, found 'freeze'"
gcr compare steady.gct -c linked-list:freeze=never
expect_usage "freeze"
gcr compare steady.gct -c linked-list:
expect_usage "expected NAME=VALUE, found ''"
gcr compare steady.gct -c :freeze=fork
expect_usage "no back end is named ''"

must compare steady.gct -c epsilon --json -
cp "$work/.out" stdout.json
expect_json stdout.json "len(d['comparisons']) == 1"
finish
