"""Dropout, inverted and classic, in training and in evaluation.

In training each unit of each sample is set to 0 with probability p, drawn anew in every pass: no unit can
rely on a particular other one. In evaluation nothing is drawn. So that both have the same expectation,
somebody has to scale by the KEEP probability 1 - p: inverted dropout divides by it in training and leaves
evaluation alone, the classic form leaves training alone and multiplies by it in evaluation. (Not by the drop
rate p: with p = 0.5 the two are equal, and such a mistake goes unnoticed.)

x is always a float array of at least one axis, with finite entries; results are new arrays of x's shape and
dtype (float32 stays float32), and x stays as it is. p is the probability of DROPPING a unit, 0 <= p <= 1, as
in PyTorch and Keras. Every training pass draws once, u = rng.random(x.shape), with p = 0 and p = 1, too, and
keeps the units where u >= p. Evaluation uses no rng.

`dropout_forward(x, p, training, rng=None)`
    training     True: y = x * mask with mask = keep / (1 - p); p = 1 gives a mask of zeros
                 False: y equals x, and mask is all ones
    rng          np.random.Generator, needed for training only
    returns      the tuple (y, mask)

    The mask says which units were dropped, also where x is 0 anyway.
    ValueError: p < 0, p > 1 (in either mode); training without rng.

`dropout_backward(dy, mask)`
    dy, mask     the gradient with respect to y and the mask of the forward pass, arrays of one shape and
    dtype returns      the gradient with respect to x, which the same scaled mask gives: dy * mask

`classic_dropout(x, p, training, rng=None)`
    returns      y = x * keep in training (unscaled), y = x * (1 - p) in evaluation

    ValueError: as in dropout_forward.

`mc_dropout_mean(x, p, n, rng)`
    n            an int >= 1
    returns      the mean of n passes of inverted dropout in training mode with a draw each, one after the
                 other. Behind a network their spread would tell how unsure it is (Monte Carlo dropout)

    ValueError: p < 0, p > 1.

Example
    >>> rng = np.random.default_rng(0)
    >>> np.random.default_rng(0).random(4).round(2)
    array([0.64, 0.27, 0.04, 0.02])
    >>> y, mask = dropout_forward(np.array([3.0, 6.0, 0.0, 9.0]), 0.25, True, rng)
    >>> y, mask.round(4)
    (array([4., 8., 0., 0.]), array([1.3333, 1.3333, 0.    , 0.    ]))
    >>> dropout_backward(np.array([0.75, 0.0, 1.5, 3.0]), mask)
    array([1., 0., 0., 0.])
    >>> dropout_forward(np.array([3.0, 6.0]), 0.25, False)
    (array([3., 6.]), array([1., 1.]))
    >>> classic_dropout(np.array([4.0, 8.0]), 0.25, False)
    array([3., 6.])

Asked next: why does dropout regularise? Where in a network does it go, and how does it get along with batch
normalisation? What is dropped in a convolutional layer? Why is a smaller rate used where there is more data?
"""

import numpy as np


def dropout_forward(
    x: np.ndarray, p: float, training: bool, rng: np.random.Generator | None = None
) -> tuple[np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: in training draw, keep, scale; in evaluation nothing but a copy")


def dropout_backward(dy: np.ndarray, mask: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: the same mask")


def classic_dropout(x: np.ndarray, p: float, training: bool, rng: np.random.Generator | None = None) -> np.ndarray:
    raise NotImplementedError("TODO: no scaling in training, the keep probability in evaluation")


def mc_dropout_mean(x: np.ndarray, p: float, n: int, rng: np.random.Generator) -> np.ndarray:
    raise NotImplementedError("TODO: average n training passes")
