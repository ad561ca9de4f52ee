"""Each docstring is the line the learner reads. The oracle goes pixel by pixel, with the draws of the statement."""

import numpy as np

from dlkit.grader.compare import check_close, check_equal, check_fresh, check_pure, check_raises, unpack
from dlkit.grader.plugin import points


def flipped(x):
    out, last = np.empty_like(x), x.shape[3] - 1
    for column in range(x.shape[3]):
        out[..., column] = x[..., last - column]
    return out


def turned(x, turns):
    for _ in range(turns % 4):
        n, c, h, w = x.shape
        out = np.empty((n, c, w, h), dtype=x.dtype)
        for row in range(w):
            for column in range(h):
                out[:, :, row, column] = x[:, :, column, w - 1 - row]
        x = out
    return x.copy()


def cropped(x, size, padding, rng):
    n, c, h, w = x.shape
    out = np.zeros((n, c, size, size), dtype=x.dtype)
    for i in range(n):
        top = int(rng.integers(0, h + 2 * padding - size + 1)) - padding  # in the image itself
        left = int(rng.integers(0, w + 2 * padding - size + 1)) - padding
        for row in range(max(top, 0), min(top + size, h)):
            for column in range(max(left, 0), min(left + size, w)):
                out[i, :, row - top, column - left] = x[i, :, row, column]
    return out


def punched(x, size, fill, rng):
    n, _, h, w = x.shape
    out = x.copy()
    for i in range(n):
        cy, cx = int(rng.integers(0, h)), int(rng.integers(0, w))
        for row in range(h):
            for column in range(w):
                if 0 <= row - cy + size // 2 < size and 0 <= column - cx + size // 2 < size:
                    out[i, :, row, column] = fill
    return out


def mixed(x, y, alpha, rng):
    lam = rng.beta(alpha, alpha)
    partner = rng.permutation(len(x))
    return [
        np.array([lam * a[i].astype(np.float64) + (1 - lam) * a[partner[i]].astype(np.float64) for i in range(len(a))])
        for a in (x, y)
    ]


def coins(x, p, rng):
    flags = rng.random(len(x))
    return np.concatenate([flipped(x[i : i + 1]) if u < p else x[i : i + 1] for i, u in enumerate(flags)])


def generators(rng, wanted=lambda draws: True):
    """The oracle's and the submission's, of one seed whose draws are as wanted."""
    while True:
        seed = int(rng.integers(1 << 30))
        if wanted(np.random.default_rng(seed)):
            return np.random.default_rng(seed), np.random.default_rng(seed)


def uneven(alpha, count, low, high):
    """lam lies in [low, high], so that both weights show, and the permutation is not the identity."""

    def wanted(draws):
        lam = draws.beta(alpha, alpha)
        return low <= lam <= high and (draws.permutation(count) != np.arange(count)).sum() > 1

    return wanted


def spread(count, *bounds):
    """At least two draws lie in each of the intervals between 0, the bounds and 1."""
    return lambda draws: np.histogram(draws.random(count), [0.0, *bounds, 1.0])[0].min() >= 2


def images(rng, *shape, dtype=np.float64):
    """No pixel is 0."""
    if dtype == np.uint8:
        return rng.integers(1, 256, size=shape, dtype=np.uint8)
    return rng.uniform(1.0, 2.0, size=shape).astype(dtype)


def labels(rng, count, classes):
    """One-hot rows, all of different classes."""
    return np.eye(classes)[rng.permutation(classes)[:count]]


HAND = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])


@points(20)
def test_flip_rot(candidate, rng, case):
    """hflip mirrors left to right and rot90 turns counter-clockwise; two flips or four turns give x again."""
    with case("hflip by hand"):
        check_equal("hflip(x)", candidate.hflip(HAND), np.array([[[[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]]]]))
    with case("rot90 by hand"):
        right = np.array([[[[3.0, 6.0], [2.0, 5.0], [1.0, 4.0]]]])  # the last column is the first row
        check_equal("rot90(x, 1)", candidate.rot90(HAND, 1), right)
    for shape in ((2, 3, 4, 5), (4, 2, 6, 3), (3, 1, 1, 4), (1, 2, 3, 1)):
        x = images(rng, *shape)
        with case(f"hflip, shape {shape}"):
            check_equal("hflip(x)", candidate.hflip(x), flipped(x))
    for k in (0, 1, 2, 3, 4, -1, -2, -7, 5, 10):
        x = images(rng, 2, 3, 4, 5)
        with case(f"rot90, k = {k}"):
            check_equal(f"rot90(x, {k})", candidate.rot90(x, k), turned(x, k))
    with case("two flips"):
        x = images(rng, 2, 3, 5, 4)
        once = candidate.hflip(x)
        check_equal("hflip(x)", once, flipped(x))
        check_equal("hflip(hflip(x))", candidate.hflip(once), x)
    with case("four turns"):
        x = images(rng, 2, 3, 5, 4)
        y = x
        for turns in range(1, 5):
            y = candidate.rot90(y, 1)
            check_equal(f"the images after {turns} turns", y, turned(x, turns))
    with case("a transposed view"):
        x = images(rng, 2, 4, 5, 3).transpose(0, 3, 1, 2)
        check_equal("hflip(x)", candidate.hflip(x), flipped(x))
        check_equal("rot90(x, 1)", candidate.rot90(x, 1), turned(x, 1))


@points(20)
def test_crop_value(candidate, rng, case):
    """random_crop pads with zeros and cuts out the window that the draws from rng give."""
    with case("by hand: one place only"):
        x = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
        right = np.array([[[[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 0.0], [0.0, 3.0, 4.0, 0.0], [0.0, 0.0, 0.0, 0.0]]]])
        check_equal("random_crop(x, 4, 1, rng)", candidate.random_crop(x, 4, 1, np.random.default_rng(1)), right)
    for n, c, h, w, size, padding in (
        (6, 3, 7, 9, 5, 2), (5, 2, 9, 6, 4, 0), (8, 1, 6, 6, 6, 3), (6, 2, 4, 7, 6, 1), (7, 3, 3, 5, 1, 1),
        (4, 2, 3, 8, 3, 4),
    ):  # fmt: skip
        with case(f"{h} x {w}, size {size}, padding {padding}"):
            x = images(rng, n, c, h, w)
            ours, theirs = generators(rng)
            crop = candidate.random_crop(x, size, padding, theirs)
            check_equal("random_crop(x, size, padding, rng)", crop, cropped(x, size, padding, ours))
    with case("size = H = W without padding"):
        x = images(rng, 3, 2, 5, 5)
        check_equal("random_crop(x, 5, 0, rng)", candidate.random_crop(x, 5, 0, generators(rng)[1]), x)
    with case("size = H + 2 padding, more columns"):
        x = images(rng, 6, 2, 3, 8)
        ours, theirs = generators(rng)
        right = cropped(x, 5, 1, ours)
        check_equal("random_crop(x, 5, 1, rng)", candidate.random_crop(x, size=5, padding=1, rng=theirs), right)
    with case("two batches with one generator"):
        ours, theirs = generators(rng)
        for n in (5, 4):
            x = images(rng, n, 2, 6, 8)
            crop = candidate.random_crop(x, 5, 1, theirs)
            check_equal("random_crop(x, 5, 1, rng)", crop, cropped(x, 5, 1, ours))


@points(15)
def test_cutout_value(candidate, rng, case):
    """cutout fills one square per image in every channel, and cuts it off at the border."""
    with case("by hand: a square beyond the image"):
        y = candidate.cutout(HAND, 7, np.random.default_rng(1), 9.0)  # 3 rows and columns on both sides of the centre
        check_equal("cutout(x, 7, rng, 9.0)", y, np.full((1, 1, 2, 3), 9.0))
    for n, c, h, w, size, fill in (
        (10, 3, 6, 8, 3, 0.0), (10, 3, 8, 6, 4, 0.5), (10, 2, 6, 8, 9, -1.0), (12, 2, 9, 5, 5, 0.25),
        (8, 2, 5, 7, 1, 3), (8, 2, 5, 7, 2, 0.0),
    ):  # fmt: skip
        with case(f"{h} x {w}, size {size}, fill {fill}"):
            x = images(rng, n, c, h, w)
            ours, theirs = generators(rng)
            y = candidate.cutout(x, size, theirs, fill=fill)
            check_equal("cutout(x, size, rng, fill)", y, punched(x, size, fill, ours))
    with case("the default fill is 0; the area"):
        x = images(rng, 9, 3, 7, 8)
        ours, theirs = generators(rng)
        right = punched(x, 3, 0.0, ours)
        y = candidate.cutout(x, 3, theirs)
        check_equal("the area of the squares", (np.asarray(y) == 0).sum((1, 2, 3)), (right == 0).sum((1, 2, 3)))
        check_equal("cutout(x, 3, rng)", y, right)
    with case("two batches with one generator"):
        ours, theirs = generators(rng)
        for n in (5, 4):
            x = images(rng, n, 2, 6, 8)
            check_equal("cutout(x, 3, rng)", candidate.cutout(x, 3, theirs), punched(x, 3, 0.0, ours))


@points(20)
def test_mixup_value(candidate, rng, case):
    """mixup blends every image and its label row with the same partner, by one lam per batch."""
    with case("by hand: an image that is its own partner"):
        x, y = unpack("mixup", candidate.mixup(HAND, np.array([[0.0, 1.0]]), 1.0, np.random.default_rng(1)), 2)
        check_close("the images", x, HAND)
        check_close("the labels", y, np.array([[0.0, 1.0]]))
    for n, c, h, w, classes, alpha, low, high in (
        (5, 3, 2, 4, 7, 0.4, 0.1, 0.4), (6, 2, 3, 5, 6, 1.0, 0.6, 0.9), (8, 1, 4, 3, 9, 2.0, 0.2, 0.4),
        (4, 3, 3, 2, 5, 0.2, 0.1, 0.4), (7, 2, 1, 3, 8, 6, 0.52, 0.7),
    ):  # fmt: skip
        with case(f"N = {n}, alpha = {alpha}, lam in [{low}, {high}]"):
            x, y = images(rng, n, c, h, w), labels(rng, n, classes)
            ours, theirs = generators(rng, uneven(alpha, n, low, high))
            right = mixed(x, y, alpha, ours)
            found, rows = unpack("mixup", candidate.mixup(x, y, alpha, theirs), 2)
            check_close("the images", found, right[0])
            check_close("the labels", rows, right[1])
            check_close("the sums of the label rows", np.asarray(rows).sum(axis=1), np.ones(n))
    with case("labels that are soft already"):
        x, y = images(rng, 6, 2, 4, 3), rng.dirichlet(np.ones(4), size=6)
        ours, theirs = generators(rng, uneven(1.0, 6, 0.2, 0.4))
        right = mixed(x, y, 1.0, ours)
        found, rows = unpack("mixup", candidate.mixup(x, y, 1.0, theirs), 2)
        check_close("the images", found, right[0])
        check_close("the labels", rows, right[1])
    with case("two batches with one generator"):
        large, small = uneven(1.0, 5, 0.6, 0.8), uneven(1.0, 4, 0.2, 0.4)
        ours, theirs = generators(rng, lambda draws: large(draws) and small(draws))
        for n in (5, 4):
            x, y = images(rng, n, 2, 3, 4), labels(rng, n, 6)
            right = mixed(x, y, 1.0, ours)
            found, rows = unpack("mixup", candidate.mixup(x, y, 1.0, theirs), 2)
            check_close("the images", found, right[0])
            check_close("the labels", rows, right[1])


@points(10)
def test_per_image(candidate, rng, case):
    """Every image has draws of its own: augment flips some images of a batch, crops and squares lie apart."""
    with case("augment, p_flip = 0.5 by default"):
        x = images(rng, 9, 2, 3, 5)
        ours, theirs = generators(rng, spread(9, 0.5))
        check_equal("augment(x, rng)", candidate.augment(x, theirs), coins(x, 0.5, ours))
    for p in (0.25, 0.8):
        with case(f"augment, p_flip = {p}"):
            x = images(rng, 12, 2, 4, 3)
            ours, theirs = generators(rng, spread(12, *sorted((p, 0.5))))
            check_equal(f"augment(x, rng, {p})", candidate.augment(x, theirs, p_flip=p), coins(x, p, ours))
    for p in (0.0, 1.0):
        with case(f"augment, p_flip = {p}"):
            x = images(rng, 6, 2, 4, 3)
            right = flipped(x) if p else x.copy()
            check_equal(f"augment(x, rng, {p})", candidate.augment(x, generators(rng)[1], p), right)
    with case("augment, a draw that equals p_flip"):
        x = images(rng, 6, 2, 4, 3)
        ours, theirs = generators(rng)
        u = ours.random(6)
        p = float(np.sort(u)[3])  # 3 images are flipped, this one is not
        right = np.where((u < p)[:, None, None, None], flipped(x), x)
        check_equal("augment(x, rng, p_flip)", candidate.augment(x, theirs, p), right)
    with case("augment, two batches with one generator"):
        ours, theirs = generators(rng, spread(7, 0.5))
        for n in (7, 5):
            x = images(rng, n, 2, 3, 4)
            check_equal("augment(x, rng)", candidate.augment(x, theirs), coins(x, 0.5, ours))
    one = images(rng, 1, 2, 7, 6)
    x = np.repeat(one, 24, axis=0)
    with case("random_crop of one image, 24 times"):
        ours, theirs = generators(rng)
        check_equal("random_crop(x, 5, 2, rng)", candidate.random_crop(x, 5, 2, theirs), cropped(x, 5, 2, ours))
    with case("cutout of one image, 24 times"):
        ours, theirs = generators(rng)
        check_equal("cutout(x, 5, rng)", candidate.cutout(x, 5, theirs), punched(x, 5, 0.0, ours))


@points(10)
def test_dtype_purity(candidate, rng, case):
    """uint8 and float32 stay what they are (uint8 gives float64 in mixup), x is left as it is, results are new."""
    for dtype in (np.uint8, np.float32, np.float64):
        words = np.dtype(dtype).name
        x = images(rng, 10, 6, 8, 2, dtype=dtype).transpose(0, 3, 1, 2)
        with case(f"hflip, {words}"):
            check_close("hflip(x)", candidate.hflip(x), flipped(x), rtol=0.0, atol=0.0, dtype=True)
            check_pure(candidate, "x")
            check_fresh(candidate, "x")
        with case(f"rot90, {words}"):
            check_close("rot90(x, 1)", candidate.rot90(x, 1), turned(x, 1), rtol=0.0, atol=0.0, dtype=True)
            check_fresh(candidate, "x")
            for k in (0, 2, 4):
                candidate.rot90(x, k)
                check_fresh(candidate, "x")
            check_pure(candidate, "x")
        with case(f"random_crop, {words}"):
            ours, theirs = generators(rng)
            right = cropped(x, 7, 2, ours)
            check_close("random_crop", candidate.random_crop(x, 7, 2, theirs), right, rtol=0.0, atol=0.0, dtype=True)
            check_pure(candidate, "x")
            candidate.random_crop(x[..., :6], 6, 0, theirs)
            check_fresh(candidate, "x")
        with case(f"cutout, {words}"):
            ours, theirs = generators(rng)
            right = punched(x, 9, 7, ours)
            check_close("cutout", candidate.cutout(x, 9, theirs, 7.0), right, rtol=0.0, atol=0.0, dtype=True)
            check_pure(candidate, "x")
            check_fresh(candidate, "x")
        with case(f"augment, {words}"):
            ours, theirs = generators(rng, spread(10, 0.5))
            right = coins(x, 0.5, ours)
            check_close("augment", candidate.augment(x, theirs), right, rtol=0.0, atol=0.0, dtype=True)
            candidate.augment(x, theirs, 0.0)
            check_fresh(candidate, "x")
            check_pure(candidate, "x")
        with case(f"mixup, {words}"):
            kept = np.float64 if dtype == np.uint8 else dtype
            y = labels(rng, 10, 12).astype(dtype)
            ours, theirs = generators(rng, uneven(1.0, 10, 0.2, 0.4))
            right = mixed(x, y, 1.0, ours)
            found, rows = unpack("mixup", candidate.mixup(x, y, 1.0, theirs), 2)
            check_close("the images", found, right[0].astype(kept), dtype=True)
            check_close("the labels", rows, right[1].astype(kept), dtype=True)
            check_pure(candidate, "x", "y_onehot")
            check_fresh(candidate, "x", "y_onehot")


@points(5)
def test_errors(candidate, rng, case):
    """An x without four axes and a crop larger than the padded image raise ValueError."""
    for shape in ((4, 5), (3, 4, 5), (2, 3, 4, 5, 6)):
        x = images(rng, *shape)
        y = labels(rng, shape[0], 6)
        for name, args in (
            ("hflip", ()),
            ("rot90", (1,)),
            ("random_crop", (2, 1, np.random.default_rng(1))),
            ("cutout", (2, np.random.default_rng(1))),
            ("mixup", (y, 1.0, np.random.default_rng(1))),
            ("augment", (np.random.default_rng(1),)),
        ):
            with case(f"{name}, {len(shape)} axes"), check_raises(ValueError, f"{name} of shape {shape}"):
                candidate[name](x, *args)
    for h, w, size, padding in ((4, 6, 5, 0), (6, 4, 5, 0), (4, 9, 9, 2), (9, 4, 9, 2), (4, 5, 20, 1)):
        words = f"random_crop of {h} x {w}, size {size}, padding {padding}"
        with case(words), check_raises(ValueError, words):
            candidate.random_crop(images(rng, 2, 3, h, w), size, padding, np.random.default_rng(1))
