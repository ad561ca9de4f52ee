"""The same in another style: norms and sums written out; then functional calls, sums on the device, saved modes."""

import contextlib
import math

import torch
import torch.nn.functional as F
from torch import nn


# --- written out
class Classifier(nn.Module):
    def __init__(self, d_in, hidden, num_classes, p_drop=0.0):
        super().__init__()
        modules, width = [], d_in
        for size in hidden:
            modules += [nn.Linear(width, size), nn.ReLU(), nn.Dropout(p_drop)]
            width = size
        modules.append(nn.Linear(width, num_classes))
        self.net = nn.Sequential(*modules)

    def forward(self, x):
        return self.net(x)


def train_one_epoch(model, loader, optimizer, loss_fn, device, max_norm=None):
    model.train()
    losses, sizes = [], []
    for index, batch in enumerate(loader):
        x, y = (part.to(device, non_blocking=True) for part in batch)
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        if not torch.isfinite(loss):
            raise FloatingPointError(f"non-finite loss in batch {index}")
        if max_norm is not None:
            grads = [p.grad for p in model.parameters() if p.grad is not None]
            norm = torch.sqrt(sum((g**2).sum() for g in grads))
            scale = torch.clamp(max_norm / norm, max=1.0)
            for grad in grads:
                grad.mul_(scale)
        optimizer.step()
        losses.append(loss.detach())
        sizes.append(y.shape[0])
    losses = torch.stack(losses)
    weights = torch.tensor(sizes, dtype=losses.dtype).to(losses.device)
    return ((losses * weights).sum() / weights.sum()).item()


def evaluate(model, loader, loss_fn, device):
    modes = {name: module.training for name, module in model.named_modules()}
    try:
        model.eval()
        with torch.inference_mode():
            parts = []
            for x, y in loader:
                x, y = x.to(device), y.to(device)
                logits = model(x)
                right = torch.eq(logits.max(dim=-1).indices, y).to(logits.dtype).mean()
                parts.append(torch.stack([loss_fn(logits, y), right, torch.ones_like(right)]) * len(y))
            loss, right, count = torch.stack(parts).sum(dim=0).tolist()
    finally:
        for name, module in model.named_modules():
            module.training = modes[name]
    return loss / count, right / count


def accumulate_step(model, micro_batches, optimizer, loss_fn):
    model.train()
    optimizer.zero_grad()
    sizes = [len(y) for _, y in micro_batches]
    seen = []
    for (x, y), size in zip(micro_batches, sizes, strict=True):
        loss = loss_fn(model(x), y)
        (loss * size / sum(sizes)).backward()
        seen.append(loss.detach() * size)
    optimizer.step()
    return float(sum(seen) / sum(sizes))


# --- functional calls
class Classifier(nn.Module):  # noqa: F811
    def __init__(self, d_in, hidden, num_classes, p_drop=0.0):
        super().__init__()
        self.p = p_drop
        sizes = [d_in, *hidden, num_classes]
        self.linears = nn.ModuleList(nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1))

    def forward(self, x):
        for linear in self.linears[:-1]:
            x = torch.relu(F.dropout(linear(x), self.p, training=self.training))
        return self.linears[-1](x)


def train_one_epoch(model, loader, optimizer, loss_fn, device, max_norm=None):  # noqa: F811
    model.train(True)
    weighted = []
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        with torch.enable_grad():
            loss = loss_fn(model(x), y)
        number = float(loss.detach())
        if math.isnan(number) or math.isinf(number):
            raise FloatingPointError(f"batch {len(weighted)}: loss {number}")
        model.zero_grad()
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        if max_norm is not None:
            torch.nn.utils.clip_grad_norm_(list(model.parameters()), max_norm=max_norm, foreach=False)
        optimizer.step()
        weighted.append((number, len(y)))
    return math.fsum(v * n for v, n in weighted) / sum(n for _, n in weighted)


def fit(model, train_loader, val_loader, optimizer, loss_fn, epochs, device):
    rows = []
    for _ in range(epochs):
        rows.append((
            train_one_epoch(model, train_loader, optimizer, loss_fn, device),
            *_measured(model, val_loader, loss_fn, device),
        ))  # fmt: skip
    return {name: [row[i] for row in rows] for i, name in enumerate(("train_loss", "val_loss", "val_acc"))}


def _measured(model, loader, loss_fn, device):
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        for module in model.modules():
            stack.callback(setattr, module, "training", module.training)
        model.eval()
        losses, hits, count = [], [], 0
        for x, y in loader:
            logits = model(x.to(device))
            losses.append(loss_fn(logits, y.to(device)) * len(y))
            hits.append((logits.argmax(-1) == y.to(device)).sum())
            count += len(y)
        both = torch.stack([sum(losses), sum(hits)]).tolist()
        return both[0] / count, both[1] / count
