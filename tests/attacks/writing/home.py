"""Leaves start-up files in the home folder: shell, Python, IPython, Jupyter, pytest. Right if it could.

The candidate's own HOME is an empty folder that ends with it; the home of the user is what counts.
"""

import os
import pwd

import numpy as np

STATUS = {"invalid"}
MAX_SCORE = 0.0
NEEDS = "bwrap"  # a plain process may write whatever its user may

homes = {"/root", *(os.path.join("/home", n) for n in (os.listdir("/home") if os.path.isdir("/home") else []))}
try:
    homes |= {entry.pw_dir for entry in pwd.getpwall() if entry.pw_dir.startswith(("/home/", "/root", "/Users/"))}
except OSError:
    pass
written = []
for home in homes:
    for name in (
        ".dlkit_attack", ".ipython/profile_default/startup/dlkit_attack.py", ".jupyter/dlkit_attack.py",
        ".config/dlkit_attack", ".pytest.dlkit_attack",
    ):  # fmt: skip
        path = os.path.join(home, name)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "x"):
                written.append(path)
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
