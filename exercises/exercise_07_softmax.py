"""Softmax, forward and backward.

Turn logits into probabilities along one axis:

    softmax(x)_i = exp((x_i - m) / T) / sum_j exp((x_j - m) / T)

where m is the maximum of the slice (subtracting it changes nothing on paper and keeps exp from overflowing) and
T > 0 is the temperature.

`softmax(x, axis=-1, temperature=1.0)`
    x            array of any rank >= 1; floats keep their dtype (float32 in, float32 out), integers give float64
    axis         the axis along which the result sums to 1; negative axes count from the end
    temperature  a float T > 0; small T sharpens, large T flattens
    returns      a new array of x's shape; x is left as it is

    Logits of any size are fine (1e4, 1e300): no overflow, no warning. A logit of -inf gets probability exactly 0.
    A slice that is -inf throughout gives NaN, as torch.softmax does.
    ValueError: T <= 0, an axis that x does not have, x with no axis at all (0-d).

`softmax_backward(dy, y, axis=-1)`
    dy           gradient of the loss with respect to y, shape of y
    y            softmax(x, axis) at temperature 1, as the forward pass returned it
    returns      gradient with respect to x, same shape and dtype: dx = y * (dy - sum_j dy_j * y_j)

    This is the product of dy with the Jacobian diag(y) - y y^T. Never build the C x C Jacobian.

Example
    >>> softmax(np.array([0.0, np.log(3.0)]))
    array([0.25, 0.75])
    >>> softmax(np.array([1000.0, 1000.0, -np.inf]))
    array([0.5, 0.5, 0. ])
    >>> softmax_backward(np.array([1.0, 0.0]), np.array([0.25, 0.75]))
    array([ 0.1875, -0.1875])

Asked next: why is log(softmax(x)) a bad idea? What does the gradient of cross-entropy on top of softmax simplify to?
What happens to the gradient when one probability is close to 1?
"""

import numpy as np


def softmax(x: np.ndarray, axis: int = -1, temperature: float = 1.0) -> np.ndarray:
    raise NotImplementedError("TODO: subtract each slice's maximum, exponentiate, normalise")


def softmax_backward(dy: np.ndarray, y: np.ndarray, axis: int = -1) -> np.ndarray:
    raise NotImplementedError("TODO: y * (dy - sum of dy * y along the axis)")
