"""Entropy, Kullback-Leibler and Jensen-Shannon divergence.

Three measures of probability distributions, in nats (natural logarithms):

    H(p)     = - sum_i p_i log p_i                          how uncertain p is
    KL(p||q) = sum_i p_i (log p_i - log q_i)                what it costs to code p with the code of q
    JS(p, q) = KL(p||m) / 2 + KL(q||m) / 2,  m = (p + q)/2  symmetric, never above log 2

Conventions: 0 log 0 = 0, so terms with p_i = 0 contribute nothing, whatever q_i is; p_i > 0 with q_i = 0
makes KL(p||q) = +inf. Neither gives a warning or a NaN, and no epsilon hides them. KL is not symmetric: the
first argument is the distribution under which the expectation is taken.

`entropy(p, axis=-1)`, `kl_divergence(p, q, axis=-1)`, `js_divergence(p, q, axis=-1)`
    p, q     arrays of one shape, rank >= 1; every slice along `axis` is a distribution. Floats keep their
             dtype, integers (one-hot rows) give float64
    axis     the axis that is summed over; negative axes count from the end
    returns  a new array (or a number, if p has rank 1) with that axis gone

    ValueError: an entry below 0, a slice whose sum is further than 1e-6 from 1, p and q of different shapes.

`kl_from_logits(p_logits, q_logits)`
    p_logits, q_logits   (N, C), finite floats of any size; row by row, p = softmax(p_logits), q likewise
    returns              the mean over the N rows of KL(p||q), a float ('batchmean' in PyTorch)

    Work with log-softmax: logits of +-1e4 give a finite result and no warning. ValueError: different shapes.

`kl_gaussian(mu1, logvar1, mu2, logvar2)`
    mu, logvar   four float arrays of one shape (..., D): means and LOGARITHMS OF VARIANCES of two Gaussians
                 with independent coordinates
    returns      KL(first||second) summed over the last axis, shape (...):
                 1/2 sum_d (logvar2 - logvar1 + (exp(logvar1) + (mu1 - mu2)^2) / exp(logvar2) - 1)

    ValueError: shapes that differ (no broadcasting).

Example
    >>> p, q = np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.75, 0.0])
    >>> round(float(entropy(p)), 6)  # log 2
    0.693147
    >>> round(float(kl_divergence(p, q)), 6)  # log(2) / 2 + log(2/3) / 2
    0.143841
    >>> float(kl_divergence(p, np.array([1.0, 0.0, 0.0])))
    inf
    >>> round(float(js_divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0]))), 6)  # log 2: nothing in common
    0.693147
    >>> round(kl_from_logits(np.array([[1e4, 0.0]]), np.array([[0.0, 0.0]])), 6)  # log 2 again
    0.693147
    >>> float(kl_gaussian(np.array([1.0]), np.array([0.0]), np.array([0.0]), np.array([0.0])))  # 1^2 / 2
    0.5

Asked next: which direction of the KL does maximum likelihood minimise, and which one makes a model seek a
mode? Why did GANs move from the JS divergence to the Wasserstein distance (what is the JS of distributions
that do not overlap)? Where does the Gaussian formula appear in a VAE?
"""

import numpy as np


def entropy(p: np.ndarray, axis: int = -1) -> np.ndarray:
    raise NotImplementedError("TODO: minus the sum of p log p")


def kl_divergence(p: np.ndarray, q: np.ndarray, axis: int = -1) -> np.ndarray:
    raise NotImplementedError("TODO: the sum of p (log p - log q), with care at zeros")


def js_divergence(p: np.ndarray, q: np.ndarray, axis: int = -1) -> np.ndarray:
    raise NotImplementedError("TODO: half the KL of each to their mean")


def kl_from_logits(p_logits: np.ndarray, q_logits: np.ndarray) -> float:
    raise NotImplementedError("TODO: log-softmax of both, sum over classes, mean over rows")


def kl_gaussian(mu1: np.ndarray, logvar1: np.ndarray, mu2: np.ndarray, logvar2: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: the closed form, summed over the last axis")
