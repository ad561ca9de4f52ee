"""Starts up to 300 sleeping threads. Right if 250 of them could be started."""

import threading
import time

import numpy as np

STATUS = {"invalid", "crashed"}
MAX_SCORE = 0.0
CALL_SECONDS = 8.0  # it ends by itself, but takes longer on a busy machine

threading.stack_size(64 << 10)
started = 0
try:
    for _ in range(300):
        threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
        started += 1
except (RuntimeError, MemoryError):
    pass
time.sleep(0.3)  # room for a limit that is watched rather than enforced
if started < 250:
    raise BlockingIOError(started)


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
