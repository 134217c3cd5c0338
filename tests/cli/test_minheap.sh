# minheap: the answer completes, what is not enough does not; what cannot be answered.
. "$(dirname "$0")/expect.sh"
must generate steady --set live=2000 --set steps=6000 -o steady.gct
must generate fork-gc --set objects=2000 --set pairs=500 -o fork.gct

for name in semispace linked-list epsilon explicit-free; do
  for trace in steady fork; do
    must minheap "$trace.gct" -c "$name" --tolerance 2% --json min.json
    expect_no_err
    expect_out 'minimum heap'
    expect_out 'peak live'
    expect_json min.json "d['schema'] == 'gcreplay-minheap-1' and d['monotone'] in (True, False)"
    expect_json min.json "d['minimum_bytes'] >= d['peak_live_bytes'] > 0"
    expect_json min.json "d['not_enough_bytes'] < d['minimum_bytes'] <= 1.03 * d['not_enough_bytes'] + 4096"
    expect_json min.json "abs(d['over_live'] * d['peak_live_bytes'] - d['minimum_bytes']) < 1"
    expect_json min.json "len(d['runs']) >= 2 and sum(r['budget_bytes'] == d['minimum_bytes'] for r in d['runs']) == 1"
    enough=$(python3 -c 'import json; print(json.load(open("min.json"))["minimum_bytes"])')
    less=$(python3 -c 'import json; print(json.load(open("min.json"))["not_enough_bytes"])')
    must run "$trace.gct" -c "$name" --heap "$enough"
    gcr run "$trace.gct" -c "$name" --heap "$less"
    expect_code 1
    expect_out 'heap_exhausted'
  done
done

# Options reach the runs, and the answer says which they were.
must minheap steady.gct -c semispace --set start=64K --json -
cp "$work/.out" stdout.json
expect_json stdout.json "d['options']['start'] == '64K' and d['tolerance'] == 0.01"

# A crash is no answer.
make_crash
gcr minheap crash.gct -c semispace
expect_code 1
expect_one_line_err
expect_err 'crashed'

gcr minheap steady.gct -c nosuch
expect_usage "no back end is named 'nosuch'"
gcr minheap steady.gct -c semispace --tolerance 80%
expect_usage "--tolerance cannot be '80%'"
gcr minheap steady.gct -c semispace --tolerance fine
expect_usage "--tolerance cannot be 'fine'"
gcr minheap none.gct -c semispace
expect_code 2
finish
