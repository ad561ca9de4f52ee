"""The same in other styles."""

import math

import numpy as np

# --- recursion, and the collapsed layer read off the identity network


def mlp_forward(x, params, activation="relu"):
    if activation not in ("relu", "sigmoid", "tanh", "identity"):
        raise ValueError("activation")
    if len(params) == 0:
        raise ValueError("params")
    (W, b), rest = params[0], params[1:]
    if x.shape[1] != W.shape[1] or W.shape[0] != b.size:
        raise ValueError("sizes")
    z = np.einsum("ni,oi->no", x, W) + b[None, :]
    if not rest:
        return z, [{"a_prev": x, "z": z, "a": z}]
    if activation == "relu":
        a = np.where(z > 0, z, np.zeros_like(z))
    elif activation == "sigmoid":
        a = (np.tanh(z / 2) + 1) / 2
    elif activation == "tanh":
        a = np.tanh(z)
    else:
        a = z.copy()
    output, cache = mlp_forward(a, rest, activation)
    return output, [{"a_prev": x, "z": z, "a": a}, *cache]


def collapse_linear(params):
    if not params:
        raise ValueError("params")
    d_in = params[0][0].shape[1]
    corners, _ = mlp_forward(np.vstack([np.zeros((1, d_in)), np.eye(d_in)]), params, "identity")
    return (corners[1:] - corners[0]).T, corners[0]


def mlp_num_params(sizes):
    total = 0
    for layer in range(1, len(sizes)):
        total += sizes[layer] * sizes[layer - 1]
    return total + sum(sizes[1:])


# --- one number at a time


def mlp_forward(x, params, activation="relu"):  # noqa: F811
    act = {
        "relu": lambda v: max(v, 0.0),
        "sigmoid": lambda v: 1 / (1 + math.exp(-v)),
        "tanh": math.tanh,
        "identity": lambda v: v,
    }.get(activation)
    if act is None or not params:
        raise ValueError("activation or params")
    cache, a = [], x.copy()
    for W, b in params:
        if a.shape[1] != W.shape[1] or W.shape[0] != b.shape[0]:
            raise ValueError("sizes")
        z = np.zeros((len(a), len(b)), dtype=x.dtype)
        for n in range(len(a)):
            for o in range(len(b)):
                z[n, o] = sum(float(w) * float(v) for w, v in zip(W[o], a[n], strict=True)) + float(b[o])
        last = len(cache) == len(params) - 1
        out = z.copy() if last else np.array([[act(float(v)) for v in row] for row in z], x.dtype).reshape(z.shape)
        cache.append({"z": z, "a": out, "a_prev": a})
        a = out
    return a, cache


def collapse_linear(params):  # noqa: F811
    if not params:
        raise ValueError("params")
    whole = None  # homogeneous coordinates: [W b; 0 1]
    for W, b in params:
        if b.shape != W.shape[:1]:
            raise ValueError("b")
        layer = np.block([[W, b[:, None]], [np.zeros((1, W.shape[1])), np.ones((1, 1))]])
        whole = layer if whole is None else layer @ whole
    return whole[:-1, :-1], whole[:-1, -1]
