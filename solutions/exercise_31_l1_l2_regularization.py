import numpy as np


def l2_penalty(weights: list[np.ndarray], lam: float) -> tuple[float, list[np.ndarray]]:
    if not weights or lam < 0:
        raise ValueError("weights must not be empty, lam not negative")
    return float(lam * sum((w**2).sum() for w in weights)), [2 * lam * w for w in weights]


def l1_penalty(weights: list[np.ndarray], lam: float) -> tuple[float, list[np.ndarray]]:
    if not weights or lam < 0:
        raise ValueError("weights must not be empty, lam not negative")
    return float(lam * sum(np.abs(w).sum() for w in weights)), [lam * np.sign(w) for w in weights]


def elastic_net_penalty(weights: list[np.ndarray], l1: float, l2: float) -> tuple[float, list[np.ndarray]]:
    value1, gradients1 = l1_penalty(weights, l1)
    value2, gradients2 = l2_penalty(weights, l2)
    return value1 + value2, list(map(np.add, gradients1, gradients2))


def soft_threshold(w: np.ndarray, t: float) -> np.ndarray:
    if t < 0:
        raise ValueError("t must not be negative")
    return np.sign(w) * np.maximum(np.abs(w) - t, 0)


def ridge_fit(X: np.ndarray, y: np.ndarray, lam: float) -> np.ndarray:
    if lam < 0:
        raise ValueError("lam must not be negative")
    n, d = X.shape
    return np.linalg.solve(X.T @ X / n + 2 * lam * np.eye(d, dtype=X.dtype), X.T @ y / n)


def lasso_fit(X: np.ndarray, y: np.ndarray, lam: float, steps: int = 2000) -> np.ndarray:
    n, d = X.shape
    L = np.linalg.eigvalsh(X.T @ X / n)[-1]  # the largest: they come sorted
    w = np.zeros(d, dtype=X.dtype)
    for _ in range(steps):
        g = X.T @ (X @ w - y) / n  # (D,)
        w = soft_threshold(w - g / L, lam / L)  # raises for lam < 0
    return w
