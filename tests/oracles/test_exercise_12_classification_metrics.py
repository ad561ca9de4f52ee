"""Our reference against counts made with torch, and the AUC against its definition as a probability."""

import numpy as np
import torch

from dlkit.solutions.exercise_12_classification_metrics import (
    average_precision,
    confusion_matrix,
    precision_recall_f1,
    roc_auc,
    roc_curve,
)


def test_confusion_matrix_agrees_with_a_product_of_one_hot_matrices() -> None:
    y_true, y_pred = torch.randint(0, 5, (2, 200), generator=torch.Generator().manual_seed(0))
    one_hot = torch.nn.functional.one_hot
    expected = one_hot(y_true, 5).T @ one_hot(y_pred, 5)
    cm = confusion_matrix(y_true.numpy(), y_pred.numpy())
    np.testing.assert_array_equal(cm, expected.numpy())
    accuracy = (y_true == y_pred).double().mean().item()
    np.testing.assert_allclose(precision_recall_f1(cm, "micro"), accuracy)


def test_curves_agree_with_masks_over_all_thresholds() -> None:
    generator = torch.Generator().manual_seed(1)
    y = torch.randint(0, 2, (300,), generator=generator)
    score = torch.randint(-9, 9, (300,), generator=generator) / 2 + y
    thresholds = torch.cat([torch.tensor([torch.inf]), torch.unique(score).flip(0)])
    positive = score[None, :] >= thresholds[:, None]
    tp, fp = (positive & (y == 1)).sum(1).double(), (positive & (y == 0)).sum(1).double()
    fpr, tpr, found = roc_curve(y.numpy(), score.numpy())
    np.testing.assert_allclose(fpr, (fp / fp[-1]).numpy())
    np.testing.assert_allclose(tpr, (tp / tp[-1]).numpy())
    np.testing.assert_array_equal(found, thresholds.numpy())
    np.testing.assert_allclose(roc_auc(y.numpy(), score.numpy()), torch.trapezoid(tp / tp[-1], fp / fp[-1]).item())
    steps = torch.diff(tp) / tp[-1] * tp[1:] / (tp + fp)[1:]
    np.testing.assert_allclose(average_precision(y.numpy(), score.numpy()), steps.sum().item())


def test_auc_agrees_with_the_pairs() -> None:
    rng = np.random.default_rng(2)
    y, score = rng.integers(0, 2, size=400), rng.integers(0, 20, size=400)
    d = np.sign(score[y == 1][:, None] - score[y == 0])
    np.testing.assert_allclose(roc_auc(y, score), (d + 1).mean() / 2)
