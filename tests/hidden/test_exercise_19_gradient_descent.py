"""Each docstring is the line the learner reads. The oracle descends in plain Python, one row and one coefficient at a
time, with math.fsum; the quadratic has its closed form in the eigenvectors' coordinates.
"""

import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_equal,
    check_finite,
    check_fresh,
    check_pure,
    check_raises,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


def descended(X, y, lr, epochs, theta0=None):
    """(theta, losses) as float64 arrays. Call it before the submission: that may change its inputs."""
    rows, targets = X.tolist(), y.tolist()
    theta = [0.0] * X.shape[1] if theta0 is None else theta0.tolist()
    losses = []
    for k in range(epochs + 1):
        errors = [math.fsum(x * t for x, t in zip(row, theta, strict=True)) for row in rows]
        errors = [e - target for e, target in zip(errors, targets, strict=True)]
        losses.append(math.fsum(e * e for e in errors) / (2 * len(rows)))
        if k < epochs:
            slopes = [math.fsum(e * row[j] for e, row in zip(errors, rows, strict=True)) for j in range(len(theta))]
            theta = [t - lr * s / len(rows) for t, s in zip(theta, slopes, strict=True)]
    return np.array(theta), np.array(losses)


def follows(candidate, X, y, lr, epochs, *theta0, dtype=np.float64):
    """One run against the oracle; where the run diverges, rounding is relative to the largest number."""
    right = descended(X, y, lr, epochs, *theta0)
    theta, losses = unpack("gradient_descent", candidate.gradient_descent(X, y, lr, epochs, *theta0), 2)
    single = dtype is np.float32
    for name, got, want in zip(("theta", "losses"), (theta, losses), right, strict=True):
        atol = 1e-5 if single else 1e-12 * max(1.0, float(np.abs(want).max()))
        check_close(name, got, want.astype(dtype), atol=atol, dtype=True)


def limit_of(X):
    return 2 / float(np.linalg.eigvalsh(X.T @ X / len(X))[-1])


def sizes(rng, count, *choices):
    return (int(n) for n in rng.choice(choices or (2, 3, 4, 5, 6), size=count, replace=False))


def orthogonal(rng, n):
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


def with_eigenvalues(rng, values):
    """A full symmetric matrix, exactly symmetric, with these eigenvalues."""
    V = orthogonal(rng, len(values))
    A = (V * np.array(values)) @ V.T
    return (A + A.T) / 2


def spread(rng, d, low=0.5, high=8.0):
    """d eigenvalues from low to high, both included."""
    inner = rng.uniform(1.5 * low, 0.7 * high, size=max(d - 2, 0))
    return [low, *inner.tolist(), high][-d:]


@points(25)
def test_value(candidate, rng, case):
    """Parameters and losses after k steps are those of the rule, from zeros or from a given start."""
    with case("by hand"):
        X, y = np.array([[1.0, 0.0], [1.0, 2.0]]), np.array([2.0, 4.0])
        theta, losses = unpack("gradient_descent", candidate.gradient_descent(X, y, 0.5, 1, np.array([1.0, 1.0])), 2)
        # errors [1 - 2, 3 - 4] = [-1, -1]; gradient [-1 - 1, 0 - 2] / 2 = [-1, -1]; theta = 1 + 0.5 each
        check_close("theta", theta, np.array([1.5, 1.5]), rtol=1e-12)
        # (1 + 1) / 4 before; errors [1.5 - 2, 4.5 - 4], so (0.25 + 0.25) / 4 after
        check_close("losses", losses, np.array([0.5, 0.125]), rtol=1e-12)
    for epochs, share in ((1, 0.7), (2, 0.45), (35, 0.8), (40, 0.05)):
        n, d = sizes(rng, 2)
        X, y = rng.normal(size=(n + 5, d)), rng.normal(size=n + 5)
        with case(f"{epochs} steps from zeros"):
            follows(candidate, X, y, share * limit_of(X), epochs)
        with case(f"{epochs} steps from theta0"):
            follows(candidate, X, y, share * limit_of(X), epochs, rng.normal(size=d))
    with case("theta0 by name"):
        X, y, start = rng.normal(size=(7, 3)), rng.normal(size=7), rng.normal(size=3)
        right = descended(X, y, 0.1, 2, start)
        theta, losses = unpack("gradient_descent", candidate.gradient_descent(X, y, lr=0.1, epochs=2, theta0=start), 2)
        check_close("theta", theta, right[0])
        check_close("losses", losses, right[1])
    with case("epochs = 0"):
        follows(candidate, rng.normal(size=(5, 3)), rng.normal(size=5), 0.1, 0, rng.normal(size=3))
    with case("more coefficients than rows"):
        X, y = rng.normal(size=(3, 5)), rng.normal(size=3)
        follows(candidate, X, y, 0.5 * limit_of(X), 10, rng.normal(size=5))
    with case("one row, one coefficient"):
        X, y = rng.uniform(0.5, 2.0, size=(1, 1)), rng.normal(size=1)
        follows(candidate, X, y, 0.4 * limit_of(X), 3)
    with case("beyond the limit the losses grow"):
        X, y = rng.normal(size=(8, 3)), rng.normal(size=8)
        follows(candidate, X, y, 1.3 * limit_of(X), 20, rng.normal(size=3))
    with case("inputs of 1e6"), candidate.strict():
        X, y = 1e6 * rng.normal(size=(6, 4)), 1e6 * rng.normal(size=6)
        follows(candidate, X, y, 0.6 * limit_of(X), 12)
    with case("all inputs 0: no gradient, no motion"), candidate.strict():
        follows(candidate, np.zeros((4, 3)), rng.normal(size=4), 0.3, 5, rng.normal(size=3))
    with case("float32"):
        X, y, start = (rng.normal(size=shape).astype(np.float32) for shape in ((6, 3), (6,), (3,)))
        follows(candidate, X, y, 0.5 * limit_of(X), 5, start, dtype=np.float32)
    with case("float32 from zeros"):
        X, y = rng.normal(size=(7, 2)).astype(np.float32), rng.normal(size=7).astype(np.float32)
        follows(candidate, X, y, 0.5 * limit_of(X), 4, dtype=np.float32)
        follows(candidate, X, y, 0.5 * limit_of(X), 0, dtype=np.float32)
    with case("integers"):
        X, y = rng.integers(1, 6, size=(6, 3)), rng.integers(-5, 6, size=6)
        follows(candidate, X, y, 0.5 * limit_of(X), 4)
        follows(candidate, X, y, 0.5 * limit_of(X), 0)
    with case("transposed views"):
        X, y = rng.normal(size=(3, 8)).T, rng.normal(size=(8, 2))[:, 0]
        follows(candidate, X, y, 0.5 * limit_of(X), 3)
    with case("two descents in turn"):
        one, two = (rng.normal(size=(6, 2)), rng.normal(size=6)), (rng.normal(size=(5, 4)), rng.normal(size=5))
        for X, y in (one, two, one):
            follows(candidate, X, y, 0.5 * limit_of(X), 3)


@points(15)
def test_converges(candidate, rng, case):
    """Below the limit of X^T X / N no step raises the loss, and the descent ends at the least-squares solution."""
    for share in (0.3, 0.6, 0.95):
        n, d = int(rng.integers(8, 13)), 3
        Q = math.sqrt(n) * orthogonal(rng, n)
        X = (Q[:, :d] * np.sqrt([4.0, 2.0, 1.0])) @ orthogonal(rng, d)  # X^T X / N has the eigenvalues 4, 2, 1
        y = X @ rng.normal(size=d) + Q[:, d]  # a mean squared residual of 1: no loss comes near 0
        start = (None,) if share == 0.3 else (10.0 * rng.normal(size=d),)
        with case(f"lr = {share:g} of the limit"):
            result = candidate.gradient_descent(X, y, share * 2 / 4, 300, *start)
            theta, losses = unpack("gradient_descent", result, 2)
            # 300 steps: the catalogue's tolerance for long recurrences
            check_close("theta", theta, np.linalg.lstsq(X, y, rcond=None)[0], rtol=1e-7, atol=1e-9)
            check_finite("losses", losses)
            check((losses[1:] <= losses[:-1] * (1 + 1e-12)).all(), "A step below the limit raised the loss.")


def closed_form(A, b, x0, lr, steps):
    """x* + (I - lr A)^k (x0 - x*) for k = 0 … steps."""
    values, V = np.linalg.eigh(A.astype(np.float64))
    goal = V.T @ b / values
    powers = np.cumprod(np.vstack([np.ones(len(values)), np.tile(1 - lr * values, (steps, 1))]), axis=0)
    return (goal + powers * (V.T @ x0 - goal)) @ V.T


def quadratic(candidate, A, b, x0, lr, steps, **tolerances):
    right = closed_form(A, b, x0, lr, steps).astype(x0.dtype)
    path = candidate.gd_quadratic(A, b, x0, lr, steps)
    if not tolerances and right.dtype == np.float64:  # rounding is relative to the largest number
        tolerances = {"atol": 1e-12 * max(1.0, float(np.abs(right).max()))}
    check_close("gd_quadratic(A, b, x0, lr, steps)", path, right, dtype=True, **tolerances)


@points(20)
def test_quadratic_iterates(candidate, rng, case):
    """The iterates on a quadratic are x* + (I - lr A)^k (x0 - x*), the start included."""
    with case("by hand"):
        A, b, x0 = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0]), np.array([1.0, 0.0])
        path = candidate.gd_quadratic(A, b, x0, 0.5, 2)
        # A x0 - b = [1, -1], x1 = [0.5, 0.5]; A x1 - b = [0.5, 0], x2 = [0.25, 0.5]
        check_close("gd_quadratic", path, np.array([[1.0, 0.0], [0.5, 0.5], [0.25, 0.5]]), rtol=1e-12)
    for share in (0.1, 0.5, 0.9, 1.2):
        (d,) = sizes(rng, 1)
        values = spread(rng, d)
        with case(f"lr = {share:g} of the limit, D = {d}"):
            A = with_eigenvalues(rng, values)
            quadratic(candidate, A, rng.normal(size=d), rng.normal(size=d), share * 2 / 8, 30)
    with case("200 steps"):  # the catalogue's tolerance for long recurrences
        A = with_eigenvalues(rng, spread(rng, 4, low=0.05))
        quadratic(candidate, A, rng.normal(size=4), rng.normal(size=4), 0.2, 200, rtol=1e-7, atol=1e-9)
    with case("one dimension"):
        quadratic(candidate, np.array([[2.5]]), rng.normal(size=1), rng.normal(size=1), 0.3, 6)
    with case("no step"):
        A = with_eigenvalues(rng, spread(rng, 3))
        quadratic(candidate, A, rng.normal(size=3), rng.normal(size=3), 0.1, 0)
    with case("b = 0"):
        A = with_eigenvalues(rng, spread(rng, 3))
        quadratic(candidate, A, np.zeros(3), rng.normal(size=3), 0.1, 8)
    with case("a start at the minimum stays there"):
        A, x0 = with_eigenvalues(rng, spread(rng, 5)), rng.normal(size=5)
        check_close("gd_quadratic", candidate.gd_quadratic(A, A @ x0, x0.copy(), 0.2, 40), np.tile(x0, (41, 1)))
    with case("float32"):
        A, b, x0 = (v.astype(np.float32) for v in (with_eigenvalues(rng, spread(rng, 3)), *rng.normal(size=(2, 3))))
        quadratic(candidate, A, b, x0, 0.1, 5)
    with case("views"):
        A = with_eigenvalues(rng, spread(rng, 4)).T
        quadratic(candidate, A, rng.normal(size=(4, 2))[:, 1], rng.normal(size=8)[::2], 0.15, 7)


@points(20)
def test_stability_limit(candidate, rng, case):
    """Just below the limit gradient descent converges, just above it explodes: 2 / the largest eigenvalue."""
    with case("by hand"):
        # [[3, 1], [1, 3]] stretches [1, 1] by 4 and [1, -1] by 2
        limit = candidate.max_stable_lr(np.array([[3.0, 1.0], [1.0, 3.0]]))
        check_type("max_stable_lr(A)", limit, float)
        check_close("max_stable_lr(A)", limit, 0.5)
    for d, scale in ((1, 1.0), (2, 1e6), (3, 1e-6), (5, 1.0), (7, 100.0)):
        with case(f"D = {d}, eigenvalues of about {scale:g}"):
            A = scale * with_eigenvalues(rng, spread(rng, d))
            limit = candidate.max_stable_lr(A)
            check_type("max_stable_lr(A)", limit, float)
            check_close("max_stable_lr(A)", limit, 2 / float(np.linalg.eigvalsh(A)[-1]))
    with case("float32"):
        limit = candidate.max_stable_lr(with_eigenvalues(rng, spread(rng, 3)).astype(np.float32))
        check_type("max_stable_lr(A)", limit, float)
        check_close("max_stable_lr(A)", limit, 0.25, rtol=1e-4)
    for k in (1, 2):
        B = rng.uniform(-1.5, 1.5, size=(5, 5))
        A = B @ B.T + 0.5 * np.eye(5)
        A = (A + A.T) / 2
        limit = candidate.max_stable_lr(A)
        x0 = rng.normal(size=5)
        # Every eigenvector has its share of the starting error.
        error = np.linalg.eigh(A)[1] @ (rng.choice([-1.0, 1.0], size=5) * rng.uniform(0.5, 1.5, size=5))
        for share in (0.99, 1.01):
            with case(f"matrix {k}, 1000 steps at {share:g} of the limit"):
                path = candidate.gd_quadratic(A, A @ (x0 - error), x0.copy(), share * limit, 1000)
                check_finite("gd_quadratic(A, b, x0, lr, 1000)", path)
                left = float(np.linalg.norm(path[-1] - (x0 - error)) / np.linalg.norm(error))
                words = f"At {share:g} of your limit, 1000 steps multiply the error by {left:.3g}"
                if share < 1:
                    check(left < 1e-6, f"{words}: it should die out.")
                else:
                    check(left > 1e3, f"{words}: it should explode.")


@points(10)
def test_regimes(candidate, rng, case):
    """lr times the largest eigenvalue tells slow from fast, oscillating and divergent rates."""
    A = np.array([[5.0, 3.0], [3.0, 5.0]])  # stretches [1, 1] by 8 and [1, -1] by 2
    for r, label in ((0.05, "slow"), (0.7, "fast"), (1.2, "oscillating"), (1.97, "oscillating"), (2.5, "divergent")):
        with case(f"by hand, lr * lambda_max = {r:g}"):
            check_equal(f"lr_regime at lr * lambda_max = {r:g}", candidate.lr_regime(A, r / 8), label)
    ranges = {"slow": (0.01, 0.09), "fast": (0.12, 0.95), "oscillating": (1.05, 1.95), "divergent": (2.1, 5.0)}
    for label, (low, high) in ranges.items():
        for d, scale in ((2, 1.0), (5, 0.01), (3, 100.0)):
            with case(f"{label}, D = {d}, eigenvalues of about {scale:g}"):
                A = scale * with_eigenvalues(rng, spread(rng, d))
                r = float(rng.uniform(low, high))
                check_equal(f"lr_regime at lr * lambda_max = {r:.3g}", candidate.lr_regime(A, r / (8 * scale)), label)
    for diagonal in ([1.0, 0.5], [0.25, 4.0, 1.0], [0.5]):  # powers of two: the products below are exact
        for r, label in ((0.1, "fast"), (1.0, "fast"), (2.0, "divergent")):
            with case(f"lr * lambda_max = {r:g}, diagonal {diagonal}"):
                lr = r / max(diagonal)
                check_equal(f"lr_regime at lr * lambda_max = {r:g}", candidate.lr_regime(np.diag(diagonal), lr), label)


@points(10)
def test_errors_purity(candidate, rng, case):
    """A rate <= 0, shapes that do not fit and a matrix that is not positive definite raise ValueError; inputs stay."""
    X, y, theta0 = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3)
    A, b, x0 = with_eigenvalues(rng, spread(rng, 4)), rng.normal(size=4), rng.normal(size=4)
    for lr in (0.0, -0.1):
        with case(f"gradient_descent, lr = {lr:g}"), check_raises(ValueError, f"lr={lr:g}"):
            candidate.gradient_descent(X, y, lr, 2)
        with case(f"gd_quadratic, lr = {lr:g}"), check_raises(ValueError, f"lr={lr:g}"):
            candidate.gd_quadratic(A, b, x0, lr, 2)
        with case(f"lr_regime, lr = {lr:g}"), check_raises(ValueError, f"lr={lr:g}"):
            candidate.lr_regime(A, lr)
    for shape in ((7,), (1,), (6, 1)):
        with case(f"y of shape {shape}"), check_raises(ValueError, f"y of shape {shape} for 6 rows"):
            candidate.gradient_descent(X, rng.normal(size=shape), 0.1, 2)
    for shape in ((4,), (3, 1)):
        with case(f"theta0 of shape {shape}"), check_raises(ValueError, f"theta0 of shape {shape} for 3 columns"):
            candidate.gradient_descent(X, y, 0.1, 2, rng.normal(size=shape))
    for shape in ((6,), (6, 3, 1)):
        with case(f"X of shape {shape}"), check_raises(ValueError, f"X of shape {shape}"):
            candidate.gradient_descent(rng.normal(size=shape), y, 0.1, 2)
    for shape in ((5,), (1,), (4, 1)):
        with case(f"b of shape {shape}"), check_raises(ValueError, f"b of shape {shape} for D = 4"):
            candidate.gd_quadratic(A, rng.normal(size=shape), x0, 0.1, 2)
        with case(f"x0 of shape {shape}"), check_raises(ValueError, f"x0 of shape {shape} for D = 4"):
            candidate.gd_quadratic(A, b, rng.normal(size=shape), 0.1, 2)
    upper = np.diag([4.0, 3.0, 2.0, 1.0]) + 0.3 * np.triu(np.ones((4, 4)), 1)
    bad = {
        "an A that is not square": rng.normal(size=(3, 4)),
        "an A that is not symmetric": upper,
        "the transpose of it": np.ascontiguousarray(upper.T),
        "an indefinite A": with_eigenvalues(rng, [-0.5, 1.0, 2.0, 3.0]),
        "a negative definite A": -A,
        "an A with the eigenvalue 0": np.diag([1.0, 0.0, 3.0, 2.0]),
    }
    for what, matrix in bad.items():
        with case(f"gd_quadratic, {what}"), check_raises(ValueError, what):
            candidate.gd_quadratic(matrix, b, x0, 0.1, 2)
        with case(f"max_stable_lr, {what}"), check_raises(ValueError, what):
            candidate.max_stable_lr(matrix)
        with case(f"lr_regime, {what}"), check_raises(ValueError, what):
            candidate.lr_regime(matrix, 0.1)
    with case("symmetric up to rounding"):
        nearly = A.copy()
        nearly[0, 1] *= 1 + 1e-13
        candidate.gd_quadratic(nearly, b, x0, 0.1, 2)
        candidate.max_stable_lr(nearly)
        candidate.lr_regime(nearly, 0.1)
    with case("arguments unchanged, new results"):
        for epochs in (2, 0):
            candidate.gradient_descent(X, y, 0.1, epochs, theta0)
            check_fresh(candidate, "X", "y", "lr", "epochs", "theta0")
            check_pure(candidate, "X", "y", "lr", "epochs", "theta0")
        for steps in (2, 0):
            candidate.gd_quadratic(A, b, x0, 0.1, steps)
            check_fresh(candidate, "A", "b", "x0")
            check_pure(candidate, "A", "b", "x0")
        candidate.max_stable_lr(A)
        candidate.lr_regime(A, 0.1)
        check_pure(candidate, "A")
