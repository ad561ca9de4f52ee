"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_04_relu_variants import leaky_relu, prelu, prelu_backward, relu, rrelu


@wrong(replaces="relu", fails=["dtype_nan"])
def relu_mask_nan(x):
    """inf*0 gives NaN at -inf; select with np.where or np.maximum instead of multiplying by a mask."""
    with np.errstate(invalid="ignore"):
        return x * (x > 0).astype(np.float64 if x.dtype.kind != "f" else x.dtype)


@wrong(replaces="relu", fails=["dtype_nan"])
def relu_hides_nan(x):
    """NaN > 0 is False, so np.where(x > 0, x, 0) turns NaN into a harmless 0; np.maximum(x, 0) keeps it visible."""
    return np.where(x > 0, x, relu(0 * np.ones_like(x)))


@wrong(replaces="relu", fails=["dtype_nan"])
def integers_kept(x):
    """np.maximum of integers and 0 stays an integer array; integer input should give float64."""
    return np.maximum(x, 0)


@wrong(replaces="relu", fails=["errors_purity"])
def relu_in_place(x):
    """`x[x < 0] = 0` writes into the caller's array (backprop may still need it); work on a new one."""
    if x.dtype.kind != "f":
        return relu(x)
    x[x < 0] = 0
    return x.copy()


@wrong(replaces="relu", fails=["value", "dtype_nan"])
def relu_absolute(x):
    """Negative inputs give 0, they are not mirrored."""
    return 1.0 * np.abs(x)


@wrong(replaces="leaky_relu", fails=["value"])
def max_leaky(x, negative_slope=0.01):
    """max(x, slope*x) equals leaky ReLU only for slopes <= 1; select on the sign of x."""
    return np.maximum(x, negative_slope * x)


@wrong(replaces="leaky_relu", fails=["value", "dtype_nan"])
def slope_ignored(x, negative_slope=0.01):
    """The argument negative_slope has no effect on your result."""
    return leaky_relu(x)


@wrong(replaces="leaky_relu", fails=["value", "dtype_nan"])
def slope_subtracted(x, negative_slope=0.01):
    """Negative inputs are multiplied by the slope and stay on their side: slope * x, not -slope * x."""
    return leaky_relu(x, -negative_slope)


@wrong(replaces=("prelu", "prelu_backward"), fails=["value", "prelu_backward"])
class prelu_axis:
    """alpha belongs to the channel axis (axis 1), not the last one."""

    def prelu(x, alpha):
        prelu(x, alpha)  # the reference's ValueErrors
        return np.where(x > 0, x, alpha * x)

    def prelu_backward(dy, x, alpha):
        dalpha = prelu_backward(dy, x, alpha)[1]
        return np.where(x > 0, dy, alpha * dy), dalpha


@wrong(replaces=("prelu", "prelu_backward"), fails=["errors_purity"])
class alpha_broadcasts:
    """Two slopes for one channel broadcast into two channels; alpha must have one element, or one per channel."""

    def prelu(x, alpha):
        return np.where(x > 0, x, np.expand_dims(alpha, tuple(range(1, x.ndim - 1))) * x)

    def prelu_backward(dy, x, alpha):
        if alpha.size in (1, x.shape[1]):
            return prelu_backward(dy, x, alpha)
        dx = np.where(x > 0, dy, np.expand_dims(alpha, tuple(range(1, x.ndim - 1))) * dy)
        return dx, (dy * x.clip(max=0)).sum(axis=(0, *range(2, x.ndim)))


@wrong(replaces="prelu_backward", fails=["prelu_backward", "zero_point", "dtype_nan"])
def prelu_alpha_sum(dy, x, alpha):
    """alpha is shared, so its gradient sums over every position of its channel; yours has the shape of x."""
    return prelu_backward(dy, x, alpha)[0], dy * x.clip(max=0)


@wrong(replaces="prelu_backward", fails=["prelu_backward"])
def sums_batch_only(dy, x, alpha):
    """The sum for alpha runs over the batch AND the positions behind the channel axis."""
    dx, dalpha = prelu_backward(dy, x, alpha)
    return dx, (dy * x.clip(max=0)).sum(axis=0) if alpha.size > 1 else dalpha


@wrong(replaces="prelu_backward", fails=["prelu_backward", "zero_point", "dtype_nan"])
def shared_alpha_per_channel(dy, x, alpha):
    """The gradient has the shape of alpha: a single alpha collects the sums of all channels."""
    dx, _ = prelu_backward(dy, x, alpha)
    return dx, (dy * x.clip(max=0)).sum(axis=(0, *range(2, x.ndim)))


@wrong(replaces="prelu_backward", fails=["prelu_backward", "dtype_nan"])
def dalpha_mean(dy, x, alpha):
    """dalpha is a sum over the positions; the mean over the batch is the loss's business and is in dy already."""
    dx, dalpha = prelu_backward(dy, x, alpha)
    return dx, dalpha / np.float32(len(x))


@wrong(replaces="prelu_backward", fails=["prelu_backward", "dtype_nan"])
def dalpha_all_positions(dy, x, alpha):
    """Where x > 0 the output does not depend on alpha; sum dy * x over the positions with x <= 0 only."""
    dx, _ = prelu_backward(dy, x, alpha)
    dalpha = (dy * x).sum(axis=(0, *range(2, x.ndim)))
    return dx, dalpha if dalpha.size == alpha.size else dalpha.sum(keepdims=True)


@wrong(replaces="prelu_backward", fails=["prelu_backward", "zero_point", "dtype_nan"])
def relu_gradient(dy, x, alpha):
    """0 for negative inputs is ReLU's gradient; PReLU lets alpha * dy through."""
    return np.where(x > 0, dy, 0), prelu_backward(dy, x, alpha)[1]


@wrong(replaces="prelu_backward", fails=["zero_point"])
def zero_counts_as_positive(dy, x, alpha):
    """At exactly x = 0 the slope is that of the negative side (alpha; 0 for ReLU), as in PyTorch: test x > 0."""
    dx, dalpha = prelu_backward(dy, x, alpha)
    return np.where(x == 0, dy, dx), dalpha


@wrong(replaces="rrelu", fails=["rrelu_train"])
def rrelu_learned(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """RReLU slopes are random draws in training and the fixed mean at test; the learned one is PReLU."""
    rrelu(x, lower, upper, training, rng)
    return rrelu(x, lower, upper)


@wrong(replaces="rrelu", fails=["value", "rrelu_eval", "zero_point", "dtype_nan"])
def rrelu_eval_random(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """Evaluation must be deterministic: use (lower+upper)/2, and draw nothing."""
    if lower > upper or (training and rng is None):
        raise ValueError("lower, upper or rng")
    x = 1.0 * x
    slopes = np.where(x > 0, 1.0, rng.uniform(lower, upper, x.shape))
    return (slopes * x).astype(x.dtype), slopes


@wrong(replaces="rrelu", fails=["rrelu_train"])
def single_slope(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """Draw one slope per element, not one for the whole tensor."""
    if not training or rng is None:
        return rrelu(x, lower, upper, training, rng)
    slope = rng.uniform(lower, upper)
    return rrelu(x, slope, slope)


@wrong(replaces="rrelu", fails=["rrelu_train"])
def draws_for_negatives(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """Draw once for the whole shape, also for elements that need no slope; else the draws fall on other elements."""
    if not training or rng is None:
        return rrelu(x, lower, upper, training, rng)
    y, slopes = rrelu(x, lower, upper)
    slopes[x <= 0] = rng.uniform(lower, upper, int((x <= 0).sum()))
    return (slopes * x).astype(y.dtype), slopes


@wrong(replaces="rrelu", fails=["rrelu_train"])
def own_generator(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """Take the draws from the `rng` that you are given; a generator made inside repeats the same slopes for ever."""
    return rrelu(x, lower, upper, training, rng and np.random.default_rng(0))


@wrong(replaces="rrelu", fails=["rrelu_train", "rrelu_eval", "dtype_nan"])
def slope_where_positive(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """`slopes` is 1 where x > 0: it is what each element was multiplied by."""
    y, slopes = rrelu(-np.abs(x), lower, upper, training, rng)
    return np.where(x > 0, x, y).astype(y.dtype), slopes


@wrong(replaces="rrelu", fails=["value", "rrelu_train", "rrelu_eval", "dtype_nan"])
def divides_by_slope(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """The paper divides by a draw between 3 and 8; with bounds of 1/8 and 1/3 the slope multiplies."""
    y, slopes = rrelu(x, lower, upper, training, rng)
    return (x / slopes).astype(y.dtype), slopes


@wrong(replaces="rrelu", fails=["dtype_nan"])
def float64_y(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """rng.uniform gives float64 slopes, and float32 times float64 is float64: give y the dtype of x."""
    y, slopes = rrelu(x, lower, upper, training, rng)
    return y.astype(np.float64), slopes


@wrong(replaces="rrelu", fails=["errors_purity"])
def bounds_checked_in_training(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """lower > upper is a mistake of the caller in evaluation, too."""
    return rrelu(x, lower, upper, training, rng) if training else rrelu(x, *sorted((lower, upper)))


@wrong(replaces="rrelu", fails=["errors_purity"])
def rng_made_up(x, lower=1 / 8, upper=1 / 3, training=False, rng=None):
    """Training without an rng must be refused; a generator made up here could not be reproduced by the caller."""
    return rrelu(x, lower, upper, training, rng or np.random.default_rng(1))
