"""Dead and saturated units.

A ReLU unit is dead when its pre-activation z is <= 0 for EVERY sample of the data: its output and its
gradient are zero on all of them, so no gradient step on these data moves its weights again. Being silent on
some samples is normal. Sigmoid and tanh units do not die, they saturate: at large |z| the derivative is tiny,
though not zero. These are two faults with two cures: dead units want a better bias, a smaller learning rate
or a leaky slope; saturated ones want a smaller initial scale or normalisation. Putting ReLU in place of a
saturating activation trades one fault for the other. Both are diagnosed from the pre-activations, not from a
small mean of the outputs.

`dead_unit_mask(z)`
    z            pre-activations (N, H) over the whole data set
    returns      bool array (H,): True where a unit is dead, that is z <= 0 in every row

`dead_fraction(W, b, X)`
    W, b, X      a layer's weights (H, D), its bias (H,), the data (N, D); z = X W^T + b
    returns      a Python float: the share of the H units that are dead on X

`saturated_fraction(z, activation, tol=1e-3)`
    z            pre-activations (N, H); 1e4 and -1e4 are as good as any other number
    activation   "sigmoid", "tanh" or "relu"
    tol          a float >= 0
    returns      float64 array (H,): for each unit the share of the N samples with |act'(z)| < tol (equal is
                 not below); for "relu" the share with z <= 0, whatever tol is

`sgd_step_one_layer(W, b, v, X, y, lr, negative_slope=0.0)`
    W, b         as above
    v            (H,) output weights, which stay fixed
    X, y         the whole batch (N, D) and its targets (N,)
    lr           a float, the learning rate
    negative_slope
                 a float
    returns      (new W, new b), new arrays after ONE step of gradient descent for both on
                     L = mean over the N samples of (act(X W^T + b) v - y)^2
                 where act(z) = z for z > 0 and negative_slope * z for z <= 0, whose derivative at z = 0 is
                 negative_slope, too. float32 stays float32.

    With slope 0 the row of W and the b of a dead unit come back bit for bit; with slope 0.01 they move.

No argument is modified.
ValueError: z that is not 2-d; W, b, v, X, y whose shapes do not fit together as above (also where they would
broadcast: b, v or y of shape (1,), v of shape (H, 1), y of shape (N, 1)); tol < 0; an activation not listed.

Example
    >>> z = np.array([[-1.0, -1.0, 0.0], [-2.0, 3.0, 0.0]])
    >>> dead_unit_mask(z)
    array([ True, False,  True])
    >>> saturated_fraction(z * 5, "tanh")
    array([1., 1., 0.])
    >>> W, b, v = np.array([[1.0], [1.0]]), np.array([0.0, -5.0]), np.array([1.0, 1.0])
    >>> X, y = np.array([[1.0], [3.0]]), np.array([2.0, 2.0])
    >>> dead_fraction(W, b, X)
    0.5
    >>> sgd_step_one_layer(W, b, v, X, y, 0.5)         # the second unit is dead and stays as it was
    (array([[0.],
           [1.]]), array([ 0., -5.]))

Asked next: how can a large learning rate kill a unit in one step? What does leaky ReLU change, and what does
it cost? How would you find dead units in a trained network, and what would you do about them? Why is a dead
unit in a hidden layer sometimes revived while the layers before it go on learning?
"""

import numpy as np


def dead_unit_mask(z: np.ndarray) -> np.ndarray:
    raise NotImplementedError("TODO: z <= 0 in every row")


def dead_fraction(W: np.ndarray, b: np.ndarray, X: np.ndarray) -> float:
    raise NotImplementedError("TODO: the share of dead units")


def saturated_fraction(z: np.ndarray, activation: str, tol: float = 1e-3) -> np.ndarray:
    raise NotImplementedError("TODO: for each unit the share of samples with a tiny derivative")


def sgd_step_one_layer(
    W: np.ndarray,
    b: np.ndarray,
    v: np.ndarray,
    X: np.ndarray,
    y: np.ndarray,
    lr: float,
    negative_slope: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: forward, backward, one step of W and b")
