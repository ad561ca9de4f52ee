"""Answers people really give. Each must fail exactly the checks it names."""

import math

import numpy as np

from dlkit.grader.wrong import belief, wrong
from dlkit.solutions.exercise_33_dropout_ensemble import (
    all_masks,
    check_keep,
    check_layer,
    mask_weights,
    softmax,
    subnetwork_probs,
    weight_scaling_predictor,
)

independent_models = belief(
    "independent_models",
    check="exact_identity",
    message="The sub-models are not trained apart from each other: all of them share one weight matrix and one bias, "
    "and only the mask differs. That is why one pass with scaled inputs can replace them.",
)


def _checked_masks(x, W, b, masks):
    subnetwork_probs(x, W, b, masks)  # the reference's ValueErrors


def _checked_layer(x, W, b, keep):
    check_layer(x, W, b)
    check_keep(keep)


def check_weights(probs, weights):
    if weights.shape != (len(probs),):
        raise ValueError("one weight per row of probs")


# all_masks


@wrong(replaces="all_masks", fails=["masks"])
def least_significant_first(n):
    """Row r has the binary digits of r with the MOST significant one first: row 1 ends in 1."""
    return all_masks(n)[:, ::-1]


@wrong(replaces="all_masks", fails=["masks", "exact_identity"])
def empty_mask_left_out(n):
    """The mask that drops everything is a sub-model, too (its logits are the bias): there are 2^n masks."""
    return all_masks(n)[1:]


@wrong(replaces="all_masks", fails=["masks"])
def from_one_on(n):
    """Row 0 has the digits of 0: you start at 1, so that the empty mask comes last."""
    return np.roll(all_masks(n), -1, axis=0)


@wrong(replaces="all_masks", fails=["masks"])
def no_inputs(n):
    """Without inputs there is one mask, the empty one: all_masks(0) has the shape (1, 0)."""
    masks = all_masks(n)
    return masks if n else np.zeros((0, 0), dtype=int)


@wrong(replaces="all_masks", fails=["errors"])
def n_unchecked(n):
    """n must be from 0 to 20 (the number of masks doubles with each input): raise ValueError for any other n."""
    return all_masks(min(max(n, 0), 10))


# mask_weights


@wrong(replaces="mask_weights", fails=["mask_weights", "exact_identity", "stability"])
def uniform_weights(masks, keep):
    """Masks are equally likely only if keep is 0.5; in general it depends on how many inputs are kept."""
    check_keep(keep)
    return np.full(len(masks), 1 / len(masks))


@wrong(replaces="mask_weights", fails=["mask_weights", "exact_identity", "stability"])
def keep_is_drop(masks, keep):
    """keep is the probability of a 1 in the mask, not of a 0: it belongs to the kept inputs."""
    return mask_weights(masks, 1 - keep)


@wrong(replaces="mask_weights", fails=["mask_weights", "exact_identity", "stability"])
def kept_only(masks, keep):
    """The dropped inputs count as well: each of them brings a factor 1 - keep."""
    check_keep(keep)
    return keep ** masks.sum(axis=1)


@wrong(replaces="mask_weights", fails=["mask_weights", "exact_identity"])
def weight_of_the_count(masks, keep):
    """The binomial coefficient gives the probability that k inputs are kept; here it is one particular mask."""
    n = masks.shape[1]
    return mask_weights(masks, keep) * [math.comb(n, int(k)) for k in masks.sum(axis=1)]


@wrong(replaces="mask_weights", fails=["mask_weights", "stability"])
def log_of_zero(masks, keep):
    """exp(k log(keep) + ...) is NaN for keep = 0 or 1 (0 times -inf); powers are safe, because 0^0 is 1."""
    check_keep(keep)
    ones = masks.sum(axis=1)
    with np.errstate(all="ignore"):
        return np.exp(ones * np.log(keep) + (masks.shape[1] - ones) * np.log(1 - np.float64(keep)))


# subnetwork_probs


@wrong(replaces="subnetwork_probs", fails=["probs_value", "exact_identity", "nonlinear_approx", "stability"])
def submodel_without_bias(x, W, b, masks):
    """Only inputs are dropped: every sub-model adds the full bias."""
    _checked_masks(x, W, b, masks)
    return softmax((masks * x) @ W.T)


@wrong(replaces="subnetwork_probs", fails=["probs_value", "exact_identity", "nonlinear_approx", "stability"])
def mask_marks_dropped(x, W, b, masks):
    """A 1 in the mask means KEPT: multiply x by the mask, not by 1 - mask."""
    return subnetwork_probs(x, W, b, 1 - masks)


@wrong(replaces="subnetwork_probs", fails=["probs_value", "exact_identity", "nonlinear_approx", "stability"])
def softmax_over_masks(x, W, b, masks):
    """Each sub-model's classes sum to 1: the softmax runs along the last axis, not over the sub-models."""
    _checked_masks(x, W, b, masks)
    return softmax(W @ (masks * x).T + b[:, None]).T


@wrong(replaces="subnetwork_probs", fails=["probs_value", "exact_identity", "nonlinear_approx", "stability"])
def logits_returned(x, W, b, masks):
    """These are the logits: the sub-models predict their softmax."""
    _checked_masks(x, W, b, masks)
    return (masks * x) @ W.T + b


@wrong(replaces="subnetwork_probs", fails=["probs_value", "exact_identity"])
def rescaled_submodels(x, W, b, masks):
    """The sub-models do not make up for the dropped inputs: no factor D / (number of kept ones) here."""
    _checked_masks(x, W, b, masks)
    return softmax((masks * x * (len(x) / np.maximum(masks.sum(axis=1, keepdims=True), 1))) @ W.T + b)


@wrong(replaces="subnetwork_probs", fails=["probs_value"])
def sample_masked_in_place(x, W, b, masks):
    """`x *= mask` changes the caller's x, and what is dropped once stays dropped for all later masks."""
    probs = subnetwork_probs(x, W, b, masks)
    x *= masks[-1]
    return probs


@wrong(replaces="subnetwork_probs", fails=["stability"])
def no_max_shift(x, W, b, masks):
    """exp overflows at logits of 1000: subtract each row's maximum first."""
    _checked_masks(x, W, b, masks)
    with np.errstate(all="ignore"):
        e = np.exp((masks * x) @ W.T + b)
        return e / e.sum(axis=1, keepdims=True)


@wrong(replaces="subnetwork_probs", fails=["stability"])
def one_shift_for_all(x, W, b, masks):
    """One shift for all the masks lets the rows far below the largest logit underflow to 0/0: shift each row."""
    _checked_masks(x, W, b, masks)
    z = (masks * x) @ W.T + b
    with np.errstate(all="ignore"):
        e = np.exp(z - z.max())
        return e / e.sum(axis=1, keepdims=True)


@wrong(replaces="subnetwork_probs", fails=["errors"])
def stretched_silently(x, W, b, masks):
    """masks must have a column per input and b an entry per class: numpy stretches a size of 1 without a word."""
    return softmax((masks * x) @ W.T + b)


# the means


@wrong(replaces="geometric_mean_predictor", fails=["exact_identity", "stability"])
def no_renorm(probs, weights):
    """A geometric mean of distributions sums to less than 1: it must be renormalised."""
    check_weights(probs, weights)
    return np.prod(probs ** weights[:, None], axis=0)


@wrong(replaces="geometric_mean_predictor", fails=["exact_identity", "stability"])
def unweighted_root(probs, weights):
    """The M-th root of the product ignores the weights, and a product of 1024 probabilities underflows to 0."""
    check_weights(probs, weights)
    g = np.prod(probs, axis=0) ** (1 / len(probs))
    with np.errstate(all="ignore"):
        return g / g.sum()


@wrong(replaces="geometric_mean_predictor", fails=["exact_identity", "stability"])
def arithmetic_for_geometric(probs, weights):
    """That is the arithmetic mean: the rule is the geometric one, the mean of the LOG probabilities."""
    check_weights(probs, weights)
    return weights @ probs


@wrong(replaces="geometric_mean_predictor", fails=["exact_identity", "stability"])
def mean_over_classes(probs, weights):
    """The mean runs over the sub-models, class by class; you return one number per sub-model."""
    check_weights(probs, weights)
    g = np.prod(probs ** weights[:, None], axis=1)
    return g / g.sum()


@wrong(replaces="geometric_mean_predictor", fails=["stability"])
def clipped_log(probs, weights):
    """Clipping probabilities at 1e-12 before the log changes the mean: the smallest ones weigh most in it."""
    check_weights(probs, weights)
    return softmax(weights @ np.log(np.clip(probs, 1e-12, 1.0)))


@wrong(replaces="geometric_mean_predictor", fails=["stability"])
def zero_times_infinity(probs, weights):
    """A row of weight 0 with a probability of 0 gives 0 * log(0) = NaN: leave such rows out, or take powers."""
    check_weights(probs, weights)
    with np.errstate(all="ignore"):
        return softmax((weights[:, None] * np.log(probs)).sum(axis=0))


@wrong(replaces="geometric_mean_predictor", fails=["exact_identity"])
def logs_in_place(probs, weights):
    """np.log(probs, out=probs) overwrites the caller's probabilities: work on a new array."""
    check_weights(probs, weights)
    g = np.prod(probs ** weights[:, None], axis=0)
    with np.errstate(all="ignore"):
        np.log(probs, out=probs)
    return g / g.sum()


@wrong(replaces="arithmetic_mean_predictor", fails=["arithmetic_differs"])
def arithmetic_unweighted(probs, weights):
    """Weight each sub-model by the probability of its mask: the plain mean is right only for keep = 0.5."""
    check_weights(probs, weights)
    return probs.mean(axis=0)


@wrong(replaces="arithmetic_mean_predictor", fails=["arithmetic_differs", "nonlinear_approx"])
def geometric_for_arithmetic(probs, weights):
    """That is the geometric mean, which the weight-scaling rule gives: the arithmetic one is another prediction."""
    check_weights(probs, weights)
    g = np.prod(probs ** weights[:, None], axis=0)
    return g / g.sum()


@wrong(replaces="arithmetic_mean_predictor", fails=["arithmetic_differs", "nonlinear_approx"])
def divided_by_count(probs, weights):
    """The weights sum to 1 already: dividing by the number of sub-models again leaves almost nothing."""
    check_weights(probs, weights)
    return weights @ probs / len(probs)


@wrong(replaces="arithmetic_mean_predictor", fails=["arithmetic_differs"])
def weighted_in_place(probs, weights):
    """`probs *= weights` overwrites the caller's probabilities: work on a new array."""
    check_weights(probs, weights)
    probs *= weights[:, None]
    return probs.sum(axis=0)


@wrong(replaces=("geometric_mean_predictor", "arithmetic_mean_predictor"), fails=["errors"])
class weights_stretched:
    """One weight per sub-model: a single one is stretched by numpy over all rows without a word; raise ValueError."""

    def geometric_mean_predictor(probs, weights):
        g = np.prod(probs ** weights[:, None], axis=0)
        return g / g.sum()

    def arithmetic_mean_predictor(probs, weights):
        return (probs * weights[:, None]).sum(axis=0)


# weight_scaling_predictor


@wrong(replaces="weight_scaling_predictor", fails=["exact_identity", "nonlinear_approx", "stability"])
def scale_by_drop(x, W, b, keep):
    """Scale the inputs by the KEEP probability, not by the drop rate 1 - keep (equal only at 0.5)."""
    return weight_scaling_predictor(x, W, b, 1 - keep)


@wrong(replaces="weight_scaling_predictor", fails=["exact_identity", "nonlinear_approx", "stability"])
def bias_dropped(x, W, b, keep):
    """Every sub-model adds the full bias, so the mean of their logits has it, too: W (keep * x) + b."""
    _checked_layer(x, W, b, keep)
    return softmax(W @ (keep * x))


@wrong(replaces="weight_scaling_predictor", fails=["exact_identity", "stability"])
def scale_bias(x, W, b, keep):
    """Only the inputs are dropped, so only they are scaled: the bias is not."""
    _checked_layer(x, W, b, keep)
    return softmax(keep * (W @ x + b))


@wrong(replaces="weight_scaling_predictor", fails=["exact_identity", "stability"])
def no_scaling(x, W, b, keep):
    """Without the factor keep the logits are larger than the sub-models' on average."""
    _checked_layer(x, W, b, keep)
    return softmax(W @ x + b)


@wrong(replaces="weight_scaling_predictor", fails=["exact_identity", "stability"])
def divides_by_keep(x, W, b, keep):
    """Dividing by keep belongs to TRAINING with inverted dropout; these sub-models are unscaled, so multiply."""
    _checked_layer(x, W, b, keep)
    return softmax(W @ (x / max(keep, 1e-9)) + b)


@wrong(replaces="weight_scaling_predictor", fails=["exact_identity", "stability"])
def probs_scaled(x, W, b, keep):
    """Scale the inputs, before the softmax: keep times a probability is no probability."""
    _checked_layer(x, W, b, keep)
    return keep * softmax(W @ x + b)


@wrong(replaces="weight_scaling_predictor", fails=["stability"])
def rule_without_shift(x, W, b, keep):
    """exp overflows at logits of 1000 in the weight-scaling rule as well: subtract the maximum first."""
    _checked_layer(x, W, b, keep)
    with np.errstate(all="ignore"):
        e = np.exp(W @ (keep * x) + b)
        return e / e.sum()


@wrong(replaces="weight_scaling_predictor", fails=["exact_identity"])
def scaled_in_place(x, W, b, keep):
    """`W *= keep` shrinks the caller's weights with every prediction: scale a new array."""
    y = weight_scaling_predictor(x, W, b, keep)
    W *= keep
    return y


@wrong(replaces="weight_scaling_predictor", fails=["errors"])
def bias_stretched(x, W, b, keep):
    """b has an entry per class: a single one is stretched by numpy without a word; raise ValueError."""
    check_keep(keep)
    return softmax(W @ (keep * x) + b)


@wrong(replaces=("mask_weights", "weight_scaling_predictor"), fails=["errors"])
class keep_unchecked:
    """keep is a probability: outside of [0, 1] raise ValueError."""

    def mask_weights(masks, keep):
        return mask_weights(masks, min(max(keep, 0.0), 1.0))

    def weight_scaling_predictor(x, W, b, keep):
        return weight_scaling_predictor(x, W, b, min(max(keep, 0.0), 1.0))


@wrong(replaces=("mask_weights", "weight_scaling_predictor"), fails=["mask_weights", "nonlinear_approx", "stability"])
class ends_rejected:
    """keep = 0 and keep = 1 are allowed: then one mask has all the weight."""

    def mask_weights(masks, keep):
        return mask_weights(masks, keep if 0 < keep < 1 else 2.0)

    def weight_scaling_predictor(x, W, b, keep):
        return weight_scaling_predictor(x, W, b, keep if 0 < keep < 1 else 2.0)
