"""The reference against torch.distributions, cross_entropy and gradcheck, in float64."""

import numpy as np
import torch
import torch.nn.functional as F
from torch.distributions import Categorical, kl_divergence

from dlkit.solutions.exercise_91_distillation_loss import distillation_grad, distillation_loss, soften


def _batch(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    student, teacher = torch.tensor(rng.normal(scale=3.0, size=(2, 6, 4)))
    return student, teacher, torch.tensor(rng.integers(4, size=6))


def test_loss_is_made_of_two_library_losses() -> None:
    for seed in range(20):
        student, teacher, target = _batch(seed)
        T, alpha = 0.5 + seed, seed / 19
        soft = kl_divergence(Categorical(logits=teacher / T), Categorical(logits=student / T)).mean()
        expected = alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(student, target)
        loss = distillation_loss(student, teacher, target, T, alpha)
        torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(soften(student, T), Categorical(logits=student / T).probs)


def test_gradients_are_those_of_the_loss() -> None:
    for seed in range(5):
        student, teacher, target = _batch(seed)
        student.requires_grad_()
        assert torch.autograd.gradcheck(distillation_loss, (student, teacher, target, 3.0, 0.4))
        (expected,) = torch.autograd.grad(distillation_loss(student, teacher, target, 3.0, 1.0), student)
        torch.testing.assert_close(distillation_grad(student.detach(), teacher, 3.0), expected)
