"""Our engine against torch's autograd, in float64: the same expressions on both."""

from typing import Any

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_16_autograd_engine import Tensor

EXPRESSIONS = {
    "arithmetic": lambda x, y: (2 - x) * y / (x * x + 1) + 3 / (y * y + 1) - (-x) ** 3,
    "matrix": lambda x, y: ((x @ y.T).tanh() @ y).relu().mean(),
    "reductions": lambda x, y: x.sum(0) * y.mean(1, True) + x.mean() * y.sum(),
    "functions": lambda x, y: (x.exp() + (y * y + 0.5).log()).tanh().reshape(4, -1)[[0, 0, 3]],
    "broadcast": lambda x, y: x[:1] * y[:, 1:2] + x[0] / (y[1, 2] ** 2 + 1),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expression(name: str) -> None:
    rng = np.random.default_rng(len(name))
    values = rng.normal(size=(2, 3, 4))
    ours: list[Any] = [Tensor(v, requires_grad=True) for v in values]
    theirs: list[Any] = [torch.tensor(v, requires_grad=True) for v in values]
    out, expected = EXPRESSIONS[name](*ours), EXPRESSIONS[name](*theirs)
    np.testing.assert_allclose(out.data, expected.detach().numpy(), rtol=1e-12, atol=1e-14)
    cotangent = rng.normal(size=out.data.shape)
    for _ in range(2):  # the second call adds up
        out.backward(cotangent)
        expected.backward(torch.tensor(cotangent), retain_graph=True)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-11, atol=1e-13)
