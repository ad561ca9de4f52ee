"""Each docstring is the line the learner reads.

The oracle goes the other way round, in forward mode: it pushes one direction for each entry of x, W_l and b_l through
the network and reads off how fast the loss changes along it.
"""

import itertools
import math

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
    unpack,
)
from dlkit.grader.plugin import points

ACTIVATIONS = ("relu", "sigmoid", "tanh", "identity")
LOSSES = ("cross_entropy", "mse")


# The oracle


def directions(arrays):
    """For each array the unit directions of all arrays' entries together: shape (entries of all, *shape)."""
    total, start, result = sum(a.size for a in arrays), 0, []
    for array in arrays:
        units = np.zeros((total, array.size))
        units[start : start + array.size] = np.eye(array.size)
        result.append(units.reshape(total, *array.shape))
        start += array.size
    return result


def activate(z, activation):
    """act(z) and act'(z)."""
    if activation == "relu":
        return z * (z > 0), np.where(z > 0, 1.0, 0.0)
    if activation == "identity":
        return z, np.ones(z.shape)
    e = np.exp(-np.abs(z))
    if activation == "sigmoid":
        return np.where(z >= 0, 1.0, e) / (1 + e), e / (1 + e) ** 2
    return np.sign(z) * (1 - e**2) / (1 + e**2), 4 * e**2 / (1 + e**2) ** 2


def oracle(x, y, params, activation="relu", loss="cross_entropy"):
    """The loss, [(dW, db), ...] and dx, in float64."""
    arrays = [np.asarray(a, dtype=np.float64) for a in (x, *(part for pair in params for part in pair))]
    moves = directions(arrays)
    a, da = arrays[0], moves[0]
    for i in range(1, len(arrays), 2):
        W, b, dW, db = arrays[i], arrays[i + 1], moves[i], moves[i + 1]
        z = np.einsum("ni,oi->no", a, W) + b
        dz = np.einsum("pni,oi->pno", da, W) + np.einsum("ni,poi->pno", a, dW) + db[:, None]
        a, slope = activate(z, activation)
        da = dz * slope
    if loss == "mse":
        value, slopes = np.mean((z - y) ** 2), np.mean(2 * (z - y) * dz, axis=(1, 2))
    else:
        rows, top = np.arange(len(z)), z.max(axis=1, keepdims=True)
        p = np.exp(z - top) / np.exp(z - top).sum(axis=1, keepdims=True)
        log_sum = top[:, 0] + np.log(np.exp(z - top).sum(axis=1))
        value = np.mean(log_sum - z[rows, y])
        slopes = np.mean((p * dz).sum(axis=2) - dz[:, rows, y], axis=1)
    parts = np.split(slopes, np.cumsum([a.size for a in arrays])[:-1])
    dx, *rest = [part.reshape(a.shape) for part, a in zip(parts, arrays, strict=True)]
    return float(value), list(zip(rest[::2], rest[1::2], strict=True)), dx


# Networks


def network(rng, sizes, dtype=np.float64):
    """Weights and biases; the biases are positive on average, so that some relu units of every layer are on."""
    return [
        ((rng.normal(size=(o, i)) * 1.5 / np.sqrt(i)).astype(dtype), rng.normal(0.3, 0.5, size=o).astype(dtype))
        for i, o in itertools.pairwise(sizes)
    ]


def problem(rng, sizes, loss, n=8, dtype=np.float64):
    """x, y and params for layers of these sizes."""
    x = rng.normal(size=(n, sizes[0])).astype(dtype)
    y = rng.integers(sizes[-1], size=n) if loss == "cross_entropy" else rng.normal(size=(n, sizes[-1])).astype(dtype)
    return x, y, network(rng, sizes, dtype)


def widths(rng, depth):
    return [int(s) for s in rng.choice([2, 3, 4, 5, 6, 7], size=depth + 1, replace=False)]


def answer(candidate, *args):
    """The learner's (loss, grads, dx)."""
    return unpack("mlp_loss_and_grads", candidate.mlp_loss_and_grads(*args), 3)


def by_hand():
    """Two relu layers with mean squared error, N = 1, small enough for paper."""
    x, y = np.array([[2.0, -1.0]]), np.array([[3.0, 0.0]])
    W1, b1 = np.array([[1.0, -1.0], [2.0, 5.0], [0.0, 1.0]]), np.array([0.0, 0.0, 3.0])
    W2, b2 = np.array([[1.0, 4.0, 2.0], [0.0, -3.0, 1.0]]), np.array([-2.0, 1.0])
    # z1 = [2 + 1, 4 - 5, -1 + 3] = [3, -1, 2], a1 = [3, 0, 2]; z2 = [3 + 0 + 4 - 2, 0 + 0 + 2 + 1] = [5, 3]
    # loss = ((5 - 3)^2 + (3 - 0)^2) / 2 = 6.5; delta2 = 2 [2, 3] / 2 = [2, 3]
    # da1 = 2 [1, 4, 2] + 3 [0, -3, 1] = [2, -1, 7]; relu' = [1, 0, 1]; delta1 = [2, 0, 7]
    # dx = 2 [1, -1] + 7 [0, 1] = [2, 5]
    grads = [
        (np.array([[4.0, -2.0], [0.0, 0.0], [14.0, -7.0]]), np.array([2.0, 0.0, 7.0])),
        (np.array([[6.0, 0.0, 4.0], [9.0, 0.0, 6.0]]), np.array([2.0, 3.0])),
    ]
    return (x, y, [(W1, b1), (W2, b2)], "relu", "mse"), (6.5, grads, np.array([[2.0, 5.0]]))


# The checks


@points(10)
def test_loss_value(candidate, rng, case):
    """The loss is the mean cross-entropy over the rows, or the mean squared error over all entries."""
    with case("by hand"):
        args, expected = by_hand()
        check_close("loss", answer(candidate, *args)[0], expected[0])
    for activation in ACTIVATIONS:
        for loss in LOSSES:
            args = (*problem(rng, widths(rng, 3), loss), activation, loss)
            expected, _, _ = oracle(*args)
            with case(f"{activation}, {loss}"):
                check_close("loss", answer(candidate, *args)[0], expected)
    with case("relu and cross_entropy by default"):
        args = problem(rng, widths(rng, 2), "cross_entropy")
        expected, _, _ = oracle(*args)
        check_close("loss", answer(candidate, *args)[0], expected)
    with case("one output"):
        args = (*problem(rng, [3, 4, 1], "mse"), "tanh", "mse")
        expected, _, _ = oracle(*args)
        check_close("loss", answer(candidate, *args)[0], expected)
    for dtype in (np.float64, np.float32):
        with case(f"a Python float, from {np.dtype(dtype)}"):
            x, y, params = problem(rng, [3, 2, 4], "cross_entropy", dtype=dtype)
            expected, _, _ = oracle(x, y, params, "tanh")
            loss, _, _ = answer(candidate, x, y.astype(np.int32), params, "tanh")
            check_type("loss", loss, float)
            check_close("loss", loss, np.asarray(expected, dtype))


@points(30)
def test_grad_value(candidate, rng, case):
    """The gradients of all weights and biases are right, for 1 to 5 layers, every activation and both losses."""
    with case("by hand"):
        args, expected = by_hand()
        check_close("grads", answer(candidate, *args)[1], expected[1])
    for depth in range(1, 6):
        for i, activation in enumerate(ACTIVATIONS):
            loss = LOSSES[(depth + i) % 2]
            args = (*problem(rng, widths(rng, depth), loss), activation, loss)
            _, expected, _ = oracle(*args)
            with case(f"{depth} layers, {activation}, {loss}"):
                check_close("grads", answer(candidate, *args)[1], expected, rtol=1e-9)
    with case("relu and cross_entropy by default"):
        args = problem(rng, widths(rng, 3), "cross_entropy")
        _, expected, _ = oracle(*args)
        check_close("grads", answer(candidate, *args)[1], expected)
    with case("relu exactly at 0"):
        args = (*at_the_kink(rng), "relu", "mse")
        _, expected, _ = oracle(*args)
        check_close("grads", answer(candidate, *args)[1], expected)
    with case("layers of one size"):
        args = (*problem(rng, [4, 4, 4, 4], "cross_entropy"), "sigmoid")
        _, expected, _ = oracle(*args)
        check_close("grads", answer(candidate, *args)[1], expected)
    with case("transposed views"):
        x, y, params = problem(rng, [3, 5, 2], "cross_entropy")
        args = (x.T.copy().T, y, [(W.T.copy().T, b) for W, b in params], "tanh", "cross_entropy")
        _, expected, _ = oracle(*args)
        check_close("grads", answer(candidate, *args)[1], expected)
    for loss in LOSSES:
        with case(f"float32, {loss}"):
            args = (*problem(rng, [3, 5, 2, 4], loss, dtype=np.float32), "tanh", loss)
            expected = [tuple(g.astype(np.float32) for g in pair) for pair in oracle(*args)[1]]
            check_close("grads of float32", answer(candidate, *args)[1], expected, dtype=True)


def at_the_kink(rng):
    """A hidden unit whose pre-activation is exactly 0 in every row, in whole numbers, whatever the order of the sum."""
    x, y, params = problem(rng, [3, 4, 2], "mse", n=5)
    x = np.round(3 * x)
    x[:, 1] = x[:, 0]
    W, b = params[0]
    W[2], b[2] = [2.0, -2.0, 0.0], 0.0
    return x, y, params


@points(15)
def test_gradcheck(candidate, rng, case):
    """The gradients agree with central differences of your own loss (two tanh layers, relative error below 1e-6)."""
    for loss in LOSSES:
        x, y, params = problem(rng, [3, 4, 2], loss, n=5)
        with case(loss):
            _, grads, dx = answer(candidate, x.copy(), y.copy(), copied(params), "tanh", loss)
            slopes = candidate.run(central_differences, x, y, params, loss)
            names = ["dx", "dW_1", "db_1", "dW_2", "db_2"]
            first, second = (unpack("an entry of grads", pair, 2) for pair in unpack("grads", grads, 2))
            for name, a, n in zip(names, [dx, *first, *second], slopes, strict=True):
                check_close(name, a, n, rtol=0.0, atol=1e-6 * max(1e-8, 2 * np.abs(n).max()))


def copied(params):
    return [(W.copy(), b.copy()) for W, b in params]


def central_differences(m, x, y, params, loss):
    """The slope of the learner's loss along each entry of x, W_1, b_1, W_2, b_2. Runs in the candidate."""
    arrays = [x, *(part for pair in params for part in pair)]
    slopes = []
    for array in arrays:
        slope = np.empty(array.shape)
        for index in np.ndindex(array.shape):
            kept, ends = array[index], []
            for step in (1e-5, -1e-5):
                array[index] = kept + step
                ends.append(m.mlp_loss_and_grads(x.copy(), y.copy(), copied(params), "tanh", loss)[0])
            array[index] = kept
            slope[index] = (ends[0] - ends[1]) / 2e-5
        slopes.append(slope)
    return slopes


@points(10)
def test_input_grad(candidate, rng, case):
    """The gradient with respect to the input is right, for 1 to 4 layers, every activation and both losses."""
    with case("by hand"):
        args, expected = by_hand()
        check_close("dx", answer(candidate, *args)[2], expected[2])
    for depth in range(1, 5):
        for i, activation in enumerate(ACTIVATIONS):
            loss = LOSSES[(depth + i + 1) % 2]
            args = (*problem(rng, widths(rng, depth), loss), activation, loss)
            _, _, expected = oracle(*args)
            with case(f"{depth} layers, {activation}, {loss}"):
                check_close("dx", answer(candidate, *args)[2], expected, rtol=1e-9)
    with case("relu exactly at 0"):
        args = (*at_the_kink(rng), "relu", "mse")
        _, _, expected = oracle(*args)
        check_close("dx", answer(candidate, *args)[2], expected)
    with case("float32"):
        args = (*problem(rng, [3, 5, 2], "mse", dtype=np.float32), "sigmoid", "mse")
        _, _, expected = oracle(*args)
        check_close("dx of float32", answer(candidate, *args)[2], expected.astype(np.float32), dtype=True)


@points(10)
def test_batch_scaling(candidate, rng, case):
    """A batch repeated k times has the same loss and gradients, and each copy of a row gets 1/k of its dx."""
    for loss in LOSSES:
        for k in (2, 3):
            x, y, params = problem(rng, widths(rng, 2), loss, n=4)
            many = np.concatenate([x] * k), np.concatenate([y] * k)
            with case(f"{loss}, {k} copies"):
                value, grads, dx = answer(candidate, x, y, copied(params), "tanh", loss)
                loss_k, grads_k, dx_k = answer(candidate, *many, copied(params), "tanh", loss)
                check_shape("dx", dx, x.shape)
                check_close("loss of the repeated batch", loss_k, value)
                check_close("grads of the repeated batch", grads_k, grads)
                check_close("dx of the repeated batch", dx_k, np.concatenate([dx / k] * k))


@points(10)
def test_stability(candidate, rng, case):
    """Logits and pre-activations of +-1e4 give the right loss and gradients, without overflow or warnings."""
    for depth in (1, 2):
        for label, which in (("most", np.argmax), ("least", np.argmin)):
            x, _, params = problem(rng, widths(rng, depth), "cross_entropy")
            params[-1] = (params[-1][0] * 1e4, params[-1][1])
            a = x if depth == 1 else np.tanh(x @ params[0][0].T + params[0][1])
            y = which(a @ params[-1][0].T + params[-1][1], axis=1)
            expected = oracle(x, y, params, "tanh")
            with case(f"{depth} layers, logits of 1e4, the {label} likely class is right"), candidate.strict():
                compare(answer(candidate, x, y, params, "tanh"), expected)
    for activation in ("sigmoid", "tanh"):
        x, y, params = problem(rng, widths(rng, 2), "cross_entropy")
        params[0] = (params[0][0], np.resize([1e4, -1e4, 0.0], params[0][1].shape))
        expected = oracle(x, y, params, activation)
        with case(f"{activation} of 1e4 and -1e4"), candidate.strict():
            compare(answer(candidate, x, y, params, activation), expected)


def compare(actual, expected):
    for name, a, e in zip(("loss", "grads", "dx"), actual, expected, strict=True):
        check_close(name, a, e)


@points(10)
def test_cost_purity(candidate, rng, case):
    """Nothing given is changed, each gradient is an array of its own, and one backward pass is enough."""
    for activation in ACTIVATIONS:
        for loss in LOSSES:
            with case(f"inputs unchanged: {activation}, {loss}"):
                x, y, params = problem(rng, widths(rng, 3), loss)
                candidate.mlp_loss_and_grads(x, y, params, activation, loss)
                check_pure(candidate, "x", "y", "params")
                check_fresh(candidate, "x", "y", "params")
    with case("separate arrays"):
        shared, rewritten = candidate.run(ownership, *problem(rng, [4, 4, 4, 4], "mse"))
        check_equal("pairs of gradients that share memory", shared, [])
        check_equal("gradients that the next call overwrites", rewritten, [])
    for loss in LOSSES:
        sizes = [int(s) for s in rng.choice([9, 10, 11, 12, 13, 14, 15], size=7, replace=False)]
        with case(f"multiplications, {loss}"):
            done = candidate.run(multiplications, *problem(rng, sizes, loss, n=16), loss)
            passes = done / sum(16 * i * o for i, o in itertools.pairwise(sizes))
            check(
                passes <= 4.5,
                f"Your matrix products take {passes:.3g} times the multiplications of one forward pass: 3 are needed"
                f" (forward, and two products per layer back), 4.5 allowed. Keep the a and z of the forward pass.",
            )


def ownership(m, x, y, params):
    """Which gradients overlap in memory, and which of them a second call changes. Runs in the candidate."""
    _, grads, dx = m.mlp_loss_and_grads(x, y, params, "tanh", "mse")
    named = {"dx": dx}
    for i, (dW, db) in enumerate(grads):
        named |= {f"dW_{i + 1}": dW, f"db_{i + 1}": db}
    before = {name: array.copy() for name, array in named.items()}
    m.mlp_loss_and_grads(-x, y + 1, params, "tanh", "mse")
    names = list(named)
    pairs = [[p, q] for i, p in enumerate(names) for q in names[:i]]
    shared = [f"{p} and {q}" for p, q in pairs if np.shares_memory(named[p], named[q])]
    return shared, [name for name in names if not np.array_equal(named[name], before[name])]


def multiplications(m, x, y, params, loss):
    """How many scalar multiplications the matrix products of one call take. Runs in the candidate."""
    Counting.done = 0
    counted = [(W.view(Counting), b.view(Counting)) for W, b in params]
    m.mlp_loss_and_grads(x.view(Counting), y, counted, "tanh", loss)
    return Counting.done


class Counting(np.ndarray):
    """An array that adds up the multiplications of every matrix product that it is part of."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        plain = [plain_array(i) for i in inputs]
        options = {key: plain_array(value) for key, value in kwargs.items()}
        result = getattr(ufunc, method)(*plain, **options)
        if ufunc.__name__ in ("matmul", "vecdot", "matvec", "vecmat"):  # summed over the first operand's last axis
            note(np.size(result) * np.shape(plain[0])[-1])
        if "out" in kwargs:
            return kwargs["out"][0]
        return result.view(Counting) if isinstance(result, np.ndarray) else result

    def __array_function__(self, func, types, args, kwargs):
        before = Counting.done
        result = super().__array_function__(func, types, args, kwargs)
        if func.__name__ in ("dot", "inner", "outer", "tensordot", "vdot", "einsum"):
            Counting.done = before  # without the parts that it counted inside
            note(work_of(func.__name__, args, result))
        return result

    def dot(self, other, out=None):
        return np.dot(self, other, out)


def note(work):
    Counting.done += int(work)


def plain_array(value):
    if isinstance(value, tuple):
        return tuple(plain_array(v) for v in value)
    return value.view(np.ndarray) if isinstance(value, np.ndarray) else value


def work_of(name, args, result):
    """The multiplications of one call of a numpy function that multiplies matrices."""
    if name != "einsum":  # (M, K) times (K, N) gives (M, N)
        return round((np.size(args[0]) * np.size(args[1]) * np.size(result)) ** 0.5)
    if not isinstance(args[0], str) or len(args) == 2:
        return np.size(result)
    sizes = {}
    for letters, operand in zip(args[0].replace(" ", "").split("->")[0].split(","), args[1:], strict=True):
        head, _, tail = letters.partition("...")
        sizes |= dict(zip(head, np.shape(operand), strict=False))
        sizes |= dict(zip(tail[::-1], np.shape(operand)[::-1], strict=False))
    return math.prod(sizes.values())


@points(5)
def test_errors(candidate, rng, case):
    """Unknown names, shapes that do not fit and labels out of range raise ValueError."""
    x, y, params = problem(rng, [3, 5, 4], "cross_entropy")
    (W1, b1), (W2, b2) = params
    target = rng.normal(size=(8, 4))
    for name in ("Relu", "softplus", ""):
        with case(f"activation {name!r}"), check_raises(ValueError, f"activation={name!r}"):
            candidate.mlp_loss_and_grads(x, y, params, name)
    with case("activation, one layer"), check_raises(ValueError, "an unknown activation, with one layer,"):
        candidate.mlp_loss_and_grads(x, y, [(rng.normal(size=(4, 3)), b2)], activation="gelu")
    for name in ("hinge", "CE"):
        with case(f"loss {name!r}"), check_raises(ValueError, f"loss={name!r}"):
            candidate.mlp_loss_and_grads(x, target, params, loss=name)
    shapes = {
        "x of another width than W_1 takes": [(W1[:, :2], b1), (W2, b2)],
        "W_2 of another width than layer 1 has": [(W1, b1), (W2[:, :3], b2)],
        "b_1 that is too short": [(W1, b1[:3]), (W2, b2)],
        "b_1 of shape (1,)": [(W1, b1[:1]), (W2, b2)],
        "b_2 of shape (1,)": [(W1, b1), (W2, b2[:1])],
        "b_2 of shape (1, 4)": [(W1, b1), (W2, b2[None])],
    }
    for what, wrong in shapes.items():
        with case(what), check_raises(ValueError, what):
            candidate.mlp_loss_and_grads(x, y, wrong)
    labels = {"7 labels for 8 rows": y[1:], "1 label for 8 rows": y[:1], "y of shape (8, 1)": y[:, None]}
    for value in (4, -1):
        labels[f"the label {value} with 4 classes"] = np.append(y[1:], value)
    for what, wrong in labels.items():
        with case(what), check_raises(ValueError, what):
            candidate.mlp_loss_and_grads(x, wrong, params)
    one = [(W1, b1), (W2[:1], b2[:1])]
    targets = {
        "y of shape (8, 3) for (8, 4)": (target[:, :3], params),
        "y of shape (8,) for (8, 1)": (target[:, 0], one),
    }
    targets["y of shape (1, 4) for (8, 4)"] = (target[:1], params)
    for what, (wrong, net) in targets.items():
        with case(what), check_raises(ValueError, what):
            candidate.mlp_loss_and_grads(x, wrong, net, "tanh", "mse")
