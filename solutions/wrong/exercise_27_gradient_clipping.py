"""Answers people really give. Each must fail exactly the checks it names."""

import math

import numpy as np

from dlkit.grader.wrong import belief, wrong
from dlkit.solutions.exercise_27_gradient_clipping import clip_by_global_norm as right_global
from dlkit.solutions.exercise_27_gradient_clipping import clip_by_norm as right_norm
from dlkit.solutions.exercise_27_gradient_clipping import clip_by_value as right_value

BOTH = ("clip_by_norm", "clip_by_global_norm")

clip_weights = belief(
    "clip_weights",
    check="value_clip",
    message="Clip the gradients, between the backward pass and the optimizer's step, not the weights after it.",
)


def _total(grads, norm_type):
    return right_global(grads, 1.0, norm_type)[1]


def _factor(total, max_norm):
    return float(np.minimum(1.0, max_norm / (total + 1e-6)))


def _scaled(grads, factor, total):
    return [g * factor for g in grads]


def _both(*, factor=_factor, scaled=_scaled):
    """The two norm forms with the factor, or its use, replaced."""

    def clip_by_global_norm(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
        _, total = right_global(grads, max_norm, norm_type, error_if_nonfinite)  # the reference's ValueErrors
        return scaled(grads, factor(total, max_norm), total), total

    def clip_by_norm(grads, max_norm):
        right_norm([], max_norm)
        return [clip_by_global_norm([g], max_norm)[0][0] for g in grads]

    return staticmethod(clip_by_norm), staticmethod(clip_by_global_norm)


def _global(*, norm=_total, total_after=False):
    """clip_by_global_norm with another norm."""

    def clip_by_global_norm(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
        right_global([], max_norm)
        total = float(norm(grads, norm_type))
        if error_if_nonfinite and not np.isfinite(total):
            raise ValueError("the total norm is not finite")
        return [g * _factor(total, max_norm) for g in grads], total

    return staticmethod(clip_by_global_norm)


GLOBAL = ("clip_by_global_norm",)


@wrong(replaces="clip_by_global_norm", fails=["global_norm", "direction", "nonfinite"])
def per_tensor_global(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """The global norm joins ALL arrays into one factor; clipping one by one turns the full gradient."""
    _, total = right_global(grads, max_norm, norm_type, error_if_nonfinite)
    return [right_global([g], max_norm, norm_type)[0][0] for g in grads], total


@wrong(replaces="clip_by_norm", fails=["norm_clip", "direction", "nonfinite"])
def global_for_each(grads, max_norm):
    """clip_by_norm looks at each array by itself: a large neighbour must not shrink a small gradient."""
    return right_global(grads, max_norm)[0]


@wrong(replaces=BOTH, fails=["norm_clip", "below_threshold"])
class always_scale:
    """Never scale gradients up: the factor is at most 1. Clipping does not bring back vanished gradients."""

    clip_by_norm, clip_by_global_norm = _both(factor=lambda total, max_norm: max_norm / (total + 1e-6))


@wrong(replaces=BOTH, fails=["norm_clip", "global_norm", "nonfinite"])
class no_epsilon:
    """PyTorch divides by norm + 1e-6; without it the results differ in the 7th digit, and more for small norms."""

    clip_by_norm, clip_by_global_norm = _both(
        factor=lambda total, max_norm: float(np.minimum(1.0, max_norm / total)) if total else 1.0
    )


@wrong(replaces=BOTH, fails=["norm_clip", "global_norm"])
class only_above:
    """The factor is min(1, max_norm / (norm + 1e-6)): at norm = max_norm it is a little below 1 already."""

    clip_by_norm, clip_by_global_norm = _both(
        factor=lambda total, max_norm: 1.0 if total <= max_norm else max_norm / (total + 1e-6)
    )


@wrong(replaces=BOTH, fails=["norm_clip", "global_norm", "direction", "nonfinite"])
class norm_not_divided:
    """A gradient that is too long becomes max_norm long: divide by its norm, do not multiply it by max_norm alone."""

    clip_by_norm, clip_by_global_norm = _both(
        factor=lambda total, max_norm: 1.0 if total + 1e-6 < max_norm else max_norm * (total - total + 1)
    )


@wrong(replaces=BOTH, fails=["norm_clip", "global_norm", "below_threshold"])
class float64_out:
    """float32 gradients should stay float32: multiply by a Python float, a np.float64 makes them float64."""

    clip_by_norm, clip_by_global_norm = _both(
        scaled=lambda grads, factor, total: [np.multiply(g, np.float64(factor)) for g in grads]
    )


@wrong(replaces=BOTH, fails=["nonfinite"])
class nan_swallowed:
    """min(1.0, nan) is 1.0 in Python, so a NaN norm leaves the gradients unclipped; np.minimum hands NaN on."""

    clip_by_norm, clip_by_global_norm = _both(factor=lambda total, max_norm: min(1.0, max_norm / (total + 1e-6)))


@wrong(replaces=BOTH, fails=["nonfinite"])
class nonfinite_left:
    """A norm that is not finite is no reason to skip the scaling: apply the factor as it comes out."""

    clip_by_norm, clip_by_global_norm = _both(
        factor=lambda total, max_norm: _factor(total, max_norm) if math.isfinite(total) else 1.0
    )


@wrong(replaces=BOTH, fails=["nonfinite"])
class nonfinite_zeroed:
    """Do not hide inf and NaN by putting zeros in their place: apply the factor as it comes out, or raise if asked."""

    clip_by_norm, clip_by_global_norm = _both(
        scaled=lambda grads, factor, total: (
            [g * factor for g in grads] if math.isfinite(total) else [np.zeros_like(g) for g in grads]
        )
    )


@wrong(replaces=BOTH, fails=["purity_errors"])
class returns_inputs:
    """The results are new arrays, also where nothing is clipped: you hand back the caller's."""

    clip_by_norm, clip_by_global_norm = _both(
        scaled=lambda grads, factor, total: [g if factor == 1 else g * factor for g in grads]
    )


@wrong(replaces=BOTH, fails=["purity_errors"])
class scales_in_place:
    """`g *= factor` changes the caller's gradients: multiply into new arrays."""

    clip_by_norm, clip_by_global_norm = _both(
        scaled=lambda grads, factor, total: [np.multiply(g, factor, out=g) for g in grads]
    )


@wrong(replaces=GLOBAL, fails=["global_norm", "direction", "below_threshold", "nonfinite"])
class sum_of_norms:
    """Norms do not add up: combine them as the p-th root of the sum of their p-th powers."""

    clip_by_global_norm = _global(norm=lambda grads, norm_type: sum(_total([g], norm_type) for g in grads))


@wrong(replaces=GLOBAL, fails=["global_norm", "direction", "below_threshold", "nonfinite"])
class largest_norm:
    """The norm of all gradients together is not the largest of the arrays' norms (only for norm_type inf)."""

    clip_by_global_norm = _global(
        norm=lambda grads, norm_type: np.max([_total([g], norm_type) for g in grads], initial=0.0)
    )


@wrong(replaces=GLOBAL, fails=["norm_clip", "global_norm", "direction", "below_threshold", "nonfinite"])
class no_root:
    """Take the p-th root of the sum: without it the total is the squared norm."""

    clip_by_global_norm = _global(
        norm=lambda grads, norm_type: _total(grads, norm_type) ** (1 if math.isinf(norm_type) else norm_type)
    )


@wrong(replaces=GLOBAL, fails=["global_norm", "below_threshold"])
class norm_type_ignored:
    """`norm_type` has no effect on your result."""

    clip_by_global_norm = _global(norm=lambda grads, norm_type: _total(grads, 2.0))


@wrong(replaces=GLOBAL, fails=["global_norm", "below_threshold"])
class signed_powers:
    """A norm adds up absolute values: entries of opposite sign must not cancel."""

    clip_by_global_norm = _global(
        norm=lambda grads, norm_type: (
            abs(sum(float(g.sum()) for g in grads)) if norm_type == 1 else _total(grads, norm_type)
        )
    )


@wrong(replaces=GLOBAL, fails=["global_norm", "below_threshold", "nonfinite"])
class inf_as_power:
    """norm_type inf is the largest absolute entry; raising to the power inf and back gives 1 for anything."""

    clip_by_global_norm = _global(
        norm=lambda grads, norm_type: (
            0 * _total(grads, 2.0) + (1.0 if grads else 0.0) if math.isinf(norm_type) else _total(grads, norm_type)
        )
    )


@wrong(replaces=GLOBAL, fails=["global_norm", "below_threshold", "nonfinite"])
class inf_without_abs:
    """norm_type inf is the largest ABSOLUTE entry: a large negative one counts, too."""

    clip_by_global_norm = _global(
        norm=lambda grads, norm_type: (
            np.max([g.max() for g in grads], initial=0.0) if math.isinf(norm_type) else _total(grads, norm_type)
        )
    )


@wrong(replaces=GLOBAL, fails=["norm_clip", "global_norm", "direction", "below_threshold", "nonfinite"])
class matrix_norm:
    """np.linalg.norm(g, 2) of a matrix is its largest singular value: flatten the array first."""

    clip_by_global_norm = _global(
        norm=lambda grads, norm_type: _total(
            [np.array(np.linalg.norm(g if g.ndim == 2 and g.size else g.ravel(), norm_type)) for g in grads], norm_type
        )
    )


@wrong(replaces=GLOBAL, fails=["norm_clip", "global_norm", "direction", "below_threshold", "nonfinite"])
class mean_square:
    """The norm is the root of the SUM of squares, not of their mean: it grows with the number of entries."""

    clip_by_global_norm = _global(
        norm=lambda grads, norm_type: _total(grads, norm_type) / max(1, sum(g.size for g in grads)) ** (1 / norm_type)
    )


@wrong(replaces="clip_by_global_norm", fails=["global_norm", "nonfinite"])
def returns_clipped(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """Return the norm BEFORE clipping: it is the number to log; afterwards it is max_norm at most."""
    clipped, _ = right_global(grads, max_norm, norm_type, error_if_nonfinite)
    return clipped, right_global(clipped, max_norm, norm_type)[1]


@wrong(replaces="clip_by_global_norm", fails=["global_norm"])
def numpy_total(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """The total is a Python float: of float32 arrays numpy makes a np.float32, convert it with float()."""
    clipped, total = right_global(grads, max_norm, norm_type, error_if_nonfinite)
    return clipped, np.float32(total) if any(g.dtype == np.float32 for g in grads) else total


@wrong(
    replaces="clip_by_global_norm",
    fails=["norm_clip", "global_norm", "direction", "below_threshold", "nonfinite", "purity_errors"],
)
def total_forgotten(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """Return two things: the list of clipped arrays and the total norm before clipping."""
    return right_global(grads, max_norm, norm_type, error_if_nonfinite)[0]


@wrong(replaces="clip_by_global_norm", fails=["nonfinite"])
def only_nan_raises(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """An infinite total norm is not finite either: np.isfinite catches both, np.isnan does not."""
    clipped, total = right_global(grads, max_norm, norm_type)
    if error_if_nonfinite and math.isnan(total):
        raise ValueError("the total norm is not finite")
    return clipped, total


@wrong(replaces="clip_by_global_norm", fails=["nonfinite"])
def always_raises(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """An inf or NaN total norm raises only with error_if_nonfinite=True; by default the factor is applied."""
    return right_global(grads, max_norm, norm_type, True)


@wrong(replaces="clip_by_global_norm", fails=["nonfinite"])
def never_raises(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """`error_if_nonfinite` has no effect: with True an inf or NaN total norm should raise ValueError."""
    return right_global(grads, max_norm, norm_type)


@wrong(replaces="clip_by_norm", fails=["norm_clip", "direction", "nonfinite"])
def row_by_row(grads, max_norm):
    """One norm per array: the squares of all its entries belong into it, not those of a row."""
    right_norm([], max_norm)
    return [
        np.array([right_norm([row], max_norm)[0] for row in g], dtype=g.dtype).reshape(g.shape)
        if g.ndim > 1
        else right_norm([g], max_norm)[0]
        for g in grads
    ]


@wrong(replaces="clip_by_value", fails=["value_clip", "direction", "nonfinite"])
def one_sided(grads, clip_value):
    """Clip negative entries as well: the bounds are -clip_value and clip_value."""
    right_value([], clip_value)
    return [np.minimum(g, clip_value) for g in grads]


@wrong(replaces="clip_by_value", fails=["value_clip", "direction", "nonfinite"])
def scales_to_value(grads, clip_value):
    """Value clipping limits each entry by itself; scaling the array down is the other method, clipping by norm."""
    right_value([], clip_value)
    return [right_global([g], clip_value, np.inf)[0][0] for g in grads]


@wrong(replaces="clip_by_value", fails=["value_clip", "direction", "nonfinite"])
def zeroes_large(grads, clip_value):
    """An entry beyond the bound becomes the bound, not 0: a large gradient still says where to go."""
    right_value([], clip_value)
    return [np.where(np.abs(g) > clip_value, 0, g).astype(g.dtype) for g in grads]


@wrong(replaces="clip_by_value", fails=["value_clip"])
def value_float64(grads, clip_value):
    """float32 gradients should stay float32."""
    return right_value([g.astype(np.float64) for g in grads], clip_value)


@wrong(replaces="clip_by_value", fails=["purity_errors"])
def value_in_place(grads, clip_value):
    """np.clip(..., out=g) changes the caller's gradients: return new arrays."""
    right_value([], clip_value)
    return [np.clip(g, -clip_value, clip_value, out=g) for g in grads]


@wrong(replaces="clip_by_value", fails=["purity_errors"])
def value_unchecked(grads, clip_value):
    """A clip_value <= 0 is a mistake of the caller's: raise ValueError."""
    return [g.clip(-clip_value, clip_value) for g in grads]


@wrong(replaces=BOTH, fails=["purity_errors"])
class norm_unchecked:
    """A max_norm <= 0 is a mistake of the caller's (it would stop or reverse the training): raise ValueError."""

    def clip_by_norm(grads, max_norm):
        return [norm_unchecked.clip_by_global_norm([g], max_norm)[0][0] for g in grads]

    def clip_by_global_norm(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
        _, total = right_global(grads, 1.0, norm_type, error_if_nonfinite)
        return [g * _factor(total, max_norm) for g in grads], total
