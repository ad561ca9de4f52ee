import numpy as np


def minibatch_indices(n: int, batch_size: int, rng: np.random.Generator, drop_last: bool = False) -> list[np.ndarray]:
    if batch_size < 1 or (drop_last and batch_size > n):
        raise ValueError("batch_size must be at least 1 and leave a batch")
    perm = rng.permutation(n)
    end = n - n % batch_size if drop_last else n
    return [perm[i : i + batch_size] for i in range(0, end, batch_size)]


def sgd_linear(
    X: np.ndarray,
    Y: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    lr: float,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, int]:
    if lr <= 0:
        raise ValueError("lr must be positive")
    updates = 0
    for _ in range(epochs):
        for rows in minibatch_indices(len(X), batch_size, rng):
            E = X[rows] @ W + b - Y[rows]  # (B, K)
            W = W - lr * X[rows].T @ E / len(rows)
            b = b - lr * E.mean(axis=0)
            updates += 1
    return W, b, updates


def minibatch_gradient_variance(per_sample_grads: np.ndarray, batch_size: int, replace: bool = True) -> float:
    n = len(per_sample_grads)
    if batch_size < 1 or (not replace and batch_size > n):
        raise ValueError("batch_size must be at least 1, and at most N without replacement")
    variance = per_sample_grads.var(axis=0).sum() / batch_size
    return float(variance if replace else variance * (n - batch_size) / (n - 1))


def sgd_noise_floor(curvature: float, lr: float, noise_std: float) -> float:
    if curvature <= 0 or lr <= 0 or lr * curvature >= 2:
        raise ValueError("curvature and lr must be positive, their product below 2")
    return lr * noise_std**2 / (curvature * (2 - lr * curvature))
