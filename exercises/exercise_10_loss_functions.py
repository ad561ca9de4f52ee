"""Loss functions and metrics of regression, and two hinge losses.

Throughout, e = pred - target. pred and target are arrays of one and the same shape, any rank, at least one
element. float32 and float64 keep their dtype where an array is returned; integers of any kind are computed
as float64 (uint8 would wrap around: 3 - 5 = 254).

`mse_loss(pred, target, reduction="mean")`
    squared error e^2, without the factor 1/2 that some texts put in front
`mae_loss(pred, target, reduction="mean")`
    absolute error |e|
`huber_loss(pred, target, delta=1.0, reduction="mean")`
    0.5 * e^2                   where |e| <= delta
    delta * (|e| - 0.5 * delta) elsewhere; delta > 0
    (torch's smooth_l1_loss is this divided by its beta = delta.)

    reduction  "mean" over all elements or their "sum", a Python float; "none": a new array, shape of e

`loss_grad(name, pred, target, delta=1.0)`
    name     "mse", "mae" or "huber" (delta only matters there)
    returns  the gradient of that loss (reduction "mean") with respect to pred: a new array, shape of pred.
             The MAE has no derivative at e = 0; take 0.

`hinge_loss(score, y)`
    score, y  (N,), y holds labels -1 and +1
    returns   mean over n of max(0, 1 - y * score), a float
`multiclass_hinge_loss(scores, target, margin=1.0)`
    scores    (N, C)
    target    (N,), integer class numbers from 0 to C - 1
    returns   mean over n of (1/C) * sum over j of max(0, margin - scores[n, y] + scores[n, j]), a float,
              where y = target[n] and j runs over the WRONG classes, j != y (Weston and Watkins; the 1/C is
              that of torch's multi_margin_loss)

`rmse(pred, target)`
    returns  the root of the mean squared error, a float
`r2_score(pred, target)`
    returns  1 - SS_res / SS_tot, a float, with SS_res = sum e^2 and SS_tot = sum (target - mean(target))^2
             over all elements. 1 is perfect, 0 no better than always predicting the mean, worse is negative.
             If SS_tot is 0: 1.0 where SS_res is 0, too, else 0.0 (as scikit-learn; it takes target first).

ValueError in all of them: shapes that differ ((N, 1) against (N,) would broadcast to an N x N matrix), no
element. Further: an unknown reduction or name, delta <= 0 in a Huber loss or gradient, a label y other than
-1 and +1, a class number outside 0 .. C - 1 (negative ones, too), a class target that is not (N,).

Example
    >>> pred, target = np.array([1.0, 2.0, 5.0]), np.array([1.0, 4.0, 2.0])
    >>> mse_loss(pred, target, reduction="none")
    array([0., 4., 9.])
    >>> mae_loss(pred, target, reduction="sum")
    5.0
    >>> huber_loss(pred, target, delta=2.0, reduction="none")  # 0.5 * 2^2, 2 * (3 - 1)
    array([0., 2., 4.])
    >>> loss_grad("huber", pred, target, delta=1.0)
    array([ 0.        , -0.33333333,  0.33333333])
    >>> hinge_loss(np.array([0.5, 2.0]), np.array([-1, 1]))  # (1.5 + 0) / 2
    0.75
    >>> multiclass_hinge_loss(np.array([[1.0, 3.0, 0.5, -1.0]]), np.array([0]))  # (3 + 0.5 + 0) / 4
    0.875
    >>> r2_score(pred, np.array([2.0, 2.0, 2.0]))
    0.0

Asked next: which loss is the maximum likelihood under Gaussian noise, which under Laplace noise? What does an
outlier do to each optimum? Why is a metric like accuracy not used as a loss? When is the RMSE much larger
than the MAE?
"""

import numpy as np


def mse_loss(pred: np.ndarray, target: np.ndarray, reduction: str = "mean") -> np.ndarray | float:
    raise NotImplementedError("TODO: squared errors, reduced")


def mae_loss(pred: np.ndarray, target: np.ndarray, reduction: str = "mean") -> np.ndarray | float:
    raise NotImplementedError("TODO: absolute errors, reduced")


def huber_loss(pred: np.ndarray, target: np.ndarray, delta: float = 1.0, reduction: str = "mean") -> np.ndarray | float:
    raise NotImplementedError("TODO: quadratic up to delta, linear beyond")


def hinge_loss(score: np.ndarray, y: np.ndarray) -> float:
    raise NotImplementedError("TODO: mean of max(0, 1 - y * score)")


def multiclass_hinge_loss(scores: np.ndarray, target: np.ndarray, margin: float = 1.0) -> float:
    raise NotImplementedError("TODO: margin against every wrong class, divided by C, mean over the batch")


def rmse(pred: np.ndarray, target: np.ndarray) -> float:
    raise NotImplementedError("TODO: root of the mean squared error")


def r2_score(pred: np.ndarray, target: np.ndarray) -> float:
    raise NotImplementedError("TODO: 1 - SS_res / SS_tot")


def loss_grad(name: str, pred: np.ndarray, target: np.ndarray, delta: float = 1.0) -> np.ndarray:
    raise NotImplementedError("TODO: gradient of the mean loss with respect to pred")
