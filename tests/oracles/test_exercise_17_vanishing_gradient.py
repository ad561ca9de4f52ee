"""Our reference against autograd, on the same draws."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_17_vanishing_gradient import layer_gradient_norms

ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "identity": lambda z: z}


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_norms_agree_with_autograd(activation: str, residual: bool) -> None:
    depth, width, gain = 8, 12, 1.3
    rng = np.random.default_rng(4)
    h = torch.tensor(rng.normal(size=(64, width)))
    zs = []
    for _ in range(depth):
        w = torch.tensor(rng.normal(0, gain / np.sqrt(width), (width, width)))
        z = (h @ w.T).requires_grad_()
        z.retain_grad()
        zs.append(z)
        h = h + ACTIVATIONS[activation](z) if residual else ACTIVATIONS[activation](z)
    (0.5 * (h**2).mean()).backward()
    expected = [z.grad.norm().item() for z in zs]
    norms = layer_gradient_norms(depth, width, activation, gain, residual, np.random.default_rng(4))
    np.testing.assert_allclose(norms, expected, rtol=1e-10)
