import numpy as np


def softplus(z: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(-np.abs(z))) + z.clip(min=0)  # log(1 + exp(z)) = -log(1 - s(z))


def sigmoid(z: np.ndarray) -> np.ndarray:
    return np.exp(-softplus(-z))


def checked(logits: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits and target as floats of one dtype."""
    if target.shape != logits.shape:
        raise ValueError(f"target: shape {logits.shape} is needed, not {target.shape}")
    if not ((target >= 0) & (target <= 1)).all():
        raise ValueError("target: values from 0 to 1 are needed")
    z = logits * 1.0  # integers become float64
    return z, target.astype(z.dtype)


def positive(pos_weight: float | np.ndarray | None) -> float | np.ndarray:
    q = 1 if pos_weight is None else pos_weight
    if not np.all(q > 0):
        raise ValueError("pos_weight: must be positive")
    return q


def bce_with_logits(
    logits: np.ndarray,
    target: np.ndarray,
    pos_weight: float | np.ndarray | None = None,
    reduction: str = "mean",
) -> np.ndarray | float:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction: unknown {reduction!r}")
    (z, t), q = checked(logits, target), positive(pos_weight)
    losses = q * t * softplus(-z) + (1 - t) * softplus(z)
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def bce_with_logits_backward(
    logits: np.ndarray, target: np.ndarray, pos_weight: float | np.ndarray | None = None
) -> np.ndarray:
    (z, t), q = checked(logits, target), positive(pos_weight)
    return ((1 - t) * sigmoid(z) - q * t * sigmoid(-z)) / z.size


def output_gradients(logits: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    z, t = checked(logits, target)
    s = sigmoid(z)
    return s - t, (s - t) * s * (1 - s)
