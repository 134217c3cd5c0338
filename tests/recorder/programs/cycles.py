# Cyclic garbage of several kinds, explicit collections, freeze: single process.
import gc


class Node:
    def __init__(self):
        self.me = self


class Saved:
    kept = []

    def __init__(self):
        self.me = self

    def __del__(self):
        if len(Saved.kept) < 20:
            Saved.kept.append(self)


def looped():
    value = yield
    while True:
        value = yield [value]


for i in range(3000):
    Node()
    items = [i]
    items.append(items)
    table = {"i": i}
    table["t"] = (items, table)
    if i % 50 == 0:
        Saved()
    if i % 10 == 0:
        generator = looped()
        next(generator)
        generator.send(generator)
gc.collect(0)
gc.collect(1)
gc.freeze()
rest = [Node() for _ in range(1000)]
gc.unfreeze()
del rest
gc.collect()
gc.set_threshold(50, 3, 3)
for i in range(2000):
    Node()
gc.disable()
many = [[i] for i in range(2000)]
gc.enable()
for i in range(200):
    many.append(Node())
print([stats["collections"] for stats in gc.get_stats()])
