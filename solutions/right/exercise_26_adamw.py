"""The same in other styles."""

import copy
import math

import numpy as np

# --- state copied first, then updated in place; the corrections drawn into the step size, as torch does


def adamw_step(
    params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, no_decay=frozenset()
):  # fmt: skip
    if lr < 0 or eps < 0 or weight_decay < 0 or not (0 <= betas[0] < 1 and 0 <= betas[1] < 1):
        raise ValueError("lr, eps, weight_decay or betas")
    if set(params) != set(grads) or not set(no_decay) <= set(params):
        raise ValueError("names")
    params, state = copy.deepcopy(params), copy.deepcopy(state)
    if not state:
        state = {"t": 0, **{slot: {name: np.zeros_like(p) for name, p in params.items()} for slot in "mv"}}
    state["t"] += 1
    correction1, correction2 = 1 - betas[0] ** state["t"], 1 - betas[1] ** state["t"]
    for name, p in params.items():
        if name not in no_decay:
            p -= lr * weight_decay * p
        m, v, g = state["m"][name], state["v"][name], grads[name]
        m += (1 - betas[0]) * (g - m)
        v *= betas[1]
        v += (1 - betas[1]) * g * g
        p -= lr / correction1 * m / (np.sqrt(v) / math.sqrt(correction2) + eps)
    return params, state


def decay_only_factor(lr, weight_decay, steps):
    factor = 1.0
    for _ in range(steps):
        factor -= lr * weight_decay * factor
    return factor


# --- one coordinate at a time, with Python floats


def adamw_step(  # noqa: F811
    params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, no_decay=frozenset()
):
    for name in [*params, *grads, *no_decay]:
        if name not in params or name not in grads:
            raise ValueError(name)
    for value, bound in ((lr, math.inf), (eps, math.inf), (weight_decay, math.inf), (betas[0], 1), (betas[1], 1)):
        if value < 0 or value >= bound:
            raise ValueError(value)
    t = state["t"] + 1 if state else 1
    new = {slot: {name: np.zeros(p.shape, p.dtype) for name, p in params.items()} for slot in ("p", "m", "v")}
    for name, p in params.items():
        decay = 0.0 if name in no_decay else weight_decay
        for i in np.ndindex(p.shape):
            g = float(grads[name][i])
            m, v = (float(state[slot][name][i]) if state else 0.0 for slot in ("m", "v"))
            m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
            new["m"][name][i], new["v"][name][i] = m, v
            step = (m / (1 - betas[0] ** t)) / (math.sqrt(v / (1 - betas[1] ** t)) + eps)
            new["p"][name][i] = float(p[i]) - lr * (step + decay * float(p[i]))
    return new["p"], {"t": t, "m": new["m"], "v": new["v"]}


def decay_only_factor(lr, weight_decay, steps):  # noqa: F811
    return math.prod([1 - lr * weight_decay] * steps, start=1.0)
