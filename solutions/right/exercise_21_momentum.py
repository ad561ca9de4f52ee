"""The same in other styles."""

import copy

import numpy as np

# --- everything copied first, then updated in place, as a class-based optimizer would


def sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False):
    if set(params) != set(grads):
        raise ValueError("names")
    if nesterov and not (momentum > 0 and dampening == 0):
        raise ValueError("nesterov")
    params, grads, state = copy.deepcopy(params), copy.deepcopy(grads), copy.deepcopy(state)
    buffers = state.setdefault("buf", {})
    for name, p in params.items():
        direction = grads[name]
        if momentum != 0:
            buf = buffers.get(name)
            if buf is None:
                buf = buffers[name] = direction.copy()
            else:
                buf *= momentum
                buf += (1 - dampening) * direction
            direction = direction + momentum * buf if nesterov else buf
        p -= lr * direction
    return params, state


def nesterov_lookahead_step(x, v, grad_f, lr, momentum):
    ahead = x + momentum * v
    new_x = ahead - lr * grad_f(ahead)
    return new_x, new_x - x


# --- one coordinate at a time, with Python floats; the buffer kept with momentum = 0, too


def sgd_momentum_step(params, grads, state, lr=0.01, momentum=0.9, dampening=0.0, nesterov=False):  # noqa: F811
    if sorted(params) != sorted(grads):
        raise ValueError("names")
    if nesterov and (momentum <= 0 or dampening):
        raise ValueError("nesterov")
    new_params, buf = {}, {}
    for name in sorted(params):
        p, g = np.array(params[name]), grads[name]
        buf[name] = np.zeros(p.shape, p.dtype)
        for i in np.ndindex(p.shape):
            now = slope = float(g[i])
            if momentum and "buf" in state:
                now = momentum * float(state["buf"][name][i]) + (1 - dampening) * slope
            buf[name][i] = now
            p[i] -= lr * (slope + momentum * now if nesterov else now)
        new_params[name] = p
    return new_params, {"buf": buf}


def nesterov_lookahead_step(x, v, grad_f, lr, momentum):  # noqa: F811
    g = grad_f(np.add(x, np.multiply(momentum, v)))
    new_v = np.multiply(momentum, v)
    new_v -= lr * g
    return np.add(x, new_v), new_v
