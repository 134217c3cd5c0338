# diff: results of real runs, whose counts repeat, and of studies written by hand, whose times are known.
. "$(dirname "$0")/expect.sh"
must generate steady --set live=300 --set steps=3000 -o steady.gct
mkdir other
must generate steady --set live=400 --set steps=3000 -o other/steady.gct

# Real runs: what repeats is equal, and one run on each side says nothing of times.
designs=linked-list,generational,semispace
must compare steady.gct -c "$designs" -o a
must compare steady.gct -c "$designs" -o b
counts='--metric footprint_peak_bytes --metric pauses --metric overhead'
# shellcheck disable=SC2086
gcr diff a b $counts
expect_code 0
expect_no_err
expect_out '3 configurations in both: 0 worse, 0 better, 12 unchanged'
gcr diff a b --json d.json
expect_code 0
expect_json d.json "d['schema'] == 'gcreplay-diff-1' and d['configurations'] == 3 and d['warnings'] == []"
expect_json d.json "d['counts']['worse'] == d['counts']['better'] == d['counts']['different'] == 0"
expect_json d.json "all(c['change'] == 'unchanged' and c['ratio'] == 1 for c in d['changes'] if c.get('repeats') and c['a']['median'])"
expect_json d.json "{c['metric'] for c in d['changes']} >= {'outcome', 'time_ns', 'footprint_peak_bytes', 'rss_peak_bytes'}"

# Another option: the same row, another footprint.
must compare steady.gct -c "$designs" --set semispace.start=64K -o c
# shellcheck disable=SC2086
gcr diff a c $counts
expect_code 0
expect_out 'warning: semispace: option: start: 8M in A, 64K in B'
expect "the footprint shrank" grep -qE '^better +semispace +peak footprint .* -9[0-9.]+% +repeats$' <<<"$out"
# shellcheck disable=SC2086
gcr diff c a $counts
expect_code 1
expect_one_line_err
expect_err 'diff: 2 figures got worse'
expect "the footprint grew" grep -qE '^worse +semispace +peak footprint .* 3[0-9.]+x +repeats$' <<<"$out"
# shellcheck disable=SC2086
gcr diff a c $counts --count-threshold 98
expect_code 0
expect_out '0 worse, 0 better'
expect "worse comes before different" [ "$("$gcreplay" diff c a 2>/dev/null | grep -oE '^(worse|different)' | head -1)" = worse ]

# Another recording under the same name.
must compare other/steady.gct -c "$designs" -o d
gcr diff a d --metric pauses
expect_out 'warning: trace steady is not the same recording'

# Single results, and a design that stopped completing.
must run steady.gct -c epsilon --json ok.json
gcr run steady.gct -c epsilon --heap 256K --json full.json
expect_code 1
gcr diff ok.json full.json
expect_code 1
expect_err 'got worse'
expect "the outcome" grep -qE '^worse +epsilon +outcome +ok +heap_exhausted' <<<"$out"
expect_out 'warning: not the same heap: native in A, 256K in B'
gcr diff full.json ok.json
expect_code 0
expect "the outcome" grep -qE '^better +epsilon +outcome +heap_exhausted +ok' <<<"$out"

# Studies by hand: five runs, or one; a design that is slower, one that is noisy, one that is not there.
cat >study.py <<'PY'
import json, os, sys

def study(path, times):
    os.makedirs(path + "/results")
    jobs = []
    for design, list_ in times.items():
        for i, ms in enumerate(list_):
            name = f"web.{design}.2x.timed.{i + 1}"
            jobs.append(dict(id=name, trace="web", collector=design, design=design, heap="2x", mode="timed",
                             options={}, invocation=i + 1))
            if ms is None:
                continue
            json.dump({"schema": "gcreplay-result-1", "collector": design, "outcome": "ok", "message": "",
                       "time": {"mutator_ns": ms * 10**6, "collector_ns": 0}},
                      open(f"{path}/results/{name}.json", "w"))
    json.dump({"schema": "gcreplay-study-1", "question": "?", "traces": [{"name": "web", "digest": "0"}],
               "designs": list(times), "heaps": ["2x"], "jobs": jobs}, open(path + "/study.json", "w"))

noise = [100, 130, 80, 120, 95]
study("before", {"semispace": [100, 101, 99, 102, 100], "bitmap": noise, "bdw": [100], "hybrid": [7]})
study("after", {"semispace": [110, 111, 109, 112, 110], "bitmap": [ms + 5 for ms in noise], "bdw": [110],
                "epsilon": [5, None]})
PY
python3 study.py
gcr diff before after
expect_code 1
expect_err 'diff: 2 figures got worse'
expect "semispace" grep -qE '^worse +semispace +total time +100 ms +110 ms +\+10% +\+7\.[0-9]+% \.\. \+1[0-9.]+%$' <<<"$out"
expect "no line for bitmap" [ "$(grep -c '^[a-z]* *bitmap' <<<"$out")" -eq 0 ]
expect "no line for bdw" [ "$(grep -c '^[a-z]* *bdw' <<<"$out")" -eq 0 ]
expect_out '3 configurations in both: 2 worse, 0 better'
expect_out '2 unsure (too few runs to say)'
expect_out 'only in A: web, hybrid, heap 2x, timed'
expect_out 'only in B: web, epsilon, heap 2x, timed'
expect_out 'warning: B is not complete: 1 jobs have no result yet'
gcr diff before after --all
expect_code 1
expect "all: bitmap" grep -qE '^unchanged +bitmap +total time +100 ms +105 ms ' <<<"$out"
expect "all: bdw" grep -qE '^unsure +bdw +total time +100 ms +110 ms +\+10% +-$' <<<"$out"
gcr diff before after --threshold 11%
expect_code 0
expect_no_err
gcr diff before after --threshold 11 --strict
expect_code 1
expect_err '0 figures are unsure, 0 figures and 1 configurations are in A alone'
gcr diff before after --threshold 9.9 --metric events_per_second --strict
expect_code 1
gcr diff before before --strict
expect_code 0
gcr diff after before
expect_code 0
expect_out '2 better'
gcr diff before after --json -
expect_code 1
expect "only the document" python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/.out"
"$gcreplay" diff before after --json - >again 2>/dev/null
expect "the same digits again" cmp again "$work/.out"

# Wrong use.
gcr diff before
expect_usage 'missing B'
gcr diff before nowhere
expect_usage 'nowhere'
mkdir empty
gcr diff before empty
expect_usage 'neither study.json nor compare.json'
echo '{' >broken.json
gcr diff broken.json before
expect_usage 'broken.json'
gcr diff steady.gct before
expect_usage 'steady.gct'
gcr diff a before
expect_usage 'no configuration'
for junk in '' x -1 1001 2x 1e9 nan 5%%; do
  gcr diff before after "--threshold=$junk"
  expect_usage "--threshold cannot be '$junk'"
done
gcr diff before after --count-threshold some
expect_usage "--count-threshold cannot be 'some'"
gcr diff before after --metric seconds
expect_usage "--metric: there is no 'seconds'; known: time_ns"
gcr diff before after --json /nowhere/d.json
expect_code 1
finish
