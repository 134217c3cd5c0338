# scripts/perf_stat_sweep.sh on a small trace: the table, the figure, and what it refuses.
. "$(dirname "$0")/expect.sh"
sweep=$root/scripts/perf_stat_sweep.sh
script() {
  ran="perf_stat_sweep $*"
  bash "$sweep" --binary "$gcreplay" "$@" >"$work/.out" 2>"$work/.err"
  code=$?
  out=$(cat "$work/.out")
  err=$(cat "$work/.err")
}
must generate gcbench --set stretch-depth=12 --set long-depth=10 --set max-depth=14 --set array=1000 -o small.gct

# Wrong use does not get as far as perf.
script --fractions '1/4 x' small.gct
expect_code 2
expect_err "--fractions: 'x'; allowed: such as 1/4 or 2"
script --repeat 0 small.gct
expect_code 2
script --wrong
expect_code 2
expect_err 'unknown option --wrong'
script nowhere.gct
expect_code 2
script --help
expect_code 0
expect_out '--fractions "A B..."'

if ! command -v perf >/dev/null || ! command -v gnuplot >/dev/null; then
  script small.gct
  expect_code 1
  expect_err 'scripts/setup.sh'
  [ $failures -eq 0 ] || finish
  echo "sweep: skipped, perf or gnuplot is not installed"
  exit 77
fi
if ! perf stat -x, -o probe -e task-clock:u -- true || ! grep -q '^[0-9]' probe; then
  echo "sweep: skipped, perf may count nothing here"
  exit 77
fi

script --software --fractions '1/16 1/2 2' --l2 1000000 --cache l2=1000000/5,llc=32MiB/16 --repeat 2 --set start=1M -o out small.gct
expect_code 0
expect_err 'hardware events left out (--software): software events'
cat >rows.py <<'PY'
import csv, statistics
rows = list(csv.DictReader(open("out/sweep.csv")))
assert len(rows) == 6, rows
assert [row["fraction"] for row in rows] == ["1/16"] * 2 + ["1/2"] * 2 + ["2"] * 2
assert [row["run"] for row in rows] == ["1", "2"] * 3
# whole pages of the fraction of what was said to be the L2
assert [int(row["size_bytes"]) for row in rows[::2]] == [15 * 4096, 122 * 4096, 488 * 4096]
assert {row["l2_bytes"] for row in rows} == {"1000000"} and {row["collector"] for row in rows} == {"generational"}
# what runs repeat, and what a larger nursery does
assert all(a["collections"] == b["collections"] for a, b in zip(rows[::2], rows[1::2]))
collections = [int(row["collections"]) for row in rows[::2]]
assert collections[0] > collections[1] > collections[2], collections
assert len({row["allocated_bytes"] for row in rows}) == 1
assert all(float(row["task-clock"]) > 0 and int(row["minor-faults"]) > 0 for row in rows)
assert "cycles" not in rows[0]
labels = open("out/sweep-labels.gp").read()
if "model_l1_misses" in rows[0]:
    assert "misses are the cache model" in labels and "has_misses = 1" in labels
    assert "L2 976.6 KiB" in labels
    for row, again in zip(rows[::2], rows[1::2]):
        misses = [int(row[f"model_{level}_misses"]) for level in ("l1", "l2", "llc")]
        assert misses[0] > misses[1] > misses[2] > 0 and int(row["model_tlb2_misses"]) > 0, misses
        assert all(row[name] == again[name] for name in row if name.startswith("model_"))
else:
    assert "no cache model either" in labels and "has_misses = 0" in labels
assert "hardware events left out" in labels and "refused by perf: cycles, instructions" in labels
medians = [line.split(",") for line in open("out/sweep-medians.csv").read().split()]
assert [float(line[0]) for line in medians] == [60, 488, 1952]
PY
ran='sweep.csv'
out=$(python3 rows.py 2>&1)
expect "the table is right" python3 rows.py
expect "an SVG that names the L2" grep -q 'L2 976.6 KiB' out/sweep.svg
expect "that says what it lacks" grep -q 'hardware events left out' out/sweep.svg
expect "a PNG" python3 -c "d = open('out/sweep.png', 'rb').read(); raise SystemExit(d[:4] != b'\x89PNG' or len(d) < 5000)"

# A run that fails is named, and a design without such an option.
script --software --fractions 1 --design mark-sweep -o none small.gct
expect_code 1
expect_err "mark-sweep with nursery="
expect_absent none/sweep.csv
finish
