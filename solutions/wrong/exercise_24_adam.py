"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_24_adam import _validate
from dlkit.solutions.exercise_24_adam import adam_step as right

ONE = ("adam_step",)


def _coupled(g, p, lr, weight_decay):
    return g + weight_decay * p


def _first(beta, old, g):
    return beta * old + (1 - beta) * g


def _second(beta, old, g, m):
    return beta * old + (1 - beta) * g**2


def _corrected(average, beta, t):
    return average / (1 - beta**t)


def _direction(m, v, b1, b2, t, eps):
    return _corrected(m, b1, t) / (np.sqrt(_corrected(v, b2, t)) + eps)


def _kept(average, beta, t):
    return average


def _variant(
    *, gradient=_coupled, first=_first, second=_second, direction=_direction, stored=_kept, first_t=1, per_key=0,
    validate=_validate, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0,
):  # fmt: skip
    """Adam with one of the formulas, or one of the defaults, replaced."""

    def adam_step(params, grads, state, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay):
        validate(lr, betas, eps, weight_decay, params, grads)
        t = state.get("t", 0) + (0 if per_key else 1)
        new, m, v = {}, {}, {}
        for k, p in params.items():
            t += per_key
            g = gradient(grads[k], p, lr, weight_decay)
            m[k] = first(betas[0], state.get("m", {}).get(k, 0.0), g)
            v[k] = second(betas[1], state.get("v", {}).get(k, 0.0), g, m[k])
            with np.errstate(divide="ignore", invalid="ignore"):
                new[k] = p - lr * direction(m[k], v[k], *betas, t - 1 + first_t, eps)
            m[k], v[k] = stored(m[k], betas[0], t), stored(v[k], betas[1], t)
        return new, {"t": t, "m": m, "v": v}

    return adam_step


def _around(change):
    """Adam as it should be, called by `change(step, params, grads, state)`."""

    def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        _validate(lr, betas, eps, weight_decay, params, grads)
        return change(lambda p, g, s: right(p, g, s, lr, betas, eps, weight_decay), params, grads, state)

    return adam_step


MOST = ["value", "first_step", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state"]


@wrong(replaces=ONE, fails=MOST)
class no_bias_correction:
    """At t = 1 your step is about 3.16 times lr: divide m by 1 - beta1^t and v by 1 - beta2^t."""

    adam_step = _variant(direction=lambda m, v, b1, b2, t, eps: m / (np.sqrt(v) + eps))


@wrong(replaces=ONE, fails=MOST)
class only_m_corrected:
    """Both averages start at 0: v is divided by 1 - beta2^t, too, not only m by 1 - beta1^t."""

    adam_step = _variant(direction=lambda m, v, b1, b2, t, eps: _corrected(m, b1, t) / (np.sqrt(v) + eps))


@wrong(replaces=ONE, fails=MOST)
class only_v_corrected:
    """Both averages start at 0: m is divided by 1 - beta1^t, too, not only v by 1 - beta2^t."""

    adam_step = _variant(direction=lambda m, v, b1, b2, t, eps: m / (np.sqrt(_corrected(v, b2, t)) + eps))


@wrong(replaces=ONE, fails=MOST)
class corrections_swapped:
    """Each average is corrected with its own decay: m with beta1, v with beta2."""

    adam_step = _variant(direction=lambda m, v, b1, b2, t, eps: _direction(m, v, b2, b1, t, eps))


@wrong(replaces=ONE, fails=MOST)
class corrected_after_root:
    """v itself is divided by 1 - beta2^t, under the root; you divide sqrt(v) by it."""

    adam_step = _variant(
        direction=lambda m, v, b1, b2, t, eps: _corrected(m, b1, t) / (_corrected(np.sqrt(v), b2, t) + eps)
    )


@wrong(replaces=ONE, fails=["value", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state"])
class power_forgotten:
    """1 - beta is right for the first step only: the correction divides by 1 - beta^t."""

    adam_step = _variant(direction=lambda m, v, b1, b2, t, eps: _direction(m, v, b1, b2, 1, eps))


@wrong(
    replaces=ONE,
    fails=["value", "first_step", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state", "errors"],
)
class t_zero:
    """1 - beta^0 is 0, so that the first correction divides by 0: count the steps from 1."""

    adam_step = _variant(first_t=0)


@wrong(replaces=ONE, fails=MOST)
class t_one_ahead:
    """The first step has t = 1; your count is one ahead, so the early steps are corrected too little."""

    adam_step = _variant(first_t=2)


@wrong(replaces=ONE, fails=["value", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state"])
class t_per_key:
    """One step, one t: increase it once per call, not for every parameter."""

    adam_step = _variant(per_key=1)


@wrong(replaces=ONE, fails=MOST)
class eps_before_correction:
    """eps is added to sqrt(v_hat), after the correction; yours is added to sqrt(v) and then corrected with it."""

    adam_step = _variant(
        direction=lambda m, v, b1, b2, t, eps: _corrected(m, b1, t) / ((np.sqrt(v) + eps) / np.sqrt(1 - b2**t))
    )


@wrong(replaces=ONE, fails=MOST)
class eps_inside:
    """eps goes outside the root: sqrt(v_hat) + eps, not sqrt(v_hat + eps)."""

    adam_step = _variant(
        direction=lambda m, v, b1, b2, t, eps: _corrected(m, b1, t) / np.sqrt(_corrected(v, b2, t) + eps)
    )


@wrong(replaces=ONE, fails=MOST)
class no_eps:
    """Without eps a coordinate whose gradients are all 0 gives 0 / 0 = NaN."""

    adam_step = _variant(direction=lambda m, v, b1, b2, t, eps: _direction(m, v, b1, b2, t, 0.0))


@wrong(replaces=ONE, fails=MOST)
class no_sqrt:
    """Divide by the ROOT of v_hat: by v_hat itself, large gradients give the smallest steps."""

    adam_step = _variant(
        direction=lambda m, v, b1, b2, t, eps: _corrected(m, b1, t) / (_corrected(v, b2, t) + eps)
    )  # fmt: skip


@wrong(replaces=ONE, fails=MOST)
class v_of_m:
    """The second moment averages the squared GRADIENT, not the square of m."""

    adam_step = _variant(second=lambda beta, old, g, m: beta * old + (1 - beta) * m**2)


@wrong(replaces=ONE, fails=MOST)
class centred:
    """The second moment is uncentred: do not subtract the square of the mean from it."""

    adam_step = _variant(
        direction=lambda m, v, b1, b2, t, eps: (
            _corrected(m, b1, t)
            / (np.sqrt((_corrected(v, b2, t) - _corrected(m, b1, t) ** 2).clip(0)) + eps)
        )
    )  # fmt: skip


@wrong(replaces=ONE, fails=["value", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state"])
class no_first_moment:
    """The step goes along m_hat, the averaged gradient; with the gradient itself in its place it is RMSProp."""

    adam_step = _variant(first=lambda beta, old, g: (1 - beta) * g)


@wrong(replaces=ONE, fails=MOST)
class no_square:
    """v is the average of the gradients SQUARED, not of their absolute values."""

    adam_step = _variant(second=lambda beta, old, g, m: beta * old + (1 - beta) * np.abs(g))


@wrong(replaces=ONE, fails=["value", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state"])
class betas_swapped:
    """beta1 is the decay of m, beta2 that of v: you have them the other way round."""

    def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        return right(params, grads, state, lr, betas[::-1], eps, weight_decay)


@wrong(replaces=ONE, fails=MOST)
class decay_swapped:
    """beta weighs the OLD average, 1 - beta the new term: you have them the other way round."""

    adam_step = _variant(
        first=lambda beta, old, g: (1 - beta) * old + beta * g,
        second=lambda beta, old, g, m: (1 - beta) * old + beta * g**2,
    )


@wrong(replaces=ONE, fails=MOST)
class terms_not_weighted:
    """The new terms are weighted with 1 - beta: without it, dividing by 1 - beta^t does not make an average."""

    adam_step = _variant(first=lambda beta, old, g: beta * old + g, second=lambda beta, old, g, m: beta * old + g**2)


@wrong(replaces=ONE, fails=MOST)
class one_rate_per_array:
    """Every coordinate has its own second moment: do not average the squares over the array."""

    adam_step = _variant(second=lambda beta, old, g, m: beta * old + (1 - beta) * np.full_like(g, np.mean(g**2)))


@wrong(replaces=ONE, fails=["value", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state"])
class stores_corrected:
    """The state keeps m and v as they are; m_hat and v_hat are for this step only, or they are corrected twice."""

    adam_step = _variant(stored=_corrected)


@wrong(replaces=ONE, fails=["value", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state"])
class state_ignored:
    """You start from zeros at every step: go on with the t, m and v of the state that comes in."""

    adam_step = _around(lambda step, params, grads, state: step(params, grads, {}))


@wrong(replaces=ONE, fails=["value", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state"])
class t_not_stored:
    """t must be counted on in the new state: you correct every step as if it were the first."""

    adam_step = _around(lambda step, params, grads, state: step(params, grads, {**state, "t": 0}))


@wrong(replaces=ONE, fails=["l2_coupled"])
class weight_decay_ignored:
    """`weight_decay` has no effect on your result: add weight_decay * p to the gradient."""

    adam_step = _variant(gradient=lambda g, p, lr, weight_decay: g)


@wrong(replaces=ONE, fails=["l2_coupled"])
class decoupled_decay:
    """Shrinking p by lr * weight_decay besides the step is AdamW; here the decay is part of the gradient."""

    def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        _validate(lr, betas, eps, weight_decay, params, grads)
        return right({k: p * (1 - lr * weight_decay) for k, p in params.items()}, grads, state, lr, betas, eps)


@wrong(replaces=ONE, fails=["l2_coupled"])
class decay_after_moments:
    """Both averages see the gradient with the decay in it; you add weight_decay * p after averaging."""

    def adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        _validate(lr, betas, eps, weight_decay, params, grads)
        _, after = right(params, grads, state, lr, betas, eps)
        new = {}
        for k, p in params.items():
            v_hat = _corrected(after["v"][k], betas[1], after["t"])
            m_hat = _corrected(after["m"][k], betas[0], after["t"]) + weight_decay * p
            new[k] = p - lr * m_hat / (np.sqrt(v_hat) + eps)
        return new, after


@wrong(replaces=ONE, fails=["l2_coupled"])
class decay_with_lr:
    """The gradient of the penalty is weight_decay * p: lr multiplies the whole step later, not this term."""

    adam_step = _variant(gradient=lambda g, p, lr, weight_decay: g + lr * weight_decay * p)


@wrong(replaces=ONE, fails=["value"])
class keras_eps_default:
    """1e-7 is the default eps of Keras; here it is 1e-8."""

    adam_step = _variant(eps=1e-7)


@wrong(replaces=ONE, fails=["value"])
class beta2_default:
    """The default betas are 0.9 and 0.999: the second average is the slow one."""

    adam_step = _variant(betas=(0.9, 0.99))


@wrong(replaces=ONE, fails=["value"])
class rate_default:
    """The default learning rate is 1e-3."""

    adam_step = _variant(lr=1e-2)


@wrong(replaces=ONE, fails=["value"])
class decay_default:
    """There is no weight decay by default; 1e-2 is the default of AdamW."""

    adam_step = _variant(weight_decay=1e-2)


@wrong(replaces=ONE, fails=["l2_coupled", "zero_grad_extreme"])
class zero_gradients_skipped:
    """A gradient of 0 is no reason to skip a parameter: its averages decay, and m still moves it."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for k, g in grads.items():
            if state and not g.any():
                new[k] = params[k].copy()
                after["m"][k], after["v"][k] = state["m"][k].copy(), state["v"][k].copy()
        return new, after

    adam_step = _around(_change)


@wrong(replaces=ONE, fails=["purity_state"])
class inplace:
    """The caller's arrays were modified (params[name] -= ...): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for k, p in params.items():
            p[...] = new[k]
        return params, after

    adam_step = _around(_change)


@wrong(replaces=ONE, fails=["purity_state"])
class gradient_inplace:
    """The caller's gradients were modified (g += weight_decay * p): build a new array, g = g + weight_decay * p."""

    @staticmethod
    def _coupled(g, p, lr, weight_decay):
        g += weight_decay * p
        return g

    adam_step = _variant(gradient=_coupled)


@wrong(replaces=ONE, fails=["purity_state"])
class state_inplace:
    """The averages in the caller's state were overwritten (m *= beta1): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for slot in ("m", "v"):
            for k, old in state.get(slot, {}).items():
                old[...] = after[slot][k]
                after[slot][k] = old
        return new, after

    adam_step = _around(_change)


@wrong(replaces=ONE, fails=["purity_state"])
class fills_callers_state:
    """The new averages were put into the caller's dict (state["t"] += 1, setdefault): return a new state instead."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        state.update(after)
        return new, state

    adam_step = _around(_change)


@wrong(replaces=ONE, fails=["purity_state"])
class empty_state:
    """An empty state means t = 0 and averages of 0: do not expect its entries to be there."""

    adam_step = _around(lambda step, params, grads, state: step(params, grads, {"t": state["t"], **state}))


@wrong(replaces=ONE, fails=["purity_state"])
class float64_state:
    """np.zeros(shape) is float64 and drags float32 parameters with it: take the parameter's dtype (zeros_like)."""

    @staticmethod
    def _change(step, params, grads, state):
        zeros = {k: np.zeros(p.shape) for k, p in params.items()}
        return step(params, grads, state or {"t": 0, "m": zeros, "v": zeros})

    adam_step = _around(_change)


@wrong(replaces=ONE, fails=["value", "bias_correction", "purity_state"])
class t_not_from_state:
    """t belongs to the state: in a global variable it counts the steps of every run there is."""

    @staticmethod
    def _change(step, params, grads, state, _t=[0]):  # noqa: B006
        new, after = step(params, grads, {**state, "t": _t[0] if state.get("t") else 0})
        _t[0] = after["t"]
        return new, after

    adam_step = _around(_change)


@wrong(replaces=ONE, fails=["value"])
class paired_by_position:
    """Look gradients up by name: the two dicts need not have the same order (zip of values, items)."""

    adam_step = _around(
        lambda step, params, grads, state: step(params, dict(zip(params, grads.values(), strict=True)), state)
    )


@wrong(replaces=ONE, fails=["value", "bias_correction", "l2_coupled", "zero_grad_extreme", "purity_state", "errors"])
class one_average_for_all:
    """Every name needs averages of its own; yours are shared, each parameter going on where the one before stopped."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after, previous = {}, {}, None
        for k in params:
            old = {"t": state.get("t", 0)}
            for slot in ("m", "v"):
                source = state.get(slot, {}).get(k, 0.0) if previous is None else after[slot][previous]
                old[slot] = {k: source}
            one, part = step({k: params[k]}, {k: grads[k]}, old)
            new.update(one)
            after["t"] = part["t"]
            for slot in ("m", "v"):
                after.setdefault(slot, {}).update(part[slot])
            previous = k
        return new, after

    adam_step = _around(_change)


@wrong(replaces=ONE, fails=["errors"])
class beta_one_allowed:
    """With a beta of 1 the average would never move: 1 is outside [0, 1) and raises ValueError."""

    @staticmethod
    def _validate(lr, betas, eps, weight_decay, params, grads):
        _validate(lr, [b if b != 1 else 0.0 for b in betas], eps, weight_decay, params, grads)

    adam_step = _variant(validate=_validate)


@wrong(replaces=ONE, fails=["errors"])
class unchecked:
    """A beta outside [0, 1) and a negative lr, eps or weight_decay are mistakes of the caller's: raise ValueError."""

    @staticmethod
    def _validate(lr, betas, eps, weight_decay, params, grads):
        _validate(0.0, (0.0, 0.0), 0.0, 0.0, params, grads)

    adam_step = _variant(validate=_validate)


@wrong(replaces=ONE, fails=["errors"])
class names_unchecked:
    """Parameters and gradients with different names are a mistake of the caller's: raise ValueError, skip nothing."""

    @staticmethod
    def _validate(lr, betas, eps, weight_decay, params, grads):
        _validate(lr, betas, eps, weight_decay, params, params)

    adam_step = _variant(validate=_validate)
