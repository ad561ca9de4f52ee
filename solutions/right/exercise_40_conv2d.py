"""The same in other styles."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def _two(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


# --- sliding windows and einsum


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    filters, block, kh, kw = weight.shape
    if groups < 1 or x.shape[1] % groups or filters % groups or x.shape[1] // groups != block:
        raise ValueError("channels")
    if bias is not None and len(bias) != filters:
        raise ValueError("bias")
    windows = _view(x, (kh, kw), stride, padding, dilation)
    parts = [
        np.einsum("ncijuv,ocuv->noij", w, k, optimize=True)
        for w, k in zip(np.split(windows, groups, axis=1), np.split(weight, groups), strict=True)
    ]
    y = np.concatenate(parts, axis=1)
    if bias is not None:
        y += bias.reshape(1, -1, 1, 1)
    return y


def im2col(x, kernel, stride=1, padding=0, dilation=1):
    windows = _view(x, kernel, stride, padding, dilation)
    n, c, h, w, kh, kw = windows.shape
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * kh * kw, h * w)


def _view(x, kernel, stride, padding, dilation):
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = kernel, _two(stride), _two(padding), _two(dilation)
    if ph or pw:
        x = np.pad(x, [(0, 0), (0, 0), (ph, ph), (pw, pw)], mode="constant")
    reach = (dh * (kh - 1) + 1, dw * (kw - 1) + 1)
    return sliding_window_view(x, reach, axis=(2, 3))[:, :, ::sh, ::sw, ::dh, ::dw]


# --- one tap after the other


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):  # noqa: F811
    n, channels, _, _ = x.shape
    filters, block, kh, kw = weight.shape
    if groups <= 0 or channels % groups != 0 or filters % groups != 0 or block * groups != channels:
        raise ValueError("channels")
    if bias is not None and bias.shape[0] != filters:
        raise ValueError("bias")
    xpad, h, w = _padded(x, (kh, kw), stride, padding, dilation)
    y = np.zeros((n, filters, h, w), dtype=x.dtype)
    each = filters // groups
    for g in range(groups):
        image, kernels = xpad[:, g * block : (g + 1) * block], weight[g * each : (g + 1) * each]
        for u in range(kh):
            for v in range(kw):
                pixels = _shifted(image, u, v, h, w, stride, dilation)
                y[:, g * each : (g + 1) * each] += np.tensordot(pixels, kernels[:, :, u, v], (1, 1)).transpose(
                    0, 3, 1, 2
                )
    return y if bias is None else y + bias[None, :, None, None]


def im2col(x, kernel, stride=1, padding=0, dilation=1):  # noqa: F811
    (n, c), (kh, kw) = x.shape[:2], kernel
    xpad, h, w = _padded(x, kernel, stride, padding, dilation)
    taps = [_shifted(xpad, u, v, h, w, stride, dilation) for u in range(kh) for v in range(kw)]
    return np.stack(taps, axis=2).reshape(n, c * kh * kw, h * w)


def _padded(x, kernel, stride, padding, dilation):
    (sh, sw), (ph, pw), (dh, dw) = _two(stride), _two(padding), _two(dilation)
    n, c, height, width = x.shape
    h = (height + 2 * ph - dh * (kernel[0] - 1) - 1) // sh + 1
    w = (width + 2 * pw - dw * (kernel[1] - 1) - 1) // sw + 1
    if h < 1 or w < 1:
        raise ValueError("kernel")
    xpad = np.zeros((n, c, height + 2 * ph, width + 2 * pw), dtype=x.dtype)
    xpad[:, :, ph : ph + height, pw : pw + width] = x
    return xpad, h, w


def _shifted(image, u, v, h, w, stride, dilation):
    (sh, sw), (dh, dw) = _two(stride), _two(dilation)
    return image[:, :, u * dh : u * dh + (h - 1) * sh + 1 : sh, v * dw : v * dw + (w - 1) * sw + 1 : sw]


# --- a loop over the positions of the output


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):  # noqa: F811
    filters, block, kh, kw = weight.shape
    if x.shape[1] != block * groups or filters % groups:
        raise ValueError("channels")
    if bias is None:
        bias = np.zeros(filters, dtype=x.dtype)
    elif bias.shape != (filters,):
        raise ValueError("bias")
    (sh, sw), (ph, pw), (dh, dw) = _two(stride), _two(padding), _two(dilation)
    xpad = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    high, wide = dh * (kh - 1) + 1, dw * (kw - 1) + 1
    rows, cols = range(0, xpad.shape[2] - high + 1, sh), range(0, xpad.shape[3] - wide + 1, sw)
    if not rows or not cols:
        raise ValueError("kernel")
    flat = weight.reshape(groups, filters // groups, block * kh * kw)
    y = np.empty((len(x), filters, len(rows), len(cols)), dtype=x.dtype)
    for i, r in enumerate(rows):
        for j, q in enumerate(cols):
            window = xpad[:, :, r : r + high : dh, q : q + wide : dw].reshape(len(x), groups, block * kh * kw)
            y[:, :, i, j] = np.einsum("ngk,gok->ngo", window, flat).reshape(len(x), filters) + bias
    return y
