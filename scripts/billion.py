#!/usr/bin/env python3
"""See scripts/billion.sh, which calls this."""
import argparse
import json
import os
import pty
import re
import sys
import tempfile
import time

# What makes a trace of so many events, and events for each unit of its option.
GENERATORS = {"gcbench": ("repeat", 55_400_000, []), "steady": ("steps", 13, []), "request-server": ("requests", 430, [])}
BAR = re.compile(rb"(\d+)%  ([0-9.]+ M events/s)  \d+:\d\d left")
SLACK = 64 << 20


class Failure(Exception):
    pass


def on_terminal(command, look=lambda now, text: None):
    """Runs a command with a terminal as standard error, shows look() what it writes there, and returns its standard
    output, the seconds it took, and the peak resident bytes of it and what it started."""
    out_read, out_write = os.pipe()
    begin = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        os.dup2(out_write, 1)
        os.execv(command[0], command)
    os.close(out_write)
    said = b""
    while True:
        try:
            text = os.read(terminal, 65536)
        except OSError:  # the terminal is gone with its last writer
            break
        if not text:
            break
        look(time.monotonic() - begin, text)
        said = (said + text)[-4096:]
    with os.fdopen(out_read) as pipe:
        output = pipe.read()
    status, usage = os.wait4(child, 0)[1:]
    os.close(terminal)
    if status != 0:
        raise Failure(f"{' '.join(command)}: {said.decode(errors='replace').strip() or 'failed'}")
    return output, time.monotonic() - begin, usage.ru_maxrss << 10


class Tenths:
    """When the progress bar got to each tenth."""

    def __init__(self):
        self.at = {0: 0.0}
        self.bars = 0
        self.shown = ""

    def look(self, now, text):
        for match in BAR.finditer(text):
            self.bars += 1
            self.shown = match.group(0).decode()
            self.at.setdefault(int(match.group(1)) // 10, now)

    def rates(self, events, end):
        self.at.setdefault(10, end)
        return [events / 10 / (self.at[i + 1] - self.at[i]) / 1e6 if i in self.at and i + 1 in self.at and
                self.at[i + 1] > self.at[i] else None for i in range(10)]


def mib(size):
    return f"{size / (1 << 20):.1f} MiB"


def generate(args, name, path):
    """Makes the trace, or takes the one of an earlier call; returns how many objects live at once."""
    option, per_unit, more = GENERATORS[name]
    words = ["generate", name, "--set", f"{option}={-(-args.events // per_unit)}", *more, "-o", path]
    facts = path + ".facts"
    if os.path.exists(path) and os.path.exists(facts):
        with open(facts, encoding="utf-8") as file:
            known = json.load(file)
        if known["words"] == words:
            print(f"{name}: {known['events']} events, made before; at most {known['live']} live objects", flush=True)
            return known["live"]
    output, seconds, _ = on_terminal([args.program, *words])
    events = int(re.search(r": (\d+) events", output).group(1))
    live = int(re.search(r"peak live in the first process: (\d+) objects", output).group(1))
    print(f"{name}: {events} events in {seconds:.0f} s, {events / seconds / 1e6:.1f} M/s; "
          f"{os.path.getsize(path) / events:.3f} bytes an event, {mib(os.path.getsize(path))}; "
          f"at most {live} live objects", flush=True)
    if args.keep:
        with open(facts, "w", encoding="utf-8") as file:
            json.dump({"words": words, "events": events, "live": live}, file)
    return live


def replay(args, name, path, live):
    tenths = Tenths()
    document = path + ".json"
    words = [args.program, "run", path, "-c", args.design, "--decode", args.decode, "--json", document]
    _, seconds, peak = on_terminal(words, tenths.look)
    with open(document, encoding="utf-8") as file:
        result = json.load(file)
    os.unlink(document)
    heap, resident = result["memory"]["footprint_peak_bytes"], result["memory"]["rss_peak_bytes"]
    bound = heap + 16 * live + SLACK
    rates = tenths.rates(result["events"], seconds)
    known = [rate for rate in rates if rate is not None]
    print(f"  {args.design}: {seconds:.0f} s, {result['events'] / seconds / 1e6:.1f} M/s; on the replay clock "
          f"{result['time']['events_per_second'] / 1e6:.1f} M/s without deaths")
    print(f"  resident while replaying {mib(resident)}, bound {mib(bound)} (heap {mib(heap)} + 16 x {live} + 64 MiB): "
          f"{'within' if resident <= bound else 'BEYOND'}; with the result as a document {mib(peak)}")
    print("  M events/s by tenth: " + " ".join("-" if rate is None else f"{rate:.1f}" for rate in rates) +
          (f"; last over first {rates[9] / rates[0]:.2f}" if rates[0] and rates[9] else "") +
          (f", slowest over fastest {min(known) / max(known):.2f}" if known else ""))
    print(f"  progress bar: {tenths.bars} times, last '{tenths.shown}'", flush=True)
    return resident <= bound


def main():
    parser = argparse.ArgumentParser(usage="scripts/billion.sh [--events N] [--design NAME] [--decode WHERE] "
                                           "[--build DIR] [--keep DIR] [NAME...]")
    parser.add_argument("--events", type=int, default=1_000_000_000)
    parser.add_argument("--design", default="generational")
    parser.add_argument("--decode", choices=("inline", "ahead"), default="inline")
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--keep", metavar="DIR")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    args.program = os.path.abspath(os.path.join(args.build, "bin", "gcreplay"))
    names = args.names or ["gcbench", "steady"]
    for name in names:
        if name not in GENERATORS:
            parser.error(f"no trace is made by '{name}': {' '.join(GENERATORS)}")
    if args.events < 1:
        parser.error("--events must be at least 1")
    if not os.access(args.program, os.X_OK):
        parser.error(f"no {args.program}: build first (scripts/build.sh)")
    within = True
    with tempfile.TemporaryDirectory(prefix="billion.") as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        for name in names:
            path = os.path.join(folder, f"{name}.gct")
            live = generate(args, name, path)
            within = replay(args, name, path, live) and within
            if not args.keep:
                os.unlink(path)
    return 0 if within else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"billion: {failure}", file=sys.stderr)
        sys.exit(2)
