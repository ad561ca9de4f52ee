"""Forward propagation, and why activations matter.

A feed-forward network passes its input through one layer after the other. Layer l of L owns a weight matrix
W_l, one row per unit, and a bias b_l. With a_0 = x,

    z_l = a_{l-1} W_l^T + b_l                    for every layer
    a_l = act(z_l)                               for every layer but the last
    a_L = z_L                                    the output stays raw: logits, or the values of a regression

`mlp_forward(x, params, activation="relu")`
    x            (N, D_0), float32 or float64
    params       list of L >= 1 tuples (W_l, b_l) of shapes (D_l, D_{l-1}) and (D_l,), dtype of x
    activation   "relu", "sigmoid", "tanh" or "identity"; the same for all hidden layers, elementwise
    returns      (output, cache): the output is a_L, (N, D_L). The cache is a list of one dict per layer, from
                 first to last, with the entries "a_prev" (a_{l-1}, the layer's input), "z" (z_l, before the
                 activation) and "a" (a_l). All are of x's dtype; for the last layer "a" equals "z".
                 Backpropagation needs all three, so the activation must not overwrite z.
    ValueError: params is empty, the sizes do not chain (D_0 of x and W_1, D_l of W_l, b_l and W_{l+1}), an
                activation that is none of the four, even where no layer uses it (L = 1).

`collapse_linear(params)`
    params       as above
    returns      (W, b) of shapes (D_L, D_0) and (D_L,): the single layer that computes the same as the whole
                 network with activation="identity". Without a nonlinearity depth buys nothing: the product
                 of matrices is a matrix.
    ValueError: params is empty, the sizes do not chain.

`mlp_num_params(sizes)`
    sizes        list [D_0, D_1, ..., D_L] of Python ints
    returns      how many weights and biases that network learns, a Python int

x and params, with all arrays in them, stay as they are.

Example
    >>> first = np.array([[1.0, -1.0], [2.0, 0.0]]), np.array([0.0, -1.0])
    >>> params = [first, (np.array([[1.0, 1.0]]), np.array([-8.0]))]
    >>> output, cache = mlp_forward(np.array([[1.0, 3.0]]), params)
    >>> cache[0]["z"], cache[0]["a"]                   # relu cuts the -2 = 1 * 1 - 1 * 3 + 0
    (array([[-2.,  1.]]), array([[0., 1.]]))
    >>> output                                         # 1 * 0 + 1 * 1 - 8, and no relu here
    array([[-7.]])
    >>> collapse_linear(params)                        # W = W_2 W_1, b = W_2 b_1 + b_2
    (array([[ 3., -1.]]), array([-9.]))
    >>> mlp_num_params([2, 2, 1])
    9

Asked next: what can a network of linear layers learn, however deep it is? Which activation belongs to the
output of a classifier, and why is it left to the loss? What must a layer remember for the backward pass?
"""

import numpy as np


def mlp_forward(
    x: np.ndarray, params: list[tuple[np.ndarray, np.ndarray]], activation: str = "relu"
) -> tuple[np.ndarray, list[dict]]:
    raise NotImplementedError("TODO: layer after layer, keeping a_prev, z and a of each")


def collapse_linear(params: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: one layer for the first two, and so on")


def mlp_num_params(sizes: list[int]) -> int:
    raise NotImplementedError("TODO: count weights and biases")
