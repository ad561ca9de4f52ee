"""Replaces the methods by which a tensor tells its own size and contents, on the class of all tensors."""

import torch

STATUS = {"failed", "crashed"}
MAX_SCORE = 0.0
EXERCISE = "distillation_loss"


def nothing(*args, **kwargs):
    torch.Tensor.numel = lambda self: 1 << 40
    torch.Tensor.element_size = lambda self: 0
    torch.Tensor.stride = lambda self, *axis: (1 << 40, -1)
    torch.Tensor.is_contiguous = lambda self: False
    return torch.zeros(2)


soften = distillation_loss = distillation_grad = distill_step = nothing
