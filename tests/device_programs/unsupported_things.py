"""Programs that a device could run and the simulation cannot: it has to say so, and not to guess."""

import torch
from torch import nn


def unsupported_lazy_layer(x):
    net = nn.LazyLinear(3).to(x.device)  # <- unsupported
    return net(x)


def unsupported_sparse(x):
    return torch.sparse.mm(x.to_sparse(), x.T)  # <- unsupported


def unsupported_moved_while_saved(x):
    net = nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6))
    early = net(torch.ones(1, 6, requires_grad=True)).sum()
    net.to(x.device)  # <- unsupported
    return net(x), early


def unsupported_nested(x):
    return torch.nested.nested_tensor([x[0], x[1, :2]]).sum()  # <- unsupported
