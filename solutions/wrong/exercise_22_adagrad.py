"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_22_adagrad import _validate, adadelta_step, adagrad_step

BOTH = ("adagrad_step", "adadelta_step")
ADAGRAD = ["adagrad_value", "monotone_rate", "scale_invariance", "zero_grad"]
ADADELTA = ["adadelta_value", "zero_grad"]


# AdaGrad


def _rate(lr, t, lr_decay):
    return lr / (1 + t * lr_decay)


def _divided(g, new, old, eps):
    return g / (np.sqrt(new) + eps)


def _adagrad(*, square=np.square, gather=np.add, rate=_rate, divided=_divided, count=1):
    """The reference's function with one of its formulas replaced."""

    def step(params, grads, state, lr=0.01, lr_decay=0.0, eps=1e-10):
        _validate(lr, params, grads)
        t, old = state.get("t", 0), state.get("sum", {})
        old = {k: old.get(k, np.zeros_like(g)) for k, g in grads.items()}
        new = {k: gather(old[k], square(g)) for k, g in grads.items()}
        moved = {k: p - rate(lr, t, lr_decay) * divided(grads[k], new[k], old[k], eps) for k, p in params.items()}
        return moved, {"t": t + count, "sum": new}

    return step


@wrong(replaces=("adagrad_step",), fails=["adagrad_value", "monotone_rate", "zero_grad"])
class last_grad_only:
    """AdaGrad uses the SUM of all past squared gradients, not the square of the last one."""

    adagrad_step = _adagrad(gather=lambda old, new: new)


@wrong(replaces=("adagrad_step",), fails=ADAGRAD)
class ema:
    """A moving average of the squares is RMSProp; AdaGrad adds them up and never forgets."""

    adagrad_step = _adagrad(gather=lambda old, new: 0.9 * old + 0.1 * new)


@wrong(replaces=("adagrad_step",), fails=["adagrad_value", "monotone_rate", "zero_grad"])
class mean_of_squares:
    """The squares are summed, not averaged: it is the growing sum that makes the steps shrink."""

    @staticmethod
    def adagrad_step(params, grads, state, lr=0.01, lr_decay=0.0, eps=1e-10):
        t = state.get("t", 0) + 1
        step = _adagrad(divided=lambda g, new, old, eps: g / (np.sqrt(new / t) + eps))
        return step(params, grads, state, lr, lr_decay, eps)


@wrong(replaces=("adagrad_step",), fails=["adagrad_value", "scale_invariance", "zero_grad"])
class no_sqrt:
    """Divide by the square ROOT of the accumulator."""

    adagrad_step = _adagrad(divided=lambda g, new, old, eps: g / (new + eps))


@wrong(replaces=("adagrad_step",), fails=["adagrad_value", "scale_invariance", "zero_grad"])
class no_square:
    """The accumulator sums the SQUARES of the gradients, not their absolute values."""

    adagrad_step = _adagrad(square=np.abs)


@wrong(replaces=("adagrad_step",), fails=["adagrad_value", "zero_grad"])
class eps_inside:
    """PyTorch adds eps after the root, sqrt(sum) + eps, not inside it."""

    adagrad_step = _adagrad(divided=lambda g, new, old, eps: g / np.sqrt(new + eps))


@wrong(replaces=("adagrad_step",), fails=["adagrad_value", "monotone_rate", "zero_grad"])
class no_eps:
    """Without eps a coordinate whose gradients are all 0 gives 0 / 0 = NaN."""

    adagrad_step = _adagrad(divided=lambda g, new, old, eps: g / np.sqrt(new))


@wrong(replaces=("adagrad_step",), fails=["adagrad_value"])
class eps_default:
    """The default eps of AdaGrad is 1e-10."""

    def adagrad_step(params, grads, state, lr=0.01, lr_decay=0.0, eps=1e-8):
        return adagrad_step(params, grads, state, lr, lr_decay, eps)


@wrong(replaces=("adagrad_step",), fails=ADAGRAD)
class global_norm:
    """The rate is per coordinate: do not sum or average the squares over the array."""

    adagrad_step = _adagrad(square=lambda g: np.full_like(g, np.sum(g**2)))


@wrong(replaces=("adagrad_step",), fails=["adagrad_value", "scale_invariance", "zero_grad"])
class old_sum:
    """Add the new square first: the sum under the root includes this step's gradient."""

    adagrad_step = _adagrad(divided=lambda g, new, old, eps: g / (np.sqrt(old) + eps))


@wrong(replaces=("adagrad_step",), fails=ADAGRAD)
class root_accumulated:
    """Take the root of the sum of squares when you divide; do not store the root and go on from there."""

    adagrad_step = _adagrad(
        gather=lambda old, new: np.sqrt(old + new), divided=lambda g, new, old, eps: g / (new + eps)
    )


@wrong(replaces=("adagrad_step",), fails=["adagrad_value"])
class decay_ignored:
    """`lr_decay` has no effect on your result: step t uses lr / (1 + (t - 1) * lr_decay)."""

    adagrad_step = _adagrad(rate=lambda lr, t, lr_decay: lr)


@wrong(replaces=("adagrad_step",), fails=["adagrad_value"])
class decay_off_by_one:
    """The first step has the full rate: it is t - 1 steps that count for the decay in step t."""

    adagrad_step = _adagrad(rate=lambda lr, t, lr_decay: lr / (1 + (t + 1) * lr_decay))


@wrong(replaces=("adagrad_step",), fails=["adagrad_value"])
class decay_exponential:
    """The rate decays like 1 / t, lr / (1 + (t - 1) * lr_decay), not like a power of 1 - lr_decay."""

    adagrad_step = _adagrad(rate=lambda lr, t, lr_decay: lr * (1 - lr_decay) ** t)


@wrong(replaces=("adagrad_step",), fails=["adagrad_value", "zero_grad"])
class steps_not_counted:
    """Count the steps: state["t"] goes up by one in each, and lr_decay needs it."""

    adagrad_step = _adagrad(count=0)


@wrong(replaces=("adagrad_step",), fails=ADAGRAD)
class uphill:
    """Descent goes AGAINST the gradient: subtract the step."""

    adagrad_step = _adagrad(divided=lambda g, new, old, eps: -g / (np.sqrt(new) + eps))


# AdaDelta


def _mean(rho, old, new):
    return rho * old + (1 - rho) * new


def _delta(g, v, u, eps):
    return np.sqrt(u + eps) / np.sqrt(v + eps) * g


def _adadelta(*, square=np.square, mean=_mean, delta=_delta, noted=lambda delta, g, lr: delta, scale=lambda lr: lr):
    """The reference's function with one of its formulas replaced."""

    def step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):
        adadelta_step(params, grads, {}, lr, rho, eps)  # the reference's ValueErrors
        old_v, old_u, moved, v, u = state.get("v", {}), state.get("u", {}), {}, {}, {}
        for k, g in grads.items():
            zero = np.zeros_like(g)
            before = old_u.get(k, zero)
            v[k] = mean(rho, old_v.get(k, zero), square(g))
            step = delta(g, v[k], before, eps)
            u[k] = mean(rho, before, square(noted(step, g, lr)))
            moved[k] = params[k] - scale(lr) * step
        return moved, {"v": v, "u": u}

    return step


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class delta_order:
    """delta uses the OLD u; u takes in delta^2 only afterwards."""

    @staticmethod
    def adadelta_step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):
        _, after = adadelta_step(params, grads, state, lr, rho, eps)
        moved = {k: p - lr * _delta(grads[k], after["v"][k], after["u"][k], eps) for k, p in params.items()}
        return moved, after


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class old_v:
    """v takes in this step's square BEFORE the division; only u is still the old one."""

    @staticmethod
    def adadelta_step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):
        _, after = adadelta_step(params, grads, state, lr, rho, eps)
        before = {k: state.get("v", {}).get(k, np.zeros_like(g)) for k, g in grads.items()}
        u = {k: state.get("u", {}).get(k, np.zeros_like(g)) for k, g in grads.items()}
        delta = {k: _delta(g, before[k], u[k], eps) for k, g in grads.items()}
        after = {**after, "u": {k: _mean(rho, u[k], delta[k] ** 2) for k in delta}}
        return {k: p - lr * delta[k] for k, p in params.items()}, after


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class swapped_rho:
    """rho weighs the OLD average, 1 - rho the new square: you have them the other way round."""

    adadelta_step = _adadelta(mean=lambda rho, old, new: (1 - rho) * old + rho * new)


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class sums_up:
    """AdaDelta averages, so that old squares fade; sums are AdaGrad's."""

    adadelta_step = _adadelta(mean=lambda rho, old, new: old + new)


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class eps_outside:
    """In AdaDelta eps stands INSIDE both roots: sqrt(u + eps) / sqrt(v + eps)."""

    adadelta_step = _adadelta(delta=lambda g, v, u, eps: (np.sqrt(u) + eps) / (np.sqrt(v) + eps) * g)


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class never_starts:
    """Without eps in the numerator delta stays 0 for ever, since u starts at 0: sqrt(u + eps)."""

    adadelta_step = _adadelta(delta=lambda g, v, u, eps: np.sqrt(u) / np.sqrt(v + eps) * g)


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class rmsprop:
    """Without the numerator sqrt(u + eps) this is RMSProp with eps inside the root."""

    adadelta_step = _adadelta(delta=lambda g, v, u, eps: g / np.sqrt(v + eps))


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class ratio_inverted:
    """The steps' root stands above, the gradients' root below: sqrt(u + eps) / sqrt(v + eps)."""

    adadelta_step = _adadelta(delta=lambda g, v, u, eps: np.sqrt(v + eps) / np.sqrt(u + eps) * g)


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class roots_forgotten:
    """delta is the ratio of the ROOTS of the two averages times g."""

    adadelta_step = _adadelta(delta=lambda g, v, u, eps: (u + eps) / (v + eps) * g)


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class u_of_gradients:
    """u averages the squared STEPS delta^2, not the squared gradients: that is v."""

    adadelta_step = _adadelta(noted=lambda delta, g, lr: g)


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class lr_in_u:
    """u averages delta^2 without lr: lr scales the step when it is taken, and is not remembered."""

    adadelta_step = _adadelta(noted=lambda delta, g, lr: lr * delta)


@wrong(replaces=("adadelta_step",), fails=[*ADADELTA, "errors"])
class lr_ignored:
    """`lr` has no effect on your result: it scales delta, p - lr * delta, and is 1 by default."""

    adadelta_step = _adadelta(scale=lambda lr: 1.0)


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class deltas_not_squared:
    """v and u average SQUARES, not absolute values."""

    adadelta_step = _adadelta(square=np.abs)


@wrong(replaces=("adadelta_step",), fails=ADADELTA)
class one_rate_per_array:
    """Every coordinate has averages of its own: do not average the squares over the array."""

    adadelta_step = _adadelta(square=lambda g: np.full_like(g, np.mean(g**2)))


@wrong(replaces=("adadelta_step",), fails=["adadelta_value"])
class rho_default:
    """The default rho is 0.9, PyTorch's; the paper and Keras have 0.95."""

    def adadelta_step(params, grads, state, lr=1.0, rho=0.95, eps=1e-6):
        return adadelta_step(params, grads, state, lr, rho, eps)


@wrong(replaces=("adadelta_step",), fails=["adadelta_value"])
class lr_default:
    """The default lr of AdaDelta is 1: the ratio of the roots sets the size of the steps."""

    def adadelta_step(params, grads, state, lr=0.01, rho=0.9, eps=1e-6):
        return adadelta_step(params, grads, state, lr, rho, eps)


# States, arguments, errors


def _around(change):
    """Both functions as they should be, called by `change(step, params, grads, state)`."""

    def ada_grad(params, grads, state, lr=0.01, lr_decay=0.0, eps=1e-10):
        _validate(lr, params, grads)
        return change(lambda p, g, s: adagrad_step(p, g, s, lr, lr_decay, eps), params, grads, state)

    def ada_delta(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):
        adadelta_step(params, grads, {}, lr, rho, eps)
        return change(lambda p, g, s: adadelta_step(p, g, s, lr, rho, eps), params, grads, state)

    return ada_grad, ada_delta


def _averages(state):
    """The dicts of arrays in a state."""
    return {slot: value for slot, value in state.items() if slot != "t"}


@wrong(replaces=BOTH, fails=["adagrad_value", "adadelta_value", "monotone_rate", "zero_grad"])
class state_ignored:
    """You start from zeros at every step: go on from the state that comes in."""

    adagrad_step, adadelta_step = _around(lambda step, params, grads, state: step(params, grads, {}))


@wrong(replaces=BOTH, fails=["purity_state"])
class inplace:
    """The caller's arrays were modified (params[name] -= ...): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for k, p in params.items():
            p[...] = new[k]
        return params, after

    adagrad_step, adadelta_step = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class state_inplace:
    """The arrays in the caller's state were overwritten (state["sum"][name] += g**2): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for slot, arrays in _averages(state).items():
            for k, old in arrays.items():
                old[...] = after[slot][k]
        return new, {**after, **_averages(state)}

    adagrad_step, adadelta_step = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class fills_callers_state:
    """The new values were put into the caller's dict (state["t"] += 1, setdefault): return a new state instead."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        state.update(after)
        return new, state

    adagrad_step, adadelta_step = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class empty_state:
    """An empty state means that everything is 0: do not expect its entries to be there."""

    @staticmethod
    def _change(step, params, grads, state):
        if not state:
            raise KeyError("sum" if "t" in step(params, grads, state)[1] else "v")
        return step(params, grads, state)

    adagrad_step, adadelta_step = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class float64_state:
    """np.zeros(shape) is float64 and drags float32 parameters with it: take the parameter's dtype (zeros_like)."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        if state:
            return new, after
        wide = {slot: {k: a.astype(np.float64) for k, a in arrays.items()} for slot, arrays in _averages(after).items()}
        return {k: p.astype(np.float64) for k, p in new.items()}, {**after, **wide}

    adagrad_step, adadelta_step = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class paired_by_position:
    """Look gradients up by name: the two dicts need not have the same order (zip of values, items)."""

    adagrad_step, adadelta_step = _around(
        lambda step, params, grads, state: step(params, dict(zip(params, grads.values(), strict=True)), state)
    )


_LAST: dict = {}


@wrong(replaces=BOTH, fails=["purity_state"])
class shared_by_all_runs:
    """What a step remembers belongs into the state: yours is kept in the module, where two runs mix."""

    @staticmethod
    def _change(step, params, grads, state):
        last, shapes = _LAST, {k: p.shape for k, p in params.items()}
        kind = tuple(sorted(state))
        fresh = not any(np.any(a) for arrays in _averages(state).values() for a in arrays.values())
        kept = last.get(kind)
        usable = kept and not fresh and {k: a.shape for k, a in kept.get("u", kept.get("sum")).items()} == shapes
        new, after = step(params, grads, kept if usable else state)
        last[tuple(sorted(after))] = after
        return new, after

    adagrad_step, adadelta_step = _around(_change)


@wrong(replaces=BOTH, fails=["errors"])
class names_unchecked:
    """Parameters and gradients with different names are a mistake of the caller's: raise ValueError, skip nothing."""

    def adagrad_step(params, grads, state, lr=0.01, lr_decay=0.0, eps=1e-10):
        common = [k for k in params if k in grads]
        params, grads = {k: params[k] for k in common}, {k: grads[k] for k in common}
        return adagrad_step(params, grads, state, lr, lr_decay, eps)

    def adadelta_step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):
        common = [k for k in params if k in grads]
        params, grads = {k: params[k] for k in common}, {k: grads[k] for k in common}
        return adadelta_step(params, grads, state, lr, rho, eps)


@wrong(replaces=BOTH, fails=["errors"])
class lr_unchecked:
    """A negative lr climbs: raise ValueError."""

    def adagrad_step(params, grads, state, lr=0.01, lr_decay=0.0, eps=1e-10):
        new, after = adagrad_step(params, grads, state, abs(lr), lr_decay, eps)
        return {k: p if lr >= 0 else 2 * params[k] - p for k, p in new.items()}, after

    def adadelta_step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):
        new, after = adadelta_step(params, grads, state, abs(lr), rho, eps)
        return {k: p if lr >= 0 else 2 * params[k] - p for k, p in new.items()}, after


@wrong(replaces=("adadelta_step",), fails=["errors"])
class rho_unchecked:
    """A rho outside [0, 1] gives no average: raise ValueError."""

    def adadelta_step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):
        return adadelta_step(params, grads, state, lr, min(max(rho, 0.0), 1.0), eps)


@wrong(replaces=("adadelta_step",), fails=["adadelta_value", "errors"])
class rho_bounds_refused:
    """rho = 0 and rho = 1 are allowed: the interval is [0, 1]."""

    def adadelta_step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6):
        if not 0 < rho < 1:
            raise ValueError("rho")
        return adadelta_step(params, grads, state, lr, rho, eps)
