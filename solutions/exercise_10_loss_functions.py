import numpy as np


def _error(pred: np.ndarray, target: np.ndarray) -> np.ndarray:
    if pred.shape != target.shape:
        raise ValueError("pred and target differ in shape")
    if pred.size == 0:
        raise ValueError("pred and target are empty")
    return _float(pred) - _float(target)


def _float(x: np.ndarray) -> np.ndarray:
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _reduced(losses: np.ndarray, reduction: str) -> np.ndarray | float:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return float(losses.sum())
    if reduction == "mean":
        return float(losses.mean())
    raise ValueError("reduction is 'mean', 'sum' or 'none'")


def mse_loss(pred: np.ndarray, target: np.ndarray, reduction: str = "mean") -> np.ndarray | float:
    return _reduced(_error(pred, target) ** 2, reduction)


def mae_loss(pred: np.ndarray, target: np.ndarray, reduction: str = "mean") -> np.ndarray | float:
    return _reduced(np.abs(_error(pred, target)), reduction)


def huber_loss(pred: np.ndarray, target: np.ndarray, delta: float = 1.0, reduction: str = "mean") -> np.ndarray | float:
    if not delta > 0:
        raise ValueError("delta must be positive")
    a = np.abs(_error(pred, target))
    inner = a.clip(max=delta)  # |e| or delta: both branches in one formula
    return _reduced(inner * (a - 0.5 * inner), reduction)


def hinge_loss(score: np.ndarray, y: np.ndarray) -> float:
    _error(score, y)
    if (np.abs(y) != 1).any():
        raise ValueError("labels y are -1 and +1")
    return float((1 - y * score).clip(0).mean())


def multiclass_hinge_loss(scores: np.ndarray, target: np.ndarray, margin: float = 1.0) -> float:
    N, C = scores.shape
    if target.shape != (N,):
        raise ValueError("target must have shape (N,)")
    if target.min() < 0 or target.max() >= C:  # numpy raises ValueError for the minimum of nothing
        raise ValueError("target holds class numbers from 0 to C - 1")
    rows = np.arange(N)
    right = scores[rows, target][:, None]  # (N, 1)
    losses = (margin - right + scores).clip(0)  # (N, C)
    losses[rows, target] = 0.0
    return float(losses.mean())


def rmse(pred: np.ndarray, target: np.ndarray) -> float:
    return float(np.sqrt((_error(pred, target) ** 2).mean()))


def r2_score(pred: np.ndarray, target: np.ndarray) -> float:
    ss_res = (_error(pred, target) ** 2).sum()
    ss_tot = target.var() * target.size
    if ss_tot == 0:
        return float(ss_res == 0)
    return float(1 - ss_res / ss_tot)


def loss_grad(name: str, pred: np.ndarray, target: np.ndarray, delta: float = 1.0) -> np.ndarray:
    e = _error(pred, target)
    if name == "mse":
        return 2 * e / e.size
    if name == "mae":
        return np.sign(e) / e.size
    if name == "huber" and delta > 0:
        return e.clip(-delta, delta) / e.size
    raise ValueError("name is 'mse', 'mae' or 'huber', delta positive")
