from collections.abc import Callable

import torch
from torch import Tensor, nn


class BasicBlock(nn.Module):
    def __init__(self, c_in: int, c_out: int, stride: int = 1):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        if c_in == c_out and stride == 1:
            self.shortcut = nn.Identity()
        else:
            self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride=stride, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] != self.conv1.in_channels:
            raise ValueError("x has another number of channels than c_in")
        inner = self.bn1(self.conv1(x)).relu()
        branch = self.bn2(self.conv2(inner))  # (N, c_out, ceil(H / stride), ceil(W / stride))
        return (branch + self.shortcut(x)).relu()


class HighwayLayer(nn.Module):
    def __init__(self, dim: int, gate_bias: float = -2.0):
        super().__init__()
        self.transform = nn.Linear(dim, dim)
        self.gate = nn.Linear(dim, dim)
        nn.init.constant_(self.gate.bias, gate_bias)

    def forward(self, x: Tensor) -> Tensor:
        T = self.gate(x).sigmoid()
        H = self.transform(x).relu()
        return T * H + (1 - T) * x


def input_gradient_norm(block_fn: Callable[[Tensor], Tensor], x: Tensor, depth: int) -> float:
    x = x.detach().requires_grad_()
    out = x
    for _ in range(depth):
        out = block_fn(out)
    (gradient,) = torch.autograd.grad(out.mean(), x)
    return gradient.norm().item()
