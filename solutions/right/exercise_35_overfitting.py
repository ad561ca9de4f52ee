"""The same in other styles."""

import math

import numpy as np


def poly_features(x, degree):
    if degree < 0:
        raise ValueError("degree")
    return np.vander(x, degree + 1, increasing=True).astype(x.dtype)


# --- powers by repeated products, QR of the longer system, plain loops


def poly_features(x, degree):  # noqa: F811
    if degree < 0:
        raise ValueError("degree")
    columns = [np.ones_like(x)]
    for _ in range(degree):
        columns.append(columns[-1] * x)
    return np.stack(columns, axis=1)


def fit_poly(x, y, degree, lam=0.0):
    if degree < 0 or lam < 0:
        raise ValueError("degree, lam")
    rows, targets = poly_features(x, degree), y
    if lam > 0:
        extra = np.zeros((degree, degree + 1), dtype=x.dtype)
        extra[np.arange(degree), np.arange(1, degree + 1)] = math.sqrt(lam)
        rows, targets = np.concatenate([rows, extra]), np.concatenate([y, np.zeros(degree, y.dtype)])
    Q, R = np.linalg.qr(rows)
    w = Q.T @ targets
    for j in reversed(range(degree + 1)):
        w[j] = (w[j] - R[j, j + 1 :] @ w[j + 1 :]) / R[j, j]
    return w


def capacity_curve(x_tr, y_tr, x_va, y_va, degrees, lam=0.0):
    if len(degrees) == 0:
        raise ValueError("degrees")
    curve = {"weight_norm": [], "val_mse": [], "train_mse": []}
    for degree in degrees:
        w = fit_poly(x_tr, y_tr, degree, lam)
        for name, x, y in (("train_mse", x_tr, y_tr), ("val_mse", x_va, y_va)):
            errors = []
            for a, b in zip(x.tolist(), y.tolist(), strict=True):
                value = 0.0
                for v in w[::-1].tolist():  # Horner
                    value = value * a + v
                errors.append((value - b) ** 2)
            curve[name].append(math.fsum(errors) / len(errors))
        curve["weight_norm"].append(math.hypot(*w[1:].tolist()))
    return {name: np.array(values) for name, values in curve.items()}


def diagnose_curves(train, val, target):
    if len(train) == 0 or len(val) == 0:
        raise ValueError("train, val")
    for loss in [*train, *val]:
        if math.isnan(loss) or math.isinf(loss):
            return "diverged"
    last, best = val[-1], sorted(val)[0]
    if train[-1] > 10.0 * train[0]:
        return "diverged"
    if not train[-1] <= target:
        return "underfit"
    return "overfit" if last - best > 0.1 * best and last - train[-1] > 0.1 * math.fabs(target) else "good"


def generalization_gap(train, val):
    return float(-(train - val))


# --- centred columns and a singular value decomposition, in double precision inside


def fit_poly(x, y, degree, lam=0.0):  # noqa: F811
    if degree < 0:
        raise ValueError("degree")
    if lam < 0:
        raise ValueError("lam")
    powers = np.asarray(x, dtype=np.float64)[:, None] ** np.arange(1, degree + 1)
    middle, level = powers.mean(axis=0), np.asarray(y, dtype=np.float64).mean()
    if degree == 0:
        return np.array([level], dtype=y.dtype)
    U, s, Vt = np.linalg.svd(powers - middle, full_matrices=False)
    w = Vt.T @ ((U.T @ (y - level)) * (s / (s * s + lam)))
    return np.concatenate([[level - middle @ w], w]).astype(y.dtype)


# --- the pseudo-inverse without a penalty, the normal equations with a large one


def fit_poly(x, y, degree, lam=0.0):  # noqa: F811
    if lam < 0:
        raise ValueError("lam")
    Phi = poly_features(x, degree)
    if lam < 1e-4:
        stretched = np.vstack([Phi, np.diag([0.0] + [lam**0.5] * degree).astype(x.dtype)])
        return np.linalg.pinv(stretched)[:, : len(x)] @ y
    return np.linalg.solve(Phi.T @ Phi + np.diag([0.0] + [lam] * degree).astype(x.dtype), Phi.T @ y)
