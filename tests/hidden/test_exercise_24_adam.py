"""Each docstring is the line the learner reads. The oracle writes the averages out as sums over all past gradients.

Outside of `purity_state` every run starts from a state that is written out, and every call says all its settings
except in the cases about the defaults, so that these two mistakes cost their own points only.
"""

import math

import numpy as np

from dlkit.grader.compare import (
    check_close,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points

BETAS = ((0.9, 0.999), (0.5, 0.9), (0.95, 0.5), (0.0, 0.99), (0.9, 0.0))


def weighted(beta, start, terms):
    """beta^n * start + (1 - beta) * sum over k of beta^(n-k) * term_k, for n = len(terms)."""
    n = len(terms)
    return beta**n * start + np.tensordot((1 - beta) * beta ** np.arange(n - 1.0, -1.0, -1.0), terms, 1)


def total_weight(beta, t):
    """1 - beta^t, what the weights of t terms add up to."""
    return -math.expm1(t * math.log(beta)) if beta > 0 else 1.0


def expected_run(params, gradients, rates, betas, eps, start=None, weight_decay=0.0):
    """(params, state) after each step, in float64."""
    t0 = start["t"] if start else 0
    run = [({}, {"t": t0 + n, "m": {}, "v": {}}) for n in range(1, len(rates) + 1)]
    for name, p in params.items():
        p, m0, v0 = p.astype(np.float64), *((start[slot][name] if start else 0.0) for slot in ("m", "v"))
        gs = np.empty((len(rates), *p.shape))
        for n, lr in enumerate(rates, 1):
            gs[n - 1] = gradients[n - 1][name] + weight_decay * p
            m, v = weighted(betas[0], m0, gs[:n]), weighted(betas[1], v0, gs[:n] ** 2)
            m_hat, v_hat = (a / total_weight(beta, t0 + n) for a, beta in zip((m, v), betas, strict=True))
            p = p - lr * (m_hat / (np.sqrt(v_hat) + eps))
            new, state = run[n - 1]
            new[name], state["m"][name], state["v"][name] = p, m, v
    return run


def problem(rng, steps, scale=1.0, dtype=np.float64):
    """Parameters of different shapes, a gradient of each for every step, a learning rate for every step."""
    a, b, c, d = (int(n) for n in rng.choice([2, 3, 4, 5, 6], size=4, replace=False))
    shapes = {"weight": (a, b), "bias": (c,), "kernel": (2, 1, d)}
    params = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    gradients = [
        {name: (scale * rng.normal(size=shape)).astype(dtype) for name, shape in shapes.items()} for _ in range(steps)
    ]
    return params, gradients, [float(r) for r in rng.uniform(0.01, 0.1, size=steps)]


def fresh(params):
    return {"t": 0, **{slot: {name: np.zeros_like(p) for name, p in params.items()} for slot in ("m", "v")}}


def somewhere(rng, params, t):
    """A state in the middle of a run."""
    m = {name: rng.normal(size=p.shape) for name, p in params.items()}
    return {"t": t, "m": m, "v": {name: m[name] ** 2 + rng.uniform(0.1, 4.0, size=p.shape) for name, p in m.items()}}


def follow(candidate, params, gradients, rates, start, betas, eps, weight_decay=0.0, steps=(1, 2)):
    """Take all steps; compare the parameters after some of them and after the last one. Returns the last state."""
    expected = expected_run(params, gradients, rates, betas, eps, start, weight_decay)
    dtype = next(iter(params.values())).dtype
    settings = {"betas": betas, "eps": eps, "weight_decay": weight_decay}
    wanted = sorted({n for n in (*steps, len(rates)) if n <= len(rates)})
    after, state = candidate.run(run, params, gradients, rates, start, settings, wanted)
    for n, new in zip(wanted, after, strict=True):
        right = {name: p.astype(dtype) for name, p in expected[n - 1][0].items()}
        check_close(f"params after step {n}", new, right)
    return state


def run(m, params, gradients, rates, state, settings, wanted):  # in the candidate
    after = []
    for n, (grads, lr) in enumerate(zip(gradients, rates, strict=True), 1):
        params, state = m.adam_step(params, grads, state, lr=lr, **settings)
        if n in wanted:
            after.append({name: p.copy() for name, p in params.items()})
    return after, state


def signs(rng, n):
    return rng.permutation(np.where(np.arange(n) % 2 == 0, 1.0, -1.0))


@points(35)
def test_value(candidate, rng, case):
    """Fifty steps on several parameters follow the formulas, for any betas, eps and scale; the defaults are right."""
    with case("by hand"):
        params, grads = {"p": np.array([1.0])}, {"p": np.array([2.0])}
        state = {"t": 1, "m": {"p": np.array([1.0])}, "v": {"p": np.array([4.0])}}
        settings = {"lr": 0.5, "betas": (0.5, 0.5), "eps": 0.5, "weight_decay": 0.0}
        new, _ = unpack("adam_step", candidate.adam_step(params, grads, state, **settings), 2)
        # t = 2; m = (1 + 2) / 2 = 1.5, v = (4 + 4) / 2 = 4, both divided by 1 - 1/4: m_hat = 2, v_hat = 16/3
        # p = 1 - 0.5 * 2 / (4 / sqrt(3) + 0.5)
        check_close("params", new, {"p": np.array([1 - 1 / (4 / math.sqrt(3) + 0.5)])}, rtol=1e-12)
    for betas in (*BETAS[:4], tuple(rng.uniform(0.2, 0.98, size=2).tolist())):
        with case(f"betas = ({betas[0]:.3g}, {betas[1]:.3g})"):
            params, gradients, rates = problem(rng, 50)
            follow(candidate, params, gradients, rates, fresh(params), betas, 1e-8)
    with case("from the middle of a run"):
        params, gradients, rates = problem(rng, 4)
        start = somewhere(rng, params, int(rng.integers(3, 12)))
        follow(candidate, params, gradients, rates, start, (0.8, 0.95), 1e-3)
    for scale, eps in ((1e-8, 1e-8), (1.0, 0.05), (100.0, 1e-8)):
        with case(f"gradients of {scale:g}, eps = {eps:g}"):
            params, gradients, rates = problem(rng, 10, scale=scale)
            follow(candidate, params, gradients, rates, fresh(params), (0.9, 0.99), eps)
    with case("names in another order"):
        params = {name: rng.normal(size=3) for name in ("a", "b", "c")}
        gradients = [{name: rng.normal(size=3) for name in ("c", "a", "b")} for _ in range(3)]
        follow(candidate, params, gradients, [0.1] * 3, fresh(params), (0.9, 0.99), 1e-8)
    with case("float32"):
        params, gradients, rates = problem(rng, 5, dtype=np.float32)
        follow(candidate, params, gradients, rates, fresh(params), (0.9, 0.999), 1e-3)
    with case("transposed views"):
        params, gradients, rates = problem(rng, 2)
        params, *gradients = ({name: a.T for name, a in arrays.items()} for arrays in (params, *gradients))
        follow(candidate, params, gradients, rates, fresh(params), (0.9, 0.999), 1e-8)
    defaults = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}
    for left_out in defaults:
        with case(f"without {left_out}"):
            given = {k: v for k, v in defaults.items() if k != left_out}
            params = {"p": np.array([2.0, -1.0, 3.0]) if left_out == "weight_decay" else np.zeros(3)}
            scale = 1e-8 if left_out == "eps" else 1.0
            gradients = [{"p": scale * signs(rng, 3) * rng.uniform(0.5, 2.0, size=3)} for _ in range(3)]
            expected = expected_run(params, gradients, [1e-3] * 3, (0.9, 0.999), 1e-8)
            state = fresh(params)
            for grads in gradients:
                params, state = unpack("adam_step", candidate.adam_step(params, grads, state, **given), 2)
            check_close("params after three steps", params, expected[-1][0])


@points(15)
def test_first_step(candidate, rng, case):
    """The first step is lr long against the gradient's sign, whatever the gradient's size; eps shortens it."""
    for betas in BETAS:
        with case(f"betas = {betas}"):
            g = signs(rng, 6) * 10.0 ** rng.uniform(-4, 4, size=6)
            lr = float(rng.uniform(0.01, 1.0))
            for eps in (0.0, 0.1):
                params = {"p": np.zeros(6)}
                settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": 0.0}
                result = candidate.adam_step(params, {"p": g}, fresh(params), **settings)
                new, _ = unpack("adam_step", result, 2)
                step = -lr * np.sign(g) * np.abs(g) / (np.abs(g) + eps)
                check_close(f"the first step with eps={eps:g}", new, {"p": step}, atol=0.0)


@points(15)
def test_bias_correction(candidate, rng, case):
    """While the gradient stays the same every step is lr long; late in a run nothing is left to correct."""
    for betas in BETAS:
        with case(f"betas = {betas}, a constant gradient"):
            n, lr, eps = 40, float(rng.uniform(0.01, 0.1)), 1e-3
            grads = {name: signs(rng, k) * 10.0 ** rng.uniform(-2, 2, size=k) for name, k in (("a", 3), ("b", 4))}
            params = {name: np.zeros_like(g) for name, g in grads.items()}
            settings = {"betas": betas, "eps": eps, "weight_decay": 0.0}
            after, _ = candidate.run(run, params, [grads] * n, [lr] * n, fresh(params), settings, list(range(1, n + 1)))
            steps = {name: -lr * g / (np.abs(g) + eps) for name, g in grads.items()}
            for t, new in enumerate(after, 1):
                check_close(f"params after step {t}", new, {name: t * step for name, step in steps.items()})
    with case("t = 1000000"):
        params, gradients, rates = problem(rng, 2)
        follow(candidate, params, gradients, rates, somewhere(rng, params, 10**6), (0.9, 0.999), 1e-3)


@points(10)
def test_l2_coupled(candidate, rng, case):
    """weight_decay * p joins the gradient before either average sees it."""
    with case("by hand"):
        params, grads = {"p": np.array([2.0])}, {"p": np.array([2.0])}
        state = {"t": 0, "m": {"p": np.array([0.0])}, "v": {"p": np.array([0.0])}}
        settings = {"lr": 0.5, "betas": (0.5, 0.5), "eps": 1.0, "weight_decay": 0.5}
        new, _ = unpack("adam_step", candidate.adam_step(params, grads, state, **settings), 2)
        # g = 2 + 0.5 * 2 = 3, so m_hat = 3, v_hat = 9; p = 2 - 0.5 * 3 / (3 + 1)
        check_close("params", new, {"p": np.array([1.625])}, rtol=1e-12)
    for weight_decay in (0.01, 0.5, float(rng.uniform(1.0, 3.0))):
        with case(f"weight_decay = {weight_decay:.3g}"):
            params, gradients, rates = problem(rng, 30)
            follow(candidate, params, gradients, rates, fresh(params), (0.9, 0.99), 1e-3, weight_decay)
    with case("no gradient but the decay's"):
        params, gradients, rates = problem(rng, 5, scale=0.0)
        follow(candidate, params, gradients, rates, fresh(params), (0.8, 0.9), 0.1, 0.3)


@points(10)
def test_zero_grad_extreme(candidate, rng, case):
    """Gradients of 0, 1e-30 and 1e20 give finite steps without warnings, and where gradients stop momentum goes on."""
    sizes = np.array([0.0, 1e-30, 1.0, 1e20])
    settings = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.0}
    for words, v in (("0", 0.0), ("1", 1.0)):
        with case(f"gradients from 0 to 1e20, v = {words}"), candidate.strict():
            gradients = [{"p": sizes * rng.uniform(0.5, 2.0, size=4)} for _ in range(4)]
            params = {"p": np.zeros(4)}
            state = fresh(params)
            state["v"]["p"] += v
            expected = expected_run(params, gradients, [0.1] * 4, (0.9, 0.99), 1e-8, state)
            for t, grads in enumerate(gradients, 1):
                params, state = unpack("adam_step", candidate.adam_step(params, grads, state, **settings), 2)
                check_close(f"params after step {t}", params, expected[t - 1][0], atol=0.0)  # steps of 1e-23 count
    with case("no gradient, no motion"), candidate.strict():
        params = {"p": rng.normal(size=(2, 3))}
        state = fresh(params)
        for _ in range(2):
            new, state = unpack("adam_step", candidate.adam_step(params, {"p": np.zeros((2, 3))}, state, **settings), 2)
            check_equal("params", new, params)
    with case("the gradient stops"), candidate.strict():
        params, gradients, rates = problem(rng, 3)
        gradients += [{name: np.zeros_like(p) for name, p in params.items()}] * 5
        follow(candidate, params, gradients, [*rates, *rates, 0.1, 0.2], fresh(params), (0.9, 0.99), 1e-8, steps=(4,))


@points(10)
def test_purity_state(candidate, rng, case):
    """Arguments stay as they are, an empty state is a fresh start, and the new state counts one step for all names."""
    settings = {"betas": (0.9, 0.99), "eps": 1e-3, "weight_decay": 0.0}
    how = ((0.9, 0.99), 1e-3)
    with case("an empty state"):
        params, gradients, rates = problem(rng, 3)
        expected = expected_run(params, gradients, rates, *how)
        state = {}
        for t in range(3):
            result = candidate.adam_step(params, gradients[t], state, lr=rates[t], **settings)
            params, state = unpack("adam_step", result, 2)
            check_close(f"params after step {t + 1}", params, expected[t][0])
            check_close(f"the state after step {t + 1}", state, expected[t][1])
            check_type('state["t"]', state["t"], int)
    with case("an empty state, all steps in one go"):
        params, gradients, rates = problem(rng, 30)
        expected = expected_run(params, gradients, rates, *how)
        after, state = candidate.run(run, params, gradients, rates, {}, settings, [30])
        check_close("params after step 30", after[0], expected[-1][0])
        check_close("the state after step 30", state, expected[-1][1])
    with case("arguments unchanged, new results"):
        params, gradients, rates = problem(rng, 3)
        state = fresh(params)
        for t in range(3):
            given = {**settings, "lr": rates[t], "weight_decay": 0.1}
            params, state = unpack("adam_step", candidate.adam_step(params, gradients[t], state, **given), 2)
            check_pure(candidate, "params", "grads", "state")
            check_fresh(candidate, "params", "grads", "state")
    with case("an empty state stays empty"):
        params, gradients, rates = problem(rng, 1)
        candidate.adam_step(params, gradients[0], {}, lr=rates[0], **settings)
        check_pure(candidate, "params", "grads", "state")
    with case("two runs side by side"):
        one, two = problem(rng, 3), problem(rng, 4)
        expected = [expected_run(*which, *how)[-1][0] for which in (one, two)]
        params, state = [one[0], two[0]], [fresh(one[0]), fresh(two[0])]
        for k, t in ((0, 0), (1, 0), (1, 1), (0, 1), (1, 2), (0, 2), (1, 3)):
            _, gradients, rates = (one, two)[k]
            result = candidate.adam_step(params[k], gradients[t], state[k], lr=rates[t], **settings)
            params[k], state[k] = unpack("adam_step", result, 2)
        for k in (0, 1):
            check_close(f"params of run {k + 1}", params[k], expected[k])
    with case("float32"):
        params, gradients, rates = problem(rng, 2, dtype=np.float32)
        right, right_state = expected_run(params, gradients, rates, *how)[-1]
        state = {}
        for t in range(2):
            result = candidate.adam_step(params, gradients[t], state, lr=rates[t], **settings)
            params, state = unpack("adam_step", result, 2)
        check_close("params", params, single(right), dtype=True)
        check_close("the state", state, {"t": 2, "m": single(right_state["m"]), "v": single(right_state["v"])})
        for slot in ("m", "v"):
            check_close(f"state[{slot!r}]", state[slot], single(right_state[slot]), dtype=True)


def single(arrays):
    return {name: a.astype(np.float32) for name, a in arrays.items()}


@points(5)
def test_errors(candidate, rng, case):
    """A beta outside [0, 1), a negative lr, eps or weight_decay and differing names raise ValueError; 0 is allowed."""
    params, gradients, _ = problem(rng, 1)
    grads = gradients[0]
    good = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-3, "weight_decay": 0.1}
    for value in (-0.1, 1.0, 1.5):
        for betas in ((value, 0.99), (0.9, value)):
            with case(f"betas = {betas}"), check_raises(ValueError, f"betas={betas}"):
                candidate.adam_step(params, grads, fresh(params), **{**good, "betas": betas})
    for name in ("lr", "eps", "weight_decay"):
        with case(f"{name} = -0.1"), check_raises(ValueError, f"{name}=-0.1"):
            candidate.adam_step(params, grads, fresh(params), **{**good, name: -0.1})
    with case("a gradient is missing"), check_raises(ValueError, "a parameter without a gradient"):
        fewer = {name: g for name, g in grads.items() if name != "bias"}
        candidate.adam_step(params, fewer, fresh(params), **good)
    with case("a gradient too many"), check_raises(ValueError, "a gradient without a parameter"):
        more = {**grads, "other": np.ones(2)}
        candidate.adam_step(params, more, fresh(more), **good)
    with case("0 is allowed"):
        nothing = {"lr": 0.0, "betas": (0.0, 0.0), "eps": 1e-3, "weight_decay": 0.0}
        new, _ = unpack("adam_step", candidate.adam_step(params, grads, fresh(params), **nothing), 2)
        check_close("params after a step with lr=0", new, params)
