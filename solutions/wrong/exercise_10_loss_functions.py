"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions import exercise_10_loss_functions as reference


def _error(pred, target):
    return reference.mse_loss(pred, target, "none") * 0 + _float(pred) - _float(target)  # with its ValueErrors


def _float(x):
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _reduced(losses, reduction):
    return reference.mae_loss(losses, np.zeros_like(losses), reduction)  # the losses are positive


@wrong(replaces="mse_loss", fails=["pointwise_value"])
def half_mse(pred, target, reduction="mean"):
    """This exercise's MSE has no factor 1/2 in front; its gradient is 2 e / n."""
    return _reduced(0.5 * _error(pred, target) ** 2, reduction)


@wrong(replaces="mse_loss", fails=["pointwise_value"])
def square_of_mean(pred, target, reduction="mean"):
    """Square every error, then average: in (mean e)^2 errors of opposite sign cancel."""
    e = _error(pred, target)
    return float(e.mean() ** 2) if reduction == "mean" else _reduced(e**2, reduction)


@wrong(replaces="mae_loss", fails=["pointwise_value", "robustness"])
def abs_of_mean(pred, target, reduction="mean"):
    """Take absolute values first, then average: in |mean e| errors of opposite sign cancel."""
    e = _error(pred, target)
    return float(abs(e.mean())) if reduction == "mean" else _reduced(np.abs(e), reduction)


@wrong(replaces=("mse_loss", "mae_loss"), fails=["pointwise_value"])
class mean_over_rows:
    """The mean runs over ALL elements; dividing by len(pred) only counts the rows."""

    def mse_loss(pred, target, reduction="mean"):
        return _by_rows(reference.mse_loss(pred, target, "none"), reduction)

    def mae_loss(pred, target, reduction="mean"):
        return _by_rows(reference.mae_loss(pred, target, "none"), reduction)


def _by_rows(losses, reduction):
    return _reduced(losses, "sum") / len(losses) if reduction == "mean" else _reduced(losses, reduction)


@wrong(replaces=("mse_loss", "mae_loss"), fails=["errors_purity"])
class unknown_is_mean:
    """A misspelt reduction must not quietly become the mean: raise ValueError."""

    def mse_loss(pred, target, reduction="mean"):
        return reference.mse_loss(pred, target, reduction if reduction in ("none", "sum") else "mean")

    def mae_loss(pred, target, reduction="mean"):
        return reference.mae_loss(pred, target, reduction if reduction in ("none", "sum") else "mean")


@wrong(replaces=("mse_loss", "mae_loss"), fails=["pointwise_value"])
class wraps_around:
    """Unsigned integers wrap around, 3 - 5 = 254: convert to float before subtracting."""

    def mse_loss(pred, target, reduction="mean"):
        _error(pred, target)
        return _reduced(_float((pred - target) ** 2), reduction)

    def mae_loss(pred, target, reduction="mean"):
        _error(pred, target)
        return _reduced(_float(np.abs(pred - target)), reduction)


@wrong(replaces=("mse_loss", "rmse", "r2_score"), fails=["errors_purity"])
class broadcasting:
    """Shapes (N, 1) and (N,) broadcast to an N x N matrix of errors between all pairs; refuse unequal shapes."""

    def mse_loss(pred, target, reduction="mean"):
        return reference.mse_loss(*_broadcast(pred, target), reduction)

    def rmse(pred, target):
        return reference.rmse(*_broadcast(pred, target))

    def r2_score(pred, target):
        return reference.r2_score(*_broadcast(pred, target))


def _broadcast(pred, target):
    return tuple(np.array(a) for a in np.broadcast_arrays(pred, target))


@wrong(replaces=("mse_loss", "mae_loss"), fails=["errors_purity"])
class empty_is_nan:
    """The mean of nothing is 0/0 = NaN, which then spreads through the training: refuse empty input."""

    def mse_loss(pred, target, reduction="mean"):
        return reference.mse_loss(pred, target, reduction) if pred.size else float("nan")

    def mae_loss(pred, target, reduction="mean"):
        return reference.mae_loss(pred, target, reduction) if pred.size else float("nan")


@wrong(replaces="huber_loss", fails=["pointwise_value", "huber_limits"])
def huber_is_smooth_l1(pred, target, delta=1.0, reduction="mean"):
    """That is smooth L1, the beta form: it is divided by delta. Huber is delta times it."""
    losses = reference.huber_loss(pred, target, delta, "none") / delta
    return _reduced(losses, reduction)


@wrong(replaces="huber_loss", fails=["pointwise_value", "huber_limits", "robustness"])
def huber_without_half(pred, target, delta=1.0, reduction="mean"):
    """The parabola needs its 1/2: with e^2 neither value nor slope meets the straight part at |e| = delta."""
    reference.huber_loss(pred, target, delta, reduction)
    a = np.abs(_error(pred, target))
    return _reduced(np.where(a <= delta, a**2, delta * (a - 0.5 * delta)), reduction)


@wrong(replaces="huber_loss", fails=["pointwise_value", "huber_limits"])
def huber_jumps(pred, target, delta=1.0, reduction="mean"):
    """The straight part is delta * (|e| - delta / 2): without the offset the loss jumps at |e| = delta."""
    reference.huber_loss(pred, target, delta, reduction)
    a = np.abs(_error(pred, target))
    return _reduced(np.where(a <= delta, 0.5 * a**2, delta * a), reduction)


@wrong(replaces="huber_loss", fails=["pointwise_value", "huber_limits", "robustness"])
def huber_branches_swapped(pred, target, delta=1.0, reduction="mean"):
    """Small errors are squared and large ones counted linearly, not the other way round."""
    reference.huber_loss(pred, target, delta, reduction)
    a = np.abs(_error(pred, target))
    return _reduced(np.where(a > delta, 0.5 * a**2, delta * np.abs(a - 0.5 * delta)), reduction)


@wrong(replaces="hinge_loss", fails=["hinge_value", "errors_purity"])
def hinge_01(score, y):
    """The hinge loss needs labels -1 and +1: with a label 0 the product y * score says nothing."""
    reference.mse_loss(score, y)
    if not np.isin(y, (0, 1)).all():
        raise ValueError("labels are 0 and 1")
    return float(np.maximum(0, 1 - y * score).mean())


@wrong(replaces="hinge_loss", fails=["hinge_value"])
def perceptron_loss(score, y):
    """max(0, -y * score) is the perceptron's loss; the hinge also wants a margin: max(0, 1 - y * score)."""
    reference.hinge_loss(score, y)
    return float(np.maximum(0, -y * score).mean())


@wrong(replaces="hinge_loss", fails=["hinge_value"])
def squared_hinge(score, y):
    """The hinge is not squared: max(0, 1 - y * score), linear in what falls short of the margin."""
    reference.hinge_loss(score, y)
    return float((np.maximum(0, 1 - y * score) ** 2).mean())


@wrong(replaces="hinge_loss", fails=["hinge_value"])
def hinge_not_clipped(score, y):
    """Beyond the margin the loss is 0, never negative: a good score must not pay for a bad one."""
    reference.hinge_loss(score, y)
    return float((1 - y * score).mean())


@wrong(replaces="hinge_loss", fails=["errors_purity"])
def hinge_labels_unchecked(score, y):
    """Labels other than -1 and +1 scale the margin without a word: raise ValueError."""
    reference.mse_loss(score, y)
    return float(np.maximum(0, 1 - y * score).mean())


def _violations(scores, target, margin):
    reference.multiclass_hinge_loss(scores, target, margin)  # the reference's ValueErrors
    rows = np.arange(len(scores))
    losses = np.maximum(0, margin - scores[rows, target][:, None] + scores)
    losses[rows, target] = 0
    return losses


@wrong(replaces="multiclass_hinge_loss", fails=["hinge_value"])
def hinge_own_class(scores, target, margin=1.0):
    """The true class compared with itself adds a constant margin: leave j = y out of the sum."""
    losses = _violations(scores, target, margin)
    return float((losses.sum() + margin * len(scores)) / scores.size)


@wrong(replaces="multiclass_hinge_loss", fails=["hinge_value"])
def hinge_no_c(scores, target, margin=1.0):
    """The sum over the wrong classes is divided by the number C of classes, as in PyTorch."""
    return float(_violations(scores, target, margin).sum(axis=1).mean())


@wrong(replaces="multiclass_hinge_loss", fails=["hinge_value"])
def hinge_worst_class(scores, target, margin=1.0):
    """Every wrong class within the margin counts, not the worst alone (that is the Crammer-Singer form)."""
    return float(_violations(scores, target, margin).max(axis=1).mean())


@wrong(replaces="multiclass_hinge_loss", fails=["hinge_value"])
def hinge_divides_by_wrong_classes(scores, target, margin=1.0):
    """Divide by C, not by the C - 1 wrong classes: that is the convention stated here, and PyTorch's."""
    return float(_violations(scores, target, margin).sum() / (scores.size - len(scores)))


@wrong(replaces="multiclass_hinge_loss", fails=["hinge_value"])
def margin_ignored(scores, target, margin=1.0):
    """The `margin` argument has no effect on your result."""
    _violations(scores, target, margin)
    return reference.multiclass_hinge_loss(scores, target)


@wrong(replaces="multiclass_hinge_loss", fails=["errors_purity"])
def negative_class(scores, target, margin=1.0):
    """numpy reads class -1 as the last one without a word: refuse class numbers below 0."""
    if (target >= scores.shape[1]).any():
        raise ValueError("class number")
    return reference.multiclass_hinge_loss(scores, target % scores.shape[1], margin)


@wrong(replaces="rmse", fails=["metrics"])
def rmse_mean_of_roots(pred, target):
    """The root comes last: the mean of sqrt(e^2) is the MAE."""
    return float(np.sqrt(_error(pred, target) ** 2).mean())


@wrong(replaces="rmse", fails=["metrics"])
def rmse_without_root(pred, target):
    """That is the MSE: RMSE is its square root, in the units of the target."""
    return float((_error(pred, target) ** 2).mean())


@wrong(replaces="r2_score", fails=["metrics"])
def r2_squared_corr(pred, target):
    """R2 compares with the mean predictor and can be negative; the squared correlation forgives any scale and shift."""
    good = reference.r2_score(pred, target)
    p, t = _float(pred) - pred.mean(), _float(target) - target.mean()
    spread = (p * p).sum() * (t * t).sum()
    return float((p * t).sum() ** 2 / spread) if spread > 0 else good


@wrong(replaces="r2_score", fails=["metrics"])
def r2_clipped(pred, target):
    """R2 is negative for predictions worse than the mean; do not clip it at 0."""
    return max(0.0, reference.r2_score(pred, target))


@wrong(replaces="r2_score", fails=["metrics"])
def r2_arguments_swapped(pred, target):
    """The spread is that of the target, not of the predictions: pred comes first here (scikit-learn takes it last)."""
    return reference.r2_score(target, pred)


@wrong(replaces="r2_score", fails=["metrics"])
def r2_mean_per_column(pred, target):
    """SS_tot uses one mean, that of all target elements, not one per column."""
    good = reference.r2_score(pred, target)
    spread = ((_float(target) - target.mean(axis=0)) ** 2).sum()
    return float(1 - (_error(pred, target) ** 2).sum() / spread) if spread > 0 else good


@wrong(replaces="r2_score", fails=["metrics"])
def r2_constant_is_nan(pred, target):
    """With constant targets SS_tot is 0 and the quotient NaN or -inf: return 1.0 if SS_res is 0, too, else 0.0."""
    ss_res = (_error(pred, target) ** 2).sum()
    return float(1 - ss_res / ((_float(target) - target.mean()) ** 2).sum())


@wrong(replaces="loss_grad", fails=["gradients"])
def half_mse_gradient(name, pred, target, delta=1.0):
    """The derivative of e^2 is 2 e; e alone belongs to half the MSE."""
    grad = reference.loss_grad(name, pred, target, delta)
    return grad / 2 if name == "mse" else grad


@wrong(replaces="loss_grad", fails=["gradients", "huber_limits"])
def gradient_of_sum(name, pred, target, delta=1.0):
    """The loss is a mean over all elements: its gradient carries 1/n."""
    return reference.loss_grad(name, pred, target, delta) * pred.size


@wrong(replaces="loss_grad", fails=["gradients"])
def gradient_by_rows(name, pred, target, delta=1.0):
    """n is the number of all elements, pred.size, not of the rows, len(pred)."""
    return reference.loss_grad(name, pred, target, delta) * (pred.size / len(pred))


@wrong(replaces="loss_grad", fails=["gradients", "huber_limits"])
def gradient_of_target(name, pred, target, delta=1.0):
    """The sign is turned: with e = pred - target the gradient for pred points along e."""
    return reference.loss_grad(name, target, pred, delta)


@wrong(replaces="loss_grad", fails=["gradients"])
def mae_kink(name, pred, target, delta=1.0):
    """At e = 0 the MAE's gradient is 0 by convention: np.sign does that, a comparison with >= does not."""
    grad = reference.loss_grad(name, pred, target, delta)
    return grad if name != "mae" else np.where(_error(pred, target) >= 0, 1, -1).astype(grad.dtype) / pred.size


@wrong(replaces="loss_grad", fails=["gradients"])
def huber_gradient_unclipped(name, pred, target, delta=1.0):
    """Beyond delta the Huber loss is linear: its slope stays at +-delta instead of growing with e."""
    grad = reference.loss_grad(name, pred, target, delta)
    return grad if name != "huber" else _error(pred, target) / pred.size


@wrong(replaces="loss_grad", fails=["gradients", "huber_limits"])
def huber_gradient_sign(name, pred, target, delta=1.0):
    """Beyond delta the slope is delta * sign(e), not sign(e): the two agree only for delta = 1."""
    grad = reference.loss_grad(name, pred, target, delta)
    e = _error(pred, target)
    return grad if name != "huber" else np.where(np.abs(e) <= delta, e, np.sign(e)) / pred.size
