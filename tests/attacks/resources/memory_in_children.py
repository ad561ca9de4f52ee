"""Takes 150 MB in each of six children: no process alone is over the limit. Right if all of them get it and live."""

import os
import select
import time

import numpy as np

STATUS = {"invalid", "out_of_memory"}
MAX_SCORE = 0.0
CALL_SECONDS = 8.0  # it ends by itself, but takes longer on a busy machine

children, (heard, say) = [], os.pipe()
for _ in range(6):
    child = os.fork()
    if child == 0:
        try:
            block = np.ones(19_000_000)
            os.write(say, b"x")
            time.sleep(6)
        finally:
            os._exit(0)
    children.append(child)
full = b""
while len(full) < 6 and select.select([heard], [], [], 3.0)[0]:
    full += os.read(heard, 6)
time.sleep(0.2)  # room for a limit that is watched rather than enforced
if len(full) < 6 or any(os.waitpid(child, os.WNOHANG)[0] for child in children):
    raise MemoryError


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not temperature > 0:
        raise ValueError("no axis, or no temperature")
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - (dy * y).sum(axis=axis, keepdims=True))
