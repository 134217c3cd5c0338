# Runs a command under a seccomp filter that refuses userfaultfd, as a container's may.
#   python3 without_userfaultfd.py COMMAND...
import ctypes
import os
import platform
import struct
import sys

NUMBERS = {"x86_64": 323, "aarch64": 282}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # | errno

number = NUMBERS.get(platform.machine())
if number is None:
    sys.exit(77)
rows = [
    (LOAD_WORD, 0, 0, 0),  # the system call's number
    (JUMP_IF_EQUAL, 0, 1, number),
    (RETURN, 0, 0, REFUSE | 1),  # EPERM
    (RETURN, 0, 0, ALLOW),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


libc = ctypes.CDLL(None, use_errno=True)
program = Program(len(rows), ctypes.addressof(code))
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
    sys.exit(77)
if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
    sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])
