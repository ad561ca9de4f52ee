"""Batch gradient descent, and how long its steps may be.

The gradient points uphill, so a step against it makes a function smaller: theta <- theta - lr * gradient. No second
derivative appears: a first-order method. For linear least squares on N rows take HALF the mean squared error,

    L(theta) = 1/(2N) * ||X theta - y||^2                      gradient: X^T (X theta - y) / N

    theta <- theta - lr * X^T (X theta - y) / N                every step uses the WHOLE data set

The 1/2 cancels the 2 of the derivative; for the mean squared error itself the step would have a 2. Say which you mean.

`gradient_descent(X, y, lr, epochs, theta0=None)`
    X        inputs (N, D), N >= 1, one column per coefficient; no intercept is added
    y        targets (N,)
    lr       the learning rate, a float > 0
    epochs   the number of steps, an int >= 0
    theta0   where to start (D,), left as it is; None starts from zeros
    returns  the tuple (theta, losses): theta (D,) after the last step, a NEW array (a copy of theta0 if epochs = 0),
             and losses (epochs + 1,): the loss before any step, then the loss after each step

    float32 X, y and theta0 give float32 results; integer X and y count as float64. All gradients of a step are taken
    at the same theta. Nothing is random.
    ValueError: lr <= 0, X not 2-d, y not of shape (N,), theta0 not of shape (D,). (y of shape (N, 1) would broadcast
    against X theta to (N, N) without a word.)

`gd_quadratic(A, b, x0, lr, steps)`
    Gradient descent on f(x) = 1/2 x^T A x - b^T x, whose gradient is A x - b.
    A        symmetric positive definite (D, D)
    b, x0    the linear term and the start, both (D,), left as they are
    lr       a float > 0
    steps    an int >= 0
    returns  a new array (steps + 1, D): x0, then x after each step; float32 throughout gives float32

`max_stable_lr(A)`
    A        symmetric positive definite (D, D)
    returns  a float: the number s such that gradient descent on that f converges from EVERY start if and only if
             0 < lr < s. A step multiplies the error along an eigenvector of A by 1 - lr * lambda, lambda being its
             eigenvalue: with all of these factors inside (-1, 1) the error dies out, and s = 2 / lambda_max.

`lr_regime(A, lr)`
    A        symmetric positive definite (D, D)
    lr       a float > 0
    returns  a string that describes how the steepest direction behaves:
                 "slow"          lr * lambda_max < 0.1
                 "fast"          0.1 <= lr * lambda_max <= 1
                 "oscillating"   1 < lr * lambda_max < 2       its error changes sign at every step, and shrinks
                 "divergent"     2 <= lr * lambda_max

ValueError in these three: A not symmetric (rounding is forgiven: np.allclose(A, A.T) decides), A not positive definite
(all eigenvalues must be > 0; 0 is not), lr <= 0, b or x0 not of shape (D,).

So gradient descent is not "guaranteed to converge": too long a step diverges even on a convex bowl. Where it does
converge, it finds a stationary point, the global minimum if the function is convex. A loss that does not fall is more
often a matter of the learning rate, of badly scaled inputs or of a bug than of a local minimum.

Example
    >>> X, y = np.array([[1.0], [2.0]]), np.array([2.0, 4.0])
    >>> gradient_descent(X, y, lr=0.25, epochs=1)      # 0 - 0.25 * (1 * -2 + 2 * -4) / 2; losses (4 + 16) / 4, ...
    (array([1.25]), array([5.      , 0.703125]))
    >>> A, b = np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 4.0])
    >>> gd_quadratic(A, b, np.zeros(2), lr=0.25, steps=2)
    array([[0.  , 0.  ],
           [0.5 , 1.  ],
           [0.75, 1.  ]])
    >>> float(max_stable_lr(A)), lr_regime(A, 0.25), lr_regime(A, 0.5)
    (0.5, 'fast', 'divergent')

Asked next: which learning rate is best on a quadratic, and how many steps does it need when lambda_max / lambda_min is
1000? Why does scaling the inputs help? What changes if each step sees one row only? What does Newton's method do
about the eigenvalues?
"""

import numpy as np


def gradient_descent(
    X: np.ndarray, y: np.ndarray, lr: float, epochs: int, theta0: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    raise NotImplementedError(
        "TODO: note the loss, then step against the gradient and note the loss again, epochs times"
    )


def gd_quadratic(A: np.ndarray, b: np.ndarray, x0: np.ndarray, lr: float, steps: int) -> np.ndarray:
    raise NotImplementedError("TODO: collect x0 and every iterate")


def max_stable_lr(A: np.ndarray) -> float:
    raise NotImplementedError("TODO: 2 / the largest eigenvalue")


def lr_regime(A: np.ndarray, lr: float) -> str:
    raise NotImplementedError("TODO: look at lr times the largest eigenvalue")
