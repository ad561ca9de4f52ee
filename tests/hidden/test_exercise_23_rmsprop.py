"""Each docstring is the line the learner reads. The oracle writes the recursions out as sums over all past gradients.

Except in the check `defaults`, every call says its decay and eps; except in `purity_state`, every run starts from a
state that is written out, so that these two mistakes cost their own points only.
"""

import copy
import math

import numpy as np

from dlkit.grader.compare import (
    check_close,
    check_dtype,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    unpack,
)
from dlkit.grader.plugin import points

ALPHAS = (0.5, 0.9, 0.99, 0.999)


def weighted(decay, weight, start, terms):
    """decay^t * start + weight * sum over k of decay^(t-k) * term_k, for t = len(terms)."""
    t = len(terms)
    return decay**t * start + np.tensordot(weight * decay ** np.arange(t - 1.0, -1.0, -1.0), terms, 1)


def expected_run(params, gradients, rates, decay, eps, start=None, momentum=0.0, centered=False, keras=False):
    """(params, state) after each step, in float64."""
    slots = ["v"] + ["m"] * centered + ["buf"] * (momentum > 0)
    runs = {name: [] for name in params}
    for name, p in params.items():
        old = {slot: start[slot][name] if start else 0.0 for slot in slots}
        gs, scaled = np.array([g[name] for g in gradients], dtype=np.float64), np.empty((len(rates), *p.shape))
        for t, lr in enumerate(rates, 1):
            state = {"v": weighted(decay, 1 - decay, old["v"], gs[:t] ** 2)}
            square = state["v"]
            if centered:
                state["m"] = weighted(decay, 1 - decay, old["m"], gs[:t])
                square = square - state["m"] ** 2
            scaled[t - 1] = gs[t - 1] / (np.sqrt(square + eps) if keras else np.sqrt(square) + eps)
            if momentum > 0:
                state["buf"] = weighted(momentum, 1.0, old["buf"], scaled[:t])
            p = p - lr * state.get("buf", scaled[t - 1])
            runs[name].append((p, state))
    return [
        (
            {name: runs[name][t][0] for name in params},
            {slot: {name: runs[name][t][1][slot] for name in params} for slot in slots},
        )
        for t in range(len(rates))
    ]


def problem(rng, steps, scale=1.0, dtype=np.float64):
    """Parameters of different shapes, a gradient of each for every step, a learning rate for every step."""
    a, b, c, d = (int(n) for n in rng.choice([2, 3, 4, 5, 6], size=4, replace=False))
    shapes = {"weight": (a, b), "bias": (c,), "kernel": (2, 1, d)}
    params = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    gradients = [
        {name: (scale * rng.normal(size=shape)).astype(dtype) for name, shape in shapes.items()} for _ in range(steps)
    ]
    return params, gradients, [float(r) for r in rng.uniform(0.01, 0.1, size=steps)]


def zeros(params, *slots):
    return {slot: {name: np.zeros_like(p) for name, p in params.items()} for slot in slots}


def follow(candidate, function, params, gradients, rates, start, expected, **settings):
    """Take all steps and compare the parameters after the first, the second and the last. Returns the last state."""
    dtype = next(iter(params.values())).dtype
    result = candidate[function](copied(params), copied(gradients[0]), copied(start), lr=rates[0], **settings)
    first, state = unpack(function, result, 2)
    compare(1, first, expected, dtype)
    second, last, state = candidate.run(go_on, function, first, gradients[1:], rates[1:], state, settings)
    compare(2, second, expected, dtype)
    compare(len(rates), last, expected, dtype)
    return state


def compare(t, params, expected, dtype):
    right = {name: p.astype(dtype) for name, p in expected[t - 1][0].items()}
    check_close(f"params after step {t}", params, right)


def go_on(m, function, params, gradients, rates, state, settings):  # runs in the candidate
    second = None
    for grads, lr in zip(gradients, rates, strict=True):
        params, state = getattr(m, function)(params, grads, state, lr=lr, **settings)
        second = second or copy.deepcopy(params)
    return second, params, state


def copied(tree):
    return {k: copied(v) if isinstance(v, dict) else v.copy() for k, v in tree.items()}


def torch_form(candidate, params, gradients, rates, start, alpha, eps, **more):
    expected = expected_run(params, gradients, rates, alpha, eps, start, **more)
    settings = {"alpha": alpha, "eps": eps, **more}
    return follow(candidate, "rmsprop_step", params, gradients, rates, start, expected, **settings)


def keras_form(candidate, params, gradients, rates, start, rho, eps):
    expected = expected_run(params, gradients, rates, rho, eps, start, keras=True)
    return follow(candidate, "rmsprop_step_keras", params, gradients, rates, start, expected, rho=rho, eps=eps)


@points(30)
def test_value(candidate, rng, case):
    """Many steps on several parameters follow v = alpha v + (1 - alpha) g^2 and p -= lr g / (sqrt(v) + eps)."""
    with case("by hand"):
        params, grads, state = {"p": np.array([1.0])}, {"p": np.array([2.0])}, {"v": {"p": np.array([4.0])}}
        new, _ = unpack("rmsprop_step", candidate.rmsprop_step(params, grads, state, lr=0.5, alpha=0.75, eps=0.5), 2)
        # v = 0.75 * 4 + 0.25 * 2^2 = 4; p = 1 - 0.5 * 2 / (2 + 0.5)
        check_close("params", new, {"p": np.array([0.6])}, rtol=1e-12)
    for alpha in ALPHAS:
        with case(f"alpha = {alpha}"):
            params, gradients, rates = problem(rng, 30)
            torch_form(candidate, params, gradients, rates, zeros(params, "v"), alpha, 1e-8)
    with case("alpha = 0"):
        params, gradients, rates = problem(rng, 3)
        torch_form(candidate, params, gradients, rates, zeros(params, "v"), 0.0, 1e-2)
    with case("from averages that are not 0"):
        params, gradients, rates = problem(rng, 4)
        start = {"v": {name: rng.uniform(0.1, 4.0, size=p.shape) for name, p in params.items()}}
        torch_form(candidate, params, gradients, rates, start, float(rng.uniform(0.3, 0.9)), 1e-3)
    with case("gradients of 1e-5"):
        params, gradients, rates = problem(rng, 10, scale=1e-5)
        torch_form(candidate, params, gradients, rates, zeros(params, "v"), 0.9, 1e-8)
    with case("eps = 0.05"):
        params, gradients, rates = problem(rng, 10)
        torch_form(candidate, params, gradients, rates, zeros(params, "v"), 0.9, 0.05)
    with case("float32"):
        params, gradients, rates = problem(rng, 5, dtype=np.float32)
        state = torch_form(candidate, params, gradients, rates, zeros(params, "v"), 0.9, 1e-3)
        new, _ = candidate.rmsprop_step(params, gradients[0], state, lr=0.1, alpha=0.9, eps=1e-3)
        check_dtype("a float32 parameter after a step", new["weight"], "float32")
    with case("transposed views"):
        params, gradients, rates = problem(rng, 2)
        start = zeros({name: p.T for name, p in params.items()}, "v")
        turned = [{name: g.T for name, g in grads.items()} for grads in gradients]
        torch_form(candidate, {name: p.T for name, p in params.items()}, turned, rates, start, 0.9, 1e-8)


@points(15)
def test_momentum_centered(candidate, rng, case):
    """Momentum accumulates the scaled gradients, centering divides by the root of the variance; both work together."""
    with case("momentum by hand"):
        params, grads = {"p": np.array([1.0])}, {"p": np.array([2.0])}
        state = {"v": {"p": np.array([4.0])}, "buf": {"p": np.array([3.0])}}
        settings = {"lr": 0.1, "alpha": 0.75, "eps": 0.5, "momentum": 0.5}
        new, _ = unpack("rmsprop_step", candidate.rmsprop_step(params, grads, state, **settings), 2)
        # v = 4 as above; buf = 0.5 * 3 + 2 / (2 + 0.5) = 2.3; p = 1 - 0.1 * 2.3
        check_close("params", new, {"p": np.array([0.77])}, rtol=1e-12)
    with case("centered by hand"):
        params, grads = {"p": np.array([1.0])}, {"p": np.array([2.0])}
        state = {"v": {"p": np.array([6.0])}, "m": {"p": np.array([0.0])}}
        settings = {"lr": 0.5, "alpha": 0.5, "eps": 0.5, "centered": True}
        new, _ = unpack("rmsprop_step", candidate.rmsprop_step(params, grads, state, **settings), 2)
        # v = 0.5 * 6 + 0.5 * 4 = 5; m = 0.5 * 2 = 1; p = 1 - 0.5 * 2 / (sqrt(5 - 1) + 0.5)
        check_close("params", new, {"p": np.array([0.6])}, rtol=1e-12)
    for momentum, centered in ((0.9, False), (0.0, True), (0.5, True)):
        for alpha in (0.5, 0.99):
            with case(f"momentum = {momentum:g}, centered = {centered}, alpha = {alpha}"):
                params, gradients, rates = problem(rng, 15)
                start = zeros(params, *["v"] + ["m"] * centered + ["buf"] * (momentum > 0))
                more = {"momentum": momentum, "centered": centered}
                torch_form(candidate, params, gradients, rates, start, alpha, 1e-3, **more)
    with case("from averages that are not 0"):
        params, gradients, rates = problem(rng, 4)
        m = {name: rng.normal(size=p.shape) for name, p in params.items()}
        v = {name: m[name] ** 2 + rng.uniform(0.1, 2.0, size=p.shape) for name, p in params.items()}
        start = {"v": v, "m": m, "buf": {name: rng.normal(size=p.shape) for name, p in params.items()}}
        momentum = float(rng.uniform(0.2, 0.9))
        torch_form(candidate, params, gradients, rates, start, 0.7, 1e-3, momentum=momentum, centered=True)
    with case("v - m^2 rounded below 0"), candidate.strict():
        # The same gradient 1 again and again brings v and m to 1; here v has lost a little: v - m^2 = -0.9e-12.
        params, grads = {"p": np.array([0.0])}, {"p": np.array([1.0])}
        state = {"v": {"p": np.array([1 - 1e-12])}, "m": {"p": np.array([1.0])}}
        settings = {"lr": 0.1, "alpha": 0.9, "eps": 1e-3, "centered": True}
        new, _ = unpack("rmsprop_step", candidate.rmsprop_step(params, grads, state, **settings), 2)
        check_close("params", new, {"p": np.array([-100.0])})  # 0 - 0.1 * 1 / (0 + 0.001)


@points(10)
def test_keras_form(candidate, rng, case):
    """In the Keras form eps stands inside the root, which shows where gradients are tiny."""
    with case("by hand"):
        params, grads, state = {"p": np.array([1.0])}, {"p": np.array([3.0])}, {"v": {"p": np.array([0.0])}}
        result = candidate.rmsprop_step_keras(params, grads, state, lr=0.5, rho=0.75, eps=4.0)
        new, _ = unpack("rmsprop_step_keras", result, 2)
        # v = 0.25 * 3^2 = 2.25; p = 1 - 0.5 * 3 / sqrt(2.25 + 4)
        check_close("params", new, {"p": np.array([0.4])}, rtol=1e-12)
    for rho in (0.5, 0.9, 0.99):
        with case(f"rho = {rho}"):
            params, gradients, rates = problem(rng, 15)
            keras_form(candidate, params, gradients, rates, zeros(params, "v"), rho, 1e-7)
    with case("gradients of 1e-5, eps = 1e-7"):
        params, gradients, rates = problem(rng, 10, scale=1e-5)
        keras_form(candidate, params, gradients, rates, zeros(params, "v"), 0.9, 1e-7)
    with case("from an average that is not 0"):
        params, gradients, rates = problem(rng, 4)
        start = {"v": {name: rng.uniform(0.1, 4.0, size=p.shape) for name, p in params.items()}}
        keras_form(candidate, params, gradients, rates, start, float(rng.uniform(0.3, 0.9)), 0.5)
    with case("float32"):
        params, gradients, rates = problem(rng, 3, dtype=np.float32)
        state = keras_form(candidate, params, gradients, rates, zeros(params, "v"), 0.9, 1e-3)
        new, _ = candidate.rmsprop_step_keras(params, gradients[0], state, lr=0.1, rho=0.9, eps=1e-3)
        check_dtype("a float32 parameter after a step", new["weight"], "float32")


@points(10)
def test_first_step(candidate, rng, case):
    """From v = 0 the first step has the size lr / sqrt(1 - alpha), whatever the size of the gradient."""
    for alpha in ALPHAS:
        with case(f"alpha = {alpha}"):
            g = signs(rng, 6) * 10.0 ** rng.uniform(-4, 4, size=6)
            lr = float(rng.uniform(0.01, 1.0))
            for eps in (1e-30, 0.1):
                params = {"p": np.zeros(6)}
                result = candidate.rmsprop_step(params, {"p": g}, zeros(params, "v"), lr=lr, alpha=alpha, eps=eps)
                new, _ = unpack("rmsprop_step", result, 2)
                step = -lr * g / (math.sqrt(1 - alpha) * np.abs(g) + eps)
                check_close(f"the first step with eps={eps:g}", new, {"p": step}, atol=0.0)


def signs(rng, n):
    return rng.permutation(np.where(np.arange(n) % 2 == 0, 1.0, -1.0))


@points(5)
def test_defaults(candidate, rng, case):
    """The defaults are the stated ones: alpha 0.99 and eps 1e-8 in PyTorch's form, rho 0.9 and eps 1e-7 in Keras's."""
    torch_defaults = {"lr": 0.01, "alpha": 0.99, "eps": 1e-8, "momentum": 0.0, "centered": False}
    keras_defaults = {"lr": 0.001, "rho": 0.9, "eps": 1e-7}
    for function, defaults in (("rmsprop_step", torch_defaults), ("rmsprop_step_keras", keras_defaults)):
        for left_out in defaults:
            with case(f"{function} without {left_out}"):
                given = {k: v for k, v in defaults.items() if k != left_out}
                keras = function == "rmsprop_step_keras"
                scale = (1e-4 if keras else 1e-8) if left_out == "eps" else 1.0
                params = {"p": np.zeros(4)}
                grads = {"p": scale * signs(rng, 4) * rng.uniform(0.5, 2.0, size=4)}
                start, gradients, rates = zeros(params, "v"), [grads, grads], [defaults["lr"]] * 2
                decay = defaults["rho" if keras else "alpha"]
                expected = expected_run(params, gradients, rates, decay, defaults["eps"], start, keras=keras)
                state = start
                for _ in range(2):
                    params, state = unpack(function, candidate[function](params, copied(grads), state, **given), 2)
                check_close("params after two steps", params, expected[-1][0], atol=0.0)


@points(10)
def test_zero_and_extreme(candidate, rng, case):
    """Gradients of 0, 1e-30 and 1e30 give finite steps without warnings."""
    sizes = np.array([0.0, 1e-30, 1.0, 1e30])
    gradients = [{"p": sizes * rng.uniform(0.5, 2.0, size=4)} for _ in range(4)]
    settings = (("", {}), (", momentum", {"momentum": 0.9}), (", centered", {"centered": True}))
    for words, more in settings:
        for start in ("0", "1"):
            with case(f"rmsprop_step{words}, v = {start}"), candidate.strict():
                params = {"p": np.zeros(4)}
                state = zeros(params, "v", *["m"] * ("centered" in more), *["buf"] * ("momentum" in more))
                state["v"]["p"] += float(start)
                extreme(candidate.rmsprop_step, "rmsprop_step", params, gradients, state, {"alpha": 0.9, **more})
    with case("rmsprop_step_keras"), candidate.strict():
        params = {"p": np.zeros(4)}
        extreme(candidate.rmsprop_step_keras, "rmsprop_step_keras", params, gradients, zeros(params, "v"), {"rho": 0.9})
    with case("no gradient, no motion"), candidate.strict():
        params = {"p": rng.normal(size=(2, 3))}
        grads, start = {"p": np.zeros((2, 3))}, zeros(params, "v")
        for _ in range(2):
            new, start = unpack(
                "rmsprop_step", candidate.rmsprop_step(params, grads, start, lr=0.1, alpha=0.9, eps=1e-8), 2
            )
            check_equal("params", new, params)


def extreme(function, name, params, gradients, start, settings):
    """Compare without any absolute tolerance: the parameters start at 0 and steps of 1e-22 count."""
    more = {k: v for k, v in settings.items() if k in ("momentum", "centered")}
    keras = name == "rmsprop_step_keras"
    rates = [0.1] * len(gradients)
    expected = expected_run(params, gradients, rates, 0.9, 1e-8, start, keras=keras, **more)
    state = start
    for t, grads in enumerate(gradients):
        params, state = unpack(name, function(params, copied(grads), state, lr=0.1, eps=1e-8, **settings), 2)
        check_close(f"params after step {t + 1}", params, expected[t][0], atol=0.0)


@points(15)
def test_purity_state(candidate, rng, case):
    """Arguments stay as they are, an empty state means zeros, and the state carries on the averages of each name."""
    runs = (
        ("rmsprop_step", {"alpha": 0.9, "eps": 1e-3}, {}),
        ("rmsprop_step", {"alpha": 0.8, "eps": 1e-3}, {"momentum": 0.5, "centered": True}),
        ("rmsprop_step_keras", {"rho": 0.9, "eps": 1e-3}, {}),
    )
    for function, settings, more in runs:
        words = function + (" with momentum, centered" if more else "")
        step, (decay, eps) = candidate[function], settings.values()
        keras = function == "rmsprop_step_keras"
        slots = ["v", "m", "buf"] if more else ["v"]
        with case(f"{words}: an empty state"):
            params, gradients, rates = problem(rng, 3)
            expected = expected_run(params, gradients, rates, decay, eps, keras=keras, **more)
            state = {}
            for t in range(3):
                params, state = unpack(function, step(params, gradients[t], state, lr=rates[t], **settings, **more), 2)
                check_close(f"params after step {t + 1}", params, expected[t][0])
                check_close(f"the state after step {t + 1}", state, expected[t][1])
        with case(f"{words}: arguments unchanged, new results"):
            params, gradients, rates = problem(rng, 2)
            state = zeros(params, *slots)
            for t in range(2):
                given = {"params": params, "grads": gradients[t], "state": state}
                params, state = unpack(function, step(*given.values(), lr=rates[t], **settings, **more), 2)
                check_pure(candidate, *given)
                check_fresh(candidate, *given)
        with case(f"{words}: an empty state stays empty"):
            params, gradients, rates = problem(rng, 1)
            state = {}
            step(params, gradients[0], state, lr=rates[0], **settings, **more)
            check_pure(candidate, "params", "grads", "state")
        with case(f"{words}: two runs side by side"):
            one, two = problem(rng, 3), problem(rng, 3)
            params = [one[0], two[0]]
            state = [zeros(p, *slots) for p in params]
            for t in range(3):
                for k, (_, gradients, rates) in enumerate((one, two)):
                    result = step(params[k], gradients[t], state[k], lr=rates[t], **settings, **more)
                    params[k], state[k] = unpack(function, result, 2)
            for k, run in enumerate((one, two)):
                expected = expected_run(*run, decay, eps, keras=keras, **more)
                check_close(f"params of run {k + 1}", params[k], expected[-1][0])
        with case(f"{words}: an average per name"):
            params = {name: rng.normal(size=3) for name in ("a", "b", "c")}
            gradients = [{name: rng.normal(size=3) for name in ("c", "a", "b")} for _ in range(3)]  # another order
            start = zeros(params, *slots)
            expected = expected_run(params, gradients, [0.1] * 3, decay, eps, keras=keras, **more)
            follow(candidate, function, params, gradients, [0.1] * 3, start, expected, **settings, **more)
        with case(f"{words}: float32"):
            params, gradients, rates = problem(rng, 1, dtype=np.float32)
            new, state = unpack(function, step(params, gradients[0], {}, lr=rates[0], **settings, **more), 2)
            check_dtype("a float32 parameter after a step", new["bias"], "float32")
            for slot in state:
                check_dtype(f"state[{slot!r}] of a float32 parameter", state[slot]["bias"], "float32")


@points(5)
def test_errors(candidate, rng, case):
    """A decay outside [0, 1), a negative lr and differing names raise ValueError; 0 is allowed for both."""
    params, gradients, _ = problem(rng, 1)
    grads = gradients[0]
    for function, decay in (("rmsprop_step", "alpha"), ("rmsprop_step_keras", "rho")):
        step, state = candidate[function], zeros(params, "v")
        for value in (-0.1, 1.0, 1.5):
            with case(f"{function}, {decay} = {value}"), check_raises(ValueError, f"{decay}={value}"):
                step(params, grads, copied(state), lr=0.1, eps=1e-3, **{decay: value})
        with case(f"{function}, lr = -0.1"), check_raises(ValueError, "lr=-0.1"):
            step(params, grads, copied(state), lr=-0.1, eps=1e-3, **{decay: 0.9})
        with case(f"{function}, a gradient is missing"), check_raises(ValueError, "a parameter without a gradient"):
            fewer = {name: g for name, g in grads.items() if name != "bias"}
            step(params, fewer, copied(state), lr=0.1, eps=1e-3, **{decay: 0.9})
        with case(f"{function}, a gradient too many"), check_raises(ValueError, "a gradient without a parameter"):
            more = {**grads, "other": np.ones(2)}
            step(params, more, zeros(more, "v"), lr=0.1, eps=1e-3, **{decay: 0.9})
        with case(f"{function}, lr = 0 and {decay} = 0"):
            result = step(params, grads, copied(state), lr=0.0, eps=1e-3, **{decay: 0.0})
            new, _ = unpack(function, result, 2)
            check_close("params after a step with lr=0", new, params)
