"""Each docstring is the line the learner reads. The oracle takes one channel at a time, as a list of plain floats."""

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
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


def statistics(values):
    """Mean, biased and unbiased variance of all entries of an array."""
    values = [float(v) for v in values.flat]
    n = len(values)
    mean = math.fsum(values) / n
    squares = math.fsum((v - mean) ** 2 for v in values)
    return mean, squares / n, squares / max(1, n - 1)


def normalised(x, gamma, beta, means, variances, eps=1e-5):
    out = np.empty(x.shape)
    for c in range(x.shape[1]):
        out[:, c] = (x[:, c] - means[c]) / math.sqrt(variances[c] + eps) * gamma[c] + beta[c]
    return out


def trained(x, gamma, beta, eps=1e-5):
    x = x.astype(np.float64)
    of_channels = [statistics(x[:, c]) for c in range(x.shape[1])]
    return normalised(x, gamma, beta, [s[0] for s in of_channels], [s[1] for s in of_channels], eps)


def gradients(x, dy, gamma, eps=1e-5):
    """dx by the whole n x n Jacobian of each channel, dgamma and dbeta by exact sums."""
    dx, dgamma, dbeta = np.empty(x.shape), np.empty(x.shape[1]), np.empty(x.shape[1])
    for c in range(x.shape[1]):
        mean, var, _ = statistics(x[:, c])
        xhat, g = ((x[:, c] - mean) / math.sqrt(var + eps)).ravel(), dy[:, c].ravel()
        n = g.size
        centring = np.eye(n) - np.ones((n, n)) / n
        jacobian = (centring - np.outer(xhat, xhat) / n) * (gamma[c] / math.sqrt(var + eps))
        dx[:, c] = (g @ jacobian).reshape(x[:, c].shape)
        dgamma[c], dbeta[c] = math.fsum(g * xhat), math.fsum(g)
    return dx, dgamma, dbeta


def sizes(rng, rank):
    """(N, C) or (N, C, H, W), all different, and more rows than channels in the first."""
    if rank == 2:
        return int(rng.integers(5, 9)), int(rng.integers(2, 5))
    return tuple(int(n) for n in rng.permutation([2, 3, 4, 5]))


def data(rng, shape):
    """Channels of different means and spreads; no channel is nearly constant."""
    x = np.empty(shape)
    for c in range(shape[1]):
        n = x[:, c].size
        values = rng.permutation(np.linspace(-1.5, 1.5, n)) + rng.uniform(-0.1, 0.1, size=n)
        x[:, c] = (values * rng.uniform(0.5, 3.0) + rng.uniform(1.0, 3.0)).reshape(x[:, c].shape)
    return x


def affine(rng, channels):
    return rng.uniform(0.4, 2.5, size=channels) * rng.choice([-1, 1], size=channels), rng.normal(size=channels) + 3.0


def layer(candidate, gamma, beta, **options):
    bn = candidate.BatchNorm(len(gamma), **options)
    bn.gamma, bn.beta = gamma, beta
    return bn


@points(20)
def test_train_value(candidate, rng, case):
    """In training each channel is normalised by its mean and biased variance, then scaled and shifted."""
    with case("by hand"):
        bn = layer(candidate, np.array([4.0]), np.array([1.0]), eps=3.0)
        y = bn.forward(np.array([[1.0], [3.0]]), True)  # mean 2, variance 1, root of 1 + 3: -1/2, 1/2; times 4, plus 1
        check_close("y", y, np.array([[-1.0], [3.0]]))
    with case("a new layer"):
        bn = candidate.BatchNorm(3)
        check_close("gamma of a new layer", bn.gamma, np.ones(3))
        check_close("beta of a new layer", bn.beta, np.zeros(3))
        x = data(rng, (5, 3))
        check_close("y", bn.forward(x, True), trained(x, np.ones(3), np.zeros(3)))
    for rank in (2, 4, 4):
        x, eps = data(rng, sizes(rng, rank)), float(rng.uniform(0.01, 1.0))
        gamma, beta = affine(rng, x.shape[1])
        with case(f"shape {x.shape}"):
            y = layer(candidate, gamma, beta).forward(x, True)
            check_close("y", y, trained(x, gamma, beta))
        with case(f"shape {x.shape}, eps {eps:.3g}"):
            bn = layer(candidate, gamma, beta, eps=eps)
            check_close("y", bn.forward(x, training=True), trained(x, gamma, beta, eps))
            check_close("y of a second batch", bn.forward(2 * x + 1, True), trained(2 * x + 1, gamma, beta, eps))
    with case("one image"):
        x, (gamma, beta) = data(rng, (1, 3, 4, 2)), affine(rng, 3)
        check_close("y of one image", layer(candidate, gamma, beta).forward(x, True), trained(x, gamma, beta))
    with case("views of other arrays"):
        x, (gamma, beta) = data(rng, (2, 3, 5, 4)), affine(rng, 3)
        last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
        y = layer(candidate, gamma, beta).forward(last, True)
        check_close("y of an image stored channels last", y, trained(x, gamma, beta))
        x = data(rng, (6, 3))
        y = layer(candidate, gamma, beta).forward(np.ascontiguousarray(x.T).T, True)
        check_close("y of a transposed matrix", y, trained(x, gamma, beta))
    for rank in (2, 4):
        x = data(rng, sizes(rng, rank)).astype(np.float32)
        gamma, beta = affine(rng, x.shape[1])
        with case(f"float32, {rank}-d"):
            y = layer(candidate, gamma, beta).forward(x, True)
            check_close("y of float32", y, trained(x, gamma, beta).astype(np.float32), dtype=True)
    with case("integers"):
        x, (gamma, beta) = rng.integers(-4, 5, size=(4, 2)) + np.arange(0, 20, 5)[:, None], affine(rng, 2)
        y = layer(candidate, gamma, beta).forward(x, True)
        check_close("y of integers", y, trained(x, gamma, beta), dtype=True)


@points(20)
def test_running_stats(candidate, rng, case):
    """Each training batch moves the buffers by `momentum` towards its mean and its unbiased variance."""
    with case("a new layer"):
        bn = candidate.BatchNorm(4)
        check_close("running_mean of a new layer", bn.running_mean, np.zeros(4), dtype=True)
        check_close("running_var of a new layer", bn.running_var, np.ones(4), dtype=True)
    with case("by hand"):
        bn = candidate.BatchNorm(1)
        bn.forward(np.array([[1.0], [3.0]]), True)  # mean 2, squared deviations 1 + 1, divided by 2 - 1
        check_close("running_mean", bn.running_mean, np.array([0.2]))  # 0.9 * 0 + 0.1 * 2
        check_close("running_var", bn.running_var, np.array([1.1]))  # 0.9 * 1 + 0.1 * 2
    for rank in (2, 4):
        for options in ({}, {"momentum": float(rng.uniform(0.2, 0.45)), "eps": 0.5}):
            shape = sizes(rng, rank)
            batches = [data(rng, (shape[0] + i, *shape[1:])) for i in range(3)]
            with case(f"three batches of {rank}-d x, {'default' if not options else 'random'} momentum"):
                bn = layer(candidate, *affine(rng, shape[1]), **options)
                for x in batches:
                    bn.forward(x, True)
                compare_buffers(bn, batches, np.zeros(shape[1]), np.ones(shape[1]), options.get("momentum", 0.1))
    for momentum in (0.0, 1.0):
        x = data(rng, (5, 3))
        with case(f"momentum {momentum:g}"):
            bn = candidate.BatchNorm(3, 1e-5, momentum)
            bn.forward(x, True)
            compare_buffers(bn, [x], np.zeros(3), np.ones(3), momentum)
    with case("buffers set from outside"):
        x, mean, var = data(rng, (2, 3, 4, 5)), rng.normal(size=3), rng.uniform(1.0, 2.0, size=3)
        bn = candidate.BatchNorm(3)
        bn.running_mean, bn.running_var = mean, var
        bn.forward(x, True)
        compare_buffers(bn, [x], mean, var, 0.1)
    with case("two layers of their own"):
        first, second = candidate.BatchNorm(2), candidate.BatchNorm(2)
        xs = data(rng, (2, 6, 2))
        first.forward(xs[0], True)
        second.forward(xs[1], True)
        compare_buffers(first, xs[:1], np.zeros(2), np.ones(2), 0.1)
        compare_buffers(second, xs[1:], np.zeros(2), np.ones(2), 0.1)
    with case("float32"):
        x = data(rng, (6, 2)).astype(np.float32)
        bn = candidate.BatchNorm(2)
        bn.forward(x, True)
        compare_buffers(bn, [x], np.zeros(2), np.ones(2), 0.1, rtol=1e-4)
        check_dtype("running_mean after float32 x", bn.running_mean, "float64")
        check_dtype("running_var after float32 x", bn.running_var, "float64")


def compare_buffers(bn, batches, mean, var, momentum, rtol=None):
    """The weights of all batches at once: batch i of k has momentum * (1 - momentum)^(k - 1 - i)."""
    k = len(batches)
    weights = [momentum * (1 - momentum) ** (k - 1 - i) for i in range(k)]
    expected = {"running_mean": (1 - momentum) ** k * mean, "running_var": (1 - momentum) ** k * var}
    for x, weight in zip(batches, weights, strict=True):
        of_channels = [statistics(x[:, c]) for c in range(len(mean))]
        expected["running_mean"] = expected["running_mean"] + weight * np.array([s[0] for s in of_channels])
        expected["running_var"] = expected["running_var"] + weight * np.array([s[2] for s in of_channels])
    check_close("running_mean", bn.running_mean, expected["running_mean"], rtol=rtol)
    check_close("running_var", bn.running_var, expected["running_var"], rtol=rtol)


@points(10)
def test_eval_mode(candidate, rng, case):
    """Evaluation normalises with the running buffers, leaves them as they are, and takes a batch of one."""
    with case("by hand"):
        bn = layer(candidate, np.array([3.0]), np.array([1.0]), eps=2.0)
        bn.running_mean, bn.running_var = np.array([1.0]), np.array([7.0])
        y = bn.forward(np.array([[3.0]]), False)  # (3 - 1) / root of 7 + 2, times 3, plus 1
        check_close("y", y, np.array([[3.0]]))
    with case("a new layer"):
        x = data(rng, (4, 3))
        y = candidate.BatchNorm(3).forward(x, False)
        check_close("y", y, x / math.sqrt(1 + 1e-5))
    for rank in (2, 4):
        for rows in (None, 1):
            shape = sizes(rng, rank)
            shape = (rows or shape[0], *shape[1:])
            with case(f"shape {shape}"):
                x = rng.normal(size=shape) + 1.0
                gamma, beta = affine(rng, shape[1])
                mean, var = rng.normal(size=shape[1]), rng.uniform(0.3, 3.0, size=shape[1])
                bn = layer(candidate, gamma, beta, eps=0.1)
                bn.forward(data(rng, (4, *shape[1:])), True)
                bn.running_mean, bn.running_var = mean, var
                y = bn.forward(x, training=False)
                check_close("y", y, normalised(x, gamma, beta, mean, var, 0.1))
                check_close("running_mean after evaluation", bn.running_mean, mean)
                check_close("running_var after evaluation", bn.running_var, var)
                check_close("gamma after evaluation", bn.gamma, gamma)
                check_close("beta after evaluation", bn.beta, beta)
    with case("one sample of shape (1, C, 1, 1)"):
        x = rng.normal(size=(1, 3, 1, 1))
        check_close("y", candidate.BatchNorm(3, eps=3.0).forward(x, False), x / 2)
    with case("float32"):
        x = rng.normal(size=(3, 2, 2, 4)).astype(np.float32)
        y = candidate.BatchNorm(2, eps=3.0).forward(x, False)
        check_close("y of float32", y, x / np.float32(2), dtype=True)
    with case("integers"):
        x = rng.integers(-5, 6, size=(3, 4))
        check_close("y of integers", candidate.BatchNorm(4, eps=3.0).forward(x, False), x / 2, dtype=True)


def compare_gradients(actual, expected, **options):
    names = ("dx", "dgamma", "dbeta")
    for name, a, e in zip(names, unpack("backward(dy)", actual, 3), expected, strict=True):
        check_close(name, a, e, **options)


@points(20)
def test_backward(candidate, rng, case):
    """backward gives the gradients with respect to x, gamma and beta, through mean and variance."""
    with case("by hand"):
        bn = layer(candidate, np.array([2.0]), np.array([0.0]), eps=1.75)
        # mean 3/2, variance 9/4, root of 9/4 + 7/4 = 2: xhat = -3/4, -3/4, 3/4, 3/4
        bn.forward(np.array([[0.0], [0.0], [3.0], [3.0]]), True)
        grads = bn.backward(np.array([[1.0], [0.0], [0.0], [0.0]]))
        # 2 / (4 * 2) * (4 dy - 1 + 3/4 xhat): (4 - 1 - 9/16) / 4, (-1 - 9/16) / 4, (-1 + 9/16) / 4 twice
        dx = np.array([[39 / 64], [-25 / 64], [-7 / 64], [-7 / 64]])
        compare_gradients(grads, (dx, np.array([-0.75]), np.array([1.0])))
    for rank in (2, 4):
        for eps in (1e-5, 0.4):
            x = data(rng, sizes(rng, rank))
            dy = rng.normal(size=x.shape) + 0.5
            gamma, beta = affine(rng, x.shape[1])
            with case(f"shape {x.shape}, eps {eps:g}"):
                bn = layer(candidate, gamma, beta, eps=eps)
                bn.forward(x, True)
                compare_gradients(bn.backward(dy), gradients(x, dy, gamma, eps))
    with case("the last training batch counts"):
        x, other, dy = data(rng, (5, 3)), data(rng, (4, 3)), rng.normal(size=(5, 3))
        gamma, beta = affine(rng, 3)
        bn = layer(candidate, gamma, beta)
        bn.forward(other, True)
        bn.backward(np.ones((4, 3)))
        bn.forward(x, True)
        bn.backward(2 * dy)
        compare_gradients(bn.backward(dy), gradients(x, dy, gamma))
    with case("an evaluation in between"):
        x, dy = data(rng, (4, 2, 3, 5)), rng.normal(size=(4, 2, 3, 5))
        gamma, beta = affine(rng, 2)
        bn = layer(candidate, gamma, beta)
        bn.forward(x, True)
        bn.forward(x + rng.normal(size=x.shape), False)
        compare_gradients(bn.backward(dy), gradients(x, dy, gamma))
    with case("dy stored channels last"):
        x, dy = data(rng, (3, 2, 4, 5)), rng.normal(size=(3, 4, 5, 2)).transpose(0, 3, 1, 2)
        gamma, beta = affine(rng, 2)
        bn = layer(candidate, gamma, beta)
        bn.forward(x, True)
        compare_gradients(bn.backward(dy), gradients(x, dy, gamma))
    with case("float32"):
        x, dy = data(rng, (4, 3, 2, 5)).astype(np.float32), rng.normal(size=(4, 3, 2, 5)).astype(np.float32)
        gamma, beta = affine(rng, 3)
        bn = layer(candidate, gamma, beta)
        bn.forward(x, True)
        expected = gradients(x.astype(np.float64), dy.astype(np.float64), gamma)
        compare_gradients(bn.backward(dy), [e.astype(np.float32) for e in expected], dtype=True)
    for shape in ((5, 2), (2, 2, 3, 1)):
        with case(f"central differences, shape {shape}"):
            x, weights = data(rng, shape), rng.normal(size=shape)
            grads, slopes = candidate.run(gradcheck, x, weights, *affine(rng, 2))
            for name, a, n in zip(("dx", "dgamma", "dbeta"), unpack("backward(dy)", grads, 3), slopes, strict=True):
                # relative to the larger of the two: about half of max|a| + max|n|
                check_close(name, a, n, rtol=0.0, atol=1e-6 * max(1e-8, 2 * np.abs(n).max()))


def gradcheck(m, x, weights, gamma, beta):
    """The learner's gradients and the slopes of the learner's own sum(weights * y). Runs in the candidate."""
    arrays, slopes = (x, gamma, beta), []

    def fresh():
        bn = m.BatchNorm(len(gamma), 0.3)
        bn.gamma, bn.beta = gamma.copy(), beta.copy()
        return bn, (weights * bn.forward(x.copy(), True)).sum()

    for array in arrays:
        slope = np.empty(array.shape)
        for index in np.ndindex(array.shape):
            kept, ends = array[index], []
            for step in (1e-5, -1e-5):
                array[index] = kept + step
                ends.append(fresh()[1])
            array[index] = kept
            slope[index] = (ends[0] - ends[1]) / 2e-5
        slopes.append(slope)
    return fresh()[0].backward(weights.copy()), slopes


@points(5)
def test_properties(candidate, rng, case):
    """Before gamma and beta a channel has mean 0 and variance 1, after them beta and gamma^2; dx sums to 0."""
    for rank in (2, 4):
        x = data(rng, sizes(rng, rank))
        channels, axes = x.shape[1], (0, 2, 3)[: rank - 1]
        gamma, beta = affine(rng, channels)
        for label, g, b in (("1 and 0", np.ones(channels), np.zeros(channels)), ("random", gamma, beta)):
            with case(f"{rank}-d, gamma and beta {label}"):
                y = np.asarray(layer(candidate, g, b, eps=1e-14).forward(x, True))
                check_shape("y", y, x.shape)
                check_close("the mean of each channel of y", y.mean(axis=axes), b)
                check_close("the variance of each channel of y", y.var(axis=axes), g**2)
        with case(f"{rank}-d, dx"):
            bn = layer(candidate, gamma, beta)
            bn.forward(x, True)
            dy = rng.normal(size=x.shape)
            dx = np.asarray(unpack("backward(dy)", bn.backward(dy), 3)[0])
            check_shape("dx", dx, x.shape)
            check_close("the sum of each channel of dx", dx.sum(axis=axes), np.zeros(channels), atol=1e-10)
            along = (dx * dy).sum(axis=axes) * gamma
            check((along > 0).all(), "dx points away from dy in a channel: gamma * sum(dx * dy) should be positive.")


@points(10)
def test_covariate_shift(candidate, rng, case):
    """The shift of each unit's mean is measured in its standard deviations; normalising both batches removes it."""
    with case("by hand"):
        before, after = np.array([[0.0, 1.0], [2.0, 5.0]]), np.array([[-2.0, 9.0], [-4.0, 3.0], [0.0, 3.0]])
        # means (1, 3) -> (-2, 5), deviations (1, 2): (3 / 1 + 2 / 2) / 2
        value = candidate.covariate_shift(before, after)
        check_close("covariate_shift(before, after)", value, 2.0, rtol=1e-7)
        check_type("covariate_shift(before, after)", value, float)
    for n, m in ((6, 6), (5, 8), (7, 1)):
        with case(f"{n} rows before, {m} after"):
            before, after = data(rng, (n, 4)), data(rng, (m, 4)) * 2 + rng.normal(scale=3.0, size=4)
            value = candidate.covariate_shift(before, after)
            check_close("covariate_shift(before, after)", value, shift_of(before, after))
    with case("after normalising both batches"):
        before, after = data(rng, (50, 3)), data(rng, (40, 3)) + 5.0
        check_close("covariate_shift(before, after)", candidate.covariate_shift(before, after), shift_of(before, after))
        before, after = (trained(x, np.ones(3), np.zeros(3)) for x in (before, after))
        value = candidate.covariate_shift(before, after)
        check_type("covariate_shift of normalised activations", value, float)
        check(0 <= value < 1e-6, f"covariate_shift of normalised activations is {value:.3g}, expected below 1e-6.")
    with case("a constant unit"), candidate.strict():
        before, after = np.array([[3.0, 1.0], [3.0, 2.0]]), np.array([[3.0, 4.0], [3.5, 6.0]])
        # 0.25 / 1e-8 and 3.5 / 0.5
        expected = (0.25 / 1e-8 + 3.5 / (0.5 + 1e-8)) / 2
        check_close("covariate_shift(before, after)", candidate.covariate_shift(before, after), expected)
    with case("inputs unchanged"):
        before, after = data(rng, (5, 2)), data(rng, (4, 2))
        candidate.covariate_shift(before, after)
        check_pure(candidate, "acts_before", "acts_after")


def shift_of(before, after):
    total = 0.0
    for old, new in zip(before.T, after.T, strict=True):
        mean, var, _ = statistics(old)
        total += abs(statistics(new)[0] - mean) / (math.sqrt(var) + 1e-8)
    return total / before.shape[1]


@points(5)
def test_stability(candidate, rng, case):
    """A constant channel gives beta and a finite gradient; a large offset does not spoil the variance."""
    for shape in ((6, 3), (3, 4, 2, 5)):
        x = data(rng, shape)
        x[:, 1] = 0.1
        dy = rng.normal(size=shape)
        gamma, beta = affine(rng, shape[1])
        with case(f"a constant channel, shape {shape}"), candidate.strict():
            bn = layer(candidate, gamma, beta)
            y = bn.forward(x, True)
            expected = trained(x, gamma, beta)
            expected[:, 1] = beta[1]
            check_close("y", y, expected)
            compare_gradients(bn.backward(dy), gradients(x, dy, gamma), atol=1e-9)
    with case("a running variance of 0"), candidate.strict():
        bn = candidate.BatchNorm(2)
        bn.running_mean, bn.running_var = np.ones(2), np.zeros(2)
        x = rng.normal(size=(3, 2))
        check_close("y", bn.forward(x, False), (x - 1) / math.sqrt(1e-5))
    for dtype, offset, spread, atol in ((np.float32, 1e6, 100.0, 1e-2), (np.float64, 1e8, 1.0, 1e-6)):
        # A mean that is rounded (a few units of 1/16 at 1e6, of 1e-8 at 1e8) shifts xhat by less than atol.
        for shape in ((8, 2), (2, 2, 2, 3)):
            x = (offset + spread * data(rng, shape)).astype(dtype)
            gamma, beta = np.ones(2), np.zeros(2)
            with case(f"an offset of {offset:g} in {np.dtype(dtype).name}, shape {shape}"):
                y = candidate.BatchNorm(2).forward(x, True)
                check_close("y", y, trained(x, gamma, beta).astype(dtype), atol=atol)


@points(10)
def test_errors_purity(candidate, rng, case):
    """Wrong numbers of channels and training on one value per channel raise ValueError; inputs stay as they are."""
    for c, shape in ((3, (4, 2)), (3, (4, 1)), (1, (4, 3)), (3, (2, 4, 5, 3)), (3, (2, 1, 4, 5)), (1, (2, 3, 4, 5))):
        for training in (True, False):
            what = f"x of shape {shape} with num_features={c}, training={training},"
            with case(what), check_raises(ValueError, what):
                candidate.BatchNorm(c).forward(rng.normal(size=shape), training)
    for shape in ((1, 3), (1, 3, 1, 1)):
        with case(f"training, shape {shape}"), check_raises(ValueError, f"training with x of shape {shape}"):
            candidate.BatchNorm(3).forward(rng.normal(size=shape), True)
    for shape in ((2, 3), (2, 3, 1, 1), (1, 3, 2, 1), (1, 3, 1, 2)):
        with case(f"training, two values, shape {shape}"):
            x = (np.repeat([1.0, 3.0], 3) if shape[0] == 2 else np.tile([1.0, 3.0], 3)).reshape(shape)
            y = candidate.BatchNorm(3, eps=3.0).forward(x, True)
            check_close("y", y, (x - 2) / 2)  # mean 2, variance 1, root of 1 + 3
    for rank in (2, 4):
        with case(f"inputs unchanged, {rank}-d"):
            x = data(rng, sizes(rng, rank))
            bn = layer(candidate, *affine(rng, x.shape[1]))
            for training in (False, True):
                bn.forward(x, training)
                check_fresh(candidate, "x")
            check_pure(candidate, "x")
            bn.backward(rng.normal(size=x.shape))
            check_fresh(candidate, "dy")
            check_pure(candidate, "dy")
