"""AdaGrad and AdaDelta.

Both give every coordinate a rate of its own, from the squares of the gradients that this coordinate has seen.

`adagrad_step(params, grads, state, lr=0.01, lr_decay=0.0, eps=1e-10)`
    One step in PyTorch's form (torch.optim.Adagrad). Step t = 1, 2, ... does, for every parameter p with its
    gradient g, coordinate by coordinate:

        sum = sum + g^2                                       0 before the first step
        p   = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(sum) + eps)

    eps stands OUTSIDE the root. The sum holds the squares of ALL gradients so far, this one included, and not
    of the last one: nothing is forgotten, so with one lr the rate of a coordinate never rises. A coordinate
    that seldom has a gradient keeps a larger rate than a busy one. Scaling all gradients changes next to
    nothing.

    lr           a float >= 0; it may change from step to step
    lr_decay     a float >= 0
    eps          a float > 0
    returns      (new params, new state), the state being {"t": the number of steps so far, an int,
                 "sum": {name: array}} and nothing else

`adadelta_step(params, grads, state, lr=1.0, rho=0.9, eps=1e-6)`
    One step of AdaDelta (torch.optim.Adadelta), which forgets, and sizes its steps by the steps before:

        v     = rho * v + (1 - rho) * g^2               average of the squared gradients
        delta = sqrt(u + eps) / sqrt(v + eps) * g       eps INSIDE both roots; u as it was BEFORE this step
        u     = rho * u + (1 - rho) * delta^2           average of the squared steps, lr not in it
        p     = p - lr * delta

    v and u are 0 before the first step; without eps over the fraction nothing would ever start to move. It
    is often said to need no learning rate: the ratio of the two roots takes its place, but rho and eps remain
    to be chosen (eps sets the size of the first steps), and PyTorch keeps lr as a scale, 1 by default.

    lr           a float >= 0; it may change from step to step
    rho          a float, 0 <= rho <= 1: the weight of the OLD average
    eps          a float > 0
    returns      (new params, new state), the state being {"v": {name: array}, "u": {name: array}}

Of both functions
    params       dict: name -> array (float32 or float64, any shape)
    grads        dict with the same names, in any order: name -> gradient, shape and dtype of the parameter
    state        {} for a fresh start (t, sum, v and u are 0), else the state of the step before
    The new params and states are dicts of new arrays in the parameters' shapes and dtypes. params, grads and
    state, with all arrays and dicts in them, stay as they were, and all that a step remembers is in the state
    that it returns (two runs with a state each do not disturb one another).
    Where a gradient is 0 nothing moves: no NaN, no warning.
    ValueError: lr < 0, rho outside [0, 1], params and grads that do not have the same names.

Example
    >>> params, state = {"w": np.array([1.0, 1.0])}, {}
    >>> params, state = adagrad_step(params, {"w": np.array([3.0, 0.0])}, state, lr=0.5)
    >>> params["w"], state["sum"]["w"]                     # 1 - 0.5 * 3 / 3, whatever size the gradient has
    (array([0.5, 1. ]), array([9., 0.]))
    >>> params, state = adagrad_step(params, {"w": np.array([4.0, 4.0])}, state, lr=0.5)
    >>> params["w"], state["t"]                            # 0.5 - 0.5 * 4 / 5 and 1 - 0.5 * 4 / 4
    (array([0.1, 0.5]), 2)
    >>> params, state = {"w": np.array([1.0])}, {"v": {"w": np.array([0.0])}, "u": {"w": np.array([1.0])}}
    >>> params, state = adadelta_step(params, {"w": np.array([2.0])}, state, rho=0.25, eps=1.0)
    >>> state["v"]["w"], state["u"]["w"]                   # 0.75 * 2^2, and delta^2 = 2 / 4 * 2^2
    (array([3.]), array([1.75]))

Asked next: why do AdaGrad's steps die out in a long run, and which two remedies do you know? For which data
is AdaGrad a good choice? What does AdaDelta's numerator do to the units of the step? What does Adam take from
both?
"""

import numpy as np


def adagrad_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 0.01,
    lr_decay: float = 0.0,
    eps: float = 1e-10,
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: add the squares up, divide by the root, return new params and a new state")


def adadelta_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: average the squares, take the step's size from the steps before")
