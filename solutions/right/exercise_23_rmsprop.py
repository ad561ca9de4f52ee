"""The same in other styles."""

import copy
import math

import numpy as np

# --- state copied first, then updated in place, as a class-based optimizer would


def rmsprop_step(params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
    if lr < 0:
        raise ValueError("lr")
    if alpha < 0 or alpha >= 1:
        raise ValueError("alpha")
    if set(params) != set(grads):
        raise ValueError("names")
    new_params, new_state = copy.deepcopy(params), copy.deepcopy(state)
    for name, p in new_params.items():
        g = grads[name]
        v = new_state.setdefault("v", {}).setdefault(name, np.zeros_like(p))
        v += (1 - alpha) * (g * g - v)
        if centered:
            m = new_state.setdefault("m", {}).setdefault(name, np.zeros_like(p))
            m += (1 - alpha) * (g - m)
            root = np.sqrt(np.maximum(v - m * m, 0))
        else:
            root = np.sqrt(v)
        step = g / (root + eps)
        if momentum > 0:
            buf = new_state.setdefault("buf", {}).setdefault(name, np.zeros_like(p))
            buf *= momentum
            buf += step
            step = buf
        p -= lr * step
    return new_params, new_state


def rmsprop_step_keras(params, grads, state, lr=0.001, rho=0.9, eps=1e-7):
    if not (lr >= 0 and 0 <= rho < 1 and sorted(params) == sorted(grads)):
        raise ValueError("lr, rho or the names")
    new_params, v = {}, {}
    for name in params:
        before = state["v"][name] if state else np.zeros_like(params[name])
        v[name] = rho * before + (1 - rho) * np.square(grads[name])
        new_params[name] = params[name] - lr * (grads[name] * (v[name] + eps) ** -0.5)
    return new_params, {"v": v}


# --- one coordinate at a time, with Python floats


def rmsprop_step(params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):  # noqa: F811
    _names(params, grads, lr, alpha)
    slots = ["v"] + ["m"] * centered + ["buf"] * (momentum != 0)
    new_params = {name: np.array(p) for name, p in params.items()}
    new_state = {slot: {name: np.zeros(p.shape, p.dtype) for name, p in params.items()} for slot in slots}
    for name, p in params.items():
        for i in np.ndindex(p.shape):
            g = float(grads[name][i])
            old = {slot: float(state[slot][name][i]) if slot in state else 0.0 for slot in slots}
            v = alpha * old["v"] + (1 - alpha) * g * g
            m = alpha * old["m"] + (1 - alpha) * g if centered else 0.0
            step = g / (math.sqrt(max(v - m * m, 0.0)) + eps)
            if momentum != 0:
                step += momentum * old["buf"]
            for slot, value in zip(("v", "m", "buf"), (v, m, step), strict=True):
                if slot in slots:
                    new_state[slot][name][i] = value
            new_params[name][i] -= lr * step
    return new_params, new_state


def rmsprop_step_keras(params, grads, state, lr=0.001, rho=0.9, eps=1e-7):  # noqa: F811
    _names(params, grads, lr, rho)
    new_params = {name: np.array(p) for name, p in params.items()}
    v = {name: np.zeros(p.shape, p.dtype) for name, p in params.items()}
    for name, p in params.items():
        for i in np.ndindex(p.shape):
            g = float(grads[name][i])
            before = float(state.get("v", {}).get(name, v[name])[i])
            v[name][i] = now = rho * before + (1 - rho) * g * g
            new_params[name][i] -= lr * g / math.sqrt(now + eps)
    return new_params, {"v": v}


def _names(params, grads, lr, decay):
    for name in [*params, *grads]:
        if name not in params or name not in grads:
            raise ValueError(name)
    if lr < 0 or decay < 0 or decay >= 1:
        raise ValueError("lr or decay")
