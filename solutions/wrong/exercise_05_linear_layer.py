"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_05_linear_layer import linear_backward, linear_forward


def _validated(x, W, b):
    linear_forward(x, W, b)  # the reference's ValueErrors
    return x


@wrong(replaces="linear_forward", fails=["forward_value", "gradcheck", "no_bias", "dtype_speed"])
def keras_layout(x, W, b=None):
    """W is stored (D_out, D_in): multiply by its transpose; x @ W is the layout of Keras."""
    _validated(x, W, b)
    y = x @ W
    return y if b is None else y + b


@wrong(replaces="linear_backward", fails=["backward_value", "gradcheck", "dtype_speed"])
def mean_grads(dy, x, W):
    """The loss carries its 1/N already, in dy; the layer sums over the samples, it does not average."""
    dx, dW, db = linear_backward(dy, x, W)
    n = max(1, dy[..., 0].size)
    return dx, dW / n, db / n


@wrong(replaces="linear_backward", fails=["backward_value", "dtype_speed"])
def db_shape(dy, x, W):
    """db must sum over ALL leading axes, not only the first, leaving (D_out,)."""
    dx, dW, db = linear_backward(dy, x, W)
    return dx, dW, db if dy.ndim == 1 else dy.sum(axis=0)


@wrong(replaces="linear_backward", fails=["backward_value", "gradcheck", "dtype_speed"])
def db_over_outputs(dy, x, W):
    """db sums over the samples and keeps the outputs; you sum over the outputs."""
    dx, dW, _ = linear_backward(dy, x, W)
    return dx, dW, dy.sum(axis=-1)


@wrong(replaces="linear_backward", fails=["backward_value", "gradcheck", "dtype_speed"])
def dW_transposed(dy, x, W):
    """dW must have W's shape (D_out, D_in): dy^T x, not x^T dy."""
    dx, dW, db = linear_backward(dy, x, W)
    return dx, dW.T, db


@wrong(replaces="linear_backward", fails=["backward_value", "gradcheck", "dtype_speed"])
def elementwise_outer(dy, x, W):
    """For several outputs the weight gradient of one sample is an OUTER product of error and input, not dy * x."""
    dx, _, db = linear_backward(dy, x, W)
    return dx, (dy * x).reshape(-1, W.shape[1]).sum(axis=0), db


@wrong(replaces="linear_backward", fails=["backward_value", "gradcheck", "dtype_speed"])
def dx_transposed(dy, x, W):
    """The forward pass multiplies by W^T, so the way back multiplies by W: dx = dy W."""
    _, dW, db = linear_backward(dy, x, W)
    return dy @ W.T, dW, db


@wrong(
    replaces=("linear_forward", "linear_backward"),
    fails=["forward_value", "backward_value", "dtype_speed", "errors_purity"],
)
class two_axes_only:
    """.T reverses all axes, which is right for a batch (N, D) only: flatten the leading axes, or use x @ W.T."""

    @staticmethod
    def linear_forward(x, W, b=None):
        _validated(x, W, b)
        y = (W @ x.T).T
        return y if b is None else y + b

    @staticmethod
    def linear_backward(dy, x, W):
        return dy @ W, dy.T @ x, dy.sum(axis=0)


@wrong(replaces="linear_forward", fails=["forward_value", "gradcheck", "no_bias", "dtype_speed"])
def bias_ignored(x, W, b=None):
    """`b` has no effect on your result: it is added to every sample's outputs."""
    return linear_forward(_validated(x, W, b), W)


@wrong(replaces="linear_forward", fails=["no_bias", "dtype_speed", "errors_purity"])
def bias_required(x, W, b=None):
    """b=None means that there is no bias: do not add None."""
    return linear_forward(x, W, b) + (0 * b)


@wrong(replaces="linear_num_params", fails=["params"])
def biases_not_counted(d_in, d_out, bias=True):
    """The biases are learned, too: one per output."""
    return d_in * d_out


@wrong(replaces="linear_num_params", fails=["params"])
def bias_per_input(d_in, d_out, bias=True):
    """There is one bias per OUTPUT, not one per input."""
    return d_in * d_out + (d_in if bias else 0)


@wrong(replaces="linear_num_params", fails=["params"])
def one_bias(d_in, d_out, bias=True):
    """Every output has a bias of its own; one for the whole layer is not enough."""
    return d_in * d_out + (1 if bias else 0)


@wrong(replaces="linear_forward", fails=["dtype_speed"])
def float64_bias(x, W, b=None):
    """np.zeros is float64 and drags a float32 input with it: pass dtype=x.dtype, or add nothing where b is None."""
    return linear_forward(x, W, np.zeros(len(W)) if b is None else b)


@wrong(replaces="linear_forward", fails=["dtype_speed"])
def python_loops(x, W, b=None):
    """A Python loop over all values of y costs far more than the arithmetic: that is one matrix product."""
    y = linear_forward(x, W, b)
    for sample in np.ndindex(x.shape[:-1]):
        for o in range(len(W)):
            y[sample][o] = np.dot(W[o], x[sample]) + (0 if b is None else b[o])
    return y


@wrong(replaces="linear_backward", fails=["dtype_speed"])
def python_loops_backward(dy, x, W):
    """A Python loop over all values of dy costs far more than the arithmetic: dx and dW are one matrix product each."""
    dx, dW, db = linear_backward(dy, x, W)
    dW, db = np.zeros_like(dW), np.zeros_like(db)
    for sample in np.ndindex(x.shape[:-1]):
        for o in range(len(W)):
            dW[o] += dy[sample][o] * x[sample]
            db[o] += dy[sample][o]
    return dx, dW, db


@wrong(replaces="linear_forward", fails=["errors_purity"])
def bias_broadcast(x, W, b=None):
    """A bias of one entry is broadcast over all outputs without a word: check that its shape is (D_out,)."""
    return linear_forward(x, W, np.repeat(b, len(W)) if b is not None and len(b) == 1 else b)


@wrong(replaces="linear_backward", fails=["errors_purity"])
def reshaped_in_place(dy, x, W):
    """Assigning to dy.shape reshapes the caller's array; dy.reshape(...) gives you a view of your own."""
    gradients = linear_backward(dy, x, W)
    if dy.flags.c_contiguous and dy.flags.writeable:
        dy.shape = (-1, len(W))
    return gradients
