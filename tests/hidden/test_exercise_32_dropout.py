"""Each docstring is the line the learner reads. The oracle goes through the units one by one with the same draw."""

import math

import numpy as np

from dlkit.grader.compare import check, check_close, check_equal, check_fresh, check_pure, check_raises, unpack
from dlkit.grader.plugin import points


def dropped(x, p, rng):
    """The mask of inverted dropout and that of the classic form, unit by unit."""
    kept = [float(u >= p) for u in rng.random(x.shape).flat]
    scaled = [k / (1 - p) if k else 0.0 for k in kept]
    return np.array(scaled, dtype=x.dtype).reshape(x.shape), np.array(kept, dtype=x.dtype).reshape(x.shape)


def generators(rng):
    seed = int(rng.integers(1 << 30))
    return np.random.default_rng(seed), np.random.default_rng(seed)


def same_draws(ours, theirs):
    check(ours.random() == theirs.random(), "One rng.random(x.shape) per training pass and nothing else is drawn.")


def trains(candidate, rng, x, p):
    """One training pass against the oracle."""
    ours, theirs = generators(rng)
    mask, _ = dropped(x, p, ours)
    expected = (x * mask).astype(x.dtype)
    y, found = unpack("dropout_forward", candidate.dropout_forward(x, p, True, theirs), 2)
    check_close("the mask", found, mask, dtype=True)
    check_close("y", y, expected, dtype=True)
    same_draws(ours, theirs)


def sample(rng, shape, dtype=np.float64):
    """No entry near 0."""
    return (rng.uniform(0.5, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)).astype(dtype)


# 16 entries at least, in more than one row: two masks at p = 0.2 ... 0.7 can hardly be equal in all of the cases.
SHAPES = ((4, 7), (30,), (3, 2, 5), (2, 5, 3, 4))


@points(20)
def test_train_value(candidate, rng, case):
    """In training units are dropped as the draw from rng says, and the others are divided by 1 - p."""
    with case("by hand"):
        u = np.random.default_rng(3).random((2, 4))  # 0.09 0.24 0.80 0.58 / 0.09 0.43 0.48 0.16
        y, mask = unpack("dropout_forward", candidate.dropout_forward(u, 0.2, True, np.random.default_rng(3)), 2)
        kept = np.array([[0.0, 1.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]])
        check_close("the mask", mask, 1.25 * kept)  # 1 / (1 - 0.2)
        check_close("y", y, 1.25 * u * kept)
    for shape in SHAPES:
        for p in (0.2, 0.5, float(rng.uniform(0.6, 0.8))):
            with case(f"shape {shape}, p = {p:.3g}"):
                trains(candidate, rng, sample(rng, shape), p)
    with case("float32"):
        trains(candidate, rng, sample(rng, (5, 6), np.float32), 0.3)
    with case("a transposed view"):
        trains(candidate, rng, sample(rng, (3, 10)).T, 0.4)
    with case("a draw that equals p"):
        x, (ours, theirs) = sample(rng, (4, 6)), generators(rng)
        p = float(np.sort(ours.random(x.shape), axis=None)[9])  # 9 units are dropped, this one is kept
        y, mask = unpack("dropout_forward", candidate.dropout_forward(x, p, True, theirs), 2)
        check_equal("the number of units kept", int(np.count_nonzero(mask)), 15)
        check_equal("the number of entries that are not 0", int(np.count_nonzero(y)), 15)
    with case("three passes with one generator"):
        ours, theirs = generators(rng)
        x = sample(rng, (4, 6))
        for _ in range(3):
            mask, _ = dropped(x, 0.4, ours)
            expected = x * mask
            y, found = unpack("dropout_forward", candidate.dropout_forward(x, p=0.4, training=True, rng=theirs), 2)
            check_close("the mask", found, mask)
            check_close("y", y, expected)


@points(15)
def test_eval_identity(candidate, rng, case):
    """In evaluation y is a copy of x, the mask is all ones, and nothing is drawn."""
    for shape in SHAPES:
        for p in (0.3, 0.5, 0.8):
            with case(f"shape {shape}, p = {p}, without rng"):
                x = sample(rng, shape)
                before = x.copy()
                y, mask = unpack("dropout_forward", candidate.dropout_forward(x, p, False), 2)
                check_fresh(candidate, "x")
                check_equal("y", y, before)
                check_equal("the mask", mask, np.ones(shape))
    with case("with rng"):
        ours, theirs = generators(rng)
        x = sample(rng, (5, 4))
        before = x.copy()
        y, mask = unpack("dropout_forward", candidate.dropout_forward(x, 0.4, False, theirs), 2)
        check_equal("y", y, before)
        check_equal("the mask", mask, np.ones((5, 4)))
        check(ours.random() == theirs.random(), "Evaluation should draw nothing from rng.")
    with case("float32"):
        x = sample(rng, (3, 4), np.float32)
        before = x.copy()
        y, mask = unpack("dropout_forward", candidate.dropout_forward(x, 0.4, False), 2)
        check_close("y", y, before, rtol=0.0, atol=0.0, dtype=True)
        check_close("the mask", mask, np.ones((3, 4), dtype=np.float32), dtype=True)


@points(15)
def test_expectation(candidate, rng, case):
    """The mean over many draws is x for inverted dropout, (1 - p) x for the classic form; mc_dropout_mean averages."""
    count = 200_000
    for p in (0.1, 0.3, 0.5, 0.8):
        # The mean of so many masks has the standard error sqrt(p / (1 - p) / count): 0.45 % at p = 0.8, so that 1 %
        # would be only twice that. 6 standard errors, that is 0.45 % at p = 0.1 and 2.7 % at 0.8.
        bound = 6 * math.sqrt(p / (1 - p) / count)
        level = float(rng.uniform(0.5, 2.0))
        x = np.full((1000, 200), level)
        _, theirs = generators(rng)
        with case(f"p = {p}"):
            y, _ = unpack("dropout_forward", candidate.dropout_forward(x, p, True, theirs), 2)
            check_close("the mean of y", float(np.mean(y)), level, rtol=bound)
        with case(f"p = {p}, classic"):
            y = candidate.classic_dropout(x, p, True, theirs)
            check_close("the mean of classic_dropout", float(np.mean(y)), (1 - p) * level, rtol=bound)
    for n, p, dtype in ((1, 0.4, np.float64), (2, 0.5, np.float64), (25, 0.7, np.float64), (6, 0.3, np.float32)):
        with case(f"mc_dropout_mean, n = {n}, p = {p}, {np.dtype(dtype)}"):
            ours, theirs = generators(rng)
            x = sample(rng, (4, 9), dtype)
            masks = [dropped(x, p, ours)[0].astype(np.float64) for _ in range(n)]
            expected = (x * (sum(masks) / n)).astype(dtype)
            mean = candidate.mc_dropout_mean(x, p, n, theirs)
            check_close("mc_dropout_mean", mean, expected)
            same_draws(ours, theirs)
    with case("mc_dropout_mean tends to x"):
        x = sample(rng, (3, 2))
        _, theirs = generators(rng)
        # the standard error of a mean of 4000 masks is sqrt(0.25 / 0.75 / 4000) = 0.9 %
        check_close("mc_dropout_mean", candidate.mc_dropout_mean(x, 0.25, n=4000, rng=theirs), x.copy(), rtol=0.055)


@points(15)
def test_classic(candidate, rng, case):
    """Classic dropout does not scale in training and multiplies by 1 - p in evaluation."""
    with case("by hand"):
        y = candidate.classic_dropout(np.array([1.0, -2.0, 10.0]), 0.3, False)
        check_close("classic_dropout", y, np.array([0.7, -1.4, 7.0]))  # 1 - 0.3 = 0.7
    for shape in SHAPES:
        for p in (0.3, 0.5, float(rng.uniform(0.6, 0.8))):
            x = sample(rng, shape)
            with case(f"training, shape {shape}, p = {p:.3g}"):
                ours, theirs = generators(rng)
                _, keep = dropped(x, p, ours)
                expected = x * keep
                check_close("classic_dropout", candidate.classic_dropout(x, p, True, theirs), expected)
                same_draws(ours, theirs)
            with case(f"evaluation, shape {shape}, p = {p:.3g}"):
                expected = np.array([v - p * v for v in x.flat]).reshape(shape)
                check_close("classic_dropout", candidate.classic_dropout(x, p, training=False), expected)
    with case("evaluation, with rng"):
        ours, theirs = generators(rng)
        x = sample(rng, (5, 4))
        expected = 0.6 * x
        check_close("classic_dropout", candidate.classic_dropout(x, 0.4, False, theirs), expected)
        check(ours.random() == theirs.random(), "Evaluation should draw nothing from rng.")
    with case("float32"):
        x = sample(rng, (5, 4), np.float32)
        ours, theirs = generators(rng)
        expected, low = x * dropped(x, 0.4, ours)[1], np.float32(0.6) * x
        check_close("classic_dropout", candidate.classic_dropout(x, 0.4, True, theirs), expected, dtype=True)
        check_close("classic_dropout", candidate.classic_dropout(x, 0.4, False), low, dtype=True)


@points(15)
def test_backward(candidate, rng, case):
    """The gradient passes through the scaled mask of the forward pass: that of sum(y) is the mask itself."""
    with case("by hand"):
        dx = candidate.dropout_backward(np.array([3.0, 5.0, -2.0]), np.array([1.25, 0.0, 1.25]))
        check_close("dropout_backward", dx, np.array([3.75, 0.0, -2.5]))
    for shape in SHAPES:
        for p in (0.3, 0.5, 0.7):
            with case(f"shape {shape}, p = {p}"):
                dy = sample(rng, shape)
                mask, _ = dropped(dy, p, np.random.default_rng(int(rng.integers(1 << 30))))
                expected = dy * mask
                check_close("dropout_backward", candidate.dropout_backward(dy, mask), expected)
                check_fresh(candidate, "dy", "mask")
                check_pure(candidate, "dy", "mask")
    for p in (0.3, 0.6):
        with case(f"the gradient of sum(y), p = {p}"):
            ours, theirs = generators(rng)
            x = sample(rng, (5, 6))
            right, _ = dropped(x, p, ours)
            _, mask = unpack("dropout_forward", candidate.dropout_forward(x, p, True, theirs), 2)
            # y is linear in every entry of x: the slope is the mask
            check_close("the gradient of sum(y)", candidate.dropout_backward(np.ones((5, 6)), mask), right)
    with case("a mask of ones, from evaluation"):
        dy = sample(rng, (3, 4))
        expected = dy.copy()
        check_close("dropout_backward", candidate.dropout_backward(dy, np.ones((3, 4))), expected)
        check_fresh(candidate, "dy", "mask")
    with case("float32"):
        dy = sample(rng, (5, 3), np.float32)
        mask, _ = dropped(dy, 0.25, np.random.default_rng(1))
        expected = dy * mask
        check_close("dropout_backward", candidate.dropout_backward(dy, mask), expected, dtype=True)


@points(10)
def test_edges(candidate, rng, case):
    """p = 0 keeps everything, p = 1 drops everything without a warning, and inputs of 0 do not lose their mask."""
    for p in (0, 0.0, 1.0, 1):
        x = sample(rng, (4, 5))
        kept = x * (1 - p)
        ones = np.full(x.shape, 1.0 - p)
        with case(f"training, p = {p!r}"), candidate.strict():
            ours, theirs = generators(rng)
            ours.random(x.shape)
            y, mask = unpack("dropout_forward", candidate.dropout_forward(x, p, True, theirs), 2)
            check_close("the mask", mask, ones)
            check_close("y", y, kept)
            same_draws(ours, theirs)
        with case(f"classic, training, p = {p!r}"), candidate.strict():
            ours, theirs = generators(rng)
            ours.random(x.shape)
            check_close("classic_dropout", candidate.classic_dropout(x, p, True, theirs), kept)
            same_draws(ours, theirs)
        with case(f"evaluation, p = {p!r}"), candidate.strict():
            right = x.copy()
            y, mask = unpack("dropout_forward", candidate.dropout_forward(x, p, False), 2)
            check_close("y", y, right)
            check_close("the mask", mask, np.ones(x.shape))
            check_close("classic_dropout", candidate.classic_dropout(x, p, False), kept)
        with case(f"mc_dropout_mean, p = {p!r}"), candidate.strict():
            ours, theirs = generators(rng)
            ours.random((3, *x.shape))
            check_close("mc_dropout_mean", candidate.mc_dropout_mean(x, p, 3, theirs), kept)
            same_draws(ours, theirs)
    for words, x in (("zeros", np.zeros((6, 5))), ("every other input 0", np.arange(30.0).reshape(6, 5) % 2)):
        with case(words):
            trains(candidate, rng, x, 0.4)
    for shape in ((0, 3), (1, 1), (1,)):
        with case(f"shape {shape}"):
            trains(candidate, rng, sample(rng, shape), 0.3)


@points(10)
def test_errors_purity(candidate, rng, case):
    """A p outside of [0, 1] and training without rng raise ValueError; x is left as it is."""
    for p in (-0.1, 1.1, -1e-9, 2):
        for training in (True, False):
            for name in ("dropout_forward", "classic_dropout"):
                with case(f"{name}, p = {p:g}, training = {training}"), check_raises(ValueError, f"p={p:g}"):
                    candidate[name](sample(rng, (3, 4)), p, training, np.random.default_rng(1))
        with case(f"mc_dropout_mean, p = {p:g}"), check_raises(ValueError, f"p={p:g}"):
            candidate.mc_dropout_mean(sample(rng, (3, 4)), p, 2, np.random.default_rng(1))
    for name in ("dropout_forward", "classic_dropout"):
        for p in (0.0, 0.5, 1.0):
            with case(f"{name}, p = {p:g}, no rng"), check_raises(ValueError, "training without rng"):
                candidate[name](sample(rng, (3, 4)), p, True)
        for p in (0.0, 0.4, 1.0):
            for training in (True, False):
                with case(f"{name}, p = {p:g}, training = {training}: x unchanged, a new result"):
                    candidate[name](sample(rng, (3, 4)), p, training, np.random.default_rng(1))
                    check_pure(candidate, "x")
                    if not (name == "dropout_forward" and not training):  # that is eval_identity's
                        check_fresh(candidate, "x")
    for p in (0.0, 0.4):
        with case(f"mc_dropout_mean, p = {p:g}: x unchanged, a new result"):
            candidate.mc_dropout_mean(sample(rng, (3, 4)), p, 3, np.random.default_rng(1))
            check_pure(candidate, "x")
            check_fresh(candidate, "x")
