"""The same in other styles."""

import math

import numpy as np

# --- one flat vector; differences of rectifiers; ridge as least squares with D more rows


def _flat(weights, lam):
    if len(weights) == 0:
        raise ValueError("weights")
    if not lam >= 0:
        raise ValueError("lam")
    return np.concatenate([w.ravel() for w in weights])


def _like(flat, weights):
    ends = np.cumsum([w.size for w in weights])[:-1]
    return [part.reshape(w.shape) for part, w in zip(np.split(flat, ends), weights, strict=True)]


def l2_penalty(weights, lam):
    flat = _flat(weights, lam)
    return lam * float(flat @ flat), _like(lam * flat + lam * flat, weights)


def l1_penalty(weights, lam):
    flat = _flat(weights, lam)
    gradient = np.where(flat > 0, lam, np.where(flat < 0, -lam, 0.0)).astype(flat.dtype)
    return lam * float(np.linalg.norm(flat, 1)), _like(gradient, weights)


def soft_threshold(w, t):
    if t < 0:
        raise ValueError("t")
    return np.maximum(w - t, 0) - np.maximum(-w - t, 0)


def ridge_fit(X, y, lam):
    if lam < 0:
        raise ValueError("lam")
    n, d = X.shape
    rows = np.vstack([X, math.sqrt(2 * n * lam) * np.eye(d)]).astype(X.dtype)
    return np.linalg.lstsq(rows, np.concatenate([y, np.zeros(d, y.dtype)]), rcond=None)[0]


def lasso_fit(X, y, lam, steps=2000):
    if lam < 0:
        raise ValueError("lam")
    n, d = X.shape
    step = n / np.linalg.norm(X, 2) ** 2
    w = np.zeros(d, dtype=X.dtype)
    for _ in range(steps):
        residual = X @ w - y
        w = w - step / n * (residual @ X)
        w = w - np.clip(w, -step * lam, step * lam)
    return w


# --- double precision inside, number by number


def _numbers(weights, *strengths):
    if not weights or min(strengths) < 0:
        raise ValueError("weights, strengths")
    return [v for w in weights for v in w.ravel().tolist()]


def l2_penalty(weights, lam):  # noqa: F811
    return lam * math.fsum(v * v for v in _numbers(weights, lam)), [(lam * (w + w)).astype(w.dtype) for w in weights]


def l1_penalty(weights, lam):  # noqa: F811
    value = lam * math.fsum(map(abs, _numbers(weights, lam)))
    return value, [np.asarray(lam * ((w > 0).astype(w.dtype) - (w < 0)), dtype=w.dtype) for w in weights]


def elastic_net_penalty(weights, l1, l2):
    numbers = _numbers(weights, l1, l2)
    return math.fsum(abs(v) * (l1 + l2 * abs(v)) for v in numbers), [l1 * np.sign(w) + 2 * l2 * w for w in weights]


def soft_threshold(w, t):  # noqa: F811
    if t < 0:
        raise ValueError("t")
    out = np.zeros_like(w)
    for index in np.ndindex(w.shape):
        v = float(w[index])
        out[index] = v - t if v > t else v + t if v < -t else 0.0
    return out


def ridge_fit(X, y, lam):  # noqa: F811
    if lam < 0:
        raise ValueError("lam")
    U, s, Vt = np.linalg.svd(X.astype(np.float64), full_matrices=False)
    n = X.shape[0]
    return (Vt.T @ (s / (s**2 + 2 * n * lam) * (U.T @ y))).astype(X.dtype)


def lasso_fit(X, y, lam, steps=2000):  # noqa: F811
    if lam < 0:
        raise ValueError("lam")
    X64, y64 = X.astype(np.float64), y.astype(np.float64)
    L = max(np.linalg.eigh(np.einsum("ni,nj->ij", X64, X64))[0]) / len(X)
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        z = w - np.einsum("nd,n->d", X64, X64 @ w - y64) / len(X) / L
        w = np.where(np.abs(z) <= lam / L, 0.0, z - np.copysign(lam / L, z))
    return w.astype(X.dtype)
