"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_09_binary_cross_entropy import (
    bce_with_logits,
    bce_with_logits_backward,
    checked,
    output_gradients,
    positive,
    sigmoid,
    softplus,
)


def _reduced(losses, reduction):
    return {"none": losses, "mean": losses.mean(), "sum": losses.sum()}[reduction]


def _prepared(logits, target, pos_weight, reduction="mean"):
    """The reference's ValueErrors; z, t and q."""
    bce_with_logits(logits, target, pos_weight, reduction)
    return *checked(logits, target), positive(pos_weight)


@wrong(replaces="bce_with_logits", fails=["stability"])
def naive_log(logits, target, pos_weight=None, reduction="mean"):
    """log(0) at saturated logits; use the log1p(exp(-|z|)) form, which never leaves the logit."""
    z, t, q = _prepared(logits, target, pos_weight, reduction)
    s = sigmoid(z)
    return _reduced(-(q * t * np.log(s) + (1 - t) * np.log(1 - s)), reduction)


@wrong(replaces="sigmoid", fails=["stability"])
def naive_sigmoid(z):
    """exp(-z) overflows for large negative z; evaluate exp on non-positive numbers only."""
    return 1 / (1 + np.exp(-z))


@wrong(replaces=("bce_with_logits", "bce_with_logits_backward"), fails=["stability"])
class clip_probs:
    """Clipping the probabilities flattens the loss and zeroes the gradient just where the model is most wrong."""

    def bce_with_logits(logits, target, pos_weight=None, reduction="mean"):
        z, t, q = _prepared(logits, target, pos_weight, reduction)
        s = sigmoid(z).clip(1e-7, 1 - 1e-7)
        return _reduced(-(q * t * np.log(s) + (1 - t) * np.log(1 - s)), reduction)

    def bce_with_logits_backward(logits, target, pos_weight=None):
        y = bce_with_logits_backward(logits, target, pos_weight)
        s = sigmoid(logits * 1.0)
        return y * ((s > 1e-7) & (s < 1 - 1e-7))


@wrong(replaces="bce_with_logits", fails=["value", "stability", "pos_weight"])
def double_sigmoid(logits, target, pos_weight=None, reduction="mean"):
    """The loss applies the sigmoid itself: pass it raw logits, not probabilities."""
    z, _, _ = _prepared(logits, target, pos_weight, reduction)
    return bce_with_logits(sigmoid(z), target, pos_weight, reduction)


@wrong(replaces="bce_with_logits", fails=["value", "stability", "pos_weight"])
def positive_term_only(logits, target, pos_weight=None, reduction="mean"):
    """-t log s(z) says nothing about negatives: add -(1 - t) log(1 - s(z))."""
    z, t, q = _prepared(logits, target, pos_weight, reduction)
    return _reduced(q * t * softplus(-z), reduction)


@wrong(replaces="bce_with_logits", fails=["value", "stability", "pos_weight"])
def base2(logits, target, pos_weight=None, reduction="mean"):
    """Cross-entropy here is in nats: take the natural log, not log2."""
    z, t, q = _prepared(logits, target, pos_weight, reduction)
    return _reduced((q * t * softplus(-z) + (1 - t) * softplus(z)) / z.dtype.type(np.log(2)), reduction)


@wrong(replaces="bce_with_logits", fails=["value", "stability", "pos_weight"])
def hard_targets_only(logits, target, pos_weight=None, reduction="mean"):
    """Soft targets weigh both terms, t and 1 - t; you round them to a label."""
    z, t, q = _prepared(logits, target, pos_weight, reduction)
    return _reduced(np.where(t > 0.5, q * softplus(-z), softplus(z)), reduction)


@wrong(replaces="bce_with_logits", fails=["pos_weight", "stability"])
def pos_weight_both(logits, target, pos_weight=None, reduction="mean"):
    """pos_weight scales only the positive-label term; you multiply the whole loss by it."""
    z, t, q = _prepared(logits, target, pos_weight, reduction)
    return _reduced(q * (t * softplus(-z) + (1 - t) * softplus(z)), reduction)


@wrong(replaces="bce_with_logits", fails=["pos_weight", "stability"])
def pos_weight_on_negatives(logits, target, pos_weight=None, reduction="mean"):
    """pos_weight belongs to the term with t, the positive label; you put it on the term with 1 - t."""
    z, t, q = _prepared(logits, target, pos_weight, reduction)
    return _reduced(t * softplus(-z) + q * (1 - t) * softplus(z), reduction)


@wrong(replaces="bce_with_logits", fails=["pos_weight"])
def pos_weight_normalised(logits, target, pos_weight=None, reduction="mean"):
    """The mean divides by the number of elements, not by the sum of the weights."""
    z, t, q = _prepared(logits, target, pos_weight, reduction)
    losses = q * t * softplus(-z) + (1 - t) * softplus(z)
    return losses.sum() / (1 + (q - 1) * t).sum() if reduction == "mean" else _reduced(losses, reduction)


@wrong(replaces="bce_with_logits", fails=["value", "pos_weight"])
def sum_classes(logits, target, pos_weight=None, reduction="mean"):
    """'mean' averages over every element; you sum over the last axis first."""
    y = bce_with_logits(logits, target, pos_weight, reduction)
    return y * logits.shape[-1] if reduction == "mean" else y


@wrong(replaces="bce_with_logits", fails=["value", "stability", "pos_weight", "errors_purity"])
def reduction_ignored(logits, target, pos_weight=None, reduction="mean"):
    """The `reduction` argument has no effect: you always return the mean."""
    return bce_with_logits(logits, target, pos_weight)


@wrong(replaces=("bce_with_logits_backward", "output_gradients"), fails=["backward", "stability", "saturation"])
class mse_gradient:
    """For BCE on logits the s(1-s) factor cancels: the gradient is s(z)-t. That, and no cure for vanishing gradients
    elsewhere, is why cross-entropy fits a sigmoid output."""

    def bce_with_logits_backward(logits, target, pos_weight=None):
        y = bce_with_logits_backward(logits, target, pos_weight)
        s = sigmoid(logits * 1.0)
        return y * s * (1 - s)

    def output_gradients(logits, target):
        _, d_mse = output_gradients(logits, target)
        return d_mse, d_mse.copy()


@wrong(replaces="output_gradients", fails=["stability", "saturation"])
def mse_without_slope(logits, target):
    """The squared error is behind the sigmoid: its gradient for z carries the factor s(z) (1 - s(z))."""
    d_bce, _ = output_gradients(logits, target)
    return d_bce, d_bce.copy()


@wrong(replaces="output_gradients", fails=["saturation"])
def mse_factor_two(logits, target):
    """The squared error here is (s(z) - t)^2 / 2: the 2 of its derivative cancels."""
    d_bce, d_mse = output_gradients(logits, target)
    return d_bce, 2 * d_mse


@wrong(replaces="output_gradients", fails=["saturation", "stability"])
def mean_of_output_gradients(logits, target):
    """output_gradients is per element: nothing is averaged, so nothing is divided by the number of elements."""
    d_bce, d_mse = output_gradients(logits, target)
    return d_bce / d_bce.size, d_mse / d_mse.size


@wrong(replaces="bce_with_logits_backward", fails=["backward", "stability"])
def grad_no_mean(logits, target, pos_weight=None):
    """The loss is a mean over all elements, so its gradient carries 1/n."""
    return bce_with_logits_backward(logits, target, pos_weight) * logits.size


@wrong(replaces="bce_with_logits_backward", fails=["backward", "stability"])
def grad_divides_by_rows(logits, target, pos_weight=None):
    """The mean is over all n elements, not over the N rows: divide the gradient by logits.size."""
    return bce_with_logits_backward(logits, target, pos_weight) * (logits.size / len(logits))


@wrong(replaces="bce_with_logits_backward", fails=["backward", "stability"])
def grad_without_pos_weight(logits, target, pos_weight=None):
    """Your gradient leaves pos_weight out: the term of the positive label is q t (1 - s(z))."""
    bce_with_logits_backward(logits, target, pos_weight)
    return bce_with_logits_backward(logits, target)


@wrong(replaces="bce_with_logits_backward", fails=["backward", "stability"])
def grad_pos_weight_both(logits, target, pos_weight=None):
    """pos_weight times (s(z) - t) also weighs the negatives: only the term with t carries it."""
    y = bce_with_logits_backward(logits, target, pos_weight)
    return y if pos_weight is None else pos_weight * bce_with_logits_backward(logits, target)


@wrong(replaces="bce_with_logits_backward", fails=["backward", "stability"])
def grad_sign(logits, target, pos_weight=None):
    """t - s(z) is the direction of descent; the gradient is s(z) - t."""
    return -bce_with_logits_backward(logits, target, pos_weight)


@wrong(replaces="checked", fails=["errors_purity"])
def broadcast_nxn(logits, target):
    """You averaged an N x N matrix: (N, 1) against (N,) broadcasts, so demand equal shapes."""
    z = np.broadcast_to(logits, np.broadcast_shapes(logits.shape, target.shape))
    return checked(z, np.broadcast_to(target, z.shape))


@wrong(replaces="checked", fails=["errors_purity"])
def any_target(logits, target):
    """A target outside 0 ... 1 is no probability: refuse it."""
    checked(logits, np.clip(target, 0, 1))
    z = logits * 1.0
    return z, target.astype(z.dtype)


@wrong(replaces="positive", fails=["errors_purity"])
def zero_pos_weight(pos_weight):
    """A pos_weight of 0 throws the positives away: it has to be positive."""
    return pos_weight if np.all(np.equal(pos_weight, 0)) else positive(pos_weight)


@wrong(replaces="checked", fails=["value", "backward", "saturation"])
def promotes(logits, target):
    """Integer or bool targets should follow float32 logits, not turn the result into float64."""
    checked(logits, target)
    return logits, target if target.dtype.kind == "f" else target.astype(np.float64)


@wrong(replaces="checked", fails=["errors_purity"])
def clips_in_place(logits, target):
    """Your function writes into its arguments (np.clip with out=, or an operator like +=): work on new arrays."""
    z, t = checked(logits, target)
    np.clip(logits, -1, 1, out=logits)
    return z, t
