"""Each docstring is the line the learner reads. The oracle goes through the elements one by one."""

import math

import numpy as np

from dlkit.grader.compare import check, check_close, check_dtype, check_fresh, check_pure, check_raises, unpack
from dlkit.grader.plugin import points


def bent(x, slope):
    """x where positive, else slope * x: `slope` is a number, or an array of x's shape."""
    slopes = np.broadcast_to(slope, np.shape(x))
    out = np.empty(np.shape(x))
    for i in np.ndindex(out.shape):
        out[i] = float(x[i]) if x[i] > 0 else float(slopes[i]) * float(x[i])
    return out


def slope_at(alpha, index):
    return float(alpha[index[1] if len(alpha) > 1 else 0])


def spread(x, alpha):
    """The slope of each element, an array of x's shape."""
    return np.array([slope_at(alpha, i) for i in np.ndindex(x.shape)]).reshape(x.shape)


def backward(dy, x, alpha):
    dx, terms = np.empty(x.shape), [[] for _ in alpha]
    for i in np.ndindex(x.shape):
        dx[i] = float(dy[i]) * (1.0 if x[i] > 0 else slope_at(alpha, i))
        if x[i] <= 0:
            terms[i[1] if len(alpha) > 1 else 0].append(float(dy[i]) * float(x[i]))
    return dx, np.array([math.fsum(t) for t in terms])


def inputs(rng, rank, *, channels=None):
    """Normal numbers, none near 0, in a shape of different sizes; every channel has negative and positive ones."""
    shape = [int(n) for n in rng.choice([2, 3, 4, 5], size=rank, replace=False)]
    if channels is not None:
        shape[1] = channels
    x = rng.choice([-1.0, 1.0], size=shape) * (0.05 + np.abs(rng.normal(size=shape)))
    x[0], x[1] = -np.abs(x[0]), np.abs(x[1])
    return x


def slopes_of(rng, count):
    """Different slopes, away from 0, 1 and each other."""
    return rng.permutation([-0.4, 0.25, 0.6, 1.7, 2.5][:count]) + rng.uniform(-0.1, 0.1, size=count)


def rrelu(candidate, *args, **options):
    return unpack("rrelu(...)", candidate.rrelu(*args, **options), 2)


@points(25)
def test_value(candidate, rng, case):
    """Positive inputs pass, negative ones are multiplied by the slope: 0, fixed, per channel, the mean."""
    x = np.array([[-2.0, 4.0], [-6.0, -8.0]])
    with case("relu by hand"):
        check_close("relu([[-2, 4], [-6, -8]])", candidate.relu(x.copy()), np.array([[0.0, 4.0], [0.0, 0.0]]))
    with case("leaky_relu by hand"):
        y = candidate.leaky_relu(x.copy(), 0.5)
        check_close("leaky_relu(x, 0.5)", y, np.array([[-1.0, 4.0], [-3.0, -4.0]]))
    with case("prelu by hand"):  # column 0 times 0.5, column 1 times 0.25
        y = candidate.prelu(x.copy(), np.array([0.5, 0.25]))
        check_close("prelu(x, [0.5, 0.25])", y, np.array([[-1.0, 4.0], [-3.0, -2.0]]))
    for rank in (1, 2, 3, 4):
        x = inputs(rng, max(rank, 2))
        x = x if rank > 1 else x[:, 0]
        with case(f"relu, rank {rank}"):
            check_close("relu(x)", candidate.relu(x.copy()), bent(x, 0.0))
        with case(f"leaky_relu, rank {rank}, default slope"):
            check_close("leaky_relu(x)", candidate.leaky_relu(x.copy()), bent(x, 0.01))
    for slope in (0.3, 1.5, -0.5, 0.0, 1.0):
        x = inputs(rng, 2)
        with case(f"leaky_relu, slope {slope:g}"):
            check_close(f"leaky_relu(x, {slope:g})", candidate.leaky_relu(x, negative_slope=slope), bent(x, slope))
    for rank in (2, 3, 4):
        x = inputs(rng, rank)
        for words, count in (("one alpha per channel", x.shape[1]), ("one alpha", 1)):
            alpha = slopes_of(rng, count)
            with case(f"prelu, rank {rank}, {words}"):
                check_close(f"prelu(x, alpha) with x {x.shape}", candidate.prelu(x, alpha), bent(x, spread(x, alpha)))
    with case("prelu, a transposed view"):
        x, alpha = inputs(rng, 3).T, slopes_of(rng, 5)
        alpha = alpha[: x.shape[1]]
        check_close("prelu of a view", candidate.prelu(x, alpha), bent(x, spread(x, alpha)))
    for rank in (1, 3):
        x = inputs(rng, 3)
        x = x if rank == 3 else x[:, 0, 0]
        with case(f"rrelu in evaluation, rank {rank}"):
            y, _ = rrelu(candidate, x, 0.2, 0.4)
            check_close("y of rrelu(x, 0.2, 0.4)", y, bent(x, 0.3))


@points(25)
def test_prelu_backward(candidate, rng, case):
    """prelu_backward gives the gradients with respect to x and to alpha, each in its own shape."""
    dy, x = np.array([[1.0, 3.0], [2.0, -1.0]]), np.array([[-2.0, 4.0], [5.0, -8.0]])
    with case("by hand"):  # dx: 1 * 0.5, 3, 2, -1 * 0.25; dalpha: 1 * -2, -1 * -8
        dx, dalpha = unpack("prelu_backward(...)", candidate.prelu_backward(dy, x, np.array([0.5, 0.25])), 2)
        check_close("dx", dx, np.array([[0.5, 3.0], [2.0, -0.25]]))
        check_close("dalpha", dalpha, np.array([-2.0, 8.0]))
    with case("by hand, one alpha"):  # dalpha: 1 * -2 + -1 * -8
        dx, dalpha = unpack("prelu_backward(...)", candidate.prelu_backward(dy, x, np.array([0.5])), 2)
        check_close("dx", dx, np.array([[0.5, 3.0], [2.0, -0.5]]))
        check_close("dalpha", dalpha, np.array([6.0]))
    for rank in (2, 3, 4):
        x = inputs(rng, rank)
        for words, count in (("one alpha per channel", x.shape[1]), ("one alpha", 1)):
            check_gradients(candidate, rng, case, x, slopes_of(rng, count), f"rank {rank}, {words}")
    check_gradients(candidate, rng, case, inputs(rng, 4, channels=1), slopes_of(rng, 1), "one channel")
    check_gradients(candidate, rng, case, inputs(rng, 4).T, np.array([0.3]), "a transposed view")


def check_gradients(candidate, rng, case, x, alpha, words):
    dy = rng.normal(size=x.shape)
    expected = backward(dy, x, alpha)
    for part, name in enumerate(("dx", "dalpha")):
        with case(f"{name}, {words}"):
            result = unpack("prelu_backward(...)", candidate.prelu_backward(dy, x, alpha), 2)
            check_close(f"{name} of prelu_backward with x {x.shape}, alpha {alpha.shape}", result[part], expected[part])


@points(15)
def test_rrelu_train(candidate, rng, case):
    """In training every element has its own slope, drawn in one call of rng.uniform for the whole shape."""
    lower, upper = float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.4, 0.9))
    seed = int(rng.integers(2**31))
    for rank in (1, 2, 4):
        x = inputs(rng, max(rank, 2))
        x = x if rank > 1 else x[:, 0]
        with case(f"slopes, rank {rank}"):
            ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
            drawn = ours.uniform(lower, upper, x.shape)
            y, slopes = rrelu(candidate, x, lower, upper, True, theirs)
            check_close("slopes in training", slopes, np.where(x > 0, 1.0, drawn))
            check_close("y in training", y, bent(x, drawn))
            used = theirs.bit_generator.state == ours.bit_generator.state
            check(used, "The rng should be advanced by one uniform draw per element of x, no more and no less.")
    x = inputs(rng, 3)
    with case("y is slopes * x, with slopes between the bounds"):
        y, slopes = rrelu(candidate, x, lower, upper, training=True, rng=np.random.default_rng(seed))
        check_close("y", y, np.asarray(slopes) * x)
        inside = (np.asarray(slopes)[x < 0] >= lower) & (np.asarray(slopes)[x < 0] <= upper)
        check(inside.all(), f"A slope lies outside [{lower:.4g}, {upper:.4g}].")
    with case("the default bounds are 1/8 and 1/3"):
        _, slopes = rrelu(candidate, x, training=True, rng=np.random.default_rng(seed))
        drawn = np.random.default_rng(seed).uniform(0.125, 1 / 3, x.shape)
        check_close("slopes with the default bounds", slopes, np.where(x > 0, 1.0, drawn))
    with case("a second call draws new slopes"):
        ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
        rrelu(candidate, x, lower, upper, True, theirs)
        _, slopes = rrelu(candidate, x, lower, upper, True, theirs)
        drawn = ours.uniform(lower, upper, (2, *x.shape))[1]
        check_close("slopes of the second call", slopes, np.where(x > 0, 1.0, drawn))
    with case("equal bounds"):
        y, _ = rrelu(candidate, x, 0.25, 0.25, True, np.random.default_rng(seed))
        check_close("y with lower = upper = 0.25", y, bent(x, 0.25))
    with case("the mean of 100000 slopes"):
        _, slopes = rrelu(candidate, -np.ones(100_000), 0.2, 0.6, True, np.random.default_rng(seed))
        middle = float(np.mean(slopes))
        allowed = 6 * 0.4 / math.sqrt(12 * 100_000)  # six standard deviations of the mean
        check(abs(middle - 0.4) <= allowed, f"The mean of the slopes is {middle:.5f}, expected about 0.4.")


@points(10)
def test_rrelu_eval(candidate, rng, case):
    """In evaluation the slope is the mean of the bounds, the same every time, and rng is not used."""
    for rank in (1, 2, 3):
        x = inputs(rng, max(rank, 2))
        x = x if rank > 1 else x[:, 0]
        lower, upper = float(rng.uniform(0.05, 0.3)), float(rng.uniform(0.4, 0.9))
        with case(f"rank {rank}"):
            y, slopes = rrelu(candidate, x, lower, upper)
            check_close("slopes in evaluation", slopes, np.where(x > 0, 1.0, (lower + upper) / 2))
            check_close("y in evaluation", y, bent(x, (lower + upper) / 2))
    x = inputs(rng, 2)
    with case("the default bounds are 1/8 and 1/3"):  # (3/24 + 8/24) / 2
        _, slopes = rrelu(candidate, x)
        check_close("slopes of rrelu(x)", slopes, np.where(x > 0, 1.0, 11 / 48))
    with case("with an rng"):
        generator = np.random.default_rng(5)
        _, slopes = rrelu(candidate, x, training=False, rng=generator)
        check_close("slopes of rrelu(x, training=False, rng=rng)", slopes, np.where(x > 0, 1.0, 11 / 48))
        unused = generator.bit_generator.state == np.random.default_rng(5).bit_generator.state
        check(unused, "Evaluation should draw nothing from rng.")


@points(5)
def test_zero_point(candidate, case):
    """At exactly 0 the output is 0 and the gradient is that of the negative side."""
    x = np.array([[0.0, -0.0, 0.0], [-0.0, 0.0, -0.0]])
    for name, args in (("relu", ()), ("leaky_relu", (1.5,)), ("prelu", (np.array([0.5]),))):
        with case(f"{name} at 0 and -0.0"):
            check_close(f"{name} at 0 and -0.0", candidate[name](x.copy(), *args), np.zeros((2, 3)))
    for training in (False, True):
        with case(f"rrelu at 0 and -0.0, training={training}"):
            y, _ = rrelu(candidate, x, 0.2, 0.5, training, np.random.default_rng(1) if training else None)
            check_close("y of rrelu at 0 and -0.0", y, np.zeros((2, 3)))
    dy = np.array([[2.0, 3.0, 5.0], [-1.0, 4.0, 7.0]])
    for alpha in (0.25, -2.0, 0.0):  # 0 makes it the gradient of ReLU
        with case(f"gradient at 0, alpha {alpha:g}"):
            dx, dalpha = unpack("prelu_backward(...)", candidate.prelu_backward(dy, x, np.array([alpha])), 2)
            check_close(f"dx at x = 0 for alpha {alpha:g}", dx, alpha * dy)
            check_close("dalpha at x = 0", dalpha, np.zeros(1))


@points(10)
def test_dtype_nan(candidate, rng, case):
    """float32 stays float32 and integers give float64; NaN stays NaN, and infinities do not make one."""
    small = inputs(rng, 3).astype(np.float32)
    whole = np.array([[-3, 2, 5], [4, -1, -2]])
    alpha = np.array([0.25])
    for kind, x in (("float32", small), ("float64", whole)):
        words = "float32" if kind == "float32" else "integers"
        for name, args, slope in (
            ("relu", (), 0.0),
            ("leaky_relu", (0.25,), 0.25),
            ("prelu", (alpha.astype(kind),), 0.25),
        ):
            with case(f"{name} of {words}"):
                y = candidate[name](x.copy(), *args)
                check_close(f"{name} of {words}", y, bent(x, slope).astype(kind), dtype=True)
        for training in (False, True):
            with case(f"rrelu of {words}, training={training}"):
                y, slopes = rrelu(candidate, x, 0.25, 0.25, training, np.random.default_rng(2) if training else None)
                check_close(f"y of rrelu of {words}", y, bent(x, 0.25).astype(kind), dtype=True)
                check_close(f"slopes of rrelu of {words}", slopes, np.where(x > 0, 1.0, 0.25))
    with case("prelu_backward of float32"):
        dy = rng.normal(size=small.shape).astype(np.float32)
        expected = backward(dy, small, alpha)
        dx, dalpha = unpack("prelu_backward(...)", candidate.prelu_backward(dy, small, alpha.astype(np.float32)), 2)
        check_close("dx of float32", dx, expected[0].astype(np.float32), dtype=True)
        check_close("dalpha of float32", dalpha, expected[1].astype(np.float32))
        check_dtype("dalpha of float32", dalpha, "float32")
    broken, mended = np.array([[np.nan, -4.0], [2.0, np.nan]]), np.array([[np.nan, -1.0], [2.0, np.nan]])
    with case("relu of NaN"):
        expected = np.array([[np.nan, 0.0], [2.0, np.nan]])
        check_close("relu with NaN", candidate.relu(broken.copy()), expected, nan_ok=True)
    with case("leaky_relu of NaN"):
        check_close("leaky_relu with NaN", candidate.leaky_relu(broken.copy(), 0.25), mended, nan_ok=True)
    with case("prelu of NaN"):
        check_close("prelu with NaN", candidate.prelu(broken.copy(), alpha), mended, nan_ok=True)
    for training in (False, True):
        with case(f"rrelu of NaN, training={training}"):
            y, _ = rrelu(candidate, broken, 0.25, 0.25, training, np.random.default_rng(3) if training else None)
            check_close("y of rrelu with NaN", y, mended, nan_ok=True)
    with case("relu of infinities"):
        y = candidate.relu(np.array([np.inf, -np.inf, -1e300]))
        check_close("relu([inf, -inf, -1e300])", y, np.array([np.inf, 0.0, 0.0]))


@points(10)
def test_errors_purity(candidate, rng, case):
    """Bounds in the wrong order, a wrong number of alphas, training without rng raise ValueError; inputs are kept."""
    x = inputs(rng, 3)
    for training in (False, True):
        with case(f"lower > upper, training={training}"), check_raises(ValueError, "rrelu with lower=0.5, upper=0.2"):
            candidate.rrelu(x, 0.5, 0.2, training, np.random.default_rng(1))
    with case("training without rng"), check_raises(ValueError, "rrelu with training=True and rng=None"):
        candidate.rrelu(x, training=True)
    for channels, count in ((3, 2), (3, 4), (1, 2), (2, 3)):
        x = inputs(rng, 4, channels=channels)
        words = f"{count} alphas for {channels} channels"
        with case(f"prelu, {words}"), check_raises(ValueError, f"prelu with {words}"):
            candidate.prelu(x, np.full(count, 0.1))
        with case(f"prelu_backward, {words}"), check_raises(ValueError, f"prelu_backward with {words}"):
            candidate.prelu_backward(x, x, np.full(count, 0.1))
    x = inputs(rng, 2)
    alpha = slopes_of(rng, x.shape[1])
    for name, names, args in (
        ("relu", ("x",), (x,)),
        ("leaky_relu", ("x",), (x, 0.5)),
        ("prelu", ("x", "alpha"), (x, alpha)),
        ("prelu_backward", ("dy", "x", "alpha"), (rng.normal(size=x.shape), x, alpha)),
        ("rrelu", ("x",), (x, 0.1, 0.5, True, np.random.default_rng(4))),
    ):
        with case(f"inputs of {name}"):
            candidate[name](*args)
            check_pure(candidate, *names)
            check_fresh(candidate, *names)
    with case("a positive input is copied, too"):
        candidate.relu(np.abs(x))
        check_fresh(candidate, "x")
