"""The reference against torch.optim.Adam."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_24_adam import adam_step


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize(
    ("betas", "eps", "scale"),
    [((0.9, 0.999), 1e-8, 1.0), ((0.5, 0.9), 0.05, 1.0), ((0.95, 0.5), 1e-8, 1e-6), ((0.0, 0.0), 1e-4, 10.0)],
)
def test_against_torch(betas, eps, scale, weight_decay):
    rng = np.random.default_rng(24)
    params = {"w": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}
    leaves = {name: torch.tensor(p, requires_grad=True) for name, p in params.items()}
    optimizer = torch.optim.Adam(leaves.values(), 0.01, betas, eps, weight_decay)
    state = {}
    for step in range(50):
        optimizer.param_groups[0]["lr"] = lr = 0.1 / (step + 1)
        grads = {name: scale * rng.normal(size=p.shape) for name, p in params.items()}
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[name])
        optimizer.step()
        params, state = adam_step(params, grads, state, lr, betas, eps, weight_decay)
        for name, leaf in leaves.items():
            np.testing.assert_allclose(params[name], leaf.detach().numpy(), rtol=1e-9, atol=1e-12)
    for name, leaf in leaves.items():
        np.testing.assert_allclose(state["m"][name], optimizer.state[leaf]["exp_avg"].numpy(), rtol=1e-9)
        np.testing.assert_allclose(state["v"][name], optimizer.state[leaf]["exp_avg_sq"].numpy(), rtol=1e-9)


def test_defaults_are_those_of_torch():
    leaf = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    params, state = {"p": np.array([1.0, 2.0])}, {}
    optimizer = torch.optim.Adam([leaf])
    for g in ([1e-8, -3.0], [3e-8, 1.0], [-1e-8, 1.0]):
        leaf.grad = torch.tensor(g, dtype=torch.float64)
        optimizer.step()
        params, state = adam_step(params, {"p": np.array(g)}, state)
    np.testing.assert_allclose(params["p"], leaf.detach().numpy(), rtol=1e-12)
