"""The reference against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from dlkit.solutions.exercise_09_binary_cross_entropy import (
    bce_with_logits,
    bce_with_logits_backward,
    output_gradients,
)


@pytest.mark.parametrize("q", [None, 2.5, "per column"])
@pytest.mark.parametrize("soft", [False, True])
def test_loss_and_gradient(soft, q):
    rng = np.random.default_rng(9)
    logits = rng.normal(scale=6.0, size=(5, 4, 3))
    target = rng.uniform(size=logits.shape) if soft else rng.integers(2, size=logits.shape) * 1.0
    weight = rng.uniform(0.2, 4.0, size=3) if q == "per column" else q
    x = torch.tensor(logits, requires_grad=True)
    options = {"pos_weight": None if weight is None else torch.tensor(weight, dtype=torch.float64)}
    for reduction in ("none", "sum", "mean"):
        expected = F.binary_cross_entropy_with_logits(x, torch.tensor(target), reduction=reduction, **options)
        actual = bce_with_logits(logits, target, weight, reduction)
        np.testing.assert_allclose(actual, expected.detach().numpy(), rtol=1e-9, atol=1e-12)
    expected.backward()
    actual = bce_with_logits_backward(logits, target, weight)
    np.testing.assert_allclose(actual, x.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_output_gradients():
    rng = np.random.default_rng(10)
    logits, target = rng.normal(scale=5.0, size=(4, 3)), rng.uniform(size=(4, 3))
    x, t = torch.tensor(logits, requires_grad=True), torch.tensor(target)
    losses = F.binary_cross_entropy_with_logits(x, t, reduction="sum"), ((torch.sigmoid(x) - t) ** 2 / 2).sum()
    for actual, loss in zip(output_gradients(logits, target), losses, strict=True):
        np.testing.assert_allclose(actual, torch.autograd.grad(loss, x)[0].numpy(), rtol=1e-9, atol=1e-12)
