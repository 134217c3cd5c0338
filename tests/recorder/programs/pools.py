# multiprocessing with fork: Pool, Queue, Pipe, Manager, shared memory, a process that raises, a pool
# that is terminated; concurrent.futures.
import concurrent.futures
import multiprocessing
import sys


def work(n):
    kept = []
    for i in range(n):
        items = [i]
        items.append(items)
        kept = [items, {"i": i}]
    return len(kept)


def feed(queue, pipe, shared):
    work(1500)
    queue.put([["x"], {"a": 1}])
    pipe.send(list(range(100)))
    shared["child"] = [1, 2]


def fail():
    sys.stderr = None
    raise ValueError([work(1000)])


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with context.Pool(2, maxtasksperchild=2) as pool:
        total = sum(pool.imap_unordered(work, [700, 900, 1100, 1300, 1500]))
    here, there = context.Pipe()
    queue = context.Queue()
    with context.Manager() as manager:
        shared = manager.dict()
        process = context.Process(target=feed, args=(queue, there, shared))
        process.start()
        total += len(queue.get()) + len(here.recv())
        process.join()
        total += len(shared["child"])
    process = context.Process(target=fail)
    process.start()
    process.join()
    total += process.exitcode
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        total += sum(executor.map(work, [500, 600]))
    print(total)
