"""Each docstring is the line the learner reads. The oracle is plain Python: slice by slice, math.exp and math.fsum."""

import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_dtype,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
)
from dlkit.grader.plugin import points


def oracle(x, axis=-1, temperature=1.0):
    rows = np.moveaxis(np.asarray(x, dtype=np.float64), axis, -1)
    out = np.empty(rows.shape)
    for index in np.ndindex(rows.shape[:-1]):
        scaled = [float(v) / temperature for v in rows[index]]
        top = max(scaled)
        weights = [math.exp(v - top) for v in scaled]
        out[index] = [w / math.fsum(weights) for w in weights]
    return np.moveaxis(out, -1, axis)


def shape_of_rank(rng, rank):
    return tuple(int(n) for n in rng.choice([2, 3, 4, 5, 6], size=rank, replace=False))


@points(20)
def test_value(candidate, rng, case):
    """Softmax of random logits, for every rank and axis."""
    with case("by hand"):
        y = candidate.softmax(np.array([0.0, math.log(3.0)]))
        check_close("softmax([0, log 3])", y, np.array([0.25, 0.75]), rtol=1e-12)  # 1 / (1 + 3), 3 / (1 + 3)
    for rank in (1, 2, 3, 4):
        shape = shape_of_rank(rng, rank)
        for axis in range(-rank, rank):
            x = rng.normal(scale=3.0, size=shape)
            with case(f"shape {shape}, axis {axis}"):
                check_close("softmax(x, axis)", candidate.softmax(x, axis=axis), oracle(x, axis), rtol=1e-12)


@points(20)
def test_stability(candidate, rng, case):
    """Logits of 1e4, 1e300 and -inf give finite probabilities without warnings."""
    for size in (1e4, -1e4, 1e300, -1e300):
        x = np.array([[size, size, 0.0], [0.0, size, 0.0]])
        with case(f"logits {size:g}"), candidate.strict():
            check_close("softmax(x)", candidate.softmax(x), oracle(x))
    with case("rows of very different size"), candidate.strict():
        x = rng.normal(size=(3, 4)) + np.array([[1e4], [0.0], [-1e4]])
        check_close("softmax(x)", candidate.softmax(x), oracle(x))
    with case("columns of very different size, axis 0"), candidate.strict():
        x = rng.normal(size=(4, 3)) + np.array([[1e4, 0.0, -1e4]])
        check_close("softmax(x, axis=0)", candidate.softmax(x, axis=0), oracle(x, 0))
    with case("masked logits (-inf)"), candidate.strict():
        x = rng.normal(size=(4, 6))
        x[:, 2:4] = -np.inf
        x[1, 0] = -np.inf
        y = candidate.softmax(x)
        check_close("softmax(x)", y, oracle(x))
        check((y[:, 2:4] == 0).all(), "A logit of -inf should get probability exactly 0.")
    with case("a row that is masked throughout"):
        x = np.array([[-np.inf, -np.inf], [0.0, 0.0]])
        expected = np.array([[np.nan, np.nan], [0.5, 0.5]])
        check_close("softmax(x)", candidate.softmax(x), expected, nan_ok=True)


@points(10)
def test_axis(candidate, rng, case):
    """The result sums to 1 along the axis asked for, and along no other."""
    x = rng.normal(scale=2.0, size=(3, 5, 4))
    for axis in (0, 1, 2):
        with case(f"axis {axis}"):
            y = candidate.softmax(x, axis)
            check_shape("softmax(x, axis)", y, x.shape)
            for other in range(3):
                ones = np.abs(np.asarray(y).sum(axis=other) - 1) < 1e-9
                check(
                    ones.all() == (other == axis), f"axis={axis}: the sums along axis {other} are {ones_words(ones)}."
                )


def ones_words(ones):
    return "all 1" if ones.all() else "not 1"


@points(10)
def test_temperature(candidate, rng, case):
    """Temperature divides the logits: small sharpens, large flattens."""
    for temperature in (0.5, 2.0, 3, float(rng.uniform(0.1, 5.0))):
        x = rng.normal(scale=2.0, size=(3, 5))
        axis = int(rng.integers(-2, 2))
        with case(f"T = {temperature:.3g}"):
            y = candidate.softmax(x, axis=axis, temperature=temperature)
            check_close("softmax(x, axis, temperature)", y, oracle(x, axis, temperature))
    logits = np.array([1.0, 3.0, 2.0])
    with case("T = 0.001 picks the largest"):
        check_close(
            "softmax(x, temperature=0.001)", candidate.softmax(logits, temperature=1e-3), np.array([0.0, 1.0, 0.0])
        )
    with case("T = 1e9 is uniform"):
        y = candidate.softmax(logits, temperature=1e9)
        check_close("softmax(x, temperature=1e9)", y, np.full(3, 1 / 3), atol=1e-8)


@points(10)
def test_invariance(candidate, rng, case):
    """Adding a constant to the logits changes nothing, and the order of the logits is kept."""
    x = rng.normal(scale=2.0, size=(4, 3))
    for shift in (10.0, -300.0, 1e4):
        with case(f"shift {shift:g}"):
            check_close("softmax(x + c)", candidate.softmax(x + shift, axis=0), oracle(x, 0), rtol=1e-9)
    with case("order"):
        row = rng.permutation(7) * 1.5
        y = np.asarray(candidate.softmax(row))
        check((np.argsort(y) == np.argsort(row)).all(), "A larger logit should get a larger probability.")


@points(15)
def test_backward(candidate, rng, case):
    """softmax_backward is the gradient of softmax, slice by slice."""
    with case("by hand"):
        dx = candidate.softmax_backward(np.array([1.0, 0.0]), np.array([0.25, 0.75]))
        expected = np.array([0.1875, -0.1875])  # 1/4 (1 - 1/4), 3/4 (0 - 1/4)
        check_close("softmax_backward([1, 0], [1/4, 3/4])", dx, expected)
    for rank in (1, 2, 3):
        shape = shape_of_rank(rng, rank)
        for axis in range(-rank, rank):
            x, dy = rng.normal(size=(2, *shape))
            y = oracle(x, axis)
            with case(f"shape {shape}, axis {axis}"):
                dx = candidate.softmax_backward(dy, y, axis=axis)
                check_close("softmax_backward(dy, y, axis)", dx, jacobian_product(dy, y, axis), rtol=1e-9)
                check_fresh(candidate, "dy", "y")
    with case("the default axis is the last one"):
        x, dy = rng.normal(size=(2, 3, 5))
        y = oracle(x)
        check_close(
            "softmax_backward(dy, y)", candidate.softmax_backward(dy, y), jacobian_product(dy, y, -1), rtol=1e-9
        )
    with case("float32"):
        dy, y = rng.normal(size=(2, 3, 5)).astype(np.float32)
        check_dtype(
            "softmax_backward of float32", candidate.softmax_backward(dy, oracle(y).astype(np.float32)), "float32"
        )
    check_pure(candidate, "dy", "y")


def jacobian_product(dy, y, axis):
    """dy times the whole Jacobian diag(y) - y y^T, built slice by slice."""
    grads, probs = np.moveaxis(dy, axis, -1), np.moveaxis(y, axis, -1)
    out = np.empty(probs.shape)
    for index in np.ndindex(probs.shape[:-1]):
        p = probs[index]
        out[index] = (np.diag(p) - np.outer(p, p)) @ grads[index]
    return np.moveaxis(out, -1, axis)


@points(10)
def test_dtype_shape(candidate, rng, case):
    """float32 stays float32, integers give float64; one class, one row and no row work."""
    with case("float32"):
        x = rng.normal(size=(3, 4)).astype(np.float32)
        y = candidate.softmax(x, temperature=2.0)
        check_close("softmax of float32", y, oracle(x, -1, 2.0).astype(np.float32))
        check_dtype("softmax of float32", y, "float32")
    with case("integers"):
        x = rng.integers(-5, 5, size=(2, 3))
        y = candidate.softmax(x)
        check_close("softmax of integers", y, oracle(x))
        check_dtype("softmax of integers", y, "float64")
    with case("one class"):
        check_close("softmax with one class", candidate.softmax(np.array([[3.0], [-2.0]])), np.ones((2, 1)))
    with case("empty batch"):
        check_shape("softmax of shape (0, 4)", candidate.softmax(np.zeros((0, 4))), (0, 4))
    with case("a transposed view"):
        x = rng.normal(size=(5, 3)).T
        check_close("softmax of a view", candidate.softmax(x), oracle(x))


@points(5)
def test_errors_purity(candidate, rng, case):
    """A temperature <= 0, a missing axis or a 0-d input raise ValueError; the input is left as it is."""
    x = rng.normal(size=(2, 3))
    for temperature in (0.0, -1.0):
        with case(f"temperature {temperature:g}"), check_raises(ValueError, f"temperature={temperature:g}"):
            candidate.softmax(x, temperature=temperature)
    for axis in (2, -3):
        with case(f"axis {axis}"), check_raises(ValueError, f"axis={axis} of a 2-d input"):
            candidate.softmax(x, axis=axis)
    with case("0-d"), check_raises(ValueError, "a 0-d input"):
        candidate.softmax(np.array(1.0))
    with case("input unchanged"):
        candidate.softmax(x)
        candidate.softmax(x, axis=0, temperature=2.0)
        check_pure(candidate, "x")
        check_fresh(candidate, "x")
