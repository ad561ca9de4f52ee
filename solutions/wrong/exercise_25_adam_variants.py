"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_25_adam_variants import _first_moment, _second_moment
from dlkit.solutions.exercise_25_adam_variants import adamax_step as adamax
from dlkit.solutions.exercise_25_adam_variants import amsgrad_step as amsgrad
from dlkit.solutions.exercise_25_adam_variants import nadam_step as nadam

AMSGRAD = ("amsgrad_step",)
ADAMAX = ("adamax_step",)
NADAM = ("nadam_step",)
ALL = ("amsgrad_step", "adamax_step", "nadam_step")


def _corrected(average, beta, t):
    return average / (1 - beta**t)


def _largest(old, v, v_hat, m, g):
    return np.maximum(old, v)


def _amsgrad_direction(m, v, vmax, b1, b2, t, eps):
    return _corrected(m, b1, t) / (np.sqrt(_corrected(vmax, b2, t)) + eps)


def _amsgrad(*, largest=_largest, direction=_amsgrad_direction, lr=1e-3):
    """AMSGrad with one of the formulas replaced."""

    def amsgrad_step(params, grads, state, lr=lr, betas=(0.9, 0.999), eps=1e-8):
        t, m = _first_moment(lr, betas, eps, state, params, grads)
        v = _second_moment(state, grads, betas[1])
        vmax, new = {}, {}
        for k, p in params.items():
            old = state.get("vmax", {}).get(k, 0.0)
            vmax[k] = largest(old, v[k], _corrected(v[k], betas[1], t), m[k], grads[k])
            new[k] = p - lr * direction(m[k], v[k], vmax[k], *betas, t, eps)
        return new, {"t": t, "m": m, "v": v, "vmax": vmax}

    return amsgrad_step


def _norm(b2, u, g, eps):
    return np.maximum(b2 * u, np.abs(g) + eps)


def _adamax_direction(m, u, b1, b2, t, eps):
    return _corrected(m, b1, t) / u


def _adamax(*, norm=_norm, direction=_adamax_direction, lr=2e-3):
    """Adamax with one of the formulas replaced."""

    def adamax_step(params, grads, state, lr=lr, betas=(0.9, 0.999), eps=1e-8):
        t, m = _first_moment(lr, betas, eps, state, params, grads)
        u, new = {}, {}
        for k, p in params.items():
            u[k] = norm(betas[1], state.get("u", {}).get(k, 0.0), grads[k], eps)
            with np.errstate(divide="ignore", invalid="ignore"):
                new[k] = p - lr * direction(m[k], u[k], *betas, t, eps)
        return new, {"t": t, "m": m, "u": u}

    return adamax_step


def _schedule(b1, t, psi):
    return b1 * (1 - 0.5 * 0.96 ** (t * psi))


def _ahead(g, m, mu, mu_next, product, t):
    return (1 - mu) / (1 - product) * g + mu_next / (1 - product * mu_next) * m


def _nadam_root(v, b2, t, eps):
    return np.sqrt(_corrected(v, b2, t)) + eps


def _nadam(*, schedule=_schedule, ahead=_ahead, root=_nadam_root, m_with_mu=False, per_key=False, momentum_decay=4e-3):
    """NAdam with one of the formulas replaced."""

    def nadam_step(
        params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=momentum_decay
    ):  # fmt: skip
        nadam(params, grads, {}, lr, betas, eps, momentum_decay)  # its ValueErrors
        t, m = _first_moment(lr, betas, eps, state, params, grads)
        v = _second_moment(state, grads, betas[1])
        mu, mu_next = schedule(betas[0], t, momentum_decay), schedule(betas[0], t + 1, momentum_decay)
        product = state.get("mu_product", 1.0) * (1.0 if per_key else mu)
        new = {}
        for k, p in params.items():
            product *= mu if per_key else 1.0
            if m_with_mu:
                m[k] = mu * state.get("m", {}).get(k, 0.0) + (1 - mu) * grads[k]
            new[k] = p - lr * ahead(grads[k], m[k], mu, mu_next, product, t) / root(v[k], betas[1], t, eps)
        return new, {"t": t, "m": m, "v": v, "mu_product": product}

    return nadam_step


def _around(change):
    """The three steps as they should be, called by `change(step, params, grads, state)`."""

    def amsgrad_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        _first_moment(lr, betas, eps, {}, params, grads)
        return change(lambda p, g, s: amsgrad(p, g, s, lr, betas, eps), params, grads, state)

    def adamax_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):
        _first_moment(lr, betas, eps, {}, params, grads)
        return change(lambda p, g, s: adamax(p, g, s, lr, betas, eps), params, grads, state)

    def nadam_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        nadam(params, grads, {}, lr, betas, eps, momentum_decay)
        return change(lambda p, g, s: nadam(p, g, s, lr, betas, eps, momentum_decay), params, grads, state)

    return amsgrad_step, adamax_step, nadam_step


def _settings(change):
    """The three steps, called with the settings that `change(lr, betas, eps, momentum_decay, names)` returns."""

    def amsgrad_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        params, grads, lr, betas, eps, _ = change(params, grads, lr, betas, eps, 0.0)
        return amsgrad(params, grads, state, lr, betas, eps)

    def adamax_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):
        params, grads, lr, betas, eps, _ = change(params, grads, lr, betas, eps, 0.0)
        return adamax(params, grads, state, lr, betas, eps)

    def nadam_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        return nadam(*change(params, grads, lr, betas, eps, momentum_decay)[:2], state,
                     *change(params, grads, lr, betas, eps, momentum_decay)[2:])  # fmt: skip

    return amsgrad_step, adamax_step, nadam_step


# AMSGrad


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "purity_state"])
class max_of_m:
    """AMSGrad keeps the maximum of the SECOND moment, not of the first."""

    amsgrad_step = _amsgrad(
        largest=lambda old, v, v_hat, m, g: np.maximum(old, m),
        direction=lambda m, v, vmax, b1, b2, t, eps: _corrected(vmax, b1, t) / (np.sqrt(_corrected(v, b2, t)) + eps),
    )


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "purity_state"])
class max_corrected:
    """PyTorch compares the uncorrected v and corrects the maximum; you keep the maximum of the corrected ones."""

    amsgrad_step = _amsgrad(
        largest=lambda old, v, v_hat, m, g: np.maximum(old, v_hat),
        direction=lambda m, v, vmax, b1, b2, t, eps: _corrected(m, b1, t) / (np.sqrt(vmax) + eps),
    )


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "reddi_case", "purity_state"])
class no_max:
    """This is plain Adam: keep the largest v so far and divide by its root."""

    amsgrad_step = _amsgrad(largest=lambda old, v, v_hat, m, g: v)


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "reddi_case", "purity_state"])
class max_kept_but_unused:
    """You keep vmax but divide by the root of v: the step uses the maximum."""

    amsgrad_step = _amsgrad(
        direction=lambda m, v, vmax, b1, b2, t, eps: _corrected(m, b1, t) / (np.sqrt(_corrected(v, b2, t)) + eps)
    )


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "purity_state"])
class max_goes_on:
    """v goes on as the plain average; the maximum is kept beside it and does not take its place in the state."""

    def amsgrad_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        new, after = amsgrad(params, grads, state, lr, betas, eps)
        return new, {**after, "v": {k: top.copy() for k, top in after["vmax"].items()}}


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "reddi_case", "purity_state"])
class max_of_two:
    """The maximum is over ALL steps so far: compare v with the old vmax, not with the v of the step before."""

    def amsgrad_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        return amsgrad(params, grads, {**state, "vmax": state.get("v", {})}, lr, betas, eps)


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "purity_state"])
class max_of_squares:
    """The maximum is over the averages v, not over the squared gradients themselves."""

    amsgrad_step = _amsgrad(largest=lambda old, v, v_hat, m, g: np.maximum(old, g**2))


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "purity_state"])
class max_over_array:
    """Every coordinate has its own maximum: np.maximum of two arrays, not the largest entry of one."""

    amsgrad_step = _amsgrad(largest=lambda old, v, v_hat, m, g: np.full_like(v, max(np.max(old), np.max(v))))


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "purity_state"])
class vmax_uncorrected:
    """The correction stays: divide sqrt(vmax) by sqrt(1 - beta2^t) before eps is added."""

    amsgrad_step = _amsgrad(
        direction=lambda m, v, vmax, b1, b2, t, eps: _corrected(m, b1, t) / (np.sqrt(vmax) + eps)
    )  # fmt: skip


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "purity_state"])
class amsgrad_m_uncorrected:
    """m is corrected in AMSGrad as in Adam: divide it by 1 - beta1^t."""

    amsgrad_step = _amsgrad(
        direction=lambda m, v, vmax, b1, b2, t, eps: m / (np.sqrt(_corrected(vmax, b2, t)) + eps)
    )  # fmt: skip


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "purity_state"])
class amsgrad_eps_inside:
    """eps goes outside the root: sqrt(vmax) / sqrt(1 - beta2^t) + eps."""

    amsgrad_step = _amsgrad(
        direction=lambda m, v, vmax, b1, b2, t, eps: _corrected(m, b1, t) / np.sqrt(_corrected(vmax, b2, t) + eps)
    )


@wrong(replaces=AMSGRAD, fails=["amsgrad_value", "vmax_monotone", "purity_state"])
class amsgrad_eps_before_correction:
    """eps is added after the correction: sqrt(vmax) / sqrt(1 - beta2^t) + eps; yours is corrected, too."""

    amsgrad_step = _amsgrad(
        direction=lambda m, v, vmax, b1, b2, t, eps: (
            _corrected(m, b1, t) / (np.sqrt(vmax) + eps) * np.sqrt(1 - b2**t)
        )
    )  # fmt: skip


@wrong(replaces=AMSGRAD, fails=["amsgrad_value"])
class amsgrad_rate_default:
    """The default learning rate of AMSGrad is Adam's, 1e-3; 2e-3 is that of Adamax and NAdam."""

    amsgrad_step = _amsgrad(lr=2e-3)


# Adamax


@wrong(replaces=ADAMAX, fails=["adamax_value", "purity_state"])
class adamax_bias_u:
    """The infinity norm needs no bias correction: u is a maximum, no average that starts at 0."""

    adamax_step = _adamax(
        direction=lambda m, u, b1, b2, t, eps: _corrected(m, b1, t) / _corrected(u, b2, t)
    )  # fmt: skip


@wrong(replaces=ADAMAX, fails=["adamax_value", "purity_state"])
class adamax_eps:
    """eps joins |g| inside the maximum; you add it to u afterwards."""

    adamax_step = _adamax(
        norm=lambda b2, u, g, eps: np.maximum(b2 * u, np.abs(g)),
        direction=lambda m, u, b1, b2, t, eps: _corrected(m, b1, t) / (u + eps),
    )


@wrong(replaces=ADAMAX, fails=["adamax_value", "purity_state"])
class adamax_eps_floor:
    """eps is added to |g|: as a third candidate of the maximum it counts only where the gradient is tiny."""

    adamax_step = _adamax(norm=lambda b2, u, g, eps: np.maximum(np.maximum(b2 * u, np.abs(g)), eps))


@wrong(replaces=ADAMAX, fails=["adamax_value", "purity_state"])
class adamax_no_eps:
    """Without eps a coordinate whose gradients are all 0 gives 0 / 0 = NaN."""

    adamax_step = _adamax(norm=lambda b2, u, g, eps: np.maximum(b2 * u, np.abs(g)))


@wrong(replaces=ADAMAX, fails=["adamax_value", "purity_state"])
class adamax_m_uncorrected:
    """Only u goes uncorrected: m starts at 0 and is divided by 1 - beta1^t."""

    adamax_step = _adamax(direction=lambda m, u, b1, b2, t, eps: m / u)


@wrong(replaces=ADAMAX, fails=["adamax_value", "purity_state", "errors"])
class adamax_no_abs:
    """The maximum is of ABSOLUTE values: a large negative gradient is large, too."""

    adamax_step = _adamax(norm=lambda b2, u, g, eps: np.maximum(b2 * u, g + eps))


@wrong(replaces=ADAMAX, fails=["adamax_value", "purity_state"])
class adamax_no_decay:
    """The old maximum is multiplied by beta2 first, so that a large gradient is forgotten in the end."""

    adamax_step = _adamax(norm=lambda b2, u, g, eps: np.maximum(u, np.abs(g) + eps))


@wrong(replaces=ADAMAX, fails=["adamax_value", "purity_state"])
class adamax_average:
    """u is a decayed MAXIMUM of |g| + eps, not an average of it."""

    adamax_step = _adamax(norm=lambda b2, u, g, eps: b2 * u + (1 - b2) * (np.abs(g) + eps))


@wrong(replaces=ADAMAX, fails=["adamax_value", "purity_state"])
class adamax_squares:
    """The infinity norm is a maximum of |g|: there is no square and no root in it."""

    adamax_step = _adamax(norm=lambda b2, u, g, eps: np.maximum(b2 * u, g**2 + eps))


@wrong(replaces=ADAMAX, fails=["adamax_value"])
class adamax_rate_default:
    """The default learning rate of Adamax is 2e-3, not Adam's 1e-3."""

    adamax_step = _adamax(lr=1e-3)


# NAdam


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_no_schedule:
    """NAdam warms mu up: mu_t = beta1 * (1 - 0.5 * 0.96^(t * momentum_decay)), not beta1 throughout."""

    nadam_step = _nadam(schedule=lambda b1, t, psi: b1)


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_product:
    """With a schedule the correction uses the PRODUCT of all mu so far, not a power of the last one."""

    nadam_step = _nadam(
        ahead=lambda g, m, mu, mu_next, product, t: (
            (1 - mu) / (1 - mu**t) * g + mu_next / (1 - mu_next ** (t + 1)) * m
        )
    )  # fmt: skip


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_beta_power:
    """1 - beta1^t is Adam's correction; with a schedule it is 1 minus the product of all mu so far."""

    def nadam_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        def ahead(g, m, mu, mu_next, product, t):
            return (1 - mu) / (1 - betas[0] ** t) * g + mu_next / (1 - betas[0] ** (t + 1)) * m

        return _nadam(ahead=ahead)(params, grads, state, lr, betas, eps, momentum_decay)


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_no_look_ahead:
    """The factor of m is mu of the NEXT step, t + 1: that is the look-ahead."""

    nadam_step = _nadam(
        ahead=lambda g, m, mu, mu_next, product, t: (1 - mu) / (1 - product) * g + mu / (1 - product) * m
    )  # fmt: skip


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_product_short:
    """The term of m is corrected with the product up to mu_(t+1): 1 - P * mu_(t+1), not 1 - P."""

    nadam_step = _nadam(
        ahead=lambda g, m, mu, mu_next, product, t: (1 - mu) / (1 - product) * g + mu_next / (1 - product) * m
    )


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_uncorrected:
    """Both terms are corrected: by 1 - P the one of g, by 1 - P * mu_(t+1) the one of m."""

    nadam_step = _nadam(ahead=lambda g, m, mu, mu_next, product, t: (1 - mu) * g + mu_next * m)


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_is_adam:
    """This is Adam's step along m alone: NAdam adds the current gradient and uses the momentum of the next step."""

    nadam_step = _nadam(ahead=lambda g, m, mu, mu_next, product, t: m / (1 - product))


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_m_with_mu:
    """In PyTorch's form m decays with beta1; the schedule is for the coefficients of the step only."""

    nadam_step = _nadam(m_with_mu=True)


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_schedule_from_zero:
    """The first step has t = 1, in the schedule, too: yours is one behind."""

    nadam_step = _nadam(schedule=lambda b1, t, psi: _schedule(b1, t - 1, psi))


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_schedule_half:
    """The schedule starts at beta1 * 0.5 and rises to beta1: 1 - 0.5 * 0.96^(t * psi), not 1 - 0.96^(t * psi)."""

    nadam_step = _nadam(schedule=lambda b1, t, psi: b1 * (1 - 0.96 ** (t * psi)))


@wrong(replaces=NADAM, fails=["nadam_value"])
class momentum_decay_ignored:
    """`momentum_decay` has no effect on your result: it is the psi in 0.96^(t * psi)."""

    nadam_step = _nadam(schedule=lambda b1, t, psi: _schedule(b1, t, 4e-3))


@wrong(replaces=NADAM, fails=["nadam_value"])
class momentum_decay_default:
    """The default momentum_decay is 4e-3; with 1 the warm-up is over after a hundred steps."""

    nadam_step = _nadam(momentum_decay=1.0)


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_product_per_key:
    """One step, one factor mu: the product grows once per call, not for every parameter."""

    nadam_step = _nadam(per_key=True)


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_product_not_kept:
    """The product is part of the state: go on from the state's mu_product."""

    def nadam_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        return nadam(params, grads, {**state, "mu_product": 1.0}, lr, betas, eps, momentum_decay)


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_v_uncorrected:
    """v is corrected in NAdam as in Adam: v_hat = v / (1 - beta2^t)."""

    nadam_step = _nadam(root=lambda v, b2, t, eps: np.sqrt(v) + eps)


@wrong(replaces=NADAM, fails=["nadam_value", "purity_state"])
class nadam_eps_inside:
    """eps goes outside the root: sqrt(v_hat) + eps."""

    nadam_step = _nadam(root=lambda v, b2, t, eps: np.sqrt(_corrected(v, b2, t) + eps))


# Reddi's problem


@wrong(replaces="reddi_gradient", fails=["reddi_case"])
def counts_from_zero(t, C=3.0):
    """t counts from 1: the large gradient comes at t = 1, 4, 7, ..., not at multiples of 3."""
    return C if t % 3 == 0 else -1.0


@wrong(replaces="reddi_gradient", fails=["reddi_case"])
def constant_ignored(t, C=3.0):
    """`C` has no effect on your result: it is the gradient at t = 1, 4, 7, ..."""
    return 3.0 if t % 3 == 1 else -1.0


@wrong(replaces="reddi_gradient", fails=["reddi_case"])
def loss_for_gradient(t, C=3.0):
    """The small gradients are -1, against the large one: +1 would make the problem easy for Adam."""
    return C if t % 3 == 1 else 1.0


# All three


@wrong(replaces=ALL, fails=["amsgrad_value", "adamax_value", "nadam_value", "vmax_monotone", "purity_state"])
class betas_swapped:
    """beta1 is the decay of m, beta2 that of v or u: you have them the other way round."""

    amsgrad_step, adamax_step, nadam_step = _settings(
        lambda params, grads, lr, betas, eps, decay: (params, grads, lr, betas[::-1], eps, decay)
    )


@wrong(replaces=ALL, fails=["amsgrad_value", "adamax_value", "nadam_value", "vmax_monotone", "purity_state"])
class t_per_key:
    """One step, one t: increase it once per call, not for every parameter."""

    @staticmethod
    def _change(step, params, grads, state):
        _, after = step(params, grads, state)
        new, t = {}, state.get("t", 0)
        for k in params:
            part = {s: {k: a[k]} if isinstance(a, dict) else a for s, a in state.items()}
            one, counted = step({k: params[k]}, {k: grads[k]}, {**part, "t": t})
            new.update(one)
            t = counted["t"]
        return new, {**after, "t": t}

    amsgrad_step, adamax_step, nadam_step = _around(_change)


@wrong(replaces=ALL, fails=["amsgrad_value", "adamax_value", "nadam_value", "vmax_monotone", "purity_state"])
class t_not_stored:
    """t must be counted on in the new state: you correct every step as if it were the first."""

    amsgrad_step, adamax_step, nadam_step = _around(
        lambda step, params, grads, state: step(params, grads, {**state, "t": 0})
    )


@wrong(
    replaces=ALL, fails=["amsgrad_value", "adamax_value", "nadam_value", "vmax_monotone", "reddi_case", "purity_state"]
)
class state_ignored:
    """You start from zeros at every step: go on with the state that comes in."""

    amsgrad_step, adamax_step, nadam_step = _around(lambda step, params, grads, state: step(params, grads, {}))


@wrong(replaces=ALL, fails=["purity_state"])
class inplace:
    """The caller's arrays were modified (params[name] -= ...): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for k, p in params.items():
            p[...] = new[k]
        return params, after

    amsgrad_step, adamax_step, nadam_step = _around(_change)


@wrong(replaces=ALL, fails=["purity_state"])
class state_inplace:
    """The arrays in the caller's state were overwritten (m *= beta1): build new ones."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        for slot, arrays in state.items():
            for k, old in arrays.items() if isinstance(arrays, dict) else ():
                old[...] = after[slot][k]
                after[slot][k] = old
        return new, after

    amsgrad_step, adamax_step, nadam_step = _around(_change)


@wrong(replaces=ALL, fails=["purity_state"])
class fills_callers_state:
    """The new averages were put into the caller's dict (state["t"] += 1, setdefault): return a new state instead."""

    @staticmethod
    def _change(step, params, grads, state):
        new, after = step(params, grads, state)
        state.update(after)
        return new, state

    amsgrad_step, adamax_step, nadam_step = _around(_change)


@wrong(replaces=ALL, fails=["purity_state"])
class empty_state:
    """An empty state is a fresh start: do not expect its entries to be there."""

    amsgrad_step, adamax_step, nadam_step = _around(
        lambda step, params, grads, state: step(params, grads, {"t": state["t"], **state})
    )


@wrong(replaces=ALL, fails=["purity_state"])
class float64_state:
    """np.zeros(shape) is float64 and drags float32 parameters with it: take the parameter's dtype (zeros_like)."""

    @staticmethod
    def _change(step, params, grads, state):
        return step(params, grads, state or {"m": {k: np.zeros(p.shape) for k, p in params.items()}})

    amsgrad_step, adamax_step, nadam_step = _around(_change)


@wrong(replaces=ALL, fails=["amsgrad_value", "adamax_value", "nadam_value"])
class paired_by_position:
    """Look gradients up by name: the two dicts need not have the same order (zip of values, items)."""

    amsgrad_step, adamax_step, nadam_step = _around(
        lambda step, params, grads, state: step(params, dict(zip(params, grads.values(), strict=True)), state)
    )


@wrong(replaces=ALL, fails=["errors"])
class beta_one_allowed:
    """With a beta of 1 the average would never move: 1 is outside [0, 1) and raises ValueError."""

    amsgrad_step, adamax_step, nadam_step = _settings(
        lambda params, grads, lr, betas, eps, decay: (
            params, grads, lr, tuple(b if b != 1 else 0.5 for b in betas), eps, decay
        )
    )  # fmt: skip


@wrong(replaces=ALL, fails=["errors"])
class unchecked:
    """A beta outside [0, 1) and a negative lr, eps or momentum_decay are the caller's mistakes: raise ValueError."""

    @staticmethod
    def _change(params, grads, lr, betas, eps, decay):
        return params, grads, max(lr, 0.0), tuple(b if 0 <= b < 1 else 0.5 for b in betas), max(eps, 0.0), max(decay, 0)

    amsgrad_step, adamax_step, nadam_step = _settings(_change)


@wrong(replaces=ALL, fails=["errors"])
class names_unchecked:
    """Parameters and gradients with different names are a mistake of the caller's: raise ValueError, skip nothing."""

    @staticmethod
    def _change(params, grads, lr, betas, eps, decay):
        both = [k for k in params if k in grads]
        return {k: params[k] for k in both}, {k: grads[k] for k in both}, lr, betas, eps, decay

    amsgrad_step, adamax_step, nadam_step = _settings(_change)
