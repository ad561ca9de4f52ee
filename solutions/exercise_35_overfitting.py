import numpy as np


def poly_features(x: np.ndarray, degree: int) -> np.ndarray:
    if degree < 0:
        raise ValueError("degree must not be negative")
    return x[:, None] ** np.arange(degree + 1, dtype=x.dtype)  # (N, degree + 1)


def fit_poly(x: np.ndarray, y: np.ndarray, degree: int, lam: float = 0.0) -> np.ndarray:
    if lam < 0:
        raise ValueError("lam must not be negative")
    Phi = poly_features(x, degree)
    penalty = lam**0.5 * np.eye(degree + 1, dtype=x.dtype)[1:]  # (degree, degree + 1): no row for the intercept
    return np.linalg.lstsq(np.vstack([Phi, penalty]), np.append(y, np.zeros(degree, dtype=y.dtype)))[0]


def capacity_curve(
    x_tr: np.ndarray, y_tr: np.ndarray, x_va: np.ndarray, y_va: np.ndarray, degrees: list[int], lam: float = 0.0
) -> dict[str, np.ndarray]:
    if not degrees:
        raise ValueError("degrees must not be empty")
    weights = [fit_poly(x_tr, y_tr, d, lam) for d in degrees]

    def mse(x, y):
        return np.array([((poly_features(x, len(w) - 1) @ w - y) ** 2).mean() for w in weights])

    norms = np.array([np.linalg.norm(w[1:]) for w in weights])
    return {"train_mse": mse(x_tr, y_tr), "val_mse": mse(x_va, y_va), "weight_norm": norms}


def diagnose_curves(train: list[float], val: list[float], target: float) -> str:
    if not train or not val:
        raise ValueError("train and val must not be empty")
    if not np.isfinite(train + val).all() or train[-1] > 10 * train[0]:
        return "diverged"
    if train[-1] > target:
        return "underfit"
    if val[-1] > 1.1 * min(val) and val[-1] > train[-1] + 0.1 * abs(target):
        return "overfit"
    return "good"


def generalization_gap(train: float, val: float) -> float:
    return val - train
