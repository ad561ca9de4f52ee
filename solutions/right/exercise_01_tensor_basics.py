"""The same in other styles."""

import itertools
import math

import numpy as np


# --- two shapes at a time, padded with ones
def broadcast_shape(*shapes):
    result = ()
    for shape in shapes:
        a, b = list(result), list(shape)
        while len(a) < len(b):
            a.insert(0, 1)
        while len(b) < len(a):
            b.insert(0, 1)
        joined = []
        for k, (m, n) in enumerate(zip(a, b, strict=True)):
            if m == n or n == 1:
                joined.append(m)
            elif m == 1:
                joined.append(n)
            else:
                raise ValueError(f"shapes {result} and {shape} clash in axis {k - len(a)}")
        result = tuple(joined)
    return result


def row_major_strides(shape):
    return tuple(math.prod(max(n, 1) for n in shape[k + 1 :]) for k in range(len(shape)))


def flat_index(index, shape):
    if len(index) != len(shape):
        raise ValueError("index must have one entry per axis of shape")
    offset = np.int64(0)
    for i, n in zip(index, shape, strict=True):
        if i >= n or i < -n:
            raise ValueError(f"index {i} is out of range for size {n}")
        offset = offset * n + (i + n if i < 0 else i)  # Horner's scheme needs no strides
    return offset


def one_hot(labels, num_classes):
    if num_classes < 1:
        raise ValueError("num_classes")
    out = np.zeros((len(labels), num_classes))
    if len(labels) and (min(labels) < 0 or max(labels) >= num_classes):
        raise ValueError("labels")
    out[np.arange(len(labels)), labels] = 1.0
    return out


# --- zip_longest, accumulate, a dot product, Python lists
def broadcast_shape(*shapes):  # noqa: F811
    axes = itertools.zip_longest(*(reversed(s) for s in shapes), fillvalue=1)
    result = []
    for k, sizes in enumerate(axes, start=1):
        size = next((n for n in sizes if n != 1), 1)
        if any(n not in (1, size) for n in sizes):
            raise ValueError(f"cannot broadcast {shapes}: axis=-{k}")
        result.append(size)
    return tuple(result[::-1])


def row_major_strides(shape):  # noqa: F811
    if not shape:
        return ()
    sizes = [max(n, 1) for n in shape[:0:-1]]
    return tuple(itertools.accumulate([1, *sizes], lambda a, b: a * b))[::-1]


def flat_index(index, shape):  # noqa: F811
    sizes, places = np.array(shape, dtype=int), np.array(index, dtype=int)
    if sizes.shape != places.shape or ((places < -sizes) | (places >= sizes)).any():
        raise ValueError("index")
    return int(np.where(places < 0, places + sizes, places) @ np.array(row_major_strides(shape), dtype=int))


def one_hot(labels, num_classes):  # noqa: F811
    rows = []
    if num_classes <= 0 or any(not 0 <= c < num_classes for c in labels):
        raise ValueError("labels or num_classes")
    for c in labels:
        row = [0.0] * num_classes
        row[c] = 1.0
        rows.append(row)
    return np.array(rows, dtype=float).reshape(len(labels), num_classes)
