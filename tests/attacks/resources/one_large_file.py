"""Writes a file of up to 500 MB, and makes one that claims a terabyte. Right if either works."""

import os

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0

written = 0
try:
    with open("large", "wb", buffering=0) as file:
        for _ in range(50):
            written += file.write(bytes(10 << 20))
except OSError:
    pass
try:
    os.truncate("large", 1 << 40)
    written = 1 << 40
except OSError:
    pass
os.unlink("large")
if written < 150 << 20:
    raise OSError(f"{written} bytes")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
