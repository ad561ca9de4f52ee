"""The reference against torch.optim.Adagrad and torch.optim.Adadelta."""

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_22_adagrad import adadelta_step, adagrad_step


def compare(step, make, scale, **settings):
    rng = np.random.default_rng(22)
    params = {"w": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}
    leaves = {name: torch.tensor(p, requires_grad=True) for name, p in params.items()}
    optimizer, state = make(leaves.values(), **settings), {}
    for _ in range(30):
        grads = {name: scale * rng.normal(size=p.shape) for name, p in params.items()}
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[name])
        optimizer.step()
        params, state = step(params, grads, state, **settings)
        for name, leaf in leaves.items():
            np.testing.assert_allclose(params[name], leaf.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e-5, 100.0])
@pytest.mark.parametrize("settings", [{}, {"lr": 0.3, "lr_decay": 0.1}, {"lr": 0.1, "lr_decay": 1.0, "eps": 0.05}])
def test_adagrad(settings, scale):
    compare(adagrad_step, torch.optim.Adagrad, scale, **settings)


@pytest.mark.parametrize("scale", [1.0, 1e-5, 100.0])
@pytest.mark.parametrize("settings", [{}, {"lr": 0.3, "rho": 0.5}, {"lr": 2.0, "rho": 0.99, "eps": 0.05}, {"rho": 1.0}])
def test_adadelta(settings, scale):
    compare(adadelta_step, torch.optim.Adadelta, scale, **settings)


@pytest.mark.parametrize(("make", "wrong"), [(torch.optim.Adagrad, {"lr": -1.0}), (torch.optim.Adadelta, {"rho": 1.1})])
def test_what_torch_refuses(make, wrong):
    with pytest.raises(ValueError, match="Invalid"):
        make([torch.zeros(1, requires_grad=True)], **wrong)
