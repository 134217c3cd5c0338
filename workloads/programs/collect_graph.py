"""Builds a graph of containers with two fields each, and times full collections of it.

usage: collect_graph.py OBJECTS KIND COLLECTIONS
KIND: slots (instances with __slots__ of two names), tuple or list (two items)
Object i refers to object i - 1 and to object i // 2; nothing is garbage. Prints the number of
objects that the collector tracks and the nanoseconds of each gc.collect(), one a line.
"""

import gc
import sys
import time


class Pair:
    __slots__ = ("first", "second")

    def __init__(self, first, second):
        self.first = first
        self.second = second


def build(count, kind):
    make = {"slots": Pair, "tuple": lambda a, b: (a, b), "list": lambda a, b: [a, b]}[kind]
    objects = [make([], [])]  # lists inside: a tuple of them stays tracked
    for i in range(1, count):
        objects.append(make(objects[i - 1], objects[i // 2]))
    return objects


def main():
    count, kind, collections = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    gc.disable()
    objects = build(count, kind)
    times = []
    for _ in range(collections):
        start = time.perf_counter_ns()
        gc.collect(2)
        times.append(time.perf_counter_ns() - start)
    print(len(gc.get_objects()))
    for elapsed in times:
        print(elapsed)
    del objects


main()
