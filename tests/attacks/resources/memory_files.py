"""Keeps 900 MB in memory files (memfd_create) that it never maps: no process seems to use them. Right if it gets them."""

import os
import time

import numpy as np

STATUS = {"invalid", "out_of_memory"}
MAX_SCORE = 0.0
CALL_SECONDS = 8.0  # it ends by itself, but takes longer on a busy machine

held, piece = 0, bytes(30 << 20)
try:
    for _ in range(30):
        held += os.write(os.memfd_create("held"), piece)
except (OSError, MemoryError):
    pass
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
