"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_07_softmax import softmax


def _float(x):
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def _validated(x, axis, temperature):
    softmax(x, axis, temperature)  # the reference's ValueErrors
    return _float(x)


@wrong(replaces="softmax", fails=["stability", "temperature", "invariance"])
def no_max_shift(x, axis=-1, temperature=1.0):
    """exp overflows at large logits; subtract the maximum first: the result does not change."""
    e = np.exp(_validated(x, axis, temperature) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


@wrong(replaces="softmax", fails=["stability"])
def global_max(x, axis=-1, temperature=1.0):
    """One global shift underflows the other rows to 0/0; shift each slice by its own maximum."""
    x = _validated(x, axis, temperature)
    e = np.exp((x - x.max(initial=-np.inf)) / temperature)
    return e / e.sum(axis=axis, keepdims=True)


@wrong(replaces="softmax", fails=["value", "stability", "axis", "temperature", "invariance", "dtype_shape"])
def global_sum(x, axis=-1, temperature=1.0):
    """Each slice along `axis` must sum to 1, not the whole batch."""
    x = _validated(x, axis, temperature)
    e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return e / e.sum()


@wrong(replaces="softmax", fails=["value", "stability", "axis", "temperature", "dtype_shape", "errors_purity"])
def no_keepdims(x, axis=-1, temperature=1.0):
    """Keep the reduced axis (keepdims=True); for square input this goes wrong without an error."""
    x = _validated(x, axis, temperature)
    e = np.exp((x - x.max(axis=axis)) / temperature)
    return e / e.sum(axis=axis)


@wrong(replaces="softmax", fails=["value", "stability", "axis", "temperature", "invariance"])
def axis_ignored(x, axis=-1, temperature=1.0):
    """The `axis` argument has no effect on your result."""
    _validated(x, axis, temperature)
    return softmax(x, -1, temperature)


@wrong(replaces="softmax", fails=["value", "stability", "axis", "temperature", "invariance", "dtype_shape"])
def elementwise_sigmoid(x, axis=-1, temperature=1.0):
    """Softmax couples the classes: outputs along the axis sum to 1."""
    x = _validated(x, axis, temperature)
    return np.where(x > 0, 1 / (1 + np.exp(-np.abs(x / temperature))), 1 - 1 / (1 + np.exp(-np.abs(x / temperature))))


@wrong(replaces="softmax", fails=["value", "stability", "axis", "temperature", "invariance", "dtype_shape"])
def eps_denominator(x, axis=-1, temperature=1.0):
    """No epsilon is needed after the max shift (the denominator is >= 1); it makes sums differ from 1."""
    x = _validated(x, axis, temperature)
    with np.errstate(invalid="ignore"):
        e = np.exp((x - x.max(axis=axis, keepdims=True)) / temperature)
    return (e / (e.sum(axis=axis, keepdims=True) + 1e-8)).astype(x.dtype, copy=False)


@wrong(replaces="softmax", fails=["temperature", "dtype_shape"])
def temperature_after(x, axis=-1, temperature=1.0):
    """Temperature divides the logits, inside the exponent."""
    _validated(x, axis, temperature)
    return (softmax(x, axis) / temperature).astype(_float(x).dtype)


@wrong(replaces="softmax", fails=["temperature", "dtype_shape"])
def temperature_multiplies(x, axis=-1, temperature=1.0):
    """Temperature divides the logits; you multiply by it, so a large T sharpens instead of flattening."""
    return softmax(_validated(x, axis, temperature) * temperature, axis)


@wrong(replaces="softmax", fails=["dtype_shape"])
def float64_out(x, axis=-1, temperature=1.0):
    """A float32 input should give a float32 output."""
    _validated(x, axis, temperature)
    return softmax(np.asarray(x, dtype=np.float64), axis, temperature)


@wrong(replaces="softmax", fails=["errors_purity"])
def shifts_in_place(x, axis=-1, temperature=1.0):
    """`x -= m` writes into the caller's array; work on a new one."""
    _validated(x, axis, temperature)
    if x.dtype.kind != "f" or not x.flags.writeable:
        return softmax(x, axis, temperature)
    y = softmax(x, axis, temperature)
    x -= x.max(axis=axis, keepdims=True)
    return y


@wrong(replaces="softmax_backward", fails=["backward"])
def diagonal_jacobian(dy, y, axis=-1):
    """dy * y * (1 - y) keeps only the diagonal of the Jacobian: every logit also moves the other probabilities."""
    return dy * y * (1 - y)


@wrong(replaces="softmax_backward", fails=["backward"])
def backward_axis_ignored(dy, y, axis=-1):
    """The sum of dy * y runs along `axis`, not always along the last one."""
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


@wrong(replaces="softmax_backward", fails=["backward"])
def backward_sums_all(dy, y, axis=-1):
    """The sum of dy * y belongs to one slice: sum along `axis` only, not over the whole batch."""
    return y * (dy - (dy * y).sum())
