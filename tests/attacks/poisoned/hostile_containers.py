"""Returns sets, dicts with keys of every kind, ranges, slices, types, dtypes, generators of random numbers."""

import itertools

import numpy as np

STATUS = {"failed"}
MAX_SCORE = 0.84  # the one case that looks at the inputs only

values = itertools.cycle(
    [
        {1, "a", None, (2, 3)}, frozenset(), {(1, 2): 3, None: 4, 1.5: {}}, range(0, 2**62), slice(None, 2**62),
        int, np.float64, np.dtype("f4"), ..., np.random.default_rng(0), np.random.RandomState(0), "0.25", b"\xff", "\ud800",
        {"\ud800": "\udfff"}, NotImplemented, print, type, softmax if "softmax" in globals() else None, memoryview(b"ab"),
    ]
)  # fmt: skip


def softmax(x, axis=-1, temperature=1.0):
    return next(values)


def softmax_backward(dy, y, axis=-1):
    return [next(values), next(values)]
