"""Each docstring is the line the learner reads.

The oracle is plain Python, row by row and class by class, with math.fsum; its gradient is a complex step through the
same sums: the imaginary part of the loss at logits + 1e-30 i, divided by 1e-30, has no rounding to speak of.
"""

import cmath
import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_dtype,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
)
from dlkit.grader.plugin import points


def lse(row):
    """log(sum(exp(row))) of a list of numbers, real or complex."""
    top = max(v.real for v in row)
    if top == -math.inf:
        return -math.inf
    terms = [cmath.exp(v - top) for v in row]
    total = complex(math.fsum(t.real for t in terms), math.fsum(t.imag for t in terms))
    result = top + cmath.log(total)
    return result if any(isinstance(v, complex) for v in row) else result.real


def along(function, x, axis):
    """Apply a function of one list to every slice along the axis."""
    rows = np.moveaxis(np.asarray(x, dtype=np.float64), axis, -1)
    results = np.array([function([float(v) for v in row]) for row in rows.reshape(-1, rows.shape[-1])])
    return results.reshape(rows.shape[:-1] + results.shape[1:])


def oracle_lse(x, axis=-1, keepdims=False):
    y = along(lse, x, axis)
    return np.expand_dims(y, axis) if keepdims else y


def oracle_log_softmax(x, axis=-1):
    return np.moveaxis(along(lambda row: [v - lse(row) for v in row], x, axis), -1, axis)


def row_loss(row, t, weight, e):
    """The loss of one row of logits: t is a class id or a list of probabilities."""
    log_sum = lse(row)
    log_p = [v - log_sum for v in row]
    if isinstance(t, int):
        spread = sum(w * p for w, p in zip(weight, log_p, strict=True)) / len(row)
        return -(1 - e) * weight[t] * log_p[t] - e * spread
    return -sum(w * ((1 - e) * q + e / len(row)) * p for w, q, p in zip(weight, t, log_p, strict=True))


def pieces(logits, target, weight, ignore_index, label_smoothing):
    """[(row, t or None where ignored)], the weights and the divisor of the mean."""
    rows = [[float(v) for v in row] for row in logits]
    weight = [1.0] * len(rows[0]) if weight is None else [float(w) for w in weight]
    if target.ndim == 2:
        return list(zip(rows, target.tolist(), strict=True)), weight, len(rows)
    ids = [None if t == ignore_index else t for t in target.tolist()]
    return list(zip(rows, ids, strict=True)), weight, math.fsum(weight[t] for t in ids if t is not None)


def oracle(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
    pairs, w, total = pieces(logits, target, weight, ignore_index, label_smoothing)
    losses = [0.0 if t is None else row_loss(row, t, w, label_smoothing) for row, t in pairs]
    if reduction == "none":
        return np.array(losses)
    return math.fsum(losses) / total if reduction == "mean" else math.fsum(losses)


def oracle_backward(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0):
    pairs, w, total = pieces(logits, target, weight, ignore_index, label_smoothing)
    gradient = np.zeros(logits.shape)
    for n, (row, t) in enumerate(pairs):
        for c in range(len(row)) if t is not None else ():
            moved = [v + (1e-30j if k == c else 0j) for k, v in enumerate(row)]
            gradient[n, c] = row_loss(moved, t, w, label_smoothing).imag / 1e-30 / total
    return gradient


def problem(rng, n=6, classes=4, scale=1.0, soft=False):
    """Logits, and class ids (each class occurs) or probabilities."""
    logits = rng.normal(scale=scale, size=(n, classes))
    if soft:
        return logits, rng.dirichlet(np.ones(classes), size=n)
    return logits, rng.permutation(np.arange(n) % classes)


def weights(rng, classes=4):
    """Unequal class weights that are not 1 on average."""
    return rng.permutation(np.linspace(0.3, 2.5, classes)) * rng.uniform(0.9, 1.1)


@points(10)
def test_logsumexp_value(candidate, rng, case):
    """logsumexp and log_softmax are right along every axis; a slice of -inf has the logsumexp -inf."""
    for rank in (1, 2, 3):
        shape = tuple(int(n) for n in rng.choice([2, 3, 4, 5], size=rank, replace=False))
        x = rng.normal(scale=2.0, size=shape)
        for axis in range(-rank, rank):
            with case(f"shape {shape}, axis {axis}"):
                check_close("logsumexp(x, axis)", candidate.logsumexp(x, axis), oracle_lse(x, axis))
                y = candidate.logsumexp(x, axis=axis, keepdims=True)
                check_close("logsumexp(x, axis, keepdims=True)", y, oracle_lse(x, axis, True))
                check_close("log_softmax(x, axis)", candidate.log_softmax(x, axis=axis), oracle_log_softmax(x, axis))
    with case("the default axis is the last one"):
        x = rng.normal(size=(4, 3, 2))
        check_close("logsumexp(x)", candidate.logsumexp(x), oracle_lse(x))
        check_close("log_softmax(x)", candidate.log_softmax(x), oracle_log_softmax(x))
    for shape in ((1, 4), (4, 1)):
        with case(f"shape {shape}"):
            x = rng.normal(size=shape)
            check_close("logsumexp(x)", candidate.logsumexp(x), oracle_lse(x))
            check_close("log_softmax(x)", candidate.log_softmax(x), oracle_log_softmax(x))
    with case("-inf"):
        x = rng.normal(size=(4, 3))
        x[1], x[3, 0] = -np.inf, -np.inf
        check_close("logsumexp(x)", candidate.logsumexp(x), oracle_lse(x))
        check_close("log_softmax(x)", candidate.log_softmax(x[[0, 3]]), oracle_log_softmax(x[[0, 3]]))
    with case("float32"):
        x = rng.normal(size=(4, 3)).astype(np.float32)
        check_close("logsumexp(x)", candidate.logsumexp(x, 0), oracle_lse(x, 0).astype(np.float32), dtype=True)
        check_close("log_softmax(x)", candidate.log_softmax(x), oracle_log_softmax(x).astype(np.float32), dtype=True)
    with case("integers and a transposed view"):
        x = rng.integers(-5, 5, size=(2, 4)).T
        check_close("logsumexp(x)", candidate.logsumexp(x, 0), oracle_lse(x, 0))
        check_close("log_softmax(x)", candidate.log_softmax(x, 0), oracle_log_softmax(x, 0))


@points(20)
def test_value(candidate, rng, case):
    """Class ids and probabilities as targets, with all three reductions."""
    quarter = np.array([[0.0, math.log(3.0)], [0.0, math.log(3.0)]])  # softmax: 1/4, 3/4
    with case("by hand"):
        y = candidate.cross_entropy(quarter, np.array([1, 0]))
        check_close("cross_entropy", y, (math.log(4 / 3) + math.log(4)) / 2)  # -log 3/4 and -log 1/4
    for soft in (False, True):
        words = "probabilities" if soft else "class ids"
        logits, target = problem(rng, 7, 5, scale=2.0, soft=soft)
        for reduction in ("mean", "sum", "none"):
            with case(f"{words}, {reduction}"):
                y = candidate.cross_entropy(logits, target, reduction=reduction)
                check_close(f"cross_entropy, {reduction}", y, oracle(logits, target, reduction=reduction))
        with case(f"{words}, an unlikely class"):  # its probability is about 2e-9
            x = np.array([[20.0, 0.0, 1.0], [0.0, 1.0, -20.0]]) + rng.uniform(size=(2, 3))
            t = np.eye(3)[[1, 2]] if soft else np.array([1, 2])
            check_close("cross_entropy", candidate.cross_entropy(x, t), oracle(x, t))
        with case(f"{words}, float32"):
            x, t = logits.astype(np.float32), target.astype(np.float32 if soft else np.int32)
            y = candidate.cross_entropy(x, t, reduction="none")
            check_close("cross_entropy of float32", y, oracle(x, t, reduction="none").astype(np.float32), dtype=True)
    with case("one-hot probabilities are class ids"):
        logits, target = problem(rng)
        y = candidate.cross_entropy(logits, np.eye(4)[target], reduction="none")
        check_close("cross_entropy", y, oracle(logits, target, reduction="none"))
    with case("probabilities that do not sum to 1"):
        logits, target = problem(rng, soft=True)
        target *= rng.uniform(0.2, 2.0, size=(6, 1))
        check_close("cross_entropy", candidate.cross_entropy(logits, target), oracle(logits, target))
    with case("integer logits"):
        x, t = rng.integers(-3, 4, size=(3, 2)), np.array([0, 1, 1], dtype=np.uint8)
        y = candidate.cross_entropy(x, t, reduction="none")
        check_close("cross_entropy", y, oracle(x, t, reduction="none"), dtype=True)
    with case("one row"):
        logits, target = problem(rng, 1, 3)
        check_shape("cross_entropy, none", candidate.cross_entropy(logits, target, reduction="none"), (1,))
        check_close("cross_entropy", candidate.cross_entropy(logits, target), oracle(logits, target))


@points(15)
def test_stability(candidate, rng, case):
    """Logits of +-1e4 give the right finite loss and gradient: no log(0), no overflow, no warning."""
    close = {"rtol": 1e-9, "atol": 1e-11}  # x - logsumexp(x) is rounded at the size of x: eps * 1e4 = 2e-12
    spread = np.array([[1e4, -1e4, 0.0, 1e4], [0.0, 1.0, 2.0, -1e4], [-1e4, -1e4, -1e4, -1e4]])
    for words, x in (("1e4", spread), ("-1e4", -spread), ("1e4 with noise", spread + rng.normal(size=(3, 4)))):
        with case(f"logsumexp and log_softmax of {words}"), candidate.strict():
            check_close("logsumexp(x)", candidate.logsumexp(x), oracle_lse(x), **close)
            check_close("log_softmax(x)", candidate.log_softmax(x), oracle_log_softmax(x), **close)
        for target in (np.array([1, 3, 0]), np.array([0, 2, 3]), rng.dirichlet(np.ones(4), size=3)):
            kind = "probabilities" if target.ndim == 2 else f"class ids {target.tolist()}"
            with case(f"{kind}, logits of {words}"), candidate.strict():
                y = candidate.cross_entropy(x, target, reduction="none")
                check_close("cross_entropy, none", y, oracle(x, target, reduction="none"), **close)
                y = candidate.cross_entropy_backward(x, target)
                check_close("cross_entropy_backward", y, oracle_backward(x, target), **close)


@points(15)
def test_weight_ignore(candidate, rng, case):
    """Class weights and ignore_index, alone and together: the mean divides by the weights of the rows that count."""
    for reduction in ("mean", "sum", "none"):
        with case(f"weights, {reduction}"):
            (logits, target), w = problem(rng, 7), weights(rng)
            y = candidate.cross_entropy(logits, target, weight=w, reduction=reduction)
            check_close(f"cross_entropy, {reduction}", y, oracle(logits, target, w, reduction=reduction))
        for ignored in (-100, 2, 255):
            for w in (None, weights(rng)):
                logits, target = problem(rng, 7)
                target[[0, 4]] = ignored
                options = {"reduction": reduction} | ({} if ignored == -100 else {"ignore_index": ignored})
                with case(f"rows of {ignored} ignored{', weights' if w is not None else ''}, {reduction}"):
                    y = candidate.cross_entropy(logits, target, w, **options)
                    check_close(f"cross_entropy, {reduction}", y, oracle(logits, target, w, **options))
    for reduction in ("mean", "none"):
        with case(f"weights and probabilities, {reduction}"):
            (logits, target), w = problem(rng, soft=True), weights(rng)
            y = candidate.cross_entropy(logits, target, weight=w, reduction=reduction)
            check_close(f"cross_entropy, {reduction}", y, oracle(logits, target, w, reduction=reduction))
    with case("every row ignored"):
        logits, _ = problem(rng)
        y = candidate.cross_entropy(logits, np.full(6, -100))
        check_close("the mean of no rows", y, np.array(np.nan), nan_ok=True)
        y = candidate.cross_entropy(logits, np.full(6, 3), weights(rng), 3, reduction="sum")
        check_close("the sum of no rows", y, 0.0)


@points(10)
def test_smoothing(candidate, rng, case):
    """Label smoothing spreads the share e over all C classes, with weights, ignored rows and probabilities."""
    for e in (0.1, 1, 0.0, float(rng.uniform(0.2, 0.9))):
        for soft in (False, True):
            (logits, target), w = problem(rng, soft=soft), weights(rng)
            words = f"e = {e:.3g}, {'probabilities' if soft else 'class ids'}"
            with case(words):
                y = candidate.cross_entropy(logits, target, label_smoothing=e)
                check_close("cross_entropy", y, oracle(logits, target, label_smoothing=e))
            with case(f"{words}, weights"):
                y = candidate.cross_entropy(logits, target, w, label_smoothing=e)
                check_close("cross_entropy", y, oracle(logits, target, w, label_smoothing=e))
        with case(f"e = {e:.3g}, weights and ignored rows"):
            logits, target = problem(rng)
            y = candidate.cross_entropy(logits, target, w, 1, e, "none")
            check_close("cross_entropy, none", y, oracle(logits, target, w, 1, e, "none"))
            y = candidate.cross_entropy(logits, target, w, 1, e, "mean")
            check_close("cross_entropy, mean", y, oracle(logits, target, w, 1, e, "mean"))


@points(20)
def test_backward(candidate, rng, case):
    """cross_entropy_backward is the gradient of the mean loss in every mode; ignored rows have gradient 0."""
    with case("by hand"):
        logits = np.array([[0.0, math.log(3.0)], [0.0, math.log(3.0)]])
        y = candidate.cross_entropy_backward(logits, np.array([1, 0]))
        expected = np.array([[0.125, -0.125], [-0.375, 0.375]])  # ([1/4, 3/4] - [0, 1]) / 2, ([1/4, 3/4] - [1, 0]) / 2
        check_close("cross_entropy_backward", y, expected)
    for soft in (False, True):
        for weighted in (False, True):
            for e in (0.0, 0.1, 1.0):
                logits, target = problem(rng, 5, 4, soft=soft)
                w = weights(rng) if weighted else None
                words = f"{'probabilities' if soft else 'class ids'}{', weights' * weighted}, e = {e:g}"
                with case(words):
                    y = candidate.cross_entropy_backward(logits, target, w, label_smoothing=e)
                    check_close("cross_entropy_backward", y, oracle_backward(logits, target, w, label_smoothing=e))
                    check_fresh(candidate, "logits", "target", "weight")
    for w in (None, weights(rng)):
        for e in (0.0, 0.3):
            logits, target = problem(rng, 7, 4)
            ignored = int(rng.choice([2, 77]))
            target[[1, 5]] = ignored
            with case(f"ignored rows{', weights' if w is not None else ''}, e = {e:g}"):
                y = candidate.cross_entropy_backward(logits, target, w, ignored, e)
                check_close("cross_entropy_backward", y, oracle_backward(logits, target, w, ignored, e))
                check((np.asarray(y)[[1, 5]] == 0).all(), "The gradient of an ignored row should be exactly 0.")
    with case("every row ignored"):
        y = candidate.cross_entropy_backward(rng.normal(size=(3, 2)), np.full(3, -100))
        check_close("cross_entropy_backward", y, np.zeros((3, 2)))
    with case("float32"):
        logits, target = problem(rng)
        logits, w = logits.astype(np.float32), weights(rng).astype(np.float32)
        y = candidate.cross_entropy_backward(logits, target, w, label_smoothing=0.1)
        check_close("cross_entropy_backward", y, oracle_backward(logits, target, w, -100, 0.1).astype(np.float32))
        check_dtype("cross_entropy_backward of float32", y, "float32")


@points(10)
def test_errors_purity(candidate, rng, case):
    """Labels out of range, wrong shapes, reductions and smoothing raise ValueError; nothing given is changed."""
    logits, target = problem(rng, 5, 3)
    soft = rng.dirichlet(np.ones(3), size=5)
    bad = {
        "the class id 3 with 3 classes": ((logits, np.append(target[1:], 3)), {}),
        "the class id -1": ((logits, np.append(target[1:], -1)), {}),
        "the class id -100 with ignore_index=0": ((logits, np.append(target[1:], -100)), {"ignore_index": 0}),
        "4 class ids for 5 rows": ((logits, target[1:]), {}),
        "1 class id for 5 rows": ((logits, target[:1]), {}),
        "target of shape (5, 1)": ((logits, target[:, None]), {}),
        "target of shape (5, 2) for 3 classes": ((logits, soft[:, :2]), {}),
        "target of shape (1, 3) for 5 rows": ((logits, soft[:1]), {}),
        "3-d logits": ((np.stack([logits, logits]), target), {}),
        "2 weights for 3 classes": ((logits, target, np.ones(2)), {}),
        "1 weight for 3 classes": ((logits, soft, np.ones(1)), {}),
        "label_smoothing=1.1": ((logits, target), {"label_smoothing": 1.1}),
        "label_smoothing=-0.1": ((logits, soft), {"label_smoothing": -0.1}),
    }
    for what, (args, options) in bad.items():
        with case(what):
            with check_raises(ValueError, what):
                candidate.cross_entropy(*args, **options)
            with check_raises(ValueError, f"{what}, in cross_entropy_backward,"):
                candidate.cross_entropy_backward(*args, **options)
    for reduction in ("average", "MEAN", None):
        with case(f"reduction={reduction!r}"), check_raises(ValueError, f"reduction={reduction!r}"):
            candidate.cross_entropy(logits, target, reduction=reduction)
    for axis in (2, -3):
        with case(f"axis {axis} of a 2-d input"):
            with check_raises(ValueError, f"logsumexp with axis={axis} of a 2-d input"):
                candidate.logsumexp(logits, axis)
            with check_raises(ValueError, f"log_softmax with axis={axis} of a 2-d input"):
                candidate.log_softmax(logits, axis)
    with case("inputs unchanged"):
        target[2] = -100
        for t in (target, soft):
            for w in (None, weights(rng, 3)):
                candidate.cross_entropy(logits, t, w, -100, 0.2, "none")
                check_fresh(candidate, "logits", "target", "weight")
                candidate.cross_entropy_backward(logits, t, w, -100, 0.2)
        check_pure(candidate, "logits", "target", "weight")
    with case("x unchanged"):
        for function in (candidate.logsumexp, candidate.log_softmax):
            function(logits, 0)
            check_fresh(candidate, "x")
        check_pure(candidate, "x")
