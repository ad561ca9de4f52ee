"""The reference against torch in float64: values, and gradients by autograd."""

import numpy as np
import torch
import torch.nn.functional as F

from dlkit.solutions.exercise_10_loss_functions import (
    hinge_loss,
    huber_loss,
    loss_grad,
    mae_loss,
    mse_loss,
    multiclass_hinge_loss,
    r2_score,
    rmse,
)


def test_losses_and_gradients() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        pred, target = rng.normal(scale=2.0, size=(2, 4, 3))
        x, t, delta = torch.tensor(pred, requires_grad=True), torch.tensor(target), float(rng.uniform(0.3, 3.0))
        for reduction in ("mean", "sum", "none"):
            for ours, theirs in (
                (mse_loss(pred, target, reduction), F.mse_loss(x, t, reduction=reduction)),
                (mae_loss(pred, target, reduction), F.l1_loss(x, t, reduction=reduction)),
                (huber_loss(pred, target, delta, reduction), F.huber_loss(x, t, reduction=reduction, delta=delta)),
            ):
                np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9)
        for name, theirs in (
            ("mse", F.mse_loss(x, t)),
            ("mae", F.l1_loss(x, t)),
            ("huber", F.huber_loss(x, t, delta=delta)),
        ):
            (grad,) = torch.autograd.grad(theirs, x)
            np.testing.assert_allclose(loss_grad(name, pred, target, delta), grad.numpy(), rtol=1e-9)
        np.testing.assert_allclose(rmse(pred, target), F.mse_loss(x, t).sqrt().item(), rtol=1e-9)


def test_mae_gradient_at_zero_is_torchs() -> None:
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    (grad,) = torch.autograd.grad(F.l1_loss(x, torch.zeros(3, dtype=torch.float64)), x)
    np.testing.assert_array_equal(loss_grad("mae", np.zeros(3), np.zeros(3)), grad.numpy())


def test_hinge_losses() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        scores, target, margin = rng.normal(size=(5, 4)), rng.integers(4, size=5), float(rng.uniform(0.2, 2.0))
        theirs = F.multi_margin_loss(torch.tensor(scores), torch.tensor(target), margin=margin)
        np.testing.assert_allclose(multiclass_hinge_loss(scores, target, margin), theirs.item(), rtol=1e-9)
        y = rng.choice([-1.0, 1.0], size=5)
        # hinge_embedding_loss of the product y * score with label -1 is max(0, 1 - y * score)
        theirs = F.hinge_embedding_loss(torch.tensor(y * scores[:, 0]), -torch.ones(5, dtype=torch.float64))
        np.testing.assert_allclose(hinge_loss(scores[:, 0], y), theirs.item(), rtol=1e-9)


def test_r2_of_least_squares_is_the_squared_correlation() -> None:
    """For a fitted line with intercept, and only there, R2 equals the squared correlation."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=30)
    y = 2.0 * x + 1.0 + rng.normal(size=30)
    line = np.polyval(np.polyfit(x, y, 1), x)
    np.testing.assert_allclose(r2_score(line, y), np.corrcoef(x, y)[0, 1] ** 2, rtol=1e-9)
