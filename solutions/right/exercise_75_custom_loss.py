"""The same in other words: sigmoids written out, signs as small integers, masks kept on ctx."""

import math

import torch
import torch.nn.functional as F
from torch import nn


# --- sigmoids and signs
def _same(a, b):
    if tuple(a.shape) != tuple(b.shape):
        raise ValueError(f"shapes {tuple(a.shape)} and {tuple(b.shape)}")
    kind = torch.float64 if a.dtype == torch.float64 else torch.float32
    return a.to(kind), b.to(kind)


class FocalLoss(nn.Module):
    def __init__(self, gamma=2.0, alpha=0.25, reduction="mean"):
        super().__init__()
        self.reduce = {"mean": torch.mean, "sum": torch.sum, "none": lambda loss: loss}.get(reduction)
        if self.reduce is None:
            raise ValueError("reduction")
        self.settings = gamma, alpha

    def forward(self, logits, target):
        logits, target = _same(logits, target)
        gamma, alpha = self.settings
        z = (2 * target - 1) * logits  # positive where it is right
        factor = 1.0 if alpha is None else 1 - alpha + (2 * alpha - 1) * target
        return self.reduce(-factor * torch.exp(gamma * F.logsigmoid(-z)) * F.logsigmoid(z))


class LogCoshLoss(nn.Module):
    def forward(self, pred, target):
        pred, target = _same(pred, target)
        e = pred - target
        return torch.mean(torch.logaddexp(e, -e) - math.log(2.0))


class WeightedMSE(nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.register_buffer("weights", torch.empty_like(weights, requires_grad=False))
        with torch.no_grad():
            self.weights.copy_(weights)

    def forward(self, pred, target):
        pred, target = _same(pred, target)
        if pred.shape[-1] != len(self.weights):
            raise ValueError("weights")
        return torch.sum((pred - target).square() * self.weights.to(pred.dtype)) / pred.numel()


class LeakyReLUFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.signs = (x > 0).to(torch.int8)
        ctx.slope = slope
        return x.clamp(min=0) + slope * x.clamp(max=0)

    @staticmethod
    def backward(ctx, dy):
        signs = ctx.signs.to(dy.dtype)
        return dy * (signs + ctx.slope * (1 - signs)), None


class StraightThroughSign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 2 * (x >= 0).to(x.dtype) - 1

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        dx = dy.clone()
        dx[(x < -1) | (x > 1)] = 0
        return dx


# --- formula of the statement
class FocalLoss(nn.Module):  # noqa: F811
    def __init__(self, gamma: float = 2.0, alpha: float | None = 0.25, reduction: str = "mean"):
        super().__init__()
        if reduction not in {"mean", "sum", "none"}:
            raise ValueError(f"unknown reduction {reduction!r}")
        self.gamma, self.alpha, self.reduction = gamma, alpha, reduction

    def forward(self, logits, target):
        if logits.shape != target.shape:
            raise ValueError("shape")
        x = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
        y = target.to(x)
        ce = x.clamp(min=0) - x * y + torch.log1p(torch.exp(-x.abs()))
        focal = (-torch.expm1(-ce)).pow(self.gamma) * ce
        if self.alpha is not None:
            focal = torch.where(y > 0.5, self.alpha * focal, (1 - self.alpha) * focal)
        return focal if self.reduction == "none" else getattr(focal, self.reduction)()


class LeakyReLUFn(torch.autograd.Function):  # noqa: F811
    @staticmethod
    def forward(ctx, x, slope):
        negative = x <= 0
        ctx.save_for_backward(negative)
        ctx.slope = slope
        y = x.clone()
        y[negative] *= slope
        return y

    @staticmethod
    def backward(ctx, dy):
        (negative,) = ctx.saved_tensors
        return dy.masked_fill(negative, 0.0) + ctx.slope * dy.masked_fill(~negative, 0.0), None
