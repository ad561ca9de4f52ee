"""The comparer: what it lets pass, and the sentence it says when it does not. NaN fails."""

import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlkit.grader.candidate.confine import Limits
from dlkit.grader.candidate.proxy import CandidateDied, CandidateProxy, LearnerError, LocalLink, Session
from dlkit.grader.candidate.source import Submission
from dlkit.grader.compare import (
    Mismatch,
    as_array,
    check,
    check_close,
    check_dtype,
    check_equal,
    check_finite,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
    check_type,
    describe,
    dtype_name,
    number,
    show,
    unpack,
)

NAN, INF = math.nan, math.inf
EXACT = {"rtol": 0.0, "atol": 0.0}


def said(function, *args, **options):
    """The sentence of a comparison that fails; None for one that holds."""
    try:
        function(*args, **options)
    except Mismatch as mismatch:
        return str(mismatch)
    return None


def array(*values, dtype=None):
    return np.array(values, dtype=dtype)


# check


@pytest.mark.parametrize("condition", [True, 1, np.True_, np.bool_(1), [0]])
def test_check_holds(condition):
    check(condition, "never said")


@pytest.mark.parametrize("condition", [False, 0, np.False_, None, []])
def test_check_says_its_sentence(condition):
    assert said(check, condition, "The rows do not sum to 1.") == "The rows do not sum to 1."


# check_close: numbers and arrays

AGREE = {
    "the same": (1.5, 1.5, {}),
    "int and float": (1, 1.0, {}),
    "float and int": (1.0, 1, {}),
    "numpy scalar and float": (np.float64(1.5), 1.5, {}),
    "float32 scalar of a float that it can hold": (np.float32(1.5), 1.5, {}),
    "0-d array and float": (np.array(1.5), 1.5, {}),
    "float and 0-d array": (1.5, np.array(1.5), {}),
    "minus zero": (-0.0, 0.0, {}),
    "bool and int": (True, 1, {}),
    "masks": (array(True, False), array(True, False), {}),
    "mask of zeros and ones": (array(1, 0), array(True, False), {}),
    "arrays": (array(1.0, 2.0), array(1.0, 2.0), {}),
    "float32 against float64": (array(1.0, 2.0, dtype=np.float32), array(1.0, 2.0), {}),
    "empty": (np.zeros((0, 3)), np.zeros((0, 3)), {}),
    "infinities": (array(INF, -INF), array(INF, -INF), {}),
    "complex": (array(1 + 2j), array(1 + 2j), {}),
    "complex without an imaginary part": (array(1 + 0j), array(1.0), {}),
    "array against a list": (array(1.0, 2.0), [1.0, 2.0], {}),
    "list against a list": ([1, 2.0], [1.0, 2.0], {}),
    "tuple against a list": ((1.0, 2.0), [1.0, 2.0], {}),
    "empty lists": ([], [], {}),
    "ragged lists": ([[1.0, 2.0], [3.0]], [[1.0, 2.0], [3.0]], {}),
    "list of arrays": ([np.ones(2), np.ones((3, 1))], [np.ones(2), np.ones((3, 1))], {}),
    "dict": ({"w": np.ones(2), "b": 1.0}, {"b": 1.0, "w": np.ones(2)}, {}),
    "empty dict": ({}, {}, {}),
    "entries that are no numbers": ({"n": None, "s": "a", "t": True}, {"n": None, "s": "a", "t": True}, {}),
    "nan where it is expected": (array(1.0, NAN), array(1.0, NAN), {"nan_ok": True}),
    "a nan alone": (NAN, NAN, {"nan_ok": True}),
    "nan in a nested list": ([[NAN], [1.0]], [[NAN], [1.0]], {"nan_ok": True}),
    "the same dtype": (array(1.0, dtype=np.float32), array(1.0, dtype=np.float32), {"dtype": True}),
    "Python floats with dtype": (1.0, 1.0, {"dtype": True}),
    "large integers": (2**62 + 1, 2**62 + 1, {}),
    "uint64 and int64": (array(2**53, dtype=np.uint64), array(2**53), {}),
}


@pytest.mark.parametrize("case", AGREE)
def test_close(case):
    actual, expected, options = AGREE[case]
    check_close("x", actual, expected, **options)


DIFFER = {
    # by how much, where, what was allowed
    "float": (1.5, 1.0, {}, "x is 1.5, expected 1 (off by 0.5, 1.001e-09 allowed)."),
    "numpy scalar": (np.float64(1.5), 1.0, {}, "x is 1.5, expected 1 (off by 0.5, 1.001e-09 allowed)."),
    "int": (2, 1, {}, "x is 2, expected 1."),
    "float for an int": (1.5, 1, {}, "x is 1.5, expected 1."),
    "one of two": (
        array(1.0, 2.5), array(1.0, 2.0), {},
        "x[1] is 2.5, expected 2 (off by 0.5, 2.001e-09 allowed); 1 of 2 values differ.",
    ),
    "the worst is shown": (
        array(1.1, 7.0, 3.2), array(1.0, 2.0, 3.0), {},
        "x[1] is 7, expected 2 (off by 5, 2.001e-09 allowed); 3 of 3 values differ.",
    ),
    "the worst is not one that agrees": (
        array(1e9, 2.0), array(1e9 + 0.5, 2.1), {},
        "x[1] is 2, expected 2.1 (off by 0.1, 2.101e-09 allowed); 1 of 2 values differ.",
    ),
    "two dimensions": (
        array([1.0, 2.0], [3.0, 4.0]), array([1.0, 2.0], [0.0, 4.0]), {},
        "x[1, 0] is 3, expected 0 (off by 3, 1e-12 allowed); 1 of 4 values differ.",
    ),
    "one value": (array(3.0), array(4.0), {}, "x[0] is 3, expected 4 (off by 1, 4.001e-09 allowed)."),
    "0-d": (np.array(3.0), np.array(4.0), {}, "x is 3, expected 4 (off by 1, 4.001e-09 allowed)."),
    "given tolerances": (1.5, 1.0, {"rtol": 0.1, "atol": 0.2}, "x is 1.5, expected 1 (off by 0.5, 0.3 allowed)."),
    "no tolerance": (1.5, 1.0, EXACT, "x is 1.5, expected 1."),
    "integers beyond 2**53": (2**53 + 1, 2**53, {}, f"x is {2**53 + 1}, expected {2**53}."),
    "unsigned integers": (
        array(0, 255, dtype=np.uint8), array(1, 255, dtype=np.uint8), {}, "x[0] is 0, expected 1; 1 of 2 values differ."
    ),
    "bool": (False, True, {}, "x is False, expected True."),
    "mask": (array(True, False), array(True, True), {}, "x[1] is False, expected True; 1 of 2 values differ."),
    "float for a mask": (array(1.5, 0.0), array(True, False), {}, "x[0] is 1.5, expected True; 1 of 2 values differ."),
    "complex": (array(1 + 1j), array(1 + 2j), {}, "x[0] is 1+1j, expected 1+2j (off by 1, 2.23707e-09 allowed)."),
    "an imaginary part": (array(1 + 1j), array(1.0), {}, "x[0] is 1+1j, expected 1 (off by 1, 1.001e-09 allowed)."),
    # nan and inf
    "nan": (array(1.0, NAN), array(1.0, 2.0), {}, "x[1] is nan, expected 2; 1 of 2 values differ."),
    "nan is the worst": (array(9.0, NAN), array(1.0, 2.0), {}, "x[1] is nan, expected 2; 2 of 2 values differ."),
    "nan alone": (NAN, 2.0, {}, "x is nan, expected 2."),
    "nan for nan": (NAN, NAN, {}, "x is nan, expected nan."),
    "nan for inf": (NAN, INF, {}, "x is nan, expected inf."),
    "nan with a huge tolerance": (NAN, 1.0, {"rtol": INF, "atol": INF}, "x is nan, expected 1."),
    "nan in the wrong place": (
        array(NAN, 1.0), array(1.0, NAN), {"nan_ok": True}, "x[0] is nan, expected 1; 2 of 2 values differ."
    ),
    "a number for a nan": (1.0, NAN, {"nan_ok": True}, "x is 1, expected nan."),
    "nan in a complex number": (complex(NAN, 0), 1 + 0j, {}, "x is nan+0j, expected 1+0j."),
    "inf": (INF, 1.0, {}, "x is inf, expected 1."),
    "inf of the other sign": (INF, -INF, {}, "x is inf, expected -inf."),
    "a finite number for inf": (1e300, INF, {"rtol": 1.0}, "x is 1e+300, expected inf."),
    # shape
    "shape": (np.zeros((2, 3)), np.zeros((3, 2)), {}, "x has shape (2, 3), expected (3, 2)."),
    "shape that broadcasts": (np.zeros((3, 1)), np.zeros(3), {}, "x has shape (3, 1), expected (3,)."),
    "a number for an array": (1.0, np.ones(2), {}, "x has shape (), expected (2,)."),
    "an array for a number": (np.ones(1), 1.0, {}, "x has shape (1,), expected ()."),
    "empty": (np.zeros(0), np.zeros(1), {}, "x has shape (0,), expected (1,)."),
    "empty the other way": (np.zeros((0, 3)), np.zeros((3, 0)), {}, "x has shape (0, 3), expected (3, 0)."),
    "list too short": ([1.0], [1.0, 2.0], {}, "x has shape (1,), expected (2,)."),
    # dtype
    "dtype": (
        array(1.0, dtype=np.float32), array(1.0), {"dtype": True}, "x has dtype float32, expected float64."
    ),
    "dtype comes before values": (
        array(9.0, dtype=np.float32), array(1.0), {"dtype": True}, "x has dtype float32, expected float64."
    ),
    "shape comes before dtype": (
        np.ones(2, np.float32), np.ones(3), {"dtype": True}, "x has shape (2,), expected (3,)."
    ),
    "int for float": (1, 1.0, {"dtype": True}, "x has dtype int, expected float."),
    "Python float for an array": (1.0, np.array(1.0), {"dtype": True}, "x has dtype float, expected float64."),
    # not numbers
    "None": (None, 1.0, {}, "x is None (is a `return` missing?), expected a number."),
    "None for an array": (None, np.ones(2), {}, "x is None (is a `return` missing?), expected an array."),
    "None for a 0-d array": (None, np.array(1.0), {}, "x is None (is a `return` missing?), expected a number."),
    "str": ("1.0", 1.0, {}, "x is '1.0' (str), expected a number."),
    "list for an array": ([1.0, 2.0], array(1.0, 2.0), {}, "x is a list of 2, expected an array."),
    "tuple for a number": ((1.0,), 1.0, {}, "x is a tuple of 1, expected a number."),
    "array of str": (
        array("a"), array(1.0), {}, "x is an array of shape (1,) and dtype <U1, expected an array."
    ),
    "array of objects": (
        array(1.0, dtype=object), array(1.0), {}, "x is an array of shape (1,) and dtype object, expected an array."
    ),
    # containers
    "list for a dict": ([1.0], {"a": 1.0}, {}, "x is a list of 1, expected a dict."),
    "None for a dict": (None, {"a": 1.0}, {}, "x is None (is a `return` missing?), expected a dict."),
    "key missing": ({"a": 1.0, "c": 2.0}, {"a": 1.0, "b": 2.0}, {}, "x has no entry 'b'; it has ['a', 'c']."),
    "key too many": ({"a": 1.0, "b": 2}, {"a": 1.0}, {}, "x has an entry 'b' too many."),
    "value of a key": ({"a": 1.0}, {"a": 2.0}, {}, "x['a'] is 1, expected 2 (off by 1, 2.001e-09 allowed)."),
    "str of a key": ({"a": "u"}, {"a": "v"}, {}, "x['a'] is 'u', expected 'v'."),
    "int for a bool": ({"a": 1}, {"a": True}, {}, "x['a'] is 1, expected True."),
    "a value for None": ({"a": 0}, {"a": None}, {}, "x['a'] is 0, expected None."),
    "array in a list": (
        [array(1.0), array(2.0, 3.0)], [array(1.0), array(2.0, 4.0)], {},
        "x[1][1] is 3, expected 4 (off by 1, 4.001e-09 allowed); 1 of 2 values differ.",
    ),
    "array for a list of arrays": (
        np.ones((2, 2)), [np.ones(2), np.ones(2)], {},
        "x is an array of shape (2, 2) and dtype float64, expected a list.",
    ),
    "None for a tuple of arrays": (
        None, (np.ones(2), np.ones(2)), {}, "x is None (is a `return` missing?), expected a tuple."
    ),
    "number of arrays": ([np.ones(2)], [np.ones(2), np.ones(2)], {}, "x has 1 entries, expected 2."),
    "None in a list of arrays": (
        [np.ones(2), None], [np.ones(2), np.ones(2)], {}, "x[1] is None (is a `return` missing?), expected an array."
    ),
    "ragged row": ([[1.0, 2.0], [3.0]], [[1.0, 2.0], [3.0, 4.0]], {}, "x[1] has shape (1,), expected (2,)."),
    "number for a row": ([[1.0, 2.0], 3.0], [[1.0, 2.0], [3.0]], {}, "x[1] has shape (), expected (1,)."),
    "deep": (
        {"a": [np.ones(2), (1.0, array(2.0))]}, {"a": [np.ones(2), (1.0, array(3.0))]}, {},
        "x['a'][1][1][0] is 2, expected 3 (off by 1, 3.001e-09 allowed).",
    ),
    "tolerances reach the entries": (
        {"a": [array(1.5)]}, {"a": [array(1.0)]}, {"rtol": 0.0, "atol": 0.25},
        "x['a'][0][0] is 1.5, expected 1 (off by 0.5, 0.25 allowed).",
    ),
    "dtype reaches the entries": (
        [np.ones(1, np.float32), np.ones(2)], [np.ones(1), np.ones(2)], {"dtype": True},
        "x[0] has dtype float32, expected float64.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DIFFER)
def test_close_says_what_differs(case):
    actual, expected, options, sentence = DIFFER[case]
    assert said(check_close, "x", actual, expected, **options) == sentence


def test_mismatch_keeps_what_the_diagnosis_needs():
    actual, expected = array(1.0, 2.0), array(1.0, 3.0)
    with pytest.raises(Mismatch) as caught:
        check_close("grad", actual, expected)
    assert caught.value.name == "grad"
    assert caught.value.actual is actual
    assert caught.value.expected is expected
    assert isinstance(caught.value, AssertionError)


def test_mismatch_of_an_entry_keeps_the_entry():
    wrong, right = array(1.0), array(2.0)
    with pytest.raises(Mismatch) as caught:
        check_close("grads", [np.ones(2), wrong], [np.ones(2), right])
    assert caught.value.name == "grads[1]"
    assert caught.value.actual is wrong
    assert caught.value.expected is right


# A wrong answer that slips through is the worst that a comparer can do.

SLIPPERY = {
    "the smallest int64 (a NaN cast to int) for 0": (array(-(2**63)), array(0)),
    "the smallest int8 for 0": (array(-128, dtype=np.int8), array(0, dtype=np.int8)),
    "a difference that wraps around": (array(64, dtype=np.int8), array(-64, dtype=np.int8)),
    "uint64 beyond 2**53": (array(2**53 + 1, dtype=np.uint64), array(2**53)),
    "False for 0.5": (False, 0.5),
    "True for 1.5": (True, 1.5),
    "a mask for probabilities": (array(True, False), array(1.0, 0.25)),
    "a mask for complex numbers": (array(True), array(1 + 1j)),
    "True for nan": (True, NAN),
    "integers beyond 2**64": (2**100 + 1, 2**100),
    "an integer beyond every float": (10**400, 1.0),
}


@pytest.mark.parametrize("case", SLIPPERY)
def test_nothing_slips_through(case):
    actual, expected = SLIPPERY[case]
    assert said(check_close, "x", actual, expected) is not None


def test_an_integer_of_5000_digits_is_only_wrong():
    """Python itself refuses to print one (sys.set_int_max_str_digits); the wire lets it through."""
    huge = 10**5000
    for sentence in (
        said(check_close, "x", huge, 3),
        said(check_close, "x", [huge, 1], [3, 1]),
        said(check_equal, "x", huge, 3),
        said(check_equal, "x", [huge], [3]),
        said(check_type, "x", huge, float),
        said(unpack, "x", huge, 2),
    ):
        assert sentence is not None
        assert len(sentence) < 400


@pytest.mark.parametrize(
    ("actual", "expected"), [(array(-(2**63)), array(0)), (array(64, dtype=np.int8), array(-64, dtype=np.int8))]
)
def test_equal_does_not_wrap_around(actual, expected):
    assert said(check_equal, "x", actual, expected) is not None


@pytest.mark.parametrize("actual", [[array(1.0, 2.0), 3.0], [1.0, None], [1.0, "a"], [1.0, [2.0]], [{}, 1.0]], ids=str)
def test_a_list_of_odd_things_is_a_mismatch(actual):
    """Not a ValueError of numpy's; and what is expected is not called `a number`."""
    sentence = said(check_close, "x", actual, [1.0, 2.0])
    assert sentence is not None
    assert not sentence.endswith("x is a list of 2, expected a number.")


@pytest.mark.parametrize(
    ("actual", "expected"), [(1.0000001, 1), (array(1.0000001), array(1))], ids=["number", "array"]
)
def test_two_numbers_that_differ_do_not_look_the_same(actual, expected):
    sentence = said(check_close, "x", actual, expected)
    assert sentence is not None
    assert "is 1, expected 1." not in sentence


@given(
    st.lists(st.floats(allow_nan=False), min_size=1, max_size=5),
    st.integers(0, 4),
    st.floats(0, INF),
    st.floats(0, INF),
    st.booleans(),
)
@settings(deadline=None)
def test_nan_never_passes(values, at, rtol, atol, nan_ok):
    expected = np.array(values)
    actual = expected.copy()
    actual[at % len(values)] = NAN
    assert said(check_close, "x", actual, expected, rtol=rtol, atol=atol, nan_ok=nan_ok) is not None


# Tolerances


LIMITS = [  # actual, expected, rtol, atol, passes: |actual - expected| <= atol + rtol * |expected|
    (1.5, 1.0, 0.0, 0.5, True),
    (np.nextafter(1.5, 2), 1.0, 0.0, 0.5, False),
    (0.5, 1.0, 0.0, 0.5, True),
    (0.5 - 1e-15, 1.0, 0.0, 0.5, False),
    (5.0, 4.0, 0.25, 0.0, True),
    (np.nextafter(5.0, 6), 4.0, 0.25, 0.0, False),
    (3.0, 4.0, 0.25, 0.0, True),
    (np.nextafter(3.0, 2), 4.0, 0.25, 0.0, False),
    (-5.0, -4.0, 0.25, 0.0, True),
    (4.0, 5.0, 0.2, 0.0, True),  # relative to what is expected …
    (5.0, 4.0, 0.2, 0.0, False),  # … not to what was given
    (5.5, 4.0, 0.25, 0.5, True),  # both add up
    (np.nextafter(5.5, 6), 4.0, 0.25, 0.5, False),
    (5e-324, 0.0, 1.0, 0.0, False),  # nothing is relative to 0
    (0.0, 5e-324, 0.0, 0.0, False),
    (3, 2, 0.5, 0.0, True),  # integers, too, where a tolerance is given
    (4, 2, 0.5, 0.0, False),
    (1 + 1j, 1 + 0j, 0.0, 1.0, True),
    (1 + 1.0001j, 1 + 0j, 0.0, 1.0, False),
]


@pytest.mark.parametrize(("actual", "expected", "rtol", "atol", "passes"), LIMITS)
def test_limits(actual, expected, rtol, atol, passes):
    assert (said(check_close, "x", actual, expected, rtol=rtol, atol=atol) is None) == passes
    assert (said(check_close, "x", np.array([actual]), np.array([expected]), rtol=rtol, atol=atol) is None) == passes


EIGHTHS = st.integers(-400, 400).map(lambda n: Fraction(n, 8))  # products of two are exact in float64
POSITIVE_EIGHTHS = st.integers(0, 40).map(lambda n: Fraction(n, 8))


@given(EIGHTHS, EIGHTHS, POSITIVE_EIGHTHS, POSITIVE_EIGHTHS)
@settings(deadline=None)
def test_limits_agree_with_exact_arithmetic(actual, expected, rtol, atol):
    passes = abs(actual - expected) <= atol + rtol * abs(expected)
    options = {"rtol": float(rtol), "atol": float(atol)}
    assert (said(check_close, "x", float(actual), float(expected), **options) is None) == passes


DEFAULTS = [  # dtype of what is expected, a difference from 1 that passes, one that does not
    (np.float64, 1.0e-9, 1.1e-9),
    (np.float32, 1.09e-4, 1.11e-4),
    (np.float16, 5.9e-3, 6.1e-3),
    (np.complex128, 1.0e-9, 1.1e-9),
    (np.complex64, 1.09e-4, 1.11e-4),
]


@pytest.mark.parametrize(("dtype", "near", "far"), DEFAULTS)
def test_default_tolerance_is_that_of_the_expected_precision(dtype, near, far):
    for expected in (dtype(1), np.ones(3, dtype)):
        ones = np.ones(np.shape(expected))
        assert said(check_close, "x", ones + near, expected) is None
        assert said(check_close, "x", ones + far, expected) is not None


def test_python_numbers_have_the_tolerance_of_float64():
    assert said(check_close, "x", 1 + 1.0e-9, 1.0) is None
    assert said(check_close, "x", [1 + 1.0e-9, 2.0], [1.0, 2.0]) is None
    assert said(check_close, "x", 1 + 1.1e-9, 1.0) is not None


@pytest.mark.parametrize("expected", [1, np.int64(1), np.array(1), True, np.array(True)], ids=repr)
def test_integers_and_bools_are_exact(expected):
    assert said(check_close, "x", 1 + 1e-12, expected) is not None


def test_one_tolerance_given_keeps_the_default_of_the_other():
    assert said(check_close, "x", 1 + 0.9e-9, 1.0, atol=0.0) is None  # rtol 1e-9 stays
    assert said(check_close, "x", 1 + 1.1e-9, 1.0, atol=0.0) is not None
    assert said(check_close, "x", 0.9e-12, 0.0, rtol=0.0) is None  # atol 1e-12 stays
    assert said(check_close, "x", 1.1e-12, 0.0, rtol=0.0) is not None


@pytest.mark.parametrize(
    ("actual", "expected", "sentence"),
    [
        (1e308, -1e308, "x is 1e+308, expected -1e+308."),
        (array(6e4, dtype=np.float16), array(-6e4, dtype=np.float16),
         "x[0] is 60000, expected -60000 (off by 120000, 300.001 allowed)."),
        (array(1.0), array(-(2**63)), f"x[0] is 1, expected {-(2**63)}."),
    ],
)  # fmt: skip
def test_differences_beyond_the_largest_number(actual, expected, sentence):
    assert said(check_close, "x", actual, expected) == sentence


# Tensors


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


TENSORS_AGREE = {
    "float32": lambda t: (t.tensor([1.0, 2.0]), t.tensor([1.0, 2.0]), {"dtype": True}),
    "0-d": lambda t: (t.tensor(1.0), t.tensor(1.0), {}),
    "requires grad": lambda t: (t.ones(2, requires_grad=True), t.ones(2), {}),
    "a parameter is expected": lambda t: (t.ones(2), t.nn.Parameter(t.ones(2)), {}),
    "not contiguous": lambda t: (t.arange(6.0).reshape(2, 3).T, t.tensor([[0.0, 3], [1, 4], [2, 5]]), {}),
    "bfloat16": lambda t: (t.ones(2).bfloat16(), t.ones(2).bfloat16(), {"dtype": True}),
    "bfloat16, near": lambda t: (t.tensor([1.03]).bfloat16(), t.tensor([1.0]).bfloat16(), {}),
    "float16, near": lambda t: (t.tensor([1.005]).half(), t.tensor([1.0]).half(), {}),
    "float8": lambda t: (t.ones(2).to(t.float8_e4m3fn), t.ones(2).to(t.float8_e4m3fn), {"dtype": True}),
    "complex64": lambda t: (t.tensor([1 + 1j]), t.tensor([1 + 1j]), {}),
    "bool": lambda t: (t.tensor([True, False]), t.tensor([True, False]), {}),
    "int64": lambda t: (t.tensor([1, 2]), t.tensor([1, 2]), {"dtype": True}),
    "empty": lambda t: (t.zeros(0, 3), t.zeros(0, 3), {}),
    "inf": lambda t: (t.tensor([-INF]), t.tensor([-INF]), {}),
    "nan": lambda t: (t.tensor([NAN]), t.tensor([NAN]), {"nan_ok": True}),
    "conjugate view": lambda t: (t.tensor([1 + 2j]).conj(), t.tensor([1 - 2j]), {}),
    "a state dict": lambda t: ({"w": t.ones(2), "n": 3}, {"w": t.ones(2), "n": 3}, {}),
    "gradients with a None": lambda t: ((t.ones(2), None), (t.ones(2), None), {}),
}


@pytest.mark.parametrize("case", TENSORS_AGREE)
def test_close_tensors(case, torch):
    actual, expected, options = TENSORS_AGREE[case](torch)
    check_close("x", actual, expected, **options)


TENSORS_DIFFER = {
    "float32": lambda t: (
        t.tensor([1.0, 2.0]), t.tensor([1.0, 2.5]), {},
        "x[1] is 2, expected 2.5 (off by 0.5, 0.00026 allowed); 1 of 2 values differ.",
    ),
    "requires grad": lambda t: (
        t.tensor([1.0], requires_grad=True), t.tensor([2.0]), {}, "x[0] is 1, expected 2 (off by 1, 0.00021 allowed)."
    ),
    "bfloat16": lambda t: (
        t.tensor([1.0]).bfloat16(), t.tensor([1.25]).bfloat16(), {},
        "x[0] is 1, expected 1.25 (off by 0.25, 0.045 allowed).",
    ),
    "nan in bfloat16": lambda t: (
        t.tensor([NAN]).bfloat16(), t.tensor([1.0]).bfloat16(), {}, "x[0] is nan, expected 1."
    ),
    "dtype": lambda t: (
        t.ones(1).bfloat16(), t.ones(1), {"dtype": True}, "x has dtype bfloat16, expected float32."
    ),
    "shape": lambda t: (t.ones(2, 3), t.ones(3, 2), {}, "x has shape (2, 3), expected (3, 2)."),
    "bool": lambda t: (t.tensor([True]), t.tensor([False]), {}, "x[0] is True, expected False."),
    "array for a tensor": lambda t: (
        np.ones(2), t.ones(2), {}, "x is an array of shape (2,) and dtype float64, expected a tensor."
    ),
    "float for a tensor": lambda t: (1.0, t.tensor(1.0), {}, "x is 1.0 (float), expected a tensor."),
    "list for a tensor": lambda t: ([1.0], t.ones(1), {}, "x is a list of 1, expected a tensor."),
    "None for a tensor": lambda t: (
        None, t.ones(1), {}, "x is None (is a `return` missing?), expected a tensor."
    ),
    "tensor for an array": lambda t: (t.ones(2), np.ones(2), {}, "x is a torch tensor, expected numpy numbers."),
    "tensor for a number": lambda t: (t.tensor(1.0), 1.0, {}, "x is a torch tensor, expected numpy numbers."),
    "an entry": lambda t: (
        {"w": t.ones(2)}, {"w": t.zeros(2)}, {},
        "x['w'][0] is 1, expected 0 (off by 1, 1e-05 allowed); 2 of 2 values differ.",
    ),
    "a gradient that is missing": lambda t: (
        (t.ones(2), None), (t.ones(2), t.ones(2)), {}, "x[1] is None (is a `return` missing?), expected a tensor."
    ),
    "a gradient too many": lambda t: (
        (t.ones(2), t.zeros(1)), (t.ones(2), None), {}, "x[1] is tensor([0.]), expected None."
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TENSORS_DIFFER)
def test_close_tensors_says_what_differs(case, torch):
    actual, expected, options, sentence = TENSORS_DIFFER[case](torch)
    assert said(check_close, "x", actual, expected, **options) == sentence


def test_a_list_of_tensors_for_a_list_of_numbers_does_not_crash(torch):
    """Whether 0-d tensors count as numbers there is open; an exception of torch's is not an answer."""
    said(check_close, "x", [torch.tensor(1.0, requires_grad=True)], [1.0])


def test_comparing_leaves_a_tensor_alone(torch):
    x = torch.ones(2, requires_grad=True)
    check_close("x", x, torch.ones(2))
    check_equal("x", x, torch.ones(2))
    assert x.requires_grad
    assert x.grad is None


# check_equal

EQUAL = {
    "int": (3, 3),
    "numpy int": (np.int64(3), 3),
    "int for a numpy int": (3, np.int64(3)),
    "0-d array": (np.array(3), 3),
    "by value": (3.0, 3),
    "large": (2**100, 2**100),
    "bool": (True, True),
    "numpy bool": (np.True_, True),
    "a numpy bool is expected": (True, np.True_),
    "both numpy bools": (np.False_, np.False_),
    "str": ("a", "a"),
    "bytes": (b"a", b"a"),
    "None": (None, None),
    "list": ([1, 2], [1, 2]),
    "tuple for a list": ((1, 2), [1, 2]),
    "list of numpy ints": ([np.int64(1), 2], [1, 2]),
    "empty": ((), []),
    "trace": (["a", None, True, 2], ["a", None, True, 2]),
    "nested": ([[1, 2], [3]], [[1, 2], [3]]),
    "arrays": (array(1, 2), array(1, 2)),
    "masks": (array(True), array(True)),
    "arrays in a list": ([array(1), array(2, 3)], [array(1), array(2, 3)]),
    "dict": ({"a": [1, 2]}, {"a": [1, 2]}),
    "set": ({1, 2}, {2, 1}),
    "slice": (slice(1, 2), slice(1, 2)),
    "infinity": (INF, INF),
    "complex": (1j, 1j),
}


@pytest.mark.parametrize("case", EQUAL)
def test_equal(case):
    check_equal("x", *EQUAL[case])


UNEQUAL = {
    "int": (4, 3, "x is 4, expected 3."),
    "by one part in 2**100": (2**100 + 1, 2**100, f"x is {2**100 + 1}, expected {2**100}."),
    "rounding": (0.1 + 0.2, 0.3, "x is 0.30000000000000004, expected 0.3."),
    "tiny": (1e-20, 0, "x is 1e-20, expected 0."),
    "nan": (NAN, NAN, "x is nan, expected nan."),
    "bool for int": (True, 1, "x is True, expected 1."),
    "int for bool": (1, True, "x is 1, expected True."),
    "numpy bool for int": (np.True_, 1, "x is True, expected 1."),
    "bool": (False, np.True_, "x is False, expected True."),
    "str": ("a", "b", "x is 'a', expected 'b'."),
    "bytes for str": (b"a", "a", "x is b'a', expected 'a'."),
    "number in words": ("3", 3, "x is '3', expected 3."),
    "str for None": ("None", None, "x is 'None', expected None."),
    "zero for None": (0, None, "x is 0, expected None."),
    "None for zero": (None, 0, "x is None, expected 0."),
    "an array for a number": (array(3), 3, "x is array([3]), expected 3."),
    "entry": ([1, 2], [1, 3], "x is [1, 2], expected [1, 3]: entry 1 is 2, not 3."),
    "first entry": ([9, 9], (1, 3), "x is [9, 9], expected (1, 3): entry 0 is 9, not 1."),
    "bool entry": ([True], [1], "x is [True], expected [1]: entry 0 is True, not 1."),
    "nan entry": ([NAN], [NAN], "x is [nan], expected [nan]: entry 0 is nan, not nan."),
    "length": ([1], [1, 2], "x has 1 entries, expected 2: [1] against [1, 2]."),
    "array for a list": (array(1, 2), [1, 2], "x is an array of shape (2,) and dtype int64, expected a list."),
    "list for an array": ([1, 2], array(1, 2), "x is a list of 2, expected an array."),
    "str for a list": ("a", ["a"], "x is 'a' (str), expected a list."),
    "None for a tuple": (None, (1,), "x is None (is a `return` missing?), expected a tuple."),
    "array": (array(1, 2), array(1, 3), "x[1] is 2, expected 3; 1 of 2 values differ."),
    "array with nan": (array(NAN), array(NAN), "x[0] is nan, expected nan."),
    "array shape": (array(1, 2), array(1), "x has shape (2,), expected (1,)."),
    "nested": ([[1, 2], [3]], [[1, 2], [4]], "x[1] is [3], expected [4]: entry 0 is 3, not 4."),
    "array in a list": ([array(1)], [array(2)], "x[0][0] is 1, expected 2."),
    "dict": ({"a": [1, 2]}, {"a": [1, 3]}, "x['a'] is [1, 2], expected [1, 3]: entry 1 is 2, not 3."),
    "key": ({"a": 1}, {"b": 1}, "x has no entry 'b'; it has ['a']."),
    "set": ({1}, {2}, "x is {1}, expected {2}."),
    "cut": ("y" * 500, "z", f"x is '{'y' * 118}…, expected 'z'."),
}


@pytest.mark.parametrize("case", UNEQUAL)
def test_equal_says_what_differs(case):
    actual, expected, sentence = UNEQUAL[case]
    assert said(check_equal, "x", actual, expected) == sentence


TORCH_EQUAL = {
    "tensor": lambda t: (t.tensor([1, 2]), t.tensor([1, 2])),
    "0-d": lambda t: (t.tensor(3), t.tensor(3)),
    "size": lambda t: (t.Size([2, 3]), (2, 3)),
    "a size is expected": lambda t: ((2, 3), t.Size([2, 3])),
    "dtype": lambda t: (t.float32, t.float32),
    "device": lambda t: (t.device("cpu"), t.device("cpu")),
    "a parameter is expected": lambda t: (t.ones(2), t.nn.Parameter(t.ones(2))),
}


@pytest.mark.parametrize("case", TORCH_EQUAL)
def test_equal_torch(case, torch):
    check_equal("x", *TORCH_EQUAL[case](torch))


def test_equal_torch_says_what_differs(torch):
    assert said(check_equal, "x", torch.tensor([1, 2]), torch.tensor([1, 3])) == (
        "x[1] is 2, expected 3; 1 of 2 values differ."
    )
    assert said(check_equal, "x", [1], torch.tensor([1])) == "x is a list of 1, expected a tensor."
    assert said(check_equal, "x", torch.tensor([1.0 + 1e-7]), torch.tensor([1.0])) is not None
    assert said(check_equal, "x", torch.Size([2, 4]), torch.Size([2, 3])) is not None
    assert said(check_equal, "x", torch.float64, torch.float32) is not None


# check_type, check_dtype, check_shape, check_finite, unpack


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1, int), (np.int64(1), int), (np.uint8(1), int), (1.0, float), (np.float64(1.0), float), (True, bool),
        ([], list), ((), tuple), ({}, dict), ("a", str),
    ],
)  # fmt: skip
def test_type(value, kind):
    check_type("x", value, kind)


@pytest.mark.parametrize(
    ("value", "kind", "sentence"),
    [
        (True, int, "x is True (bool), expected a Python int."),
        (1.0, int, "x is 1.0 (float), expected a Python int."),
        (1, float, "x is 1 (int), expected a Python float."),
        (True, float, "x is True (bool), expected a Python float."),
        (np.float32(1.5), float, "x is 1.5 (float32), expected a Python float."),
        (np.array(1.0), float, "x is an array of shape () and dtype float64, expected a Python float."),
        (None, float, "x is None (is a `return` missing?), expected a Python float."),
        ((), list, "x is a tuple of 0, expected a Python list."),
        (np.ones(2), list, "x is an array of shape (2,) and dtype float64, expected a Python list."),
        (b"a", str, "x is b'a' (bytes), expected a Python str."),
    ],
)
def test_type_says_what_it_is(value, kind, sentence):
    assert said(check_type, "x", value, kind) == sentence


def test_type_of_a_tensor(torch):
    assert said(check_type, "x", torch.tensor(1.0), float) == (
        "x is a tensor of shape () and dtype float32, expected a Python float."
    )


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (np.ones(1), "float64"), (np.ones(1), np.dtype("float64")), (np.ones(1), np.float64), (np.ones(1), np.ones(3)),
        (np.float32(1), "float32"), (np.float32(1), np.float32), (array(True), bool), (array(True), "bool"),
        (1.0, "float"), (array(1j), np.complex128),
    ],
)  # fmt: skip
def test_dtype(value, dtype):
    check_dtype("x", value, dtype)


@pytest.mark.parametrize(
    ("value", "dtype", "sentence"),
    [
        (np.ones(1, np.float32), "float64", "x has dtype float32, expected float64."),
        (np.ones(1), np.dtype("float32"), "x has dtype float64, expected float32."),
        (np.ones(1), np.float32, "x has dtype float64, expected float32."),
        (np.ones(1), array(1), "x has dtype float64, expected int64."),
        (1.0, "float64", "x has dtype float, expected float64."),
        ([1.0], "float64", "x has dtype list, expected float64."),
    ],
)
def test_dtype_says_both(value, dtype, sentence):
    assert said(check_dtype, "x", value, dtype) == sentence


def test_dtype_of_tensors(torch):
    check_dtype("x", torch.ones(1), torch.float32)
    check_dtype("x", torch.ones(1).bfloat16(), "bfloat16")
    check_dtype("x", np.ones(1), torch.float64)
    assert said(check_dtype, "x", torch.ones(1), torch.bfloat16) == "x has dtype float32, expected bfloat16."


@pytest.mark.parametrize(
    ("value", "shape"),
    [(np.zeros((2, 3)), (2, 3)), (np.zeros((2, 3)), [2, 3]), (1.0, ()), (np.float64(1), ()), (np.zeros(0), (0,))],
)
def test_shape(value, shape):
    check_shape("x", value, shape)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (np.zeros((3, 2)), "x has shape (3, 2), expected shape (2, 3)."),
        (np.zeros((2, 3, 1)), "x has shape (2, 3, 1), expected shape (2, 3)."),
        (1.0, "x has shape (), expected shape (2, 3)."),
        (None, "x is None (is a `return` missing?), expected shape (2, 3)."),
        ([[1, 2, 3], [4, 5, 6]], "x is a list of 2, expected shape (2, 3)."),
        ("abc", "x is 'abc' (str), expected shape (2, 3)."),
    ],
)
def test_shape_says_both(value, sentence):
    assert said(check_shape, "x", value, (2, 3)) == sentence


def test_shape_of_a_tensor(torch):
    check_shape("x", torch.zeros(2, 3, requires_grad=True), (2, 3))
    assert said(check_shape, "x", torch.zeros(2, 3), (3, 2)) == "x has shape (2, 3), expected shape (3, 2)."


@pytest.mark.parametrize("value", [1.0, 3, True, np.zeros(0), np.ones((2, 2)), array(1j), np.float32(1)])
def test_finite(value):
    check_finite("x", value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (NAN, "x is nan: every value should be finite here."),
        (-INF, "x is -inf: every value should be finite here."),
        (array(1.0, NAN, INF), "x is nan at [1]: every value should be finite here."),
        (array([1.0, 2.0], [INF, NAN]), "x is inf at [1, 0]: every value should be finite here."),
        (np.array(NAN), "x is nan: every value should be finite here."),
        (None, "x is None (is a `return` missing?), expected a number."),
        ("a", "x is 'a' (str), expected a number."),
    ],
)
def test_finite_says_where(value, sentence):
    assert said(check_finite, "x", value) == sentence


def test_finite_tensors(torch):
    check_finite("x", torch.ones(2, requires_grad=True))
    check_finite("x", torch.ones(2).bfloat16())
    assert said(check_finite, "x", torch.tensor([1.0, INF])) == "x is inf at [1]: every value should be finite here."
    assert said(check_finite, "x", torch.tensor(NAN)) == "x is nan: every value should be finite here."


@pytest.mark.parametrize("value", [(1, 2), [1, 2]])
def test_unpack(value):
    assert unpack("f(x)", value, 2) == (1, 2)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ((1, 2, 3), "3 values"),
        ([1], "1 values"),
        (None, "None (is a `return` missing?)"),
        (np.ones(2), "an array of shape (2,) and dtype float64"),  # it would unpack in Python
        ("ab", "'ab' (str)"),
        ({1: 2, 3: 4}, "a dict of 2"),
    ],
)
def test_unpack_says_what_came(value, words):
    assert said(unpack, "f(x)", value, 2) == f"f(x) returned {words}, expected a tuple of 2."


# Words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "1"), (0.1, "0.1"), (1234567.0, "1.23457e+06"), (1e-9, "1e-09"), (1 / 3, "0.333333"), (-0.0, "-0"),
        (NAN, "nan"), (INF, "inf"), (-INF, "-inf"), (3, "3"), (123456789, "123456789"), (np.int8(-3), "-3"),
        (True, "True"), (np.False_, "False"), (np.float32(0.1), "0.1"), (1 + 2j, "1+2j"), (np.complex64(1j), "0+1j"),
    ],
)  # fmt: skip
def test_number(value, words):
    assert number(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None (is a `return` missing?)"),
        (np.zeros((2, 3)), "an array of shape (2, 3) and dtype float64"),
        ([1, 2], "a list of 2"),
        ((), "a tuple of 0"),
        ({1: 2}, "a dict of 1"),
        ({1}, "a set of 1"),
        (1.5, "1.5 (float)"),
        ("a", "'a' (str)"),
        (np.float64(1.5), "1.5 (float64)"),
    ],
)
def test_describe(value, words):
    assert describe(value) == words


def test_describe_a_tensor(torch):
    assert describe(torch.zeros(2, 3).bfloat16()) == "a tensor of shape (2, 3) and dtype bfloat16"


def test_show_is_one_short_line():
    assert show(array(1.23456789, 2.0)) == "array([1.2346, 2. ])"
    assert show(np.eye(2)) == "array([[1., 0.], [0., 1.]])"
    assert show(np.float64(1 / 3)) == "0.333333"
    assert show(np.random.default_rng(0)) == "Generator(PCG64)"  # a report is the same in every run
    assert show("a\nb") == r"'a\nb'"
    assert show("a" * 200, limit=10) == "'aaaaaaaa…"
    for value in ("a" * 500, list(range(1000)), np.arange(1e6), dict.fromkeys(range(50), "x" * 50)):
        assert len(show(value)) <= 120
        assert "\n" not in show(value)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (np.zeros(1, np.float32), "float32"), (np.float64(1), "float64"), (np.dtype("int8"), "int8"),
        (np.float32, "float32"), (bool, "bool"), (1.0, "float"), (None, "NoneType"),
    ],
)  # fmt: skip
def test_dtype_name(value, name):
    assert dtype_name(value) == name


def test_as_array_widens_bfloat16(torch):
    assert as_array(torch.tensor([1.5]).bfloat16()).dtype == np.float32
    assert as_array(torch.tensor([1.5], requires_grad=True)).tolist() == [1.5]
    assert as_array([1, 2]).tolist() == [1, 2]
    assert as_array(2.5).shape == ()


# Against a candidate: a session in this process, through the same wire as a sandboxed one


ANSWER = '''
import numpy as np

class Layer: pass
class Adam: pass
class Bad(ValueError): pass

def layer(): return Layer()
def adam(): return Adam()

def value_error(): raise ValueError("no")
def type_error(): raise TypeError("bad")
def no_text(): raise TypeError
def key_error(): raise KeyError("a")
def own_error(): raise Bad("own")
def todo(): raise NotImplementedError("TODO")
def leave(): raise SystemExit(3)
def fine(*args): return 1.0

def bump(x, y=None):
    x += 1
def bump_and_fail(x):
    x += 1
    raise ValueError("after the fact")
def bump_second(x, y): y[0] = 7.0
def append(x): x.append(1)
def set_key(d): d["new"] = 1
def bump_inner(xs): xs[0][0] = 5.0

def same(x): return x
def view(x): return x[1:]
def reshaped(x): return x.reshape(-1, 1)
def fresh(x): return x + 1
def copied(x): return x.copy()
def pair(x, y): return x + 1, {"y": y[::2]}
def scalar(x): return float(x[0])
'''  # fmt: skip


@pytest.fixture(scope="module")
def served():
    unlimited = Limits(call_seconds=1e9, total_seconds=1e9)
    session = Session(Submission((("answer.py", ANSWER),), "exercise_99_compared"), LocalLink, unlimited, 0)
    session.load()
    assert session.errors == []
    yield session
    session.close()
    sys.modules.pop("exercise_99_compared", None)


@pytest.fixture
def candidate(served):
    return CandidateProxy(served)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("value_error", ValueError), ("own_error", ValueError), ("key_error", KeyError), ("key_error", LookupError),
        ("type_error", TypeError), ("type_error", Exception), ("todo", NotImplementedError),
    ],
)  # fmt: skip
def test_raises(candidate, name, kind):
    with check_raises(kind, "this"):
        candidate[name]()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("fine", "temperature=0 should raise ValueError; your code raised nothing."),
        ("type_error", "temperature=0 should raise ValueError; your code raised TypeError: bad."),
        ("no_text", "temperature=0 should raise ValueError; your code raised TypeError."),
        ("key_error", "temperature=0 should raise ValueError; your code raised KeyError: 'a'."),
        (
            "leave",
            "temperature=0 should raise ValueError; your code raised SystemExit: your code ended the program (3).",
        ),
    ],
)
def test_raises_says_what_happened(candidate, name, sentence):
    with pytest.raises(Mismatch) as caught, check_raises(ValueError, "temperature=0"):
        candidate[name]()
    assert str(caught.value) == sentence


def test_raises_leaves_an_unwritten_function_to_be_reported_as_such(candidate):
    with pytest.raises(LearnerError) as caught, check_raises(ValueError, "this"):
        candidate.todo()
    assert caught.value.not_implemented


def test_raises_takes_only_the_learners_errors(candidate):
    """An error of the test itself, or a dead candidate, is not what the learner's code raised."""
    with pytest.raises(ValueError, match="the test's own"), check_raises(ValueError, "this"):
        raise ValueError("the test's own")
    with pytest.raises(CandidateDied), check_raises(ValueError, "this"):
        raise CandidateDied("timeout", "no answer")
    with pytest.raises(Mismatch, match="another"), check_raises(AssertionError, "this"):
        raise Mismatch("another")


@pytest.mark.parametrize(
    ("call", "modified"),
    [
        (lambda c: c.bump(np.zeros(2)), ("bump", "x")),
        (lambda c: c.bump(x=np.zeros(2)), ("bump", "x")),
        (lambda c: c.bump_second(np.zeros(2), np.zeros(2)), ("bump_second", "argument 2")),
        (lambda c: c.bump_second(np.zeros(2), y=np.zeros(2)), ("bump_second", "y")),
        (lambda c: c.append([]), ("append", "x")),
        (lambda c: c.set_key({}), ("set_key", "x")),
        (lambda c: c.bump_inner([np.zeros(2)]), ("bump_inner", "x")),
        (lambda c: (c.bump(np.zeros(2)), c.fresh(np.zeros(2))), ("bump", "x")),
        (lambda c: c.fresh(np.zeros(2)), None),
        (lambda c: c.view(np.zeros(2)), None),
        (lambda c: c.bump_second(np.zeros(2), np.array([7.0])), None),  # wrote what was there
        (lambda c: None, None),
    ],
)
def test_pure(candidate, call, modified):
    call(candidate)
    sentence = modified and "{} modified its input `{}`: work on a copy.".format(*modified)
    assert said(check_pure, candidate, "x") == sentence


def test_pure_looks_at_calls_that_raised(candidate):
    with pytest.raises(LearnerError):
        candidate.bump_and_fail(np.zeros(2))
    assert said(check_pure, candidate, "x") == "bump_and_fail modified its input `x`: work on a copy."


def bumps(m, x):  # runs in the candidate
    m.bump(x)


def test_pure_looks_at_probes(candidate):
    candidate.run(bumps, np.zeros(2))
    assert said(check_pure, candidate, "x") == "bumps modified its input `x`: work on a copy."


@pytest.mark.parametrize(
    ("call", "shared"),
    [
        (lambda c: c.same(np.zeros(2)), ("same", "x")),
        (lambda c: c.same(x=np.zeros(2)), ("same", "x")),
        (lambda c: c.view(np.zeros(2)), ("view", "x")),
        (lambda c: c.reshaped(np.zeros(2)), ("reshaped", "x")),
        (lambda c: c.same([np.zeros(2)]), ("same", "x")),
        (lambda c: c.pair(np.zeros(2), np.zeros(4)), ("pair", "argument 2")),
        (lambda c: c.pair(np.zeros(2), y=np.zeros(4)), ("pair", "y")),
        (lambda c: (c.fresh(np.zeros(2)), c.same(np.zeros(2))), ("same", "x")),
        (lambda c: (c.same(np.zeros(2)), c.fresh(np.zeros(2))), None),  # the last call counts
        (lambda c: c.fresh(np.zeros(2)), None),
        (lambda c: c.copied(np.zeros(2)), None),
        (lambda c: c.scalar(np.zeros(2)), None),
        (lambda c: c.same(1.0), None),
    ],
)
def test_fresh(candidate, call, shared):
    call(candidate)
    sentence = shared and "{} returned (a view of) its input `{}`: return a new array.".format(*shared)
    assert said(check_fresh, candidate, "x") == sentence


def test_fresh_tensors(candidate, torch):
    candidate.view(torch.zeros(3))
    assert said(check_fresh, candidate, "x") == "view returned (a view of) its input `x`: return a new array."
    candidate.fresh(torch.zeros(3))
    assert said(check_fresh, candidate, "x") is None


def test_objects_of_the_submission_are_called_by_their_class(candidate):
    assert said(check_close, "layer", candidate.layer(), 1.0) == "layer is a Layer object, expected a number."
    assert said(check_close, "opt", candidate.adam(), np.ones(2)) == "opt is an Adam object, expected an array."
    assert said(check_type, "layer", candidate.layer(), int) == "layer is a Layer object, expected a Python int."
    assert said(unpack, "layer()", candidate.layer(), 2) == "layer() returned a Layer object, expected a tuple of 2."
    assert said(check_equal, "layer", candidate.layer(), 3) == "layer is <Layer object of the submission>, expected 3."
    assert said(check_shape, "layer", candidate.layer(), (2,)) == "layer is a Layer object, expected shape (2,)."
    assert "Handle" not in said(check_dtype, "layer", candidate.layer(), "float64")
