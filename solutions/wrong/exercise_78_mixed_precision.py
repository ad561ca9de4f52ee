"""Answers people really give. Each must fail exactly the checks it names."""

import dataclasses
import math

import torch
from torch import nn

from dlkit.grader.wrong import belief, wrong
from dlkit.solutions.exercise_78_mixed_precision import LossScaler as Reference
from dlkit.solutions.exercise_78_mixed_precision import amp_train_step as reference_step
from dlkit.solutions.exercise_78_mixed_precision import move_to as reference_move

speed_claim_cpu = belief(
    "speed_claim_cpu",
    check="errors_dtype",
    message="Low precision pays off on the matrix units of GPUs; on a CPU choose bfloat16 or float32.",
)

# Devices


@wrong(replaces="pick_device", fails=["device_fallback"])
def hard_coded_cuda(prefer="cuda"):
    """Not every machine has the device: ask torch.cuda.is_available() and fall back to the CPU."""
    return torch.device(prefer)


@wrong(replaces="pick_device", fails=["device_fallback"])
def prefer_ignored(prefer="cuda"):
    """`prefer` has no effect: who asks for the CPU gets it, whatever else there is."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device(prefer if prefer.startswith("cuda") else "cuda")


@wrong(replaces="pick_device", fails=["device_fallback"])
def index_lost(prefer="cuda"):
    """ "cuda:1" is the second GPU: keep the index."""
    kind = torch.device(prefer).type
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    return torch.device(kind if there[kind] else "cpu")


@wrong(replaces="move_to", fails=["move_to", "device_step", "device_overflow", "device_move"])
def inplace_to(obj, device, non_blocking=False):
    """Tensor.to returns a NEW tensor; it moves nothing in place, so keep what it returns."""
    reference_move(obj, device, non_blocking)
    return obj


@wrong(replaces="move_to", fails=["move_to", "device_move"])
def dataclass_forgotten(obj, device, non_blocking=False):
    """A dataclass object holds tensors, too: go through its fields and build a new one (dataclasses.replace)."""
    if isinstance(obj, torch.Tensor):
        return obj.to(device, non_blocking=non_blocking)
    if isinstance(obj, dict):
        return {key: dataclass_forgotten(value, device, non_blocking) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        parts = [dataclass_forgotten(value, device, non_blocking) for value in obj]
        return type(obj)(*parts) if hasattr(obj, "_fields") else type(obj)(parts)
    return obj


@wrong(replaces="move_to", fails=["move_to", "device_move"])
def one_level(obj, device, non_blocking=False):
    """Containers may hold containers: call move_to for every entry, not Tensor.to."""

    def moved(value):
        return value.to(device, non_blocking=non_blocking) if isinstance(value, torch.Tensor) else value

    if isinstance(obj, dict):
        return {key: moved(value) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        parts = [moved(value) for value in obj]
        return type(obj)(*parts) if hasattr(obj, "_fields") else type(obj)(parts)
    if dataclasses.is_dataclass(obj):
        return dataclasses.replace(obj, **{f.name: moved(getattr(obj, f.name)) for f in dataclasses.fields(obj)})
    return moved(obj)


@wrong(replaces="move_to", fails=["move_to", "device_move"])
def namedtuple_lost(obj, device, non_blocking=False):
    """A namedtuple came in and a plain tuple comes out: build it with type(obj)(*parts)."""
    if isinstance(obj, list | tuple):
        parts = [namedtuple_lost(value, device, non_blocking) for value in obj]
        return tuple(parts) if isinstance(obj, tuple) else parts
    if isinstance(obj, dict):
        return {key: namedtuple_lost(value, device, non_blocking) for key, value in obj.items()}
    if dataclasses.is_dataclass(obj):
        fields = {f.name: namedtuple_lost(getattr(obj, f.name), device) for f in dataclasses.fields(obj)}
        return dataclasses.replace(obj, **fields)
    return reference_move(obj, device, non_blocking)


@wrong(replaces="move_to", fails=["move_to", "device_move"])
def writes_into_containers(obj, device, non_blocking=False):
    """The caller's lists and dicts now hold other tensors: build new containers."""
    if isinstance(obj, dict | list):
        for key in obj if isinstance(obj, dict) else range(len(obj)):
            obj[key] = writes_into_containers(obj[key], device, non_blocking)
        return obj
    if isinstance(obj, tuple):
        parts = [writes_into_containers(value, device, non_blocking) for value in obj]
        return type(obj)(*parts) if hasattr(obj, "_fields") else tuple(parts)
    return reference_move(obj, device, non_blocking)


@wrong(replaces="move_to", fails=["move_to"])
def blocking_always(obj, device, non_blocking=False):
    """non_blocking has no effect: hand it on to Tensor.to, through every container."""
    return reference_move(obj, device)


# The scaler


@wrong(replaces="LossScaler", fails=["scaler_trace", "skip_step", "step_order"])
class never_grow(Reference):
    """Your scale only falls: grow after `interval` good steps."""

    def update(self, ok):
        if not ok:
            super().update(ok)


@wrong(replaces="LossScaler", fails=["scaler_trace"])
class good_steps_in_all(Reference):
    """The good steps must follow one another: a bad one sets the count back to 0."""

    def update(self, ok):
        good = self._good
        super().update(ok)
        if not ok:
            self._good = good


@wrong(replaces="LossScaler", fails=["scaler_trace"])
class grows_ever_after(Reference):
    """After growing, count from 0 again: yours grows with every good step from then on."""

    def update(self, ok):
        self._good = self._good + 1 if ok else 0
        self._scale *= self._backoff if not ok else self._growth if self._good >= self._interval else 1.0


@wrong(replaces="LossScaler", fails=["scaler_trace", "skip_step", "step_order"])
class one_step_late(Reference):
    """The scale grows WITH the good step number `interval`, not with the one after it."""

    def update(self, ok):
        self._good = self._good + 1 if ok else 0
        if not ok:
            self._scale *= self._backoff
        elif self._good > self._interval:
            self._scale *= self._growth
            self._good = 0


@wrong(replaces="LossScaler", fails=["skip_step", "device_overflow", "device_scaler"])
class step_on_inf(Reference):
    """One infinite gradient spoils weights and optimizer state: skip the step and lower the scale."""

    def step(self, optimizer, params):
        ok = super().step(_Idle(), params)
        optimizer.step()
        return ok


class _Idle:
    def step(self):
        pass


@wrong(replaces="LossScaler", fails=["skip_step", "device_overflow", "device_scaler"])
class zeros_for_inf(Reference):
    """Setting bad gradients to 0 and stepping still moves weights (momentum) and spoils the rest: skip the step."""

    def step(self, optimizer, params):
        for p in params:
            if p.grad is not None:
                p.grad.nan_to_num_(0.0, 0.0, 0.0)
        optimizer.step()
        return True


@wrong(replaces="LossScaler", fails=["skip_step", "step_order", "errors_dtype", "device_step"])
class unscales_in_step(Reference):
    """step gets gradients that are unscaled already: dividing them again makes the update too small."""

    def step(self, optimizer, params):
        params = list(params)
        self.unscale_(params)
        return super().step(optimizer, params)


@wrong(replaces="LossScaler", fails=["skip_step", "device_scaler"])
class misses_infinity(Reference):
    """An overflow is inf first and NaN only later: test for both (isfinite)."""

    def unscale_(self, params):
        grads = [p.grad for p in params if p.grad is not None]
        for grad in grads:
            grad /= self._scale
        return not sum(grad.isnan().sum() for grad in grads)


@wrong(replaces="LossScaler", fails=["step_order"])
class new_gradient_tensors(Reference):
    """The _ in unscale_ says in place: who holds the gradients (an optimizer, a bucket) must see them divided."""

    def unscale_(self, params):
        params = list(params)
        for p in params:
            if p.grad is not None:
                p.grad = p.grad.clone()
        return super().unscale_(params)


@wrong(replaces="LossScaler", fails=["errors_dtype"])
class anything_goes(Reference):
    """With growth <= 1 or a backoff outside (0, 1) the scale cannot settle: raise ValueError."""

    def __init__(self, init_scale=2.0**16, growth=2.0, backoff=0.5, interval=2000):
        super().__init__()
        self._scale, self._growth, self._backoff, self._interval = init_scale, growth, backoff, interval


@wrong(replaces="LossScaler", fails=["device_step", "device_scaler"])
class waits_per_gradient(Reference):
    """An `if` per gradient makes the host wait once for each: add up on the device and look once."""

    def unscale_(self, params):
        grads = [p.grad for p in params if p.grad is not None]
        for grad in grads:
            grad /= self._scale
        finite = [bool(grad.isfinite().all()) for grad in grads]
        return all(finite)


@wrong(replaces="LossScaler", fails=["device_scaler", "device_step", "device_overflow"])
class scale_on_cpu(Reference):
    """A scale of one dimension, made on the CPU, meets gradients on the device: a Python float goes everywhere."""

    def unscale_(self, params):
        size = torch.full((1,), self._scale, dtype=torch.float64)
        grads = [p.grad for p in params if p.grad is not None]
        for grad in grads:
            grad /= size.to(grad.dtype)
        return not sum((~grad.isfinite()).sum() for grad in grads)


# The step


def _forward(model, x, y, loss_fn, device, dtype):
    with torch.autocast(torch.device(device).type, dtype, enabled=dtype != torch.float32):
        return loss_fn(model(x), y)


def _clip(params, max_norm):
    if max_norm is not None:
        nn.utils.clip_grad_norm_(params, max_norm)


@wrong(replaces="amp_train_step", fails=["skip_step", "errors_dtype", "device_step", "device_overflow"])
def half_model(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None):
    """Master weights must stay float32: small updates vanish in 16 bits. Autocast casts per operator."""
    model.to(dtype)
    x, y = reference_move(batch, device)
    return reference_step(model, (x.to(dtype), y), optimizer, loss_fn, scaler, device, torch.float32, max_norm)


@wrong(replaces="amp_train_step", fails=["step_order"])
def clip_scaled(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None):
    """The threshold applies to the true gradients, and scaled ones are S times as large: unscale first, then clip."""
    if scaler is None:
        return reference_step(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm)
    x, y = reference_move(batch, device)
    params = list(model.parameters())
    optimizer.zero_grad()
    loss = _forward(model, x, y, loss_fn, device, dtype)
    scaler.scale(loss).backward()
    _clip(params, max_norm)
    scaler.unscale_(params)
    ok = scaler.step(optimizer, params)
    scaler.update(ok)
    return loss.item(), ok


@wrong(replaces="amp_train_step", fails=["skip_step", "step_order", "errors_dtype", "device_step"])
def scaled_loss_returned(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None):
    """The returned loss is S times too large: report the loss before scaling."""
    loss, ok = reference_step(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm)
    return (loss if scaler is None else loss * scaler.scale(torch.tensor(1.0)).item()), ok


@wrong(replaces="amp_train_step", fails=["skip_step", "step_order", "device_overflow"])
def no_update(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None):
    """Without scaler.update(ok) the scale never changes, and an overflow repeats for ever."""
    if scaler is None:
        return reference_step(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm)
    x, y = reference_move(batch, device)
    params = list(model.parameters())
    optimizer.zero_grad()
    loss = _forward(model, x, y, loss_fn, device, dtype)
    scaler.scale(loss).backward()
    scaler.unscale_(params)
    _clip(params, max_norm)
    return loss.item(), scaler.step(optimizer, params)


@wrong(replaces="amp_train_step", fails=["errors_dtype", "device_step"])
def no_autocast(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None):
    """dtype has no effect: run forward pass and loss under torch.autocast."""
    return reference_step(model, batch, optimizer, loss_fn, scaler, device, torch.float32, max_norm)


@wrong(replaces="amp_train_step", fails=["errors_dtype", "device_step"])
def always_bfloat16(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None):
    """Autocast has a default dtype for each kind of device: hand it the one that is asked for."""
    dtype = dtype if dtype == torch.float32 else torch.bfloat16
    return reference_step(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm)


@wrong(replaces="amp_train_step", fails=["skip_step", "step_order", "errors_dtype", "device_step"])
def old_gradients(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None):
    """backward() adds to the gradients that are there: clear them first."""

    class Keeping:
        def zero_grad(self):
            pass

        def step(self):
            optimizer.step()

    return reference_step(model, batch, Keeping(), loss_fn, scaler, device, dtype, max_norm)


@wrong(replaces="amp_train_step", fails=["device_step", "device_overflow"])
def batch_not_moved(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None):
    """The batch is still on the CPU: move x and y to the device."""
    params = list(model.parameters())
    optimizer.zero_grad()
    loss = _forward(model, *batch, loss_fn, device, dtype)
    (loss if scaler is None else scaler.scale(loss)).backward()
    if scaler is not None:
        scaler.unscale_(params)
    _clip(params, max_norm)
    if scaler is None:
        optimizer.step()
        return loss.item(), True
    ok = scaler.step(optimizer, params)
    scaler.update(ok)
    return loss.item(), ok


# Underflow


@wrong(replaces="fp16_underflow_fraction", fails=["underflow", "device_underflow"])
def share_of_all(grads, scale):
    """Entries that are 0 already cannot be lost: take the share of the nonzero ones."""
    lost = (grads != 0) & ((grads * scale).half() == 0)
    return lost.sum().item() / max(grads.numel(), 1)


@wrong(replaces="fp16_underflow_fraction", fails=["underflow"])
def unscaled_cast(grads, scale):
    """Scale first, then cast: what float16 has lost, no factor brings back."""
    nonzero = grads != 0
    lost = nonzero & (grads.half() * scale == 0)
    return lost.sum().item() / max(nonzero.sum().item(), 1)


@wrong(replaces="fp16_underflow_fraction", fails=["underflow", "device_underflow"])
def smallest_normal(grads, scale):
    """Below 6.1e-5 float16 has subnormal numbers: entries become 0 only below half of the smallest, 2^-25."""
    nonzero = grads != 0
    lost = nonzero & ((grads * scale).abs() < torch.finfo(torch.float16).tiny)
    return lost.sum().item() / max(nonzero.sum().item(), 1)


@wrong(replaces="fp16_underflow_fraction", fails=["underflow"])
def nothing_gives_nan(grads, scale):
    """Without a nonzero entry nothing is lost: return 0.0, not 0 / 0."""
    nonzero = grads != 0
    lost = nonzero & ((grads * scale).half() == 0)
    return lost.sum().item() / nonzero.sum().item() if nonzero.any() else math.nan
