"""The same in other styles."""

import math

import numpy as np

# --- sample by sample, unit by unit


def dead_unit_mask(z):
    if np.ndim(z) != 2:
        raise ValueError("z")
    return np.array([not any(value > 0 for value in column) for column in z.T], dtype=bool)


def dead_fraction(W, b, X):
    (h, d), (n, e) = W.shape, X.shape
    if d != e or b.shape != (h,):
        raise ValueError("shapes")
    dead = 0
    for j in range(h):
        dead += all(float(np.dot(W[j], X[i]) + b[j]) <= 0 for i in range(n))
    return dead / h


def saturated_fraction(z, activation, tol=1e-3):
    if z.ndim != 2 or tol < 0:
        raise ValueError("z or tol")
    if activation not in ("sigmoid", "tanh", "relu"):
        raise ValueError("activation")
    shares = []
    for column in z.T.tolist():
        count = 0
        for value in column:
            if activation == "relu":
                count += value <= 0
                continue
            e = math.exp(-abs(value) * (2 if activation == "tanh" else 1))
            slope = e / (1 + e) ** 2 * (4 if activation == "tanh" else 1)
            count += slope < tol
        shares.append(count / len(column))
    return np.array(shares)


def sgd_step_one_layer(W, b, v, X, y, lr, negative_slope=0.0):
    h, d = W.shape
    n = len(X)
    if b.shape != (h,) or v.shape != (h,) or X.shape != (n, d) or y.shape != (n,):
        raise ValueError("shapes")
    grad_w, grad_b = np.zeros((h, d)), np.zeros(h)
    for x, target in zip(X.astype(float), y, strict=True):
        z = [float(W[j] @ x + b[j]) for j in range(h)]
        slopes = [1.0 if value > 0 else negative_slope for value in z]
        error = sum(s * value * w for s, value, w in zip(slopes, z, v, strict=True)) - target
        for j in range(h):
            grad_b[j] += error * v[j] * slopes[j] * 2 / n
            grad_w[j] += error * v[j] * slopes[j] * 2 / n * x
    return (W - lr * grad_w).astype(W.dtype), (b - lr * grad_b).astype(b.dtype)


# --- a matrix of slopes, sigmoid written out


def dead_unit_mask(z):  # noqa: F811
    _n, _h = z.shape  # ValueError for another rank
    return np.max(z, axis=0) <= 0


def saturated_fraction(z, activation, tol=1e-3):  # noqa: F811
    if z.ndim != 2:
        raise ValueError("z")
    if not tol >= 0:
        raise ValueError("tol")
    if activation == "relu":
        return np.count_nonzero(z <= 0, axis=0) / z.shape[0]
    with np.errstate(over="ignore"):
        s = 1 / (1 + np.exp(-z))
    slopes = {"sigmoid": s * (1 - s), "tanh": 1 - np.tanh(z) ** 2}
    if activation not in slopes:
        raise ValueError("activation")
    return np.mean(np.abs(slopes[activation]) < tol, 0)


def sgd_step_one_layer(W, b, v, X, y, lr, negative_slope=0.0):  # noqa: F811
    if not (W.shape[0] == len(b) == len(v) and W.shape[1] == X.shape[1] and len(X) == len(y)):
        raise ValueError("shapes")
    if b.ndim != 1 or v.ndim != 1 or y.ndim != 1:
        raise ValueError("shapes")
    z = np.einsum("nd,hd->nh", X, W) + b
    slope = np.full_like(z, negative_slope)
    slope[z > 0] = 1
    error = (z * slope) @ v - y
    dz = error[:, None] * slope * v
    return W - 2 * lr * np.einsum("nh,nd->hd", dz, X) / len(X), b - 2 * lr * dz.mean(0)
