"""Log-softmax and categorical cross-entropy from logits.

Softmax turns logits into probabilities; cross-entropy is the loss, minus the log of the probability of the
right class. The two are computed together, from the logits, because log(softmax) on its own is log(0) as
soon as a probability underflows. The loss has no upper end: a confident mistake costs as much as the logits
are apart.

`logsumexp(x, axis=-1, keepdims=False)`
    x         array of any rank >= 1
    returns   log(sum of exp(x) along the axis); the axis is gone, or kept as size 1 with keepdims=True

    m + log(sum exp(x - m)), with m the maximum of each slice, does not overflow. A slice that is -inf
    throughout gives -inf.

`log_softmax(x, axis=-1)`
    returns   x - logsumexp(x) along the axis, same shape; a logit of -inf beside finite ones gives -inf

`cross_entropy(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean")`
    logits           (N, C), finite, N >= 1. RAW scores: the loss normalises them itself. After a softmax of
                     your own the loss could not fall below log(1 + 9/e) = 1.4612 for 10 classes, however
                     right the answer is.
    target           (N,) integers, the class of each row; or (N, C) floats, the probabilities of the classes
    weight           (C,) floats, how much each class counts; None: all ones
    ignore_index     rows with this class id are left out (it may lie outside 0 ... C-1); it has no meaning
                     for probabilities
    label_smoothing  e from 0 to 1: the share of the target that is spread evenly over all C classes
    reduction        "mean", "sum" or "none"
    returns          "none": (N,), the loss of each row; "sum" and "mean": one number (Python or numpy)

    With p = log_softmax(logits) and w = weight, in nats:
        class ids       loss_n = (1 - e) * w[y_n] * (-p[n, y_n]) + (e / C) * sum over c of w_c * (-p[n, c])
                        an ignored row: 0
        probabilities   loss_n = -sum over c of w_c * t'_c * p[n, c],  with t' = (1 - e) * t + e / C
                        (t is not checked: nothing has to sum to 1)
    "sum" is the sum over the rows. "mean" divides that sum
        for class ids by the sum of w[y_n] over the rows that are not ignored (without weights: by their
        number), for probabilities by N, with weights, too.
    If every row is ignored the mean is NaN.

`cross_entropy_backward(logits, target, weight=None, ignore_index=-100, label_smoothing=0.0)`
    returns   the gradient of the mean loss with respect to logits, (N, C); it is 0 in ignored rows, and 0
              everywhere if every row is ignored. Plain class ids: (softmax - onehot) / N.

All functions return new arrays and leave their arguments as they are. Floats keep their dtype: float32
logits (with float32 weight and probabilities) give float32 losses and gradients whatever the integer dtype
of the class ids; integer logits give float64. Logits of +-1e4 give the right finite numbers, without a
warning.

ValueError, from cross_entropy and cross_entropy_backward: logits that are not (N, C); target neither (N,)
nor (N, C); weight not (C,); a class id below 0 or above C-1 that is not ignore_index; label_smoothing
outside 0 ... 1. From cross_entropy: another reduction. From logsumexp and log_softmax: an axis that x does
not have.

Example
    >>> logits = np.array([[0.0, np.log(3.0)], [0.0, np.log(3.0)]])  # softmax: 1/4 and 3/4
    >>> cross_entropy(logits, np.array([1, 0]), reduction="none").round(6)  # log(4/3), log(4)
    array([0.287682, 1.386294])
    >>> cross_entropy_backward(logits, np.array([1, 0])).round(6)
    array([[ 0.125, -0.125],
           [-0.375,  0.375]])
    >>> mean = cross_entropy(logits, np.array([1, 0]), weight=np.array([3.0, 1.0]))
    >>> round(float(mean), 6)  # (1 * log(4/3) + 3 * log(4)) / (1 + 3), not / 2
    1.111641

Asked next: why cross-entropy for classification and not the squared error? What does the loss of a fresh
network over C classes start at, and what does a loss of 10 tell you? What do class weights do to the
predicted probabilities? Why does label smoothing keep logits from growing?
"""

import numpy as np


def logsumexp(x: np.ndarray, axis: int = -1, keepdims: bool = False) -> np.ndarray:
    raise NotImplementedError("TODO: maximum + log of the sum of exp(x - maximum)")


def log_softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    raise NotImplementedError("TODO: x - logsumexp(x), the axis kept")


def cross_entropy(
    logits: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> np.ndarray | float:
    raise NotImplementedError("TODO: the loss of each row, then the reduction")


def cross_entropy_backward(
    logits: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> np.ndarray:
    raise NotImplementedError("TODO: the gradient of the mean loss; start with plain class ids, (softmax - onehot) / N")
