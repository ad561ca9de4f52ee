"""Conv2d, forward: the layer that slides small kernels over an image.

Each output channel o has one kernel that reaches over all input channels, and one bias. With the input padded
by zeros,

    y[n, o, i, j] = bias[o] + sum over c, u, v of  weight[o, c, u, v] * xpad[n, c, i*s + u*d, j*s + v*d]

where s is the stride and d the dilation (the distance between two taps of the kernel), each for its own axis.
Along an axis of n pixels, with padding p and a kernel of k taps, the output has

    floor((n + 2p - d (k - 1) - 1) / s) + 1    pixels: only windows that fit entirely are computed.

A convolution in the mathematical sense has the kernel FLIPPED along both axes. What deep-learning libraries
compute and what is asked here is cross-correlation: the kernel is NOT flipped. Where weights are learned the
name does no harm, but the numbers differ; say which of the two you mean.

`conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)`
    x            (N, C, H, W), float32 or float64: batch, channels, height, width. N may be 0.
    weight       (O, C/groups, kh, kw), dtype of x
    bias         (O,), dtype of x, or None for no bias
    stride       int or tuple (vertical, horizontal); so are padding and dilation
    padding      how many zeros are put on BOTH sides of an axis; may be larger than the kernel
    dilation     1 for an ordinary kernel
    groups       the channels are cut into this many contiguous blocks, the input's and the output's alike;
                 the output channels of a block see the input channels of the same block only. With groups=2,
                 the first half of the filters sees the first half of the channels. groups=C (depthwise)
                 filters every channel by itself.
    returns      a new array (N, O, H', W') of x's dtype; x, weight and bias stay as they are

    ValueError: channels that do not match (C is not weight.shape[1] * groups), groups below 1, groups that do
    not divide C and O, a kernel that does not fit (dilated, it is larger than the padded image), a bias whose
    length is not O.

`im2col(x, kernel, stride=1, padding=0, dilation=1)`
    x            (N, C, H, W), float32 or float64; it stays as it is
    kernel       tuple (kh, kw)
    stride       as above; padding and dilation, too
    returns      (N, C*kh*kw, L) of x's dtype, with L = H' * W': column l holds the pixels under window l.
                 Rows are ordered by (c, u, v) with c slowest, columns by (i, j) in row-major order. This is
                 what torch.nn.functional.unfold gives, and it makes one matrix product of the convolution:
                 weight.reshape(O, -1) @ im2col(x, (kh, kw)).

    ValueError: a kernel that does not fit.

Let numpy do the work. Python loops over the taps of the kernel, the images, the filters or the positions
(i, j) are fine, a loop over all output values (n, o, i, j) is not: the check counts how often each line of
your code runs, and none may run once per value of y.

Example
    >>> x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    >>> x[0, 0]
    array([[1., 2., 3.],
           [4., 5., 6.],
           [7., 8., 9.]])
    >>> weight = np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
    >>> conv2d(x, weight)[0, 0]                        # top left: 1*1 + 2*2 + 0*4 - 1*5
    array([[0., 2.],
           [6., 8.]])
    >>> conv2d(x, weight, bias=np.array([0.5]), stride=2, padding=1)[0, 0]
    array([[-0.5, -2.5],
           [ 1.5,  8.5]])
    >>> im2col(x, (2, 2))[0]                           # rows: the taps (0, 0), (0, 1), (1, 0), (1, 1)
    array([[1., 2., 4., 5.],
           [2., 3., 5., 6.],
           [4., 5., 7., 8.],
           [5., 6., 8., 9.]])

Asked next: how many parameters does the layer have, and why do they not depend on the image's size? What does
im2col cost in memory? Why are two 3x3 layers preferred to one 5x5? What is a 1x1 convolution good for?
"""

import numpy as np


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> np.ndarray:
    raise NotImplementedError("TODO: gather the windows, multiply by the kernels of each group, add the bias")


def im2col(x: np.ndarray, kernel: tuple[int, int], stride=1, padding=0, dilation=1) -> np.ndarray:
    raise NotImplementedError("TODO: pad, then one row per (channel, tap) and one column per window")
