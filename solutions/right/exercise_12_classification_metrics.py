import numpy as np


# --- sort once, cumulative sums
def confusion_matrix(y_true, y_pred, num_classes=None):
    if len(y_true) != len(y_pred):
        raise ValueError("lengths")
    y_true, y_pred = y_true.astype(np.int64), y_pred.astype(np.int64)
    c = int(max(y_true.max(), y_pred.max())) + 1 if num_classes is None else num_classes
    for labels in (y_true, y_pred):
        if labels.size and not (labels.min() >= 0 and labels.max() < c):
            raise ValueError("labels")
    return np.bincount(y_true * c + y_pred, minlength=c * c).reshape(c, c).astype(np.int64)


def precision_recall_f1(cm, average=None):
    if average not in {None, "macro", "micro", "weighted"}:
        raise ValueError("average")
    cm = np.asarray(cm, dtype=np.float64)
    tp = np.diag(cm)
    fp, fn = cm.sum(0) - tp, cm.sum(1) - tp
    if average == "micro":
        tp, fp, fn = (np.array([v.sum()]) for v in (tp, fp, fn))
    with np.errstate(all="ignore"):
        precision = np.nan_to_num(tp / (tp + fp))
        recall = np.nan_to_num(tp / (tp + fn))
        f1 = np.nan_to_num(2 * tp / (2 * tp + fp + fn))
    if average is None:
        return precision, recall, f1
    if average == "weighted":
        share = cm.sum(1) / max(cm.sum(), 1.0)
        return tuple(float(share @ v) for v in (precision, recall, f1))
    return tuple(float(np.mean(v)) for v in (precision, recall, f1))


def _sorted(y_true, score):
    if len(y_true) != len(score) or np.isnan(score).any():
        raise ValueError("lengths or NaN")
    if set(np.unique(y_true).tolist()) != {0, 1}:
        raise ValueError("labels")
    order = np.argsort(score, kind="stable")[::-1]
    ranked, y = score[order], y_true[order].astype(np.float64)
    last = np.append(np.flatnonzero(np.diff(ranked)), len(y) - 1)  # the last sample of each distinct score
    return np.cumsum(y)[last], np.cumsum(1 - y)[last], ranked[last]


def roc_curve(y_true, score):
    tp, fp, t = _sorted(y_true, score)
    return np.r_[0.0, fp] / fp[-1], np.r_[0.0, tp] / tp[-1], np.r_[np.inf, t].astype(np.float64)


def roc_auc(y_true, score):
    fpr, tpr, _ = roc_curve(y_true, score)
    return float(((fpr[1:] - fpr[:-1]) * (tpr[1:] + tpr[:-1])).sum() / 2)


def average_precision(y_true, score):
    tp, fp, _ = _sorted(y_true, score)
    recall = np.concatenate(([0.0], tp)) / tp[-1]
    return float(np.sum((recall[1:] - recall[:-1]) * tp / (tp + fp)))


# --- plain Python, ranks for the AUC
def confusion_matrix(y_true, y_pred, num_classes=None):  # noqa: F811
    y_true, y_pred = [int(v) for v in y_true], [int(v) for v in y_pred]
    c = max(y_true + y_pred) + 1 if num_classes is None else num_classes
    cm = np.zeros((c, c), dtype=np.int64)
    for t, p in zip(y_true, y_pred, strict=True):
        if not (0 <= t < c and 0 <= p < c):
            raise ValueError("labels")
        cm[t, p] += 1
    return cm


def _groups(y_true, score):
    """[score, positives, negatives] for each distinct score, from the top."""
    groups = {}
    if len(y_true) != len(score):
        raise ValueError("lengths")
    for label, s in zip(y_true.tolist(), score.tolist(), strict=True):
        if label not in (0, 1) or s != s:
            raise ValueError("labels or NaN")
        groups.setdefault(s, [0, 0])[0 if label == 1 else 1] += 1
    rows = [(s, *groups[s]) for s in sorted(groups, reverse=True)]
    if not sum(r[1] for r in rows) or not sum(r[2] for r in rows):
        raise ValueError("one class")
    return rows


def roc_curve(y_true, score):  # noqa: F811
    rows = _groups(y_true, score)
    positives, negatives = sum(r[1] for r in rows), sum(r[2] for r in rows)
    fpr, tpr, thresholds, tp, fp = [0.0], [0.0], [np.inf], 0, 0
    for s, p, n in rows:
        tp, fp = tp + p, fp + n
        fpr.append(fp / negatives)
        tpr.append(tp / positives)
        thresholds.append(float(s))
    return np.array(fpr), np.array(tpr), np.array(thresholds)


def roc_auc(y_true, score):  # noqa: F811
    rows = _groups(y_true, score)
    positives, negatives = sum(r[1] for r in rows), sum(r[2] for r in rows)
    won, below = 0.0, negatives
    for _, p, n in rows:
        below -= n
        won += p * (below + n / 2)
    return won / (positives * negatives)


def average_precision(y_true, score):  # noqa: F811
    rows = _groups(y_true, score)
    total, tp, seen = 0.0, 0, 0
    for _, p, n in rows:
        tp, seen = tp + p, seen + p + n
        total += p * tp / seen
    return total / tp
