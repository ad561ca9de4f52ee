"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_18_dying_relu import (
    _pre_activations,
    dead_fraction,
    dead_unit_mask,
    saturated_fraction,
    sgd_step_one_layer,
)

# dead_unit_mask; the reference's dead_fraction goes by it


@wrong(replaces="dead_unit_mask", fails=["mask_value", "fraction"])
def per_sample(z):
    """Dead means inactive on EVERY sample; silent on some is normal sparsity."""
    dead_unit_mask(z)
    return (z <= 0).any(axis=0)


@wrong(replaces="dead_unit_mask", fails=["mask_value", "fraction"])
def strict_zero(z):
    """z = 0 also gives zero output and zero gradient: test z <= 0, not z < 0."""
    dead_unit_mask(z)
    return (z < 0).all(axis=0)


@wrong(replaces="dead_unit_mask", fails=["mask_value", "fraction"])
def output_zero_mean(z):
    """Judge by the sign of the pre-activation, not by a small mean output: one small positive z is enough to learn."""
    dead_unit_mask(z)
    return np.maximum(z, 0).mean(axis=0) < 0.01


@wrong(replaces="dead_unit_mask", fails=["mask_value", "fraction"])
def mean_negative(z):
    """A negative MEAN of z does not make a unit dead: one positive sample keeps it alive."""
    dead_unit_mask(z)
    return z.mean(axis=0) <= 0


@wrong(replaces="dead_unit_mask", fails=["mask_value", "fraction"])
def mask_of_samples(z):
    """The mask has one entry per UNIT: look along the samples (axis 0), not along the units."""
    dead_unit_mask(z)
    return (z <= 0).all(axis=1)


@wrong(replaces="dead_unit_mask", fails=["mask_value", "fraction"])
def alive_mask(z):
    """True should mark the DEAD units; you mark the living ones."""
    return ~dead_unit_mask(z)


@wrong(replaces="dead_unit_mask", fails=["mask_value"])
def mask_of_numbers(z):
    """A mask is a bool array: with 0 and 1 as integers, z[:, mask] picks columns 0 and 1 instead."""
    return dead_unit_mask(z).astype(int)


@wrong(replaces="dead_unit_mask", fails=["errors_purity"])
def rank_unchecked(z):
    """z must have the shape (N, H): raise ValueError for any other rank."""
    return (z <= 0).all(axis=0)


# dead_fraction


@wrong(replaces="dead_fraction", fails=["fraction"])
def silent_entries(W, b, X):
    """You counted silent pairs of sample and unit; count the units that are silent on every sample."""
    return (_pre_activations(W, b, X) <= 0).mean()


@wrong(replaces="dead_fraction", fails=["fraction", "errors_purity"])
def bias_forgotten(W, b, X):
    """The bias belongs to z = X W^T + b: a large negative one is the usual cause of death."""
    return dead_unit_mask(X @ W.T).mean()


@wrong(replaces="dead_fraction", fails=["fraction"])
def alive_share(W, b, X):
    """The share of the DEAD units is asked for; yours is that of the living ones."""
    return 1 - dead_fraction(W, b, X)


@wrong(replaces="dead_fraction", fails=["fraction"])
def counted(W, b, X):
    """Return the share of the dead units, not their number."""
    return float(dead_unit_mask(_pre_activations(W, b, X)).sum())


@wrong(replaces="dead_fraction", fails=["errors_purity"])
def bias_broadcast(W, b, X):
    """A bias of shape (1,) is broadcast without a word: check that b has one entry per unit."""
    return dead_unit_mask(X @ W.T + b).mean()


# saturated_fraction


def _sigmoid(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


_SLOPES = {
    "sigmoid": lambda z: _sigmoid(z) * (1 - _sigmoid(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z > 0).astype(float),
}


def _saturated(z, activation, tol, **flat):
    """The share of the samples that `flat[activation](z)` marks; the reference for the other activations."""
    right = saturated_fraction(z, activation, tol)
    return flat[activation](z).mean(axis=0) if activation in flat else right


@wrong(replaces="saturated_fraction", fails=["saturation"])
def relu_cures_all(z, activation, tol=1e-3):
    """Saturation is |act'| tiny, at large |z| of either sign; z <= 0 is the test for ReLU only."""
    saturated_fraction(z, activation, tol)
    return (z <= 0).mean(axis=0)


@wrong(replaces="saturated_fraction", fails=["saturation"])
def tol_ignored(z, activation, tol=1e-3):
    """The `tol` argument has no effect on your result."""
    saturated_fraction(z, activation, tol)
    return saturated_fraction(z, activation)


@wrong(replaces="saturated_fraction", fails=["saturation"])
def tol_default(z, activation, tol=1e-2):
    """The default of `tol` is 1e-3."""
    return saturated_fraction(z, activation, tol)


@wrong(replaces="saturated_fraction", fails=["saturation"])
def z_as_output(z, activation, tol=1e-3):
    """s (1 - s) and 1 - t^2 hold for the OUTPUTS s and t; z is the pre-activation: apply the activation first."""
    return _saturated(z, activation, tol, sigmoid=lambda z: np.abs(z * (1 - z)) < tol, tanh=lambda z: 1 - z**2 < tol)


@wrong(replaces="saturated_fraction", fails=["saturation"])
def outputs_near_the_ends(z, activation, tol=1e-3):
    """Compare the derivative with tol, not the output's distance from its ends."""
    return _saturated(
        z,
        activation,
        tol,
        sigmoid=lambda z: np.minimum(_sigmoid(z), _sigmoid(-z)) < tol,
        tanh=lambda z: 1 - np.abs(np.tanh(z)) < tol,
    )


@wrong(replaces="saturated_fraction", fails=["saturation"])
def sigmoid_slope_for_tanh(z, activation, tol=1e-3):
    """tanh' is 1 - tanh^2, four times as steep at 0 as the sigmoid and saturated much earlier."""
    return _saturated(z, activation, tol, tanh=lambda z: _SLOPES["sigmoid"](z) < tol)


@wrong(replaces="saturated_fraction", fails=["saturation"])
def one_side_only(z, activation, tol=1e-3):
    """Sigmoid and tanh are flat at both ends: large negative z saturate like large positive ones."""
    return _saturated(
        z,
        activation,
        tol,
        sigmoid=lambda z: (z > 0) & (_SLOPES["sigmoid"](z) < tol),
        tanh=lambda z: (z > 0) & (_SLOPES["tanh"](z) < tol),
    )


@wrong(replaces="saturated_fraction", fails=["saturation"])
def whole_unit(z, activation, tol=1e-3):
    """A share per unit is asked for, not whether it is saturated on every sample."""
    saturated_fraction(z, activation, tol)
    flat = z <= 0 if activation == "relu" else _SLOPES[activation](z) < tol
    return flat.all(axis=0).astype(float)


@wrong(replaces="saturated_fraction", fails=["saturation"])
def one_share_for_all(z, activation, tol=1e-3):
    """One number for the whole layer hides the saturated units: average over the samples only (axis 0)."""
    return saturated_fraction(z, activation, tol).mean()


@wrong(replaces="saturated_fraction", fails=["saturation"])
def share_per_sample(z, activation, tol=1e-3):
    """A share per UNIT is asked for: average over the samples (axis 0), not over the units."""
    return saturated_fraction(z.T, activation, tol)


@wrong(replaces="saturated_fraction", fails=["saturation"])
def bound_included(z, activation, tol=1e-3):
    """A derivative equal to tol is not below it: compare with <."""
    return _saturated(
        z,
        activation,
        tol,
        sigmoid=lambda z: _SLOPES["sigmoid"](z) <= tol,
        tanh=lambda z: _SLOPES["tanh"](z) <= tol,
    )


@wrong(replaces="saturated_fraction", fails=["saturation"])
def relu_by_tol(z, activation, tol=1e-3):
    """For relu the share with z <= 0 is asked for, whatever tol is: with tol = 0 or tol > 1 yours is another."""
    return _saturated(z, activation, tol, relu=lambda z: _SLOPES["relu"](z) < tol)


@wrong(replaces="saturated_fraction", fails=["saturation"])
def relu_strict(z, activation, tol=1e-3):
    """At z = 0 a ReLU is as flat as below it: count z <= 0."""
    return _saturated(z, activation, tol, relu=lambda z: z < 0)


@wrong(replaces="saturated_fraction", fails=["saturation"])
def overflows_to_nan(z, activation, tol=1e-3):
    """exp(-z) / (1 + exp(-z))^2 is inf/inf = NaN at z = -1e4, and NaN < tol is False: use s (1 - s)."""

    def flat(z):
        with np.errstate(all="ignore"):
            return np.exp(-z) / (1 + np.exp(-z)) ** 2 < tol

    return _saturated(z, activation, tol, sigmoid=flat)


@wrong(replaces="saturated_fraction", fails=["errors_purity"])
def arguments_unchecked(z, activation, tol=1e-3):
    """A negative tol, an activation that is not listed, z that is not 2-d: raise ValueError."""
    flat = z <= 0 if activation not in ("sigmoid", "tanh") else _SLOPES[activation](z) < tol
    return flat.mean(axis=0)


# sgd_step_one_layer


def _step(
    W, b, v, X, y, lr, slope, *,
    forward=None, positive=np.greater, factor=2.0, weighted=True, flat=False, validate=True,
):  # fmt: skip
    """The reference with one thing changed: the gradient too, where `forward` is another slope."""
    if validate:
        sgd_step_one_layer(W, b, v, X, y, lr, slope)
    z = X @ W.T + b
    a = np.where(z > 0, z, (slope if forward is None else forward) * z)
    error = factor * (a @ v - y) / len(y)
    da = np.outer(error, v if weighted else np.ones_like(v))
    dz = da if flat else np.where(positive(z, 0), da, slope * da)
    return W - lr * dz.T @ X, b - lr * dz.sum(axis=0)


@wrong(replaces="sgd_step_one_layer", fails=["step_value", "dead_stays_dead"])
def leaky_grad_zero(W, b, v, X, y, lr, negative_slope=0.0):
    """The derivative of the negative branch is the slope, not 0: that is what brings a dead unit back."""
    sgd_step_one_layer(W, b, v, X, y, lr, negative_slope)
    return _step(W, b, v, X, y, lr, 0.0, forward=negative_slope)


@wrong(replaces="sgd_step_one_layer", fails=["step_value", "dead_stays_dead"])
def slope_ignored(W, b, v, X, y, lr, negative_slope=0.0):
    """The `negative_slope` argument has no effect on your result."""
    return sgd_step_one_layer(W, b, v, X, y, lr)


@wrong(replaces="sgd_step_one_layer", fails=["step_value"])
def slope_forgotten_forward(W, b, v, X, y, lr, negative_slope=0.0):
    """The slope belongs into the forward pass as well: act(z) = negative_slope * z for z <= 0."""
    return _step(W, b, v, X, y, lr, negative_slope, forward=0.0)


@wrong(replaces="sgd_step_one_layer", fails=["step_value", "dead_stays_dead"])
def derivative_forgotten(W, b, v, X, y, lr, negative_slope=0.0):
    """dL/dz = dL/da * act'(z): without act' the step moves even dead units."""
    return _step(W, b, v, X, y, lr, negative_slope, flat=True)


@wrong(replaces="sgd_step_one_layer", fails=["step_value"])
def slope_at_zero(W, b, v, X, y, lr, negative_slope=0.0):
    """At z = 0 the derivative is negative_slope, not 1: z > 0 chooses the branch."""
    return _step(W, b, v, X, y, lr, negative_slope, positive=np.greater_equal)


@wrong(replaces="sgd_step_one_layer", fails=["step_value"])
def two_forgotten(W, b, v, X, y, lr, negative_slope=0.0):
    """The derivative of the square brings a factor of 2."""
    return _step(W, b, v, X, y, lr, negative_slope, factor=1.0)


@wrong(replaces="sgd_step_one_layer", fails=["step_value"])
def loss_summed(W, b, v, X, y, lr, negative_slope=0.0):
    """L is the MEAN over the samples: divide the gradient by N."""
    return _step(W, b, v, X, y, lr, negative_slope, factor=2.0 * len(y))


@wrong(replaces="sgd_step_one_layer", fails=["step_value"])
def output_weights_forgotten(W, b, v, X, y, lr, negative_slope=0.0):
    """On the way back each unit's gradient is multiplied by its output weight v."""
    return _step(W, b, v, X, y, lr, negative_slope, weighted=False)


@wrong(replaces="sgd_step_one_layer", fails=["step_value", "dead_stays_dead"])
def uphill(W, b, v, X, y, lr, negative_slope=0.0):
    """Descent goes AGAINST the gradient: subtract lr times the gradient."""
    return sgd_step_one_layer(W, b, v, X, y, -lr, negative_slope)


@wrong(replaces="sgd_step_one_layer", fails=["step_value", "dead_stays_dead"])
def bias_kept(W, b, v, X, y, lr, negative_slope=0.0):
    """The bias learns, too: db is the sum of dL/dz over the samples."""
    return sgd_step_one_layer(W, b, v, X, y, lr, negative_slope)[0], b.copy()


@wrong(replaces="sgd_step_one_layer", fails=["step_value"])
def bias_averaged(W, b, v, X, y, lr, negative_slope=0.0):
    """The mean over the samples is in dL/dz already: db is the SUM of dL/dz."""
    new_w, new_b = sgd_step_one_layer(W, b, v, X, y, lr, negative_slope)
    return new_w, b + (new_b - b) / len(y)


@wrong(replaces="sgd_step_one_layer", fails=["step_value"])
def bias_after_weights(W, b, v, X, y, lr, negative_slope=0.0):
    """Both gradients belong to the OLD W and b: take the forward pass once, then move both."""
    new_w, _ = sgd_step_one_layer(W, b, v, X, y, lr, negative_slope)
    return new_w, sgd_step_one_layer(new_w, b, v, X, y, lr, negative_slope)[1]


@wrong(replaces="sgd_step_one_layer", fails=["step_value"])
def leaky_by_default(W, b, v, X, y, lr, negative_slope=0.01):
    """The default slope is 0, the plain ReLU."""
    return sgd_step_one_layer(W, b, v, X, y, lr, negative_slope)


@wrong(replaces="sgd_step_one_layer", fails=["step_value"])
def float64_out(W, b, v, X, y, lr, negative_slope=0.0):
    """float32 weights should stay float32."""
    sgd_step_one_layer(W, b, v, X, y, lr, negative_slope)
    return sgd_step_one_layer(*(a.astype(np.float64) for a in (W, b, v, X, y)), lr, negative_slope)


@wrong(replaces="sgd_step_one_layer", fails=["errors_purity"])
def weights_in_place(W, b, v, X, y, lr, negative_slope=0.0):
    """`W -= ...` writes into the caller's array; build new ones."""
    new_w, new_b = sgd_step_one_layer(W, b, v, X, y, lr, negative_slope)
    W[...] = new_w
    b[...] = new_b
    return W, b


@wrong(replaces="sgd_step_one_layer", fails=["errors_purity"])
def shapes_broadcast(W, b, v, X, y, lr, negative_slope=0.0):
    """y of shape (N, 1) turns the errors into an (N, N) matrix, and shapes of 1 stretch: compare the shapes first."""
    dy = np.resize(y, len(X))
    return _step(W, np.resize(b, len(W)), np.resize(v, len(W)), X, dy, lr, negative_slope, validate=False)
