"""The last step of figures.sh: docs/benchmarks.md out of what has been measured. Arguments: folder, page."""

import json
import os
import statistics
import sys
import textwrap

NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


class Section:
    """The rows of one section: medians over their repetitions."""

    def __init__(self, folder, name):
        self.rows, self.context = {}, {}
        path = os.path.join(folder, name + ".json")
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        self.context = document["context"]
        in_order = sorted(document["benchmarks"],  # the rounds were interleaved at random
                          key=lambda row: (row.get("family_index", 0), row.get("per_family_instance_index", 0)))
        for row in in_order:
            name = row.get("run_name", row["name"]).replace("/manual_time", "").replace("/real_time", "")
            if row.get("run_type") == "iteration" and not row.get("error_occurred"):
                self.rows.setdefault(name, []).append(row)

    def value(self, name, column=None):
        """Nanoseconds, or a column's value; None if there is no such row."""
        if name not in self.rows:
            return None
        rows = self.rows[name]
        if column is not None:
            found = [row[column] for row in rows if column in row]
            return statistics.median(found) if found else None
        time = "real_time" if rows[0]["name"].endswith(("/manual_time", "/real_time")) else "cpu_time"
        return statistics.median(row[time] * NS[row["time_unit"]] for row in rows)

    def parts(self, index):
        """The distinct words at one place of the names, in order."""
        return list(dict.fromkeys(name.split("/")[index] for name in self.rows))


def shown(value, scale=1.0):
    """Three figures or fewer."""
    if value is None:
        return ""
    value *= scale
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 2 else f"{value:.2f}"


def table(head, rows):
    """Markdown; rows without any figure are left out."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows if any(row[1:])]
    return "\n".join(lines) + "\n"


def operations(alloc, barriers):
    head = ["design", "alloc 16", "alloc 64", "alloc 256", "churn 64", "store", "store, first old to young", "again",
            "load", "root"]
    rows = []
    for design in dict.fromkeys(alloc.parts(1) + [name.split("/")[-1] for name in barriers.rows]):
        names = [f"kept/{design}/bytes:{size}" for size in (16, 64, 256)] + [f"churn/{design}/bytes:64"]
        stores = [f"store/old_to_old/{design}", f"store/old_to_young/first/{design}", f"store/old_to_young/again/{design}",
                  f"load/{design}", f"root/{design}"]
        rows.append([f"`{design}`"] + [shown(alloc.value(name)) for name in names] +
                    [shown(barriers.value(name)) for name in stores])
    return table(head, rows)


def recycler(section):
    rows = []
    for name in section.rows:
        words = name.split("/")
        rows.append([f"`{words[3] if len(words) > 3 else 'context=param'}`", shown(section.value(name))])
    return table(["the Recycler's store", "ns"], rows)


def collections(collect, curves):
    shapes = ["list", "tree", "wide", "graph"]
    head = ["design"] + [f"{shape}: live" for shape in shapes] + [f"{shape}: dead" for shape in shapes] + ["1e3 live", "1e4 live", "1e6 live"]
    rows = []
    for design in collect.parts(1):
        row = [f"`{design}`"]
        for survive, column in ((100, "per_live"), (0, "per_dead")):
            for shape in shapes:
                name = f"full/{design}/{shape}/survive:{survive}/objects:100000"
                row.append(shown(collect.value(name, column), 1e9))
        row += [shown(curves.value(f"full/{design}/tree/survive:100/objects:{n}", "per_live"), 1e9)
                for n in (1000, 10000, 1000000)]
        rows.append(row)
    return table(head, rows)


def frees(section):
    rows = []
    for design in dict.fromkeys("/".join(name.split("/")[1:-2]) for name in section.rows if name.startswith("free/")):
        row = [section.value(f"free/{design}/{order}_order/bytes:64") for order in ("same", "random")]
        rows.append([f"`{design}`"] + [shown(value) for value in row])
    owners = [[f"`{name}`", shown(section.value(name))] for name in section.rows if name.startswith("owner/")]
    return table(["free of 64 bytes", "in order of allocation", "at random"], rows) + "\n" + \
        table(["whose an address is", "ns"], owners)


def replay(section):
    rates = [[f"`{name}`", shown(section.value(name, "items_per_second"), 1e-6)]
             for name in section.rows if name.split("/")[0] in ("decode", "prepare", "loop")]
    rows = []
    for name in dict.fromkeys(name.rsplit("/", 1)[0] for name in section.rows if "handles:" in name):
        rows.append([f"`{name}`"] + [shown(section.value(f"{name}/handles:{n}")) for n in (1024, 8388608)])
    return table(["harness", "M events/s"], rates) + "\n" + table(["ns", "1024 handles", "8388608 handles"], rows)


def simple(section, head):
    return table([head, "ns"], [[f"`{name}`", shown(section.value(name))] for name in section.rows])


def page(folder):
    sections = {name: Section(folder, name) for name in
                ("alloc", "barriers", "recycler", "free", "collect", "curves", "replay", "model", "hooks")}
    caches = next((section.context["caches"] for section in sections.values() if section.context), [])
    sizes = ", ".join(f"L{cache['level']} {cache['size'] // 1024} KiB" for cache in caches if cache["type"] != "Instruction")
    out = [
        "# Benchmarks\n",
        "A part of what the programs of [`bench/`](../bench/README.md) measure, written by `bench/figures.sh`: medians in "
        f"nanoseconds, on a virtual machine with {os.cpu_count()} processors ({sizes}) that shares its host. Compare within a "
        "table; between versions, use `bench/compare.sh`.\n",
        "## Operations of every design\n",
        "Collections are left out. `alloc`: objects of so many bytes that stay alive; `churn`: each replaces the one before, so that a "
        "counting design's free is in it. What an allocation costs beyond its fast path is, in most designs, the first "
        "touch of pages that the collection before has given back.\n",
        operations(sections["alloc"], sections["barriers"]),
        recycler(sections["recycler"]),
        "Explicit freeing, and the tests that ask for an address's owner (half of the addresses belong):\n",
        frees(sections["free"]),
        "## Collections\n",
        "A full collection of 100 000 objects of 24 bytes of pointers and 8 of data: per object where all live, and "
        "where all are dead (one cycle, so that counts alone free nothing); then live trees of other sizes, which show what "
        "starting a collection and leaving the caches cost. Lists, trees and arrays lie in memory as they are linked, save for "
        "copying; the graph's edges lead anywhere.\n",
        collections(sections["collect"], sections["curves"]),
        "## The harness\n",
        replay(sections["replay"]),
        "## The cache model\n",
        "An access of a stream that hits or misses where its name says; `unseen` is the stream itself, in every row.\n",
        simple(sections["model"], "stream"),
        "## Recording\n",
        "libgctrace, encoding and writing included; `unattached` is a runtime that is built to record and does not:\n",
        simple(sections["hooks"], "call"),
    ]
    cpython = os.path.join(folder, "cpython.md")
    if os.path.exists(cpython):
        with open(cpython, encoding="utf-8") as file:
            out += ["CPython's operations plain and recorded (`bench/cpython_hooks.sh`); what comes from a free list passes no hook, "
                    "and a small difference from nothing is noise:\n", file.read()]
    return "\n".join(part if part.startswith(("|", "#")) else textwrap.fill(part, 120) + "\n" for part in out)


def main():
    folder, target = sys.argv[1], sys.argv[2]
    with open(target + ".partial", "w", encoding="utf-8") as file:
        file.write(page(folder))
    os.replace(target + ".partial", target)


main()
