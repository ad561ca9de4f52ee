"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_21_momentum import nesterov_lookahead_step as right_lookahead
from dlkit.solutions.exercise_21_momentum import sgd_momentum_step as right_step


def _checked(params, grads, momentum, dampening, nesterov):
    right_step(params, grads, {}, 0.0, momentum, dampening, nesterov)  # the reference's ValueErrors


def _first(g, dampening):
    return g.copy()


def _later(momentum, dampening, buf, g, lr):
    return momentum * buf + (1 - dampening) * g


def _nesterov(g, momentum, buf):
    return g + momentum * buf


def _variant(*, first=_first, later=_later, ahead=_nesterov, checked=_checked, default_momentum=0.9):
    """sgd_momentum_step with one of its formulas replaced."""

    def sgd_momentum_step(params, grads, state, lr=0.01, momentum=default_momentum, dampening=0.0, nesterov=False):
        checked(params, grads, momentum, dampening, nesterov)
        if momentum == 0 and not nesterov:
            return {k: p - lr * grads[k] for k, p in params.items()}, {}
        new, buffers = {}, {}
        for k, p in params.items():
            g = grads[k]
            b = buffers[k] = later(momentum, dampening, state["buf"][k], g, lr) if state else first(g, dampening)
            new[k] = p - lr * (ahead(g, momentum, b) if nesterov else b)
        return new, {"buf": buffers}

    return staticmethod(sgd_momentum_step)


def _around(change):
    """sgd_momentum_step as it should be, called by `change(step, params, grads, state)`."""

    def sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False):
        _checked(params, grads, momentum, dampening, nesterov)
        return change(
            lambda p, g, s: right_step(p, g, s, lr, momentum, dampening, nesterov), params, grads, state
        )  # fmt: skip

    return staticmethod(sgd_momentum_step)


STEP = ("sgd_momentum_step",)


@wrong(replaces=STEP, fails=["value", "nesterov_value", "equivalence", "acceleration"])
class ema_momentum:
    """That is the Adam-style average: the PyTorch buffer is a plain sum, 1 / (1 - momentum) times larger."""

    sgd_momentum_step = _variant(
        later=lambda momentum, dampening, buf, g, lr: momentum * buf + (1 - momentum) * (1 - dampening) * g
    )


@wrong(replaces=STEP, fails=["value", "nesterov_value"])
class lr_in_buffer:
    """lr multiplies the direction when it is used; stored in the buffer, an old rate lives on after lr has changed."""

    def sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False):
        _checked(params, grads, momentum, dampening, nesterov)
        if momentum == 0:
            return right_step(params, grads, state, lr, momentum)
        scaled = {k: lr * g for k, g in grads.items()}
        return right_step(params, scaled, state, 1.0, momentum, dampening, nesterov)


@wrong(replaces=STEP, fails=["value"])
class dampening_first:
    """The first buffer is the raw gradient: dampening begins with the second step."""

    sgd_momentum_step = _variant(first=lambda g, dampening: (1 - dampening) * g)


@wrong(replaces=STEP, fails=["value"])
class dampening_ignored:
    """`dampening` has no effect on your result: from the second step on the gradient counts (1 - dampening) times."""

    sgd_momentum_step = _variant(later=lambda momentum, dampening, buf, g, lr: momentum * buf + g)


@wrong(replaces=STEP, fails=["value", "nesterov_value", "equivalence", "acceleration"])
class dampening_multiplies:
    """The new gradient counts (1 - dampening) times, not dampening times: without dampening it counts in full."""

    sgd_momentum_step = _variant(later=lambda momentum, dampening, buf, g, lr: momentum * buf + dampening * g)


@wrong(replaces=STEP, fails=["value"])
class dampened_without_momentum:
    """With momentum = 0 the direction is the gradient itself: dampening is ignored."""

    def sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False):
        new, after = right_step(params, grads, state, lr, momentum, dampening, nesterov)
        if momentum == 0 and state:
            new = {k: p - lr * (1 - dampening) * grads[k] for k, p in params.items()}
        return new, after or {"buf": {k: g.copy() for k, g in grads.items()}}


@wrong(replaces=STEP, fails=["value"])
class momentum_off_by_default:
    """The default momentum is 0.9 here (torch.optim.SGD has 0)."""

    sgd_momentum_step = _variant(default_momentum=0.0)


@wrong(replaces=STEP, fails=["value", "nesterov_value", "equivalence", "acceleration"])
class moves_before_updating:
    """Update the buffer first, then move along the NEW one: you move along the buffer of the step before."""

    def sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False):
        if momentum == 0:
            return right_step(params, grads, state, lr, momentum, dampening, nesterov)
        _, after = right_step(params, grads, state, lr, momentum, dampening, nesterov)
        old = state["buf"] if state else {k: np.zeros_like(g) for k, g in grads.items()}
        ahead = {k: grads[k] + momentum * b for k, b in old.items()} if nesterov else old
        return {k: p - lr * ahead[k] for k, p in params.items()}, after


@wrong(replaces=STEP, fails=["nesterov_value", "equivalence"])
class nesterov_as_plain:
    """Nesterov's direction is grad + momentum * buf with the NEW buf; with the old one it is buf, plain momentum."""

    sgd_momentum_step = _variant(ahead=lambda g, momentum, buf: buf)


@wrong(replaces=STEP, fails=["nesterov_value", "equivalence"])
class nesterov_without_gradient:
    """Nesterov's direction is grad + momentum * buf: the gradient itself is missing."""

    sgd_momentum_step = _variant(ahead=lambda g, momentum, buf: momentum * buf)


@wrong(replaces=STEP, fails=["nesterov_value", "equivalence"])
class nesterov_adds_whole_buffer:
    """Nesterov's direction is grad + momentum * buf: the buffer counts momentum times."""

    sgd_momentum_step = _variant(ahead=lambda g, momentum, buf: g + buf)


@wrong(replaces=STEP, fails=["value", "nesterov_value", "equivalence", "acceleration"])
class ascent:
    """The gradient points uphill: subtract lr times the direction."""

    sgd_momentum_step = _around(
        lambda step, params, grads, state: (
            {k: 2 * p - step(params, grads, state)[0][k] for k, p in params.items()},
            step(params, grads, state)[1],
        )
    )


@wrong(replaces=STEP, fails=["value", "nesterov_value", "equivalence", "acceleration"])
class state_ignored:
    """You start afresh at every step: go on with the buffers in the state that comes in."""

    sgd_momentum_step = _around(lambda step, params, grads, state: step(params, grads, {}))


@wrong(replaces=STEP, fails=["value", "nesterov_value"])
class float64_buffer:
    """np.zeros(shape) is float64 and drags float32 parameters with it: give the buffer the gradient's dtype."""

    sgd_momentum_step = _variant(first=lambda g, dampening: g + np.zeros(g.shape))


@wrong(replaces=STEP, fails=["value", "nesterov_value", "purity_state"])
class shared_buffer:
    """Each parameter owns a buffer of its shape: with one for all, each goes on where the one before stopped."""

    def sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False):
        _checked(params, grads, momentum, dampening, nesterov)
        new, one = {}, dict(state)
        for k, p in params.items():
            old = {"buf": {k: one["buf"]}} if "buf" in one else {}
            part, after = right_step({k: p}, {k: grads[k]}, old, lr, momentum, dampening, nesterov)
            new.update(part)
            one = {"buf": after["buf"][k]} if after else {}
        return new, one


@wrong(replaces=STEP, fails=["purity_state"])
class paired_by_position:
    """Look gradients up by name: the two dicts need not have the same order (zip of values, items)."""

    sgd_momentum_step = _around(
        lambda step, params, grads, state: step(params, dict(zip(params, grads.values(), strict=True)), state)
    )


@wrong(replaces=STEP, fails=["purity_state"])
class inplace:
    """The caller's params were modified (params[name] -= … or = …): build new arrays and a new dict."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for k, p in params.items():
            p[...] = new[k]
        return params, after

    sgd_momentum_step = _around(_change)


@wrong(replaces=STEP, fails=["purity_state"])
class state_inplace:
    """The buffers in the caller's state were overwritten (buf *= momentum): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for k, b in state.get("buf", {}).items():
            b[...] = after["buf"][k]
        return new, state or after

    sgd_momentum_step = _around(_change)


@wrong(replaces=STEP, fails=["purity_state"])
class fills_callers_state:
    """The new buffers were put into the caller's dict (state["buf"] = …, setdefault): return a new state instead."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        state.update(after)
        return new, state

    sgd_momentum_step = _around(_change)


@wrong(replaces=STEP, fails=["purity_state"])
class buffer_is_gradient:
    """The first buffer is the caller's gradient array itself: copy it, or zeroing the gradient clears the buffer."""

    sgd_momentum_step = _variant(first=lambda g, dampening: g)


@wrong(replaces=STEP, fails=["purity_state"])
class gradient_inplace:
    """The caller's gradients were modified (g += momentum * buf): build new arrays."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for k, g in grads.items():
            g += after["buf"][k] if after else g
        return new, after

    sgd_momentum_step = _around(_change)


_BUFFERS: dict = {}


@wrong(replaces=STEP, fails=["value", "nesterov_value", "purity_state"])
class buffers_of_its_own:
    """Take the buffers from the state that comes in: kept in a global or an attribute, they mix up two runs."""

    def sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False):
        _checked(params, grads, momentum, dampening, nesterov)
        if not state or any(k not in _BUFFERS for k in params):
            _BUFFERS.clear()
        new, after = right_step(
            params, grads, {"buf": dict(_BUFFERS)} if _BUFFERS else {}, lr, momentum, dampening, nesterov
        )
        _BUFFERS.update(after.get("buf", {}))
        return new, after


@wrong(replaces=STEP, fails=["errors"])
class nesterov_dampened:
    """Nesterov's formula has no dampening: raise ValueError for dampening != 0."""

    sgd_momentum_step = _variant(
        checked=lambda params, grads, momentum, dampening, nesterov: _checked(params, grads, momentum, 0.0, nesterov)
    )


@wrong(replaces=STEP, fails=["errors"])
class nesterov_zero_momentum:
    """Without momentum there is nothing to look ahead to: raise ValueError for nesterov with momentum = 0."""

    sgd_momentum_step = _variant(
        checked=lambda params, grads, momentum, dampening, nesterov: _checked(
            params, grads, momentum if momentum != 0 else 0.5, dampening, nesterov
        )
    )


@wrong(replaces=STEP, fails=["errors"])
class nesterov_unchecked:
    """Nesterov needs momentum > 0 and no dampening: raise ValueError otherwise."""

    sgd_momentum_step = _variant(
        checked=lambda params, grads, momentum, dampening, nesterov: _checked(params, grads, momentum, 0.0, False)
    )


@wrong(replaces=STEP, fails=["errors"])
class names_unchecked:
    """Parameters and gradients with different names are a mistake of the caller's: raise ValueError, skip nothing."""

    def sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False):
        names = [k for k in params if k in grads]
        some, slopes = {k: params[k] for k in names}, {k: grads[k] for k in names}
        new, after = right_step(some, slopes, state, lr, momentum, dampening, nesterov)
        return {**params, **new}, after


@wrong(replaces="nesterov_lookahead_step", fails=["lookahead", "equivalence"])
def grad_at_x(x, v, grad_f, lr, momentum):
    """Evaluate the gradient at x + momentum * v: that is the whole idea. At x it is plain momentum."""
    v = momentum * v - lr * grad_f(x)
    return x + v, v


@wrong(replaces="nesterov_lookahead_step", fails=["lookahead", "equivalence"])
def whole_velocity_ahead(x, v, grad_f, lr, momentum):
    """The look-ahead point is x + momentum * v, not x + v: the velocity is damped before it moves x."""
    v = momentum * v - lr * grad_f(x + v)
    return x + v, v


@wrong(replaces="nesterov_lookahead_step", fails=["lookahead", "equivalence"])
def gradient_added(x, v, grad_f, lr, momentum):
    """The gradient points uphill: v' = momentum * v MINUS lr times the gradient."""
    v = momentum * v + lr * grad_f(x + momentum * v)
    return x + v, v


@wrong(replaces="nesterov_lookahead_step", fails=["lookahead", "equivalence"])
def from_the_lookahead_point(x, v, grad_f, lr, momentum):
    """x' = x + v': you start from the look-ahead point and so count momentum * v twice."""
    ahead = x + momentum * v
    v = momentum * v - lr * grad_f(ahead)
    return ahead + v, v


@wrong(replaces="nesterov_lookahead_step", fails=["lookahead", "equivalence"])
def moves_with_old_velocity(x, v, grad_f, lr, momentum):
    """x' = x + v' with the NEW velocity: you move with the old one."""
    return x + v, momentum * v - lr * grad_f(x + momentum * v)


@wrong(replaces="nesterov_lookahead_step", fails=["lookahead", "equivalence"])
def velocity_not_damped(x, v, grad_f, lr, momentum):
    """The old velocity counts momentum times in v', too."""
    v = v - lr * grad_f(x + momentum * v)
    return x + v, v


@wrong(replaces="nesterov_lookahead_step", fails=["lookahead", "equivalence"])
def velocity_first(x, v, grad_f, lr, momentum):
    """Return (x', v') in this order: the point, then the velocity."""
    return right_lookahead(x, v, grad_f, lr, momentum)[::-1]


@wrong(replaces="nesterov_lookahead_step", fails=["lookahead"])
def gradient_twice(x, v, grad_f, lr, momentum):
    """One gradient per step: a gradient is the expensive part, and you compute it twice."""
    x_new = x + momentum * v - lr * grad_f(x + momentum * v)
    return x_new, momentum * v - lr * grad_f(x + momentum * v)


@wrong(replaces="nesterov_lookahead_step", fails=["purity_state"])
def lookahead_inplace(x, v, grad_f, lr, momentum):
    """`v *= momentum` and `x += v` change the caller's arrays: build new ones."""
    x[...], v[...] = right_lookahead(x, v, grad_f, lr, momentum)
    return x, v
