import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


def pick_device(prefer: str = "cuda") -> torch.device:
    device = torch.device(prefer)
    missing = {"cuda": not torch.cuda.is_available(), "mps": not torch.backends.mps.is_available()}
    return torch.device("cpu") if missing.get(device.type) else device


def move_to(obj: Any, device: torch.device | str, non_blocking: bool = False) -> Any:
    if isinstance(obj, Tensor):
        return obj.to(device, non_blocking=non_blocking)
    if isinstance(obj, dict):
        return {key: move_to(value, device, non_blocking) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        parts = [move_to(value, device, non_blocking) for value in obj]
        return type(obj)(*parts) if hasattr(obj, "_fields") else type(obj)(parts)  # a namedtuple takes its fields
    if dataclasses.is_dataclass(obj):
        fields = {f.name: getattr(obj, f.name) for f in dataclasses.fields(obj)}
        return dataclasses.replace(obj, **move_to(fields, device, non_blocking))
    return obj


class LossScaler:
    def __init__(self, init_scale: float = 2.0**16, growth: float = 2.0, backoff: float = 0.5, interval: int = 2000):
        if growth <= 1 or not 0 < backoff < 1 or init_scale <= 0 or interval < 1:
            raise ValueError("growth > 1, 0 < backoff < 1, init_scale > 0, interval >= 1")
        self._scale, self._growth, self._backoff, self._interval = init_scale, growth, backoff, interval
        self._good = 0  # steps since the scale changed

    def scale(self, loss: Tensor) -> Tensor:
        return loss * self._scale

    def unscale_(self, params: Iterable[nn.Parameter]) -> bool:
        grads = _grads(params)
        for grad in grads:
            grad.div_(self._scale)
        return _all_finite(grads)

    def step(self, optimizer: torch.optim.Optimizer, params: Iterable[nn.Parameter]) -> bool:
        ok = _all_finite(_grads(params))
        if ok:
            optimizer.step()
        return ok

    def update(self, ok: bool) -> None:
        self._good += 1
        if not ok:
            self._scale *= self._backoff
            self._good = 0
        elif self._good == self._interval:
            self._scale *= self._growth
            self._good = 0


def _grads(params: Iterable[nn.Parameter]) -> list[Tensor]:
    return [p.grad for p in params if p.grad is not None]


def _all_finite(grads: list[Tensor]) -> bool:
    bad = sum((~grad.isfinite()).sum() for grad in grads)  # on the device
    return not bad


def amp_train_step(
    model: nn.Module,
    batch: tuple[Tensor, Tensor],
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    scaler: LossScaler | None,
    device: torch.device | str,
    dtype: torch.dtype,
    max_norm: float | None = None,
) -> tuple[float, bool]:
    x, y = move_to(batch, device)
    params = list(model.parameters())
    optimizer.zero_grad()
    with torch.autocast(torch.device(device).type, dtype, enabled=dtype != torch.float32):
        loss = loss_fn(model(x), y)
    (scaler.scale(loss) if scaler else loss).backward()
    if scaler:
        scaler.unscale_(params)
    if max_norm is not None:
        nn.utils.clip_grad_norm_(params, max_norm)
    if not scaler:
        optimizer.step()
        return loss.item(), True
    ok = scaler.step(optimizer, params)
    scaler.update(ok)
    return loss.item(), ok


def fp16_underflow_fraction(grads: Tensor, scale: float) -> float:
    nonzero = grads != 0
    lost = nonzero & ((grads * scale).half() == 0)
    return lost.sum().item() / max(nonzero.sum().item(), 1)
