"""The patterns that need no known-wrong answer: what they recognise, and that they accuse nobody by accident."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlkit.grader.compare import Mismatch, check_close
from dlkit.grader.diagnose import distance, generic

NAN, INF = math.nan, math.inf
X = np.random.default_rng(7).normal(size=(3, 5))
SQUARE = np.random.default_rng(8).normal(size=(4, 4))
ROW = np.array([1.0, 2.0, 4.0, 8.0, -3.0])


def diagnosis(actual, expected, name="the result"):
    return generic(Mismatch("…", name, actual, expected))


def pattern(actual, expected):
    found = diagnosis(actual, expected)
    return found and found.mistake


def sentence(actual, expected):
    return diagnosis(actual, expected).message


# What is recognised

TRANSPOSED = "The numbers are right, but transposed: swap the axes."
SHAPE = "The numbers are right, the shape is not: look for a missing or an extra axis (keepdims, squeeze)."
BROADCAST = "An outer product appeared: two shapes that should match were broadcast against each other."
NEGATED = "The sign is wrong: your numbers are minus the right ones."
SHIFTED = "The numbers are right, but shifted by one along the first axis."
HOLES = "NaN where a finite value is right: look for 0/0, inf - inf, the log or root of a negative number."


def times_too_large(n):
    return f"Every number is {n} times too large, and {n} is a size here: summed instead of averaged?"


def times_too_small(n):
    return f"Every number is {n} times too small, and {n} is a size here: averaged instead of summed, or twice?"


def constant(factor):
    return f"Every number is {factor} times the right one: a constant factor is missing or too many."


def bessel(n):
    return f"The numbers are off by {n}/{n - 1}: one divides by n, the other by n - 1."


PATTERNS = {
    "transposed": (X.T, X, "transposed", TRANSPOSED),
    "transposed square": (SQUARE.T, SQUARE, "transposed", TRANSPOSED),
    "transposed, three axes": (np.ones((2, 3, 4)).T * 2, np.ones((2, 3, 4)) * 2, "transposed", TRANSPOSED),
    "keepdims": (ROW[:, None], ROW, "wrong_shape", SHAPE),
    "squeezed": (ROW, ROW[None], "wrong_shape", SHAPE),
    "flattened": (X.ravel(), X, "wrong_shape", SHAPE),
    "one value in an array": (np.array([2.5]), 2.5, "wrong_shape", SHAPE),
    "0-d instead of an array": (2.5, np.array([2.5]), "wrong_shape", SHAPE),
    "outer product": (ROW[:, None] - ROW, ROW, "broadcast", BROADCAST),
    "outer product of matrices": (np.zeros((2, 3, 2, 3)), np.ones((2, 3)), "broadcast", BROADCAST),
    "not averaged": (
        ROW,
        ROW.mean(),
        "not_reduced",
        "These are single values; they should be averaged into one number.",
    ),
    "not summed": (ROW, ROW.sum(), "not_reduced", "These are single values; they should be summed into one number."),
    "negated": (-X, X, "negated", NEGATED),
    "negated number": (-2.5, 2.5, "negated", NEGATED),
    "negated integers": (np.array([-1, 2]), np.array([1, -2]), "negated", NEGATED),
    "twice": (2 * X, X, "factor", constant(2)),
    "half": (X / 2, X, "factor", constant(0.5)),
    "minus twice": (-2 * X, X, "factor", constant(-2)),
    "any factor": (X * 1.2345678, X, "factor", constant(1.23457)),
    "the first size": (X * 3, X, "factor", times_too_large(3)),
    "the last size": (X * 5, X, "factor", times_too_large(5)),
    "all of them": (X * 15, X, "factor", times_too_large(15)),
    "averaged": (X / 5, X, "factor", times_too_small(5)),
    "averaged over all": (X / 15, X, "factor", times_too_small(15)),
    "unbiased": (X * 5 / 4, X, "factor", bessel(5)),
    "biased": (X * 4 / 5, X, "factor", bessel(5)),
    "unbiased over the rows": (X * 3 / 2, X, "factor", bessel(3)),
    "shifted down": (np.roll(ROW, 1), ROW, "shifted", SHIFTED),
    "shifted up": (np.roll(ROW, -1), ROW, "shifted", SHIFTED),
    "shifted, padded with zeros": (np.array([0.0, *ROW[:-1]]), ROW, "shifted", SHIFTED),
    "shifted rows": (np.roll(SQUARE, 1, axis=0), SQUARE, "shifted", SHIFTED),
    "nan": (np.where(X > 0, X, NAN), X, "nan", HOLES),
    "nan alone": (NAN, 2.5, "nan", HOLES),
    "complex": (-1j * ROW, 1j * ROW, "negated", NEGATED),
    "nan beside an infinity": (np.array([NAN, 1.0]), np.array([INF, 1.0]), "nan", HOLES),
}


@pytest.mark.parametrize("case", PATTERNS)
def test_pattern(case):
    actual, expected, mistake, words = PATTERNS[case]
    assert (pattern(actual, expected), sentence(actual, expected)) == (mistake, words)


@pytest.mark.parametrize("case", PATTERNS)
def test_pattern_of_what_the_comparer_raises(case):
    """Each of these is a failing comparison to begin with, and its Mismatch carries what is needed."""
    actual, expected, mistake, _ = PATTERNS[case]
    with pytest.raises(Mismatch) as caught:
        check_close("y", actual, expected)
    assert generic(caught.value).mistake == mistake


@pytest.mark.parametrize("scale", [1e-11, 1e-3, 1.0, 1e150])
def test_patterns_do_not_depend_on_the_scale(scale):
    assert pattern(-X * scale, X * scale) == "negated"
    assert pattern(2 * X * scale, X * scale) == "factor"
    assert pattern(X.T * scale, X * scale) == "transposed"
    assert pattern(np.roll(ROW, 1) * scale, ROW * scale) == "shifted"


def softmax32(x, shift):
    e = np.exp(x - np.float32(shift))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (lambda y: -y, "negated"),
        (lambda y: 2 * y, "factor"),
        (lambda y: y.T.copy(), "transposed"),
        (lambda y: np.roll(y, 1, axis=0), "shifted"),
        (lambda y: y[:, :, None], "wrong_shape"),
    ],
)
def test_float32_agrees_less_closely(change, mistake):
    """The learner's float32 arithmetic rounds in another order than the reference's."""
    x = X.astype(np.float32)
    expected, theirs = softmax32(x, 0), softmax32(x, 1)
    assert (expected != theirs).any()
    assert pattern(change(theirs), expected) == mistake
    assert pattern(change(theirs), expected.astype(np.float64)) == mistake


def test_tensors():
    torch = pytest.importorskip("torch")
    x = torch.tensor(X)
    assert pattern(-x, x) == "negated"
    assert pattern(x.T, x) == "transposed"
    assert pattern((2 * x).bfloat16(), x.bfloat16()) == "factor"
    assert pattern((x / 5).requires_grad_(), x) == "factor"


# Nobody is accused by accident


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (None, 1.0), (1.0, None), ("a", 1.0), (1.0, "a"), ([1.0], [2.0]), ({}, {}), (np.array(["a"]), np.ones(1)),
        (np.ones(1), np.array([None])),
    ],
    ids=repr,
)  # fmt: skip
def test_only_numbers_have_patterns(actual, expected):
    assert diagnosis(actual, expected) is None


def test_a_mismatch_without_values_has_no_pattern():
    assert generic(Mismatch("The rows do not sum to 1.")) is None


NOTHING = {
    "another factor for one number": (4.0, 2.0),
    "zeros": (np.zeros(4), ROW[:4]),
    "all right numbers are zero": (ROW, np.zeros(5)),
    "the last value of a constant row": (np.array([1.0, 1, 1, 9]), np.ones(4)),
    "the first value of a constant row": (np.array([9.0, 1, 1, 1]), np.ones(4)),
    "the first row of equal rows": (np.array([[9.0, 9], [1, 2], [1, 2]]), np.array([[1.0, 2]] * 3)),
    "one value of a symmetric matrix": (np.array([[1.0, 2], [2, 9]]), np.array([[1.0, 2], [2, 5]])),
    "a single value beside zeros": (np.array([3.0, 0.0]), np.array([1.0, 0.0])),
    "inf": (np.array([1.0, INF]), np.array([1.0, 2.0])),
    "minus inf": (np.array([1.0, 2.0]), np.array([1.0, -INF])),
    "all infinite": (np.array([1.0, 2.0]), np.array([INF, -INF])),
    "nan that is expected": (np.array([NAN, 2.0]), np.array([NAN, 1.0])),
    "inf - inf as a mean": (np.array([INF, -INF]), 1.0),
    "a sum that overflows": (np.array([1e308, 1e308]), 1.0),
    "empty": (np.zeros((0, 3)), np.zeros((0, 4))),
    "empty for a number": (np.zeros(0), 1.0),
    "another shape": (X, ROW),
    "a mask": (np.array([True, False]), np.array([0.3, 0.7])),
    "a constant added": (X + 1, X),
    "rows in another order": (SQUARE[[2, 0, 3, 1]], SQUARE),
}


@pytest.mark.parametrize("case", NOTHING)
def test_no_pattern(case):
    actual, expected = NOTHING[case]
    assert diagnosis(actual, expected) is None


RIGHT = {
    "a matrix": X,
    "a symmetric matrix": SQUARE + SQUARE.T,
    "the identity": np.eye(3),
    "a constant": np.full(5, 2.5),
    "equal rows": np.tile(ROW, (3, 1)),
    "one-hot": np.eye(5)[1],
    "one number": 2.5,
    "zeros": np.zeros(3),
    "integers": np.arange(4),
    "booleans": np.array([True, False, True]),
    "a palindrome": np.array([1.0, 2.0, 1.0]),
    "complex": 1j * ROW,
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_right_answer_has_no_pattern(case):
    right = RIGHT[case]
    assert diagnosis(right, right) is None
    assert diagnosis(right * (1 + 1e-8), right) is None  # wrong by a strict tolerance, but not by a pattern


SHAPES = st.sampled_from([(), (1,), (2,), (3,), (7,), (1, 1), (1, 4), (2, 2), (3, 3), (3, 4), (2, 3, 4)])
SEEDS = st.integers(0, 2**32 - 1)
DTYPES = st.sampled_from([np.float64, np.float32])


@given(SHAPES, SEEDS, DTYPES, st.sampled_from([1e-9, 1.0, 1e6]))
@settings(deadline=None, derandomize=True)  # a coincidence is possible, if rare
def test_random_numbers_have_no_pattern(shape, seed, dtype, scale):
    actual, expected = np.random.default_rng(seed).normal(scale=scale, size=(2, *shape)).astype(dtype)
    assert diagnosis(actual, expected) is None


@given(SHAPES, SHAPES, SEEDS)
@settings(deadline=None, derandomize=True)  # a coincidence is possible, if rare
def test_random_numbers_of_another_shape_have_no_pattern(shape, other, seed):
    rng = np.random.default_rng(seed)
    if shape != other and shape != other + other:
        assert diagnosis(rng.normal(size=shape), rng.normal(size=other)) is None


@given(SHAPES, SEEDS, DTYPES)
@settings(deadline=None)
def test_right_numbers_have_no_pattern(shape, seed, dtype):
    right = np.asarray(np.random.default_rng(seed).normal(size=shape)).astype(dtype)
    rounded = right * (1 + np.asarray(np.random.default_rng(seed + 1).uniform(-1, 1, shape) * np.finfo(dtype).eps))
    assert diagnosis(right, right) is None
    assert diagnosis(rounded, right) is None


@given(SHAPES.filter(lambda s: np.prod(s) > 1), SEEDS)
@settings(deadline=None, derandomize=True)  # a coincidence is possible, if rare
def test_one_wrong_number_has_no_pattern(shape, seed):
    rng = np.random.default_rng(seed)
    expected = rng.normal(size=shape)
    actual = expected.copy()
    actual.flat[rng.integers(actual.size)] += rng.uniform(0.5, 2.0)
    assert diagnosis(actual, expected) is None


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(NUMBERS, max_size=4), st.lists(NUMBERS, max_size=4))
@settings(deadline=None)
def test_any_numbers_give_a_diagnosis_or_none(actual, expected):
    """No exception and no warning, whatever the numbers are."""
    diagnosis(np.array(actual), np.array(expected))
    diagnosis(np.array(actual), 0.5)


# distance

SAME = {
    "floats": (1.5, 1.5),
    "arrays": (X, X.copy()),
    "nan in the same place": (np.array([1.0, NAN]), np.array([1.0, NAN])),
    "inf in the same place": (np.array([INF, -INF]), np.array([INF, -INF])),
    "empty": (np.zeros((0, 3)), np.zeros((0, 3))),
    "integers": (np.array([1, 2]), np.array([1, 2])),
    "structure": ({"a": [1.0, (X, None)]}, {"a": [1.0, (X, None)]}),
    "str": ("a", "a"),
    "None": (None, None),
    "empty list": ([], []),
}


@pytest.mark.parametrize("case", SAME)
def test_no_distance(case):
    assert distance(*SAME[case]) == 0.0


APART = {
    "shape": (np.ones(2), np.ones((2, 1))),
    "shape that broadcasts": (np.ones(2), np.ones(1)),
    "dtype": (np.ones(2, np.float32), np.ones(2)),
    "integers": (np.array([1, 2]), np.array([1, 3])),
    "int and float": (1, 1.0),
    "bool and int": (True, 1),
    "nan": (np.array([NAN, 1.0]), np.array([1.0, 1.0])),
    "nan elsewhere": (np.array([NAN, 1.0]), np.array([1.0, NAN])),
    "nan for inf": (np.array([NAN]), np.array([INF])),
    "inf of the other sign": (np.array([INF]), np.array([-INF])),
    "length": ([1.0], [1.0, 2.0]),
    "keys": ({"a": 1.0}, {"b": 1.0}),
    "kind": ([1.0], np.ones(1)),
    "dict and list": ({}, []),
    "str": ("a", "b"),
    "None": (None, 0.0),
    "deep": ({"a": [1.0, ("x", None)]}, {"a": [1.0, ("y", None)]}),
}


@pytest.mark.parametrize("case", APART)
def test_infinite_distance(case):
    a, b = APART[case]
    assert distance(a, b) == INF
    assert distance(b, a) == INF


def test_distance_is_relative():
    assert distance(1.0 + 1e-6, 1.0) == pytest.approx(1e-6, rel=0.01)
    assert distance(1e9 + 1e3, 1e9) == pytest.approx(1e-6, rel=0.01)
    assert distance(1e-9 * (1 + 1e-6), 1e-9) == pytest.approx(1e-6, rel=0.01)
    assert distance(-1.0, 1.0) == pytest.approx(2.0, rel=0.01)
    assert distance([1.0, 1.0 + 1e-3], [1.0, 1.0]) == pytest.approx(1e-3, rel=0.01)  # the largest of a structure


def test_distance_of_a_small_value_is_relative_to_the_large_ones():
    """A value that should be 0 and is 1e-17 is the rounding of its neighbours."""
    assert distance(np.array([1.0, 1e-17]), np.array([1.0, 0.0])) < 1e-12


def test_float32_is_measured_by_its_own_precision():
    a = X.astype(np.float32)
    assert distance(a * np.float32(1 + 1e-6), a) < 1e-7 < distance(X * (1 + 1e-6), X)


def test_distance_of_tensors():
    torch = pytest.importorskip("torch")
    x = torch.tensor(X)
    assert distance(x, x.clone().requires_grad_()) == 0.0
    assert distance(x, x + 1) > 0.1
    assert distance(x, x.float()) == INF
    assert distance(x, X.T) == INF


@given(SHAPES, SEEDS)
@settings(deadline=None)
def test_distance_is_zero_only_for_equal_numbers(shape, seed):
    a, b = np.random.default_rng(seed).normal(size=(2, *shape))
    assert distance(a, a) == 0.0
    assert distance(a, b) > 0.0
