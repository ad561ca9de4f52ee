"""The same in another style: one slice at a time, with plain Python sums."""

import math

import numpy as np


def softmax(x, axis=-1, temperature=1.0):
    x = np.array(x, dtype=x.dtype if np.asarray(x).dtype.kind == "f" else np.float64)
    if x.ndim == 0 or axis not in range(-x.ndim, x.ndim):
        raise ValueError("axis")
    if temperature <= 0:
        raise ValueError("temperature")
    rows = np.moveaxis(x, axis, -1).copy()
    for index in np.ndindex(rows.shape[:-1]):
        row = [float(v) for v in rows[index]]
        top = max(row, default=0.0)
        if top == -math.inf:
            rows[index] = math.nan
            continue
        weights = [math.exp((v - top) / temperature) for v in row]
        rows[index] = [w / math.fsum(weights) for w in weights]
    return np.moveaxis(rows, -1, axis)


def softmax_backward(dy, y, axis=-1):
    inner = np.expand_dims(np.einsum("...i,...i->...", np.moveaxis(dy, axis, -1), np.moveaxis(y, axis, -1)), axis)
    return dy * y - y * inner
