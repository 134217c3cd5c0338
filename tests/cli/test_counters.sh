# --counters: the section of the result, the block of the table, the columns of compare, the page.
. "$(dirname "$0")/expect.sh"
must generate fork-gc --set objects=500 --set pairs=4000 -o fork.gct
must generate gcbench --set stretch-depth=9 --set long-depth=7 --set max-depth=8 --set array=1000 -o gcbench.gct

known="['task_clock_ns','page_faults_minor','page_faults_major','context_switches']"
must run fork.gct -c generational --counters --json fork.json
expect_no_err
expect_out 'counters     on the replay clock, in '
expect_out 'page_faults_minor'
expect_json fork.json "len(d['counters']['events']) == 9 and len(d['lanes']) == 3"
expect_json fork.json "all(d['counters']['events'][e]['source'] != 'refused' for e in $known)"
expect_json fork.json "d['counters']['events']['page_faults_minor']['mutator'] > 0"
expect_json fork.json "d['counters']['events']['page_faults_minor']['collector'] > 0"
expect_json fork.json "d['counters']['intervals'] == sum(l['counters']['intervals'] for l in d['lanes'])"
expect_json fork.json "all(d['counters']['events'][e]['mutator'] == sum(l['counters']['events'][e]['mutator'] for l in d['lanes']) for e in $known)"
# Whatever this machine has: a refused event has its reason and no number, another one has both.
expect_json fork.json "all((e['source'] == 'refused') == (e['mutator'] is None) for e in d['counters']['events'].values())"
expect_json fork.json "all(e['reason'].startswith('perf_event_open: ') for e in d['counters']['events'].values() if e['source'] == 'refused')"
for event in $(python3 -c "
import json
for name, e in json.load(open('fork.json'))['counters']['events'].items():
    if e['source'] == 'refused': print(name)"); do
  expect "the table says that $event is refused" grep -Eq "refused .*$event|^  refused.*\\b$event\\b" <<<"$out"
done
# Phases add up where nothing was scaled.
expect_json fork.json "all(sum(v for k, v in e['phases'].items() if k != 'outside_pauses') == e['collector'] + e['phases']['outside_pauses'] for e in d['counters']['events'].values() if e['scaled'] is False)"

must run gcbench.gct -c mark-sweep --json plain.json
expect_json plain.json "d['counters'] is None and d['lanes'][0]['counters'] is None"
expect "no block without --counters" [ "$(grep -c '^counters' <<<"$out")" -eq 0 ]

# Designs with threads.
must run gcbench.gct -c buffered-refcount --counters --json threads.json
expect_json threads.json "d['counters']['events']['task_clock_ns']['source'] != 'perf_event' or d['counters']['events']['task_clock_ns']['helpers'] is not None"

# With the cache model: counters of a timed run beside the model's figures, process by process.
if grep -q -- --cache <("$gcreplay" run --help) && "$gcreplay" run fork.gct -c generational --cache --json model.json >/dev/null 2>&1; then
  must run fork.gct -c generational --counters --cache --json both.json
  expect_out 'on the replay clock of a timed run, in '
  python3 - >differences <<'PY'
import json
both, model = json.load(open("both.json")), json.load(open("model.json"))
assert both["cache"] == model["cache"], "the model's figures are those of a run without counters"
assert both["counters"]["events"]["task_clock_ns"]["mutator"] > 0
assert [l["counters"]["intervals"] > 0 for l in both["lanes"]] == [True] * 3
assert both["counters"]["intervals"] == sum(l["counters"]["intervals"] for l in both["lanes"])
assert model["counters"] is None
print("none")
PY
  expect "counters and model stand side by side" grep -qx none differences
else
  echo "counters: this build has no cache model to stand beside"
fi

for command in 'run gcbench.gct -c mark-sweep' 'compare gcbench.gct -c mark-sweep,epsilon'; do
  # shellcheck disable=SC2086
  gcr $command --counters --verify
  expect_usage '--counters and --verify exclude each other'
done

must compare fork.gct -c mark-sweep,explicit-free --counters -o out
cat >columns.py <<'PY'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
assert all(None not in row and None not in row.values() for row in rows), "every row has every column"
if sys.argv[2] == "counted":
    assert all(int(row["page_faults_minor_mutator"]) >= 0 and row["counters_scaled"] in ("yes", "no") for row in rows)
    for name in ("mark-sweep", "explicit-free"):
        mine = [row for row in rows if row["collector"] == name]
        total = [int(row["task_clock_ns_mutator"]) for row in mine if row["process"] == "all"]
        assert total == [sum(int(row["task_clock_ns_mutator"]) for row in mine if row["process"] != "all")]
else:
    assert all(row["page_faults_minor_mutator"] == row["counters_scaled"] == "" for row in rows)
PY
ran='compare.csv'
expect "CSV: counters" python3 columns.py out/compare.csv counted
must compare fork.gct -c mark-sweep -o plain
expect "CSV: not asked for" python3 columns.py plain/compare.csv not

# The page names every event, and no other.
ran=docs/result.md
out=$(sed -n 's/^`counters.events{}`: \(.*\)$/\1/p' "$root/docs/result.md")
expect "events on the page are those of the result" python3 -c "
import json, re, sys
page = re.findall(r'\`([a-z0-9_]+)\`', sys.argv[1])
sys.exit(page != list(json.load(open('fork.json'))['counters']['events']))" "$out"
python3 -c "
import json
e = json.load(open('fork.json'))['counters']
for n in list(e) + list(e['events']['task_clock_ns']) + list(e['events']['task_clock_ns']['phases']): print(n)" |
  while read -r name; do
    grep -q "^| .*\`\.*$name\(\[\]\|{}\)*\`" "$root/docs/result.md" || echo "$name"
  done >missing
out=$(cat missing)
expect "every name of the section is on the page" [ -z "$out" ]
finish
