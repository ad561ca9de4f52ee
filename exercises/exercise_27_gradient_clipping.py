"""Gradient clipping: by value, by each tensor's norm, by the norm of all gradients together.

A recurrent or deep network sometimes meets a cliff of the loss: one huge gradient throws the parameters far
away. Clipping limits the gradients between the backward pass and the optimizer's step. There are two
different methods: limit every ENTRY, which turns the gradient into another direction, or SCALE by a norm,
which keeps the direction and shortens the step. No method makes a gradient longer: clipping answers exploding
gradients and does not bring back vanished ones.

In all three functions `grads` is a list of float arrays of any shapes (one per parameter, also of shape ());
it may be empty. The results are new arrays of the same shapes and dtypes in a new list, also where nothing is
clipped; grads and the arrays in it stay as they are.

`clip_by_value(grads, clip_value)`
    clip_value   a number c > 0
    returns      a list: every entry limited to [-c, c], on both sides. NaN stays NaN, +-inf becomes +-c.

    ValueError: c <= 0.

`clip_by_norm(grads, max_norm)`
    max_norm     a number > 0
    returns      a list: each array g by itself, times min(1, max_norm / (norm + 1e-6)), where norm is g's own
                 2-norm, the root of the sum of all its squared entries (for a matrix, too: not its largest
                 singular value)

    ValueError: max_norm <= 0.

`clip_by_global_norm(grads, max_norm, norm_type=2.0, error_if_nonfinite=False)`
    max_norm     a number > 0
    norm_type    p > 0: 1, 2, 3, ... or inf
    returns      the tuple (clipped, total): the list of the scaled arrays and a Python float.

    The norm is that of ONE long vector of all entries of all arrays:

        total = (sum of |entry|^p)^(1/p)        or, for p = inf, the largest |entry|; 0.0 for an empty list
        clipped = every array times the same factor min(1, max_norm / (total + 1e-6))

    total is the norm BEFORE clipping: this is the number to log. The 1e-6 is PyTorch's (clip_grad_norm_): it
    keeps the division from 0 / 0, makes a clipped norm a little smaller than max_norm, and acts at a total of
    just max_norm, too.

    error_if_nonfinite   if an entry is inf or NaN, so is the total. True: raise ValueError then. False: apply
                         the factor as the formula gives it. A total of inf gives the factor 0 (inf * 0 is
                         NaN, every finite entry becomes 0); a total of NaN gives the factor NaN, so every
                         entry becomes NaN.
                         `clip_by_norm` does the same, array by array.

    ValueError: max_norm <= 0; a total that is not finite, with error_if_nonfinite.

The bad bounds are errors for an empty list as well. Entries are small enough for their p-th powers not to
overflow.

Example
    >>> clip_by_value([np.array([3.0, -0.5, -7.0])], 1.0)
    [array([ 1. , -0.5, -1. ])]
    >>> [g.round(4) for g in clip_by_norm([np.array([3.0, 4.0]), np.array([0.6])], 1.0)]
    [array([0.6, 0.8]), array([0.6])]
    >>> clipped, total = clip_by_global_norm([np.array([3.0]), np.array([[4.0]])], 1.0)
    >>> [g.round(4) for g in clipped], total                            # both times 1 / (5 + 1e-6)
    ([array([0.6]), array([[0.8]])], 5.0)
    >>> clip_by_global_norm([np.array([3.0]), np.array([[4.0]])], 100.0, norm_type=1)[1]
    7.0

Asked next: where in the training loop does clipping go, and where with gradient accumulation or a loss
scaler? How do you choose max_norm? What does clipping do to Adam, whose step hardly depends on the gradient's
size? When would you limit entries rather than the norm?
"""

import numpy as np


def clip_by_value(grads: list[np.ndarray], clip_value: float) -> list[np.ndarray]:
    raise NotImplementedError("TODO: limit every entry to [-clip_value, clip_value]")


def clip_by_norm(grads: list[np.ndarray], max_norm: float) -> list[np.ndarray]:
    raise NotImplementedError("TODO: scale each array by its own norm")


def clip_by_global_norm(
    grads: list[np.ndarray], max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> tuple[list[np.ndarray], float]:
    raise NotImplementedError("TODO: one norm of all entries, one factor for all arrays")
