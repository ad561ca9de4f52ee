"""Each docstring is the line the learner reads. The oracles: ridge on centred columns by singular values, and exact
interpolation in fractions.
"""

import math
from fractions import Fraction

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
    check_type,
)
from dlkit.grader.plugin import points

CURVE = ("train_mse", "val_mse", "weight_norm")


def powers(x, degree):
    return np.array([[v**j for j in range(degree + 1)] for v in x.tolist()])


def fit(x, y, degree, lam=0.0):
    """A free intercept is the same as centring the columns and the targets."""
    Phi = powers(x.astype(np.float64), degree)[:, 1:]
    middle, level = Phi.mean(axis=0), float(np.mean(y, dtype=np.float64))
    if degree == 0:
        return np.array([level])
    U, s, Vt = np.linalg.svd(Phi - middle, full_matrices=False)
    w = Vt.T @ (s / (s**2 + lam) * (U.T @ (y - level)))
    return np.append(level - middle @ w, w)


def through_all(x, y):
    """The weights of the polynomial through all points: Newton's divided differences, exactly."""
    nodes, c = [Fraction(v) for v in x.tolist()], [Fraction(v) for v in y.tolist()]
    n = len(nodes)
    for k in range(1, n):
        for i in range(n - 1, k - 1, -1):
            c[i] = (c[i] - c[i - 1]) / (nodes[i] - nodes[i - k])
    w = [c[-1]]
    for k in range(n - 2, -1, -1):  # w <- (x - node) w + c
        w = [up - nodes[k] * v for up, v in zip([Fraction(0), *w], [*w, Fraction(0)], strict=True)]
        w[0] += c[k]
    return np.array([float(v) for v in w])


def mse(x, y, w):
    return float(np.mean((powers(x, len(w) - 1) @ w - y) ** 2))


def curve(x_tr, y_tr, x_va, y_va, degrees, lam=0.0):
    weights = [fit(x_tr, y_tr, d, lam) for d in degrees]
    rows = [(mse(x_tr, y_tr, w), mse(x_va, y_va, w), math.hypot(*w[1:].tolist())) for w in weights]
    return {name: np.array(column) for name, column in zip(CURVE, zip(*rows, strict=True), strict=True)}


def spaced(rng, n, gap):
    """n points on [-1, 1] in random order, uniform but at least `gap` apart: the closer, the worse conditioned."""
    return rng.permutation(np.sort(rng.uniform(-1, 1 - (n - 1) * gap, size=n)) + gap * np.arange(n))


def noisy_sine(rng, x):
    return np.sin(np.pi * x) + 0.2 * rng.normal(size=len(x))


def demo(rng):
    """12 noisy samples, 200 noise-free ones, and the oracle's curve. A draw that shows little is drawn again."""
    x_va = np.linspace(-1, 1, 200)
    while True:
        x = spaced(rng, 12, 0.1)
        data = (x, noisy_sine(rng, x), x_va, np.sin(np.pi * x_va))
        plain, ridge = curve(*data, [3, 11]), curve(*data, [11], 1e-3)
        (val3, val11), (norm3, norm11) = plain["val_mse"], plain["weight_norm"]
        overfits = val11 > 5 * val3 and norm11 > 30 * norm3
        if overfits and ridge["val_mse"][0] < val11 / 3 and ridge["weight_norm"][0] < norm11 / 3:
            return data, plain, ridge


def check_curve(actual, expected, **tolerance):
    check_type("capacity_curve", actual, dict)
    check_close("capacity_curve", actual, expected, **tolerance)


@points(20)
def test_features_fit(candidate, rng, case):
    """The columns are x^0 to x^degree; the fit minimises squared error plus penalty, with a free intercept."""
    with case("features by hand"):
        Phi = candidate.poly_features(np.array([2.0, -1.0, 0.0]), 3)
        expected = np.array([[1.0, 2.0, 4.0, 8.0], [1.0, -1.0, 1.0, -1.0], [1.0, 0.0, 0.0, 0.0]])
        check_close("poly_features", Phi, expected, dtype=True)
    for n, degree in ((7, 4), (3, 6), (5, 1), (4, 0)):
        x = rng.uniform(-2, 2, size=n)
        with case(f"features, N = {n}, degree {degree}"):
            check_close("poly_features", candidate.poly_features(x, degree), powers(x, degree))
            check_fresh(candidate, "x")
            check_pure(candidate, "x", "degree")
    with case("features of float32"):
        x = rng.uniform(-2, 2, size=6).astype(np.float32)
        right = powers(x.astype(np.float64), 3).astype(np.float32)
        check_close("poly_features", candidate.poly_features(x, 3), right, dtype=True)
    with case("fit by hand"):
        x, y = np.array([-1.0, 0.0, 1.0]), np.array([1.0, 2.0, 6.0])
        # sum x = 0, so w_0 = mean y = 9/3; w_1 = sum x y / (sum x^2 + lam) = (-1 + 6) / (2 + 2)
        check_close("fit_poly, lam = 2", candidate.fit_poly(x, y, 1, lam=2.0), np.array([3.0, 1.25]))
        check_close("fit_poly, lam = 0", candidate.fit_poly(x, y, 1), np.array([3.0, 2.5]))
    for n, degree, lam in ((9, 3, 0.0), (12, 5, 0.1), (8, 2, 3.0), (10, 4, 1e4), (6, 0, 0.5), (7, 0, 0.0)):
        x, y = spaced(rng, n, 0.1), rng.normal(size=n) + 2.0
        with case(f"fit, N = {n}, degree {degree}, lam = {lam:g}"):
            check_close("fit_poly", candidate.fit_poly(x, y, degree, lam), fit(x, y, degree, lam), dtype=True)
            check_pure(candidate, "x", "y", "degree", "lam")
    for lam in (0.0, 0.4):
        x, y, shift = spaced(rng, 10, 0.1), rng.normal(size=10), float(rng.uniform(3.0, 9.0))
        with case(f"a shift of y moves w_0 only, lam = {lam:g}"):
            moved = fit(x, y, 4, lam) + np.array([shift, 0.0, 0.0, 0.0, 0.0])
            check_close("fit_poly(x, y + c)", candidate.fit_poly(x, y + shift, 4, lam), moved)
    with case("degree 11 on np.linspace(0, 1, 12): weights to 1e-6 of their norm"):
        x, y = np.linspace(0, 1, 12), rng.normal(size=12)
        right = through_all(x, y)
        w = candidate.fit_poly(x, y, 11)
        check_close("fit_poly", w, right, rtol=0.0, atol=1e-6 * float(np.linalg.norm(right)))
    with case("strided views"):
        x, y = spaced(rng, 9, 0.1), rng.normal(size=9)
        w = candidate.fit_poly(np.repeat(x, 2)[::2], np.repeat(y, 3)[::3], 3, 0.2)
        check_close("fit_poly", w, fit(x, y, 3, 0.2))
    for lam in (0.0, 0.3):
        with case(f"fit of float32, lam = {lam:g}"):
            x, y = spaced(rng, 11, 0.1).astype(np.float32), rng.normal(size=11).astype(np.float32)
            # rounding in float32 times the condition number, about 10 (normal equations: 100)
            right = fit(x, y, 2, lam).astype(np.float32)
            check_close("fit_poly", candidate.fit_poly(x, y, 2, lam), right, rtol=1e-3, atol=1e-3, dtype=True)


@points(25)
def test_curve_value(candidate, rng, case):
    """Both errors and the weight norm of every degree; only the training samples are fitted to."""
    with case("by hand"):
        # degree 1: 3 + 2.5 x gives 0.5, 3, 5.5 against 1, 2, 6, and 8, 3 against 7, 5. Degree 0: 3 everywhere
        data = (np.array([-1.0, 0.0, 1.0]), np.array([1.0, 2.0, 6.0]), np.array([2.0, 0.0]), np.array([7.0, 5.0]))
        right = {
            "train_mse": np.array([1.5 / 3, 14 / 3]),
            "val_mse": np.array([5 / 2, 20 / 2]),
            "weight_norm": np.array([2.5, 0.0]),
        }
        check_curve(candidate.capacity_curve(*data, [1, 0]), right)
    for lam, options in ((0.0, {}), (0.0, {"lam": 0.0}), (1e-3, {"lam": 1e-3})):
        x_tr, x_va = np.linspace(-1, 1, 12), rng.uniform(-1, 1, size=17)
        data = (x_tr, noisy_sine(rng, x_tr), x_va, noisy_sine(rng, x_va))
        with case(f"degrees 0 to 11, lam = {options.get('lam', 'default')}"):
            got = candidate.capacity_curve(*data, list(range(12)), **options)
            check_curve(got, curve(*data, list(range(12)), lam), dtype=True)
            check_pure(candidate, "x_tr", "y_tr", "x_va", "y_va", "degrees")
    for n, m, degrees, lam in ((9, 5, [4, 1, 3], 0.2), (14, 20, [2], 1.5), (10, 7, [3, 0, 3, 5], 0.0)):
        x_tr, x_va = spaced(rng, n, 0.1), rng.uniform(-1.2, 1.2, size=m)
        data = (x_tr, rng.normal(size=n) + 1.0, x_va, rng.normal(size=m))
        with case(f"N = {n}, M = {m}, degrees {degrees}, lam = {lam:g}"):
            check_curve(candidate.capacity_curve(*data, degrees, lam), curve(*data, degrees, lam))
            check_pure(candidate, "x_tr", "y_tr", "x_va", "y_va", "degrees", "lam")
    with case("weight norm of degree 11 on np.linspace(0, 1, 12), to 1e-6"):
        x, y = np.linspace(0, 1, 12), rng.normal(size=12)
        norm = float(np.linalg.norm(through_all(x, y)[1:]))
        got = candidate.capacity_curve(x, y, rng.uniform(0, 1, size=4), rng.normal(size=4), [11])
        check("weight_norm" in got, "The dict has no entry 'weight_norm'.")
        check_close("weight_norm", got["weight_norm"], np.array([norm]), rtol=1e-6)


@points(10)
def test_monotone_train(candidate, rng, case):
    """Without a penalty the training error falls with the degree, from the variance of y to 0 at degree N - 1."""
    for n in (6, 8, 9):
        x, x_va = spaced(rng, n, 0.1), rng.uniform(-1, 1, size=5)
        y = noisy_sine(rng, x)
        with case(f"N = {n}"):
            train = candidate.capacity_curve(x, y, x_va, noisy_sine(rng, x_va), list(range(n)))["train_mse"]
            check_shape("train_mse", train, (n,))
            check_close("train_mse at degree 0", train[0], float(np.var(y)))
            rises = np.flatnonzero(~(np.diff(train) <= 1e-9))
            if len(rises):
                check(False, f"The training error grows from degree {rises[0]} to degree {rises[0] + 1}.")
            check(train[-1] < 1e-9, f"train_mse at degree {n - 1} is {train[-1]:.3g}: it can run through all points.")


@points(15)
def test_overfit_demo(candidate, rng, case):
    """Degree 11 runs through 12 noisy samples, with huge weights and a far larger validation error than degree 3."""
    for k in range(5):
        data, right, _ = demo(rng)
        with case(f"noisy sine {k + 1}"):
            got = candidate.capacity_curve(*data, [3, 11])
            for name in CURVE:
                check(name in got, f"The dict has no entry {name!r}.")
                check_shape(name, got[name], (2,))
                check_close(f"{name} at degree 3", got[name][0], float(right[name][0]))
            train, val, norm = (got[name] for name in CURVE)
            check(train[1] < 1e-9, f"train_mse at degree 11 is {train[1]:.3g}: it can run through all 12 points.")
            check(val[1] > 3 * val[0], f"val_mse is {val[0]:.3g} at degree 3, only {val[1]:.3g} at degree 11.")
            check(norm[1] > 20 * norm[0], f"weight_norm is {norm[0]:.3g} at degree 3, only {norm[1]:.3g} at 11.")


@points(10)
def test_ridge_demo(candidate, rng, case):
    """At degree 11 a small penalty, lam = 1e-3, makes the weights and the validation error much smaller."""
    for k in range(3):
        data, plain, right = demo(rng)
        with case(f"noisy sine {k + 1}"):
            got = candidate.capacity_curve(*data, [11], lam=1e-3)
            check_curve(got, right)
            for name in ("val_mse", "weight_norm"):
                check(got[name][0] < plain[name][1] / 2, f"{name} is {got[name][0]:.3g}: hardly smaller.")


@points(15)
def test_diagnose(candidate, rng, case):
    """The first rule that applies decides, boundaries do not count; the gap is that of validation over training."""
    nan, inf = math.nan, math.inf
    scale = float(rng.uniform(0.5, 2.0))
    for what, train, val, target, right in (
        ("all is well", [1.0, 0.5, 0.1], [1.1, 0.6, 0.2], 0.3, "good"),
        ("validation rises", [1.0, 0.4, 0.1], [1.1, 0.6, 0.9], 0.3, "overfit"),
        ("target missed", [1.0, 0.8, 0.7], [1.1, 0.9, 0.8], 0.3, "underfit"),
        ("the loss explodes", [1.0, 5.0, 20.0], [1.0, 6.0, 22.0], 0.3, "diverged"),
        ("NaN at the end of train", [1.0, 0.5, nan], [1.0, 0.5, 0.2], 0.3, "diverged"),
        ("NaN within train", [1.0, nan, 0.1], [1.0, 0.5, 0.2], 0.3, "diverged"),
        ("NaN within val", [1.0, 0.5, 0.1], [1.0, nan, 0.2], 0.3, "diverged"),
        ("inf within train", [1.0, inf, 0.1], [1.0, 0.5, 0.2], 0.3, "diverged"),
        ("inf within val", [1.0, 0.5, 0.1], [inf, 0.5, 0.2], 0.3, "diverged"),
        ("-inf at the end of val", [1.0, 0.5, 0.1], [1.0, 0.5, -inf], 0.3, "diverged"),
        ("-inf within train", [1.0, -inf, 0.1], [1.0, 0.5, 0.2], 0.3, "diverged"),
        ("inf in both, target missed", [inf, 0.9, 0.8], [inf, 0.9, 0.9], 0.3, "diverged"),
        ("diverged and below target", [0.01, 0.1, 0.25], [0.3, 0.3, 0.3], 0.3, "diverged"),
        ("a spike that is over", [1.0, 15.0, 0.1], [1.1, 16.0, 0.2], 0.3, "good"),
        ("a spike of the validation loss", [1.0, 0.5, 0.1], [0.1, 90.0, 0.1], 0.3, "good"),
        ("exactly 10 times", [0.5, 1.0, 5.0], [1.0, 1.0, 6.0], 9.0, "overfit"),
        ("9.7 times the first", [0.5, 1.0, 4.85], [1.0, 1.0, 6.0], 9.0, "overfit"),
        ("10.3 times the first", [0.5, 1.0, 5.15], [1.0, 1.0, 6.5], 9.0, "diverged"),
        ("10 times the best, not the first", [1.0, 0.01, 0.2], [1.0, 0.2, 0.2], 0.3, "good"),
        ("exactly the target", [1.0, 0.5, 0.25], [1.1, 0.5, 0.25], 0.25, "good"),
        ("underfitting and overfitting", [1.0, 0.8, 0.7], [1.1, 0.8, 2.0], 0.3, "underfit"),
        ("the target was reached, but not kept", [1.0, 0.2, 0.4], [1.1, 0.3, 0.5], 0.3, "underfit"),
        ("reached, but not kept, val falls", [1.0, 0.2, 0.4], [1.1, 0.5, 0.4], 0.3, "underfit"),
        ("target only reached by val", [1.0, 0.6, 0.5], [1.0, 0.3, 0.2], 0.3, "underfit"),
        ("a last rise, still near the best", [1.0, 0.3, 0.1], [1.1, 0.5, 0.52], 0.3, "good"),
        ("a last fall, far above the best", [1.0, 0.3, 0.1], [1.1, 0.3, 0.9, 0.7], 0.3, "overfit"),
        ("below the first, above the best", [1.0, 0.3, 0.1], [2.0, 0.3, 0.9], 0.3, "overfit"),
        ("a large gap that never grew", [1.0, 0.3, 0.1], [3.0, 2.0, 1.5], 0.3, "good"),
        ("above the best, no gap", [1.0, 0.6, 0.29], [0.9, 0.2, 0.3], 0.3, "good"),
        ("above the best, below train", [1.0, 0.6, 0.5], [0.9, 0.2, 0.3], 0.55, "good"),
        ("the best is the first", [1.0, 0.3, 0.1], [0.4, 0.5, 0.6], 0.3, "overfit"),
        ("1.09 times the best", [1.0, 0.3, 0.1], [1.0, 1.05, 1.09], 0.3, "good"),
        ("1.11 times the best", [1.0, 0.3, 0.1], [1.0, 1.05, 1.11], 0.3, "overfit"),
        ("exactly 1.1 times the best", [50.0, 20.0, 9.0], [30.0, 20.0, 22.0], 10.0, "good"),
        ("a gap of exactly 0.1 target", [30.0, 20.0, 10.0], [14.0, 5.0, 12.0], 20.0, "good"),
        ("a gap of 0.11 target", [30.0, 20.0, 10.0], [14.0, 5.0, 12.2], 20.0, "overfit"),
        ("a gap of 0.09 target", [30.0, 20.0, 10.0], [14.0, 5.0, 11.8], 20.0, "good"),
        # 1.1 min = -2.09 < -1.9, but -1.9 is not above -2 + 0.1 * 1.5 = -1.85
        ("negative losses", [-0.1, -1.0, -2.0], [-0.1, -1.0, -1.9], -1.5, "good"),
        ("negative losses, a gap", [-0.1, -1.0, -2.0], [-0.1, -1.0, -1.8], -1.5, "overfit"),
        ("val is shorter", [1.0, 0.5, 0.3, 0.1], [0.3, 0.6], 0.3, "overfit"),
        ("val is longer", [1.0, 0.1], [1.0, 0.3, 0.2, 0.6], 0.3, "overfit"),
        ("one epoch", [0.2], [0.9], 0.3, "good"),
    ):
        with case(what):
            k = 1.0 if "exactly" in what else scale  # all rules scale along
            lists = [k * v for v in train], [k * v for v in val]
            check_equal("diagnose_curves", candidate.diagnose_curves(*lists, k * target), right)
            check_pure(candidate, "train", "val", "target")
    with case("gap by hand"):
        check_equal("generalization_gap(0.25, 0.75)", candidate.generalization_gap(0.25, 0.75), 0.5)
        check_equal("generalization_gap(2.0, 0.5)", candidate.generalization_gap(2.0, 0.5), -1.5)
    with case("gap"):
        train, val = rng.uniform(0.1, 2.0, size=2).tolist()
        gap = candidate.generalization_gap(train=train, val=val)
        check_type("generalization_gap", gap, float)
        check_close("generalization_gap", gap, val - train)


@points(5)
def test_errors(candidate, rng, case):
    """A degree or lam below 0 and empty lists raise ValueError."""
    x, y = spaced(rng, 7, 0.1), rng.normal(size=7)
    for degree in (-1, -2):
        with case(f"poly_features, degree {degree}"), check_raises(ValueError, f"degree={degree}"):
            candidate.poly_features(x, degree)
        with case(f"fit_poly, degree {degree}"), check_raises(ValueError, f"degree={degree}"):
            candidate.fit_poly(x, y, degree)
        with case(f"capacity_curve, a degree of {degree}"), check_raises(ValueError, f"degrees=[2, {degree}]"):
            candidate.capacity_curve(x, y, x, y, [2, degree])
    for lam in (-0.5, -1e-9):
        with case(f"fit_poly, lam = {lam:g}"), check_raises(ValueError, f"lam={lam:g}"):
            candidate.fit_poly(x, y, 2, lam)
        with case(f"capacity_curve, lam = {lam:g}"), check_raises(ValueError, f"lam={lam:g}"):
            candidate.capacity_curve(x, y, x, y, [2], lam=lam)
    with case("no degrees"), check_raises(ValueError, "degrees=[]"):
        candidate.capacity_curve(x, y, x, y, [])
    for train, val in (([], [0.5]), ([0.5], []), ([], []), ([math.nan], []), ([0.9], [])):
        with case(f"diagnose_curves({train}, {val})"), check_raises(ValueError, f"train={train}, val={val}"):
            candidate.diagnose_curves(train, val, 0.6)
