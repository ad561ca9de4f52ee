"""The same in another style: functional calls and in-place operations on fresh tensors; then one fused formula."""

import math

import torch
import torch.nn.functional as F
from torch import nn


# --- functional
class BasicBlock(nn.Module):
    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.c_in = c_in
        self.conv1 = nn.Conv2d(c_in, c_out, kernel_size=(3, 3), stride=(stride, stride), padding="same" if stride == 1 else 1, bias=False)  # fmt: skip  # noqa: E501
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.shortcut = nn.Identity()
        if stride != 1 or c_in != c_out:
            projection = nn.Conv2d(c_in, c_out, 1, stride, 0, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(c_out))

    def forward(self, x):
        if x.size(1) != self.c_in:
            raise ValueError(f"{x.size(1)} channels")
        out = F.relu(self.bn1(self.conv1(x)), inplace=True)
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu_(out)


class HighwayLayer(nn.Module):
    def __init__(self, dim, gate_bias=-2.0):
        super().__init__()
        self.transform, self.gate = nn.Linear(dim, dim), nn.Linear(dim, dim)
        with torch.no_grad():
            self.gate.bias.fill_(gate_bias)

    def forward(self, x):
        T = torch.sigmoid(self.gate(x))
        return T.mul(F.relu(self.transform(x))).add((1 - T).mul(x))


def input_gradient_norm(block_fn, x, depth):
    leaf = x.detach().clone().requires_grad_(True)
    out = leaf * 1.0
    while depth > 0:
        out, depth = block_fn(out), depth - 1
    gradient = torch.autograd.grad(out.sum() / out.numel(), leaf)[0]
    return math.sqrt(float((gradient * gradient).sum()))


# --- by vector-Jacobian products
class HighwayLayer(nn.Module):  # noqa: F811
    def __init__(self, dim, gate_bias=-2.0):
        super().__init__()
        self.transform = nn.Linear(dim, dim)
        self.gate = nn.Linear(dim, dim)
        self.gate.bias.data = torch.full_like(self.gate.bias.data, gate_bias)

    def forward(self, x):
        T = 1 / (1 + torch.exp(-self.gate(x)))
        return x + T * (torch.clamp(self.transform(x), min=0) - x)


def input_gradient_norm(block_fn, x, depth):  # noqa: F811
    inputs, out = [], x.detach()
    for _ in range(depth):
        leaf = out.detach().requires_grad_()
        out = block_fn(leaf)
        inputs.append((leaf, out))
    g = torch.full_like(out.detach(), 1 / out.numel())
    for leaf, value in reversed(inputs):
        (g,) = torch.autograd.grad(value, leaf, g)
    return float(torch.linalg.vector_norm(g))
