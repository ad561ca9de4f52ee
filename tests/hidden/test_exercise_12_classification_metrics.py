"""The oracles count sample by sample in plain Python; the AUC is counted pair by pair."""

import math
import sys

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_dtype,
    check_pure,
    check_raises,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points

AVERAGES = ("macro", "micro", "weighted")


def confusion_oracle(y_true, y_pred, num_classes):
    table = [[0] * num_classes for _ in range(num_classes)]
    for t, p in zip(y_true.tolist(), y_pred.tolist(), strict=True):
        table[t][p] += 1
    return np.array(table, dtype=np.int64)


def ratio(a, b):
    return a / b if b else 0.0


def prf_oracle(cm, average):
    n = len(cm)
    hits = [int(cm[c, c]) for c in range(n)]
    predicted = [sum(int(cm[t, c]) for t in range(n)) for c in range(n)]
    true = [sum(int(cm[c, p]) for p in range(n)) for c in range(n)]
    if average == "micro":
        hits, predicted, true = [sum(hits)], [sum(predicted)], [sum(true)]
    precision = [ratio(h, p) for h, p in zip(hits, predicted, strict=True)]
    recall = [ratio(h, t) for h, t in zip(hits, true, strict=True)]
    f1 = [ratio(2 * h, p + t) for h, p, t in zip(hits, predicted, true, strict=True)]  # 2 P R / (P + R) in counts
    if average is None:
        return tuple(np.array(v) for v in (precision, recall, f1))
    weights = true if average == "weighted" else [1] * len(true)
    return tuple(
        ratio(math.fsum(w * v for w, v in zip(weights, values, strict=True)), sum(weights))
        for values in (precision, recall, f1)
    )


def sweep(y, score):
    """(threshold, true positives, false positives) of score >= threshold, for each distinct score from the top."""
    samples = list(zip(y.tolist(), score.tolist(), strict=True))
    for t in sorted({s for _, s in samples}, reverse=True):
        tp = sum(1 for label, s in samples if label == 1 and s >= t)
        yield t, tp, sum(1 for label, s in samples if label == 0 and s >= t)


def roc_oracle(y, score):
    rows = list(sweep(y, score))
    positives, negatives = rows[-1][1:]
    fpr = [0.0] + [fp / negatives for _, _, fp in rows]
    tpr = [0.0] + [tp / positives for _, tp, _ in rows]
    return np.array(fpr), np.array(tpr), np.array([math.inf] + [float(t) for t, _, _ in rows])


def auc_oracle(y, score):
    samples = list(zip(y.tolist(), score.tolist(), strict=True))
    pairs = [(p, n) for label, p in samples if label == 1 for other, n in samples if other == 0]
    return sum(1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs) / len(pairs)


def ap_oracle(y, score):
    rows, total, before = list(sweep(y, score)), 0.0, 0
    for _, tp, fp in rows:
        total += (tp - before) / rows[-1][1] * tp / (tp + fp)
        before = tp
    return total


def labels_and_scores(rng, n, levels):
    """Both classes present; scores on a grid of `levels` values around 0, so that many tie, or all different."""
    y = (rng.uniform(size=n) < 0.4).astype(np.int64)
    y[:4] = [0, 1, 1, 0]
    y = rng.permutation(y)
    score = rng.integers(-levels, levels, size=n) / 4 + y * 0.5 if levels else rng.normal(size=n) + 0.8 * y
    return y, score


@points(15)
def test_confusion(candidate, rng, case):
    """Entry [t, p] counts the samples of true class t that were predicted as p."""
    with case("by hand"):
        cm = candidate.confusion_matrix(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 2, 1, 2, 2, 0]))
        check_close("confusion_matrix", cm, np.array([[1, 0, 1], [0, 1, 0], [1, 0, 2]]))
    for n, c in ((40, 3), (60, 5)):
        y_true, y_pred = rng.integers(0, c, size=(2, n))
        y_true[0], y_pred[0] = c - 1, 0
        with case(f"{n} samples, {c} classes"):
            cm = candidate.confusion_matrix(y_true, y_pred)
            check_close("confusion_matrix(y_true, y_pred)", cm, confusion_oracle(y_true, y_pred, c))
            check_dtype("confusion_matrix(y_true, y_pred)", cm, "int64")
            check_pure(candidate, "y_true", "y_pred")
    for name, y_true, y_pred in (
        ("the last class is never predicted", np.array([0, 4, 2, 2]), np.array([2, 2, 0, 2])),
        ("the last class is never true", np.array([1, 0, 1]), np.array([1, 3, 3])),
        ("one sample", np.array([2]), np.array([1])),
    ):
        with case(name):
            size = int(max(y_true.max(), y_pred.max())) + 1
            cm = candidate.confusion_matrix(y_true, y_pred)
            check_close("confusion_matrix(y_true, y_pred)", cm, confusion_oracle(y_true, y_pred, size))
    with case("num_classes given"):
        y_true, y_pred = rng.integers(0, 3, size=(2, 20))
        cm = candidate.confusion_matrix(y_true, y_pred, num_classes=6)
        check_close("confusion_matrix with num_classes=6", cm, confusion_oracle(y_true, y_pred, 6))
    with case("no samples, num_classes given"):
        empty = np.zeros(0, dtype=np.int64)
        cm = candidate.confusion_matrix(empty, empty, 2)
        check_close("confusion_matrix of nothing", cm, np.zeros((2, 2), dtype=np.int64))
    for dtype in ("int8", "uint8", "int32"):
        with case(f"{dtype} labels"):
            y_true, y_pred = rng.integers(0, 30, size=(2, 80)).astype(dtype)
            cm = candidate.confusion_matrix(y_true, y_pred, 30)
            check_close("confusion_matrix(y_true, y_pred, 30)", cm, confusion_oracle(y_true, y_pred, 30))
            check_dtype("confusion_matrix(y_true, y_pred, 30)", cm, "int64")


@points(20)
def test_prf(candidate, rng, case):
    """Precision, recall and F1 per class and averaged; 0/0 counts as 0."""
    hand = np.array([[3, 1, 0], [2, 4, 0], [1, 0, 9]])  # columns sum to 6, 5, 9; rows to 4, 6, 10
    with case("by hand"):
        p, r, f = unpack("precision_recall_f1(cm)", candidate.precision_recall_f1(hand), 3)
        check_close("precision", p, np.array([0.5, 0.8, 1.0]))  # 3/6, 4/5, 9/9
        check_close("recall", r, np.array([0.75, 2 / 3, 0.9]))  # 3/4, 4/6, 9/10
        check_close("f1", f, np.array([0.6, 8 / 11, 18 / 19]))  # 6/10, 8/11, 18/19
    size = int(rng.integers(3, 6))
    random = rng.integers(1, 20, size=(size, size))
    never_predicted, never_true, absent, no_hit = (random.copy() for _ in range(4))
    never_predicted[:, 1] = 0
    never_true[2] = 0
    absent[0] = absent[:, 0] = 0
    no_hit[np.diag_indices(size)] = 0
    for name, cm in (
        ("a random matrix", random),
        ("a class that is never predicted", never_predicted),
        ("a class that is never true", never_true),
        ("a class that does not occur", absent),
        ("no hit at all", no_hit),
        ("an empty matrix", np.zeros((3, 3), dtype=np.int64)),
    ):
        with case(f"{name}, per class"), candidate.strict():
            parts = unpack("precision_recall_f1(cm)", candidate.precision_recall_f1(cm), 3)
            for label, part, expected in zip(("precision", "recall", "f1"), parts, prf_oracle(cm, None), strict=True):
                check_close(label, part, expected)
                check_dtype(label, part, "float64")
        for average in AVERAGES:
            with case(f"{name}, {average}"), candidate.strict():
                call = f"precision_recall_f1(cm, {average!r})"
                parts = unpack(call, candidate.precision_recall_f1(cm, average=average), 3)
                for label, part, expected in zip(
                    ("precision", "recall", "f1"), parts, prf_oracle(cm, average), strict=True
                ):
                    check_close(f"{average} {label}", part, expected)
                    check_type(f"{average} {label}", part, float)
    check_pure(candidate, "cm")


@points(15)
def test_roc_points(candidate, rng, case):
    """One point per distinct score, from (0, 0) with threshold inf to (1, 1)."""
    with case("by hand"):  # 3 positives, 2 negatives; >= 4: one positive; >= 2: one positive, one negative more
        y, score = np.array([0, 1, 1, 0, 1]), np.array([2.0, 4.0, 2.0, 1.0, -3.0])
        fpr, tpr, thresholds = unpack("roc_curve", candidate.roc_curve(y, score), 3)
        check_close("fpr", fpr, np.array([0, 0, 0.5, 1, 1]))
        check_close("tpr", tpr, np.array([0, 1 / 3, 2 / 3, 2 / 3, 1]))
        check_close("thresholds", thresholds, np.array([math.inf, 4, 2, 1, -3]))
    for name, levels, n in (("all scores differ", 0, 12), ("many ties", 3, 40), ("some ties", 12, 25)):
        y, score = labels_and_scores(rng, n, levels)
        with case(name):
            check_roc(candidate.roc_curve(y, score), y, score)
            check_pure(candidate, "y_true", "score")
    with case("straight pieces keep their points"):
        y, score = np.array([1, 1, 1, 0, 0, 0]), np.array([6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
        check_roc(candidate.roc_curve(y, score), y, score)
    with case("a constant score"):
        y, score = np.array([1, 0, 0]), np.full(3, 0.25)
        check_roc(candidate.roc_curve(y, score), y, score)
    y, score = labels_and_scores(rng, 20, 4)
    with case("float32 scores"):
        check_roc(candidate.roc_curve(y, score.astype(np.float32)), y, score)
    with case("integer scores"):
        score = rng.integers(-5, 5, size=20)
        check_roc(candidate.roc_curve(y, score), y, score)
    with case("bool labels"):
        check_roc(candidate.roc_curve(y == 1, score), y, score)


def check_roc(result, y, score):
    parts = unpack("roc_curve(y_true, score)", result, 3)
    for name, part, expected in zip(("fpr", "tpr", "thresholds"), parts, roc_oracle(y, score), strict=True):
        check_close(name, part, expected)
        check_dtype(name, part, "float64")


@points(20)
def test_auc_value(candidate, rng, case):
    """The AUC is the share of pairs in which the positive scores higher, ties counting half."""
    with case("by hand"):  # pairs: 4 > 2, 4 > 1, 2 = 2, 2 > 1, -3 < 2, -3 < 1: 3.5 of 6
        auc = candidate.roc_auc(np.array([0, 1, 1, 0, 1]), np.array([2.0, 4.0, 2.0, 1.0, -3.0]))
        check_close("roc_auc", auc, 3.5 / 6)
        check_type("roc_auc", auc, float)
    for name, levels, n in (("all scores differ", 0, 30), ("many ties", 2, 60), ("some ties", 12, 40)):
        y, score = labels_and_scores(rng, n, levels)
        with case(name):
            check_close("roc_auc(y_true, score)", candidate.roc_auc(y, score), auc_oracle(y, score))
            check_pure(candidate, "y_true", "score")
    y, score = labels_and_scores(rng, 50, 5)
    expected = auc_oracle(y, score)
    with case("the order of the rows does not matter"):
        order = np.lexsort((y, score))
        for rows in (order, order[::-1], rng.permutation(50)):
            check_close("roc_auc of permuted rows", candidate.roc_auc(y[rows], score[rows]), expected)
    with case("reversed scores"):
        check_close("roc_auc(y_true, -score)", candidate.roc_auc(y, -score), 1 - expected)
    for name, image in (("score^3", score**3), ("score / 8 - 100", score / 8 - 100), ("score * 4", score * 4)):
        with case(f"a monotone transform, {name}"):
            check_close(f"roc_auc(y_true, {name})", candidate.roc_auc(y, image), expected)
    with case("integer scores, bool labels"):
        check_close("roc_auc", candidate.roc_auc(y == 1, (4 * score).astype(np.int64)), expected)
    with case("a constant score"):
        check_close("roc_auc of a constant score", candidate.roc_auc(y, np.full(50, 0.7)), 0.5)
    for name, score, auc in (("a perfect score", y + 0.0, 1.0), ("the worst score", 1.0 - y, 0.0)):
        with case(name):
            check_close(f"roc_auc of {name}", candidate.roc_auc(y, score), auc)


@points(15)
def test_average_precision(candidate, rng, case):
    """Average precision is the step sum over distinct scores, also with ties."""
    with case("by hand"):  # recall 1/2 at precision 1, then 1 at precision 2/3: 1/2 + 1/3
        ap = candidate.average_precision(np.array([1, 0, 1]), np.array([0.9, 0.8, 0.7]))
        check_close("average_precision", ap, 5 / 6)
        check_type("average_precision", ap, float)
    for name, levels, n in (("all scores differ", 0, 30), ("many ties", 2, 60), ("some ties", 12, 40)):
        y, score = labels_and_scores(rng, n, levels)
        with case(name):
            check_close("average_precision(y_true, score)", candidate.average_precision(y, score), ap_oracle(y, score))
            check_pure(candidate, "y_true", "score")
    with case("integer scores, bool labels"):
        y, score = labels_and_scores(rng, 40, 4)
        ap = candidate.average_precision(y == 1, (4 * score).astype(np.int64))
        check_close("average_precision", ap, ap_oracle(y, score))
    with case("a constant score"):  # one threshold: recall 1 at the precision of taking everything
        y, _ = labels_and_scores(rng, 45, 2)
        ap = candidate.average_precision(y, np.full(45, -1.0))
        check_close("average_precision of a constant score", ap, y.sum() / 45)
    with case("a perfect score"):
        check_close("average_precision of a perfect score", candidate.average_precision(y, y * 2.0), 1.0)
    with case("the worst score"):
        check_close("average_precision", candidate.average_precision(y, -1.0 * y), ap_oracle(y, -y))


@points(5)
def test_imbalance_demo(candidate, rng, case):
    """With 1% positives, predicting "negative" always is 99% accurate, and finds nothing."""
    y = np.zeros(1000, dtype=np.int64)
    y[rng.choice(1000, size=10, replace=False)] = 1
    nothing = np.zeros(1000, dtype=np.int64)
    cm = np.array([[990, 0], [10, 0]])
    with case("confusion matrix"):
        check_close("confusion_matrix", candidate.confusion_matrix(y, nothing), cm)
    with case("accuracy 0.99, recall 0, F1 0"), candidate.strict():
        accuracy = unpack("micro averages", candidate.precision_recall_f1(cm, "micro"), 3)[2]
        check_close("micro F1 (the accuracy)", accuracy, 0.99)
        p, r, f = unpack("precision_recall_f1(cm)", candidate.precision_recall_f1(cm), 3)
        check_close("precision", p, np.array([0.99, 0.0]))
        check_close("recall", r, np.array([1.0, 0.0]))
        check_close("f1", f, np.array([990 * 2 / 1990, 0.0]))  # 2 TP / (2 TP + FP + FN)
    with case("ROC-AUC 0.5, average precision 0.01"):
        check_close("roc_auc", candidate.roc_auc(y, nothing), 0.5)
        check_close("average_precision", candidate.average_precision(y, nothing), 0.01)


class Counted(np.ndarray):
    """An array that counts the numbers which numpy's elementwise operations and sums go through."""

    seen = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        plain = [np.asarray(v) if isinstance(v, Counted) else v for v in inputs]
        out = options.get("out")
        if out is not None:
            options["out"] = tuple(np.asarray(v) if isinstance(v, Counted) else v for v in out)
        if isinstance(options.get("where"), Counted):
            options["where"] = np.asarray(options["where"])
        result = getattr(ufunc, method)(*plain, **options)
        Counted.seen += max(np.size(v) for v in (*plain, result))
        if out is not None:
            return out[0]
        return result.view(Counted) if isinstance(result, np.ndarray) else result


def quadratic(m, name):
    """Whether four times the samples cost more than eight times the work (lines run, and numbers gone through)."""
    return bool(work_of(m, name, 600) > 8 * work_of(m, name, 150))


def work_of(m, name, n):
    lines = [0]

    def trace(frame, event, arg):
        lines[0] += event == "line"
        return trace

    y = (np.arange(n) % 3 == 0).astype(np.int64).view(Counted)
    score = (np.arange(n) * 7 % n / n).view(Counted)  # 7 and n share no factor: all scores differ
    Counted.seen, before = 0, sys.gettrace()
    sys.settrace(trace)
    try:
        getattr(m, name)(y, score)
    finally:
        sys.settrace(before)
    return lines[0] + Counted.seen


@points(10)
def test_speed_errors(candidate, rng, case):
    """Four times the samples take about four times the work; bad input raises ValueError."""
    for name in ("roc_curve", "roc_auc", "average_precision"):
        with case(f"{name}, growth of the work"):
            check(
                not candidate.run(quadratic, name),
                f"With 4 times the samples, {name} does over 8 times the work: sort once, do not compare all pairs.",
            )
        for what, y, score in (
            ("positives only", [1, 1, 1], [0.1, 0.2, 0.3]),
            ("negatives only", [0, 0, 0], [0.1, 0.2, 0.3]),
            ("labels -1 and 1", [-1, 1, 1], [0.1, 0.2, 0.3]),
            ("labels 0, 1 and 2", [0, 1, 2], [0.1, 0.2, 0.3]),
            ("more labels than scores", [0, 1, 1], [0.1, 0.2]),
            ("more scores than labels", [0, 1], [0.1, 0.2, 0.3]),
            ("a NaN score", [0, 1, 1], [0.1, math.nan, 0.3]),
        ):
            with case(f"{name}, {what}"), check_raises(ValueError, f"{name} with {what}"):
                candidate[name](np.array(y), np.array(score))
    for what, args in (
        ("different lengths", ([0, 1, 1], [0, 1])),
        ("one prediction for three labels", ([0, 1, 1], [0])),
        ("a negative label", ([0, -1, 1], [0, 1, 1])),
        ("a negative prediction", ([0, 1, 1], [0, 1, -1])),
        ("label 3 with num_classes=3", ([0, 3], [0, 1], 3)),
        ("prediction 3 with num_classes=3", ([0, 1], [3, 1], 3)),
    ):
        with case(f"confusion_matrix, {what}"), check_raises(ValueError, f"confusion_matrix with {what}"):
            candidate.confusion_matrix(np.array(args[0]), np.array(args[1]), *args[2:])
    for average in ("mean", "binary"):
        with case(f"average={average!r}"), check_raises(ValueError, f"precision_recall_f1 with average={average!r}"):
            candidate.precision_recall_f1(np.array([[3, 1], [0, 2]]), average)
