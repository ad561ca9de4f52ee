"""Custom losses and autograd functions.

Three losses as modules, and two functions that bring their own backward pass.

What holds for the three losses: pred (or logits) and target have EQUAL shapes, of any rank; nothing
broadcasts, ValueError otherwise. target may have an integer dtype. float32 and float64 keep their dtype;
float16 and bfloat16 are computed, and the loss returned, in float32. Autograd reaches pred (logits), so
everything stays in torch. Inputs are not modified.

class `FocalLoss(gamma=2.0, alpha=0.25, reduction="mean")`, binary, on logits

    ce   = binary cross-entropy of sigmoid(logits) with target, per element (target is 0 or 1)
    p_t  = exp(-ce)                          probability of the RIGHT class: p for positives, else 1 - p
    loss = alpha_t * (1 - p_t)^gamma * ce    alpha_t = alpha for positives, 1 - alpha for negatives

    gamma      a number >= 0
    alpha      a number, or None: then there is no factor alpha_t
    reduction  "mean" or "sum" over all elements, both of shape (), or "none": shape of logits.
               Anything else: ValueError in __init__
    Logits of +-1e4 give finite losses and, for gamma = 0 or gamma >= 1, finite gradients: work on logits.

class `LogCoshLoss()`
    mean of log(cosh(e)) over all elements, e = pred - target, for errors of any size:
    log(cosh(e)) = |e| + log(1 + exp(-2 |e|)) - log 2: near e^2 / 2 for small e, |e| - log 2 for large e.

class `WeightedMSE(weights)`
    mean of weights[d] * (pred - target)^2 over ALL elements (divide by their number, not by the sum of
    weights); weights (D,) belongs to the last axis of pred, (..., D); ValueError if that axis has another
    size. It is kept in the buffer `weights`, a detached copy: it follows .to(…) and is part of the
    state_dict, it is no parameter, gets no gradient, and does not change when the caller's tensor does.

class `LeakyReLUFn`, a torch.autograd.Function: y = LeakyReLUFn.apply(x, slope)
    forward    x where x > 0, else slope * x. slope is a Python number of any sign. New tensor, dtype of x
    backward   dy where x > 0, else slope * dy; slope gets None. Return one value per argument of forward
    For the backward pass keep only the mask of the signs, one byte per element, not x itself. The backward
    pass must be differentiable in its turn (double backward), so write it with torch operations on dy.

class `StraightThroughSign`, a torch.autograd.Function: y = StraightThroughSign.apply(x)
    forward    +1 where x >= 0, else -1, in the dtype of x (so sign(0) = +1, unlike torch.sign)
    backward   dy where |x| <= 1, else 0: as if the forward pass had been a clamp to [-1, 1]

Example
    >>> x = torch.tensor([0.0, 2.0, -3.0])
    >>> FocalLoss(gamma=0.0, alpha=None)(x[:1], torch.ones(1))  # plain cross-entropy of p = 1/2: log 2
    tensor(0.6931)
    >>> FocalLoss()(x[:1], torch.ones(1))  # 0.25 * (1 - 1/2)^2 * log 2
    tensor(0.0433)
    >>> LogCoshLoss()(torch.tensor([100.0]), torch.tensor([0.0]))  # 100 - log 2
    tensor(99.3069)
    >>> WeightedMSE(torch.tensor([1.0, 3.0]))(torch.ones(1, 2), torch.zeros(1, 2))  # (1 + 3) / 2
    tensor(2.)
    >>> LeakyReLUFn.apply(x, 0.1)
    tensor([ 0.0000,  2.0000, -0.3000])
    >>> StraightThroughSign.apply(x)
    tensor([ 1.,  1., -1.])

Why equal shapes: predictions (N, 1) against targets (N,) broadcast to (N, N); the loss is a number, goes down
a little, and the model learns the mean of the targets.

Asked next: why does focal loss help with many easy negatives, and what does its gradient look like for them?
What do ctx.save_for_backward and @once_differentiable do? How would you test a custom backward pass? Why does
the straight-through gradient stop outside [-1, 1]?
"""

from typing import Any

import torch
from torch import Tensor, nn


class FocalLoss(nn.Module):
    def __init__(self, gamma: float = 2.0, alpha: float | None = 0.25, reduction: str = "mean"):
        raise NotImplementedError("TODO: keep the settings; refuse an unknown reduction")

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        raise NotImplementedError("TODO: alpha_t * (1 - p_t)^gamma * ce, reduced")


class LogCoshLoss(nn.Module):
    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        raise NotImplementedError("TODO: mean of log(cosh(pred - target)), stable")


class WeightedMSE(nn.Module):
    def __init__(self, weights: Tensor):
        raise NotImplementedError("TODO: a buffer `weights`")

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        raise NotImplementedError("TODO: mean of weights * (pred - target)^2")


class LeakyReLUFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        raise NotImplementedError("TODO: x or slope * x; keep the mask")

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None]:
        raise NotImplementedError("TODO: dy or slope * dy, and None for slope")


class StraightThroughSign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        raise NotImplementedError("TODO: +1 or -1")

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        raise NotImplementedError("TODO: dy inside [-1, 1]")
