"""Each docstring is the line the learner reads.

The oracle computes the definition as it stands, element by element, in decimal numbers of 30 digits.
"""

import math
from decimal import Decimal, localcontext

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_fresh,
    check_pure,
    check_raises,
    unpack,
)
from dlkit.grader.plugin import points


def elementwise(function, z, t, q=None):
    """Apply a function of three decimal numbers to every element; q is broadcast over the last axis."""
    q = np.broadcast_to(1.0 if q is None else q, np.shape(z))
    out = np.empty(np.shape(z))
    with localcontext() as context:
        context.prec = 30
        for index in np.ndindex(out.shape):
            out[index] = float(function(*(Decimal(float(a[index])) for a in (z, t, q))))
    return out


def oracle_loss(z, t, q):
    return q * t * (1 + (-z).exp()).ln() + (1 - t) * (1 + z.exp()).ln()


def oracle_gradient(z, t, q):
    s = 1 / (1 + (-z).exp())
    return (1 - t) * s - q * t * (1 - s)


def oracle_mse_gradient(z, t, q):
    s = 1 / (1 + (-z).exp())
    return (s - t) * s * (1 - s)


def reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[reduction]


def problem(rng, shape, soft=False):
    """Logits of moderate size; targets of which the first two are a 0 and a 1 (or anything between, for soft ones)."""
    z = rng.normal(scale=2.0, size=shape)
    t = rng.uniform(size=shape) if soft else rng.integers(2, size=shape).astype(np.float64)
    if not soft:
        t.flat[:2] = [0, 1]
    return z, t


def ask(candidate, name, z, t, *args, **options):
    """The learner's answer for copies of z and t: a function that changes its arguments fails its own check only."""
    return candidate[name](z.copy(), t.copy(), *args, **options)


@points(25)
def test_value(candidate, rng, case):
    """The loss of hard and soft targets, for any shape and all three reductions."""
    with case("by hand"):  # s = 3/4: -log(3/4) for yes, -log(1/4) for no, half of each for 1/2
        y = candidate.bce_with_logits(np.full(3, math.log(3.0)), np.array([1.0, 0.0, 0.5]))
        check_close("bce_with_logits", y, (math.log(4 / 3) + math.log(4) + (math.log(4 / 3) + math.log(4)) / 2) / 3)
    for shape in ((7,), (4, 3), (2, 4, 3)):
        for soft in (False, True):
            z, t = problem(rng, shape, soft)
            losses = elementwise(oracle_loss, z, t)
            for reduction in ("mean", "sum", "none"):
                with case(f"shape {shape}, {'soft' if soft else 'hard'} targets, {reduction}"):
                    y = ask(candidate, "bce_with_logits", z, t, reduction=reduction)
                    check_close(f"bce_with_logits, {reduction}", y, reduced(losses, reduction))
    with case("mean by default"):
        z, t = problem(rng, (3, 5))
        check_close("bce_with_logits", ask(candidate, "bce_with_logits", z, t), elementwise(oracle_loss, z, t).mean())
    for kind in (bool, np.int64, np.float32):
        with case(f"float32 logits, {kind.__name__} targets"):
            z = rng.normal(size=(2, 5)).astype(np.float32)
            t = rng.integers(2, size=(2, 5)).astype(kind)
            expected = elementwise(oracle_loss, z, t).astype(np.float32)
            y = ask(candidate, "bce_with_logits", z, t, reduction="none")
            check_close("bce_with_logits of float32", y, expected, dtype=True)
    with case("integer logits, soft targets"):
        z, t = rng.integers(-4, 5, size=(3, 2)), rng.uniform(size=(3, 2))
        y = ask(candidate, "bce_with_logits", z, t, reduction="none")
        check_close("bce_with_logits", y, elementwise(oracle_loss, z, t), dtype=True)
    with case("one element"):
        z, t = problem(rng, (3, 4))
        z, t = z[:1, 0], t[:1, 0]
        check_close("bce_with_logits", ask(candidate, "bce_with_logits", z, t), elementwise(oracle_loss, z, t)[0])
    with case("a transposed view"):
        z, t = problem(rng, (3, 4))
        expected = elementwise(oracle_loss, z, t).mean()
        check_close("bce_with_logits", candidate.bce_with_logits(z.T, t.T), expected)


@points(20)
def test_stability(candidate, rng, case):
    """Logits of +-1e4 give the right finite loss and gradients with either label: no log(0), no warning."""
    for size in (1e4, -1e4, 40.0, -40.0, 800.0, -800.0):
        for label in (0.0, 1.0, 0.25):
            z, t = size * rng.uniform(0.9, 1.1, size=2), np.full(2, label)
            with case(f"logits near {size:g}, target {label:g}"), candidate.strict():
                y = ask(candidate, "bce_with_logits", z, t, reduction="none")
                check_close("bce_with_logits, none", y, elementwise(oracle_loss, z, t))
                y = ask(candidate, "bce_with_logits_backward", z, t)
                check_close("bce_with_logits_backward", y, elementwise(oracle_gradient, z, t) / 2)
                both = unpack("output_gradients", ask(candidate, "output_gradients", z, t), 2)
                check_close("dBCE/dz", both[0], elementwise(oracle_gradient, z, t))
                check_close("dMSE/dz", both[1], elementwise(oracle_mse_gradient, z, t))
    with case("logits of both signs with pos_weight"), candidate.strict():
        z, t = np.array([[1e4, -1e4], [-1e4, 1e4]]), np.array([[1.0, 1.0], [0.0, 0.0]])
        y = ask(candidate, "bce_with_logits", z, t, pos_weight=3.0, reduction="none")
        check_close("bce_with_logits, none", y, np.array([[0.0, 3e4], [0.0, 1e4]]))
        y = ask(candidate, "bce_with_logits_backward", z, t, 3.0)
        check_close("bce_with_logits_backward", y, np.array([[0.0, -0.75], [0.0, 0.25]]))


@points(15)
def test_pos_weight(candidate, rng, case):
    """pos_weight, one number or one per column, multiplies the term of the positive label only."""
    for soft in (False, True):
        for reduction in ("mean", "sum", "none"):
            z, t = problem(rng, (4, 3), soft)
            words = f"{'soft' if soft else 'hard'} targets, {reduction}"
            for name, q in (("a number", float(rng.uniform(1.5, 5.0))), ("per column", rng.uniform(0.2, 0.9, size=3))):
                with case(f"{name}, {words}"):
                    y = ask(candidate, "bce_with_logits", z, t, q, reduction)
                    expected = reduced(elementwise(oracle_loss, z, t, q), reduction)
                    check_close(f"bce_with_logits, pos_weight={name}", y, expected)
    with case("per column, 3-d"):
        (z, t), q = problem(rng, (2, 4, 3)), rng.uniform(1.5, 4.0, size=3)
        y = ask(candidate, "bce_with_logits", z, t, pos_weight=q, reduction="none")
        check_close("bce_with_logits, pos_weight per column", y, elementwise(oracle_loss, z, t, q))
    with case("a whole number, float32"):
        z, t = rng.normal(size=(2, 5)).astype(np.float32), np.eye(2, 5, dtype=np.float32)
        y = ask(candidate, "bce_with_logits", z, t, pos_weight=3, reduction="none")
        check_close("bce_with_logits", y, elementwise(oracle_loss, z, t, 3.0).astype(np.float32), dtype=True)


@points(20)
def test_backward(candidate, rng, case):
    """bce_with_logits_backward is the gradient of the mean loss, with pos_weight, too."""
    with case("by hand"):
        y = candidate.bce_with_logits_backward(np.full(2, math.log(3.0)), np.array([1.0, 0.0]), 2.0)
        check_close("bce_with_logits_backward", y, np.array([-0.25, 0.375]))  # -2 (1 - 3/4) / 2, (3/4) / 2
    for shape in ((7,), (4, 3), (2, 4, 3)):
        for soft in (False, True):
            weights = {"none": None, "a number": float(rng.uniform(2, 5)), "per column": rng.uniform(0.2, 4, shape[-1])}
            for name, q in weights.items():
                z, t = problem(rng, shape, soft)
                with case(f"shape {shape}, {'soft' if soft else 'hard'} targets, pos_weight: {name}"):
                    y = ask(candidate, "bce_with_logits_backward", z, t, **({} if q is None else {"pos_weight": q}))
                    check_close("bce_with_logits_backward", y, elementwise(oracle_gradient, z, t, q) / z.size)
                    check_fresh(candidate, "logits", "target", "pos_weight")
    for kind in (bool, np.float32):
        with case(f"float32 logits, {kind.__name__} targets"):
            z, t = rng.normal(size=(2, 5)).astype(np.float32), rng.integers(2, size=(2, 5)).astype(kind)
            expected = (elementwise(oracle_gradient, z, t, 2.0) / 10).astype(np.float32)
            y = ask(candidate, "bce_with_logits_backward", z, t, 2.0)
            check_close("bce_with_logits_backward of float32", y, expected, dtype=True)


@points(10)
def test_saturation(candidate, rng, case):
    """For a confident wrong unit dBCE/dz stays near 1 while dMSE/dz vanishes; the two always have the same sign."""
    for z, t in ((-20.0, 1.0), (20.0, 0.0)):
        with case(f"z = {z:g}, t = {t:g}"):
            z, t = np.array([z]), np.array([t])
            d_bce, d_mse = unpack("output_gradients", ask(candidate, "output_gradients", z, t), 2)
            check_close("dBCE/dz", d_bce, elementwise(oracle_gradient, z, t))
            # 1 - s(20) = 2e-9 keeps 7 digits when it is computed by subtraction
            check_close("dMSE/dz", d_mse, elementwise(oracle_mse_gradient, z, t), rtol=1e-6, atol=0.0)
            check(abs(d_bce[0]) > 0.99, "dBCE/dz should stay near 1 here.")
            check(abs(d_mse[0]) < 1e-8, "dMSE/dz should vanish here.")
    for soft in (False, True):
        for shape in ((3, 5), (6,)):
            z, t = problem(rng, shape, soft)
            with case(f"shape {shape}, {'soft' if soft else 'hard'} targets"):
                d_bce, d_mse = unpack("output_gradients", ask(candidate, "output_gradients", z, t), 2)
                check_close("dBCE/dz", d_bce, elementwise(oracle_gradient, z, t))
                check_close("dMSE/dz", d_mse, elementwise(oracle_mse_gradient, z, t))
                check((np.sign(d_bce) == np.sign(d_mse)).all(), "dBCE/dz and dMSE/dz should have the same sign.")
    with case("float32 logits, bool targets"):
        z, t = rng.normal(size=(2, 5)).astype(np.float32), rng.integers(2, size=(2, 5)) == 1
        expected = [elementwise(f, z, t).astype(np.float32) for f in (oracle_gradient, oracle_mse_gradient)]
        check_close("output_gradients", ask(candidate, "output_gradients", z, t), expected, dtype=True)


@points(10)
def test_errors_purity(candidate, rng, case):
    """Shapes that differ, targets outside 0 ... 1, a pos_weight <= 0 or a wrong name raise ValueError."""
    z, t = problem(rng, (4, 3))
    one = rng.normal(size=4), np.array([0.0, 1.0, 1.0, 0.0])
    targets = {
        "logits (4, 1), target (4,)": (one[0][:, None], one[1]),
        "logits (4,), target (4, 1)": (one[0], one[1][:, None]),
        "logits (4, 3), target (3,)": (z, t[0]),
        "logits (4, 3), target (4, 1)": (z, t[:, :1]),
        "logits (4, 3), target (3, 4)": (z, t.T),
        "a target of 1.25": (one[0], np.array([0.0, 1.0, 1.25, 0.0])),
        "a target of -0.25": (one[0], np.array([0.0, -0.25, 1.0, 0.0])),
        "an integer target of 2": (one[0], np.array([0, 1, 2, 0])),
    }
    for what, args in targets.items():
        with case(what):
            for name in ("bce_with_logits", "bce_with_logits_backward", "output_gradients"):
                with check_raises(ValueError, f"{name} with {what}"):
                    candidate[name](*args)
    weights = {
        "0": 0.0,
        "-2": -2.0,
        "[1, 0, 2]": np.array([1.0, 0.0, 2.0]),
        "[1, 2] for 3 columns": np.array([1.0, 2.0]),
    }
    for what, q in weights.items():
        with case(f"pos_weight {what}"):
            for name in ("bce_with_logits", "bce_with_logits_backward"):
                with check_raises(ValueError, f"{name} with pos_weight {what}"):
                    candidate[name](z, t, q)
    for reduction in ("average", "Mean", None):
        with case(f"reduction={reduction!r}"), check_raises(ValueError, f"reduction={reduction!r}"):
            candidate.bce_with_logits(z, t, reduction=reduction)
    for q in (None, np.array([1.0, 2.0, 3.0])):
        with case(f"inputs unchanged, pos_weight {'None' if q is None else 'per column'}"):
            candidate.bce_with_logits(z, t, q, "none")
            check_fresh(candidate, "logits", "target", "pos_weight")
            candidate.bce_with_logits_backward(z, t, q)
            check_fresh(candidate, "logits", "target", "pos_weight")
            candidate.output_gradients(z, t)
            check_fresh(candidate, "logits", "target")
            check_pure(candidate, "logits", "target", "pos_weight")
