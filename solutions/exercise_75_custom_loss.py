import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _wide(x: Tensor) -> Tensor:
    """Half precision as float32; float32 and float64 unchanged."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _error(pred: Tensor, target: Tensor) -> Tensor:
    if pred.shape != target.shape:
        raise ValueError("pred and target differ in shape")
    return _wide(pred) - target


class FocalLoss(nn.Module):
    def __init__(self, gamma: float = 2.0, alpha: float | None = 0.25, reduction: str = "mean"):
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError("reduction must be mean, sum or none")
        self.gamma = gamma
        self.alpha = alpha
        self.reduction = reduction

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        logits = _wide(logits)
        y = target.to(logits.dtype)
        ce = F.binary_cross_entropy_with_logits(logits, y, reduction="none")  # ValueError for unequal shapes
        loss = (1 - torch.exp(-ce)) ** self.gamma * ce
        if self.alpha is not None:
            loss = (self.alpha * y + (1 - self.alpha) * (1 - y)) * loss
        if self.reduction == "mean":
            return loss.mean()
        return loss.sum() if self.reduction == "sum" else loss


class LogCoshLoss(nn.Module):
    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        size = _error(pred, target).abs()
        return (size + torch.log1p(torch.exp(-2 * size))).mean() - math.log(2)


class WeightedMSE(nn.Module):
    def __init__(self, weights: Tensor):
        super().__init__()
        self.register_buffer("weights", weights.detach().clone())

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        if pred.shape[-1:] != self.weights.shape:
            raise ValueError("the last axis of pred must have the size of weights")
        return (self.weights * _error(pred, target) ** 2).mean()


class LeakyReLUFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        mask = x > 0
        ctx.save_for_backward(mask)
        ctx.slope = slope
        return torch.where(mask, x, slope * x)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return torch.where(mask, dy, ctx.slope * dy), None


class StraightThroughSign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x.abs() <= 1)
        return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        (window,) = ctx.saved_tensors
        return dy * window
