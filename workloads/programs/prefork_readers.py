"""A pre-fork server whose workers only read: what reference counts do to shared pages.

The parent builds a table of records and forks workers one after another. Each worker reads a part of
the table and builds nothing: every page that it unshares, it unshares by counting references. It
prints how many pages of its private memory it wrote while it read, as the kernel says
(Private_Dirty of /proc/self/smaps_rollup; nobody else writes meanwhile).

usage: prefork_readers.py [RECORDS [SHARE [WORKERS]]]    (60000 records, 0.25 of them, 2 workers)
"""

import gc
import os
import sys


class Record:
    def __init__(self, number):
        self.number = 1000 + number
        self.name = f"record-{number}"
        self.tags = [f"tag-{number % 1000}-{number}", 1.5 * number]


def private_pages(buffer):
    descriptor = os.open("/proc/self/smaps_rollup", os.O_RDONLY)
    text = os.read(descriptor, buffer)
    os.close(descriptor)
    at = text.index(b"Private_Dirty:") + len(b"Private_Dirty:")
    return int(text[at : text.index(b"kB", at)]) // 4


def read(table, first, last):
    total = 0
    for i in range(first, last):
        record = table[i]
        total += record.number + len(record.name) + len(record.tags[0])
    return total


def work(table, number, share):
    first = len(table) * number // 4 % len(table)
    last = min(len(table), first + int(len(table) * share))
    read(table, first, first + 1)  # the interpreter's own first-time writes
    private_pages(4096)
    before = private_pages(4096)
    read(table, first, last)
    after = private_pages(4096)
    print(f"worker {number} read {last - first} records: {after - before} pages", flush=True)


def main():
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 60000
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 0.25
    workers = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    table = [Record(i) for i in range(records)]
    gc.collect()
    for number in range(workers):
        child = os.fork()
        if child == 0:
            work(table, number, share)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
