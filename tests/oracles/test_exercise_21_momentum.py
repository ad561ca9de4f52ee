"""The reference against torch.optim.SGD, in float64."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_21_momentum import nesterov_lookahead_step, sgd_momentum_step


@pytest.mark.parametrize(
    ("momentum", "dampening", "nesterov"),
    [(0.0, 0.0, False), (0.0, 0.5, False), (0.5, 0.0, False), (0.9, 0.3, False), (0.9, 1.0, False), (0.5, 0.0, True),
     (0.99, 0.0, True)],
)  # fmt: skip
def test_against_torch(momentum, dampening, nesterov):
    rng = np.random.default_rng(21)
    params = {"w": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}
    leaves = {name: torch.tensor(p, requires_grad=True) for name, p in params.items()}
    optimizer = torch.optim.SGD(leaves.values(), 0.01, momentum, dampening, nesterov=nesterov)
    state = {}
    for t in range(30):
        lr = 0.01 * (1 + t % 3)
        optimizer.param_groups[0]["lr"] = lr
        grads = {name: rng.normal(size=p.shape) for name, p in params.items()}
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[name])
        optimizer.step()
        params, state = sgd_momentum_step(params, grads, state, lr, momentum, dampening, nesterov)
        for name, leaf in leaves.items():
            np.testing.assert_allclose(params[name], leaf.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("momentum", "dampening"), [(0.0, 0.0), (-0.5, 0.0), (0.9, 0.1)])
def test_torch_refuses_the_same(momentum, dampening):
    leaf = torch.zeros(1, requires_grad=True)
    with pytest.raises(ValueError):
        torch.optim.SGD([leaf], 0.1, momentum, dampening, nesterov=True)
    with pytest.raises(ValueError):
        sgd_momentum_step({"p": np.zeros(1)}, {"p": np.ones(1)}, {}, 0.1, momentum, dampening, True)


def test_lookahead_points_are_torchs_parameters():
    x, v = np.array([1.0, -2.0]), np.zeros(2)
    leaf = torch.tensor(x, requires_grad=True)
    optimizer = torch.optim.SGD([leaf], 0.1, 0.9, nesterov=True)
    for _ in range(30):
        leaf.grad = (3 * leaf + leaf.sin()).detach()
        optimizer.step()
        x, v = nesterov_lookahead_step(x, v, lambda p: 3 * p + np.sin(p), 0.1, 0.9)
        np.testing.assert_allclose(x + 0.9 * v, leaf.detach().numpy(), rtol=1e-9, atol=1e-12)
