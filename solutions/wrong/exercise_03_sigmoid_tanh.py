"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_03_sigmoid_tanh import sigmoid, tanh


def _real(x):
    sigmoid(x)  # the reference's ValueErrors
    return x if x.dtype.kind == "f" else x.astype(np.float64)


@wrong(replaces="sigmoid", fails=["stability"])
def naive_exp(x):
    """exp(-x) overflows for very negative x; split on the sign so that exp only sees non-positive numbers."""
    return 1 / (1 + np.exp(-_real(x)))


@wrong(replaces="sigmoid", fails=["stability"])
def naive_quotient(x):
    """exp(x) / (1 + exp(x)) is inf / inf = NaN at large x; use it for x < 0 only, and 1 / (1 + exp(-x)) for x >= 0."""
    e = np.exp(_real(x))
    return e / (1 + e)


@wrong(replaces="sigmoid", fails=["stability"])
def where_both(x):
    """np.where evaluates BOTH branches, so the overflow warning remains; mask the inputs first."""
    x = _real(x)
    return np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))


@wrong(replaces="sigmoid", fails=["value", "stability", "small_x"])
def clip(x):
    """Clipping changes values: sigmoid(-40) should be about 4e-18, not 9e-14."""
    return 1 / (1 + np.exp(-np.clip(_real(x), -30, 30)))


@wrong(replaces="sigmoid", fails=["value", "small_x"])
def one_minus(x):
    """1 - sigmoid(-x) is exact on paper only: for negative x it subtracts nearly equal numbers and ends in 0."""
    x = _real(x)
    return np.where(x >= 0, sigmoid(x), 1 - sigmoid(-x))


@wrong(replaces="sigmoid_grad", fails=["derivatives", "stability", "dtype_shape"])
def grad_of_output(x):
    """x * (1 - x) treats the argument as the sigmoid's output. Compute s = sigmoid(x) first."""
    x = _real(x)
    with np.errstate(invalid="ignore"):
        return x * (1 - x)


@wrong(replaces="sigmoid_grad", fails=["stability"])
def grad_overflows(x):
    """exp(-x) / (1 + exp(-x))^2 overflows for very negative x; s * (1 - s) with the stable s does not."""
    e = np.exp(-_real(x))
    return e / (1 + e) ** 2


@wrong(replaces="tanh", fails=["value", "small_x", "derivatives", "dtype_shape"])
def tanh_scale(x):
    """tanh(x) = 2*sigmoid(2x) - 1: the inner factor 2 is missing."""
    return 2 * sigmoid(x) - 1


@wrong(replaces="tanh", fails=["small_x"])
def tanh_cancels(x):
    """2*sigmoid(2x) - 1 is exact on paper, but near 0 it subtracts nearly equal numbers; np.expm1 keeps the digits."""
    return 2 * sigmoid(2 * _real(x)) - 1


@wrong(replaces="tanh", fails=["stability", "small_x"])
def tanh_quotient(x):
    """The textbook quotient is inf / inf at large x and cancels near 0; take np.expm1 of -2|x|, and the sign of x."""
    x = _real(x)
    p, q = np.exp(x), np.exp(-x)
    return (p - q) / (p + q)


@wrong(replaces="tanh", fails=["value", "stability", "small_x", "dtype_shape", "symmetry"])
def sign_lost(x):
    """That is tanh of |x|: put the sign of x back."""
    return np.abs(tanh(x))


@wrong(replaces="tanh_grad", fails=["derivatives", "stability", "dtype_shape"])
def tanh_grad_of_output(x):
    """1 - x^2 treats the argument as the tanh's output. Compute tanh(x) first."""
    x = _real(x)
    return 1 - x**2


@wrong(replaces="tanh_grad", fails=["derivatives", "stability", "dtype_shape"])
def square_forgotten(x):
    """The derivative of tanh is 1 - tanh(x)^2; the square is missing."""
    return 1 - tanh(x)


@wrong(replaces=("sigmoid", "tanh"), fails=["dtype_shape"])
class float64_out:
    """A float32 input should give a float32 output."""

    def sigmoid(x):
        return sigmoid(_real(x).astype(np.float64))

    def tanh(x):
        return tanh(_real(x).astype(np.float64))


@wrong(replaces=("sigmoid", "tanh"), fails=["dtype_shape"])
class integers_truncated:
    """np.empty_like of an integer array holds integers, so your results are cut off; make x a float array first."""

    def sigmoid(x):
        out = np.empty_like(x)
        out[...] = sigmoid(x)
        return out

    def tanh(x):
        out = np.empty_like(x)
        out[...] = tanh(x)
        return out


@wrong(replaces=("sigmoid", "tanh"), fails=["dtype_shape"])
class at_least_1d:
    """A 0-d input should give a result of shape (), not (1,)."""

    def sigmoid(x):
        return np.atleast_1d(sigmoid(x))

    def tanh(x):
        return np.atleast_1d(tanh(x))


@wrong(replaces="sigmoid", fails=["purity"])
def negates_in_place(x):
    """`np.negative(x, out=x)` (or `x *= -1`) writes into the caller's array; make a new one with -x."""
    y = sigmoid(x)
    if x.dtype.kind == "f":
        np.negative(x, out=x)
    return y


@wrong(replaces=("sigmoid", "tanh"), fails=["errors"])
class complex_accepted:
    """Complex numbers and strings pass into the formula here; refuse them with ValueError."""

    def sigmoid(x):
        return sigmoid(x) if x.dtype.kind in "fiub" else 1 / (1 + np.exp(-x.astype(complex)))

    def tanh(x):
        return tanh(x) if x.dtype.kind in "fiub" else 2 / (1 + np.exp(-2 * x.astype(complex))) - 1


@wrong(replaces=("sigmoid", "tanh"), fails=["errors"])
class type_error:
    """A bad input raises ValueError here, not TypeError."""

    def sigmoid(x):
        if x.dtype.kind not in "fiub":
            raise TypeError("x")
        return sigmoid(x)

    def tanh(x):
        if x.dtype.kind not in "fiub":
            raise TypeError("x")
        return tanh(x)
