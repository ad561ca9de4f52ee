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
    o, block, *kernel = weight.shape
    if bias is not None and bias.shape != (o,):
        raise ValueError("bias must have one entry per filter")
    windows = _windows(x, kernel, stride, padding, dilation)  # (N, C, kh, kw, H', W')
    n, _, kh, kw, h, w = windows.shape
    # reshape raises ValueError unless C = block * groups and groups divides O
    columns = windows.reshape(n, groups, block * kh * kw, h * w)  # (N, G, C/G*kh*kw, L)
    filters = weight.reshape(groups, o // groups, block * kh * kw)  # (G, O/G, C/G*kh*kw)
    y = (filters @ columns).reshape(n, o, h, w)
    return y if bias is None else y + bias[:, None, None]


def im2col(x: np.ndarray, kernel: tuple[int, int], stride=1, padding=0, dilation=1) -> np.ndarray:
    windows = _windows(x, kernel, stride, padding, dilation)
    n, c, kh, kw, h, w = windows.shape
    return windows.reshape(n, c * kh * kw, h * w)


def _windows(x, kernel, stride, padding, dilation) -> np.ndarray:
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = map(_pair, (kernel, stride, padding, dilation))
    xpad = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    _, _, height, width = xpad.shape
    rows = _positions(height, kh, sh, dh)  # (kh, H')
    cols = _positions(width, kw, sw, dw)  # (kw, W')
    return xpad[:, :, rows[:, None, :, None], cols[:, None, :]]  # (N, C, kh, kw, H', W')


def _positions(size: int, k: int, stride: int, dilation: int) -> np.ndarray:
    """Where tap u of window i lies: i * stride + u * dilation, as an array (taps, windows)."""
    starts = np.arange(0, size - dilation * (k - 1), stride)
    if not starts.size:
        raise ValueError("the kernel does not fit into the padded image")
    return starts + dilation * np.arange(k)[:, None]


def _pair(value):
    return (value, value) if isinstance(value, int) else value
