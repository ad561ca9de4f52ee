"""L1 and L2 penalties: shrinkage against sparsity.

Both add a price for large weights to the loss, with a strength lam >= 0:

    L2 (ridge)     loss + lam * sum of w^2         gradient of the penalty 2 * lam * w
    L1 (lasso)     loss + lam * sum of |w|         subgradient lam * sign(w), 0 where w is 0
    elastic net    loss + l1 * sum of |w| + l2 * sum of w^2

L2 has the SQUARED norm here and no factor 1/2, hence the 2 in its gradient. Libraries differ by that factor:
a weight decay of wd, as in p <- p - lr * (gradient + wd * p), is lam = wd / 2.

`l2_penalty(weights, lam)`, `l1_penalty(weights, lam)`, `elastic_net_penalty(weights, l1, l2)`
    weights      a list of at least one float array, of any shapes. Biases are usually not penalised, but it
                 is the caller who leaves them out: every array in the list counts, 1-D ones too
    lam, l1, l2  floats >= 0
    returns      the tuple (value, gradients): the penalty, summed over all entries of all arrays, a float;
                 and a list of new arrays, one per weight array, with its shape and dtype, float32, too

    ValueError: an empty list; lam, l1 or l2 below 0.

`soft_threshold(w, t)`
    Takes t off the size of every entry; the small ones become exactly 0.
    w            a float array of any shape
    t            a float >= 0
    returns      sign(w) * max(|w| - t, 0), a new array of w's shape and dtype (0.0 and -0.0 are both right)
    ValueError: t < 0.

`ridge_fit(X, y, lam)`
    X, y         inputs (N, D) and targets (N,)
    lam          a float >= 0. If it is 0, the D columns are independent; else X may be anything, D > N too
    returns      the w, shape (D,), that minimises 1/(2N) * ||X w - y||^2 + lam * sum of w^2, the solution of
                     (X^T X / N + 2 lam I) w = X^T y / N
    Floats keep their dtype: float32 X and y give a float32 w. ValueError: lam < 0.

`lasso_fit(X, y, lam, steps=2000)`
    X, y, lam    as above (any X that is not 0 throughout)
    steps        how many steps to take, an int >= 1
    returns      the w, shape (D,), after so many steps of ISTA on 1/(2N) * ||X w - y||^2 + lam * sum of |w|:
                     w <- soft_threshold(w - g / L, lam / L)      with g = X^T (X w - y) / N, from w = 0
                 L is the largest eigenvalue of X^T X / N, 1/L the step size. Take all `steps` steps
    Floats keep their dtype, as above. ValueError: lam < 0.

No intercept in either: X and y are taken as centred.

L1 makes weights exactly 0, but not under any optimizer: with plain subgradient steps they hover about 0. The
zeros come from the threshold (a proximal step). Where X^T X / N = I, let b = X^T y / N be the least-squares
weights: ridge divides all of them by 1 + 2 lam, and none becomes 0; lasso takes lam off the size of each, and
the small ones are 0. Whatever X is, from lam = max |X^T y| / N on, lasso returns zeros only.

Example
    >>> value, gradients = l2_penalty([np.array([[1.0, -2.0]]), np.array([3.0])], 0.5)
    >>> float(value)                                # 0.5 * (1 + 4 + 9)
    7.0
    >>> gradients
    [array([[ 1., -2.]]), array([3.])]
    >>> l1_penalty([np.array([2.0, 0.0, -1.0])], 0.5)[1]
    [array([ 0.5,  0. , -0.5])]
    >>> soft_threshold(np.array([3.0, -1.5, 0.5]), 1.0)
    array([ 2. , -0.5,  0. ])
    >>> X, y = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([3.0, 2.0])
    >>> X.T @ y / 2                                 # and X^T X / 2 = I
    array([2.5, 0.5])
    >>> ridge_fit(X, y, 0.5)                        # divided by 1 + 2 * 0.5
    array([1.25, 0.25])
    >>> lasso_fit(X, y, 1.0)                        # less 1, or 0
    array([1.5, 0. ])

Asked next: why does L1 give sparse weights and L2 does not (draw the contours)? Which prior on the weights
does each stand for? Is weight decay the same as an L2 penalty under Adam? Of two equal columns, which does
lasso use?
"""

import numpy as np


def l2_penalty(weights: list[np.ndarray], lam: float) -> tuple[float, list[np.ndarray]]:
    raise NotImplementedError("TODO: lam * sum of squares, and its gradient per array")


def l1_penalty(weights: list[np.ndarray], lam: float) -> tuple[float, list[np.ndarray]]:
    raise NotImplementedError("TODO: lam * sum of absolute values, and its subgradient per array")


def elastic_net_penalty(weights: list[np.ndarray], l1: float, l2: float) -> tuple[float, list[np.ndarray]]:
    raise NotImplementedError("TODO: the sum of both")


def soft_threshold(w: np.ndarray, t: float) -> np.ndarray:
    raise NotImplementedError("TODO: every entry t closer to 0, but not past it")


def ridge_fit(X: np.ndarray, y: np.ndarray, lam: float) -> np.ndarray:
    raise NotImplementedError("TODO: solve the normal equation")


def lasso_fit(X: np.ndarray, y: np.ndarray, lam: float, steps: int = 2000) -> np.ndarray:
    raise NotImplementedError("TODO: gradient step, threshold, again")
