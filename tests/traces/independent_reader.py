#!/usr/bin/env python3
"""Reads a trace by FORMAT.md alone and prints its events: a second implementation, to show that the
document is complete. Slow and simple; zstd and xxhash by ctypes. Usage: independent_reader.py TRACE"""
import ctypes
import struct
import sys

zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
xxhash = ctypes.CDLL("libxxhash.so.0")
xxhash.XXH3_64bits.restype = ctypes.c_uint64
xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]

# Section 2: code: name and kinds. n new, o object, v value, s shape, r root, # number.
EVENTS = dict(enumerate("""prebuilt ns#|alloc nsr#|store o#v|copy o#o##|load o#r|read o##|write o##|resize o#|root rv|
death o|track o|untrack o|recycle o|gccontrol ####|collect #|freeze |unfreeze |weakref oo|finalized o|resurrect or|
thread #|fork #|exit #|request #|phase #|time ##|collected ###""".replace("\n", "").split("|"), 1))
FLAGS = {2: ["uncounted", "notrigger"], 24: ["begin", "end"]}
MASK = 0xFFFFFFFF


def hashed(data):
    return xxhash.XXH3_64bits(data, len(data))


def unzigzag(code):
    return (code >> 1) ^ (-(code & 1) & MASK)


def read_column(raw, at, count):
    """Predictor and stored values of one column; where the next one begins."""
    predictor, codes, values = raw[at], raw[at + 1:], []
    data = at + 1 + (count + 3) // 4
    for i in range(count):
        length = (0, 1, 2, 4)[codes[i // 4] >> (i % 4 * 2) & 3]
        values.append(int.from_bytes(raw[data:data + length], "little"))
        data += length
    return predictor, iter(values), data


class Registers:
    """Section 6, Prediction."""

    def __init__(self):
        self.base = [0] * 12
        self.home, self.held = {}, {}
        self.dead, self.cleared, self.filled = [], [], []

    def note(self, kind, value):
        base = self.base
        if kind == "n":
            base[2], base[3], base[4] = value, value + 1, value
        elif kind == "o":
            base[4] = value
        elif kind == "v" and value != 0:
            base[5], base[8] = value, self.home.get(value % 4096, 0)
        elif kind == "r":
            base[6], base[9] = value, self.held.get(value % 1024, 0)

    def end(self, name, operands):
        if name == "alloc":
            self.held[operands[2] % 1024] = operands[0]
            self.home[operands[0] % 4096] = operands[2]
            if self.dead:
                self.dead.pop()
            self.base[7] = self.dead[-1] if self.dead else self.base[3]
            if self.cleared:
                self.cleared.pop()
            self.base[10] = self.cleared[-1] if self.cleared else operands[2] + 2 & MASK
            self.filled.append(operands[2])
            self.base[11] = operands[2]
        elif name == "root":
            self.held[operands[0] % 1024] = operands[1]
            if operands[1] != 0:
                self.home[operands[1] % 4096] = operands[0]
                self.filled.append(operands[0])
                self.base[11] = operands[0]
            else:
                self.cleared.append(operands[0])
                self.base[10] = operands[0]
                while self.filled and self.held.get(self.filled[-1] % 1024, 0) == 0:
                    self.filled.pop()
                self.base[11] = self.filled[-1] if self.filled else 0
        elif name == "death":
            self.dead.append(operands[0])
            self.base[7] = operands[0]


def read_block(raw, events):
    """Yields (code, flags, operands)."""
    codes = raw[:events]
    columns, previous, at = {}, {}, events
    for code in sorted(EVENTS):
        count = sum(1 for byte in codes if byte % 32 == code)
        for j in range(len(EVENTS[code].split(" ")[1]) if count else 0):
            predictor, values, at = read_column(raw, at, count)
            columns[code, j] = predictor, values
    assert at == len(raw)
    registers = Registers()
    for byte in codes:
        code, flags = byte % 32, byte // 32
        name, kinds = EVENTS[code].split(" ")
        operands = []
        for j, kind in enumerate(kinds):
            predictor, values = columns[code, j]
            value = next(values)
            if predictor == 1:
                value = (previous.get((code, j), 0) + unzigzag(value)) & MASK
            elif predictor > 1:
                value = (registers.base[predictor] + unzigzag(value)) & MASK
            previous[code, j] = value
            registers.note(kind, value)
            operands.append(value)
        registers.end(name, operands)
        yield code, flags, operands


def spell(code, flags, operands):
    name, kinds = EVENTS[code].split(" ")
    words = [name]
    if name == "time":
        words.append(str(operands[0] | operands[1] << 32))
    else:
        for kind, value in zip(kinds, operands):
            if kind in "nov":
                words.append(f"o{value}" if value else "null")
            elif kind == "r":
                words.append(f"{'tg'[value % 2]}{value // 2}")
            else:
                words.append(str(value))
    words += [word for bit, word in enumerate(FLAGS.get(code, [])) if flags >> bit & 1]
    return " ".join(words)


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89GCT\r\n\x1a\n" and struct.unpack_from("<HHI", data, 8) == (1, 64, 0)
    assert hashed(data[:56]) == struct.unpack_from("<Q", data, 56)[0]
    magic, index, sections, footer_hash = struct.unpack("<8sQQQ", data[-32:])
    assert magic == b"GCTINDEX" and footer_hash == hashed(data[-32:-8])
    at, seen, lanes = 64, 0, {}
    while at < index:
        magic, kind, coding, zero, lane, events, first, raw_bytes, stored, content_hash, header_hash = struct.unpack_from(
            "<4sBBHIIQIIQQ", data, at)
        assert magic == b"GCTS" and zero == 0 and header_hash == hashed(data[at:at + 40])
        content = data[at + 48:at + 48 + stored]
        assert content_hash == hashed(content)
        entry = index + 48 + 48 * seen
        assert data[entry:entry + 48] == struct.pack("<Q", at) + data[at + 4:at + 40] + bytes(4)
        if kind == 4:
            assert coding == 1 and first == lanes.get(lane, 0)
            raw = ctypes.create_string_buffer(raw_bytes)
            assert zstd.ZSTD_decompress(raw, raw_bytes, content, stored) == raw_bytes
            print("lane", lane)
            for event in read_block(raw.raw, events):
                print(spell(*event))
            lanes[lane] = first + events
        at += 48 + stored
        seen += 1
    assert seen == sections and at == index


main()
