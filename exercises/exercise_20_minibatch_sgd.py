"""Batch, mini-batch and stochastic gradient descent, and the noise of a gradient that sees a part of the data.

All three take the same step; they differ in how many rows its gradient averages over: all N (batch gradient descent),
one (stochastic), or B in between (mini-batch). An epoch visits every row exactly once, in random order; every batch is
one update.

`minibatch_indices(n, batch_size, rng, drop_last=False)`
    The batches of ONE epoch.
    n            the number of rows, an int >= 1
    batch_size   an int B >= 1
    rng          np.random.Generator; the one draw is perm = rng.permutation(n)
    drop_last    if True, leave out a last batch that would have fewer than B rows
    returns      a list of integer arrays: consecutive slices of perm, B indices each, the last one what is left over
                 (1 to B indices)

    ValueError: B < 1; B > n with drop_last (no batch would be left). Without drop_last, B > n gives one batch of n.

`sgd_linear(X, Y, W, b, lr, epochs, batch_size, rng)`
    Trains the linear model X W + b on several outputs at once.
    X, Y         inputs (N, D) and targets (N, K)
    W, b         where to start, (D, K) and (K,), left as they are
    lr           the learning rate, a float > 0
    epochs       an int >= 1
    batch_size   an int >= 1, as above; the short last batch is used
    rng          np.random.Generator: one rng.permutation(N) per epoch, at its beginning, and nothing else
    returns      the tuple (W, b, updates): new arrays (D, K) and (K,), and the number of updates made, an int

    A batch of B rows has the loss 1/(2B) * sum of ||x W + b - y||^2 over its rows. With the errors E = X_B W + b - Y_B,
    shape (B, K):
                 dW = X_B^T E / B          db = the mean of E's rows          W <- W - lr dW, b <- b - lr db
    both at the old W and b. B is the number of rows that the batch really has, for a short last batch, too. For one row
    dW is the OUTER product x e^T of shape (D, K): an elementwise x * e has another shape, and if D = K by chance, it is
    wrong without a word.
    Floats keep their dtype: float32 X, Y, W and b give float32 W and b.
    ValueError: lr <= 0, batch_size < 1.

`minibatch_gradient_variance(per_sample_grads, batch_size, replace=True)`
    per_sample_grads   the gradients of all rows, (N, P), N >= 2
    batch_size         an int B >= 1
    replace            how the B rows of a batch are drawn: True independently, False as B different rows
    returns            a float, exact, nothing is drawn: the variance E ||g_B - g||^2 of a random batch's mean gradient
                       g_B around the gradient g of all rows. This is a trace, the sum over the P coordinates:
                           trace Cov / B                        with replacement
                           trace Cov / B * (N - B) / (N - 1)    without
                       The N rows are the whole population here: Cov divides by N, not by N - 1.

    So the noise falls like 1 / B: four times the rows halve its standard deviation, and cost four times as much.
    ValueError: B < 1; B > N without replacement.

`sgd_noise_floor(curvature, lr, noise_std)`
    On f(x) = 1/2 c x^2 with noise of standard deviation s in every gradient, x <- x - lr * (c x + s * noise).
    curvature, lr, noise_std     floats c > 0, lr > 0 and s
    returns                      a float: the variance at which x settles, lr * s^2 / (c * (2 - lr * c))

    At a constant rate x does not converge: it keeps jumping about the minimum with this variance, however long one
    waits. Only a decaying rate (or a growing batch) removes it. For a parabola there is no local minimum to blame.
    ValueError: c <= 0, lr <= 0, lr * c >= 2 (then nothing settles).

Which rows a gradient sees and what an optimizer makes of it (momentum, Adam) are separate choices. No batch size wins
everywhere: larger ones have less noise and use the hardware better, but make fewer updates per epoch.

Example
    >>> [len(rows) for rows in minibatch_indices(10, 4, np.random.default_rng(0))]
    [4, 4, 2]
    >>> X, Y = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, -1.0]])
    >>> W, b, updates = sgd_linear(X, Y, np.zeros((2, 3)), np.zeros(3), 0.5, 1, 1, np.random.default_rng(0))
    >>> W                                              # 0 - 0.5 * outer([1, 2], [-1, 0, 1])
    array([[ 0.5,  0. , -0.5],
           [ 1. ,  0. , -1. ]])
    >>> b, updates
    (array([ 0.5,  0. , -0.5]), 1)
    >>> g = np.array([[1.0], [3.0], [5.0], [7.0]])     # variance (9 + 1 + 1 + 9) / 4 = 5
    >>> float(minibatch_gradient_variance(g, 2)), float(minibatch_gradient_variance(g, 4, replace=False))
    (2.5, 0.0)
    >>> float(sgd_noise_floor(curvature=2.0, lr=0.5, noise_std=1.0))
    0.25

Asked next: how many updates does one epoch make? How should the learning rate change with the batch size? Why are
batch sizes often powers of two? What happens to the noise when you decay the learning rate?
"""

import numpy as np


def minibatch_indices(n: int, batch_size: int, rng: np.random.Generator, drop_last: bool = False) -> list[np.ndarray]:
    raise NotImplementedError("TODO: permute the indices, cut the permutation into slices")


def sgd_linear(
    X: np.ndarray,
    Y: np.ndarray,
    W: np.ndarray,
    b: np.ndarray,
    lr: float,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, int]:
    raise NotImplementedError("TODO: per epoch new batches, per batch one step of W and b")


def minibatch_gradient_variance(per_sample_grads: np.ndarray, batch_size: int, replace: bool = True) -> float:
    raise NotImplementedError("TODO: the trace of the covariance over B, times the correction without replacement")


def sgd_noise_floor(curvature: float, lr: float, noise_std: float) -> float:
    raise NotImplementedError("TODO: lr s^2 / (c (2 - lr c))")
