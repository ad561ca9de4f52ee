"""Takes shared anonymous memory, which no limit of a process counts, up to 1.2 GB. Right if it gets it."""

import mmap
import time

import numpy as np

STATUS = {"invalid", "out_of_memory"}
MAX_SCORE = 0.0

held = []
try:
    for _ in range(40):
        held.append(mmap.mmap(-1, 30 << 20))
        held[-1].write(bytes(30 << 20))
except (OSError, MemoryError):
    pass
time.sleep(0.3)  # room for a limit that is watched rather than enforced
if len(held) < 40:
    held.clear()
    raise MemoryError


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
