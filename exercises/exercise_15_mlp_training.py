"""Train a network end to end, and learn the features of XOR.

The whole cycle: initialise, forward, loss, backward, update, repeat. The network is a multilayer perceptron
with weights W_l of shape (D_l, D_{l-1}) and biases b_l of shape (D_l,), for sizes = [D_0, D_1, ..., D_L]:

    a_0 = x,    z_l = a_{l-1} W_l^T + b_l,    a_l = act(z_l) for l < L,    logits = z_L, without activation

act is "relu", "sigmoid", "tanh" or "identity", with relu'(0) = 0. The loss of a batch is the mean over its
rows of -log softmax(z_L)[label]; logits of +-1e4 do not overflow it.

`train_mlp(X, y, sizes, lr, epochs, batch_size, rng, activation="tanh")`
    X           (N, D_0) numbers, N >= 1; y (N,) integers, the class of each row, 0 <= y < D_L
    sizes       [D_0, ..., D_L], at least two
    epochs      passes over the data; 0 gives the initial parameters
    batch_size  B >= 1; may be larger than N
    rng         np.random.Generator, the only source of randomness, used in exactly this order:
                1. layer by layer, first to last: W_l = rng.normal(0, 1/sqrt(D_{l-1}), (D_l, D_{l-1}));
                   the b_l are 0
                2. at the start of every epoch: perm = rng.permutation(N)
    returns     (params, history): the list of L pairs (W_l, b_l), float64 whatever the dtype of X, and a list
                of one Python float per epoch

    The batches of an epoch are the consecutive slices of perm of length B; the last one may be shorter, and
    counts. For each batch: loss and ALL gradients at the present parameters, then one step of plain SGD,
    W_l <- W_l - lr * dLoss/dW_l and b_l <- b_l - lr * dLoss/db_l. Only the parameters carry over to the next
    batch.

    history holds the mean over the N samples of the losses as they were seen: sum of (batch loss before its
    update * rows of the batch) / N. The same seed gives the same bits.

    ValueError: sizes[0] is not X's number of columns; y is not (N,); a label below 0 or not below sizes[-1].

`predict(X, params, activation="tanh")`
    returns     (N,) integers, the class with the largest logit (the first one of equal ones)

`iterations_per_epoch(n, batch_size, drop_last=False)`
    An epoch is one pass over the data, an iteration is one update (one batch).
    returns     an int: the number of iterations of an epoch over n samples. A last batch that is not full
                counts, unless drop_last leaves it out. n >= 1, batch_size >= 1.

X, y and sizes are left as they are.

The checks train [2, 8, 2] with tanh on XOR (lr 0.5, 150 epochs, batches of 4): the hidden layer finds the
feature that the classes need. No linear model [2, 2] gets more than 3 of the 4 points, however long it
trains; with the product x1 * x2 as a third column, made by hand, [3, 2] gets them all.

Example
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> y = np.array([0, 1, 1, 0])
    >>> params, history = train_mlp(X, y, [2, 8, 2], 0.5, 150, 4, np.random.default_rng(0))
    >>> predict(X, params).tolist()
    [0, 1, 1, 0]
    >>> [W.shape for W, b in params], len(history), history[-1] < 0.1 < history[0]
    ([(8, 2), (2, 8)], 150, True)
    >>> iterations_per_epoch(7, 3), iterations_per_epoch(7, 3, drop_last=True)
    (3, 2)

Asked next: what would all-zero weights learn, and why? Why shuffle every epoch? What changes when the batch
size doubles? How would you notice overfitting here, and what would you log besides the loss?
"""

import numpy as np


def train_mlp(
    X: np.ndarray,
    y: np.ndarray,
    sizes: list[int],
    lr: float,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    activation: str = "tanh",
) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[float]]:
    raise NotImplementedError("TODO: initialise, then epochs of shuffled batches: loss, gradients, update")


def predict(X: np.ndarray, params: list[tuple[np.ndarray, np.ndarray]], activation: str = "tanh") -> np.ndarray:
    raise NotImplementedError("TODO: the logits' argmax")


def iterations_per_epoch(n: int, batch_size: int, drop_last: bool = False) -> int:
    raise NotImplementedError("TODO: full batches, and the rest unless drop_last")
