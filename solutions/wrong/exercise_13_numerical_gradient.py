"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_13_numerical_gradient import (
    gradient_check,
    numerical_gradient,
    numerical_jacobian,
    relative_error,
)


def _positive(h):
    if h <= 0:
        raise ValueError("h must be positive")


def _unit(x, i):
    step = np.zeros(x.shape)
    step[i] = 1.0
    return step


@wrong(replaces="numerical_gradient", fails=["gradient_value", "central_order", "check_verdict", "purity_errors"])
def forward_diff(f, x, h=1e-5):
    """One-sided differences have O(h) error; use the central form."""
    _positive(h)
    grad = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        grad[i] = (f(x + h * _unit(x, i)) - f(x * 1.0)) / h
    return grad


@wrong(replaces="numerical_gradient", fails=["gradient_value", "central_order", "check_verdict", "purity_errors"])
def divides_by_h(f, x, h=1e-5):
    """x + h and x - h lie 2h apart: divide by 2h."""
    return 2 * numerical_gradient(f, x, h)


@wrong(replaces="numerical_gradient", fails=["gradient_value", "central_order", "check_verdict", "purity_errors"])
def no_restore(f, x, h=1e-5):
    """Put the entry back before moving to the next one: only one entry may be shifted at a time."""
    _positive(h)
    x = x.astype(np.float64)
    grad = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        grad[i] = (up - f(x)) / (2 * h)
    return grad


@wrong(replaces="numerical_gradient", fails=["gradient_value", "central_order", "check_verdict", "purity_errors"])
def shifts_all_entries(f, x, h=1e-5):
    """x + h shifts every entry at once, which gives the sum of all partial derivatives; shift one entry at a time."""
    _positive(h)
    x = x.astype(np.float64)
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


@wrong(
    replaces=("numerical_gradient", "gradient_check", "numerical_jacobian"),
    fails=["gradient_value", "check_verdict", "jacobian_value", "purity_errors"],
)
class tiny_h:
    """Cancellation dominates below about 1e-8: keep h near 1e-5 in float64."""

    def numerical_gradient(f, x, h=1e-12):
        return numerical_gradient(f, x, h)

    def gradient_check(f, grad_f, x, h=1e-12, tol=1e-6):
        return gradient_check(f, grad_f, x, h, tol)

    def numerical_jacobian(f, x, h=1e-12):
        return numerical_jacobian(f, x, h)


@wrong(replaces="numerical_gradient", fails=["gradient_value", "purity_errors"])
def int_x(f, x, h=1e-5):
    """x + h truncates in an integer array: convert to float64 first."""
    _positive(h)
    x = x.copy()
    grad = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        grad[i] = (up - f(x)) / (2 * h)
        x[i] = old
    return grad


@wrong(replaces="numerical_gradient", fails=["purity_errors"])
def float32_kept(f, x, h=1e-5):
    """float32 has 7 digits, which a step of 1e-5 does not survive: convert x to float64 before you shift it."""
    return int_x(f, x if x.dtype == np.float32 else x.astype(np.float64), h)


@wrong(replaces="numerical_gradient", fails=["purity_errors"])
def not_restored_on_error(f, x, h=1e-5):
    """You shift the caller's own array: if f raises, it stays shifted. Work on a copy."""
    _positive(h)
    if x.dtype != np.float64 or not x.flags.writeable:
        return numerical_gradient(f, x, h)
    grad = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i].copy()
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        grad[i] = (up - f(x)) / (2 * h)
        x[i] = old
    return grad


@wrong(replaces="numerical_gradient", fails=["purity_errors"])
def restored_by_arithmetic(f, x, h=1e-5):
    """x + h - 2h + h is not x, bit for bit: keep the old value, or work on a copy."""
    if x.dtype == np.float64 and x.flags.writeable:
        for i in np.ndindex(x.shape):
            x[i] = x[i] + h - 2 * h + h
    return numerical_gradient(f, x, h)


@wrong(replaces=("numerical_gradient", "numerical_jacobian"), fails=["purity_errors"])
class h_unchecked:
    """h = 0 divides zero by zero; refuse h <= 0 with a ValueError."""

    def numerical_gradient(f, x, h=1e-5):
        with np.errstate(all="ignore"):
            steps = [h * _unit(x, i) for i in np.ndindex(x.shape)]
            return np.array([np.float64(f(x + s) - f(x - s)) / (2 * h) for s in steps]).reshape(x.shape)

    def numerical_jacobian(f, x, h=1e-5):
        with np.errstate(all="ignore"):
            steps = [h * _unit(x, i) for i in np.ndindex(x.shape)]
            return np.stack([np.ravel(f(x + s) - f(x - s)) / (2 * h) for s in steps], axis=1)


@wrong(replaces="relative_error", fails=["check_verdict"])
def absolute_error(a, b):
    """Use a relative error; absolute thresholds depend on the scale of f."""
    return float(np.max(np.abs(a - b)))


@wrong(replaces="relative_error", fails=["check_verdict"])
def elementwise_error(a, b):
    """Divide by the largest values: entry by entry, the rounding error of an entry near 0 looks like a bug."""
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))))


@wrong(replaces="relative_error", fails=["check_verdict"])
def mean_error(a, b):
    """Take the maximum: a mean lets one wrong entry hide among many right ones."""
    return float(np.mean(np.abs(a - b)) / max(1e-8, np.mean(np.abs(a)) + np.mean(np.abs(b))))


@wrong(replaces="relative_error", fails=["check_verdict"])
def no_floor(a, b):
    """Two zero gradients give 0/0: keep the denominator at 1e-8 or more."""
    return float(np.max(np.abs(a - b)) / (np.max(np.abs(a)) + np.max(np.abs(b))))


@wrong(replaces="gradient_check", fails=["check_verdict"])
def tol_ignored(f, grad_f, x, h=1e-5, tol=1e-6):
    """The `tol` argument has no effect on your verdict."""
    return gradient_check(f, grad_f, x, h)


@wrong(replaces="gradient_check", fails=["check_verdict", "purity_errors"])
def h_ignored(f, grad_f, x, h=1e-5, tol=1e-6):
    """gradient_check must pass its `h` on to numerical_gradient."""
    return gradient_check(f, grad_f, x, tol=tol)


@wrong(replaces="gradient_check", fails=["purity_errors"])
def gradient_broadcast(f, grad_f, x, h=1e-5, tol=1e-6):
    """A gradient of another shape than x is a bug even where it broadcasts: raise ValueError."""
    numeric = numerical_gradient(f, x, h)
    error = relative_error(grad_f(x.astype(np.float64)) * np.ones(x.shape), numeric)
    return error < tol, error


@wrong(replaces="numerical_jacobian", fails=["central_order", "jacobian_value", "purity_errors"])
def jacobian_transposed(f, x, h=1e-5):
    """Rows index outputs, columns index inputs: for f: R^N -> R^M the Jacobian is M x N."""
    return numerical_jacobian(f, x, h).T


@wrong(replaces="numerical_jacobian", fails=["central_order", "jacobian_value", "purity_errors"])
def jacobian_forward(f, x, h=1e-5):
    """One-sided differences have O(h) error; use the central form in the Jacobian, too."""
    _positive(h)
    columns = [np.ravel(f(x + h * _unit(x, j)) - f(x * 1.0)) / h for j in np.ndindex(x.shape)]
    return np.stack(columns, axis=1)


@wrong(replaces="numerical_jacobian", fails=["jacobian_value"])
def memory_order(f, x, h=1e-5):
    """Entries count in C order of the array you see, not in the order in which a transposed view lies in memory."""
    _positive(h)
    columns = [(f(x + h * _unit(x, j)) - f(x - h * _unit(x, j))) / (2 * h) for j in np.ndindex(x.shape)]
    return np.stack([c.ravel(order="K") for c in columns], axis=1)


@wrong(replaces="softmax_jacobian", fails=["softmax_jacobian"])
def diag_only(x):
    """Off-diagonal terms -p_i p_j are missing."""
    e = np.exp(x - x.max())
    p = e / e.sum()
    return np.diag(p * (1 - p))


@wrong(replaces="softmax_jacobian", fails=["softmax_jacobian"])
def plus_outer(x):
    """The outer product is subtracted: one probability can only grow at the cost of the others."""
    e = np.exp(x - x.max())
    p = e / e.sum()
    return np.diag(p) + np.outer(p, p)


@wrong(replaces="softmax_jacobian", fails=["softmax_jacobian"])
def softmax_overflows(x):
    """exp overflows at large logits; subtract the maximum first."""
    e = np.exp(x)
    p = e / e.sum()
    return np.diag(p) - np.outer(p, p)


@wrong(replaces="softmax_jacobian", fails=["softmax_jacobian"])
def float64_out(x):
    """A float32 input should give a float32 Jacobian."""
    e = np.exp(x.astype(np.float64) - x.max())
    p = e / e.sum()
    return np.diag(p) - np.outer(p, p)
