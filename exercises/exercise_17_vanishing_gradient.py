"""Vanishing and exploding gradients through depth.

Send a batch through a deep plain network and watch what is left of the gradient on its way back.
Backpropagation multiplies by act'(z) and by the weights in every layer; whatever that does to the scale
happens once per layer. So it is the EARLY layers, those near the input, that starve (or blow up), not the
deep ones near the loss.

`layer_gradient_norms(depth, width, activation, gain, residual, rng)`
    depth        number of layers, >= 1
    width        units per layer
    activation   "sigmoid", "tanh", "relu" or "identity"; relu'(0) = 0
    gain         a float; the weights have standard deviation gain / sqrt(width)
    residual     a bool
    rng          np.random.Generator; draws, in this order and nothing else:
                     h_0 = rng.normal(size=(64, width)), then for l = 1 ... depth
                     W_l = rng.normal(0, gain / sqrt(width), (width, width))
    returns      float64 array (depth,): the Frobenius norm of dL/dz_l for l = 1 ... depth, first layer first

    z_l = h_{l-1} W_l^T
    h_l = act(z_l), or h_l = h_{l-1} + act(z_l) when residual
    L   = 0.5 * mean(h_depth^2) over all 64 * width entries

    (Why dL/dz and not dL/dW: in dL/dW = dL/dz^T h the scales of the way forth and of the way back make up for
    each other, and hide what happens.)
    ValueError: depth < 1, an activation not listed.

`gradient_ratio(norms)`
    norms        array (depth,), first layer first
    returns      a Python float: norms[0] / norms[-1], what arrives at the first layer relative to the last
                 (a last norm of 0 is not asked)

`classify_gradient_flow(norms, low=1e-3, high=1e3)`
    returns      "vanishing" if the ratio is below low, "exploding" if it is above high, else "healthy" (a
                 ratio equal to a bound is healthy). A NaN or an infinite norm anywhere means "exploding";
                 norms that are all 0 mean "vanishing".

No argument but rng is modified.

What you will see: sigmoid' is at most 1/4, so twenty layers lose the gradient. ReLU with gain sqrt(2) keeps
the scale; with a larger gain ReLU explodes like anything else, it bounds nothing. A residual sum gives the
gradient a path that multiplies by 1. What does not help: cross-entropy, which cures the saturation of the
output unit only, and gradient clipping, which caps large gradients and does nothing for small ones.

Example
    >>> norms = layer_gradient_norms(20, 64, "sigmoid", 1.0, False, np.random.default_rng(0))
    >>> f"{norms[0]:.1e} {norms[-1]:.1e} {classify_gradient_flow(norms)}"
    '1.7e-15 1.9e-03 vanishing'
    >>> norms = layer_gradient_norms(20, 64, "identity", 2.0, False, np.random.default_rng(0))
    >>> classify_gradient_flow(norms)
    'exploding'
    >>> gradient_ratio(np.array([0.5, 3.0, 2.0]))
    0.25

Asked next: which remedies act on act', which on the weights, which on the path? Why does an LSTM suffer less?
What would batch normalisation change in these numbers?
"""

import numpy as np


def layer_gradient_norms(
    depth: int, width: int, activation: str, gain: float, residual: bool, rng: np.random.Generator
) -> np.ndarray:
    raise NotImplementedError("TODO: forward, keep every z; backward, keep the norm of every dL/dz")


def gradient_ratio(norms: np.ndarray) -> float:
    raise NotImplementedError("TODO: first over last")


def classify_gradient_flow(norms: np.ndarray, low: float = 1e-3, high: float = 1e3) -> str:
    raise NotImplementedError("TODO: 'vanishing', 'exploding' or 'healthy'")
