# Reference counts in a side table: after a fork the pages that counts cost are side tables, and no others. Model
# and kernel are held against each other to the page; where the kernel refuses its account, that part is skipped.
. "$(dirname "$0")/expect.sh"
designs=linked-list,linked-list:counts=side,bitmap,bitmap:counts=side
for name in read gc; do
  must generate fork-$name --set objects=20000 --set children=2 -o $name.gct
done
must run read.gct -c linked-list --cow=kernel --json probe.json
refusal=$(python3 -c 'import json; print(json.load(open("probe.json"))["lanes"][1]["cow"][0]["kernel_refusal"] or "")')
must compare read.gct gc.gct -c $designs --cow -o all
if [ -n "$refusal" ]; then
  echo "model against kernel: skipped: $refusal"
else
  expect "model and kernel agree to the page" python3 "$tests/cow_agreement.py" all/*-*.json
fi

expect "counts and everything else are on different pages" python3 - <<'PY'
import glob, json
def child(trace, design):
    (path,) = glob.glob(f"all/{trace}-*-{design}.json")
    (epoch,) = json.load(open(path))["lanes"][1]["cow"]
    return epoch
causes = ("data", "new", "count", "header", "side", "metadata", "free_link", "move", "buffer")
for design in "linked-list", "bitmap":
    inline, side = child("read", design), child("read", design + "-counts=side")
    for epoch in inline, side: # a child that only reads
        counts = epoch["by_cause"]["count"]
        assert counts > 100 and sum(epoch["by_cause"][c] for c in causes) - counts <= 2, epoch["by_cause"]
    # as many counts, on half as many pages: 8 bytes of table for 16 of objects
    assert 0.4 < side["by_cause"]["count"] / inline["by_cause"]["count"] < 0.6, (inline, side)

# A child that collects: heads are written, or none; counts hardly, wherever they are.
heads, none = child("gc", "linked-list-counts=side")["by_cause"], child("gc", "bitmap-counts=side")["by_cause"]
assert heads["header"] > 100 and heads["count"] <= 4, heads
assert none["header"] <= 4 and none["count"] <= 4 and sum(none[c] for c in causes) < 40, none
PY
[ -n "$refusal" ] && [ "$failures" -eq 0 ] && exit 77
finish
