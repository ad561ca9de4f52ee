import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dlkit.solutions.exercise_04_relu_variants import leaky_relu, prelu, prelu_backward, relu, rrelu

X = np.random.default_rng(1).normal(size=(4, 3, 5, 2))
X[0, :, 0, 0] = 0.0, -0.0, np.nan


def test_relu_leaky_and_rrelu_agree_with_torch():
    x = torch.tensor(X)
    np.testing.assert_array_equal(relu(X), torch.relu(x).numpy())
    for slope in (0.01, 1.5, -0.5):
        np.testing.assert_allclose(leaky_relu(X, slope), F.leaky_relu(x, slope).numpy(), rtol=1e-15)
    np.testing.assert_allclose(rrelu(X)[0], F.rrelu(x).numpy(), rtol=1e-15)


@pytest.mark.parametrize("alpha", [[0.3], [0.3, -0.2, 1.5]])
@pytest.mark.parametrize("rank", [2, 4])
def test_prelu_agrees_with_autograd(alpha, rank):
    values = np.nan_to_num(X if rank == 4 else X[:, :, 0, 0])
    dy = np.random.default_rng(2).normal(size=values.shape)
    x, a = torch.tensor(values, requires_grad=True), torch.tensor(alpha, dtype=torch.float64, requires_grad=True)
    y = F.prelu(x, a)
    y.backward(torch.tensor(dy))
    np.testing.assert_allclose(prelu(values, np.array(alpha)), y.detach().numpy(), rtol=1e-15)
    dx, dalpha = prelu_backward(dy, values, np.array(alpha))
    np.testing.assert_allclose(dx, x.grad.numpy(), rtol=1e-15)
    np.testing.assert_allclose(dalpha, a.grad.numpy(), rtol=1e-12)
