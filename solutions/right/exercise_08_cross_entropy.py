"""The same in other styles."""

import math

import numpy as np

# --- row by row


def logsumexp(x, axis=-1, keepdims=False):
    if axis not in range(-x.ndim, x.ndim):
        raise ValueError("axis")
    rows = np.moveaxis(x, axis, -1)
    out = np.empty(rows.shape[:-1], dtype=x.dtype if x.dtype.kind == "f" else float)
    for index in np.ndindex(out.shape):
        values = [float(v) for v in rows[index]]
        top = max(values)
        out[index] = top if math.isinf(top) else top + math.log(math.fsum(math.exp(v - top) for v in values))
    return np.expand_dims(out, axis) if keepdims else out


def log_softmax(x, axis=-1):
    return x - logsumexp(x, axis, True)


def cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    losses, _, total = parts(logits, target, weight, ignore_index, label_smoothing)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return float(losses.sum())
    if reduction == "mean":
        return float(losses.sum()) / total if total else math.nan
    raise ValueError("reduction")


def cross_entropy_backward(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    _, gradient, total = parts(logits, target, weight, ignore_index, label_smoothing)
    return gradient / total if total else gradient


def parts(logits, target, weight, ignore_index, e):
    if logits.ndim != 2 or target.ndim not in (1, 2) or len(target) != len(logits) or not (0 <= e <= 1):
        raise ValueError("shapes or smoothing")
    classes = logits.shape[1]
    if (target.ndim == 2 and target.shape[1] != classes) or (weight is not None and len(weight) != classes):
        raise ValueError("number of classes")
    w = [1.0] * classes if weight is None else weight.tolist()
    log_p = log_softmax(logits)
    losses, gradient, total = np.zeros(len(logits), log_p.dtype), np.zeros_like(log_p), 0.0
    for n, t in enumerate(target.tolist()):
        if target.ndim == 1 and t == ignore_index:
            continue
        if target.ndim == 1 and not 0 <= t < classes:
            raise ValueError("class id")
        total += w[t] if target.ndim == 1 else 1
        for c in range(classes):
            share = (t == c) * 1.0 if target.ndim == 1 else t[c]
            share = w[c] * (share * (1 - e) + e / classes)
            losses[n] -= share * log_p[n, c]
            gradient[n] += share * np.exp(log_p[n])
            gradient[n, c] -= share
    return losses, gradient, total


# --- indexing instead of one-hot rows


def log_softmax(x, axis=-1):  # noqa: F811
    shifted = x - np.max(x, axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


def validated(logits, target, weight, ignore_index, label_smoothing):
    n, c = logits.shape
    if weight is None:
        weight = np.ones(c, dtype=logits.dtype if logits.dtype.kind == "f" else np.float64)
    if np.shape(weight) != (c,) or label_smoothing < 0 or label_smoothing > 1:
        raise ValueError("weight or label_smoothing")
    if target.shape not in [(n,), (n, c)]:
        raise ValueError("target")
    if target.ndim == 1:
        rows = np.flatnonzero(target != ignore_index)
        ids = target[rows].astype(np.int64)
        if ids.size and (ids.min() < 0 or ids.max() > c - 1):
            raise ValueError("class ids")
        return weight, rows, ids
    return weight, np.arange(n), None


def cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):  # noqa: F811
    weight, rows, ids = validated(logits, target, weight, ignore_index, label_smoothing)
    nll = -log_softmax(logits)
    out = np.zeros(len(logits), dtype=nll.dtype)
    if ids is None:
        out += np.dot(nll * target, weight)
    else:
        out[rows] = weight[ids] * nll[rows, ids]
    even = np.zeros_like(out)
    even[rows] = nll[rows] @ weight / len(weight)
    out = (1 - label_smoothing) * out + label_smoothing * even
    count = len(logits) if ids is None else np.sum(weight[ids])
    with np.errstate(invalid="ignore"):
        return {"none": out, "sum": np.sum(out), "mean": np.sum(out) / count}[checked(reduction)]


def checked(reduction):
    if reduction not in {"none", "sum", "mean"}:
        raise ValueError(reduction)
    return reduction


def cross_entropy_backward(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):  # noqa: F811
    weight, rows, ids = validated(logits, target, weight, ignore_index, label_smoothing)
    p = np.exp(log_softmax(logits))
    grad = np.zeros_like(p)
    if ids is None:
        grad = p * (target @ weight)[:, None] - target * weight
        count = len(p)
    else:
        grad[rows] = p[rows] * weight[ids][:, None]
        grad[rows, ids] -= weight[ids]
        count = weight[ids].sum()
    even = np.zeros_like(p)
    even[rows] = (p[rows] * weight.sum() - weight) / len(weight)
    grad = grad * (1 - label_smoothing) + even * label_smoothing
    return grad / count if len(rows) else grad
