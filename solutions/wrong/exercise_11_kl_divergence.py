"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions import exercise_11_kl_divergence as reference


def _checked(p, q, axis):
    """The reference's ValueErrors; q as float."""
    reference.kl_divergence(p, q, axis)
    return p * 1.0, q * 1.0


def _quiet():
    return np.errstate(divide="ignore", invalid="ignore")


@wrong(replaces="js_divergence", fails=["value", "zeros", "identities", "disjoint_js"])
def js_reversed(p, q, axis=-1):
    """The mean m comes second: KL(p||m) and KL(q||m), not KL(m||p), which is infinite at every zero of p."""
    reference.js_divergence(p, q, axis)
    m = (p + q) / 2
    return (reference.kl_divergence(m, p, axis) + reference.kl_divergence(m, q, axis)) / 2


@wrong(replaces="kl_divergence", fails=["value", "zeros", "identities", "disjoint_js"])
def swapped(p, q, axis=-1):
    """The first argument is the distribution under which the expectation is taken: yours computes KL(q||p)."""
    return reference.kl_divergence(q, p, axis)


@wrong(replaces="kl_divergence", fails=["zeros", "disjoint_js"])
def nan_at_zero(p, q, axis=-1):
    """0 * log(0) is NaN in floating point: terms with p = 0 contribute 0, take them out."""
    p, q = _checked(p, q, axis)
    return (p * (np.log(p) - np.log(q))).sum(axis=axis)


@wrong(replaces="kl_divergence", fails=["value", "zeros", "identities", "disjoint_js"])
def eps_everywhere(p, q, axis=-1):
    """The epsilon hides a truly infinite divergence and shifts every value; treat the zeros instead."""
    p, q = _checked(p, q, axis)
    return (p * np.log((p + 1e-8) / (q + 1e-8))).astype(p.dtype).sum(axis=axis)


@wrong(replaces="kl_divergence", fails=["zeros"])
def never_infinite(p, q, axis=-1):
    """Where p > 0 and q = 0 the divergence is +inf; leaving those terms out can even make it negative."""
    p, q = _checked(p, q, axis)
    with _quiet():
        return np.where((p > 0) & (q > 0), p * (np.log(p) - np.log(q)), 0.0).sum(axis=axis)


@wrong(replaces="kl_divergence", fails=["zeros", "disjoint_js"])
def infinite_at_any_zero(p, q, axis=-1):
    """q = 0 costs nothing where p is 0, too: only p > 0 with q = 0 makes the divergence infinite."""
    good = reference.kl_divergence(p, q, axis)
    return np.where((q == 0).any(axis=axis), np.inf, good)


@wrong(replaces="kl_divergence", fails=["value", "zeros", "identities", "disjoint_js"])
def both_ways(p, q, axis=-1):
    """KL is not symmetric: the sum or mean of both directions is Jeffreys' divergence."""
    return (reference.kl_divergence(p, q, axis) + reference.kl_divergence(q, p, axis)) / 2


@wrong(replaces="kl_divergence", fails=["value", "zeros", "identities", "disjoint_js"])
def cross_entropy_instead(p, q, axis=-1):
    """-sum p log q is the cross-entropy: subtract the entropy of p to get the divergence."""
    return (reference.kl_divergence(p, q, axis) + reference.entropy(p, axis)).astype((p * 1.0).dtype)


@wrong(replaces="kl_divergence", fails=["value", "zeros", "disjoint_js"])
def kl_axis_ignored(p, q, axis=-1):
    """The `axis` argument has no effect on your result."""
    p, q = _checked(p, q, axis)
    with _quiet():
        return np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0).sum(axis=-1)


@wrong(replaces="js_divergence", fails=["value", "zeros", "identities", "disjoint_js"])
def js_no_half(p, q, axis=-1):
    """Each of the two divergences carries 1/2: the bound is log 2, not 2 log 2."""
    return 2 * reference.js_divergence(p, q, axis)


@wrong(replaces="js_divergence", fails=["value", "zeros", "identities", "disjoint_js"])
def js_distance(p, q, axis=-1):
    """The square root makes it the Jensen-Shannon DISTANCE (scipy's jensenshannon returns that)."""
    return np.sqrt(np.maximum(reference.js_divergence(p, q, axis), 0))


@wrong(replaces="js_divergence", fails=["value", "zeros", "identities", "disjoint_js"])
def js_without_mean(p, q, axis=-1):
    """Jensen-Shannon compares both with their mean m = (p + q) / 2; the mean of the two KLs can be infinite."""
    return (reference.kl_divergence(p, q, axis) + reference.kl_divergence(q, p, axis)) / 2


@wrong(replaces="entropy", fails=["value", "zeros", "identities"])
def entropy_in_bits(p, axis=-1):
    """log2 measures in bits; nats are asked for: the natural logarithm."""
    reference.entropy(p, axis)
    with _quiet():
        return np.where(p > 0, -p * np.log2(p), 0.0).sum(axis=axis)


@wrong(replaces="entropy", fails=["value", "zeros", "identities"])
def entropy_sign(p, axis=-1):
    """log p is never positive for a probability: the entropy has a minus in front of the sum."""
    return -reference.entropy(p, axis)


@wrong(replaces="entropy", fails=["zeros"])
def entropy_nan_at_zero(p, axis=-1):
    """0 * log(0) is NaN in floating point: an outcome that never happens contributes 0."""
    reference.entropy(p, axis)
    return -(p * np.log(p)).sum(axis=axis)


@wrong(replaces="entropy", fails=["value", "identities", "zeros"])
def entropy_mean(p, axis=-1):
    """The entropy is the sum of -p log p; the weights p are the average already, a mean divides once more."""
    return reference.entropy(p, axis) / np.float32(p.shape[axis]).astype((p * 1.0).dtype)


@wrong(replaces="entropy", fails=["errors"])
def relative_tolerance(p, axis=-1):
    """np.allclose adds a relative tolerance of 1e-5 to atol=1e-6: pass rtol=0 as well."""
    sums = p.sum(axis=axis, keepdims=True)
    if (p < 0).any() or not np.allclose(sums, 1, atol=1e-6):
        raise ValueError("not a distribution")
    with _quiet():
        return np.where(p > 0, -p * np.log(p), 0.0).sum(axis=axis)


@wrong(replaces=("entropy", "kl_divergence"), fails=["errors"])
class sums_unchecked:
    """Numbers that do not sum to 1 are no distribution, their divergence may be negative: raise ValueError."""

    def entropy(p, axis=-1):
        if (p < 0).any():
            raise ValueError("negative")
        with _quiet():
            return np.where(p > 0, -p * np.log(p), 0.0).sum(axis=axis)

    def kl_divergence(p, q, axis=-1):
        if p.shape != q.shape or (p < 0).any() or (q < 0).any():
            raise ValueError("shape, or negative")
        with _quiet():
            return np.where(p > 0, p * (np.log(p) - np.log(q)), 0.0).sum(axis=axis)


@wrong(replaces="entropy", fails=["errors"])
def negative_unchecked(p, axis=-1):
    """A sum of 1 is not enough: entries below 0 are no probabilities, raise ValueError."""
    return (
        reference.entropy(np.where(p < 0, 0, p) / np.where(p < 0, 0, p).sum(axis, keepdims=True), axis)
        if (np.abs(p.sum(axis) - 1) <= 1e-6).all()
        else reference.entropy(p, axis)
    )


@wrong(replaces=("kl_divergence", "js_divergence"), fails=["errors"])
class shapes_broadcast:
    """Shapes that differ broadcast without a word, one row against all: refuse them."""

    def kl_divergence(p, q, axis=-1):
        return reference.kl_divergence(*_broadcast(p, q), axis)

    def js_divergence(p, q, axis=-1):
        return reference.js_divergence(*_broadcast(p, q), axis)


def _broadcast(*arrays):
    return tuple(np.array(a) for a in np.broadcast_arrays(*arrays))


def _terms(p_logits, q_logits):
    reference.kl_from_logits(p_logits, q_logits)  # its ValueError
    logs = []
    for logits in (p_logits, q_logits):
        z = logits - logits.max(axis=1, keepdims=True)
        logs.append(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))
    return np.exp(logs[0]) * (logs[0] - logs[1])


@wrong(replaces="kl_from_logits", fails=["logits_stable"])
def mean_elements(p_logits, q_logits):
    """Sum over the classes, mean over the rows ('batchmean'); a mean over all elements divides by C as well."""
    return float(_terms(p_logits, q_logits).mean())


@wrong(replaces="kl_from_logits", fails=["logits_stable"])
def sum_over_rows(p_logits, q_logits):
    """The result is a mean over the rows: divide the sum by N."""
    return float(_terms(p_logits, q_logits).sum())


@wrong(replaces="kl_from_logits", fails=["logits_stable"])
def logits_swapped(p_logits, q_logits):
    """KL(p||q) weighs with p, the first argument; yours is KL(q||p)."""
    return float(_terms(q_logits, p_logits).sum(axis=1).mean())


@wrong(replaces="kl_from_logits", fails=["logits_stable"])
def log_of_softmax(p_logits, q_logits):
    """A softmax underflows to 0 at large logits and its log is -inf: subtract log-sum-exp from the logits instead."""
    _terms(p_logits, q_logits)
    p, q = (np.exp(x - x.max(axis=1, keepdims=True)) for x in (p_logits, q_logits))
    p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
    return float((p * (np.log(p) - np.log(q))).sum(axis=1).mean())


@wrong(replaces="kl_from_logits", fails=["logits_stable"])
def softmax_without_shift(p_logits, q_logits):
    """exp overflows at large logits: subtract each row's maximum first, it changes nothing."""
    _terms(p_logits, q_logits)
    log_p, log_q = (x - np.log(np.exp(x).sum(axis=1, keepdims=True)) for x in (p_logits, q_logits))
    return float((np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean())


@wrong(replaces="kl_gaussian", fails=["gaussian"])
def std_vs_var(mu1, logvar1, mu2, logvar2):
    """logvar is log sigma^2: exp(logvar) is the variance already, not a standard deviation to be squared."""
    return reference.kl_gaussian(mu1, 2 * logvar1, mu2, 2 * logvar2)


@wrong(replaces="kl_gaussian", fails=["gaussian"])
def gaussians_swapped(mu1, logvar1, mu2, logvar2):
    """KL is not symmetric: the second variance is the one that is divided by."""
    return reference.kl_gaussian(mu2, logvar2, mu1, logvar1)


@wrong(replaces="kl_gaussian", fails=["gaussian"])
def gaussian_mean(mu1, logvar1, mu2, logvar2):
    """Independent coordinates add up: sum over the last axis, no mean."""
    return (reference.kl_gaussian(mu1, logvar1, mu2, logvar2) / mu1.shape[-1]).astype(mu1.dtype)


@wrong(replaces="kl_gaussian", fails=["gaussian"])
def gaussian_sums_all(mu1, logvar1, mu2, logvar2):
    """One divergence per Gaussian: sum over the last axis only, not over the batch."""
    return reference.kl_gaussian(mu1, logvar1, mu2, logvar2).sum()


@wrong(replaces="kl_gaussian", fails=["gaussian"])
def no_minus_one(mu1, logvar1, mu2, logvar2):
    """The -1 is part of every coordinate's term: without it equal Gaussians are 1/2 apart per coordinate."""
    return reference.kl_gaussian(mu1, logvar1, mu2, logvar2) + mu1.dtype.type(mu1.shape[-1] / 2)


@wrong(replaces="kl_gaussian", fails=["gaussian"])
def gaussian_without_half(mu1, logvar1, mu2, logvar2):
    """The closed form has a factor 1/2 in front of all four terms."""
    return 2 * reference.kl_gaussian(mu1, logvar1, mu2, logvar2)


@wrong(replaces="kl_gaussian", fails=["errors"])
def gaussian_broadcasts(mu1, logvar1, mu2, logvar2):
    """Shapes that differ broadcast without a word: refuse them."""
    return reference.kl_gaussian(*_broadcast(mu1, logvar1, mu2, logvar2))
