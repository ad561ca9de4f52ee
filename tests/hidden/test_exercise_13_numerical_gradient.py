"""The oracles are gradients written out by hand; the softmax Jacobian is built entry by entry with math.exp."""

import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_dtype,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


def check_numerical(name, actual, expected):
    """The catalogue's measure: max|a - b| / (max|a| + max|b|) below 1e-8."""
    check_close(name, actual, expected, rtol=0.0, atol=2e-8 * float(np.abs(expected).max()))


def oracle_error(a, b):
    pairs = list(zip(np.ravel(a).tolist(), np.ravel(b).tolist(), strict=True))
    size = max(abs(p) for p, _ in pairs) + max(abs(q) for _, q in pairs)
    return max(abs(p - q) for p, q in pairs) / max(1e-8, size)


def quartic(rng, x):
    """A polynomial whose entries all depend on each other, and its gradient; the first entry of that is 5 at x."""
    a, b = rng.normal(size=(x.size, x.size)), rng.normal(size=x.size)

    def f(x):
        v = np.reshape(x, -1)
        return float(v @ a @ v + b @ v + (v**4).sum())

    def grad(x):
        v = np.reshape(x, -1).astype(np.float64)
        return (a @ v + a.T @ v + b + 4 * v**3).reshape(np.shape(x))

    b[0] += 5 - grad(x).flat[0]  # far from 0, or rounding in f would count
    return f, grad


@points(25)
def test_gradient_value(candidate, rng, case):
    """The numerical gradient agrees with the gradient on paper, for every shape of x."""
    with case("by hand"):  # d(u^2 v) = (2 u v, u^2)
        got = candidate.numerical_gradient(lambda x: float(x[0] ** 2 * x[1]), np.array([2.0, 5.0]))
        check_numerical("the gradient of u^2 v at (2, 5)", got, np.array([20.0, 4.0]))
    for shape in ((), (5,), (3, 4), (2, 4, 3)):
        x = np.asarray(rng.normal(size=shape))
        f, grad = quartic(rng, x)
        with case(f"a polynomial, shape {shape}"):
            got = candidate.numerical_gradient(f, x)
            check_numerical("numerical_gradient(f, x)", got, grad(x))
            check_dtype("numerical_gradient(f, x)", got, "float64")
    with case("logsumexp"):
        x = rng.normal(size=(2, 4))
        got = candidate.numerical_gradient(lambda x: math.log(np.exp(x).sum()), x)
        check_numerical("numerical_gradient(logsumexp, x)", got, np.exp(x) / np.exp(x).sum())
    with case("integer x"):
        x = rng.integers(-2, 3, size=(2, 3))
        f, grad = quartic(rng, x)
        got = candidate.numerical_gradient(f, x)
        check_numerical("numerical_gradient(f, x) of integers", got, grad(x))
    with case("a transposed view"):
        x = rng.normal(size=(4, 3)).T
        f, grad = quartic(rng, x)
        check_numerical("numerical_gradient(f, x) of a view", candidate.numerical_gradient(f, x), grad(x))
    with case("h = 0.5 on x^3"):  # ((x + h)^3 - (x - h)^3) / (2 h) = 3 x^2 + h^2
        x = rng.normal(size=4)
        got = candidate.numerical_gradient(lambda x: float((x**3).sum()), x, h=0.5)
        check_close("numerical_gradient(f, x, h=0.5)", got, 3 * x**2 + 0.25)
    with case("the default h is 1e-5"):
        x = rng.normal(size=3)
        steps = Steps(x, 0.0)
        candidate.numerical_gradient(steps.f, x)
        check_close("the largest step", steps.largest, 1e-5, rtol=1e-6)


class Steps:
    """A function that notes how far from x it is evaluated."""

    def __init__(self, x, value):
        self.x, self.value = x, value
        self.largest = 0.0

    def f(self, x):
        self.largest = max(self.largest, float(np.abs(x - self.x).max()))
        return self.value


@points(15)
def test_central_order(candidate, rng, case):
    """The error falls a hundredfold when h falls tenfold, as a central difference's does."""
    x = rng.uniform(0.5, 2.0, size=(2, 3))
    w = rng.uniform(0.5, 1.0, size=(2, 3)) * rng.choice([-1, 1], size=(2, 3))
    for name, f, exact in (
        ("x^3", lambda x: float((x**3).sum()), 3 * x**2),
        ("exp", lambda x: math.exp((w * x).sum()), w * math.exp((w * x).sum())),
    ):
        with case(f"numerical_gradient of {name}"):
            check_order([candidate.numerical_gradient(f, x, h=h) for h in (1e-2, 1e-3)], exact)
    v = rng.uniform(0.5, 2.0, size=4)
    m = rng.uniform(0.5, 1.0, size=(3, 4))
    for name, f, exact in (
        ("x^3", lambda v: m @ v**3, m * 3 * v**2),
        ("exp", lambda v: np.exp(m @ v), np.exp(m @ v)[:, None] * m),
    ):
        with case(f"numerical_jacobian of {name}"):
            check_order([candidate.numerical_jacobian(f, v, h=h) for h in (1e-2, 1e-3)], exact)


def check_order(results, exact):
    for got in results:
        check_shape("the result", got, exact.shape)
    coarse, fine = (float(np.abs(got - exact).max()) for got in results)
    ratio = coarse / max(fine, 1e-300)
    check(
        95 < ratio < 105,
        f"The error is {coarse:.3g} with h = 1e-2 and {fine:.3g} with h = 1e-3: {ratio:.3g} times less, not 100.",
    )


@points(20)
def test_check_verdict(candidate, rng, case):
    """gradient_check accepts right gradients and rejects wrong ones, at every scale; the error is the relative one."""
    for a, b, error in (
        ([1.0, 2.0], [1.0, 2.1], 0.1 / 4.1),
        ([1.0, -5.0], [2.0, -5.0], 0.1),  # 1 / (5 + 5): the maxima may sit at different places
        ([-3.0, 1.0], [3.0, 1.0], 1.0),  # 6 / (3 + 3)
        ([0.0, 0.0], [0.0, 0.0], 0.0),
        ([1e-9, 0.0], [0.0, 0.0], 0.1),  # 1e-9 / 1e-8
        ([[1.0, 2.0, 4.0]], [[1.0, 2.0, np.nan]], np.nan),
    ):
        with case(f"relative_error({a}, {b})"), candidate.strict():
            got = candidate.relative_error(np.array(a), np.array(b))
            check_close("relative_error(a, b)", got, error, nan_ok=True)
            check_type("relative_error(a, b)", got, float)
    with case("relative_error of random matrices"):
        a, b = rng.normal(size=(2, 3, 4))
        check_close("relative_error(a, b)", candidate.relative_error(a, b), oracle_error(a, b))
    with case("relative_error of float32"):
        a, b = rng.normal(size=(2, 5)).astype(np.float32)
        got = candidate.relative_error(a, b)
        check_close("relative_error(a, b)", got, oracle_error(a, b), rtol=1e-5)
        check_type("relative_error of float32", got, float)
    for scale in (1e-4, 1.0, 1e6):
        b = rng.normal(size=(4, 5)) + np.eye(4, 5)
        x = rng.normal(size=(4, 4))

        def f(x, b=b, scale=scale):
            return scale * float(0.5 * ((x @ b) ** 2).sum() + np.exp(x).sum())

        def grad(x, b=b, scale=scale):
            return scale * (x @ b @ b.T + np.exp(x))

        largest = np.abs(grad(x)).max()
        spot = np.zeros((4, 4))
        spot[tuple(rng.integers(0, 4, size=2))] = 1e-5 * largest
        with case(f"a right gradient, f about {scale:g}"):
            ok, error = unpack("gradient_check", candidate.gradient_check(f, grad, x), 2)
            check_equal("ok", ok, True)
            check_type("error", error, float)
            check(error < 1e-8, f"The error of a right gradient is {error:.3g}, expected less than 1e-8.")
        for bug, mistaken in (
            ("a factor 2 is missing", lambda x, grad=grad: grad(x) / 2),
            ("transposed", lambda x, grad=grad: grad(x).T),
            ("the sign is wrong", lambda x, grad=grad: -grad(x)),
            ("one entry is off by 1e-5 of the largest", lambda x, grad=grad, spot=spot: grad(x) + spot),
        ):
            with case(f"{bug}, f about {scale:g}"):
                ok, error = unpack("gradient_check", candidate.gradient_check(f, mistaken, x), 2)
                check_equal("ok", ok, False)
                check_close("error", error, oracle_error(mistaken(x), grad(x)), rtol=0.01)
    x = np.array([2.0, -1.0])
    with case("tol given"):  # 4.0004 against 4: 0.0004 / 8.0004 = 5e-5
        call = candidate.gradient_check(squares, lambda x: 2.0001 * x, x, tol=1e-4)
        check_equal("ok with an error of 5e-5 and tol=1e-4", unpack("gradient_check", call, 2)[0], True)
        call = candidate.gradient_check(squares, lambda x: 2.0001 * x, x, tol=1e-5)
        check_equal("ok with an error of 5e-5 and tol=1e-5", unpack("gradient_check", call, 2)[0], False)
    with case("the default tol is 1e-6"):  # 2 + 6e-6 against 2: 6e-6 / 4 = 1.5e-6; 2 + 2.4e-6: 6e-7
        call = candidate.gradient_check(squares, lambda x: (2 + 6e-6) * x, x)
        check_equal("ok with an error of 1.5e-6", unpack("gradient_check", call, 2)[0], False)
        call = candidate.gradient_check(squares, lambda x: (2 + 2.4e-6) * x, x)
        check_equal("ok with an error of 6e-7", unpack("gradient_check", call, 2)[0], True)
    with case("the default h is 1e-5"):
        steps = Steps(x, 0.0)
        candidate.gradient_check(steps.f, lambda x: np.zeros(2), x)
        check_close("the largest step", steps.largest, 1e-5, rtol=1e-6)
    with case("an error equal to tol"):  # 1 against 0: 1 / 1
        ok, error = unpack("gradient_check", candidate.gradient_check(constant, lambda x: np.ones(2), x, tol=1.0), 2)
        check_close("error", error, 1.0)
        check_equal("ok with an error of 1 and tol=1", ok, False)
    with case("h given"):  # 3 x^2 + h^2 against 3 x^2 at x = 1, h = 0.5: 0.25 / 6.25
        call = candidate.gradient_check(cubes, lambda x: 3 * x**2, np.ones(2), h=0.5)
        ok, error = unpack("gradient_check", call, 2)
        check_close("error", error, 0.04)
        check_equal("ok", ok, False)
    with case("NaN in the analytic gradient"):
        call = candidate.gradient_check(squares, lambda x: np.array([4.0, np.nan]), x)
        check_equal("ok", unpack("gradient_check", call, 2)[0], False)


def squares(x):
    return float((x**2).sum())


def cubes(x):
    return float((x**3).sum())


def constant(x):
    return 7.0


@points(15)
def test_jacobian_value(candidate, rng, case):
    """Rows are outputs, columns are inputs, both in C order; the numbers are the derivatives."""
    with case("by hand"):  # (u v, v, 3 u) at (2, 5)
        got = candidate.numerical_jacobian(lambda x: np.array([x[0] * x[1], x[1], 3 * x[0]]), np.array([2.0, 5.0]))
        check_numerical("the Jacobian of (u v, v, 3 u)", got, np.array([[5.0, 2.0], [0.0, 1.0], [3.0, 0.0]]))
    for d, hidden, m in ((5, 6, 3), (3, 4, 5), (1, 3, 4), (4, 3, 1)):
        w, b = rng.normal(scale=0.4, size=(hidden, d)), rng.normal(scale=0.3, size=hidden)
        v = rng.uniform(0.5, 1.5, size=(m, hidden)) * rng.choice([-1, 1], size=(m, hidden))
        x = rng.normal(size=d)
        with case(f"a tanh network, {d} inputs and {m} outputs"):
            got = candidate.numerical_jacobian(lambda x, w=w, b=b, v=v: v @ np.tanh(w @ x + b), x)
            exact = v @ np.diag(1 - np.tanh(w @ x + b) ** 2) @ w
            check_shape("numerical_jacobian(f, x)", got, (m, d))
            check_numerical("numerical_jacobian(f, x)", got, exact)
            check_dtype("numerical_jacobian(f, x)", got, "float64")
    for view in (False, True):
        a, b = rng.normal(scale=0.3, size=(2, 3)), rng.normal(size=(4, 5))
        x = rng.normal(size=(4, 3)).T if view else rng.normal(size=(3, 4))
        slope = 1 - np.tanh(a @ x @ b) ** 2  # (2, 5)
        exact = np.zeros((10, 12))
        for p, q, k, n in np.ndindex(2, 5, 3, 4):
            exact[5 * p + q, 4 * k + n] = slope[p, q] * a[p, k] * b[n, q]
        with case("x a transposed view, f(x) too" if view else "x of shape (3, 4), f(x) of shape (2, 5)"):
            if view:  # the same values in other memory
                got = candidate.numerical_jacobian(lambda x, a=a, b=b: np.asfortranarray(np.tanh(a @ x @ b)), x)
            else:
                got = candidate.numerical_jacobian(lambda x, a=a, b=b: np.tanh(a @ x @ b), x)
            check_numerical("numerical_jacobian(f, x)", got, exact)
    with case("the default h is 1e-5"):
        x = rng.normal(size=3)
        steps = Steps(x, np.zeros(2))
        candidate.numerical_jacobian(steps.f, x)
        check_close("the largest step", steps.largest, 1e-5, rtol=1e-6)
    with case("h = 0.5 on x^3"):
        x = rng.normal(size=3)
        got = candidate.numerical_jacobian(lambda x: x**3, x, h=0.5)
        check_close("numerical_jacobian(f, x, h=0.5)", got, np.diag(3 * x**2 + 0.25))


@points(15)
def test_softmax_jacobian(candidate, rng, case):
    """The softmax Jacobian is diag(p) - p p^T: symmetric, rows that sum to 0, stable for large logits."""
    with case("by hand"):  # p = (1/4, 3/4): 1/4 * 3/4 = 0.1875
        got = candidate.softmax_jacobian(np.array([0.0, math.log(3.0)]))
        check_close("softmax_jacobian([0, log 3])", got, np.array([[0.1875, -0.1875], [-0.1875, 0.1875]]))
    for size in (1, 2, 5, 7):
        x = rng.normal(scale=2.0, size=size)
        with case(f"{size} classes"):
            got = candidate.softmax_jacobian(x)
            check_close("softmax_jacobian(x)", got, softmax_oracle(x))
            check_close("the sums of the rows", np.asarray(got).sum(axis=1), np.zeros(size), atol=1e-12)
            dy = rng.normal(size=size)
            p = np.exp(x) / np.exp(x).sum()
            check_close("dy times the Jacobian", dy @ np.asarray(got), p * (dy - (dy * p).sum()))
    with case("logits of 1e4"), candidate.strict():
        x = np.array([1e4, -1e4, 1e4 - 1.0])
        check_close("softmax_jacobian(x)", candidate.softmax_jacobian(x), softmax_oracle(x))
    with case("float32"):
        x = rng.normal(size=4).astype(np.float32)
        check_close(
            "softmax_jacobian of float32",
            candidate.softmax_jacobian(x),
            softmax_oracle(x).astype("f4"),
            dtype=True,
        )
    with case("integers"):
        x = rng.integers(-3, 4, size=3)
        check_close("softmax_jacobian of integers", candidate.softmax_jacobian(x), softmax_oracle(x), dtype=True)
        check_pure(candidate, "x")


def softmax_oracle(x):
    x = [float(v) for v in x]
    weights = [math.exp(v - max(x)) for v in x]
    p = [w / math.fsum(weights) for w in weights]
    return np.array([[p[i] * ((i == j) - p[j]) for j in range(len(p))] for i in range(len(p))])


class Raiser:
    """A function that gives up at its third call."""

    def __init__(self, shape):
        self.calls = 0
        self.value = np.zeros(shape)

    def f(self, x):
        self.calls += 1
        if self.calls == 3:
            raise ZeroDivisionError("f gives up")
        return self.value if self.value.ndim else 0.0


@points(10)
def test_purity_errors(candidate, rng, case):
    """x is left bit for bit as it was, even if f raises; f sees float64; h <= 0 and a wrong shape are refused."""
    with case("x after a whole run"):
        x = rng.normal(size=(2, 3))
        f, grad = quartic(rng, x)
        candidate.gradient_check(f, grad, x)
        candidate.numerical_gradient(f, x)
        check_fresh(candidate, "f", "x")
        candidate.numerical_jacobian(grad, x)
        check_fresh(candidate, "f", "x")
        check_pure(candidate, "f", "x")
    for name, shape in (("numerical_gradient", ()), ("numerical_jacobian", (2,))):
        with case(f"f raises inside {name}"):
            x = rng.normal(size=5) / 3
            with check_raises(ZeroDivisionError, "numerical differences of a function that raises ZeroDivisionError"):
                candidate[name](Raiser(shape).f, x)
            check_pure(candidate, "f", "x")
    for dtype in ("float32", "int64"):
        with case(f"{dtype} x is evaluated in float64"):
            x = rng.integers(-2, 3, size=3) if dtype == "int64" else rng.normal(size=3).astype(dtype)
            f, grad = quartic(rng, x)
            seen = []

            def f_seen(x, f=f, seen=seen):
                seen.append(np.asarray(x).dtype.name)
                return f(x)

            def grad_seen(x, grad=grad, seen=seen):
                seen.append(np.asarray(x).dtype.name)
                return grad(x)

            got = candidate.numerical_gradient(f_seen, x)
            check_numerical("numerical_gradient(f, x)", got, grad(x))
            check_dtype("numerical_gradient(f, x)", got, "float64")
            got = candidate.numerical_jacobian(lambda x, f=f_seen: np.array([f(x)]), x)
            check_numerical("numerical_jacobian(f, x)", got, grad(x)[None])
            ok, _ = unpack("gradient_check", candidate.gradient_check(f_seen, grad_seen, x), 2)
            check_equal("ok", ok, True)
            check(
                set(seen) == {"float64"},
                f"f and grad_f were called with x in {' and '.join(sorted(set(seen)))}.",
            )
            check_pure(candidate, "f", "x")
    x = rng.normal(size=3)
    for h in (0.0, -1e-5):
        with case(f"h = {h:g}"):
            with check_raises(ValueError, f"numerical_gradient with h={h:g}"):
                candidate.numerical_gradient(squares, x, h=h)
            with check_raises(ValueError, f"numerical_jacobian with h={h:g}"):
                candidate.numerical_jacobian(lambda x: x**2, x, h)
            with check_raises(ValueError, f"gradient_check with h={h:g}"):
                candidate.gradient_check(squares, lambda x: 2 * x, x, h=h)
    for shape in ((1,), (3, 1), (1, 3)):
        words = f"an analytic gradient of shape {shape} for x of shape (3,)"
        with case(words), check_raises(ValueError, words):
            candidate.gradient_check(squares, lambda x, shape=shape: np.ones(shape), x)
