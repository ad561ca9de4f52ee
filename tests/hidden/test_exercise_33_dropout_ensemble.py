"""Each docstring is the line the learner reads. The oracle goes mask by mask over the inputs that are kept."""

import itertools
import math

import numpy as np

from dlkit.grader.compare import check, check_close, check_equal, check_pure, check_raises, check_shape
from dlkit.grader.plugin import points

MASKS = [np.array(list(itertools.product((0, 1), repeat=n)), dtype=int) for n in range(11)]


def softmax(logits):
    top = max(logits)
    e = [math.exp(v - top) for v in logits]
    total = math.fsum(e)
    return [v / total for v in e]


def layer_probs(x, W, b, scale):
    """Softmax of the layer whose input d is multiplied by scale[d]."""
    inputs = [float(v) * float(s) for v, s in zip(x, scale, strict=True)]
    rows = [math.fsum(w * v for w, v in zip(row, inputs, strict=True)) for row in W.tolist()]
    return np.array(softmax([z + float(c) for z, c in zip(rows, b, strict=True)]))


def all_probs(x, W, b, masks):
    return np.array([layer_probs(x, W, b, mask) for mask in masks])


def all_weights(masks, keep):
    return np.array([math.prod(keep if m else 1.0 - keep for m in mask) for mask in masks], dtype=float)


def arithmetic(probs, weights):
    return np.array([math.fsum(w * p for w, p in zip(weights, column, strict=True)) for column in probs.T])


def geometric(probs, weights):
    return np.array(softmax([math.fsum(w * math.log(p) for w, p in zip(weights, c, strict=True)) for c in probs.T]))


def layer(rng, d, c):
    """Logits are at most 20 apart, so that no probability is below 1e-10."""
    x = rng.uniform(0.5, 1.5, size=d) * rng.choice([-1.0, 1.0], size=d)
    return x, rng.uniform(-1.0, 1.0, size=(c, d)), rng.permutation(np.linspace(-1.0, 1.0, c))


# x = (1, 1) and W = log((1, 1), (2, 2)), b = 0: class 1 is 2^k times as likely as class 0 if k inputs are kept.
HAND_PROBS = np.array([[1 / 2, 1 / 2], [1 / 3, 2 / 3], [1 / 3, 2 / 3], [1 / 5, 4 / 5]])


@points(10)
def test_masks(candidate, case):
    """all_masks(n) has the 2^n masks in the order of the binary numbers, for n from 0 to 10."""
    for n, masks in enumerate(MASKS):
        with case(f"n = {n}"):
            found = candidate.all_masks(n)
            check_shape(f"all_masks({n})", found, (2**n, n))
            check_equal(f"all_masks({n})", found, masks)


@points(10)
def test_mask_weights(candidate, rng, case):
    """A mask's weight has a factor keep for every 1 and 1 - keep for every 0; all the weights sum to 1."""
    with case("by hand"):
        weights = candidate.mask_weights(np.array([[1, 1, 0], [0, 0, 0], [0, 1, 0]]), 0.8)
        check_close("mask_weights", weights, np.array([0.128, 0.008, 0.032]))  # .8 .8 .2, .2 .2 .2, .2 .8 .2
    for keep in (0.1, 0.3, 0.9, float(rng.uniform(0.55, 0.85))):
        n = int(rng.integers(2, 6))
        with case(f"all the masks of {n} inputs, keep = {keep:.3g}"):
            masks = MASKS[n].astype(rng.choice([int, float]))
            expected = all_weights(masks, keep)
            weights = candidate.mask_weights(masks, keep)
            check_close("mask_weights", weights, expected)
            check_close("the sum of all the weights", float(np.sum(weights)), 1.0)
            check_pure(candidate, "masks")
    for kind in (int, float):
        with case(f"some masks in any order, {kind.__name__}"):
            masks = rng.integers(0, 2, size=(11, 7)).astype(kind)
            expected = all_weights(masks, 0.35)
            check_close("mask_weights", candidate.mask_weights(masks, keep=0.35), expected)
    with case("keep = 0.5: uniform"):
        check_close("mask_weights", candidate.mask_weights(MASKS[4].copy(), 0.5), np.full(16, 1 / 16))
    for keep in (1.0, 0.0):
        with case(f"keep = {keep:g}: one mask has all the weight"):
            expected = np.zeros(16)
            expected[-1 if keep else 0] = 1.0
            check_close("mask_weights", candidate.mask_weights(MASKS[4].copy(), keep), expected)
    with case("no inputs"):
        check_close("mask_weights", candidate.mask_weights(np.zeros((1, 0), dtype=int), 0.3), np.ones(1))


@points(20)
def test_probs_value(candidate, rng, case):
    """Every sub-model is the softmax of the shared layer on the inputs that its mask keeps."""
    with case("by hand"):
        W = np.log(np.array([[1.0, 1.0], [2.0, 2.0]]))
        probs = candidate.subnetwork_probs(np.ones(2), W, np.zeros(2), MASKS[2].copy())
        check_close("subnetwork_probs", probs, HAND_PROBS)
    for d, c in ((3, 2), (4, 5), (5, 3), (6, 4), (2, 6)):
        for kind in (int, float):
            with case(f"D = {d}, C = {c}, {kind.__name__} masks"):
                x, W, b = layer(rng, d, c)
                masks = MASKS[d].astype(kind)
                expected = all_probs(x, W, b, masks)
                check_close("subnetwork_probs", candidate.subnetwork_probs(x, W, b, masks), expected)
                check_pure(candidate, "x", "W", "b", "masks")
    with case("some masks in any order, views"):
        x, W, b = layer(rng, 9, 4)
        masks = rng.integers(0, 2, size=(9, 7)).T  # (7, 9)
        masks[-1, :2] = 0, 1  # neither all kept nor all dropped
        expected = all_probs(x, W, b, masks)
        probs = candidate.subnetwork_probs(x=x, W=np.asfortranarray(W), b=b, masks=masks)
        check_close("subnetwork_probs", probs, expected)
        check_pure(candidate, "x", "W", "b", "masks")
    with case("one mask"):
        x, W, b = layer(rng, 3, 4)
        masks = np.array([[1, 0, 1]])
        expected = all_probs(x, W, b, masks)
        check_close("subnetwork_probs", candidate.subnetwork_probs(x, W, b, masks), expected)
        check_pure(candidate, "x", "W", "b", "masks")


@points(25)
def test_exact_identity(candidate, rng, case):
    """The renormalised geometric mean of all the sub-models is exactly the prediction of the weight-scaling rule."""
    with case("two distributions by hand"):
        g = candidate.geometric_mean_predictor(np.array([[0.5, 0.5], [0.8, 0.2]]), np.array([0.5, 0.5]))
        # sqrt(0.4) to sqrt(0.1) is 2 to 1
        check_close("geometric_mean_predictor", g, np.array([2 / 3, 1 / 3]), rtol=0.0, atol=1e-12)
    with case("the ensemble by hand"):
        W = np.log(np.array([[1.0, 1.0], [2.0, 2.0]]))
        right = np.array([1 / 3, 2 / 3])  # 2^(0 + 1 + 1 + 2)/4 = 2, and 2^(0.5 + 0.5) = 2
        g = candidate.geometric_mean_predictor(HAND_PROBS.copy(), np.full(4, 0.25))
        check_close("geometric_mean_predictor", g, right, rtol=0.0, atol=1e-12)
        y = candidate.weight_scaling_predictor(np.ones(2), W, np.zeros(2), 0.5)
        check_close("weight_scaling_predictor", y, right, rtol=0.0, atol=1e-12)
    for keep, d, c in ((0.3, 4, 3), (0.5, 3, 5), (0.9, 5, 4), (float(rng.uniform(0.6, 0.85)), 5, 3)):
        x, W, b = layer(rng, d, c)
        right = layer_probs(x, W, b, [keep] * d)
        words = f"keep = {keep:.3g}, D = {d}, C = {c}"
        with case(f"{words}: weight scaling"):
            y = candidate.weight_scaling_predictor(x.copy(), W.copy(), b.copy(), keep)
            check_close("weight_scaling_predictor", y, right, rtol=0.0, atol=1e-12)
            check_pure(candidate, "x", "W", "b")
        with case(f"{words}: geometric mean"):
            probs, weights = all_probs(x, W, b, MASKS[d]), all_weights(MASKS[d], keep)
            g = candidate.geometric_mean_predictor(probs, weights)
            check_close("geometric_mean_predictor", g, right, rtol=0.0, atol=1e-12)
            check_pure(candidate, "probs", "weights")
        with case(f"{words}: your functions together"):
            masks = candidate.all_masks(d)
            probs = candidate.subnetwork_probs(x, W, b, masks)
            g = candidate.geometric_mean_predictor(probs, candidate.mask_weights(masks, keep))
            check_close("the geometric mean of the sub-models", g, right, rtol=0.0, atol=1e-12)
    with case("any distributions and weights"):
        probs, weights = rng.dirichlet(np.full(3, 5.0), size=8), rng.dirichlet(np.full(8, 5.0))
        expected = geometric(probs, weights)
        g = candidate.geometric_mean_predictor(probs=np.asfortranarray(probs), weights=weights)
        check_close("geometric_mean_predictor", g, expected, rtol=0.0, atol=1e-12)


@points(10)
def test_arithmetic_differs(candidate, rng, case):
    """The arithmetic mean weights the sub-models by their masks, sums to 1, and is not the weight-scaling rule."""
    with case("by hand"):
        right = np.array([41 / 120, 79 / 120])  # (1/2 + 1/3 + 1/3 + 1/5) / 4; the rule gives 40/120 and 80/120
        y = candidate.arithmetic_mean_predictor(HAND_PROBS.copy(), np.full(4, 0.25))
        check_close("arithmetic_mean_predictor", y, right)
        gap = float(np.abs(y - np.array([1 / 3, 2 / 3])).max())
        check(gap > 1e-4, "The arithmetic mean should differ from the weight-scaling rule here.")
    for keep, d, c in ((0.3, 4, 3), (0.9, 3, 5), (float(rng.uniform(0.6, 0.8)), 5, 2)):
        with case(f"keep = {keep:.3g}, D = {d}, C = {c}"):
            x, W, b = layer(rng, d, c)
            probs, weights = all_probs(x, W, b, MASKS[d]), all_weights(MASKS[d], keep)
            expected = arithmetic(probs, weights)
            y = candidate.arithmetic_mean_predictor(probs, weights)
            check_close("arithmetic_mean_predictor", y, expected)
            check_close("its sum", float(np.sum(y)), 1.0)
            check_pure(candidate, "probs", "weights")
    with case("any distributions and weights, with zeros"):
        probs, weights = rng.dirichlet(np.full(4, 5.0), size=7), rng.dirichlet(np.full(7, 5.0))
        probs[0] = 0.0, 1.0, 0.0, 0.0
        expected = arithmetic(probs, weights)
        y = candidate.arithmetic_mean_predictor(probs=np.asfortranarray(probs), weights=weights)
        check_close("arithmetic_mean_predictor", y, expected)


@points(10)
def test_nonlinear_approx(candidate, case):
    """Behind a hidden ReLU layer the rule is near the exact average of the sub-models, but not equal to it."""
    for seed in (1, 2, 3):
        fixed = np.random.default_rng(seed)
        x, W1, b1 = fixed.normal(size=5), fixed.normal(size=(7, 5)), fixed.normal(size=7)
        W2, b2 = fixed.normal(size=(3, 7)) / 2, fixed.normal(size=3)
        with case(f"network {seed}"):
            # Its inputs are dropped, keep = 0.5; nothing is dropped in the second layer, which is yours.
            hidden = [np.maximum(W1 @ (x * mask) + b1, 0.0) for mask in MASKS[5]]
            right = np.array([layer_probs(h, W2, b2, np.ones(7)) for h in hidden])
            everything = np.ones((1, 7), dtype=int)
            outputs = [candidate.subnetwork_probs(h, W2, b2, everything) for h in hidden]
            for found, expected in zip(outputs, right, strict=True):
                check_close("subnetwork_probs with nothing dropped", found, expected[None])
            average = candidate.arithmetic_mean_predictor(right.copy(), np.full(32, 1 / 32))
            check_close("the exact average", average, arithmetic(right, np.full(32, 1 / 32)))
            scaled = np.maximum(W1 @ (0.5 * x) + b1, 0.0)
            expected = layer_probs(scaled, W2, b2, np.ones(7))
            rule = candidate.weight_scaling_predictor(scaled, W2, b2, 1.0)
            check_close("weight_scaling_predictor with keep = 1", rule, expected)
            gap = float(np.linalg.norm(rule - average))
            spread = float(np.mean([np.linalg.norm(y[0] - average) for y in outputs]))
            check(gap > 1e-4, "The rule should not be exact behind a hidden layer.")
            check(gap < spread, "The rule should be nearer to the average than the sub-models are.")


@points(10)
def test_stability(candidate, rng, case):
    """Logits of 1000, probabilities of 1e-100 or 0 and keep = 1 give no NaN and no loss of precision."""
    x, b = np.array([1.0, -1.0, 2.0]), np.array([0.3, -0.4])
    W = np.array([[500.0, 100.0, 300.0], [-500.0, 200.0, -250.0]])  # logits from -1200 to 1100
    W = W * rng.choice([-1.0, 1.0])
    with case("subnetwork_probs with logits of 1000"):
        expected = all_probs(x, W, b, MASKS[3])
        check_close("subnetwork_probs", candidate.subnetwork_probs(x, W, b, MASKS[3].copy()), expected)
    with case("weight_scaling_predictor with logits of 1000"):
        check_close(
            "weight_scaling_predictor",
            candidate.weight_scaling_predictor(x, W, b, 0.9),
            layer_probs(x, W, b, [0.9] * 3),
        )
    with case("weight_scaling_predictor with equal logits of 1000"):
        y = candidate.weight_scaling_predictor(
            np.array([2.0, 2.0]), np.full((3, 2), 500.0), np.log([1.0, 2.0, 5.0]), 0.5
        )
        check_close("weight_scaling_predictor", y, np.array([0.125, 0.25, 0.625]))
    for keep in (0.5, float(rng.choice([0.3, 0.9]))):
        with case(f"the geometric mean over 1024 masks, W of scale 20, keep = {keep:g}"):
            c = 3
            x = rng.uniform(0.5, 1.0, size=10)
            W = rng.uniform(-20.0, 20.0, size=(c, 10))
            # The last column makes W x moderate. Then no mask's logits are more than 370 apart.
            W[:, -1] = (np.linspace(-1.0, 1.0, c) - W[:, :-1] @ x[:-1]) / x[-1]
            b = rng.permutation(np.linspace(-1.0, 1.0, c))
            z = (MASKS[10] * x) @ W.T + b
            e = np.exp(z - z.max(axis=1, keepdims=True))
            weights = keep ** MASKS[10].sum(axis=1) * (1 - keep) ** (10 - MASKS[10].sum(axis=1))
            right = layer_probs(x, W, b, [keep] * 10)
            g = candidate.geometric_mean_predictor(e / e.sum(axis=1, keepdims=True), weights)
            check_close("geometric_mean_predictor", g, right, rtol=0.0, atol=1e-12)
    with case("rows of weight 0 with probabilities of 0"):
        probs = np.array([[1.0, 0.0, 0.0], [0.1, 0.3, 0.6], [0.0, 0.0, 1.0]])
        g = candidate.geometric_mean_predictor(probs, np.array([0.0, 1.0, 0.0]))
        check_close("geometric_mean_predictor", g, np.array([0.1, 0.3, 0.6]))
    with case("a probability of 0 in a row that counts"):
        probs = np.array([[0.5, 0.0, 0.5], [0.1, 0.5, 0.4]])
        g = candidate.geometric_mean_predictor(probs, np.array([0.5, 0.5]))
        check_close("geometric_mean_predictor", g, np.array([1 / 3, 0.0, 2 / 3]))  # sqrt(0.05) to sqrt(0.2)
    with case("keep = 1"):
        x, W, b = layer(rng, 4, 3)
        right = layer_probs(x, W, b, np.ones(4))
        check_close("weight_scaling_predictor", candidate.weight_scaling_predictor(x, W, b, 1.0), right)
        weights = candidate.mask_weights(MASKS[4].copy(), 1.0)
        check_close("mask_weights", weights, np.eye(16)[-1])
        probs = candidate.subnetwork_probs(x, W, b, MASKS[4].copy())
        check_close("the last of subnetwork_probs", probs[-1], right)
        check_close("geometric_mean_predictor", candidate.geometric_mean_predictor(probs, weights), right)
    with case("keep = 0: only the bias is left"):
        y = candidate.weight_scaling_predictor(x, W, np.log([1.0, 2.0, 5.0]), 0.0)
        check_close("weight_scaling_predictor", y, np.array([0.125, 0.25, 0.625]))


def number_of_masks(m, n):
    return len(m.all_masks(n))  # the masks themselves stay where they are: there may be too many


@points(5)
def test_errors(candidate, rng, case):
    """A number of inputs, a keep or a shape that is not allowed raises ValueError."""
    for n in (-1, -4):
        with case(f"all_masks({n})"), check_raises(ValueError, f"all_masks({n})"):
            candidate.all_masks(n)
    for keep in (-0.1, -1e-9, 1.1, 2.0):
        with case(f"mask_weights, keep = {keep:g}"), check_raises(ValueError, f"keep={keep:g}"):
            candidate.mask_weights(MASKS[3].copy(), keep)
        with case(f"weight_scaling_predictor, keep = {keep:g}"), check_raises(ValueError, f"keep={keep:g}"):
            candidate.weight_scaling_predictor(*layer(rng, 3, 4), keep)
    x, W, b = layer(rng, 3, 4)
    layers = {
        "x (2,), W (4, 3), b (4,)": (x[:2], W, b),
        "x (3,), W (4, 3), b (3,)": (x, W, b[:3]),
        "x (3,), W (4, 3), b (1,)": (x, W, b[:1]),
        "x (3,), W (3, 4), b (4,)": (x, W.T, b),
    }
    for words, (x_, W_, b_) in layers.items():
        with case(f"subnetwork_probs, {words}"), check_raises(ValueError, words):
            candidate.subnetwork_probs(x_, W_, b_, MASKS[len(x_)].copy())
        with case(f"weight_scaling_predictor, {words}"), check_raises(ValueError, words):
            candidate.weight_scaling_predictor(x_, W_, b_, 0.5)
    for d in (1, 2, 4):
        with case(f"subnetwork_probs, {d} columns"), check_raises(ValueError, f"masks of {d} columns and 3 inputs"):
            candidate.subnetwork_probs(x, W, b, MASKS[d].copy())
    with case("subnetwork_probs, masks (3,)"), check_raises(ValueError, "masks of shape (3,)"):
        candidate.subnetwork_probs(x, W, b, np.array([1, 0, 1]))
    for name in ("geometric_mean_predictor", "arithmetic_mean_predictor"):
        for count in (1, 3, 5):
            with case(f"{name}, {count} weights"), check_raises(ValueError, f"{count} weights for 4 rows"):
                candidate[name](HAND_PROBS.copy(), np.full(count, 1 / count))
    with case("all_masks(21)"), check_raises(ValueError, "all_masks(21)"):  # the last: it may take long
        candidate.run(number_of_masks, 21)
