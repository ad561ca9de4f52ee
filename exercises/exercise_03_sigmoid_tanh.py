"""Sigmoid and tanh, stable, with their derivatives.

    sigmoid(x) = 1 / (1 + exp(-x))                                        between 0 and 1
    tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x)) = 2 sigmoid(2x) - 1       between -1 and 1

Each function works element by element and returns a new array of x's shape; a 0-d x may give a number. Floats
keep their dtype (float32 in, float32 out); integers and booleans of any dtype give float64. x is only read.
ValueError, in all four: x is complex, or an array of strings (also of strings like "1.5").

`sigmoid(x)`
    No overflow, no inf / inf and no numpy warning, whatever x is: at x = 1e3, 1e8, inf the result is exactly
    1, at -1e3, -1e8, -inf exactly 0. On the way down it keeps its digits: sigmoid(-40) is 4.2e-18 and
    sigmoid(-700) is 9.9e-305. So exp must see no large positive number: for x < 0 take the equal form
    exp(x) / (1 + exp(x)).

`sigmoid_grad(x)`
    The derivative at the INPUT x (x is not an output of sigmoid): s (1 - s) with s = sigmoid(x). An error of
    1e-9 is allowed; it is 0 at x = 1e3, 1e8, inf and their negatives, again without a warning.

`tanh(x)`
    Exactly 1 and -1 at the large x above, no warning. Near 0 it keeps its relative accuracy: tanh(1e-12) is
    1e-12 to ten digits. Neither formula above does that, since both subtract nearly equal numbers; np.expm1
    (exp(x) - 1 without the loss), of a number that is not positive, does.

`tanh_grad(x)`
    The derivative at the INPUT x: 1 - tanh(x)^2. Accuracy and limits as for sigmoid_grad.

Example
    >>> sigmoid(np.array([0.0, np.log(3.0), -1000.0]))
    array([0.5 , 0.75, 0.  ])
    >>> tanh(np.array([0.0, np.log(2.0), np.inf]))
    array([0. , 0.6, 1. ])
    >>> sigmoid_grad(np.array([0, 1000]))
    array([0.25, 0.  ])
    >>> tanh_grad(np.array([0.0, np.log(2.0)]))
    array([1.  , 0.64])

Asked next: why do deep stacks of sigmoids lose their gradient, and what does the peak of 0.25 have to do with
it? Why is tanh preferred in hidden layers? (Its outputs, the activations, are centred at 0. It does not scale
your input data: that is a separate step.) Why does np.where(x >= 0, f(x), g(x)) still warn of g's overflow?
"""

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: one of two equal forms, by the sign of x")


def sigmoid_grad(x: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: s (1 - s) with s = sigmoid(x)")


def tanh(x: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: tanh of |x| from np.expm1, then the sign of x")


def tanh_grad(x: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: 1 - tanh(x)^2")
