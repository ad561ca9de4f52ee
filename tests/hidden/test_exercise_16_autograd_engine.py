"""The oracle is forward mode: dual numbers carry one derivative along, entry by entry, with rules of their own."""

import functools
import sys

import numpy as np

from dlkit.grader.compare import check, check_close, check_dtype, check_equal, check_raises
from dlkit.grader.plugin import points


class Dual:
    """A value and its derivatives with respect to K numbers: slope has shape (K, *value.shape)."""

    def __init__(self, value, slope):
        self.value, self.slope = value, slope

    def _pair(self, other):
        """Both values and slopes, with as many axes on either side."""
        if not isinstance(other, Dual):
            other = Dual(np.asarray(other, dtype=np.float64), np.zeros(np.shape(self.slope)[:1] + np.shape(other)))
        rank = max(self.value.ndim, other.value.ndim)
        return [part for d in (self, other) for part in d._with_rank(rank)]

    def _with_rank(self, rank):
        new = (1,) * (rank - self.value.ndim)
        return self.value.reshape(new + self.value.shape), self.slope.reshape(
            self.slope.shape[:1] + new + self.value.shape
        )

    def __add__(self, other):
        v, s, w, t = self._pair(other)
        return Dual(v + w, s + t)

    def __mul__(self, other):
        v, s, w, t = self._pair(other)
        return Dual(v * w, s * w + v * t)

    def __truediv__(self, other):
        v, s, w, t = self._pair(other)
        return Dual(v / w, (s * w - v * t) / (w * w))

    def __matmul__(self, other):
        v, s, w, t = self._pair(other)
        return Dual(v @ w, s @ w + v @ t)

    def __pow__(self, n):
        return Dual(self.value**n, self.slope * n * self.value ** (n - 1))

    def __neg__(self):
        return Dual(-self.value, -self.slope)

    def __sub__(self, other):
        v, s, w, t = self._pair(other)
        return Dual(v - w, s - t)

    def __rsub__(self, other):
        return Dual(other - self.value, -self.slope)

    def __rtruediv__(self, other):
        w, t, v, s = self._pair(other)
        return Dual(v / w, (s * w - v * t) / (w * w))

    __radd__ = __add__
    __rmul__ = __mul__

    def __getitem__(self, index):
        behind = index if isinstance(index, tuple) else (index,)
        return Dual(self.value[index], self.slope[(slice(None), *behind)])

    def relu(self):
        return Dual(np.where(self.value > 0, self.value, 0), np.where(self.value > 0, self.slope, 0))

    def tanh(self):
        return Dual(np.tanh(self.value), self.slope / np.cosh(self.value) ** 2)

    def exp(self):
        return Dual(np.exp(self.value), np.exp(self.value) * self.slope)

    def log(self):
        return Dual(np.log(self.value), self.slope / self.value)

    def _reduce(self, function, axis, keepdims):
        behind = tuple(range(1, self.slope.ndim)) if axis is None else axis % self.value.ndim + 1
        return Dual(
            function(self.value, axis=axis, keepdims=keepdims), function(self.slope, axis=behind, keepdims=keepdims)
        )

    def sum(self, axis=None, keepdims=False):
        return self._reduce(np.sum, axis, keepdims)

    def mean(self, axis=None, keepdims=False):
        return self._reduce(np.mean, axis, keepdims)

    def reshape(self, *shape):
        return Dual(self.value.reshape(shape), self.slope.reshape(len(self.slope), *self.value.reshape(shape).shape))

    @property
    def T(self):
        return Dual(self.value.T, np.moveaxis(self.slope.T, -1, 0))


def duals(arrays):
    """The arrays as duals; every entry of every array has its own unit slope."""
    arrays = [np.asarray(a, dtype=np.float64) for a in arrays]
    units = np.eye(sum(a.size for a in arrays))
    starts = np.cumsum([0, *(a.size for a in arrays)])
    return [Dual(a, units[:, i : i + a.size].reshape(-1, *a.shape)) for a, i in zip(arrays, starts[:-1], strict=True)]


def derivatives(function, arrays, cotangent):
    """For each array, the gradient of (cotangent * function(arrays)).sum()."""
    slope = function(*duals(arrays)).slope
    flat = (slope * cotangent).reshape(len(slope), -1).sum(axis=1)
    parts = np.split(flat, np.cumsum([np.size(a) for a in arrays])[:-1])
    return [part.reshape(np.shape(a)) for part, a in zip(parts, arrays, strict=True)]


def value(function, *arrays):
    return function(*duals(arrays)).value


def formula(name, x, y):
    """The operations, on tensors or on dual numbers."""
    return {
        "x + y": lambda: x + y,
        "x - y": lambda: x - y,
        "x * y": lambda: x * y,
        "x / y": lambda: x / y,
        "x + 2.5": lambda: x + 2.5,
        "2.5 + x": lambda: 2.5 + x,
        "x - 2.5": lambda: x - 2.5,
        "2.5 - x": lambda: 2.5 - x,
        "x * 3": lambda: x * 3,
        "3 * x": lambda: 3 * x,
        "x / 4": lambda: x / 4,
        "3 / y": lambda: 3 / y,
        "-x": lambda: -x,
        "x**2": lambda: x**2,
        "x**3": lambda: x**3,
        "x**1": lambda: x**1,
        "(y*y)**0.5": lambda: (y * y) ** 0.5,
        "y**-2": lambda: y**-2,
        "x @ y.T": lambda: x @ y.T,
        "x.T @ y": lambda: x.T @ y,
        "x.relu()": lambda: x.relu(),
        "x.tanh()": lambda: x.tanh(),
        "x.exp()": lambda: x.exp(),
        "(y*y).log()": lambda: (y * y).log(),
        "x.sum()": lambda: x.sum(),
        "x.sum(axis=0)": lambda: x.sum(axis=0),
        "x.sum(1)": lambda: x.sum(1),
        "x.sum(axis=-1, keepdims=True)": lambda: x.sum(axis=-1, keepdims=True),
        "x.sum(keepdims=True)": lambda: x.sum(keepdims=True),
        "x.mean()": lambda: x.mean(),
        "x.mean(axis=0)": lambda: x.mean(axis=0),
        "x.mean(axis=-2)": lambda: x.mean(axis=-2),
        "x.mean(1, True)": lambda: x.mean(1, True),
        "x.mean(keepdims=True)": lambda: x.mean(keepdims=True),
        "x.reshape(4, 3)": lambda: x.reshape(4, 3),
        "x.reshape(-1)": lambda: x.reshape(-1),
        "x.reshape(2, -1, 3)": lambda: x.reshape(2, -1, 3),
        "x.T": lambda: x.T,
        "x[1]": lambda: x[1],
        "x[1:, ::2]": lambda: x[1:, ::2],
    }[name]()


FORMULAS = (
    "x + y", "x - y", "x * y", "x / y", "x + 2.5", "2.5 + x", "x - 2.5", "2.5 - x", "x * 3", "3 * x", "x / 4", "3 / y",
    "-x", "x**2", "x**3", "x**1", "(y*y)**0.5", "y**-2", "x @ y.T", "x.T @ y", "x.relu()", "x.tanh()", "x.exp()",
    "(y*y).log()", "x.sum()", "x.sum(axis=0)", "x.sum(1)", "x.sum(axis=-1, keepdims=True)", "x.sum(keepdims=True)",
    "x.mean()", "x.mean(axis=0)", "x.mean(axis=-2)", "x.mean(1, True)", "x.mean(keepdims=True)", "x.reshape(4, 3)",
    "x.reshape(-1)", "x.reshape(2, -1, 3)", "x.T", "x[1]", "x[1:, ::2]",
)  # fmt: skip


def two_matrices(rng):
    """x and y of shape (3, 4); no entry of y is near 0, none of x either (relu has a kink there)."""
    x, y = rng.uniform(0.2, 1.8, size=(2, 3, 4)) * rng.choice([-1, 1], size=(2, 3, 4))
    return x, y


# Probes: they run beside the learner's code


def result_of(m, name, x, y):
    x, y = m.Tensor(x), m.Tensor(y)
    out = formula(name, x, y)
    return isinstance(out, m.Tensor), out.data, x.data, y.data


def gradients_of(m, name, x, y, cotangent):
    x, y = m.Tensor(x, requires_grad=True), m.Tensor(y, requires_grad=True)
    formula(name, x, y).backward(cotangent)
    return x.grad, y.grad


def new_tensor(m, data):
    x = m.Tensor(data)
    return x.data, x.grad, x.requires_grad


@points(15)
def test_ops_value(candidate, rng, case):
    """Every operation gives numpy's values in a new float64 Tensor and leaves its operands alone."""
    for name, data in (
        ("a Python float", 2.5),
        ("a Python int", 3),
        ("a nested list of ints", [[1, 2, 3], [4, 5, 6]]),
        ("an int array", np.arange(5)),
        ("a float32 array", np.ones((2, 3), dtype=np.float32)),
    ):
        with case(f"Tensor of {name}"):
            kept, grad, requires = candidate.run(new_tensor, data)
            check_close("data", kept, np.asarray(data, dtype=np.float64))
            check_dtype("data", kept, "float64")
            check_equal("grad", grad, None)
            check_equal("requires_grad", requires, False)
    x, y = two_matrices(rng)
    for name in FORMULAS:
        with case(name):
            is_tensor, result, x_after, y_after = candidate.run(result_of, name, x, y)
            check(is_tensor, f"{name} is no Tensor.")
            check_close(f"({name}).data", result, value(lambda x, y, name=name: formula(name, x, y), x, y))
            check_dtype(f"({name}).data", result, "float64")
            check_close("x.data afterwards", x_after, x, rtol=0, atol=0)
            check_close("y.data afterwards", y_after, y, rtol=0, atol=0)
    with case("the product of integers"):
        is_tensor, result, *_ = candidate.run(result_of, "x / y", [[1, 2], [3, 4]], 2)
        check_close("(x / y).data", result, np.array([[0.5, 1], [1.5, 2]]))


def network(x, w1, b1, w2, b2, target):
    hidden = (x @ w1.T + b1).tanh()
    return ((hidden @ w2.T + b2 - target) ** 2).mean()


def cross_entropy(logits, w):
    z = logits @ w
    log_p = z - z.exp().sum(axis=1, keepdims=True).log()
    return -log_p[[0, 1, 2], [1, 0, 1]].mean()


def program(steps, *leaves):
    """A random directed graph: each step takes two earlier values; all of them are summed in the end."""
    values = list(leaves)
    for step, i, j in steps:
        a, b = values[i], values[j]
        values.append(
            {
                "sum": lambda a=a, b=b: (a + b) / 2,
                "difference": lambda a=a, b=b: 0.4 * a - 0.6 * b,
                "product": lambda a=a, b=b: a.tanh() * b,
                "quotient": lambda a=a, b=b: a / (b * b + 1.5),
                "log": lambda a=a, b=b: ((a * a + 0.5).log() + b) / 2,
                "exp": lambda a=a, b=b: 0.3 * a.tanh().exp() - b / 2,
                "power": lambda a=a, b=b: (a.tanh() ** 3 + b) / 2,
                "matrix": lambda a=a, b=b: (a @ b.T).tanh() @ b / 4,
                "row": lambda a=a, b=b: a.tanh() * b.mean(axis=0),
            }[step]()
        )
    total = values[-1].sum()
    for value in values[:-1]:
        total = total + value.mean()
    return total


STEPS = ("sum", "difference", "product", "quotient", "log", "exp", "power", "matrix", "row")


def network_gradients(m, arrays):
    tensors = [m.Tensor(a, requires_grad=True) for a in arrays]
    loss = network(*tensors)
    loss.backward()
    return loss.data, [t.grad for t in tensors]


def cross_entropy_gradients(m, arrays):
    tensors = [m.Tensor(a, requires_grad=True) for a in arrays]
    loss = cross_entropy(*tensors)
    loss.backward()
    return loss.data, [t.grad for t in tensors]


def program_gradients(m, steps, arrays):
    tensors = [m.Tensor(a, requires_grad=True) for a in arrays]
    loss = program(steps, *tensors)
    loss.backward()
    return loss.data, [t.grad for t in tensors]


def relu_gradient(m, data):
    x = m.Tensor(data, requires_grad=True)
    x.relu().sum().backward()
    return x.grad


@points(25)
def test_grads_value(candidate, rng, case):
    """The gradients of every operation, of networks and of random graphs are exact."""
    with case("by hand: x * y + x.exp() at x = 0, y = 3"):  # y + exp(x) = 4; x = 0
        gx, gy = candidate.run(by_hand, 0.0, 3.0)
        check_close("x.grad", gx, 4.0)
        check_close("y.grad", gy, 0.0)
    x, y = two_matrices(rng)
    for name in FORMULAS:
        with case(name):
            cotangent = rng.normal(size=value(lambda x, y, name=name: formula(name, x, y), x, y).shape)
            gx, gy = derivatives(lambda x, y, name=name: formula(name, x, y), [x, y], cotangent)
            got_x, got_y = candidate.run(gradients_of, name, x, y, cotangent)
            if "x" in name:
                check_close("x.grad", got_x, gx)
                check_dtype("x.grad", got_x, "float64")
            if "y" in name:
                check_close("y.grad", got_y, gy)
    with case("relu at 0"):
        check_close("x.grad", candidate.run(relu_gradient, [-1.0, 0.0, 2.0]), np.array([0.0, 0.0, 1.0]))
    with case("a network with one hidden layer"):
        shapes = ((5, 3), (4, 3), (4,), (2, 4), (2,), (5, 2))
        arrays = [rng.normal(size=shape) for shape in shapes]
        loss, got = candidate.run(network_gradients, arrays)
        check_close("loss.data", loss, value(network, *arrays))
        check_close("the gradients of x, w1, b1, w2, b2, target", got, derivatives(network, arrays, 1.0))
    with case("cross-entropy"):
        arrays = [rng.normal(size=(3, 5)), rng.normal(size=(5, 2))]
        loss, got = candidate.run(cross_entropy_gradients, arrays)
        check_close("loss.data", loss, value(cross_entropy, *arrays))
        check_close("the gradients of x and w", got, derivatives(cross_entropy, arrays, 1.0))
    for number in range(4):
        with case(f"random graph {number + 1}"):
            arrays = list(rng.normal(size=(2, 2, 3)))
            steps = [(str(rng.choice(STEPS)), *map(int, rng.integers(0, 2 + k, size=2))) for k in range(8)]
            loss, got = candidate.run(program_gradients, steps, arrays)
            graph = functools.partial(program, steps)
            check_close("the result", loss, value(graph, *arrays))
            check_close("the gradients of the two leaves", got, derivatives(graph, arrays, 1.0))


def by_hand(m, x, y):
    x, y = m.Tensor(x, requires_grad=True), m.Tensor(y, requires_grad=True)
    (x * y + x.exp()).backward()
    return x.grad, y.grad


@points(15)
def test_broadcasting(candidate, rng, case):
    """The gradient of a broadcast operand is summed back to the operand's own shape."""
    for left, right in (
        ((3, 1), (4,)),
        ((4,), (3, 1)),
        ((), (2, 3)),
        ((2, 3), ()),
        ((3,), (2, 3)),
        ((1, 3), (2, 3)),
        ((2, 1, 4), (3, 1)),
        ((1,), (2, 3, 4)),
        ((1, 1), (3,)),
    ):
        x = np.asarray(rng.uniform(0.5, 1.5, size=left))
        y = np.asarray(rng.uniform(0.5, 1.5, size=right))
        for name in ("x + y", "x - y", "x * y", "x / y"):
            with case(f"{name} with shapes {left} and {right}"):
                cotangent = rng.normal(size=np.broadcast_shapes(left, right))
                gx, gy = derivatives(lambda x, y, name=name: formula(name, x, y), [x, y], cotangent)
                got_x, got_y = candidate.run(gradients_of, name, x, y, cotangent)
                check_close("x.grad", got_x, gx)
                check_close("y.grad", got_y, gy)
    x = rng.normal(size=(2, 3, 4))
    for axis in (0, 1, 2, -1, -2, None):
        for keepdims in (False, True):
            for kind in ("sum", "mean"):
                with case(f"x.{kind}(axis={axis}, keepdims={keepdims}) of shape (2, 3, 4)"):
                    cotangent = rng.normal(size=x.sum(axis=axis, keepdims=keepdims).shape)
                    expected = derivatives(
                        lambda x, kind=kind, axis=axis, keep=keepdims: getattr(x, kind)(axis, keep), [x], cotangent
                    )[0]
                    got = candidate.run(reduction_gradient, x, kind, axis, keepdims, cotangent)
                    check_close("x.grad", got, expected)


def reduction_gradient(m, x, kind, axis, keepdims, cotangent):
    x = m.Tensor(x, requires_grad=True)
    getattr(x, kind)(axis=axis, keepdims=keepdims).backward(cotangent)
    return x.grad


def loss_of(kind, h, x):
    """Graphs in which x, or h = x.tanh(), is used more than once."""
    return {
        "x*x + x": lambda: (x * x + x).sum() + h.sum(),
        "x used three times": lambda: (x * x * x).sum() - h.mean(),
        "a diamond": lambda: (h * 2 + h.exp()).sum(),
        "a short and a long way": lambda: (h + (h * h).exp() * h).sum(),
        "x beside its descendants": lambda: (x * h.exp() + h / (x * x + 1)).sum(),
        "a sum with itself": lambda: (h + h - (h + h) * x).sum(),
    }[kind]()


def reuse_gradients(m, kind, data):
    x = m.Tensor(data, requires_grad=True)
    h = x.tanh()
    loss = loss_of(kind, h, x)
    loss.backward()
    return x.grad, h.grad, loss.grad


def two_graphs(m, data, cotangent):
    x = m.Tensor(data, requires_grad=True)
    (x * x).sum().backward()
    first = x.grad.copy()
    (x * x).backward(cotangent)
    second = x.grad.copy()
    x.zero_grad()
    cleared = x.grad
    (x * 5).sum().backward()
    return first, second, cleared, x.grad


def same_graph_twice(m, data):
    x = m.Tensor(data, requires_grad=True)
    h = x.tanh()
    y = (h * h).sum()
    y.backward()
    y.backward()
    return x.grad, h.grad, y.grad


def sums_share_no_memory(m, a, b, cotangent):
    a, b = m.Tensor(a, requires_grad=True), m.Tensor(b, requires_grad=True)
    total = a + b
    total.backward(cotangent)
    a.grad[...] = 100.0
    (a * 3.0).sum().backward()
    return a.grad, b.grad, total.grad


def passes_through(m, data, cotangent):
    x = m.Tensor(data, requires_grad=True)
    y = x.reshape(-1).reshape(3, 2)
    y.backward(cotangent)
    x.grad[...] = 100.0
    return y.grad, cotangent


def leaf_backward(m, data, cotangent):
    scalar, vector = m.Tensor(2.0, requires_grad=True), m.Tensor(data, requires_grad=True)
    scalar.backward()
    scalar.backward()
    vector.backward(cotangent)
    cotangent[...] = 100
    return scalar.grad, vector.grad


@points(15)
def test_reuse_accumulate(candidate, rng, case):
    """A value that is used several times receives the sum of all shares; a second backward adds to .grad."""
    x = rng.normal(size=(2, 3))
    for kind in (
        "x*x + x", "x used three times", "a diamond", "a short and a long way", "x beside its descendants",
        "a sum with itself",
    ):  # fmt: skip
        with case(kind):
            gx, gh, gl = candidate.run(reuse_gradients, kind, x)
            expected = derivatives(lambda x, kind=kind: loss_of(kind, x.tanh(), x), [x], 1.0)[0]
            check_close("the gradient of the leaf x", gx, expected)
            expected = derivatives(lambda h, x, kind=kind: loss_of(kind, h, x), [np.tanh(x), x], 1.0)[0]
            check_close("the gradient of the intermediate h = x.tanh()", gh, expected)
            check_close("the gradient of the loss itself", gl, 1.0)
    with case("two graphs, then zero_grad"):
        cotangent = rng.normal(size=(2, 3))
        first, second, cleared, third = candidate.run(two_graphs, x, cotangent)
        check_close("x.grad after (x * x).sum().backward()", first, 2 * x)
        check_close("x.grad after (x * x).backward(g), too", second, 2 * x + 2 * x * cotangent)
        check_equal("x.grad after zero_grad()", cleared, None)
        check_close("x.grad after (x * 5).sum().backward()", third, np.full((2, 3), 5.0))
    with case("backward twice on one graph"):
        gx, gh, gy = candidate.run(same_graph_twice, x)
        h = np.tanh(x)
        check_close("x.grad", gx, 2 * 2 * h * (1 - h**2))  # twice 2 h (1 - h^2)
        check_close("h.grad", gh, 2 * 2 * h)
        check_close("y.grad", gy, 2.0)
    with case("a + b: gradients that are equal are not the same array"):
        cotangent = rng.normal(size=4)
        ga, gb, gt = candidate.run(sums_share_no_memory, rng.normal(size=4), rng.normal(size=4), cotangent)
        check_close("a.grad, set to 100 and used again", ga, np.full(4, 103.0))
        check_close("b.grad", gb, cotangent)
        check_close("(a + b).grad", gt, cotangent)
    with case("reshape: a gradient is not a view of another one"):
        cotangent = rng.normal(size=(3, 2))
        gy, passed = candidate.run(passes_through, x, cotangent.copy())
        check_close("y.grad after x.grad was overwritten", gy, cotangent)
        check_close("the array given to backward", passed, cotangent)
    with case("backward on a leaf"):
        gs, gv = candidate.run(leaf_backward, [1.0, 2.0, 3.0], np.array([3, -1, 2]))
        check_close("the gradient of a scalar leaf after two calls", gs, 2.0)
        check_close("the gradient of a leaf after backward([3, -1, 2])", gv, np.array([3.0, -1.0, 2.0]))
        check_dtype("the gradient after an integer grad", gv, "float64")


def long_chain(m, start, length):
    x = m.Tensor(start, requires_grad=True)
    y = x
    for _ in range(length):
        y = y * 1.0001
    y.backward()
    return y.data, x.grad


def long_ladder(m, start, length):
    x = m.Tensor(start, requires_grad=True)
    y = x
    for _ in range(length):
        y = y + x
    y.backward()
    return y.data, x.grad


def doublings(m, depth):
    """The gradient of x after `depth` times y = y + y, and how many lines backward ran."""
    lines = [0]

    def trace(frame, event, arg):
        lines[0] += event == "line"
        return trace

    x = m.Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(depth):
        y = y + y
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        y.backward()
    finally:
        sys.settrace(before)
    return x.grad, lines[0]


def doubling_gradients(m):
    """2^6 and 2^12, and whether the second walk was more than eight times as long as the first."""
    short, few = doublings(m, 6)
    long, many = doublings(m, 12)
    return short, long, bool(many > 8 * few)


@points(10)
def test_topology(candidate, rng, case):
    """A chain of 5000 operations works, and a shared node is visited once, not once per path."""
    with case("a chain of 5000 products"):
        result, grad = candidate.run(long_chain, 2.0, 5000)
        check_close("y.data", result, 2 * 1.0001**5000)
        check_close("x.grad", grad, 1.0001**5000)
    with case("2000 times y = y + x"):
        result, grad = candidate.run(long_ladder, 0.5, 2000)
        check_close("y.data", result, 0.5 * 2001)
        check_close("x.grad", grad, 2001.0)
    with case("y = y + y, 6 and 12 times"):
        short, long, exponential = candidate.run(doubling_gradients)
        check_close("x.grad after 6 doublings", short, 64.0)
        check_close("x.grad after 12 doublings", long, 4096.0)
        check(not exponential, "Twice the depth costs more than 8 times the work: nodes are visited once per path.")


def indexing_gradient(m, data, index, cotangent):
    x = m.Tensor(data, requires_grad=True)
    y = x[index]
    y.backward(cotangent)
    return y.data, x.grad


@points(5)
def test_indexing(candidate, rng, case):
    """x[index] hands its gradient back to the entries it came from; repeated indices add up."""
    x = rng.normal(size=(4, 5))
    mask = rng.uniform(size=(4, 5)) < 0.5
    mask[0, :2] = [True, False]
    for name, index in (
        ("one row", 2),
        ("a negative row", -1),
        ("one entry", (1, -2)),
        ("a slice", (slice(1, 3), slice(None, None, 2))),
        ("a repeated row, as a list", [0, 2, 2, 2]),
        ("repeated rows, as an array", np.array([[3, 3], [0, 3]])),
        ("repeated entries", (np.array([1, 1, 0, 1]), np.array([4, 4, 0, 2]))),
        ("a slice and repeated columns", (slice(0, 2), [4, 1, 4])),
        ("a mask", mask),
    ):
        with case(name):
            picked = x[index]
            cotangent = rng.normal(size=picked.shape)
            expected = np.zeros((4, 5))
            places = np.arange(20).reshape(4, 5)[index]  # where each picked entry comes from
            for place, g in zip(np.ravel(places).tolist(), np.ravel(cotangent).tolist(), strict=True):
                expected[place // 5, place % 5] += g
            result, grad = candidate.run(indexing_gradient, x, index, cotangent)
            check_close("x[index].data", result, picked)
            check_close("x.grad", grad, expected)


def unrecorded(m, x):
    with m.no_grad():
        return x * 2


def backward_of(m, what, data, grad):
    x = m.Tensor(data, requires_grad=True)
    tensor = {
        "a leaf": lambda: x,
        "a result": lambda: x * 2,
        "a constant": lambda: m.Tensor(data),
        "a result of constants": lambda: m.Tensor(data) * 2,
        "a detached result": lambda: (x * 2).detach(),
        "a result of no_grad": lambda: unrecorded(m, x),
    }[what]()
    tensor.backward(grad) if grad is not None else tensor.backward()


def combine(m, name, x, y):
    formula(name, m.Tensor(x), m.Tensor(y))


@points(5)
def test_errors(candidate, rng, case):
    """backward without a scalar, a fitting grad or a graph raises ValueError, and so do shapes that do not fit."""
    for what, data, grad in (
        ("a result", [1.0, 2.0], None),
        ("a result", [1.0], None),
        ("a result", [[1.0]], None),
        ("a leaf", [1.0], None),
        ("a result", [1.0, 2.0, 3.0], np.ones(1)),
        ("a result", [1.0, 2.0, 3.0], np.ones((3, 1))),
        ("a result", [1.0, 2.0, 3.0], np.ones((1, 3))),
        ("a result", [1.0, 2.0, 3.0], np.array(1.0)),
        ("a result", 1.0, np.ones(1)),
        ("a constant", 1.0, None),
        ("a constant", [1.0, 2.0], np.ones(2)),
        ("a result of constants", 1.0, None),
        ("a detached result", 1.0, None),
        ("a result of no_grad", 1.0, None),
    ):
        shape = "without grad" if grad is None else f"with grad of shape {grad.shape}"
        words = f"backward() on {what} of shape {np.shape(data)}, {shape},"
        with case(words), check_raises(ValueError, words):
            candidate.run(backward_of, what, data, grad)
    for name, left, right in (("x + y", (2, 3), (2, 4)), ("x * y", (3,), (4,)), ("x @ y.T", (2, 3), (2, 4))):
        words = f"{name} with shapes {left} and {right}"
        with case(words), check_raises(ValueError, words):
            candidate.run(combine, name, np.ones(left), np.ones(right))


def requires(m):
    """requires_grad of results, by what they are made of."""
    x, c = m.Tensor([1.0, 2.0], requires_grad=True), m.Tensor([3.0, 4.0])
    return [bool(t.requires_grad) for t in (x, c, x + c, c + x, c * c, x.tanh(), c.exp(), c[0], (c * x).sum(), 2 / c)]


def constants(m):
    """The gradients of x, of constants in the graph, and of results that do not depend on x."""
    x, c, d = m.Tensor([1.0, 2.0], requires_grad=True), m.Tensor([3.0, 4.0]), m.Tensor([5.0, 6.0])
    e = c * d
    (x * c + e).sum().backward()
    return x.grad, c.grad, d.grad, e.grad


def inside_no_grad(m):
    x = m.Tensor([1.0, 2.0], requires_grad=True)
    with m.no_grad():
        y = (x * x + 1).sum()
        leaf = m.Tensor([5.0], requires_grad=True)
        with m.no_grad():
            pass
        still = x * 2
    after = x * 3
    (after.sum() + y + leaf.sum()).backward()
    flags = [bool(t.requires_grad) for t in (x, y, leaf, still, after)]
    return flags, y.data, x.grad, leaf.grad, y.grad


def no_grad_after_an_error(m):
    x = m.Tensor(2.0, requires_grad=True)
    try:
        with m.no_grad():
            raise KeyError("the block fails")
    except KeyError:
        pass
    (x * x).backward()
    return x.grad


def swallowed_error(m):
    """Whether an exception of the block comes out of it."""
    try:
        with m.no_grad():
            raise KeyError("the block fails")
    except KeyError:
        return "raised"
    return "swallowed"


def detached(m, data):
    x = m.Tensor(data, requires_grad=True)
    h = x * x
    d = h.detach()
    (d * x + h).sum().backward()
    return isinstance(d, m.Tensor), d.data, bool(d.requires_grad), bool(h.requires_grad), x.grad, d.grad


@points(10)
def test_modes(candidate, rng, case):
    """no_grad and detach cut the graph, and what does not require grad keeps .grad None."""
    with case("requires_grad of results"):
        expected = [True, False, True, True, False, True, False, False, True, False]
        check_equal("requires_grad of x, c, x+c, c+x, c*c, x.tanh(), …", candidate.run(requires), expected)
    with case("constants"):
        gx, *others = candidate.run(constants)
        check_close("x.grad", gx, np.array([3.0, 4.0]))
        check_equal("the gradients of tensors that do not require grad", others, [None, None, None])
    with case("no_grad"):
        flags, y, gx, gl, gy = candidate.run(inside_no_grad)
        check_equal("requires_grad of x, results inside, a leaf inside, …", flags, [True, False, True, False, True])
        check_close("y.data", y, 7.0)  # 1 + 1 + 4 + 1
        check_close("x.grad", gx, np.array([3.0, 3.0]))
        check_close("the gradient of a leaf made inside", gl, np.array([1.0]))
        check_equal("y.grad", gy, None)
    with case("detach"):
        is_tensor, result, flag, flag_of_h, gx, gd = candidate.run(detached, [1.0, -2.0])
        check(is_tensor, "detach() gives no Tensor.")
        check_close("h.detach().data", result, np.array([1.0, 4.0]))
        check_equal("h.detach().requires_grad", flag, False)
        check_equal("h.requires_grad afterwards", flag_of_h, True)
        check_close("x.grad of h.detach() * x + h", gx, np.array([1.0 + 2.0, 4.0 - 4.0]))  # d + 2 x
        check_equal("the gradient of the detached tensor", gd, None)
    with case("no_grad left by an exception"):  # the last one: where recording stays off, all else would fail
        check_equal("a KeyError inside the block is", candidate.run(swallowed_error), "raised")
        check_close("x.grad of x * x at 2, computed after the block", candidate.run(no_grad_after_an_error), 4.0)
