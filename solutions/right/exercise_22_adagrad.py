"""The same in other styles."""

import copy
import math

import numpy as np

# --- state copied first, then updated in place, as a class-based optimizer would


def adagrad_step(params, grads, state, lr=0.01, lr_decay=0.0, eps=1e-10):
    if lr < 0 or set(params) != set(grads):
        raise ValueError("lr or the names")
    params, state = copy.deepcopy(params), copy.deepcopy(state)
    if not state:
        state = {"t": 0, "sum": {name: np.zeros_like(p) for name, p in params.items()}}
    state["t"] += 1
    clr = lr / (1 + (state["t"] - 1) * lr_decay)
    for name, p in params.items():
        state["sum"][name] += grads[name] * grads[name]
        p -= clr * (grads[name] / (state["sum"][name] ** 0.5 + eps))
    return params, state


def adadelta_step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):
    if not (lr >= 0 and rho >= 0 and rho <= 1 and sorted(params) == sorted(grads)):
        raise ValueError("lr, rho or the names")
    params, state = copy.deepcopy(params), copy.deepcopy(state)
    for name, p in params.items():
        g = grads[name]
        v = state.setdefault("v", {}).setdefault(name, np.zeros_like(p))
        u = state.setdefault("u", {}).setdefault(name, np.zeros_like(p))
        v *= rho
        v += (1 - rho) * g * g
        delta = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u += (1 - rho) * (delta * delta - u)
        p -= lr * delta
    return params, state


# --- one coordinate at a time, with Python floats


def _names(params, grads, lr):
    for name in [*params, *grads]:
        if name not in params or name not in grads:
            raise ValueError(name)
    if lr < 0:
        raise ValueError("lr")


def _like(params):
    return {name: np.zeros(p.shape, p.dtype) for name, p in params.items()}


def adagrad_step(params, grads, state, lr=0.01, lr_decay=0.0, eps=1e-10):  # noqa: F811
    _names(params, grads, lr)
    new, total, before = _like(params), _like(params), state.get("sum", _like(params))
    steps = int(state.get("t", 0))
    for name, p in params.items():
        for i in np.ndindex(p.shape):
            g = float(grads[name][i])
            s = float(before[name][i]) + g * g
            total[name][i] = s
            new[name][i] = float(p[i]) - lr * g / (math.sqrt(s) + eps) / (1 + steps * lr_decay)
    return new, {"t": steps + 1, "sum": total}


def adadelta_step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):  # noqa: F811
    _names(params, grads, lr)
    if rho < 0 or rho > 1:
        raise ValueError("rho")
    new, new_v, new_u = _like(params), _like(params), _like(params)
    v, u = (state.get(slot, _like(params)) for slot in ("v", "u"))
    for name, p in params.items():
        for i in np.ndindex(p.shape):
            g = float(grads[name][i])
            square = rho * float(v[name][i]) + (1 - rho) * g * g
            delta = math.sqrt(float(u[name][i]) + eps) / math.sqrt(square + eps) * g
            new_v[name][i] = square
            new_u[name][i] = rho * float(u[name][i]) + (1 - rho) * delta * delta
            new[name][i] = float(p[i]) - lr * delta
    return new, {"u": new_u, "v": new_v}
