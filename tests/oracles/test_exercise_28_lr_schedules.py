"""The reference against torch.optim.lr_scheduler."""

import math

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from dlkit.solutions.exercise_28_lr_schedules import (
    ReduceLROnPlateau,
    cosine_annealing,
    exponential_decay,
    linear_warmup_cosine,
    step_decay,
)


def optimizer(lr):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)


def rates(opt, scheduler, count):
    lrs = []
    for _ in range(count):
        lrs.append(opt.param_groups[0]["lr"])
        opt.step()
        scheduler.step()
    return lrs


def test_closed_forms():
    opt = optimizer(0.3)
    right = rates(opt, lr_scheduler.StepLR(opt, 7, gamma=0.4), 50)
    np.testing.assert_allclose([step_decay(0.3, t, 7, 0.4) for t in range(50)], right, rtol=1e-12)
    opt = optimizer(0.3)
    right = rates(opt, lr_scheduler.ExponentialLR(opt, 0.93), 50)
    np.testing.assert_allclose([exponential_decay(0.3, t, 0.93) for t in range(50)], right, rtol=1e-12)
    opt = optimizer(0.3)
    right = rates(opt, lr_scheduler.CosineAnnealingLR(opt, 20, eta_min=0.02), 21)
    np.testing.assert_allclose([cosine_annealing(0.3, t, 20, 0.02) for t in range(21)], right, rtol=1e-12)


def test_warmup_in_two_parts():
    opt = optimizer(0.3)
    ramp = lr_scheduler.LinearLR(opt, start_factor=1 / 5, total_iters=4)
    right = rates(opt, ramp, 5)
    np.testing.assert_allclose([linear_warmup_cosine(0.3, t, 5, 17) for t in range(5)], right, rtol=1e-12)
    opt = optimizer(0.3)
    right = rates(opt, lr_scheduler.CosineAnnealingLR(opt, 12), 13)
    np.testing.assert_allclose(
        [linear_warmup_cosine(0.3, t, 5, 17) for t in range(5, 18)], right, rtol=1e-9, atol=1e-15
    )


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("cooldown", [0, 1, 4])
@pytest.mark.parametrize("patience", [0, 1, 3])
def test_plateau(mode, cooldown, patience):
    rng = np.random.default_rng(28)
    for seed in range(20):
        metrics = rng.normal(1.0 if seed % 2 else 0.0, 0.3, size=80).round(2).tolist()
        metrics[int(rng.integers(80))] = math.nan
        settings = {"factor": 0.6, "patience": patience, "threshold": 0.02, "cooldown": cooldown, "min_lr": 1e-3}
        opt = optimizer(0.5)
        theirs = lr_scheduler.ReduceLROnPlateau(opt, mode=mode, **settings)
        ours = ReduceLROnPlateau(0.5, mode=mode, **settings)
        for metric in metrics:
            theirs.step(metric)
            assert ours.step(metric) == opt.param_groups[0]["lr"]
