"""The same in other styles."""

import math

import numpy as np


def _float(x):
    return np.dtype(x.dtype if x.dtype.kind == "f" else np.float64)


# --- one set of values at a time, with plain Python sums


def _block(values, eps):
    flat = [float(v) for v in values.ravel()]
    mean = math.fsum(flat) / len(flat)
    var = math.fsum((v - mean) ** 2 for v in flat) / len(flat)
    return np.array([(v - mean) / math.sqrt(var + eps) for v in flat]).reshape(values.shape), math.sqrt(var + eps)


def layer_norm(x, gamma, beta, eps=1e-5):
    lead = x.ndim - gamma.ndim
    if lead < 0 or x.shape[lead:] != gamma.shape or beta.shape != gamma.shape:
        raise ValueError("gamma")
    y = np.empty(x.shape, _float(x))
    for index in np.ndindex(x.shape[:lead]):
        y[index] = gamma * _block(x[index], eps)[0] + beta
    return y


def layer_norm_backward(dy, x, gamma, eps=1e-5):
    dx, dgamma, dbeta = np.empty_like(dy), np.zeros(gamma.shape), np.zeros(gamma.shape)
    for index in np.ndindex(x.shape[:-1]):
        xhat, root = _block(x[index], eps)
        centred = xhat * root
        dxhat = dy[index] * gamma
        dvar = -(dxhat @ centred) / (2 * root**3)
        dmean = -dxhat.sum() / root
        dx[index] = dxhat / root + (2 * dvar * centred + dmean) / len(gamma)
        dgamma += dy[index] * xhat
        dbeta += dy[index]
    return [dx, dgamma.astype(dy.dtype), dbeta.astype(dy.dtype)]


def instance_norm(x, eps=1e-5):
    out = [[_block(channel, eps)[0] for channel in sample] for sample in x]
    return np.array(out).astype(_float(x))


def group_norm(x, num_groups, gamma, beta, eps=1e-5):
    channels = x.shape[1]
    if num_groups not in [g for g in range(1, channels + 1) if channels % g == 0]:
        raise ValueError("num_groups")
    if gamma.shape != (channels,) or beta.shape != (channels,):
        raise ValueError("gamma")
    parts = [[_block(p, eps)[0] for p in np.split(sample, num_groups)] for sample in x]
    xhat = np.array([np.concatenate(p) for p in parts])
    return (np.einsum("c,nchw->nchw", gamma, xhat) + beta.reshape(-1, 1, 1)).astype(_float(x))


def normalized_axes(kind):
    if kind == "group":
        return 2, 3, 4
    try:
        kept = {"batch": {1}, "layer": {0}, "instance": {0, 1}}[kind]
    except KeyError:
        raise ValueError("kind") from None
    return tuple(sorted({0, 1, 2, 3} - kept))


# --- group norm for all of them, on matrices with one set per row


def _rows(matrix, eps):
    centred = matrix - matrix.mean(1)[:, None]
    power = np.einsum("ij,ij->i", centred, centred) / matrix.shape[1]
    return centred * (1 / np.sqrt(power + eps))[:, None]


def layer_norm(x, gamma, beta, eps=1e-5):  # noqa: F811
    if gamma.shape != beta.shape or x.shape[x.ndim - gamma.ndim :] != gamma.shape:
        raise ValueError("gamma")
    return _rows(x.reshape(-1, gamma.size), eps).reshape(x.shape) * gamma + beta


def layer_norm_backward(dy, x, gamma, eps=1e-5):  # noqa: F811
    """From y back through the mean-free part: the projection off 1 and off xhat."""
    d = len(gamma)
    g, values = dy.reshape(-1, d), x.reshape(-1, d)
    xhat = _rows(values, eps)
    std = np.sqrt(np.square(values - values.mean(1, keepdims=True)).mean(1, keepdims=True) + eps)
    back = d * (g * gamma) - (g @ gamma)[:, None] - xhat * ((g * xhat) @ gamma)[:, None]
    return (back / (d * std)).reshape(x.shape), np.einsum("nd,nd->d", g, xhat), g.sum(0)


def instance_norm(x, eps=1e-5):  # noqa: F811
    return group_norm(x, x.shape[1], np.ones(x.shape[1], _float(x)), np.zeros(x.shape[1], _float(x)), eps)


def group_norm(x, num_groups, gamma, beta, eps=1e-5):  # noqa: F811
    if num_groups <= 0 or x.shape[1] % num_groups != 0 or not gamma.shape == beta.shape == x.shape[1:2]:
        raise ValueError("num_groups or gamma")
    xhat = _rows(np.reshape(x, (len(x) * num_groups, -1)), eps).reshape(x.shape)
    return np.moveaxis(np.moveaxis(xhat, 1, -1) * gamma + beta, -1, 1)
