"""The same in other styles."""

import math

import numpy as np

# --- shuffle and split; in place on copies; pairwise distances


def minibatch_indices(n, batch_size, rng, drop_last=False):
    if batch_size < 1:
        raise ValueError("batch_size")
    order = np.arange(n)
    rng.shuffle(order)
    batches = np.split(order, range(batch_size, n, batch_size))
    if drop_last and len(batches[-1]) < batch_size:
        batches.pop()
    if not batches:
        raise ValueError("no batch left")
    return batches


def sgd_linear(X, Y, W, b, lr, epochs, batch_size, rng):
    if not lr > 0:
        raise ValueError("lr")
    if batch_size < 1:
        raise ValueError("batch_size")
    W, b = W.copy(), b.copy()
    count = 0
    for _ in range(epochs):
        perm = rng.permutation(X.shape[0])
        for start in range(0, X.shape[0], batch_size):
            x, y = X[perm[start : start + batch_size]], Y[perm[start : start + batch_size]]
            error = (x @ W + b - y) / x.shape[0]
            W -= lr * np.einsum("nd,nk->dk", x, error)
            b -= lr * error.sum(0)
            count += 1
    return W, b, count


def minibatch_gradient_variance(per_sample_grads, batch_size, replace=True):
    g = per_sample_grads
    n = g.shape[0]
    if batch_size < 1 or (batch_size > n and not replace):
        raise ValueError("batch_size")
    differences = g[:, None, :] - g[None, :, :]
    trace = float((differences**2).sum()) / (2 * n * n)
    return trace / batch_size * (1.0 if replace else (n - batch_size) / (n - 1))


def sgd_noise_floor(curvature, lr, noise_std):
    if min(curvature, lr) <= 0 or curvature * lr >= 2:
        raise ValueError("curvature, lr")
    return (lr * noise_std) ** 2 / (1 - (1 - lr * curvature) ** 2)


# --- the bias as a row of ones, one sample at a time


def minibatch_indices(n, batch_size, rng, drop_last=False):  # noqa: F811
    if batch_size < 1:
        raise ValueError("batch_size")
    count = n // batch_size if drop_last else math.ceil(n / batch_size)
    if count == 0:
        raise ValueError("batch_size")
    perm = rng.permutation(n)
    return [perm[k * batch_size : (k + 1) * batch_size] for k in range(count)]


def sgd_linear(X, Y, W, b, lr, epochs, batch_size, rng):  # noqa: F811
    if lr <= 0:
        raise ValueError("lr")
    ones = np.ones((len(X), 1), dtype=X.dtype)
    inputs, theta = np.hstack([X, ones]), np.vstack([W, b])
    updates = 0
    for _ in range(epochs):
        for rows in minibatch_indices(len(X), batch_size, rng):
            gradient = np.zeros_like(theta)
            for i in rows:
                gradient += np.outer(inputs[i], inputs[i] @ theta - Y[i])
            theta = theta - lr / len(rows) * gradient
            updates += 1
    return theta[:-1], theta[-1], updates


def minibatch_gradient_variance(per_sample_grads, batch_size, replace=True):  # noqa: F811
    rows = per_sample_grads.tolist()
    n = len(rows)
    if batch_size < 1 or (not replace and batch_size > n):
        raise ValueError("batch_size")
    trace = 0.0
    for column in zip(*rows, strict=True):
        mean = math.fsum(column) / n
        trace += math.fsum((v - mean) ** 2 for v in column) / n
    if not replace:
        trace *= (n - batch_size) / (n - 1)
    return trace / batch_size


def sgd_noise_floor(curvature, lr, noise_std):  # noqa: F811
    if not (curvature > 0 and lr > 0 and 2 - lr * curvature > 0):
        raise ValueError("curvature, lr")
    return noise_std * noise_std / curvature / (2 / lr - curvature)
