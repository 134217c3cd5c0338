# The gc module's whole interface, on both sides of forks: freeze, unfreeze, disable, enable, thresholds,
# callbacks, explicit collections of each generation, looking around.
import gc
import os


class Node:
    def __init__(self):
        self.me = self
        self.table = {"k": [self]}


seen = []


def note(phase, info):
    seen.append((phase, info["generation"], [phase]))
    if len(seen) > 50:
        del seen[:]


def churn(n):
    for _ in range(n):
        Node()


def play(depth):
    churn(1500)
    gc.collect(0)
    gc.freeze()
    frozen = gc.get_freeze_count()
    churn(800)
    gc.disable()
    churn(1200)
    assert not gc.isenabled()
    gc.collect(1)
    gc.enable()
    old = gc.get_threshold()
    gc.set_threshold(40, 3, 2)
    churn(400)
    gc.set_threshold(0)
    churn(900)
    gc.set_threshold(*old)
    gc.unfreeze()
    assert frozen > 0 and gc.get_freeze_count() == 0
    known = Node()
    assert gc.is_tracked(known) and known.table["k"] in gc.get_referents(known.table)
    assert len(gc.get_count()) == 3 and len(gc.get_stats()) == 3 and gc.get_debug() == 0
    gc.callbacks.append(note)
    churn(1600)
    gc.collect(2)
    gc.callbacks.remove(note)
    try:
        gc.collect(7)
    except ValueError:
        churn(300)
    if depth < 2:
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            if depth == 1:
                gc.disable()
            play(depth + 1)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        gc.enable()
        churn(1000)


gc.collect()
play(0)
print(gc.collect() >= 0, gc.garbage)
