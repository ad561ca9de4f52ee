"""The same in other styles."""

import math

import numpy as np


# --- plain Python numbers, rows in a while loop
def neuron(x, w, b, activation="step"):
    if activation not in ("step", "identity", "sigmoid", "relu"):
        raise ValueError("activation")
    if x.shape[-1] != w.shape[0]:
        raise ValueError("x and w")

    def act(z):
        if activation == "step":
            return 1.0 if z >= 0 else 0.0
        if activation == "relu":
            return z if z > 0 else 0.0
        if activation == "sigmoid":
            return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
        return z

    def score(row):
        return sum(float(a) * float(c) for a, c in zip(row, w, strict=True)) + b

    if x.ndim == 1:
        return act(score(x))
    return np.array([act(score(row)) for row in x], dtype=np.result_type(x, w) if x.dtype.kind == "f" else float)


def perceptron_fit(X, y, lr=1.0, max_epochs=100):
    rows, labels = X.tolist(), y.tolist()
    if not rows or len(rows) != len(labels) or set(labels) - {-1, 1}:
        raise ValueError("X or y")
    w, b, updates, epoch, clean = [0.0] * len(rows[0]), 0.0, 0, 0, False
    while epoch < max_epochs and not clean:
        clean = True
        for x_n, y_n in zip(rows, labels, strict=True):
            score = sum(p * q for p, q in zip(x_n, w, strict=True)) + b
            if score == 0 or (score > 0) != (y_n > 0):
                w = [p + lr * y_n * q for p, q in zip(w, x_n, strict=True)]
                b, updates, clean = b + lr * y_n, updates + 1, False
        epoch += 1
    return np.array(w), b, updates


def perceptron_predict(X, w, b):
    if X.shape[1] != len(w):
        raise ValueError("X and w")
    return np.array([1.0 if sum(row * w) + b >= 0 else -1.0 for row in X])


# --- a bias column, sign tricks
def neuron(x, w, b, activation="step"):  # noqa: F811
    z = np.dot(x, w) + b
    acts = {
        "step": lambda: np.heaviside(z, np.ones((), z.dtype)),
        "identity": lambda: z,
        "relu": lambda: z * (z > 0),
        "sigmoid": lambda: 0.5 * (1 + np.tanh(0.5 * z)),
    }
    if activation not in acts:
        raise ValueError("activation")
    return acts[activation]()


def perceptron_fit(X, y, lr=1.0, max_epochs=100):  # noqa: F811
    if not np.isin(y, (-1, 1)).all() or len(X) != len(y) or len(X) < 1:
        raise ValueError("X or y")
    rows = np.hstack([X, np.ones((len(X), 1))]) * y[:, None]  # y_n * (x_n, 1)
    v, updates = np.zeros(rows.shape[1]), 0
    for _ in range(max_epochs):
        mistakes = 0
        for row in rows:
            if row @ v <= 0:
                v = v + lr * row
                mistakes += 1
        updates += mistakes
        if not mistakes:
            break
    return v[:-1], v[-1], np.int64(updates)


def perceptron_predict(X, w, b):  # noqa: F811
    return 2 * neuron(X, w, b) - 1
