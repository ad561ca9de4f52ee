"""The same in another style: every case written out, sizes of gradients instead of flags, counting by steps left."""

import copy
import dataclasses
import math

import torch


# --- written out
def pick_device(prefer="cuda"):
    name = prefer.split(":")[0]
    if name == "cuda" and torch.cuda.is_available():
        return torch.device(prefer)
    if name == "mps" and torch.backends.mps.is_available():
        return torch.device(prefer)
    return torch.device("cpu")


def move_to(obj, device, non_blocking=False):
    if torch.is_tensor(obj):
        return obj.to(device=torch.device(device), non_blocking=non_blocking)
    if isinstance(obj, tuple) and hasattr(obj, "_asdict"):
        return obj._replace(**{k: move_to(v, device, non_blocking) for k, v in obj._asdict().items()})
    if isinstance(obj, tuple):
        return tuple(move_to(v, device, non_blocking) for v in obj)
    if isinstance(obj, list):
        return [move_to(v, device, non_blocking) for v in obj]
    if isinstance(obj, dict):
        result = obj.copy()
        for key in obj:
            result[key] = move_to(obj[key], device, non_blocking)
        return result
    if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
        result = copy.copy(obj)
        for field in dataclasses.fields(obj):
            object.__setattr__(result, field.name, move_to(getattr(obj, field.name), device, non_blocking))
        return result
    return obj


class LossScaler:
    def __init__(self, init_scale=2.0**16, growth=2.0, backoff=0.5, interval=2000):
        if not growth > 1:
            raise ValueError("growth")
        if backoff <= 0 or backoff >= 1:
            raise ValueError("backoff")
        if not init_scale > 0:
            raise ValueError("init_scale")
        if interval < 1:
            raise ValueError("interval")
        self.value, self.growth, self.backoff, self.interval = float(init_scale), growth, backoff, interval
        self.left = interval

    def scale(self, loss):
        return self.value * loss

    @torch.no_grad()
    def unscale_(self, params):
        worst = None
        for p in params:
            if p.grad is None:
                continue
            p.grad *= 1.0 / self.value
            size = p.grad.abs().max().float()
            worst = size if worst is None else torch.maximum(worst, size)
        return worst is None or math.isfinite(worst.item())

    def step(self, optimizer, params):
        sizes = [p.grad.abs().max() for p in params if p.grad is not None]
        if sizes and not bool(torch.isfinite(torch.stack(sizes)).all()):
            return False
        optimizer.step()
        return True

    def update(self, ok):
        if not ok:
            self.value, self.left = self.value * self.backoff, self.interval
            return
        self.left -= 1
        if self.left == 0:
            self.value, self.left = self.value * self.growth, self.interval


def amp_train_step(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None):
    device = torch.device(device)
    inputs, labels = (part.to(device) for part in batch)
    model.zero_grad()
    if dtype == torch.float32:
        output = model(inputs)
    else:
        with torch.autocast(device_type=device.type, dtype=dtype):
            output = model(inputs)
    loss = loss_fn(output.float(), labels)
    if scaler is None:
        loss.backward()
    else:
        scaler.scale(loss).backward()
        scaler.unscale_(model.parameters())
    if max_norm is not None:
        grads = [p.grad for p in model.parameters() if p.grad is not None]
        norm = torch.stack([g.square().sum() for g in grads]).sum().sqrt()
        factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
        for grad in grads:
            grad.mul_(factor)
    if scaler is None:
        optimizer.step()
        return float(loss.detach()), True
    ok = scaler.step(optimizer, model.parameters())
    scaler.update(ok)
    return float(loss.detach()), ok


def fp16_underflow_fraction(grads, scale):
    before = grads.flatten()[grads.flatten() != 0]
    if before.numel() == 0:
        return 0.0
    after = (before * scale).to(torch.float16)
    return 1.0 - torch.count_nonzero(after).item() / before.numel()
