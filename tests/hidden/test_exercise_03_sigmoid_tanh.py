"""Each docstring is the line the learner reads. The oracle works with 50 decimal digits, one number at a time."""

import math
from decimal import Context, Decimal, localcontext

import numpy as np

from dlkit.grader.compare import check, check_close, check_dtype, check_fresh, check_pure, check_raises, check_shape
from dlkit.grader.plugin import points

FUNCTIONS = ("sigmoid", "sigmoid_grad", "tanh", "tanh_grad")


def exact_sigmoid(v):
    return 1 / (1 + (-v).exp())


def exact_tanh(v):
    if abs(v) < Decimal("1e-9"):
        return v - v**3 / 3  # the next term is v^5
    return ((2 * v).exp() - 1) / ((2 * v).exp() + 1)


def slope(f, v):
    h = Decimal("1e-5")
    return (f(v + h) - f(v - h)) / (2 * h)


EXACT = {
    "sigmoid": exact_sigmoid,
    "tanh": exact_tanh,
    "sigmoid_grad": lambda v: slope(exact_sigmoid, v),
    "tanh_grad": lambda v: slope(exact_tanh, v),
}


def oracle(name, x):
    with localcontext(Context(prec=50)):
        values = [float(EXACT[name](Decimal(float(v)))) for v in np.ravel(x)]
    return np.array(values).reshape(np.shape(x))


def away_from_zero(rng, shape, scale):
    return rng.choice([-1.0, 1.0], size=shape) * (0.05 + np.abs(rng.normal(scale=scale, size=shape)))


@points(25)
def test_value(candidate, rng, case):
    """sigmoid and tanh are right to twelve digits."""
    with case("sigmoid by hand"):  # 1 / (1 + 1/3), 1 / (1 + 3)
        y = candidate.sigmoid(np.array([math.log(3.0), -math.log(3.0)]))
        check_close("sigmoid([log 3, -log 3])", y, np.array([0.75, 0.25]), rtol=1e-12, atol=0)
    with case("tanh by hand"):  # (2 - 1/2) / (2 + 1/2)
        y = candidate.tanh(np.array([math.log(2.0), -math.log(2.0)]))
        check_close("tanh([log 2, -log 2])", y, np.array([0.6, -0.6]), rtol=1e-12, atol=0)
    for name in ("sigmoid", "tanh"):
        for scale in (1.0, 5.0, 20.0):
            shape = tuple(int(n) for n in rng.choice([2, 3, 4, 5], size=2, replace=False))
            with case(f"{name}, scale {scale:g}"):
                x = away_from_zero(rng, shape, scale)
                expected = oracle(name, x)
                check_close(f"{name}(x)", candidate[name](x), expected, rtol=1e-12, atol=0)
        with case(f"{name} from -40 to 40"):
            x = np.array([-40.0, -33.0, -18.0, -6.5, -0.5, 0.5, 6.5, 18.0, 33.0, 40.0])
            expected = oracle(name, x)
            check_close(f"{name}(x)", candidate[name](x), expected, rtol=1e-12, atol=0)


@points(20)
def test_stability(candidate, case):
    """At x = 1e3, 1e8, inf and their negatives the limits are exact, and numpy has nothing to warn about."""
    limits = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "sigmoid_grad": (0.0, 0.0), "tanh_grad": (0.0, 0.0)}
    for name, (low, high) in limits.items():
        for x, expected in ((-1e3, low), (1e3, high), (-1e8, low), (1e8, high), (-math.inf, low), (math.inf, high)):
            with case(f"{name} at {x:g}"), candidate.strict():
                y = candidate[name](np.array([x, 2 * x]))
                check_close(f"{name} at {x:g} and {2 * x:g}", y, np.full(2, expected), rtol=0, atol=0)
        with case(f"{name}, large numbers of both signs"), candidate.strict():
            y = candidate[name](np.array([[1e4, -1e4, 1e4]]))
            check_close(f"{name}([[1e4, -1e4, 1e4]])", y, np.array([[high, low, high]]), rtol=0, atol=0)


@points(10)
def test_small_x(candidate, rng, case):
    """tanh keeps ten digits near 0, and sigmoid keeps them on its way down to 0."""
    for size in (1e-12, 1e-8, 1e-5, 1e-300):
        with case(f"tanh near {size:g}"):
            x = np.array([size, -size]) * rng.uniform(1.0, 2.0)
            expected = oracle("tanh", x)
            check_close(f"tanh({x})", candidate.tanh(x), expected, rtol=1e-10, atol=0)
    with case("tanh near 0, float32"):
        x = np.array([1e-6, -2e-6], dtype=np.float32)
        check_close("tanh of float32 [1e-6, -2e-6]", candidate.tanh(x), np.array([1e-6, -2e-6]), rtol=1e-5, atol=0)
    for size in (-100.0, -500.0, -700.0):
        with case(f"sigmoid({size:g})"):
            x = np.array([size, size + rng.uniform(0.0, 1.0)])
            expected = oracle("sigmoid", x)
            check_close(f"sigmoid({x})", candidate.sigmoid(x), expected, rtol=1e-10, atol=0)


@points(20)
def test_derivatives(candidate, rng, case):
    """sigmoid_grad and tanh_grad are the slopes at x; at 0 they peak at 0.25 and 1."""
    for name, peak in (("sigmoid_grad", 0.25), ("tanh_grad", 1.0)):
        with case(f"{name} at 0"):
            check_close(f"{name}([0])", candidate[name](np.array([0.0])), np.array([peak]), rtol=1e-12)
        for scale in (1.0, 4.0):
            with case(f"{name}, scale {scale:g}"):
                x = away_from_zero(rng, (3, 4), scale)
                expected = oracle(name, x)
                y = candidate[name](x)
                check_close(f"{name}(x)", y, expected, rtol=0, atol=1e-9)
                check(np.max(y) <= peak, f"{name}(x) exceeds {peak:g}, its value at 0.")
    with case("sigmoid_grad by hand"):  # 3/4 * 1/4
        y = candidate.sigmoid_grad(np.array([math.log(3.0), -math.log(3.0)]))
        check_close("sigmoid_grad([log 3, -log 3])", y, np.array([0.1875, 0.1875]))
    with case("tanh_grad by hand"):  # 1 - (3/5)^2
        y = candidate.tanh_grad(np.array([math.log(2.0), -math.log(2.0)]))
        check_close("tanh_grad([log 2, -log 2])", y, np.array([0.64, 0.64]))


@points(10)
def test_dtype_shape(candidate, rng, case):
    """float32 stays float32, integers and booleans give float64; every shape is kept, () and (0, 3) too."""
    inputs = {
        "float32": away_from_zero(rng, (2, 5), 2.0).astype(np.float32),
        "int64": rng.permutation(np.arange(-3, 5)).reshape(2, 4),
        "int8": np.array([-128, -1, 0, 2, 127], dtype=np.int8),
        "uint8": np.array([[0, 1, 3], [2, 200, 255]], dtype=np.uint8),
        "bool": np.array([True, False, True]),
    }
    for name in FUNCTIONS:
        for kind, x in inputs.items():
            with case(f"{name} of {kind}"):
                wanted = "float32" if kind == "float32" else "float64"
                expected = oracle(name, x).astype(wanted)
                y = candidate[name](x)
                check_dtype(f"{name} of {kind}", y, wanted)
                check_close(f"{name} of {kind}", y, expected, atol=1e-5 if kind == "float32" else 1e-9)
        with case(f"{name} of shape ()"):
            y = candidate[name](np.array(-0.75))
            check_close(f"{name}(-0.75)", y, oracle(name, -0.75), atol=1e-9)
        with case(f"{name} of shape (0, 3)"):
            y = candidate[name](np.zeros((0, 3)))
            check_shape(f"{name} of shape (0, 3)", y, (0, 3))
            check_dtype(f"{name} of shape (0, 3)", y, "float64")
        with case(f"{name} of a transposed view"):
            x = away_from_zero(rng, (4, 2, 3), 2.0).transpose(2, 0, 1)
            expected = oracle(name, x)
            check_close(f"{name} of a view", candidate[name](x), expected, atol=1e-9)


@points(5)
def test_symmetry(candidate, rng, case):
    """sigmoid(x) + sigmoid(-x) is 1 and tanh is odd; both stay strictly inside their ranges up to |x| = 15."""
    x = np.concatenate([rng.uniform(-15.0, 15.0, size=20), [15.0, -15.0, 0.0]])
    with case("sigmoid"):
        both = np.asarray(candidate.sigmoid(x.copy())) + np.asarray(candidate.sigmoid(-x))
        check_close("sigmoid(x) + sigmoid(-x)", both, np.ones(23))
    with case("tanh"):
        y, mirrored = candidate.tanh(x.copy()), candidate.tanh(-x)
        check_close("-tanh(-x)", -np.asarray(mirrored), np.asarray(y))
    with case("ranges"):
        s, t = np.asarray(candidate.sigmoid(x.copy())), np.asarray(candidate.tanh(x.copy()))
        check(((s > 0) & (s < 1)).all(), "sigmoid(x) should lie strictly between 0 and 1 for |x| <= 15.")
        check(((t > -1) & (t < 1)).all(), "tanh(x) should lie strictly between -1 and 1 for |x| <= 15.")
    with case("at 0"):
        check_close("sigmoid([0, -0.0])", candidate.sigmoid(np.array([0.0, -0.0])), np.full(2, 0.5), rtol=0, atol=0)
        check_close("tanh([0, -0.0])", candidate.tanh(np.array([0.0, -0.0])), np.zeros(2), rtol=0, atol=0)


@points(5)
def test_purity(candidate, rng, case):
    """The input is only read, even where it may not be written, and the result is a new array."""
    for name in FUNCTIONS:
        x = away_from_zero(rng, (3, 4), 2.0)
        with case(f"{name}, input unchanged"):
            candidate[name](x)
            check_pure(candidate, "x")
            check_fresh(candidate, "x")
        x = away_from_zero(rng, (3, 4), 2.0)
        x.flags.writeable = False
        with case(f"{name}, read-only input"):
            check_shape(f"{name} of a read-only array", candidate[name](x), (3, 4))


@points(5)
def test_errors(candidate, case):
    """Complex numbers and strings raise ValueError in all four functions."""
    bad = {
        "complex numbers": np.array([1.0 + 2.0j, 0.0]),
        "complex numbers that are real": np.array([1.0 + 0.0j]),
        "words": np.array(["a", "b"]),
        "digits as strings": np.array(["1.5", "2"]),
    }
    for name in FUNCTIONS:
        for words, x in bad.items():
            with case(f"{name} of {words}"), check_raises(ValueError, f"{name} of {words}"):
                candidate[name](x)
