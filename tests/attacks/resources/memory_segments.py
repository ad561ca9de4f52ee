"""Keeps 900 MB in System V segments that it fills and lets go: no process seems to use them. Right if it gets them."""

import ctypes
import time

import numpy as np

STATUS = {"invalid", "out_of_memory"}
MAX_SCORE = 0.0
CALL_SECONDS = 8.0  # it ends by itself, but takes longer on a busy machine
NEEDS = "bwrap"  # without an ipc namespace the segments would stay in the machine: not to be tried

libc, size = ctypes.CDLL(None, use_errno=True), 30 << 20
libc.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
libc.shmat.argtypes, libc.shmat.restype = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int], ctypes.c_void_p
libc.shmdt.argtypes = [ctypes.c_void_p]
held = 0
for _ in range(30):
    segment = libc.shmget(0, size, 0o1600)
    address = libc.shmat(segment, None, 0) if segment >= 0 else None
    if address in (None, ctypes.c_void_p(-1).value):
        break
    ctypes.memset(address, 1, size)
    libc.shmdt(address)
    held += size
time.sleep(0.2)  # room for a limit that is watched rather than enforced
if held < 800 << 20:
    raise MemoryError


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
