"""The reference against torch.optim.AdamW, with a parameter group for what is exempt."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_26_adamw import adamw_step, decay_only_factor


@pytest.mark.parametrize("weight_decay", [0.0, 0.01, 0.7])
@pytest.mark.parametrize(
    ("betas", "eps", "scale"),
    [((0.9, 0.999), 1e-8, 1.0), ((0.5, 0.9), 0.05, 1.0), ((0.95, 0.5), 1e-8, 1e-6), ((0.0, 0.0), 1e-4, 10.0)],
)
def test_against_torch(betas, eps, scale, weight_decay):
    rng = np.random.default_rng(26)
    params = {"w": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}
    leaves = {name: torch.tensor(p, requires_grad=True) for name, p in params.items()}
    groups = [{"params": [leaves["w"]]}, {"params": [leaves["b"]], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, 0.01, betas, eps, weight_decay)
    state = {}
    for step in range(50):
        lr = 0.1 / (step + 1)
        for group in optimizer.param_groups:
            group["lr"] = lr
        grads = {name: scale * rng.normal(size=p.shape) for name, p in params.items()}
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[name])
        optimizer.step()
        params, state = adamw_step(params, grads, state, lr, betas, eps, weight_decay, {"b"})
        for name, leaf in leaves.items():
            np.testing.assert_allclose(params[name], leaf.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_defaults_are_those_of_torch():
    leaf = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    params, state = {"p": np.array([1.0, 2.0])}, {}
    optimizer = torch.optim.AdamW([leaf])
    for g in ([1e-8, -3.0], [3e-8, 1.0], [-1e-8, 1.0]):
        leaf.grad = torch.tensor(g, dtype=torch.float64)
        optimizer.step()
        params, state = adamw_step(params, {"p": np.array(g)}, state)
    np.testing.assert_allclose(params["p"], leaf.detach().numpy(), rtol=1e-12)


def test_decay_only_factor():
    leaf = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.AdamW([leaf], lr=0.1, weight_decay=0.3)
    leaf.grad = torch.zeros(1, dtype=torch.float64)
    for _ in range(20):
        optimizer.step()
    np.testing.assert_allclose(2.0 * decay_only_factor(0.1, 0.3, 20), leaf.item(), rtol=1e-12)
