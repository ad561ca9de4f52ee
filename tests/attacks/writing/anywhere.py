"""Tries to create a file in every folder that it sees. Right if one takes it that is not private and empty."""

import os

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process may write whatever its user may

written = []
for folder, folders, _ in os.walk("/"):
    folders[:] = [f for f in folders if not os.path.islink(os.path.join(folder, f))]
    if folder.count("/") > 4:
        folders[:] = []
    name = os.path.join(folder, "dlkit_attack")
    try:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.unlink(name)
        written.append(folder)
    except OSError:
        pass
if {w for w in written if not w.startswith(("/sandbox", "/tmp", "/dev/shm"))} == set():
    raise PermissionError("only private folders")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
