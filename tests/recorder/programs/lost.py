"""Objects of many kinds that only cyclic garbage holds, and every way to meet them, or their blocks, again: free lists
(floats, slices, contexts, asynchronous generators), interned strings, collections in the middle of everything,
finalizers and callbacks, and the functions of gc that find garbage which nothing leads to."""

import contextvars
import gc
import random
import sys
import weakref

rng = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 250
kept = []
variable = contextvars.ContextVar("variable")
saved = []


class Node:
    def __init__(self, *held):
        self.me, self.held = self, held


class Slots:
    __slots__ = ("me", "number", "other")

    def __init__(self, number, other):
        self.me, self.number, self.other = self, number, other


class Saves:
    """Comes back from its finalizer, sometimes."""

    def __init__(self, *held):
        self.me, self.held = self, held

    def __del__(self):
        if rng.random() < 0.3:
            saved.append((self.held, rng.random()))
            del saved[:-5]


class Grows:
    """Whose instances share their keys, which grow."""

    def __init__(self, width):
        self.me = self
        for i in range(width):
            setattr(self, f"a{i}", rng.random())


def numbers():
    return rng.random(), complex(rng.random(), 1), rng.getrandbits(200), rng.random() * 2, rng.randbytes(40)


def text():
    return "".join(("na", "me", "_", str(rng.randrange(50))))


def generate(held):
    me = yield held
    try:
        while True:
            yield me, rng.random()
    finally:
        if rng.random() < 0.2:
            kept.append(rng.random())


async def generate_slowly(held):
    try:
        yield held, rng.random()
        yield rng.random()
    finally:
        held = rng.random()


async def drop_generator():
    generator = generate_slowly(Node(*numbers()))
    await generator.__anext__()
    node = Node(generator, rng.random())
    node.held = generator, generator.asend(None)
    node.held[1].close()


def fail(depth):
    local = Node(rng.random(), depth)
    if depth == 0:
        raise ValueError(rng.random(), local)
    fail(depth - 1)


def with_traceback():
    try:
        fail(rng.randrange(1, 5))
    except ValueError as error:
        node = Node(rng.random())
        node.error = error
        error.node = node


def with_context():
    context = contextvars.copy_context()
    context.run(variable.set, Node(context, rng.random()))
    return context


def run_generator():
    generator = generate(Node(*numbers()))
    next(generator)
    generator.send(generator)


def make():
    kind = rng.randrange(14)
    if kind == 0:
        Node(*numbers())
    elif kind == 1:
        Slots(rng.random(), Slots(text(), slice(rng.random(), numbers())))
    elif kind == 2:
        Saves(Node(*numbers()), text())
    elif kind == 3:
        Grows(rng.randrange(1, 8))
    elif kind == 4:
        run_generator()
    elif kind == 5:
        with_traceback()
    elif kind == 6:
        Node(with_context(), rng.random())
    elif kind == 7:
        node = Node(sys.intern(text()), text(), {rng.random(): text() for _ in range(rng.randrange(12))})
        weakref.ref(node, lambda dead: kept.append(rng.random()))
        node.weak = weakref.ref(node, lambda dead: None)
        if rng.random() < 0.3:
            kept.append(node.weak)
    elif kind == 8:
        cycle = [rng.random() for _ in range(rng.randrange(30))]
        cycle.append((cycle, {text(), rng.random(), 3.5}, frozenset(numbers())))
    elif kind == 9:
        try:
            drop_generator().send(None)
        except StopIteration:
            pass
    elif kind == 10:
        made = type("Made", (Node,), {"value": rng.random(), "name": text()})
        made(made, rng.random())
    elif kind == 11:
        function = lambda x=rng.random(): function(x)
        function.held = {"function": function, "slice": slice(rng.random(), None, rng.random())}
    elif kind == 12:
        one, two = Node(rng.random()), Node(rng.random())
        one.other, two.other = two, one
        kept.append(one.held[0])
        kept.append(two.other)
    else:
        kept.append(rng.random())
        kept.append(sys.intern(text()))
        kept.append(slice(rng.random(), 2.5 * rng.random()))


def meddle():
    chance = rng.random()
    if chance < 0.02:
        gc.collect(rng.randrange(3))
    elif chance < 0.03:
        found = [o for o in gc.get_objects() if isinstance(o, (Node, Slots, Grows, slice))]
        kept.extend(rng.sample(found, min(3, len(found))))
    elif chance < 0.04 and kept:
        kept.append(gc.get_referrers(rng.choice(kept))[:2])
    elif chance < 0.045:
        gc.set_threshold(rng.choice((30, 300, 700)), rng.choice((2, 10)), rng.choice((2, 10)))
    elif chance < 0.05:
        gc.freeze()
        kept.append(rng.random())
        gc.unfreeze()


for number in range(ROUNDS):
    for _ in range(5):
        make()
    meddle()
    if len(kept) > 60:
        del kept[: rng.randrange(1, 60)]
print(len(kept) >= 0, len(saved) <= 6)
