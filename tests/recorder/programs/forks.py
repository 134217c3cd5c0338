# Every way in which a process can begin and end: fork, nested fork, os._exit, SIGKILL, exec, daemons,
# multiprocessing, children that are no recorded Python.
import gc
import multiprocessing
import os
import signal
import subprocess
import sys


def churn(n):
    for i in range(n):
        items = [i]
        items.append(items)


def task(n):
    churn(n)
    return os.getpid()


def fork(body):
    pid = os.fork()
    if pid == 0:
        body()
        os._exit(5)
    return pid


def nested():
    churn(2000)
    os.waitpid(fork(lambda: churn(1500)), 0)


def killed():
    churn(1800)
    os.kill(os.getpid(), signal.SIGKILL)


def daemon():
    os.setsid()
    fork(lambda: churn(3000))


if __name__ == "__main__":
    churn(3000)
    for body in (nested, killed, lambda: os.execv("/bin/true", ["true"]), daemon, gc.collect):
        os.waitpid(fork(body), 0)
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    subprocess.run(["/bin/true"], check=True)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(task, [1000, 2000, 3000])
    churn(2000)
    sys.exit(3)
