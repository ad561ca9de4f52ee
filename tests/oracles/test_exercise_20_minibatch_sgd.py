"""The reference against torch.optim.SGD with autograd, and its variance formula against drawn batches."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_20_minibatch_sgd import (
    minibatch_gradient_variance,
    minibatch_indices,
    sgd_linear,
    sgd_noise_floor,
)


@pytest.mark.parametrize("batch_size", [1, 7, 20])
def test_training_against_torch(batch_size):
    rng = np.random.default_rng(20)
    X, Y, W, b = (rng.normal(size=shape) for shape in ((20, 4), (20, 3), (4, 3), (3,)))
    layer = torch.nn.Linear(4, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(W.T))
        layer.bias.copy_(torch.tensor(b))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.05)
    order, steps = np.random.default_rng(5), 0
    for _ in range(3):
        for rows in minibatch_indices(20, batch_size, order):
            optimizer.zero_grad()
            errors = layer(torch.tensor(X[rows])) - torch.tensor(Y[rows])
            (0.5 * (errors**2).sum(dim=1).mean()).backward()
            optimizer.step()
            steps += 1
    new_W, new_b, updates = sgd_linear(X, Y, W, b, 0.05, 3, batch_size, np.random.default_rng(5))
    np.testing.assert_allclose(new_W.T, layer.weight.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(new_b, layer.bias.detach().numpy(), rtol=1e-9, atol=1e-12)
    assert updates == steps


def test_variance_of_drawn_batches():
    rng = np.random.default_rng(20)
    g = rng.normal(size=(8, 3))
    for replace in (True, False):
        means = np.array([g[rng.choice(8, size=3, replace=replace)].mean(axis=0) for _ in range(20_000)])
        assert means.var(axis=0).sum() == pytest.approx(minibatch_gradient_variance(g, 3, replace), rel=0.05)


def test_noise_floor_of_a_known_case():
    assert sgd_noise_floor(2.0, 0.1, 0.5) == pytest.approx(0.00694, abs=1e-5)
