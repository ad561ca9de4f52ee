"""The same in another style: a shift of a copy, elimination by hand, sets of signs, all values of f beforehand."""

import numpy as np


def numerical_hessian(f, x, h=1e-4):
    def at(*shifts):
        y = np.array(x, dtype=np.float64)
        for i, sign in shifts:
            y[i] += sign * h
        return float(f(y))

    d = len(x)
    hess = np.zeros((d, d))
    middle = at()
    for i in range(d):
        for j in range(d):
            if i == j:
                hess[i, j] = ((at((i, 1)) - middle) - (middle - at((i, -1)))) / (h * h)
            else:
                above = at((i, 1), (j, 1)) - at((i, 1), (j, -1))
                below = at((i, -1), (j, 1)) - at((i, -1), (j, -1))
                hess[i, j] = (above - below) / (2 * h) / (2 * h)
    return 0.5 * (hess + hess.T)


def newton_step(grad, hess, damping=0.0):
    if grad.ndim != 1 or hess.shape != (grad.size, grad.size):
        raise ValueError("shapes")
    damped = [[float(v) for v in row] for row in hess]
    rows = [[*row, -float(g)] for row, g in zip(damped, grad, strict=True)]
    d = len(rows)
    for i in range(d):
        rows[i][i] += damping
    for k in range(d):
        best = max(range(k, d), key=lambda i: abs(rows[i][k]))
        if rows[best][k] == 0:
            raise ValueError("singular")
        rows[k], rows[best] = rows[best], rows[k]
        for i in range(k + 1, d):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    step = [0.0] * d
    for k in reversed(range(d)):
        step[k] = (rows[k][-1] - sum(rows[k][i] * step[i] for i in range(k + 1, d))) / rows[k][k]
    return np.array(step, dtype=np.result_type(grad, hess, np.float32) if grad.dtype.kind == "f" else float)


def newton_minimize(f, grad_f, hess_f, x0, steps, damping=0.0):
    out = np.empty((steps + 1, len(x0)), dtype=x0.dtype)
    x = x0.copy()
    for k in range(steps):
        out[k] = x
        x += newton_step(grad_f(x), hess_f(x), damping=damping)
    out[steps] = x
    return out


def hessian_vector_product(grad_f, x, v, h=1e-5):
    x, v = np.array(x, dtype=np.float64), np.array(v, dtype=np.float64)
    if x.shape != v.shape:
        raise ValueError("v")
    below, above = (np.asarray(grad_f(x + sign * h * v)) for sign in (-1.0, 1.0))
    return (above - below) * (0.5 / h)


def classify_stationary(hess, tol=1e-8):
    signs = {0 if abs(v) <= tol else 1 if v > 0 else -1 for v in np.linalg.eigvals(hess).real}
    if {1, -1} <= signs:
        return "saddle"
    return "degenerate" if 0 in signs else {1: "minimum", -1: "maximum"}[signs.pop()]


def violates_convexity(f, points, tol=1e-9):
    values = np.array([f(p) for p in points])
    for i in range(len(points)):
        for j in range(i):
            middle = points[j] + 0.5 * (points[i] - points[j])
            if f(middle) - 0.5 * values[i] - 0.5 * values[j] > tol:
                return True
    return False
