"""Batch normalisation, its gradient, and internal covariate shift.

Inside a network, give each channel of a layer's inputs mean 0 and variance 1 over the batch, then let a
learned scale gamma and shift beta choose any other mean and variance. x is (N, C) or (N, C, H, W); channel c
has n values: n = N for (N, C), and n = N * H * W for images, where all samples and pixels are pooled.

    training:    mu_c = mean of the n values      var_c = mean of (x - mu_c)^2      biased: divided by n
                 xhat = (x - mu_c) / sqrt(var_c + eps)
                 y    = gamma_c * xhat + beta_c
                 running_mean_c = (1 - momentum) * running_mean_c + momentum * mu_c
                 running_var_c  = (1 - momentum) * running_var_c  + momentum * var_c * n / (n - 1)    unbiased
    evaluation:  xhat and y from running_mean and running_var in place of mu and var

Only xhat has mean 0 and variance 1 (nearly: eps); y has mean beta_c and variance gamma_c^2. Evaluation
changes no buffer, and the result for one sample does not depend on the others.

`BatchNorm(num_features, eps=1e-5, momentum=0.1)`
    num_features  C, an int
    eps           a float, added to the variance inside the root
    momentum      a float in [0, 1]: the weight of the NEW batch (as in PyTorch; Keras weighs the old value)

    Attributes, float64 arrays of shape (C,) that may be read and set from outside:
    gamma, beta                 1 and 0 at first
    running_mean, running_var   0 and 1 at first; they stay float64, whatever x is

`forward(x, training)`
    x         (N, C) or (N, C, H, W), of any memory layout; left as it is
    training  a bool: True for training, False for evaluation
    returns   y, a new array of x's shape; float32 x gives float32, float64 and integers give float64

    A constant channel gives xhat = 0. An offset far larger than the spread of the values must not spoil the
    variance (values around 1e6 that differ by 100 in float32, around 1e8 that differ by 1 in float64): take
    the mean of the squared deviations, not mean(x^2) - mu^2, where nearly all digits cancel.
    In evaluation a batch of one is fine.
    ValueError: x has not num_features channels (x.shape[1], in training and in evaluation; a single channel
    must not broadcast); training with one value per channel, n = 1: x of shape (1, C) or (1, C, 1, 1).

`backward(dy)`
    dy        gradient of the loss with respect to y of the last TRAINING forward, of y's shape and dtype;
              left as it is. An evaluation in between changes nothing, and backward may be called again.
    returns   (dx, dgamma, dbeta): new arrays of dy's dtype, of the shapes of x, (C,) and (C,)

        dbeta_c = sum of dy,    dgamma_c = sum of dy * xhat              sums over the channel's n values
        dx = gamma_c / (n * sqrt(var_c + eps)) * (n * dy - dbeta_c - xhat * dgamma_c)

    mu and var depend on x: that is where the last two terms come from.

`covariate_shift(acts_before, acts_after)`
    Activations of a layer's H units for two batches, before and after an update of the layers below:
    (N, H) and (M, H), where N and M may differ; left as they are.
    returns   a Python float: the mean over the units of |mean_after - mean_before| / (std_before + 1e-8),
              where mean and (biased) standard deviation are those of each unit over its batch

    This is how far the layer's inputs move, in standard deviations. After normalisation of both batches it
    is close to 0. That batch norm removes this "internal covariate shift" can be measured; that this is WHY
    it helps is disputed: another account is that it makes the loss surface smoother.

Example
    >>> bn = BatchNorm(2, eps=7.0)
    >>> x = np.array([[4.0, 5.0], [-2.0, 5.0], [4.0, 5.0], [-2.0, 5.0]])         # means 1 and 5
    >>> bn.forward(x, training=True)                                             # 3 / sqrt(9 + 7), 0
    array([[ 0.75,  0.  ],
           [-0.75,  0.  ],
           [ 0.75,  0.  ],
           [-0.75,  0.  ]])
    >>> bn.running_mean, bn.running_var                    # unbiased variance 9 * 4 / 3: 0.9 + 0.1 * 12 = 2.1
    (array([0.1, 0.5]), array([2.1, 0.9]))
    >>> dx, dgamma, dbeta = bn.backward(np.ones((4, 2)))
    >>> dbeta
    array([4., 4.])
    >>> before, after = np.array([[0.0, 1.0], [2.0, 5.0]]), np.array([[2.0, 3.0]])
    >>> round(covariate_shift(before, after), 6)                                 # (1 / 1 + 0 / 2) / 2
    0.5

Asked next: why does the layer below need no bias? What goes wrong with batches of two, and what replaces
batch norm there? How would you fold the layer away for inference? Before or after the activation, and what
about dropout?
"""

import numpy as np


class BatchNorm:
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        raise NotImplementedError("TODO: gamma, beta and the two running buffers")

    def forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        raise NotImplementedError("TODO: statistics of the batch or the buffers, normalise, scale and shift")

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        raise NotImplementedError("TODO: two sums per channel, then dx from both of them")


def covariate_shift(acts_before: np.ndarray, acts_after: np.ndarray) -> float:
    raise NotImplementedError("TODO: shift of each unit's mean in standard deviations, averaged")
