"""Confusion matrix, precision/recall/F1, ROC-AUC, average precision.

`confusion_matrix(y_true, y_pred, num_classes=None)`
    y_true       labels (N,), integers of any integer dtype, 0 <= label < C
    y_pred       predicted labels (N,), the same kind
    num_classes  C; None: the largest label in y_true or y_pred, plus 1
    returns      int64 array (C, C): entry [t, p] counts the samples of true class t predicted as p
                 (rows are TRUE classes, columns are predictions); a class that never occurs has zeros

    ValueError: different lengths, a label that is negative or >= num_classes.

`precision_recall_f1(cm, average=None)`
    cm           a confusion matrix (C, C) as above
    average      None, "macro", "micro" or "weighted"
    returns      (precision, recall, f1): for None three float64 arrays (C,), otherwise three Python floats

    Per class c:  P = cm[c, c] / sum of column c,  R = cm[c, c] / sum of row c,  F1 = 2 P R / (P + R).
    Any 0/0 counts as 0.0, without a numpy warning.
    "macro"      the mean of the per-class values over all C classes; macro F1 is the mean of the F1s
    "micro"      the same formulas on pooled counts: diagonal, column sums, row sums, each summed over c
    "weighted"   the mean of the per-class values weighted by the row sums (how often a class is true)
    ValueError: any other average.

`roc_curve(y_true, score)`
    y_true       labels (N,), 0 or 1 (integers or bools)
    score        (N,), finite integers or floats; larger means more likely positive
    returns      (fpr, tpr, thresholds), float64 arrays of equal length: the point (0, 0) with threshold inf,
                 then one point per DISTINCT score in descending order, `score >= threshold` being predicted
                 positive. The last point is (1, 1). No point is left out, even on a straight piece.

    fpr = false positives / negatives, tpr = true positives / positives.

`roc_auc(y_true, score)`
    returns      a Python float: the area under that curve by the trapezoid rule. It equals
                 P(score of a positive > score of a negative) + 0.5 P(they tie).

`average_precision(y_true, score)`
    returns      a Python float: sum_k (R_k - R_{k-1}) P_k over the distinct scores in descending order,
                 P_k and R_k the precision and recall of `score >= threshold_k`, R_0 = 0. A step sum, without
                 interpolation.

    The work of roc_curve, roc_auc and average_precision grows like N log N: 200 000 samples are no trouble.
    ValueError in all three: different lengths, a label that is not 0 or 1, no positive or no negative
    sample (a rate would be 0/0), NaN in score.

No argument is modified. Accuracy is the sum of the diagonal over the sum of cm, which is what micro
precision, recall and F1 give. On imbalanced data accuracy and ROC-AUC can look fine where nothing useful is
found: the accuracy of predicting the larger class always is that class's share. Look at recall and average
precision as well.

Example
    >>> cm = confusion_matrix(np.array([0, 0, 1, 2, 2]), np.array([0, 2, 1, 2, 2]))
    >>> cm
    array([[1, 0, 1],
           [0, 1, 0],
           [0, 0, 2]])
    >>> precision_recall_f1(cm)[1]
    array([0.5, 1. , 1. ])
    >>> y, score = np.array([1, 0, 1, 0]), np.array([0.9, 0.4, 0.4, 0.1])
    >>> roc_curve(y, score)
    (array([0. , 0. , 0.5, 1. ]), array([0. , 0.5, 1. , 1. ]), array([inf, 0.9, 0.4, 0.1]))
    >>> float(roc_auc(y, score)), round(float(average_precision(y, score)), 4)
    (0.875, 0.8333)

Asked next: which metric for 1% positives, and why? What does a random scorer get in ROC-AUC and in average
precision? Why must points of a precision-recall curve not be joined by straight lines?
"""

import numpy as np


def confusion_matrix(y_true: np.ndarray, y_pred: np.ndarray, num_classes: int | None = None) -> np.ndarray:
    raise NotImplementedError("TODO: count the pairs (true, predicted)")


def precision_recall_f1(cm: np.ndarray, average: str | None = None) -> tuple:
    raise NotImplementedError("TODO: diagonal over column sums, diagonal over row sums, their harmonic mean")


def roc_curve(y_true: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    raise NotImplementedError("TODO: one point per distinct score, from the largest down")


def roc_auc(y_true: np.ndarray, score: np.ndarray) -> float:
    raise NotImplementedError("TODO: the area under the ROC curve")


def average_precision(y_true: np.ndarray, score: np.ndarray) -> float:
    raise NotImplementedError("TODO: sum of the steps in recall times the precision there")
