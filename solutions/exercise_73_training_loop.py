import itertools
import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


class Classifier(nn.Module):
    def __init__(self, d_in: int, hidden: list[int], num_classes: int, p_drop: float = 0.0):
        super().__init__()
        sizes = [d_in, *hidden]
        blocks = [nn.Sequential(nn.Linear(n, k), nn.ReLU(), nn.Dropout(p_drop)) for n, k in itertools.pairwise(sizes)]
        self.layers = nn.Sequential(*blocks, nn.Linear(sizes[-1], num_classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)  # (N, d_in) -> (N, C)


def train_one_epoch(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    device: torch.device | str,
    max_norm: float | None = None,
) -> float:
    model.train()
    total, count = 0.0, 0
    for index, (x, y) in enumerate(loader):
        loss = loss_fn(model(x.to(device)), y.to(device))
        value = loss.item()
        if not math.isfinite(value):
            raise FloatingPointError(f"the loss of batch {index} is {value}")
        optimizer.zero_grad()
        loss.backward()
        if max_norm is not None:
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += value * len(x)
        count += len(x)
    return total / count


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    device: torch.device | str,
) -> tuple[float, float]:
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    sums, count = 0.0, 0
    for x, y in loader:
        logits, y = model(x.to(device)), y.to(device)
        hits = (logits.argmax(dim=1) == y).sum()
        sums += torch.stack([loss_fn(logits, y) * len(x), hits])  # on the device: nothing is read before the end
        count += len(x)
    for module, flag in flags:
        module.training = flag
    loss, accuracy = (sums / count).tolist()
    return loss, accuracy


def fit(
    model: nn.Module,
    train_loader: Iterable[tuple[Tensor, Tensor]],
    val_loader: Iterable[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    epochs: int,
    device: torch.device | str,
) -> dict[str, list[float]]:
    history: dict[str, list[float]] = {"train_loss": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        history["train_loss"].append(train_one_epoch(model, train_loader, optimizer, loss_fn, device))
        loss, accuracy = evaluate(model, val_loader, loss_fn, device)
        history["val_loss"].append(loss)
        history["val_acc"].append(accuracy)
    return history


def accumulate_step(
    model: nn.Module,
    micro_batches: list[tuple[Tensor, Tensor]],
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
) -> float:
    model.train()
    optimizer.zero_grad()
    count = sum(len(x) for x, _ in micro_batches)
    total = 0.0
    for x, y in micro_batches:
        loss = loss_fn(model(x), y) * (len(x) / count)
        loss.backward()
        total += loss.detach()
    optimizer.step()
    return total.item()
