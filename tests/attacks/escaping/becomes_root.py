"""Asks to be another user, with every call there is for it. Right if it becomes one."""

import os

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process is its user, who may be root

before = os.getresuid() + os.getresgid()
for change in (
    lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.seteuid(0), lambda: os.setresuid(0, 0, 0),
    lambda: os.setresgid(0, 0, 0), lambda: os.setgroups([0]), lambda: os.setuid(1), lambda: os.setuid(65534),
):  # fmt: skip
    try:
        change()
    except OSError:
        pass
if os.getresuid() + os.getresgid() == before and 0 not in before and 0 not in os.getgroups():
    raise PermissionError("refused")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
