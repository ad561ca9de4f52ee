"""The same in other styles."""

import math

import numpy as np

# --- element by element


def validated(logits, target, pos_weight):
    if logits.shape != target.shape:
        raise ValueError("target")
    columns = logits.shape[-1]
    weights = [1.0] * columns if pos_weight is None else np.broadcast_to(pos_weight, columns).tolist()
    if min(weights) <= 0 or any(not 0 <= t <= 1 for t in target.ravel().tolist()):
        raise ValueError("pos_weight or target")
    pairs = zip(logits.ravel().tolist(), target.ravel().tolist(), strict=True)
    return [(z, float(t), weights[i % columns]) for i, (z, t) in enumerate(pairs)]


def shaped(values, logits):
    dtype = logits.dtype if logits.dtype.kind == "f" else np.float64
    return np.array(values, dtype=dtype).reshape(logits.shape)


def logistic(z):
    if z < 0:
        return math.exp(z) / (1 + math.exp(z))
    return 1 / (1 + math.exp(-z))


def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):
    losses = []
    for z, t, q in validated(logits, target, pos_weight):
        tail = math.log1p(math.exp(-abs(z))) + max(-z, 0.0)
        losses.append((1 - t) * z + (1 + (q - 1) * t) * tail)
    if reduction == "none":
        return shaped(losses, logits)
    if reduction in ("mean", "sum"):
        return math.fsum(losses) / (len(losses) if reduction == "mean" else 1)
    raise ValueError("reduction")


def bce_with_logits_backward(logits, target, pos_weight=None):
    values = validated(logits, target, pos_weight)
    return shaped([(logistic(z) * (1 - t) - q * t * logistic(-z)) / len(values) for z, t, q in values], logits)


def output_gradients(logits, target):
    values = validated(logits, target, None)
    first = [logistic(z) - t for z, t, _ in values]
    second = [(logistic(z) - t) * logistic(z) * logistic(-z) for z, t, _ in values]
    return shaped(first, logits), shaped(second, logits)


# --- one softplus, the gradient by the quotient


def log_sigmoid(z):
    return np.minimum(z, 0) - np.log1p(np.exp(-np.absolute(z)))


def as_floats(logits, target, pos_weight=1.0):
    if np.shape(logits) != np.shape(target):
        raise ValueError("shapes")
    if target.min() < 0 or target.max() > 1:
        raise ValueError("target")
    dtype = np.float32 if logits.dtype == np.float32 else np.float64
    weight = np.ones((), dtype) if pos_weight is None else np.asarray(pos_weight, dtype)
    if (weight <= 0).any() or weight.shape not in [(), logits.shape[-1:]]:
        raise ValueError("pos_weight")
    return np.asarray(logits, dtype), np.asarray(target, dtype), weight


def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):  # noqa: F811
    z, t, q = as_floats(logits, target, pos_weight)
    losses = -(q * t * log_sigmoid(z) + (1 - t) * log_sigmoid(-z))
    try:
        return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](losses)
    except KeyError:
        raise ValueError("reduction") from None


def bce_with_logits_backward(logits, target, pos_weight=None):  # noqa: F811
    z, t, q = as_floats(logits, target, pos_weight)
    s = np.tanh(z / 2) / 2 + np.float32(0.5)
    return (s * (1 + (q - 1) * t) - q * t) / s.size


def output_gradients(logits, target):  # noqa: F811
    z, t, _ = as_floats(logits, target)
    small = np.exp(-np.abs(z))
    s = np.where(z >= 0, 1, small) / (1 + small)
    return [s - t, (s - t) * small / (1 + small) ** 2]
