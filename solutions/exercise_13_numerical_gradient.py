from collections.abc import Callable

import numpy as np


def numerical_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    if h <= 0:
        raise ValueError("h must be positive")
    grad = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)  # float64, and so is x + step, a new array
        step[i] = h
        grad[i] = (f(x + step) - f(x - step)) / (2 * h)
    return grad


def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.max(np.abs(a - b)) / max(1e-8, np.max(np.abs(a)) + np.max(np.abs(b))))


def gradient_check(
    f: Callable[[np.ndarray], float],
    grad_f: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    h: float = 1e-5,
    tol: float = 1e-6,
) -> tuple[bool, float]:
    analytic = grad_f(x.astype(np.float64))
    if analytic.shape != x.shape:
        raise ValueError("grad_f(x) must have the shape of x")
    error = relative_error(analytic, numerical_gradient(f, x, h))
    return error < tol, error


def numerical_jacobian(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    if h <= 0:
        raise ValueError("h must be positive")
    columns = []
    for j in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[j] = h
        columns.append(((f(x + step) - f(x - step)) / (2 * h)).ravel())
    return np.array(columns).T  # (M, N)


def softmax_jacobian(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max())
    p = e / e.sum()
    return np.diag(p) - np.outer(p, p)
