"""Returns numbers of every other kind: half, long double, complex, dates, text, bytes, big-endian, void."""

import itertools

import numpy as np

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only

kinds = itertools.cycle(["<f2", "<f16", "<c8", "<c32", "<M8[ns]", "<m8[D]", "<U8", "S8", "V8", "?", "<u8"])


def softmax(x, axis=-1, temperature=1.0):
    return np.zeros((*x.shape, 1)).astype(next(kinds))


def softmax_backward(dy, y, axis=-1):
    return np.zeros((*y.shape, 1)).astype(next(kinds))
