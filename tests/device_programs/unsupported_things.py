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


def unsupported_hessian(x):
    return torch.func.hessian(lambda t: (t**3).sum())(x[0])  # <- unsupported


def unsupported_nested_fast_path(steps):
    layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)
    net = nn.TransformerEncoder(layer, 1).to(steps.device).eval()
    padding = torch.zeros(4, 5, dtype=torch.bool, device=steps.device)
    padding[:, -1] = True
    with torch.no_grad():
        return net(steps, src_key_padding_mask=padding)  # <- unsupported
