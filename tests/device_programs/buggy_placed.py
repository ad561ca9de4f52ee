"""Programs with a device bug: tensors on the wrong device. A comment names the kind of event at the line it must name.

Two more marks: `made` is where the tensor on the wrong device comes from, `left behind` where a result does.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def buggy_zeros(x):
    total = torch.zeros(6)  # <- made
    for row in x:
        total = total + row  # <- mixed
    return total


def buggy_arange(x):
    positions = torch.arange(6)  # <- made
    return x + positions  # <- mixed


def buggy_eye(x):
    gram = x @ x.T
    return gram + 1e-3 * torch.eye(4)  # <- mixed # <- made


def buggy_causal_mask(x):
    n = x.shape[0]
    mask = torch.tril(torch.ones(n, n)) == 0  # <- made
    scores = x @ x.T
    return scores.masked_fill(mask, float("-inf")).softmax(-1)  # <- mixed


def buggy_noise(x):
    noise = torch.randn(x.shape)  # <- made
    return x + 0.1 * noise  # <- mixed


def buggy_literal(x):
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])  # <- made
    return (
        x  # <- mixed
        * weights
    ).sum(1)


def buggy_ones_in_where(x):
    return torch.where(x > 0, x, torch.ones(4, 6))  # <- mixed # <- made


def buggy_cat(x):
    start = torch.zeros(1, 6)  # <- made
    return torch.cat([start, x])  # <- mixed


def buggy_stack_with_number(x):
    parts = [torch.tensor(0.0)]  # <- made
    for row in x:
        parts.append(row.sum())
    return torch.stack(parts)  # <- mixed


def buggy_positional_encoding(x):
    n, d = x.shape
    table = torch.zeros(n, d)  # <- made
    position = torch.arange(n).unsqueeze(1)
    rate = torch.exp(torch.arange(0, d, 2) * (-math.log(10000.0) / d))
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate)
    return x + table  # <- mixed


class _Attribute(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.ones(6)  # <- made
        self.linear = nn.Linear(6, 6)

    def forward(self, x):
        return self.linear(x) * self.scale  # <- mixed


def buggy_attribute_not_buffer(x):
    return _Attribute().to(x.device)(x)


class _List(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(6, 6), nn.Linear(6, 3)]  # <- made

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)  # <- mixed
        return x


def buggy_list_not_module_list(x):
    return _List().to(x.device)(x)


def buggy_layer_made_in_forward(x):
    layer = nn.Linear(6, 3)  # <- made
    return layer(x)  # <- mixed


def buggy_module_not_moved(images):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))  # <- made
    return net(images)  # <- mixed


def buggy_initial_state(steps):
    hidden = torch.zeros(1, 4, 3)  # <- made
    net = nn.GRU(6, 3, batch_first=True).to(steps.device)
    return net(steps, hidden)[0]  # <- mixed


def buggy_embedding_of_positions(ids):
    table = nn.Embedding(5, 4).to(ids.device)
    return table(torch.arange(5))  # <- mixed # <- made


def buggy_one_id(ids):
    table = nn.Embedding(10, 4).to(ids.device)
    return table(torch.tensor(3))  # <- mixed # <- made


def buggy_labels(x):
    labels = torch.tensor([0, 1, 2, 3])  # <- made
    return F.cross_entropy(x, labels)  # <- mixed


def buggy_class_weights(x):
    weight = torch.ones(6)  # <- made
    labels = x.argmax(1)
    return F.cross_entropy(x, labels, weight=weight)  # <- mixed


def buggy_total_in_place(x):
    total = torch.tensor(0.0)  # <- made
    for row in x:
        total += row.sum()  # <- mixed
    return total


def buggy_gather(x):
    order = torch.tensor([[0], [1], [2], [3]])  # <- made
    return x.gather(1, order)  # <- mixed


def buggy_one_hot_scatter(ids):
    out = torch.zeros(4, 5, 10)  # <- made
    return out.scatter_(2, ids.unsqueeze(-1), 1.0)  # <- mixed


def buggy_cpu_indexed_by_device(x):
    table = torch.randn(6, 3)  # <- made
    return table[x.argmax(1)]  # <- mixed


class _Forgetful(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.relu()

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        slope = torch.ones(x.shape)  # <- made
        return upstream * slope * (x > 0)  # <- mixed


def buggy_backward_of_a_function(x):
    x = x.clone().requires_grad_()
    _Forgetful.apply(x).sum().backward()
    return x.grad


def buggy_gradient_penalty(x):
    mix = torch.rand(x.shape[0], 1)  # <- made
    return mix * x + (1 - mix) * x.flip(0)  # <- mixed


def buggy_available(x):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    weight = torch.randn(6, 3, device=device)  # <- made
    return x @ weight  # <- mixed


def buggy_available_to(x):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    x = x.to(device)  # <- to_cpu # <- left behind
    return x * 2


_STATE = {}


def buggy_state_of_another_call(x):
    for batch in (x, x * 2):
        if "mean" not in _STATE:
            _STATE["mean"] = torch.zeros(6)  # <- made
        _STATE["mean"] = 0.9 * _STATE["mean"] + 0.1 * batch.mean(0)  # <- mixed
    return _STATE.pop("mean")


def buggy_optimizer_state(x):
    w = x[0].clone().requires_grad_()
    momentum = torch.zeros(6)  # <- made
    (w * x).sum().backward()
    with torch.no_grad():
        momentum.mul_(0.9).add_(w.grad)  # <- mixed
        w -= 0.1 * momentum
    return w.detach()


def buggy_generator(x):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(4, generator=generator, device=x.device)  # <- mixed


def buggy_generator_in_place(x):
    generator = torch.Generator().manual_seed(0)
    return torch.empty_like(x).normal_(generator=generator)  # <- mixed


def buggy_caught_and_went_on(x):
    try:
        return x + torch.ones(6)  # <- mixed # <- made
    except RuntimeError:
        return x + 1


def buggy_left_zeros(x):
    return torch.zeros(x.shape[0])  # <- left behind


def buggy_left_output_buffer(x):
    out = torch.empty(x.shape)  # <- left behind
    for i in range(len(x)):
        out[i] = x[i] * 2  # <- to_cpu
    return out


def buggy_left_cpu(x):
    return (x * 2).cpu()  # <- to_cpu # <- left behind


def buggy_left_indices(x):
    best = x.argmax(1)
    return torch.arange(4) * 2, best  # <- left behind


def buggy_numpy_outright(x):
    return torch.from_numpy(x.numpy() * 2)  # <- to_cpu


def buggy_asarray(x):
    return torch.from_numpy(np.asarray(x) * 2)  # <- to_cpu


def buggy_numpy_function(x):
    return torch.as_tensor(np.exp(x))  # <- to_cpu


def buggy_numpy_round_trip(x):
    values = x.detach().cpu().numpy()  # <- to_cpu
    return torch.from_numpy(np.sort(values, axis=1)).to(x.device)


def buggy_numpy_left(x):
    return torch.tensor(x.detach().cpu().numpy().mean(0))  # <- to_cpu # <- left behind


def buggy_to_string(x):
    host = x.to("cpu")  # <- to_cpu
    return host.softmax(1).to(x.device)


def buggy_to_device_object(x):
    host = torch.device("cpu")
    return x.to(device=host, dtype=torch.float64).sum().to(x.device)  # <- to_cpu


def buggy_model_back_on_cpu(x):
    net = nn.Linear(6, 3).to(x.device)
    net.cpu()  # <- to_cpu
    return net.weight.detach().to(x.device)
