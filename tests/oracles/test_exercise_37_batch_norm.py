"""The reference against torch's batch norm and its autograd."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_37_batch_norm import BatchNorm


@pytest.mark.parametrize("shape", [(7, 3), (4, 3, 5, 2), (1, 3, 2, 2)])
def test_against_torch(shape):
    rng = np.random.default_rng(37)
    for momentum, eps in ((0.1, 1e-5), (0.4, 1e-2), (1.0, 0.5)):
        ours = BatchNorm(shape[1], eps, momentum)
        ours.gamma, ours.beta = rng.normal(size=(2, shape[1]))
        kind = torch.nn.BatchNorm1d if len(shape) == 2 else torch.nn.BatchNorm2d
        theirs = kind(shape[1], eps=eps, momentum=momentum, dtype=torch.float64)
        theirs.weight.data, theirs.bias.data = torch.tensor(ours.gamma), torch.tensor(ours.beta)
        for _ in range(3):
            x, dy = rng.normal(2.0, 3.0, size=(2, *shape))
            leaf = torch.tensor(x, requires_grad=True)
            expected = theirs(leaf)
            np.testing.assert_allclose(ours.forward(x, True), expected.detach().numpy(), rtol=1e-9, atol=1e-12)
            grads = torch.autograd.grad(expected, [leaf, theirs.weight, theirs.bias], torch.tensor(dy))
            for a, e in zip(ours.backward(dy), grads, strict=True):
                np.testing.assert_allclose(a, e.numpy(), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ours.running_mean, theirs.running_mean.numpy(), rtol=1e-12)
        np.testing.assert_allclose(ours.running_var, theirs.running_var.numpy(), rtol=1e-12)
        theirs.eval()
        expected = theirs(torch.tensor(x)).detach().numpy()
        np.testing.assert_allclose(ours.forward(x, False), expected, rtol=1e-9, atol=1e-12)
