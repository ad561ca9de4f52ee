"""The same in other styles."""

import copy
import math

import numpy as np

# --- state copied first, then updated in place, as torch does


def _start(params, grads, state, lr, betas, eps, slots):
    if lr < 0 or eps < 0 or not (0 <= betas[0] < 1 and 0 <= betas[1] < 1):
        raise ValueError("lr, eps or betas")
    if set(params) != set(grads):
        raise ValueError("names")
    params, state = copy.deepcopy(params), copy.deepcopy(state)
    state["t"] = state.get("t", 0) + 1
    for slot in slots:
        entries = state.setdefault(slot, {})
        for name, p in params.items():
            entries.setdefault(name, np.zeros_like(p))
    for name, m in state["m"].items():
        m += (1 - betas[0]) * (grads[name] - m)
    return params, state, state["t"]


def amsgrad_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    params, state, t = _start(params, grads, state, lr, betas, eps, ("m", "v", "vmax"))
    size = lr / (1 - betas[0] ** t)
    for name, p in params.items():
        v, vmax = state["v"][name], state["vmax"][name]
        v *= betas[1]
        v += (1 - betas[1]) * grads[name] * grads[name]
        vmax[vmax < v] = v[vmax < v]
        p -= size * state["m"][name] / (np.sqrt(vmax) / math.sqrt(1 - betas[1] ** t) + eps)
    return params, state


def adamax_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):
    params, state, t = _start(params, grads, state, lr, betas, eps, ("m", "u"))
    for name, p in params.items():
        u, size = state["u"][name], np.abs(grads[name]) + eps
        u *= betas[1]
        u[...] = np.where(u > size, u, size)
        p -= lr * (state["m"][name] / (1 - betas[0] ** t)) / u
    return params, state


def nadam_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
    if momentum_decay < 0:
        raise ValueError("momentum_decay")
    params, state, t = _start(params, grads, state, lr, betas, eps, ("m", "v"))
    mu = betas[0] * (1 - 0.5 * 0.96 ** (t * momentum_decay))
    mu_next = betas[0] * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
    state["mu_product"] = state.get("mu_product", 1.0) * mu
    now, later = 1 - state["mu_product"], 1 - state["mu_product"] * mu_next
    for name, p in params.items():
        v = state["v"][name]
        v += (1 - betas[1]) * (grads[name] ** 2 - v)
        root = np.sqrt(v / (1 - betas[1] ** t)) + eps
        p -= (lr * (1 - mu) / now) * grads[name] / root
        p -= (lr * mu_next / later) * state["m"][name] / root
    return params, state


def reddi_gradient(t, C=3.0):
    return (C, -1.0, -1.0)[(t - 1) % 3]


# --- one coordinate at a time, with Python floats


def _each(params, grads, state, lr, betas, eps, slots, update):
    for name in [*params, *grads]:
        if name not in params or name not in grads:
            raise ValueError(name)
    for value, bound in ((lr, math.inf), (eps, math.inf), (betas[0], 1), (betas[1], 1)):
        if value < 0 or value >= bound:
            raise ValueError(value)
    t = state["t"] + 1 if state else 1
    new = {slot: {name: np.zeros(p.shape, p.dtype) for name, p in params.items()} for slot in ("p", *slots)}
    for name, p in params.items():
        for i in np.ndindex(p.shape):
            old = [float(state[slot][name][i]) if state else 0.0 for slot in slots]
            step, *values = update(float(grads[name][i]), t, *old)
            new["p"][name][i] = float(p[i]) - lr * step
            for slot, value in zip(slots, values, strict=True):
                new[slot][name][i] = value
    return new.pop("p"), {"t": t, **new}


def amsgrad_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):  # noqa: F811
    def update(g, t, m, v, top):
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        top = max(top, v)
        return m / (1 - betas[0] ** t) / (math.sqrt(top / (1 - betas[1] ** t)) + eps), m, v, top

    return _each(params, grads, state, lr, betas, eps, ("m", "v", "vmax"), update)


def adamax_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):  # noqa: F811
    def update(g, t, m, u):
        m, u = betas[0] * m + (1 - betas[0]) * g, max(betas[1] * u, abs(g) + eps)
        return m / (1 - betas[0] ** t) / u, m, u

    return _each(params, grads, state, lr, betas, eps, ("m", "u"), update)


def nadam_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):  # noqa: F811
    if momentum_decay < 0:
        raise ValueError("momentum_decay")

    def mu(t):
        return betas[0] * (1 - 0.96 ** (t * momentum_decay) / 2)

    now = state.get("mu_product", 1.0) * mu(state.get("t", 0) + 1)

    def update(g, t, m, v):
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        direction = (1 - mu(t)) / (1 - now) * g + mu(t + 1) / (1 - now * mu(t + 1)) * m
        return direction / (math.sqrt(v / (1 - betas[1] ** t)) + eps), m, v

    new, after = _each(params, grads, state, lr, betas, eps, ("m", "v"), update)
    return new, {**after, "mu_product": now}


def reddi_gradient(t, C=3.0):  # noqa: F811
    return float(C) if (t + 2) % 3 == 0 else -1.0
