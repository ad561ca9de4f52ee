"""Hessian, Newton steps and convexity.

The Hessian H holds the second derivatives, H[i, j] = d2f / dx_i dx_j. Newton's method models f near x by

    f(x + s) ~ f(x) + g^T s + 1/2 s^T H s           g the gradient at x

and jumps to the stationary point of that model, s = -H^{-1} g. On a quadratic one step is exact; near a
minimum with H positive definite the error squares from step to step. But a stationary point need not be a
minimum: where H has a negative eigenvalue, the plain step runs TOWARDS the saddle or maximum. So the Hessian
does not make steps better in general. Damping replaces H by H + damping * I; beyond |lambda_min| that is
positive definite, and s points downhill.

`numerical_hessian(f, x, h=1e-4)`
    f            a function of one float64 array (D,) that returns a float
    x            array (D,), D >= 1, of floats or integers, left as it is
    h            the step, a float > 0
    returns      a new float64 array (D, D), exactly symmetric, by central differences (e_i is 1 at entry i,
                 0 elsewhere):
                 H[i, i] = [f(x + h e_i) - 2 f(x) + f(x - h e_i)] / h^2
                 H[i, j] = [f(x + h e_i + h e_j) - f(x + h e_i - h e_j)
                            - f(x - h e_i + h e_j) + f(x - h e_i - h e_j)] / (4 h^2)       for i != j

    Everything is evaluated in float64, float32 and integer x too. (The error is O(h^2) plus rounding / h^2.)

`newton_step(grad, hess, damping=0.0)`
    grad         the gradient (D,)
    hess         the Hessian (D, D), symmetric, perhaps indefinite
    damping      a float >= 0
    returns      the step to ADD, a new array (D,): -(hess + damping * I)^{-1} grad, by solving the linear
                 system, not by inverting; float32 grad and hess give float32

    ValueError: hess + damping * I is exactly singular (as np.linalg.solve finds it), grad not of shape (D,)
    or hess not of shape (D, D).

`newton_minimize(f, grad_f, hess_f, x0, steps, damping=0.0)`
    f            the function; these plain steps do not need it (a line search would)
    grad_f       a function of x (D,) that returns the gradient (D,)
    hess_f       a function of x (D,) that returns the Hessian (D, D)
    x0           the start (D,), floats, left as it is
    steps        an int >= 0
    returns      a new array (steps + 1, D): x0, then x after each step x + newton_step(...), with gradient
                 and Hessian taken at the current x; float32 throughout gives float32

    The ValueError of a singular Hessian passes through.

`hessian_vector_product(grad_f, x, v, h=1e-5)`
    grad_f       a function of one float64 array (D,) that returns the gradient (D,)
    x, v         the point and the direction, both (D,), floats or integers, left as they are
    h            a float > 0
    returns      H v, a new float64 array (D,): [grad_f(x + h v) - grad_f(x - h v)] / (2 h), evaluated in
                 float64. Exactly two calls of grad_f, no D x D matrix; v is not normalised.

    ValueError: v has another shape than x.

`classify_stationary(hess, tol=1e-8)`
    hess         symmetric (D, D), D >= 1: the Hessian where the gradient is 0
    tol          a float >= 0: an eigenvalue with |lambda| <= tol counts as zero
    returns      "saddle"        some eigenvalue > tol and some < -tol, whatever the others are
                 "degenerate"    else, if some eigenvalue counts as zero
                 "minimum"       all eigenvalues > tol
                 "maximum"       all eigenvalues < -tol

    ValueError: hess is not a square matrix.

`violates_convexity(f, points, tol=1e-9)`
    f            a function of ONE point, an array (D,), that returns a float
    points       array (M, D), M >= 1, left as it is
    tol          a float >= 0, so that rounding is no violation
    returns      a bool: True if some pair of points a, b (any two rows) has
                 f((a + b)/2) > (f(a) + f(b))/2 + tol

    False is no proof that f is convex. Convex does not mean "exactly one minimum": every local minimum of a
    convex function is a global one, and there may be none (exp) or many (a constant). A function with a
    single minimum need not be convex.

Example
    >>> numerical_hessian(lambda x: float(x[0] ** 2 * x[1] + x[1] ** 2), np.array([1.0, 3.0])).round(5)
    array([[6., 2.],
           [2., 2.]])
    >>> newton_step(np.array([2.0, -1.0]), np.diag([2.0, -2.0]))   # x^2 - y^2 at (1, 0.5): to the saddle
    array([-1. , -0.5])
    >>> newton_step(np.array([2.0, -1.0]), np.diag([2.0, -2.0]), damping=3.0)                     # downhill
    array([-0.4,  1. ])
    >>> newton_minimize(None, lambda x: 1 - 1 / x, lambda x: np.diag(x**-2), np.array([0.5]), 2)   # x - log x
    array([[0.5   ],
           [0.75  ],
           [0.9375]])
    >>> hessian_vector_product(lambda x: x**2, np.array([1.0, 3.0]), np.array([1.0, -1.0])).round(6)
    array([ 2., -6.])
    >>> classify_stationary(np.diag([2.0, -2.0])), classify_stationary(np.diag([2.0, 0.0]))
    ('saddle', 'degenerate')
    >>> violates_convexity(lambda x: float(x[0] ** 4 - x[0] ** 2), np.array([[-0.5], [0.0], [0.5]]))
    True

Asked next: what do memory and time of a Newton step cost for 10^8 parameters? What do L-BFGS, Gauss-Newton
and K-FAC keep instead of H? How does conjugate gradient use H v alone? Why does a rescaling of the inputs not
change Newton's method, while it changes gradient descent? Is gradient descent drawn to saddles as well?
"""

from collections.abc import Callable

import numpy as np


def numerical_hessian(f: Callable[[np.ndarray], float], x: np.ndarray, h: float = 1e-4) -> np.ndarray:
    raise NotImplementedError("TODO: three values of f for each entry of the diagonal, four for each other entry")


def newton_step(grad: np.ndarray, hess: np.ndarray, damping: float = 0.0) -> np.ndarray:
    raise NotImplementedError("TODO: solve (hess + damping * I) step = -grad")


def newton_minimize(
    f: Callable[[np.ndarray], float] | None,
    grad_f: Callable[[np.ndarray], np.ndarray],
    hess_f: Callable[[np.ndarray], np.ndarray],
    x0: np.ndarray,
    steps: int,
    damping: float = 0.0,
) -> np.ndarray:
    raise NotImplementedError("TODO: collect x0 and every iterate")


def hessian_vector_product(
    grad_f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, v: np.ndarray, h: float = 1e-5
) -> np.ndarray:
    raise NotImplementedError("TODO: the central difference of the gradient along v")


def classify_stationary(hess: np.ndarray, tol: float = 1e-8) -> str:
    raise NotImplementedError("TODO: look at the signs of the eigenvalues")


def violates_convexity(f: Callable[[np.ndarray], float], points: np.ndarray, tol: float = 1e-9) -> bool:
    raise NotImplementedError("TODO: is f at some midpoint above the mean of the two values?")
