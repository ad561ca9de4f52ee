"""The reference against torch, in every mode."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from dlkit.solutions.exercise_08_cross_entropy import (
    cross_entropy,
    cross_entropy_backward,
    log_softmax,
    logsumexp,
)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_loss_and_gradient(soft, weighted):
    rng = np.random.default_rng(8)
    for e, ignored in itertools.product((0.0, 0.1, 1.0), (-100, 2)):
        logits = rng.normal(scale=3.0, size=(9, 5))
        target = rng.dirichlet(np.ones(5), size=9) if soft else rng.integers(5, size=9)
        if soft and ignored != -100:
            continue
        if not soft:
            target[[1, 7]] = ignored
        weight = rng.uniform(0.2, 3.0, size=5) if weighted else None
        x = torch.tensor(logits, requires_grad=True)
        options = {"label_smoothing": e, "ignore_index": ignored}
        w = None if weight is None else torch.tensor(weight)
        for reduction in ("none", "sum", "mean"):
            expected = F.cross_entropy(x, torch.tensor(target), w, reduction=reduction, **options)
            actual = cross_entropy(logits, target, weight, reduction=reduction, **options)
            np.testing.assert_allclose(actual, expected.detach().numpy(), rtol=1e-9, atol=1e-12)
        expected.backward()
        actual = cross_entropy_backward(logits, target, weight, **options)
        np.testing.assert_allclose(actual, x.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_nothing_kept():
    logits, target = np.zeros((2, 3)), np.full(2, -100)
    x = torch.tensor(logits, requires_grad=True)
    F.cross_entropy(x, torch.tensor(target)).backward()
    with np.errstate(invalid="ignore"):
        assert np.isnan(cross_entropy(logits, target))
    np.testing.assert_array_equal(cross_entropy_backward(logits, target), x.grad.numpy())


def test_logsumexp():
    x = np.random.default_rng(9).normal(scale=5.0, size=(3, 4, 5))
    x[0, 1] = -np.inf
    with np.errstate(invalid="ignore"):
        for axis in range(-3, 3):
            expected = torch.logsumexp(torch.tensor(x), axis).numpy()
            np.testing.assert_allclose(logsumexp(x, axis), expected, rtol=1e-9)
    expected = torch.log_softmax(torch.tensor(x[1:]), 1).numpy()
    np.testing.assert_allclose(log_softmax(x[1:], 1), expected, rtol=1e-9)
