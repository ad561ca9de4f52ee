"""Our reference against torch, in float64."""

import numpy as np
import torch

from dlkit.solutions.exercise_13_numerical_gradient import (
    gradient_check,
    numerical_gradient,
    numerical_jacobian,
    softmax_jacobian,
)


def test_gradient_of_a_network_agrees_with_autograd() -> None:
    rng = np.random.default_rng(0)
    w, v = rng.normal(size=(4, 3)), rng.normal(size=4)
    x = rng.normal(size=(5, 3))

    def grad(x: np.ndarray) -> np.ndarray:
        leaf = torch.tensor(x, requires_grad=True)
        (torch.tanh(leaf @ torch.tensor(w).T) @ torch.tensor(v)).sum().backward()
        return leaf.grad.numpy()

    def f(x: np.ndarray) -> float:
        return float((np.tanh(x @ w.T) @ v).sum())

    np.testing.assert_allclose(numerical_gradient(f, x), grad(x), rtol=0, atol=1e-8)
    assert gradient_check(f, grad, x)[0]


def test_jacobian_agrees_with_autograd() -> None:
    rng = np.random.default_rng(1)
    w = rng.normal(size=(4, 3))
    x = rng.normal(size=(2, 3))
    expected = torch.autograd.functional.jacobian(lambda z: torch.tanh(z @ torch.tensor(w).T), torch.tensor(x))
    np.testing.assert_allclose(
        numerical_jacobian(lambda z: np.tanh(z @ w.T), x), expected.numpy().reshape(8, 6), atol=1e-8
    )


def test_softmax_jacobian_agrees_with_autograd() -> None:
    x = np.random.default_rng(2).normal(scale=3.0, size=6)
    expected = torch.autograd.functional.jacobian(lambda z: torch.softmax(z, 0), torch.tensor(x))
    np.testing.assert_allclose(softmax_jacobian(x), expected.numpy(), rtol=1e-12, atol=1e-15)
