"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_12_classification_metrics import (
    average_precision,
    confusion_matrix,
    precision_recall_f1,
    roc_auc,
    roc_curve,
)


def _ratio(a, b):
    return np.divide(a, b, out=np.zeros(np.shape(b)), where=np.asarray(b) > 0)


def _validated(y_true, score):
    roc_curve(y_true, score)  # the reference's ValueErrors


@wrong(replaces="confusion_matrix", fails=["confusion", "imbalance_demo"])
def transposed(y_true, y_pred, num_classes=None):
    """Rows are TRUE classes; your precision and recall are swapped."""
    return confusion_matrix(y_pred, y_true, num_classes)


@wrong(replaces="confusion_matrix", fails=["confusion", "speed_errors"])
def classes_from_true_only(y_true, y_pred, num_classes=None):
    """A class may be predicted that is never true: take the largest label of both y_true and y_pred."""
    if num_classes is None:
        num_classes = y_true.max() + 1
    kept = (y_pred < num_classes) & (y_true < num_classes)
    return confusion_matrix(y_true[kept], y_pred[kept], num_classes)


@wrong(replaces="confusion_matrix", fails=["confusion"])
def float_counts(y_true, y_pred, num_classes=None):
    """Counts are integers: np.zeros gives float64 unless you ask for dtype=np.int64."""
    return confusion_matrix(y_true, y_pred, num_classes).astype(np.float64)


@wrong(replaces="confusion_matrix", fails=["confusion", "imbalance_demo"])
def repeated_pairs_lost(y_true, y_pred, num_classes=None):
    """cm[y_true, y_pred] += 1 counts a repeated pair once: use np.add.at, np.bincount or a loop."""
    cm = np.zeros_like(confusion_matrix(y_true, y_pred, num_classes))
    cm[y_true, y_pred] += 1
    return cm


@wrong(replaces="confusion_matrix", fails=["confusion"])
def small_integers_overflow(y_true, y_pred, num_classes=None):
    """y_true * C + y_pred overflows in int8 labels: convert to int64 first."""
    confusion_matrix(y_true, y_pred, num_classes)
    c = int(max(y_true.max(initial=0), y_pred.max(initial=0))) + 1 if num_classes is None else num_classes
    flat = (y_true * np.array(c, dtype=y_true.dtype) + y_pred).astype(np.int64) % (c * c)
    return np.bincount(flat, minlength=c * c).reshape(c, c)


@wrong(replaces="confusion_matrix", fails=["speed_errors"])
def negative_label_wraps(y_true, y_pred, num_classes=None):
    """A negative label indexes from the end and is counted as another class: refuse it."""
    c = int(max(y_true.max(), y_pred.max())) + 1 if num_classes is None else num_classes
    return confusion_matrix(np.where(y_true < 0, y_true + c, y_true), np.where(y_pred < 0, y_pred + c, y_pred), c)


@wrong(replaces="precision_recall_f1", fails=["prf", "imbalance_demo"])
def precision_recall_swapped(cm, average=None):
    """Precision divides by what was predicted (columns), recall by what is true (rows)."""
    precision, recall, f1 = precision_recall_f1(cm, average)
    return recall, precision, f1


@wrong(replaces="precision_recall_f1", fails=["prf"])
def macro_f1_of_means(cm, average=None):
    """Macro F1 averages the per-class F1 values."""
    precision, recall, f1 = precision_recall_f1(cm, average)
    if average == "macro":
        f1 = float(_ratio(2 * precision * recall, precision + recall))
    return precision, recall, f1


@wrong(replaces="precision_recall_f1", fails=["prf"])
def macro_over_present(cm, average=None):
    """Macro averages over all C classes here; a class without samples and predictions counts as 0."""
    if average != "macro":
        return precision_recall_f1(cm, average)
    present = (cm.sum(axis=0) + cm.sum(axis=1)) > 0
    return tuple(float(v[present].sum() / max(1, present.sum())) for v in precision_recall_f1(cm))


@wrong(replaces="precision_recall_f1", fails=["prf", "imbalance_demo"])
def micro_differs(cm, average=None):
    """Micro pools TP/FP/FN first; for single-label data it equals accuracy."""
    return precision_recall_f1(cm, "macro" if average == "micro" else average)


@wrong(replaces="precision_recall_f1", fails=["prf"])
def weighted_by_predictions(cm, average=None):
    """The weights are the row sums: how often a class is true, not how often it is predicted."""
    if average != "weighted":
        return precision_recall_f1(cm, average)
    weights = cm.sum(axis=0)
    return tuple(float(_ratio((v * weights).sum(), weights.sum())) for v in precision_recall_f1(cm))


@wrong(replaces="precision_recall_f1", fails=["prf", "imbalance_demo"])
def f1_arithmetic(cm, average=None):
    """F1 is the harmonic mean 2PR/(P+R), not (P+R)/2: one of the two near 0 must pull it down."""
    precision, recall, f1 = precision_recall_f1(cm)
    f1 = (precision + recall) / 2
    if average is None:
        return precision, recall, f1
    if average == "micro":
        return precision_recall_f1(cm, average)
    weights = cm.sum(axis=1) if average == "weighted" else np.ones(len(cm))
    precision, recall, _ = precision_recall_f1(cm, average)
    return precision, recall, float(_ratio((f1 * weights).sum(), weights.sum()))


@wrong(replaces="precision_recall_f1", fails=["prf", "imbalance_demo"])
def nan_zero_div(cm, average=None):
    """Define 0/0 as 0.0 here."""
    precision_recall_f1(cm, average)
    hits, predicted, true = np.diag(cm), cm.sum(axis=0), cm.sum(axis=1)
    if average == "micro":
        hits, predicted, true = hits.sum(), predicted.sum(), true.sum()
    precision, recall = hits / predicted, hits / true
    f1 = 2 * precision * recall / (precision + recall)
    if average is None:
        return precision, recall, f1
    weights = true if average == "weighted" else np.ones(np.shape(true))
    return tuple(float((v * weights).sum() / weights.sum()) for v in (precision, recall, f1))


@wrong(replaces="precision_recall_f1", fails=["speed_errors"])
def unknown_average_is_macro(cm, average=None):
    """An unknown `average` should raise ValueError, not fall through to one of the known ones."""
    known = average in (None, "micro", "weighted")
    return precision_recall_f1(cm, average if known else "macro")


def _per_sample(y_true, score):
    _validated(y_true, score)
    order = np.argsort(-score, kind="stable")
    y = y_true[order].astype(np.int64)
    return np.append(0, np.cumsum(y)), np.append(0, np.cumsum(1 - y)), np.append(np.inf, score[order])


@wrong(
    replaces=("roc_curve", "average_precision"),
    fails=["roc_points", "auc_value", "average_precision", "imbalance_demo"],
)
class ties_per_sample:
    """Tied scores share one threshold; otherwise the AUC depends on row order."""

    def roc_curve(y_true, score):
        tp, fp, thresholds = _per_sample(y_true, score)
        return fp / fp[-1], tp / tp[-1], thresholds

    def average_precision(y_true, score):
        tp, fp, _ = _per_sample(y_true, score)
        return float(np.sum(np.diff(tp) / tp[-1] * tp[1:] / (tp + fp)[1:]))


@wrong(replaces="roc_curve", fails=["roc_points", "auc_value"])
def ascending(y_true, score):
    """Sweep downward: predict positive when score >= threshold."""
    _validated(y_true, score)
    thresholds = np.append(-np.inf, np.unique(score))
    positives, negatives = np.sort(score[y_true == 1]), np.sort(score[y_true == 0])
    tpr = np.searchsorted(positives, thresholds, side="right") / len(positives)
    return np.searchsorted(negatives, thresholds, side="right") / len(negatives), tpr, thresholds


@wrong(replaces="roc_curve", fails=["roc_points", "auc_value", "imbalance_demo"])
def greater_only(y_true, score):
    """A sample whose score equals the threshold is predicted positive: use >=, not >."""
    fpr, tpr, thresholds = roc_curve(y_true, score)
    return np.append(0.0, fpr[:-1]), np.append(0.0, tpr[:-1]), thresholds


@wrong(replaces="roc_curve", fails=["roc_points", "auc_value", "imbalance_demo"])
def no_origin(y_true, score):
    """The curve starts at (0, 0) with threshold inf, where nothing is predicted positive."""
    return tuple(part[1:] for part in roc_curve(y_true, score))


@wrong(replaces="roc_curve", fails=["roc_points", "auc_value"])
def axes_swapped(y_true, score):
    """The order is fpr, tpr, thresholds."""
    fpr, tpr, thresholds = roc_curve(y_true, score)
    return tpr, fpr, thresholds


@wrong(replaces="roc_curve", fails=["roc_points"])
def straight_points_dropped(y_true, score):
    """Keep one point for every distinct score, also where the curve goes straight on."""
    fpr, tpr, thresholds = roc_curve(y_true, score)
    bends = np.abs(np.diff(fpr, 2)) + np.abs(np.diff(tpr, 2)) > 1e-12
    kept = np.concatenate([[True], bends, [True]])
    return fpr[kept], tpr[kept], thresholds[kept]


@wrong(replaces="roc_curve", fails=["roc_points"])
def first_threshold_finite(y_true, score):
    """The first threshold is inf: no finite number is above every possible score."""
    fpr, tpr, thresholds = roc_curve(y_true, score)
    return fpr, tpr, np.append(thresholds[1] + 1, thresholds[1:])


@wrong(replaces="roc_auc", fails=["auc_value"])
def auc_hard_labels(y_true, score):
    """AUC needs scores; hard labels give one point only."""
    _validated(y_true, score)
    return roc_auc(y_true, (score >= 0.5).astype(np.float64))


@wrong(replaces="roc_auc", fails=["auc_value", "imbalance_demo"])
def auc_ties_lost(y_true, score):
    """A tie between a positive and a negative counts half: use the trapezoid, not a rectangle under it."""
    fpr, tpr, _ = roc_curve(y_true, score)
    return float(np.sum(np.diff(fpr) * tpr[:-1]))


@wrong(replaces="roc_auc", fails=["auc_value", "imbalance_demo"])
def auc_ties_won(y_true, score):
    """A tie between a positive and a negative counts half: use the trapezoid, not a rectangle above it."""
    fpr, tpr, _ = roc_curve(y_true, score)
    return float(np.sum(np.diff(fpr) * tpr[1:]))


@wrong(replaces="roc_auc", fails=["auc_value"])
def auc_flipped_to_half(y_true, score):
    """An AUC below 0.5 is a result, not an error: do not report 1 - AUC instead."""
    auc = roc_auc(y_true, score)
    return max(auc, 1 - auc)


@wrong(replaces="roc_auc", fails=["speed_errors"])
def all_pairs(y_true, score):
    """Comparing every positive with every negative costs N^2; sort once and count."""
    _validated(y_true, score)
    difference = score[y_true == 1][:, None] - score[y_true == 0][None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


@wrong(replaces="average_precision", fails=["average_precision", "imbalance_demo"])
def ap_trapezoid(y_true, score):
    """Linear interpolation is invalid in PR space: use the step sum."""
    recall, precision = _pr_points(y_true, score)
    return float(np.trapezoid(np.append(1.0, precision), np.append(0.0, recall)))


@wrong(replaces="average_precision", fails=["average_precision"])
def ap_interpolated(y_true, score):
    """Use the precision at each threshold itself, not the best precision at any higher recall."""
    recall, precision = _pr_points(y_true, score)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * best))


@wrong(replaces="average_precision", fails=["average_precision"])
def ap_mean_precision(y_true, score):
    """Weight each precision by its step in recall; a plain mean over the thresholds is something else."""
    return float(np.mean(_pr_points(y_true, score)[1]))


def _pr_points(y_true, score):
    fpr, tpr, _ = roc_curve(y_true, score)
    positives = np.sum(y_true == 1)
    tp, fp = tpr[1:] * positives, fpr[1:] * (len(y_true) - positives)
    return tpr[1:], tp / (tp + fp)


@wrong(replaces="average_precision", fails=["speed_errors"])
def ap_of_negatives_only(y_true, score):
    """Without a positive sample recall is 0/0: raise ValueError instead of returning 0."""
    return average_precision(y_true, score) if (y_true != 0).any() else 0.0
