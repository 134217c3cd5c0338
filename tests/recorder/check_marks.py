"""Holds the marks of a trace against what the program says of them: check_marks.py EXPECTED.json < DUMP."""

import json
import shlex
import sys

expected = json.load(open(sys.argv[1]))
names, lanes, lane = {}, {}, None
for line in sys.stdin:
    words = line.split()
    if words[0] == "name":
        names[int(words[1])] = shlex.split(line)[2]
    elif words[0] == "lane":
        lane = lanes.setdefault(int(words[1]), {"last": None, "time": 0, "open": set(), "events": []})
    elif words[0] in ("time", "request", "phase"):
        if words[0] == "time":
            assert int(words[1]) >= lane["time"], f"time goes back: {line}"
            lane["time"] = int(words[1])
        else:
            assert lane["last"] == "time", f"no time before {line}"
        lane["events"].append(words)
    if lane is not None:
        lane["last"] = words[0]

begun_anywhere = []
for number, lane in sorted(lanes.items()):
    begun = [int(words[1]) for words in lane["events"] if words[0] == "request" and words[2] == "begin"]
    ended = [int(words[1]) for words in lane["events"] if words[0] == "request" and words[2] == "end"]
    assert len(begun) == expected["begun"][number], (number, len(begun))
    assert len(ended) == expected["ended"][number], (number, len(ended))
    assert set(ended) <= set(begun) and len(set(ended)) == len(ended), number
    begun_anywhere += begun
assert len(set(begun_anywhere)) == len(begun_anywhere), "a number was given twice"
phases = [names[int(words[1])] for words in lanes[0]["events"] if words[0] == "phase"]
assert phases == expected["phases"], phases
children = {names[int(w[1])] for n in lanes if n > 0 for w in lanes[n]["events"] if w[0] == "phase"}
assert children == {"child?" + "é" * 60}, children
