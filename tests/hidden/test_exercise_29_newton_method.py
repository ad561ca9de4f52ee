"""Each docstring is the line the learner reads. Hessians and products are written out by hand; steps are tested
backwards (choose the step, compute its gradient), paths by their closed forms: nothing here solves a linear system.
"""

import math
from itertools import pairwise

import numpy as np

from dlkit.grader.compare import check, check_close, check_equal, check_fresh, check_pure, check_raises, check_shape
from dlkit.grader.plugin import points


class Smooth:
    """sum_k c_k sin(a_k . x + b_k) + 1/2 x^T Q x + (u . x)^3, with its gradient and Hessian written out."""

    def __init__(self, rng, d):
        self.c, self.b = rng.uniform(0.2, 0.5, size=(2, 2))
        self.a = rng.uniform(-1.0, 1.0, size=(2, d))
        self.u = rng.choice([-1.0, 1.0], size=d) * rng.uniform(0.5, 0.8, size=d)
        # Large enough that the other terms cannot cancel it: the tolerances are relative to the Hessian's entries.
        self.Q = with_eigenvalues(rng, np.linspace(-1.5, 8.0, d + 1)[1:])

    def value(self, x):
        return float(self.c @ np.sin(self.a @ x + self.b) + 0.5 * x @ self.Q @ x + (self.u @ x) ** 3)

    def gradient(self, x):
        return (self.c * np.cos(self.a @ x + self.b)) @ self.a + self.Q @ x + 3 * (self.u @ x) ** 2 * self.u

    def hessian(self, x):
        bend = np.einsum("k,ki,kj->ij", -self.c * np.sin(self.a @ x + self.b), self.a, self.a)
        return bend + self.Q + 6 * (self.u @ x) * np.outer(self.u, self.u)


def orthogonal(rng, n):
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


def with_eigenvalues(rng, values):
    """A full symmetric matrix, exactly symmetric, with these eigenvalues."""
    V = orthogonal(rng, len(values))
    A = (V * np.asarray(values)) @ V.T
    return (A + A.T) / 2


def check_hessian(name, got, right):
    """The catalogue's measure: the largest difference, relative to the largest entries."""
    check_shape(name, got, right.shape)
    atol = 1e-6 * 2 * float(np.abs(right).max())
    check_close(name, got, right, rtol=0.0, atol=atol, dtype=True)
    check(np.array_equal(got, np.asarray(got).T), f"{name} should be exactly symmetric.")


@points(20)
def test_hessian_value(candidate, rng, case):
    """The Hessian of a smooth function is right to 1e-6, exactly symmetric, and x is left as it is."""
    with case("by hand, h = 0.5"):
        # f = x^3 y + y^4 at (1, 2). Differences are exact for powers up to 3: 6xy = 12. The fourth power gives
        # 12 y^2 + 2 h^2 = 48.5, the mixed entry 3 x^2 + h^2 = 3.25.
        H = candidate.numerical_hessian(lambda x: float(x[0] ** 3 * x[1] + x[1] ** 4), np.array([1.0, 2.0]), 0.5)
        check_close("numerical_hessian(f, x, 0.5)", H, np.array([[12.0, 3.25], [3.25, 48.5]]), rtol=1e-12)
    for d in (1, 2, 3, 4):
        f, x = Smooth(rng, d), rng.uniform(-1.0, 1.0, size=d)
        with case(f"D = {d}"):
            check_hessian("numerical_hessian(f, x)", candidate.numerical_hessian(f.value, x), f.hessian(x))
            check_pure(candidate, "f", "x")
    with case("the default h"):
        # x^4 at 0: (h^4 + h^4) / h^2 = 2 h^2, and nothing to round off
        H = candidate.numerical_hessian(lambda x: float(x[0] ** 4), np.zeros(1))
        check_close("numerical_hessian of x^4 at 0", H, np.array([[2e-8]]), rtol=1e-6, atol=0.0)
    with case("h by name"):
        f, x = Smooth(rng, 3), rng.uniform(-1.0, 1.0, size=3)
        # The error of the difference grows with h^2 (here 4e-8 times a fourth derivative below 4), rounding falls.
        check_hessian("numerical_hessian(f, x, h=2e-4)", candidate.numerical_hessian(f.value, x, h=2e-4), f.hessian(x))
    for dtype in (np.float32, np.int64):
        with case(f"x of dtype {dtype.__name__}"):
            f = Smooth(rng, 3)
            x = (rng.choice([-1, 1], size=3) * rng.uniform(0.3, 1.0, size=3)).astype(np.float32)
            x = x if dtype is np.float32 else np.sign(x).astype(dtype)
            right = f.hessian(x.astype(np.float64))
            check_hessian("numerical_hessian(f, x)", candidate.numerical_hessian(f.value, x), right)
    with case("a view"):
        f, x = Smooth(rng, 3), rng.uniform(-1.0, 1.0, size=(3, 2))[:, 1]
        check_hessian("numerical_hessian(f, x)", candidate.numerical_hessian(f.value, x), f.hessian(x))


class Quadratic:
    """1/2 (x - c)^T A (x - c): the stationary point is c."""

    def __init__(self, A, c):
        self.A, self.c = A, c

    def value(self, x):
        return float(0.5 * (x - self.c) @ self.A @ (x - self.c))

    def gradient(self, x):
        return self.A @ (x - self.c)

    def hessian(self, x):
        return self.A.copy()


def minimize(candidate, f, x0, steps, *damping, **named):
    return candidate.newton_minimize(f.value, f.gradient, f.hessian, x0, steps, *damping, **named)


@points(15)
def test_one_step_quadratic(candidate, rng, case):
    """On a quadratic one step, the one to add, lands on the minimum; float32 stays float32, inputs stay untouched."""
    with case("by hand"):
        # [[2, 1], [1, 3]] times [-1, 2] is [0, 5]: the step that cancels the gradient [0, 5] is [1, -2]
        step = candidate.newton_step(np.array([0.0, 5.0]), np.array([[2.0, 1.0], [1.0, 3.0]]))
        check_close("newton_step(g, H)", step, np.array([1.0, -2.0]), rtol=1e-12)
    for d in (1, 2, 3, 5):
        A = with_eigenvalues(rng, rng.uniform(0.5, 8.0, size=d))
        c, x0 = rng.normal(size=(2, d))
        with case(f"newton_step, D = {d}"):
            grad = A @ (x0 - c)
            check_close("newton_step(g, H)", candidate.newton_step(grad, A), c - x0, rtol=1e-9, atol=1e-12)
            check_fresh(candidate, "grad", "hess")
            check_pure(candidate, "grad", "hess")
        with case(f"newton_minimize, D = {d}"):
            path = minimize(candidate, Quadratic(A, c), x0, 3)
            check_close("newton_minimize(…, steps=3)", path, np.stack([x0, c, c, c]), rtol=1e-9, atol=1e-12)
            check_pure(candidate, "f", "grad_f", "hess_f", "x0")
    with case("no step"):
        f, x0 = Quadratic(np.diag([1.0, 2.0, 3.0]), np.zeros(3)), rng.normal(size=3)
        check_close("newton_minimize(…, steps=0)", minimize(candidate, f, x0, 0), x0[None])
        check_fresh(candidate, "f", "grad_f", "hess_f", "x0")
    A = with_eigenvalues(rng, [1.0, 2.0, 4.0])
    c, x0 = rng.normal(size=(2, 3))
    with case("float32, newton_step"):
        grad, hess = (A @ (x0 - c)).astype(np.float32), A.astype(np.float32)
        step = candidate.newton_step(grad, hess)
        check_close("newton_step of float32", step, (c - x0).astype(np.float32), dtype=True)
    with case("float32, newton_minimize"):
        f = Quadratic(A.astype(np.float32), c.astype(np.float32))
        path = minimize(candidate, f, x0.astype(np.float32), 2, 0.0)
        check_close("newton_minimize of float32", path, np.stack([x0, c, c]).astype(np.float32), dtype=True)


class Barrier:
    """sum_i (z_i - log z_i) with z = B x: Newton's method makes 1 - z into (1 - z)^2, whatever B is."""

    def __init__(self, B):
        self.B = B

    def value(self, x):
        z = self.B @ x
        return float((z - np.log(z)).sum())

    def gradient(self, x):
        return self.B.T @ (1 - 1 / (self.B @ x))

    def hessian(self, x):
        return self.B.T @ np.diag(1 / (self.B @ x) ** 2) @ self.B


class Exponential:
    """sum_i (exp(x_i) - w_i x_i): the minimum is log w, and an error e becomes about e^2 / 2."""

    def __init__(self, w):
        self.w = w

    def value(self, x):
        return float((np.exp(x) - self.w * x).sum())

    def gradient(self, x):
        return np.exp(x) - self.w

    def hessian(self, x):
        return np.diag(np.exp(x))


@points(10)
def test_quadratic_convergence(candidate, rng, case):
    """Near the minimum of a smooth convex function the error squares from step to step."""
    with case("by hand"):
        # x - log x from 1/2: x becomes 2x - x^2, so 1/2, 3/4, 15/16, 255/256
        path = minimize(candidate, Barrier(np.eye(1)), np.array([0.5]), 3)
        check_close("newton_minimize", path, np.array([[0.5], [0.75], [0.9375], [0.99609375]]), rtol=1e-12)
    for d in (2, 3, 4):
        with case(f"z - log z, D = {d}"):
            V, W = orthogonal(rng, d), orthogonal(rng, d)
            scale = rng.uniform(1.0, 2.0, size=d)
            z0 = 1 - rng.choice([-1.0, 1.0], size=d) * rng.uniform(0.3, 0.6, size=d)
            z = np.stack([1 - (1 - z0) ** 2**k for k in range(6)])
            right = z @ (V / scale) @ W  # x = B^-1 z with B = V diag(scale) W, B^-1 = W^T diag(1 / scale) V^T
            path = minimize(candidate, Barrier((V * scale) @ W), right[0].copy(), 5)
            check_close("newton_minimize(…, steps=5)", path, right, rtol=1e-9, atol=1e-12)
    with case("exp(x) - w x"):
        w = rng.uniform(0.5, 3.0, size=3)
        start = np.log(w) + rng.choice([-1.0, 1.0], size=3) * rng.uniform(0.2, 0.5, size=3)
        path = minimize(candidate, Exponential(w), start, 4)
        check_shape("newton_minimize(…, steps=4)", path, (5, 3))
        errors = np.abs(np.asarray(path) - np.log(w))
        for k in range(4):
            for now, then in zip(errors[k], errors[k + 1], strict=True):
                # e - 1 + exp(-e) is between 0.41 e^2 and 0.6 e^2 for |e| < 0.5; below 1e-5 rounding shows
                if now > 1e-5:
                    ratio = float(then / now**2)
                    words = f"An error of {now:.3g} became {then:.3g}, {ratio:.3g} times its square"
                    check(0.35 < ratio < 0.65, f"{words}: Newton's method makes it about half the square.")


@points(10)
def test_saddle_attraction(candidate, rng, case):
    """Without damping the step jumps to the saddle; damping * I beyond |lambda_min| makes every step descend."""
    with case("x^2 - y^2 by hand, no damping"):
        # at (1, 1/2): gradient (2, -1), Hessian diag(2, -2), so the step is (-1, -1/2)
        path = minimize(candidate, Quadratic(np.diag([2.0, -2.0]), np.zeros(2)), np.array([1.0, 0.5]), 1)
        check_close("newton_minimize(…, steps=1)", path, np.array([[1.0, 0.5], [0.0, 0.0]]))
    with case("x^2 - y^2 by hand, damping 3"):
        # diag(2 + 3, -2 + 3): the step is (-2/5, 1)
        step = candidate.newton_step(np.array([2.0, -1.0]), np.diag([2.0, -2.0]), 3.0)
        check_close("newton_step(g, H, 3)", step, np.array([-0.4, 1.0]), rtol=1e-12)
    with case("a zero Hessian, damping 4"):
        g = rng.normal(size=3)  # (0 + 4 I)^-1: gradient descent with the rate 1/4
        check_close("newton_step(g, 0, damping=4)", candidate.newton_step(g, np.zeros((3, 3)), damping=4.0), -g / 4)
    for d in (2, 4):
        values = np.array([-2.0, *rng.uniform(1.0, 6.0, size=d - 1)])
        for damping in (0.0, float(rng.uniform(0.3, 1.5)), float(rng.uniform(2.5, 20.0))):
            with case(f"newton_step, D = {d}, damping = {damping:.3g}, lambda_min = -2"):
                H, step = with_eigenvalues(rng, values), rng.normal(size=d)
                g = -(H @ step + damping * step)
                got = candidate.newton_step(g, H, damping=damping)
                check_close("newton_step(g, H, damping)", got, step, rtol=1e-9, atol=1e-12)
        V, c = orthogonal(rng, d), rng.normal(size=d)
        away = rng.choice([-1.0, 1.0], size=d) * rng.uniform(0.5, 1.5, size=d)  # in the eigenvectors' coordinates
        A = (V * values) @ V.T
        f = Quadratic((A + A.T) / 2, c)
        with case(f"D = {d}, drawn to the saddle"):
            path = minimize(candidate, f, c + V @ away, 2)
            check_close("newton_minimize(…, steps=2)", path, np.stack([c + V @ away, c, c]), rtol=1e-9, atol=1e-12)
        with case(f"D = {d}, damped beyond |lambda_min|"):
            damping = 2.0 + float(rng.uniform(0.5, 1.5))
            # along an eigenvector each step multiplies the distance by 1 - lambda / (lambda + damping)
            shrink = (damping / (values + damping)) ** np.arange(6)[:, None]
            right = c + (away * shrink) @ V.T
            path = minimize(candidate, f, c + V @ away, 5, damping=damping)
            check_close("newton_minimize(…, steps=5, damping)", path, right, rtol=1e-9, atol=1e-10)
            heights = [f.value(x) for x in np.asarray(path)]
            falls = all(b < a for a, b in pairwise(heights))
            check(falls, "With damping beyond |lambda_min| every step should make f smaller.")


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def gradient(self, x):
        self.calls += 1
        return self.function(x)


def product(candidate, f, x, v, *h):
    right = f.hessian(x.astype(np.float64)) @ v.astype(np.float64)
    got = candidate.hessian_vector_product(f.gradient, x, v, *h)
    atol = 1e-7 * float(np.abs(right).max())
    check_close("hessian_vector_product(grad_f, x, v)", got, right, rtol=0.0, atol=atol, dtype=True)


@points(15)
def test_hvp(candidate, rng, case):
    """The product H v is right to 1e-7 and takes exactly two gradients."""
    with case("by hand, h = 0.5"):
        # the gradient x^3 at (1, 2) along (2, 0): [(1 + 1)^3 - (1 - 1)^3] / 1 = 8; along (2, -1): [1.5^3 - 2.5^3] / 1
        x = np.array([1.0, 2.0])
        got = candidate.hessian_vector_product(lambda p: p**3, x, np.array([2.0, 0.0]), 0.5)
        check_close("hessian_vector_product(grad_f, x, v, 0.5)", got, np.array([8.0, 0.0]), rtol=1e-12)
        got = candidate.hessian_vector_product(lambda p: p**3, x, np.array([2.0, -1.0]), h=0.5)
        check_close("hessian_vector_product(grad_f, x, v, h=0.5)", got, np.array([8.0, -12.25]), rtol=1e-12)
    for d in (1, 2, 4, 7):
        f, x = Smooth(rng, d), rng.uniform(-1.0, 1.0, size=d)
        v = rng.choice([-1.0, 1.0], size=d) * rng.uniform(0.5, 1.5, size=d)
        with case(f"D = {d}"):
            product(candidate, f, x, v)
            check_pure(candidate, "grad_f", "x", "v")
        with case(f"D = {d}, two gradients"):
            counted = Counted(f.gradient)
            candidate.hessian_vector_product(counted.gradient, x, v)
            words = f"hessian_vector_product called grad_f {counted.calls} times"
            check(counted.calls == 2, f"{words}; two are enough for any D (and needed).")
    with case("the default h"):
        # the gradient x^3 at 0 along 1: (h^3 + h^3) / (2 h) = h^2, and nothing to round off
        got = candidate.hessian_vector_product(lambda p: p**3, np.zeros(1), np.ones(1))
        check_close("hessian_vector_product with the gradient x^3 at 0", got, np.array([1e-10]), rtol=1e-6, atol=0.0)
    with case("float32"):
        x, v = rng.uniform(0.5, 1.0, size=(2, 3)).astype(np.float32)
        product(candidate, Smooth(rng, 3), x, v)
    with case("integers"):
        product(candidate, Smooth(rng, 3), np.array([1, -1, 0]), np.array([0, 1, -1]))
    with case("v = 0"):
        f, x = Smooth(rng, 3), rng.uniform(-1.0, 1.0, size=3)
        check_close("H times 0", candidate.hessian_vector_product(f.gradient, x, np.zeros(3)), np.zeros(3))


@points(15)
def test_classify(candidate, rng, case):
    """Minimum, maximum, saddle or degenerate, by the signs of all eigenvalues, with tol for zero."""
    with case("by hand"):
        # [[1, 2], [2, 1]] stretches (1, 1) by 3 and (1, -1) by -1, though its diagonal is positive
        check_equal(
            "classify_stationary(H)", candidate.classify_stationary(np.array([[1.0, 2.0], [2.0, 1.0]])), "saddle"
        )
    spectra = (
        ("minimum", [0.7, 2.0, 5.0]),
        ("minimum", [3.0]),
        ("minimum", [1e-6, 1e-6, 2.0, 4.0]),
        ("minimum", [1.5e-8, 2.0]),
        ("maximum", [-0.7, -2.0, -5.0]),
        ("maximum", [-3.0, -1e-6]),
        ("maximum", [-0.2, -0.4, -2.0, -4.0]),
        ("saddle", [-0.5, 1.0, 3.0]),
        ("saddle", [-0.5, -1.0, 3.0, 2.0]),
        ("saddle", [-4.0, 1e-6]),
        ("saddle", [-1e-6, 4.0, 5.0]),
        ("saddle", [-1.0, 1e-10, 2.0]),
        ("saddle", [-1.0, 0.0, -1e-10, 2.0]),
        ("degenerate", [1e-10, 2.0, 3.0]),
        ("degenerate", [5e-9, 2.0, 3.0]),
        ("degenerate", [-1e-10, 2.0]),
        ("degenerate", [1e-10, -2.0, -3.0]),
        ("degenerate", [-1e-10, 1e-10, -3.0, -1.0]),
        ("degenerate", [1e-10, -1e-10]),
        ("degenerate", [0.0, 0.0, 0.0]),
    )
    for label, values in spectra:
        with case(f"eigenvalues {values}"):
            H = with_eigenvalues(rng, values)
            check_equal(f"classify_stationary, eigenvalues {values}", candidate.classify_stationary(H), label)
            check_pure(candidate, "hess")
    own = (
        ("degenerate", [0.2, 3.0], 0.5),
        ("degenerate", [-0.2, 3.0], 0.5),
        ("degenerate", [0.2, -3.0, -1.0], 0.5),
        ("saddle", [-0.7, 3.0, 0.2], 0.5),
        ("minimum", [1e-10, 1.0], 0.0),
        ("maximum", [-1.0, -0.7], 0.5),
    )
    for label, values, tol in own:
        with case(f"eigenvalues {values}, tol = {tol:g}"):
            got = candidate.classify_stationary(with_eigenvalues(rng, values), tol=tol)
            check_equal(f"classify_stationary, eigenvalues {values}, tol = {tol:g}", got, label)
    for values in ([0.25, 3.0], [-0.25, 3.0], [-3.0, 0.25], [-3.0, -0.25], [0.25], [-0.25]):  # exact on a diagonal
        with case(f"|lambda| = tol = 0.25, diagonal {values}"):
            got = candidate.classify_stationary(np.diag(values), 0.25)
            check_equal(f"classify_stationary(diag({values}), 0.25)", got, "degenerate")


def on_the_line(m, name, where):
    """A convexity test on the line; f takes one point, an array of shape (1,). Runs in the candidate: many calls."""
    functions = {
        "x^2": lambda x: x * x,
        "|x|": abs,
        "a constant": lambda x: 0.7,
        "exp(x)": lambda x: math.exp(x),
        "sin(x)": lambda x: math.sin(x),
        "x^4 - x^2": lambda x: x**4 - x**2,
        "-x^2": lambda x: -x * x,
    }

    def f(x):
        if np.shape(x) != (1,):
            raise ValueError(f"f takes one point of shape (1,), not {np.shape(x)}")
        return functions[name](float(x[0]))

    return m.violates_convexity(f, where)


class Dented:
    """The line x, but higher at 1 and 3: that much above the chords from 0 to 2 and from 2 to 4."""

    def __init__(self, height):
        self.height = height

    def value(self, point):
        x = float(point[0])
        return x + self.height if x in (1.0, 3.0) else x


@points(10)
def test_convexity(candidate, rng, case):
    """x^2, |x|, exp and a constant pass; any pair of points whose midpoint lies above the chord is a violation."""
    line = np.linspace(-3, 3, 21)[:, None]
    for name in ("x^2", "|x|", "a constant", "exp(x)", "sin(x)", "x^4 - x^2", "-x^2"):
        with case(name):
            bad = name in ("sin(x)", "x^4 - x^2", "-x^2")
            check_equal(f"violates_convexity of {name}", candidate.run(on_the_line, name, line), bad)
    with case("only the first and the last point violate"):
        # xy lies above the chord by -(dx)(dy)/4: 1/4 for (0, 1) and (1, 0), less than 0 for the other pairs
        corners = np.array([[0.0, 1.0], [2.0, 3.0], [1.0, 0.0]])
        check_equal("violates_convexity of xy", candidate.violates_convexity(xy, corners), True)
        check_pure(candidate, "f", "points")
    with case("only the last two points violate"):
        corners = np.array([[-4.0, -4.0], [0.0, 1.0], [1.0, 0.0]])
        check_equal("violates_convexity of xy", candidate.violates_convexity(xy, corners), True)
    with case("only the first two points violate"):
        corners = np.array([[0.0, 1.0], [1.0, 0.0], [4.0, 4.0]])
        check_equal("violates_convexity of xy", candidate.violates_convexity(xy, corners), True)
    with case("xy, no pair violates"):
        corners = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
        check_equal("violates_convexity of xy", candidate.violates_convexity(xy, corners), False)
    three = np.array([[2.0], [0.0], [4.0]])
    for height, tol, bad in ((0.25, 0.2, True), (0.25, 0.25, False), (0.25, 0.3, False)):
        with case(f"{height:g} above the chord, tol = {tol:g}"):
            got = candidate.violates_convexity(Dented(height).value, three, tol)
            check_equal(f"violates_convexity, tol = {tol:g}", got, bad)
    for height, bad in ((1.5e-9, True), (5e-10, False), (1e-12, False)):
        with case(f"{height:g} above the chord, default tol"):
            check_equal("violates_convexity", candidate.violates_convexity(Dented(height).value, three), bad)
    with case("equal is no violation"):
        got = candidate.violates_convexity(
            lambda p: float(p[0] + 2 * p[1]), np.array([[0.0, 2.0], [4.0, 0.5]]), tol=0.0
        )
        check_equal("violates_convexity of a linear f, tol = 0", got, False)
    with case("one point"):
        check_equal("violates_convexity at one point", candidate.violates_convexity(xy, rng.normal(size=(1, 2))), False)
    for low in (1.0, -1.0):
        with case(f"a random quadratic, smallest eigenvalue {low:g}"):
            values = np.array([low, 2.0, 5.0])
            V = orthogonal(rng, 3)
            f = Quadratic((V * values) @ V.T, rng.normal(size=3))
            cloud = rng.normal(size=(6, 3))
            i, j = rng.choice(6, size=2, replace=False)
            cloud[j] = cloud[i] + rng.uniform(1.0, 2.0) * V[:, 0]
            check_equal("violates_convexity", candidate.violates_convexity(f.value, cloud), low < 0)


def xy(point):
    return float(point[0] * point[1])


def singular(x):
    return np.ones((2, 2))


def ones(x):
    return np.array([1.0, 2.0])


@points(5)
def test_errors(candidate, rng, case):
    """A singular matrix and shapes that do not fit raise ValueError."""
    bad = {"zeros": np.zeros((2, 2)), "[[1, 1], [1, 1]]": np.ones((2, 2)), "zero, D = 1": np.zeros((1, 1))}
    for what, hess in bad.items():
        with case(f"newton_step, {what}"), check_raises(ValueError, f"the Hessian {what}"):
            candidate.newton_step(rng.normal(size=len(hess)), hess)
    with case("singular through damping"), check_raises(ValueError, "diag(-2, 3) with damping 2"):
        candidate.newton_step(rng.normal(size=2), np.diag([-2.0, 3.0]), 2.0)
    with case("newton_minimize"), check_raises(ValueError, "a singular Hessian on the way"):
        candidate.newton_minimize(xy, ones, singular, np.array([0.5, 1.0]), 2)
    for grad, hess in (((4,), (3, 3)), ((3, 1), (3, 3)), ((1,), (3, 3)), ((3,), (3, 4)), ((3,), (4, 3)), ((3,), (3,))):
        words = f"grad of shape {grad} and hess of shape {hess}"
        with case(words), check_raises(ValueError, words):
            candidate.newton_step(rng.normal(size=grad), rng.normal(size=hess))
    for x, v in (((3,), (1,)), ((3,), (4,)), ((1,), (3,)), ((3,), (3, 1))):
        words = f"x of shape {x} and v of shape {v}"
        with case(words), check_raises(ValueError, words):
            candidate.hessian_vector_product(cube, rng.normal(size=x), rng.normal(size=v))
    for shape in ((2, 3), (3, 2), (3,)):
        with case(f"classify_stationary, shape {shape}"), check_raises(ValueError, f"hess of shape {shape}"):
            candidate.classify_stationary(rng.normal(size=shape))


def cube(x):
    return x**3
