"""Adam.

Every coordinate of every parameter keeps two moving averages: m of its gradients (the direction, as momentum
does) and v of its SQUARED gradients (the size, as RMSProp does). Both start at 0 and are therefore too small
at first: after t steps the weights in the average of decay beta add up to 1 - beta^t only, and dividing by
that sum makes good for it. Step number t = 1, 2, ... with the gradient g is

    g = g + weight_decay * p                       L2 regularization, if any: the averages see it, too
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g^2              the raw second moment: m^2 is not subtracted
    m_hat = m / (1 - beta1^t)
    v_hat = v / (1 - beta2^t)
    p = p - lr * m_hat / (sqrt(v_hat) + eps)       eps OUTSIDE the root, added after the correction

Only the ratio of m_hat to sqrt(v_hat) counts, so that the first step is lr long whatever the size of the
gradient, and so is every step while the gradient stays the same (both up to eps).

Adam is sometimes called "momentum plus RMSProp". The third part is the correction: without it the first step
is (1 - beta1) / sqrt(1 - beta2) times too long, 3.16 times with the default betas. Some texts (and Keras) add
eps to the root of the UNCORRECTED v; here, in PyTorch and in the algorithm of the paper it is sqrt(v_hat).

`adam_step(params, grads, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)`
    params        dict: name -> array (float32 or float64, any shape)
    grads         dict with the same names, in any order: name -> gradient, shape and dtype of the parameter
    state         {} for a fresh start (t = 0 and all averages 0), else a state as described below, with an
                  average for every name
    lr            float >= 0; it may change from step to step
    betas         two floats, 0 <= beta < 1: the decays of m and of v
    eps           float >= 0
    weight_decay  float >= 0
    returns       (new params, new state): dicts of new arrays in the parameters' shapes and dtypes.
                  The state is {"t": int, "m": {name: array}, "v": {name: array}}, nothing else: t counts the
                  steps taken, one for all names (1 after the first call); m and v are uncorrected.

A pure function: params, grads and state, with all arrays and dicts in them, stay as they were, and all that a
step remembers is in the state it returns (two runs with a state each do not disturb one another).
ValueError: a beta outside [0, 1); lr, eps or weight_decay < 0; params and grads with different names.
Gradients of 0, 1e-30 and 1e20 in float64 raise no warning and give finite numbers, as long as eps > 0. A
gradient of 0 is a gradient like any other: the averages decay, and p moves on along m.

Example
    >>> params, grads = {"w": np.array([1.0, 1.0])}, {"w": np.array([3.0, 0.0])}
    >>> params, state = adam_step(params, grads, {}, lr=0.5, betas=(0.5, 0.75), eps=1.0)
    >>> state["t"], state["m"]["w"], state["v"]["w"]   # 0.5 * 3 and 0.25 * 3^2
    (1, array([1.5, 0. ]), array([2.25, 0.  ]))
    >>> params["w"]                                    # 1 - 0.5 * 3 / (3 + 1): m_hat = 3, v_hat = 9
    array([0.625, 1.   ])
    >>> params, state = adam_step(params, {"w": np.zeros(2)}, state, lr=0.5, betas=(0.5, 0.75), eps=1.0)
    >>> state["t"], state["m"]["w"]                    # no gradient, but still some momentum
    (2, array([0.75, 0.  ]))
    >>> params["w"].round(4)                           # m_hat = 0.75 / (1 - 0.5^2) = 1, v_hat = 3.857
    array([0.4563, 1.    ])

Asked next: what does the correction do to the first steps if it is left out? Why is weight decay inside Adam
not the same as in SGD (AdamW)? For which gradients does Adam fail to converge (AMSGrad)? How much memory does
Adam need compared to SGD? What does a large eps turn Adam into?
"""

import numpy as np


def adam_step(
    params: dict[str, np.ndarray],
    grads: dict[str, np.ndarray],
    state: dict,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[dict, dict]:
    raise NotImplementedError("TODO: average g and g^2, correct both, return new params and state")
