"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_08_cross_entropy import (
    cross_entropy,
    cross_entropy_backward,
    log_softmax,
    logsumexp,
    weighted_targets,
)

LOSS = ["value", "weight_ignore", "smoothing"]


def _reduced(losses, total, reduction):
    if reduction == "none":
        return losses
    return losses.sum() / total if reduction == "mean" else losses.sum()


def _softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


# logsumexp and log_softmax


@wrong(replaces="logsumexp", fails=["stability"])
def no_max_shift(x, axis=-1, keepdims=False):
    """exp overflows at large logits; take the maximum m out first: m + log(sum(exp(x - m)))."""
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


@wrong(replaces="logsumexp", fails=["stability"])
def global_max(x, axis=-1, keepdims=False):
    """One maximum for the whole array underflows the other slices to log(0); shift each slice by its own."""
    logsumexp(x, axis)
    m = x.max()
    y = m + np.log(np.exp(x - m).sum(axis=axis, keepdims=True))
    return y if keepdims else y.squeeze(axis)


@wrong(replaces="logsumexp", fails=["logsumexp_value"])
def inf_minus_inf(x, axis=-1, keepdims=False):
    """A slice that is -inf throughout gives NaN (-inf - -inf) here; its logsumexp is -inf."""
    m = x.max(axis=axis, keepdims=True)
    y = m + np.log(np.exp(x - m).sum(axis=axis, keepdims=True))
    return y if keepdims else y.squeeze(axis)


@wrong(replaces="logsumexp", fails=["logsumexp_value", "errors_purity"])
def axis_ignored(x, axis=-1, keepdims=False):
    """The `axis` argument of logsumexp has no effect on your result."""
    return logsumexp(x, -1, keepdims)


@wrong(replaces="logsumexp", fails=["logsumexp_value"])
def squeezes_all(x, axis=-1, keepdims=False):
    """squeeze() without the axis also removes the other axes of size 1: say squeeze(axis)."""
    y = logsumexp(x, axis, True)
    return y if keepdims else y.squeeze()


@wrong(replaces="log_softmax", fails=["stability"])
def log_of_softmax(x, axis=-1):
    """Probabilities underflow to 0 and log gives -inf; compute x - logsumexp(x)."""
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    return np.log(_softmax(x, axis))


@wrong(replaces="log_softmax", fails=["logsumexp_value"])
def log_softmax_last_axis(x, axis=-1):
    """log_softmax normalises along `axis`; yours always takes the last one."""
    logsumexp(x, axis)
    return log_softmax(x, -1)


# The loss


@wrong(replaces="cross_entropy", fails=["stability", *LOSS])
def double_softmax(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """You normalised twice. With 10 classes the loss can then never fall below 1.4612 even for a perfect answer; pass
    raw logits."""
    logits = logits if logits.dtype.kind == "f" else logits.astype(np.float64)
    return cross_entropy(_softmax(logits), target, weight, ignore_index, label_smoothing, reduction)


@wrong(replaces="cross_entropy", fails=["value", "stability"])
def eps_in_log(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """log(p + 1e-12) caps the loss near 27.6 and biases the gradient; use log-softmax."""
    cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)
    p = np.exp(log_softmax(logits))
    log_p = np.log(p + p.dtype.type(1e-12))
    q, total = weighted_targets(log_p, target, weight, ignore_index, label_smoothing)
    return _reduced(-(q * log_p).sum(axis=1), total, reduction)


@wrong(replaces="cross_entropy", fails=["weight_ignore", "smoothing"])
def divide_by_n_weighted(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """The weighted mean divides by the summed weights of the targets, not by the number of rows."""
    losses = cross_entropy(logits, target, weight, ignore_index, label_smoothing, "none")
    total = len(target) if target.ndim == 2 else np.sum(target != ignore_index)
    if reduction == "mean":
        return losses.sum() / total
    return cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)


@wrong(replaces="cross_entropy", fails=["weight_ignore", "smoothing"])
def count_ignored(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """Ignored rows leave both numerator and denominator; you divide by their number (or their weights), too."""
    losses = cross_entropy(logits, target, weight, ignore_index, label_smoothing, "none")
    if reduction == "mean" and target.ndim == 1:
        w = np.ones(logits.shape[1]) if weight is None else weight
        return losses.sum() / w[np.where(target == ignore_index, 0, target)].sum()
    return cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)


@wrong(replaces="cross_entropy", fails=LOSS)
def mean_over_classes(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """Sum over classes, average over samples: your mean is C times too small."""
    y = cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)
    return y / logits.shape[1] if reduction == "mean" else y


@wrong(replaces="cross_entropy", fails=["stability", *LOSS])
def base2(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """Cross-entropy here is in nats: take the natural log, not log2."""
    y = cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)
    return y / y.dtype.type(np.log(2))


@wrong(replaces="cross_entropy", fails=["value", "stability", "weight_ignore", "smoothing", "errors_purity"])
def reduction_ignored(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """The `reduction` argument has no effect: you always return the mean."""
    return cross_entropy(logits, target, weight, ignore_index, label_smoothing)


@wrong(replaces="cross_entropy", fails=["value", "stability", "weight_ignore", "smoothing"])
def probabilities_to_ids(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """Class probabilities are targets of their own: every class counts with its share, not just the likeliest."""
    cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)
    ids = target.argmax(axis=1) if target.ndim == 2 else target
    return cross_entropy(logits, ids, weight, ignore_index, label_smoothing, reduction)


@wrong(replaces="cross_entropy", fails=["weight_ignore", "smoothing"])
def soft_mean_by_weight(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """With probabilities the mean divides by N; the sum of weights is the divisor for class ids only."""
    y = cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)
    if target.ndim == 2 and weight is not None and reduction == "mean":
        return y * len(target) / (target * weight).sum()
    return y


@wrong(replaces="cross_entropy", fails=["weight_ignore", "smoothing"])
def ignores_minus_100_only(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """Rows of -100 are ignored, rows of another ignore_index are not: use the argument."""
    y = cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)
    if ignore_index == -100 or target.ndim == 2 or ignore_index >= logits.shape[1]:
        return y
    return cross_entropy(logits, target, weight, -100, label_smoothing, reduction)


@wrong(replaces="cross_entropy", fails=["smoothing"])
def smooths_other_classes(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """The share e goes to all C classes, the right one included: e / C each, not e / (C - 1) for the others."""
    y = cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)
    classes = logits.shape[1]
    return (
        cross_entropy(
            logits, target, weight, ignore_index, min(label_smoothing * classes / (classes - 1), 1), reduction
        )
        + 0 * y
    )


@wrong(replaces="cross_entropy", fails=["smoothing"])
def smoothing_unweighted(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    """The evenly spread part carries the class weights, too: (e / C) * sum of w_c * (-log p_c)."""
    plain = cross_entropy(logits, target, weight, ignore_index, 0.0, "none")
    if weight is None or target.ndim == 2:
        return cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)
    spread = cross_entropy(logits, target, None, ignore_index, 1.0, "none")
    _, total = weighted_targets(logits, target, weight, ignore_index, label_smoothing)
    return _reduced((1 - label_smoothing) * plain + label_smoothing * spread, total, reduction)


@wrong(replaces="cross_entropy", fails=["smoothing"])
def no_smoothing_of_probabilities(
    logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"
):
    """Label smoothing applies to probabilities as well: t' = (1 - e) * t + e / C."""
    y = cross_entropy(logits, target, weight, ignore_index, label_smoothing, reduction)
    return cross_entropy(logits, target, weight, reduction=reduction) if target.ndim == 2 else y


# The gradient


@wrong(replaces="cross_entropy_backward", fails=["backward", "stability"])
def grad_no_mean(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    """The loss is a mean, so its gradient carries 1/N (with weights: 1 / their sum)."""
    y = cross_entropy_backward(logits, target, weight, ignore_index, label_smoothing)
    _, total = weighted_targets(log_softmax(logits), target, weight, ignore_index, label_smoothing)
    return y * total


@wrong(replaces="cross_entropy_backward", fails=["backward"])
def grad_of_ignored(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    """An ignored row has no loss, so its gradient is 0; you leave its softmax there."""
    y = cross_entropy_backward(logits, target, weight, ignore_index, label_smoothing)
    _, total = weighted_targets(log_softmax(logits), target, weight, ignore_index, label_smoothing)
    if target.ndim == 1:
        y[target == ignore_index] = _softmax(logits)[target == ignore_index] / (total or 1)
    return y


@wrong(replaces="cross_entropy_backward", fails=["backward"])
def grad_without_weight(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    """The class weights belong into the gradient, too: they scale each row's softmax - onehot."""
    cross_entropy_backward(logits, target, weight, ignore_index, label_smoothing)
    return cross_entropy_backward(logits, target, None, ignore_index, label_smoothing)


@wrong(replaces="cross_entropy_backward", fails=["backward"])
def grad_weights_softmax_only_once(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    """With weights the softmax of a row is multiplied by the row's whole weight, sum of w_c t'_c, not by 1."""
    y = cross_entropy_backward(logits, target, weight, ignore_index, label_smoothing)
    log_p = log_softmax(logits)
    q, total = weighted_targets(log_p, target, weight, ignore_index, label_smoothing)
    kept = q.any(axis=1, keepdims=True)
    return ((np.exp(log_p) - q) * kept / (total or 1)).astype(y.dtype)


@wrong(replaces="cross_entropy_backward", fails=["backward"])
def grad_without_smoothing(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    """Your gradient leaves the label smoothing out: the target is (1 - e) * onehot + e / C there, too."""
    cross_entropy_backward(logits, target, weight, ignore_index, label_smoothing)
    return cross_entropy_backward(logits, target, weight, ignore_index)


@wrong(replaces="cross_entropy_backward", fails=["backward"])
def grad_of_nothing_nan(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    """If every row is ignored your gradient is 0/0; it should be 0."""
    y = cross_entropy_backward(logits, target, weight, ignore_index, label_smoothing)
    return y * np.nan if target.ndim == 1 and (target == ignore_index).all() else y


@wrong(replaces="cross_entropy_backward", fails=["backward", "stability"])
def grad_sign(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    """onehot - softmax is the direction of descent; the gradient is softmax - onehot."""
    return -cross_entropy_backward(logits, target, weight, ignore_index, label_smoothing)


# Errors and purity


@wrong(replaces="weighted_targets", fails=["errors_purity"])
def negative_class_id(log_p, target, weight, ignore_index, label_smoothing):
    """A class id of -1 is no error for numpy, it indexes from the end: check 0 <= id < C yourself."""
    wraps = (target < 0) & (target != ignore_index) if target.ndim == 1 else False
    return weighted_targets(
        log_p, np.where(wraps, target + log_p.shape[1], target), weight, ignore_index, label_smoothing
    )


@wrong(replaces="weighted_targets", fails=["errors_purity"])
def weight_broadcasts(log_p, target, weight, ignore_index, label_smoothing):
    """A weight of shape (1,) broadcasts over all classes without an error: demand shape (C,)."""
    if weight is not None and weight.shape == (1,):
        weight = np.repeat(weight, log_p.shape[1])
    return weighted_targets(log_p, target, weight, ignore_index, label_smoothing)


@wrong(replaces="log_softmax", fails=["errors_purity"])
def shifts_in_place(x, axis=-1):
    """`x -= x.max(...)` writes into the caller's array; work on a new one."""
    y = log_softmax(x, axis)
    if x.dtype.kind == "f" and np.isfinite(x).all():
        x -= x.max(axis=axis, keepdims=True)
    return y
