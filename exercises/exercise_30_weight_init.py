"""Weight initialisation: Xavier and He, and why constant weights never become different.

At the start nothing should grow or shrink on its way through the layers. A unit that adds up n inputs has n
times the variance of one product, so the weights need a variance of about 1 / n. Xavier (Glorot) takes the
mean of both ways, forward with fan_in inputs and backward with fan_out: for tanh and linear layers. ReLU sets
half of its inputs to 0 and so halves the mean square, for which He's variance 2 / fan makes up: 20 ReLU
layers with Xavier lose a factor of 2^20.

Weights have the layout of PyTorch: shape (out, in) for a dense layer, (out, in, k1, k2, ...) for a
convolution.

`fan_in_out(shape)`
    shape        a tuple of at least two ints
    returns      the tuple (fan_in, fan_out) of ints: how many inputs an output adds up, and how many outputs
                 an input goes to. Both contain the kernel's area: fan_in = in * k1 * k2 * ..., fan_out = out
                 * k1 * ...

    ValueError: shape has fewer than two entries. The four functions below raise it, too.

`xavier_uniform(shape, rng, gain=1.0)`      uniform on [-bound, bound], bound = gain * sqrt(6 / (fan_in +
fan_out))
`xavier_normal(shape, rng, gain=1.0)`       normal with mean 0, std = gain * sqrt(2 / (fan_in + fan_out))
`he_uniform(shape, rng, negative_slope=0.0, mode="fan_in")`    uniform on [-bound, bound], bound = sqrt(3) *
std
`he_normal(shape, rng, negative_slope=0.0, mode="fan_in")`     normal with mean 0 and the standard deviation
                                            std = sqrt(2 / (1 + negative_slope^2)) / sqrt(fan)
    shape           as above
    rng             np.random.Generator; the only draw is rng.uniform(-bound, bound, shape) or
                    rng.normal(0, std, shape)
    negative_slope  that of the leaky ReLU behind the layer; 0 for ReLU, 1 for a linear layer
    mode            which fan counts, "fan_in" (keeps the activations' size) or "fan_out" (the gradients')
    returns         a float64 array of this shape

    ValueError: a mode that is neither of the two.

`hidden_unit_diversity(params, x, y, steps, lr)`
    How many different hidden units has the first layer after training?
    params       list of at least two pairs (W_l, b_l), first layer first, of shapes (D_l, D_{l-1}) and
                 (D_l,); left as they are. The network: h_0 = x, h_l = tanh(h_{l-1} W_l^T + b_l), but the last
                 layer has no tanh: its values are the logits
    x, y         inputs (N, D_0) and labels (N,), ints
    steps, lr    so many steps (an int >= 0) of gradient descent with this rate on ALL weights and biases,
                 with all rows; the loss is the mean over the rows of -log softmax(logits)[y]
    returns      an int: the number of different rows of W_1 after training. Two rows are the same if no entry
                 differs by more than 1e-8; how often a row comes does not matter.

    Units that start with equal weights, equal biases and equal outgoing weights compute the same and receive
    the same gradient: they stay one unit for ever. That holds for zeros and for any other constant; with ALL
    weights zero the first layer even gets no gradient at all. Random weights break the symmetry. Biases may
    start at zero.

Example
    >>> fan_in_out((8, 3, 5, 5))
    (75, 200)
    >>> rng = np.random.default_rng(0)
    >>> xavier_uniform((400, 200), rng).std().round(3), he_normal((400, 200), rng).std().round(2)
    (np.float64(0.058), np.float64(0.1))
    >>> x, y = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([0, 1])
    >>> start = [(np.full((4, 2), 0.3), np.zeros(4)), (np.full((3, 4), 0.3), np.zeros(3))]
    >>> hidden_unit_diversity(start, x, y, 10, 0.1)
    1
    >>> start[0] = (xavier_normal((4, 2), rng), np.zeros(4))
    >>> hidden_unit_diversity(start, x, y, 10, 0.1)
    4

Asked next: which initialisation suits which activation, and why? What does batch normalisation change about
it? How would you start the last layer of a classifier, or the second layer of a residual block?
"""

import numpy as np


def fan_in_out(shape: tuple[int, ...]) -> tuple[int, int]:
    raise NotImplementedError("TODO: shape[1] and shape[0], each times the kernel's area")


def xavier_uniform(shape: tuple[int, ...], rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    raise NotImplementedError("TODO: one draw of rng.uniform")


def xavier_normal(shape: tuple[int, ...], rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    raise NotImplementedError("TODO: one draw of rng.normal")


def he_uniform(
    shape: tuple[int, ...], rng: np.random.Generator, negative_slope: float = 0.0, mode: str = "fan_in"
) -> np.ndarray:
    raise NotImplementedError("TODO: one draw of rng.uniform with the bound that gives He's standard deviation")


def he_normal(
    shape: tuple[int, ...], rng: np.random.Generator, negative_slope: float = 0.0, mode: str = "fan_in"
) -> np.ndarray:
    raise NotImplementedError("TODO: one draw of rng.normal with He's standard deviation")


def hidden_unit_diversity(
    params: list[tuple[np.ndarray, np.ndarray]], x: np.ndarray, y: np.ndarray, steps: int, lr: float
) -> int:
    raise NotImplementedError("TODO: train with full-batch gradient descent, count the different rows of W_1")
