# How processes end, each in a fork: abort, segmentation fault, an unhandled signal, a handled one, sys.exit
# in a thread and beside threads, os._exit inside a finalizer, recursion, too little memory, a closed
# standard output. Prints how each ended, and ends by SIGTERM itself.
import ctypes
import gc
import os
import resource
import signal
import sys
import threading
import time


def churn(n):
    for i in range(n):
        items = [i]
        items.append(items)


def abort():
    os.abort()


def fault():
    ctypes.string_at(0)


def alarmed():
    gc.disable()  # else it may end inside a collection, which CPython has not counted then
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    while True:
        churn(10)


def handled():
    caught = []
    signal.signal(signal.SIGALRM, lambda number, frame: caught.append([number, frame]))
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    while len(caught) < 5:
        churn(100)
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.exit(6)


def leave_thread():
    thread = threading.Thread(target=lambda: (churn(500), sys.exit(9)))
    thread.start()
    thread.join()


def beside_threads():
    threading.Thread(target=lambda: [churn(50) for _ in iter(int, 1)], daemon=True).start()
    churn(1000)
    sys.exit(4)


class Last:
    def __del__(self):
        churn(300)
        os._exit(8)


def in_finalizer():
    last = [Last()]
    churn(100)
    last.clear()


def recursion():
    def fall(kept):
        fall([kept])

    try:
        fall([])
    except RecursionError as error:
        kept = error
    churn(1000)
    sys.exit(kept is None)


def memory():
    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (16 << 20),) * 2)
    kept = []
    try:
        while True:
            kept.append(bytearray(1 << 20))
    except MemoryError:
        kept.clear()
    churn(1000)
    sys.exit(5)


def closed():
    os.close(1)
    os.close(2)
    churn(1000)
    print("lost")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    churn(2000)
    for body in (abort, fault, alarmed, handled, leave_thread, beside_threads, in_finalizer, recursion, memory):
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            churn(900)
            body()
            sys.exit(0)
        print(body.__name__, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    pid = os.fork()
    if pid == 0:
        closed()
        sys.exit(0)
    print("closed", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)
