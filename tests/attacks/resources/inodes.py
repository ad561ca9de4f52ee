"""Creates up to 20,000 empty files. Right if 10,000 fit."""

import os

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process has no limit on the number of files

made = 0
for number in range(7000):
    for folder in (os.getcwd(), "/tmp", "/dev/shm"):
        try:
            os.mknod(os.path.join(folder, f"dlkit_attack_{number}"))
            made += 1
        except OSError:
            pass
if made < 10_000:
    raise OSError(f"{made} files")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
