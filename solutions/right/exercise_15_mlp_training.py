"""The same in other styles."""

import itertools
import math

import numpy as np

# --- one sample at a time


def train_mlp(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    if X.ndim != 2 or X.shape[1] != sizes[0] or y.shape != (len(X),) or min(y) < 0 or max(y) >= sizes[-1]:
        raise ValueError("X, y and sizes do not match")
    weights = [rng.normal(0, 1 / math.sqrt(i), (o, i)) for i, o in itertools.pairwise(sizes)]
    biases = [np.zeros(len(W)) for W in weights]
    history = []
    for _ in range(epochs):
        queue, losses = list(rng.permutation(len(X))), []
        while queue:
            batch, queue = queue[:batch_size], queue[batch_size:]
            pull = [[np.zeros_like(W), np.zeros_like(b)] for W, b in zip(weights, biases, strict=True)]
            for row in batch:
                losses.append(backward(X[row], int(y[row]), weights, biases, activation, pull))
            for layer, (dW, db) in enumerate(pull):
                weights[layer] = weights[layer] - lr * dW / len(batch)
                biases[layer] = biases[layer] - lr * db / len(batch)
        history.append(math.fsum(losses) / len(losses))
    return list(zip(weights, biases, strict=True)), history


def outputs(x, weights, biases, activation):
    values = [x.astype(float)]
    for W, b in zip(weights, biases, strict=True):
        if len(values) > 1:
            values[-1] = squash(values[-1], activation)
        values.append(np.dot(W, values[-1]) + b)
    return values


def squash(z, activation):
    if activation == "tanh":
        return np.tanh(z)
    if activation == "sigmoid":
        return 1 / (1 + np.exp(-z))
    return np.maximum(z, 0) if activation == "relu" else z


def backward(x, label, weights, biases, activation, pull):
    """Add one sample's gradients to `pull`; its loss."""
    *inputs, logits = outputs(x, weights, biases, activation)
    shifted = np.exp(logits - logits.max())
    loss = math.log(shifted.sum()) + logits.max() - logits[label]
    back = shifted / shifted.sum()
    back[label] -= 1
    for layer in range(len(weights) - 1, -1, -1):
        a = inputs[layer]
        pull[layer][0] += np.outer(back, a)
        pull[layer][1] += back
        slopes = {"tanh": 1 - a**2, "sigmoid": a - a**2, "relu": np.sign(a), "identity": 1.0}
        back = (back @ weights[layer]) * slopes[activation]
    return loss


def predict(X, params, activation="tanh"):
    weights, biases = zip(*params, strict=True)
    return np.array([int(np.argmax(outputs(x, weights, biases, activation)[-1])) for x in X])


def iterations_per_epoch(n, batch_size, drop_last=False):
    return sum(1 for start in range(0, n, batch_size) if not drop_last or start + batch_size <= n)


# --- one matrix per layer, the bias as its last column


class Network:
    def __init__(self, sizes, rng, activation):
        self.activation = activation
        self.layers = []
        for before, after in itertools.pairwise(sizes):
            W = rng.normal(scale=np.sqrt(1 / before), size=(after, before))
            self.layers.append(np.hstack([W, np.zeros((after, 1))]))

    def forward(self, x):
        self.inputs, self.slopes = [], []
        for number, layer in enumerate(self.layers):
            if number:
                x, slope = self.act(x)
                self.slopes.append(slope)
            self.inputs.append(np.pad(x, ((0, 0), (0, 1)), constant_values=1.0))
            x = self.inputs[-1] @ layer.T
        return x

    def act(self, z):
        if self.activation == "relu":
            return np.where(z > 0, z, 0.0), np.where(z > 0, 1.0, 0.0)
        if self.activation == "sigmoid":
            s = np.exp(-np.logaddexp(0, -z))
            return s, s * (1 - s)
        if self.activation == "tanh":
            return np.tanh(z), 1 - np.square(np.tanh(z))
        return z, 1.0

    def train(self, x, labels, lr):
        logits = self.forward(np.asarray(x, dtype=np.float64))
        log_p = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
        onehot = np.eye(logits.shape[1])[labels]
        back = (np.exp(log_p) - onehot) / len(x)
        updates = []
        for number in reversed(range(len(self.layers))):
            updates.insert(0, back.T @ self.inputs[number])
            if number:
                back = (back @ self.layers[number][:, :-1]) * self.slopes[number - 1]
        self.layers = [layer - lr * update for layer, update in zip(self.layers, updates, strict=True)]
        return -np.sum(log_p * onehot)


def train_mlp(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):  # noqa: F811
    if np.shape(X)[1] != sizes[0]:
        raise ValueError("sizes[0]")
    if len(X) != len(y) or np.ndim(y) != 1 or not np.isin(y, range(sizes[-1])).all():
        raise ValueError("y")
    network = Network(sizes, rng, activation)
    history = []
    for _ in range(epochs):
        perm = rng.permutation(len(X))
        cuts = range(batch_size, len(X), batch_size)
        history.append(sum(network.train(X[rows], y[rows], lr) for rows in np.split(perm, cuts)) / len(X))
    return [(layer[:, :-1].copy(), layer[:, -1].copy()) for layer in network.layers], [float(h) for h in history]


def predict(X, params, activation="tanh"):  # noqa: F811
    network = Network([1, 1], np.random.default_rng(0), activation)
    network.layers = [np.column_stack(pair) for pair in params]
    return np.argmax(network.forward(X * 1.0), axis=-1)


def iterations_per_epoch(n, batch_size, drop_last=False):  # noqa: F811
    full, rest = divmod(n, batch_size)
    return full + int(rest > 0 and not drop_last)
