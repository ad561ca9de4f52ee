import numpy as np


def standardised(x: np.ndarray, axes: tuple[int, ...], eps: float) -> tuple[np.ndarray, np.ndarray]:
    """xhat, and the root that it was divided by."""
    std = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    return (x - x.mean(axis=axes, keepdims=True)) / std, std


def layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    if not x.shape[-gamma.ndim :] == gamma.shape == beta.shape:
        raise ValueError("gamma, beta: one shape, the end of x's shape, is needed")
    xhat, _ = standardised(x, tuple(range(-gamma.ndim, 0)), eps)
    return gamma * xhat + beta


def layer_norm_backward(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    xhat, std = standardised(x, (-1,), eps)  # (..., D), (..., 1)
    dxhat = dy * gamma
    along = (dxhat * xhat).mean(axis=-1, keepdims=True)  # (..., 1)
    dx = (dxhat - dxhat.mean(axis=-1, keepdims=True) - xhat * along) / std
    rows = tuple(range(x.ndim - 1))
    return dx, (dy * xhat).sum(axis=rows), dy.sum(axis=rows)


def instance_norm(x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    return standardised(x, (2, 3), eps)[0]


def group_norm(x: np.ndarray, num_groups: int, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    n, c, h, w = x.shape
    if num_groups < 1:
        raise ValueError("num_groups: at least 1 is needed")
    if not gamma.shape == beta.shape == (c,):
        raise ValueError(f"gamma, beta: one entry for each of {c} channels is needed")
    grouped = x.reshape(n, num_groups, c // num_groups, h, w)  # ValueError unless num_groups divides c
    xhat, _ = standardised(grouped, (2, 3, 4), eps)
    return gamma[:, None, None] * xhat.reshape(x.shape) + beta[:, None, None]


def normalized_axes(kind: str) -> tuple[int, ...]:
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "group": (2, 3, 4)}
    if kind not in axes:
        raise ValueError(f"kind: unknown {kind!r}")
    return axes[kind]
