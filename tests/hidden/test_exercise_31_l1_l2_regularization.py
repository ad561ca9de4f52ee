"""Each docstring is the line the learner reads. The oracles: sums with math.fsum, least squares with D more rows for
ridge, ISTA in plain Python and the KKT conditions for lasso.
"""

import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_finite,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


def penalty(weights, l1, l2):
    """Value and gradients, entry by entry in plain Python."""
    entries = [v for w in weights for v in w.astype(np.float64).ravel().tolist()]
    value = math.fsum(l1 * abs(v) + l2 * v * v for v in entries)
    gradients = []
    for w in weights:
        slopes = [l1 * ((v > 0) - (v < 0)) + 2 * l2 * v for v in w.astype(np.float64).ravel().tolist()]
        gradients.append(np.array(slopes).reshape(w.shape).astype(w.dtype))
    return value, gradients


def shrunk(v, t):
    return v - t if v > t else v + t if v < -t else 0.0


def ridge(X, y, lam):
    """Ridge is least squares with the rows sqrt(2 N lam) I and the targets 0 added."""
    n, d = X.shape
    rows = np.vstack([X, math.sqrt(2 * n * lam) * np.eye(d)])
    return np.linalg.lstsq(rows, np.concatenate([y, np.zeros(d)]), rcond=None)[0]


def ista(X, y, lam, steps):
    """In plain Python; L from the largest singular value of X."""
    n, d = X.shape
    L = float(np.linalg.norm(X.astype(np.float64), 2)) ** 2 / n
    rows, targets, w = X.tolist(), y.tolist(), [0.0] * d
    for _ in range(steps):
        errors = [
            math.fsum(x * v for x, v in zip(row, w, strict=True)) - t for row, t in zip(rows, targets, strict=True)
        ]
        slopes = [math.fsum(e * row[j] for e, row in zip(errors, rows, strict=True)) / n for j in range(d)]
        w = [shrunk(v - s / L, lam / L) for v, s in zip(w, slopes, strict=True)]
    return np.array(w)


def problem(rng, n, d):
    """Correlated columns of different sizes, and neither X nor y centred."""
    X = rng.normal(size=(n, d)) * rng.uniform(0.6, 1.6, size=d) + 0.3
    return X, X @ rng.normal(scale=2.0, size=d) + rng.normal(size=n) + 1.0


def orthonormal(rng, n, coefficients):
    """X with X^T X / N = I, and y with X^T y / N = the coefficients, up to rounding."""
    d = len(coefficients)
    Q = np.linalg.qr(rng.normal(size=(n, d + 1)))[0] * math.sqrt(n)
    return Q[:, :d], Q @ np.append(coefficients, 1.0)


def ill_conditioned(rng):
    """The eigenvalues of X^T X / N are 0.1 to 0.001; least squares lies far out, along the last one's eigenvector."""
    X, noise = orthonormal(rng, 15, np.zeros(4))
    V = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    X = X * np.sqrt([0.1, 0.05, 0.02, 0.001]) @ V.T
    return X, 5.0 * X @ V[:, 3] + noise


def spread(rng, lam, d):
    """d coefficients of both signs; every other one is smaller than lam, all well away from 0 and from lam."""
    sizes = lam * np.where(np.arange(d) % 2 == 0, rng.uniform(1.5, 4.0, size=d), rng.uniform(0.3, 0.8, size=d))
    return sizes * np.where(np.arange(d) // 2 % 2 == 0, 1.0, -1.0)


def check_kkt(X, y, lam, w):
    """The conditions of the minimum, to 1e-6: X_j^T r / N = lam sign(w_j), or at most lam in size if w_j = 0."""
    check_shape("lasso_fit", w, (X.shape[1],))
    check_finite("lasso_fit", w)
    pull = X.T @ (y - X @ w) / len(X)
    for j, (c, v) in enumerate(zip(pull.tolist(), w.tolist(), strict=True)):
        if v != 0:
            check(
                abs(c - math.copysign(lam, v)) <= 1e-6,
                f"w[{j}] = {v:.6g} is not 0, but X_j^T r / N = {c:.6g}: lam * sign(w_j) = "
                f"{math.copysign(lam, v):.6g} at the minimum.",
            )
        else:
            check(abs(c) <= lam + 1e-6, f"w[{j}] = 0, but |X_j^T r| / N = {abs(c):.6g} is more than lam = {lam:.6g}.")


def check_penalty(name, result, weights, l1, l2):
    value, gradients = unpack(name, result, 2)
    right, slopes = penalty(weights, l1, l2)
    check_type(f"{name}'s value", value, float)
    rtol = 1e-9 if all(w.dtype == np.float64 for w in weights) else 1e-4
    check_close(f"{name}'s value", value, right, rtol=rtol)
    check_close(f"{name}'s gradients", gradients, slopes, dtype=True)


def some_weights(rng, *shapes, dtype=np.float64):
    """Some of the entries are exactly 0."""
    return [(rng.normal(size=shape) * (rng.random(size=shape) < 0.8)).astype(dtype) for shape in shapes]


@points(25)
def test_penalty_value_grad(candidate, rng, case):
    """Values and gradients of the L1, L2 and elastic-net penalties, summed over all arrays of the list."""
    by_hand = [np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([-4.0])]
    with case("L2 by hand"):
        value, gradients = unpack("l2_penalty", candidate.l2_penalty(by_hand, 0.5), 2)
        check_close("l2_penalty's value", value, 15.0)  # (1 + 4 + 0 + 9 + 16) / 2
        check_close("l2_penalty's gradients", gradients, by_hand)  # 2 * 0.5 * w
    with case("L1 by hand"):
        value, gradients = unpack("l1_penalty", candidate.l1_penalty(by_hand, 0.5), 2)
        check_close("l1_penalty's value", value, 5.0)  # (1 + 2 + 0 + 3 + 4) / 2
        check_close("l1_penalty's gradients", gradients, [np.array([[0.5, -0.5], [0.0, 0.5]]), np.array([-0.5])])
    with case("elastic net by hand"):
        value, gradients = unpack("elastic_net_penalty", candidate.elastic_net_penalty(by_hand, 1.0, 0.5), 2)
        check_close("elastic_net_penalty's value", value, 25.0)  # 10 + 30 / 2
        right = [np.array([[2.0, -3.0], [0.0, 4.0]]), np.array([-5.0])]  # sign(w) + w
        check_close("elastic_net_penalty's gradients", gradients, right)
    sets = {
        "a matrix": some_weights(rng, (4, 3)),
        "four arrays": some_weights(rng, (5, 3), (4,), (2, 3, 2), (6, 1)),
        "float32": some_weights(rng, (3, 4), (5,), dtype=np.float32),
        "transposed views": [w.T for w in some_weights(rng, (5, 2), (2, 4, 3))],
        "zeros": [np.zeros((2, 3)), np.zeros(4)],
        "1e4 and 1e-4": [w * s for w, s in zip(some_weights(rng, (3, 2), (4,)), (1e4, 1e-4), strict=True)],
    }
    for words, weights in sets.items():
        lam, l1, l2 = (float(v) for v in rng.uniform(0.1, 0.9, size=3))
        l1 += 1.0  # well apart from l2
        with case(f"L2, {words}"):
            check_penalty("l2_penalty", candidate.l2_penalty(weights, lam), weights, 0.0, lam)
        with case(f"L1, {words}"), candidate.strict():
            check_penalty("l1_penalty", candidate.l1_penalty(weights, lam), weights, lam, 0.0)
        with case(f"elastic net, {words}"), candidate.strict():
            check_penalty("elastic_net_penalty", candidate.elastic_net_penalty(weights, l1, l2), weights, l1, l2)
    weights = some_weights(rng, (3, 2), (5,))
    with case("lam = 0"):
        check_penalty("l2_penalty", candidate.l2_penalty(weights, 0.0), weights, 0.0, 0.0)
        check_penalty("l1_penalty", candidate.l1_penalty(weights, lam=0.0), weights, 0.0, 0.0)
    with case("elastic net with one part off"):
        check_penalty("elastic_net_penalty", candidate.elastic_net_penalty(weights, 0.7, 0.0), weights, 0.7, 0.0)
        check_penalty("elastic_net_penalty", candidate.elastic_net_penalty(weights, l1=0.0, l2=0.7), weights, 0.0, 0.7)


@points(10)
def test_soft_threshold(candidate, rng, case):
    """Soft thresholding takes t off the size of every entry and makes those below t exactly 0."""
    with case("by hand"):
        w = np.array([3.0, -3.0, 1.5, -1.5, 1.0, -1.0, 0.5, 0.0])
        right = np.array([1.5, -1.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        check_close("soft_threshold(w, 1.5)", candidate.soft_threshold(w, 1.5), right)
    for shape in ((7,), (3, 5), (2, 4, 3)):
        with case(f"shape {shape}"):
            w, t = rng.normal(scale=2.0, size=shape), float(rng.uniform(0.3, 2.0))
            right = np.array([shrunk(v, t) for v in w.ravel().tolist()]).reshape(shape)
            result = candidate.soft_threshold(w, t)
            check_close("soft_threshold(w, t)", result, right, dtype=True)
            check(((result == 0) == (right == 0)).all(), f"Entries of at most t = {t:.3g} should be exactly 0.")
    with case("t = 0 changes nothing"):
        w = rng.normal(size=(4, 3))
        check_close("soft_threshold(w, 0)", candidate.soft_threshold(w, 0.0), w)
    with case("float32, transposed view"):
        w = rng.normal(scale=2.0, size=(3, 5)).astype(np.float32).T
        right = np.array([[shrunk(v, 0.7) for v in row] for row in w.tolist()])
        check_close(
            "soft_threshold(w, 0.7)", candidate.soft_threshold(w=w, t=0.7), right.astype(np.float32), dtype=True
        )


@points(15)
def test_ridge_value(candidate, rng, case):
    """Ridge solves its normal equation; without a penalty it is least squares."""
    with case("by hand"):
        # X^T X / 2 = 2.5, X^T y / 2 = 3.5: 3.5 / (2.5 + 2 * 0.5)
        w = candidate.ridge_fit(np.array([[1.0], [2.0]]), np.array([1.0, 3.0]), 0.5)
        check_close("ridge_fit", w, np.array([1.0]))
    for n, d, lam in ((12, 3, 0.1), (20, 4, float(rng.uniform(0.2, 2.0))), (9, 2, 30.0), (25, 5, 0.0)):
        X, y = problem(rng, n, d)
        with case(f"N = {n}, D = {d}, lam = {lam:.3g}"):
            check_close("ridge_fit", candidate.ridge_fit(X, y, lam), ridge(X, y, lam), rtol=1e-8, dtype=True)
    with case("more columns than rows"):
        X, y = problem(rng, 4, 7)
        check_close("ridge_fit", candidate.ridge_fit(X, y, 0.2), ridge(X, y, 0.2), rtol=1e-8)
    with case("two equal columns share the weight"):
        X, y = problem(rng, 8, 2)
        X = np.stack([X[:, 0], X[:, 0], X[:, 1]], axis=1)
        check_close("ridge_fit", candidate.ridge_fit(X=X, y=y, lam=0.3), ridge(X, y, 0.3), rtol=1e-8)
    with case("transposed view"):
        X, y = problem(rng, 10, 3)
        views = X.T.copy().T, np.repeat(y, 2)[::2]
        check_close("ridge_fit", candidate.ridge_fit(*views, 0.3), ridge(X, y, 0.3), rtol=1e-8)
    with case("float32"):
        X, y = (v.astype(np.float32) for v in problem(rng, 30, 3))
        right = ridge(X.astype(np.float64), y.astype(np.float64), 0.4).astype(np.float32)
        # wider than usual: an inverse in float32 loses digits with the condition number of X^T X
        check_close("ridge_fit", candidate.ridge_fit(X, y, 0.4), right, rtol=1e-3, atol=1e-4, dtype=True)


@points(20)
def test_lasso_value(candidate, rng, case):
    """Lasso takes the steps asked for, and after enough of them meets the conditions of the minimum to 1e-6."""
    with case("by hand"):
        # one column: L = 2.5, so a single step from 0 lands on (3.5 - 1) / 2.5
        w = candidate.lasso_fit(np.array([[1.0], [2.0]]), np.array([1.0, 3.0]), 1.0)
        check_close("lasso_fit", w, np.array([1.0]))
    for n, d, steps in ((9, 4, 1), (8, 3, 2), (7, 5, 3), (11, 2, 10), (4, 6, 5)):
        X, y = problem(rng, n, d)
        lam = float(rng.uniform(0.1, 0.3) * np.abs(X.T @ y).max() / n)
        with case(f"N = {n}, D = {d}: {steps} steps"):
            check_close("lasso_fit", candidate.lasso_fit(X, y, lam, steps), ista(X, y, lam, steps), dtype=True)
    for n, d, share in ((30, 4, 0.05), (40, 6, 0.3), (25, 3, 0.6)):
        X = rng.normal(size=(n, d))
        y = X @ rng.normal(scale=2.0, size=d) + rng.normal(size=n)
        lam = float(share * np.abs(X.T @ y).max() / n)
        with case(f"N = {n}, D = {d}: the minimum"):
            check_kkt(X, y, lam, np.asarray(candidate.lasso_fit(X, y, lam=lam, steps=400)))
    with case("lam = 0 is least squares"):
        X = rng.normal(size=(40, 3))
        y = X @ rng.normal(size=3) + rng.normal(size=40)
        check_close("lasso_fit", candidate.lasso_fit(X, y, 0.0, 400), ridge(X, y, 0.0), rtol=1e-7, atol=1e-9)
    with case("2000 steps by default"):
        # lam = 0 and the eigenvalues 1 and 1e-4 (times a rotation): after k steps the second coordinate has made
        # 1 - (1 - 1e-4)^k of its way, 18 % for k = 2000
        turn = float(rng.uniform(0.3, 1.2))
        V = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        X = orthonormal(rng, 8, np.ones(2))[0] @ np.diag([1.0, 0.01]) @ V.T
        goal = rng.uniform(1.0, 2.0, size=2)
        w = candidate.lasso_fit(X, X @ V @ goal, 0.0)
        check_close("lasso_fit", w, V @ (goal * [1.0, 1 - (1 - 1e-4) ** 2000]), rtol=1e-7, atol=1e-9)
    with case("transposed view"):
        X, y = problem(rng, 6, 3)
        right = ista(X, y, 0.2, 4)
        check_close("lasso_fit", candidate.lasso_fit(X.T.copy().T, np.repeat(y, 2)[::2], 0.2, steps=4), right)
    with case("float32"):
        X, y = (v.astype(np.float32) for v in problem(rng, 12, 3))
        right = ista(X, y, 0.2, 6).astype(np.float32)
        # wider than usual: so does an eigenvalue in float32, and the step is its inverse
        check_close("lasso_fit", candidate.lasso_fit(X, y, 0.2, 6), right, rtol=1e-3, atol=1e-4, dtype=True)


@points(15)
def test_sparsity_vs_shrinkage(candidate, rng, case):
    """With orthonormal columns ridge divides every weight by 1 + 2 lam; lasso subtracts lam and leaves exact zeros."""
    for n, d in ((12, 4), (20, 7)):
        lam = float(rng.uniform(0.2, 0.8))
        b = spread(rng, lam, d)
        X, y = orthonormal(rng, n, b)
        with case(f"ridge, D = {d}"):
            w = candidate.ridge_fit(X, y, lam)
            check_close("ridge_fit", w, b / (1 + 2 * lam))
            check((np.asarray(w) != 0).all(), "Ridge makes weights smaller, but none of them 0.")
        with case(f"lasso, D = {d}"):
            w = candidate.lasso_fit(X, y, lam, steps=7)
            check_close("lasso_fit", w, np.array([shrunk(v, lam) for v in b.tolist()]))
            zeros = np.asarray(w) == 0
            check((zeros == (np.abs(b) < lam)).all(), f"{zeros.sum()} weights are exactly 0, expected {d // 2}.")
    for X, y in (ill_conditioned(rng), problem(rng, 5, 8), problem(rng, 12, 3)):
        n, d = X.shape
        top = float(np.abs(X.T @ y).max() / n)
        with case(f"lam just above max |X^T y| / N, N = {n}, D = {d}"):
            w = candidate.lasso_fit(X, y, 1.001 * top, 20)
            check_shape("lasso_fit", w, (d,))
            check((np.asarray(w) == 0).all(), "Every weight should be exactly 0 from lam = max |X^T y| / N on.")
        with case(f"lam just below, N = {n}, D = {d}"):
            w = candidate.lasso_fit(X, y, 0.99 * top, 1)
            check_finite("lasso_fit", w)
            check((np.asarray(w) != 0).any(), "The weight of the column that goes best with y should not be 0 yet.")


@points(5)
def test_weight_decay_link(candidate, rng, case):
    """The L2 gradient with lam = wd / 2 is weight decay: every step multiplies the weights by 1 - lr * wd."""
    for wd, lr, dtype in ((0.1, 0.5, np.float64), (0.8, 0.05, np.float64), (0.4, 0.2, np.float32)):
        with case(f"wd = {wd:g}, lr = {lr:g}, {np.dtype(dtype).name}"):
            start = some_weights(rng, (3, 2), (4,), dtype=dtype)
            weights = [w.copy() for w in start]
            for _ in range(5):
                gradients = unpack("l2_penalty", candidate.l2_penalty(weights, wd / 2), 2)[1]
                check(len(gradients) == 2, f"{len(gradients)} gradients for 2 arrays.")
                weights = [w - lr * g for w, g in zip(weights, gradients, strict=True)]
            right = [((1 - lr * wd) ** 5 * w.astype(np.float64)).astype(dtype) for w in start]
            check_close("the weights after 5 steps", weights, right)


@points(10)
def test_errors_purity(candidate, rng, case):
    """Negative strengths and empty lists raise ValueError; inputs stay as they are, gradients are new."""
    weights, (X, y) = some_weights(rng, (3, 2), (4,)), problem(rng, 7, 3)
    for lam in (-0.1, -1e-9):
        with case(f"l2_penalty, lam = {lam:g}"), check_raises(ValueError, f"lam={lam:g}"):
            candidate.l2_penalty(weights, lam)
        with case(f"l1_penalty, lam = {lam:g}"), check_raises(ValueError, f"lam={lam:g}"):
            candidate.l1_penalty(weights, lam)
        with case(f"elastic_net_penalty, l1 = {lam:g}"), check_raises(ValueError, f"l1={lam:g}"):
            candidate.elastic_net_penalty(weights, lam, 0.5)
        with case(f"elastic_net_penalty, l2 = {lam:g}"), check_raises(ValueError, f"l2={lam:g}"):
            candidate.elastic_net_penalty(weights, 0.5, lam)
        with case(f"soft_threshold, t = {lam:g}"), check_raises(ValueError, f"t={lam:g}"):
            candidate.soft_threshold(weights[0], lam)
        with case(f"ridge_fit, lam = {lam:g}"), check_raises(ValueError, f"lam={lam:g}"):
            candidate.ridge_fit(X, y, lam)
        with case(f"lasso_fit, lam = {lam:g}"), check_raises(ValueError, f"lam={lam:g}"):
            candidate.lasso_fit(X, y, lam, 5)
    with case("l2_penalty, no arrays"), check_raises(ValueError, "an empty list"):
        candidate.l2_penalty([], 0.1)
    with case("l1_penalty, no arrays"), check_raises(ValueError, "an empty list"):
        candidate.l1_penalty([], 0.1)
    with case("elastic_net_penalty, no arrays"), check_raises(ValueError, "an empty list"):
        candidate.elastic_net_penalty([], 0.1, 0.2)
    with case("penalties leave the weights alone"):
        for call in (
            lambda: candidate.l2_penalty(weights, 0.7),
            lambda: candidate.l1_penalty(weights, 0.7),
            lambda: candidate.elastic_net_penalty(weights, 0.7, 0.2),
            lambda: candidate.l2_penalty(weights, 0.5),  # the gradient equals the weights
            lambda: candidate.elastic_net_penalty(weights, 0.0, 0.5),
        ):
            call()
            check_fresh(candidate, "weights")
            check_pure(candidate, "weights")
    with case("soft_threshold leaves w alone"):
        for t in (0.5, 0.0):
            candidate.soft_threshold(weights[0], t)
            check_fresh(candidate, "w")
            check_pure(candidate, "w")
    with case("the fits leave X and y alone"):
        candidate.ridge_fit(X, y, 0.1)
        check_fresh(candidate, "X", "y")
        candidate.lasso_fit(X, y, 0.1, 3)
        check_fresh(candidate, "X", "y")
        check_pure(candidate, "X", "y")
