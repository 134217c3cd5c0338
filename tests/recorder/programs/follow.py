# Every way to another Python: subprocess, a shell in between, both of multiprocessing's methods that
# execute, fork and exec, exec. Each prints the number of its process and of its parent's.
import multiprocessing
import os
import subprocess
import sys

TELL = "import os; x = [[i] for i in range(500)]; print('{}', os.getpid(), os.getppid(), flush=True)"


def tell(name):
    kept = [[i] for i in range(500)]
    print(name, os.getpid(), os.getppid(), len(kept), flush=True)


if __name__ == "__main__":
    python = sys.executable
    tell("first")
    subprocess.run([python, "-c", TELL.format("subprocess")], close_fds=True, check=True)
    subprocess.run(f'{python} -c "{TELL.format("shell")}"; true', shell=True, check=True)
    for method in ("spawn", "forkserver"):
        process = multiprocessing.get_context(method).Process(target=tell, args=(method,))
        process.start()
        process.join()
    pid = os.fork()
    if pid == 0:
        os.execv(python, [python, "-c", TELL.format("forked")])
    os.waitpid(pid, 0)
    subprocess.run([python, "-c", TELL.format("bare")], env={}, check=True)
    sys.stdout.flush()
    os.execvp(python, [python, "-c", TELL.format("last") + "; raise SystemExit(4)"])
