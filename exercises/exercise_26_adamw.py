"""AdamW: decoupled weight decay.

Two ways to keep weights small are the same thing in plain SGD and two different things in Adam:

    L2 in the loss      g = g + wd * p, then the optimizer's step on that gradient
    weight decay        p = p * (1 - lr * wd), then the optimizer's step on the raw gradient

SGD turns the first into the second: p - lr * (g + wd * p) = p * (1 - lr * wd) - lr * g. Adam divides by
sqrt(v_hat), and with L2 the term wd * p is inside what is divided: a coordinate with large gradients is
hardly decayed at all, one with small gradients a lot. AdamW is not "L2 built into Adam" but the second way:
it decouples the decay from the gradient. Step number t = 1, 2, ... with the raw gradient g is

    p = p * (1 - lr * wd)                          for every name that is not in no_decay
    m = beta1 * m + (1 - beta1) * g                m and v are 0 at first and never see the decay
    v = beta2 * v + (1 - beta2) * g^2
    p = p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

The decay carries lr (as in PyTorch), so that a learning-rate schedule scales both. It comes first: the step
is not shrunk along. Biases and the gains of normalisation layers are usually exempt; no_decay lists their
names.

`adamw_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2,
            no_decay=frozenset())`
    params        dict: name -> array (float32 or float64, any shape)
    grads         dict with the same names, in any order: name -> gradient, shape and dtype of the parameter
    state         {} for a fresh start (t = 0 and all averages 0), else a state as described below, with an
                  average for every name
    lr            float >= 0; it may change from step to step
    betas         two floats, 0 <= beta < 1
    eps           float >= 0
    weight_decay  float >= 0, the wd above
    no_decay      set (or frozenset) of names in params that take the Adam step but are not shrunk
    returns       (new params, new state): dicts of new arrays in the parameters' shapes and dtypes.
                  The state is {"t": int, "m": {name: array}, "v": {name: array}}, nothing else: t counts the
                  steps taken, one for all names (1 after the first call); m and v are uncorrected.

    A pure function: the arguments, with all arrays and dicts in them, stay as they were, and all that a step
    remembers is in the state it returns.
    ValueError: a beta outside [0, 1); lr, eps or weight_decay < 0; params and grads with different names; a
    name in no_decay that is not in params.

`decay_only_factor(lr, weight_decay, steps)`
    By which factor AdamW multiplies a parameter in `steps` steps if all gradients are 0: (1 - lr * wd)^steps.
    returns       a Python float; 1.0 for no step at all

Example
    >>> params = {"w": np.array([2.0, 2.0]), "b": np.array([2.0])}
    >>> grads = {"w": np.array([3.0, 0.0]), "b": np.array([0.0])}
    >>> settings = {"lr": 0.5, "betas": (0.5, 0.75), "eps": 1.0, "weight_decay": 0.5, "no_decay": {"b"}}
    >>> new, state = adamw_step(params, grads, {}, **settings)
    >>> new["w"], new["b"]                             # 2 * 0.75 - 0.5 * 3 / (3 + 1), 2 * 0.75; b is exempt
    (array([1.125, 1.5  ]), array([2.]))
    >>> state["t"], state["m"]["w"]                    # 0.5 * 3: no decay in it
    (1, array([1.5, 0. ]))
    >>> decay_only_factor(0.5, 0.5, 2)
    0.5625

Asked next: why do L2 and weight decay coincide for SGD but not for Adam? Which parameters would you exempt,
and why? How long does a weight live under decay alone, and how does that change with lr? Why can the best
weight_decay be tuned nearly independently of lr in AdamW?
"""

import numpy as np


def adamw_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    no_decay: set[str] | frozenset[str] = frozenset(),
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: shrink what is not exempt, then take Adam's step with the raw gradient")


def decay_only_factor(lr: float, weight_decay: float, steps: int) -> float:
    raise NotImplementedError("TODO: what is left of a weight after some steps without gradient")
