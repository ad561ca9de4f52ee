"""Answers people really give. Each must fail exactly the checks it names."""

import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd.function import once_differentiable

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_75_custom_loss import (
    FocalLoss,
    LeakyReLUFn,
    LogCoshLoss,
    StraightThroughSign,
    WeightedMSE,
    _error,
    _wide,
)


def _parts(module, logits, target):
    """Wide logits, targets, cross-entropy and alpha_t, as they should be; the reference's ValueError."""
    logits = _wide(logits)
    y = target.to(logits.dtype)
    ce = F.binary_cross_entropy_with_logits(logits, y, reduction="none")
    alpha = module.alpha
    return logits, y, ce, 1.0 if alpha is None else alpha * y + (1 - alpha) * (1 - y)


def _reduced(module, loss):
    return loss if module.reduction == "none" else getattr(loss, module.reduction)()


@wrong(replaces="FocalLoss", fails=["focal_value"])
class p_not_pt(FocalLoss):
    """(1 - p)^gamma suits positives only: use p_t, which is p for positives and 1 - p for negatives."""

    def forward(self, logits, target):
        logits, _, ce, alpha = _parts(self, logits, target)
        return _reduced(self, alpha * (1 - torch.sigmoid(logits)) ** self.gamma * ce)


@wrong(replaces="FocalLoss", fails=["focal_value"])
class pt_detached(FocalLoss):
    """p_t depends on the logits, too: do not detach it, its part of the gradient belongs to the loss."""

    def forward(self, logits, target):
        _, _, ce, alpha = _parts(self, logits, target)
        return _reduced(self, alpha * (1 - torch.exp(-ce.detach())) ** self.gamma * ce)


@wrong(replaces="FocalLoss", fails=["focal_value"])
class alpha_for_all(FocalLoss):
    """alpha is the weight of positives; negatives get 1 - alpha."""

    def forward(self, logits, target):
        _, _, ce, _ = _parts(self, logits, target)
        alpha = 1.0 if self.alpha is None else self.alpha
        return _reduced(self, alpha * (1 - torch.exp(-ce)) ** self.gamma * ce)


@wrong(replaces="FocalLoss", fails=["focal_value"])
class alpha_swapped(FocalLoss):
    """alpha belongs to the positives (target 1), 1 - alpha to the negatives; yours is the other way round."""

    def forward(self, logits, target):
        _, _, ce, alpha = _parts(self, logits, target)
        alpha = alpha if self.alpha is None else 1 - alpha
        return _reduced(self, alpha * (1 - torch.exp(-ce)) ** self.gamma * ce)


@wrong(replaces="FocalLoss", fails=["focal_value"])
class alpha_zero_is_none(FocalLoss):
    """`if alpha:` takes alpha = 0 for None: ask `alpha is not None`."""

    def __init__(self, gamma=2.0, alpha=0.25, reduction="mean"):
        super().__init__(gamma, alpha or None, reduction)


@wrong(replaces="FocalLoss", fails=["focal_value"])
class log_of_sigmoid(FocalLoss):
    """The sigmoid of a large logit is exactly 0 or 1 and its log infinite: work on logits (BCE with logits)."""

    def forward(self, logits, target):
        logits, y, _, alpha = _parts(self, logits, target)
        p = torch.sigmoid(logits)
        p_t = p * y + (1 - p) * (1 - y)
        return _reduced(self, -alpha * (1 - p_t) ** self.gamma * torch.log(p_t))


@wrong(replaces="FocalLoss", fails=["focal_value"])
class reduced_too_early(FocalLoss):
    """Every element has its own p_t: reduce at the end, not the cross-entropy first."""

    def forward(self, logits, target):
        _, _, ce, alpha = _parts(self, logits, target)
        ce = _reduced(self, ce * alpha)
        return (1 - torch.exp(-ce)) ** self.gamma * ce


@wrong(replaces="FocalLoss", fails=["focal_value"])
class item_in_loss(FocalLoss):
    """item() takes the number out of the graph, and the loss no longer reaches the model: return the tensor."""

    def forward(self, logits, target):
        loss = super().forward(logits, target)
        return loss if self.reduction == "none" else torch.tensor(loss.item(), dtype=loss.dtype, device=loss.device)


@wrong(replaces="FocalLoss", fails=["focal_value"])
class reduction_ignored(FocalLoss):
    """reduction was accepted and not used: "sum" adds up, "none" returns every element's loss."""

    def forward(self, logits, target):
        _, _, ce, alpha = _parts(self, logits, target)
        return (alpha * (1 - torch.exp(-ce)) ** self.gamma * ce).mean()


@wrong(replaces="FocalLoss", fails=["focal_value", "device_half"])
class half_stays_half(FocalLoss):
    """Half precision has three digits, and 1 - p_t loses them all: convert the logits to float32 first."""

    def forward(self, logits, target):
        return super().forward(logits.double(), target).to(logits.dtype)


@wrong(replaces="FocalLoss", fails=["shape_guard"])
class unknown_reduction(FocalLoss):
    """A misspelt reduction should fail when the loss is made, with ValueError, not give some reduction silently."""

    def __init__(self, gamma=2.0, alpha=0.25, reduction="mean"):
        super().__init__(gamma, alpha, reduction if reduction in ("sum", "none") else "mean")


@wrong(replaces="LogCoshLoss", fails=["shape_guard"])
class broadcast_guard(LogCoshLoss):
    """Predictions (N, 1) and targets (N,) broadcast to an N x N loss of nonsense: check that the shapes are equal."""

    def forward(self, pred, target):
        return super().forward(*torch.broadcast_tensors(pred, target))


@wrong(replaces="LogCoshLoss", fails=["logcosh"])
class numpy_inside(nn.Module):
    """numpy cuts the graph, so nothing can be learned from this loss: stay in torch."""

    def forward(self, pred, target):
        size = _error(pred, target).detach().cpu().abs().numpy()
        return torch.as_tensor((size + _log1p(size)).mean() - math.log(2), dtype=_wide(pred).dtype, device=pred.device)


def _log1p(size):
    return F.softplus(-2 * torch.from_numpy(size)).numpy()


@wrong(replaces="LogCoshLoss", fails=["logcosh"])
class cosh_overflow(nn.Module):
    """cosh overflows beyond 89 in float32 (710 in float64): use |e| + log1p(exp(-2|e|)) - log 2."""

    def forward(self, pred, target):
        return torch.log(torch.cosh(_error(pred, target))).mean()


class _Plain(WeightedMSE):
    """The reference with one thing to change: `_loss` of weights and error."""

    def forward(self, pred, target):
        if pred.shape[-1:] != self.weights.shape:
            raise ValueError("weights")
        return self._loss(self.weights, _error(pred, target))


@wrong(replaces="WeightedMSE", fails=["weighted"])
class parameter_weights(_Plain):
    """An nn.Parameter would be trained, and the loss lowered by shrinking the weights: register a buffer."""

    def __init__(self, weights):
        nn.Module.__init__(self)
        self.weights = nn.Parameter(weights.detach().clone())

    def _loss(self, weights, e):
        return (weights * e**2).mean()


@wrong(replaces="WeightedMSE", fails=["weighted", "device_parity", "device_gradient", "device_half"])
class plain_attribute(_Plain):
    """A plain tensor attribute stays behind when the module moves, and is not saved: register a buffer."""

    def __init__(self, weights):
        nn.Module.__init__(self)
        self.weights = weights.detach().clone()

    def _loss(self, weights, e):
        return (weights * e**2).mean()


@wrong(replaces="WeightedMSE", fails=["weighted"])
class not_in_state_dict(_Plain):
    """persistent=False keeps the buffer out of state_dict: a loaded model would have other weights."""

    def __init__(self, weights):
        nn.Module.__init__(self)
        self.register_buffer("weights", weights.detach().clone(), persistent=False)

    def _loss(self, weights, e):
        return (weights * e**2).mean()


@wrong(replaces="WeightedMSE", fails=["weighted"])
class weights_shared(WeightedMSE):
    """detach() shares memory with the caller's tensor: clone it, or the loss changes when that tensor does."""

    def __init__(self, weights):
        super().__init__(weights)
        self.weights = weights.detach()


@wrong(replaces="WeightedMSE", fails=["weighted"])
class divides_by_weights(_Plain):
    """The mean is over all elements: divide by their number, not by the sum of the weights."""

    def _loss(self, weights, e):
        return (weights * e**2).sum() / weights.expand_as(e).sum()


@wrong(replaces="WeightedMSE", fails=["weighted", "shape_guard"])
class rows_averaged_only(_Plain):
    """The mean is over ALL elements, those of the last axis, too."""

    def _loss(self, weights, e):
        return (weights * e**2).sum(-1).mean()


@wrong(replaces="WeightedMSE", fails=["shape_guard"])
class mse_broadcasts(WeightedMSE):
    """Predictions (N, D) and targets of another shape broadcast without a word: check that the shapes are equal."""

    def forward(self, pred, target):
        return super().forward(pred, target.flatten()[torch.arange(pred.numel()) % target.numel()].view(pred.shape))


@wrong(replaces="WeightedMSE", fails=["shape_guard"])
class weights_broadcast(WeightedMSE):
    """One prediction per row and D weights (or the reverse) broadcast: refuse weights of another size."""

    def forward(self, pred, target):
        return (
            (self.weights.mean() if len(self.weights) != pred.shape[-1] else self.weights)
            .mul(_error(pred, target) ** 2)
            .mean()
        )


@wrong(replaces="LeakyReLUFn", fails=["function_value", "gradgrad"])
class backward_arity(LeakyReLUFn):
    """backward returns one value per argument of forward: here the gradient of x, and None for slope."""

    @staticmethod
    def backward(ctx, dy):
        return LeakyReLUFn.backward(ctx, dy)[0]


@wrong(replaces="LeakyReLUFn", fails=["function_value"])
class keeps_input(LeakyReLUFn):
    """The backward pass needs only the signs of x: a bool mask takes an eighth (a quarter) of the memory of x."""

    @staticmethod
    def forward(ctx, x, slope):
        y = LeakyReLUFn.forward(ctx, x, slope)
        ctx.save_for_backward(x > 0, x)
        return y

    @staticmethod
    def backward(ctx, dy):
        mask, _ = ctx.saved_tensors
        return torch.where(mask, dy, ctx.slope * dy), None


@wrong(replaces="LeakyReLUFn", fails=["function_value"])
class kink_counts_as_positive(LeakyReLUFn):
    """At x = 0 the slope is that of the negative side, as in torch: the mask is x > 0, not x >= 0."""

    @staticmethod
    def forward(ctx, x, slope):
        y = LeakyReLUFn.forward(ctx, x, slope)
        ctx.save_for_backward(x >= 0)
        return y


@wrong(replaces="LeakyReLUFn", fails=["function_value", "gradgrad"])
class maximum_of_both(LeakyReLUFn):
    """max(x, slope * x) is leaky ReLU for slopes up to 1 only: choose by the sign of x."""

    @staticmethod
    def forward(ctx, x, slope):
        LeakyReLUFn.forward(ctx, x, slope)
        return torch.maximum(x, slope * x)


@wrong(replaces="LeakyReLUFn", fails=["function_value"])
class slope_on_the_class(LeakyReLUFn):
    """What a call needs later belongs on ctx: an attribute of the class is overwritten by the next call."""

    @staticmethod
    def forward(ctx, x, slope):
        y = LeakyReLUFn.forward(ctx, x, slope)
        slope_on_the_class.slope = slope
        return y

    @staticmethod
    def backward(ctx, dy):
        (mask,) = ctx.saved_tensors
        return torch.where(mask, dy, slope_on_the_class.slope * dy), None


@wrong(replaces="LeakyReLUFn", fails=["function_value", "gradgrad"])
class changes_input(LeakyReLUFn):
    """Multiplying in place overwrites the caller's x: make a new tensor."""

    @staticmethod
    def forward(ctx, x, slope):
        y = LeakyReLUFn.forward(ctx, x, slope)
        x.copy_(y)
        return y


@wrong(replaces="LeakyReLUFn", fails=["gradgrad", "device_double_backward"])
class differentiable_once(LeakyReLUFn):
    """@once_differentiable forbids second derivatives: torch operations on dy can be differentiated as they are."""

    @staticmethod
    @once_differentiable
    def backward(ctx, dy):
        return LeakyReLUFn.backward(ctx, dy)


@wrong(replaces="LeakyReLUFn", fails=["gradgrad"])
class backward_detached(LeakyReLUFn):
    """Detaching dy (or working on dy.data) makes the gradient a constant: second derivatives are lost."""

    @staticmethod
    def backward(ctx, dy):
        return LeakyReLUFn.backward(ctx, dy.detach())


@wrong(replaces="LeakyReLUFn", fails=["device_parity", "device_gradient", "device_double_backward"])
class mask_on_cpu(LeakyReLUFn):
    """A mask made on the CPU costs a copy there and back in every forward pass: compare x where it lies."""

    @staticmethod
    def forward(ctx, x, slope):
        mask = (x.cpu() > 0).to(x.device)
        ctx.save_for_backward(mask)
        ctx.slope = slope
        return torch.where(mask, x, slope * x)


@wrong(replaces="StraightThroughSign", fails=["straight_through"])
class sign_of_zero(StraightThroughSign):
    """torch.sign(0) is 0; a binary unit has only two values, and 0 belongs to +1."""

    @staticmethod
    def forward(ctx, x):
        StraightThroughSign.forward(ctx, x)
        return torch.sign(x)


@wrong(replaces="StraightThroughSign", fails=["straight_through"])
class passes_everything(StraightThroughSign):
    """Outside [-1, 1] the gradient is 0: there a larger x changes nothing any more."""

    @staticmethod
    def backward(ctx, dy):
        return dy * 1.0


@wrong(replaces="StraightThroughSign", fails=["straight_through"])
class open_window(StraightThroughSign):
    """The window is closed: at |x| = 1 the gradient still passes."""

    @staticmethod
    def forward(ctx, x):
        y = StraightThroughSign.forward(ctx, x)
        ctx.save_for_backward(x.abs() < 1)
        return y


@wrong(replaces="StraightThroughSign", fails=["device_parity", "device_gradient"])
class ones_on_cpu(StraightThroughSign):
    """torch.ones(shape) lies on the CPU: use ones_like(x), or numbers."""

    @staticmethod
    def forward(ctx, x):
        StraightThroughSign.forward(ctx, x)
        ones = torch.ones(x.shape, dtype=x.dtype)
        return torch.where(x >= 0, ones, -ones)
