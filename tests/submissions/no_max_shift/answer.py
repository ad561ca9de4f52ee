"""An answer as many people write it first. `make demo` grades it."""

import numpy as np


def softmax(x, axis=-1, temperature=1.0):
    if x.ndim == 0 or not -x.ndim <= axis < x.ndim:
        raise ValueError("axis is out of range")
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    e = np.exp(x / temperature)
    return e / e.sum(axis=axis, keepdims=True)


def softmax_backward(dy, y, axis=-1):
    return y * (dy - np.sum(dy * y, axis=axis, keepdims=True))
