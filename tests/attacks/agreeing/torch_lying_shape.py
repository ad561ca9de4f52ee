"""Returns tensors of a subclass that lies about its shape, size, dtype and device."""

import torch

STATUS = {"failed"}
MAX_SCORE = 0.0
EXERCISE = "distillation_loss"


class Lying(torch.Tensor):
    shape = property(lambda self: torch.Size([2, 2]))
    dtype = property(lambda self: torch.float64)
    device = property(lambda self: torch.device("cuda:0"))
    size = dim = numel = lambda self, *args: 4
    __torch_function__ = torch._C._disabled_torch_function_impl


def lying(*args, **kwargs):
    return torch.full((1,), 0.25).as_subclass(Lying)


soften = distillation_loss = distillation_grad = distill_step = lying
