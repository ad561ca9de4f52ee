"""Backpropagation through a multilayer perceptron.

Compute a network's loss and the gradient of that loss with respect to every weight, every bias and the input.
Layer l has weights W_l of shape (D_l, D_{l-1}) and a bias b_l of shape (D_l,), for l = 1 ... L:

    a_0 = x,    z_l = a_{l-1} W_l^T + b_l,    a_l = act(z_l) for l < L

The last layer has no activation: its z_L (N, D_L) goes into the loss as it is.

Backwards, with delta_l = dLoss/dz_l of shape (N, D_l), from the last layer to the first:

    dW_l = delta_l^T a_{l-1},    db_l = sum over n of delta_l,    dLoss/da_{l-1} = delta_l W_l
    delta_{l-1} = (delta_l W_l) * act'(z_{l-1})    elementwise, for l > 1
    dx = delta_1 W_1                               x is no activation: no act' here

`mlp_loss_and_grads(x, y, params, activation="relu", loss="cross_entropy")`
    x           (N, D_0) floats, N >= 1
    y           for "cross_entropy": (N,) integers, the class of each row, 0 <= y < D_L
                for "mse": (N, D_L) floats
    params      list of L >= 1 pairs (W_l, b_l), first layer first
    activation  "relu", "sigmoid", "tanh" or "identity"; relu'(0) = 0; sigmoid(z) = 1 / (1 + exp(-z))
    loss        "cross_entropy": mean over the rows of -log softmax(z_L)[y], delta_L = (softmax - onehot) / N
                "mse": mean over all N * D_L entries of (z_L - y)^2, delta_L = 2 (z_L - y) / (N D_L)
    returns     (loss, grads, dx)
                loss   a Python float
                grads  list of L pairs (dW_l, db_l) in the order of params, with the shapes of W_l and b_l
                dx     (N, D_0)

    float32 x, params and y give float32 gradients, float64 gives float64. Nothing overflows:
    pre-activations and logits of +-1e4 give the right finite loss and gradients, no warning.

    Backpropagation computes gradients; it adjusts nothing. x, y and params are left as they are (the step
    is the optimizer's), and each gradient is an array of its own that later calls do not touch.

    Cost: the matrix products of one forward pass take F = sum over l of N * D_l * D_{l-1} multiplications.
    The backward pass needs two products per layer, 2 F. A check counts the multiplications in your matrix
    products (@, matmul, dot, einsum, outer, ...): they may come to 4.5 F in all, so a second forward pass
    is allowed. Numerical differentiation (two forward passes per parameter) or a new forward pass for each
    layer is too much.

    ValueError: activation or loss unknown; a width of x, W_l or b_l that does not fit its neighbours (a
    bias of shape (1,) for a layer of 3, too); for "cross_entropy" y of another shape than (N,) or a label
    below 0 or above D_L - 1; for "mse" y of another shape than (N, D_L): (N,) against (N, 1) would
    broadcast to N x N.

Example
    >>> x, y = np.array([[1.0, -2.0]]), np.array([[1.0]])
    >>> W1, b1 = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([0.0, 1.0])  # z_1 = [1, -2], a_1 = [1, 0]
    >>> W2, b2 = np.array([[2.0, 5.0]]), np.array([1.0])                   # z_2 = 3
    >>> loss, grads, dx = mlp_loss_and_grads(x, y, [(W1, b1), (W2, b2)], "relu", "mse")
    >>> loss
    4.0
    >>> grads[1]
    (array([[4., 0.]]), array([4.]))
    >>> grads[0]
    (array([[  8., -16.],
           [  0.,   0.]]), array([8., 0.]))
    >>> dx
    array([[24.,  8.]])

Asked next: why go from the output to the input and not the other way (what would forward mode cost)? What
has to be kept in memory for the backward pass, and how would you trade it for time? Where exactly do
gradients vanish in this recursion? What is left for gradient descent to do once the gradients are known?
"""

import numpy as np


def mlp_loss_and_grads(
    x: np.ndarray,
    y: np.ndarray,
    params: list[tuple[np.ndarray, np.ndarray]],
    activation: str = "relu",
    loss: str = "cross_entropy",
) -> tuple[float, list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    raise NotImplementedError(
        "TODO: forward pass that keeps each a and z, loss and its delta, then layer by layer back"
    )
