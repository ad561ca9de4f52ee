"""Answers people really give. Each must fail exactly the checks it names."""

import math

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_30_weight_init import fan_in_out as right_fans
from dlkit.solutions.exercise_30_weight_init import he_std as right_std
from dlkit.solutions.exercise_30_weight_init import hidden_unit_diversity as right_diversity

XAVIER, HE, FANS = ("xavier_uniform", "xavier_normal"), ("he_uniform", "he_normal"), ("fan_in_out",)


def _xavier_std(shape, gain):
    return gain * math.sqrt(2 / sum(right_fans(shape)))


def _uniform(std, shape, rng):
    bound = math.sqrt(3) * std
    return rng.uniform(-bound, bound, shape)


def _normal(std, shape, rng):
    return rng.normal(0, std, shape)


def _xavier(*, std=_xavier_std, uniform=_uniform, normal=_normal):
    def xavier_uniform(shape, rng, gain=1.0):
        return uniform(std(shape, gain), shape, rng)

    def xavier_normal(shape, rng, gain=1.0):
        return normal(std(shape, gain), shape, rng)

    return staticmethod(xavier_uniform), staticmethod(xavier_normal)


def _he(*, std=right_std, uniform=_uniform, normal=_normal):
    def he_uniform(shape, rng, negative_slope=0.0, mode="fan_in"):
        right_std(shape, negative_slope, mode)
        return uniform(std(shape, negative_slope, mode), shape, rng)

    def he_normal(shape, rng, negative_slope=0.0, mode="fan_in"):
        right_std(shape, negative_slope, mode)
        return normal(std(shape, negative_slope, mode), shape, rng)

    return staticmethod(he_uniform), staticmethod(he_normal)


@wrong(replaces="fan_in_out", fails=["fans", "draws_value"])
def keras_fans(shape):
    """Weights are (out, in): fan_in is shape[1]. Xavier, which adds the fans, hides the swap; He does not."""
    return right_fans(shape)[::-1]


@wrong(replaces="fan_in_out", fails=["fans", "draws_value"])
def no_kernel(shape):
    """Multiply both fans by the kernel's area: an output of a convolution adds up in * k1 * k2 products."""
    right_fans(shape)
    return shape[1], shape[0]


@wrong(replaces="fan_in_out", fails=["fans", "draws_value"])
def kernel_in_fan_in_only(shape):
    """The kernel's area belongs into fan_out as well: an input takes part in so many positions of every output."""
    return right_fans(shape)[0], shape[0]


@wrong(replaces="fan_in_out", fails=["fans", "draws_value"])
def channels_last(shape):
    """The layout is (out, in, k1, k2), as in PyTorch: the channels come first, not last."""
    right_fans(shape)
    area = math.prod(shape[:-2]) if len(shape) > 2 else 1
    return (shape[-2] * area, shape[-1] * area) if len(shape) > 2 else (shape[1], shape[0])


@wrong(replaces=XAVIER + HE, fails=["draws_value", "statistics", "variance_flow"])
class std_as_bound:
    """A uniform distribution on [-b, b] has the standard deviation b / sqrt(3): the bound is sqrt(3) * std."""

    xavier_uniform, xavier_normal = _xavier(uniform=lambda std, shape, rng: rng.uniform(-std, std, shape))
    he_uniform, he_normal = _he(uniform=lambda std, shape, rng: rng.uniform(-std, std, shape))


@wrong(replaces=XAVIER + HE, fails=["draws_value", "statistics", "variance_flow"])
class variance_as_std:
    """rng.normal takes a standard deviation: take the square root of the variance 2 / fan."""

    xavier_uniform, xavier_normal = _xavier(normal=lambda std, shape, rng: rng.normal(0, std**2, shape))
    he_uniform, he_normal = _he(normal=lambda std, shape, rng: rng.normal(0, std**2, shape))


@wrong(replaces=HE, fails=["draws_value", "statistics", "variance_flow"])
class xavier_for_relu:
    """ReLU halves the mean square, so He's variance is twice as large: 2 / fan, not 2 / (fan_in + fan_out)."""

    he_uniform, he_normal = _he(std=lambda shape, slope, mode: _xavier_std(shape, math.sqrt(1 / (1 + slope**2))))


@wrong(replaces=HE, fails=["draws_value", "statistics", "variance_flow"])
class he_without_gain:
    """The gain of ReLU is missing: std = sqrt(2) / sqrt(fan), for half of the units are 0."""

    he_uniform, he_normal = _he(std=lambda shape, slope, mode: right_std(shape, 1.0, mode))


@wrong(replaces=XAVIER, fails=["draws_value"])
class xavier_of_one_fan:
    """Xavier takes both fans, 2 / (fan_in + fan_out): a compromise between the forward and the backward pass."""

    xavier_uniform, xavier_normal = _xavier(std=lambda shape, gain: gain / math.sqrt(right_fans(shape)[0]))


@wrong(replaces=XAVIER, fails=["draws_value", "statistics", "variance_flow"])
class xavier_too_small:
    """std = gain * sqrt(2 / (fan_in + fan_out)): 1 over the MEAN of the two fans, not over their sum."""

    xavier_uniform, xavier_normal = _xavier(std=lambda shape, gain: gain / math.sqrt(sum(right_fans(shape))))


@wrong(replaces=XAVIER, fails=["draws_value"])
class gain_ignored:
    """`gain` has no effect on your result: it multiplies the bound and the standard deviation."""

    xavier_uniform, xavier_normal = _xavier(std=lambda shape, gain: _xavier_std(shape, 1.0))


@wrong(replaces=XAVIER, fails=["draws_value"])
class gain_in_root:
    """The gain multiplies the standard deviation, outside of the root."""

    xavier_uniform, xavier_normal = _xavier(std=lambda shape, gain: _xavier_std(shape, math.sqrt(gain)))


@wrong(replaces=HE, fails=["draws_value"])
class slope_ignored:
    """`negative_slope` has no effect on your result: the gain is sqrt(2 / (1 + negative_slope^2))."""

    he_uniform, he_normal = _he(std=lambda shape, slope, mode: right_std(shape, 0.0, mode))


@wrong(replaces=HE, fails=["draws_value"])
class slope_not_squared:
    """The mean square behind a leaky ReLU is (1 + slope^2) / 2 of what it was: square the slope."""

    he_uniform, he_normal = _he(std=lambda shape, slope, mode: right_std(shape, math.sqrt(abs(slope)), mode))


@wrong(replaces=HE, fails=["draws_value"])
class mode_ignored:
    """`mode` has no effect on your result: with "fan_out" the fan of the outputs counts."""

    he_uniform, he_normal = _he(std=lambda shape, slope, mode: right_std(shape, slope, "fan_in"))


@wrong(replaces=HE, fails=["draws_value"])
class fan_out_by_default:
    """The default mode is "fan_in"."""

    def he_uniform(shape, rng, negative_slope=0.0, mode="fan_out"):
        return _uniform(right_std(shape, negative_slope, mode), shape, rng)

    def he_normal(shape, rng, negative_slope=0.0, mode="fan_out"):
        return _normal(right_std(shape, negative_slope, mode), shape, rng)


@wrong(replaces=XAVIER + HE, fails=["draws_value"])
class own_generator:
    """Draw from the rng that comes in, with the one call that the statement names, not from a generator of your own."""

    xavier_uniform, xavier_normal = _xavier(
        uniform=lambda std, shape, rng: _uniform(std, shape, np.random.default_rng(rng.integers(2**31))),
        normal=lambda std, shape, rng: _normal(std, shape, np.random.default_rng(rng.integers(2**31))),
    )
    he_uniform, he_normal = _he(
        uniform=lambda std, shape, rng: _uniform(std, shape, np.random.default_rng(rng.integers(2**31))),
        normal=lambda std, shape, rng: _normal(std, shape, np.random.default_rng(rng.integers(2**31))),
    )


@wrong(replaces=XAVIER + HE, fails=["draws_value", "statistics", "variance_flow"])
class truncated:
    """Draw once, for the whole shape; drawing again where a value is beyond two standard deviations is another rule."""

    xavier_uniform, xavier_normal = _xavier(normal=lambda std, shape, rng: _cut(std, shape, rng))
    he_uniform, he_normal = _he(normal=lambda std, shape, rng: _cut(std, shape, rng))


def _cut(std, shape, rng):
    w = rng.normal(0, std, shape)
    while (far := np.abs(w) > 1.8 * std).any():
        w[far] = rng.normal(0, std, far.sum())
    return w


@wrong(replaces=XAVIER + HE, fails=["draws_value", "statistics", "variance_flow"])
class positive_only:
    """The weights lie on both sides of 0: uniform on [-bound, bound], not on [0, bound]."""

    xavier_uniform, xavier_normal = _xavier(uniform=lambda std, shape, rng: 2 * std * rng.random(shape))
    he_uniform, he_normal = _he(uniform=lambda std, shape, rng: 2 * std * rng.random(shape))


@wrong(replaces=XAVIER, fails=["draws_value", "statistics", "variance_flow", "symmetry"])
class zero_start_ok:
    """Constants, however small, keep all units identical; break the symmetry with random draws."""

    xavier_uniform, xavier_normal = _xavier(
        uniform=lambda std, shape, rng: np.full(shape, std), normal=lambda std, shape, rng: np.full(shape, std)
    )


def _same_rows(W, tolerance=1e-8):
    kept = []
    for row in W:
        if all(np.abs(row - other).max() > tolerance for other in kept):
            kept.append(row)
    return len(kept)


def _trained(params, x, y, steps, lr, *, act=np.tanh, slope=lambda h: 1 - h**2, mean=True):
    for _ in range(steps):
        h = [x]
        for W, b in params:
            z = h[-1] @ W.T + b
            h.append(act(z))
        p = np.exp(z)
        delta = p / p.sum(axis=1, keepdims=True) - np.eye(len(b))[y]
        delta = delta / len(y) if mean else delta
        new = []
        for (W, b), below in zip(params[::-1], h[-2::-1], strict=True):
            new.append((W - lr * delta.T @ below, b - lr * delta.sum(axis=0)))
            delta = delta @ W * slope(below)
        params = new[::-1]
    return params


def _diversity(count=lambda params: _same_rows(params[0][0]), **changes):
    def hidden_unit_diversity(params, x, y, steps, lr):
        return count(_trained(params, x, y, steps, lr, **changes))

    return staticmethod(hidden_unit_diversity)


DIVERSITY = ("hidden_unit_diversity",)


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class other_steps:
    """Your training takes other steps: is the loss the MEAN over the rows, do W and b of every layer move, against
    their gradients, does delta go back through the old weights and 1 - h^2, and are the logits without tanh?"""

    hidden_unit_diversity = _diversity(mean=False)


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class exactly_equal:
    """Rounding makes equal rows differ in the last digit: rows within 1e-8 are the same."""

    hidden_unit_diversity = _diversity(lambda params: len(np.unique(params[0][0], axis=0)))


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class relu_inside:
    """The hidden layers are tanh; with ReLU units that start at 0 would never move."""

    hidden_unit_diversity = _diversity(act=lambda z: np.maximum(z, 0), slope=lambda h: h > 0)


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class not_trained:
    """Count the rows AFTER training: equal rows separate if their outgoing weights or their biases differ."""

    def hidden_unit_diversity(params, x, y, steps, lr):
        return right_diversity(params, x, y, 0, lr)


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class all_units_counted:
    """Equal units are one: count the DIFFERENT rows of W_1, after a constant start it is 1."""

    hidden_unit_diversity = _diversity(lambda params: len(params[0][0]))


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class columns_counted:
    """A unit of the first layer is a ROW of W_1, for the layout is (out, in); you compare the columns."""

    hidden_unit_diversity = _diversity(lambda params: _same_rows(params[0][0].T))


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class last_layer_counted:
    """The rows of W_1 are asked for, the first layer's, not those of the last layer."""

    hidden_unit_diversity = _diversity(lambda params: _same_rows(params[-1][0]))


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class coarse:
    """Rows are different when an entry differs by more than 1e-8; the tolerance of np.isclose is relative, too."""

    hidden_unit_diversity = _diversity(lambda params: _same_rows(params[0][0], 1e-5))


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class one_step_only:
    """`steps` has no effect on your result: so many steps of gradient descent come before the count."""

    def hidden_unit_diversity(params, x, y, steps, lr):
        return right_diversity(params, x, y, min(steps, 1), lr)


@wrong(replaces=DIVERSITY, fails=["symmetry"])
class trains_in_place:
    """`W -= …` changes the caller's parameters: work on new arrays."""

    def hidden_unit_diversity(params, x, y, steps, lr):
        for (W, b), (new_W, new_b) in zip(params, _trained(params, x, y, steps, lr), strict=True):
            W[...], b[...] = new_W, new_b
        return _same_rows(params[0][0])


@wrong(replaces="fan_in_out", fails=["errors"])
def rank_unchecked(shape):
    """A shape with fewer than two entries has no fans (it is a bias): raise ValueError."""
    return right_fans(shape) if len(shape) > 1 else (max([1, *shape]), max([1, *shape]))


@wrong(replaces=HE, fails=["errors"])
class mode_unchecked:
    """A mode other than "fan_in" and "fan_out" is a mistake of the caller's: raise ValueError."""

    def he_uniform(shape, rng, negative_slope=0.0, mode="fan_in"):
        return _uniform(right_std(shape, negative_slope, "fan_in" if mode == "fan_in" else "fan_out"), shape, rng)

    def he_normal(shape, rng, negative_slope=0.0, mode="fan_in"):
        return _normal(right_std(shape, negative_slope, "fan_in" if mode == "fan_in" else "fan_out"), shape, rng)
