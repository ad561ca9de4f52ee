"""Each docstring is the line the learner reads. The oracle is plain Python: one number at a time, math.fsum."""

import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_fresh,
    check_pure,
    check_raises,
    check_type,
)
from dlkit.grader.plugin import points


def squared(e, delta):
    return e * e


def absolute(e, delta):
    return max(e, -e)


def huber(e, delta):
    return 0.5 * e * e if abs(e) <= delta else delta * (abs(e) - 0.5 * delta)


LOSSES = {"mse": squared, "mae": absolute, "huber": huber}


def errors(pred, target):
    return [float(p) - float(t) for p, t in zip(pred.ravel(), target.ravel(), strict=True)]


def losses(name, pred, target, delta=1.0):
    """The elementwise losses, float64, in the shape of pred."""
    return np.array([LOSSES[name](e, delta) for e in errors(pred, target)]).reshape(pred.shape)


def reduced(values, reduction):
    if reduction == "none":
        return values
    total = math.fsum(values.ravel())
    return total / values.size if reduction == "mean" else total


def call(candidate, name, pred, target, delta=None, **options):
    if delta is not None:
        options["delta"] = delta
    return candidate[f"{name}_loss"](pred, target, **options)


def random_pair(rng, rank, dtype=np.float64):
    shape = tuple(int(n) for n in rng.choice([2, 3, 4, 5, 6], size=rank, replace=False))
    return rng.normal(scale=2.0, size=(2, *shape)).astype(dtype)


@points(25)
def test_pointwise_value(candidate, rng, case):
    """MSE, MAE and Huber give the right numbers, for every shape and reduction."""
    pred, target = np.array([1.0, 2.0, 5.0]), np.array([1.0, 4.0, 2.0])  # e = 0, -2, 3
    with case("mse_loss by hand"):
        check_close("mse_loss(pred, target)", candidate.mse_loss(pred, target), 13 / 3)  # (0 + 4 + 9) / 3
    with case("mae_loss by hand"):
        check_close("mae_loss(pred, target)", candidate.mae_loss(pred, target), 5 / 3)  # (0 + 2 + 3) / 3
    with case("huber_loss by hand"):
        # delta 1: 0, 1 * (2 - 1/2), 1 * (3 - 1/2), together 4
        check_close("huber_loss(pred, target)", candidate.huber_loss(pred, target), 4 / 3)
    for name in LOSSES:
        for rank in (1, 2, 3, 4):
            pred, target = random_pair(rng, rank)
            delta = float(rng.uniform(0.3, 3.0)) if name == "huber" else None
            words = f"{name}_loss of rank {rank}" + (f", delta={delta:.3g}" if delta else "")
            for reduction in ("mean", "sum", "none"):
                with case(f"{words}, {reduction}"):
                    loss = call(candidate, name, pred, target, delta, reduction=reduction)
                    expected = reduced(losses(name, pred, target, delta or 1.0), reduction)
                    check_close(f"{name}_loss(…, reduction={reduction!r})", loss, expected)
                    if reduction != "none":
                        check_type(f"{name}_loss(…, reduction={reduction!r})", loss, float)
        with case(f"{name}_loss, nothing but pred and target"):
            pred, target = random_pair(rng, 2)
            check_close(
                f"{name}_loss", call(candidate, name, pred, target), reduced(losses(name, pred, target), "mean")
            )
        with case(f"{name}_loss of float32"):
            pred, target = random_pair(rng, 2, np.float32)
            values = losses(name, pred, target).astype(np.float32)
            loss = call(candidate, name, pred, target, reduction="none")
            check_close(f"{name}_loss(…, reduction='none') of float32", loss, values, dtype=True)
            mean = call(candidate, name, pred, target)
            check_close(f"{name}_loss of float32", mean, values.mean())
            check_type(f"{name}_loss of float32", mean, float)
        with case(f"{name}_loss of uint8"):
            pred, target = rng.integers(0, 6, size=(2, 3, 5)).astype(np.uint8)
            loss = call(candidate, name, pred, target, reduction="none")
            check_close(f"{name}_loss(…, reduction='none') of uint8", loss, losses(name, pred, target), dtype=True)
        with case(f"{name}_loss of views"):
            pred, target = (a.T for a in random_pair(rng, 2))
            loss = call(candidate, name, pred, target, reduction="none")
            check_close(f"{name}_loss of views", loss, losses(name, pred, target))


def multiclass(scores, target, margin):
    total = []
    for row, y in zip(scores.tolist(), target.tolist(), strict=True):
        total += [max(0.0, margin - row[y] + s) / len(row) for j, s in enumerate(row) if j != y]
    return math.fsum(total) / len(scores)


@points(20)
def test_hinge_value(candidate, rng, case):
    """Both hinge losses count what falls short of the margin, averaged as stated."""
    with case("hinge_loss by hand"):
        loss = candidate.hinge_loss(np.array([0.5, 2.0, -1.0, 0.25]), np.array([-1, 1, -1, 1]))
        check_close("hinge_loss(score, y)", loss, 2.25 / 4)  # 1.5, 0 (beyond the margin), 0 (on it), 0.75
        check_type("hinge_loss(score, y)", loss, float)
    for dtype in (np.int64, np.float64, np.int8):
        with case(f"hinge_loss, labels of dtype {np.dtype(dtype)}"):
            score, y = rng.normal(scale=1.5, size=9), rng.permutation([-1] * 4 + [1] * 5).astype(dtype)
            expected = math.fsum(max(0.0, 1.0 - float(s) * float(t)) for s, t in zip(score, y, strict=True)) / 9
            check_close("hinge_loss(score, y)", candidate.hinge_loss(score, y), expected)
    with case("hinge_loss with every score beyond the margin"):
        check_close("hinge_loss(score, y)", candidate.hinge_loss(np.array([2.0, -3.0]), np.array([1, -1])), 0.0)
    with case("multiclass_hinge_loss by hand"):
        loss = candidate.multiclass_hinge_loss(
            np.array([[1.0, 3.0, 0.5, -1.0], [0.0, 0.0, 9.0, 0.0]]), np.array([0, 2])
        )
        check_close("multiclass_hinge_loss(scores, target)", loss, 0.4375)  # ((3 + 0.5 + 0) / 4 + 0) / 2
        check_type("multiclass_hinge_loss(scores, target)", loss, float)
    for margin in (None, 0.5, 2.0, float(rng.uniform(0.2, 3.0))):
        rows, classes = (int(n) for n in rng.permutation([3, 4, 5, 6])[:2])
        scores, target = rng.normal(size=(rows, classes)), rng.integers(classes, size=rows)
        options = {} if margin is None else {"margin": margin}
        words = "default" if margin is None else f"{margin:.3g}"
        with case(f"multiclass_hinge_loss, margin {words}"):
            loss = candidate.multiclass_hinge_loss(scores, target, **options)
            check_close("multiclass_hinge_loss(…)", loss, multiclass(scores, target, margin or 1.0))
    with case("multiclass_hinge_loss of one sample"):
        scores = rng.normal(size=(1, 5))
        loss = candidate.multiclass_hinge_loss(scores, np.array([3]))
        check_close("multiclass_hinge_loss(…)", loss, multiclass(scores, np.array([3]), 1.0))
    with case("multiclass_hinge_loss of float32, first and last class"):
        scores, target = rng.normal(size=(4, 3)).astype(np.float32), np.array([2, 0, 2, 0], dtype=np.int32)
        loss = candidate.multiclass_hinge_loss(scores, target, 1.5)
        check_close("multiclass_hinge_loss of float32", loss, np.float32(multiclass(scores, target, 1.5)))
        check_type("multiclass_hinge_loss of float32", loss, float)


def r2(pred, target):
    middle = math.fsum(target.ravel().tolist()) / target.size
    spread = math.fsum((float(t) - middle) ** 2 for t in target.ravel())
    return 1 - math.fsum(e * e for e in errors(pred, target)) / spread


@points(15)
def test_metrics(candidate, rng, case):
    """rmse is the root of the mean, and r2_score compares with always predicting the mean."""
    with case("rmse by hand"):
        value = candidate.rmse(np.array([3.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.0, 4.0, 1.0]))
        check_close("rmse(pred, target)", value, 2.5)  # sqrt((9 + 16) / 4)
        check_type("rmse(pred, target)", value, float)
    with case("r2_score by hand"):
        # mean 3: SS_tot = 4 + 1 + 0 + 9 = 14, SS_res = 0 + 1 + 4 + 9 = 14
        value = candidate.r2_score(np.array([1.0, 3.0, 1.0, 9.0]), np.array([1.0, 2.0, 3.0, 6.0]))
        check_close("r2_score(pred, target)", value, 0.0)
        check_type("r2_score(pred, target)", value, float)
    for rank in (1, 2, 3):
        pred, target = random_pair(rng, rank)
        close = target + 0.1 * pred + 1.0
        with case(f"rmse, rank {rank}"):
            expected = math.sqrt(math.fsum(e * e for e in errors(pred, target)) / pred.size)
            check_close("rmse(pred, target)", candidate.rmse(pred, target), expected)
        with case(f"r2_score, rank {rank}"):
            check_close("r2_score(pred, target)", candidate.r2_score(close, target), r2(close, target))
        with case(f"r2_score of a prediction worse than the mean, rank {rank}"):
            check_close("r2_score(pred, target)", candidate.r2_score(-3.0 * target, target), r2(-3.0 * target, target))
    target = rng.normal(size=7)
    with case("r2_score of a perfect prediction"):
        check_close("r2_score(target, target)", candidate.r2_score(target.copy(), target), 1.0)
    with case("r2_score of the mean"):
        check_close("r2_score(mean, target)", candidate.r2_score(np.full(7, target.mean()), target), 0.0, atol=1e-12)
    for pred, expected in ((np.full(5, 2.0), 1.0), (np.array([2.0, 2.0, 2.5, 2.0, 2.0]), 0.0), (np.zeros(5), 0.0)):
        with case(f"r2_score of constant targets, expected {expected:g}"), candidate.strict():
            check_close("r2_score(pred, constant)", candidate.r2_score(pred, np.full(5, 2.0)), expected)
    with case("one element"):
        check_close("rmse of one element", candidate.rmse(np.array([[-1.0]]), np.array([[3.0]])), 4.0)
        check_close("r2_score of one element", candidate.r2_score(np.array([1.0]), np.array([1.0])), 1.0)
    with case("float32 and uint8"):
        pred, target = random_pair(rng, 2, np.float32)
        for name, value, wide in (
            ("rmse", candidate.rmse(pred, target), math.sqrt(reduced(losses("mse", pred, target), "mean"))),
            ("r2_score", candidate.r2_score(pred, target), r2(pred, target)),
        ):
            check_close(f"{name} of float32", value, np.float32(wide))
            check_type(f"{name} of float32", value, float)
        pred, target = rng.permuted(np.tile(np.arange(6, dtype=np.uint8), (2, 1)), axis=1)
        check_close("r2_score of uint8", candidate.r2_score(pred, target), r2(pred, target))


def slopes(name, pred, target, delta):
    """Central differences of the mean loss."""
    out, step = np.empty(pred.size), 1e-5
    for i, e in enumerate(errors(pred, target)):
        out[i] = (LOSSES[name](e + step, delta) - LOSSES[name](e - step, delta)) / (2 * step) / pred.size
    return out.reshape(pred.shape)


def away_from_kinks(rng, shape, delta):
    """Predictions and targets whose errors keep 0.05 away from 0 and from +-delta, on both sides of both."""
    sizes = rng.uniform(0.05, 0.95, size=shape) * delta
    sizes += np.where(rng.permuted(np.arange(sizes.size) % 2).reshape(shape) == 1, delta, 0.0)
    signs = rng.choice([-1.0, 1.0], size=shape)
    target = rng.normal(size=shape)
    return target + signs * sizes, target


@points(20)
def test_gradients(candidate, rng, case):
    """loss_grad agrees with finite differences, and the MAE's gradient at 0 is 0."""
    pred, target = np.array([1.0, 2.0, 5.0, 4.0]), np.array([1.0, 2.5, 2.0, 6.0])  # e = 0, -1/2, 3, -2
    for name, expected in (
        ("mse", [0.0, -0.25, 1.5, -1.0]),  # 2 e / 4
        ("mae", [0.0, -0.25, 0.25, -0.25]),  # sign(e) / 4
        ("huber", [0.0, -0.125, 0.25, -0.25]),  # e clipped to [-1, 1], / 4
    ):
        with case(f"{name} by hand"):
            check_close(f"loss_grad({name!r}, …)", candidate.loss_grad(name, pred, target), np.array(expected))
            check_fresh(candidate, "name", "pred", "target")
        for shape in ((5,), (2, 3), (4, 3, 2)):
            delta = float(rng.uniform(0.5, 2.0))
            x, t = away_from_kinks(rng, shape, delta)
            with case(f"{name}, shape {shape}, delta {delta:.3g}"):
                grad = candidate.loss_grad(name, x, t, delta)
                check_close(f"loss_grad({name!r}, …)", grad, slopes(name, x, t, delta), rtol=1e-6, atol=1e-9)
        with case(f"{name} of float32"):
            x, t = (a.astype(np.float32) for a in away_from_kinks(rng, (3, 4), 1.0))
            grad = candidate.loss_grad(name, x, t)
            check_close(f"loss_grad({name!r}, …)", grad, slopes(name, x, t, 1.0).astype(np.float32), dtype=True)
        with case(f"{name} of uint8"):
            x, t = np.array([3, 0, 7, 4], dtype=np.uint8), np.array([5, 6, 1, 4], dtype=np.uint8)
            e = np.array([-2.0, -6.0, 6.0, 0.0])
            wanted = {"mse": 2 * e, "mae": np.sign(e), "huber": 1.5 * np.sign(e)}[name] / 4
            check_close(f"loss_grad({name!r}, …)", candidate.loss_grad(name, x, t, delta=1.5), wanted, dtype=True)
    check_pure(candidate, "name", "pred", "target")


@points(5)
def test_huber_limits(candidate, rng, case):
    """A huge delta gives half the squared error, and value and slope run on through |e| = delta."""
    pred, target = random_pair(rng, 2)
    with case("delta = 1e6"):
        loss = candidate.huber_loss(pred, target, delta=1e6)
        check_close("huber_loss(…, delta=1e6)", loss, 0.5 * reduced(losses("mse", pred, target), "mean"))
    with case("a tiny delta: delta * |e|"):
        loss = candidate.huber_loss(pred, target, delta=1e-6, reduction="sum")
        expected = 1e-6 * reduced(losses("mae", pred, target), "sum")
        check_close("huber_loss(…, delta=1e-6)", loss, expected, rtol=1e-3)
    for delta in (0.5, 2.0, float(rng.uniform(0.3, 3.0))):
        for sign in (-1.0, 1.0):
            e, zero = sign * delta * np.array([1 - 1e-6, 1.0, 1 + 1e-6]), np.zeros(3)
            with case(f"value at e = {sign * delta:.3g}"):
                values = candidate.huber_loss(e, zero, delta=delta, reduction="none")
                check_close("huber_loss around the joint", values, np.full(3, 0.5 * delta**2), rtol=1e-5)
            with case(f"slope at e = {sign * delta:.3g}"):
                grad = candidate.loss_grad("huber", e, zero, delta)
                check_close("loss_grad('huber', …) around the joint", grad, np.full(3, sign * delta / 3), rtol=1e-5)


@points(5)
def test_robustness(candidate, rng, case):
    """One outlier moves the constant with the least MSE (the mean), but not the one with the least MAE (the median)."""
    shift = float(rng.integers(-5, 6))
    data = shift + rng.permutation(np.array([1.0, 2.0, 3.0, 4.0, 90.0]))  # median 3, mean 20
    guesses = shift + np.array([1.0, 2.0, 3.0, 3.5, 4.0, 10.0, 19.0, 20.0, 21.0, 90.0])
    # Huber with delta 1, between 3 and 4: slope 1 + 1 + (c - 3) + (c - 4) - 1, which is 0 at c = 3
    for name, best in (("mse", 20.0), ("mae", 3.0), ("huber", 3.0)):
        with case(name):
            values = [float(call(candidate, name, np.full(5, c), data)) for c in guesses]
            found = guesses[int(np.argmin(values))] - shift
            check(found == best, f"For {(data - shift).tolist()}, {found:g} has the least {name}, expected {best:g}.")


@points(10)
def test_errors_purity(candidate, rng, case):
    """Unequal shapes, empty input, bad labels, names or deltas raise ValueError; inputs are left as they are."""
    column, row = rng.normal(size=(4, 1)), rng.normal(size=4)
    score, labels = rng.normal(size=4), np.array([1, -1, 1, 1])
    empty = np.zeros(0)
    pairwise = {
        "mse_loss": lambda p, t: candidate.mse_loss(p, t),
        "mae_loss": lambda p, t: candidate.mae_loss(p, t),
        "huber_loss": lambda p, t: candidate.huber_loss(p, t),
        "rmse": lambda p, t: candidate.rmse(p, t),
        "r2_score": lambda p, t: candidate.r2_score(p, t),
        "loss_grad('mse')": lambda p, t: candidate.loss_grad("mse", p, t),
        "hinge_loss": lambda p, t: candidate.hinge_loss(p, np.sign(t)),
    }
    for name, function in pairwise.items():
        for pred, target, words in (
            (column, row, "shapes (4, 1) and (4,)"),
            (row, row[:1], "shapes (4,) and (1,)"),
            (empty, empty, "empty input"),
        ):
            with case(f"{name}, {words}"), check_raises(ValueError, f"{name} of {words}"):
                function(pred, target)
    for name in ("mse", "mae", "huber"):
        with case(f"{name}_loss, reduction"), check_raises(ValueError, "reduction='average'"):
            call(candidate, name, row, score, reduction="average")
    with case("loss_grad, name"), check_raises(ValueError, "loss_grad('rmse', …)"):
        candidate.loss_grad("rmse", row, score)
    for delta in (0.0, -1.0):
        with case(f"huber_loss, delta {delta:g}"), check_raises(ValueError, f"huber_loss with delta={delta:g}"):
            candidate.huber_loss(row, score, delta=delta)
        with case(f"loss_grad, delta {delta:g}"), check_raises(ValueError, f"loss_grad('huber') with delta={delta:g}"):
            candidate.loss_grad("huber", row, score, delta)
    for bad in (np.array([1, 0, 1, 1]), np.array([1, -1, 2, 1]), np.array([1.0, -1.0, 0.5, 1.0])):
        with case(f"hinge_loss, labels {bad.tolist()}"), check_raises(ValueError, f"labels {bad.tolist()}"):
            candidate.hinge_loss(score, bad)
    scores = rng.normal(size=(4, 3))
    for bad in (np.array([0, 1, 3, 2]), np.array([0, 1, -1, 2]), np.array([[0], [1], [2], [1]]), np.array([0, 1, 2])):
        with case(f"multiclass_hinge_loss, target {bad.tolist()}"):  # noqa: SIM117
            with check_raises(ValueError, f"target {bad.tolist()} for scores of shape (4, 3)"):
                candidate.multiclass_hinge_loss(scores, bad)
    with case("multiclass_hinge_loss, empty batch"), check_raises(ValueError, "an empty batch"):
        candidate.multiclass_hinge_loss(np.zeros((0, 3)), np.zeros(0, dtype=int))
    with case("inputs unchanged"):
        for name in LOSSES:
            for reduction in ("mean", "none"):
                call(candidate, name, row, score, reduction=reduction)
                check_fresh(candidate, "pred", "target")
        candidate.hinge_loss(score, labels)
        candidate.multiclass_hinge_loss(scores, np.array([0, 2, 1, 1]))
        candidate.rmse(row, score)
        candidate.r2_score(row, score)
        check_pure(candidate, "pred", "target")
