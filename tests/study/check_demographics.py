"""Demographics anew, by another way: check_demographics.py GCREPLAY TRACE...

Reads the text of each trace as FORMAT.md describes it (`gcreplay dump`), keeps whole arrays of references in Python, and
compares every bin with what `gcreplay info --demographics` says.
"""
import csv
import io
import subprocess
import sys


class Object:
    def __init__(self, shape, length, clock):
        self.shape, self.length, self.longest = shape, length, length
        self.birth, self.is_own = clock, True
        self.slots = [False] * self.count(length)

    def count(self, length):
        return self.shape["slots"] + length * self.shape["item-slots"]

    def bytes(self, length):
        return self.shape["fields"] + length * self.shape["items"]

    def copy(self):
        other = Object.__new__(Object)
        other.__dict__.update(self.__dict__, is_own=False, slots=list(self.slots))
        return other


def bin_of(value):
    return (0, 1) if value == 0 else (1 << value.bit_length() - 1, 1 << value.bit_length())


class Demographics:
    def __init__(self):
        self.bins = {}

    def add(self, what, bounds, bytes_):
        objects, sum_ = self.bins.get((what, *bounds), (0, 0))
        self.bins[(what, *bounds)] = (objects + 1, sum_ + bytes_)

    def end(self, obj, clock):
        """clock is None for what is alive."""
        if not obj.is_own:
            return
        bytes_ = obj.bytes(obj.longest)
        self.add("size", bin_of(bytes_), bytes_)
        self.add("degree", bin_of(sum(obj.slots)), bytes_)
        self.add("lifetime", ("", "") if clock is None else bin_of(clock - obj.birth), bytes_)


def shape_of(words):
    shape = {"slots": 0, "items": 0, "item-slots": 0}
    shape.update((key, int(value)) for key, value in (w.split("=") for w in words) if key != "flags")
    return shape


def number(word):
    return 0 if word == "null" else int(word.lstrip("otg"))


def walk(lanes, shapes, lane, objects, clock, out):
    for op, *words in lanes.get(lane, []):
        args = [number(word) for word in words if word not in ("uncounted", "notrigger", "begin", "end")] + [0, 0]
        if op in ("alloc", "prebuilt"):
            length = args[3] if op == "alloc" else args[2]
            obj = Object(shapes[args[1]], length, 0)
            clock += obj.bytes(length)
            obj.birth = clock
            objects[args[0]] = obj
        elif op == "store":
            objects[args[0]].slots[args[1]] = args[2] != 0
        elif op == "copy":
            to, at, source, begin, n = args[:5]
            objects[to].slots[at:at + n] = objects[source].slots[begin:begin + n]
        elif op == "resize":
            obj, length = objects[args[0]], args[1]
            clock += max(0, obj.bytes(length) - obj.bytes(obj.length))
            obj.slots = (obj.slots + [False] * obj.count(length))[:obj.count(length)]
            obj.length, obj.longest = length, max(obj.longest, length)
        elif op == "death":
            out.end(objects.pop(args[0]), clock)
        elif op == "fork":
            walk(lanes, shapes, args[0], {i: obj.copy() for i, obj in objects.items()}, clock, out)
    for obj in objects.values():
        out.end(obj, None)


def expected(gcreplay, trace):
    shapes, lanes, lane, has_deaths = {}, {}, 0, True
    text = subprocess.run([gcreplay, "dump", trace], check=True, capture_output=True, text=True).stdout
    for line in text.splitlines():
        words = line.split()
        if words[0] == "capabilities":
            has_deaths = "deaths=none" not in words and any(word.startswith("deaths=") for word in words)
        elif words[0] == "shape":
            # The name may have blanks; what is known has none.
            known = ("fields=", "slots=", "items=", "item-slots=")
            shapes[int(words[1])] = shape_of([word for word in words if word.startswith(known)])
        elif words[0] == "lane":
            lane = int(words[1])
        elif words[0] not in ("gct", "zstd", "blocks", "name", "meta", "block", "#"):
            lanes.setdefault(lane, []).append(words)
    out = Demographics()
    walk(lanes, shapes, 0, {}, 0, out)
    bins = out.bins
    if has_deaths:
        bins.setdefault(("lifetime", "", ""), (0, 0))
    else:
        bins = {key: value for key, value in bins.items() if key[0] != "lifetime"}
    return {tuple(map(str, key)): value for key, value in bins.items()}


def found(gcreplay, trace):
    command = [gcreplay, "info", trace, "--demographics", "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows = {(row["what"], row["low"], row["high"]): (int(row["objects"]), int(row["bytes"]))
            for row in csv.DictReader(io.StringIO(text))}
    return {key: value for key, value in rows.items() if value[0] > 0 or key[1] == ""}


def main():
    failures = 0
    for trace in sys.argv[2:]:
        table, right = found(sys.argv[1], trace), expected(sys.argv[1], trace)
        for key in sorted(table.keys() | right.keys()):
            if table.get(key) != right.get(key):
                failures += 1
                print(f"FAILED: {trace}: {key}: {table.get(key)} in the table, {right.get(key)} by the events")
        print(f"{trace}: {len(right)} bins, {sum(n for key, (n, _) in right.items() if key[0] == 'size')} objects")
    sys.exit(failures > 0)


main()
