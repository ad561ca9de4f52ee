"""The reference against torch.optim.RMSprop, and the Keras form against its formula one coordinate at a time."""

import math

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_23_rmsprop import rmsprop_step, rmsprop_step_keras


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize(
    ("alpha", "eps", "scale"), [(0.5, 1e-8, 1.0), (0.9, 0.05, 1.0), (0.99, 1e-8, 1e-5), (0.999, 1e-4, 10.0)]
)
def test_against_torch(alpha, eps, scale, momentum, centered):
    rng = np.random.default_rng(23)
    params = {"w": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}
    leaves = {name: torch.tensor(p, requires_grad=True) for name, p in params.items()}
    optimizer = torch.optim.RMSprop(leaves.values(), 0.01, alpha, eps, momentum=momentum, centered=centered)
    state = {}
    for _ in range(30):
        grads = {name: scale * rng.normal(size=p.shape) for name, p in params.items()}
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[name])
        optimizer.step()
        params, state = rmsprop_step(params, grads, state, 0.01, alpha, eps, momentum, centered)
        for name, leaf in leaves.items():
            np.testing.assert_allclose(params[name], leaf.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_defaults_are_those_of_torch():
    leaf = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    leaf.grad = torch.tensor([1e-8, -3.0], dtype=torch.float64)
    torch.optim.RMSprop([leaf]).step()
    params, _ = rmsprop_step({"p": np.array([1.0, 2.0])}, {"p": np.array([1e-8, -3.0])}, {})
    np.testing.assert_allclose(params["p"], leaf.detach().numpy(), rtol=1e-12)


def test_keras_form():
    rng = np.random.default_rng(23)
    params, state, v, p = {"p": np.array([1.0])}, {}, 0.0, 1.0
    for g in (1e-5 * rng.normal(size=20)).tolist():
        params, state = rmsprop_step_keras(params, {"p": np.array([g])}, state)
        v = 0.9 * v + 0.1 * g * g
        p -= 0.001 * g / math.sqrt(v + 1e-7)
        np.testing.assert_allclose(params["p"], [p], rtol=1e-12)
