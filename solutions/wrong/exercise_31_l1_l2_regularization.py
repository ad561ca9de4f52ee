"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_31_l1_l2_regularization import elastic_net_penalty as right_elastic_net
from dlkit.solutions.exercise_31_l1_l2_regularization import l1_penalty as right_l1
from dlkit.solutions.exercise_31_l1_l2_regularization import l2_penalty as right_l2
from dlkit.solutions.exercise_31_l1_l2_regularization import lasso_fit as right_lasso
from dlkit.solutions.exercise_31_l1_l2_regularization import ridge_fit as right_ridge
from dlkit.solutions.exercise_31_l1_l2_regularization import soft_threshold as right_threshold


@wrong(replaces="l2_penalty", fails=["penalty_value_grad", "weight_decay_link"])
def l2_no_two(weights, lam):
    """With the penalty lam * sum of w^2 the gradient is 2 * lam * w; lam * w belongs to lam / 2 * sum of w^2."""
    value, _ = right_l2(weights, lam)
    return value, [lam * w for w in weights]


@wrong(replaces="l2_penalty", fails=["penalty_value_grad", "weight_decay_link"])
def l2_half(weights, lam):
    """You penalise lam / 2 * sum of w^2: another convention. Here is no 1/2: weight decay wd is lam = wd / 2."""
    return right_l2(weights, lam / 2)


@wrong(replaces="l2_penalty", fails=["penalty_value_grad", "weight_decay_link"])
def l2_sqrt(weights, lam):
    """L2 regularisation uses the SQUARED norm: do not take the root."""
    value, _ = right_l2(weights, lam)
    norm = (value / lam) ** 0.5 if lam else 1.0
    return lam * norm, [lam * w / max(norm, 1e-300) for w in weights]


@wrong(replaces="l2_penalty", fails=["penalty_value_grad"])
def last_array_only(weights, lam):
    """Add the penalties of all arrays up: your value is that of the last one."""
    return right_l2(weights[-1:], lam)[0], right_l2(weights, lam)[1]


@wrong(replaces=("l1_penalty", "l2_penalty"), fails=["penalty_value_grad", "weight_decay_link"])
class mean_penalty:
    """The penalty is a sum over the weights: you divide it by their number."""

    def l1_penalty(weights, lam):
        return right_l1(weights, lam / sum(w.size for w in weights) if weights else lam)

    def l2_penalty(weights, lam):
        return right_l2(weights, lam / sum(w.size for w in weights) if weights else lam)


@wrong(replaces=("l1_penalty", "l2_penalty"), fails=["penalty_value_grad", "weight_decay_link"])
class skips_vectors:
    """The caller leaves the biases out: penalise every array in the list, 1-D ones, too."""

    def l1_penalty(weights, lam):
        right_l1(weights, lam)
        return right_l1([w * (w.ndim > 1) for w in weights], lam)

    def l2_penalty(weights, lam):
        right_l2(weights, lam)
        return right_l2([w * (w.ndim > 1) for w in weights], lam)


@wrong(replaces=("l1_penalty", "l2_penalty"), fails=["penalty_value_grad", "weight_decay_link"])
class gradient_without_lam:
    """lam scales the gradients as it does the value."""

    def l1_penalty(weights, lam):
        return right_l1(weights, lam)[0], right_l1(weights, 1.0)[1]

    def l2_penalty(weights, lam):
        return right_l2(weights, lam)[0], right_l2(weights, 1.0)[1]


@wrong(replaces=("l1_penalty", "l2_penalty"), fails=["penalty_value_grad"])
class value_in_float32:
    """The value should be a Python float, for float32 weights, too."""

    def l1_penalty(weights, lam):
        value, gradients = right_l1(weights, lam)
        return weights[0].dtype.type(value), gradients

    def l2_penalty(weights, lam):
        value, gradients = right_l2(weights, lam)
        return weights[0].dtype.type(value), gradients


@wrong(replaces=("l1_penalty", "l2_penalty"), fails=["penalty_value_grad"])
class float64_gradients:
    """The gradients of float32 weights should be float32."""

    def l1_penalty(weights, lam):
        value, gradients = right_l1(weights, lam)
        return value, [g.astype(np.float64) for g in gradients]

    def l2_penalty(weights, lam):
        value, gradients = right_l2(weights, lam)
        return value, [g.astype(np.float64) for g in gradients]


@wrong(replaces="l1_penalty", fails=["penalty_value_grad"])
def l1_sub_zero(weights, lam):
    """Use the subgradient 0 at w = 0; otherwise zeros are pushed off zero."""
    value, _ = right_l1(weights, lam)
    return value, [lam * np.where(w >= 0, w.dtype.type(1), w.dtype.type(-1)) for w in weights]


@wrong(replaces="l1_penalty", fails=["penalty_value_grad"])
def l1_zero_over_zero(weights, lam):
    """w / |w| is 0/0 at w = 0: there the subgradient is 0, as np.sign has it."""
    value, _ = right_l1(weights, lam)
    with np.errstate(invalid="ignore"):
        return value, [lam * (w / np.abs(w)) for w in weights]


@wrong(replaces="l1_penalty", fails=["penalty_value_grad"])
def l1_signed(weights, lam):
    """L1 sums ABSOLUTE values: in your sum positive and negative weights cancel."""
    return float(lam * sum(w.sum() for w in weights)), right_l1(weights, lam)[1]


@wrong(replaces="l1_penalty", fails=["penalty_value_grad"])
def l1_all_ones(weights, lam):
    """|w| has the slope sign(w), not 1: your gradient drives negative weights away from 0."""
    value, _ = right_l1(weights, lam)
    return value, [0 * w + lam for w in weights]


@wrong(replaces="l1_penalty", fails=["penalty_value_grad"])
def l1_shrinks_in_proportion(weights, lam):
    """L1 pulls with the same force lam on every weight, large or small: its gradient is lam * sign(w), not lam * w."""
    value, _ = right_l1(weights, lam)
    return value, [lam * w for w in weights]


@wrong(replaces="elastic_net_penalty", fails=["penalty_value_grad"])
def elastic_swapped(weights, l1, l2):
    """l1 goes with the sum of |w|, l2 with the sum of w^2: you have them the other way round."""
    return right_elastic_net(weights, l2, l1)


@wrong(replaces="elastic_net_penalty", fails=["penalty_value_grad"])
def elastic_half(weights, l1, l2):
    """The L2 part of this elastic net is l2 * sum of w^2; the factor 1/2 is another library's convention."""
    right_l2(weights, l2)
    return right_elastic_net(weights, l1, l2 / 2)


@wrong(replaces="elastic_net_penalty", fails=["penalty_value_grad"])
def elastic_ratio(weights, l1, l2):
    """l1 and l2 are two strengths, each of its own: not a total strength and a mixing ratio."""
    right_elastic_net(weights, l1, l2)
    if l2 > 1:  # no ratio
        return right_elastic_net(weights, l1 * l2, 0.0)
    return right_elastic_net(weights, l1 * l2, l1 * (1 - l2))


@wrong(replaces="soft_threshold", fails=["soft_threshold", "lasso_value", "sparsity_vs_shrinkage"])
def hard_threshold(w, t):
    """You keep the large entries as they are; soft thresholding also shrinks the survivors by t."""
    right_threshold(w, t)
    return w * (np.abs(w) > t)


@wrong(replaces="soft_threshold", fails=["soft_threshold", "lasso_value", "sparsity_vs_shrinkage"])
def past_zero(w, t):
    """Taking t off a weight smaller than t carries it past 0: stop there, with max(|w| - t, 0)."""
    right_threshold(w, t)
    return w - t * np.sign(w)


@wrong(replaces="soft_threshold", fails=["soft_threshold", "lasso_value", "sparsity_vs_shrinkage"])
def sign_lost(w, t):
    """max(|w| - t, 0) is the size of the result; give it the sign of w back."""
    right_threshold(w, t)
    return np.maximum(np.abs(w) - t, 0)


@wrong(replaces="soft_threshold", fails=["soft_threshold", "lasso_value", "sparsity_vs_shrinkage"])
def positive_only(w, t):
    """max(w - t, 0) makes every negative entry 0: threshold the absolute value, and keep the sign."""
    right_threshold(w, t)
    return np.maximum(w - t, 0)


@wrong(replaces="soft_threshold", fails=["soft_threshold", "lasso_value", "sparsity_vs_shrinkage"])
def clipped(w, t):
    """Clipping to [-t, t] is what soft thresholding takes away; the result is w minus that."""
    right_threshold(w, t)
    return np.clip(w, -t, t)


@wrong(replaces="soft_threshold", fails=["errors_purity"])
def threshold_in_place(w, t):
    """`w -= …` writes into the caller's array: work on a new one."""
    w[...] = right_threshold(w, t)
    return w


@wrong(replaces="ridge_fit", fails=["ridge_value", "sparsity_vs_shrinkage"])
def ridge_no_two(X, y, lam):
    """The gradient of lam * sum of w^2 is 2 * lam * w: the normal equation has 2 lam I, not lam I."""
    return right_ridge(X, y, lam / 2)


@wrong(replaces="ridge_fit", fails=["ridge_value", "sparsity_vs_shrinkage"])
def ridge_no_n(X, y, lam):
    """The squared error is a mean over N rows here: divide X^T X and X^T y by N, or multiply lam by N."""
    return right_ridge(X, y, lam / len(X))


@wrong(replaces="ridge_fit", fails=["ridge_value", "sparsity_vs_shrinkage"])
def ridge_half_n(X, y, lam):
    """You divide X^T X by N but not X^T y: both come from the same mean over N rows."""
    return right_ridge(X, y, lam) * X.dtype.type(len(X))


@wrong(replaces="ridge_fit", fails=["ridge_value", "sparsity_vs_shrinkage"])
def ridge_lam_everywhere(X, y, lam):
    """2 lam belongs on the diagonal only, 2 lam I: added to the whole matrix it couples all the weights."""
    right_ridge(X, y, lam)
    return np.linalg.lstsq(X.T @ X / len(X) + X.dtype.type(2 * lam), X.T @ y / len(X), rcond=None)[0]


@wrong(replaces="ridge_fit", fails=["ridge_value", "sparsity_vs_shrinkage"])
def ridge_lam_ignored(X, y, lam):
    """`lam` has no effect on your ridge weights: they are those of least squares."""
    right_ridge(X, y, lam)
    return np.linalg.lstsq(X, y, rcond=None)[0]


@wrong(replaces="ridge_fit", fails=["ridge_value", "sparsity_vs_shrinkage"])
def ridge_intercept(X, y, lam):
    """No intercept: X and y are taken as they are, you centre them first."""
    return right_ridge(X - X.mean(axis=0), y - y.mean(), lam)


@wrong(replaces="ridge_fit", fails=["ridge_value"])
def ridge_in_float64(X, y, lam):
    """float32 X and y should give float32 weights: np.eye(D) alone is float64."""
    return right_ridge(X.astype(np.float64), y.astype(np.float64), lam)


def _lasso(*, step=lambda A: 1 / np.linalg.eigvalsh(A)[-1], shrink=None, start=None, end=None):
    """lasso_fit with one of its parts replaced."""

    def lasso_fit(X, y, lam, steps=2000):
        right_lasso(X, y, lam, 1)  # the reference's ValueErrors
        A, b = X.T @ X / len(X), X.T @ y / len(X)
        size = X.dtype.type(step(A))
        w = start(X, y) if start else 0 * b
        for _ in range(steps):
            z = w - size * (A @ w - b)
            w = shrink(z, w, lam, size) if shrink else right_threshold(z, size * lam)
        return w if end is None else end(w, lam)

    return lasso_fit


@wrong(replaces=("lasso_fit",), fails=["lasso_value", "sparsity_vs_shrinkage"])
class lasso_by_subgradient:
    """With subgradient steps the weights hover about 0 and never become exactly 0: use soft thresholding."""

    lasso_fit = staticmethod(_lasso(shrink=lambda z, w, lam, size: z - size * lam * np.sign(w)))


@wrong(replaces=("lasso_fit",), fails=["lasso_value", "sparsity_vs_shrinkage"])
class threshold_no_step:
    """The proximal step scales the threshold by the step size, too: lam / L, not lam."""

    lasso_fit = staticmethod(_lasso(shrink=lambda z, w, lam, size: right_threshold(z, lam)))


@wrong(replaces=("lasso_fit",), fails=["lasso_value", "sparsity_vs_shrinkage"])
class threshold_at_the_end:
    """Threshold in EVERY step: once at the end is right only if the columns of X are orthonormal."""

    lasso_fit = staticmethod(_lasso(shrink=lambda z, w, lam, size: z, end=right_threshold))


@wrong(replaces=("lasso_fit",), fails=["lasso_value", "sparsity_vs_shrinkage"])
class threshold_missing:
    """You never threshold: these are steps towards least squares, and lam has no effect."""

    lasso_fit = staticmethod(_lasso(shrink=lambda z, w, lam, size: z))


@wrong(replaces=("lasso_fit",), fails=["lasso_value", "sparsity_vs_shrinkage"])
class threshold_first:
    """The gradient step comes first, then the threshold: you threshold the old weights."""

    lasso_fit = staticmethod(
        _lasso(shrink=lambda z, w, lam, size: z - w + right_threshold(w, size * lam)),
    )


@wrong(replaces=("lasso_fit",), fails=["lasso_value", "sparsity_vs_shrinkage"])
class fixed_step:
    """The step size is 1/L with L the largest eigenvalue of X^T X / N, not a constant: that may crawl or diverge."""

    lasso_fit = staticmethod(_lasso(step=lambda A: 0.01))


@wrong(replaces=("lasso_fit",), fails=["lasso_value"])
class smallest_eigenvalue:
    """L is the LARGEST eigenvalue: with a smaller one the steps are too long and diverge."""

    lasso_fit = staticmethod(_lasso(step=lambda A: 1 / max(np.linalg.eigvalsh(A)[0], 1e-3)))


@wrong(replaces=("lasso_fit",), fails=["lasso_value", "sparsity_vs_shrinkage"])
class trace_step:
    """L is the largest eigenvalue of X^T X / N; you take the sum of all: safe, but slow."""

    lasso_fit = staticmethod(_lasso(step=lambda A: 1 / np.trace(A)))


@wrong(replaces="lasso_fit", fails=["lasso_value", "sparsity_vs_shrinkage"])
def lasso_no_n(X, y, lam, steps=2000):
    """The squared error is a mean over N rows here: divide X^T (X w - y) and X^T X by N, or multiply lam by N."""
    return right_lasso(X, y, lam / len(X), steps)


@wrong(replaces="lasso_fit", fails=["lasso_value", "sparsity_vs_shrinkage"])
def lasso_two_lam(X, y, lam, steps=2000):
    """The factor 2 belongs to the square in L2; the L1 threshold is lam / L."""
    return right_lasso(X, y, 2 * lam, steps)


@wrong(replaces=("lasso_fit",), fails=["lasso_value", "sparsity_vs_shrinkage"])
class warm_start:
    """Start from w = 0: the weights after a given number of steps depend on it."""

    lasso_fit = staticmethod(_lasso(start=lambda X, y: np.linalg.lstsq(X, y, rcond=None)[0]))


@wrong(replaces="lasso_fit", fails=["lasso_value"])
def steps_ignored(X, y, lam, steps=2000):
    """`steps` has no effect on your result."""
    return right_lasso(X, y, lam)


@wrong(replaces="lasso_fit", fails=["lasso_value"])
def lasso_in_float64(X, y, lam, steps=2000):
    """float32 X and y should give float32 weights: np.zeros(D) alone is float64."""
    return right_lasso(X.astype(np.float64), y.astype(np.float64), lam, steps)


@wrong(replaces="lasso_fit", fails=["errors_purity"])
def centres_in_place(X, y, lam, steps=2000):
    """`X /= …` changes the caller's data: work on copies."""
    w = right_lasso(X, y, lam, steps)
    X /= np.sqrt(len(X))
    return w


ALL = ("l1_penalty", "l2_penalty", "soft_threshold", "ridge_fit", "lasso_fit")


@wrong(replaces=ALL, fails=["errors_purity"])
class negative_strength:
    """A strength or threshold below 0 rewards large weights: raise ValueError."""

    def l1_penalty(weights, lam):
        value, gradients = right_l1(weights, abs(lam))
        return (value, gradients) if lam >= 0 else (-value, [-g for g in gradients])

    def l2_penalty(weights, lam):
        value, gradients = right_l2(weights, abs(lam))
        return (value, gradients) if lam >= 0 else (-value, [-g for g in gradients])

    def soft_threshold(w, t):
        return np.sign(w) * np.maximum(np.abs(w) - t, 0)

    def ridge_fit(X, y, lam):
        if lam >= 0:
            return right_ridge(X, y, lam)
        return np.linalg.lstsq(X.T @ X / len(X) + 2 * lam * np.eye(X.shape[1]), X.T @ y / len(X), rcond=None)[0]

    def lasso_fit(X, y, lam, steps=2000):
        return right_lasso(X, y, lam, steps) if lam >= 0 else _unchecked_lasso(X, y, lam, steps)


def _unchecked_lasso(X, y, lam, steps):
    A, b = X.T @ X / len(X), X.T @ y / len(X)
    L, w = np.linalg.eigvalsh(A)[-1], 0 * b
    for _ in range(steps):
        z = w - (A @ w - b) / L
        w = np.sign(z) * np.maximum(np.abs(z) - lam / L, 0)
    return w


@wrong(replaces=("l1_penalty", "l2_penalty"), fails=["errors_purity"])
class empty_is_free:
    """An empty list is a mistake of the caller's (no weights were collected): raise ValueError, not the penalty 0."""

    def l1_penalty(weights, lam):
        return right_l1(weights, lam) if weights or lam < 0 else (0.0, [])

    def l2_penalty(weights, lam):
        return right_l2(weights, lam) if weights or lam < 0 else (0.0, [])


@wrong(replaces="l2_penalty", fails=["errors_purity"])
def gradient_in_place(weights, lam):
    """Return new gradients: `w *= 2 * lam` changes the weights themselves."""
    value, gradients = right_l2(weights, lam)
    for w, g in zip(weights, gradients, strict=True):
        w[...] = g
    return value, gradients
