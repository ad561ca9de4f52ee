"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_40_conv2d import _pair, conv2d, im2col

BOTH = ("conv2d", "im2col")


def _around(change):
    """Both functions as they should be, called by `change(call, x, kernel, stride, padding, dilation)`.

    `call(x, stride, padding, dilation)` is the right function on these; the errors are the reference's.
    """

    def wrong_conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        conv2d(x, weight, bias, stride, padding, dilation, groups)

        def call(x, stride, padding, dilation):
            return conv2d(x, weight, bias, stride, padding, dilation, groups)

        return change(call, x, weight.shape[2:], stride, padding, dilation)

    def wrong_im2col(x, kernel, stride=1, padding=0, dilation=1):
        im2col(x, kernel, stride, padding, dilation)

        def call(x, stride, padding, dilation):
            return im2col(x, kernel, stride, padding, dilation)

        return change(call, x, kernel, stride, padding, dilation)

    return wrong_conv2d, wrong_im2col


def _padded(x, padding, **how):
    (ph, pw) = _pair(padding)
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), **how)


@wrong(replaces="conv2d", fails=["value", "dilation_groups", "rectangular", "no_flip", "edge", "speed", "dtype_errors"])
def flipped_kernel(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """You flip the kernel, as in mathematics; deep-learning convolution is cross-correlation: do not flip."""
    return conv2d(x, weight[:, :, ::-1, ::-1], bias, stride, padding, dilation, groups)


@wrong(replaces="conv2d", fails=["value", "dilation_groups", "rectangular", "no_flip", "edge", "speed", "dtype_errors"])
def nhwc(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The layout is NCHW: axis 1 holds the channels, not the last axis."""
    y = conv2d(x.transpose(0, 3, 1, 2), weight, bias, stride, padding, dilation, groups)
    return y.transpose(0, 2, 3, 1)


@wrong(replaces="conv2d", fails=["value", "dilation_groups", "rectangular", "no_flip", "edge", "speed", "dtype_errors"])
def hwio_kernel(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The weight is (O, C/groups, kh, kw); (kh, kw, C, O) is TensorFlow's layout."""
    return conv2d(x, weight.transpose(3, 2, 0, 1), bias, stride, padding, dilation, groups)


@wrong(replaces="conv2d", fails=["value", "dilation_groups", "rectangular", "edge", "speed", "dtype_errors"])
def filters_second(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The weight is (O, C/groups, kh, kw), filters first; (C, O, kh, kw) is the layout of transposed convolution."""
    return conv2d(x, weight.transpose(1, 0, 2, 3), bias, stride, padding, dilation, groups)


@wrong(
    replaces=BOTH,
    fails=["value", "dilation_groups", "rectangular", "im2col_value", "no_flip", "edge", "speed", "dtype_errors"],
)
class pad_one_side:
    """Padding goes on both sides of an axis, not only above and to the left."""

    @staticmethod
    def _change(call, x, kernel, stride, padding, dilation):
        ph, pw = _pair(padding)
        return call(np.pad(x, ((0, 0), (0, 0), (ph, 0), (pw, 0))), stride, 0, dilation)

    conv2d, im2col = _around(_change)


@wrong(
    replaces=BOTH, fails=["value", "dilation_groups", "rectangular", "im2col_value", "edge", "speed", "dtype_errors"]
)
class pad_value_edge:
    """The padding is zeros, not a copy of the nearest pixel."""

    @staticmethod
    def _change(call, x, kernel, stride, padding, dilation):
        return call(_padded(x, padding, mode="edge"), stride, 0, dilation)

    conv2d, im2col = _around(_change)


@wrong(replaces="conv2d", fails=["value", "dilation_groups", "rectangular", "edge", "dtype_errors"])
def stride_in_output(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """The last row and column are missing: the last window starts at (H' - 1) * s, see floor((H + 2p - k) / s) + 1."""
    conv2d(x, weight, bias, stride, padding, dilation, groups)
    y = conv2d(x, weight, bias, 1, padding, dilation, groups)
    (sh, sw), (h, w) = _pair(stride), y.shape[2:]
    return y[:, :, : h - sh + 1 : sh, : w - sw + 1 : sw]


@wrong(replaces=BOTH, fails=["value", "dilation_groups", "rectangular", "im2col_value", "edge"])
class size_rounded_up:
    """Only windows that fit entirely are computed: the size is rounded down, not up."""

    @staticmethod
    def _change(call, x, kernel, stride, padding, dilation):
        xpad = _padded(x, padding)
        geometry = zip(xpad.shape[2:], kernel, _pair(stride), _pair(dilation), strict=True)
        extra = [(0, -(size - d * (k - 1) - 1) % s) for size, k, s, d in geometry]
        return call(np.pad(xpad, ((0, 0), (0, 0), *extra)), stride, 0, dilation)

    conv2d, im2col = _around(_change)


@wrong(replaces=BOTH, fails=["dilation_groups", "rectangular", "im2col_value", "edge"])
class dilation_ignored:
    """`dilation` has no effect on your result: tap u of window i lies at i * s + u * d."""

    @staticmethod
    def _change(call, x, kernel, stride, padding, dilation):
        return call(x, stride, padding, 1)

    conv2d, im2col = _around(_change)


@wrong(replaces=BOTH, fails=["rectangular", "im2col_value", "edge"])
class tuple_reversed:
    """Tuples are (vertical, horizontal): the first entry belongs to the rows."""

    @staticmethod
    def _change(call, x, kernel, stride, padding, dilation):
        return call(x, _pair(stride)[::-1], _pair(padding)[::-1], _pair(dilation)[::-1])

    conv2d, im2col = _around(_change)


@wrong(replaces="conv2d", fails=["value", "dilation_groups", "rectangular", "edge", "speed", "dtype_errors"])
def per_channel_sum_missing(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Sum the products over ALL input channels of the group; yours come from the first one."""
    first = np.arange(weight.shape[1])[:, None, None] == 0
    return conv2d(x, weight * first, bias, stride, padding, dilation, groups)


@wrong(replaces="conv2d", fails=["dilation_groups", "dtype_errors"])
def groups_interleaved(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Groups are contiguous blocks of input channels; you take every groups-th channel (g::groups)."""
    conv2d(x, weight, bias, stride, padding, dilation, groups)
    order = np.arange(x.shape[1]).reshape(-1, groups).T.ravel()
    return conv2d(x[:, order], weight, bias, stride, padding, dilation, groups)


@wrong(replaces="conv2d", fails=["dilation_groups", "dtype_errors"])
def filters_interleaved(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Groups are contiguous blocks of filters, too: filter o belongs to block o // (O / groups), not to o % groups."""
    conv2d(x, weight, bias, stride, padding, dilation, groups)
    order = np.arange(len(weight)).reshape(-1, groups).T.ravel()
    y = conv2d(x, weight[order], None, stride, padding, dilation, groups)[:, np.argsort(order)]
    return y if bias is None else y + bias[:, None, None]


@wrong(replaces="conv2d", fails=["value", "dilation_groups", "rectangular", "edge", "speed", "dtype_errors"])
def bias_forgotten(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """`bias` has no effect on your result: add bias[o] to every pixel of output channel o."""
    conv2d(x, weight, bias, stride, padding, dilation, groups)
    return conv2d(x, weight, None, stride, padding, dilation, groups)


@wrong(replaces="conv2d", fails=["value", "dilation_groups", "rectangular", "edge", "speed", "dtype_errors"])
def bias_along_width(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """y + bias lines the bias up with the LAST axis; it belongs to the channels: bias[:, None, None]."""
    conv2d(x, weight, bias, stride, padding, dilation, groups)
    y = conv2d(x, weight, None, stride, padding, dilation, groups)
    return y if bias is None else y + bias


@wrong(replaces="im2col", fails=["im2col_value", "edge", "dtype_errors"])
def taps_slowest(x, kernel, stride=1, padding=0, dilation=1):
    """Rows are ordered by (c, u, v) with the channel slowest; yours have the channel fastest."""
    cols = im2col(x, kernel, stride, padding, dilation)
    n, c = x.shape[:2]
    return cols.reshape(n, c, kernel[0] * kernel[1], cols.shape[2]).swapaxes(1, 2).reshape(cols.shape)


@wrong(replaces="im2col", fails=["im2col_value", "edge", "dtype_errors"])
def columns_first(x, kernel, stride=1, padding=0, dilation=1):
    """Columns are ordered like the output's pixels in row-major order: go along a row first, not down a column."""
    cols = im2col(x, kernel, stride, padding, dilation)
    h = len(im2col(x[:1, :1, :, :1], (kernel[0], 1), stride, (_pair(padding)[0], 0), dilation)[0, 0]) if len(x) else 1
    n, rows, length = cols.shape
    return cols.reshape(n, rows, h, length // h).swapaxes(2, 3).reshape(cols.shape)


@wrong(replaces="im2col", fails=["im2col_value", "edge", "dtype_errors"])
def windows_as_rows(x, kernel, stride=1, padding=0, dilation=1):
    """Each window is a COLUMN: the shape is (N, C*kh*kw, L), not (N, L, C*kh*kw)."""
    return im2col(x, kernel, stride, padding, dilation).swapaxes(1, 2)


@wrong(replaces=BOTH, fails=["edge"])
class empty_batch:
    """With N = 0 there is nothing to stack, and reshape(N, -1) cannot tell the size: write the sizes out."""

    @staticmethod
    def _change(call, x, kernel, stride, padding, dilation):
        return np.stack([call(x[n : n + 1], stride, padding, dilation)[0] for n in range(len(x))])

    conv2d, im2col = _around(_change)


@wrong(replaces="conv2d", fails=["speed"])
def python_loops(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """A Python loop over all values of y (np.vectorize, too) costs far more than the arithmetic: use whole arrays."""
    y = np.zeros_like(conv2d(x, weight, bias, stride, padding, dilation, groups))
    (sh, sw), (dh, dw) = _pair(stride), _pair(dilation)
    (filters, block, kh, kw), xpad = weight.shape, _padded(x, padding)
    for n in range(y.shape[0]):
        for o in range(y.shape[1]):
            first = o // (filters // groups) * block
            image, kernel = xpad[n, first : first + block], weight[o]
            for i in range(y.shape[2]):
                for j in range(y.shape[3]):
                    window = image[
                        :, i * sh : i * sh + dh * (kh - 1) + 1 : dh, j * sw : j * sw + dw * (kw - 1) + 1 : dw
                    ]
                    y[n, o, i, j] = np.vdot(window, kernel) + (0 if bias is None else bias[o])
    return y


@wrong(replaces=BOTH, fails=["dtype_errors"])
class float64_out:
    """np.zeros and np.empty make float64 arrays; a float32 input should give a float32 output: pass dtype=x.dtype."""

    @staticmethod
    def _change(call, x, kernel, stride, padding, dilation):
        return call(x, stride, padding, dilation).astype(np.float64)

    conv2d, im2col = _around(_change)


@wrong(replaces=BOTH, fails=["dtype_errors"])
class kernel_too_large:
    """A kernel that does not fit gives an empty output in your answer: raise ValueError."""

    @staticmethod
    def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        reach = _reach(x, weight.shape[2:], padding, dilation)
        if min(reach) > 0:
            return conv2d(x, weight, bias, stride, padding, dilation, groups)
        return np.zeros((len(x), len(weight), *np.maximum(reach, 0)))

    @staticmethod
    def im2col(x, kernel, stride=1, padding=0, dilation=1):
        reach = _reach(x, kernel, padding, dilation)
        if min(reach) > 0:
            return im2col(x, kernel, stride, padding, dilation)
        return np.zeros((len(x), x.shape[1] * kernel[0] * kernel[1], 0))


def _reach(x, kernel, padding, dilation):
    """In how many places a window may start, per axis."""
    geometry = zip(x.shape[2:], kernel, _pair(padding), _pair(dilation), strict=True)
    return [size + 2 * p - d * (k - 1) for size, k, p, d in geometry]


@wrong(replaces="conv2d", fails=["dtype_errors"])
def bias_broadcast(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """A bias of one entry is broadcast over all filters without a word: check that its length is O."""
    if bias is not None and len(bias) == 1:
        bias = np.repeat(bias, len(weight))
    return conv2d(x, weight, bias, stride, padding, dilation, groups)


@wrong(replaces="conv2d", fails=["dtype_errors"])
def channels_unchecked(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Channels that no kernel sees are a mistake of the caller's: unless C = weight.shape[1] * groups, ValueError."""
    return conv2d(x[:, : weight.shape[1] * max(groups, 1)], weight, bias, stride, padding, dilation, groups)


@wrong(replaces="conv2d", fails=["dtype_errors"])
def filters_unchecked(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Filters that belong to no block are a mistake of the caller's: raise ValueError unless groups divides O."""
    if groups > 0:
        weight = weight[: len(weight) // groups * groups]
    return conv2d(x, weight, bias, stride, padding, dilation, groups)


@wrong(replaces="conv2d", fails=["dtype_errors"])
def reshaped_in_place(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Assigning to weight.shape reshapes the caller's array; weight.reshape(...) gives you a view of your own."""
    y = conv2d(x, weight, bias, stride, padding, dilation, groups)
    weight.shape = (weight.shape[0], -1)
    return y
