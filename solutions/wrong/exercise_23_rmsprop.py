"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_23_rmsprop import _validate
from dlkit.solutions.exercise_23_rmsprop import rmsprop_step as torch_form
from dlkit.solutions.exercise_23_rmsprop import rmsprop_step_keras as keras_form

BOTH = ("rmsprop_step", "rmsprop_step_keras")


def _average(decay, old, new):
    return decay * old + (1 - decay) * new


def _variance(v, m):
    return (v - m**2).clip(0)


def _buffer(momentum, old, step):
    return momentum * old + step


def _divided(g, v, eps):
    return g / (np.sqrt(v) + eps)


def _divided_keras(g, v, eps):
    return g / np.sqrt(v + eps)


def _same(v, decay, t):
    return v


def _variant(
    *, square=np.square, average=_average, variance=_variance, buffer=_buffer, divided=_divided,
    divided_keras=_divided_keras, correct=_same, validate=_validate, default_alpha=0.99, default_rho=0.9,
):  # fmt: skip
    """Both functions, with one of the formulas replaced."""

    def step(params, grads, state, lr, decay, eps, momentum, centered, divide):
        validate(lr, decay, params, grads)
        t = state.get("t", 0) + 1
        slots = ["v"] + ["m"] * centered + ["buf"] * (momentum != 0)
        old = {slot: {k: state.get(slot, {}).get(k, 0.0) for k in params} for slot in slots}
        new_params, new = {}, {slot: {} for slot in slots}
        for k, g in grads.items():
            v = new["v"][k] = average(decay, old["v"][k], square(g))
            v = correct(v, decay, t)
            if centered:
                m = new["m"][k] = average(decay, old["m"][k], g)
                v = variance(v, m)
            moved = divide(g, v, eps)
            if momentum:
                moved = new["buf"][k] = buffer(momentum, old["buf"][k], moved)
            new_params[k] = params[k] - lr * moved
        if correct is not _same:
            new["t"] = t
        return new_params, new

    def rmsprop_step(
        params, grads, state, lr=0.01, alpha=default_alpha, eps=1e-8, momentum=0.0, centered=False
    ):  # fmt: skip
        return step(params, grads, state, lr, alpha, eps, momentum, centered, divided)

    def rmsprop_step_keras(params, grads, state, lr=0.001, rho=default_rho, eps=1e-7):
        return step(params, grads, state, lr, rho, eps, 0.0, False, divided_keras)

    return rmsprop_step, rmsprop_step_keras


def _around(change):
    """Both functions as they should be, called by `change(step, params, grads, state)`."""

    def rmsprop_step(params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
        _validate(lr, alpha, params, grads)
        return change(lambda p, g, s: torch_form(p, g, s, lr, alpha, eps, momentum, centered), params, grads, state)

    def rmsprop_step_keras(params, grads, state, lr=0.001, rho=0.9, eps=1e-7):
        _validate(lr, rho, params, grads)
        return change(lambda p, g, s: keras_form(p, g, s, lr, rho, eps), params, grads, state)

    return rmsprop_step, rmsprop_step_keras


MOST = ["value", "momentum_centered", "keras_form", "first_step", "defaults", "zero_and_extreme", "purity_state"]


@wrong(replaces=BOTH, fails=MOST)
class adagrad_sum:
    """Summing all squares is AdaGrad, whose steps only shrink; RMSProp averages, so that old squares decay."""

    rmsprop_step, rmsprop_step_keras = _variant(average=lambda decay, old, new: old + new)


@wrong(replaces=BOTH, fails=["defaults"])
class decay_default:
    """The default decay is not the stated one: 0.99 in the PyTorch form, 0.9 in the Keras form."""

    rmsprop_step, rmsprop_step_keras = _variant(default_alpha=0.999, default_rho=0.999)


@wrong(replaces=BOTH, fails=["defaults"])
class decay_defaults_mixed_up:
    """0.9 is the default decay of Keras and of Hinton's slides, 0.99 that of PyTorch: each form has its own."""

    rmsprop_step, rmsprop_step_keras = _variant(default_alpha=0.9, default_rho=0.99)


@wrong(replaces=BOTH, fails=MOST)
class swapped_decay:
    """The decay weighs the OLD average, 1 - decay the new square: you have them the other way round."""

    rmsprop_step, rmsprop_step_keras = _variant(average=lambda decay, old, new: (1 - decay) * old + decay * new)


@wrong(replaces=BOTH, fails=MOST)
class square_not_weighted:
    """The new square is weighted with 1 - decay; without it the average is 1 / (1 - decay) times too large."""

    rmsprop_step, rmsprop_step_keras = _variant(average=lambda decay, old, new: decay * old + new)


@wrong(replaces=("rmsprop_step",), fails=[c for c in MOST if c != "keras_form"])
class eps_inside:
    """PyTorch adds eps after the root, sqrt(v) + eps; inside the root it is the Keras form."""

    rmsprop_step, _ = _variant(divided=_divided_keras)


@wrong(replaces=("rmsprop_step_keras",), fails=["keras_form", "defaults", "zero_and_extreme", "purity_state"])
class keras_eps_outside:
    """Keras adds eps inside the root, sqrt(v + eps); sqrt(v) + eps is the PyTorch form."""

    _, rmsprop_step_keras = _variant(divided_keras=_divided)


@wrong(replaces=BOTH, fails=MOST)
class no_eps:
    """Without eps a coordinate whose gradients are all 0 gives 0 / 0 = NaN."""

    rmsprop_step, rmsprop_step_keras = _variant(
        divided=lambda g, v, eps: g / np.sqrt(v), divided_keras=lambda g, v, eps: g / np.sqrt(v)
    )


@wrong(replaces=BOTH, fails=MOST)
class no_square:
    """The average is of the gradients SQUARED, not of their absolute values."""

    rmsprop_step, rmsprop_step_keras = _variant(square=np.abs)


@wrong(replaces=BOTH, fails=MOST)
class no_sqrt:
    """Divide by the ROOT of the average: by the average itself, large gradients give the smallest steps."""

    rmsprop_step, rmsprop_step_keras = _variant(
        divided=lambda g, v, eps: g / (v + eps), divided_keras=lambda g, v, eps: g / (v + eps)
    )


@wrong(replaces=BOTH, fails=MOST)
class bias_corrected:
    """Bias correction (v / (1 - decay^t)) belongs to Adam; RMSProp leaves the start at 0 uncorrected."""

    rmsprop_step, rmsprop_step_keras = _variant(correct=lambda v, decay, t: v / (1 - decay**t))


@wrong(replaces=BOTH, fails=MOST)
class one_rate_per_array:
    """Every coordinate has its own average: do not average the squares over the array."""

    rmsprop_step, rmsprop_step_keras = _variant(square=lambda g: np.full_like(g, np.mean(g**2)))


@wrong(
    replaces=BOTH, fails=["value", "momentum_centered", "keras_form", "defaults", "zero_and_extreme", "purity_state"]
)
class state_ignored:
    """You start from zeros at every step: go on with the averages in the state that comes in."""

    rmsprop_step, rmsprop_step_keras = _around(lambda step, params, grads, state: step(params, grads, {}))


@wrong(replaces=("rmsprop_step",), fails=["momentum_centered", "zero_and_extreme", "purity_state"])
class momentum_ignored:
    """`momentum` has no effect on your result: keep a buffer of scaled gradients in the state and step along it."""

    def rmsprop_step(params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
        return torch_form(params, grads, state, lr, alpha, eps, 0.0, centered)


@wrong(replaces=("rmsprop_step",), fails=["momentum_centered", "zero_and_extreme", "purity_state"])
class momentum_of_gradients:
    """The buffer accumulates SCALED gradients: divide by sqrt(v) + eps before adding to it, not after."""

    def rmsprop_step(params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
        new, after = torch_form(params, grads, state, lr, alpha, eps, 0.0, centered)
        if momentum:
            old = state.get("buf", {})
            after["buf"] = {k: momentum * old.get(k, 0.0) + g for k, g in grads.items()}
            new, _ = torch_form(params, grads, state, 0.0, alpha, eps, 0.0, centered)
            square = after["v"]
            if centered:
                square = {k: _variance(v, after["m"][k]) for k, v in square.items()}
            new = {k: p - lr * _divided(after["buf"][k], square[k], eps) for k, p in params.items()}
        return new, after


@wrong(replaces=("rmsprop_step",), fails=["momentum_centered", "zero_and_extreme", "purity_state"])
class momentum_dampened:
    """The buffer is momentum * buf + step, without a factor 1 - momentum: it is a sum, not an average."""

    rmsprop_step, _ = _variant(buffer=lambda momentum, old, step: momentum * old + (1 - momentum) * step)


@wrong(replaces=("rmsprop_step",), fails=["momentum_centered", "purity_state"])
class lr_in_buffer:
    """lr multiplies the buffer when it is used; stored in the buffer, an old rate lives on after lr has changed."""

    def rmsprop_step(params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
        _validate(lr, alpha, params, grads)
        if not momentum:
            return torch_form(params, grads, state, lr, alpha, eps, momentum, centered)
        old = {**state, "buf": {}}
        _, after = torch_form(params, grads, old, lr, alpha, eps, momentum, centered)
        after["buf"] = {k: momentum * state.get("buf", {}).get(k, 0.0) + lr * s for k, s in after["buf"].items()}
        return {k: p - after["buf"][k] for k, p in params.items()}, after


@wrong(replaces=("rmsprop_step",), fails=["momentum_centered", "zero_and_extreme", "purity_state"])
class centered_ignored:
    """`centered` has no effect on your result: it subtracts the squared average gradient from v."""

    def rmsprop_step(params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
        return torch_form(params, grads, state, lr, alpha, eps, momentum)


@wrong(replaces=("rmsprop_step",), fails=["momentum_centered", "zero_and_extreme", "purity_state"])
class mean_not_squared:
    """The variance is v - m^2: square the average gradient before you subtract it."""

    rmsprop_step, _ = _variant(variance=lambda v, m: (v - m).clip(0))


@wrong(replaces=("rmsprop_step",), fails=["momentum_centered"])
class variance_not_clamped:
    """Rounding can leave v - m^2 just below 0, whose root is NaN: clamp it at 0."""

    rmsprop_step, _ = _variant(variance=lambda v, m: v - m**2)


@wrong(replaces=("rmsprop_step",), fails=["momentum_centered"])
class variance_made_positive:
    """Clamp v - m^2 at 0; abs turns what is only rounding error into a variance."""

    rmsprop_step, _ = _variant(variance=lambda v, m: np.abs(v - m**2))


@wrong(replaces=BOTH, fails=["purity_state"])
class inplace:
    """The caller's arrays were modified (params[name] -= ...): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for k, p in params.items():
            p[...] = new[k]
        return params, after

    rmsprop_step, rmsprop_step_keras = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class state_inplace:
    """The averages in the caller's state were overwritten (v *= alpha): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for slot in state:
            for k, old in state[slot].items():
                old[...] = after[slot][k]
        return new, {**after, **state}

    rmsprop_step, rmsprop_step_keras = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class fills_callers_state:
    """The new averages were put into the caller's dict (state["v"] = ..., setdefault): return a new state instead."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        state.update(after)
        return new, state

    rmsprop_step, rmsprop_step_keras = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class cache_missing:
    """An empty state means that all averages are 0: do not expect its entries to be there."""

    @staticmethod
    def _change(step, params, grads, state):
        return step(params, grads, {"v": {k: state["v"][k] for k in params}, **state})

    rmsprop_step, rmsprop_step_keras = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class float64_state:
    """np.zeros(shape) is float64 and drags float32 parameters with it: take the parameter's dtype (zeros_like)."""

    @staticmethod
    def _change(step, params, grads, state):
        start = state or {"v": {k: np.zeros(p.shape) for k, p in params.items()}}
        return step(params, grads, start)

    rmsprop_step, rmsprop_step_keras = _around(_change)


@wrong(replaces=BOTH, fails=["purity_state"])
class paired_by_position:
    """Look gradients up by name: the two dicts need not have the same order (zip of values, items)."""

    rmsprop_step, rmsprop_step_keras = _around(
        lambda step, params, grads, state: step(params, dict(zip(params, grads.values(), strict=True)), state)
    )


@wrong(replaces=BOTH, fails=["value", "momentum_centered", "keras_form", "purity_state", "errors"])
class one_average_for_all:
    """Every name needs an average of its own; yours is shared, each parameter going on where the one before stopped."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after, previous = {}, {}, None
        for k in params:
            old = {
                slot: {k: average[k] if previous is None else after[slot][previous]} for slot, average in state.items()
            }
            one, part = step({k: params[k]}, {k: grads[k]}, old)
            new.update(one)
            for slot, average in part.items():
                after.setdefault(slot, {}).update(average)
            previous = k
        return new, after

    rmsprop_step, rmsprop_step_keras = _around(_change)


@wrong(replaces=BOTH, fails=["errors"])
class decay_one_allowed:
    """With a decay of 1 the average would never move: 1 is outside [0, 1) and raises ValueError."""

    rmsprop_step, rmsprop_step_keras = _variant(
        validate=lambda lr, decay, params, grads: _validate(lr, decay if decay != 1 else 0.0, params, grads)
    )


@wrong(replaces=BOTH, fails=["errors"])
class unchecked:
    """A decay outside [0, 1) or a negative lr is a mistake of the caller's: raise ValueError."""

    rmsprop_step, rmsprop_step_keras = _variant(
        validate=lambda lr, decay, params, grads: _validate(0.0, 0.0, params, grads)
    )


@wrong(replaces=BOTH, fails=["errors"])
class names_unchecked:
    """Parameters and gradients with different names are a mistake of the caller's: raise ValueError, skip nothing."""

    @staticmethod
    def _validate(lr, decay, params, grads):
        _validate(lr, decay, params, params)

    rmsprop_step, rmsprop_step_keras = _variant(validate=_validate)
