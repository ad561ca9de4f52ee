from collections.abc import Callable
from itertools import combinations

import numpy as np


def numerical_hessian(f: Callable[[np.ndarray], float], x: np.ndarray, h: float = 1e-4) -> np.ndarray:
    d = len(x)
    e = h * np.eye(d)  # row i is h e_i, in float64
    hess = np.empty((d, d))
    for i in range(d):
        hess[i, i] = (f(x + e[i]) - 2 * f(x) + f(x - e[i])) / h**2
        for j in range(i):
            hess[i, j] = hess[j, i] = (
                f(x + e[i] + e[j]) - f(x + e[i] - e[j]) - f(x - e[i] + e[j]) + f(x - e[i] - e[j])
            ) / (4 * h**2)
    return hess


def newton_step(grad: np.ndarray, hess: np.ndarray, damping: float = 0.0) -> np.ndarray:
    if hess.shape != grad.shape * 2:
        raise ValueError("grad is (D,), hess is (D, D)")
    return -np.linalg.solve(hess + damping * np.eye(len(grad), dtype=hess.dtype), grad)  # a LinAlgError is a ValueError


def newton_minimize(
    f: Callable[[np.ndarray], float] | None,
    grad_f: Callable[[np.ndarray], np.ndarray],
    hess_f: Callable[[np.ndarray], np.ndarray],
    x0: np.ndarray,
    steps: int,
    damping: float = 0.0,
) -> np.ndarray:
    path = [x0]
    for _ in range(steps):
        x = path[-1]
        path.append(x + newton_step(grad_f(x), hess_f(x), damping))
    return np.stack(path)  # (steps + 1, D)


def hessian_vector_product(
    grad_f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, v: np.ndarray, h: float = 1e-5
) -> np.ndarray:
    if v.shape != x.shape:
        raise ValueError("x and v are (D,)")
    step = h * v.astype(np.float64)
    return (grad_f(x + step) - grad_f(x - step)) / (2 * h)


def classify_stationary(hess: np.ndarray, tol: float = 1e-8) -> str:
    values = np.linalg.eigvalsh(hess)  # ascending
    if values[0] > tol:
        return "minimum"
    if values[-1] < -tol:
        return "maximum"
    return "saddle" if values[0] < -tol and values[-1] > tol else "degenerate"


def violates_convexity(f: Callable[[np.ndarray], float], points: np.ndarray, tol: float = 1e-9) -> bool:
    return any(f((a + b) / 2) > (f(a) + f(b)) / 2 + tol for a, b in combinations(points, 2))
