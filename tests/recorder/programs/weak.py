# Weak references with callbacks, threads, classes that die, ordered dicts, deques, sets, caches.
import collections
import functools
import threading
import weakref


class Thing:
    pass


@functools.lru_cache(maxsize=100)
def cached(n):
    return [n]


def work(count):
    known = weakref.WeakValueDictionary()
    for i in range(count):
        thing = Thing()
        thing.me = thing
        known[i] = thing
        cached(i % 150)


threads = [threading.Thread(target=work, args=(2000,)) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
ordered = collections.OrderedDict()
queue = collections.deque(maxlen=50)
for i in range(5000):
    ordered[i] = [i]
    if len(ordered) > 100:
        ordered.popitem(last=False)
    queue.append({i})
classes = [type("C%d" % i, (Thing,), {"f": lambda self: self}) for i in range(300)]
del classes
sets = [{(i, j) for j in range(10)} for i in range(500)]
for i in range(3000):
    [[]]
