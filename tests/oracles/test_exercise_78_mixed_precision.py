"""The reference against torch.amp.GradScaler's trace, torch.optim and numpy's float16."""

import copy

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from dlkit.solutions.exercise_78_mixed_precision import LossScaler, amp_train_step, fp16_underflow_fraction


def test_scale_follows_the_library_scaler() -> None:
    for seed in range(5):
        oks = np.random.default_rng(seed).random(200) < 0.8
        parameter = nn.Parameter(torch.zeros(2))
        optimizer = torch.optim.SGD([parameter], 0.1)
        theirs = torch.amp.GradScaler(
            "cpu", init_scale=1024.0, growth_factor=3.0, backoff_factor=0.25, growth_interval=4
        )
        ours = LossScaler(1024.0, 3.0, 0.25, 4)
        for ok in oks:
            loss = parameter.sum() * (1.0 if ok else float("inf"))
            optimizer.zero_grad()
            theirs.scale(loss).backward()
            theirs.step(optimizer)
            theirs.update()
            ours.update(bool(ok))
            torch.testing.assert_close(ours.scale(torch.tensor(1.0)).item(), theirs.get_scale(), rtol=1e-6, atol=0.0)


def test_a_step_with_scaling_is_a_plain_step() -> None:
    torch.manual_seed(0)
    model, x, y = nn.Linear(4, 3), torch.randn(6, 4), torch.randint(3, (6,))
    other = copy.deepcopy(model)
    optimizer = torch.optim.AdamW(model.parameters(), 0.1)
    amp_train_step(model, (x, y), optimizer, F.cross_entropy, LossScaler(512.0), "cpu", torch.float32, 0.1)
    optimizer = torch.optim.AdamW(other.parameters(), 0.1)
    F.cross_entropy(other(x), y).backward()
    nn.utils.clip_grad_norm_(other.parameters(), 0.1)
    optimizer.step()
    torch.testing.assert_close(list(model.parameters()), list(other.parameters()))


def test_underflow_is_numpys() -> None:
    rng = np.random.default_rng(0)
    for scale in (1.0, 64.0, 4096.0):
        grads = (10.0 ** rng.uniform(-12, 0, size=500)).astype(np.float32)
        expected = ((grads * np.float32(scale)).astype(np.float16) == 0).mean()
        np.testing.assert_allclose(fp16_underflow_fraction(torch.tensor(grads), scale), expected)
