"""The reference against torch autograd."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_14_backprop import mlp_loss_and_grads

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "identity": lambda z: z}


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_against_autograd(activation, loss):
    rng = np.random.default_rng(14)
    for depth in range(1, 6):
        sizes = rng.integers(2, 9, size=depth + 1)
        x = rng.normal(size=(7, sizes[0]))
        y = rng.integers(sizes[-1], size=7) if loss == "cross_entropy" else rng.normal(size=(7, sizes[-1]))
        shapes = zip(sizes[1:], sizes[:-1], strict=True)
        params = [(rng.normal(size=(o, i)), rng.normal(size=o)) for o, i in shapes]
        leaves = [torch.tensor(a, requires_grad=True) for a in (x, *(part for pair in params for part in pair))]
        z = leaves[0]
        for i in range(1, len(leaves), 2):
            z = torch.nn.functional.linear(z if i == 1 else ACTIVATIONS[activation](z), leaves[i], leaves[i + 1])
        expected = getattr(torch.nn.functional, "cross_entropy" if loss == "cross_entropy" else "mse_loss")(
            z, torch.tensor(y)
        )
        expected.backward()
        value, grads, dx = mlp_loss_and_grads(x, y, params, activation, loss)
        np.testing.assert_allclose(value, expected.item(), rtol=1e-9)
        for leaf, grad in zip(leaves, [dx, *(part for pair in grads for part in pair)], strict=True):
            np.testing.assert_allclose(grad, leaf.grad.numpy(), rtol=1e-9, atol=1e-12)
