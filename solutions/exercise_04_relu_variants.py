import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    return x.clip(min=0.0)


def leaky_relu(x: np.ndarray, negative_slope: float = 0.01) -> np.ndarray:
    return x.clip(min=0.0) + negative_slope * x.clip(max=0)  # max(0, x) + slope * min(0, x)


def _per_channel(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """alpha, shaped to broadcast along axis 1 of x."""
    if alpha.size not in (1, x.shape[1]):
        raise ValueError("alpha needs one element, or one per channel")
    return np.expand_dims(alpha, tuple(range(1, x.ndim - 1)))  # (C,) -> (C, 1, ...)


def prelu(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return x.clip(min=0.0) + _per_channel(x, alpha) * x.clip(max=0)  # (N, C, ...)


def prelu_backward(dy: np.ndarray, x: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    dx = np.where(x > 0, dy, _per_channel(x, alpha) * dy)
    dalpha = (dy * x.clip(max=0)).sum(axis=(0, *range(2, x.ndim)))  # (N, C, ...) -> (C,)
    return dx, dalpha if dalpha.size == alpha.size else dalpha.sum(keepdims=True)


def rrelu(
    x: np.ndarray,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    if lower > upper:
        raise ValueError("lower must not exceed upper")
    if training and rng is None:
        raise ValueError("training needs an rng")
    x = 1.0 * x  # integers become float64
    slopes = np.where(x > 0, 1.0, rng.uniform(lower, upper, x.shape) if training else (lower + upper) / 2)
    return (slopes * x).astype(x.dtype), slopes
