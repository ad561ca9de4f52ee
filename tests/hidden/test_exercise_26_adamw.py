"""Each docstring is the line the learner reads. The oracle writes the averages out as sums over all past gradients.

Outside of `purity_state` every run starts from a state that is written out, and every call says all its settings
except in the cases about the defaults, so that these two mistakes cost their own points only. Where a check is not
about no_decay, no name is exempt.
"""

import math

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points

BETAS = ((0.9, 0.999), (0.5, 0.9), (0.95, 0.5), (0.0, 0.99))
EXEMPT = frozenset({"bias", "gain"})


def total_weight(beta, t):
    """1 - beta^t, what the weights of t terms add up to."""
    return -np.expm1(t * math.log(beta)) if beta > 0 else 1.0


def expected_run(params, gradients, rates, betas, eps, weight_decay, no_decay=frozenset(), start=None):
    """A function of n that gives (params, state) after n steps, in float64. All parameters are one long vector here."""
    start = start or fresh(params)
    p, m0, v0, *g = (flat(arrays, params) for arrays in (params, start["m"], start["v"], *gradients))
    decay = flat({name: np.full(a.shape, weight_decay * (name not in no_decay)) for name, a in params.items()}, params)
    n = np.arange(1, len(rates) + 1)[:, None]
    t, age, g = start["t"] + n, n - n.T, np.array(g)  # age[n, k]: how many steps before step n gradient k came
    old, past = (b**n for b in betas), (np.where(age >= 0, b ** np.abs(age).astype(float), 0.0) for b in betas)
    (old1, old2), (past1, past2) = old, past
    m, v = old1 * m0 + (1 - betas[0]) * past1 @ g, old2 * v0 + (1 - betas[1]) * past2 @ g**2
    adam = m / total_weight(betas[0], t) / (np.sqrt(v / total_weight(betas[1], t)) + eps)
    path = []
    for lr, direction in zip(rates, adam, strict=True):
        p = p - lr * (direction + decay * p)
        path.append(p)

    def after(k):
        state = {"t": start["t"] + k, "m": named(m[k - 1], params), "v": named(v[k - 1], params)}
        return named(path[k - 1], params), state

    return after


def flat(arrays, params):
    return np.concatenate([np.ravel(arrays[name]).astype(np.float64) for name in params])


def named(vector, params):
    ends = np.cumsum([p.size for p in params.values()])[:-1]
    parts = np.split(vector, ends)
    return {name: part.reshape(p.shape) for (name, p), part in zip(params.items(), parts, strict=True)}


def problem(rng, steps, scale=1.0, dtype=np.float64):
    """Parameters of different shapes, a gradient of each for every step, a learning rate for every step."""
    a, b, c, d = (int(n) for n in rng.choice([2, 3, 4, 5, 6], size=4, replace=False))
    shapes = {"weight": (a, b), "bias": (c,), "kernel": (2, 1, d), "gain": (b,)}
    params = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    gradients = [
        {name: (scale * rng.normal(size=shape)).astype(dtype) for name, shape in shapes.items()} for _ in range(steps)
    ]
    return params, gradients, [float(r) for r in rng.uniform(0.01, 0.1, size=steps)]


def fresh(params):
    return {"t": 0, **{slot: {name: np.zeros_like(p) for name, p in params.items()} for slot in ("m", "v")}}


def follow(candidate, params, gradients, rates, start, betas, eps, weight_decay, no_decay=frozenset()):
    """Take all steps; compare the parameters after the first, the second and the last. Returns both at the end."""
    expected = expected_run(params, gradients, rates, betas, eps, weight_decay, no_decay, start)
    dtype = next(iter(params.values())).dtype
    settings = {"betas": betas, "eps": eps, "weight_decay": weight_decay, "no_decay": no_decay}
    wanted = sorted({n for n in (1, 2, len(rates)) if n <= len(rates)})
    after, state = candidate.run(run, params, gradients, rates, start, settings, wanted)
    for n, new in zip(wanted, after, strict=True):
        right = {name: p.astype(dtype) for name, p in expected(n)[0].items()}
        check_close(f"params after step {n}", new, right)
    return after[-1], state


def run(m, params, gradients, rates, state, settings, wanted):  # in the candidate
    after = []
    for n, (grads, lr) in enumerate(zip(gradients, rates, strict=True), 1):
        params, state = m.adamw_step(params, grads, state, lr=lr, **settings)
        if n in wanted:
            after.append({name: p.copy() for name, p in params.items()})
    return after, state


def signs(rng, n):
    return rng.permutation(np.where(np.arange(n) % 2 == 0, 1.0, -1.0))


@points(35)
def test_value(candidate, rng, case):
    """Fifty steps on several parameters shrink them by lr * weight_decay and follow Adam; the defaults are right."""
    with case("by hand"):
        params, grads = {"p": np.array([4.0])}, {"p": np.array([2.0])}
        state = {"t": 1, "m": {"p": np.array([1.0])}, "v": {"p": np.array([4.0])}}
        settings = {"lr": 0.5, "betas": (0.5, 0.5), "eps": 0.5, "weight_decay": 0.25, "no_decay": frozenset()}
        new, _ = unpack("adamw_step", candidate.adamw_step(params, grads, state, **settings), 2)
        # m = 1.5, v = 4, both divided by 1 - 1/4: m_hat = 2, v_hat = 16/3
        # p = 4 * (1 - 0.125) - 0.5 * 2 / (4 / sqrt(3) + 0.5)
        check_close("params", new, {"p": np.array([3.5 - 1 / (4 / math.sqrt(3) + 0.5)])}, rtol=1e-12)
    for betas in (*BETAS, tuple(rng.uniform(0.2, 0.98, size=2).tolist())):
        with case(f"betas = ({betas[0]:.3g}, {betas[1]:.3g})"):
            params, gradients, rates = problem(rng, 50)
            follow(candidate, params, gradients, rates, fresh(params), betas, 1e-8, float(rng.uniform(0.01, 1.0)))
    with case("from the middle of a run"):
        params, gradients, rates = problem(rng, 4)
        m = {name: rng.normal(size=p.shape) for name, p in params.items()}
        v = {name: a**2 + rng.uniform(0.1, 4.0, size=a.shape) for name, a in m.items()}
        start = {"t": int(rng.integers(3, 12)), "m": m, "v": v}
        follow(candidate, params, gradients, rates, start, (0.8, 0.95), 1e-3, 0.5)
    for scale, eps in ((1e-8, 1e-8), (1.0, 0.05), (1.0, 0.0)):
        with case(f"gradients of {scale:g}, eps = {eps:g}"):
            params, gradients, rates = problem(rng, 10, scale=scale)
            follow(candidate, params, gradients, rates, fresh(params), (0.9, 0.99), eps, 0.2)
    with case("some names exempt"):
        params, gradients, rates = problem(rng, 30)
        follow(candidate, params, gradients, rates, fresh(params), (0.9, 0.99), 1e-8, 0.5, EXEMPT)
    with case("names in another order"):
        params = {name: rng.normal(size=3) for name in ("a", "b", "c")}
        gradients = [{name: rng.normal(size=3) for name in ("c", "a", "b")} for _ in range(3)]
        follow(candidate, params, gradients, [0.1] * 3, fresh(params), (0.9, 0.99), 1e-8, 0.1)
    with case("float32"):
        params, gradients, rates = problem(rng, 5, dtype=np.float32)
        follow(candidate, params, gradients, rates, fresh(params), (0.9, 0.999), 1e-3, 0.1)
    with case("transposed views"):
        params, gradients, rates = problem(rng, 2)
        params, *gradients = ({name: a.T for name, a in arrays.items()} for arrays in (params, *gradients))
        follow(candidate, params, gradients, rates, fresh(params), (0.9, 0.999), 1e-8, 0.1)
    defaults = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2, "no_decay": frozenset()}
    for left_out in defaults:
        with case(f"without {left_out}"):
            given = {k: v for k, v in defaults.items() if k != left_out}
            params = {"p": signs(rng, 3) * rng.uniform(1.0, 2.0, size=3)}
            scale = 1e-8 if left_out == "eps" else 1.0
            gradients = [{"p": scale * signs(rng, 3) * rng.uniform(0.5, 2.0, size=3)} for _ in range(3)]
            expected = expected_run(params, gradients, [1e-3] * 3, (0.9, 0.999), 1e-8, 1e-2)
            state = fresh(params)
            for grads in gradients:
                params, state = unpack("adamw_step", candidate.adamw_step(params, grads, state, **given), 2)
            check_close("params after three steps", params, expected(3)[0])


@points(15)
def test_differs_from_l2(candidate, rng, case):
    """The decay is not part of the gradient: it stays out of both averages and is not divided by sqrt(v_hat)."""
    how = ((0.9, 0.99), 1e-8)
    with case("weight_decay = 0 is Adam"):
        params, gradients, rates = problem(rng, 20)
        follow(candidate, params, gradients, rates, fresh(params), *how, 0.0)
    for weight_decay in (0.1, 1.0):
        with case(f"weight_decay = {weight_decay:g} is not Adam with L2"):
            params, gradients, rates = problem(rng, 20)
            new, _ = follow(candidate, params, gradients, rates, fresh(params), *how, weight_decay)
            other = adam_with_l2(params, gradients, rates, *how, weight_decay)
            away = max(float(np.abs(new[name] - other[name]).max()) for name in params)
            check(away > 1e-3, f"The result is within {away:.2g} of Adam with weight_decay * p in the gradient.")
    with case("the averages see the raw gradient only"):
        params, gradients, rates = problem(rng, 10)
        _, state = follow(candidate, params, gradients, rates, fresh(params), *how, 0.5)
        check_close("the state after step 10", state, expected_run(params, gradients, rates, *how, 0.5)(10)[1])
    with case("the decay does not depend on the size of the gradient"):
        params = {"p": rng.uniform(1.0, 2.0, size=6)}
        gradients = [{"p": signs(rng, 6) * 10.0 ** np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])}]
        follow(candidate, params, gradients, [0.1], fresh(params), *how, 0.5)


def adam_with_l2(params, gradients, rates, betas, eps, weight_decay):
    """The other thing: the decay joins the gradient."""
    new = {}
    for name, p in params.items():
        m = v = np.zeros(p.shape)
        for t, (grads, lr) in enumerate(zip(gradients, rates, strict=True), 1):
            g = grads[name] + weight_decay * p
            m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
            p = p - lr * m / (1 - betas[0] ** t) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
        new[name] = p
    return new


@points(15)
def test_decay_rate(candidate, rng, case):
    """Without gradients parameters shrink by (1 - lr * weight_decay)^steps, and decay_only_factor says so."""
    for steps in (1, 2, 40):
        lr, weight_decay = float(rng.uniform(0.01, 0.2)), float(rng.uniform(0.1, 2.0))
        factor = math.exp(steps * math.log1p(-lr * weight_decay))
        with case(f"no gradient, {steps} steps"):
            params, gradients, _ = problem(rng, steps, scale=0.0)
            settings = {"betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": weight_decay, "no_decay": frozenset()}
            args = (params, gradients, [lr] * steps, fresh(params), settings, [steps])
            after, _ = candidate.run(run, *args)
            check_close(f"params after step {steps}", after[0], {name: factor * p for name, p in params.items()})
        with case(f"decay_only_factor, {steps} steps"):
            value = candidate.decay_only_factor(lr, weight_decay, steps)
            check_close(f"decay_only_factor({lr:.3g}, {weight_decay:.3g}, {steps})", value, factor)
            check_type("decay_only_factor", value, float)
    for settings, expected in (((0.1, 0.5, 2), 0.9025), ((0.3, 0.2, 0), 1.0), ((0.5, 0.0, 7), 1.0)):
        with case(f"decay_only_factor{settings}"):  # 0.95^2; no step; no decay
            check_close(f"decay_only_factor{settings}", candidate.decay_only_factor(*settings), expected)
    with case("gradients a million times as large"):
        params, gradients, rates = problem(rng, 10)
        larger = [{name: 1e6 * g for name, g in grads.items()} for grads in gradients]
        expected = expected_run(params, gradients, rates, (0.9, 0.99), 0.0, 0.5)
        settings = {"betas": (0.9, 0.99), "eps": 0.0, "weight_decay": 0.5, "no_decay": frozenset()}
        after, _ = candidate.run(run, params, larger, rates, fresh(params), settings, [10])
        check_close("params after step 10", after[0], expected(10)[0])


@points(10)
def test_no_decay(candidate, rng, case):
    """The names in no_decay take the Adam step and are not shrunk; all others are."""
    how = ((0.9, 0.99), 1e-3, 0.5)
    for words, exempt in (("two names", set(EXEMPT)), ("one name", {"kernel"}), ("a frozenset", EXEMPT)):
        with case(words):
            params, gradients, rates = problem(rng, 5)
            follow(candidate, params, gradients, rates, fresh(params), *how, exempt)
    with case("every name"):
        params, gradients, rates = problem(rng, 5)
        follow(candidate, params, gradients, rates, fresh(params), *how, set(params))
    with case("no gradient"):
        params, gradients, rates = problem(rng, 3, scale=0.0)
        new, _ = follow(candidate, params, gradients, rates, fresh(params), *how, set(EXEMPT))
        for name in EXEMPT:
            check_equal(f"params[{name!r}], exempt and without gradient,", new[name], params[name])


@points(10)
def test_sgd_contrast(candidate, rng, case):
    """Where Adam's step is plain SGD, decoupled decay is the same as L2 in the gradient."""
    for weight_decay in (0.1, 2.0):
        with case(f"weight_decay = {weight_decay:g}"):
            # beta1 = 0 and |g| of 1e-12 against eps = 1: the direction g / (|g| + 1) is g but for a factor 1 - 1e-12.
            params, gradients, rates = problem(rng, 20, scale=1e-12)
            params = {name: 1e-12 * p for name, p in params.items()}
            expected = dict(params)
            for grads, lr in zip(gradients, rates, strict=True):
                expected = {name: p - lr * (grads[name] + weight_decay * p) for name, p in expected.items()}
            settings = {"betas": (0.0, 0.9), "eps": 1.0, "weight_decay": weight_decay, "no_decay": frozenset()}
            after, _ = candidate.run(run, params, gradients, rates, fresh(params), settings, [20])
            check_close("params after step 20", after[0], expected, atol=1e-21)  # relative to values of 1e-12
    with case("decay_only_factor"):
        lr, weight_decay, p = float(rng.uniform(0.01, 0.2)), float(rng.uniform(0.1, 2.0)), 1.0
        for _ in range(25):
            p = p - lr * (0.0 + weight_decay * p)
        value = candidate.decay_only_factor(lr, weight_decay, 25)
        check_close("decay_only_factor, against 25 steps of SGD with L2,", value, p)


@points(10)
def test_purity_state(candidate, rng, case):
    """Arguments stay as they are, an empty state is a fresh start, and the new state counts one step for all names."""
    settings = {"betas": (0.9, 0.99), "eps": 1e-3, "weight_decay": 0.0, "no_decay": frozenset()}
    how = ((0.9, 0.99), 1e-3, 0.0)
    with case("an empty state"):
        params, gradients, rates = problem(rng, 3)
        expected = expected_run(params, gradients, rates, *how)
        state = {}
        for t in range(3):
            result = candidate.adamw_step(params, gradients[t], state, lr=rates[t], **settings)
            params, state = unpack("adamw_step", result, 2)
            check_close(f"params after step {t + 1}", params, expected(t + 1)[0])
            check_close(f"the state after step {t + 1}", state, expected(t + 1)[1])
            check_type('state["t"]', state["t"], int)
    with case("an empty state, all steps in one go"):
        params, gradients, rates = problem(rng, 30)
        expected = expected_run(params, gradients, rates, *how)
        after, state = candidate.run(run, params, gradients, rates, {}, settings, [30])
        check_close("params after step 30", after[0], expected(30)[0])
        check_close("the state after step 30", state, expected(30)[1])
    with case("arguments unchanged, new results"):
        params, gradients, rates = problem(rng, 3)
        state = fresh(params)
        for t in range(3):
            given = {**settings, "lr": rates[t], "weight_decay": 0.1, "no_decay": {"bias"}}
            params, state = unpack("adamw_step", candidate.adamw_step(params, gradients[t], state, **given), 2)
            check_pure(candidate, "params", "grads", "state")
            check_fresh(candidate, "params", "grads", "state")
    with case("an empty state stays empty"):
        params, gradients, rates = problem(rng, 1)
        candidate.adamw_step(params, gradients[0], {}, lr=rates[0], **settings)
        check_pure(candidate, "params", "grads", "state")
    with case("two runs side by side"):
        one, two = problem(rng, 3), problem(rng, 4)
        expected = [expected_run(*which, *how)(len(which[2]))[0] for which in (one, two)]
        params, state = [one[0], two[0]], [fresh(one[0]), fresh(two[0])]
        for k, t in ((0, 0), (1, 0), (1, 1), (0, 1), (1, 2), (0, 2), (1, 3)):
            _, gradients, rates = (one, two)[k]
            result = candidate.adamw_step(params[k], gradients[t], state[k], lr=rates[t], **settings)
            params[k], state[k] = unpack("adamw_step", result, 2)
        for k in (0, 1):
            check_close(f"params of run {k + 1}", params[k], expected[k])
    with case("float32"):
        params, gradients, rates = problem(rng, 2, dtype=np.float32)
        right, right_state = expected_run(params, gradients, rates, *how)(2)
        state = {}
        for t in range(2):
            result = candidate.adamw_step(params, gradients[t], state, lr=rates[t], **settings)
            params, state = unpack("adamw_step", result, 2)
        check_close("params", params, single(right), dtype=True)
        check_close("the state", state, {"t": 2, "m": single(right_state["m"]), "v": single(right_state["v"])})
        for slot in ("m", "v"):
            check_close(f"state[{slot!r}]", state[slot], single(right_state[slot]), dtype=True)


def single(arrays):
    return {name: a.astype(np.float32) for name, a in arrays.items()}


@points(5)
def test_errors(candidate, rng, case):
    """Bad betas, a negative lr, eps or weight_decay, differing names, an unknown name in no_decay raise ValueError."""
    params, gradients, _ = problem(rng, 1)
    grads, start = gradients[0], fresh(params)
    good = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-3, "weight_decay": 0.1, "no_decay": frozenset()}
    for value in (-0.1, 1.0, 1.5):
        for betas in ((value, 0.99), (0.9, value)):
            with case(f"betas = {betas}"), check_raises(ValueError, f"betas={betas}"):
                candidate.adamw_step(params, grads, start, **{**good, "betas": betas})
    for name in ("lr", "eps", "weight_decay"):
        with case(f"{name} = -0.1"), check_raises(ValueError, f"{name}=-0.1"):
            candidate.adamw_step(params, grads, start, **{**good, name: -0.1})
    for exempt in ({"head"}, {"bias", "head"}):
        with case(f"no_decay = {sorted(exempt)}"), check_raises(ValueError, "no_decay with a name not in params"):
            candidate.adamw_step(params, grads, start, **{**good, "no_decay": exempt})
    with case("a gradient is missing"), check_raises(ValueError, "a parameter without a gradient"):
        fewer = {name: g for name, g in grads.items() if name != "bias"}
        candidate.adamw_step(params, fewer, start, **good)
    with case("a gradient too many"), check_raises(ValueError, "a gradient without a parameter"):
        more = {**grads, "other": np.ones(2)}
        candidate.adamw_step(params, more, fresh(more), **good)
    with case("0 is allowed"):
        nothing = {**good, "lr": 0.0, "betas": (0.0, 0.0), "weight_decay": 0.0}
        new, _ = unpack("adamw_step", candidate.adamw_step(params, grads, start, **nothing), 2)
        check_close("params after a step with lr=0", new, params)
