"""Residual and highway blocks.

Deep plain stacks lose their gradient on the way down. A block that ADDS its input to what it computes gives
the gradient a way around: d(x + f(x)) / dx = I + df/dx. Here: the basic block of ResNet (version 1), the
highway layer that came before it with a learned mixture, and a function that measures the effect.

class `BasicBlock(c_in, c_out, stride=1)`, (N, c_in, H, W) -> (N, c_out, ceil(H / stride), ceil(W / stride))

    y = ReLU( bn2(conv2( ReLU(bn1(conv1(x))) )) + shortcut(x) )

    conv1, conv2   nn.Conv2d, 3x3, padding 1, no bias (the BatchNorm that follows has one); only conv1 has the
                   stride
    bn1, bn2       nn.BatchNorm2d with its defaults, right after the convolution and BEFORE the ReLU
                   (as in the paper; the other order is seen, too, but is not asked here)
    shortcut       nn.Identity where x has the shape of the branch already: c_in = c_out and stride = 1.
                   Otherwise nn.Sequential of a 1x1 nn.Conv2d (c_in to c_out, with the stride, no bias) and an
                   nn.BatchNorm2d: the projection.
    These five are submodules with just these names; the checks load a state_dict into the block. Others
    without parameters (an nn.ReLU) may stand beside them. Weights keep torch's default initialisation. x is
    not modified. x with another number of channels than c_in: ValueError.

class `HighwayLayer(dim, gate_bias=-2.0)`, (N, dim) -> (N, dim)

    T = sigmoid(gate(x)),  H = relu(transform(x)),  y = T * H + (1 - T) * x

    transform, gate   nn.Linear(dim, dim), submodules with these names. Every entry of gate's bias starts at
                      gate_bias: negative, so that the layer starts near the identity. The rest keeps torch's
                      defaults.

`input_gradient_norm(block_fn, x, depth)`
    block_fn   maps a tensor to one of the same shape; applied depth times: out = block_fn(…block_fn(x)…)
    x          float tensor of any shape
    depth      an int >= 0 (0: out = x)
    returns    the 2-norm (all entries as one vector) of the gradient of mean(out) with respect to x, a Python
               float. Leaves nothing behind: x keeps its values, requires_grad and .grad; if block_fn is a
               module, its parameters get no .grad.

Example
    >>> import torch
    >>> block = BasicBlock(64, 128, stride=2)
    >>> sum(p.numel() for p in block.parameters())  # 9*64*128 + 9*128*128 + 64*128 + 3 * 2*128
    230144
    >>> block(torch.zeros(5, 64, 7, 9)).shape
    torch.Size([5, 128, 4, 5])
    >>> BasicBlock(8, 8).shortcut
    Identity()
    >>> HighwayLayer(3).gate.bias.detach()
    tensor([-2., -2., -2.])
    >>> input_gradient_norm(lambda x: 0.5 * x, torch.ones(4), depth=3)  # each entry 1/4 * 1/8, norm 2 * 1/32
    0.0625

Asked next: why is the sum better than a product with a learned gate for very deep networks? What does the
pre-activation block (version 2) change, and what becomes of the shortcut path there? Why is bn2.weight often
initialised to 0? When would you choose the bottleneck block?
"""

from collections.abc import Callable

from torch import Tensor, nn


class BasicBlock(nn.Module):
    def __init__(self, c_in: int, c_out: int, stride: int = 1):
        raise NotImplementedError("TODO: conv1, bn1, conv2, bn2, shortcut")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("TODO: relu(branch + shortcut)")


class HighwayLayer(nn.Module):
    def __init__(self, dim: int, gate_bias: float = -2.0):
        raise NotImplementedError("TODO: transform, gate")

    def forward(self, x: Tensor) -> Tensor:
        raise NotImplementedError("TODO: T * H + (1 - T) * x")


def input_gradient_norm(block_fn: Callable[[Tensor], Tensor], x: Tensor, depth: int) -> float:
    raise NotImplementedError("TODO: norm of d mean(out) / dx")
