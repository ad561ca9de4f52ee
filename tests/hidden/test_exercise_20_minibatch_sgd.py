"""Each docstring is the line the learner reads. The oracle trains in plain Python, one row at a time, with math.fsum;
variances come from enumerating every batch, the noise floor from a geometric series and from simulated chains.
"""

import itertools
import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


def slices(n, size, rng):
    perm = rng.permutation(n).tolist()
    return [perm[k * size : (k + 1) * size] for k in range(-(-n // size))]


def trained(X, Y, W, b, lr, epochs, size, rng):
    """(W, b, updates) with lists of Python floats. Call it before the submission: that may change its inputs."""
    inputs, targets, W, b = X.tolist(), Y.tolist(), W.tolist(), b.tolist()
    updates = 0
    for _ in range(epochs):
        for rows in slices(len(inputs), size, rng):
            errors = []
            for i in rows:
                out = [math.fsum(x * w[k] for x, w in zip(inputs[i], W, strict=True)) + b[k] for k in range(len(b))]
                errors.append([o - y for o, y in zip(out, targets[i], strict=True)])
            steps = [[lr * math.fsum(inputs[i][d] * e[k] for i, e in zip(rows, errors, strict=True)) / len(rows)
                      for k in range(len(b))] for d in range(len(W))]  # fmt: skip
            W = [[w - s for w, s in zip(row, step, strict=True)] for row, step in zip(W, steps, strict=True)]
            b = [v - lr * math.fsum(e[k] for e in errors) / len(rows) for k, v in enumerate(b)]
            updates += 1
    return np.array(W), np.array(b), updates


def problem(rng, n, d, k, dtype=np.float64):
    return tuple(rng.normal(size=shape).astype(dtype) for shape in ((n, d), (n, k), (d, k), (k,)))


def follows(candidate, rng, data, lr, epochs, size):
    """One run against the oracle; both draw from the same seed, and must leave their generators alike."""
    seed = int(rng.integers(1 << 30))
    ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
    dtype = data[0].dtype
    W, b, updates = trained(*data, lr, epochs, size, ours)
    result = candidate.sgd_linear(*data, lr, epochs, size, theirs)
    compare(result, (W.astype(dtype), b.astype(dtype), updates), long=updates > 50)
    check(
        ours.random() == theirs.random(), "One rng.permutation(N) per epoch and nothing else should be drawn from rng."
    )


def compare(result, right, long=False):
    got = unpack("sgd_linear", result, 3)
    for name, mine, want in zip(("W", "b"), got[:2], right[:2], strict=True):
        more = {}
        if want.dtype == np.float64:  # rounding is relative to the largest number
            scale = max(1.0, float(np.abs(want).max()))
            # after more than 50 steps: the catalogue's tolerance for long recurrences
            more = {"rtol": 1e-7 if long else 1e-9, "atol": scale * (1e-9 if long else 1e-12)}
        check_close(name, mine, want, dtype=True, **more)
    check_equal("updates", got[2], right[2])


@points(15)
def test_batches(candidate, rng, case):
    """The batches are consecutive slices of one permutation from rng, and drop_last leaves out a short last one."""
    for n, size in ((10, 4), (11, 2), (12, 4), (7, 1), (6, 6), (5, 9), (1, 1), (23, 7)):
        for drop_last in (False, True):
            if drop_last and size > n:
                continue
            with case(f"n = {n}, B = {size}, drop_last = {drop_last}"):
                seed = int(rng.integers(1 << 30))
                ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
                right = slices(n, size, ours)
                right = right[: n // size] if drop_last else right
                more = {"drop_last": True} if drop_last else {}  # the default is False
                batches = candidate.minibatch_indices(n, size, theirs, **more)
                check_equal("the sizes of the batches", [len(rows) for rows in batches], [len(rows) for rows in right])
                for i, rows in enumerate(batches):
                    check_equal(f"batch {i}", rows, np.array(right[i]))
                    check(rows.dtype.kind in "iu", f"Batch {i} has dtype {rows.dtype}: indices are integers.")
                check(
                    ours.random() == theirs.random(),
                    "One rng.permutation(n) and nothing else should be drawn from rng.",
                )
    with case("three epochs with one generator"):
        seed = int(rng.integers(1 << 30))
        ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
        for epoch in range(3):
            right = slices(9, 4, ours)
            batches = candidate.minibatch_indices(9, 4, theirs, False)
            check_close(f"the batches of epoch {epoch + 1}", batches, [np.array(rows) for rows in right])


@points(25)
def test_trace_value(candidate, rng, case):
    """W, b and the number of updates after training, with batches of 1, of 7 and of all rows."""
    with case("by hand"):
        X, Y = np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
        # W = 0, b = [1, 0, 0], one batch of both rows: E = [[0, 0, 0], [1, 0, -2]]
        # dW = X^T E / 2 = [[0.5, 0, -1], [1, 0, -2]], db = [0.5, 0, -1]
        args = X, Y, np.zeros((2, 3)), np.array([1.0, 0.0, 0.0]), 0.5, 1, 2, np.random.default_rng(0)
        W, b = np.array([[-0.25, 0.0, 0.5], [-0.5, 0.0, 1.0]]), np.array([0.75, 0.0, 0.5])
        compare(candidate.sgd_linear(*args), (W, b, 1))
    n = int(rng.choice([16, 17, 18, 19, 20]))
    for size, epochs in ((1, 3), (7, 6), (n, 12)):
        d, k = (int(v) for v in rng.choice([2, 3, 4, 5], size=2, replace=False))
        with case(f"N = {n}, B = {size}, D = {d}, K = {k}"):
            follows(candidate, rng, problem(rng, n, d, k), float(rng.uniform(0.03, 0.06)), epochs, size)
    with case("B > N: one batch of all rows"):
        follows(candidate, rng, problem(rng, 5, 3, 2), 0.1, 4, 8)
    with case("B divides N"):
        follows(candidate, rng, problem(rng, 12, 2, 3), 0.1, 3, 4)
    with case("one output"):
        follows(candidate, rng, problem(rng, 11, 3, 1), 0.1, 2, 4)
    with case("errors of 0: no motion"):
        X, _, W, b = problem(rng, 9, 4, 2)
        X = np.round(8 * X) / 8  # products and sums of such numbers are exact, so the errors are exactly 0
        W, b = np.round(8 * W) / 8, np.round(8 * b) / 8
        follows(candidate, rng, (X, X @ W + b, W, b), 0.1, 3, 4)
    with case("targets of 1e6"), candidate.strict():
        X, Y, W, b = problem(rng, 10, 3, 2)
        follows(candidate, rng, (X, 1e6 * Y, W, b), 0.05, 4, 3)
    with case("float32"):
        follows(candidate, rng, problem(rng, 10, 3, 2, np.float32), 0.05, 2, 4)
    with case("transposed views"):
        X, Y, W, b = problem(rng, 8, 3, 5)
        views = X.T.copy().T, Y.T.copy().T, W.T.copy().T, np.repeat(b, 2)[::2]
        follows(candidate, rng, views, 0.05, 2, 3)
    with case("one epoch after the other"):
        X, Y, W, b = problem(rng, 10, 2, 3)
        ours, theirs = np.random.default_rng(5), np.random.default_rng(5)
        for _ in range(3):
            right = trained(X, Y, W, b, 0.1, 1, 4, ours)
            result = candidate.sgd_linear(X, Y, W, b, lr=0.1, epochs=1, batch_size=4, rng=theirs)
            compare(result, right)
            W, b, _ = right


@points(10)
def test_outer_product(candidate, rng, case):
    """The gradient of a single row is the outer product of its input and its error."""
    for d, k in ((3, 2), (2, 5), (1, 4), (4, 1), (3, 3), (2, 2)):
        with case(f"D = {d}, K = {k}"):
            X, Y, W, b = problem(rng, 1, d, k)
            error = [math.fsum(X[0, i] * W[i, j] for i in range(d)) + b[j] - Y[0, j] for j in range(k)]
            gradient = np.array([[X[0, i] * error[j] for j in range(k)] for i in range(d)])
            lr = float(rng.uniform(0.2, 0.8))
            right = W - lr * gradient, b - lr * np.array(error), 1
            compare(candidate.sgd_linear(X, Y, W, b, lr, 1, 1, np.random.default_rng(1)), right)


@points(10)
def test_updates_count(candidate, rng, case):
    """An epoch makes ceil(N / B) updates."""
    # D = K, so that a wrong gradient does not cost these points, too.
    for n, size, epochs, right in (
        (10, 3, 2, 8),
        (12, 4, 5, 15),
        (9, 1, 3, 27),
        (7, 7, 4, 4),
        (5, 8, 3, 3),
        (11, 10, 1, 2),
    ):
        with case(f"N = {n}, B = {size}, {epochs} epochs"):
            result = candidate.sgd_linear(*problem(rng, n, 2, 2), 0.01, epochs, size, np.random.default_rng(2))
            updates = unpack("sgd_linear", result, 3)[2]
            check_type("updates", updates, int)
            check_equal("updates", updates, right)


def enumerated(g, size, replace):
    """The mean of ||batch mean - g||^2 over every possible batch."""
    rows = range(len(g))
    batches = itertools.product(rows, repeat=size) if replace else itertools.combinations(rows, size)
    means = g.astype(np.float64)[np.array(list(batches))].mean(axis=1)
    return float(((means - g.astype(np.float64).mean(axis=0)) ** 2).sum(axis=1).mean())


@points(15)
def test_variance_value(candidate, rng, case):
    """The variance of a batch's mean gradient is what enumerating every batch gives."""
    name = "minibatch_gradient_variance"
    with case("by hand"):
        # means [1, 2], deviations [-1, -2] and [1, 2]: trace Cov = 1 + 4 = 5; B = 1
        got = candidate.minibatch_gradient_variance(np.array([[0.0, 0.0], [2.0, 4.0]]), 1)
        check_close(name, got, 5.0, rtol=1e-12)
    for replace, size in (*((True, b) for b in (1, 2, 4)), *((False, b) for b in (1, 2, 3, 5, 6))):
        with case(f"N = 6, B = {size}, replace = {replace}"):
            g = rng.normal(size=(6, 3)) * rng.uniform(0.5, 3.0, size=3) + rng.normal(size=3)
            got = candidate.minibatch_gradient_variance(g, size, replace)
            check_type(name, got, float)
            check_close(name, got, enumerated(g, size, replace))
    with case("all rows without replacement: no noise"):
        check_close(name, candidate.minibatch_gradient_variance(rng.normal(size=(7, 2)), 7, replace=False), 0.0)
    with case("B > N with replacement, by default"):
        g = rng.normal(size=(3, 2))
        check_close(name, candidate.minibatch_gradient_variance(g, 5), enumerated(g, 5, True))
    with case("equal gradients"):
        g = np.tile(rng.normal(size=4), (5, 1))
        check_close(name, candidate.minibatch_gradient_variance(g, 2), 0.0)
    with case("many rows"):
        g = rng.normal(size=(200, 5))
        means = [math.fsum(column) / 200 for column in g.T.tolist()]
        trace = math.fsum((v - m) ** 2 for m, column in zip(means, g.T.tolist(), strict=True) for v in column) / 200
        check_close(name, candidate.minibatch_gradient_variance(g, 32, False), trace / 32 * 168 / 199)
        check_close(name, candidate.minibatch_gradient_variance(g, 32, True), trace / 32)
    with case("float32"):
        g = rng.normal(size=(6, 3)).astype(np.float32)
        got = candidate.minibatch_gradient_variance(g, 2, False)
        check_type(name, got, float)
        check_close(name, got, enumerated(g, 2, False), rtol=1e-4, atol=1e-5)


@points(15)
def test_noise_floor(candidate, rng, case):
    """At a constant rate the noise keeps the iterate jumping about the minimum, with the stationary variance."""
    with case("by hand"):
        # 0.1 * 0.25 / (2 * (2 - 0.2)) = 0.025 / 3.6
        floor = candidate.sgd_noise_floor(2.0, 0.1, 0.5)
        check_type("sgd_noise_floor", floor, float)
        check_close("sgd_noise_floor", floor, 0.025 / 3.6, rtol=1e-12)
    for product in (0.05, 0.3, 1.0, 1.5, 1.9):
        with case(f"lr * c = {product:g}"):
            c, s = float(rng.uniform(0.2, 5.0)), float(rng.uniform(0.2, 3.0))
            lr = product / c
            # The noise of k steps ago has shrunk by (1 - lr c)^k: a series of its variances, to the last digit.
            series = math.fsum((lr * s) ** 2 * (1 - lr * c) ** (2 * k) for k in range(400))
            check_close("sgd_noise_floor", candidate.sgd_noise_floor(curvature=c, lr=lr, noise_std=s), series)
    with case("no noise"):
        check_close("sgd_noise_floor", candidate.sgd_noise_floor(3.0, 0.2, 0.0), 0.0)
    with case("20000 chains of 200 steps"):
        c, s = float(rng.uniform(0.5, 4.0)), float(rng.uniform(0.5, 2.0))
        lr = 0.1 / c
        x = np.zeros(20_000, dtype=np.float32)
        for _ in range(200):
            x -= lr * (c * x + s * rng.standard_normal(x.size, dtype=np.float32))
        # The variance of 20000 samples has a relative standard error of sqrt(2 / 20000) = 1 %: 5 % are 5 sigma.
        floor = candidate.sgd_noise_floor(c, lr, s)
        check_close("sgd_noise_floor", floor, float(x.astype(np.float64).var()), rtol=0.05)


@points(10)
def test_errors_purity(candidate, rng, case):
    """Batch sizes, rates and curvatures that make no sense raise ValueError; the inputs are left as they are."""
    g, data = rng.normal(size=(5, 3)), problem(rng, 6, 2, 2)
    for size in (0, -1):
        with case(f"minibatch_indices, B = {size}"), check_raises(ValueError, f"batch_size={size}"):
            candidate.minibatch_indices(6, size, np.random.default_rng(3))
        with case(f"minibatch_indices, B = {size}, drop_last"), check_raises(ValueError, f"batch_size={size}"):
            candidate.minibatch_indices(6, size, np.random.default_rng(3), drop_last=True)
        with case(f"sgd_linear, B = {size}"), check_raises(ValueError, f"batch_size={size}"):
            candidate.sgd_linear(*data, 0.1, 1, size, np.random.default_rng(3))
        for replace in (True, False):
            with (
                case(f"minibatch_gradient_variance, B = {size}, replace = {replace}"),
                check_raises(ValueError, f"batch_size={size}"),
            ):
                candidate.minibatch_gradient_variance(g, size, replace)
    with case("drop_last leaves no batch"), check_raises(ValueError, "n=6, batch_size=7 with drop_last"):
        candidate.minibatch_indices(6, 7, np.random.default_rng(3), drop_last=True)
    with case("B > N without replacement"), check_raises(ValueError, "batch_size=6 of 5 rows without replacement"):
        candidate.minibatch_gradient_variance(g, 6, False)
    for lr in (0.0, -0.1):
        with case(f"sgd_linear, lr = {lr:g}"), check_raises(ValueError, f"lr={lr:g}"):
            candidate.sgd_linear(*data, lr, 1, 3, np.random.default_rng(3))
    for c, lr in ((0.0, 0.1), (-1.0, 0.1), (1.0, 0.0), (1.0, -0.1), (-1.0, -0.1), (4.0, 0.5), (5.0, 0.5)):
        with case(f"sgd_noise_floor, c = {c:g}, lr = {lr:g}"), check_raises(ValueError, f"curvature={c:g}, lr={lr:g}"):
            candidate.sgd_noise_floor(c, lr, 1.0)
    with case("lr * c below 2, though lr or c is above"):
        candidate.sgd_noise_floor(0.1, 3.0, 1.0)
        candidate.sgd_noise_floor(10.0, 0.01, 1.0)
        candidate.sgd_noise_floor(0.1, 0.5, 1.0)
    with case("arguments unchanged, new results"):
        for size in (2, 6):
            candidate.sgd_linear(*data, 0.1, 2, size, np.random.default_rng(3))
            check_fresh(candidate, "X", "Y", "W", "b")
            check_pure(candidate, "X", "Y", "W", "b")
        candidate.minibatch_gradient_variance(g, 2)
        candidate.minibatch_gradient_variance(g, 2, False)
        check_pure(candidate, "per_sample_grads")
