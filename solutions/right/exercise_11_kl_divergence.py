"""The same in another style: slice by slice in plain Python; then cross-entropies and masks."""

import math

import numpy as np


# --- plain Python
def _slices(axis, *arrays):
    """The rows of all arrays, in float64, and what puts results back into shape and dtype."""
    if len({a.shape for a in arrays}) != 1:
        raise ValueError("shape")
    moved = [np.moveaxis(a, axis, -1) for a in arrays]
    dtype = arrays[0].dtype if arrays[0].dtype.kind == "f" else np.dtype(float)
    rows = list(zip(*(m.reshape(-1, m.shape[-1]).tolist() for m in moved), strict=True))
    for row in (r for together in rows for r in together):
        if min(row) < 0 or not math.isclose(math.fsum(row), 1.0, rel_tol=0.0, abs_tol=1e-6):
            raise ValueError("not a distribution")
    return rows, lambda values: np.array(values, dtype=dtype).reshape(moved[0].shape[:-1])


def _kl(p, q):
    if any(a > 0 and b == 0 for a, b in zip(p, q, strict=True)):
        return math.inf
    return math.fsum(a * (math.log(a) - math.log(b)) for a, b in zip(p, q, strict=True) if a > 0)


def entropy(p, axis=-1):
    rows, shaped = _slices(axis, p)
    return shaped([-math.fsum(a * math.log(a) for a in row if a) for (row,) in rows])


def kl_divergence(p, q, axis=-1):
    rows, shaped = _slices(axis, p, q)
    return shaped([_kl(a, b) for a, b in rows])


def js_divergence(p, q, axis=-1):
    rows, shaped = _slices(axis, p, q)
    middles = [[(x + y) / 2 for x, y in zip(a, b, strict=True)] for a, b in rows]
    return shaped([0.5 * _kl(a, m) + 0.5 * _kl(b, m) for (a, b), m in zip(rows, middles, strict=True)])


def kl_from_logits(p_logits, q_logits):
    if p_logits.shape != q_logits.shape:
        raise ValueError("shape")
    total = 0.0
    for p_row, q_row in zip(p_logits.tolist(), q_logits.tolist(), strict=True):
        logs = []
        for row in (p_row, q_row):
            log_sum = max(row) + math.log(sum(math.exp(v - max(row)) for v in row))
            logs.append([v - log_sum for v in row])
        total += sum(math.exp(a) * (a - b) for a, b in zip(*logs, strict=True))
    return total / len(p_logits)


def kl_gaussian(mu1, logvar1, mu2, logvar2):
    if not mu1.shape == logvar1.shape == mu2.shape == logvar2.shape:
        raise ValueError("shape")
    ratio = np.exp(logvar1 - logvar2)
    return np.sum(ratio - 1 - np.log(ratio) + np.square(mu1 - mu2) * np.exp(-logvar2), axis=-1) / 2


# --- cross-entropies and masks
def _log(p):
    return np.log(np.where(p == 0, 1, p))  # 0 where p is 0


def _checked(p, axis):
    if np.min(p, initial=0) < 0 or np.max(np.abs(p.sum(axis) - 1), initial=0) > 1e-6:
        raise ValueError("not a distribution")
    return p


def entropy(p, axis=-1):  # noqa: F811
    return -np.sum(_checked(p, axis) * _log(p), axis)


def kl_divergence(p, q, axis=-1):  # noqa: F811
    if np.shape(p) != np.shape(q):
        raise ValueError("shape")
    cross = -np.sum(_checked(p, axis) * _log(_checked(q, axis)), axis)
    impossible = np.any((q == 0) & (p != 0), axis)
    return np.where(impossible, np.inf, cross - entropy(p, axis))


def js_divergence(p, q, axis=-1):  # noqa: F811
    if np.shape(p) != np.shape(q):
        raise ValueError("shape")
    return entropy(0.5 * p + 0.5 * q, axis) - 0.5 * entropy(p, axis) - 0.5 * entropy(q, axis)
