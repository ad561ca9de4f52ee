"""Reads and writes the memory of the process that started it, through /proc. Right if it can."""

import os

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # the kernel may let a plain process look into another one of the same user

parent = os.getppid()
with open(f"/proc/{parent}/mem", "r+b", buffering=0) as memory, open(f"/proc/{parent}/maps") as maps:
    memory.seek(int(maps.readline().split("-")[0], 16))
    memory.read(1)


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
