"""Each docstring is the line the learner reads.

The oracle is plain Python, one slice at a time, with math.log and math.fsum; for Gaussians it is Gauss-Hermite
quadrature of the log-ratio of the densities, which is exact because that ratio is a parabola.
"""

import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_finite,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
    check_type,
)
from dlkit.grader.plugin import points

LOG2 = math.log(2.0)


def plain_entropy(p):
    return math.fsum(-v * math.log(v) for v in p if v > 0)


def plain_kl(p, q):
    if any(a > 0 and b == 0 for a, b in zip(p, q, strict=True)):
        return math.inf
    return math.fsum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def plain_js(p, q):
    m = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return (plain_kl(p, m) + plain_kl(q, m)) / 2


PLAIN = {"entropy": plain_entropy, "kl_divergence": plain_kl, "js_divergence": plain_js}


def by_slices(name, *arrays, axis=-1):
    """A plain function on every slice along an axis."""
    moved = [np.moveaxis(a, axis, -1).astype(np.float64) for a in arrays]
    out = np.empty(moved[0].shape[:-1])
    for index in np.ndindex(out.shape):
        out[index] = PLAIN[name](*(m[index].tolist() for m in moved))
    return out


def distributions(rng, shape, axis=-1, dtype=np.float64):
    """Two arrays of random slices that sum to 1 along an axis; no entry is below 0.01 / size."""
    size = shape[axis]
    rest = [n for i, n in enumerate(shape) if i != axis % len(shape)]
    pair = 0.99 * rng.dirichlet(np.ones(size), size=(2, *rest)) + 0.01 / size
    return (np.moveaxis(half, -1, axis).astype(dtype) for half in pair)


def arguments(name, p, q):
    return (p,) if name == "entropy" else (p, q)


@points(25)
def test_value(candidate, rng, case):
    """Entropy, KL and JS of random distributions, for every rank and axis."""
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
    with case("entropy by hand"):
        check_close("entropy(p)", candidate.entropy(p), 1.5 * LOG2)  # 1/2 log 2 + 2 * 1/4 log 4
    with case("kl_divergence by hand"):
        check_close("kl_divergence(p, q)", candidate.kl_divergence(p, q), 0.25 * LOG2)  # 1/2 log 2 + 0 - 1/4 log 2
    with case("js_divergence by hand"):
        # m = [3/8, 1/4, 3/8]: KL(p||m) = 1/2 log 4/3 + 1/4 log 2/3, and the same for q
        expected = 0.5 * math.log(4 / 3) + 0.25 * math.log(2 / 3)
        check_close("js_divergence(p, q)", candidate.js_divergence(p, q), expected)
    for name in PLAIN:
        function = candidate[name]
        for shape in ((5,), (3, 4), (2, 5, 3)):
            for axis in range(-len(shape), len(shape)):
                p, q = distributions(rng, shape, axis)
                given = arguments(name, p, q)
                with case(f"{name}, shape {shape}, axis {axis}"):
                    expected = by_slices(name, *given, axis=axis)
                    check_close(f"{name}(…, axis={axis})", function(*given, axis=axis), expected)
        with case(f"{name}, axis not given"):
            given = arguments(name, *distributions(rng, (4, 3)))
            check_close(f"{name}(…)", function(*given), by_slices(name, *given))
            check_pure(candidate, "p", "q")
            check_fresh(candidate, "p", "q")
        with case(f"{name} of float32 and of a view"):
            given = arguments(name, *(a.T for a in distributions(rng, (4, 6), 0, np.float32)))
            expected = by_slices(name, *given).astype(np.float32)
            check_close(f"{name} of float32", function(*given), expected, dtype=True)


@points(15)
def test_zeros(candidate, rng, case):
    """Zeros in p count nothing, a zero of q under a positive p gives +inf, JS stays finite; no warning, no NaN."""
    zero_rows = np.array([[0.0, 0.5, 0.5, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25, 0.25, 0.25, 0.25]])
    other = np.array([[0.0, 0.25, 0.5, 0.25], [0.5, 0.5, 0.0, 0.0], [0.125, 0.125, 0.25, 0.5]])
    order = rng.permutation(4)
    zero_rows, other = zero_rows[:, order], other[:, order]
    with case("entropy"), candidate.strict():
        # log 2, 0, log 4
        check_close("entropy(p)", candidate.entropy(zero_rows), np.array([LOG2, 0.0, 2 * LOG2]))
    with case("entropy of integers (one-hot rows)"), candidate.strict():
        check_close("entropy of one-hot rows", candidate.entropy(np.eye(4, dtype=np.int64)), np.zeros(4), dtype=True)
    with case("zeros of p, and of both"), candidate.strict():
        # 1/2 log 2 + 0; log 2; 2 * 1/4 log 2 + 0 - 1/4 log 2
        expected = np.array([0.5 * LOG2, LOG2, 0.25 * LOG2])
        check_close("kl_divergence(p, q)", candidate.kl_divergence(zero_rows, other), expected)
    with case("zeros of q"), candidate.strict():
        expected = np.array([math.inf, math.inf, by_slices("kl_divergence", other, zero_rows)[2]])
        check_close("kl_divergence(p, q)", candidate.kl_divergence(other, zero_rows), expected)
    with case("zeros of q, axis 0"), candidate.strict():
        p, q = distributions(rng, (4, 3), 0)
        p[:, 1], q[:, 1] = [0.0, 0.5, 0.0, 0.5], [0.25, 0.0, 0.5, 0.25]
        q[:, 2] = [0.5, 0.0, 0.25, 0.25]
        expected = by_slices("kl_divergence", p, q, axis=0)
        check_close("kl_divergence(p, q, axis=0)", candidate.kl_divergence(p, q, axis=0), expected)
    with case("js_divergence"), candidate.strict():
        value = candidate.js_divergence(zero_rows, other)
        check_finite("js_divergence(p, q)", value)
        check_close("js_divergence(p, q)", value, by_slices("js_divergence", zero_rows, other))
    with case("tiny probabilities are not zeros"), candidate.strict():
        p, q = np.array([1e-300, 1.0]), np.array([1.0, 1e-300])
        check_close("kl_divergence(p, q)", candidate.kl_divergence(p, q), 300 * math.log(10.0))  # log(1 / 1e-300)
    with case("one outcome"), candidate.strict():
        check_close("entropy of one outcome", candidate.entropy(np.ones((3, 1))), np.zeros(3))


@points(15)
def test_identities(candidate, rng, case):
    """KL(p||p) = 0, KL >= 0 and is not symmetric, H(p) + KL(p||q) is the cross-entropy, JS is symmetric, <= log 2."""
    p, q = distributions(rng, (6, 5))
    with case("KL(p||p) = 0"):
        check_close("kl_divergence(p, p)", candidate.kl_divergence(p, p.copy()), np.zeros(6), rtol=0.0, atol=1e-12)
    with case("KL >= 0"):
        for scale in (1.0, 1e-3, 1e-6):
            near = (p + scale * q) / (1 + scale)
            value = np.asarray(candidate.kl_divergence(p, near))
            check((value >= -1e-12).all(), f"KL(p||q) is {value.min():.3g} for some p, q; it is never negative.")
    with case("not symmetric"):
        forth, back = np.array([0.9, 0.1]), np.array([0.5, 0.5])
        there, again = candidate.kl_divergence(forth, back), candidate.kl_divergence(back, forth)
        check_close("kl_divergence([0.9, 0.1], [0.5, 0.5])", there, 0.9 * math.log(1.8) + 0.1 * math.log(0.2))
        check_close("kl_divergence([0.5, 0.5], [0.9, 0.1])", again, 0.5 * math.log(5 / 9) + 0.5 * math.log(5.0))
    with case("H(p) + KL(p||q) = cross-entropy"):
        cross = np.array(
            [math.fsum(-a * math.log(b) for a, b in zip(x, y, strict=True)) for x, y in zip(p, q, strict=True)]
        )
        both = np.asarray(candidate.entropy(p)) + np.asarray(candidate.kl_divergence(p, q))
        check_close("entropy(p) + kl_divergence(p, q)", both, cross, rtol=0.0, atol=1e-12)
    with case("uniform distributions have the most entropy"):
        for classes in (2, 7):
            value = candidate.entropy(np.full(classes, 1 / classes))
            check_close(f"entropy of {classes} equal outcomes", value, math.log(classes))
    with case("JS is symmetric and at most log 2"):
        p, q = rng.dirichlet(np.full(4, 0.1), size=(2, 30))
        there, again = candidate.js_divergence(p, q), candidate.js_divergence(q, p)
        check_close("js_divergence(q, p)", again, np.asarray(there), rtol=0.0, atol=1e-12)
        check((np.asarray(there) <= LOG2 + 1e-12).all(), f"JS is {np.max(there):.6g}; it is at most log 2.")
        check((np.asarray(there) >= -1e-12).all(), f"JS is {np.min(there):.3g}; it is never negative.")


@points(10)
def test_disjoint_js(candidate, rng, case):
    """Distributions that do not overlap are log 2 apart, however near or far their supports lie."""
    for gap in (0, 1, 4):
        with case(f"supports {gap} places apart"), candidate.strict():
            size = 4 + gap
            p, q = np.zeros((2, 3, size))
            p[:, :2], q[:, -2:] = rng.dirichlet(np.ones(2), size=3), rng.dirichlet(np.ones(2), size=3)
            check_close("js_divergence(p, q)", candidate.js_divergence(p, q), np.full(3, LOG2))
            check_close(
                "js_divergence(q, p, axis=0)", candidate.js_divergence(q.T.copy(), p.T.copy(), axis=0), np.full(3, LOG2)
            )
    with case("points"), candidate.strict():
        check_close("js_divergence(p, q)", candidate.js_divergence(np.array([0, 1, 0]), np.array([0, 0, 1])), LOG2)


def log_softmax(row):
    log_sum = max(row) + math.log(math.fsum(math.exp(v - max(row)) for v in row))
    return [v - log_sum for v in row]


def kl_of_logits(p_logits, q_logits):
    total = []
    for p, q in zip(p_logits.tolist(), q_logits.tolist(), strict=True):
        total += [math.exp(a) * (a - b) for a, b in zip(log_softmax(p), log_softmax(q), strict=True)]
    return math.fsum(total) / len(p_logits)


@points(15)
def test_logits_stable(candidate, rng, case):
    """kl_from_logits is the mean over rows of KL(softmax||softmax), finite for logits of any size."""
    with case("by hand"):
        value = candidate.kl_from_logits(
            np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[math.log(3.0), 0.0], [5.0, 5.0]])
        )
        # rows: 1/2 log(1/2 / 3/4) + 1/2 log(1/2 / 1/4) = 1/2 log 4/3, and 0
        check_close("kl_from_logits(…)", value, 0.25 * math.log(4 / 3))
        check_type("kl_from_logits(…)", value, float)
    for rows, classes in ((4, 3), (2, 6), (1, 5)):
        with case(f"shape ({rows}, {classes})"):
            p, q = rng.normal(scale=2.0, size=(2, rows, classes))
            check_close("kl_from_logits(…)", candidate.kl_from_logits(p, q), kl_of_logits(p, q))
            check_pure(candidate, "p_logits", "q_logits")
    with case("float32"):
        p, q = rng.normal(size=(2, 3, 4)).astype(np.float32)
        value = candidate.kl_from_logits(p, q)
        check_close("kl_from_logits of float32", value, np.float32(kl_of_logits(p, q)))
        check_type("kl_from_logits of float32", value, float)
    with case("a constant added to each row"):
        p, q = rng.normal(size=(2, 3, 4))
        value = candidate.kl_from_logits(p + np.array([[10.0], [-300.0], [5.0]]), q + 7.0)
        check_close("kl_from_logits(p + c, q + d)", value, kl_of_logits(p, q))
    for size in (1e2, 1e4):
        with case(f"logits of {size:g}"), candidate.strict():
            p = size * rng.permuted(np.tile([1.0, 0.0, -1.0, -1.0], (3, 1)), axis=1)
            q = np.roll(p, 1, axis=1)
            check_close("kl_from_logits(…)", candidate.kl_from_logits(p, q), kl_of_logits(p, q))
            check_close("kl_from_logits(p, p)", candidate.kl_from_logits(p, p.copy()), 0.0)
    with case("rows of very different size"), candidate.strict():
        p, q = rng.normal(size=(2, 3, 4)) + np.array([[1e4], [0.0], [-1e4]])
        check_close("kl_from_logits(…)", candidate.kl_from_logits(p, q), kl_of_logits(p, q))


def kl_by_quadrature(mu1, logvar1, mu2, logvar2):
    """E over x ~ N(mu1, var1) of log N1(x) - log N2(x); five nodes are exact for polynomials up to degree nine."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    out = np.empty(mu1.shape[:-1])
    for index in np.ndindex(out.shape):
        total = []
        for m, lv, n, lw in zip(mu1[index], logvar1[index], mu2[index], logvar2[index], strict=True):
            for z, w in zip(nodes, weights / math.sqrt(2 * math.pi), strict=True):
                x = m + math.exp(lv / 2) * z
                total.append(w * ((lw - lv) / 2 - z * z / 2 + (x - n) ** 2 / (2 * math.exp(lw))))
        out[index] = math.fsum(total)
    return out


@points(15)
def test_gaussian(candidate, rng, case):
    """kl_gaussian is the KL of two diagonal Gaussians given by means and log-variances, summed over the last axis."""
    with case("by hand"):
        # variances 4 and 1, means 1 and 3: 1/2 (log 1 - log 4 + (4 + 4) / 1 - 1)
        value = candidate.kl_gaussian(*(np.array([v]) for v in (1.0, math.log(4.0), 3.0, 0.0)))
        check_close("kl_gaussian(…)", value, 0.5 * (7.0 - math.log(4.0)))
    for shape in ((3,), (2, 4), (3, 1), (2, 4, 3)):
        with case(f"shape {shape}"):
            given = rng.normal(size=(4, *shape))
            value = candidate.kl_gaussian(*given)
            check_shape("kl_gaussian(…)", value, shape[:-1])
            check_close("kl_gaussian(…)", value, kl_by_quadrature(*given))
            check_pure(candidate, "mu1", "logvar1", "mu2", "logvar2")
    with case("against a standard normal"):
        mu, logvar = rng.normal(size=(2, 3, 5))
        expected = [
            math.fsum((m * m + math.exp(v) - 1 - v) / 2 for m, v in zip(a, b, strict=True))
            for a, b in zip(mu, logvar, strict=True)
        ]
        zero = np.zeros((3, 5))
        check_close("kl_gaussian(mu, logvar, 0, 0)", candidate.kl_gaussian(mu, logvar, zero, zero), np.array(expected))
    with case("equal Gaussians"):
        mu, logvar = rng.normal(size=(2, 4, 2))
        value = candidate.kl_gaussian(mu, logvar, mu.copy(), logvar.copy())
        check_close("kl_gaussian(mu, logvar, mu, logvar)", value, np.zeros(4))
    with case("float32"):
        given = rng.normal(size=(4, 3, 4)).astype(np.float32)
        check_close(
            "kl_gaussian of float32",
            candidate.kl_gaussian(*given),
            kl_by_quadrature(*given).astype(np.float32),
            dtype=True,
        )


@points(5)
def test_errors(candidate, rng, case):
    """Negative entries, sums off by more than 1e-6 and shapes that differ raise ValueError."""
    good = np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
    negative, heavy = good + np.array([[0.3, -0.35, 0.05], [0.0, 0.0, 0.0]]), good + np.array([[0.0], [0.5e-6]])
    for words, bad in (
        ("a negative entry", negative),
        ("a sum of 1 + 1.5e-6", heavy),
        ("a sum of 1 - 1.5e-6", 2 * good - heavy),
        ("counts", np.array([[2.0, 3.0, 5.0], [6.0, 3.0, 1.0]])),
    ):
        with case(f"entropy, {words}"), check_raises(ValueError, f"entropy of {words}"):
            candidate.entropy(bad)
        for name in ("kl_divergence", "js_divergence"):
            with case(f"{name}, {words} in p"), check_raises(ValueError, f"{name} with {words} in p"):
                candidate[name](bad, good)
            with case(f"{name}, {words} in q"), check_raises(ValueError, f"{name} with {words} in q"):
                candidate[name](good, bad)
    with case("the sum runs along axis"), check_raises(ValueError, "entropy(p, axis=0) of rows that sum to 1"):
        candidate.entropy(good, axis=0)
    with case("a sum of 1 + 5e-7 is accepted"):
        nearly = good * (1 + 5e-7)
        check_finite("entropy(p)", candidate.entropy(nearly))
        check_finite("kl_divergence(p, q)", candidate.kl_divergence(nearly, good))
        check_finite("js_divergence(p, q)", candidate.js_divergence(good, nearly))
    for shape in ((1, 3), (3,), (2, 2)):
        other = np.full(shape, 1 / shape[-1])
        for name in ("kl_divergence", "js_divergence", "kl_from_logits"):
            with case(f"{name}, shapes (2, 3) and {shape}"), check_raises(ValueError, f"{name} of (2, 3) and {shape}"):
                candidate[name](good, other)
            with case(f"{name}, shapes {shape} and (2, 3)"), check_raises(ValueError, f"{name} of {shape} and (2, 3)"):
                candidate[name](other, good)
    for place in range(4):
        given = [np.zeros((2, 3)) for _ in range(4)]
        given[place] = np.zeros(3) if place % 2 else np.zeros((1, 3))
        name = ("mu1", "logvar1", "mu2", "logvar2")[place]
        with (
            case(f"kl_gaussian, {name} of another shape"),
            check_raises(ValueError, f"{name} of shape {given[place].shape}"),
        ):
            candidate.kl_gaussian(*given)
