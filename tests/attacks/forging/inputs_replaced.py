"""Says that its inputs have become zeros, and returns what is right for zeros: the test must not believe it."""

import sys

import numpy as np

STATUS = {"failed"}
MAX_SCORE = 18.0  # what a uniform answer earns: sums along the axis, shapes, unchanged inputs

worker = next(m for name, m in sys.modules.items() if name.endswith(".worker") and hasattr(m, "Worker"))


def changed(self, inputs, snapshots):
    arrays = [(key, value) for key, value in inputs.items() if isinstance(value, np.ndarray)]
    return [(key, np.zeros_like(value)) for key, value in arrays[:1]]


worker.Worker._changed = changed


def softmax(x, axis=-1, temperature=1.0):
    return np.full(x.shape, 1.0 / x.shape[axis])


def softmax_backward(dy, y, axis=-1):
    return np.zeros_like(y)
