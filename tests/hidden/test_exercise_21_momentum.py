"""Each docstring is the line the learner reads. The oracle writes the buffers out as sums over all past gradients.

Except in `purity_state`, grads and params have their names in the same order, and no run is interrupted by another;
`purity_state` compares the submission with itself, so that a wrong formula does not cost its points.
"""

import copy

import numpy as np

from dlkit.grader.compare import check, check_close, check_equal, check_fresh, check_pure, check_raises, unpack
from dlkit.grader.plugin import points

SIZES = (2, 3, 4, 5, 6)


def expected_run(params, gradients, rates, momentum, dampening=0.0, nesterov=False, start=None):
    """(params, buffers) after each step, in float64."""
    runs = {}
    for name, p in params.items():
        gs = np.array([g[name] for g in gradients], dtype=np.float64)
        weights = np.full(len(gs), 1.0 - dampening)
        if start is None:
            weights[0] = 1.0
        first = 0.0 if start is None else start["buf"][name]
        runs[name] = []
        for t, lr in enumerate(rates, 1):
            fading = weights[:t] * momentum ** np.arange(t - 1.0, -1.0, -1.0)
            buf = momentum**t * first + np.tensordot(fading, gs[:t], 1)
            p = p - lr * (gs[t - 1] if momentum == 0 else gs[t - 1] + momentum * buf if nesterov else buf)
            runs[name].append((p, buf))
    return [tuple({name: runs[name][t][i] for name in params} for i in (0, 1)) for t in range(len(rates))]


def problem(rng, steps, scale=1.0, dtype=np.float64):
    """Parameters of different shapes, a gradient of each for every step, a learning rate for every step."""
    a, b, c, d = (int(n) for n in rng.choice(SIZES, size=4, replace=False))
    shapes = {"weight": (a, b), "bias": (c,), "kernel": (2, 1, d)}
    params = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    gradients = [
        {name: (scale * rng.normal(size=shape)).astype(dtype) for name, shape in shapes.items()} for _ in range(steps)
    ]
    return params, gradients, [float(r) for r in rng.uniform(0.01, 0.1, size=steps)]


def follow(candidate, params, gradients, rates, momentum, start=None, dtype=np.float64, atol=None, **settings):
    """Take all steps; compare parameters and buffers after the first, the second and the last."""
    expected = expected_run(params, gradients, rates, momentum, start=start, **settings)
    settings = {"momentum": momentum, **settings}
    result = candidate.sgd_momentum_step(params, gradients[0], copied(start or {}), lr=rates[0], **settings)
    new, state = unpack("sgd_momentum_step", result, 2)
    compare(1, new, state, expected, momentum, dtype, atol)
    second, state_2, last, state = candidate.run(go_on, new, gradients[1:], rates[1:], state, settings)
    compare(2, second, state_2, expected, momentum, dtype, atol)
    compare(len(rates), last, state, expected, momentum, dtype, atol)


def compare(t, params, state, expected, momentum, dtype, atol):
    right, buf = ({name: a.astype(dtype) for name, a in part.items()} for part in expected[t - 1])
    check_close(f"params after step {t}", params, right, atol=atol, dtype=True)
    if momentum != 0:
        check_close(f"the state after step {t}", state, {"buf": buf}, atol=atol, dtype=True)


def go_on(m, params, gradients, rates, state, settings):  # runs in the candidate
    second = None
    for grads, lr in zip(gradients, rates, strict=True):
        params, state = m.sgd_momentum_step(params, grads, state, lr=lr, **settings)
        second = second or copy.deepcopy((params, state))
    return *second, params, state


def copied(tree):
    return {k: copied(v) if isinstance(v, dict) else v.copy() for k, v in tree.items()}


@points(30)
def test_value(candidate, rng, case):
    """Many steps on several parameters follow buf = momentum buf + (1 - dampening) g and p -= lr buf."""
    with case("by hand"):
        params, grads, state = {"p": np.array([1.0])}, {"p": np.array([2.0])}, {"buf": {"p": np.array([4.0])}}
        result = candidate.sgd_momentum_step(params, grads, state, lr=0.5, momentum=0.5, dampening=0.25)
        new, state = unpack("sgd_momentum_step", result, 2)
        # buf = 0.5 * 4 + 0.75 * 2 = 3.5; p = 1 - 0.5 * 3.5
        check_close("params", new, {"p": np.array([-0.75])}, rtol=1e-12)
        check_close("the state", state, {"buf": {"p": np.array([3.5])}}, rtol=1e-12)
    for momentum in (0.5, 0.9, 0.99):
        for dampening in (0.0, 0.3, 1.0):
            with case(f"momentum = {momentum}, dampening = {dampening}"):
                follow(candidate, *problem(rng, 35), momentum, dampening=dampening)
    for dampening in (0.0, 0.5):
        with case(f"momentum = 0, dampening = {dampening}"):
            follow(candidate, *problem(rng, 5), 0.0, dampening=dampening)
    with case("from buffers that are not 0"):
        params, gradients, rates = problem(rng, 4)
        start = {"buf": {name: rng.normal(size=p.shape) for name, p in params.items()}}
        follow(candidate, params, gradients, rates, 0.8, start=start, dampening=0.1)
    with case("gradients that become 0: the buffer coasts"):
        params, gradients, rates = problem(rng, 6)
        for grads in gradients[2:]:
            for g in grads.values():
                g[...] = 0.0
        follow(candidate, params, gradients, rates, 0.7)
    with case("gradients of 0, 1e-30 and 1e30"), candidate.strict():
        sizes = np.array([0.0, 1e-30, 1.0, 1e30])
        gradients = [{"p": sizes * rng.uniform(0.5, 2.0, size=4)} for _ in range(4)]
        # The parameters start at 0 and all gradients are positive: steps of 1e-31 count.
        follow(candidate, {"p": np.zeros(4)}, gradients, [0.1, 0.2, 0.1, 0.05], 0.9, dampening=0.2, atol=0.0)
    with case("float32"):
        follow(candidate, *problem(rng, 5, dtype=np.float32), 0.9, dampening=0.1, dtype=np.float32)
    with case("transposed views"):
        params, gradients, rates = problem(rng, 3)
        turned = [{name: g.T for name, g in grads.items()} for grads in gradients]
        follow(candidate, {name: p.T for name, p in params.items()}, turned, rates, 0.6)
    defaults = {"lr": 0.01, "momentum": 0.9, "dampening": 0.0, "nesterov": False}
    for left_out in defaults:
        with case(f"{left_out} left out"):
            params, gradients, _ = problem(rng, 3)
            expected = expected_run(params, gradients, [0.01] * 3, 0.9)
            given, state = {k: v for k, v in defaults.items() if k != left_out}, {}
            for grads in gradients:
                params, state = unpack(
                    "sgd_momentum_step", candidate.sgd_momentum_step(params, grads, state, **given), 2
                )
            check_close("params after 3 steps", params, expected[-1][0])


@points(20)
def test_nesterov_value(candidate, rng, case):
    """With nesterov the direction is g + momentum buf, with the new buffer."""
    with case("by hand"):
        params, grads, state = {"p": np.array([1.0])}, {"p": np.array([2.0])}, {"buf": {"p": np.array([4.0])}}
        result = candidate.sgd_momentum_step(params, grads, state, lr=0.5, momentum=0.5, nesterov=True)
        new, state = unpack("sgd_momentum_step", result, 2)
        # buf = 0.5 * 4 + 2 = 4; p = 1 - 0.5 * (2 + 0.5 * 4)
        check_close("params", new, {"p": np.array([-1.0])}, rtol=1e-12)
        check_close("the state", state, {"buf": {"p": np.array([4.0])}}, rtol=1e-12)
    for momentum in (0.5, 0.9, 0.99):
        with case(f"momentum = {momentum}"):
            follow(candidate, *problem(rng, 35), momentum, nesterov=True)
    with case("from buffers that are not 0"):
        params, gradients, rates = problem(rng, 4)
        start = {"buf": {name: rng.normal(size=p.shape) for name, p in params.items()}}
        follow(candidate, params, gradients, rates, float(rng.uniform(0.2, 0.9)), start=start, nesterov=True)
    with case("gradients of 0, 1e-30 and 1e30"), candidate.strict():
        sizes = np.array([0.0, 1e-30, 1.0, 1e30])
        gradients = [{"p": sizes * rng.uniform(0.5, 2.0, size=4)} for _ in range(4)]
        follow(candidate, {"p": np.zeros(4)}, gradients, [0.1, 0.2, 0.1, 0.05], 0.9, nesterov=True, atol=0.0)
    with case("float32"):
        follow(candidate, *problem(rng, 5, dtype=np.float32), 0.9, nesterov=True, dtype=np.float32)


class Slope:
    """A gradient to call back: it counts, and notes where it was asked."""

    def __init__(self, scale, shift):
        self._scale, self._shift = scale, shift
        self.points = []

    def __call__(self, x):
        self.points.append(np.array(x))
        return (self._scale * x + self._shift + np.sin(x)).astype(np.asarray(x).dtype)


@points(15)
def test_lookahead(candidate, rng, case):
    """The look-ahead step asks for one gradient, at x + momentum v, and moves x by the new velocity."""
    with case("by hand"):
        result = candidate.nesterov_lookahead_step(np.array([3.0]), np.array([-2.0]), tripled, 0.5, 0.5)
        x, v = unpack("nesterov_lookahead_step", result, 2)
        # the gradient at 3 - 1 = 2 is 6; v' = -1 - 3 = -4, x' = 3 - 4
        check_close("x'", x, np.array([-1.0]), rtol=1e-12)
        check_close("v'", v, np.array([-4.0]), rtol=1e-12)
    a, b = (int(n) for n in rng.choice(SIZES, size=2, replace=False))
    for shape, momentum in (((a,), 0.9), ((a, b), 0.5), ((1,), 0.99), ((b,), 0.0)):
        with case(f"shape {shape}, momentum {momentum:g}"):
            lookahead(candidate, rng, rng.normal(size=shape), rng.normal(size=shape), momentum)
    with case("from rest"):
        lookahead(candidate, rng, rng.normal(size=4), np.zeros(4), 0.9)
    with case("float32"):
        lookahead(candidate, rng, *rng.normal(size=(2, 3)).astype(np.float32), 0.8)
    with case("a transposed view"):
        lookahead(candidate, rng, rng.normal(size=(2, 3)).T, rng.normal(size=(3, 2)), 0.8)
    with case("several steps, two runs in turn"):
        runs = [(rng.normal(size=3), np.zeros(3)), (rng.normal(size=5), rng.normal(size=5))]
        for _ in range(4):
            runs = [lookahead(candidate, rng, x, v, 0.9) for x, v in runs]


def tripled(x):
    return 3 * x


def lookahead(candidate, rng, x, v, momentum):
    """One step against the formula; returns what it should be."""
    lr, slope = float(rng.uniform(0.05, 0.5)), Slope(float(rng.uniform(0.5, 2.0)), float(rng.normal()))
    ahead = x + momentum * v
    new_v = momentum * v - lr * slope(ahead)
    right = (x + new_v).astype(x.dtype), new_v.astype(x.dtype)
    slope.points.clear()
    result = candidate.nesterov_lookahead_step(x.copy(), v.copy(), slope, lr=lr, momentum=momentum)
    got = unpack("nesterov_lookahead_step", result, 2)
    check(len(slope.points) == 1, f"The gradient was asked for {len(slope.points)} times in one step, not once.")
    check_close("the point where the gradient was taken", slope.points[0], ahead.astype(x.dtype))
    check_close("x'", got[0], right[0], dtype=True)
    check_close("v'", got[1], right[1], dtype=True)
    return right


def both_forms(m, A, b, x, lr, momentum, steps):  # runs in the candidate
    def slope(x):
        return A @ x - b + 0.3 * np.sin(x)

    params, state, v = {"x": x.copy()}, {}, np.zeros_like(x)
    stored, ahead = [], []
    for _ in range(steps):
        params, state = m.sgd_momentum_step(
            params, {"x": slope(params["x"])}, state, lr=lr, momentum=momentum, nesterov=True
        )
        stored.append(params["x"].copy())
        x, v = m.nesterov_lookahead_step(x, v, slope, lr, momentum)
        ahead.append(x + momentum * v)
    return np.array(stored), np.array(ahead)


def full_matrix(rng, values):
    V = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    return (V * np.array(values)) @ V.T, V


@points(10)
def test_equivalence(candidate, rng, case):
    """The look-ahead points x + momentum v are the parameters of the PyTorch form, step by step."""
    for momentum in (0.5, 0.9):
        with case(f"40 steps, momentum {momentum}"):
            A, _ = full_matrix(rng, [5.0, 3.0, 2.0, 1.0])
            b, x = rng.normal(size=(2, 4))
            lr = float(rng.uniform(0.05, 0.15))
            result = candidate.run(both_forms, A, b, x, lr, momentum, 40)
            stored, ahead = unpack("both forms", result, 2)
            check_close("the points x + momentum * v, against the parameters of sgd_momentum_step", ahead, stored)


def descend(m, A, b, x, settings, steps):  # runs in the candidate
    params, state = {"x": x.copy()}, {}
    for _ in range(steps):
        params, state = m.sgd_momentum_step(params, {"x": A @ params["x"] - b}, state, **settings)
    return params["x"]


@points(10)
def test_acceleration(candidate, rng, case):
    """In a valley 100 times steeper across than along, momentum needs less than half the steps of plain descent."""
    values = [1.0, 3.0, 10.0, 30.0, 100.0]
    low, high = values[0], values[-1]
    # Every eigenvector has the same share of the starting error, so plain descent at its best rate 2 / (low + high)
    # needs the same number of steps whatever the directions are.
    steps, errors = 0, np.ones(5)
    while np.linalg.norm(errors) > 1e-10 * np.sqrt(5):
        errors *= 1 - 2 / (low + high) * np.array(values)
        steps += 1
    root = np.sqrt(high / low)
    momentum = float((root - 1) / (root + 1))
    for words, settings in (
        ("heavy ball", {"lr": float(4 / (np.sqrt(low) + np.sqrt(high)) ** 2), "momentum": momentum**2}),
        ("Nesterov", {"lr": 1 / high, "momentum": momentum, "nesterov": True}),
    ):
        with case(words):
            A, V = full_matrix(rng, values)
            goal = rng.normal(size=5)
            start = goal + V @ rng.choice([-1.0, 1.0], size=5)
            x = candidate.run(descend, A, A @ goal, start, settings, steps // 2)
            check_close("x", np.shape(x), (5,))
            left = float(np.linalg.norm(x - goal) / np.sqrt(5))
            words = f"Plain descent needs {steps} steps to shrink the error to 1e-10 of what it was; "
            check(left <= 1e-10, f"{words}after half as many with {show(settings)} yours is at {left:.3g}.")


def show(settings):
    return ", ".join(f"{k}={v:.4g}" if not isinstance(v, bool) else f"{k}={v}" for k, v in settings.items())


SETTINGS = (
    ("plain momentum", {"momentum": 0.9}),
    ("dampening", {"momentum": 0.5, "dampening": 0.3}),
    ("nesterov", {"momentum": 0.8, "nesterov": True}),
    ("momentum = 0", {"momentum": 0.0}),
)


@points(10)
def test_purity_state(candidate, rng, case):
    """Arguments stay as they are, results are new, and a run depends on nothing but its own state."""
    step = candidate.sgd_momentum_step
    for words, settings in SETTINGS:
        with case(f"{words}: arguments unchanged, new results"):
            params, gradients, rates = problem(rng, 3)
            state = {}
            for t in range(3):
                given = {"params": params, "grads": gradients[t], "state": state}
                params, state = unpack("sgd_momentum_step", step(*given.values(), lr=rates[t], **settings), 2)
                check_pure(candidate, *given)
                check_fresh(candidate, *given)
                check_equal("the names of the new params", sorted(params), sorted(given["params"]))
                if settings["momentum"]:
                    check_equal("the entries of the state", sorted(state), ["buf"])
                    check_equal("the names in state['buf']", sorted(state["buf"]), sorted(given["params"]))
        with case(f"{words}: two runs side by side"):
            shape = (3, 2)
            runs = [
                ({"w": rng.normal(size=shape)}, [{"w": rng.normal(size=shape)} for _ in range(4)]) for _ in range(2)
            ]
            alone = [walked(step, params, gradients, settings) for params, gradients in runs]
            params, state = [copied(run[0]) for run in runs], [{}, {}]
            for t in range(4):
                for k in (0, 1):
                    result = step(params[k], copied(runs[k][1][t]), state[k], lr=0.1, **settings)
                    params[k], state[k] = unpack("sgd_momentum_step", result, 2)
            for k in (0, 1):
                check_close(
                    f"params of run {k + 1}, side by side with another, against itself alone", params[k], alone[k]
                )
        with case(f"{words}: two ways on from one state"):
            params, gradients = {"w": rng.normal(size=4)}, [{"w": rng.normal(size=4)} for _ in range(2)]
            params, state = unpack("sgd_momentum_step", step(params, gradients[0], {}, lr=0.1, **settings), 2)
            first, _ = unpack(
                "sgd_momentum_step", step(copied(params), gradients[1], kept(state), lr=0.1, **settings), 2
            )
            step(copied(params), {"w": rng.normal(size=4)}, kept(state), lr=0.1, **settings)
            again, _ = unpack(
                "sgd_momentum_step", step(copied(params), gradients[1], kept(state), lr=0.1, **settings), 2
            )
            check_close("params after the same step from the same state", again, first)
        with case(f"{words}: the names in another order"):
            params = {name: rng.normal(size=3) for name in ("a", "b", "c")}
            gradients = [{name: rng.normal(size=3) for name in ("a", "b", "c")} for _ in range(3)]
            other = [{name: grads[name] for name in ("c", "a", "b")} for grads in gradients]
            expected = walked(step, params, gradients, settings)
            check_close("params with grads in another order", walked(step, params, other, settings), expected)
        with case(f"{words}: the caller overwrites its gradients after every step"):
            params, gradients, _ = problem(rng, 4)
            last = candidate.run(overwritten, params, gradients, settings)
            check_close(
                "params where the gradients' arrays are used again", last, walked(step, params, gradients, settings)
            )
    with case("nesterov_lookahead_step: arguments unchanged, new results"):
        x, v = rng.normal(size=(2, 4))
        candidate.nesterov_lookahead_step(x, v, tripled, 0.1, 0.9)
        check_fresh(candidate, "x", "v")
        check_pure(candidate, "x", "v")


def overwritten(m, params, gradients, settings):  # runs in the candidate
    own, state = {name: np.zeros_like(g) for name, g in gradients[0].items()}, {}
    for grads in gradients:
        for name, g in own.items():
            g[...] = grads[name]
        params, state = m.sgd_momentum_step(params, own, state, lr=0.1, **settings)
        for g in own.values():
            g[...] = 0.0
    return params


def walked(step, params, gradients, settings):
    params, state = copied(params), {}
    for grads in gradients:
        params, state = unpack("sgd_momentum_step", step(params, copied(grads), state, lr=0.1, **settings), 2)
    return params


def kept(state):
    """A deep copy, whatever the submission put into its state."""
    return copy.deepcopy(state)


@points(5)
def test_errors(candidate, rng, case):
    """Nesterov without momentum or with dampening, and names that differ, raise ValueError."""
    params, (grads, more), _ = problem(rng, 2)
    started = {"buf": copied(more)}
    for momentum, dampening in ((0.0, 0.0), (-0.5, 0.0), (0.9, 0.1), (0.9, -0.1), (0.9, 1.0)):
        words = f"nesterov with momentum={momentum:g}, dampening={dampening:g}"
        with case(words), check_raises(ValueError, words):
            settings = {"momentum": momentum, "dampening": dampening, "nesterov": True}
            candidate.sgd_momentum_step(copied(params), copied(grads), {}, lr=0.1, **settings)
    for nesterov, momentum in ((False, 0.9), (True, 0.9), (False, 0.0)):
        settings = {"lr": 0.1, "momentum": momentum, "nesterov": nesterov}
        for words, state in (("{}", {}), ("a state", copied(started))):
            ending = f"momentum {momentum:g}, nesterov {nesterov}, {words}"
            with case(f"a gradient is missing, {ending}"), check_raises(ValueError, "a parameter without a gradient"):
                fewer = {name: g.copy() for name, g in grads.items() if name != "bias"}
                candidate.sgd_momentum_step(copied(params), fewer, copied(state), **settings)
            with case(f"a gradient too many, {ending}"), check_raises(ValueError, "a gradient without a parameter"):
                extra = {**copied(grads), "other": np.ones(2)}
                if state:
                    state["buf"]["other"] = np.ones(2)
                candidate.sgd_momentum_step(copied(params), extra, state, **settings)
