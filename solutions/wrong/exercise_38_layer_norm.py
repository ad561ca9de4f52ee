"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_38_layer_norm import (
    group_norm,
    layer_norm,
    layer_norm_backward,
    normalized_axes,
    standardised,
)

# All of them


@wrong(replaces="standardised", fails=["layer_value", "layer_backward", "instance_value", "group_value", "identities"])
def over_batch(x, axes, eps):
    """These norms never mix samples: the first axis is not one of those that share a mean."""
    return standardised(x, (*(a % x.ndim for a in axes if a % x.ndim), 0), eps)


@wrong(replaces="standardised", fails=["layer_value", "layer_backward", "instance_value", "group_value", "identities"])
def ddof1(x, axes, eps):
    """Use the biased variance (ddof=0): divide by the number of values, not by one less."""
    std = np.sqrt(x.var(axis=axes, ddof=1, keepdims=True) + eps)
    return (x - x.mean(axis=axes, keepdims=True)) / std, std


@wrong(replaces="standardised", fails=["layer_value", "layer_backward", "instance_value", "group_value", "identities"])
def std_eps(x, axes, eps):
    """eps goes inside the root: sqrt(var + eps), not sqrt(var) + eps."""
    std = x.std(axis=axes, keepdims=True) + np.asarray(eps, dtype=x.dtype if x.dtype.kind == "f" else np.float64)
    return (x - x.mean(axis=axes, keepdims=True)) / std, std


@wrong(replaces="standardised", fails=["layer_value", "instance_value", "group_value"])
def one_pass_variance(x, axes, eps):
    """mean(x^2) - mu^2 subtracts two huge numbers when mu is large; take the mean of (x - mu)^2."""
    x = x * 1.0
    mean = x.mean(axis=axes, keepdims=True)
    std = np.sqrt(np.maximum(0, (x * x).mean(axis=axes, keepdims=True) - mean**2) + eps)
    return (x - mean) / std, std


# Layer norm


@wrong(replaces="layer_norm", fails=["layer_value", "layer_backward", "identities"])
def gamma_in_norm(x, gamma, beta, eps=1e-5):
    """gamma comes after the normalisation: multiply xhat by it, not x."""
    layer_norm(x, gamma, beta, eps)
    xhat, _ = standardised(gamma * x, tuple(range(-gamma.ndim, 0)), eps)
    return xhat + beta


@wrong(replaces="layer_norm", fails=["layer_value", "identities"])
def last_axis_only(x, gamma, beta, eps=1e-5):
    """All trailing axes that gamma covers share one mean, not the last axis alone."""
    layer_norm(x, gamma, beta, eps)
    return gamma * standardised(x, (-1,), eps)[0] + beta


@wrong(replaces="layer_norm", fails=["layer_value", "layer_backward", "identities"])
def all_but_first(x, gamma, beta, eps=1e-5):
    """Only the axes that gamma covers share a mean; with gamma (D,) the tokens of x (N, T, D) are sets of their own."""
    layer_norm(x, gamma, beta, eps)
    axes = tuple(range(1, x.ndim)) or (0,)
    return gamma * standardised(x, axes, eps)[0] + beta


@wrong(replaces="layer_norm", fails=["layer_value", "layer_backward", "identities"])
def no_affine(x, gamma, beta, eps=1e-5):
    """The learned scale and shift are part of the layer: y = gamma * xhat + beta."""
    xhat = layer_norm(x, gamma, beta, eps)
    return (xhat - beta) / gamma


@wrong(replaces="layer_norm", fails=["errors_purity"])
def shapes_unchecked(x, gamma, beta, eps=1e-5):
    """gamma and beta of another shape broadcast without an error: compare them with the end of x's shape yourself."""
    xhat, _ = standardised(x, tuple(range(-gamma.ndim, 0)), eps)
    return gamma * xhat + beta


@wrong(replaces="layer_norm", fails=["errors_purity"])
def layer_in_place(x, gamma, beta, eps=1e-5):
    """`x -= mu` writes into the caller's array; work on a new one."""
    y = layer_norm(x, gamma, beta, eps)
    if x.dtype.kind == "f":
        x -= x.mean(axis=tuple(range(-gamma.ndim, 0)), keepdims=True)
    return y


@wrong(replaces="layer_norm", fails=["layer_value"])
def float64_out(x, gamma, beta, eps=1e-5):
    """float32 x should give a float32 result."""
    return layer_norm(x.astype(np.float64), gamma, beta, eps)


# Its gradient


@wrong(replaces="layer_norm_backward", fails=["layer_backward"])
def stats_as_constants(dy, x, gamma, eps=1e-5):
    """mu and var depend on x, so two more terms are needed; dx = gamma * dy / std treats them as constants."""
    _, std = standardised(x, (-1,), eps)
    return gamma * dy / std, *layer_norm_backward(dy, x, gamma, eps)[1:]


@wrong(replaces="layer_norm_backward", fails=["layer_backward"])
def var_as_constant(dy, x, gamma, eps=1e-5):
    """var depends on x, too: dx lacks the term xhat * mean(dxhat * xhat)."""
    _, std = standardised(x, (-1,), eps)
    dxhat = gamma * dy
    return (dxhat - dxhat.mean(axis=-1, keepdims=True)) / std, *layer_norm_backward(dy, x, gamma, eps)[1:]


@wrong(replaces="layer_norm_backward", fails=["layer_backward"])
def gamma_outside(dy, x, gamma, eps=1e-5):
    """In batch norm gamma is one factor per mean; here it differs within a row and belongs inside the means."""
    dx, _, _ = layer_norm_backward(dy, x, np.ones_like(gamma), eps)
    return gamma * dx, *layer_norm_backward(dy, x, gamma, eps)[1:]


@wrong(replaces="layer_norm_backward", fails=["layer_backward"])
def gamma_forgotten(dy, x, gamma, eps=1e-5):
    """dy reaches xhat through gamma * xhat: dxhat = dy * gamma."""
    return layer_norm_backward(dy, x, np.ones_like(gamma), eps)


@wrong(replaces="layer_norm_backward", fails=["layer_backward"])
def means_over_batch(dy, x, gamma, eps=1e-5):
    """The two means in dx run over the row, as in the forward pass; the batch is the axis of batch norm."""
    xhat, std = standardised(x, (-1,), eps)
    dxhat = dy * gamma
    dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / std
    return dx, *layer_norm_backward(dy, x, gamma, eps)[1:]


@wrong(replaces="layer_norm_backward", fails=["layer_backward"])
def first_axis_only(dy, x, gamma, eps=1e-5):
    """dgamma and dbeta sum over ALL leading axes, not only the first, leaving (D,)."""
    dx, dgamma, dbeta = layer_norm_backward(dy, x, gamma, eps)
    if x.ndim > 2:
        dgamma, dbeta = (dy * standardised(x, (-1,), eps)[0]).sum(axis=0), dy.sum(axis=0)
    return dx, dgamma, dbeta


@wrong(replaces="layer_norm_backward", fails=["layer_backward"])
def mean_grads(dy, x, gamma, eps=1e-5):
    """dgamma and dbeta are sums over the rows, not means: a mean in the loss is in dy already."""
    dx, dgamma, dbeta = layer_norm_backward(dy, x, gamma, eps)
    rows = x.size // len(gamma)
    return dx, dgamma / rows, dbeta / rows


@wrong(replaces="layer_norm_backward", fails=["layer_backward"])
def dgamma_from_x(dy, x, gamma, eps=1e-5):
    """dgamma sums dy * xhat, with the normalised values; you took x."""
    dx, dgamma, dbeta = layer_norm_backward(dy, x, gamma, eps)
    return dx, (dy * x).sum(axis=tuple(range(x.ndim - 1))).astype(dgamma.dtype), dbeta


@wrong(replaces="layer_norm_backward", fails=["layer_backward"])
def eps_left_out(dy, x, gamma, eps=1e-5):
    """dx divides by sqrt(var + eps), the root of the forward pass; you left the argument eps out."""
    return layer_norm_backward(dy, x, gamma)


@wrong(replaces="layer_norm_backward", fails=["errors_purity"])
def backward_in_place(dy, x, gamma, eps=1e-5):
    """`dy *= gamma` writes into the caller's array; work on a new one."""
    grads = layer_norm_backward(dy, x, gamma, eps)
    dy *= gamma
    return grads


@wrong(replaces="layer_norm_backward", fails=["errors_purity"])
def dbeta_is_dy(dy, x, gamma, eps=1e-5):
    """For a single row dbeta equals dy, but it must be an array of its own."""
    dx, dgamma, dbeta = layer_norm_backward(dy, x, gamma, eps)
    return dx, dgamma, dy if dy.ndim == 1 else dbeta


# Instance and group norm


@wrong(replaces="instance_norm", fails=["instance_value", "identities"])
def instance_all(x, eps=1e-5):
    """Instance norm treats every channel separately: a set is the pixels of one channel of one sample."""
    return standardised(x, (1, 2, 3), eps)[0]


@wrong(replaces="instance_norm", fails=["instance_value", "identities"])
def instance_pools_samples(x, eps=1e-5):
    """Pooling a channel over the samples is batch norm; instance norm treats every sample separately."""
    return standardised(x, (0, 2, 3), eps)[0]


@wrong(replaces="instance_norm", fails=["instance_value", "identities"])
def one_row_of_pixels(x, eps=1e-5):
    """A set is all pixels of a channel, both H and W, not each row of the image."""
    return standardised(x, (3,), eps)[0]


@wrong(replaces="group_norm", fails=["group_value", "identities"])
def group_interleaved(x, num_groups, gamma, beta, eps=1e-5):
    """Groups are CONTIGUOUS blocks of channels; you put channels c, c + G, c + 2G ... together."""
    group_norm(x, num_groups, gamma, beta, eps)
    n, c, h, w = x.shape
    xhat, _ = standardised(x.reshape(n, c // num_groups, num_groups, h, w), (1, 3, 4), eps)
    return gamma[:, None, None] * xhat.reshape(x.shape) + beta[:, None, None]


@wrong(replaces="group_norm", fails=["group_value", "identities"])
def groups_as_size(x, num_groups, gamma, beta, eps=1e-5):
    """num_groups is the number of groups, not the number of channels in each."""
    group_norm(x, num_groups, gamma, beta, eps)
    return group_norm(x, x.shape[1] // num_groups, gamma, beta, eps)


@wrong(replaces="group_norm", fails=["group_value", "identities"])
def per_channel(x, num_groups, gamma, beta, eps=1e-5):
    """All channels of a group share one mean and variance; you reduce over the pixels of each channel alone."""
    group_norm(x, num_groups, gamma, beta, eps)
    return group_norm(x, x.shape[1], gamma, beta, eps)


@wrong(replaces="group_norm", fails=["group_value", "identities"])
def affine_per_group(x, num_groups, gamma, beta, eps=1e-5):
    """gamma and beta hold one entry per channel; you use one per group."""
    first = np.arange(len(gamma)) // (len(gamma) // num_groups if 0 < num_groups <= len(gamma) else 1)
    y = group_norm(x, num_groups, gamma, beta, eps)
    plain = (y - beta[:, None, None]) / gamma[:, None, None]
    return (gamma[first][:, None, None] * plain + beta[first][:, None, None]).astype(y.dtype)


@wrong(replaces="group_norm", fails=["group_value", "identities", "errors_purity"])
def affine_on_last_axis(x, num_groups, gamma, beta, eps=1e-5):
    """gamma and beta belong to the channels, axis 1: give them the shape (C, 1, 1), or they meet the last axis W."""
    ones = np.ones(x.shape[1], gamma.dtype)
    return gamma * group_norm(x, num_groups, ones, 0 * ones, eps) + beta


@wrong(replaces="group_norm", fails=["errors_purity"])
def group_unchecked(x, num_groups, gamma, beta, eps=1e-5):
    """gamma and beta of shape (1,) broadcast without an error: compare their shapes with (C,) yourself."""
    if gamma.shape == (1,) or beta.shape == (1,):
        channels = x.shape[1]
        return group_norm(x, num_groups, np.resize(gamma, channels), np.resize(beta, channels), eps)
    return group_norm(x, num_groups, gamma, beta, eps)


@wrong(replaces="group_norm", fails=["errors_purity"])
def uneven_groups(x, num_groups, gamma, beta, eps=1e-5):
    """If num_groups does not divide C there are no groups of equal size: raise ValueError."""
    channels = x.shape[1]
    if gamma.shape == beta.shape == (channels,) and num_groups > 0 and channels % num_groups:
        parts = np.array_split(x, num_groups, axis=1)
        xhat = np.concatenate([standardised(p, (1, 2, 3), eps)[0] for p in parts if p.size], axis=1)
        return gamma[:, None, None] * xhat + beta[:, None, None]
    return group_norm(x, num_groups, gamma, beta, eps)


@wrong(replaces="group_norm", fails=["errors_purity"])
def zero_groups(x, num_groups, gamma, beta, eps=1e-5):
    """num_groups = 0 should raise ValueError, before C % 0 raises ZeroDivisionError."""
    _ = x.shape[1] % num_groups
    return group_norm(x, num_groups, gamma, beta, eps)


# The axes


@wrong(replaces="normalized_axes", fails=["axes"])
def kept_axes(kind):
    """You name the axes that keep a mean of their own; asked for are those that are reduced."""
    normalized_axes(kind)
    return {"batch": (1,), "layer": (0,), "instance": (0, 1), "group": (0, 1)}[kind]


@wrong(replaces="normalized_axes", fails=["axes"])
def batch_axis_only(kind):
    """For images batch norm pools the pixels, too: axes 0, 2 and 3, one mean per channel."""
    return (0,) if kind == "batch" else normalized_axes(kind)


@wrong(replaces="normalized_axes", fails=["axes"])
def layer_channels_only(kind):
    """For a full sample (C, H, W) layer norm reduces all three axes, not the channels alone."""
    return (1,) if kind == "layer" else normalized_axes(kind)


@wrong(replaces="normalized_axes", fails=["axes"])
def group_before_reshape(kind):
    """For 'group' the axes are those of the reshaped (N, G, C / G, H, W): axis 1 counts the groups and stays."""
    return (1, 2, 3) if kind == "group" else normalized_axes(kind)


@wrong(replaces="normalized_axes", fails=["errors_purity"])
def key_error(kind):
    """An unknown kind should raise ValueError; a lookup in a dict raises KeyError, and .get returns None."""
    axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3), "group": (2, 3, 4)}
    return axes[kind]
