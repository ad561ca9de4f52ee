import numpy as np


def rmsprop_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 0.01,
    alpha: float = 0.99,
    eps: float = 1e-8,
    momentum: float = 0.0,
    centered: bool = False,
) -> tuple[dict, dict]:
    _validate(lr, alpha, params, grads)
    new = {"v": _average(state.get("v", {}), {k: g**2 for k, g in grads.items()}, alpha)}
    square = new["v"]
    if centered:
        new["m"] = _average(state.get("m", {}), grads, alpha)
        square = {k: (v - new["m"][k] ** 2).clip(0) for k, v in square.items()}  # the variance E[g^2] - E[g]^2
    steps = {k: g / (np.sqrt(square[k]) + eps) for k, g in grads.items()}
    if momentum:
        buf = state.get("buf", {})
        steps = new["buf"] = {k: momentum * buf.get(k, 0.0) + s for k, s in steps.items()}
    return {k: p - lr * steps[k] for k, p in params.items()}, new


def rmsprop_step_keras(
    params: dict, grads: dict, state: dict, lr: float = 0.001, rho: float = 0.9, eps: float = 1e-7
) -> tuple[dict, dict]:
    _validate(lr, rho, params, grads)
    v = _average(state.get("v", {}), {k: g**2 for k, g in grads.items()}, rho)
    return {k: p - lr * grads[k] / np.sqrt(v[k] + eps) for k, p in params.items()}, {"v": v}


def _average(old: dict, values: dict, decay: float) -> dict:
    return {k: decay * old.get(k, 0.0) + (1 - decay) * value for k, value in values.items()}


def _validate(lr: float, decay: float, params: dict, grads: dict) -> None:
    if params.keys() != grads.keys():
        raise ValueError("params and grads must have the same names")
    if lr < 0 or not 0 <= decay < 1:
        raise ValueError("lr must be >= 0 and the decay in [0, 1)")
