import numpy as np


def adagrad_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 0.01,
    lr_decay: float = 0.0,
    eps: float = 1e-10,
) -> tuple[dict, dict]:
    _validate(lr, params, grads)
    t, old = state.get("t", 0), state.get("sum", {})
    total = {k: old.get(k, 0.0) + g**2 for k, g in grads.items()}
    rate = lr / (1 + t * lr_decay)  # t steps lie behind
    return {k: p - rate * grads[k] / (np.sqrt(total[k]) + eps) for k, p in params.items()}, {"t": t + 1, "sum": total}


def adadelta_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
) -> tuple[dict, dict]:
    _validate(lr, params, grads)
    if not 0 <= rho <= 1:
        raise ValueError("rho must lie in [0, 1]")
    old = state.get("u", {})
    v = _average(state.get("v", {}), grads, rho)
    delta = {k: np.sqrt((old.get(k, 0.0) + eps) / (v[k] + eps)) * g for k, g in grads.items()}
    return {k: p - lr * delta[k] for k, p in params.items()}, {"v": v, "u": _average(old, delta, rho)}


def _average(old: dict, values: dict, rho: float) -> dict:
    return {k: rho * old.get(k, 0.0) + (1 - rho) * value**2 for k, value in values.items()}


def _validate(lr: float, params: dict, grads: dict) -> None:
    if params.keys() != grads.keys():
        raise ValueError("params and grads must have the same names")
    if lr < 0:
        raise ValueError("lr must not be negative")
