"""RMSProp, in PyTorch's form and in Keras's.

Every coordinate of every parameter keeps a moving average v of its own squared gradients, and its step is
divided by the root of that average: steep coordinates take smaller steps, flat ones larger. One step with the
gradient g is

    v = alpha * v + (1 - alpha) * g^2                  alpha weighs the OLD average
    p = p - lr * g / (sqrt(v) + eps)                   eps OUTSIDE the root (PyTorch)

All averages are 0 before the first step, and nothing corrects for that: with a tiny eps the first step is
lr / sqrt(1 - alpha) long, ten times lr for alpha = 0.99. Correcting this bias towards 0 is what Adam adds.

Sources differ, so say which form you mean. No decay is universal: Hinton's slides and Keras have 0.9, PyTorch
has 0.99. PyTorch adds eps after the root, Keras inside it; for tiny gradients these are different optimizers.

`rmsprop_step(params, grads, state, lr=0.01, alpha=0.99, eps=1e-8, momentum=0.0, centered=False)`
    params       dict: name -> array (float32 or float64, any shape)
    grads        dict with the same names, in any order: name -> gradient, shape and dtype of the parameter
    state        {} for a fresh start (all averages are 0), else the state that the step before returned
    lr           float >= 0; it may change from step to step
    alpha        float, 0 <= alpha < 1: the decay
    eps          float
    momentum     float >= 0; where it is not 0, a buffer of scaled gradients takes the place of the step:
                     buf = momentum * buf + g / (sqrt(v) + eps)
                     p = p - lr * buf                  lr is not in the buffer; buf is 0 before the first step
    centered     if True, divide by the root of the estimated variance instead (with momentum, too):
                     m = alpha * m + (1 - alpha) * g   m is 0 before the first step
                     sqrt(max(v - m^2, 0)) + eps       in place of sqrt(v) + eps
                 Rounding can leave v - m^2 just below 0, hence the max.
    returns      (new params, new state): dicts of new arrays in the parameters' shapes and dtypes.
                 The state is {"v": {name: array}}, with one more entry "m": {name: array} if centered, one
                 more entry "buf": {name: array} if momentum is not 0, and nothing else.

`rmsprop_step_keras(params, grads, state, lr=0.001, rho=0.9, eps=1e-7)`
    The same average with the decay rho, 0 <= rho < 1, and
                     p = p - lr * g / sqrt(v + eps)    eps INSIDE the root (Keras)
    returns      (new params, new state), the state being {"v": {name: array}}

Both are pure functions: params, grads and state, with all arrays and dicts in them, stay as they were, and
all that a step remembers is in the state it returns (two runs with a state each do not disturb one another).
ValueError: lr < 0, a decay outside [0, 1), params and grads that do not have the same names.
Gradients of 0, 1e-30 and 1e30 in float64 raise no warning and give finite numbers.

Example
    >>> params, grads = {"w": np.array([1.0, 1.0])}, {"w": np.array([4.0, 0.0])}
    >>> params, state = rmsprop_step(params, grads, {}, lr=0.5, alpha=0.75, eps=0.0625)
    >>> state["v"]["w"]                                # 0.25 * 4^2
    array([4., 0.])
    >>> params["w"]                                    # 1 - 0.5 * 4 / (2 + 0.0625): eps keeps 0 / 0 away
    array([0.03030303, 1.        ])
    >>> params, grads = {"w": np.array([1.0])}, {"w": np.array([3.0])}
    >>> params, state = rmsprop_step_keras(params, grads, {}, lr=0.5, rho=0.75, eps=4.0)
    >>> params["w"]                                    # 1 - 0.5 * 3 / sqrt(0.25 * 3^2 + 4)
    array([0.4])

Asked next: what goes wrong with AdaGrad's sum of all squares in a long run? Which two things does Adam add?
What does centering change when a gradient is always the same? Why does a large eps turn RMSProp back into
plain gradient descent?
"""

import numpy as np


def rmsprop_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 0.01,
    alpha: float = 0.99,
    eps: float = 1e-8,
    momentum: float = 0.0,
    centered: bool = False,
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: average the squares, divide by the root, return new params and state")


def rmsprop_step_keras(
    params: dict, grads: dict, state: dict, lr: float = 0.001, rho: float = 0.9, eps: float = 1e-7
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: the same average, with eps inside the root")
