"""Takes 200 MB in each of six children: no process alone is over the limit. Right if all of them live."""

import os
import time

import numpy as np

STATUS = {"invalid", "out_of_memory"}
MAX_SCORE = 0.0

children = []
for _ in range(6):
    child = os.fork()
    if child == 0:
        try:
            block = np.ones(25_000_000)
            time.sleep(3)
        finally:
            os._exit(0)
    children.append(child)
time.sleep(1.2)
if any(os.waitpid(child, os.WNOHANG)[0] for child in children):
    raise MemoryError


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
