"""Reads what `valgrind --tool=cachegrind` writes: D1 figures by site.

A site is where code was executed and where it was written: the function of the executable, and the
function of the source around the line, which differ where the compiler has inlined one into the
other. The file's format is described in cg_annotate's manual ("Cachegrind File Format").
"""
import os
import re
from collections import defaultdict

FIGURES = ("Dr", "Dw", "D1mr", "D1mw")  # reads, writes, read misses, write misses
HEAD = re.compile(r"[A-Za-z_].*?\b(\w+)\(")


def functions_by_line(path):
    """Line number -> function around it, for C in this project's layout: a definition's name begins
    before its first parenthesis, and its braces stand in the first column."""
    lines = {}
    if not os.path.exists(path):
        return lines
    name, start, inside = None, 0, False
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            head = None if inside or line.rstrip().endswith(";") else HEAD.match(line)
            if head:
                name, start = head.group(1), number
            if line.startswith("{") and name:
                inside = True
            if line.startswith("}") and inside:
                lines.update((i, name) for i in range(start, number + 1))
                name, inside = None, False
    return lines


def read_sites(path):
    """(function of the executable, function of the source, its file) -> [reads, writes, misses...]"""
    sites, sources = defaultdict(lambda: [0] * len(FIGURES)), {}
    columns, source, function = [], "", ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("events:"):
                words = line.split()[1:]
                columns = [1 + words.index(figure) for figure in FIGURES]
            elif line.startswith("fl="):
                source = line[3:].strip()
                if source not in sources:
                    sources[source] = functions_by_line(source)
            elif line.startswith("fn="):
                function = line[3:].strip()
            elif line[0].isdigit():
                counts = [int(word) for word in line.split()]
                inner = sources[source].get(counts[0], "")
                site = sites[function, inner, os.path.basename(source)]
                for i, column in enumerate(columns):  # zeros at the end of a line are left out
                    site[i] += counts[column] if column < len(counts) else 0
    return sites
