import numpy as np


def confusion_matrix(y_true: np.ndarray, y_pred: np.ndarray, num_classes: int | None = None) -> np.ndarray:
    if y_true.shape != y_pred.shape:
        raise ValueError("y_true and y_pred must have the same length")
    labels = np.concatenate([y_true, y_pred])
    if num_classes is None:
        num_classes = labels.max() + 1
    if (labels < 0).any() or (labels >= num_classes).any():
        raise ValueError("labels must lie in 0 ... num_classes - 1")
    cm = np.zeros((num_classes, num_classes), dtype=np.int64)
    np.add.at(cm, (y_true, y_pred), 1)
    return cm


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.zeros(b.shape), where=b > 0)


def precision_recall_f1(cm: np.ndarray, average: str | None = None) -> tuple:
    if average not in (None, "macro", "micro", "weighted"):
        raise ValueError("average must be None, 'macro', 'micro' or 'weighted'")
    hits, predicted, true = cm.diagonal(), cm.sum(axis=0), cm.sum(axis=1)
    if average == "micro":
        hits, predicted, true = hits.sum(), predicted.sum(), true.sum()
    precision, recall = _ratio(hits, predicted), _ratio(hits, true)
    f1 = _ratio(2 * precision * recall, precision + recall)
    if average is None:
        return precision, recall, f1
    weights = true if average == "weighted" else np.ones(true.shape)
    return tuple(float(_ratio((v * weights).sum(), weights.sum())) for v in (precision, recall, f1))


def _counts(y_true: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True and false positives of score >= threshold, from threshold inf down."""
    if y_true.shape != score.shape or np.isnan(score).any():
        raise ValueError("y_true and score must have the same length, score no NaN")
    positives, negatives = np.sort(score[y_true == 1]), np.sort(score[y_true == 0])
    if len(positives) == 0 or len(negatives) == 0 or len(positives) + len(negatives) < len(score):
        raise ValueError("y_true must hold 0 and 1, both of them, and nothing else")
    thresholds = np.append(np.inf, np.unique(score)[::-1])
    tp = len(positives) - np.searchsorted(positives, thresholds)  # searchsorted counts those below the threshold
    fp = len(negatives) - np.searchsorted(negatives, thresholds)
    return tp, fp, thresholds


def roc_curve(y_true: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    tp, fp, thresholds = _counts(y_true, score)
    return fp / fp[-1], tp / tp[-1], thresholds


def roc_auc(y_true: np.ndarray, score: np.ndarray) -> float:
    fpr, tpr, _ = roc_curve(y_true, score)
    return np.trapezoid(tpr, fpr)


def average_precision(y_true: np.ndarray, score: np.ndarray) -> float:
    tp, fp, _ = _counts(y_true, score)
    precision = tp[1:] / (tp + fp)[1:]
    return np.sum(np.diff(tp) / tp[-1] * precision)
