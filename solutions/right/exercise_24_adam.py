"""The same in other styles."""

import copy
import math

import numpy as np

# --- state copied first, then updated in place; the corrections drawn into the step size, as torch does


def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    b1, b2 = betas
    if lr < 0 or eps < 0 or weight_decay < 0:
        raise ValueError("lr, eps or weight_decay")
    if not (0 <= b1 < 1 and 0 <= b2 < 1):
        raise ValueError("betas")
    if set(params) != set(grads):
        raise ValueError("names")
    params, state = copy.deepcopy(params), copy.deepcopy(state)
    if not state:
        state = {"t": 0, **{slot: {name: np.zeros_like(p) for name, p in params.items()} for slot in "mv"}}
    state["t"] += 1
    correction1, correction2 = -math.expm1(_log(b1, state["t"])), -math.expm1(_log(b2, state["t"]))
    for name, p in params.items():
        g = grads[name]
        if weight_decay != 0:
            g = g + weight_decay * p
        m, v = state["m"][name], state["v"][name]
        m += (1 - b1) * (g - m)
        v *= b2
        v += (1 - b2) * g * g
        p -= lr / correction1 * m / (np.sqrt(v) / math.sqrt(correction2) + eps)
    return params, state


def _log(beta, t):
    return t * math.log(beta) if beta > 0 else -math.inf


# --- one coordinate at a time, with Python floats


def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):  # noqa: F811
    for name in [*params, *grads]:
        if name not in params or name not in grads:
            raise ValueError(name)
    for value, bound in ((lr, math.inf), (eps, math.inf), (weight_decay, math.inf), (betas[0], 1), (betas[1], 1)):
        if value < 0 or value >= bound:
            raise ValueError(value)
    t = state["t"] + 1 if "t" in state else 1
    new = {slot: {name: np.zeros(p.shape, p.dtype) for name, p in params.items()} for slot in ("p", "m", "v")}
    for name, p in params.items():
        for i in np.ndindex(p.shape):
            g = float(grads[name][i]) + weight_decay * float(p[i])
            m, v = ((float(state[slot][name][i]) if t > 1 or state else 0.0) for slot in ("m", "v"))
            m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
            new["m"][name][i], new["v"][name][i] = m, v
            step = (m / (1 - betas[0] ** t)) / (math.sqrt(v / (1 - betas[1] ** t)) + eps)
            new["p"][name][i] = float(p[i]) - lr * step
    return new["p"], {"t": t, "m": new["m"], "v": new["v"]}
