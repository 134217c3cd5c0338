"""Marks of every kind, for test_marks.sh: threads, tasks, forks, phases. Prints what must be recorded."""

import asyncio
import json
import os
import threading
import time

import gcreplay_marks as marks


class Node:
    pass


@marks.request
def work(n=40):
    """Some garbage, cyclic and not."""
    for i in range(n):
        node = Node()
        node.self = node
        node.text = json.dumps({"a": [i] * 5})


@marks.request
async def task():
    await asyncio.sleep(0.001)
    json.loads('{"b": [1, 2]}')


async def tasks():
    await asyncio.gather(*(task() for _ in range(20)))


def main():
    assert marks.recording()
    marks.phase("warm-up")
    for _ in range(50):
        work()
    with marks.phase("naïve threads"):
        threads = [threading.Thread(target=lambda: [work() for _ in range(10)]) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    asyncio.run(tasks())
    with marks.request():
        time.sleep(0.25)  # nothing is allocated: only the times know
    open_at_fork = marks.begin()
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            marks.phase("child\n" + "é" * 100)  # no control characters, cut at a whole character
            for _ in range(5):
                work()
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    marks.end(open_at_fork)
    marks.begin()  # never ends
    for wrong in ("x", -1, None):
        try:
            marks.end(wrong)
            raise SystemExit("accepted")
        except (TypeError, OverflowError):
            pass
    marks.end(2**40)  # no number that begin() gives: no event
    marks.end(0)
    names = ["warm-up", "naïve threads", "warm-up"]
    # begun, ended: 50 + 30 + 20 + 1 + 1 + 1 here, 5 in each child
    print(json.dumps({"begun": [103, 5, 5], "ended": [102, 5, 5], "phases": names}))


if __name__ == "__main__":
    main()
