import numpy as np


def gradient_descent(
    X: np.ndarray, y: np.ndarray, lr: float, epochs: int, theta0: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    n, d = X.shape
    if theta0 is None:
        theta0 = np.zeros(d, X.dtype if X.dtype.kind == "f" else float)
    if y.shape != (n,) or theta0.shape != (d,):
        raise ValueError("X is (N, D), y is (N,), theta0 is (D,)")
    _positive(lr)
    theta = theta0.copy()  # (D,)
    losses = [_loss(X, y, theta)]
    for _ in range(epochs):
        theta = theta - lr * X.T @ (X @ theta - y) / n
        losses.append(_loss(X, y, theta))
    return theta, np.array(losses)


def gd_quadratic(A: np.ndarray, b: np.ndarray, x0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    _lambda_max(A)
    _positive(lr)
    if not b.shape == x0.shape == (len(A),):
        raise ValueError("A is (D, D), b and x0 are (D,)")
    path = [x0]
    for _ in range(steps):
        path.append(path[-1] - lr * (A @ path[-1] - b))
    return np.stack(path)  # (steps + 1, D)


def max_stable_lr(A: np.ndarray) -> float:
    return float(2 / _lambda_max(A))


def lr_regime(A: np.ndarray, lr: float) -> str:
    _positive(lr)
    r = lr * _lambda_max(A)
    if r >= 2:
        return "divergent"
    if r > 1:
        return "oscillating"
    return "fast" if r >= 0.1 else "slow"


def _loss(X: np.ndarray, y: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return ((X @ theta - y) ** 2).mean() / 2


def _positive(lr: float) -> None:
    if lr <= 0:
        raise ValueError("lr must be positive")


def _lambda_max(A: np.ndarray) -> np.ndarray:
    values = np.linalg.eigvalsh(A)  # ascending; a LinAlgError is a ValueError
    if values[0] <= 0 or not np.allclose(A, A.T):
        raise ValueError("A must be symmetric positive definite")
    return values[-1]
