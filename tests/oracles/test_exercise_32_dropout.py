"""The reference against torch: dropout with the same mask and its gradient, evaluation, the shares of the kept."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_32_dropout import classic_dropout, dropout_backward, dropout_forward


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_value_and_gradient(p):
    rng = np.random.default_rng(32)
    x, dy = rng.normal(size=(2, 4, 50))
    torch.manual_seed(32)
    leaf = torch.tensor(x, requires_grad=True)
    right = torch.nn.functional.dropout(leaf, p, training=True)
    right.backward(torch.tensor(dy))

    class Drawn:  # a draw that keeps what torch has kept
        def random(self, shape):
            assert shape == x.shape
            return np.where(right.detach().numpy() != 0, p, p / 2 - 1e-9)

    y, mask = dropout_forward(x, p, True, Drawn() if p < 1 else np.random.default_rng(0))
    np.testing.assert_allclose(y, right.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(dropout_backward(dy, mask), leaf.grad.numpy(), rtol=1e-12)


def test_evaluation():
    x = np.random.default_rng(32).normal(size=(3, 5))
    right = torch.nn.functional.dropout(torch.tensor(x), 0.4, training=False)
    np.testing.assert_array_equal(dropout_forward(x, 0.4, False)[0], right.numpy())


def test_shares_of_the_kept():
    x = np.ones(200_000)
    for p in (0.1, 0.3, 0.8):
        y = classic_dropout(x, p, True, np.random.default_rng(32))
        right = (torch.nn.functional.dropout(torch.ones(200_000), p) != 0).double().mean()
        assert y.mean() == pytest.approx(float(right), abs=0.01)
