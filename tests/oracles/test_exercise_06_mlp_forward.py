"""The reference against torch.nn.Sequential."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from dlkit.solutions.exercise_06_mlp_forward import collapse_linear, mlp_forward, mlp_num_params

MODULES = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "identity": nn.Identity}


@pytest.mark.parametrize("sizes", [[3, 2], [3, 5, 2], [4, 6, 3, 5, 2]])
@pytest.mark.parametrize("activation", list(MODULES))
def test_against_torch(activation, sizes):
    rng = np.random.default_rng(6)
    params = [(rng.normal(size=(d_out, d_in)), rng.normal(size=d_out)) for d_in, d_out in pairwise(sizes)]
    modules = []
    for W, b in params:
        linear = nn.Linear(W.shape[1], len(W)).double()
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(W))
            linear.bias.copy_(torch.tensor(b))
        modules += [linear, MODULES[activation]()]
    model = nn.Sequential(*modules[:-1])
    x = rng.normal(size=(8, sizes[0]))
    expected = model(torch.tensor(x)).detach().numpy()
    output, cache = mlp_forward(x, params, activation)
    np.testing.assert_allclose(output, expected, rtol=1e-9, atol=1e-12)
    assert len(cache) == len(params)
    assert mlp_num_params(sizes) == sum(p.numel() for p in model.parameters())
    if activation == "identity":
        W, b = collapse_linear(params)
        np.testing.assert_allclose(x @ W.T + b, expected, rtol=1e-9, atol=1e-10)
