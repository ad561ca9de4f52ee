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
    if params.keys() != grads.keys():
        raise ValueError("params and grads must have the same names")
    if nesterov and (momentum <= 0 or dampening != 0):
        raise ValueError("nesterov needs momentum > 0 and no dampening")
    if momentum == 0:
        return {k: p - lr * grads[k] for k, p in params.items()}, {}
    if state:
        buf = {k: momentum * state["buf"][k] + (1 - dampening) * g for k, g in grads.items()}
    else:
        buf = {k: g.copy() for k, g in grads.items()}
    direction = {k: g + momentum * buf[k] for k, g in grads.items()} if nesterov else buf
    return {k: p - lr * direction[k] for k, p in params.items()}, {"buf": buf}


def nesterov_lookahead_step(
    x: np.ndarray, v: np.ndarray, grad_f: Callable, lr: float, momentum: float
) -> tuple[np.ndarray, np.ndarray]:
    v = momentum * v - lr * grad_f(x + momentum * v)
    return x + v, v
