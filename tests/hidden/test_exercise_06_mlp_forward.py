"""Each docstring is the line the learner reads. The oracle is plain Python: one unit at a time, math.fsum."""

import math
from itertools import pairwise

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_equal,
    check_pure,
    check_raises,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points

ACTIVATIONS = {
    "relu": lambda v: v if v > 0 else 0.0,
    "sigmoid": lambda v: 1 / (1 + math.exp(-v)),
    "tanh": math.tanh,
    "identity": lambda v: v,
}


def forward(x, params, activation):
    """The cache; its last "a" is the output."""
    cache, a = [], x.tolist()
    for number, (W, b) in enumerate(params, 1):
        act = ACTIVATIONS["identity" if number == len(params) else activation]
        rows, biases = W.tolist(), b.tolist()
        z = [
            [
                math.fsum([w * v for w, v in zip(row, sample, strict=True)] + [c])
                for row, c in zip(rows, biases, strict=True)
            ]
            for sample in a
        ]
        out = [[act(v) for v in sample] for sample in z]
        entry = {"a_prev": a, "z": z, "a": out}
        widths = {"a_prev": W.shape[1], "z": len(W), "a": len(W)}
        cache.append({k: np.array(v, dtype=x.dtype).reshape(len(x), widths[k]) for k, v in entry.items()})
        a = out
    return cache


def network(rng, depth, dtype=np.float64):
    """x and params; neighbouring sizes differ, and the numbers stay of size 1 from layer to layer."""
    sizes = [int(rng.integers(2, 7))]
    for _ in range(depth):
        sizes.append(int(rng.choice([n for n in range(2, 7) if n != sizes[-1]])))
    params = [
        ((rng.normal(size=(d_out, d_in)) / math.sqrt(d_in)).astype(dtype), rng.normal(size=d_out).astype(dtype))
        for d_in, d_out in pairwise(sizes)
    ]
    return rng.normal(size=(7, sizes[0])).astype(dtype), params


def run(candidate, x, params, *activation):
    return unpack("mlp_forward", candidate.mlp_forward(x, params, *activation), 2)


@points(30)
def test_forward_value(candidate, rng, case):
    """Networks of 1 to 5 layers with every activation give the right output."""
    with case("by hand"):
        params = [
            (np.array([[1.0, -1.0], [2.0, 0.0]]), np.array([0.0, -1.0])),
            (np.array([[1.0, 1.0]]), np.array([-8.0])),
        ]
        # z_1 = (1*1 - 1*3 + 0, 2*1 + 0*3 - 1) = (-2, 1); relu gives (0, 1); 0 + 1 - 8 = -7
        output, _ = run(candidate, np.array([[1.0, 3.0]]), params, "relu")
        check_close("the output", output, np.array([[-7.0]]), rtol=1e-12)
    for activation in ACTIVATIONS:
        for depth in (1, 2, 3, 5):
            with case(f"{activation}, {depth} layers"):
                x, params = network(rng, depth)
                output, _ = run(candidate, x, params, activation)
                check_close("the output", output, forward(x, params, activation)[-1]["a"])
    with case("the default is relu"):
        x, params = network(rng, 4)
        output, _ = run(candidate, x, params)
        check_close("the output", output, forward(x, params, "relu")[-1]["a"])
    with case("float32"):
        for activation in ACTIVATIONS:
            x, params = network(rng, 3, np.float32)
            output, _ = run(candidate, x, params, activation)
            check_close(f"the output with {activation}", output, forward(x, params, activation)[-1]["a"], dtype=True)
    with case("all layers of the same size"):
        params = [(rng.normal(size=(4, 4)), rng.normal(size=4)) for _ in range(3)]
        x = rng.normal(size=(4, 4))
        output, _ = run(candidate, x, params, "tanh")
        check_close("the output", output, forward(x, params, "tanh")[-1]["a"])
    for rows in (1, 0):
        with case(f"{rows} samples"):
            x, params = network(rng, 3)
            output, _ = run(candidate, x[:rows], params, "sigmoid")
            check_close("the output", output, forward(x[:rows], params, "sigmoid")[-1]["a"])


@points(15)
def test_cache(candidate, rng, case):
    """The cache holds a_prev, z and a of every layer, and the a of one layer is the a_prev of the next."""
    for activation in ACTIVATIONS:
        for depth in (1, 4):
            with case(f"{activation}, {depth} layers"):
                x, params = network(rng, depth)
                output, cache = run(candidate, x, params, activation)
                check_close("the cache", cache, forward(x, params, activation))
                check_equal("a_prev of the first layer", cache[0]["a_prev"], x)
                check_equal("a of the last layer", cache[-1]["a"], output)
                for number in range(1, depth):
                    a_prev, a = cache[number]["a_prev"], cache[number - 1]["a"]
                    check_equal(f"a_prev of layer {number + 1} and a of layer {number}", a_prev, a)
    with case("float32"):
        x, params = network(rng, 3, np.float32)
        _, cache = run(candidate, x, params, "sigmoid")
        check_close("the cache", cache, forward(x, params, "sigmoid"), dtype=True)


@points(10)
def test_last_linear(candidate, rng, case):
    """No activation follows the last layer: any output is possible, whatever the activation."""
    for activation in ACTIVATIONS:
        with case(activation):
            x, params = network(rng, 3)
            W, b = params[-1]
            for shift in (-1000.0, 1000.0):  # far outside the range of every activation
                output, cache = run(candidate, x, [*params[:-1], (W, b + shift)], activation)
                expected = forward(x, params, activation)[-1]["z"] + shift
                check_close("the output", output, expected)
                check_close("z of the last layer", cache[-1]["z"], expected)


@points(20)
def test_collapse_equal(candidate, rng, case):
    """A stack without a nonlinearity is one layer: the collapsed one; a tanh network is not affine."""
    with case("by hand"):
        params = [
            (np.array([[1.0, -1.0], [2.0, 0.0]]), np.array([0.0, -1.0])),
            (np.array([[1.0, 1.0]]), np.array([-8.0])),
        ]
        W, b = unpack("collapse_linear", candidate.collapse_linear(params), 2)
        # W = (1 + 2, -1 + 0); b = 1*0 + 1*(-1) - 8
        check_close("W", W, np.array([[3.0, -1.0]]), rtol=1e-12)
        check_close("b", b, np.array([-9.0]), rtol=1e-12)
    for depth in range(1, 7):
        with case(f"{depth} layers"):
            collapsed(candidate, network(rng, depth)[1])
    with case("all layers of the same size"):
        collapsed(candidate, [(rng.normal(size=(3, 3)), rng.normal(size=3)) for _ in range(3)])
    for activation, affine in (("identity", True), ("tanh", False)):
        with case(f"second difference of a network with {activation}"):
            params = [(np.array([[1.0], [0.5]]), np.array([0.0, 1.0])), (np.array([[1.0, 1.0]]), np.array([0.0]))]
            output, _ = run(candidate, np.array([[0.0], [1.0], [2.0]]), params, activation)
            left, middle, right = (float(v) for v in np.asarray(output)[:, 0])
            bend = left - 2 * middle + right  # 0 for every affine map; here tanh gives tanh(2) - 2 tanh(1) + ... < -0.4
            words = "A network without a nonlinearity should be affine" if affine else "A tanh network should bend"
            check((abs(bend) < 1e-9) if affine else (bend < -0.4), f"{words}: f(0) - 2 f(1) + f(2) is {bend:.4g}.")


def collapsed(candidate, params):
    """Read the single layer off the network: b is the image of 0, W e_i + b that of the i-th unit vector."""
    d_in = params[0][0].shape[1]
    corners = forward(np.vstack([np.zeros((1, d_in)), np.eye(d_in)]), params, "identity")[-1]["z"]
    W, b = unpack("collapse_linear", candidate.collapse_linear(params), 2)
    check_close("b", b, corners[0])
    check_close("W", W, (corners[1:] - corners[0]).T)


@points(10)
def test_params(candidate, rng, case):
    """Each layer learns D_in * D_out weights and D_out biases."""
    # 784*64 + 64 = 50240, 64*64 + 64 = 4160, 64*10 + 10 = 650: 55050
    known = (([784, 64, 64, 10], 55050), ([2, 2, 1], 9), ([5, 3], 18))
    sizes = [int(n) for n in rng.integers(2, 30, size=6)]
    counted = sum(sum(1 for _ in range(d_in)) + 1 for d_in, d_out in pairwise(sizes) for _ in range(d_out))
    for given, expected in (*known, (sizes, counted)):
        with case(f"mlp_num_params({given})"):
            count = candidate.mlp_num_params(given)
            check_equal(f"mlp_num_params({given})", count, expected)
            check_type(f"mlp_num_params({given})", count, int)


@points(15)
def test_errors_purity(candidate, rng, case):
    """Sizes that do not chain, no layers and unknown activations raise ValueError; x and params stay as they are."""
    x, params = (
        rng.normal(size=(5, 3)),
        [(rng.normal(size=(4, 3)), rng.normal(size=4)), (rng.normal(size=(2, 4)), rng.normal(size=2))],
    )
    (W, b), (V, c) = params
    for activation in ACTIVATIONS:
        with case(f"inputs unchanged, {activation}"):
            candidate.mlp_forward(x, params, activation)
            check_pure(candidate, "x", "params")
    with case("collapse_linear: params unchanged"):
        stack = [(rng.normal(size=(3, 3)), rng.normal(size=3)) for _ in range(3)]
        candidate.collapse_linear(stack)
        check_pure(candidate, "params")
    stacks = {
        "W_2 has a column too many": [(W, b), (rng.normal(size=(2, 5)), c)],
        "W_2 is transposed": [(W, b), (V.T, c)],
        "b_1 has an entry too many": [(W, rng.normal(size=5)), (V, c)],
        "b_1 has one entry": [(W, rng.normal(size=1)), (V, c)],
        "b_2 has one entry": [(W, b), (V, rng.normal(size=1))],
        "no layer": [],
    }
    for words, stack in stacks.items():
        with case(f"mlp_forward, {words}"), check_raises(ValueError, f"mlp_forward where {words}"):
            candidate.mlp_forward(x, stack, "tanh")
        with case(f"collapse_linear, {words}"), check_raises(ValueError, f"collapse_linear where {words}"):
            candidate.collapse_linear(stack)
    with case("x is too wide"), check_raises(ValueError, "x of width 4 with W_1 of 3 columns"):
        candidate.mlp_forward(rng.normal(size=(5, 4)), params, "relu")
    for name, stack in (("softplus", params), ("ReLU", params), ("softplus", params[:1])):
        with case(f"activation {name!r}, {len(stack)} layers"), check_raises(ValueError, f"activation={name!r}"):
            candidate.mlp_forward(x, stack, name)
