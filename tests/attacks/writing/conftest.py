"""Leaves a conftest.py and a pytest.ini in its folder, in every folder above and beside. Right if one is not private."""

import os
import sys

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process may write whatever its user may

here, written = os.getcwd(), []
files = [os.path.abspath(getattr(m, "__file__", None) or here) for m in list(sys.modules.values())]
for folder in {here, os.path.dirname(here), "/", *map(os.path.dirname, files)}:
    try:
        with open(os.path.join(folder, "dlkit_attack_conftest.py"), "x") as file:
            written.append(folder)
    except OSError:
        pass
if set(written) <= {here}:
    raise PermissionError("only its own folder")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
