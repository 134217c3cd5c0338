"""Holds model against kernel in results of runs with --cow, page by page: the same pages are shared by each fork, the
same ones copied, in parent and children, at the end of each epoch; pages given back and taken since are as many.

    python3 cow_agreement.py RESULT.json...
"""
import json
import sys

forks = epochs = pages = 0
for path in sys.argv[1:]:
    for lane in json.load(open(path))["lanes"]:
        for e in lane["cow"]:
            where = f"{path}, process {lane['lane']}, fork at {e['fork_event']}"
            for which in "copied", "shared":
                found = e["agreement"][which]
                assert found["model_only"] == found["kernel_only"] == 0, (where, which, found)
                assert found["both"] == e["pages_model" if which == "copied" else "shared_model"], where
            for what in "pages", "shared", "dropped", "dropped_copied", "fresh":
                assert e[what + "_model"] == e[what + "_kernel"], (where, what, e[what + "_model"], e[what + "_kernel"])
            assert sum(e["by_cause"].values()) == e["pages_model"], where
            assert all(e["by_any_cause"][c] >= n for c, n in e["by_cause"].items()), where
            rows = e["series"]["rows"]
            assert all(r[1] == r[2] for r in rows) and rows[-1][1] == e["pages_model"], where
            epochs += 1
            forks += not e["born"]
            pages += e["pages_model"]
assert epochs == 2 * forks and pages > 0, (epochs, forks, pages)
print(f"{forks} forks, {pages} pages")
