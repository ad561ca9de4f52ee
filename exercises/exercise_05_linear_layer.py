"""Dense (affine) layer, forward and backward.

Every output is a weighted sum of all inputs plus a bias. With one row of weights per output, as in PyTorch,

    y = x W^T + b              y[..., o] = b[o] + sum over i of  W[o, i] * x[..., i]

The bias moves the threshold; without it the map sends 0 to 0.

`linear_forward(x, W, b=None)`
    x            (..., D_in), float32 or float64: any number of leading axes: none, one (a batch) or more
    W            (D_out, D_in), dtype of x
    b            (D_out,), dtype of x, or None for no bias
    returns      a new array (..., D_out) of x's dtype
    ValueError: the last axis of x is not D_in, b is not of shape (D_out,).

`linear_backward(dy, x, W)`
    dy           (..., D_out): gradient of the loss with respect to y; its leading axes are those of x
    x, W         as in the forward pass
    returns      (dx, dW, db): the gradients with respect to x, W and b, of shapes (..., D_in), (D_out, D_in)
                 and (D_out,) and of x's dtype

        dx = dy W
        dW = sum over all samples of the outer product dy x^T        dW[o, i] = sum of dy[..., o] * x[..., i]
        db = sum over all samples of dy

    A sample is an entry of the leading axes, of all of them together. These are sums, not means: where the
    loss is a mean, its 1/N is in dy already. Of a single sample dW is an outer product, D_out x D_in. The
    elementwise product of error and input, which is often shown, raises an error or, with as many outputs as
    inputs, is wrong without one.

`linear_num_params(d_in, d_out, bias=True)`
    returns      how many numbers such a layer learns, a Python int

x, W, b and dy stay as they are. A batch of size 0 works; dW and db are then 0.
Let numpy do the work: Python loops over the samples or over the outputs are fine, a loop over all values of y
is not. The check counts how often each line of your code runs; none may run once per value of y (or of dy).

Example
    >>> x, W = np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])
    >>> linear_forward(x, W, b=np.array([0.5, 0.0]))
    array([[ 7.5, -1. ]])
    >>> dx, dW, db = linear_backward(np.array([[1.0, 10.0]]), x, W)
    >>> dx                                             # 1 * (1, 0, 2) + 10 * (0, 1, -1)
    array([[ 1., 10., -8.]])
    >>> dW                                             # the outer product of (1, 10) and (1, 2, 3)
    array([[ 1.,  2.,  3.],
           [10., 20., 30.]])
    >>> linear_num_params(3, 2)
    8

Asked next: what can a neuron without a bias not learn? Why does a layer keep its input until the backward
pass? How many multiplications do forward and backward cost? Why does the first layer not need dx?
"""

import numpy as np


def linear_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    raise NotImplementedError("TODO: multiply by the transposed weights, add the bias")


def linear_backward(
    dy: np.ndarray,
    x: np.ndarray,
    W: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: dx, and dW and db summed over all samples")


def linear_num_params(d_in: int, d_out: int, bias: bool = True) -> int:
    raise NotImplementedError("TODO: count the entries of W and b")
