# Datasets of what the program itself writes: compare -o, and run --json. A study needs GNU
# parallel. Usage: GCREPLAY SHOW_DATASET
. "$(dirname "$0")/../cli/expect.sh"
show_dataset=$2
show() {
  ran="show_dataset $*"
  "$show_dataset" "$@" >"$work/.out" 2>"$work/.err"
  code=$?
  out=$(<"$work/.out")
  err=$(<"$work/.err")
  expect_code 0
}
row() { expect "a line: $1" grep -qxE -- "$1" <<<"$out"; }

must generate steady --set live=300 --set steps=3000 -o steady.gct
must generate ring --set rings=200 --set deaths=off -o ring.gct

# Two traces, options of a design's own, a run that was refused.
must compare steady.gct ring.gct -c bitmap,semispace:start=1M,explicit-free --final-collection -o out
mkdir tables
show out tables
timed='timed budget=0 runs=1'
row "steady bitmap bitmap native $timed ok=1 ok time=1 llc=0 peak=1 full=1"
row "steady semispace semispace:start=1M native $timed ok=1 ok time=1 llc=0 peak=1 full=1"
row "steady explicit-free explicit-free native $timed ok=1 ok time=1 llc=0 peak=1 full=1"
row "ring bitmap bitmap native $timed ok=1 ok time=1 llc=0 peak=1 full=1"
row "ring explicit-free explicit-free native $timed ok=0 refused time=0 llc=0 peak=0 full=0"
expect_out 'Over all 2 traces, each design sizing its heap itself: '
expect_out 'Not completed: explicit-free (refused).'
expect_out 'Where there is one run, nothing is known of its noise.'
cat >check.py <<'PY'
import csv, json
runs = list(csv.DictReader(open("tables/runs.csv")))
assert len(runs) == 6
for run in runs:
    if run["outcome"] != "ok":
        assert run["time_ns"] == "" and "no deaths" in run["message"]
        continue
    result = json.load(open(f"out/{run['id']}.json"))
    assert int(run["footprint_peak_bytes"]) == result["memory"]["footprint_peak_bytes"]
    time = result["time"]
    assert int(run["time_ns"]) == time["mutator_ns"] + time["collector_ns"]
    if time["collector_cpu_ns"] is not None:
        cpu = time["mutator_cpu_ns"] + time["collector_cpu_ns"] - time["phases"]["outside_pauses_ns"]
        assert int(run["cpu_ns"]) == cpu
summary = {(r["trace"], r["design"], r["metric"]): r for r in csv.DictReader(open("tables/summary.csv"))}
base, other = (float(summary["steady", d, "footprint_peak_bytes"]["median"]) for d in ("bitmap", "semispace:start=1M"))
assert abs(float(summary["steady", "semispace:start=1M", "footprint_peak_bytes"]["ratio"]) - other / base) < 1e-8
lbo = [r for r in csv.DictReader(open("tables/lbo.csv")) if r["trace"] == "steady" and r["cost"] == "time"]
assert [r["is_reference"] for r in lbo] == ["0", "0", "1"]
low = min(int(r["time_ns"]) - int(r["collector_ns"]) for r in runs if r["trace"] == "steady" and r["design"] != "explicit-free")
assert all(float(r["low_bound"]) == low for r in lbo)
PY
expect "tables as in the results" python3 check.py

# A budget, and a run that fails in it.
gcr compare steady.gct -c epsilon,semispace --heap 256K -o budget
show budget
row 'steady epsilon epsilon 256K timed budget=262144 runs=1 ok=0 heap_exhausted time=0 llc=0 peak=0 full=0'
row 'steady semispace semispace 256K timed budget=262144 runs=1 ok=1 ok time=1 llc=0 peak=1 full=1'

# Modelled runs know misses and no times; nothing of this where the build has no model.
if gcr compare steady.gct -c bitmap,semispace --cache -o cache && [ "$code" -eq 0 ]; then
  show cache tables
  row 'steady bitmap bitmap native cache budget=0 runs=1 ok=1 ok time=0 llc=1 peak=1 full=1'
  expect_out 'has the least last-level misses'
  expect_out '(the same in every run)'
fi

# A study: everything in its tables is computed anew from its results.
if command -v parallel >/dev/null; then
  must generate steady --set live=3000 --set steps=10000 -o mid.gct
  must generate steady --set live=5000 --set steps=8000 --set seed=7 -o large.gct
  cat >small.ini <<'INI'
[study]
traces      = mid.gct large.gct
collectors  = linked-list semispace epsilon explicit-free
heap        = 1x 3x
invocations = 3
baseline    = semispace
mode        = timed
INI
  must study small.ini -o study
  expect_out ' has the least total time'
  mkdir study-tables
  show study study-tables
  expect_out 'With 3 runs an interval holds the true median in 75% of studies at best'
  python3 "$tests/../study/recompute_tables.py" study study-tables semispace >figures 2>&1
  expect "figures computed anew: $(tail -1 figures)" grep -qE '^[1-9][0-9]{2,} figures agree$' figures
fi

# One result.
must run steady.gct -c bitmap --json one.json
show one.json
row "steady bitmap bitmap native $timed ok=1 ok time=1 llc=0 peak=1 full=1"

# A damaged result is one run less.
truncate -s 1000 out/steady-1-bitmap.json
show out
row "steady bitmap bitmap native $timed ok=0 unreadable time=0 llc=0 peak=0 full=0"
finish
