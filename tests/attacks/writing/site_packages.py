"""Leaves start-up code in every folder of packages: a .pth file, sitecustomize, usercustomize. Right if it could."""

import os
import site
import sys
import sysconfig

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process may write whatever its user may

folders = {*sys.path, *site.getsitepackages(), *sysconfig.get_paths().values(), site.getusersitepackages()}
written = []
for folder in folders:
    for name in ("dlkit_attack.pth", "sitecustomize.py", "usercustomize.py"):
        try:
            with open(os.path.join(folder, name), "x") as file:
                file.write("# dlkit_attack\n")
                written.append(file.name)
        except OSError:
            pass
if not written:
    raise PermissionError("nothing could be written")


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
