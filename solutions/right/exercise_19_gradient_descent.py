"""The same in other styles."""

import numpy as np

# --- in place on copies, singular values and a Cholesky factor


def gradient_descent(X, y, lr, epochs, theta0=None):
    X, y = (np.asarray(v, dtype=v.dtype if v.dtype.kind == "f" else np.float64) for v in (X, y))
    n, d = X.shape
    if not lr > 0:
        raise ValueError("lr")
    if y.shape != (n,):
        raise ValueError("y")
    if theta0 is not None and theta0.shape != (d,):
        raise ValueError("theta0")
    theta = np.zeros(d, dtype=X.dtype) if theta0 is None else np.array(theta0)
    losses = np.empty(epochs + 1, dtype=X.dtype)
    for k in range(epochs + 1):
        error = np.einsum("nd,d->n", X, theta) - y
        losses[k] = error @ error / (2 * n)
        if k < epochs:
            theta -= lr / n * np.einsum("nd,n->d", X, error)
    return theta, losses


def _steepest(A):
    if A.ndim != 2 or A.shape[0] != A.shape[1] or not np.allclose(A.T, A):
        raise ValueError("A is not symmetric")
    np.linalg.cholesky(A)  # raises unless A is positive definite
    return np.linalg.norm(A, 2)


def gd_quadratic(A, b, x0, lr, steps):
    _steepest(A)
    if lr <= 0 or b.shape != (len(A),) or x0.shape != (len(A),):
        raise ValueError("lr, b or x0")
    out = np.empty((steps + 1, len(A)), dtype=x0.dtype)
    x = x0.copy()
    out[0] = x
    for k in range(steps):
        x -= lr * (A.dot(x) - b)
        out[k + 1] = x
    return out


def max_stable_lr(A):
    return 2.0 / float(_steepest(A))


def lr_regime(A, lr):
    if lr <= 0:
        raise ValueError("lr")
    limit = max_stable_lr(A)
    if lr >= limit:
        return "divergent"
    if lr > limit / 2:
        return "oscillating"
    if lr < limit / 20:
        return "slow"
    return "fast"


# --- one coefficient at a time; the quadratic in the eigenvectors' coordinates


def gradient_descent(X, y, lr, epochs, theta0=None):  # noqa: F811
    n, d = X.shape
    if lr <= 0 or y.shape != (n,) or (theta0 is not None and theta0.shape != (d,)):
        raise ValueError("lr or shapes")
    dtype = (X[:1] + 0.0).dtype
    rows, targets = X.tolist(), y.tolist()
    theta = [0.0] * d if theta0 is None else theta0.tolist()
    losses = []
    while True:
        errors = [sum(a * t for a, t in zip(row, theta, strict=True)) - c for row, c in zip(rows, targets, strict=True)]
        losses.append(0.5 * sum(e**2 for e in errors) / n)
        if len(losses) > epochs:
            return np.array(theta, dtype=dtype), np.array(losses, dtype=dtype)
        slopes = [sum(e * row[j] for e, row in zip(errors, rows, strict=True)) / n for j in range(d)]
        theta = [t - lr * s for t, s in zip(theta, slopes, strict=True)]


def gd_quadratic(A, b, x0, lr, steps):  # noqa: F811
    values, vectors = _modes(A)
    if lr <= 0 or b.shape != A.shape[:1] or x0.shape != A.shape[:1]:
        raise ValueError("lr, b or x0")
    goal = vectors.T @ b / values
    start = vectors.T @ x0 - goal
    factors = (1 - lr * values) ** np.arange(steps + 1)[:, None]
    path = (goal + factors * start) @ vectors.T
    path[0] = x0
    return path.astype(x0.dtype)


def max_stable_lr(A):  # noqa: F811
    return (2 / _modes(A)[0].max()).item()


def lr_regime(A, lr):  # noqa: F811
    if not lr > 0:
        raise ValueError("lr")
    steepest = lr * float(np.linalg.eigvals(A).real.max())
    _modes(A)
    names = {2: "divergent", 1: "oscillating", 0: "fast", -1: "slow"}
    return names[2 if steepest >= 2 else 1 if steepest > 1 else 0 if steepest >= 0.1 else -1]


def _modes(A):
    if not np.allclose(A, A.T):
        raise ValueError("symmetric")
    values, vectors = np.linalg.eigh(A)
    if (values <= 0).any():
        raise ValueError("positive definite")
    return values, vectors
