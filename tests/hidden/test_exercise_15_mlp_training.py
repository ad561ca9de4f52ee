"""Each docstring is the line the learner reads.

The oracle trains with gradients by forward mode: one direction for each weight and bias is pushed through the network.
"""

import itertools
import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_equal,
    check_pure,
    check_raises,
    check_shape,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


# The oracle


def activate(z, activation):
    """act(z) and act'(z)."""
    if activation == "relu":
        return z * (z > 0), np.where(z > 0, 1.0, 0.0)
    if activation == "identity":
        return z, np.ones(z.shape)
    if activation == "sigmoid":
        s = 1 / (1 + np.exp(-z))
        return s, s * (1 - s)
    return np.tanh(z), 1 / np.cosh(z) ** 2


def oracle_logits(X, params, activation):
    z = np.asarray(X, dtype=np.float64)
    for layer, (W, b) in enumerate(params):
        a = activate(z, activation)[0] if layer else z
        z = np.array([[math.fsum(w * v for w, v in zip(row, sample, strict=True)) for row in W] for sample in a]) + b
    return z


def oracle_loss(X, y, params, activation):
    losses = []
    for row, t in zip(oracle_logits(X, params, activation).tolist(), y, strict=True):
        losses.append(math.log(math.fsum(math.exp(v - max(row)) for v in row)) + max(row) - row[t])
    return math.fsum(losses) / len(y)


def oracle_gradients(X, y, params, activation):
    """The gradient of the loss with respect to each array of params, flat."""
    arrays = [part for pair in params for part in pair]
    total = sum(a.size for a in arrays)
    moves = np.split(np.eye(total), np.cumsum([a.size for a in arrays])[:-1], axis=1)
    moves = [m.reshape(total, *a.shape) for m, a in zip(moves, arrays, strict=True)]
    a, da = np.asarray(X, dtype=np.float64), np.zeros((total, *X.shape))
    for layer, (W, b) in enumerate(params):
        z = np.einsum("ni,oi->no", a, W) + b
        dz = np.einsum("pni,oi->pno", da, W) + np.einsum("ni,poi->pno", a, moves[2 * layer])
        dz += moves[2 * layer + 1][:, None]
        a, slope = activate(z, activation)
        da = dz * slope
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    return np.split(((p * dz).sum(axis=2) - dz[:, rows, y]).mean(axis=1), np.cumsum([a.size for a in arrays])[:-1])


def oracle(X, y, sizes, lr, epochs, batch_size, seed, activation="tanh"):
    """The whole training, as the statement has it."""
    rng = np.random.default_rng(seed)
    params = [(rng.normal(0, 1 / np.sqrt(i), (o, i)), np.zeros(o)) for i, o in itertools.pairwise(sizes)]
    history = []
    for _ in range(epochs):
        order = rng.permutation(len(X)).tolist()
        seen = []
        while order:
            batch, order = order[:batch_size], order[batch_size:]
            seen.append(oracle_loss(X[batch], y[batch], params, activation) * len(batch))
            gradients = oracle_gradients(X[batch], y[batch], params, activation)
            moved = [a - lr * g.reshape(a.shape) for a, g in zip(itertools.chain(*params), gradients, strict=True)]
            params = list(zip(moved[::2], moved[1::2], strict=True))
        history.append(math.fsum(seen) / len(X))
    return params, history


def problem(rng, sizes, n=7):
    """Data for these sizes; every class occurs."""
    return rng.normal(size=(n, sizes[0])), rng.permutation(np.arange(n) % sizes[-1])


def train(candidate, X, y, sizes, lr, epochs, batch_size, seed, *activation):
    """The learner's (params, history), with a new generator."""
    generator = np.random.default_rng(seed)
    result = candidate.train_mlp(X, y, list(sizes), lr, epochs, batch_size, generator, *activation)
    return unpack("train_mlp", result, 2)


def accuracy(candidate, X, y, params):
    labels = candidate.predict(X, params)
    check_shape("predict(X, params)", labels, y.shape)
    return float(np.mean(np.asarray(labels) == y))


# The checks


@points(30)
def test_deterministic_trace(candidate, rng, case):
    """Parameters, history and predictions follow the order of draws, batches and updates exactly."""
    seed = int(rng.integers(1000))
    networks = {"relu": [3, 5, 2, 4], "sigmoid": [4, 3, 2], "tanh": [2, 4, 5, 3], "identity": [3, 2, 4]}
    for activation, sizes in networks.items():
        X, y = problem(rng, sizes)
        for batch_size in (3, 10) if activation == "tanh" else (3,):
            expected = oracle(X, y, sizes, 0.3, 3, batch_size, seed, activation)
            with case(f"{activation}, batches of {batch_size}"):
                params, history = train(candidate, X, y, sizes, 0.3, 3, batch_size, seed, activation)
                check_close("params after 3 epochs", params, expected[0], rtol=1e-9, dtype=True)
                check_close("history", history, expected[1], rtol=1e-9)
        with case(f"predict, {activation}"):
            many = rng.normal(size=(30, sizes[0]))
            z = oracle_logits(many, expected[0], activation)
            labels = candidate.predict(many, expected[0], activation)
            check_shape("predict(X, params)", labels, (30,))
            check(np.asarray(labels).dtype.kind in "iu", "predict should return integers.")
            check_equal("predict(X, params)", labels, z.argmax(axis=1))
    sizes = [3, 4, 2]
    X, y = problem(rng, sizes, 5)
    for kind in ("float32", "int64"):
        with case(f"{kind} data, int32 labels, tanh by default"):
            data = (3 * X).astype(kind)
            expected = oracle(data, y, sizes, 0.1, 3, 2, seed)
            params, history = train(candidate, data, y.astype(np.int32), sizes, 0.1, 3, 2, seed)
            check_close("params after 3 epochs", params, expected[0], rtol=1e-9, dtype=True)
            check_close("history", history, expected[1], rtol=1e-9)
            labels = candidate.predict(data, expected[0])
            check_equal("predict(X, params)", labels, oracle_logits(data, expected[0], "tanh").argmax(axis=1))
    with case("0 epochs: the initial parameters"):
        params, history = train(candidate, X, y, sizes, 0.1, 0, 2, seed)
        check_close("params", params, oracle(X, y, sizes, 0.1, 0, 2, seed)[0], rtol=1e-12)
        check_equal("history", history, [])
    with case("the same seed gives the same bits"):
        first, second = (train(candidate, X, y, sizes, 0.5, 2, 2, seed) for _ in range(2))
        check_equal("the second result", list(second), list(first))


@points(15)
def test_loss_history(candidate, rng, case):
    """Each epoch's entry is the mean over the samples of the losses before each update, the short batch included."""
    sizes, seed = [3, 4, 2], int(rng.integers(1000))
    for n, batch_size in ((7, 3), (5, 4), (6, 2)):
        X, y = problem(rng, sizes, n)
        with case(f"lr = 0, {n} samples, batches of {batch_size}"):
            params, history = train(candidate, X, y, sizes, 0.0, 3, batch_size, seed)
            check_close("history", history, [oracle_loss(X, y, params, "tanh")] * 3)
        expected = oracle(X, y, sizes, 1.0, 3, batch_size, seed)
        with case(f"lr = 1, {n} samples, batches of {batch_size}"):
            _, history = train(candidate, X, y, sizes, 1.0, 3, batch_size, seed)
            check_close("history", history, expected[1])
    with case("one batch: the first entry is the loss of the initial parameters"):
        X, y = problem(rng, sizes)
        initial, _ = train(candidate, X, y, sizes, 1.0, 0, 7, seed)
        _, history = train(candidate, X, y, sizes, 1.0, 2, 7, seed)
        check_close("history[0]", history[:1], [oracle_loss(X, y, initial, "tanh")])
    with case("a list of Python floats"):
        _, history = train(candidate, X, y, sizes, 0.1, 2, 3, seed)
        check_type("history", history, list)
        for entry in history:
            check_type("an entry of history", entry, float)
    with case("logits of +-1e4"), candidate.strict():
        X, _ = problem(rng, [3, 4], 6)
        X *= 1e4 / np.abs(X).max(axis=1, keepdims=True)
        initial, _ = oracle(X, y, [3, 4], 1e-6, 0, 2, seed)
        y = oracle_logits(X, initial, "tanh").argmin(axis=1)  # every row is a confident mistake
        expected = oracle(X, y, [3, 4], 1e-6, 2, 2, seed)
        _, history = train(candidate, X, y, [3, 4], 1e-6, 2, 2, seed)
        check_close("history", history, expected[1])


@points(20)
def test_xor(candidate, rng, case):
    """One hidden layer learns XOR for at least 9 of 10 seeds; a linear model stays at or below 3 of 4 points."""
    X, y = XOR
    with case("[2, 8, 2]"):
        seeds = [int(s) for s in rng.choice(100_000, size=10, replace=False)]
        solved = [accuracy(candidate, X, y, train(candidate, X, y, [2, 8, 2], 0.5, 150, 4, s)[0]) == 1 for s in seeds]
        check(sum(solved) >= 9, f"Only {sum(solved)} of 10 networks [2, 8, 2] learned XOR in 150 epochs.")
    with case("[2, 2]"):
        params, history = train(candidate, X, y, [2, 2], 0.5, 150, 4, int(rng.integers(100_000)))
        check(accuracy(candidate, X, y, params) <= 0.75, "No linear model gets more than 3 of the 4 points of XOR.")
        check(min(history) >= math.log(2) - 1e-9, "The loss of a linear model on XOR is never below log 2.")
        check(history[-1] < math.log(2) + 0.01, "The loss of a linear model on XOR should come down to log 2.")


@points(10)
def test_handmade_feature(candidate, rng, case):
    """With the product x1 * x2 as a third column a linear model solves XOR."""
    X, y = XOR
    X = np.column_stack([X, X[:, 0] * X[:, 1]])
    for seed in rng.choice(100_000, size=4, replace=False):
        with case(f"seed {seed}"):
            params, history = train(candidate, X, y, [3, 2], 0.5, 150, 4, int(seed))
            got = accuracy(candidate, X, y, params)
            check(got == 1, f"[3, 2] gets {4 * got:g} of the 4 points after 150 epochs.")
            check(history[-1] < 0.5, "The loss should fall well below log 2 here.")


@points(10)
def test_iterations(candidate, rng, case):
    """An epoch has ceil(n / batch_size) iterations, or floor(n / batch_size) with drop_last."""
    pairs = [(7, 3), (6, 3), (1, 1), (3, 8), (8, 8), (50_000, 128)]
    pairs += [tuple(int(v) for v in rng.integers(1, 1000, size=2)) for _ in range(4)]
    for n, batch_size in pairs:
        full, rest = divmod(n, batch_size)
        with case(f"n={n}, batch_size={batch_size}"):
            count = candidate.iterations_per_epoch(n, batch_size)
            check_type("iterations_per_epoch", count, int)
            check_equal("iterations_per_epoch", count, full + (rest > 0))
        with case(f"n={n}, batch_size={batch_size}, drop_last"):
            count = candidate.iterations_per_epoch(n, batch_size, drop_last=True)
            check_type("iterations_per_epoch", count, int)
            check_equal("iterations_per_epoch, drop_last=True", count, full)


@points(10)
def test_shuffling(candidate, rng, case):
    """Every epoch sees each sample once, with its own label, in batches that change from epoch to epoch."""
    n, batch_size, seed = 10, 3, int(rng.integers(1000))
    y = rng.permutation(np.arange(n) % 3)
    for epoch in range(1, 5):
        with case(f"epoch {epoch}"):
            seen = shares(candidate, y, epoch, batch_size, seed)
            expected = np.where(np.arange(n) == seen.argmax(), 1.0, 1 / batch_size)  # one sample is a batch of its own
            check_close("the share of each sample in the updates of one epoch", seen, expected, atol=1e-3)
    with case("the batches change"):
        last = [int(shares(candidate, y, epoch, batch_size, seed).argmax()) for epoch in range(1, 9)]
        check(len(set(last)) > 1, "The last batch is the same in every epoch: draw a new permutation each time.")


def shares(candidate, y, epoch, batch_size, seed):
    """What each sample adds to the updates of an epoch: 1 / (rows of its batch) if it is seen once, with its label.

    One layer and one-hot samples: sample n moves column n of W by lr * (onehot - softmax) / (rows of its batch).
    """
    X, lr, sizes = np.eye(len(y)), 1e-5, [len(y), 3]
    before, _ = train(candidate, X, y, sizes, lr, epoch - 1, batch_size, seed)
    after, _ = train(candidate, X, y, sizes, lr, epoch, batch_size, seed)
    for params in (before, after):
        check_shape("W_1", params[0][0], (3, len(y)))
        check_shape("b_1", params[0][1], (3,))
    z = before[0][0].T + before[0][1]
    pull = np.eye(3)[y] - np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return ((after[0][0] - before[0][0]).T / lr / pull).mean(axis=1)


@points(5)
def test_errors_purity(candidate, rng, case):
    """Sizes that do not match the data or the labels raise ValueError; X, y and sizes are left as they are."""
    X, y = problem(rng, [3, 2])
    wrong = {
        "sizes [4, 2] for 3 columns": (X, y, [4, 2]),
        "sizes [2, 5, 2] for 3 columns": (X, y, [2, 5, 2]),
        "the label 2 for 2 outputs": (X, np.append(y[1:], 2), [3, 4, 2]),
        "the label -1": (X, np.append(y[1:], -1), [3, 4, 2]),
        "6 labels for 7 rows": (X, y[1:], [3, 2]),
        "8 labels for 7 rows": (X, np.append(y, 1), [3, 2]),
        "y of shape (7, 1)": (X, y[:, None], [3, 2]),
    }
    for what, (data, labels, sizes) in wrong.items():
        with case(what), check_raises(ValueError, what):
            candidate.train_mlp(data, labels, sizes, 0.1, 1, 3, np.random.default_rng(0))
    with case("inputs unchanged"):
        sizes = [3, 4, 2]
        params, _ = unpack("train_mlp", candidate.train_mlp(X, y, sizes, 0.5, 2, 3, np.random.default_rng(0)), 2)
        check_pure(candidate, "X", "y", "sizes", "lr", "epochs", "batch_size")
        candidate.predict(X, params)
        check_pure(candidate, "X", "params")
