"""Each docstring is the line the learner reads. The oracle takes one set of values at a time, as plain floats."""

import math

import numpy as np

from dlkit.grader.compare import (
    check_close,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


def block(values, eps=1e-5):
    """xhat of one set of values, and the root it was divided by."""
    flat = [float(v) for v in values.flat]
    mean = math.fsum(flat) / len(flat)
    root = math.sqrt(math.fsum((v - mean) ** 2 for v in flat) / len(flat) + eps)
    return np.array([(v - mean) / root for v in flat]).reshape(values.shape), root


def layer(x, gamma, beta, eps=1e-5):
    out = np.empty(x.shape)
    for index in np.ndindex(x.shape[: x.ndim - gamma.ndim]):
        out[index] = block(x[index], eps)[0] * gamma + beta
    return out


def group(x, groups, gamma, beta, eps=1e-5):
    out = np.empty(x.shape)
    size = x.shape[1] // groups
    for n in range(len(x)):
        for first in range(0, x.shape[1], size):
            out[n, first : first + size] = block(x[n, first : first + size], eps)[0]
        for c in range(x.shape[1]):
            out[n, c] = out[n, c] * gamma[c] + beta[c]
    return out


def instance(x, eps=1e-5):
    return group(x, x.shape[1], np.ones(x.shape[1]), np.zeros(x.shape[1]), eps)


def gradients(dy, x, gamma, eps=1e-5):
    """dx by the whole D x D Jacobian of each row, dgamma and dbeta row by row."""
    d = len(gamma)
    dx, dgamma, dbeta = np.empty(x.shape), np.zeros(d), np.zeros(d)
    for index in np.ndindex(x.shape[:-1]):
        xhat, root = block(x[index], eps)
        jacobian = np.diag(gamma) @ (np.eye(d) - 1 / d - np.outer(xhat, xhat) / d) / root
        dx[index] = dy[index] @ jacobian
        dgamma, dbeta = dgamma + dy[index] * xhat, dbeta + dy[index]
    return dx, dgamma, dbeta


def shape_of(rng, rank):
    return tuple(int(n) for n in rng.permutation([3, 4, 5, 2] if rank == 4 else [3, 4, 5])[:rank])


def data(rng, shape):
    """Samples and channels of different means and spreads; the entries of a row are never nearly equal."""
    values = rng.permuted(np.broadcast_to(np.linspace(-1.5, 1.5, shape[-1]), shape), axis=-1)
    values = values + rng.uniform(-0.1, 0.1, size=shape)
    blocks = [*(n if axis < 2 else 1 for axis, n in enumerate(shape[:-1])), 1]
    return values * rng.uniform(0.5, 3.0, size=blocks) + rng.uniform(-3.0, 3.0, size=blocks)


def affine(rng, shape):
    return rng.uniform(0.4, 2.5, size=shape) * rng.choice([-1, 1], size=shape), rng.normal(size=shape) + 3.0


def channels_last(x):
    return np.ascontiguousarray(np.moveaxis(x, 1, -1)).transpose(0, 3, 1, 2)


@points(20)
def test_layer_value(candidate, rng, case):
    """layer_norm normalises everything that gamma covers, one leading index at a time."""
    with case("by hand"):
        # mean 2, variance 1, root of 1 + 3: -1/2 and 1/2; times 4 and 2, plus 1 and 0
        y = candidate.layer_norm(np.array([[1.0, 3.0]]), np.array([4.0, 2.0]), np.array([1.0, 0.0]), eps=3.0)
        check_close("layer_norm([[1, 3]], [4, 2], [1, 0], eps=3)", y, np.array([[-1.0, 1.0]]))
    for rank in (1, 2, 3, 4):
        for covered in range(1, min(3, rank) + 1):
            x = data(rng, shape_of(rng, rank))
            gamma, beta = affine(rng, x.shape[-covered:])
            eps = float(rng.uniform(0.05, 1.0))
            with case(f"x {x.shape}, gamma {gamma.shape}"):
                y = candidate.layer_norm(x, gamma, beta)
                check_close("layer_norm(x, gamma, beta)", y, layer(x, gamma, beta))
            with case(f"x {x.shape}, gamma {gamma.shape}, eps {eps:.3g}"):
                y = candidate.layer_norm(x, gamma, beta, eps)
                check_close("layer_norm(x, gamma, beta, eps)", y, layer(x, gamma, beta, eps))
    for shape, covered in (((6, 5), 1), ((3, 4, 2), 2)):
        x = data(rng, shape).astype(np.float32)
        gamma, beta = (a.astype(np.float32) for a in affine(rng, shape[-covered:]))
        with case(f"float32, {len(shape)}-d"):
            y = candidate.layer_norm(x, gamma, beta)
            check_close("layer_norm of float32", y, layer(x, gamma, beta).astype(np.float32), dtype=True)
    with case("integers"):
        x, (gamma, beta) = rng.integers(-3, 4, size=(4, 3)) + np.array([0, 9, 20]), affine(rng, 3)
        y = candidate.layer_norm(x, gamma, beta)
        check_close("layer_norm of integers", y, layer(x, gamma, beta), dtype=True)
    with case("views of other arrays"):
        x = data(rng, (2, 3, 5, 4))
        for covered in (1, 3):
            gamma, beta = affine(rng, x.shape[-covered:])
            y = candidate.layer_norm(channels_last(x), gamma, beta)
            check_close("layer_norm of an image stored channels last", y, layer(x, gamma, beta))
    with case("a constant row"), candidate.strict():
        x, (gamma, beta) = data(rng, (3, 4)), affine(rng, 4)
        x[1] = 0.1
        expected = layer(x, gamma, beta)
        expected[1] = beta
        check_close("layer_norm with a row of 0.1", candidate.layer_norm(x, gamma, beta), expected)
    with case("an offset of 1e8"):
        # a mean that is rounded at 1e8 is off by about 1e-8
        x = 1e8 + data(rng, (4, 6))
        ones, zeros = np.ones(6), np.zeros(6)
        check_close("layer_norm(x + 1e8)", candidate.layer_norm(x, ones, zeros), layer(x, ones, zeros), atol=1e-6)


@points(20)
def test_layer_backward(candidate, rng, case):
    """layer_norm_backward gives the gradients with respect to x, gamma and beta, through mean and variance."""
    with case("by hand"):
        x, gamma = np.array([[0.0, 0.0, 3.0, 3.0]]), np.array([2.0, 1.0, 1.0, 1.0])
        grads = candidate.layer_norm_backward(np.array([[1.0, 0.0, 0.0, 0.0]]), x, gamma, eps=1.75)
        # variance 9/4, root of 4: xhat = (-3, -3, 3, 3) / 4; dxhat = (2, 0, 0, 0), its mean 1/2, along xhat -3/8:
        # (2 - 1/2 - 9/32) / 2, (-1/2 - 9/32) / 2, (-1/2 + 9/32) / 2 twice
        dx = np.array([[39.0, -25.0, -7.0, -7.0]]) / 64
        compare(grads, (dx, np.array([-0.75, 0.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0, 0.0])))
    for rank in (1, 2, 3, 4):
        x = data(rng, shape_of(rng, rank))
        dy, (gamma, _) = rng.normal(size=x.shape) + 0.5, affine(rng, x.shape[-1])
        eps = float(rng.uniform(0.05, 1.0))
        with case(f"shape {x.shape}"):
            compare(candidate.layer_norm_backward(dy, x, gamma), gradients(dy, x, gamma))
        with case(f"shape {x.shape}, eps {eps:.3g}"):
            compare(candidate.layer_norm_backward(dy, x, gamma, eps), gradients(dy, x, gamma, eps))
    with case("float32"):
        x, dy = data(rng, (3, 2, 5)).astype(np.float32), rng.normal(size=(3, 2, 5)).astype(np.float32)
        gamma = affine(rng, 5)[0].astype(np.float32)
        grads = candidate.layer_norm_backward(dy, x, gamma)
        compare(grads, [g.astype(np.float32) for g in gradients(dy, x, gamma)], dtype=True)
    with case("integer x"):
        x, dy, (gamma, _) = rng.permuted(np.tile([1, 4, 6], (4, 1)), axis=1), rng.normal(size=(4, 3)), affine(rng, 3)
        compare(candidate.layer_norm_backward(dy, x, gamma), gradients(dy, x, gamma), dtype=True)
    with case("views of other arrays"):
        x, dy, (gamma, _) = data(rng, (2, 3, 5, 4)), rng.normal(size=(4, 5, 3, 2)).T, affine(rng, 4)
        compare(candidate.layer_norm_backward(dy, channels_last(x), gamma), gradients(dy, x, gamma))
    with case("a constant row"), candidate.strict():
        x, dy, (gamma, _) = data(rng, (3, 4)), rng.normal(size=(3, 4)), affine(rng, 4)
        x[1] = 0.1
        compare(candidate.layer_norm_backward(dy, x, gamma), gradients(dy, x, gamma), atol=1e-9)
    with case("central differences"):
        x, weights = data(rng, (2, 3, 4)), rng.normal(size=(2, 3, 4))
        gamma, beta = affine(rng, 4)
        grads, slopes = candidate.run(gradcheck, x, weights, gamma, beta)
        for name, a, n in zip(("dx", "dgamma", "dbeta"), unpack("the gradients", grads, 3), slopes, strict=True):
            # relative to the larger of the two: about half of max|a| + max|n|
            check_close(name, a, n, rtol=0.0, atol=1e-6 * max(1e-8, 2 * np.abs(n).max()))


def compare(actual, expected, **options):
    names = ("dx", "dgamma", "dbeta")
    for name, a, e in zip(names, unpack("layer_norm_backward(dy, x, gamma)", actual, 3), expected, strict=True):
        check_close(name, a, e, **options)


def gradcheck(m, x, weights, gamma, beta):
    """The learner's gradients and the slopes of the learner's own sum(weights * y). Runs in the candidate."""
    slopes = []
    for array in (x, gamma, beta):
        slope = np.empty(array.shape)
        for index in np.ndindex(array.shape):
            kept, ends = array[index], []
            for step in (1e-5, -1e-5):
                array[index] = kept + step
                ends.append((weights * m.layer_norm(x.copy(), gamma.copy(), beta.copy(), 0.3)).sum())
            array[index] = kept
            slope[index] = (ends[0] - ends[1]) / 2e-5
        slopes.append(slope)
    return m.layer_norm_backward(weights.copy(), x.copy(), gamma.copy(), 0.3), slopes


@points(15)
def test_instance_value(candidate, rng, case):
    """instance_norm normalises the pixels of each channel of each sample."""
    with case("by hand"):
        x = np.array([1.0, 5.0, 11.0, 7.0]).reshape(1, 2, 1, 2)  # means 3 and 9, variances 4, root of 4 + 5
        y = candidate.instance_norm(x, eps=5.0)
        check_close("instance_norm(x, eps=5)", y, np.array([-2.0, 2.0, 2.0, -2.0]).reshape(1, 2, 1, 2) / 3)
    for _ in range(3):
        x, eps = data(rng, shape_of(rng, 4)), float(rng.uniform(0.05, 1.0))
        with case(f"shape {x.shape}"):
            check_close("instance_norm(x)", candidate.instance_norm(x), instance(x))
        with case(f"shape {x.shape}, eps {eps:.3g}"):
            check_close("instance_norm(x, eps)", candidate.instance_norm(x, eps), instance(x, eps))
    with case("float32"):
        x = data(rng, (2, 3, 5, 4)).astype(np.float32)
        check_close("instance_norm of float32", candidate.instance_norm(x), instance(x).astype(np.float32), dtype=True)
    with case("integers"):
        x = rng.integers(0, 256, size=(2, 3, 4, 5))
        check_close("instance_norm of integers", candidate.instance_norm(x), instance(x), dtype=True)
    with case("an image stored channels last"):
        x = data(rng, (2, 3, 5, 4))
        check_close("instance_norm of a view", candidate.instance_norm(channels_last(x)), instance(x))
    with case("a constant channel"), candidate.strict():
        x = data(rng, (2, 3, 5, 4))
        x[1, 2] = 0.1
        check_close("instance_norm with a channel of 0.1", candidate.instance_norm(x), instance(x), atol=1e-10)
    with case("an offset of 1e8"):
        x = 1e8 + data(rng, (2, 3, 2, 4))
        check_close("instance_norm(x + 1e8)", candidate.instance_norm(x), instance(x), atol=1e-6)


@points(20)
def test_group_value(candidate, rng, case):
    """group_norm normalises contiguous groups of channels and scales and shifts each channel."""
    with case("by hand"):
        # groups (1, 5) and (11, 7): deviations of 2, root of 4 + 5; then times gamma, plus beta
        x = np.array([1.0, 5.0, 11.0, 7.0]).reshape(1, 4, 1, 1)
        gamma, beta = np.array([3.0, 3.0, 3.0, 6.0]), np.array([0.0, 0.0, 1.0, 1.0])
        y = candidate.group_norm(x, 2, gamma, beta, eps=5.0)
        check_close("group_norm(x, 2, gamma, beta, eps=5)", y, np.array([-2.0, 2.0, 3.0, -3.0]).reshape(1, 4, 1, 1))
    for groups in (1, 2, 3, 6):
        h, w, n = (int(k) for k in rng.permutation([2, 3, 5]))
        x, (gamma, beta), eps = data(rng, (n, 6, h, w)), affine(rng, 6), float(rng.uniform(0.05, 1.0))
        with case(f"shape {x.shape}, {groups} groups"):
            y = candidate.group_norm(x, groups, gamma, beta)
            check_close("group_norm(x, num_groups, gamma, beta)", y, group(x, groups, gamma, beta))
        with case(f"shape {x.shape}, {groups} groups, eps {eps:.3g}"):
            y = candidate.group_norm(x, groups, gamma, beta, eps)
            check_close("group_norm(x, num_groups, gamma, beta, eps)", y, group(x, groups, gamma, beta, eps))
    with case("as many groups as samples"):
        x, (gamma, beta) = data(rng, (2, 4, 3, 5)), affine(rng, 4)
        y = candidate.group_norm(x, num_groups=2, gamma=gamma, beta=beta)
        check_close("group_norm(x, 2, gamma, beta)", y, group(x, 2, gamma, beta))
    with case("as many pixels in a row as channels"):
        x, (gamma, beta) = data(rng, (3, 4, 2, 4)), affine(rng, 4)
        check_close("group_norm(x, 2, gamma, beta)", candidate.group_norm(x, 2, gamma, beta), group(x, 2, gamma, beta))
    with case("float32"):
        x = data(rng, (2, 6, 3, 4)).astype(np.float32)
        gamma, beta = (a.astype(np.float32) for a in affine(rng, 6))
        y = candidate.group_norm(x, 3, gamma, beta)
        check_close("group_norm of float32", y, group(x, 3, gamma, beta).astype(np.float32), dtype=True)
    with case("integers"):
        x, (gamma, beta) = rng.integers(0, 256, size=(2, 6, 3, 4)), affine(rng, 6)
        y = candidate.group_norm(x, 2, gamma, beta)
        check_close("group_norm of integers", y, group(x, 2, gamma, beta), dtype=True)
    with case("an image stored channels last"):
        x, (gamma, beta) = data(rng, (2, 6, 3, 4)), affine(rng, 6)
        y = candidate.group_norm(channels_last(x), 3, gamma, beta)
        check_close("group_norm of a view", y, group(x, 3, gamma, beta))
    with case("a constant group"), candidate.strict():
        x, (gamma, beta) = data(rng, (2, 6, 3, 4)), affine(rng, 6)
        x[1, 2:4] = 0.1
        y = candidate.group_norm(x, 3, gamma, beta)
        check_close("group_norm with a group of 0.1", y, group(x, 3, gamma, beta), atol=1e-10)
    with case("an offset of 1e8"):
        x = 1e8 + data(rng, (2, 4, 2, 3))
        y = candidate.group_norm(x, 2, np.ones(4), np.zeros(4))
        check_close("group_norm(x + 1e8)", y, group(x, 2, np.ones(4), np.zeros(4)), atol=1e-6)


@points(5)
def test_axes(candidate, case):
    """normalized_axes names the axes that share one mean, for each of the four normalisations."""
    for kind, axes in (("batch", (0, 2, 3)), ("layer", (1, 2, 3)), ("instance", (2, 3)), ("group", (2, 3, 4))):
        with case(kind):
            result = candidate.normalized_axes(kind)
            check_type(f"normalized_axes({kind!r})", result, tuple)
            check_equal(f"normalized_axes({kind!r})", result, axes)


@points(10)
def test_identities(candidate, rng, case):
    """Group norm becomes instance norm and layer norm at its ends, and no result depends on the other samples."""
    x = data(rng, (3, 4, 2, 5))
    gamma, beta = np.ones(4), np.zeros(4)
    with case("one channel per group"):
        check_close("group_norm(x, C)", candidate.group_norm(x, 4, gamma, beta), instance(x))
        check_close("instance_norm(x)", candidate.instance_norm(x), instance(x))
    with case("one group"):
        ones, zeros = np.ones(x.shape[1:]), np.zeros(x.shape[1:])
        check_close("group_norm(x, 1)", candidate.group_norm(x, 1, gamma, beta), layer(x, ones, zeros))
        check_close("layer_norm over (C, H, W)", candidate.layer_norm(x, ones, zeros), layer(x, ones, zeros))
    gamma, beta = affine(rng, 4)
    wide = affine(rng, 5)
    for i in range(3):
        with case(f"sample {i} by itself"):
            one = x[i : i + 1]
            check_close("instance_norm of one sample", candidate.instance_norm(one), instance(x)[i : i + 1])
            y = candidate.group_norm(one, 2, gamma, beta)
            check_close("group_norm of one sample", y, group(x, 2, gamma, beta)[i : i + 1])
            check_close("layer_norm of one sample", candidate.layer_norm(one, *wide), layer(x, *wide)[i : i + 1])
    with case("the other samples change"):
        other = np.concatenate([x[:1], 100 * data(rng, (2, 4, 2, 5))])
        check_close("instance_norm of sample 0", first(candidate.instance_norm(other), other), instance(x)[0])
        y = candidate.group_norm(other, 2, gamma, beta)
        check_close("group_norm of sample 0", first(y, other), group(x, 2, gamma, beta)[0])
        check_close("layer_norm of sample 0", first(candidate.layer_norm(other, *wide), other), layer(x, *wide)[0])


def first(y, x):
    check_shape("the result", y, x.shape)
    return np.asarray(y)[0]


@points(10)
def test_errors_purity(candidate, rng, case):
    """Shapes that do not fit, groups that do not divide C and unknown kinds raise ValueError; inputs stay unchanged."""
    x = rng.normal(size=(2, 4, 3))
    good = {"gamma": rng.normal(size=3), "beta": rng.normal(size=3)}
    for name in good:
        for shape in ((4,), (1,), (4, 1), (2, 4, 1), (1, 3), (5, 2, 4, 3)):
            what = f"layer_norm of x (2, 4, 3) with {name} of shape {shape}"
            with case(what), check_raises(ValueError, what):
                candidate.layer_norm(x, **{**good, name: rng.normal(size=shape)})
    for shape in ((3, 4), (4, 1), (1,), (2, 1, 3)):
        what = f"layer_norm of x (2, 4, 3) with gamma and beta of shape {shape}"
        with case(what), check_raises(ValueError, what):
            candidate.layer_norm(x, *rng.normal(size=(2, *shape)))
    image = rng.normal(size=(2, 6, 3, 4))
    good = {"gamma": rng.normal(size=6), "beta": rng.normal(size=6)}
    for groups in (4, 5, 12, 0, -2):
        what = f"group_norm of 6 channels with num_groups={groups}"
        with case(what), check_raises(ValueError, what):
            candidate.group_norm(image, groups, **good)
    for name in good:
        for shape in ((1,), (3,), (4,), (6, 1)):
            what = f"group_norm of 6 channels with {name} of shape {shape}"
            with case(what), check_raises(ValueError, what):
                candidate.group_norm(image, 3, **{**good, name: rng.normal(size=shape)})
    for kind in ("Batch", "rms", ""):
        with case(f"kind {kind!r}"), check_raises(ValueError, f"normalized_axes({kind!r})"):
            candidate.normalized_axes(kind)
    with case("inputs unchanged"):
        for shape in ((3,), (4, 3)):
            candidate.layer_norm(x, *rng.normal(size=(2, *shape)))
            check_fresh(candidate, "x", "gamma", "beta")
        check_pure(candidate, "x", "gamma", "beta")
    with case("inputs of the gradient unchanged"):
        candidate.layer_norm_backward(rng.normal(size=(2, 4, 3)), x, rng.normal(size=3))
        check_pure(candidate, "dy", "x", "gamma")
        check_fresh(candidate, "dy", "x", "gamma")
        candidate.layer_norm_backward(rng.normal(size=3), x[0, 0], rng.normal(size=3))
        check_pure(candidate, "dy", "x", "gamma")
        check_fresh(candidate, "dy", "x", "gamma")
    with case("images unchanged"):
        candidate.instance_norm(image)
        check_fresh(candidate, "x")
        candidate.group_norm(image, 2, **good)
        check_fresh(candidate, "x")
        check_pure(candidate, "x")
