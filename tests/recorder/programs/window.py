# Something of everything that a restated heap must hold: lists, dicts with and without values,
# tuples that stay tracked and that do not, cycles, weak references, old and young objects, a full
# collection, forks. Told to (WINDOW_GATE), it waits until it is recorded, and then until it is not.
import gc
import os
import sys
import weakref


class Node:
    def __init__(self, number, left):
        self.number = number
        self.left = left
        self.me = self


def churn(count):
    for i in range(count):
        node = Node(i, None)
        if i % 3 == 0:
            node.me = None
            kept.append(node)
        kept.append({"a": i, "b": [i, (i, str(i))]} if i % 5 == 0 else {})
        if i % 7 == 0:
            kept.append((i, (i + 1, kept[-1])))
            watched.append(weakref.ref(kept[-2] if isinstance(kept[-2], Node) else node))
        if i % 2 == 0:
            kept.pop(len(kept) // 2)


def wait_until(recorded):
    import _gcreplay

    print("recorded" if recorded else "left alone", "from here on", flush=True)
    while _gcreplay.recording() is not recorded:
        churn(1)


kept, watched = [], []
churn(1500)
gc.collect()
gc.collect(1)
churn(500)
if "WINDOW_GATE" in os.environ:
    wait_until(True)
    churn(1000)
    wait_until(False)
    churn(1000)
    sys.exit(0)
for process in range(2):
    pid = os.fork()
    if pid == 0:
        churn(900)
        os._exit(0)
    os.waitpid(pid, 0)
gc.freeze()
churn(800)
gc.unfreeze()
churn(600)
