# Finalizers and resurrection, in cycles and by counting, seen through weak references, with callbacks;
# each object's finalizer runs once, however often it is saved. Prints how often finalizers ran.
import gc
import weakref


class Thing:
    ran = 0
    kept = []

    def __init__(self, number, cyclic):
        self.number = number
        self.data = [[number] for _ in range(3)]
        if cyclic:
            self.me = self

    def __del__(self):
        Thing.ran += 1
        if self.number % 3 == 0:
            Thing.kept.append(self)


class Pair:
    """Saved by the other's finalizer, not by its own."""

    def __init__(self, number):
        self.other = Thing(number, False)
        self.other.back = self


class Generator:
    def run(self):
        try:
            while True:
                yield [self]
        finally:
            Thing.ran += 1
            Thing.kept.append([self])


fallen = []
weak = []
for i in range(1500):
    for thing in (Thing(i, i % 2 == 0), Pair(i)):
        weak.append(weakref.ref(thing, fallen.append if i % 5 == 0 else None))
    if i % 10 == 0:
        generator = Generator().run()
        next(generator)
        if i % 20 == 0:
            generator.send((generator, thing))
    del thing
    if i % 40 == 0:
        Thing.kept.clear()  # those that were saved once die now without a finalizer
    if len(weak) > 300:
        weak.clear()
    if i % 500 == 0:
        gc.collect(i // 500)
del generator
gc.collect()
saved = len(Thing.kept)
Thing.kept.clear()
gc.collect()
# Assigned later: its shape was written without a finalizer.
Pair.__del__ = lambda self: None
for i in range(100):
    Pair(i)
gc.collect()
print(Thing.ran, saved > 0, len(gc.garbage))
