import math

import numpy as np


def fan_in_out(shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) < 2:
        raise ValueError("shape needs at least two entries: (out, in, ...)")
    area = math.prod(shape[2:])
    return shape[1] * area, shape[0] * area


def xavier_uniform(shape: tuple[int, ...], rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    bound = gain * math.sqrt(6 / sum(fan_in_out(shape)))
    return rng.uniform(-bound, bound, shape)


def xavier_normal(shape: tuple[int, ...], rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    return rng.normal(0, gain * math.sqrt(2 / sum(fan_in_out(shape))), shape)


def he_std(shape: tuple[int, ...], negative_slope: float, mode: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode: unknown {mode!r}")
    fan_in, fan_out = fan_in_out(shape)
    return math.sqrt(2 / (1 + negative_slope**2) / (fan_in if mode == "fan_in" else fan_out))


def he_uniform(
    shape: tuple[int, ...], rng: np.random.Generator, negative_slope: float = 0.0, mode: str = "fan_in"
) -> np.ndarray:
    bound = math.sqrt(3) * he_std(shape, negative_slope, mode)
    return rng.uniform(-bound, bound, shape)


def he_normal(
    shape: tuple[int, ...], rng: np.random.Generator, negative_slope: float = 0.0, mode: str = "fan_in"
) -> np.ndarray:
    return rng.normal(0, he_std(shape, negative_slope, mode), shape)


def hidden_unit_diversity(
    params: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray, y: np.ndarray, steps: int, lr: float
) -> int:
    for _ in range(steps):
        params = descended(params, x, y, lr)
    different: list[np.ndarray] = []
    for row in params[0][0]:
        if all(np.abs(row - other).max() > 1e-8 for other in different):
            different.append(row)
    return len(different)


def descended(
    params: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray, y: np.ndarray, lr: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The parameters after one step."""
    h = [x]
    for W, b in params:
        z = h[-1] @ W.T + b
        h.append(np.tanh(z))  # the last one is not used
    p = np.exp(z)
    delta = (p / p.sum(axis=1, keepdims=True) - np.eye(len(b))[y]) / len(y)  # (N, D_L)
    new = []
    for k in reversed(range(len(params))):
        W, b = params[k]
        new.append((W - lr * delta.T @ h[k], b - lr * delta.sum(axis=0)))
        delta = delta @ W * (1 - h[k] ** 2)  # (N, D_{l-1})
    return new[::-1]
