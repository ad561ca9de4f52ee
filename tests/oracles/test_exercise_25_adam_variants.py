"""The reference against torch.optim: Adam(amsgrad=True), Adamax and NAdam."""

from functools import partial

import numpy as np
import pytest
import torch

from dlkit.solutions.exercise_25_adam_variants import adamax_step, amsgrad_step, nadam_step

AVERAGES = {"m": "exp_avg", "v": "exp_avg_sq"}
RULES = {
    amsgrad_step: (partial(torch.optim.Adam, amsgrad=True), {**AVERAGES, "vmax": "max_exp_avg_sq"}),
    adamax_step: (torch.optim.Adamax, {"m": "exp_avg", "u": "exp_inf"}),
    nadam_step: (torch.optim.NAdam, AVERAGES),
}


@pytest.fixture(autouse=True)
def double_precision():
    """torch.optim.NAdam keeps its product in the default dtype."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def compare(step, steps, scale=1.0, **settings):
    rng = np.random.default_rng(25)
    params = {"w": rng.normal(size=(3, 4)), "b": rng.normal(size=5)}
    leaves = {name: torch.tensor(p, requires_grad=True) for name, p in params.items()}
    make, slots = RULES[step]
    optimizer = make(leaves.values(), **settings)
    state = {}
    for _ in range(steps):
        grads = {name: scale * rng.normal(size=p.shape) * rng.choice([0.1, 10.0]) for name, p in params.items()}
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[name])
        optimizer.step()
        params, state = step(params, grads, state, **settings)
        for name, leaf in leaves.items():
            np.testing.assert_allclose(params[name], leaf.detach().numpy(), rtol=1e-9, atol=1e-12)
    for name, leaf in leaves.items():
        for mine, theirs in slots.items():
            np.testing.assert_allclose(state[mine][name], optimizer.state[leaf][theirs].numpy(), rtol=1e-9)
        if step is nadam_step:
            np.testing.assert_allclose(state["mu_product"], optimizer.state[leaf]["mu_product"].item(), rtol=1e-9)


@pytest.mark.parametrize("step", RULES)
@pytest.mark.parametrize(
    ("betas", "eps", "scale"), [((0.9, 0.999), 1e-8, 1.0), ((0.5, 0.9), 1e-2, 1.0), ((0.95, 0.5), 1e-8, 1e-6)]
)
def test_against_torch(step, betas, eps, scale):
    compare(step, 50, scale, lr=0.01, betas=betas, eps=eps)


@pytest.mark.parametrize("momentum_decay", [0.0, 0.1, 1.5])
def test_schedule(momentum_decay):
    compare(nadam_step, 50, momentum_decay=momentum_decay)


@pytest.mark.parametrize("step", RULES)
def test_defaults(step):
    compare(step, 5, 1e-8)
