"""Answers people really give. Each must fail exactly the checks it names."""

import itertools

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_15_mlp_training import (
    ACTIVATIONS,
    forward,
    initial,
    loss_and_grads,
    predict,
    train_mlp,
)

TRAINING = ["deterministic_trace", "loss_history", "shuffling"]


def _checked(X, y, sizes):
    """The reference's ValueErrors."""
    train_mlp(X, y, sizes, 0.0, 0, 1, np.random.default_rng(0))


def _epoch(X, y, perm, params, lr, batch_size, activation):
    """The reference's epoch: the new parameters and the entry of history."""
    total = 0.0
    for start in range(0, len(perm), batch_size):
        rows = perm[start : start + batch_size]
        loss, grads = loss_and_grads(X[rows], y[rows], params, activation)
        total += loss * len(rows)
        params = _step(params, grads, lr)
    return params, total / len(perm)


def _step(params, grads, lr):
    return [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(params, grads, strict=True)]


# The order of the samples


@wrong(replaces="train_mlp", fails=TRAINING)
def no_shuffle(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """Draw a new permutation every epoch: your batches are always the same."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        params, loss = _epoch(X, y, np.arange(len(X)), params, lr, batch_size, activation)
        history.append(loss)
    return params, history


@wrong(replaces="train_mlp", fails=TRAINING)
def shuffles_once(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """One permutation before the first epoch is not enough: draw a new one at the start of every epoch."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    perm = rng.permutation(len(X))
    for _ in range(epochs):
        params, loss = _epoch(X, y, perm, params, lr, batch_size, activation)
        history.append(loss)
    return params, history


@wrong(replaces="train_mlp", fails=[*TRAINING, "xor", "handmade_feature"])
def shuffle_x_only(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """X and y must be indexed by the same permutation: with shuffled X and unshuffled y the loss sits at log C."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        moved = X[rng.permutation(len(X))]
        params, loss = _epoch(moved, y, np.arange(len(X)), params, lr, batch_size, activation)
        history.append(loss)
    return params, history


@wrong(replaces="train_mlp", fails=[*TRAINING, "xor"])
def with_replacement(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """An epoch sees each sample once: take slices of a permutation, do not draw indices with replacement."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        rows = rng.integers(len(X), size=len(X))
        params, loss = _epoch(X, y, rows, params, lr, batch_size, activation)
        history.append(loss)
    return params, history


@wrong(replaces=("train_mlp", "iterations_per_epoch"), fails=[*TRAINING, "iterations"])
class drops_tail:
    """drop_last is False: the remainder is a batch too, so an epoch has ceil(N / B) iterations."""

    def train_mlp(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
        _checked(X, y, sizes)
        params, history = initial(sizes, rng), []
        for _ in range(epochs):
            perm = rng.permutation(len(X))
            perm = perm[: max(len(X) // batch_size, 1) * batch_size]
            params, loss = _epoch(X, y, perm, params, lr, batch_size, activation)
            history.append(loss)
        return params, history

    def iterations_per_epoch(n, batch_size, drop_last=False):
        return n // batch_size


# The history


@wrong(replaces="train_mlp", fails=["deterministic_trace", "loss_history"])
def mean_of_means(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """The last short batch is over-weighted in your history; weight each batch loss by its number of rows."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        perm, losses = rng.permutation(len(X)), []
        for start in range(0, len(X), batch_size):
            params, loss = _epoch(X, y, perm[start : start + batch_size], params, lr, batch_size, activation)
            losses.append(loss)
        history.append(sum(losses) / len(losses))
    return params, history


@wrong(replaces="train_mlp", fails=["deterministic_trace", "loss_history"])
def loss_after_update(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """history holds the losses as the gradients saw them, before each update; yours come after it."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        perm, total = rng.permutation(len(X)), 0.0
        for start in range(0, len(X), batch_size):
            rows = perm[start : start + batch_size]
            params, _ = _epoch(X, y, rows, params, lr, batch_size, activation)
            total += loss_and_grads(X[rows], y[rows], params, activation)[0] * len(rows)
        history.append(total / len(X))
    return params, history


@wrong(replaces="train_mlp", fails=["deterministic_trace", "loss_history"])
def last_batch_loss(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """The entry of an epoch is the mean over all its batches, not the loss of the last one."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        perm = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            params, loss = _epoch(X, y, perm[start : start + batch_size], params, lr, batch_size, activation)
        history.append(loss)
    return params, history


@wrong(replaces="train_mlp", fails=["deterministic_trace", "loss_history"])
def loss_per_batch(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """history has one entry per epoch; you add one for every batch."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        perm = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            params, loss = _epoch(X, y, perm[start : start + batch_size], params, lr, batch_size, activation)
            history.append(loss)
    return params, history


@wrong(replaces="loss_and_grads", fails=["loss_history"])
def log_of_softmax(X, y, params, activation):
    """log(softmax(z)) is log(0) for a class that underflows; take z - max - log(sum(exp(z - max))) instead."""
    _, grads = loss_and_grads(X, y, params, activation)
    z = forward(X, params, activation)[1][-1]
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -float(np.log(p[np.arange(len(y)), y]).mean()), grads


@wrong(replaces="loss_and_grads", fails=["loss_history"])
def no_max_shift(X, y, params, activation):
    """exp overflows at large logits; subtract each row's maximum first: the loss does not change."""
    _, grads = loss_and_grads(X, y, params, activation)
    z = forward(X, params, activation)[1][-1]
    return float((np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]).mean()), grads


@wrong(replaces="loss_and_grads", fails=TRAINING)
def summed_gradients(X, y, params, activation):
    """The loss is the mean over the batch, so its gradients carry 1/B: yours are summed, a step B times too long."""
    loss, grads = loss_and_grads(X, y, params, activation)
    return loss, [(dW * len(y), db * len(y)) for dW, db in grads]


# The initial parameters


@wrong(replaces="initial", fails=["deterministic_trace", "loss_history", "xor"])
def zero_init(sizes, rng):
    """With equal weights all hidden units stay clones and XOR cannot be learned: draw W_l from rng.normal."""
    return [(0 * W, b) for W, b in initial(sizes, rng)]


@wrong(replaces="initial", fails=["deterministic_trace", "loss_history"])
def fan_out_init(sizes, rng):
    """The standard deviation is 1/sqrt(D_{l-1}), the number of inputs of the layer, not of its outputs."""
    return [(W * np.sqrt(W.shape[1] / W.shape[0]), b) for W, b in initial(sizes, rng)]


@wrong(replaces="initial", fails=["deterministic_trace", "loss_history"])
def variance_as_scale(sizes, rng):
    """rng.normal takes the standard deviation 1/sqrt(D_{l-1}), not the variance 1/D_{l-1}."""
    return [(W / np.sqrt(W.shape[1]), b) for W, b in initial(sizes, rng)]


@wrong(replaces="initial", fails=["deterministic_trace", "loss_history"])
def drawn_transposed(sizes, rng):
    """Draw W_l in its own shape (D_l, D_{l-1}): transposing a (D_{l-1}, D_l) draw puts the numbers elsewhere."""
    return [(W.reshape(W.shape[::-1]).T, b) for W, b in initial(sizes, rng)]


@wrong(replaces="initial", fails=["deterministic_trace", "loss_history"])
def random_biases(sizes, rng):
    """Biases start at 0; drawing them also shifts every later draw."""
    return [(initial([i, o], rng)[0][0], 0.1 * rng.normal(size=o)) for i, o in itertools.pairwise(sizes)]


# The update


@wrong(replaces="train_mlp", fails=["deterministic_trace", "loss_history"])
def update_in_loop(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """Finish all gradients before touching any weight: you update layer by layer while backpropagating."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        perm, total = rng.permutation(len(X)), 0.0
        for start in range(0, len(X), batch_size):
            rows = perm[start : start + batch_size]
            a, z = forward(X[rows], params, activation)
            total += loss_and_grads(X[rows], y[rows], params, activation)[0] * len(rows)
            delta = np.exp(z[-1] - z[-1].max(axis=1, keepdims=True))
            delta /= delta.sum(axis=1, keepdims=True)
            delta[np.arange(len(rows)), y[rows]] -= 1
            delta /= len(rows)
            for layer in reversed(range(len(params))):
                W, b = params[layer]
                params[layer] = W - lr * delta.T @ a[layer], b - lr * delta.sum(axis=0)
                if layer > 0:
                    delta = delta @ params[layer][0] * ACTIVATIONS[activation][1](z[layer - 1])
        history.append(total / len(X))
    return params, history


@wrong(replaces="train_mlp", fails=TRAINING)
def accumulates(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """Gradients of the previous batch leaked into this update: start each batch's gradients from zero."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        perm, total = rng.permutation(len(X)), 0.0
        kept = [(0 * W, 0 * b) for W, b in params]
        for start in range(0, len(X), batch_size):
            rows = perm[start : start + batch_size]
            loss, grads = loss_and_grads(X[rows], y[rows], params, activation)
            total += loss * len(rows)
            kept = _step(kept, grads, -1)
            params = _step(params, kept, lr)
        history.append(total / len(X))
    return params, history


@wrong(replaces="train_mlp", fails=TRAINING)
def one_step_per_epoch(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """An update follows every batch; you make one per epoch, with the gradients of all batches at the same weights."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        rng.permutation(len(X))
        loss, grads = loss_and_grads(X, y, params, activation)
        params = _step(params, grads, lr)
        history.append(loss)
    return params, history


@wrong(replaces="train_mlp", fails=[*TRAINING, "xor", "handmade_feature"])
def ascent(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """You add lr * gradient, which makes the loss grow; descent subtracts it."""
    return train_mlp(X, y, sizes, -lr, epochs, batch_size, rng, activation)


@wrong(replaces="train_mlp", fails=[*TRAINING, "xor", "handmade_feature"])
def halves_the_rate(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """Your learning rate shrinks from epoch to epoch; plain SGD keeps lr as it is."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for epoch in range(epochs):
        params, loss = _epoch(X, y, rng.permutation(len(X)), params, lr / 2**epoch, batch_size, activation)
        history.append(loss)
    return params, history


@wrong(replaces="train_mlp", fails=["deterministic_trace", "loss_history"])
def frozen_biases(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """You never update the biases: b_l <- b_l - lr * dLoss/db_l belongs to every step."""
    _checked(X, y, sizes)
    params, history = initial(sizes, rng), []
    for _ in range(epochs):
        perm, total = rng.permutation(len(X)), 0.0
        for start in range(0, len(X), batch_size):
            rows = perm[start : start + batch_size]
            loss, grads = loss_and_grads(X[rows], y[rows], params, activation)
            total += loss * len(rows)
            params = [(W - lr * dW, b) for (W, b), (dW, _) in zip(params, grads, strict=True)]
        history.append(total / len(X))
    return params, history


@wrong(replaces="train_mlp", fails=["deterministic_trace"])
def activation_ignored(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """The `activation` argument of train_mlp has no effect on your result."""
    return train_mlp(X, y, sizes, lr, epochs, batch_size, rng)


@wrong(replaces="train_mlp", fails=["deterministic_trace"])
def float32_params(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """The parameters are float64 whatever the dtype of X; yours follow float32 data."""
    params, history = train_mlp(X, y, sizes, lr, epochs, batch_size, rng, activation)
    return [(W.astype(np.result_type(X, np.float32)), b) for W, b in params], history


# predict, iterations, errors


@wrong(replaces="predict", fails=["deterministic_trace", "xor", "handmade_feature"])
def predict_over_rows(X, params, activation="tanh"):
    """The class is the argmax over the outputs of one row (axis 1), not over the rows."""
    return forward(X, params, activation)[1][-1].argmax(axis=0)


@wrong(replaces="predict", fails=["deterministic_trace"])
def predict_ignores_activation(X, params, activation="tanh"):
    """predict has to run the network that was trained: the `activation` argument has no effect in yours."""
    return predict(X, params)


@wrong(replaces="predict", fails=["deterministic_trace"])
def predict_floats(X, params, activation="tanh"):
    """Classes are integers; you return floats."""
    return predict(X, params, activation).astype(np.float64)


@wrong(replaces="iterations_per_epoch", fails=["iterations"])
def exact_quotient(n, batch_size, drop_last=False):
    """N / B is no whole number in general: round up, or down if the short last batch is dropped."""
    return n / batch_size


@wrong(replaces="iterations_per_epoch", fails=["iterations"])
def drop_last_ignored(n, batch_size, drop_last=False):
    """With drop_last the remainder is not a batch: round down."""
    return -(-n // batch_size)


@wrong(replaces="iterations_per_epoch", fails=["iterations"])
def one_batch_too_many(n, batch_size, drop_last=False):
    """n // B + 1 counts an empty batch where B divides n; use ceil(n / B)."""
    return n // batch_size + (not drop_last)


@wrong(replaces="train_mlp", fails=["errors_purity"])
def negative_label(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """A label of -1 is no error for numpy, it indexes from the end: check 0 <= label < sizes[-1] yourself."""
    return train_mlp(X, np.where(y < 0, y + sizes[-1], y), sizes, lr, epochs, batch_size, rng, activation)


@wrong(replaces="train_mlp", fails=["errors_purity"])
def pops_sizes(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh"):
    """`sizes.pop()` empties the caller's list: read it, or work on a copy."""
    result = train_mlp(X, y, sizes, lr, epochs, batch_size, rng, activation)
    sizes.pop(0)
    return result
