"""The reference against autograd's Hessian and torch.linalg.solve, in float64."""

import numpy as np
import torch

from dlkit.solutions.exercise_29_newton_method import hessian_vector_product, newton_step, numerical_hessian


def smooth(x):
    return torch.sin(x).prod() + torch.exp(0.3 * x.sum()) + (x**3).sum() * x[0]


def test_hessian_and_product_against_autograd():
    rng = np.random.default_rng(29)
    for d in (1, 2, 5):
        x, v = rng.uniform(-1, 1, size=(2, d))
        right = torch.autograd.functional.hessian(smooth, torch.tensor(x)).numpy()
        ours = numerical_hessian(lambda p: smooth(torch.tensor(p)).item(), x)
        assert np.abs(ours - right).max() < 1e-6 * (np.abs(ours).max() + np.abs(right).max())
        product = hessian_vector_product(lambda p: torch.func.grad(smooth)(torch.tensor(p)).numpy(), x, v)
        assert np.abs(product - right @ v).max() < 1e-7 * np.abs(right @ v).max()


def test_step_against_torch():
    rng = np.random.default_rng(29)
    g, B = rng.normal(size=5), rng.normal(size=(5, 5))
    H = B + B.T
    for damping in (0.0, 0.7, 20.0):
        damped = torch.tensor(H) + damping * torch.eye(5, dtype=torch.float64)
        right = torch.linalg.solve(damped, -torch.tensor(g))
        np.testing.assert_allclose(newton_step(g, H, damping), right.numpy(), rtol=1e-9, atol=1e-12)
