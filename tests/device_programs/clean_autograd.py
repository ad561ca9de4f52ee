"""Programs without a device bug: gradients, copies of tensors, files. x is (4, 6)."""

import copy
import io
import pickle

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint


def clean_backward(x):
    x = x.clone().requires_grad_()
    weight = torch.ones(6, 2, device=x.device, requires_grad=True)
    ((x @ weight).relu() ** 2).mean().backward()
    return x.grad, weight.grad


def clean_double_backward(x):
    x = x.clone().requires_grad_()
    (first,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    penalty = (first.norm(2, dim=1) - 1).pow(2).mean()
    penalty.backward()
    return first.detach(), x.grad


def clean_gradients_through_views(x):
    x = x.clone().requires_grad_()
    y = x * 2
    y[1].mul_(3)
    y[:, 0] = 0
    y.view(-1)[5:9].exp_()
    y.sum().backward()
    return x.grad, y.detach()


def clean_accumulated(x):
    w = torch.zeros(6, device=x.device, requires_grad=True)
    for row in x:
        ((row * w).sum() - 1).pow(2).backward()
    first = w.grad.clone()
    w.grad.zero_()
    w.grad = None
    (w * 2).sum().backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    return first, w.detach(), w.is_leaf, w.requires_grad


class _Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return scale * x * x

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return 2 * ctx.scale * x * upstream * torch.ones_like(x), None


def clean_custom_function(x):
    x = x.clone().requires_grad_()
    _Square.apply(x, 3.0).sum().backward()
    return x.grad


def clean_gradcheck(x):
    x = x[:2, :2].double().requires_grad_()
    (y,) = torch.autograd.grad((x.sin() * x).sum(), x, create_graph=True)
    return torch.autograd.grad(y.sum(), x)


def clean_hooks(x):
    seen = []
    x = x.clone().requires_grad_()
    x.register_hook(lambda g: g * 2)
    y = x * 3
    y.retain_grad()
    y.register_hook(lambda g: seen.append(g.shape))
    y.sum().backward()
    return x.grad, y.grad, len(seen)


def clean_no_grad(x):
    weight = torch.ones(6, device=x.device, requires_grad=True)
    with torch.no_grad():
        a = x * weight
    with torch.inference_mode():
        b = x @ weight
        c = b[1:].add_(1)
    return a, a.requires_grad, b, b.is_inference(), c, (x * weight).detach(), x.is_inference()


def clean_checkpoint(x):
    x = x.clone().requires_grad_()
    y = checkpoint(lambda t: F.dropout(t.exp(), 0.5).sin(), x, use_reentrant=False)
    y.sum().backward()
    first, x.grad = x.grad, None
    checkpoint(lambda t: F.dropout(t.exp(), 0.5).sin(), x, use_reentrant=True).sum().backward()
    return first, x.grad


def clean_data(x):
    p = torch.nn.Parameter(torch.ones(6, device=x.device))
    p.data = p.data * 3
    p.data.copy_(x[0])
    p.data += 1
    p.data.clamp_(-1, 1)
    (p * x).sum().backward()
    p.data = p.data - 0.1 * p.grad.data
    return p.detach(), p.grad, p.data, isinstance(p, torch.nn.Parameter), p.requires_grad


def clean_detach_shares_memory(x):
    y = x.clone().requires_grad_()
    z = y.detach()
    z.zero_()
    return y.detach(), z, x.clone().detach().requires_grad_().requires_grad


def clean_deepcopy(x):
    x = x.clone().requires_grad_()
    x.sum().backward()
    twin = copy.deepcopy(x)
    with torch.no_grad():
        twin.mul_(2)
    return twin.detach(), x.detach(), twin.grad, copy.deepcopy({"a": [x, x]})["a"][0].detach(), copy.copy(x).detach()


def clean_saved_and_loaded(x):
    file = io.BytesIO()
    torch.save({"x": x, "p": torch.nn.Parameter(x[0]), "step": 3}, file)
    here = torch.load(io.BytesIO(file.getvalue()))
    there = torch.load(io.BytesIO(file.getvalue()), map_location="cpu")
    again = torch.load(io.BytesIO(file.getvalue()), map_location=x.device)
    same = here["x"].device == x.device and there["x"].device.type == "cpu" and there["p"].device.type == "cpu"
    return here["x"], here["p"].detach(), isinstance(here["p"], torch.nn.Parameter), same, again["x"], here["step"]


def clean_pickled(x):
    back = pickle.loads(pickle.dumps([x, x.clone().requires_grad_()]))
    return back[0], back[1].requires_grad, back[0].device == x.device


def clean_vmap(x):
    return torch.func.vmap(lambda row: row.sum() * row)(x)


def clean_func_grad(x):
    return torch.func.grad(lambda t: (t**2).sum())(x), torch.func.jacrev(lambda t: t.sin())(x[0])


def clean_per_sample_gradients(x):
    def loss(w, row):
        return (w * row).sum() ** 2

    return torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(x[0], x)


def clean_jacobian(x):
    return torch.autograd.functional.jacobian(lambda t: t.softmax(0), x[0])
