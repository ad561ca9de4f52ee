"""The reference against F.leaky_relu, binary cross-entropy, gradcheck and gradgradcheck, in float64."""

import torch
import torch.nn.functional as F

from dlkit.solutions.exercise_75_custom_loss import (
    FocalLoss,
    LeakyReLUFn,
    LogCoshLoss,
    StraightThroughSign,
    WeightedMSE,
)


def _batch(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(4, 3, generator=generator, dtype=torch.float64).requires_grad_()
    return logits, (torch.rand(4, 3, generator=generator) < 0.5).double()


def test_leaky_relu() -> None:
    for seed, slope in enumerate((0.01, 0.5, 1.5, -0.3)):
        x, _ = _batch(seed)
        torch.testing.assert_close(LeakyReLUFn.apply(x, slope), F.leaky_relu(x, slope))
        assert torch.autograd.gradcheck(LeakyReLUFn.apply, (x, slope))
        assert torch.autograd.gradgradcheck(LeakyReLUFn.apply, (x, slope))


def test_losses() -> None:
    for seed in range(5):
        x, y = _batch(seed)
        torch.testing.assert_close(FocalLoss(0.0, None)(x, y), F.binary_cross_entropy_with_logits(x, y))
        torch.testing.assert_close(WeightedMSE(torch.ones(3).double())(x, y), F.mse_loss(x, y))
        torch.testing.assert_close(LogCoshLoss()(x, y), torch.log(torch.cosh(x - y)).mean())
        p = torch.sigmoid(x)
        p_t, alpha = torch.where(y == 1, p, 1 - p), torch.where(y == 1, 0.3, 0.7)
        torch.testing.assert_close(FocalLoss(1.5, 0.3, "none")(x, y), -alpha * (1 - p_t) ** 1.5 * p_t.log())
        for loss in (FocalLoss(), LogCoshLoss(), WeightedMSE(torch.arange(3).double())):
            assert torch.autograd.gradcheck(loss, (x, y))


def test_straight_through_is_clamp_backward() -> None:
    x, _ = _batch(0)
    (expected,) = torch.autograd.grad((2 * x).clamp(-1, 1).sum(), x)
    (found,) = torch.autograd.grad(StraightThroughSign.apply(2 * x).sum(), x)
    torch.testing.assert_close(found, expected)
