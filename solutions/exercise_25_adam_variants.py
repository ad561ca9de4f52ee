import numpy as np


def amsgrad_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[dict, dict]:
    b1, b2 = betas
    t, m = _first_moment(lr, betas, eps, state, params, grads)
    v = _second_moment(state, grads, b2)
    old = state.get("vmax", {})
    vmax = {k: np.maximum(old.get(k, 0.0), v[k]) for k in params}
    new = {}
    for k, p in params.items():
        root = np.sqrt(vmax[k] / (1 - b2**t))
        new[k] = p - lr / (1 - b1**t) * m[k] / (root + eps)
    return new, {"t": t, "m": m, "v": v, "vmax": vmax}


def adamax_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[dict, dict]:
    b1, b2 = betas
    t, m = _first_moment(lr, betas, eps, state, params, grads)
    old = state.get("u", {})
    u = {k: np.maximum(b2 * old.get(k, 0.0), np.abs(g) + eps) for k, g in grads.items()}
    new = {k: p - lr / (1 - b1**t) * m[k] / u[k] for k, p in params.items()}
    return new, {"t": t, "m": m, "u": u}


def nadam_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    momentum_decay: float = 4e-3,
) -> tuple[dict, dict]:
    if momentum_decay < 0:
        raise ValueError("momentum_decay must be >= 0")
    b1, b2 = betas
    t, m = _first_moment(lr, betas, eps, state, params, grads)
    v = _second_moment(state, grads, b2)
    mu, mu_next = (b1 * (1 - 0.5 * 0.96 ** (s * momentum_decay)) for s in (t, t + 1))
    product = state.get("mu_product", 1.0) * mu
    new = {}
    for k, p in params.items():
        ahead = (1 - mu) / (1 - product) * grads[k] + mu_next / (1 - product * mu_next) * m[k]
        new[k] = p - lr * ahead / (np.sqrt(v[k] / (1 - b2**t)) + eps)
    return new, {"t": t, "m": m, "v": v, "mu_product": product}


def reddi_gradient(t: int, C: float = 3.0) -> float:
    return C if t % 3 == 1 else -1.0


def _first_moment(lr: float, betas: tuple, eps: float, state: dict, params: dict, grads: dict) -> tuple[int, dict]:
    if params.keys() != grads.keys():
        raise ValueError("params and grads must have the same names")
    if not all(0 <= beta < 1 for beta in betas):
        raise ValueError("betas must lie in [0, 1)")
    if lr < 0 or eps < 0:
        raise ValueError("lr and eps must be >= 0")
    return state.get("t", 0) + 1, _average(state.get("m", {}), grads, betas[0])


def _second_moment(state: dict, grads: dict, beta: float) -> dict:
    return _average(state.get("v", {}), {k: g**2 for k, g in grads.items()}, beta)


def _average(old: dict, values: dict, beta: float) -> dict:
    return {k: beta * old.get(k, 0.0) + (1 - beta) * value for k, value in values.items()}
