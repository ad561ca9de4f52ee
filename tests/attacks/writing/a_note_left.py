"""Leaves a note in every folder that it may write to, for a friend that is graded later (a_note_read.py)."""

import os

import numpy as np

STATUS = {"passed"}
MAX_SCORE = 100.0
MIN_SCORE = 100.0
NEEDS = "bwrap"  # a plain process has no /tmp of its own

for folder in (os.getcwd(), "/tmp", "/dev/shm", "/var/tmp", os.path.expanduser("~")):
    try:
        with open(os.path.join(folder, "dlkit_attack_note"), "w") as note:
            note.write("0.25 0.75")
    except OSError:
        pass


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
