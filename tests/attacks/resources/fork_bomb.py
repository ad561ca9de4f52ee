"""Forks up to 3000 sleeping processes. Right if 500 of them could be started."""

import os
import time

import numpy as np

STATUS = {"invalid", "crashed"}
MAX_SCORE = 0.0
CALL_SECONDS = 8.0  # it ends by itself, but takes longer on a busy machine

started = 0
try:
    for _ in range(3000):
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
        started += 1
except OSError:
    pass
time.sleep(0.3)  # room for a limit that is watched rather than enforced
if started < 500:
    raise BlockingIOError(started)


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
