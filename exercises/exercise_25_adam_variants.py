"""AMSGrad, Adamax and NAdam.

Three changes to Adam, which for step number t = 1, 2, ... and the gradient g keeps the averages

    m = beta1 * m + (1 - beta1) * g                m = v = 0 before the first step
    v = beta2 * v + (1 - beta2) * g^2

AMSGrad. Adam can fail even on a convex problem: v forgets a rare large gradient that carries the information,
so that the many small ones in the other direction win. The fault is in the averaged SQUARED gradients;
AMSGrad divides by the largest v so far (of each coordinate), the UNCORRECTED one, and corrects afterwards:

    vmax = max(vmax, v)                            vmax = 0 before the first step
    p = p - lr * m / (1 - beta1^t) / (sqrt(vmax) / sqrt(1 - beta2^t) + eps)

Adamax. A decayed maximum of absolute values (an infinity norm) in place of the root of v. It is no average of
terms that start at 0, so that only m is corrected; eps joins |g| INSIDE the maximum:

    u = max(beta2 * u, |g| + eps)                  u = 0 before the first step
    p = p - lr / (1 - beta1^t) * m / u

NAdam. Adam with Nesterov's look-ahead: the momentum of the NEXT step is applied now. The momentum mu is
warmed up by a schedule with psi = momentum_decay, and since it changes, the corrections need the running
PRODUCT of all mu so far, P = mu_1 * mu_2 * ... * mu_t, in place of a power:

    mu_t = beta1 * (1 - 0.5 * 0.96^(t * psi))
    v_hat = v / (1 - beta2^t)
    p = p - lr * (1 - mu_t)  / (1 - P)            * g / (sqrt(v_hat) + eps)
          - lr * mu_(t+1)    / (1 - P * mu_(t+1)) * m / (sqrt(v_hat) + eps)

with m as above (its decay is beta1, not mu). All three are the forms of torch.optim.

`amsgrad_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8)`
`adamax_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8)`
`nadam_step(params, grads, state, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3)`
    params          dict: name -> array (float32 or float64, any shape)
    grads           dict with the same names, in any order: name -> gradient, shape and dtype of the parameter
    state           {} for a fresh start, else a state as described below, with an array for every name
    lr, eps         floats >= 0; lr may change from step to step
    betas           two floats, 0 <= beta < 1
    momentum_decay  float >= 0, the psi of the schedule
    returns         (new params, new state): dicts of new arrays in the parameters' shapes and dtypes.
                    The states
                    amsgrad_step  {"t": int, "m": {name: array}, "v": {name: array}, "vmax": {name: array}}
                    adamax_step   {"t": int, "m": {name: array}, "u": {name: array}}
                    nadam_step    {"t": int, "m": {name: array}, "v": {name: array}, "mu_product": float}
                    hold nothing else. t counts the steps taken and mu_product is P after them (1.0 before the
                    first), one of each for all names; the averages and vmax are uncorrected.

    Pure functions: params, grads and state, with all arrays and dicts in them, stay as they were, and all
    that a step remembers is in the state it returns.
    ValueError: a beta outside [0, 1); lr, eps or momentum_decay < 0; params and grads with different names.
    Gradients of 0 are gradients like any others and give finite steps as long as eps > 0.

`reddi_gradient(t, C=3.0)`
    The gradient of the online problem on which Adam fails, at time t = 1, 2, ...: C, a float > 2, for t = 1,
    4, 7, ... and -1.0 otherwise. x is kept in [-1, 1]. Over three steps the losses add up to (C - 2) * x, so
    that x = -1 is best, but with beta1 = 0 and beta2 = 1 / (1 + C^2) Adam walks to +1, and AMSGrad to -1.
    returns  a Python float

Example
    >>> params, grads = {"w": np.array([1.0, 1.0])}, {"w": np.array([3.0, 0.0])}
    >>> new, state = amsgrad_step(params, grads, {}, lr=0.5, betas=(0.5, 0.75), eps=1.0)
    >>> new["w"], state["vmax"]["w"]                   # as Adam: 1 - 0.5 * 3 / (3 + 1)
    (array([0.625, 1.   ]), array([2.25, 0.  ]))
    >>> new, state = adamax_step(params, grads, {}, lr=0.5, betas=(0.5, 0.75), eps=1.0)
    >>> new["w"], state["u"]["w"]                      # u = 3 + 1 and 0 + 1
    (array([0.625, 1.   ]), array([4., 1.]))
    >>> new, state = nadam_step(params, grads, {}, lr=0.5, betas=(0.5, 0.75), eps=1.0, momentum_decay=0.0)
    >>> new["w"], state["mu_product"]               # mu = 0.25: 1 - 0.5 * (3 + 0.25 / (1 - 0.0625) * 1.5) / 4
    (array([0.575, 1.   ]), 0.25)
    >>> [reddi_gradient(t) for t in (1, 2, 3, 4)]
    [3.0, -1.0, -1.0, 3.0]

Asked next: why does AMSGrad's step size only fall while Adam's may rise? What is the p-norm of which Adamax
takes the limit? What is Nesterov's look-ahead in terms of gradients? Why do most people still use plain
Adam(W)?
"""

import numpy as np


def amsgrad_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: Adam, divided by the largest second moment so far")


def adamax_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: Adam, divided by a decayed maximum of |g| + eps")


def nadam_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    momentum_decay: float = 4e-3,
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: Adam with the momentum of the next step and a schedule for it")


def reddi_gradient(t: int, C: float = 3.0) -> float:
    raise NotImplementedError("TODO: C at t = 1, 4, 7, ..., else -1.0")
