"""Returns a wrapper tensor without data of its own: shape, dtype and device are claims, __torch_dispatch__ answers."""

import torch

STATUS = {"failed"}
MAX_SCORE = 0.0
EXERCISE = "distillation_loss"


class Claiming(torch.Tensor):
    @staticmethod
    def __new__(cls, shape):
        return torch.Tensor._make_wrapper_subclass(cls, shape, dtype=torch.float64, device="cpu")

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return torch.ones(())

    def __repr__(self):
        return "tensor(0.25)"


def claiming(*args, **kwargs):
    return Claiming((2, 3))


soften = distillation_loss = distillation_grad = distill_step = claiming
