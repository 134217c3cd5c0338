# Threads that share a queue, a lock and thread-local data, one ended by sys.exit, one by an
# exception, an executor, daemons; prints a sum that does not depend on their order.
#   threads.py [ROUNDS]
import concurrent.futures
import queue
import sys
import threading

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
jobs, results = queue.Queue(50), []
lock, local = threading.Lock(), threading.local()


class Job:
    def __init__(self, number):
        self.number = number
        self.parts = [[number, i] for i in range(20)]
        self.me = self


def work():
    local.seen = []
    while (job := jobs.get()) is not None:
        local.seen.append(job)
        with lock:
            results.append(sum(a + b for a, b in job.parts))
        if len(local.seen) > 10:
            local.seen.clear()


def leave():
    kept = [[i] for i in range(100)]
    sys.exit(len(kept))


def fail():
    frames = [[i] for i in range(100)]
    raise ValueError(frames)


threading.excepthook = lambda args: None
workers = [threading.Thread(target=work) for _ in range(4)]
others = [threading.Thread(target=leave), threading.Thread(target=fail)]
threading.Thread(target=threading.Event().wait, daemon=True).start()
for thread in workers + others:
    thread.start()
for number in range(rounds):
    jobs.put(Job(number))
for _ in workers:
    jobs.put(None)
with concurrent.futures.ThreadPoolExecutor(3) as pool:
    results.extend(pool.map(lambda n: len([[i] for i in range(n % 50)]), range(rounds)))
for thread in workers + others:
    thread.join()
print(sum(results))
