"""Answers people really give. Each must fail exactly the checks it names."""

import math

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_26_adamw import _validate
from dlkit.solutions.exercise_26_adamw import adamw_step as right

ONE = ("adamw_step",)
NONE = frozenset()


def _corrected(average, beta, t):
    return average / (1 - beta**t)


def _direction(m, v, b1, b2, t, eps):
    return _corrected(m, b1, t) / (np.sqrt(_corrected(v, b2, t)) + eps)


def _moved(p, direction, lr, decay, t):
    return p * (1 - lr * decay) - lr * direction


def _raw(g, p, decay):
    return g


def _listed(name, no_decay):
    return name in no_decay


def _variant(
    *, gradient=_raw, direction=_direction, moved=_moved, exempt=_listed, per_key=0, validate=_validate,
    lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2,
):  # fmt: skip
    """AdamW with one of the formulas, or one of the defaults, replaced."""

    def adamw_step(params, grads, state, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, no_decay=NONE):
        validate(lr, betas, eps, weight_decay, no_decay, params, grads)
        t = state.get("t", 0) + (0 if per_key else 1)
        new, m, v = {}, {}, {}
        for k, p in params.items():
            t += per_key
            decay = 0.0 if exempt(k, no_decay) else weight_decay
            g = gradient(grads[k], p, decay)
            m[k] = betas[0] * state.get("m", {}).get(k, 0.0) + (1 - betas[0]) * g
            v[k] = betas[1] * state.get("v", {}).get(k, 0.0) + (1 - betas[1]) * g**2
            with np.errstate(divide="ignore", invalid="ignore"):
                new[k] = moved(p, direction(m[k], v[k], *betas, t, eps), lr, decay, t)
        return new, {"t": t, "m": m, "v": v}

    return adamw_step


def _around(change):
    """AdamW as it should be, called by `change(step, params, grads, state)`."""

    def adamw_step(
        params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, no_decay=NONE
    ):  # fmt: skip
        _validate(lr, betas, eps, weight_decay, no_decay, params, grads)
        return change(lambda p, g, s: right(p, g, s, lr, betas, eps, weight_decay, no_decay), params, grads, state)

    return adamw_step


DECAY = ["value", "differs_from_l2", "decay_rate", "no_decay", "sgd_contrast"]
ADAM = ["value", "differs_from_l2", "decay_rate", "no_decay", "sgd_contrast", "purity_state"]


# The decay


@wrong(replaces=ONE, fails=["value", "differs_from_l2", "decay_rate", "no_decay"])
class l2_in_grad:
    """That is Adam with L2: weight_decay * p in the gradient gets divided by sqrt(v_hat). Decouple it."""

    adamw_step = _variant(gradient=lambda g, p, decay: g + decay * p, moved=lambda p, d, lr, decay, t: p - lr * d)


@wrong(replaces=ONE, fails=DECAY)
class l2_and_decay:
    """The decay comes once: shrink p, and leave the gradient as it is."""

    adamw_step = _variant(gradient=lambda g, p, decay: g + decay * p)


@wrong(replaces=ONE, fails=["value", "differs_from_l2", "decay_rate", "no_decay"])
class l2_after_moments:
    """The decay is not divided by sqrt(v_hat) either: adding weight_decay * p to m_hat is not yet decoupled."""

    def adamw_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, no_decay=NONE):
        _validate(lr, betas, eps, weight_decay, no_decay, params, grads)
        new, after = right(params, grads, state, lr, betas, eps, 0.0, no_decay)
        for k in params.keys() - no_decay:
            v_hat = _corrected(after["v"][k], betas[1], after["t"])
            new[k] = new[k] - lr * weight_decay * params[k] / (np.sqrt(v_hat) + eps)
        return new, after


@wrong(replaces=ONE, fails=DECAY)
class decay_no_lr:
    """PyTorch multiplies the decay by lr: p shrinks by 1 - lr * weight_decay, not by 1 - weight_decay."""

    adamw_step = _variant(moved=lambda p, d, lr, decay, t: p * (1 - decay) - lr * d)


@wrong(replaces=ONE, fails=DECAY)
class decay_in_update:
    """The decay term of the update carries lr, too: p -= lr * (direction + weight_decay * p), with the old p."""

    @staticmethod
    def _moved(p, d, lr, decay, t):
        p = p - lr * d
        return p - decay * p

    adamw_step = _variant(moved=_moved)


@wrong(replaces=ONE, fails=DECAY)
class decay_after:
    """The shrink is applied to p before the Adam step; you shrink the step along with it."""

    adamw_step = _variant(moved=lambda p, d, lr, decay, t: (p - lr * d) * (1 - lr * decay))


@wrong(replaces=ONE, fails=DECAY)
class decay_sign:
    """Decay makes weights smaller: p * (1 - lr * weight_decay), not 1 + lr * weight_decay."""

    adamw_step = _variant(moved=lambda p, d, lr, decay, t: p * (1 + lr * decay) - lr * d)


@wrong(replaces=ONE, fails=DECAY)
class decay_ignored:
    """This is plain Adam: `weight_decay` has no effect on your result."""

    adamw_step = _variant(moved=lambda p, d, lr, decay, t: p - lr * d)


@wrong(replaces=ONE, fails=DECAY)
class decay_compounded:
    """Each step shrinks p by 1 - lr * weight_decay once: its power t is what t such steps have done together."""

    adamw_step = _variant(moved=lambda p, d, lr, decay, t: p * (1 - lr * decay) ** t - lr * d)


@wrong(replaces=ONE, fails=DECAY)
class decay_of_signs:
    """Weight decay shrinks p in proportion; subtracting lr * weight_decay * sign(p) is an L1 penalty."""

    adamw_step = _variant(moved=lambda p, d, lr, decay, t: p - lr * decay * np.sign(p) - lr * d)


@wrong(replaces=ONE, fails=DECAY)
class decay_halved:
    """The factor is 1 - lr * weight_decay: the 1/2 of a squared penalty is gone once it is differentiated."""

    adamw_step = _variant(moved=lambda p, d, lr, decay, t: p * (1 - lr * decay / 2) - lr * d)


@wrong(replaces=ONE, fails=["value", "no_decay"])
class decays_all:
    """Biases and norm gains were listed as exempt: do not shrink the names in `no_decay`."""

    adamw_step = _variant(exempt=lambda name, no_decay: False)


@wrong(replaces=ONE, fails=DECAY)
class decays_only_listed:
    """`no_decay` names what is NOT shrunk; you shrink those and no others."""

    adamw_step = _variant(exempt=lambda name, no_decay: name not in no_decay)


@wrong(replaces=ONE, fails=["value", "no_decay"])
class exempts_biases_by_name:
    """Which names are exempt is said by `no_decay` alone: do not guess from the name or the number of axes."""

    adamw_step = _variant(exempt=lambda name, no_decay: name in no_decay and name in ("bias", "b"))


@wrong(replaces=ONE, fails=["value", "no_decay"])
class exempt_means_frozen:
    """The names in `no_decay` are spared the shrinking only: they take the Adam step like all others."""

    def adamw_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, no_decay=NONE):
        new, after = right(params, grads, state, lr, betas, eps, weight_decay, no_decay)
        return {k: params[k].copy() if k in no_decay else p for k, p in new.items()}, after


@wrong(replaces=ONE, fails=["value", "no_decay"])
class all_or_nothing:
    """`no_decay` exempts the names in it: the others still decay."""

    def adamw_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, no_decay=NONE):
        _validate(lr, betas, eps, weight_decay, no_decay, params, grads)
        return right(params, grads, state, lr, betas, eps, 0.0 if no_decay else weight_decay)


@wrong(replaces="decay_only_factor", fails=["decay_rate", "sgd_contrast"])
def factor_linear(lr, weight_decay, steps):
    """Each step takes its share of what is LEFT: (1 - lr * weight_decay)^steps, not 1 - steps * lr * weight_decay."""
    return 1 - steps * lr * weight_decay


@wrong(replaces="decay_only_factor", fails=["decay_rate", "sgd_contrast"])
def factor_exponential(lr, weight_decay, steps):
    """exp(-lr * weight_decay * steps) is the limit of small steps; the product of finite ones is a power."""
    return math.exp(-lr * weight_decay * steps)


@wrong(replaces="decay_only_factor", fails=["decay_rate", "sgd_contrast"])
def factor_no_lr(lr, weight_decay, steps):
    """The decay of one step is lr * weight_decay: the factor depends on lr."""
    return (1 - weight_decay) ** steps


@wrong(replaces="decay_only_factor", fails=["decay_rate", "sgd_contrast"])
def factor_lost(lr, weight_decay, steps):
    """The factor is what is left of the weight, not what is lost of it."""
    return 1 - (1 - lr * weight_decay) ** steps


# Adam


@wrong(replaces=ONE, fails=["value", "differs_from_l2", "decay_rate", "no_decay", "purity_state"])
class no_bias_correction:
    """The step is Adam's: divide m by 1 - beta1^t and v by 1 - beta2^t."""

    adamw_step = _variant(direction=lambda m, v, b1, b2, t, eps: m / (np.sqrt(v) + eps))


@wrong(replaces=ONE, fails=["value", "differs_from_l2", "no_decay", "purity_state"])
class eps_inside:
    """eps goes outside the root: sqrt(v_hat) + eps, not sqrt(v_hat + eps)."""

    adamw_step = _variant(
        direction=lambda m, v, b1, b2, t, eps: _corrected(m, b1, t) / np.sqrt(_corrected(v, b2, t) + eps)
    )


@wrong(replaces=ONE, fails=["value", "differs_from_l2", "no_decay", "sgd_contrast", "purity_state"])
class eps_before_correction:
    """eps is added to sqrt(v_hat), after the correction; yours is added to sqrt(v) and then corrected with it."""

    adamw_step = _variant(
        direction=lambda m, v, b1, b2, t, eps: _corrected(m, b1, t) / ((np.sqrt(v) + eps) / np.sqrt(1 - b2**t))
    )


@wrong(replaces=ONE, fails=["value", "differs_from_l2", "decay_rate", "no_decay", "purity_state"])
class t_per_key:
    """One step, one t: increase it once per call, not for every parameter."""

    adamw_step = _variant(per_key=1)


@wrong(replaces=ONE, fails=["value", "differs_from_l2", "decay_rate", "no_decay", "purity_state"])
class t_not_stored:
    """t must be counted on in the new state: you correct every step as if it were the first."""

    adamw_step = _around(lambda step, params, grads, state: step(params, grads, {**state, "t": 0}))


@wrong(replaces=ONE, fails=["value", "differs_from_l2", "decay_rate", "no_decay", "purity_state"])
class state_ignored:
    """You start from zeros at every step: go on with the t, m and v of the state that comes in."""

    adamw_step = _around(lambda step, params, grads, state: step(params, grads, {}))


@wrong(replaces=ONE, fails=["value"])
class decay_default:
    """The default weight_decay of AdamW is 1e-2; 0 is that of Adam."""

    adamw_step = _variant(weight_decay=0.0)


@wrong(replaces=ONE, fails=["value"])
class keras_defaults:
    """1e-7 and 4e-3 are the default eps and weight_decay of Keras; here they are 1e-8 and 1e-2."""

    adamw_step = _variant(eps=1e-7, weight_decay=4e-3)


@wrong(replaces=ONE, fails=["value"])
class beta2_default:
    """The default betas are 0.9 and 0.999."""

    adamw_step = _variant(betas=(0.9, 0.99))


@wrong(replaces=ONE, fails=["purity_state"])
class shrinks_in_place:
    """p *= 1 - lr * weight_decay writes into the caller's arrays: build new ones."""

    def adamw_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, no_decay=NONE):
        new, after = right(params, grads, state, lr, betas, eps, weight_decay, no_decay)
        for k in params.keys() - no_decay:
            params[k] *= 1 - lr * weight_decay
        return new, after


@wrong(replaces=ONE, fails=["purity_state"])
class inplace:
    """The caller's arrays were modified (params[name] -= ...): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for k, p in params.items():
            p[...] = new[k]
        return params, after

    adamw_step = _around(_change)


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

    adamw_step = _around(_change)


@wrong(replaces=ONE, fails=["purity_state"])
class fills_callers_state:
    """The new averages were put into the caller's dict (state["t"] += 1, setdefault): return a new state instead."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        state.update(after)
        return new, state

    adamw_step = _around(_change)


@wrong(replaces=ONE, fails=["purity_state"])
class empty_state:
    """An empty state means t = 0 and averages of 0: do not expect its entries to be there."""

    adamw_step = _around(lambda step, params, grads, state: step(params, grads, {"t": state["t"], **state}))


@wrong(replaces=ONE, fails=["purity_state"])
class float64_state:
    """np.zeros(shape) is float64 and drags float32 parameters with it: take the parameter's dtype (zeros_like)."""

    @staticmethod
    def _change(step, params, grads, state):
        return step(params, grads, state or {"m": {k: np.zeros(p.shape) for k, p in params.items()}})

    adamw_step = _around(_change)


@wrong(replaces=ONE, fails=["value"])
class paired_by_position:
    """Look gradients up by name: the two dicts need not have the same order (zip of values, items)."""

    adamw_step = _around(
        lambda step, params, grads, state: step(params, dict(zip(params, grads.values(), strict=True)), state)
    )


@wrong(replaces=ONE, fails=["errors"])
class unknown_unchecked:
    """A name in `no_decay` that is no parameter is most likely misspelt: raise ValueError."""

    @staticmethod
    def _validate(lr, betas, eps, weight_decay, no_decay, params, grads):
        _validate(lr, betas, eps, weight_decay, NONE, params, grads)

    adamw_step = _variant(validate=_validate)


@wrong(replaces=ONE, fails=["errors"])
class negative_decay:
    """A negative weight_decay would let the weights grow: raise ValueError."""

    @staticmethod
    def _validate(lr, betas, eps, weight_decay, no_decay, params, grads):
        _validate(lr, betas, eps, 0.0, no_decay, params, grads)

    adamw_step = _variant(validate=_validate)


@wrong(replaces=ONE, fails=["errors"])
class unchecked:
    """A beta outside [0, 1), a negative lr or eps are mistakes of the caller's: raise ValueError."""

    @staticmethod
    def _validate(lr, betas, eps, weight_decay, no_decay, params, grads):
        _validate(0.0, (0.0, 0.0), 0.0, weight_decay, no_decay, params, grads)

    adamw_step = _variant(validate=_validate)


@wrong(replaces=ONE, fails=["errors"])
class names_unchecked:
    """Parameters and gradients with different names are a mistake of the caller's: raise ValueError, skip nothing."""

    @staticmethod
    def _validate(lr, betas, eps, weight_decay, no_decay, params, grads):
        _validate(lr, betas, eps, weight_decay, no_decay, params, params)

    adamw_step = _variant(validate=_validate)
