"""The reference's fans and deviations against torch.nn.init, its training against autograd."""

import itertools

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_30_weight_init import (
    descended,
    fan_in_out,
    he_normal,
    he_uniform,
    xavier_normal,
    xavier_uniform,
)

SHAPES = ((3, 7), (4, 3, 5), (2, 5, 3, 4))


@pytest.mark.parametrize("shape", SHAPES)
def test_fans(shape):
    assert fan_in_out(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.zeros(shape))


class Asked:
    """A generator that gives back what it was asked for."""

    def uniform(self, low, high, shape):
        assert low == -high
        return high / np.sqrt(3)

    def normal(self, mean, std, shape):
        assert mean == 0
        return std


@pytest.mark.parametrize("shape", [(300, 500), (40, 30, 5, 7)])
def test_deviations(shape):
    torch.manual_seed(30)

    def deviation(draw, **more):
        return float(draw(torch.zeros(shape, dtype=torch.float64), **more).std())

    init = torch.nn.init
    for ours, theirs in ((xavier_uniform, init.xavier_uniform_), (xavier_normal, init.xavier_normal_)):
        assert ours(shape, Asked(), 1.7) == pytest.approx(deviation(theirs, gain=1.7), rel=0.02)
    for ours, theirs in ((he_uniform, init.kaiming_uniform_), (he_normal, init.kaiming_normal_)):
        for mode in ("fan_in", "fan_out"):
            right = deviation(theirs, a=0.4, mode=mode, nonlinearity="leaky_relu")
            assert ours(shape, Asked(), 0.4, mode) == pytest.approx(right, rel=0.02)


def test_training():
    rng = np.random.default_rng(30)
    sizes = (3, 5, 4, 2)
    params = [(rng.normal(size=(o, i)), rng.normal(size=o)) for i, o in itertools.pairwise(sizes)]
    x, y = rng.normal(size=(6, 3)), rng.integers(2, size=6)
    leaves = [(torch.tensor(W, requires_grad=True), torch.tensor(b, requires_grad=True)) for W, b in params]
    h = torch.tensor(x)
    for W, b in leaves[:-1]:
        h = torch.tanh(torch.nn.functional.linear(h, W, b))
    torch.nn.functional.cross_entropy(torch.nn.functional.linear(h, *leaves[-1]), torch.tensor(y)).backward()
    for (W, b), (leaf_W, leaf_b) in zip(descended(params, x, y, 0.3), leaves, strict=True):
        np.testing.assert_allclose(W, (leaf_W - 0.3 * leaf_W.grad).detach().numpy(), rtol=1e-10)
        np.testing.assert_allclose(b, (leaf_b - 0.3 * leaf_b.grad).detach().numpy(), rtol=1e-10)
