"""Reports who and where it is: numbers, rights, environment, folders, descriptors, interfaces, limits."""

import ctypes
import fcntl
import json
import os
import resource
import socket
import struct
import sys

STATUS = {"invalid"}
MAX_SCORE = 0.0

libc = ctypes.CDLL(None, use_errno=True)


def prctl(option, value=0):
    return libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0)


def capabilities():
    data = ctypes.create_string_buffer(24)
    libc.capget(ctypes.c_char_p(struct.pack("=Ii", 0x20080522, 0)), data)
    return list(struct.unpack("=6I", data.raw))


def interfaces():
    """if_nameindex speaks to the kernel by a kind of socket that is refused; this asks number by number."""
    names = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for index in range(1, 200):
            try:
                answer = fcntl.ioctl(sock, 0x8910, struct.pack("16si20x", b"", index))  # SIOCGIFNAME
                names.append(answer[:16].rstrip(b"\0").decode())
            except OSError:
                pass
    return names


def open_descriptors():
    found = []
    for descriptor in range(70_000):
        try:
            os.fstat(descriptor)
            found.append(descriptor)
        except OSError:
            pass
    return found


def reachable():
    """Process numbers, but one's own, that a signal could be sent to."""
    found = []
    for pid in range(1, 40_000):
        try:
            os.kill(pid, 0)
            found.append(pid)
        except ProcessLookupError:
            pass
        except PermissionError:
            found.append(pid)
    return [pid for pid in found if pid != os.getpid()]


home = os.path.expanduser("~")
report = {
    "pid": os.getpid(), "parent": os.getppid(), "session": os.getsid(0), "reachable": len(reachable()),
    "users": [*os.getresuid(), *os.getresgid()], "groups": os.getgroups(), "host": socket.gethostname(),
    "capabilities": capabilities(), "bounding": [c for c in range(64) if prctl(23, c) == 1],
    "no_new_privileges": prctl(39), "seccomp": prctl(21),
    "environment": dict(os.environ), "arguments": sys.argv, "flags": [sys.flags.isolated, sys.flags.no_site],
    "folder": os.getcwd(), "holds": os.listdir("."), "home": home, "home_holds": os.listdir(home) if os.path.isdir(home) else None,
    "proc": len(os.listdir("/proc")) if os.path.isdir("/proc") else 0, "sys": os.path.exists("/sys"),
    "descriptors": open_descriptors(), "interfaces": interfaces(),
    "limits": {n: resource.getrlimit(getattr(resource, f"RLIMIT_{n}")) for n in ("NPROC", "NOFILE", "CORE", "FSIZE", "DATA")},
}  # fmt: skip
print("PROBE", json.dumps(report))
