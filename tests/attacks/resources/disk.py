"""Writes up to 500 MB into its own folders, 30 MB in each file. Right if 150 MB fit."""

import os

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process has a limit on each file, none on all of them

written, piece = 0, bytes(30 << 20)
for number in range(18):
    for folder in (os.getcwd(), "/tmp", "/dev/shm"):
        if written < 500 << 20:
            try:
                with open(os.path.join(folder, f"dlkit_attack_{number}"), "wb", buffering=0) as file:
                    written += file.write(piece)
            except OSError:
                pass
if written < 150 << 20:
    raise OSError(f"{written} bytes")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
