"""Each docstring is the line the learner reads. The oracle goes through one coordinate at a time and writes every sum
and average out over all past gradients, in plain Python.

Except in `purity_state`, every run starts from a state that is written out, grads and params have their names in the
same order, and no run is interrupted by another; `purity_state` compares the submission with itself. So a mistake in
the formulas and one in the handling of states cost their own points only.
"""

import copy
import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_dtype,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


def adagrad_run(gs, rates, p, start, lr_decay, eps):
    """One coordinate: (p, sum) after each step, from a state of `start` = (t, sum)."""
    out, (before, first) = [], start
    for t in range(1, len(gs) + 1):
        total = first + math.fsum(g * g for g in gs[:t])
        p -= rates[t - 1] / (1 + (before + t - 1) * lr_decay) * gs[t - 1] / (math.sqrt(total) + eps)
        out.append((p, total))
    return out


def averaged(rho, first, terms):
    """rho^t * first + (1 - rho) * sum over k of rho^(t-k) * term_k, for t = len(terms)."""
    t = len(terms)
    return rho**t * first + math.fsum((1 - rho) * rho ** (t - k) * term for k, term in enumerate(terms, 1))


def adadelta_run(gs, rates, p, start, rho, eps):
    """One coordinate: (p, v, u) after each step, from a state of `start` = (v, u)."""
    out, deltas = [], []
    for t in range(1, len(gs) + 1):
        v = averaged(rho, start[0], [g * g for g in gs[:t]])
        u = averaged(rho, start[1], [d * d for d in deltas])
        deltas.append(math.sqrt(u + eps) / math.sqrt(v + eps) * gs[t - 1])
        p -= rates[t - 1] * deltas[-1]
        out.append((p, v, averaged(rho, start[1], [d * d for d in deltas])))
    return out


SLOTS = {"adagrad_step": ("sum",), "adadelta_step": ("v", "u")}
DEFAULTS = {
    "adagrad_step": {"lr": 0.01, "lr_decay": 0.0, "eps": 1e-10},
    "adadelta_step": {"lr": 1.0, "rho": 0.9, "eps": 1e-6},
}


def expected_run(function, params, gradients, rates, start, settings):
    """(params, state) after each step, in float64."""
    slots = SLOTS[function]
    one = adagrad_run if function == "adagrad_step" else adadelta_run
    steps = [
        ({k: np.zeros(p.shape) for k, p in params.items()}, zeros(function, params, np.float64)) for _ in gradients
    ]
    for name, p in params.items():
        for i in np.ndindex(p.shape):
            gs = [float(g[name][i]) for g in gradients]
            before = [float(start[slot][name][i]) for slot in slots]
            before = [start["t"], *before] if "t" in start else before
            for t, (value, *state) in enumerate(one(gs, rates, float(p[i]), before, **settings)):
                steps[t][0][name][i] = value
                for slot, entry in zip(slots, state, strict=True):
                    steps[t][1][slot][name][i] = entry
    for t, (_, state) in enumerate(steps, 1):
        if "t" in start:
            state["t"] = start["t"] + t
    return steps


def zeros(function, params, dtype=None):
    """The state before the first step, written out."""
    state = {slot: {k: np.zeros(p.shape, dtype or p.dtype) for k, p in params.items()} for slot in SLOTS[function]}
    return {"t": 0, **state} if function == "adagrad_step" else state


def problem(rng, steps, scale=1.0, dtype=np.float64):
    """Parameters of different shapes, a gradient of each for every step, a learning rate for every step."""
    a, b, c, d = (int(n) for n in rng.choice([2, 3, 4, 5], size=4, replace=False))
    shapes = {"weight": (a, b), "bias": (c,), "kernel": (2, 1, d)}
    params = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    gradients = [
        {name: (scale * rng.normal(size=shape)).astype(dtype) for name, shape in shapes.items()} for _ in range(steps)
    ]
    return params, gradients, [float(r) for r in rng.uniform(0.05, 0.5, size=steps)]


def follow(candidate, function, params, gradients, rates, settings, start=None, atol=None):
    """Take all steps; compare params and state after the first, the second and the last."""
    dtype = next(iter(params.values())).dtype
    start = zeros(function, params) if start is None else start
    expected = expected_run(function, params, gradients, rates, start, settings)
    result = candidate[function](copied(params), copied(gradients[0]), copied(start), lr=rates[0], **settings)
    new, state = unpack(function, result, 2)
    compare(1, new, state, expected, dtype, atol)
    if len(gradients) > 1:
        second, state_2, last, state = candidate.run(go_on, function, new, gradients[1:], rates[1:], state, settings)
        compare(2, second, state_2, expected, dtype, atol)
        compare(len(rates), last, state, expected, dtype, atol)


def compare(t, params, state, expected, dtype, atol):
    right, right_state = (cast(part, dtype) for part in expected[t - 1])
    check_close(f"params after step {t}", params, right, atol=atol, dtype=True)
    check_close(f"the state after step {t}", state, right_state, atol=atol)


def cast(tree, dtype):
    if isinstance(tree, dict):
        return {k: cast(v, dtype) for k, v in tree.items()}
    return tree if isinstance(tree, int) else tree.astype(dtype)


def go_on(m, function, params, gradients, rates, state, settings):  # runs in the candidate
    second = None
    for grads, lr in zip(gradients, rates, strict=True):
        params, state = getattr(m, function)(params, grads, state, lr=lr, **settings)
        second = second or copy.deepcopy((params, state))
    return *second, params, state


def copied(tree):
    return copy.deepcopy(tree)


def defaults(candidate, rng, function):
    """Each default in turn is left out; gradients are small enough for eps to show."""
    for left_out in DEFAULTS[function]:
        params, gradients, _ = problem(rng, 3, scale=1e-9 if function == "adagrad_step" else 1e-3)
        start, given = zeros(function, params), {k: v for k, v in DEFAULTS[function].items() if k != left_out}
        params = {name: np.zeros(p.shape) for name, p in params.items()}  # so that small steps count
        rest = {k: v for k, v in DEFAULTS[function].items() if k != "lr"}
        expected = expected_run(function, params, gradients, [DEFAULTS[function]["lr"]] * 3, start, rest)
        state = start
        for grads in gradients:
            params, state = unpack(function, candidate[function](params, grads, state, **given), 2)
        check_close(f"params after 3 steps without {left_out}", params, expected[-1][0], atol=0.0)


@points(25)
def test_adagrad_value(candidate, rng, case):
    """Many AdaGrad steps follow sum += g^2 and p -= lr / (1 + (t - 1) lr_decay) g / (sqrt(sum) + eps)."""
    f = "adagrad_step"
    with case("by hand"):
        params, grads, state = {"p": np.array([1.0])}, {"p": np.array([3.0])}, {"t": 2, "sum": {"p": np.array([16.0])}}
        result = candidate.adagrad_step(params, grads, state, lr=2.0, lr_decay=0.5, eps=1.0)
        new, state = unpack(f, result, 2)
        # sum = 16 + 3^2 = 25; this is step 3: p = 1 - 2 / (1 + 2 * 0.5) * 3 / (5 + 1)
        check_close("params", new, {"p": np.array([0.5])}, rtol=1e-12)
        check_close("the state", state, {"t": 3, "sum": {"p": np.array([25.0])}}, rtol=1e-12)
        check_type("state['t']", state["t"], int)
    for lr_decay in (0.0, 0.05, 1.0):
        with case(f"30 steps, lr_decay = {lr_decay}"):
            follow(candidate, f, *problem(rng, 30), {"lr_decay": lr_decay, "eps": 1e-10})
    with case("gradients of 1e-5"):
        follow(candidate, f, *problem(rng, 10, scale=1e-5), {"lr_decay": 0.1, "eps": 1e-10})
    with case("eps = 0.05"):
        follow(candidate, f, *problem(rng, 10), {"lr_decay": 0.1, "eps": 0.05})
    with case("from a state of step 7"):
        params, gradients, rates = problem(rng, 4)
        start = {"t": 7, "sum": {name: rng.uniform(0.1, 4.0, size=p.shape) for name, p in params.items()}}
        follow(candidate, f, params, gradients, rates, {"lr_decay": 0.3, "eps": 1e-3}, start)
    with case("float32"):
        follow(candidate, f, *problem(rng, 5, dtype=np.float32), {"lr_decay": 0.2, "eps": 1e-3})
    with case("transposed views"):
        params, gradients, rates = problem(rng, 3)
        turned = [{name: g.T for name, g in grads.items()} for grads in gradients]
        follow(candidate, f, {name: p.T for name, p in params.items()}, turned, rates, {"lr_decay": 0.2, "eps": 1e-3})
    with case("the defaults"):
        defaults(candidate, rng, f)


@points(25)
def test_adadelta_value(candidate, rng, case):
    """Many AdaDelta steps follow the averages v and u, delta = sqrt(u + eps) / sqrt(v + eps) g with the old u."""
    f = "adadelta_step"
    with case("by hand"):
        params, grads = {"p": np.array([1.0])}, {"p": np.array([2.0])}
        state = {"v": {"p": np.array([4.0])}, "u": {"p": np.array([0.25])}}
        new, state = unpack(f, candidate.adadelta_step(params, grads, state, lr=3.0, rho=0.75, eps=2.0), 2)
        # v = 0.75 * 4 + 0.25 * 2^2 = 4; delta = sqrt(2.25 / 6) * 2, delta^2 = 1.5; u = 0.75 * 0.25 + 0.25 * 1.5
        check_close("params", new, {"p": np.array([1 - 3 * math.sqrt(1.5)])}, rtol=1e-12)
        check_close("the state", state, {"v": {"p": np.array([4.0])}, "u": {"p": np.array([0.5625])}}, rtol=1e-12)
    for rho in (0.5, 0.9, 0.99):
        with case(f"30 steps, rho = {rho}"):
            follow(candidate, f, *problem(rng, 30), {"rho": rho, "eps": 1e-6})
    for rho in (0.0, 1.0):
        with case(f"rho = {rho}"):
            follow(candidate, f, *problem(rng, 3), {"rho": rho, "eps": 1e-2})
    with case("gradients of 1e-5"):
        follow(candidate, f, *problem(rng, 10, scale=1e-5), {"rho": 0.9, "eps": 1e-6})
    with case("eps = 0.05"):
        follow(candidate, f, *problem(rng, 10), {"rho": 0.8, "eps": 0.05})
    with case("from averages that are not 0"):
        params, gradients, rates = problem(rng, 4)
        start = {slot: {name: rng.uniform(0.1, 4.0, size=p.shape) for name, p in params.items()} for slot in ("v", "u")}
        follow(candidate, f, params, gradients, rates, {"rho": float(rng.uniform(0.3, 0.9)), "eps": 1e-3}, start)
    with case("float32"):
        follow(candidate, f, *problem(rng, 5, dtype=np.float32), {"rho": 0.9, "eps": 1e-3})
    with case("transposed views"):
        params, gradients, rates = problem(rng, 3)
        turned = [{name: g.T for name, g in grads.items()} for grads in gradients]
        follow(candidate, f, {name: p.T for name, p in params.items()}, turned, rates, {"rho": 0.7, "eps": 1e-3})
    with case("the defaults"):
        defaults(candidate, rng, f)


def moves(m, gradients, state, settings):  # runs in the candidate
    out = []
    for g in gradients:
        # Every step starts at 0, so that no digit of it is lost.
        params, state = m.adagrad_step({"p": np.zeros(g.shape)}, {"p": g}, state, **settings)
        out.append(params["p"].copy())
    return np.array(out)


def adagrad_moves(candidate, gradients, **settings):
    """The way that each step goes, one row per step; no gradient depends on it."""
    state = zeros("adagrad_step", {"p": gradients[0]})
    result = candidate.run(moves, list(gradients), state, {"lr": 0.1, "eps": 1e-10, **settings})
    check_close("the shape of all steps", np.shape(result), np.shape(gradients))
    return result


@points(15)
def test_monotone_rate(candidate, rng, case):
    """AdaGrad's rate never rises, and a coordinate with few gradients goes further with each of them."""
    for lr_decay in (0.0, 0.1):
        with case(f"gradients of very different sizes, lr_decay = {lr_decay}"):
            sizes = 10.0 ** rng.uniform(-2, 2, size=(25, 6))
            sizes[10:15] *= 1e-3  # small ones after large ones: whoever forgets speeds up here
            gradients = sizes * rng.choice([-1.0, 1.0], size=sizes.shape)
            rates = -adagrad_moves(candidate, gradients, lr_decay=lr_decay) / gradients
            check((rates > 0).all(), "Every step should go against the gradient.")
            rising = np.diff(rates, axis=0) > 1e-9 * rates[:-1]
            t, i = (int(n[0]) for n in np.nonzero(rising)) if rising.any() else (0, 0)
            check(
                not rising.any(),
                f"The rate (step / gradient) of a coordinate rises from {rates[t, i]:.4g} in step {t + 1} to"
                f" {rates[min(t + 1, 24), i]:.4g} in step {t + 2}.",
            )
    with case("a gradient in every step, and in every tenth"):
        gradients = rng.choice([-1.0, 1.0], size=(40, 2)) * rng.uniform(0.9, 1.1, size=(40, 2))
        gradients[np.arange(40) % 10 != 9, 1] = 0.0
        way = np.abs(adagrad_moves(candidate, gradients)).sum(axis=0) / np.array([40, 4])
        # With gradients of 1 the steps are lr / sqrt(k): 0.32 lr on average for k = 1 ... 40, 0.70 lr for k = 1 ... 4.
        words = f"The busy coordinate goes {way[0]:.4g} per gradient, the other {way[1]:.4g}"
        check(way[1] > 1.7 * way[0], f"{words}; the one with few gradients should go about twice as far.")
    with case("steps without a gradient leave the rate as it was"):
        gradients = rng.uniform(0.5, 2.0, size=(12, 3))
        spread = np.zeros((24, 3))
        spread[::2] = gradients
        check_close(
            "the steps with a step of gradient 0 between any two",
            adagrad_moves(candidate, spread)[::2],
            adagrad_moves(candidate, gradients),
        )


@points(10)
def test_scale_invariance(candidate, rng, case):
    """Scaling the gradients of all steps changes AdaGrad's steps next to nothing."""
    # |g| >= 0.1: eps = 1e-10 makes a relative difference of 1e-9 at most.
    gradients = rng.choice([-1.0, 1.0], size=(10, 5)) * rng.uniform(0.1, 3.0, size=(10, 5))
    for words, factor in (
        ("1000", 1000.0),
        ("another number in each coordinate", 10.0 ** rng.permutation([0.5, 1.0, 1.5, 2.0, 3.0])),
    ):
        with case(f"times {words}"):
            check_close(
                "the steps with scaled gradients",
                adagrad_moves(candidate, gradients * factor, lr_decay=0.1),
                adagrad_moves(candidate, gradients, lr_decay=0.1),
                rtol=1e-8,
                atol=0.0,
            )
    with case("the first step is lr long"):
        for scale in (1.0, 1e4):
            first = adagrad_moves(candidate, scale * gradients[:1])
            check_close(f"the first step, gradients times {scale:g}", first, -0.1 * np.sign(gradients[:1]), rtol=1e-8)


@points(10)
def test_zero_grad(candidate, rng, case):
    """Gradients of 0 give no NaN and no motion, from the start on and in the middle of a run."""
    for function in SLOTS:
        settings = {k: v for k, v in DEFAULTS[function].items() if k != "lr"}
        for dtype in (np.float64, np.float32):
            with case(f"{function}: nothing but 0, {np.dtype(dtype).name}"), candidate.strict():
                params, state = {"p": rng.normal(size=(2, 3)).astype(dtype)}, None
                state = zeros(function, params)
                for _ in range(3):
                    grads = {"p": np.zeros((2, 3), dtype)}
                    new, state = unpack(function, candidate[function](copied(params), grads, state, 0.5, **settings), 2)
                    check_equal("params", new, params)
        with case(f"{function}: 0 in some coordinates and some steps"), candidate.strict():
            params = {"p": np.zeros(4)}
            gradients = [{"p": rng.normal(size=4)} for _ in range(5)]
            for g, where in zip(gradients, ([0, 1], [0], [0, 1, 2, 3], [1, 2], []), strict=True):
                g["p"][where] = 0.0
            follow(candidate, function, params, gradients, [0.1] * 5, settings, atol=0.0)


@points(10)
def test_purity_state(candidate, rng, case):
    """Arguments stay as they are, results are new, and a run depends on nothing but its own state."""
    for function, settings in (
        ("adagrad_step", {"lr_decay": 0.2, "eps": 1e-3}),
        ("adadelta_step", {"rho": 0.8, "eps": 1e-3}),
    ):
        step = candidate[function]
        with case(f"{function}: arguments unchanged, new results"):
            params, gradients, _ = problem(rng, 3)
            state = {}
            for t in range(3):
                given = {"params": params, "grads": gradients[t], "state": state}
                params, state = unpack(function, step(*given.values(), lr=0.1, **settings), 2)
                check_pure(candidate, *given)
                check_fresh(candidate, *given)
                check_equal("the names of the new params", sorted(params), sorted(given["params"]))
                check_equal("the entries of the state", sorted(state), sorted(zeros(function, params)))
                for slot in SLOTS[function]:
                    check_equal(f"the names in state[{slot!r}]", sorted(state[slot]), sorted(given["params"]))
        with case(f"{function}: an empty state"):
            params, gradients, _ = problem(rng, 3)
            expected = walked(step, params, gradients, settings, zeros(function, params))
            got = walked(step, params, gradients, settings, {})
            check_close("params from an empty state, against params from zeros", got[0], expected[0])
            check_close("the state from an empty state, against that from zeros", got[1], expected[1])
        with case(f"{function}: two runs side by side"):
            runs = [problem(rng, 4)[:2] for _ in range(2)]
            start = [zeros(function, params) for params, _ in runs]
            alone = [walked(step, *run, settings, state)[0] for run, state in zip(runs, start, strict=True)]
            params, state = [run[0] for run in runs], start
            for t in range(4):
                for k in (0, 1):
                    params[k], state[k] = unpack(
                        function, step(params[k], copied(runs[k][1][t]), state[k], lr=0.1, **settings), 2
                    )
            for k in (0, 1):
                check_close(f"params of run {k + 1}, side by side with another, against itself", params[k], alone[k])
        with case(f"{function}: two ways on from one state"):
            params, gradients, _ = problem(rng, 3)
            start = zeros(function, params)
            params, state = unpack(function, step(params, gradients[0], start, lr=0.1, **settings), 2)
            first, _ = unpack(function, step(copied(params), gradients[1], copied(state), lr=0.1, **settings), 2)
            step(copied(params), gradients[2], copied(state), lr=0.1, **settings)
            again, _ = unpack(function, step(copied(params), gradients[1], copied(state), lr=0.1, **settings), 2)
            check_close("params after the same step from the same state", again, first)
        with case(f"{function}: the names in another order"):
            params = {name: rng.normal(size=3) for name in ("a", "b", "c")}
            gradients = [{name: rng.normal(size=3) for name in ("a", "b", "c")} for _ in range(3)]
            other = [{name: grads[name] for name in ("c", "a", "b")} for grads in gradients]
            start = zeros(function, params)
            expected = walked(step, params, gradients, settings, start)[0]
            got = walked(step, params, other, settings, start)[0]
            check_close("params with grads in another order", got, expected)
        with case(f"{function}: the caller overwrites its gradients after every step"):
            params, gradients, _ = problem(rng, 4)
            start = zeros(function, params)
            expected = walked(step, params, gradients, settings, start)[0]
            got = candidate.run(overwritten, function, params, gradients, start, settings)
            check_close("params where the gradients' arrays are used again", got, expected)
        with case(f"{function}: float32"):
            params, gradients, _ = problem(rng, 2, dtype=np.float32)
            new, state = walked(step, params, gradients, settings, {})
            for name, p in new.items():
                check_dtype(f"the float32 parameter {name!r} after a step", p, "float32")
                for slot in SLOTS[function]:
                    check_dtype(f"state[{slot!r}] of a float32 parameter", state[slot][name], "float32")


def overwritten(m, function, params, gradients, state, settings):  # runs in the candidate
    own = {name: np.zeros_like(g) for name, g in gradients[0].items()}
    for grads in gradients:
        for name, g in own.items():
            g[...] = grads[name]
        params, state = getattr(m, function)(params, own, state, lr=0.1, **settings)
        for g in own.values():
            g[...] = 0.0
    return params


def walked(step, params, gradients, settings, state):
    params, state = copied(params), copied(state)
    for grads in gradients:
        params, state = unpack("a step", step(params, copied(grads), state, lr=0.1, **settings), 2)
    return params, state


@points(5)
def test_errors(candidate, rng, case):
    """A negative lr, a rho outside [0, 1] and names that differ raise ValueError; the bounds are allowed."""
    params, (grads, more), _ = problem(rng, 2)
    for function in SLOTS:
        step, started = candidate[function], zeros(function, params)
        for slot in SLOTS[function]:
            started[slot] = {name: g**2 for name, g in more.items()}
        for words, state in (("all 0", zeros(function, params)), ("a state", started)):
            with case(f"{function}, {words}: lr = -0.1"), check_raises(ValueError, "lr=-0.1"):
                step(copied(params), copied(grads), copied(state), lr=-0.1)
            with case(f"{function}, {words}: a gradient is missing"):
                fewer = {name: g for name, g in grads.items() if name != "bias"}
                with check_raises(ValueError, "a parameter without a gradient"):
                    step(copied(params), fewer, copied(state), lr=0.1)
            with case(f"{function}, {words}: a gradient too many"):
                extra, fitting = {**grads, "other": np.ones(2)}, copied(state)
                for slot in SLOTS[function]:
                    fitting[slot]["other"] = np.ones(2)
                with check_raises(ValueError, "a gradient without a parameter"):
                    step(copied(params), extra, fitting, lr=0.1)
            with case(f"{function}, {words}: lr = 0"):
                new, _ = unpack(function, step(copied(params), copied(grads), copied(state), lr=0.0), 2)
                check_close("params after a step with lr=0", new, params)
    for rho in (-0.1, 1.001, 2.0):
        with case(f"rho = {rho}"), check_raises(ValueError, f"rho={rho}"):
            candidate.adadelta_step(copied(params), copied(grads), zeros("adadelta_step", params), rho=rho)
    for rho in (0.0, 1.0):
        with case(f"rho = {rho:g} is allowed"):
            start = zeros("adadelta_step", params)
            new, _ = unpack("adadelta_step", candidate.adadelta_step(params, copied(grads), start, lr=0.0, rho=rho), 2)
            check_close("params after a step with lr=0", new, params)
