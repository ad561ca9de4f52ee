"""Each docstring is the line the learner reads. The oracle is the sum in the statement: Python loops and math.fsum.

It never pads: taps that fall outside the image are left out.
"""

import math
import sys

import numpy as np

from dlkit.grader.compare import check, check_close, check_dtype, check_fresh, check_pure, check_raises, check_shape
from dlkit.grader.plugin import points


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def out_size(size, k, s, p, d):
    return (size + 2 * p - d * (k - 1) - 1) // s + 1


def axis_taps(size, k, s, p, d):
    """For every output position the taps that fall inside the image: (tap, pixel)."""
    return [
        [(u, i * s - p + u * d) for u in range(k) if 0 <= i * s - p + u * d < size]
        for i in range(out_size(size, k, s, p, d))
    ]


def taps(x, kernel, stride, padding, dilation):
    geometry = zip(x.shape[2:], kernel, pair(stride), pair(padding), pair(dilation), strict=True)
    return [axis_taps(*g) for g in geometry]


def direct(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    filters, block, kh, kw = weight.shape
    rows, cols = taps(x, (kh, kw), stride, padding, dilation)
    images, kernels = x.tolist(), weight.tolist()
    y = np.zeros((x.shape[0], filters, len(rows), len(cols)))
    for n, image in enumerate(images):
        for o, kernel in enumerate(kernels):
            first = o // (filters // groups) * block
            channels = list(zip(kernel, image[first : first + block], strict=True))
            for i, us in enumerate(rows):
                for j, vs in enumerate(cols):
                    terms = [k[u][v] * pixels[r][q] for k, pixels in channels for u, r in us for v, q in vs]
                    y[n, o, i, j] = math.fsum(terms) + (0.0 if bias is None else float(bias[o]))
    return y.astype(x.dtype)


def direct_im2col(x, kernel, stride=1, padding=0, dilation=1):
    n, channels, _, _ = x.shape
    kh, kw = kernel
    rows, cols = taps(x, kernel, stride, padding, dilation)
    out = np.zeros((n, channels * kh * kw, len(rows) * len(cols)), x.dtype)
    for c in range(channels):
        for i, us in enumerate(rows):
            for j, vs in enumerate(cols):
                for u, r in us:
                    for v, q in vs:
                        out[:, (c * kh + u) * kw + v, i * len(cols) + j] = x[:, c, r, q]
    return out


def problem(rng, kernel, stride=1, padding=0, dilation=1, rest=0, groups=1, per_group=None, depthwise=False):
    """x, weight and bias: an image of different height and width that leaves `rest` pixels over in each axis."""
    while True:
        sizes = [
            int(rng.integers(3, 7)) * s + d * (k - 1) + 1 - 2 * p - s + min(rest, s - 1)
            for k, s, p, d in zip(pair(kernel), pair(stride), pair(padding), pair(dilation), strict=True)
        ]
        if sizes[0] != sizes[1] and min(sizes) >= 2:
            break
    n, block, filters = (int(v) for v in rng.choice([2, 3, 4, 5], size=3, replace=False))
    if depthwise:
        groups, block, filters = block, 1, per_group
    elif groups > 1:
        block, filters = (int(v) for v in rng.permutation([2, 3]))
    x = rng.normal(size=(n, block * groups, *sizes))
    weight = rng.normal(size=(filters * groups, block, *pair(kernel)))
    return x, weight, rng.normal(size=filters * groups), groups


@points(25)
def test_value(candidate, rng, case):
    """Random images, kernels, strides and paddings give the sum over channels and taps, with a bias and without."""
    with case("by hand"):
        x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
        weight = np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
        # 1*1 + 2*2 - 1*5 = 0, 1*2 + 2*3 - 1*6 = 2, 1*4 + 2*5 - 1*8 = 6, 1*5 + 2*6 - 1*9 = 8; each + 0.5
        expected = np.array([[[[0.5, 2.5], [6.5, 8.5]]]])
        check_close("conv2d", candidate.conv2d(x, weight, np.array([0.5])), expected, rtol=1e-12)
    with case("every size is 3"):  # here no mix-up of axes changes a shape
        x, weight, bias = rng.normal(size=(3, 3, 3, 3)), rng.normal(size=(3, 3, 3, 3)), rng.normal(size=3)
        check_close("conv2d", candidate.conv2d(x, weight, bias, padding=1), direct(x, weight, bias, padding=1))
    for k, s, p, rest in (
        (1, 1, 0, 0),
        (2, 1, 0, 0),
        (3, 1, 1, 0),
        (3, 2, 1, 0),
        (3, 2, 1, 1),
        (2, 3, 2, 1),
        (4, 3, 0, 2),
    ):
        with case(f"kernel {k}, stride {s}, padding {p}, {rest} pixels left over"):
            x, weight, bias, _ = problem(rng, k, s, p, rest=rest)
            expected = direct(x, weight, None, s, p)
            check_close("conv2d without bias", candidate.conv2d(x, weight, stride=s, padding=p), expected)
            expected = expected + bias[:, None, None]
            check_close("conv2d with bias", candidate.conv2d(x, weight, bias, s, p), expected)
    with case("a view: the images are stored with the channels last"):
        x, weight, bias, _ = problem(rng, 3, 1, 1)
        view = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
        check_close("conv2d of a view", candidate.conv2d(view, weight, bias, padding=1), direct(x, weight, bias, 1, 1))


@points(15)
def test_dilation_groups(candidate, rng, case):
    """Dilated kernels, blocks of channels, depthwise kernels, and all of it together."""
    with case("dilation by hand"):
        x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
        weight = np.array([[[[1.0, 2.0], [0.0, -1.0]]]])
        # the four corners: 1*1 + 2*3 + 0*7 - 1*9
        check_close("conv2d", candidate.conv2d(x, weight, dilation=2), np.array([[[[-2.0]]]]), rtol=1e-12)
    for k, d, s, p in ((3, 2, 1, 0), (2, 3, 1, 1), (3, 2, 2, 3)):
        with case(f"kernel {k}, dilation {d}, stride {s}, padding {p}"):
            x, weight, bias, _ = problem(rng, k, s, p, d)
            y = candidate.conv2d(x, weight, bias, stride=s, padding=p, dilation=d)
            check_close("conv2d", y, direct(x, weight, bias, s, p, d))
    with case("groups by hand"):
        x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
        weight = np.array([[1.0, 10.0], [1.0, -1.0], [1.0, 10.0], [1.0, -1.0]]).reshape(4, 2, 1, 1)
        # the filters 0, 1 see the channels 1, 2; the filters 2, 3 the channels 3, 4
        expected = np.array([21.0, -1.0, 43.0, -1.0]).reshape(1, 4, 1, 1)
        check_close("conv2d", candidate.conv2d(x, weight, groups=2), expected, rtol=1e-12)
    for groups in (2, 3):
        with case(f"{groups} groups"):
            x, weight, bias, _ = problem(rng, 2, groups=groups)
            y = candidate.conv2d(x, weight, bias, groups=groups)
            check_close("conv2d", y, direct(x, weight, bias, groups=groups))
    for per_group in (1, 2):
        with case(f"depthwise, {per_group} filters per channel"):
            x, weight, bias, groups = problem(rng, 3, padding=1, depthwise=True, per_group=per_group)
            y = candidate.conv2d(x, weight, bias, padding=1, groups=groups)
            check_close("conv2d", y, direct(x, weight, bias, padding=1, groups=groups))
    with case("all together"):
        x, weight, bias, _ = problem(rng, 3, 2, 1, 2, rest=1, groups=2)
        check_close("conv2d", candidate.conv2d(x, weight, bias, 2, 1, 2, 2), direct(x, weight, bias, 2, 1, 2, 2))


RECTANGLES = (
    ((2, 3), 1, 0, 1),
    ((3, 1), (2, 1), 0, 1),
    ((2, 2), (1, 3), 0, 1),
    ((3, 3), 1, (2, 0), 1),
    ((3, 3), 1, (0, 1), 1),
    ((3, 2), 1, 0, (1, 3)),
    ((1, 4), (3, 2), (1, 3), (2, 1)),
)


@points(10)
def test_rectangular(candidate, rng, case):
    """Kernels that are not square, and tuples (vertical, horizontal) for stride, padding and dilation."""
    for kernel, stride, padding, dilation in RECTANGLES:
        with case(f"kernel {kernel}, stride {stride}, padding {padding}, dilation {dilation}"):
            x, weight, bias, _ = problem(rng, kernel, stride, padding, dilation, rest=1)
            y = candidate.conv2d(x, weight, bias, stride=stride, padding=padding, dilation=dilation)
            check_close("conv2d", y, direct(x, weight, bias, stride, padding, dilation))


@points(15)
def test_im2col_value(candidate, rng, case):
    """im2col puts the pixels under each window into a column: rows by (c, u, v), columns in row-major order."""
    with case("by hand"):
        x = np.arange(1.0, 7.0).reshape(1, 1, 2, 3)
        expected = np.array([[[1.0, 2.0], [2.0, 3.0], [4.0, 5.0], [5.0, 6.0]]])  # two windows: 1 2 4 5 and 2 3 5 6
        check_close("im2col", candidate.im2col(x, (2, 2)), expected)
    with case("2 images of 2 channels, 2x2 windows"):  # here no mix-up of axes changes the shape
        x = rng.normal(size=(2, 2, 3, 3))
        check_close("im2col", candidate.im2col(x, (2, 2)), direct_im2col(x, (2, 2)))
    plain = (((2, 3), 1, 0, 1), ((3, 2), 2, 1, 1), ((2, 2), 1, 1, 3), ((3, 3), 3, 2, 2))
    for kernel, stride, padding, dilation in (*plain, *RECTANGLES):
        with case(f"kernel {kernel}, stride {stride}, padding {padding}, dilation {dilation}"):
            x, *_ = problem(rng, kernel, stride, padding, dilation, rest=1)
            cols = candidate.im2col(x, kernel, stride=stride, padding=padding, dilation=dilation)
            check_close("im2col", cols, direct_im2col(x, kernel, stride, padding, dilation))
    with case("arguments by position"):
        x, *_ = problem(rng, (2, 3), 2, 1, 3)
        check_close("im2col", candidate.im2col(x, (2, 3), 2, 1, 3), direct_im2col(x, (2, 3), 2, 1, 3))


@points(5)
def test_no_flip(candidate, rng, case):
    """The kernel is not flipped: a single bright pixel is answered by the kernel's mirror image around it."""
    with case("by hand"):
        x = np.zeros((1, 1, 5, 5))
        x[0, 0, 2, 2] = 1.0
        weight = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
        # y[0, 0] has the bright pixel under its last tap (2, 2), y[2, 2] under its first
        expected = np.array([[[[9.0, 8.0, 7.0], [6.0, 5.0, 4.0], [3.0, 2.0, 1.0]]]])
        check_close("conv2d", candidate.conv2d(x, weight), expected)
    for kh, kw in ((2, 3), (3, 2)):
        with case(f"kernel ({kh}, {kw})"):
            height, width = 6, 7
            r, q = int(rng.integers(1, height - 1)), int(rng.integers(1, width - 1))
            x = np.zeros((1, 1, height, width))
            x[0, 0, r, q] = 1.0
            weight = rng.permutation(np.arange(1.0, 1.0 + kh * kw)).reshape(1, 1, kh, kw)
            expected = np.zeros((1, 1, height + 4 - kh + 1, width + 4 - kw + 1))
            for u in range(kh):
                for v in range(kw):
                    expected[0, 0, r + 2 - u, q + 2 - v] = weight[0, 0, u, v]
            check_close("conv2d", candidate.conv2d(x, weight, padding=2), expected)


@points(10)
def test_edge(candidate, rng, case):
    """1x1 kernels, kernels as large as the image, paddings larger than the kernel and empty batches work."""
    sizes = (
        ("a 1x1 kernel", (2, 3, 4, 5), (1, 1), 1, 0, 1),
        ("a 1x1 kernel with stride 2", (2, 3, 4, 5), (1, 1), 2, 0, 1),
        ("a kernel as large as the image", (2, 3, 4, 5), (4, 5), 1, 0, 1),
        ("a dilated kernel as large as the image", (2, 3, 5, 7), (3, 3), 1, 0, (2, 3)),
        ("a padding larger than the kernel", (2, 3, 4, 5), (2, 2), 1, 3, 1),
        ("a stride larger than the kernel", (2, 3, 7, 9), (2, 1), 4, 0, 1),
        ("one row of pixels", (2, 3, 1, 6), (1, 3), 1, 0, 1),
        ("one image, one channel, one pixel", (1, 1, 1, 1), (3, 3), 1, 1, 1),
    )
    for words, shape, kernel, stride, padding, dilation in sizes:
        with case(words):
            x, bias = rng.normal(size=shape), rng.normal(size=4)
            weight = rng.normal(size=(4, shape[1], *kernel))
            y = candidate.conv2d(x, weight, bias, stride, padding, dilation)
            check_close("conv2d", y, direct(x, weight, bias, stride, padding, dilation))
            cols = candidate.im2col(x, kernel, stride, padding, dilation)
            check_close("im2col", cols, direct_im2col(x, kernel, stride, padding, dilation))
    with case("an empty batch"):
        weight, bias = rng.normal(size=(4, 3, 2, 3)), rng.normal(size=4)
        y = candidate.conv2d(np.zeros((0, 3, 5, 7)), weight, bias, padding=1)
        check_shape("conv2d of no images", y, (0, 4, 6, 7))
        check_shape("im2col of no images", candidate.im2col(np.zeros((0, 3, 5, 7)), (2, 3)), (0, 18, 20))


@points(10)
def test_speed(candidate, rng, case):
    """numpy does the work: no line of your code runs once per output value."""
    with case("a batch of 4 images, 6 filters"):
        x, weight, bias = rng.normal(size=(4, 2, 13, 12)), rng.normal(size=(6, 2, 2, 3)), rng.normal(size=6)
        expected = direct(x, weight, bias)
        y, too_often = candidate.run(counted, x, weight, bias, expected.size)
        check_close("conv2d", y, expected)
        check(
            not too_often,
            f"A line of your code runs at least once for each of the {expected.size} values of y:"
            " replace the innermost loops by numpy operations on whole arrays.",
        )
        # And the size of a small network's layer, in one call (time and memory are limited as for every call).
        x, weight, bias = rng.normal(size=(8, 16, 32, 32)), rng.normal(size=(32, 16, 3, 3)), rng.normal(size=32)
        y = candidate.conv2d(x, weight, bias, padding=1)
        check_shape("conv2d", y, (8, 32, 32, 32))
        for place in ((0, 0), (31, 31), (0, 31), *rng.integers(0, 32, size=(15, 2)).tolist()):
            n, o, i, j = int(rng.integers(8)), int(rng.integers(32)), *place
            window = x[n, :, max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
            kernel = weight[o, :, int(i == 0) : 3 - int(i == 31), int(j == 0) : 3 - int(j == 31)]
            right = math.fsum((window * kernel).ravel()) + bias[o]
            check_close(f"conv2d[{n}, {o}, {i}, {j}]", float(y[n, o, i, j]), right)


def counted(m, x, weight, bias, limit):  # runs in the candidate
    """The result, and whether some line outside numpy ran (or some function was called) `limit` times or more."""
    counts = {}

    def trace(frame, event, arg):
        if frame.f_globals.get("__name__", "").split(".")[0] == "numpy":
            return None
        key = (frame.f_code, frame.f_lineno, event)
        counts[key] = counts.get(key, 0) + 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        y = m.conv2d(x, weight, bias)
    finally:
        sys.settrace(before)
    return y, max(counts.values(), default=0) >= limit


@points(10)
def test_dtype_errors(candidate, rng, case):
    """float32 stays float32, inputs stay as they are, and what does not fit together raises ValueError."""
    with case("float32"):
        x, weight, bias, _ = (np.asarray(v, dtype=np.float32) for v in problem(rng, 3, 2, 1, groups=2))
        y = candidate.conv2d(x, weight, bias, stride=2, padding=1, groups=2)
        check_close("conv2d of float32", y, direct(x, weight, bias, 2, 1, 1, 2), dtype=True)
        check_dtype("conv2d of float32 without bias", candidate.conv2d(x, weight, groups=2), "float32")
    with case("im2col of float32"):
        cols = candidate.im2col(x, (2, 3), padding=1)
        check_close("im2col of float32", cols, direct_im2col(x, (2, 3), 1, 1), dtype=True)
    with case("inputs unchanged"):
        x, weight, bias, _ = problem(rng, 1)
        for extra in ({}, {"stride": 2, "padding": 1}):
            candidate.conv2d(x, weight, bias, **extra)
            check_fresh(candidate, "x", "weight", "bias")
            candidate.im2col(x, (1, 1), **extra)
        candidate.conv2d(x, weight)
        check_fresh(candidate, "x", "weight")
        check_pure(candidate, "x", "weight", "bias")
    x = rng.normal(size=(2, 4, 5, 7))
    weights = {
        "4 channels, kernels for 3": ((6, 3, 2, 2), 1),
        "4 channels in 2 groups, kernels for 4": ((6, 4, 2, 2), 2),
        "4 channels in 3 groups": ((6, 1, 2, 2), 3),
        "3 filters in 2 groups": ((3, 2, 2, 2), 2),
        "groups = 0": ((6, 4, 2, 2), 0),
        "groups = -2": ((6, 2, 2, 2), -2),
        "a kernel that is too high": ((6, 4, 6, 2), 1),
        "a kernel that is too wide": ((6, 4, 2, 8), 1),
    }
    for words, (shape, groups) in weights.items():
        with case(words), check_raises(ValueError, words):
            candidate.conv2d(x, rng.normal(size=shape), groups=groups)
    weight = rng.normal(size=(6, 4, 3, 3))
    with case("a dilated kernel that is too high"), check_raises(ValueError, "a dilated kernel of 7 rows on 5 rows"):
        candidate.conv2d(x, weight, dilation=3)
    with case("a kernel too large for im2col"), check_raises(ValueError, "im2col with a kernel (2, 8) on 7 columns"):
        candidate.im2col(x, (2, 8))
    for length in (5, 7, 1):
        words = f"a bias of length {length} for 6 filters"
        with case(words), check_raises(ValueError, words):
            candidate.conv2d(x, weight, rng.normal(size=length))
