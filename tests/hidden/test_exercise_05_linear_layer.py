"""Each docstring is the line the learner reads. The oracle is plain Python: one output value at a time, math.fsum."""

import math
import sys

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


def forward(x, W, b):
    y = np.empty((*x.shape[:-1], len(W)))
    for sample in np.ndindex(x.shape[:-1]):
        for o, row in enumerate(W.tolist()):
            y[sample][o] = math.fsum([w * v for w, v in zip(row, x[sample].tolist(), strict=True)] + [float(b[o])])
    return y.astype(x.dtype)


def backward(dy, x, W):
    """Every gradient as the sum over all paths from its variable to the outputs."""
    samples = list(np.ndindex(x.shape[:-1]))
    (d_out, d_in), errors, inputs = W.shape, [dy[s].tolist() for s in samples], [x[s].tolist() for s in samples]
    dx = np.empty(x.shape)
    for sample, e in zip(samples, errors, strict=True):
        dx[sample] = [math.fsum(e[o] * float(W[o, i]) for o in range(d_out)) for i in range(d_in)]
    both = list(zip(errors, inputs, strict=True))
    dW = np.array([[math.fsum(e[o] * v[i] for e, v in both) for i in range(d_in)] for o in range(d_out)])
    db = np.array([math.fsum(e[o] for e in errors) for o in range(d_out)])
    return tuple(g.astype(x.dtype) for g in (dx, dW, db))


def problem(rng, leading, square=False):
    """dy, x, W, b with `leading` axes before the last, all sizes different."""
    sizes = [int(n) for n in rng.choice([2, 3, 4, 5, 6, 7], size=leading + 2, replace=False)]
    *batch, d_in, d_out = sizes
    d_out = d_in if square else d_out
    return (
        rng.normal(size=(*batch, d_out)),
        rng.normal(size=(*batch, d_in)),
        rng.normal(size=(d_out, d_in)),
        rng.normal(size=d_out),
    )


def check_gradients(actual, expected, **options):
    for name, ours, right in zip(("dx", "dW", "db"), unpack("linear_backward", actual, 3), expected, strict=True):
        check_close(name, ours, right, **options)


@points(25)
def test_forward_value(candidate, rng, case):
    """y = x W^T + b for single samples, batches, and any number of leading axes."""
    with case("by hand"):
        x, W, b = np.array([1.0, 2.0, 3.0]), np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]]), np.array([0.5, 0.0])
        # 1*1 + 0*2 + 2*3 + 0.5 = 7.5, 0*1 + 1*2 - 1*3 + 0 = -1
        check_close("linear_forward", candidate.linear_forward(x, W, b), np.array([7.5, -1.0]), rtol=1e-12)
    for leading in (0, 1, 2, 3):
        _, x, W, b = problem(rng, leading)
        with case(f"x of shape {x.shape}"):
            check_close("linear_forward", candidate.linear_forward(x, W, b), forward(x, W, b))
    with case("as many outputs as inputs"):
        _, x, W, b = problem(rng, 1, square=True)
        check_close("linear_forward", candidate.linear_forward(x, W, b), forward(x, W, b))
    with case("one output"):
        _, x, W, b = problem(rng, 1)
        check_close("linear_forward", candidate.linear_forward(x, W[:1], b[:1]), forward(x, W[:1], b[:1]))
    with case("one sample"):
        check_close("linear_forward", candidate.linear_forward(x[:1], W, b), forward(x[:1], W, b))
    with case("no sample"):
        check_shape("linear_forward", candidate.linear_forward(x[:0], W, b), (0, len(W)))
    with case("transposed views"):
        _, x, W, b = problem(rng, 2)
        x, W = np.ascontiguousarray(x.T).T, np.ascontiguousarray(W.T).T
        check_close("linear_forward", candidate.linear_forward(x, W, b), forward(x, W, b))


@points(30)
def test_backward_value(candidate, rng, case):
    """dx = dy W, and dW and db are sums over all samples, for any number of leading axes."""
    with case("by hand"):
        dy, x = np.array([1.0, 10.0]), np.array([1.0, 2.0, 3.0])
        W = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])
        # dx = 1 * (1, 0, 2) + 10 * (0, 1, -1); dW = the outer product of dy and x; db = dy
        expected = np.array([1.0, 10.0, -8.0]), np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]), dy
        check_gradients(candidate.linear_backward(dy, x, W), expected, rtol=1e-12)
    for leading in (0, 1, 2, 3):
        dy, x, W, _ = problem(rng, leading)
        with case(f"x of shape {x.shape}"):
            check_gradients(candidate.linear_backward(dy, x, W), backward(dy, x, W))
    for leading in (1, 2):
        with case(f"as many outputs as inputs, {leading + 1} axes"):
            dy, x, W, _ = problem(rng, leading, square=True)
            check_gradients(candidate.linear_backward(dy, x, W), backward(dy, x, W))
    with case("one sample"):
        dy, x, W, _ = problem(rng, 1)
        check_gradients(candidate.linear_backward(dy[:1], x[:1], W), backward(dy[:1], x[:1], W))
    with case("no sample"):
        expected = np.zeros((0, W.shape[1])), np.zeros(W.shape), np.zeros(len(W))
        check_gradients(candidate.linear_backward(dy[:0], x[:0], W), expected)
    with case("transposed views"):
        dy, x, W, _ = problem(rng, 2)
        dy, x, W = (np.ascontiguousarray(a.T).T for a in (dy, x, W))
        check_gradients(candidate.linear_backward(dy, x, W), backward(dy, x, W))


@points(15)
def test_gradcheck(candidate, rng, case):
    """linear_backward agrees with central differences of your linear_forward."""
    h, x = 1e-5, rng.normal(size=(3, 4))
    values = {"x": x, "W": rng.normal(size=(2, 4)), "b": rng.normal(size=2)}
    dy = rng.normal(size=(3, 2))

    def loss(**changed):
        y = candidate.linear_forward(*{**values, **changed}.values())
        check_shape("linear_forward", y, (3, 2))
        return float(np.sum(dy * y))

    with case("x of shape (3, 4), 2 outputs"):
        gradients = unpack("linear_backward", candidate.linear_backward(dy, x, values["W"]), 3)
        for (name, value), analytic in zip(values.items(), gradients, strict=True):
            check_shape(f"d{name}", analytic, value.shape)
            numeric = np.empty(value.shape)
            for i in np.ndindex(value.shape):
                step = np.zeros(value.shape)
                step[i] = h
                numeric[i] = (loss(**{name: value + step}) - loss(**{name: value - step})) / (2 * h)
            scale = max(1e-8, np.abs(analytic).max() + np.abs(numeric).max())
            error = float(np.abs(analytic - numeric).max() / scale)
            check(error < 1e-6, f"d{name} differs from central differences: relative error {error:.2g}, 1e-6 allowed.")


@points(5)
def test_no_bias(candidate, rng, case):
    """Without b the map sends 0 to 0 and is x W^T otherwise."""
    _, x, W, b = problem(rng, 1)
    with case("x = 0"):
        check_equal("linear_forward(0, W)", candidate.linear_forward(np.zeros_like(x), W), np.zeros((len(x), len(W))))
    with case("x = 0 with a bias"):
        check_close(
            "linear_forward(0, W, b)", candidate.linear_forward(np.zeros_like(x), W, b), np.tile(b, (len(x), 1))
        )
    with case("random x"):
        check_close("linear_forward(x, W)", candidate.linear_forward(x, W), forward(x, W, np.zeros(len(W))))
    with case("b = None"):
        check_close("linear_forward(x, W, None)", candidate.linear_forward(x, W, None), forward(x, W, np.zeros(len(W))))


@points(5)
def test_params(candidate, rng, case):
    """A layer learns d_in * d_out weights and d_out biases."""
    d_in, d_out = (int(n) for n in rng.choice(np.arange(2, 50), size=2, replace=False))
    # 784 * 64 = 50176, and 64 biases: 50240
    known = (((784, 64), 50240), ((784, 64, True), 50240), ((784, 64, False), 50176), ((1, 1), 2), ((5, 1, False), 5))
    for sizes, expected in (*known, ((d_in, d_out), sum(d_in + 1 for _ in range(d_out)))):
        with case(f"linear_num_params{sizes}"):
            count = candidate.linear_num_params(*sizes)
            check_equal(f"linear_num_params{sizes}", count, expected)
            check_type(f"linear_num_params{sizes}", count, int)


@points(10)
def test_dtype_speed(candidate, rng, case):
    """float32 stays float32, and numpy does the work: no line of your code runs once per value of y."""
    dy, x, W, b = (a.astype(np.float32) for a in problem(rng, 2))
    with case("linear_forward of float32"):
        check_close("linear_forward", candidate.linear_forward(x, W, b), forward(x, W, b), dtype=True)
    with case("linear_forward of float32 without bias"):
        y = candidate.linear_forward(x, W)
        check_close("linear_forward", y, forward(x, W, np.zeros(len(W))), dtype=True)
    with case("linear_backward of float32"):
        check_gradients(candidate.linear_backward(dy, x, W), backward(dy, x, W), dtype=True)
    x, W, b, dy = rng.normal(size=(30, 4)), rng.normal(size=(7, 4)), rng.normal(size=7), rng.normal(size=(30, 7))
    for name, arguments in (("linear_forward", (x, W, b)), ("linear_backward", (dy, x, W))):
        with case(f"{name}: 30 samples, 7 outputs"):
            too_often = candidate.run(counted, name, arguments, dy.size)
            check(
                not too_often,
                f"A line of your {name} runs at least once for each of the {dy.size} values of y:"
                " replace the innermost loop by a numpy operation on whole arrays.",
            )


def counted(m, name, arguments, limit):  # runs in the candidate
    """Whether some line outside numpy runs (or some function is called) `limit` times or more."""
    counts = {}

    def trace(frame, event, arg):
        if frame.f_globals.get("__name__", "").split(".")[0] == "numpy":
            return None
        key = (frame.f_code, frame.f_lineno, event)
        counts[key] = counts.get(key, 0) + 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        getattr(m, name)(*arguments)
    finally:
        sys.settrace(before)
    return max(counts.values(), default=0) >= limit


@points(10)
def test_errors_purity(candidate, rng, case):
    """Sizes that do not match raise ValueError, and the inputs stay as they are."""
    dy, x, W, b = problem(rng, 2, square=True)
    with case("inputs of linear_forward unchanged"):
        candidate.linear_forward(x=x, W=W, b=b)
        check_fresh(candidate)
        candidate.linear_forward(x=x, W=W)
        check_pure(candidate)
    with case("inputs of linear_backward unchanged"):
        candidate.linear_backward(dy=dy, x=x, W=W)
        check_pure(candidate)
    dy, x, W, b = problem(rng, 2)
    d_out, d_in = W.shape
    for words, shape in (("one input too many", (d_out, d_in + 1)), ("W transposed", (d_in, d_out))):
        with case(words), check_raises(ValueError, f"x of width {d_in} with W of shape {shape}"):
            candidate.linear_forward(x, rng.normal(size=shape), rng.normal(size=shape[0]))
    for length in (d_out + 1, d_in, 1):
        with case(f"b of length {length}"), check_raises(ValueError, f"b of length {length} for {d_out} outputs"):
            candidate.linear_forward(x, W, rng.normal(size=length))
