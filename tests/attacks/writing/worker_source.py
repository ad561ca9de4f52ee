"""Opens the worker's own source files for writing, for the benefit of the next submission. Right if it can."""

import os
import sys

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process may write whatever its user may

opened = []
for name, module in list(sys.modules.items()):
    path = getattr(module, "__file__", None)
    if path and name.startswith(("candidate", "numpy", "msgpack", "json")):
        for victim in (path, getattr(module, "__cached__", None) or path):
            try:
                os.close(os.open(victim, os.O_WRONLY | os.O_APPEND))
                opened.append(victim)
            except OSError:
                pass
if not opened:
    raise PermissionError("nothing could be opened")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
