"""The reference against torch: autograd of the penalties, weight decay in SGD, softshrink, and minimising the loss."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_31_l1_l2_regularization import (
    elastic_net_penalty,
    l1_penalty,
    l2_penalty,
    lasso_fit,
    ridge_fit,
    soft_threshold,
)


def _weights():
    rng = np.random.default_rng(31)
    weights = [rng.normal(size=(3, 4)), rng.normal(size=5)]
    weights[0][1, 2] = 0.0
    return weights


@pytest.mark.parametrize(
    ("result", "l1", "l2"),
    [
        (l1_penalty(_weights(), 0.3), 0.3, 0.0),
        (l2_penalty(_weights(), 0.3), 0.0, 0.3),
        (elastic_net_penalty(_weights(), 0.3, 0.2), 0.3, 0.2),
    ],
)
def test_penalties_against_autograd(result, l1, l2):
    leaves = [torch.tensor(w, requires_grad=True) for w in _weights()]
    penalty = sum(l1 * w.abs().sum() + l2 * w.square().sum() for w in leaves)
    penalty.backward()
    assert result[0] == pytest.approx(penalty.item(), rel=1e-12)
    for gradient, leaf in zip(result[1], leaves, strict=True):
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-12)


def test_weight_decay_of_sgd():
    (w, _), wd, lr = _weights(), 0.3, 0.1
    p = torch.nn.Parameter(torch.tensor(w))
    p.grad = torch.zeros_like(p)
    torch.optim.SGD([p], lr=lr, weight_decay=wd).step()
    np.testing.assert_allclose(w - lr * l2_penalty([w], wd / 2)[1][0], p.detach().numpy(), rtol=1e-12)


def test_softshrink():
    w = np.random.default_rng(31).normal(scale=2.0, size=(5, 7))
    expected = torch.nn.functional.softshrink(torch.tensor(w), lambd=0.8).numpy()
    np.testing.assert_allclose(soft_threshold(w, 0.8), expected, rtol=1e-12)


def _problem():
    rng = np.random.default_rng(31)
    X = rng.normal(size=(40, 5))
    return X, X @ np.array([2.0, -1.0, 0.0, 0.0, 0.1]) + rng.normal(size=40)


def test_ridge_minimises_its_loss():
    X, y = _problem()
    w = torch.tensor(ridge_fit(X, y, 0.3), requires_grad=True)
    loss = (torch.tensor(X) @ w - torch.tensor(y)).square().mean() / 2 + 0.3 * w.square().sum()
    loss.backward()
    assert w.grad.abs().max() < 1e-12


def test_lasso_minimises_its_loss():
    X, y = _problem()
    best = lasso_fit(X, y, 0.4)
    assert (best == 0).any()
    assert (best != 0).any()

    def loss(w):
        return ((X @ w - y) ** 2).mean() / 2 + 0.4 * np.abs(w).sum()

    rng = np.random.default_rng(5)
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(200):
            assert loss(best + size * rng.normal(size=5)) > loss(best)
