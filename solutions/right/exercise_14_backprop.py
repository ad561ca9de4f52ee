"""The same in other styles."""

import numpy as np

# --- row by row


def mlp_loss_and_grads(x, y, params, activation="relu", loss="cross_entropy"):
    """One sample after the other, the bias as a last column of the weights, outer products."""
    check(x, y, params, activation, loss)
    whole = [np.column_stack([W, b]) for W, b in params]
    grads = [np.zeros(W.shape, W.dtype) for W in whole]
    dx, total = np.zeros_like(x), 0.0
    for n in range(len(x)):
        inputs, out = [], x[n]
        for number, W in enumerate(whole):
            inputs.append(np.append(out if number == 0 else hidden(out, activation), np.ones(1, x.dtype)))
            out = np.dot(W, inputs[-1])
        if loss == "mse":
            total += float(np.square(out - y[n]).sum()) / y.size
            back = (out - y[n]) / (y.size / 2)
        else:
            top = out.max()
            total += float(top + np.log(np.exp(out - top).sum()) - out[y[n]]) / len(x)
            back = np.exp(out - top) / np.exp(out - top).sum()
            back[y[n]] -= 1
            back /= len(x)
        for number in range(len(whole) - 1, -1, -1):
            grads[number] += np.outer(back, inputs[number])
            back = np.dot(back, whole[number])[:-1]
            if number:
                back *= slope_from_value(inputs[number][:-1], activation)
        dx[n] = back
    return total, [[g[:, :-1], g[:, -1]] for g in grads], dx


def hidden(z, activation):
    if activation == "relu":
        return np.where(z > 0, z, np.zeros_like(z))
    if activation == "tanh":
        return np.tanh(z)
    if activation == "identity":
        return z
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e / (1 + e), 1 / (1 + e))


def slope_from_value(a, activation):
    if activation == "relu":
        return np.sign(a)
    return {"tanh": 1 - a * a, "sigmoid": a - a * a, "identity": np.ones_like(a)}[activation]


def check(x, y, params, activation, loss):
    if activation not in ("relu", "sigmoid", "tanh", "identity"):
        raise ValueError("activation")
    sizes = [x.shape[1]] + [W.shape[0] for W, _ in params]
    for (W, b), i, o in zip(params, sizes, sizes[1:], strict=False):
        if W.shape != (o, i) or b.shape != (o,):
            raise ValueError("params")
    if loss == "mse":
        if y.shape != (len(x), sizes[-1]):
            raise ValueError("y")
    elif loss != "cross_entropy":
        raise ValueError("loss")
    elif y.shape != (len(x),) or y.min() < 0 or y.max() >= sizes[-1]:
        raise ValueError("y")


# --- layer objects, and a forward pass done twice


class Linear:
    def __init__(self, W, b):
        if W.ndim != 2 or b.ndim != 1 or W.shape[0] != b.shape[0]:
            raise ValueError("a layer's shapes")
        self.W, self.b = W, b

    def forward(self, x):
        if x.shape[1] != self.W.shape[1]:
            raise ValueError("a layer's width")
        self.x = x
        return np.einsum("ni,oi->no", x, self.W) + self.b

    def backward(self, dy):
        self.grads = np.einsum("no,ni->oi", dy, self.x), np.einsum("no->o", dy)
        return np.tensordot(dy, self.W, axes=1)


class Elementwise:
    def __init__(self, name):
        self.name = name

    def forward(self, z):
        self.z = z
        if self.name == "relu":
            return z.clip(min=0)
        if self.name == "tanh":
            return np.tanh(z)
        if self.name == "sigmoid":
            return np.exp(-np.logaddexp(0, -z))
        return z.copy()

    def backward(self, da):
        if self.name == "relu":
            da[self.z <= 0] = 0
            return da
        if self.name == "tanh":
            return da / np.cosh(self.z.clip(-50, 50)) ** 2
        if self.name == "sigmoid":
            return da * np.exp(-np.abs(self.z) - 2 * np.log1p(np.exp(-np.abs(self.z))))
        return da


def mlp_loss_and_grads(x, y, params, activation="relu", loss="cross_entropy"):  # noqa: F811
    if activation not in {"relu", "sigmoid", "tanh", "identity"} or loss not in {"cross_entropy", "mse"}:
        raise ValueError("unknown name")
    linears = [Linear(np.asarray(W), np.asarray(b)) for W, b in params]
    chain = [linears[0]]
    for linear in linears[1:]:
        chain += [Elementwise(activation), linear]
    z = logits(chain, x)
    n, width = z.shape
    if loss == "cross_entropy":
        if np.shape(y) != (n,) or any(not 0 <= label < width for label in y.tolist()):
            raise ValueError("labels")
        onehot = np.eye(width, dtype=z.dtype)[y]
        z = z - z.max(1)[:, None]
        log_sum = np.log(np.exp(z).sum(1))[:, None]
        value = ((log_sum - z) * onehot).sum() / n
        dy = (np.exp(z - log_sum) - onehot) / n
    else:
        if np.shape(y) != (n, width):
            raise ValueError("targets")
        value = np.mean(np.square(z - y))
        dy = (z - y) * 2 / (n * width)
    logits(chain, x)
    for part in reversed(chain):
        dy = part.backward(dy)
    return value.item(), tuple(linear.grads for linear in linears), dy


def logits(chain, x):
    for part in chain:
        x = part.forward(x)
    return x
