"""Each docstring is the line the learner reads. The oracle writes averages and maxima out over all past gradients.

Outside of `purity_state` every run starts from a state that is written out, and every call says all its settings
except in the cases about the defaults, so that these two mistakes cost their own points only.
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

BETAS = ((0.9, 0.999), (0.95, 0.5), (0.0, 0.99))
SLOTS = {"amsgrad_step": ("m", "v", "vmax"), "adamax_step": ("m", "u"), "nadam_step": ("m", "v")}


def total_weight(beta, t):
    """1 - beta^t, what the weights of t terms add up to."""
    return -np.expm1(t * math.log(beta)) if beta > 0 else 1.0


def expected_run(function, params, gradients, rates, betas, eps, start=None, momentum_decay=4e-3):
    """A function of n that gives (params, state) after n steps, in float64. All parameters are one long vector here."""
    start, (b1, b2) = start or fresh(function, params), betas
    p, *g = (flat(arrays, params) for arrays in (params, *gradients))
    old = {slot: flat(start[slot], params) for slot in SLOTS[function]}
    n = np.arange(1, len(rates) + 1)[:, None]
    t, age, g = start["t"] + n, n - n.T, np.array(g)  # age[n, k]: how many steps before step n gradient k came

    def past(beta):
        return np.where(age >= 0, beta ** np.abs(age).astype(float), 0.0)

    now = {"m": b1**n * old["m"] + (1 - b1) * past(b1) @ g}
    if function == "adamax_step":
        sizes = past(b2)[:, :, None] * (np.abs(g) + eps)
        now["u"] = np.maximum(sizes.max(axis=1), b2**n * old["u"])
        steps = now["m"] / total_weight(b1, t) / now["u"]
    else:
        largest = now["v"] = b2**n * old["v"] + (1 - b2) * past(b2) @ g**2
        if function == "amsgrad_step":
            largest = now["vmax"] = np.array([np.max([old["vmax"], *now["v"][:k]], axis=0) for k in n[:, 0]])
            ahead = now["m"] / total_weight(b1, t)
        else:
            mu, mu_next = (b1 * (1 - 0.5 * np.exp(math.log(0.96) * momentum_decay * s)) for s in (t, t + 1))
            product = start["mu_product"] * np.cumprod(mu)[:, None]
            ahead = (1 - mu) / (1 - product) * g + mu_next / (1 - product * mu_next) * now["m"]
        steps = ahead / (np.sqrt(largest / total_weight(b2, t)) + eps)
    path = p - np.cumsum(np.array(rates)[:, None] * steps, axis=0)

    def after(k):
        state = {"t": start["t"] + k, **{slot: named(now[slot][k - 1], params) for slot in SLOTS[function]}}
        return named(path[k - 1], params), {
            **state, **({"mu_product": float(product[k - 1, 0])} if function == "nadam_step" else {})
        }  # fmt: skip

    return after


def flat(arrays, params):
    return np.concatenate([np.ravel(arrays[name]).astype(np.float64) for name in params])


def named(vector, params):
    ends = np.cumsum([p.size for p in params.values()])[:-1]
    return {
        name: part.reshape(p.shape) for (name, p), part in zip(params.items(), np.split(vector, ends), strict=True)
    }  # fmt: skip


def problem(rng, steps, scale=1.0, dtype=np.float64):
    """Parameters of different shapes, a gradient of each for every step, a learning rate for every step."""
    a, b, c, d = (int(n) for n in rng.choice([2, 3, 4, 5, 6], size=4, replace=False))
    shapes = {"weight": (a, b), "bias": (c,), "kernel": (2, 1, d)}
    params = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    gradients = [
        {name: (scale * rng.normal(size=shape)).astype(dtype) for name, shape in shapes.items()} for _ in range(steps)
    ]
    return params, gradients, [float(r) for r in rng.uniform(0.01, 0.1, size=steps)]


def fresh(function, params):
    zeros = {slot: {name: np.zeros_like(p) for name, p in params.items()} for slot in SLOTS[function]}
    return {"t": 0, **zeros, **({"mu_product": 1.0} if function == "nadam_step" else {})}


def somewhere(rng, function, params):
    """A state in the middle of a run."""
    state = fresh(function, params)
    state["t"] = int(rng.integers(3, 12))
    for name, p in params.items():
        state["m"][name] = m = rng.normal(size=p.shape)
        for slot in SLOTS[function][1:]:  # v and vmax (at least as large), or u
            low = state["v"][name] if slot == "vmax" else m**2
            state[slot][name] = low + rng.uniform(0.1, 1.0, size=p.shape)
    if function == "nadam_step":
        state["mu_product"] = float(rng.uniform(0.05, 0.4))
    return state


def follow(candidate, function, params, gradients, rates, start, betas, eps, more, steps=(1, 2)):
    """Take all steps; compare the parameters after some of them and after the last one."""
    expected = expected_run(function, params, gradients, rates, betas, eps, start, **more)
    dtype = next(iter(params.values())).dtype
    settings = {"betas": betas, "eps": eps, **more}
    wanted = sorted({n for n in (*steps, len(rates)) if n <= len(rates)})
    after, _ = candidate.run(run, function, params, gradients, rates, start, settings, wanted)
    for n, (new, _) in zip(wanted, after, strict=True):
        right = {name: p.astype(dtype) for name, p in expected(n)[0].items()}
        check_close(f"params after step {n}", new, right)


def run(m, function, params, gradients, rates, state, settings, wanted):  # in the candidate
    after = []
    for n, (grads, lr) in enumerate(zip(gradients, rates, strict=True), 1):
        params, state = getattr(m, function)(params, grads, state, lr=lr, **settings)
        if n in wanted:
            # A copy of each: an answer that works in place would overwrite what is kept here.
            copies = {slot: {k: a.copy() for k, a in state[slot].items()} for slot in state if slot in ("vmax",)}
            after.append(({name: p.copy() for name, p in params.items()}, copies))
    return after, state


def signs(rng, n):
    return rng.permutation(np.where(np.arange(n) % 2 == 0, 1.0, -1.0))


def values(candidate, rng, case, function, epsilons, **more):
    """The cases that the three rules have in common."""
    for betas in (*BETAS, tuple(rng.uniform(0.2, 0.98, size=2).tolist())):
        with case(f"betas = ({betas[0]:.3g}, {betas[1]:.3g})"):
            params, gradients, rates = problem(rng, 50)
            follow(candidate, function, params, gradients, rates, fresh(function, params), betas, 1e-8, more)
    with case("from the middle of a run"):
        params, gradients, rates = problem(rng, 4)
        follow(candidate, function, params, gradients, rates, somewhere(rng, function, params), (0.8, 0.95), 1e-3, more)
    for scale, eps in epsilons:
        with case(f"gradients of {scale:g}, eps = {eps:g}"):
            params, gradients, rates = problem(rng, 10, scale=scale)
            follow(candidate, function, params, gradients, rates, fresh(function, params), (0.9, 0.99), eps, more)
    with case("gradients of every size, and none"), candidate.strict():
        # The sizes change from step to step, so that maxima are kept, replaced and forgotten.
        params, gradients, rates = problem(rng, 30)
        for t, grads in enumerate(gradients):
            for g in grads.values():
                g *= 10.0 ** rng.integers(-3, 3, size=g.shape) if t % 3 else 0.0
        follow(candidate, function, params, gradients, rates, fresh(function, params), (0.9, 0.8), 1e-6, more)
    with case("names in another order"):
        params = {name: rng.normal(size=3) for name in ("a", "b", "c")}
        gradients = [{name: rng.normal(size=3) for name in ("c", "a", "b")} for _ in range(3)]
        follow(candidate, function, params, gradients, [0.1] * 3, fresh(function, params), (0.9, 0.99), 1e-8, more)
    with case("float32"):
        params, gradients, rates = problem(rng, 5, dtype=np.float32)
        follow(candidate, function, params, gradients, rates, fresh(function, params), (0.9, 0.999), 1e-3, more)


def defaults(candidate, rng, case, function, stated):
    for left_out in stated:
        with case(f"without {left_out}"):
            given = {k: v for k, v in stated.items() if k != left_out}
            params = {"p": np.zeros(3)}
            scale = 1e-8 if left_out == "eps" else 1.0
            gradients = [{"p": scale * signs(rng, 3) * rng.uniform(0.5, 2.0, size=3)} for _ in range(3)]
            expected = expected_run(function, params, gradients, [stated["lr"]] * 3, (0.9, 0.999), 1e-8)
            state = fresh(function, params)
            for grads in gradients:
                params, state = unpack(function, candidate[function](params, grads, state, **given), 2)
            check_close("params after three steps", params, expected(3)[0], atol=1e-15)  # the steps are 1e-3


@points(20)
def test_amsgrad_value(candidate, rng, case):
    """Fifty steps of AMSGrad: the largest uncorrected v so far, corrected after the maximum; the defaults are right."""
    with case("by hand"):
        params, grads = {"p": np.array([1.0])}, {"p": np.array([2.0])}
        state = {"t": 1, "m": {"p": np.array([1.0])}, "v": {"p": np.array([4.0])}, "vmax": {"p": np.array([9.0])}}
        result = candidate.amsgrad_step(params, grads, state, lr=0.5, betas=(0.5, 0.5), eps=0.5)
        new, _ = unpack("amsgrad_step", result, 2)
        # t = 2; m = 1.5, m_hat = 1.5 / (1 - 1/4) = 2; v = 4, so vmax stays 9, corrected 9 / (1 - 1/4) = 12
        check_close("params", new, {"p": np.array([1 - 0.5 * 2 / (math.sqrt(12) + 0.5)])}, rtol=1e-12)
    values(candidate, rng, case, "amsgrad_step", ((1e-8, 1e-8), (1.0, 0.05), (1.0, 0.0)))
    defaults(candidate, rng, case, "amsgrad_step", {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8})


@points(20)
def test_adamax_value(candidate, rng, case):
    """Fifty steps of Adamax: a decayed maximum of |g| + eps, which is not corrected; the defaults are right."""
    for u, expected in ((8.0, 0.75), (1.0, 0.6)):
        with case(f"by hand, u = {u:g}"):
            params, grads = {"p": np.array([1.0])}, {"p": np.array([2.0])}
            state = {"t": 1, "m": {"p": np.array([1.0])}, "u": {"p": np.array([u])}}
            result = candidate.adamax_step(params, grads, state, lr=0.5, betas=(0.5, 0.5), eps=0.5)
            new, _ = unpack("adamax_step", result, 2)
            # m_hat = 2 as in Adam; max(0.5 * 8, 2 + 0.5) = 4, max(0.5 * 1, 2 + 0.5) = 2.5; p = 1 - 0.5 * 2 / u
            check_close("params", new, {"p": np.array([expected])}, rtol=1e-12)
    values(candidate, rng, case, "adamax_step", ((1e-8, 1e-8), (1.0, 0.01), (1.0, 0.0)))
    defaults(candidate, rng, case, "adamax_step", {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8})


@points(25)
def test_nadam_value(candidate, rng, case):
    """Fifty steps of NAdam: the schedule of mu, the running product and the look-ahead; the defaults are right."""
    with case("by hand"):
        params, grads = {"p": np.array([1.0])}, {"p": np.array([2.0])}
        state = {"t": 0, "m": {"p": np.array([0.0])}, "v": {"p": np.array([0.0])}, "mu_product": 1.0}
        settings = {"lr": 0.5, "betas": (0.8, 0.75), "eps": 0.5, "momentum_decay": 0.0}
        new, _ = unpack("nadam_step", candidate.nadam_step(params, grads, state, **settings), 2)
        # mu = 0.8 * 0.5 = 0.4 at every step, P = 0.4; m = 0.2 * 2 = 0.4; v_hat = 2^2
        # p = 1 - 0.5 * (0.6 / 0.6 * 2 + 0.4 / (1 - 0.16) * 0.4) / (2 + 0.5)
        check_close("params", new, {"p": np.array([0.6 - 0.2 * 0.16 / 0.84])}, rtol=1e-12)
    values(candidate, rng, case, "nadam_step", ((1e-8, 1e-8), (1.0, 0.05), (1.0, 0.0)), momentum_decay=4e-3)
    for momentum_decay in (0.1, float(rng.uniform(0.5, 2.0))):
        with case(f"momentum_decay = {momentum_decay:.3g}"):
            params, gradients, rates = problem(rng, 50)
            start = fresh("nadam_step", params)
            more = {"momentum_decay": momentum_decay}
            follow(candidate, "nadam_step", params, gradients, rates, start, (0.9, 0.999), 1e-8, more)
    stated = {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "momentum_decay": 4e-3}
    defaults(candidate, rng, case, "nadam_step", stated)


@points(10)
def test_vmax_monotone(candidate, rng, case):
    """What AMSGrad divides by never falls: it is the largest v of each coordinate so far, however long ago."""
    settings = {"betas": (0.8, 0.9), "eps": 1e-3}
    for words in ("gradients of changing size", "one large gradient, then small ones"):
        with case(words):
            params, gradients, rates = problem(rng, 40)
            for t, grads in enumerate(gradients):
                for g in grads.values():
                    spike = 100.0 if t == 3 else 0.1
                    g *= spike if words.startswith("one") else 10.0 ** rng.uniform(-1, 1, size=g.shape)
            start = fresh("amsgrad_step", params)
            expected = expected_run("amsgrad_step", params, gradients, rates, *settings.values(), start)
            args = ("amsgrad_step", params, gradients, rates, start, settings, list(range(1, 41)))
            after, _ = candidate.run(run, *args)
            before = start["vmax"]
            for t, (new, state) in enumerate(after, 1):
                right, right_state = expected(t)
                check_close(f'state["vmax"] after step {t}', state.get("vmax"), right_state["vmax"])
                for name, vmax in state["vmax"].items():
                    check((vmax >= before[name]).all(), f'state["vmax"][{name!r}] fell at step {t}.')
                check_close(f"params after step {t}", new, right)
                before = state["vmax"]


@points(15)
def test_reddi_case(candidate, rng, case):
    """On Reddi's online problem AMSGrad walks to the best point, -1, where Adam walks to the worst, +1."""
    with case("the gradient"):
        for t in (*range(1, 8), *(int(t) for t in rng.integers(8, 5000, size=6))):
            value = candidate.reddi_gradient(t, 3.0)
            check_equal(f"reddi_gradient({t}, 3.0)", value, (-1.0, 3.0, -1.0)[t % 3])
            check_type(f"reddi_gradient({t}, 3.0)", value, float)
    with case("the gradient, another C"):
        C = float(rng.uniform(2.5, 10.0))
        for t in (1, 2, 3, 4):
            check_equal(f"reddi_gradient({t}, C)", candidate.reddi_gradient(t, C), (-1.0, C, -1.0)[t % 3])
    with case("the gradient, C left out"):
        check_equal("reddi_gradient(1)", candidate.reddi_gradient(1), 3.0)
    with case("3000 steps"):
        adam = adam_on_reddi()
        assert adam > 0.5, "the premise: Adam ends near +1"
        mean = candidate.run(amsgrad_on_reddi)
        check(mean < -0.5, f"The mean of the last 300 of 3000 points is {mean:.3f}, expected it to be near -1.")


def adam_on_reddi():
    """The mean of Adam's last 300 points, with beta1 = 0 and beta2 = 1 / (1 + 3^2)."""
    x, v, points_seen = 0.0, 0.0, []
    for t in range(1, 3001):
        g = 3.0 if t % 3 == 1 else -1.0
        v = 0.1 * v + 0.9 * g * g
        x = min(1.0, max(-1.0, x - 0.5 / math.sqrt(t) * g / (math.sqrt(v / (1 - 0.1**t)) + 1e-8)))
        points_seen.append(x)
    return math.fsum(points_seen[-300:]) / 300


def amsgrad_on_reddi(m):  # runs in the candidate
    state = {"t": 0, **{slot: {"x": np.zeros(1)} for slot in ("m", "v", "vmax")}}
    x, total = np.zeros(1), 0.0
    for t in range(1, 3001):
        grads = {"x": np.array([3.0 if t % 3 == 1 else -1.0])}
        new, state = m.amsgrad_step({"x": x}, grads, state, lr=0.5 / math.sqrt(t), betas=(0.0, 0.1), eps=1e-8)
        x = np.minimum(1.0, np.maximum(-1.0, new["x"]))
        total += float(x[0]) if t > 2700 else 0.0
    return total / 300


@points(5)
def test_purity_state(candidate, rng, case):
    """Arguments stay as they are, an empty state is a fresh start, and the new state has the entries stated."""
    how = ((0.9, 0.99), 1e-3)
    for function, slots in SLOTS.items():
        step, settings = candidate[function], dict(zip(("betas", "eps"), how, strict=True))
        if function == "nadam_step":
            settings["momentum_decay"] = 4e-3
        with case(f"{function}: an empty state"):
            params, gradients, rates = problem(rng, 3)
            expected = expected_run(function, params, gradients, rates, *how)
            state = {}
            for t in range(3):
                params, state = unpack(function, step(params, gradients[t], state, lr=rates[t], **settings), 2)
                check_close(f"params after step {t + 1}", params, expected(t + 1)[0])
                check_close(f"the state after step {t + 1}", state, expected(t + 1)[1])
                check_type('state["t"]', state["t"], int)
            if function == "nadam_step":
                check_type('state["mu_product"]', state["mu_product"], float)
        with case(f"{function}: an empty state, all steps in one go"):
            params, gradients, rates = problem(rng, 30)
            expected = expected_run(function, params, gradients, rates, *how)
            after, state = candidate.run(run, function, params, gradients, rates, {}, settings, [30])
            check_close("params after step 30", after[0][0], expected(30)[0])
            check_close("the state after step 30", state, expected(30)[1])
        with case(f"{function}: arguments unchanged, new results"):
            params, gradients, rates = problem(rng, 3)
            state = fresh(function, params)
            for t in range(3):
                params, state = unpack(function, step(params, gradients[t], state, lr=rates[t], **settings), 2)
                check_pure(candidate, "params", "grads", "state")
                check_fresh(candidate, "params", "grads", "state")
        with case(f"{function}: an empty state stays empty"):
            params, gradients, rates = problem(rng, 1)
            step(params, gradients[0], {}, lr=rates[0], **settings)
            check_pure(candidate, "params", "grads", "state")
        with case(f"{function}: two runs side by side"):
            one, two = problem(rng, 3), problem(rng, 4)
            expected = [expected_run(function, *which, *how)(len(which[2]))[0] for which in (one, two)]
            params, state = [one[0], two[0]], [fresh(function, one[0]), fresh(function, two[0])]
            for k, t in ((0, 0), (1, 0), (1, 1), (0, 1), (1, 2), (0, 2), (1, 3)):
                _, gradients, rates = (one, two)[k]
                result = step(params[k], gradients[t], state[k], lr=rates[t], **settings)
                params[k], state[k] = unpack(function, result, 2)
            for k in (0, 1):
                check_close(f"params of run {k + 1}", params[k], expected[k])
        with case(f"{function}: float32"):
            params, gradients, rates = problem(rng, 2, dtype=np.float32)
            right, right_state = expected_run(function, params, gradients, rates, *how)(2)
            state = {}
            for t in range(2):
                params, state = unpack(function, step(params, gradients[t], state, lr=rates[t], **settings), 2)
            check_close("params", params, single(right), dtype=True)
            check_close("the state", state, {**right_state, **{slot: single(right_state[slot]) for slot in slots}})
            for slot in slots:
                check_close(f"state[{slot!r}]", state[slot], single(right_state[slot]), dtype=True)


def single(arrays):
    return {name: a.astype(np.float32) for name, a in arrays.items()}


@points(5)
def test_errors(candidate, rng, case):
    """A beta outside [0, 1), a negative lr, eps or momentum_decay and differing names raise ValueError."""
    for function in SLOTS:
        step = candidate[function]
        params, gradients, _ = problem(rng, 1)
        grads, start = gradients[0], fresh(function, params)
        good = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-3}
        for value in (-0.1, 1.0, 1.5):
            for betas in ((value, 0.99), (0.9, value)):
                with case(f"{function}, betas = {betas}"), check_raises(ValueError, f"betas={betas}"):
                    step(params, grads, start, **{**good, "betas": betas})
        for name in ("lr", "eps", *["momentum_decay"] * (function == "nadam_step")):
            with case(f"{function}, {name} = -0.1"), check_raises(ValueError, f"{name}=-0.1"):
                step(params, grads, start, **{**good, name: -0.1})
        with case(f"{function}, a gradient is missing"), check_raises(ValueError, "a parameter without a gradient"):
            step(params, {name: g for name, g in grads.items() if name != "bias"}, start, **good)
        with case(f"{function}, a gradient too many"), check_raises(ValueError, "a gradient without a parameter"):
            more = {**grads, "other": np.ones(2)}
            step(params, more, fresh(function, more), **good)
        with case(f"{function}, 0 is allowed"):
            new, _ = unpack(function, step(params, grads, start, lr=0.0, betas=(0.0, 0.0), eps=1e-3), 2)
            check_close("params after a step with lr=0", new, params)
