"""Returns structured arrays with a field of objects inside a field."""

import numpy as np

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only


def softmax(x, axis=-1, temperature=1.0):
    return np.zeros(x.shape, [("a", "<f8"), ("b", [("c", object), ("d", "<f8", (2, 2))])])


def softmax_backward(dy, y, axis=-1):
    return np.zeros(y.shape, [("a", "<f8"), ("b", "<U3"), ("c", "?")])
