"""Text of a trace with three fork points, in three states of one heap: freshly built, after garbage and a
full collection, after growth. Each child writes fields and data, loads, reads, allocates and collects.

    python3 fork_points.py OBJECTS | gcreplay assemble - -o TRACE
"""
import random
import sys

objects = int(sys.argv[1])
rng = random.Random(20240611)
lanes = {0: []}
next_object = 1


def emit(lane, text):
    lanes[lane].append(text)


def build(lane, first, count):
    """A tree of pairs: object i hangs below object i // 2; all are reached from global root 0."""
    for i in range(first, first + count):
        emit(lane, f"alloc o{i} 1 {'g0' if i == 1 else 't0'}")
        if i > 1:
            emit(lane, f"store o{i // 2} {i % 2} o{i}")
    emit(lane, "root t0 null")


def garbage(lane, first, count):
    """Rings of two, which only a cycle collector or a tracing one frees."""
    for i in range(first, first + count, 2):
        emit(lane, f"alloc o{i} 1 t1")
        emit(lane, f"alloc o{i + 1} 1 t2")
        emit(lane, f"store o{i} 0 o{i + 1}")
        emit(lane, f"store o{i + 1} 0 o{i}")
    emit(lane, "root t1 null")
    emit(lane, "root t2 null")


def touch(lane, live, count):
    for _ in range(count):
        i = rng.randrange(1, live)
        kind = rng.randrange(4)
        if kind == 0:
            emit(lane, f"write o{i} 0 8")
        elif kind == 1:
            emit(lane, f"read o{i} 0 8")
        elif kind == 2 and 2 * i < live:
            emit(lane, f"load o{i} 0 t3")
        elif 2 * i + 1 < live:
            emit(lane, f"store o{i} 1 o{2 * i + 1}")  # the value that is there
    emit(lane, "root t3 null")


def child(lane, live, spare):
    lanes[lane] = []
    emit(0, f"fork {lane}")
    touch(lane, live, 40)
    garbage(lane, spare, 200)
    touch(lane, live, 200)
    emit(lane, "collect 2")
    emit(lane, "exit 0")


live = objects
build(0, 1, live)
child(1, live, 10 * objects)
garbage(0, 2 * objects, 500)
touch(0, live, 300)
emit(0, "collect 2")
child(2, live, 10 * objects)
build(0, live + 1, objects // 2)
live += objects // 2
touch(0, live, 100)
child(3, live, 10 * objects)
garbage(0, 4 * objects, 3000)
emit(0, "collect 2")
emit(0, "exit 0")

print("gct 1")
print("capabilities stores=exact loads=exact reads=exact deaths=none roots=exact tracking=no threads=no "
      "forks=yes times=no faithful=no")
print("shape 1 pair fields=24 slots=2 items=0 item-slots=0 flags=container")
for lane, events in lanes.items():
    print(f"lane {lane}")
    print("\n".join(events))
