"""Dropout as an ensemble of sub-models that share their weights.

Drop the D inputs of a softmax layer independently and there are 2^D sub-models, one for each mask of kept (1)
and dropped (0) inputs. They are not a random forest: nobody trains them one by one. All of them use the SAME
W and b, training sees each mask rarely or never, and every step moves them all. Each input is kept with the
probability keep (PyTorch's p is the opposite, 1 - keep), so that for a mask m

    probs of its sub-model    softmax(W (x * m) + b)        the bias is always there
    weight of its sub-model   keep^(number of 1s) * (1 - keep)^(number of 0s),    with 0^0 = 1

Predictions of the whole ensemble, with the weight w_r and the probs p_r of sub-model r:

    arithmetic mean    sum over r of w_r * p_r
    geometric mean     g / sum(g),  where g is the product over r of p_r^w_r, class by class

The geometric mean needs the division: g alone sums to less than 1. It equals EXACTLY
softmax(W (keep * x) + b), one pass instead of 2^D: the weight-scaling rule. The arithmetic mean
is near, but not the same. With a nonlinear hidden layer the rule is only an approximation of either.

Numbers are float64 and finite; masks hold 0 and 1, as ints or as floats. No argument is modified.

`all_masks(n)`
    n          an int, 0 <= n <= 20
    returns    (2^n, n) of 0 and 1: row r has the binary digits of r, the most significant first

    ValueError: n < 0, n > 20.

`mask_weights(masks, keep)`
    masks      (M, n), any masks in any order
    keep       a float, 0 <= keep <= 1, both ends allowed
    returns    (M,), the weight of each mask; the weights of all 2^n masks sum to 1

    ValueError: keep < 0, keep > 1.

`subnetwork_probs(x, W, b, masks)`
    x, W, b    one sample (D,), the weights (C, D) and the bias (C,) of the layer
    masks      (M, D)
    returns    (M, C), row r is the softmax of the sub-model of masks[r], also for logits of +-1000

    ValueError: any other shape of x, W, b or masks, also where numpy would stretch a size of 1 silently.

`geometric_mean_predictor(probs, weights)`
    probs      (M, C), rows sum to 1; at least one class is > 0 in all the rows whose weight is > 0
    weights    (M,), >= 0, sum to 1
    returns    (C,), sums to 1. A probability of 0 in a row of weight > 0 gives 0 for the class, a row of
               weight 0 has no influence whatever is in it, and probabilities of 1e-200 count as they are

    ValueError: weights is not (M,).

`arithmetic_mean_predictor(probs, weights)`
    returns    (C,); arguments and ValueError as in geometric_mean_predictor

`weight_scaling_predictor(x, W, b, keep)`
    returns    (C,), softmax(W (keep * x) + b), also for logits of +-1000

    ValueError: any other shape of x, W or b than in subnetwork_probs; keep < 0, keep > 1.

Example
    >>> masks = all_masks(2)
    >>> masks.tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> mask_weights(masks, 0.75)
    array([0.0625, 0.1875, 0.1875, 0.5625])
    >>> x, W, b = np.ones(2), np.log([[1.0, 1.0], [2.0, 2.0]]), np.zeros(2)
    >>> probs = subnetwork_probs(x, W, b, masks)
    >>> probs.round(4).tolist()
    [[0.5, 0.5], [0.3333, 0.6667], [0.3333, 0.6667], [0.2, 0.8]]
    >>> geometric_mean_predictor(probs, mask_weights(masks, 0.5)).round(4)
    array([0.3333, 0.6667])
    >>> weight_scaling_predictor(x, W, b, 0.5).round(4)
    array([0.3333, 0.6667])
    >>> arithmetic_mean_predictor(probs, mask_weights(masks, 0.5)).round(4)
    array([0.3417, 0.6583])

Asked next: how does dropout prevent overfitting? In what is it like a random forest, in what not? Why does
the proof of the rule fail behind a ReLU, and why does the rule work there all the same?
"""

import numpy as np


def all_masks(n: int) -> np.ndarray:
    raise NotImplementedError("TODO: the binary digits of 0 ... 2^n - 1")


def mask_weights(masks: np.ndarray, keep: float) -> np.ndarray:
    raise NotImplementedError("TODO: count the kept and the dropped inputs of each mask")


def subnetwork_probs(x: np.ndarray, W: np.ndarray, b: np.ndarray, masks: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: one row of logits per mask, a stable softmax of each")


def geometric_mean_predictor(probs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: the weighted product, made to sum to 1")


def arithmetic_mean_predictor(probs: np.ndarray, weights: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: the weighted sum")


def weight_scaling_predictor(x: np.ndarray, W: np.ndarray, b: np.ndarray, keep: float) -> np.ndarray:
    raise NotImplementedError("TODO: one pass with scaled inputs")
