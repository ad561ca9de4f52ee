"""The artificial neuron, and the perceptron rule that trains one.

`neuron(x, w, b, activation="step")`
    x            one input (D,) or a batch (N, D); N may be 0
    w, b         weights (D,) and the bias, a float
    activation   one of four strings, the function applied to z = x.w + b:
                 "step"      1.0 where z >= 0, else 0.0
                 "identity"  z
                 "relu"      max(0, z)
                 "sigmoid"   1 / (1 + exp(-z))
    returns      one output per row: a number (shape ()) for one input, an array (N,) for a batch

    Floats keep their dtype (float32 x and w give float32). The step is closed at 0: step(0) = 1. The sigmoid
    must be right for z of any size, also at 1000 (1) and -1000 (0); a numpy warning on the way is no error.
    ValueError: any other activation, x and w of different D.

`perceptron_fit(X, y, lr=1.0, max_epochs=100)`
    X            inputs (N, D), floats or integers
    y            labels (N,), each -1 or +1, floats or integers
    lr           the learning rate, a float > 0
    max_epochs   an int >= 1: at most so many passes over the rows
    returns      the tuple (w, b, updates): a float64 array (D,), a float, an int

    Rosenblatt's rule. Start at w = 0, b = 0. In each epoch visit the rows in the given order; a row with

        y_n * (x_n.w + b) <= 0                  (a score of exactly 0 counts as a mistake)

    is corrected at once, before the next row is looked at:

        w <- w + lr * y_n * x_n,    b <- b + lr * y_n

    `updates` counts the corrections of all epochs. Stop after the first epoch without a correction, and after
    max_epochs in any case (data that no line separates are corrected for ever). X and y stay as they are.
    ValueError: no rows (N = 0), a label that is neither -1 nor +1, y not of length N.

`perceptron_predict(X, w, b)`
    X, w, b      inputs (N, D), weights (D,), bias
    returns      (N,) values, +1 where x_n.w + b >= 0, else -1 (ints or floats)

    ValueError: X and w of different D.

The bias is what lets the boundary x.w + b = 0 leave the origin. If the rows (x_n, 1) have norms <= R and some
line separates them with margin g, the rule makes at most (R / g)^2 corrections (Novikoff 1962). XOR has no
such line: one neuron cannot learn it, however long it trains.

Example
    >>> float(neuron(np.array([2.0, -1.0]), np.array([0.5, 3.0]), 2.5, "relu"))
    0.5
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> y = np.array([-1, -1, -1, 1])                                    # AND
    >>> w, b, updates = perceptron_fit(X, y)
    >>> w, b, updates
    (array([3., 2.]), -4.0, 18)
    >>> perceptron_predict(X, w, b).astype(int)
    array([-1, -1, -1,  1])

Asked next: what do the weights of a neuron do, and what the bias? Why does the learning rate not change which
rows are corrected? Why does no line separate XOR, and what does a hidden layer change?
"""

import numpy as np


def neuron(x: np.ndarray, w: np.ndarray, b: float, activation: str = "step") -> np.ndarray:
    raise NotImplementedError("TODO: the weighted sum plus bias, then the activation")


def perceptron_fit(
    X: np.ndarray, y: np.ndarray, lr: float = 1.0, max_epochs: int = 100
) -> tuple[np.ndarray, float, int]:
    raise NotImplementedError("TODO: correct each mistake at once, stop after an epoch without one")


def perceptron_predict(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    raise NotImplementedError("TODO: the sign of the score, +1 at 0")
