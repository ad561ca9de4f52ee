"""Our reference against autograd."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_18_dying_relu import dead_fraction, saturated_fraction, sgd_step_one_layer


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.4])
def test_a_step_agrees_with_autograd(slope: float) -> None:
    rng = np.random.default_rng(18)
    arrays = [rng.normal(size=s) for s in ((5, 3), 5, 5, (8, 3), 8)]
    W, b, v, X, y = (torch.tensor(a, requires_grad=i < 2) for i, a in enumerate(arrays))
    a = torch.nn.functional.leaky_relu(X @ W.T + b, slope)
    ((a @ v - y) ** 2).mean().backward()
    new_w, new_b = sgd_step_one_layer(*arrays, 0.3, slope)
    np.testing.assert_allclose(new_w, (W - 0.3 * W.grad).detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(new_b, (b - 0.3 * b.grad).detach().numpy(), rtol=1e-10)


def test_the_slope_at_zero_is_that_of_torch() -> None:
    W, b, v, X, y = np.zeros((1, 1)), np.zeros(1), np.ones(1), np.ones((1, 1)), np.ones(1)
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    ((torch.nn.functional.leaky_relu(bias, 0.25) - 1) ** 2).mean().backward()
    np.testing.assert_allclose(sgd_step_one_layer(W, b, v, X, y, 1.0, 0.25)[1], -bias.grad.numpy())


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_saturation_agrees_with_autograd(activation: str) -> None:
    rng = np.random.default_rng(18)
    z = torch.tensor(6 * rng.normal(size=(40, 7)), requires_grad=True)
    getattr(torch, activation)(z).sum().backward()
    expected = (z.grad.abs() < 1e-3).double().mean(dim=0)
    np.testing.assert_array_equal(saturated_fraction(z.detach().numpy(), activation), expected)


def test_dead_units_get_no_gradient() -> None:
    rng = np.random.default_rng(18)
    W, b, X = rng.normal(size=(9, 3)), rng.normal(-3, 2, size=9), rng.normal(size=(20, 3))
    bias = torch.tensor(b, requires_grad=True)
    torch.relu(torch.tensor(X) @ torch.tensor(W).T + bias).sum().backward()
    share = (bias.grad == 0).double().mean().item()
    assert 0 < share < 1
    assert dead_fraction(W, b, X) == share
