"""Each docstring is the line the learner reads. The oracle is plain Python: entry by entry, math.fsum of the powers."""

import math

import numpy as np

from dlkit.grader.compare import check, check_close, check_fresh, check_pure, check_raises, check_type, unpack
from dlkit.grader.plugin import points

NORMS = (1, 2.0, 3.0, math.inf)


def entries(grads):
    return [float(v) for g in grads for v in g.flat]


def norm(values, p=2.0):
    if p == math.inf:
        return max((abs(v) for v in values), default=0.0)
    return math.fsum(abs(v) ** p for v in values) ** (1 / p) if values else 0.0


def mapped(g, function):
    return np.array([function(float(v)) for v in g.flat], dtype=g.dtype).reshape(g.shape)


def scaled(grads, max_norm, total):
    factor = max_norm / (total + 1e-6)
    return [mapped(g, lambda v: v * factor if factor < 1 else v) for g in grads]


def limited(grads, bound):
    return [mapped(g, lambda v: max(-bound, min(bound, v))) for g in grads]


def gradients(rng, dtype=np.float64, size=1.0):
    """Arrays of mixed shapes whose norms differ; the largest entries are negative."""
    a, b, c = (int(n) for n in rng.choice([2, 3, 4, 5, 6], size=3, replace=False))
    shapes = [(a,), (b, c), (), (c, 1, a), (1,)]
    grads = [rng.uniform(0.5, 1.5, size=s) * rng.choice([-1.0, 1.0], size=s) * size for s in shapes]
    grads[0][:2] = -2.5 * size, 2.0 * size
    grads[1][0, 0], grads[1][1, 1] = -3.0 * size, 2.0 * size
    return [np.asarray(grads[k], dtype=dtype) for k in rng.permutation(len(grads))]


def global_norm(candidate, grads, max_norm, *rest, **more):
    """The call, compared with the oracle. `rest` and `more` are norm_type, if anything."""
    p = (*rest, *more.values(), 2.0)[0]
    total = norm(entries(grads), p)
    expected = scaled(grads, max_norm, total)
    tolerance = {"rtol": 1e-4, "atol": 1e-5} if any(g.dtype == np.float32 for g in grads) else {}
    result = candidate.clip_by_global_norm(grads, max_norm, *rest, **more)
    clipped, found = unpack("clip_by_global_norm", result, 2)
    check_type("the total norm", found, float)
    check_close("the total norm", found, total, **tolerance)
    check_close("clipped", clipped, expected, dtype=True, **tolerance)


@points(15)
def test_value_clip(candidate, rng, case):
    """clip_by_value limits every entry to [-c, c], on both sides."""
    with case("by hand"):
        result = candidate.clip_by_value([np.array([3.0, -0.5, -7.0]), np.array([[2.0, 0.0]])], 2.0)
        check_close("clip_by_value", result, [np.array([2.0, -0.5, -2.0]), np.array([[2.0, 0.0]])], rtol=0.0)
    for bound in (0.1, 1, 1.8, float(rng.uniform(0.6, 2.0)), 1e4):
        with case(f"c = {bound:.3g}"):
            grads = gradients(rng)
            expected = limited(grads, bound)
            check_close("clip_by_value", candidate.clip_by_value(grads, clip_value=bound), expected, dtype=True)
    with case("float32"):
        grads = gradients(rng, np.float32)
        check_close("clip_by_value", candidate.clip_by_value(grads, 0.9), limited(grads, 0.9), dtype=True)
    with case("transposed views"):
        grads = [g.T for g in gradients(rng)]
        check_close("clip_by_value", candidate.clip_by_value(grads, 0.9), limited(grads, 0.9))
    with case("no gradients"):
        check_close("clip_by_value([], 1.0)", candidate.clip_by_value([], 1.0), [])


@points(20)
def test_norm_clip(candidate, rng, case):
    """clip_by_norm scales each array by its own norm, and leaves the short ones as they are."""
    with case("by hand"):
        result = candidate.clip_by_norm([np.array([3.0, -4.0]), np.array([[0.0, 0.6], [0.8, 0.0]])], 2.0)
        # norms 5 and 1: the first is scaled by 2 / (5 + 1e-6), the second is short enough
        expected = [np.array([6.0, -8.0]) / 5.000001, np.array([[0.0, 0.6], [0.8, 0.0]])]
        check_close("clip_by_norm", result, expected)
    for bound in (0.3, 2, 4.0, float(rng.uniform(1.6, 3.2))):
        with case(f"max_norm = {bound:.3g}"):
            grads = gradients(rng)  # the one of shape () is at most 1.5 long, two are longer than 3.2
            expected = [scaled([g], bound, norm(entries([g])))[0] for g in grads]
            check_close("clip_by_norm", candidate.clip_by_norm(grads, max_norm=bound), expected, dtype=True)
    with case("a matrix"):
        g = rng.normal(size=(3, 5))
        check_close("clip_by_norm", candidate.clip_by_norm([g], 0.5), scaled([g], 0.5, norm(entries([g]))))
    with case("a norm of just max_norm"):
        result = candidate.clip_by_norm([np.array([3.0, 4.0])], 5.0)
        check_close("clip_by_norm", result, [np.array([15.0, 20.0]) / 5.000001])
    with case("norms of 1e-5, where the 1e-6 counts"):
        grads = gradients(rng, size=1e-5)
        expected = [scaled([g], 1e-6, norm(entries([g])))[0] for g in grads]
        check_close("clip_by_norm", candidate.clip_by_norm(grads, 1e-6), expected, atol=0.0)
    with case("zeros, and entries of 1e8"), candidate.strict():
        grads = [np.zeros((2, 3)), 1e8 * rng.normal(size=4), np.zeros(())]
        expected = [scaled([g], 1.0, norm(entries([g])))[0] for g in grads]
        check_close("clip_by_norm", candidate.clip_by_norm(grads, 1.0), expected)
    with case("float32"):
        grads = gradients(rng, np.float32)
        expected = [scaled([g], 2.0, norm(entries([g])))[0] for g in grads]
        check_close("clip_by_norm", candidate.clip_by_norm(grads, 2.0), expected, dtype=True)
    with case("transposed views"):
        grads = [g.T for g in gradients(rng)]
        expected = [scaled([g], 2.0, norm(entries([g])))[0] for g in grads]
        check_close("clip_by_norm", candidate.clip_by_norm(grads, 2.0), expected)
    with case("no gradients"):
        check_close("clip_by_norm([], 1.0)", candidate.clip_by_norm([], 1.0), [])


@points(25)
def test_global_norm(candidate, rng, case):
    """One norm of all entries gives one factor for all arrays; the norm before clipping is returned, too."""
    with case("by hand"):
        # squares 1 + 4 + 4 + 16 = 25, norm 5, factor 2 / (5 + 1e-6)
        grads = [np.array([1.0, -2.0]), np.array([[2.0], [-4.0]])]
        clipped, total = unpack("clip_by_global_norm", candidate.clip_by_global_norm(grads, 2.0), 2)
        check_close("the total norm", total, 5.0, rtol=1e-12)
        check_close("clipped", clipped, [np.array([2.0, -4.0]) / 5.000001, np.array([[4.0], [-8.0]]) / 5.000001])
    for p in NORMS:
        with case(f"norm_type {p}"):
            global_norm(candidate, gradients(rng), 1, norm_type=p)
        with case(f"norm_type {p}, a small max_norm, float32"):
            global_norm(candidate, gradients(rng, np.float32), 0.05, p)
        with case(f"norm_type {p}, a norm of just max_norm"):
            g = np.array([-4.0, 0.0])
            global_norm(candidate, [g], 4.0, p)
        with case(f"norm_type {p}, entries of 1e-5, where the 1e-6 counts"):
            grads = gradients(rng, size=1e-5)
            expected = scaled(grads, 1e-6, norm(entries(grads), p))
            clipped, _ = unpack("clip_by_global_norm", candidate.clip_by_global_norm(grads, 1e-6, p), 2)
            check_close("clipped", clipped, expected, atol=0.0)
        with case(f"norm_type {p}, no gradients"):
            global_norm(candidate, [], 1.0, p)
    for bound in (0.5, float(rng.uniform(1.0, 3.0))):
        with case(f"max_norm = {bound:.3g}, norm_type by default"):
            global_norm(candidate, gradients(rng), bound)
    with case("one array"):
        global_norm(candidate, [rng.normal(size=(4, 2, 3))], 0.3)
    with case("zeros"), candidate.strict():
        global_norm(candidate, [np.zeros(3), np.zeros((2, 2))], 1.0)
    with case("entries of 1e8"), candidate.strict():
        global_norm(candidate, gradients(rng, size=1e8), 1.0, 3.0)
    with case("transposed views"):
        global_norm(candidate, [g.T for g in gradients(rng)], 1.0)
    with case("float32 beside float64"):
        global_norm(candidate, [rng.normal(size=3).astype(np.float32), rng.normal(size=(2, 4))], 0.5)


def cosine(before, after):
    a, b = entries(before), entries(after)
    return math.fsum(x * y for x, y in zip(a, b, strict=True)) / (norm(a) * norm(b))


@points(10)
def test_direction(candidate, rng, case):
    """Clipping by norm keeps the direction, clipping by value turns it."""
    with case("clip_by_global_norm keeps the direction of the whole"):
        grads = gradients(rng)
        expected = scaled(grads, 0.7, norm(entries(grads)))
        clipped, _ = unpack("clip_by_global_norm", candidate.clip_by_global_norm(grads, 0.7), 2)
        check_close("the shape of each array", [np.shape(g) for g in clipped], [g.shape for g in grads])
        near = [np.asarray(g) for g in clipped]
        check_close("the length of the clipped gradient", norm(entries(near)), norm(entries(expected)), rtol=1e-4)
        check_close("the cosine between the gradient and the clipped one", cosine(grads, near), 1.0, rtol=1e-10)
    with case("clip_by_norm keeps the direction of each array"):
        grads = [rng.uniform(-2.0, -1.0, size=s) for s in ((4,), (2, 3), (3, 2, 2))]
        result = candidate.clip_by_norm(grads, 0.7)
        check_close("the shape of each array", [np.shape(g) for g in result], [g.shape for g in grads])
        for g, after in zip(grads, result, strict=True):
            check_close("the length of a clipped array", norm(entries([after])), 0.7, rtol=1e-4)
            check_close("the cosine between an array and the clipped one", cosine([g], [after]), 1.0, rtol=1e-10)
    with case("clip_by_value turns it"):
        result = candidate.clip_by_value([np.array([-4.0, 3.0])], 3.0)
        # [-3, 3]: the cosine is (9 + 12) / (5 * sqrt(18))
        check_close("clip_by_value", np.shape(result), (1, 2))
        turned = cosine([np.array([-4.0, 3.0])], [np.asarray(result[0])])
        check_close("the cosine between the gradient and the clipped one", turned, 21 / (5 * math.sqrt(18)))


@points(10)
def test_below_threshold(candidate, rng, case):
    """A gradient that is short enough keeps its values: it is never scaled up."""
    for size in (1.0, 1e-3, 1e-30):
        grads = gradients(rng, size=size)
        with case(f"entries of {size:g}, clip_by_norm"):
            expected = [g.copy() for g in grads]
            check_close("clip_by_norm", candidate.clip_by_norm(grads, 20.0), expected, atol=0.0)
        for p in NORMS:
            with case(f"entries of {size:g}, norm_type {p}"):
                expected, right = [g.copy() for g in grads], norm(entries(grads), p)
                result = candidate.clip_by_global_norm(grads, 100.0, p)
                clipped, total = unpack("clip_by_global_norm", result, 2)
                check_close("clipped", clipped, expected, atol=0.0)
                check_close("the total norm", total, right, atol=0.0)
    with case("float32"):
        grads = gradients(rng, np.float32)
        expected = [g.copy() for g in grads]
        check_close("clip_by_norm", candidate.clip_by_norm(grads, 20.0), expected, dtype=True)
        clipped, _ = unpack("clip_by_global_norm", candidate.clip_by_global_norm(grads, 100.0), 2)
        check_close("clipped", clipped, expected, dtype=True)


@points(10)
def test_nonfinite(candidate, rng, case):
    """A norm that is not finite raises with error_if_nonfinite; otherwise the factor acts as the formula gives it."""
    for bad in (math.inf, -math.inf, math.nan):
        grads = [rng.uniform(1.0, 2.0, size=s) * rng.choice([-1.0, 1.0], size=s) for s in ((3,), (2, 4), (2,))]
        grads[1][1, 2] = bad
        # inf: factor 0, so finite entries become 0 and inf * 0 is NaN; NaN: factor NaN, so everything is NaN
        expected = [np.zeros_like(g) if math.isinf(bad) else np.full_like(g, math.nan) for g in grads]
        expected[1][1, 2] = math.nan
        for p in NORMS:
            with case(f"{bad}, norm_type {p}"):
                result = candidate.clip_by_global_norm(grads, 1.0, p)
                clipped, total = unpack("clip_by_global_norm", result, 2)
                check_close("the total norm", total, abs(bad), nan_ok=True)
                check_close("clipped", clipped, expected, nan_ok=True)
            with case(f"{bad}, norm_type {p}, error_if_nonfinite"), check_raises(ValueError, f"an entry {bad}"):
                candidate.clip_by_global_norm(grads, 1.0, norm_type=p, error_if_nonfinite=True)
        with case(f"{bad}, clip_by_norm"):
            first, _, last = (scaled([g], 1.0, norm(entries([g])))[0] for g in grads)
            result = candidate.clip_by_norm(grads, 1.0)
            check_close("clip_by_norm", result, [first, expected[1], last], nan_ok=True)
        with case(f"{bad}, clip_by_value"):
            right = np.array([0.5, math.nan if math.isnan(bad) else math.copysign(1.0, bad), -1.0])
            result = candidate.clip_by_value([np.array([0.5, bad, -2.0])], 1.0)
            check_close("clip_by_value", result, [right], nan_ok=True)
    with case("finite gradients, error_if_nonfinite"):
        grads = gradients(rng)
        expected = scaled(grads, 1.0, norm(entries(grads)))
        result = candidate.clip_by_global_norm(grads, 1.0, error_if_nonfinite=True)
        check_close("clipped", unpack("clip_by_global_norm", result, 2)[0], expected)


@points(10)
def test_purity_errors(candidate, rng, case):
    """Bounds <= 0 raise ValueError; the gradients are left as they are, and the results are new arrays."""
    for bound in (0.0, -1.0, 0, -1e-9):
        for words, grads in (("gradients", gradients(rng)), ("no gradients", [])):
            with case(f"clip_value {bound:g}, {words}"), check_raises(ValueError, f"clip_value={bound:g}"):
                candidate.clip_by_value(grads, bound)
            with case(f"clip_by_norm, max_norm {bound:g}, {words}"), check_raises(ValueError, f"max_norm={bound:g}"):
                candidate.clip_by_norm(grads, bound)
            for p in (2.0, math.inf):
                with (
                    case(f"clip_by_global_norm, max_norm {bound:g}, norm_type {p}, {words}"),
                    check_raises(ValueError, f"max_norm={bound:g}"),
                ):
                    candidate.clip_by_global_norm(grads, bound, p)
    for words, bound in (("clipped", 0.4), ("not clipped", 1e3)):
        for name, more in (
            ("clip_by_value", ()),
            ("clip_by_norm", ()),
            ("clip_by_global_norm", (2.0,)),
            ("clip_by_global_norm", (math.inf, True)),
        ):
            with case(f"{name}, {words}"):
                result = candidate[name](gradients(rng), bound, *more)
                check_pure(candidate, "grads")
                check_fresh(candidate, "grads")
                clipped = result[0] if more else result
                check(isinstance(clipped, list), f"{name} should return the arrays in a list.")
