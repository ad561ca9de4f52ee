"""Programs in which the host waits for the device."""

import math

import torch


def buggy_item(x):
    return x / x.sum().item()  # <- sync


def buggy_float(x):
    scale = float(x.max())  # <- sync
    return x * scale


def buggy_int(ids):
    return torch.zeros(int(ids.max()) + 1, device=ids.device)  # <- sync


def buggy_if(x):
    if x.sum() > 0:  # <- sync
        return x
    return -x


def buggy_bool_of_any(x):
    return x if bool(torch.isnan(x).any()) else x * 2  # <- sync


def buggy_assert(x):
    assert (x**2 >= 0).all()  # <- sync
    return x


def buggy_while(x):
    while x.norm() > 1:  # <- sync
        x = x * 0.5
    return x


def buggy_loop_over_elements(x):
    total = 0.0
    for value in x[0]:
        total += float(value)  # <- sync
    return x * total


def buggy_python_max(x):
    return max(x[:, 0]) * x  # <- sync


def buggy_tolist(ids):
    rows = ids.tolist()  # <- sync
    return torch.tensor([len(r) for r in rows], device=ids.device)


def buggy_print(x):
    print(x.mean())  # <- sync
    return x


def buggy_formatted(x):
    text = f"loss {x.mean():.3f}"  # <- sync
    return x * len(text)


def buggy_nonzero(x):
    return (x > 0).nonzero()  # <- sync


def buggy_mask(x):
    return x[x > 0].sum()  # <- sync


def buggy_mask_of_rows(x):
    keep = x.sum(1) > 0
    return x[keep]  # <- sync


def buggy_mask_assigned(x):
    y = x.clone()
    y[y > 0] = y[y > 0] * 2  # <- sync
    return y


def buggy_mask_filled_by_tensor(x):
    y, keep = x.clone(), torch.zeros(4, dtype=torch.bool, device=x.device)
    y[keep] = x[:0]  # <- sync
    return y


def buggy_masked_select(x):
    return x.masked_select(x > 0).mean()  # <- sync


def buggy_unique(ids):
    return torch.unique(ids)  # <- sync


def buggy_unique_rows(ids):
    return ids.unique(dim=0)  # <- sync


def buggy_equal(x):
    return x if torch.equal(x, x + 1) else x * 2  # <- sync


def buggy_allclose(x):
    return x if torch.allclose(x, x) else x * 2  # <- sync


def buggy_where_of_one(x):
    rows, columns = torch.where(x > 0)  # <- sync
    return x[rows, columns].sum()


def buggy_contains(ids):
    return ids * 2 if 3 in ids else ids  # <- sync


def buggy_math(x):
    return x * math.sqrt(x.abs().sum())  # <- sync


def buggy_range(ids):
    return torch.stack([ids[0] * i for i in range(ids.max() + 1)])  # <- sync


def buggy_slice_by_tensor(x):
    n = x.argmax(1)[0]
    return x[: n + 1]  # <- sync


def buggy_tensor_of_tensors(x):
    return torch.tensor([row.sum() for row in x], device=x.device)  # <- sync


def buggy_bincount(ids):
    return torch.bincount(ids.flatten())  # <- sync


def buggy_repeat_interleave(ids):
    return torch.repeat_interleave(ids[0], ids[1])  # <- sync


def buggy_in_a_layer(x):
    class Layer(torch.nn.Module):
        def forward(self, y):
            if y.isnan().any():  # <- sync
                raise ValueError
            return y * 2

    return torch.nn.Sequential(Layer())(x)


def buggy_in_backward(x):
    class Clipped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, y):
            return y * 2

        @staticmethod
        def backward(ctx, upstream):
            return upstream / max(1.0, upstream.norm().item())  # <- sync

    x = x.clone().requires_grad_()
    Clipped.apply(x).sum().backward()
    return x.grad


def buggy_epoch_loss(x):
    total = 0.0
    weight = torch.zeros(6, device=x.device, requires_grad=True)
    optimizer = torch.optim.SGD([weight], 0.1)
    for row in x:
        loss = (row @ weight - 1) ** 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()  # <- sync
    return weight.detach() * total
