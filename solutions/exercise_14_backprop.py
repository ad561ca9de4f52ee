import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(z / 2)) / 2  # 1 / (1 + exp(-z)), without its overflow


ACTIVATIONS = {  # the function and its derivative, both of z
    "relu": (lambda z: z.clip(min=0), lambda z: z > 0),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "identity": (lambda z: z, np.ones_like),
}


def cross_entropy(z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean over the rows of -log softmax(z)[y], and its gradient with respect to z."""
    n, classes = z.shape
    if y.shape != (n,) or not ((y >= 0) & (y < classes)).all():
        raise ValueError(f"y: {n} labels >= 0 and < {classes} are needed")
    target = np.arange(n), y
    shifted = z - z.max(axis=1, keepdims=True)  # (N, C)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, C)
    delta = np.exp(log_p)
    delta[target] -= 1  # softmax - onehot
    return -log_p[target].mean(), delta / n


def mse(z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of (z - y)^2 over all entries, and its gradient with respect to z."""
    if y.shape != z.shape:
        raise ValueError(f"y: shape {z.shape} is needed, not {y.shape}")
    error = z - y
    return (error**2).mean(), 2 * error / error.size


LOSSES = ("cross_entropy", "mse")


def mlp_loss_and_grads(
    x: np.ndarray,
    y: np.ndarray,
    params: list[tuple[np.ndarray, np.ndarray]],
    activation: str = "relu",
    loss: str = "cross_entropy",
) -> tuple[float, list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: unknown {activation!r}")
    if loss not in LOSSES:
        raise ValueError(f"loss: unknown {loss!r}")
    act, slope = ACTIVATIONS[activation]
    a, z = [], []
    for W, b in params:
        if b.shape != (len(W),):
            raise ValueError(f"params: a bias of shape {b.shape} for weights of shape {W.shape}")
        a.append(act(z[-1]) if z else x)  # (N, D_{l-1}): what layer l sees
        z.append(a[-1] @ W.T + b)  # (N, D_l); a wrong width is matmul's own ValueError
    value, delta = cross_entropy(z[-1], y) if loss == "cross_entropy" else mse(z[-1], y)  # delta (N, D_L)
    grads = []
    for layer in reversed(range(len(params))):
        grads.append((delta.T @ a[layer], delta.sum(axis=0)))  # (D_l, D_{l-1}), (D_l,)
        delta = delta @ params[layer][0]  # (N, D_{l-1})
        if layer > 0:
            delta = delta * slope(z[layer - 1])
    return float(value), grads[::-1], delta
