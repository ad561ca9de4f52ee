import numpy as np
import pytest
import torch

from dlkit.solutions import exercise_03_sigmoid_tanh as ours


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
def test_agrees_with_torch(name):
    x = np.concatenate([np.random.default_rng(1).normal(scale=8.0, size=300), [0.0, 1e-12, -700.0, np.inf, -np.inf]])
    leaf = torch.tensor(x, requires_grad=True)
    y = getattr(torch, name)(leaf)
    y.sum().backward()
    np.testing.assert_allclose(getattr(ours, name)(x), y.detach().numpy(), rtol=1e-12, atol=0)
    np.testing.assert_allclose(getattr(ours, f"{name}_grad")(x), leaf.grad.numpy(), rtol=0, atol=1e-15)
