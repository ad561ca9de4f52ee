"""Takes shared anonymous memory, which no limit of a process counts, up to 900 MB. Right if it gets it."""

import mmap
import time

import numpy as np

STATUS = {"invalid", "out_of_memory"}
MAX_SCORE = 0.0
CALL_SECONDS = 8.0  # it ends by itself, but takes longer on a busy machine

held, piece = [], bytes(30 << 20)
try:
    for _ in range(30):
        held.append(mmap.mmap(-1, len(piece)))
        held[-1].write(piece)
except (OSError, MemoryError):
    pass
time.sleep(0.2)  # room for a limit that is watched rather than enforced
if len(held) < 30:
    held.clear()
    raise MemoryError


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
