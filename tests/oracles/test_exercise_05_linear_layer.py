"""The reference against torch.nn.functional.linear, torch.nn.Linear and autograd."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_05_linear_layer import linear_backward, linear_forward, linear_num_params


@pytest.mark.parametrize("leading", [(), (5,), (5, 2), (3, 1, 4)])
def test_against_torch(leading):
    rng = np.random.default_rng(5)
    x, W, b = rng.normal(size=(*leading, 6)), rng.normal(size=(7, 6)), rng.normal(size=7)
    dy = rng.normal(size=(*leading, 7))
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, W, b)]
    y = torch.nn.functional.linear(*leaves)
    np.testing.assert_allclose(linear_forward(x, W, b), y.detach().numpy(), rtol=1e-9, atol=1e-12)
    plain = torch.nn.functional.linear(*leaves[:2]).detach().numpy()
    np.testing.assert_allclose(linear_forward(x, W), plain, rtol=1e-9, atol=1e-12)
    y.backward(torch.tensor(dy))
    for ours, leaf in zip(linear_backward(dy, x, W), leaves, strict=True):
        np.testing.assert_allclose(ours, leaf.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("bias", [True, False])
def test_parameters_against_torch(bias):
    layer = torch.nn.Linear(12, 5, bias=bias)
    assert linear_num_params(12, 5, bias) == sum(p.numel() for p in layer.parameters())
