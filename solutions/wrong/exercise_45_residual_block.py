"""Answers people really give. Each must fail exactly the checks it names."""

import torch
import torch.nn.functional as F
from torch import nn

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_45_residual_block import BasicBlock, HighwayLayer
from dlkit.solutions.exercise_45_residual_block import input_gradient_norm as reference_norm


def _checked(block, x):
    if x.shape[1] != block.conv1.in_channels:
        raise ValueError("channels")
    return x


def _branch(block, x):
    return block.bn2(block.conv2(block.bn1(block.conv1(_checked(block, x))).relu()))


@wrong(replaces="BasicBlock", fails=["value", "zero_branch"])
class relu_before_add(BasicBlock):
    """Add first, activate after: a ReLU on the branch alone lets it only push upwards, and y is not rectified."""

    def forward(self, x):
        return _branch(self, x).relu() + self.shortcut(x)


@wrong(replaces="BasicBlock", fails=["value", "zero_branch"])
class no_last_relu(BasicBlock):
    """The sum goes through a last ReLU (version 1 of the block)."""

    def forward(self, x):
        return _branch(self, x) + self.shortcut(x)


@wrong(replaces="BasicBlock", fails=["value"])
class no_inner_relu(BasicBlock):
    """Between the convolutions stands a ReLU: without it the two are one linear map."""

    def forward(self, x):
        return (self.bn2(self.conv2(self.bn1(self.conv1(_checked(self, x))))) + self.shortcut(x)).relu()


@wrong(replaces="BasicBlock", fails=["value"])
class norm_after_relu(BasicBlock):
    """The normalisation stands before the ReLU: conv, bn, ReLU; the other order is another block."""

    def forward(self, x):
        inner = self.bn1(self.conv1(_checked(self, x)).relu())
        return (self.bn2(self.conv2(inner)) + self.shortcut(x)).relu()


@wrong(replaces="BasicBlock", fails=["value", "zero_branch"])
class one_norm_for_both(BasicBlock):
    """Each convolution has its own BatchNorm: bn2 after conv2, with its own statistics."""

    def forward(self, x):
        inner = self.bn1(self.conv1(_checked(self, x))).relu()
        return (self.bn1(self.conv2(inner)) + self.shortcut(x)).relu()


@wrong(replaces="BasicBlock", fails=["value"])
class branch_skipped_in_eval(BasicBlock):
    """The block is the same function in train and eval mode, but for the statistics that BatchNorm uses."""

    def forward(self, x):
        return (_branch(self, x) * self.training + self.shortcut(x)).relu()


@wrong(replaces="BasicBlock", fails=["value", "zero_branch"])
class inplace_skip(BasicBlock):
    """An in-place ReLU on x changes the caller's tensor and the skip with it: rectify new tensors only."""

    def forward(self, x):
        branch = _branch(self, F.relu_(x))
        return (branch + self.shortcut(x)).relu()


@wrong(replaces="BasicBlock", fails=["value", "zero_branch"])
class multiply_skip(BasicBlock):
    """The skip is a sum, x + f(x): a product has no free way for the gradient."""

    def forward(self, x):
        return (_branch(self, x) * self.shortcut(x)).relu()


@wrong(replaces="BasicBlock", fails=["value", "zero_branch"])
class shortcut_forgotten(BasicBlock):
    """The shortcut was built and not used: add it to the branch."""

    def forward(self, x):
        return _branch(self, x).relu()


@wrong(replaces="BasicBlock", fails=["structure", "value", "shortcut", "zero_branch"])
class missing_projection(BasicBlock):
    """Where channels or stride change, the shortcut is a 1x1 convolution with BatchNorm, not cropping and zeros."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__(c_in, c_out, stride)
        self.shortcut = nn.Identity()

    def forward(self, x):
        branch = _branch(self, x)
        step = self.conv1.stride[0]
        skip = x[:, : branch.shape[1], ::step, ::step]
        return (branch + F.pad(skip, (0, 0, 0, 0, 0, branch.shape[1] - skip.shape[1]))).relu()


@wrong(replaces="BasicBlock", fails=["structure", "value", "shortcut", "zero_branch"])
class projects_always(BasicBlock):
    """Where shapes agree the shortcut is the identity: no parameters stand in the gradient's way."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__(c_in, c_out, stride)
        projection = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
        self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(c_out))


@wrong(replaces="BasicBlock", fails=["structure", "value", "shortcut", "zero_branch"])
class projection_without_norm(BasicBlock):
    """The projection is normalised like every convolution here: a BatchNorm follows it."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__(c_in, c_out, stride)
        if not isinstance(self.shortcut, nn.Identity):
            self.shortcut = nn.Sequential(self.shortcut[0])


@wrong(replaces="BasicBlock", fails=["structure", "value", "shortcut", "zero_branch"])
class projection_three_by_three(BasicBlock):
    """The projection is a 1x1 convolution: it only mixes channels, and leaves the neighbourhood to the branch."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__(c_in, c_out, stride)
        if not isinstance(self.shortcut, nn.Identity):
            self.shortcut[0] = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)


@wrong(replaces="BasicBlock", fails=["structure", "value", "zero_branch"])
class biased_convolutions(BasicBlock):
    """A bias before BatchNorm is subtracted again with the mean: bias=False."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__(c_in, c_out, stride)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1)


@wrong(replaces="BasicBlock", fails=["value", "shortcut", "zero_branch"])
class stride_both(BasicBlock):
    """Only conv1 carries the stride; on both convolutions the branch shrinks twice and does not fit the shortcut."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__(c_in, c_out, stride)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, stride, 1, bias=False)


@wrong(replaces="BasicBlock", fails=["value"])
class stride_on_second(BasicBlock):
    """The stride belongs to conv1: conv2 then works on the smaller image."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__(c_in, c_out, stride)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, 1, 1, bias=False)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, stride, 1, bias=False)


@wrong(replaces="BasicBlock", fails=["errors"])
class channels_unchecked(BasicBlock):
    """torch's own complaint is a RuntimeError deep in the convolution: check x.shape[1] and raise ValueError."""

    def forward(self, x):
        inner = self.bn1(self.conv1(x)).relu()
        return (self.bn2(self.conv2(inner)) + self.shortcut(x)).relu()


def _gates(layer, x):
    return layer.gate(x).sigmoid(), layer.transform(x).relu()


@wrong(replaces="HighwayLayer", fails=["highway_value"])
class gate_swapped(HighwayLayer):
    """T gates the transform H, 1 - T carries x: y = T * H + (1 - T) * x."""

    def forward(self, x):
        T, H = _gates(self, x)
        return T * x + (1 - T) * H


@wrong(replaces="HighwayLayer", fails=["highway_value"])
class gate_bias_zero(HighwayLayer):
    """The gate's bias was left at torch's default: a negative one starts the layer near the identity."""

    def __init__(self, dim, gate_bias=-2.0):
        super().__init__(dim, gate_bias)
        self.gate = nn.Linear(dim, dim)


@wrong(replaces="HighwayLayer", fails=["highway_value"])
class gate_bias_fixed(HighwayLayer):
    """gate_bias was accepted and not used: fill the gate's bias with it."""

    def __init__(self, dim, gate_bias=-2.0):
        super().__init__(dim)


@wrong(replaces="HighwayLayer", fails=["highway_value"])
class bias_on_both(HighwayLayer):
    """gate_bias belongs to the gate alone; a transform that starts at -2 is dead behind its ReLU."""

    def __init__(self, dim, gate_bias=-2.0):
        super().__init__(dim, gate_bias)
        nn.init.constant_(self.transform.bias, gate_bias)


@wrong(replaces="HighwayLayer", fails=["highway_value"])
class bias_added_again(HighwayLayer):
    """gate_bias is only where the gate's bias STARTS: adding it in forward, too, counts it twice."""

    def __init__(self, dim, gate_bias=-2.0):
        super().__init__(dim, gate_bias)
        self.gate_bias = gate_bias

    def forward(self, x):
        T, H = (self.gate(x) + self.gate_bias).sigmoid(), self.transform(x).relu()
        return T * H + (1 - T) * x


@wrong(replaces="HighwayLayer", fails=["highway_value"])
class carry_not_gated(HighwayLayer):
    """The gate divides between both: x is carried with the factor 1 - T, not in full."""

    def forward(self, x):
        T, H = _gates(self, x)
        return T * H + x


@wrong(replaces="HighwayLayer", fails=["highway_value"])
class transform_without_relu(HighwayLayer):
    """H = relu(transform(x)): without the ReLU only the gate is nonlinear."""

    def forward(self, x):
        T = self.gate(x).sigmoid()
        return T * self.transform(x) + (1 - T) * x


@wrong(replaces="HighwayLayer", fails=["highway_value"])
class softmax_gate(HighwayLayer):
    """Every unit has a gate of its own, a sigmoid; a softmax makes them share one."""

    def forward(self, x):
        T, H = self.gate(x).softmax(-1), self.transform(x).relu()
        return T * H + (1 - T) * x


@wrong(replaces="input_gradient_norm", fails=["gradient_flow"])
def gradient_of_sum(block_fn, x, depth):
    """Asked is the gradient of the MEAN of the output; that of the sum is larger by the number of entries."""
    return reference_norm(block_fn, x, depth) * x.numel()


@wrong(replaces="input_gradient_norm", fails=["gradient_flow"])
def squared_norm(block_fn, x, depth):
    """The 2-norm is the root of the sum of squares."""
    return reference_norm(block_fn, x, depth) ** 2


@wrong(replaces="input_gradient_norm", fails=["gradient_flow"])
def one_block_too_few(block_fn, x, depth):
    """block_fn is applied depth times, the first time to x."""
    return reference_norm(block_fn, x, max(depth - 1, 0))


@wrong(replaces="input_gradient_norm", fails=["gradient_flow"])
def gradients_left_behind(block_fn, x, depth):
    """backward() also fills the .grad of block_fn's parameters, which the next training step would use."""
    x = x.detach().clone().requires_grad_()
    out = x
    for _ in range(depth):
        out = block_fn(out)
    out.mean().backward()
    return x.grad.norm().item()


@wrong(replaces="input_gradient_norm", fails=["gradient_flow"])
def x_changed(block_fn, x, depth):
    """x.requires_grad_() changes the caller's tensor: detach first, then require a gradient."""
    norm = reference_norm(block_fn, x, depth)
    x.requires_grad_()
    return norm


@wrong(replaces="HighwayLayer", fails=["device_parity", "device_gradient", "device_autocast", "device_no_sync"])
class ones_on_cpu(HighwayLayer):
    """torch.ones(shape) lies on the CPU: 1 - T needs no tensor, a Python number goes to every device."""

    def forward(self, x):
        T, H = _gates(self, x)
        return T * H + (torch.ones(x.shape, dtype=x.dtype) - T) * x


@wrong(replaces="BasicBlock", fails=["device_no_sync"])
class asks_for_nan(BasicBlock):
    """An `if` over a tensor makes the host wait for the device in every forward pass."""

    def forward(self, x):
        if torch.isnan(x).any():
            raise ValueError("NaN")
        return super().forward(x)
