"""Each docstring is the line the learner reads. The oracles: the formulas with sums of logarithms for the draws, and a
network trained sample by sample. Steps taken backwards from equal rows give starts whose rows meet after training.
"""

import itertools
import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_dtype,
    check_equal,
    check_pure,
    check_raises,
    check_shape,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points

INITS = ("xavier_uniform", "xavier_normal", "he_uniform", "he_normal")


def fans(shape):
    fan_out, fan_in, *kernel = shape
    area = round(math.exp(sum(math.log(k) for k in kernel)))
    return fan_in * area, fan_out * area


def spread(name, shape, gain=1.0, negative_slope=0.0, mode="fan_in"):
    """The bound of a uniform draw, the standard deviation of a normal one."""
    fan_in, fan_out = fans(shape)
    if name.startswith("xavier"):
        variance = gain**2 / (0.5 * fan_in + 0.5 * fan_out)
    else:
        variance = 1 / (0.5 + 0.5 * negative_slope**2) / {"fan_in": fan_in, "fan_out": fan_out}[mode]
    return math.sqrt(3 * variance if name.endswith("uniform") else variance)


def draws(candidate, rng, name, shape, **more):
    """One call against the draw that the statement names; both generators must be left alike."""
    seed = int(rng.integers(1 << 30))
    ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
    size = spread(name, shape, **more)
    expected = ours.uniform(-size, size, shape) if name.endswith("uniform") else ours.normal(0, size, shape)
    w = candidate[name](shape, theirs, **more)
    check_close(name, w, expected, rtol=1e-9, atol=1e-12 * size, dtype=True)
    check(ours.random() == theirs.random(), "One draw of the whole shape and nothing else should be made from rng.")


@points(15)
def test_fans(candidate, rng, case):
    """fan_in_out gives both fans of dense and convolution weights, the kernel's area included."""
    with case("by hand"):
        both = unpack("fan_in_out", candidate.fan_in_out((8, 3, 5, 2)), 2)
        check_type("fan_in", both[0], int)
        check_type("fan_out", both[1], int)
        check_equal("fan_in_out((8, 3, 5, 2))", both, (30, 80))  # 3 * 10, 8 * 10
    for rank in (2, 3, 4, 5):
        for _ in range(2):
            shape = tuple(int(n) for n in rng.choice(range(2, 10), size=rank, replace=False))
            with case(f"shape {shape}"):
                check_equal(f"fan_in_out({shape})", candidate.fan_in_out(shape), fans(shape))
    for shape in ((1, 7), (7, 1), (4, 6, 1, 1), (1, 1, 3), (300, 200, 3, 3)):
        with case(f"shape {shape}"):
            check_equal(f"fan_in_out({shape})", candidate.fan_in_out(shape), fans(shape))


@points(25)
def test_draws_value(candidate, rng, case):
    """The four initialisations make the draw that the statement names, with the right bound or deviation."""
    with case("by hand"):
        # gain * sqrt(6 / (2 + 4)) = 3: uniform on [-3, 3]
        w = candidate.xavier_uniform((4, 2), np.random.default_rng(5), 3.0)
        check_close("xavier_uniform", w, 6 * np.random.default_rng(5).random((4, 2)) - 3, rtol=1e-9)
    for name in INITS:
        for shape in ((3, 7), (6, 2), (4, 3, 5), (2, 5, 3, 4)):
            with case(f"{name}, shape {shape}"):
                draws(candidate, rng, name, shape)
    for gain in (2, 0.3, 5 / 3, float(rng.uniform(1.2, 3.0))):
        for name in INITS[:2]:
            with case(f"{name}, gain {gain:.3g}"):
                draws(candidate, rng, name, (3, 5, 2), gain=gain)
    for name in INITS[2:]:
        for slope in (0.01, 1, -0.5, float(rng.uniform(0.1, 0.6))):
            with case(f"{name}, negative_slope {slope:.3g}"):
                draws(candidate, rng, name, (3, 8), negative_slope=slope)
            for mode in ("fan_in", "fan_out"):
                with case(f"{name}, negative_slope {slope:.3g}, {mode}"):
                    draws(candidate, rng, name, (5, 2, 3), negative_slope=slope, mode=mode)
        with case(f"{name}, fan_out"):
            draws(candidate, rng, name, (3, 8), mode="fan_out")
    with case("layer after layer with one generator"):
        ours, theirs = np.random.default_rng(7), np.random.default_rng(7)
        for name, shape in zip(INITS, ((3, 4), (2, 3), (5, 2), (1, 5)), strict=True):
            size = spread(name, shape)
            right = ours.uniform(-size, size, shape) if name.endswith("uniform") else ours.normal(0, size, shape)
            check_close(name, candidate[name](shape, theirs), right, rtol=1e-9)


@points(15)
def test_statistics(candidate, rng, case):
    """512 x 512 draws have mean 0, the right standard deviation, and for the uniform ones the right bounds."""
    variance = {"xavier": 1 / 512, "he": 2 / 512}  # 2 / (512 + 512) and 2 / 512
    for name in INITS:
        with case(name):
            w = candidate[name]((512, 512), np.random.default_rng(int(rng.integers(1 << 30))))
            check_shape(name, w, (512, 512))
            check_dtype(name, w, "float64")
            std = math.sqrt(variance[name.split("_")[0]])
            # 2^18 draws: the mean has the standard error std / 512, the deviation about std / 724
            check_close(f"the mean of {name}'s draws", float(w.mean()), 0.0, atol=6 * std / 512)
            check_close(f"the standard deviation of {name}'s draws", float(w.std()), std, rtol=0.02)
            if name.endswith("uniform"):
                bound = math.sqrt(3) * std
                check_close(f"the largest draw of {name}", float(w.max()), bound, rtol=0.02)
                check_close(f"the smallest draw of {name}", float(w.min()), -bound, rtol=0.02)
                check(np.abs(w).max() <= bound * (1 + 1e-9), f"{name} drew a weight beyond its bound.")
            else:
                share = float((np.abs(w) > 2 * std).mean())  # 0.0455, with the standard error 0.0004
                check_close(f"the share of {name}'s draws beyond two deviations", share, 0.0455, atol=0.003)


def flows(m, seed):  # runs in the candidate
    """The logarithm of the factor by which 20 layers of width 512 change the mean square."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((512, 8))
    he, xavier, before = x, np.hstack([x, x, x]), (x**2).mean()
    for _ in range(20):
        he = np.maximum(m.he_normal((512, 512), rng) @ he, 0)
        sums = m.xavier_uniform((512, 512), rng) @ xavier
        # ReLU, tanh, and tanh with weights so much smaller that their deviation is 0.01
        parts = np.maximum(sums[:, :8], 0), np.tanh(sums[:, 8:16]), np.tanh(0.01 * np.sqrt(512) * sums[:, 16:])
        xavier = np.hstack(parts)
    return [float(np.log10((h**2).mean() / before + 1e-300)) for h in (he, *parts)]


@points(15)
def test_variance_flow(candidate, rng, case):
    """Through 20 layers He keeps the size of ReLU activations and Xavier that of tanh; smaller weights lose it."""
    logs = unpack("the flows", candidate.run(flows, int(rng.integers(1 << 30))), 4)
    # From one set of weights to the next log10 varies by 0.17 for ReLU and 0.02 for tanh. The bounds are 5 of these or
    # more away from the mean: 0 and -6.05 for ReLU, -1.6 for tanh (saturation, not the weights), -26 for std 0.01.
    for words, log, low, high in (
        ("ReLU with he_normal keeps the mean square within a factor of 8", logs[0], -0.9, 0.9),
        ("ReLU with xavier_uniform loses a factor of 1e5 to 1e7", logs[1], -7.0, -5.0),
        ("tanh with xavier_uniform keeps the mean square within a factor of 60", logs[2], -1.78, 1.78),
        ("tanh with standard deviation 0.01 (xavier_uniform, scaled) loses more than 1e20", logs[3], -30.0, -20.0),
    ):
        with case(words):
            check(low < log < high, f"Not so: {words}; with your weights it changed by a factor of 10^{log:.3g}.")


def gradients(params, x, y):
    """Sample by sample, unit by unit."""
    total = [(np.zeros_like(W), np.zeros_like(b)) for W, b in params]
    for row, label in zip(x, y, strict=True):
        h = [row]
        for W, b in params[:-1]:
            h.append(np.array([math.tanh(v) for v in W @ h[-1] + b]))
        W, b = params[-1]
        logits = W @ h[-1] + b
        log_sum = math.log(math.fsum(math.exp(v) for v in logits))
        delta = np.array([math.exp(v - log_sum) - (k == label) for k, v in enumerate(logits)])
        for layer in reversed(range(len(params))):
            dW, db = total[layer]
            dW += np.outer(delta, h[layer]) / len(x)
            db += delta / len(x)
            delta = (delta @ params[layer][0]) / np.cosh(np.arctanh(h[layer])) ** 2 if layer else delta
    return total


def stepped_back(params, x, y, lr):
    """The parameters from which one step of descent leads to these: a fixed point, found by iteration."""
    start = params
    for _ in range(60):
        found = gradients(start, x, y)
        new = [(W + lr * dW, b + lr * db) for (W, b), (dW, db) in zip(params, found, strict=True)]
        moved = max(np.abs(a - c).max() for (a, _), (c, _) in zip(new, start, strict=True))
        start = new
        if moved < 1e-14:
            break
    return start


def network(rng, sizes):
    return [(rng.normal(size=(o, i)) / math.sqrt(i), rng.normal(size=o) / 2) for i, o in itertools.pairwise(sizes)]


def data(rng, n, d, classes):
    return rng.uniform(-1.5, 1.5, size=(n, d)), rng.permutation(np.arange(n) % classes)


def constant(sizes, value, bias):
    return [(np.full((o, i), value), np.full(o, bias)) for i, o in itertools.pairwise(sizes)]


@points(20)
def test_symmetry(candidate, rng, case):
    """Units that start alike stay alike, whatever the constant; random weights separate them, and so do biases."""

    def diversity(params, x, y, steps, lr, right):
        found = candidate.hidden_unit_diversity(params, x, y, steps, lr)
        check_type("hidden_unit_diversity", found, int)
        check_equal("hidden_unit_diversity", found, right)
        check_pure(candidate, "params", "x", "y")

    for sizes in ((3, 5, 4), (2, 4, 6, 3)):
        x, y = data(rng, 7, sizes[0], sizes[-1])
        for value, bias in ((0.0, 0.0), (0.3, 0.0), (-1.0, 0.5), (1e-3, 0.0)):
            with case(f"sizes {sizes}, all weights {value:g}, all biases {bias:g}"):
                diversity(constant(sizes, value, bias), x, y, 20, 0.5, 1)
        with case(f"sizes {sizes}, random weights"):
            diversity(network(rng, sizes), x, y, 20, 0.5, sizes[1])
        with case(f"sizes {sizes}, random weights, biases of 0"):
            diversity([(W, 0 * b) for W, b in network(rng, sizes)], x, y, 20, 0.5, sizes[1])
        with case(f"sizes {sizes}, W_1 equal, other ways out"):
            params = network(rng, sizes)
            diversity([constant(sizes, 0.3, 0.0)[0], *params[1:]], x, y, 5, 0.5, sizes[1])
        with case(f"sizes {sizes}, W_1 zero, other ways out"):
            diversity([constant(sizes, 0.0, 0.0)[0], *network(rng, sizes)[1:]], x, y, 1, 0.5, sizes[1])
        with case(f"sizes {sizes}, equal but for the biases"):
            params = constant(sizes, 0.3, 0.0)
            params[0] = params[0][0], np.linspace(-1.0, 1.0, sizes[1])
            params[-1] = network(rng, sizes)[-1][0][:, :1] + 0 * params[-1][0], params[-1][1]
            diversity(params, x, y, 5, 0.5, sizes[1])
        with case(f"sizes {sizes}, two kinds of units"):
            params = network(rng, sizes)
            kinds = rng.permutation(np.arange(sizes[1]) % 2)
            params[0] = params[0][0][kinds], params[0][1][kinds]
            params[1] = params[1][0][:, kinds], params[1][1]
            diversity(params, x, y, 20, 0.5, 2)
        with case(f"sizes {sizes}, no steps"):
            params = network(rng, sizes)
            params[0][0][-1] = params[0][0][0]
            diversity(params, x, y, 0, 0.5, sizes[1] - 1)
        for steps in (1, 3):
            # Equal rows, biases and ways out that differ, and from there back in time.
            end = network(rng, sizes)
            end[0][0][:] = end[0][0][0]
            start, lr = end, float(rng.uniform(0.1, 0.15))
            for _ in range(steps):
                start = stepped_back(start, x, y, lr)
            for taken in (0, steps, steps + 1):
                with case(f"sizes {sizes}, rows that meet after {steps} steps, {taken} taken"):
                    diversity(start, x, y, taken, lr, 1 if taken == steps else sizes[1])
    x, y = data(rng, 6, 3, 2)
    with case("weights of xavier_normal"):
        params = [(candidate.xavier_normal(s, np.random.default_rng(3)), np.zeros(s[0])) for s in ((5, 3), (2, 5))]
        diversity(params, x, y, 10, 0.5, 5)
    for gap, right in ((3e-9, 1), (1e-8, 1), (1.5e-8, 2), (1e-7, 2)):
        with case(f"rows that differ by {gap:g}"):
            params = network(rng, (3, 2, 4))
            params[0][0][:] = [0.5, 0.0, 2.0], [0.5, -gap, 2.0]
            diversity(params, x, y, 0, 0.1, right)
    with case("one unit"):
        diversity(network(rng, (3, 1, 2)), x, y, 3, 0.5, 1)


@points(10)
def test_errors(candidate, rng, case):
    """A shape with fewer than two entries and an unknown mode raise ValueError."""
    for shape in ((), (5,)):
        with case(f"fan_in_out, shape {shape}"), check_raises(ValueError, f"shape={shape}"):
            candidate.fan_in_out(shape)
        for name in INITS:
            with case(f"{name}, shape {shape}"), check_raises(ValueError, f"shape={shape}"):
                candidate[name](shape, np.random.default_rng(1))
    for name in INITS[2:]:
        for mode in ("fan_avg", "fan", ""):
            with case(f"{name}, mode {mode!r}"), check_raises(ValueError, f"mode={mode!r}"):
                candidate[name]((4, 3), np.random.default_rng(1), mode=mode)
