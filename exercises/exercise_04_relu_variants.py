"""ReLU and its leaky, parametric and randomised variants.

All four leave positive inputs as they are; they differ in the slope that negative ones get:

    relu         0
    leaky_relu   a fixed slope
    prelu        a slope per channel that is LEARNED, so it needs a gradient
    rrelu        a slope per element, drawn at random while training, fixed in evaluation; nothing is learned

Results are new arrays of x's shape; floats keep their dtype (float32 in, float32 out), integers give float64.
NaN stays NaN in all four. 0.0 and -0.0 give 0. No argument is modified, except that rng moves on.

`relu(x)`
    x            array of any shape. inf stays inf and -inf gives 0, not NaN.

`leaky_relu(x, negative_slope=0.01)`
    x            array of any shape
    negative_slope
                 any float, also larger than 1 or negative
    returns      x where x > 0, else negative_slope * x

`prelu(x, alpha)`
    x            (N, C, ...), at least 2-d: axis 1 is the channel axis
    alpha        (C,), one slope per channel, or (1,), one for all
    returns      x where x > 0, else alpha * x with the alpha of its channel

    ValueError: alpha has neither 1 nor C elements.

`prelu_backward(dy, x, alpha)`
    dy           gradient of the loss with respect to prelu(x, alpha), shape of x
    returns      the tuple (dx, dalpha): gradients with respect to x (its shape) and alpha (its shape)

        dx = dy where x > 0, else alpha * dy                  (at x = 0 the slope is alpha, as in PyTorch)
        dalpha = sum of dy * x over the positions with x <= 0 that share this alpha

    With float32 arguments both are float32. ValueError as for prelu.

`rrelu(x, lower=1/8, upper=1/3, training=False, rng=None)`
    x            array of any shape
    lower, upper floats, lower <= upper
    training     True draws the slopes by rng.uniform(lower, upper, x.shape): one call for the whole shape,
                 also for the elements that need none. False uses (lower + upper) / 2 and leaves rng alone
    rng          a np.random.Generator, needed for training only
    returns      the tuple (y, slopes), both of x's shape, y = slopes * x

    slopes is 1 where x > 0 and the slope used where x < 0; at 0 and NaN either will do. It may be float64
    where x is float32; y may not.
    ValueError: lower > upper (training or not), training without an rng.

Example
    >>> relu(np.array([-2.0, 3.0, -np.inf]))
    array([0., 3., 0.])
    >>> leaky_relu(np.array([-2.0, 3.0]), 0.25)
    array([-0.5,  3. ])
    >>> x = np.array([[-2.0, 4.0], [-6.0, -8.0]])
    >>> prelu(x, np.array([0.5, 0.25]))
    array([[-1.,  4.],
           [-3., -2.]])
    >>> dx, dalpha = prelu_backward(np.ones((2, 2)), x, np.array([0.5, 0.25]))
    >>> dx
    array([[0.5 , 1.  ],
           [0.5 , 0.25]])
    >>> dalpha                                                           # -2 - 6 and -8
    array([-8., -8.])
    >>> y, slopes = rrelu(np.array([-4.0, 4.0]), 0.25, 0.75)
    >>> y, slopes
    (array([-2.,  4.]), array([0.5, 1. ]))

Asked next: what is a dying ReLU, and which variants prevent it? Parametric and randomised ReLU: which slope
is learned, and what does the other one do at test time? Why do ReLUs suffer less from vanishing gradients
than sigmoids?
"""

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: 0 for negative inputs; mind NaN and -inf")


def leaky_relu(x: np.ndarray, negative_slope: float = 0.01) -> np.ndarray:
    raise NotImplementedError("TODO: select by the sign of x")


def prelu(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: shape alpha so that it broadcasts along axis 1")


def prelu_backward(dy: np.ndarray, x: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: dx by the sign of x, dalpha summed over all positions that share it")


def rrelu(
    x: np.ndarray,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: one drawn slope per element in training, the mean slope in evaluation")
