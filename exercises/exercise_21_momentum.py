"""Momentum and Nesterov acceleration.

Plain gradient descent crawls along a narrow valley: the steep direction allows only a small rate, and with it the flat
one hardly moves. Momentum adds up past gradients in a buffer. Where they agree the steps grow, up to 1 / (1 - momentum)
times; where they change sign they cancel. The price is overshooting: the buffer coasts on even where the gradient is 0.

`sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False)`
    One step in PyTorch's form (torch.optim.SGD). For every parameter p with its gradient g:

        buf = g                                           at the first step, which dampening leaves alone
        buf = momentum * buf + (1 - dampening) * g        at every later step
        p   = p - lr * buf                                or, with nesterov:
        p   = p - lr * (g + momentum * buf)               with the NEW buf

    The buffer is a weighted SUM, not an average (without dampening), and lr is not in it: a changed lr acts at once.

    params       dict: name -> array (float32 or float64, any shape)
    grads        dict with the same names, in any order: name -> gradient, shape and dtype of the parameter
    state        {} before the first step, else the state that the step before returned
    lr           a float; it may change from step to step
    momentum     a float >= 0. With 0 the direction is the gradient itself, and dampening is ignored, as in torch
    dampening    a float
    nesterov     True takes Nesterov's direction
    returns      (new params, new state): dicts of new arrays in the parameters' shapes and dtypes, the state being
                 {"buf": {name: array}}. With momentum = 0 there may be buffers in the state or not.

    params, grads and state, with all arrays and dicts in them, stay as they were, and everything that a step remembers
    is in the state: two runs with a state each must not disturb one another. That includes the first buffer: it is a
    COPY of the gradient, which the caller may overwrite afterwards.
    ValueError: params and grads that do not have the same names; nesterov with momentum <= 0 or dampening != 0.

`nesterov_lookahead_step(x, v, grad_f, lr, momentum)`
    The classical form: look where the velocity v would lead, and take the gradient THERE.

        v' = momentum * v - lr * grad_f(x + momentum * v)
        x' = x + v'

    x, v         the point and its velocity (zeros at the start), float arrays of one shape, left as they are
    grad_f       a function: an array like x -> the gradient there; it is called exactly once
    lr           a float
    momentum     a float
    returns      the tuple (x', v') of new arrays

Both are Nesterov's method: with a constant lr, started at the same point, the look-ahead points x + momentum * v are
the parameters of the PyTorch form, which stores them in place of x so as to need gradients at its parameters only.

The optimizer decides what to do with a gradient; which rows the gradient has seen (the batch size) is another choice,
and neither is a regularizer.

Example
    >>> params, state = sgd_momentum_step({"w": np.array([1.0])}, {"w": np.array([2.0])}, {}, lr=0.5, momentum=0.5)
    >>> params["w"], state["buf"]["w"]                                          # buf = 2, w = 1 - 0.5 * 2
    (array([0.]), array([2.]))
    >>> params, state = sgd_momentum_step(params, {"w": np.array([1.0])}, state, lr=0.5, momentum=0.5)
    >>> params["w"], state["buf"]["w"]                                          # buf = 0.5 * 2 + 1, w = 0 - 0.5 * 2
    (array([-1.]), array([2.]))
    >>> nesterov_lookahead_step(np.array([1.0]), np.array([2.0]), lambda x: 4 * x, lr=0.25, momentum=0.5)
    (array([0.]), array([-1.]))

There the look-ahead point is 1 + 0.5 * 2 = 2 and the gradient 8, so v' = 0.5 * 2 - 0.25 * 8 and x' = 1 - 1.

Asked next: how large is the effective step when all gradients are equal? What should happen to lr when you raise
momentum from 0.9 to 0.99? Why does momentum overshoot, and what does Nesterov's look-ahead change about it? How does
Adam's first moment differ from this buffer?
"""

from collections.abc import Callable

import numpy as np


def sgd_momentum_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 0.01,
    momentum: float = 0.9,
    dampening: float = 0.0,
    nesterov: bool = False,
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: update the buffers, choose the direction, return new params and a new state")


def nesterov_lookahead_step(
    x: np.ndarray, v: np.ndarray, grad_f: Callable, lr: float, momentum: float
) -> tuple[np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: the gradient at the look-ahead point changes the velocity, the velocity moves x")
