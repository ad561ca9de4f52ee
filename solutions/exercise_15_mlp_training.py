import itertools

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(z / 2)) / 2


ACTIVATIONS = {  # the function and its derivative, both of z
    "relu": (lambda z: z.clip(min=0), lambda z: z > 0),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "identity": (lambda z: z, np.ones_like),
}
Params = list[tuple[np.ndarray, np.ndarray]]


def forward(X: np.ndarray, params: Params, activation: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Each layer's input and pre-activation; the last pre-activation holds the logits."""
    act, _ = ACTIVATIONS[activation]
    a, z = [], []
    for W, b in params:
        a.append(act(z[-1]) if z else X)
        z.append(a[-1] @ W.T + b)
    return a, z


def loss_and_grads(X: np.ndarray, y: np.ndarray, params: Params, activation: str) -> tuple[float, Params]:
    _, slope = ACTIVATIONS[activation]
    a, z = forward(X, params, activation)
    logits = z[-1]  # (B, C)
    target = np.arange(len(y)), y
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    delta = np.exp(log_p)
    delta[target] -= 1
    delta /= len(y)
    grads = []
    for layer in reversed(range(len(params))):
        grads.append((delta.T @ a[layer], delta.sum(axis=0)))
        if layer > 0:
            delta = delta @ params[layer][0] * slope(z[layer - 1])
    return -float(log_p[target].mean()), grads[::-1]


def initial(sizes: list[int], rng: np.random.Generator) -> Params:
    return [(rng.normal(0, 1 / np.sqrt(i), (o, i)), np.zeros(o)) for i, o in itertools.pairwise(sizes)]


def train_mlp(
    X: np.ndarray,
    y: np.ndarray,
    sizes: list[int],
    lr: float,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    activation: str = "tanh",
) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[float]]:
    if y.ndim != 1 or X.shape != (len(y), sizes[0]):
        raise ValueError("X needs sizes[0] columns, and y one label per row of X")
    if not ((y >= 0) & (y < sizes[-1])).all():
        raise ValueError("a label is below 0 or not below sizes[-1]")
    n = len(y)
    params = initial(sizes, rng)
    history = []
    for _ in range(epochs):
        perm = rng.permutation(n)
        total = 0.0
        for start in range(0, n, batch_size):
            rows = perm[start : start + batch_size]  # the last slice may be shorter
            loss, grads = loss_and_grads(X[rows], y[rows], params, activation)
            total += loss * len(rows)
            for layer, (dW, db) in enumerate(grads):
                W, b = params[layer]
                params[layer] = W - lr * dW, b - lr * db
        history.append(total / n)
    return params, history


def predict(X: np.ndarray, params: list[tuple[np.ndarray, np.ndarray]], activation: str = "tanh") -> np.ndarray:
    _, z = forward(X, params, activation)
    return z[-1].argmax(axis=1)


def iterations_per_epoch(n: int, batch_size: int, drop_last: bool = False) -> int:
    return n // batch_size if drop_last else -(-n // batch_size)
