import numpy as np


def logsumexp(x: np.ndarray, axis: int = -1, keepdims: bool = False) -> np.ndarray:
    m = x.max(axis=axis, keepdims=True)
    y = m + np.log(np.exp(x - m).sum(axis=axis, keepdims=True))
    y = np.where(np.isinf(m), m, y)  # a slice of -inf: y is -inf - -inf = nan
    return y if keepdims else y.squeeze(axis)


def log_softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return x - logsumexp(x, axis, keepdims=True)


def weighted_targets(
    log_p: np.ndarray, target: np.ndarray, weight: np.ndarray | None, ignore_index: int, label_smoothing: float
) -> tuple[np.ndarray, np.ndarray | int]:
    """q with loss_n = -sum over c of q[n, c] * log_p[n, c], and what the mean divides by."""
    n, classes = log_p.shape
    w = np.ones(classes, log_p.dtype) if weight is None else weight
    if w.shape != (classes,):
        raise ValueError(f"weight: one number for each of {classes} classes is needed")
    if not 0 <= label_smoothing <= 1:
        raise ValueError("label_smoothing: between 0 and 1")
    if target.shape == (n, classes):
        return w * ((1 - label_smoothing) * target + label_smoothing / classes), n
    if target.shape != (n,):
        raise ValueError(f"target: shape ({n},) or ({n}, {classes}) is needed, not {target.shape}")
    kept = target != ignore_index
    y = target[kept]
    if not ((y >= 0) & (y < classes)).all():
        raise ValueError(f"target: class ids >= 0 and < {classes} are needed")
    q = np.zeros_like(log_p)
    q[kept] = w * ((1 - label_smoothing) * np.eye(classes)[y] + label_smoothing / classes)
    return q, w[y].sum()


def cross_entropy(
    logits: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> np.ndarray | float:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction: unknown {reduction!r}")
    log_p = log_softmax(logits)  # (N, C)
    q, total = weighted_targets(log_p, target, weight, ignore_index, label_smoothing)
    losses = -(q * log_p).sum(axis=1)  # (N,)
    if reduction == "none":
        return losses
    return losses.sum() / total if reduction == "mean" else losses.sum()


def cross_entropy_backward(
    logits: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> np.ndarray:
    log_p = log_softmax(logits)
    q, total = weighted_targets(log_p, target, weight, ignore_index, label_smoothing)
    grad = q.sum(axis=1, keepdims=True) * np.exp(log_p) - q  # (N, C)
    return grad / total if total else grad  # total is 0 if every row is ignored
