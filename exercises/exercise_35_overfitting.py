"""Underfitting, overfitting and large weights.

A polynomial of growing degree is the smallest model that shows it all. With too low a degree it misses the
curve (underfitting: the training error stays high). With degree N - 1 it runs through all N samples, noise
included: the training error is 0, the error between the samples is huge (overfitting). The price shows in the
weights: they get very LARGE. Large weights do not make a model rigid, they let it be steep, and follow the
noise. A penalty on their size keeps the same model smooth.

`poly_features(x, degree)`
    x        a float array (N,)
    degree   an int >= 0
    returns  a new array Phi (N, degree + 1) of x's dtype with the columns x^0, x^1, ..., x^degree (0^0 = 1)
    ValueError: degree < 0.

`fit_poly(x, y, degree, lam=0.0)`
    x, y     float arrays (N,), of one dtype
    degree   an int, 0 <= degree < N
    lam      a float >= 0
    returns  the weights w (degree + 1,) that minimise
                 ||Phi w - y||^2 + lam * (w_1^2 + ... + w_degree^2)          Phi = poly_features(x, degree)
             The squared error is a SUM over the samples, not a mean, and the intercept w_0 is not penalised.
    Floats keep their dtype. ValueError: degree < 0, lam < 0.

    Numerics: Phi is ill-conditioned, and Phi^T Phi squares its condition number. At degree 11, lam = 0 and 12
    points on [0, 1] the weights must be right to 1e-6 of their norm; solving the normal equations loses all
    digits there. np.linalg.lstsq is allowed (np.polyfit and np.polynomial are not). With a penalty it is
    still least squares: with more rows.

`capacity_curve(x_tr, y_tr, x_va, y_va, degrees, lam=0.0)`
    x_tr, y_tr  the training samples, float64 arrays (N,): the only ones that are fitted to
    x_va, y_va  the validation samples, float64 arrays (M,)
    degrees     a list of at least one int, in any order
    lam         as above
    returns     a dict with three float64 arrays (len(degrees),), one entry per degree, in the list's order:
                "train_mse"    the mean squared error on the training samples (without the penalty)
                "val_mse"      the same weights' mean squared error on the validation samples
                "weight_norm"  the length of the weights without the intercept, sqrt(w_1^2 + ... + w_degree^2)
    ValueError: degrees is empty; a degree or lam below 0.

`diagnose_curves(train, val, target)`
    train, val  lists of floats, the loss after each epoch; not empty; their lengths may differ
    target      a float, the training loss that would do
    returns     a str: the first of these rules that applies. [-1] is the last epoch
                "diverged"   NaN or an infinity anywhere in train or val, or train[-1] > 10 * train[0]
                "underfit"   train[-1] > target
                "overfit"    val[-1] > 1.1 * min(val)  and  val[-1] > train[-1] + 0.1 * |target|
                "good"       none of them
    So overfitting is judged against the BEST validation loss, not against the epoch before, which noise moves
    up and down. The rules are made for losses >= 0, but hold as written for negative losses and targets.
    ValueError: train or val is empty.

`generalization_gap(train, val)`
    train, val  floats, the losses at one time
    returns     val - train, a float; positive where the model does worse on data that it has not seen

No function changes its arguments.

Example
    >>> poly_features(np.array([2.0, -1.0]), 3)
    array([[ 1.,  2.,  4.,  8.],
           [ 1., -1.,  1., -1.]])
    >>> x, y = np.array([-1.0, 0.0, 1.0]), np.array([2.0, 1.0, 6.0])
    >>> print(fit_poly(x, y, 1).round(9))                         # w_0 = mean of y, w_1 = sum x y / sum x^2
    [3. 2.]
    >>> print(fit_poly(x, y, 1, lam=2.0).round(9))                # w_1 = sum x y / (sum x^2 + lam)
    [3. 1.]
    >>> curve = capacity_curve(x, y, np.array([0.5, 2.0]), np.array([4.0, 8.0]), [0, 1])
    >>> {name: values.round(6).tolist() for name, values in curve.items()}
    {'train_mse': [4.666667, 2.0], 'val_mse': [13.0, 0.5], 'weight_norm': [0.0, 2.0]}
    >>> diagnose_curves([1.0, 0.4, 0.1], [1.1, 0.6, 0.9], target=0.2)
    'overfit'
    >>> generalization_gap(0.25, 0.75)
    0.5

Asked next: why do large weights go with overfitting? What helps besides a penalty, and what helps against
underfitting? Does cross-validation prevent overfitting, or measure it? The training loss does not fall: where
do you look first? Why can a network with more weights than samples still generalise?
"""

import numpy as np


def poly_features(x: np.ndarray, degree: int) -> np.ndarray:
    raise NotImplementedError("TODO: one column per power")


def fit_poly(x: np.ndarray, y: np.ndarray, degree: int, lam: float = 0.0) -> np.ndarray:
    raise NotImplementedError("TODO: least squares with a penalty, the intercept free")


def capacity_curve(
    x_tr: np.ndarray, y_tr: np.ndarray, x_va: np.ndarray, y_va: np.ndarray, degrees: list[int], lam: float = 0.0
) -> dict[str, np.ndarray]:
    raise NotImplementedError("TODO: fit each degree, measure both errors and the size of the weights")


def diagnose_curves(train: list[float], val: list[float], target: float) -> str:
    raise NotImplementedError("TODO: the rules in their order")


def generalization_gap(train: float, val: float) -> float:
    raise NotImplementedError("TODO: how much worse on unseen data")
