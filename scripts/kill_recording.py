"""What scripts/kill_recording.sh does; see there."""

import argparse
import collections
import glob
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

gcreplay = os.environ["GCREPLAY"]
python = os.environ["GCREPLAY_PYTHON"]
# Ends long after any run does; only a hang is cut short by it.
PATIENCE = 240


def processes_of_session(session):
    """(pid, name) of the session's processes that have not ended."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="ascii", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
        if int(rest[3]) == session and rest[0] not in "ZX":
            found.append((int(path.split("/")[2]), name))
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Recording:
    """One recording in a session of its own. The program's output and status go to files, because it
    may outlive the recorder."""

    def __init__(self, folder, mode, program):
        self.folder = folder
        os.makedirs(folder)
        script = 'echo x >"$0/started"; "$@" >"$0/output" 2>"$0/errors"; echo $? >"$0/status"'
        command = [gcreplay, "record", "--mode", mode, "-o", self.path("t.gct"), "--", "/bin/sh", "-c", script]
        with open(self.path("record"), "wb") as log:
            self.recorder = subprocess.Popen(
                command + [folder, python] + program,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        try:
            with open(self.path(name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def others(self):
        return [p for p in processes_of_session(self.recorder.pid) if p[0] != self.recorder.pid]

    def wait(self):
        """Until all processes have ended; False: they do not."""
        self.recorder.wait(PATIENCE)
        end = time.monotonic() + PATIENCE
        while self.others():
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def kill_all(self):
        for pid, _ in processes_of_session(self.recorder.pid):
            kill(pid)


def kill_program(recording, chance):
    """The Pythons one after the other; which first is chance."""
    while recording.recorder.poll() is None:
        pythons = [pid for pid, name in recording.others() if name.startswith("python")]
        if pythons:
            kill(chance.choice(pythons))
            time.sleep(chance.random() * 0.05)
        elif recording.others():
            time.sleep(0.002)
        else:
            break


def faults_of_trace(path):
    faults = []
    for command in (["check"], ["run", "-c", "linked-list", "--verify"], ["run", "-c", "semispace", "--verify"]):
        result = subprocess.run(
            [gcreplay, command[0], path] + command[1:], capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
        if result.returncode != 0:
            text = (result.stderr or result.stdout).decode(errors="replace").strip()
            faults.append(f"{' '.join(command)}: exit code {result.returncode}: {text[-300:]}")
    return faults


def shown(name, text):
    """What must be the same in each run: of the output the last line, up to a colon."""
    if name != "output" or not text:
        return text
    return text.splitlines()[-1].split(b":")[0]


def faults_of(recording, victim, expected):
    """Faults of one killed recording, and what it left."""
    if not recording.wait():
        recording.kill_all()
        return ["the program hangs"], "hang"
    faults = []
    if victim == "recorder" and recording.read("started") is not None:
        for name, value in expected.items():
            if shown(name, recording.read(name)) != shown(name, value):
                faults.append(f"the program's {name} is {recording.read(name)!r:.300}, not {value!r:.300}")
    whole, partial = recording.path("t.gct"), recording.path("t.gct.partial")
    if os.path.exists(whole):
        return faults + faults_of_trace(whole), "finished"
    if os.path.exists(partial) and os.path.getsize(partial) > 0:
        return faults + faults_of_trace(partial), "partial"
    if victim == "program":  # none of its processes had been recorded: no trace, and it says so
        if b"started no CPython" not in recording.read("record"):
            faults.append(f"no trace: {recording.read('record')!r:.300}")
    return faults, "not begun"


def measure(folder, mode, program):
    """An undisturbed recording: how long it takes, what the program prints."""
    start = time.monotonic()
    recording = Recording(folder, mode, program)
    if not recording.wait():
        recording.kill_all()
        sys.exit(f"kill_recording: {program[0]} does not end by itself")
    seconds = time.monotonic() - start
    faults = faults_of_trace(recording.path("t.gct"))
    if recording.recorder.returncode != 0 or faults:
        sys.exit(f"kill_recording: undisturbed: {recording.read('record').decode()} {faults}")
    return seconds, {"output": recording.read("output"), "status": recording.read("status")}


def main():
    root = sys.argv.pop(1)
    parser = argparse.ArgumentParser(prog="kill_recording.sh")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--keep")
    parser.add_argument("count", type=int)
    parser.add_argument("program", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    programs = [arguments.program] if arguments.program else [
        [f"{root}/workloads/programs/prefork_index.py", "6", "2", "20"],
        [f"{root}/tests/recorder/programs/threads.py", "300"],
    ]
    chance = random.Random(arguments.seed)
    print(f"seed {arguments.seed}")
    work = arguments.keep or tempfile.mkdtemp()
    plans = {}
    tally, failed = collections.Counter(), 0
    try:
        for i in range(arguments.count):
            mode = ("neutral", "faithful")[i // 4 % 2]
            victim = ("program", "recorder")[i % 2]
            program = programs[i // 2 % len(programs)]
            key = (mode, program[0])
            if key not in plans:
                plans[key] = measure(f"{work}/whole{len(plans)}", mode, program)
            seconds, expected = plans[key]
            recording = Recording(f"{work}/{i}", mode, program)
            time.sleep(chance.random() * seconds * 1.02)
            if victim == "program":
                kill_program(recording, chance)
            else:
                kill(recording.recorder.pid)
            faults, left = faults_of(recording, victim, expected)
            tally[victim, left] += 1
            for fault in faults:
                print(f"FAIL: {i}: {victim} of {os.path.basename(program[0])}, {mode}, {left}: {fault}")
            failed += bool(faults)
            if not faults:
                shutil.rmtree(recording.folder)
    finally:
        if not failed and not arguments.keep:
            shutil.rmtree(work)
    for (victim, left), n in sorted(tally.items()):
        print(f"{victim} killed, trace {left}: {n}")
    print(f"{arguments.count - failed} of {arguments.count} without fault")
    if failed:
        print(f"kept: {work}")
    sys.exit(failed != 0)


main()
