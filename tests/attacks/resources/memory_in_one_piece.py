"""Takes memory in pieces of 64 MiB, up to 2 GiB. Right if it gets 1 GiB."""

import time

import numpy as np

STATUS = {"invalid", "out_of_memory"}
MAX_SCORE = 0.0
CALL_SECONDS = 8.0  # it ends by itself, but takes longer on a busy machine

held = []
try:
    for _ in range(32):
        held.append(np.ones(8 << 20))
except MemoryError:
    pass
time.sleep(0.2)  # room for a limit that is watched rather than enforced
if len(held) < 16:
    held.clear()
    raise MemoryError


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
