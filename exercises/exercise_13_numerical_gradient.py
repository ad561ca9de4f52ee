"""Numerical gradient, gradient check, Jacobian.

A gradient check compares a hand-written backward pass with finite differences. It tests the backward pass,
not gradient descent, and it needs three things: central differences, float64, and a relative error (an
absolute threshold, or "1e-7" without saying of what, means nothing while the scale of f is unknown).

    central difference:  (f(x + h e_i) - f(x - h e_i)) / (2 h)    error O(h^2), the one-sided form O(h)

where e_i is 1 at entry i and 0 elsewhere.

`numerical_gradient(f, x, h=1e-5)`
    f            a function of one array of x's shape that returns a number
    x            array of any shape, () included, of floats or integers
    h            the step, > 0
    returns      a new float64 array of x's shape: entry i is the central difference along e_i

    f is evaluated in float64, whatever the dtype of x: a step of 1e-5 vanishes in integers and is badly
    rounded in float32. The caller's x is never changed, not even when f raises in the middle (the exception
    passes through).
    ValueError: h <= 0.

`relative_error(a, b)`
    a, b         arrays of the same shape with at least one entry
    returns      a Python float: max|a - b| / max(1e-8, max|a| + max|b|), each max over all entries

    A NaN in a or b gives NaN.

`gradient_check(f, grad_f, x, h=1e-5, tol=1e-6)`
    grad_f       a function of one array of x's shape that returns the analytic gradient of f there
    returns      (ok, error): error is the relative_error between grad_f(x) and the numerical gradient (with
                 step h), ok is error < tol. With a NaN in either gradient, ok is False.

    grad_f, too, gets x in float64.
    ValueError: grad_f(x) has another shape than x (one that would broadcast is wrong, too); h <= 0.

`numerical_jacobian(f, x, h=1e-5)`
    f            a function of one array of x's shape that returns an array of any shape
    x            array of any shape with N >= 1 entries; f(x) has M entries
    returns      a new float64 array of shape (M, N), J[i, j] = d f_i / d x_j by central differences: rows are
                 outputs, columns are inputs, the entries of x and f(x) in C order (that of reshape(-1))

    Evaluated in float64; x is never changed. ValueError: h <= 0.

`softmax_jacobian(x)`
    x            array of shape (C,), the logits; of any size (1e4): no overflow, no warning
    returns      the Jacobian of softmax at x, shape (C, C), in closed form: diag(p) - p p^T, p = softmax(x);
                 float32 in, float32 out, integers give float64

Example
    >>> numerical_gradient(lambda x: float((x**2).sum()), np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])
    >>> relative_error(np.array([1.0, -5.0]), np.array([2.0, -5.0]))
    0.1
    >>> gradient_check(lambda x: float((x**2).sum()), lambda x: x, np.array([1.0, -3.0]))[0]
    False
    >>> numerical_jacobian(lambda x: np.array([x[0] * x[1], x[1], 3 * x[0]]), np.array([2.0, 5.0])).round(6)
    array([[5., 2.],
           [0., 1.],
           [3., 0.]])
    >>> softmax_jacobian(np.array([0.0, np.log(3.0)]))
    array([[ 0.1875, -0.1875],
           [-0.1875,  0.1875]])

Asked next: why not h = 1e-12? What does a gradient check say at a kink of ReLU? Why is it never used for
training? What does one row of the Jacobian mean, and why does backpropagation not build the matrix?
"""

from collections.abc import Callable

import numpy as np


def numerical_gradient(f: Callable[[np.ndarray], float], x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    raise NotImplementedError("TODO: (f(x + h e_i) - f(x - h e_i)) / (2 h) for every entry i")


def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    raise NotImplementedError("TODO: the largest difference, relative to the size of both")


def gradient_check(
    f: Callable[[np.ndarray], float],
    grad_f: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    h: float = 1e-5,
    tol: float = 1e-6,
) -> tuple[bool, float]:
    raise NotImplementedError("TODO: relative error between grad_f(x) and the numerical gradient, and the verdict")


def numerical_jacobian(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    raise NotImplementedError("TODO: one column per entry of x")


def softmax_jacobian(x: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: diag(p) - p p^T")
