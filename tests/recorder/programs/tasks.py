# Coroutines, tasks, cancellation, asynchronous generators, context variables, subprocesses awaited,
# generators that throw and delegate, exceptions with frames in cycles, deep recursion.
import asyncio
import contextlib
import contextvars
import sys

request = contextvars.ContextVar("request")


class Lost(Exception):
    pass


async def numbers(n):
    try:
        for i in range(n):
            yield [i]
            if i % 7 == 0:
                await asyncio.sleep(0)
    finally:
        request.get(None)


async def handle(n):
    request.set({"number": n, "path": ["a"] * (n % 9)})
    total = 0
    async for (i,) in numbers(n % 40):
        total += i
        if total > 300:
            break
    if n % 11 == 0:
        raise Lost([n])
    return total


async def forever(events):
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            events.append({})
            await asyncio.sleep(0)


async def run():
    events = []
    idle = asyncio.create_task(forever(events))
    lock, queue = asyncio.Lock(), asyncio.Queue(5)

    async def produce():
        for i in range(100):
            await queue.put((i, [i]))
        await queue.put(None)

    async def consume():
        count = 0
        while await queue.get() is not None:
            async with lock:
                count += 1
        return count

    results = await asyncio.gather(*(handle(n) for n in range(150)), return_exceptions=True)
    _, count = await asyncio.gather(produce(), consume())
    shell = await asyncio.create_subprocess_exec("/bin/echo", "x", stdout=asyncio.subprocess.PIPE)
    out, _ = await shell.communicate()
    idle.cancel()
    await idle
    return sum(r for r in results if isinstance(r, int)), count, out


def delegate(depth):
    if depth == 0:
        try:
            yield []
        except Lost as lost:
            lost.me = lost
            yield lost
    else:
        yield from delegate(depth - 1)


def fall(n):
    kept = [n]
    return fall(n + 1) + len(kept)


for i in range(300):
    generator = delegate(i % 20)
    next(generator)
    if i % 2:
        generator.throw(Lost())
    if i % 60 == 0:
        try:
            fall(0)
        except RecursionError as error:
            error.also = [error]
total, count, out = asyncio.run(run())
print(total, count, out, sys.getrecursionlimit() > 0)
