"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_19_gradient_descent import _lambda_max, _loss, _positive
from dlkit.solutions.exercise_19_gradient_descent import gd_quadratic as right_quadratic
from dlkit.solutions.exercise_19_gradient_descent import gradient_descent as right_descent
from dlkit.solutions.exercise_19_gradient_descent import lr_regime as right_regime


def _gradient(X, y, theta):
    return X.T @ (X @ theta - y) / len(y)


def _plain_step(X, y, theta, lr, gradient):
    return theta - lr * gradient(X, y, theta)


def _descent(*, gradient=_gradient, loss=_loss, step=_plain_step):
    """gradient_descent with one of its formulas replaced."""

    def gradient_descent(X, y, lr, epochs, theta0=None):
        theta, _ = right_descent(X, y, lr, 0, theta0)  # the reference's ValueErrors and start
        losses = [loss(X, y, theta)]
        for _ in range(epochs):
            theta = step(X, y, theta, lr, gradient)
            losses.append(loss(X, y, theta))
        return theta, np.array(losses)

    return gradient_descent


def _quadratic(gradient):
    """gd_quadratic with another gradient."""

    def gd_quadratic(A, b, x0, lr, steps):
        path = [*right_quadratic(A, b, x0, lr, 0)]
        for _ in range(steps):
            path.append(path[-1] - lr * gradient(A, b, path[-1]))
        return np.stack(path)

    return gd_quadratic


def _labels(r):
    return "divergent" if r >= 2 else "oscillating" if r > 1 else "fast" if r >= 0.1 else "slow"


@wrong(
    replaces=("gradient_descent", "gd_quadratic"),
    fails=["value", "converges", "quadratic_iterates", "stability_limit"],
)
class ascent:
    """The gradient points uphill: subtract it."""

    gradient_descent = staticmethod(_descent(gradient=lambda X, y, theta: -_gradient(X, y, theta)))
    gd_quadratic = staticmethod(_quadratic(lambda A, b, x: b - A @ x))


@wrong(replaces=("gradient_descent",), fails=["value", "converges"])
class no_mean:
    """The loss is a mean: divide the gradient by N, or the usable learning rate depends on the number of rows."""

    gradient_descent = staticmethod(_descent(gradient=lambda X, y, theta: X.T @ (X @ theta - y)))


@wrong(replaces=("gradient_descent",), fails=["value", "converges"])
class factor_two:
    """This loss has a 1/2, so the factor 2 of the derivative cancels: X^T e / N, not 2 X^T e / N."""

    gradient_descent = staticmethod(_descent(gradient=lambda X, y, theta: 2 * _gradient(X, y, theta)))


@wrong(replaces=("gradient_descent",), fails=["value"])
class loss_without_half:
    """The loss here is HALF the mean squared error; without the 1/2 it would not fit the gradient X^T e / N."""

    gradient_descent = staticmethod(_descent(loss=lambda X, y, theta: 2 * _loss(X, y, theta)))


@wrong(replaces=("gradient_descent",), fails=["value"])
class loss_summed:
    """The loss is a mean over the rows: divide by 2N, not by 2."""

    gradient_descent = staticmethod(_descent(loss=lambda X, y, theta: len(y) * _loss(X, y, theta)))


@wrong(replaces="gradient_descent", fails=["value"])
def loss_after(X, y, lr, epochs, theta0=None):
    """losses must start with the loss before any step: epochs + 1 entries."""
    theta, losses = right_descent(X, y, lr, epochs, theta0)
    return theta, losses[1:]


@wrong(replaces="gradient_descent", fails=["value"])
def last_loss_missing(X, y, lr, epochs, theta0=None):
    """losses must end with the loss after the last step: epochs + 1 entries."""
    theta, losses = right_descent(X, y, lr, epochs, theta0)
    return theta, losses[:-1]


@wrong(replaces="gradient_descent", fails=["value", "converges"])
def row_by_row(X, y, lr, epochs, theta0=None):
    """Batch gradient descent takes ONE step per epoch, with the gradient over all rows; yours steps after each row."""
    theta, losses = right_descent(X, y, lr, 0, theta0)
    for _ in range(epochs):
        for row, target in zip(X, y, strict=True):
            theta = theta - lr * (row @ theta - target) * row
        losses = np.append(losses, _loss(X, y, theta))
    return theta, losses


@wrong(replaces="gradient_descent", fails=["value"])
def one_coefficient_after_another(X, y, lr, epochs, theta0=None):
    """Take the whole gradient at the old theta, then move: you use coefficients that this step has moved already."""
    theta, losses = right_descent(X, y, lr, 0, theta0)
    for _ in range(epochs):
        for j in range(len(theta)):
            theta[j] -= lr * X[:, j] @ (X @ theta - y) / len(y)
        losses = np.append(losses, _loss(X, y, theta))
    return theta, losses


@wrong(replaces="gradient_descent", fails=["value"])
def start_ignored(X, y, lr, epochs, theta0=None):
    """`theta0` has no effect on your result: the descent starts there, and from zeros only if it is None."""
    right_descent(X, y, lr, 0, theta0)
    return right_descent(X, y, lr, epochs)


@wrong(replaces="gradient_descent", fails=["value"])
def start_at_ones(X, y, lr, epochs, theta0=None):
    """Without theta0 the descent starts from zeros, so that every run gives the same."""
    theta0 = np.ones_like(right_descent(X, y, lr, 0)[0]) if theta0 is None else theta0
    return right_descent(X, y, lr, epochs, theta0)


@wrong(replaces="gradient_descent", fails=["value"])
def float64_out(X, y, lr, epochs, theta0=None):
    """float32 inputs should give float32 results: np.zeros(D) is float64, so take the dtype of X."""
    theta, losses = right_descent(X, y, lr, epochs, theta0)
    return theta.astype(np.float64), losses.astype(np.float64)


@wrong(replaces="gradient_descent", fails=["errors_purity"])
def inplace_theta0(X, y, lr, epochs, theta0=None):
    """`theta0 -= …` changes the caller's start vector: work on a copy."""
    theta, losses = right_descent(X, y, lr, epochs, theta0)
    if theta0 is None:
        return theta, losses
    theta0[...] = theta
    return theta0, losses


@wrong(replaces="gradient_descent", fails=["errors_purity"])
def start_returned(X, y, lr, epochs, theta0=None):
    """With epochs = 0 you return the caller's own theta0: return a copy, or a later change of one changes both."""
    theta, losses = right_descent(X, y, lr, epochs, theta0)
    return (theta0 if epochs == 0 and theta0 is not None else theta), losses


@wrong(replaces="gradient_descent", fails=["errors_purity"])
def shapes_unchecked(X, y, lr, epochs, theta0=None):
    """Shapes that broadcast need not be right: with y of shape (N, 1), X theta - y is N x N. Raise ValueError."""
    _positive(lr)
    _, d = X.shape
    theta = np.zeros(d, X.dtype if X.dtype.kind == "f" else float) if theta0 is None else theta0.copy()
    losses = [_loss(X, y, theta)]
    for _ in range(epochs):
        theta = theta - lr * X.T @ (X @ theta - y) / len(y)
        losses.append(_loss(X, y, theta))
    return theta, np.array(losses)


@wrong(replaces=("gd_quadratic",), fails=["quadratic_iterates", "stability_limit"])
class linear_term_missing:
    """The gradient of 1/2 x^T A x - b^T x is A x - b: without b the iterates run to 0."""

    gd_quadratic = staticmethod(_quadratic(lambda A, b, x: A @ x))


@wrong(replaces=("gd_quadratic",), fails=["quadratic_iterates", "stability_limit"])
class linear_term_added:
    """The linear term is -b^T x, so its gradient is -b: A x - b, not A x + b."""

    gd_quadratic = staticmethod(_quadratic(lambda A, b, x: A @ x + b))


@wrong(replaces=("gd_quadratic",), fails=["quadratic_iterates", "stability_limit"])
class quadratic_factor_two:
    """The 1/2 in f cancels the 2 of the derivative: the gradient is A x - b, not 2 A x - b."""

    gd_quadratic = staticmethod(_quadratic(lambda A, b, x: 2 * A @ x - b))


@wrong(replaces="gd_quadratic", fails=["quadratic_iterates"])
def start_left_out(A, b, x0, lr, steps):
    """The first row is x0 itself: steps + 1 rows."""
    return right_quadratic(A, b, x0, lr, steps)[1:]


@wrong(replaces="gd_quadratic", fails=["quadratic_iterates"])
def same_array_collected(A, b, x0, lr, steps):
    """All rows are the last iterate: `x -= …` changes the array that is in the list already; collect copies."""
    path = right_quadratic(A, b, x0, lr, steps)
    return np.stack([path[-1]] * len(path))


@wrong(replaces="gd_quadratic", fails=["errors_purity"])
def inplace_x0(A, b, x0, lr, steps):
    """`x0 -= …` changes the caller's start vector: work on a copy."""
    path = right_quadratic(A, b, x0, lr, steps)
    x0[...] = path[-1]
    return path


@wrong(replaces="max_stable_lr", fails=["stability_limit"])
def limit_one_over(A):
    """1 / lambda_max is the fastest choice for the steepest direction; stability ends only at 2 / lambda_max."""
    return float(1 / _lambda_max(A))


@wrong(replaces=("max_stable_lr", "lr_regime"), fails=["stability_limit", "regimes"])
class limit_min_eig:
    """The steepest direction, that of the LARGEST eigenvalue, diverges first: the smallest one sets no limit."""

    def max_stable_lr(A):
        _lambda_max(A)
        return float(2 / np.linalg.eigvalsh(A)[0])

    def lr_regime(A, lr):
        right_regime(A, lr)
        return _labels(lr * np.linalg.eigvalsh(A)[0])


@wrong(replaces=("max_stable_lr", "lr_regime"), fails=["stability_limit", "regimes"])
class frobenius_norm:
    """np.linalg.norm(A) is the root of the sum of all squares, not the largest eigenvalue (that is norm(A, 2))."""

    def max_stable_lr(A):
        _lambda_max(A)
        return float(2 / np.linalg.norm(A))

    def lr_regime(A, lr):
        right_regime(A, lr)
        return _labels(lr * np.linalg.norm(A))


@wrong(replaces=("max_stable_lr", "lr_regime"), fails=["stability_limit", "regimes"])
class largest_entry:
    """The diagonal shows the eigenvalues of diagonal matrices only: take them from np.linalg.eigvalsh."""

    def max_stable_lr(A):
        _lambda_max(A)
        return float(2 / A.diagonal().max())

    def lr_regime(A, lr):
        right_regime(A, lr)
        return _labels(lr * A.diagonal().max())


@wrong(replaces="max_stable_lr", fails=["stability_limit"])
def best_rate(A):
    """2 / (lambda_min + lambda_max) is the best constant rate; the LIMIT of stability is 2 / lambda_max."""
    return float(2 / (_lambda_max(A) + np.linalg.eigvalsh(A)[0]))


@wrong(replaces="lr_regime", fails=["regimes"])
def rate_alone(A, lr):
    """A learning rate is small or large only against the curvature: judge lr * lambda_max, not lr."""
    right_regime(A, lr)
    return _labels(lr)


@wrong(replaces="lr_regime", fails=["regimes"])
def two_still_oscillates(A, lr):
    """At lr * lambda_max = 2 the error changes sign and never shrinks: that is divergent already."""
    label = right_regime(A, lr)
    return "oscillating" if lr * _lambda_max(A) == 2 else label


@wrong(replaces="lr_regime", fails=["regimes"])
def one_oscillates(A, lr):
    """At lr * lambda_max = 1 the steepest direction is solved in one step, without a change of sign: fast."""
    label = right_regime(A, lr)
    return "oscillating" if lr * _lambda_max(A) == 1 else label


@wrong(replaces="lr_regime", fails=["regimes"])
def tenth_is_slow(A, lr):
    """The regime "fast" includes its lower end, lr * lambda_max = 0.1."""
    label = right_regime(A, lr)
    return "slow" if lr * _lambda_max(A) == 0.1 else label


def _checked(A, lr, symmetric=True):
    """What is left of the validation of A."""
    _positive(lr)
    values = np.linalg.eigvalsh((A + A.T) / 2)
    if symmetric and not np.allclose(A, A.T):
        raise ValueError("A must be symmetric")
    return values


def _of_matrix(validated):
    """The three functions of a matrix with other checks; validated(A, lr) returns the largest eigenvalue."""

    def gd_quadratic(A, b, x0, lr, steps):
        validated(A, lr)
        if not b.shape == x0.shape == A.shape[1:]:
            raise ValueError("b and x0 are (D,)")
        path = [x0]
        for _ in range(steps):
            path.append(path[-1] - lr * (A @ path[-1] - b))
        return np.stack(path)

    def max_stable_lr(A):
        with np.errstate(divide="ignore"):
            return float(2 / validated(A, 1.0))

    def lr_regime(A, lr):
        return _labels(lr * validated(A, lr))

    return map(staticmethod, (gd_quadratic, max_stable_lr, lr_regime))


OF_MATRIX = ("gd_quadratic", "max_stable_lr", "lr_regime")


@wrong(replaces=OF_MATRIX, fails=["errors_purity"])
class semidefinite_allowed:
    """An eigenvalue of 0 is not positive: the error along it would stay for ever. Raise ValueError."""

    @staticmethod
    def _validated(A, lr):
        values = _checked(A, lr)
        if values[0] < 0:
            raise ValueError("A")
        return values[-1]

    gd_quadratic, max_stable_lr, lr_regime = _of_matrix(_validated)


@wrong(replaces=OF_MATRIX, fails=["errors_purity"])
class definite_unchecked:
    """With an eigenvalue <= 0 the quadratic has no minimum to run to: raise ValueError."""

    gd_quadratic, max_stable_lr, lr_regime = _of_matrix(lambda A, lr: _checked(A, lr)[-1])


@wrong(replaces=OF_MATRIX, fails=["errors_purity"])
class symmetry_unchecked:
    """eigvalsh and cholesky read one triangle only and believe in the other: check that A is symmetric yourself."""

    @staticmethod
    def _validated(A, lr):
        values = _checked(A, lr, symmetric=False)
        if values[0] <= 0:
            raise ValueError("A")
        return values[-1]

    gd_quadratic, max_stable_lr, lr_regime = _of_matrix(_validated)


@wrong(replaces=OF_MATRIX, fails=["errors_purity"])
class symmetry_exact:
    """A product such as B C B^T is symmetric only up to rounding: compare with np.allclose, not with ==."""

    @staticmethod
    def _validated(A, lr):
        _positive(lr)
        if (A != A.T).any():
            raise ValueError("A")
        return _lambda_max(A)

    gd_quadratic, max_stable_lr, lr_regime = _of_matrix(_validated)


@wrong(replaces="gd_quadratic", fails=["errors_purity"])
def quadratic_shapes_unchecked(A, b, x0, lr, steps):
    """b of shape (1,) or (D, 1) broadcasts against A x, to something else than A x - b: raise ValueError."""
    _lambda_max(A)
    _positive(lr)
    path = [x0]
    for _ in range(steps):
        path.append(path[-1] - lr * (A @ path[-1] - b))
    return np.stack(np.broadcast_arrays(*path))


@wrong(replaces=("gradient_descent", "gd_quadratic", "lr_regime"), fails=["errors_purity"])
class zero_rate_allowed:
    """With lr = 0 nothing moves: the learning rate must be > 0, else raise ValueError."""

    def gradient_descent(X, y, lr, epochs, theta0=None):
        right_descent(X, y, lr if lr != 0 else 1.0, 0, theta0)
        if lr != 0:
            return right_descent(X, y, lr, epochs, theta0)
        theta, losses = right_descent(X, y, 1.0, 0, theta0)
        return theta, np.repeat(losses, epochs + 1)

    def gd_quadratic(A, b, x0, lr, steps):
        if lr != 0:
            return right_quadratic(A, b, x0, lr, steps)
        return np.repeat(right_quadratic(A, b, x0, 1.0, 0), steps + 1, axis=0)

    def lr_regime(A, lr):
        return right_regime(A, lr if lr != 0 else 0.01 / _lambda_max(A))


@wrong(replaces=("gradient_descent", "gd_quadratic", "lr_regime"), fails=["errors_purity"])
class rate_unchecked:
    """A learning rate <= 0 is a mistake of the caller's: raise ValueError."""

    def gradient_descent(X, y, lr, epochs, theta0=None):
        theta, losses = right_descent(X, y, 1.0, 0, theta0)
        for _ in range(epochs):
            theta = theta - lr * _gradient(X, y, theta)
            losses = np.append(losses, _loss(X, y, theta))
        return theta, losses

    def gd_quadratic(A, b, x0, lr, steps):
        path = [*right_quadratic(A, b, x0, 1.0, 0)]
        for _ in range(steps):
            path.append(path[-1] - lr * (A @ path[-1] - b))
        return np.stack(path)

    def lr_regime(A, lr):
        return _labels(lr * _lambda_max(A))
