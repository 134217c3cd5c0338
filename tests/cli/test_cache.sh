# --cache: the modelled twins do the same work as the timed ones, their counts repeat, and what cannot
# be modelled is refused with the reason.
. "$(dirname "$0")/expect.sh"
must generate fork-gc --set objects=500 --set pairs=2000 -o fork-gc.gct
must generate gcbench --set stretch-depth=9 --set long-depth=7 --set max-depth=8 --set array=1000 -o gcbench.gct

gcr run gcbench.gct -c semispace --cache --json first.json
if grep -q 'this build has no cache model' "$work/.err"; then
  echo "this build has no cache model: nothing to test"
  exit 0
fi
gcr run gcbench.gct -c semispace --cache --pauses pauses.trace.json
expect_usage '--pauses and --cache exclude each other'
gcr run gcbench.gct -c semispace --cow --pauses pauses.trace.json
expect_usage '--pauses and --cow=model exclude each other'
expect_absent pauses.trace.json
expect_json first.json "d['model']['repeatable'] in (True, False) and d['model']['l1']['bytes'] > 0"

repeats=$(python3 -c "import json; print(json.load(open('$work/first.json'))['model']['repeatable'])")
mkdir -p "$work/a-much-longer-name-of-a-directory"
cp "$work/fork-gc.gct" "$work/a-much-longer-name-of-a-directory/fork-gc.gct"
for name in $(collectors); do
  [ "$name" = bdw ] && continue
  must run fork-gc.gct -c "$name" --json timed.json
  must run fork-gc.gct -c "$name" --cache --json once.json
  expect_out 'cache model'
  SOMETHING=that-makes-the-environment-longer must \
    run a-much-longer-name-of-a-directory/fork-gc.gct -c "$name" --cache --json again.json
  (cd "$work" && python3 - "$name" "$repeats" <<'CHECK') || fail "$name: modelled runs differ"
import json, sys
name, repeats = sys.argv[1], sys.argv[2] == 'True'
timed, once, again = (json.load(open(f)) for f in ('timed.json', 'once.json', 'again.json'))
assert timed['cache'] is None and timed['model'] is None
for run in [once] + once['lanes']:
    cache = run['cache']
    for key, value in cache['total'].items():
        assert value == sum(phase[key] for phase in cache['phases'].values()), key
    total = cache['total']
    assert total['reads'] > 0 and total['writes'] > 0
    assert total['l1_read_misses'] <= total['reads'] + total['writes']
    assert total['llc_read_misses'] <= total['l2_read_misses'] <= total['l1_read_misses']
    assert total['tlb2_misses'] <= total['tlb1_misses']
for key in once['cache']['total']:
    assert once['cache']['total'][key] == sum(lane['cache']['total'][key] for lane in once['lanes']), key
if repeats:
    assert once['cache'] == again['cache'], 'the whole run'
    for a, b in zip(once['lanes'], again['lanes']):
        assert a['cache'] == b['cache'], 'process %d' % a['lane']
# The same work as the timed twin, unless threads decide about it.
if name not in ('buffered-refcount', 'parallel-mark-sweep'):
    for part in ('collections', 'objects'):
        assert timed[part] == once[part], part
    assert timed['memory']['footprint_peak_bytes'] == once['memory']['footprint_peak_bytes']
    assert timed['freed_by_collection'] == once['freed_by_collection']
CHECK
done

# Verified, the twin is as right as the timed one.
for name in linked-list semispace mark-compact; do
  must run gcbench.gct -c "$name" --cache --verify --json verified.json
  expect_json verified.json "d['verified'] is True and d['cache']['total']['reads'] > 0"
done

# Geometry: what is said is used, and nonsense is named.
must run gcbench.gct -c mark-sweep --cache=l1=64K/16,l2=off,tlb2=off --json small.json
expect_json small.json "d['model']['l1']['bytes'] == 65536 and d['model']['l1']['ways'] == 16"
expect_json small.json "d['model']['l2'] is None and d['model']['tlb2'] is None"
expect_json small.json "d['cache']['total']['l2_read_misses'] == 0"
must run gcbench.gct -c mark-sweep --cache=l1=16K/8,l2=off,tlb2=off --json smaller.json
(cd "$work" && python3 -c "
import json
big, small = (json.load(open(f))['cache']['total'] for f in ('small.json', 'smaller.json'))
assert big['reads'] == small['reads'] and big['l1_read_misses'] < small['l1_read_misses']") ||
  fail "a smaller cache does not miss more"
gcr run gcbench.gct -c mark-sweep --cache=l2=banana
expect_code 2
expect_err "banana"
gcr run gcbench.gct -c bdw --cache
expect_err "cannot be modelled"
gcr run gcbench.gct -c explicit-free --set allocator=system --cache
expect_err "only allocator=pools can be modelled"

# In a comparison: misses in place of times, a refused back end is a row.
must compare gcbench.gct -c mark-sweep,semispace,bdw --cache -o compared
expect_out 'L1/KiB'
expect_out 'bdw was not run: it cannot be modelled'
(cd "$work" && python3 -c "
import csv
rows = list(csv.DictReader(open('compared/compare.csv')))
assert all(int(r['l1_misses']) > 0 for r in rows if r['collector'] != 'bdw'), rows
assert all(r['l1_misses'] == '' and None not in r for r in rows if r['collector'] == 'bdw')") || fail "compare.csv"
