"""Binary cross-entropy with logits, and why not the squared error.

One logit z per yes/no question, s(z) = 1 / (1 + exp(-z)) is the probability of yes, t is the target. With
the weight q of the positive class the loss of one element is

    l = -( q * t * log s(z) + (1 - t) * log(1 - s(z)) )

Computed as written it takes the log of 0 once s(z) rounds to 0 or 1. Computed from the logit it is safe for
every z:

    -log s(z) = log1p(exp(-|z|)) + max(-z, 0),    -log(1 - s(z)) = -log s(-z) = -log s(z) + z

`bce_with_logits(logits, target, pos_weight=None, reduction="mean")`
    logits      floats of any shape
    target      the same shape, values from 0 to 1 (soft targets are fine), of logits' dtype; 0/1 targets may
                be integers or bool
    pos_weight  q > 0: a Python number, or an array (C,) of logits' dtype with one q per column, where C is
                the size of the last axis; None: 1. It multiplies the term with t only.
    reduction   "mean" over ALL elements, "sum" or "none"
    returns     "none": the losses, in logits' shape; "sum" and "mean": one number (Python or numpy)

`bce_with_logits_backward(logits, target, pos_weight=None)`
    returns     the gradient of the mean loss with respect to logits, same shape:
                ((1 - t) s(z) - q t (1 - s(z))) / n for n elements; with q = 1 that is (s(z) - t) / n

`output_gradients(logits, target)`
    returns     (dBCE/dz, dMSE/dz) element by element, not averaged, each in logits' shape, for the losses
                l (q = 1) and (s(z) - t)^2 / 2:
                    dBCE/dz = s(z) - t,    dMSE/dz = (s(z) - t) * s(z) * (1 - s(z))
                The factor s(z) (1 - s(z)) vanishes for a confident unit, also for one that is wrong: it
                stops learning under the squared error. Cross-entropy cancels this factor of the OUTPUT
                unit, and nothing else: hidden units can saturate under either loss.

All functions return new arrays and leave their arguments as they are. float32 logits give float32 (with
integer or bool targets, too), float64 and integer logits give float64. Logits of +-1e4 give the right
finite numbers, without a warning: with the wrong label the loss is |z|.

ValueError, from all three: target of another shape than logits ((N,) against (N, 1) would broadcast to
N x N); a target below 0 or above 1. From the first two: a pos_weight <= 0 or of another length than C. From the
first: another reduction.

Example
    >>> z = np.array([np.log(3.0), np.log(3.0)])  # s(z) = 3/4
    >>> bce_with_logits(z, np.array([1.0, 0.0]), reduction="none").round(6)  # -log(3/4), -log(1/4)
    array([0.287682, 1.386294])
    >>> bce_with_logits_backward(z, np.array([1.0, 0.0]), pos_weight=2.0).round(6)
    array([-0.25 ,  0.375])
    >>> d_bce, d_mse = output_gradients(np.array([-20.0]), np.array([1.0]))  # confident and wrong
    >>> bool(abs(d_bce[0]) > 0.99), bool(abs(d_mse[0]) < 1e-8)
    (True, True)

Asked next: why is cross-entropy the loss that maximum likelihood gives for a Bernoulli output? When do you
use C sigmoids and when one softmax over C classes? What does pos_weight do to precision and recall, and to
the predicted probabilities?
"""

import numpy as np


def bce_with_logits(
    logits: np.ndarray,
    target: np.ndarray,
    pos_weight: float | np.ndarray | None = None,
    reduction: str = "mean",
) -> np.ndarray | float:
    raise NotImplementedError("TODO: the losses from the logits, then the reduction")


def bce_with_logits_backward(
    logits: np.ndarray, target: np.ndarray, pos_weight: float | np.ndarray | None = None
) -> np.ndarray:
    raise NotImplementedError("TODO: the gradient of the mean loss; start with pos_weight=None, (s(z) - t) / n")


def output_gradients(logits: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: dBCE/dz and dMSE/dz for each element")
