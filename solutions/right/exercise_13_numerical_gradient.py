import math

import numpy as np


# --- one working copy, entry by entry
def numerical_gradient(f, x, h=1e-5):
    if not h > 0:
        raise ValueError("h")
    work = np.array(x, dtype=np.float64, order="C")
    flat = work.reshape(-1)
    grad = np.zeros_like(work)
    for i in range(flat.size):
        old = flat[i]
        flat[i] = old + h
        up = float(f(work))
        flat[i] = old - h
        down = float(f(work))
        flat[i] = old
        grad.reshape(-1)[i] = (up - down) / (2 * h)
    return grad


def relative_error(a, b):
    a, b = [float(v) for v in np.ravel(a)], [float(v) for v in np.ravel(b)]
    if any(map(math.isnan, a + b)):
        return math.nan
    difference = max(abs(p - q) for p, q in zip(a, b, strict=True))
    return difference / max(1e-8, max(map(abs, a)) + max(map(abs, b)))


def gradient_check(f, grad_f, x, h=1e-5, tol=1e-6):
    x = np.array(x, dtype=np.float64)
    numeric = numerical_gradient(f, x.copy(), h)
    analytic = np.asarray(grad_f(x.copy()))
    if np.shape(analytic) != np.shape(x):
        raise ValueError("shape of the gradient")
    error = relative_error(analytic, numeric)
    return bool(error < tol), error


def numerical_jacobian(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    m = np.asarray(f(x)).size
    rows = [
        numerical_gradient(lambda z, i=i: np.ravel(f(z))[i], x, h).reshape(-1)  # one output at a time
        for i in range(m)
    ]
    return np.array(rows)


def softmax_jacobian(x):
    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    p = np.exp(x - np.logaddexp.reduce(x))
    jacobian = -p[:, None] * p[None, :]
    jacobian[np.diag_indices(len(p))] += p
    return jacobian


# --- through the Jacobian
def numerical_jacobian(f, x, h=1e-5):  # noqa: F811
    if h <= 0:
        raise ValueError("h")
    base = np.asarray(x, dtype=np.float64)
    steps = h * np.eye(base.size)
    ups = [np.asarray(f(base + s.reshape(base.shape))).ravel() for s in steps]
    downs = [np.asarray(f(base - s.reshape(base.shape))).ravel() for s in steps]
    return (np.array(ups) - np.array(downs)).T / (2 * h)


def numerical_gradient(f, x, h=1e-5):  # noqa: F811
    return numerical_jacobian(f, x, h).reshape(np.shape(x))


def softmax_jacobian(x):  # noqa: F811
    e = np.exp(x - np.max(x))
    p = e / np.sum(e)
    return (np.eye(len(p), dtype=p.dtype) - p) * p[:, None]
