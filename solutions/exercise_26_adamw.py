import numpy as np


def adamw_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    no_decay: set[str] | frozenset[str] = frozenset(),
) -> tuple[dict, dict]:
    _validate(lr, betas, eps, weight_decay, no_decay, params, grads)
    b1, b2 = betas
    t = state.get("t", 0) + 1
    m = _average(state.get("m", {}), grads, b1)
    v = _average(state.get("v", {}), {k: g**2 for k, g in grads.items()}, b2)
    new = {}
    for k, p in params.items():
        kept = p if k in no_decay else p * (1 - lr * weight_decay)
        m_hat = m[k] / (1 - b1**t)
        v_hat = v[k] / (1 - b2**t)
        new[k] = kept - lr * m_hat / (np.sqrt(v_hat) + eps)
    return new, {"t": t, "m": m, "v": v}


def decay_only_factor(lr: float, weight_decay: float, steps: int) -> float:
    return (1 - lr * weight_decay) ** steps


def _average(old: dict, values: dict, beta: float) -> dict:
    return {k: beta * old.get(k, 0.0) + (1 - beta) * value for k, value in values.items()}


def _validate(
    lr: float, betas: tuple, eps: float, weight_decay: float, no_decay: set, params: dict, grads: dict
) -> None:
    if params.keys() != grads.keys():
        raise ValueError("params and grads must have the same names")
    if any(k not in params for k in no_decay):
        raise ValueError("no_decay names something that is no parameter")
    if not all(0 <= beta < 1 for beta in betas):
        raise ValueError("betas must lie in [0, 1)")
    if lr < 0 or eps < 0 or weight_decay < 0:
        raise ValueError("lr, eps and weight_decay must be >= 0")
