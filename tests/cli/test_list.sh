# list: back ends and generators with unit, default and range, as text and as JSON.
. "$(dirname "$0")/expect.sh"
must list
expect_no_err
expect_out 'option'
expect_out 'default'
expect_out 'allowed'
for name in linked-list semispace epsilon explicit-free gcbench steady; do expect_out "$name: "; done
must list --json
cp "$work/.out" list.json
expect_json list.json "d['schema'] == 'gcreplay-list-1'"
expect_json list.json "[c['name'] for c in d['collectors']] == ['linked-list', 'bitmap', 'mark-sweep', 'semispace', 'generational', 'hybrid', 'mark-compact', 'mark-compact-nursery', 'incminimark', 'buffered-refcount', 'parallel-mark-sweep', 'bdw', 'epsilon', 'explicit-free']"
expect_json list.json "all(c['summary'] and c['source'] and c['generations'] >= 1 for c in d['collectors'])"
expect_json list.json "all({'name','type','unit','default','allowed','help'} == set(o) for c in d['collectors'] + d['generators'] + d['importers'] for o in c['options'])"
expect_json list.json "len(d['generators']) == 23 and {'garcosim', 'mtrace'} <= {i['name'] for i in d['importers']}"
# Every default that is shown is accepted when it is given.
python3 - >sets.txt <<'PY'
import json
for c in json.load(open("list.json"))["collectors"]:
    for o in c["options"]:
        if o["default"] is not None:
            print(c["name"], f"{o['name']}={o['default']}")
PY
must generate ring --set rings=5 -o t.gct
while read -r name assignment; do
  gcr run t.gct -c "$name" --set "$assignment"
  expect_code 0
done <sets.txt
finish
