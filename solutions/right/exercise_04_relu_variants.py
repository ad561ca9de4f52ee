"""The same in other styles."""

import numpy as np


def _float(x):
    return x if x.dtype.kind == "f" else x.astype(np.float64)


# --- np.where everywhere, sums by einsum
def relu(x):
    return np.maximum(_float(x), 0)


def leaky_relu(x, negative_slope=0.01):
    return np.where(x > 0, x, x * negative_slope)


def prelu(x, alpha):
    if alpha.shape not in ((1,), (x.shape[1],)):
        raise ValueError("alpha")
    return np.where(x >= 0, x, alpha.reshape(1, -1, *[1] * (x.ndim - 2)) * x)


def prelu_backward(dy, x, alpha):
    if alpha.shape not in ((1,), (x.shape[1],)):
        raise ValueError("alpha")
    dx = dy * np.where(x > 0, np.ones((), x.dtype), alpha.reshape(1, -1, *[1] * (x.ndim - 2)))
    masked = np.where(x < 0, x, np.zeros((), x.dtype))
    rows = (*x.shape[:2], -1)
    dalpha = np.einsum("nck,nck->c", dy.reshape(rows), masked.reshape(rows))
    return [dx, dalpha if len(alpha) > 1 else np.atleast_1d(dalpha.sum())]


def rrelu(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    if not lower <= upper or (training and rng is None):
        raise ValueError("lower, upper or rng")
    x = _float(x)
    if training:
        slope = rng.uniform(low=lower, high=upper, size=x.shape).astype(x.dtype)
    else:
        slope = np.full_like(x, 0.5 * (lower + upper))
    slopes = np.where(x >= 0, np.ones_like(x), slope)
    return np.where(x >= 0, x, slope * x), slopes


# --- masks and loops over channels
def relu(x):  # noqa: F811
    out = _float(x).copy()
    out[out < 0] = 0
    return out


def leaky_relu(x, negative_slope=0.01):  # noqa: F811
    out = _float(x).copy()
    out[out < 0] *= negative_slope
    return out


def prelu(x, alpha):  # noqa: F811
    if alpha.size != 1 and alpha.size != x.shape[1]:
        raise ValueError("alpha")
    out = _float(x).copy()
    for c in range(x.shape[1]):
        out[:, c] = leaky_relu(out[:, c], alpha[c % alpha.size])
    return out


def prelu_backward(dy, x, alpha):  # noqa: F811
    if alpha.size != 1 and alpha.size != x.shape[1]:
        raise ValueError("alpha")
    dx, dalpha = dy.copy(), np.zeros_like(alpha)
    for c in range(x.shape[1]):
        a, negative = c % alpha.size, x[:, c] <= 0
        dx[:, c][negative] *= alpha[a]
        dalpha[a] += (dy[:, c] * x[:, c])[negative].sum()
    return dx, dalpha


def rrelu(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):  # noqa: F811
    if lower > upper:
        raise ValueError("lower")
    if training:
        if rng is None:
            raise ValueError("rng")
        slopes = lower + (upper - lower) * rng.random(x.shape)
    else:
        slopes = np.full(x.shape, lower + (upper - lower) / 2)
    slopes[x > 0] = 1
    return (x * slopes).astype(_float(x).dtype), slopes
