"""Layer, instance and group normalisation.

Normalise sets of values: each set has one mean mu, one biased variance var (divided by the number of values),

    xhat = (x - mu) / sqrt(var + eps)        y = gamma * xhat + beta

and the four normalisations differ only in which values of images x (N, C, H, W) form a set:

    batch      one set per channel: all samples and pixels           (the exercise before this one)
    layer      one set per sample: all its channels and pixels
    instance   one set per sample AND channel: its pixels
    group      one set per sample and group of C / G channels, with their pixels; the groups are contiguous:
               channels 0 ... C/G - 1 are the first group, the next C/G the second, and so on

The last three never mix samples and keep no running statistics: training and evaluation are the same, and a
batch of one works. Group norm with G = C is instance norm; with G = 1 it is layer norm over (C, H, W), but
for the shape of gamma and beta.

For all functions: eps is inside the root; float32 in gives float32 out, float64 gives float64, integer x
gives float64; gamma, beta and dy have the float dtype of the result. The results are new arrays, the inputs
are left as they are, of any memory layout. Equal values throughout a set give xhat = 0. An offset far
larger than the spread of the values (1e8 against 1) must not spoil the variance: take the mean of
(x - mu)^2, not mean(x^2) - mu^2.

`layer_norm(x, gamma, beta, eps=1e-5)`
    x            any rank >= 1; a set is everything in the trailing axes that gamma covers. For x (N, T, D)
                 and gamma (D,) each of the N * T rows is a set; for gamma (T, D) each of the N matrices
    gamma, beta  arrays of one shape, rank >= 1, which is the end of x's shape (or all of it)
    returns      y, of x's shape
    ValueError: the shape of gamma is not the end of x's shape; beta has another shape than gamma. Nothing
    broadcasts: (1,) does not fit a last axis of 3.

`layer_norm_backward(dy, x, gamma, eps=1e-5)`
    dy           gradient of the loss with respect to y = layer_norm(x, gamma, beta, eps), of x's shape
    x            (..., D), any number of leading axes: none, one or more
    gamma        (D,)
    returns      (dx, dgamma, dbeta) of the shapes of x, (D,) and (D,)

        dxhat = dy * gamma
        dx = (dxhat - mean of dxhat - xhat * mean of (dxhat * xhat)) / sqrt(var + eps)
        dgamma = sum of dy * xhat,    dbeta = sum of dy

    The means run over the row, the sums over all rows (all leading axes). gamma differs from entry to entry
    of a row: it belongs inside the means.

`instance_norm(x, eps=1e-5)`
    x            (N, C, H, W)
    returns      xhat, of x's shape; no gamma, no beta

`group_norm(x, num_groups, gamma, beta, eps=1e-5)`
    x            (N, C, H, W)
    num_groups   G, an int that divides C
    gamma, beta  (C,): one scale and shift per CHANNEL
    returns      y, of x's shape
    ValueError: num_groups < 1, C is not divisible by num_groups, gamma or beta is not of shape (C,).

`normalized_axes(kind)`
    kind         "batch", "layer", "instance" or "group"
    returns      a tuple of ints, in increasing order: the axes over which x (N, C, H, W) is reduced to get
                 the means; for "group" those of x reshaped to (N, G, C / G, H, W)
    ValueError: any other kind.

Example
    >>> x = np.array([[1.0, 5.0], [7.0, 7.0]])
    >>> layer_norm(x, gamma=np.array([3.0, 6.0]), beta=np.array([0.0, 1.0]), eps=5.0)    # +-2 / sqrt(4 + 5)
    array([[-2.,  5.],
           [ 0.,  1.]])
    >>> image = np.array([1.0, 5.0, 8.0, 12.0]).reshape(1, 4, 1, 1)
    >>> group_norm(image, 2, np.full(4, 3.0), np.zeros(4), eps=5.0).ravel()
    array([-2.,  2., -2.,  2.])
    >>> dx, dgamma, dbeta = layer_norm_backward(np.ones((2, 2)), x, gamma=np.array([1.0, 1.0]))
    >>> dbeta
    array([2., 2.])

Asked next: why do transformers use layer norm and not batch norm? What does RMSNorm leave out? Before the
sublayer or after it (pre-norm, post-norm)? Why does group norm help when only two images fit on a device?
"""

import numpy as np


def layer_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    raise NotImplementedError("TODO: normalise over the trailing axes that gamma has, then scale and shift")


def layer_norm_backward(
    dy: np.ndarray, x: np.ndarray, gamma: np.ndarray, eps: float = 1e-5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: dx row by row, dgamma and dbeta summed over all rows")


def instance_norm(x: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    raise NotImplementedError("TODO: normalise each channel of each sample")


def group_norm(x: np.ndarray, num_groups: int, gamma: np.ndarray, beta: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    raise NotImplementedError("TODO: cut the channels into groups, normalise them, scale and shift per channel")


def normalized_axes(kind: str) -> tuple[int, ...]:
    raise NotImplementedError("TODO: the axes that share one mean")
