"""Each docstring is the line the learner reads. The oracle is the dual form, which counts each row's corrections."""

import math
import sys
from fractions import Fraction

import numpy as np

from dlkit.grader.compare import check, check_close, check_equal, check_pure, check_raises, check_type, unpack
from dlkit.grader.plugin import points

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([-1, 1, 1, -1])


def activate(z, activation):
    if activation == "step":
        return 1.0 if z >= 0 else 0.0
    if activation == "relu":
        return max(z, 0.0)
    if activation == "sigmoid":
        return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
    return z


def outputs(x, w, b, activation):
    scores = [math.fsum([*(float(p) * float(q) for p, q in zip(row, w, strict=True)), b]) for row in np.atleast_2d(x)]
    values = np.array([activate(z, activation) for z in scores])
    return values if x.ndim == 2 else values[0]


def dual(X, y, lr, max_epochs):
    """How often each row is corrected does not depend on lr > 0: w = lr * sum_n count_n y_n x_n, in exact fractions."""
    rows = [[*(Fraction(v) for v in row), Fraction(1)] for row in X.tolist()]
    labels = [int(v) for v in y.tolist()]
    products = [[sum(p * q for p, q in zip(r, s, strict=True)) for s in rows] for r in rows]
    counts = [0] * len(rows)
    for _ in range(max_epochs):
        before = sum(counts)
        for n, label in enumerate(labels):
            score = sum(c * t * k for c, t, k in zip(counts, labels, products[n], strict=True))
            counts[n] += label * score <= 0
        if sum(counts) == before:
            break
    v = [
        lr * float(sum(c * t * r[d] for c, t, r in zip(counts, labels, rows, strict=True))) for d in range(len(rows[0]))
    ]
    return np.array(v[:-1]), v[-1], sum(counts)


def fit(candidate, X, y, **options):
    return unpack("perceptron_fit(X, y)", candidate.perceptron_fit(X.copy(), y.copy(), **options), 3)


def check_trace(candidate, X, y, expected, **options):
    w, b, updates = fit(candidate, X, y, **options)
    words = ", ".join(["X, y", *(f"{k}={v}" for k, v in options.items())])
    check_equal(f"updates of perceptron_fit({words})", updates, expected[2])
    check_close(f"w of perceptron_fit({words})", w, np.array(expected[0]), rtol=0, atol=0, dtype=True)
    check_equal(f"b of perceptron_fit({words})", b, expected[1])
    check_type(f"b of perceptron_fit({words})", b, float)
    check_type(f"updates of perceptron_fit({words})", updates, int)


@points(20)
def test_neuron_value(candidate, rng, case):
    """A neuron returns its activation of x.w + b, for one input and for a batch; z may have any size."""
    w = np.array([3.0, -1.0])
    x = np.array([[1.0, 2.0], [2.0, 3.0], [0.0, 1.0]])  # z = 3 - 2 - 1, 6 - 3 - 1, 0 - 1 - 1
    for activation, expected in (
        ("step", [1.0, 1.0, 0.0]),
        ("identity", [0.0, 2.0, -2.0]),
        ("relu", [0.0, 2.0, 0.0]),
        ("sigmoid", [0.5, 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2))]),
    ):
        with case(f"{activation} by hand"):
            y = candidate.neuron(x, w, -1.0, activation)
            check_close(f'neuron(x, w, -1, "{activation}")', y, np.array(expected), dtype=True)
    with case("the default is the step"):
        check_close("neuron(x, w, -1)", candidate.neuron(x, w, -1.0), np.array([1.0, 1.0, 0.0]))
    with case("the step of one input at z = 0"):
        check_close("neuron([1, 2], [3, -1], -1)", candidate.neuron(x[0], w, -1.0), np.float64(1.0))
    for activation in ("step", "identity", "relu", "sigmoid"):
        n, d = (int(k) for k in rng.choice([3, 4, 5, 6], size=2, replace=False))
        batch, weights, bias = rng.normal(size=(n, d)), rng.normal(size=d), float(rng.normal())
        for words, inputs in (("batch", batch), ("one input", batch[0]), ("transposed view", np.asfortranarray(batch))):
            with case(f"{activation}, {words}"):
                y = candidate.neuron(inputs, weights, b=bias, activation=activation)
                check_close(f'neuron(x, w, b, "{activation}")', y, outputs(inputs, weights, bias, activation))
        with case(f"{activation}, float32"):
            y = candidate.neuron(x.astype(np.float32), w.astype(np.float32), 0.5, activation)
            check_close(
                f'neuron(x, w, b, "{activation}")', y, outputs(x, w, 0.5, activation).astype(np.float32), dtype=True
            )
    with case("integers"):
        y = candidate.neuron(x.astype(np.int64), w.astype(np.int64), 0.5, "identity")
        check_close('neuron(x, w, b, "identity") of integers', y, np.array([1.5, 3.5, -0.5]), dtype=True)
    with case("an empty batch"):
        check_close("neuron of no rows", candidate.neuron(np.zeros((0, 2)), w, 0.5), np.zeros(0))
    for z in (1000.0, -1000.0):
        with case(f"sigmoid at {z:g}"):
            y = candidate.neuron(np.array([[z], [z / 2]]), np.array([1.0]), 0.0, "sigmoid")
            check_close(f"the sigmoid at {z:g} and {z / 2:g}", y, np.full(2, float(z > 0)))


@points(25)
def test_rule_trace(candidate, rng, case):
    """w, b and the number of corrections are exactly those of the rule, row by row."""
    X, y = np.array([[1, 2], [3, 1]]), np.array([1, -1])
    # epoch 1: score 0, so w = (1, 2), b = 1; score 6 for -1, so w = (-2, 1), b = 0
    # epoch 2: score 0, so w = (-1, 3), b = 1; score 1 for -1, so w = (-4, 2), b = 0
    # epoch 3: score 0, so w = (-3, 4), b = 1; score -4 is right; epoch 4: scores 6 and -4 are right
    for epochs, w, b, updates in ((1, [-2.0, 1.0], 0.0, 2), (2, [-4.0, 2.0], 0.0, 4), (100, [-3.0, 4.0], 1.0, 5)):
        with case(f"by hand, at most {epochs} epochs"):
            check_trace(candidate, X, y, (w, b, updates), max_epochs=epochs)
    for lr in (0.5, 2.0):
        with case(f"by hand, lr={lr:g}"):
            check_trace(candidate, X, y, ([-3.0 * lr, 4.0 * lr], lr, 5), lr=lr)
    with case("one row"):
        check_trace(candidate, np.array([[2.0, -1.0, 3.0]]), np.array([-1.0]), ([-2.0, 1.0, -3.0], -1.0, 1))
    with case("the same row twice"):  # score 0: b = 1, w = 2; score 2 * 2 + 1 is right
        check_trace(candidate, np.array([[2.0], [2.0]]), np.array([1, 1]), ([2.0], 1.0, 1), lr=1.0)
    for number, lr in enumerate((0.5, 1.0, 2.0, 0.5, 1.0, 2.0)):
        rows, columns = (int(k) for k in rng.choice([3, 4, 5, 6], size=2, replace=False))
        X = rng.integers(-3, 4, size=(rows, columns)).astype([np.int64, np.float64][number % 2])
        y = rng.choice([-1, 1], size=rows).astype([np.float64, np.int64][number // 3])
        epochs = int(rng.integers(1, 8))
        with case(f"random rows {number}"):
            check_trace(candidate, X, y, dual(X, y, lr, epochs), lr=lr, max_epochs=epochs)


def separable(rng, count, columns, margin, side):
    """Rows with |x.u - side| >= margin for a unit vector u, and two of different labels on one ray from the origin."""
    u = rng.normal(size=columns)
    u /= np.linalg.norm(u)
    y = rng.permutation(np.where(np.arange(count) % 2, 1, -1))
    scores = y * rng.uniform(margin, 1.5, size=count)
    across = rng.normal(size=(count, columns))
    across -= np.outer(across @ u, u)
    across *= rng.uniform(0, 0.5, size=(count, 1)) / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    X = np.outer(scores + side, u) + across
    X[:2], y[:2] = np.outer([0.5 * side, 2.0 * side], u), [-side, side]  # scores -side / 2 and +side
    return X, y, (1 + (X**2).sum(axis=1).max()) * (1 + side**2) / margin**2  # (R / g)^2 of the rows (x, 1)


@points(20)
def test_separable_converges(candidate, rng, case):
    """Separable data are learned to 100 %, within Novikoff's bound, and training stops once nothing is wrong."""
    for count, columns, margin, side in ((100, 3, 0.5, 1), (100, 2, 0.5, -1), (30, 5, 0.15, 1), (40, 4, 0.15, -1)):
        X, y, bound = separable(rng, count, columns, margin, side)
        with case(f"{count} rows, {columns} inputs"):
            w, b, updates = fit(candidate, X, y, max_epochs=int(bound) + 1)  # each epoch but the last one corrects
            right = int((np.where(X @ w + b >= 0, 1, -1) == y).sum())
            check(right == count, f"After training {right} of {count} rows are right: a line separates them all.")
            check(updates <= bound, f"updates is {updates}; for these rows the rule needs at most {int(bound)}.")
    with case("max_epochs does not matter once all rows are right"):
        check(
            candidate.run(stops, *XOR[:1], np.array([-1, -1, -1, 1])),
            "Training goes on after an epoch without a mistake.",
        )
    with case("predict by hand"):  # scores 2 - 1, 2 - 6 - 1, 0 - 0 + ... : 1, -5, 5
        predicted = candidate.perceptron_predict(np.array([[1, 0], [1, -3], [0, 3]]), np.array([2.0, 2.0]), -1.0)
        check_close("perceptron_predict(X, w, b)", predicted, np.array([1.0, -1.0, 1.0]), rtol=0, atol=0)
    with case("predict"):
        w, b = rng.normal(size=3), float(rng.choice([-2.0, 2.0]))
        X = rng.normal(size=(9, 3))
        X[0], X[1] = -0.5 * b * w / (w @ w), -2.0 * b * w / (w @ w)  # scores b / 2 and -b
        expected = 2 * outputs(X, w, b, "step") - 1
        check_close("perceptron_predict(X, w, b)", candidate.perceptron_predict(X, w, b), expected, rtol=0, atol=0)


def stops(m, X, y):
    """Whether 2000 epochs run about as many lines of code as 20 do."""
    lines = []
    for epochs in (20, 2000):
        before, count = sys.gettrace(), [0]

        def trace(frame, event, argument, count=count):
            count[0] += 1
            return trace

        sys.settrace(trace)
        try:
            m.perceptron_fit(X, y, 1.0, epochs)
        finally:
            sys.settrace(before)
        lines.append(count[0])
    return lines[1] < 3 * lines[0]


@points(10)
def test_xor_fails(candidate, case):
    """On XOR every row is corrected in every epoch, for ever; the result predicts +1 for all four."""
    X, y = XOR
    # scores 0, -1, 0, 3 with labels -1, +1, +1, -1: four mistakes, then w = (0, 0) and b = 0 again
    for epochs in (1, 2, 3, 10, 100):
        with case(f"max_epochs={epochs}"):
            check_trace(candidate, X, y, ([0.0, 0.0], 0.0, 4 * epochs), max_epochs=epochs)
    with case("100 epochs are the default"):
        check_trace(candidate, X, y, ([0.0, 0.0], 0.0, 400))
    with case("predictions"):  # every score is 0
        predicted = candidate.perceptron_predict(X, np.zeros(2), 0.0)
        check_close("perceptron_predict(X, w=0, b=0)", predicted, np.ones(4), rtol=0, atol=0)


@points(10)
def test_bias_needed(candidate, rng, case):
    """Data that no line through the origin separates are learned with the bias."""
    gates = {"AND": [-1, -1, -1, 1], "NOR": [1, -1, -1, -1], "OR": [-1, 1, 1, 1], "NAND": [1, 1, 1, -1]}
    for name, labels in gates.items():
        with case(name):
            check_solved(candidate, XOR[0], np.array(labels))
    for label in (1, -1):  # one input, 1 <= x <= 3, with a gap from 1.5 to 2.5: R^2 <= 10, g^2 >= 0.5^2 / (1 + 2^2)
        y = rng.permutation([label, label, label, -label, -label])
        x = rng.uniform(1.0, 1.5, size=(5, 1)) + np.where(y > 0, 1.5, 0.0)[:, None]
        with case(f"one input, {label} three times"):
            check_solved(candidate, x, y)


def check_solved(candidate, X, y):
    w, b, _ = fit(candidate, X, y, max_epochs=1500)
    right = int((np.where(X @ w + b >= 0, 1, -1) == y).sum())
    check(right == len(y), f"After training {right} of {len(y)} rows are right: with a bias, all can be.")


@points(5)
def test_purity(candidate, rng, case):
    """X, y, x and w are left as they are."""
    X = rng.normal(size=(5, 3))
    y = np.array([1, -1, 1, -1, -1])
    with case("perceptron_fit"):
        candidate.perceptron_fit(X, y, 0.5, 3)
        check_pure(candidate, "X", "y")
    with case("neuron"):
        for activation in ("step", "identity", "relu", "sigmoid"):
            candidate.neuron(X, np.ones(3), 0.5, activation)
        check_pure(candidate, "x", "w")
    with case("perceptron_predict"):
        candidate.perceptron_predict(X, np.ones(3), 0.5)
        check_pure(candidate, "X", "w")


@points(10)
def test_errors(candidate, rng, case):
    """Unknown activations, other labels, no rows and sizes that do not fit raise ValueError."""
    X = rng.normal(size=(4, 3))
    y = np.array([1, -1, -1, 1])
    for activation in ("cubic", ""):
        with case(f"activation {activation!r}"), check_raises(ValueError, f"activation={activation!r}"):
            candidate.neuron(X, np.ones(3), 0.0, activation)
    for size in (2, 4, 1):
        with (
            case(f"neuron, {size} weights"),
            check_raises(ValueError, f"neuron with x of shape (4, 3) and {size} weights"),
        ):
            candidate.neuron(X, np.ones(size), 0.0)
        with case(f"predict, {size} weights"), check_raises(ValueError, f"X of shape (4, 3) and {size} weights"):
            candidate.perceptron_predict(X, np.ones(size), 0.0)
    with case("neuron, one input"), check_raises(ValueError, "neuron with x of shape (3,) and 2 weights"):
        candidate.neuron(X[0], np.ones(2), 0.0, "relu")
    for labels in ([0, 1, 1, 0], [1, -1, 2, -1], [1.0, -1.0, 0.5, 1.0]):
        with case(f"labels {labels}"), check_raises(ValueError, f"perceptron_fit with the labels {labels}"):
            candidate.perceptron_fit(X, np.array(labels))
    with case("no rows"), check_raises(ValueError, "perceptron_fit with no rows"):
        candidate.perceptron_fit(np.zeros((0, 3)), np.zeros(0))
    for labels in (y[:3], np.append(y, 1)):
        with (
            case(f"{len(labels)} labels"),
            check_raises(ValueError, f"perceptron_fit with 4 rows and {len(labels)} labels"),
        ):
            candidate.perceptron_fit(X, labels)
