"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_14_backprop import ACTIVATIONS, cross_entropy, mlp_loss_and_grads, mse, sigmoid

LOSSES = {"cross_entropy": cross_entropy, "mse": mse}


def _forward(x, y, params, activation, loss):
    """The reference's ValueErrors and forward pass: the lists a and z, the loss, delta of the last layer, act'."""
    plain = [(W.view(np.ndarray), b.view(np.ndarray)) for W, b in params]
    mlp_loss_and_grads(x.view(np.ndarray), y, plain, activation, loss)
    act, slope = ACTIVATIONS[activation]
    a, z = [], []
    for W, b in params:
        a.append(act(z[-1]) if z else x)
        z.append(a[-1] @ W.T + b)
    value, delta = LOSSES[loss](z[-1], y)
    return a, z, float(value), delta, slope


# The losses


@wrong(replaces=("cross_entropy", "mse"), fails=["grad_value", "gradcheck", "input_grad", "batch_scaling", "stability"])
class missing_mean:
    """The loss is a mean over the batch, so every gradient carries 1/N: yours is N times too large."""

    def cross_entropy(z, y):
        value, delta = cross_entropy(z, y)
        return value, delta * len(z)

    def mse(z, y):
        value, delta = mse(z, y)
        return value, delta * len(z)


@wrong(replaces=("cross_entropy", "mse"), fails=["loss_value", "gradcheck", "batch_scaling", "stability"])
class summed_loss:
    """The loss is the mean over the batch, not the sum: yours grows with N, while your gradients do not."""

    def cross_entropy(z, y):
        value, delta = cross_entropy(z, y)
        return value * len(z), delta

    def mse(z, y):
        value, delta = mse(z, y)
        return value * len(z), delta


@wrong(replaces="mse", fails=["loss_value", "grad_value", "input_grad"])
def half_mse(z, y):
    """The mean squared error here has no factor 1/2, so its gradient keeps the 2."""
    value, delta = mse(z, y)
    return value / 2, delta / 2


@wrong(replaces="mse", fails=["loss_value", "grad_value", "input_grad"])
def mse_over_rows(z, y):
    """'mse' is the mean over all N * D_L entries; you divide by N only."""
    value, delta = mse(z, y)
    return value * z.shape[1], delta * z.shape[1]


@wrong(replaces="cross_entropy", fails=["grad_value", "gradcheck", "input_grad", "stability"])
def delta_without_onehot(z, y):
    """The gradient of cross-entropy on logits is softmax - onehot; you left the one-hot target out."""
    value, delta = cross_entropy(z, y)
    delta[np.arange(len(z)), y] += 1 / len(z)
    return value, delta


@wrong(
    replaces="cross_entropy",
    fails=["loss_value", "grad_value", "gradcheck", "input_grad", "batch_scaling", "stability"],
)
def softmax_over_batch(z, y):
    """Softmax runs over the classes of one row (axis 1), not down the batch."""
    _, _ = cross_entropy(z, y)
    target = np.arange(len(z)), y
    shifted = z - z.max(axis=0)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=0))
    delta = np.exp(log_p)
    delta[target] -= 1
    return -log_p[target].mean(), delta / len(z)


@wrong(replaces="cross_entropy", fails=["stability"])
def log_of_softmax(z, y):
    """log(softmax(z)) is log(0) for a class that underflows; take z - max - log(sum(exp(z - max))) instead."""
    _, delta = cross_entropy(z, y)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(z)), y]).mean(), delta


@wrong(replaces="cross_entropy", fails=["stability"])
def no_max_shift(z, y):
    """exp overflows at large logits; subtract each row's maximum first: the loss does not change."""
    _, _ = cross_entropy(z, y)
    target = np.arange(len(z)), y
    e = np.exp(z)
    delta = e / e.sum(axis=1, keepdims=True)
    delta[target] -= 1
    return (np.log(e.sum(axis=1)) - z[target]).mean(), delta / len(z)


@wrong(replaces="cross_entropy", fails=["errors"])
def negative_label(z, y):
    """A label of -1 is no error for numpy, it indexes from the end: check 0 <= y < D_L yourself."""
    return cross_entropy(z, np.where(y < 0, y + z.shape[1], y))


@wrong(replaces="mse", fails=["errors"])
def broadcasts_target(z, y):
    """z of shape (N, 1) minus y of shape (N,) is an N x N matrix: demand equal shapes."""
    return ((z - y) ** 2).mean(), 2 * (z - y) / z.size


# The activations


@wrong(replaces="sigmoid", fails=["stability"])
def naive_sigmoid(z):
    """exp(-z) overflows for large negative z; split on the sign of z, or use tanh(z / 2)."""
    return 1 / (1 + np.exp(-z))


@wrong(replaces=("ACTIVATIONS",), fails=["grad_value", "gradcheck", "input_grad", "stability"])
class act_grad_of_a:
    """The activation derivative was evaluated at the output a, not at the pre-activation z."""

    ACTIVATIONS = ACTIVATIONS | {
        "sigmoid": (sigmoid, lambda z: sigmoid(sigmoid(z)) * (1 - sigmoid(sigmoid(z)))),
        "tanh": (np.tanh, lambda z: 1 - np.tanh(np.tanh(z)) ** 2),
    }


@wrong(replaces=("ACTIVATIONS",), fails=["grad_value", "input_grad"])
class relu_ge:
    """At exactly 0 the convention is derivative 0: relu'(z) is z > 0, not z >= 0."""

    ACTIVATIONS = ACTIVATIONS | {"relu": (lambda z: z.clip(min=0), lambda z: z >= 0)}


@wrong(replaces=("ACTIVATIONS",), fails=["grad_value", "input_grad", "stability"])
class sigmoid_slope_is_tanhs:
    """1 - a^2 is the derivative of tanh; the sigmoid's is a (1 - a)."""

    ACTIVATIONS = ACTIVATIONS | {"sigmoid": (sigmoid, lambda z: 1 - sigmoid(z) ** 2)}


# The backward pass


@wrong(replaces="mlp_loss_and_grads", fails=["grad_value", "gradcheck", "input_grad", "stability"])
def no_act_grad(x, y, params, activation="relu", loss="cross_entropy"):
    """Multiply delta_l W_l by the derivative of the activation of layer l-1."""
    a, _, value, delta, _ = _forward(x, y, params, activation, loss)
    grads = []
    for layer in reversed(range(len(params))):
        grads.append((delta.T @ a[layer], delta.sum(axis=0)))
        delta = delta @ params[layer][0]
    return value, grads[::-1], delta


@wrong(replaces="mlp_loss_and_grads", fails=["grad_value", "gradcheck", "input_grad", "stability"])
def act_grad_on_head(x, y, params, activation="relu", loss="cross_entropy"):
    """The last layer is linear: its delta is just the loss gradient, without act'."""
    a, z, value, delta, slope = _forward(x, y, params, activation, loss)
    grads = []
    for layer in reversed(range(len(params))):
        delta = delta * slope(z[layer])
        grads.append((delta.T @ a[layer], delta.sum(axis=0)))
        delta = delta @ params[layer][0]
    return value, grads[::-1], delta


@wrong(
    replaces="mlp_loss_and_grads",
    fails=["loss_value", "grad_value", "gradcheck", "input_grad", "batch_scaling", "stability", "cost_purity"],
)
def transposed_W(x, y, params, activation="relu", loss="cross_entropy"):
    """Weights are (out,in): delta (N,out) times W (out,in) gives (N,in). You transpose W; a square layer hides it."""
    a, z, value, delta, slope = _forward(x, y, params, activation, loss)
    grads = []
    for layer in reversed(range(len(params))):
        grads.append((delta.T @ a[layer], delta.sum(axis=0)))
        delta = delta @ params[layer][0].T
        if layer > 0:
            delta = delta * slope(z[layer - 1])
    return value, grads[::-1], delta


@wrong(replaces="mlp_loss_and_grads", fails=["grad_value", "gradcheck", "input_grad", "stability", "cost_purity"])
def updated_weights(x, y, params, activation="relu", loss="cross_entropy"):
    """You propagate through weights that are updated already: delta_l passes through the weights of the forward pass.
    Backprop only computes gradients; any update comes after all of them are known, and is the optimizer's."""
    a, z, value, delta, slope = _forward(x, y, params, activation, loss)
    grads = []
    for layer in reversed(range(len(params))):
        W, b = params[layer]
        grads.append((delta.T @ a[layer], delta.sum(axis=0)))
        W -= 0.1 * grads[-1][0]
        b -= 0.1 * grads[-1][1]
        delta = delta @ W
        if layer > 0:
            delta = delta * slope(z[layer - 1])
    return value, grads[::-1], delta


@wrong(replaces="mlp_loss_and_grads", fails=["cost_purity"])
def takes_the_step(x, y, params, activation="relu", loss="cross_entropy"):
    """Your gradients are right, but you also change the parameters: backprop computes, gradient descent updates."""
    value, grads, dx = mlp_loss_and_grads(x, y, params, activation, loss)
    for (W, b), (dW, db) in zip(params, grads, strict=True):
        W -= 0.1 * dW
        b -= 0.1 * db
    return value, grads, dx


@wrong(replaces="mlp_loss_and_grads", fails=["gradcheck", "input_grad", "stability"])
def slope_on_input(x, y, params, activation="relu", loss="cross_entropy"):
    """x went through no activation, so dx = delta_1 W_1 carries no act'(x)."""
    value, grads, dx = mlp_loss_and_grads(x, y, params, activation, loss)
    return value, grads, dx * ACTIVATIONS[activation][1](x)


@wrong(replaces="mlp_loss_and_grads", fails=["gradcheck", "input_grad", "batch_scaling", "stability"])
def stops_at_delta_1(x, y, params, activation="relu", loss="cross_entropy"):
    """delta_1 is the gradient with respect to z_1; one more product, delta_1 W_1, gives the gradient for x."""
    a, z, value, delta, slope = _forward(x, y, params, activation, loss)
    grads = []
    for layer in reversed(range(len(params))):
        grads.append((delta.T @ a[layer], delta.sum(axis=0)))
        if layer > 0:
            delta = delta @ params[layer][0] * slope(z[layer - 1])
    return value, grads[::-1], delta


@wrong(replaces="mlp_loss_and_grads", fails=["grad_value", "gradcheck", "batch_scaling", "stability"])
def bias_mean(x, y, params, activation="relu", loss="cross_entropy"):
    """db is the SUM of delta over the batch: the 1/N is in delta already."""
    value, grads, dx = mlp_loss_and_grads(x, y, params, activation, loss)
    return value, [(dW, db / len(x)) for dW, db in grads], dx


@wrong(replaces="mlp_loss_and_grads", fails=["grad_value", "gradcheck", "stability"])
def weights_from_a_l(x, y, params, activation="relu", loss="cross_entropy"):
    """dW_l pairs delta_l with the INPUT of layer l after its activation, a_{l-1}; you took the raw z_{l-1}."""
    _, z, value, delta, slope = _forward(x, y, params, activation, loss)
    grads = []
    for layer in reversed(range(len(params))):
        grads.append((delta.T @ (z[layer - 1] if layer > 0 else x), delta.sum(axis=0)))
        delta = delta @ params[layer][0]
        if layer > 0:
            delta = delta * slope(z[layer - 1])
    return value, grads[::-1], delta


@wrong(replaces="mlp_loss_and_grads", fails=["grad_value", "gradcheck", "stability"])
def reversed_grads(x, y, params, activation="relu", loss="cross_entropy"):
    """You return the gradients last layer first; their order is that of params."""
    value, grads, dx = mlp_loss_and_grads(x, y, params, activation, loss)
    return value, grads[::-1], dx


@wrong(replaces="mlp_loss_and_grads", fails=["grad_value", "cost_purity"])
def overwrites_grad(x, y, params, activation="relu", loss="cross_entropy"):
    """Layers of one shape share one gradient array, so the last one written wins: each needs its own."""
    value, grads, dx = mlp_loss_and_grads(x, y, params, activation, loss)
    shared = {}
    result = []
    for dW, db in reversed(grads):
        pair = shared.setdefault(dW.shape, (np.empty_like(dW), np.empty_like(db)))
        pair[0][...], pair[1][...] = dW, db
        result.append(pair)
    return value, result[::-1], dx


_buffers = {}


@wrong(replaces="mlp_loss_and_grads", fails=["cost_purity"])
def reuses_buffers(x, y, params, activation="relu", loss="cross_entropy"):
    """The arrays that you return are overwritten by the next call: make new ones each time."""
    value, grads, dx = mlp_loss_and_grads(x, y, params, activation, loss)
    result = []
    for layer, pair in enumerate(grads):
        kept = _buffers.setdefault((layer, pair[0].shape, pair[0].dtype), pair)
        kept[0][...], kept[1][...] = pair
        result.append(kept)
    return value, result, dx


@wrong(replaces="mlp_loss_and_grads", fails=["loss_value", "grad_value", "input_grad", "stability"])
def act_on_output(x, y, params, activation="relu", loss="cross_entropy"):
    """The head stays raw: you apply the activation to z_L before the loss."""
    a, z, _, _, slope = _forward(x, y, params, activation, loss)
    value, delta = LOSSES[loss](ACTIVATIONS[activation][0](z[-1]), y)
    grads = []
    for layer in reversed(range(len(params))):
        delta = delta * slope(z[layer])
        grads.append((delta.T @ a[layer], delta.sum(axis=0)))
        delta = delta @ params[layer][0]
    return float(value), grads[::-1], delta


@wrong(replaces="mlp_loss_and_grads", fails=["loss_value", "grad_value", "input_grad", "stability"])
def activation_ignored(x, y, params, activation="relu", loss="cross_entropy"):
    """The `activation` argument has no effect on your result."""
    if activation not in ACTIVATIONS:
        raise ValueError("activation")
    return mlp_loss_and_grads(x, y, params, "relu", loss)


@wrong(replaces="mlp_loss_and_grads", fails=["cost_purity"])
def forward_per_layer(x, y, params, activation="relu", loss="cross_entropy"):
    """You run the network from the input again for every layer: keep each a and z of the one forward pass."""
    a, z, value, delta, slope = _forward(x, y, params, activation, loss)
    grads = []
    for layer in reversed(range(len(params))):
        a, z, _, _, slope = _forward(x, y, params, activation, loss)
        grads.append((delta.T @ a[layer], delta.sum(axis=0)))
        delta = delta @ params[layer][0]
        if layer > 0:
            delta = delta * slope(z[layer - 1])
    return value, grads[::-1], delta


@wrong(replaces="mlp_loss_and_grads", fails=["cost_purity"])
def numerical_differentiation(x, y, params, activation="relu", loss="cross_entropy"):
    """You differentiate numerically, a forward pass for every parameter: backprop gets all gradients from one sweep."""
    _, _, value, _, _ = _forward(x, y, params, activation, loss)
    arrays = [x, *(part for pair in params for part in pair)]
    wide = [array.astype(np.complex128) for array in arrays]
    act = {"relu": lambda z: z * (z.real > 0), "sigmoid": lambda z: (1 + np.tanh(z / 2)) / 2, "tanh": np.tanh}
    slopes = []
    for array, moved in zip(arrays, wide, strict=True):
        slope = np.empty_like(array)
        for index in np.ndindex(array.shape):
            moved[index] += 1e-30j
            z, weights = wide[0], wide[1:]
            for layer in range(len(params)):
                z = act.get(activation, lambda z: z)(z) if layer else z
                z = z @ weights[2 * layer].T + weights[2 * layer + 1]
            if loss == "mse":
                end = ((z - y) ** 2).mean()
            else:
                z = z - z.real.max(axis=1, keepdims=True)
                end = (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), y]).mean()
            moved[index] = array[index]
            slope[index] = end.imag / 1e-30
        slopes.append(slope)
    return value, list(zip(slopes[1::2], slopes[2::2], strict=True)), slopes[0]


@wrong(replaces="mlp_loss_and_grads", fails=["grad_value", "input_grad"])
def float64_out(x, y, params, activation="relu", loss="cross_entropy"):
    """float32 arguments should give float32 gradients."""
    value, grads, dx = mlp_loss_and_grads(x, y, params, activation, loss)
    wide = [(dW.astype(np.float64), db.astype(np.float64)) for dW, db in grads]
    return value, wide, dx.astype(np.float64)


@wrong(replaces="mlp_loss_and_grads", fails=["loss_value"])
def numpy_loss(x, y, params, activation="relu", loss="cross_entropy"):
    """The loss should be a Python float: float(value). A float32 network gave you a numpy.float32."""
    value, grads, dx = mlp_loss_and_grads(x, y, params, activation, loss)
    return np.asarray(value, dtype=x.dtype)[()], grads, dx


@wrong(replaces="mlp_loss_and_grads", fails=["errors"])
def broadcasts_bias(x, y, params, activation="relu", loss="cross_entropy"):
    """A bias of shape (1,) broadcasts over a layer of any width: compare its shape with W's first axis."""
    full = [(W, b if b.ndim != 1 or len(b) > 1 else np.full(len(W), b[0])) for W, b in params]
    return mlp_loss_and_grads(x, y, full, activation, loss)
