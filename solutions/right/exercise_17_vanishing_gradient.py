import math

import numpy as np


# --- derivatives from the outputs, norms filled in from the end
def layer_gradient_norms(depth, width, activation, gain, residual, rng):
    if depth <= 0:
        raise ValueError("depth")
    x = rng.standard_normal((64, width))
    trace = []
    for _ in range(depth):
        weights = rng.standard_normal((width, width)) * gain / width**0.5
        z = np.einsum("ni,oi->no", x, weights)
        if activation == "sigmoid":
            a = np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))
            slope = a * (1 - a)
        elif activation == "tanh":
            a = np.tanh(z)
            slope = (1 - a) * (1 + a)
        elif activation == "relu":
            a = np.maximum(z, 0)
            slope = (a > 0).astype(float)
        elif activation == "identity":
            a, slope = z, 1.0
        else:
            raise ValueError("activation")
        x = x + a if residual else a
        trace.append((weights, slope))
    grad = x / (64 * width)
    norms = np.zeros(depth)
    for i in range(depth - 1, -1, -1):
        weights, slope = trace[i]
        inner = grad * slope
        norms[i] = np.sqrt((inner * inner).sum())
        grad = inner @ weights + (grad if residual else 0)
    return norms


def gradient_ratio(norms):
    return norms[0] / norms[-1]


def classify_gradient_flow(norms, low=1e-3, high=1e3):
    norms = [float(n) for n in norms]
    if any(math.isnan(n) or math.isinf(n) for n in norms):
        return "exploding"
    if not any(norms) or norms[0] / norms[-1] < low:
        return "vanishing"
    return "exploding" if norms[0] / norms[-1] > high else "healthy"
