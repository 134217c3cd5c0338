"""Small loops of CPython operations that the recorder hooks: prints "name nanoseconds" for each, per operation, the loop's own
cost subtracted. Run plainly and under `gcreplay record` by cpython_hooks.sh. Argument: operations in a loop."""

import sys
import time
from itertools import cycle, islice, repeat


class Plain:
    """An object with a dictionary."""


class Slots:
    __slots__ = ("value",)


def indexes(n):
    """n numbers below 64, of those that the interpreter keeps anyway."""
    return islice(cycle(range(64)), n)


def empty(n):
    for _ in repeat(None, n):
        pass


def float_new(n):
    x = 1.5
    for _ in repeat(None, n):
        x + 2.5


def bytes_new(n):
    x = b"0123456789" * 3
    for _ in repeat(None, n):
        x + x


def tuple_new(n):
    x = object()
    for _ in repeat(None, n):
        (x, x)


def list_new(n):
    x = object()
    for _ in repeat(None, n):
        [x, x]


def dict_new(n):
    for _ in repeat(None, n):
        {}


def instance_new(n):
    for _ in repeat(None, n):
        Plain()


def slots_new(n):
    for _ in repeat(None, n):
        Slots()


def list_append(n):
    x, items = object(), []
    for _ in repeat(None, n):
        items.append(x)


def list_store(n):
    x, items = object(), [None] * 64
    for i in indexes(n):
        items[i] = x


def dict_store(n):
    x, items = object(), {}
    for i in indexes(n):
        items[i] = x


def attribute_store(n):
    x, y = object(), Plain()
    for _ in repeat(None, n):
        y.value = x


def keep_lists(n):
    x = None
    for _ in repeat(None, n):
        x = [x]
    while x is not None:
        x = x[0]


def best_of(function, n, times=5):
    """Nanoseconds for an operation, least of some runs: disturbance only adds."""
    least = None
    for _ in range(times):
        start = time.process_time_ns()
        function(n)
        spent = time.process_time_ns() - start
        least = spent if least is None else min(least, spent)
    return least / n


def main():
    n = int(sys.argv[1])
    baseline = best_of(empty, n)
    for function in (float_new, bytes_new, tuple_new, list_new, dict_new, instance_new, slots_new, keep_lists,
                     list_append, list_store, dict_store, attribute_store):
        print(function.__name__, f"{max(best_of(function, n) - baseline, 0):.2f}", flush=True)


main()
