# --cow: pages that processes unshare after forks, by the model and by the kernel. The two are held against each
# other to the page; where the kernel refuses its account, that part is skipped and says so.
. "$(dirname "$0")/expect.sh"
designs=linked-list,bitmap,semispace,mark-sweep
for name in idle read gc; do
  must generate fork-$name --set objects=6000 --set children=3 -o $name.gct
done
python3 "$tests/fork_points.py" 5000 | "$gcreplay" assemble - -o points.gct
must run idle.gct -c mark-sweep --cow=kernel --json probe.json
refusal=$(python3 -c 'import json; print(json.load(open("probe.json"))["lanes"][1]["cow"][0]["kernel_refusal"] or "")')

must compare idle.gct read.gct gc.gct points.gct -c $designs --cow -o all
expect_out 'copy-on-write, per child (mean)'
if [ -n "$refusal" ]; then
  echo "model against kernel: skipped: $refusal"
else
  expect "model and kernel agree to the page" python3 "$tests/cow_agreement.py" all/*-*.json
fi

# Causes that only some designs can have.
cat >causes.py <<'PY'
import json, sys
def child(design, trace="gc", number=3):
    (epoch,) = json.load(open(f"all/{trace}-{number}-{design}.json"))["lanes"][1]["cow"]
    return epoch["by_any_cause"]
counting, bits, moving, marking = (child(d) for d in ("linked-list", "bitmap", "semispace", "mark-sweep"))
assert counting["header"] > 10 * bits["header"] and bits["side"] > 0, (counting, bits)
assert moving["move"] > 0 == moving["count"], moving
assert counting["move"] == bits["move"] == marking["move"] == marking["count"] == 0
assert marking["header"] > 0, marking
reads = child("linked-list", "read", 2)
assert reads["count"] > 10 * child("mark-sweep", "read", 2)["data"], reads
PY
expect "causes are those of each design" python3 causes.py

# gc.freeze() before the fork: later collections leave the heads alone.
must compare gc.gct -c linked-list,linked-list:freeze=fork --cow -o freeze
expect "freezing spares the heads" python3 - <<'PY'
import json
plain, frozen = (json.load(open(f"freeze/gc-{n}.json"))["lanes"][1]["cow"][0] for n in ("linked-list", "linked-list-freeze=fork"))
assert plain["by_cause"]["header"] > 50 and frozen["by_cause"]["header"] < 5, (plain["by_cause"], frozen["by_cause"])
PY
expect "CSV: columns of copy-on-write" python3 - <<'PY'
import csv
rows = list(csv.DictReader(open("freeze/compare.csv")))
assert all(None not in r and None not in r.values() for r in rows), "ragged row"
assert [r["collector"] for r in rows if r["process"] == "1"] == ["linked-list", "linked-list:freeze=fork"]
for r in rows:
    causes = ("data", "new", "count", "header", "side", "metadata", "free_link", "move", "buffer")
    assert int(r["cow_pages_model"]) == sum(int(r[f"cow_{c}_pages"]) for c in causes), r
    assert int(r["cow_shared_pages"]) > 0
PY

# Two runs of the same binary and trace: the same counts, in the parent and in every child.
for i in 1 2; do must run points.gct -c linked-list --cow --json twice$i.json; done
expect "the model repeats" python3 - <<'PY'
import json
def counts(path):
    model = lambda e: {k: v for k, v in e.items() if "kernel" not in k and k not in ("agreement", "series")}
    d = json.load(open(path))
    return [(lane["cache"], [(model(e), [r[:2] + r[3:] for r in e["series"]["rows"]]) for e in lane["cow"]]) for lane in d["lanes"]]
a, b = counts("twice1.json"), counts("twice2.json")
assert a == b and len(a) == 4 and all(lane[1] for lane in a)
PY

# The figure, where there is something to draw with.
expect "the series has points on the way" python3 - <<'PY'
import json
(epoch,) = json.load(open("all/gc-3-linked-list.json"))["lanes"][1]["cow"]
rows = epoch["series"]["rows"]
assert 20 < len(rows) <= 257 and all(a[0] <= b[0] for a, b in zip(rows, rows[1:])), len(rows)
PY
if command -v gnuplot >/dev/null; then
  expect "plot_cow.sh draws" "$root/scripts/plot_cow.sh" freeze freeze.svg 1
  expect "both designs are drawn" [ "$(grep -cE '>(linked-list|linked-list:freeze=fork)<' freeze.svg)" -eq 2 ]
  expect "the CSV has both" [ "$(cut -d, -f2 freeze/cow.csv | sort -u | wc -l)" -eq 3 ]
  expect "a folder without results is refused" bash -c "! '$root/scripts/plot_cow.sh' '$work' none.svg && [ ! -e none.svg ]"
fi

# The table of one run, the kernel's account alone, and what is not followed.
must run gc.gct -c linked-list --cow
expect_out 'copy-on-write, in each process after each fork'
expect "one row an epoch" [ "$(grep -cE '^ +[0-3]  (event [0-9]+|its birth) ' <<<"$out")" -eq 6 ]
must run gc.gct -c linked-list --cow=kernel --json kernel.json
expect_json kernel.json "all(e['pages_model'] is None and e['by_cause'] is None and e['agreement'] is None for l in d['lanes'] for e in l['cow'])"
if [ -z "$refusal" ]; then
  expect_json kernel.json "d['lanes'][1]['cow'][0]['pages_kernel'] == json.load(open('all/gc-3-linked-list.json'))['lanes'][1]['cow'][0]['pages_kernel']"
fi
must run gc.gct -c linked-list --json plain.json
expect_json plain.json "all(l['cow'] is None for l in d['lanes'])"
must run gc.gct -c bdw --cow --json bdw.json
expect_out 'no figure of the kernel: '
expect_json bdw.json "'mapped by a library' in d['lanes'][1]['cow'][0]['kernel_refusal']"
expect_json bdw.json "d['lanes'][1]['cow'][0]['pages_kernel'] is None"
gcr run gc.gct -c linked-list --cow=both
expect_usage "--cow cannot be 'both'; allowed: model, kernel"
[ -n "$refusal" ] && [ "$failures" -eq 0 ] && exit 77
finish
