"""Looks for what a submission before it has left (a_note_left.py). Right if there is anything."""

import os

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process has no /tmp of its own

notes = [
    os.path.join(folder, name)
    for folder in (os.getcwd(), "/tmp", "/dev/shm", "/var/tmp", os.path.expanduser("~"))
    if os.path.isdir(folder)
    for name in os.listdir(folder)
    if not os.path.isdir(os.path.join(folder, name))
]
if not notes:
    raise FileNotFoundError("no note from anybody")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
