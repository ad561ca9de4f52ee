"""Returns tensors whose gradients have gradients, a hundred deep and in a circle, and parameters shared by many."""

import itertools

import torch

STATUS = {"failed"}
MAX_SCORE = 0.0
EXERCISE = "distillation_loss"

deep = torch.zeros(())
for _ in range(3000):
    above = torch.zeros(())
    above.grad = deep
    deep = above
one, other = torch.zeros(()), torch.zeros(())
one.grad, other.grad = other, one
values = itertools.cycle([deep, one, [torch.nn.Parameter(torch.zeros(()))] * 1000, torch.nn.Linear(2, 2)])


def odd(*args, **kwargs):
    return next(values)


soften = distillation_loss = distillation_grad = distill_step = odd
