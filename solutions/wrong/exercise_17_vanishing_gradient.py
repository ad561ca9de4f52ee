"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import belief, wrong
from dlkit.solutions.exercise_17_vanishing_gradient import (
    _ACTIVATIONS,
    classify_gradient_flow,
    gradient_ratio,
    layer_gradient_norms,
)

deep_layers_starve = belief(
    "deep_layers_starve",
    check="sigmoid_vanishes",
    message="Gradients shrink on the way BACK, so the first layers get least.",
)


def _norms(
    depth, width, activation, gain, residual, rng, *,
    derivative=None, scale=None, skip=True, inside=False, seen="dz", forth=np.transpose, back=np.array,
):  # fmt: skip
    """The reference with one thing changed."""
    if depth < 1 or activation not in _ACTIVATIONS:
        raise ValueError("depth or activation")
    act, right = _ACTIVATIONS[activation]
    slope = derivative or (lambda z, a: right(z))
    h = rng.normal(size=(64, width))
    layers = []
    for _ in range(depth):
        w = rng.normal(0, gain / np.sqrt(width) if scale is None else scale, (width, width))
        z = h @ forth(w) + h if inside and residual else h @ forth(w)
        before, h = h, act(z) + h if residual and not inside else act(z)
        layers.append((w, z, before))
    dh = h / h.size
    norms = []
    for w, z, before in reversed(layers):
        dz = dh * slope(z, act(z))
        norms.append(np.linalg.norm({"dz": dz, "dh": dh, "dw": dz.T @ before}[seen]))
        through = dz @ back(w)
        dh = through + (dz if inside else dh) if residual and skip else through
    return np.array(norms[::-1])


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes", "explodes", "residual_helps"])
def reversed_order(depth, width, activation, gain, residual, rng):
    """Index 0 is the layer nearest the INPUT: that is the one that starves."""
    return layer_gradient_norms(depth, width, activation, gain, residual, rng)[::-1].copy()


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes"])
def wrong_derivative(depth, width, activation, gain, residual, rng):
    """Use s(z)(1-s(z)) at the pre-activation."""
    right = _ACTIVATIONS.get(activation, (None, None))[1]
    slope = (lambda z, a: right(a)) if activation in ("sigmoid", "tanh") else None
    return _norms(depth, width, activation, gain, residual, rng, derivative=slope)


@wrong(
    replaces="layer_gradient_norms",
    fails=["value", "sigmoid_vanishes", "relu_he_healthy", "explodes", "residual_helps"],
)
def derivative_forgotten(depth, width, activation, gain, residual, rng):
    """dL/dz = dL/dh * act'(z): multiply by the derivative of the activation in every layer."""
    return _norms(depth, width, activation, gain, residual, rng, derivative=lambda z, a: 1.0)


@wrong(replaces="layer_gradient_norms", fails=["value", "residual_helps"])
def residual_grad(depth, width, activation, gain, residual, rng):
    """d(h+f(h)) = dh + df: add the identity path."""
    return _norms(depth, width, activation, gain, residual, rng, skip=False)


@wrong(replaces="layer_gradient_norms", fails=["value", "residual_helps"])
def residual_inside(depth, width, activation, gain, residual, rng):
    """The skip goes around the activation: h + act(h W^T), not act(h + h W^T), which shrinks the skip as well."""
    return _norms(depth, width, activation, gain, residual, rng, inside=True)


@wrong(replaces="layer_gradient_norms", fails=["value", "residual_helps"])
def residual_ignored(depth, width, activation, gain, residual, rng):
    """The `residual` argument has no effect on your result."""
    return layer_gradient_norms(depth, width, activation, gain, False, rng)


@wrong(
    replaces="layer_gradient_norms",
    fails=["value", "sigmoid_vanishes", "relu_he_healthy", "explodes", "residual_helps"],
)
def gain_sqrt(depth, width, activation, gain, residual, rng):
    """Scale by 1/sqrt(fan_in): otherwise variance grows with width."""
    return _norms(depth, width, activation, gain, residual, rng, scale=gain)


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes", "relu_he_healthy", "explodes"])
def gain_as_variance(depth, width, activation, gain, residual, rng):
    """rng.normal takes the standard deviation, gain / sqrt(width), not the variance gain^2 / width."""
    return _norms(depth, width, activation, gain, residual, rng, scale=gain**2 / width)


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes", "explodes", "residual_helps"])
def weight_gradients(depth, width, activation, gain, residual, rng):
    """Return the norms of dL/dz: in dL/dW a growing forward signal makes up for a shrinking gradient."""
    return _norms(depth, width, activation, gain, residual, rng, seen="dw")


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes"])
def after_the_activation(depth, width, activation, gain, residual, rng):
    """You took dL/dh, after the activation; dL/dz has act'(z) in it as well."""
    return _norms(depth, width, activation, gain, residual, rng, seen="dh")


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes"])
def loss_summed(depth, width, activation, gain, residual, rng):
    """L is a mean over all 64 * width entries: its gradient is h / (64 * width)."""
    return layer_gradient_norms(depth, width, activation, gain, residual, rng) * 64 * width


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes"])
def loss_mean_over_samples(depth, width, activation, gain, residual, rng):
    """L is a mean over all 64 * width entries, not over the 64 samples only."""
    return layer_gradient_norms(depth, width, activation, gain, residual, rng) * width


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes"])
def half_forgotten(depth, width, activation, gain, residual, rng):
    """L is HALF the mean of the squares: the 2 of the derivative and the half make 1, so dL/dh = h / (64 * width)."""
    return layer_gradient_norms(depth, width, activation, gain, residual, rng) * 2


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes"])
def not_transposed(depth, width, activation, gain, residual, rng):
    """Weights are stored (out, in), so z = h W^T; h W is another network, though the shapes fit."""
    return _norms(depth, width, activation, gain, residual, rng, forth=np.array, back=np.transpose)


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes"])
def same_way_back(depth, width, activation, gain, residual, rng):
    """Forth z = h W^T, so back dh = dz W: the matrix is transposed on one of the two ways only."""
    return _norms(depth, width, activation, gain, residual, rng, back=np.transpose)


@wrong(replaces="layer_gradient_norms", fails=["value"])
def relu_slope_at_zero(depth, width, activation, gain, residual, rng):
    """relu'(0) = 0: the derivative is 1 for z > 0 only."""
    slope = (lambda z, a: z >= 0) if activation == "relu" else None
    return _norms(depth, width, activation, gain, residual, rng, derivative=slope)


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes"])
def weights_drawn_first(depth, width, activation, gain, residual, rng):
    """The order of the draws is h_0 first, then W_1 ... W_depth: otherwise the numbers are others."""
    layer_gradient_norms(depth, 1, activation, gain, residual, np.random.default_rng(0))
    draws = [rng.normal(size=(width, width)) for _ in range(depth)]
    h = rng.normal(size=(64, width))
    queue = iter([h, *(w * gain / np.sqrt(width) for w in draws)])

    class Queue:
        def normal(self, *args, **options):
            return next(queue)

    return layer_gradient_norms(depth, width, activation, gain, residual, Queue())


@wrong(replaces="layer_gradient_norms", fails=["value", "sigmoid_vanishes"])
def own_generator(depth, width, activation, gain, residual, rng):
    """Draw from the `rng` you are given: a generator of your own gives other numbers, the same ones every time."""
    return layer_gradient_norms(depth, width, activation, gain, residual, np.random.default_rng(0))


@wrong(replaces="layer_gradient_norms", fails=["errors"])
def unknown_is_identity(depth, width, activation, gain, residual, rng):
    """An activation that is not listed should raise ValueError, not count as one of the others."""
    known = activation if activation in _ACTIVATIONS else "identity"
    return layer_gradient_norms(depth, width, known, gain, residual, rng)


@wrong(replaces="layer_gradient_norms", fails=["errors"])
def depth_unchecked(depth, width, activation, gain, residual, rng):
    """A network without layers has no gradient norms: raise ValueError for depth < 1."""
    if depth < 1 and activation in _ACTIVATIONS:
        return np.zeros(0)
    return layer_gradient_norms(depth, width, activation, gain, residual, rng)


@wrong(replaces="gradient_ratio", fails=["sigmoid_vanishes", "explodes", "residual_helps", "classify"])
def ratio_inverted(norms):
    """The ratio is the first layer's norm over the last one's."""
    return float(norms[-1] / norms[0])


@wrong(replaces="gradient_ratio", fails=["explodes", "classify"])
def smallest_over_largest(norms):
    """Compare the two ends of the network, first over last, not the smallest with the largest norm."""
    return float(norms.min() / norms.max())


@wrong(replaces="classify_gradient_flow", fails=["classify"])
def bounds_included(norms, low=1e-3, high=1e3):
    """A ratio equal to a bound is healthy: compare with < and >."""
    if np.isfinite(norms).all() and norms.any() and gradient_ratio(norms) in (low, high):
        return "vanishing" if gradient_ratio(norms) == low else "exploding"
    return classify_gradient_flow(norms, low, high)


@wrong(replaces="classify_gradient_flow", fails=["classify"])
def nan_is_healthy(norms, low=1e-3, high=1e3):
    """Every comparison with NaN is false, so NaN falls through to "healthy": look for NaN and inf first."""
    with np.errstate(all="ignore"):
        ratio = norms[0] / norms[-1]
    return "vanishing" if ratio < low or not norms.any() else "exploding" if ratio > high else "healthy"


@wrong(replaces="classify_gradient_flow", fails=["classify"])
def zeros_are_healthy(norms, low=1e-3, high=1e3):
    """Norms that are all 0 are a gradient that has vanished; 0/0 must not decide it."""
    return classify_gradient_flow(norms, low, high) if norms.any() else "healthy"


@wrong(replaces="classify_gradient_flow", fails=["classify"])
def absolute_thresholds(norms, low=1e-3, high=1e3):
    """Judge the ratio of first to last: the size of one norm depends on the scale of the loss."""
    if not np.isfinite(norms).all():
        return "exploding"
    return "vanishing" if norms[0] < low else "exploding" if norms[0] > high else "healthy"
