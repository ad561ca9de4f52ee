"""The reference against torch's functions and autograd."""

import numpy as np
import torch
import torch.nn.functional as F

from dlkit.solutions.exercise_38_layer_norm import group_norm, instance_norm, layer_norm, layer_norm_backward


def test_layer_norm():
    rng = np.random.default_rng(38)
    for shape, rank in (((5, 3), 1), ((4, 2, 3), 1), ((4, 2, 3), 2), ((2, 3, 4, 5), 3), ((3,), 1)):
        x = rng.normal(2.0, 3.0, size=shape)
        gamma, beta = rng.normal(size=(2, *shape[-rank:]))
        for eps in (1e-5, 0.3):
            tensors = [torch.tensor(a) for a in (x, gamma, beta)]
            expected = F.layer_norm(tensors[0], gamma.shape, tensors[1], tensors[2], eps)
            np.testing.assert_allclose(layer_norm(x, gamma, beta, eps), expected.numpy(), rtol=1e-9, atol=1e-12)


def test_layer_norm_backward():
    rng = np.random.default_rng(39)
    for shape in ((4,), (5, 3), (4, 2, 3), (2, 3, 4, 5)):
        x, dy = rng.normal(2.0, 3.0, size=(2, *shape))
        gamma, beta = rng.normal(size=(2, shape[-1]))
        for eps in (1e-5, 0.3):
            leaves = [torch.tensor(a, requires_grad=True) for a in (x, gamma, beta)]
            y = F.layer_norm(leaves[0], gamma.shape, leaves[1], leaves[2], eps)
            expected = torch.autograd.grad(y, leaves, torch.tensor(dy))
            for a, e in zip(layer_norm_backward(dy, x, gamma, eps), expected, strict=True):
                np.testing.assert_allclose(a, e.numpy(), rtol=1e-9, atol=1e-12)


def test_instance_and_group_norm():
    rng = np.random.default_rng(40)
    x = rng.normal(2.0, 3.0, size=(3, 6, 4, 5))
    gamma, beta = rng.normal(size=(2, 6))
    for eps in (1e-5, 0.3):
        expected = F.instance_norm(torch.tensor(x), eps=eps).numpy()
        np.testing.assert_allclose(instance_norm(x, eps), expected, rtol=1e-9, atol=1e-12)
        for groups in (1, 2, 3, 6):
            expected = F.group_norm(torch.tensor(x), groups, torch.tensor(gamma), torch.tensor(beta), eps).numpy()
            np.testing.assert_allclose(group_norm(x, groups, gamma, beta, eps), expected, rtol=1e-9, atol=1e-12)
