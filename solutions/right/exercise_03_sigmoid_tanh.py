"""The same in other styles."""

import math

import numpy as np


def _checked(x):
    if not (np.issubdtype(x.dtype, np.floating) or np.issubdtype(x.dtype, np.integer) or x.dtype == bool):
        raise ValueError("x")
    return x.astype(x.dtype if np.issubdtype(x.dtype, np.floating) else float)


# --- masks, the usual expm1 form of tanh
def sigmoid(x):
    x = _checked(x)
    out = np.empty_like(x)
    positive = x >= 0
    out[positive] = 1 / (1 + np.exp(-x[positive]))
    e = np.exp(x[~positive])
    out[~positive] = e / (1 + e)
    return out


def sigmoid_grad(x):
    return sigmoid(x) * sigmoid(-_checked(x))


def tanh(x):
    x = _checked(x)
    e = np.expm1(-2 * np.abs(x))
    return np.sign(x) * -e / (e + 2)


def tanh_grad(x):
    y = tanh(x)
    return (1 - y) * (1 + y)


# --- one number at a time
def _each(f, x):
    x = _checked(x)
    return np.array([f(float(v)) for v in x.ravel()], dtype=x.dtype).reshape(x.shape)


def sigmoid(x):  # noqa: F811
    return _each(lambda v: 1 / (1 + math.exp(-v)) if v > 0 else math.exp(v) / (math.exp(v) + 1), x)


def sigmoid_grad(x):  # noqa: F811
    return _each(lambda v: math.exp(-abs(v)) / (1 + math.exp(-abs(v))) ** 2, x)


def tanh(x):  # noqa: F811
    return _each(lambda v: math.copysign(math.expm1(-2 * abs(v)) / (1 + math.exp(-2 * abs(v))), v), x)


def tanh_grad(x):  # noqa: F811
    return _each(lambda v: 4 * math.exp(-2 * abs(v)) / (1 + math.exp(-2 * abs(v))) ** 2, x)


# --- np.where on inputs made safe first
def sigmoid(x):  # noqa: F811
    x = _checked(x)
    e = np.exp(np.where(x >= 0, -x, x))
    return np.where(x >= 0, 1, e) / (1 + e)


def tanh(x):  # noqa: F811
    x = _checked(x)
    e = np.expm1(2 * np.minimum(x, -x))
    return np.where(x > 0, -e, e) / (2 + e)
