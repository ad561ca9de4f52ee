"""The same in another style: scaled standard draws, rows compared one by one, backpropagation layer by layer."""

import numpy as np


def fan_in_out(shape):
    if len(shape) <= 1:
        raise ValueError("shape")
    fan_out, fan_in = shape[0], shape[1]
    for k in shape[2:]:
        fan_in *= k
        fan_out *= k
    return fan_in, fan_out


def xavier_uniform(shape, rng, gain=1.0):
    fan_in, fan_out = fan_in_out(shape)
    bound = gain * np.sqrt(6.0 / (fan_in + fan_out))
    return bound * (2 * rng.random(shape) - 1)


def xavier_normal(shape, rng, gain=1.0):
    fan_in, fan_out = fan_in_out(shape)
    return gain * (2.0 / (fan_in + fan_out)) ** 0.5 * rng.standard_normal(shape)


def _std(shape, negative_slope, mode):
    fans = dict(zip(("fan_in", "fan_out"), fan_in_out(shape), strict=True))
    if mode not in fans:
        raise ValueError("mode")
    return np.sqrt(2 / (1 + negative_slope * negative_slope)) / np.sqrt(fans[mode])


def he_uniform(shape, rng, negative_slope=0.0, mode="fan_in"):
    bound = np.sqrt(3.0) * _std(shape, negative_slope, mode)
    return rng.uniform(low=-bound, high=bound, size=shape)


def he_normal(shape, rng, negative_slope=0.0, mode="fan_in"):
    return rng.normal(scale=_std(shape, negative_slope, mode), size=shape)


def hidden_unit_diversity(params, x, y, steps, lr):
    weights, biases = [W.copy() for W, _ in params], [b.copy() for _, b in params]
    depth, n = len(weights), len(x)
    onehot = np.zeros((n, len(biases[-1])))
    onehot[range(n), y] = 1
    for _ in range(steps):
        inputs = [x]
        for layer in range(depth - 1):
            inputs.append(np.tanh(np.einsum("ni,oi->no", inputs[-1], weights[layer]) + biases[layer]))
        logits = inputs[-1] @ weights[-1].T + biases[-1]
        e = np.exp(logits - logits.max(axis=1)[:, None])
        delta = (e / e.sum(axis=1)[:, None] - onehot) / n
        for layer in range(depth - 1, -1, -1):
            below = delta @ weights[layer]
            weights[layer] -= lr * np.einsum("no,ni->oi", delta, inputs[layer])
            biases[layer] -= lr * delta.sum(axis=0)
            delta = below * (1 - inputs[layer] * inputs[layer])
    kept = []
    for row in weights[0]:
        if not any(np.allclose(row, other, rtol=0, atol=1e-8) for other in kept):
            kept.append(row)
    return len(kept)
