"""The same in another style: plain loops; then one function per piece, with np.where."""

import math

import numpy as np


# --- plain loops
def _pairs(pred, target):
    if pred.shape != target.shape or pred.size == 0:
        raise ValueError("shape")
    return [(float(p), float(t)) for p, t in zip(pred.ravel(), target.ravel(), strict=True)]


def _result(values, pred, reduction):
    if reduction not in ("mean", "sum", "none"):
        raise ValueError("reduction")
    if reduction == "none":
        return np.array(values, dtype=pred.dtype if pred.dtype.kind == "f" else float).reshape(pred.shape)
    return math.fsum(values) / (len(values) if reduction == "mean" else 1)


def mse_loss(pred, target, reduction="mean"):
    return _result([(p - t) * (p - t) for p, t in _pairs(pred, target)], pred, reduction)


def mae_loss(pred, target, reduction="mean"):
    return _result([max(p - t, t - p) for p, t in _pairs(pred, target)], pred, reduction)


def huber_loss(pred, target, delta=1.0, reduction="mean"):
    if delta <= 0:
        raise ValueError("delta")
    sizes = [abs(p - t) for p, t in _pairs(pred, target)]
    return _result([a * a / 2 if a < delta else delta * a - delta * delta / 2 for a in sizes], pred, reduction)


def hinge_loss(score, y):
    pairs = _pairs(score, y)
    if not {label for _, label in pairs} <= {-1.0, 1.0}:
        raise ValueError("label")
    return sum(max(0.0, 1.0 - s * label) for s, label in pairs) / len(pairs)


def multiclass_hinge_loss(scores, target, margin=1.0):
    if scores.shape[0] == 0 or target.shape != scores.shape[:1]:
        raise ValueError("shape")
    total = 0.0
    for row, y in zip(scores.tolist(), target.tolist(), strict=True):
        if y not in range(len(row)):
            raise ValueError("class number")
        total += sum(max(0.0, margin - row[y] + s) for j, s in enumerate(row) if j != y) / len(row)
    return total / len(scores)


def rmse(pred, target):
    return math.sqrt(mse_loss(pred, target))


def r2_score(pred, target):
    pairs = _pairs(pred, target)
    middle = math.fsum(t for _, t in pairs) / len(pairs)
    residual = math.fsum((p - t) ** 2 for p, t in pairs)
    spread = math.fsum((t - middle) ** 2 for _, t in pairs)
    if spread == 0.0:
        return 1.0 if residual == 0.0 else 0.0
    return 1.0 - residual / spread


def loss_grad(name, pred, target, delta=1.0):
    slopes = {"mse": lambda e: 2 * e, "mae": lambda e: (e > 0) - (e < 0), "huber": lambda e: min(max(e, -delta), delta)}
    if name not in slopes or (name == "huber" and delta <= 0):
        raise ValueError("name or delta")
    pairs = _pairs(pred, target)
    return _result([slopes[name](p - t) / len(pairs) for p, t in pairs], pred, "none")


# --- np.where
def _checked(pred, target):
    if pred.shape != target.shape or 0 in pred.shape:
        raise ValueError("shape")
    if not np.issubdtype(pred.dtype, np.floating):
        return np.subtract(pred, target, dtype=np.float64)
    return pred - target


def huber_loss(pred, target, delta=1.0, reduction="mean"):  # noqa: F811
    if delta <= 0 or reduction not in ("none", "sum", "mean"):
        raise ValueError("delta or reduction")
    e = _checked(pred, target)
    loss = np.where(abs(e) <= delta, e**2 / 2, delta * (abs(e) - delta / 2))
    return loss if reduction == "none" else getattr(loss, reduction)(dtype=np.float64).item()


def loss_grad(name, pred, target, delta=1.0):  # noqa: F811
    e = _checked(pred, target)
    if name == "huber":
        if delta <= 0:
            raise ValueError("delta")
        return np.where(np.abs(e) <= delta, e, delta * np.sign(e)) / e.size
    if name not in ("mse", "mae"):
        raise ValueError("name")
    return (e + e if name == "mse" else np.sign(e)) / e.size


def multiclass_hinge_loss(scores, target, margin=1.0):  # noqa: F811
    N, C = scores.shape
    if target.shape != (N,) or not N or not set(target.tolist()) <= set(range(C)):
        raise ValueError("target")
    violation = np.maximum(0, scores - scores[np.arange(N), target, None] + margin)
    return float(violation.sum() - N * max(0, margin)) / (N * C)  # the right class adds its margin: taken off again
