"""Looks for other processes: in /proc, and by sending signal 0 to every number. Right if it sees one."""

import os

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process sees its neighbours

own = {os.getpid()}
seen = [name for name in os.listdir("/proc") if name.isdigit()]
for pid in set(range(1, 5000)) - own:
    try:
        os.kill(pid, 0)
        seen.append(pid)
    except ProcessLookupError:
        pass
if not seen:
    raise LookupError("alone")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
