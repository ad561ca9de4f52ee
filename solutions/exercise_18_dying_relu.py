import numpy as np


def dead_unit_mask(z: np.ndarray) -> np.ndarray:
    if z.ndim != 2:
        raise ValueError("z must have shape (N, H)")
    return (z <= 0).all(axis=0)


def _pre_activations(W: np.ndarray, b: np.ndarray, X: np.ndarray) -> np.ndarray:
    if b.shape != (len(W),):
        raise ValueError("b must have one entry per row of W")
    return X @ W.T + b  # (N, H); numpy's matmul raises ValueError where D differs


def dead_fraction(W: np.ndarray, b: np.ndarray, X: np.ndarray) -> float:
    return float(dead_unit_mask(_pre_activations(W, b, X)).mean())


def saturated_fraction(z: np.ndarray, activation: str, tol: float = 1e-3) -> np.ndarray:
    if z.ndim != 2 or tol < 0:
        raise ValueError("z must have shape (N, H), tol must not be negative")
    if activation == "relu":
        flat = z <= 0
    elif activation == "sigmoid":
        flat = (1 - np.tanh(z / 2) ** 2) / 4 < tol  # sigmoid(z) = (1 + tanh(z / 2)) / 2
    elif activation == "tanh":
        flat = 1 - np.tanh(z) ** 2 < tol
    else:
        raise ValueError("activation must be 'sigmoid', 'tanh' or 'relu'")
    return flat.mean(axis=0)


def sgd_step_one_layer(
    W: np.ndarray,
    b: np.ndarray,
    v: np.ndarray,
    X: np.ndarray,
    y: np.ndarray,
    lr: float,
    negative_slope: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    z = _pre_activations(W, b, X)  # (N, H)
    if v.shape != b.shape or y.shape != (len(X),):
        raise ValueError("v must have one entry per unit, y one per sample")
    positive = z > 0
    a = np.where(positive, z, negative_slope * z)
    dout = 2 * (a @ v - y) / len(y)  # (N,)
    da = np.outer(dout, v)  # (N, H)
    dz = np.where(positive, da, negative_slope * da)
    return W - lr * dz.T @ X, b - lr * dz.sum(axis=0)
