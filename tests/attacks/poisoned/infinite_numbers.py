"""Returns infinities, the largest and the smallest floats, and integers beyond every float."""

import itertools

import numpy as np

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only

values = itertools.cycle(
    [np.inf, -np.inf, np.finfo(float).max, 10**5000, -(10**5000), 10**400, 16**4999, np.float32("inf"), complex("nan")]
)


def softmax(x, axis=-1, temperature=1.0):
    return next(values)


def softmax_backward(dy, y, axis=-1):
    return [next(values), next(values)]
