from itertools import pairwise

import numpy as np

ACTIVATIONS = {
    "relu": lambda z: z.clip(0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "identity": lambda z: z,
}


def mlp_forward(
    x: np.ndarray, params: list[tuple[np.ndarray, np.ndarray]], activation: str = "relu"
) -> tuple[np.ndarray, list[dict]]:
    _validate(params)
    if activation not in ACTIVATIONS:
        raise ValueError("unknown activation")
    cache = []
    a = x
    for layer, (W, b) in enumerate(params, 1):
        a_prev, z = a, a @ W.T + b
        a = z if layer == len(params) else ACTIVATIONS[activation](z)
        cache.append({"a_prev": a_prev, "z": z, "a": a})
    return a, cache


def collapse_linear(params: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    _validate(params)
    W, b = params[0]
    for W_next, b_next in params[1:]:
        W, b = W_next @ W, W_next @ b + b_next  # W_next (W x + b) + b_next
    return W, b


def mlp_num_params(sizes: list[int]) -> int:
    return sum((d_in + 1) * d_out for d_in, d_out in pairwise(sizes))


def _validate(params: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """What matmul does not refuse with a ValueError by itself."""
    if not params or any(b.shape != (len(W),) for W, b in params):
        raise ValueError("params needs at least one layer, and each b one entry per row of its W")
