"""The oracle goes forward only: it carries the whole Jacobian of h_depth with respect to each z_l along."""

import math

import numpy as np

from dlkit.grader.compare import check, check_close, check_equal, check_pure, check_raises, check_shape, check_type
from dlkit.grader.plugin import points

ACTIVATIONS = ("sigmoid", "tanh", "relu", "identity")


def activate(name, z):
    """act(z) and act'(z)."""
    if name == "sigmoid":
        return 0.5 * (1 + np.tanh(z / 2)), 0.25 / np.cosh(z / 2) ** 2
    if name == "tanh":
        return np.tanh(z), 1 / np.cosh(z) ** 2
    if name == "relu":
        return np.where(z > 0, z, 0.0), np.where(z > 0, 1.0, 0.0)
    return z, np.ones(z.shape)


def fresh(rng):
    """A generator for the learner's code."""
    return np.random.default_rng(int(rng.integers(2**31)))


def oracle(depth, width, activation, gain, residual, rng):
    h = rng.normal(size=(64, width))
    tangents = []  # dh_now / dz_l for the layers so far, (64, width, width) each
    for _ in range(depth):
        w = rng.normal(0, gain / math.sqrt(width), (width, width))
        a, slope = activate(activation, np.einsum("ni,oi->no", h, w))
        h = a + h if residual else a
        ahead = [slope[:, :, None] * np.einsum("oi,nij->noj", w, t) for t in tangents]
        tangents = [new + t if residual else new for new, t in zip(ahead, tangents, strict=True)]
        tangents.append(slope[:, :, None] * np.eye(width))
    squares = [np.einsum("no,noi->ni", h / h.size, t) ** 2 for t in tangents]
    return np.array([math.sqrt(math.fsum(s.ravel().tolist())) for s in squares])


def same_draws(candidate, seed, *args):
    return candidate.layer_gradient_norms(*args, np.random.default_rng(seed))


@points(35)
def test_value(candidate, rng, case):
    """The norms of dL/dz are right for every activation, with and without residual, first layer first."""
    with case("by hand, one layer, identity"):  # dL/dz_1 = z_1 / (64 width)
        draws = np.random.default_rng(5)
        h, w = draws.normal(size=(64, 3)), draws.normal(0, 2 / math.sqrt(3), (3, 3))
        expected = np.array([math.sqrt(((h @ w.T) ** 2).sum()) / 192])
        check_close("layer_gradient_norms", same_draws(candidate, 5, 1, 3, "identity", 2.0, False), expected, rtol=1e-8)
    for activation in ACTIVATIONS:
        for residual in (False, True):
            for depth, width in ((1, 4), (3, 6), (6, 5)):
                gain, seed = float(rng.uniform(0.5, 2.0)), int(rng.integers(2**31))
                with case(f"{activation}, residual={residual}, depth {depth}, width {width}"):
                    args = (depth, width, activation, gain, residual)
                    norms = same_draws(candidate, seed, *args)
                    expected = oracle(*args, np.random.default_rng(seed))
                    check_close("layer_gradient_norms", norms, expected, rtol=1e-8, atol=0.0, dtype=True)
    with case("relu, residual=True, gain 0: every z is 0, and relu'(0) = 0"):
        norms = same_draws(candidate, 7, 3, 4, "relu", 0.0, True)
        check_close("layer_gradient_norms", norms, np.zeros(3), rtol=1e-8, atol=0.0)
    with case("nothing more is drawn, and the next call goes on from there"):
        ours, theirs = np.random.default_rng(11), np.random.default_rng(11)
        for _ in range(2):
            norms = candidate.layer_gradient_norms(2, 5, "tanh", 1.5, False, theirs)
            check_close("layer_gradient_norms", norms, oracle(2, 5, "tanh", 1.5, False, ours), rtol=1e-8, atol=0.0)
        check_close("the generator's next number", theirs.normal(), ours.normal())


@points(15)
def test_sigmoid_vanishes(candidate, rng, case):
    """Through 20 sigmoid layers the gradient shrinks on its way back, and the first layers get least."""
    with case("width 64, gain 1"):
        norms = candidate.layer_gradient_norms(20, 64, "sigmoid", 1.0, False, fresh(rng))
        check_shape("layer_gradient_norms", norms, (20,))
        check((np.diff(norms) > 0).all(), "The norms should grow from the first layer to the last.")
        check(norms[0] < 1e-6 * norms[-1], f"The first norm is {norms[0] / norms[-1]:.3g} of the last, not below 1e-6.")
        ratio = candidate.gradient_ratio(norms)
        check_close("gradient_ratio(norms)", ratio, float(norms[0] / norms[-1]))
        check_equal("classify_gradient_flow(norms)", candidate.classify_gradient_flow(norms), "vanishing")
    with case("width 5, gain 1: every norm"):
        norms = same_draws(candidate, 3, 20, 5, "sigmoid", 1.0, False)
        expected = oracle(20, 5, "sigmoid", 1.0, False, np.random.default_rng(3))
        check_close("layer_gradient_norms", norms, expected, rtol=1e-8, atol=0.0)


def log_ratio(candidate, *args):
    """log10 of the first over the last norm."""
    norms = candidate.layer_gradient_norms(*args)
    check_shape("layer_gradient_norms", norms, (args[0],))
    return norms, math.log10(norms[0] / norms[-1])


# The bounds below are the catalogue's, or lie more than 5 standard deviations off what 60 seeds gave.


@points(10)
def test_relu_he_healthy(candidate, rng, case):
    """ReLU with gain sqrt(2) keeps the scale through 20 layers."""
    norms, ratio = log_ratio(candidate, 20, 256, "relu", math.sqrt(2), False, fresh(rng))  # 0.6 +- 0.1
    check(-2 <= ratio <= 2, f"The first norm is {10**ratio:.3g} times the last one; expected a factor below 100.")
    check_equal("classify_gradient_flow(norms)", candidate.classify_gradient_flow(norms), "healthy")


@points(10)
def test_explodes(candidate, rng, case):
    """A gain of 2 without activation explodes like 2^depth, and ReLU with twice its gain does, too."""
    for activation, gain in (("identity", 2.0), ("relu", 2 * math.sqrt(2))):
        with case(f"{activation}, gain {gain:.3g}"):
            norms, ratio = log_ratio(
                candidate, 20, 64, activation, gain, False, fresh(rng)
            )  # 6.4 +- 0.1 and 6.2 +- 0.2
            check(4.5 < ratio < 8, f"The first norm is {10**ratio:.3g} times the last one; expected about 2^20.")
            check_equal("classify_gradient_flow(norms)", candidate.classify_gradient_flow(norms), "exploding")
    with case("identity, gain 1"):  # 0.6 +- 0.1
        norms, _ = log_ratio(candidate, 20, 64, "identity", 1.0, False, fresh(rng))
        check_equal("classify_gradient_flow(norms)", candidate.classify_gradient_flow(norms), "healthy")


@points(15)
def test_residual_helps(candidate, rng, case):
    """A residual sum keeps the gradient alive where the plain network loses it."""
    for activation, gain in (("sigmoid", 1.0), ("tanh", 0.5)):
        with case(f"{activation}, gain {gain:g}"):
            seed = int(rng.integers(2**31))
            plain, plain_ratio = log_ratio(candidate, 30, 64, activation, gain, False, np.random.default_rng(seed))
            norms, ratio = log_ratio(candidate, 30, 64, activation, gain, True, np.random.default_rng(seed))
            check(
                ratio - plain_ratio >= 6,
                f"With residual the ratio is {10**ratio:.3g}, without {10**plain_ratio:.3g}; expected 1e6 times more.",
            )
            check_equal("plain", candidate.classify_gradient_flow(plain), "vanishing")
            check_equal("with residual", candidate.classify_gradient_flow(norms), "healthy")


@points(10)
def test_classify(candidate, rng, case):
    """The ratio is first over last; below low is vanishing, above high exploding, NaN and inf exploding."""
    for norms, ratio in (([0.5, 3.0, 2.0], 0.25), ([6.0, 1.0, 1.0, 3.0], 2.0), ([5.0], 1.0)):
        with case(f"gradient_ratio({norms})"):
            got = candidate.gradient_ratio(np.array(norms))
            check_close("gradient_ratio", got, ratio)
            check_type("gradient_ratio", got, float)
    for norms, options, expected in (
        ([0.0005, 1.0], {}, "vanishing"),
        ([0.0015, 1.0], {}, "healthy"),
        ([600.0, 1.0], {}, "healthy"),
        ([1500.0, 1.0], {}, "exploding"),
        ([0.001, 50.0, 1.0], {}, "healthy"),
        ([1000.0, 0.01, 1.0], {}, "healthy"),
        ([1.0, 1e-9, 1e9, 2.0], {}, "healthy"),
        ([1.0, 0.0, 1.0], {}, "healthy"),
        ([3.0, 3.0], {}, "healthy"),
        ([7.0], {}, "healthy"),
        ([1.0, 8.0], {"low": 0.25}, "vanishing"),
        ([2.0, 8.0], {"low": 0.25}, "healthy"),
        ([4.0, 1.0], {"high": 4.0}, "healthy"),
        ([5.0, 1.0], {"high": 4.0}, "exploding"),
        ([math.nan, 1.0], {}, "exploding"),
        ([1.0, math.nan, 1.0], {}, "exploding"),
        ([1.0, math.inf, 1.0], {}, "exploding"),
        ([0.0, math.inf], {}, "exploding"),
        ([0.0, math.nan, 0.0], {}, "exploding"),
        ([math.inf, math.inf], {}, "exploding"),
        ([0.0, 0.0, 0.0], {}, "vanishing"),
        ([0.0, 1e-9, 1e-3], {}, "vanishing"),
    ):
        words = ", ".join([str(norms), *(f"{k}={v}" for k, v in options.items())])
        with case(f"classify_gradient_flow({words})"):
            got = candidate.classify_gradient_flow(np.array(norms), **options)
            check_equal(f"classify_gradient_flow({words})", got, expected)
            check_pure(candidate, "norms")


@points(5)
def test_errors(candidate, rng, case):
    """A depth below 1 and an unknown activation raise ValueError."""
    for depth in (0, -3):
        with case(f"depth {depth}"), check_raises(ValueError, f"depth={depth}"):
            candidate.layer_gradient_norms(depth, 4, "tanh", 1.0, False, fresh(rng))
    for activation in ("swish", "ReLU", ""):
        with case(f"activation {activation!r}"), check_raises(ValueError, f"activation={activation!r}"):
            candidate.layer_gradient_norms(2, 4, activation, 1.0, False, fresh(rng))
