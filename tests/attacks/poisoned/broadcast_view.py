"""Returns 8 TB: one number, broadcast to a trillion."""

import numpy as np

STATUS = {"failed"}
MAX_SCORE = 0.0


def softmax(x, axis=-1, temperature=1.0):
    return np.broadcast_to(np.float64(0.25), (10**12,))


def softmax_backward(dy, y, axis=-1):
    return np.lib.stride_tricks.as_strided(np.zeros(1), (10**6, 10**6), (0, 0))
