"""Device-agnostic code and mixed precision.

The same script should run on a laptop and on a GPU, and on the GPU most of its arithmetic should use 16 bits.
The weights stay float32 (the master copy: an update of 1e-4 relative would vanish in 16 bits); torch.autocast
runs matrix products in low precision and losses and reductions in float32.

bfloat16 has float32's range of exponents. float16 has not: what is below 2^-25 = 3e-8 rounds to 0, so small
gradients vanish. Multiplying the loss by S multiplies all gradients by S; they are divided by S, in float32,
before anybody uses them. S is searched for: where a gradient overflows, skip the step and lower S; after many
good steps, raise it.

`pick_device(prefer="cuda")`
    prefer   "cpu", "cuda", "mps", or with an index, "cuda:1"
    returns  torch.device(prefer) if there is such a device, else torch.device("cpu")

    Ask torch.cuda.is_available() or torch.backends.mps.is_available(), in every call; the index is not looked
    at. No device is ever picked but the preferred one and the CPU.

`move_to(obj, device, non_blocking=False)`
    obj           a tensor, or plain tuples, lists and dicts, namedtuples and dataclass objects (frozen ones,
                  too) that hold tensors, one inside the other to any depth
    non_blocking  handed on to Tensor.to
    returns       the same structure with every tensor on the device: the types, keys and their order stay;
                  all that is no tensor and no such container is handed on as it is, the same object

    The original, with every container in it, is left as it was: Tensor.to returns a NEW tensor.

`LossScaler(init_scale=2.0**16, growth=2.0, backoff=0.5, interval=2000)`
    ValueError: growth <= 1, backoff outside the open interval (0, 1), init_scale <= 0, interval < 1.

`LossScaler.scale(loss)`
    returns  loss * S; so scale(torch.tensor(1.0)) shows S

`LossScaler.unscale_(params)`
    params   any iterable of parameters (a generator, say); some may have no gradient (None)
    returns  a bool: True if all gradients are finite (no inf, no NaN)

    Divides every gradient by S, in place: p.grad stays the same tensor. Bad ones are divided, too.

`LossScaler.step(optimizer, params)`
    returns  a bool: whether optimizer.step() was called, which is if all gradients of params are finite. They
             are unscaled ALREADY: step neither unscales nor updates S

`LossScaler.update(ok)`
    ok       whether this step was made. False: S becomes S * backoff, and counting starts again. True: S
             becomes S * growth after `interval` good steps in a row, and counting starts again

`amp_train_step(model, batch, optimizer, loss_fn, scaler, device, dtype, max_norm=None)`
    model      float32 parameters, on the device already; used in the mode that it is in
    batch      (x, y), on any device
    optimizer  has zero_grad() and step(), as torch.optim's; the parameters may hold old gradients
    loss_fn    loss_fn(output, y), a scalar tensor
    scaler     a LossScaler, or None (no scaling: right for bfloat16 and float32); only its methods are used
    device     torch.device or string
    dtype      torch.float16 or bfloat16 for autocast; torch.float32 turns autocast off
    max_norm   clip the gradients by their global norm, as nn.utils.clip_grad_norm_ does; None: do not clip
    returns    (loss, ok): the loss without S, a Python float, and whether the optimizer stepped, a bool

    In this order: move the batch, clear old gradients, forward and loss under autocast for the type of THIS
    device, scale, backward, unscale_, clip, step, update; each of the scaler's methods once. Without a scaler
    the step is always made and ok is True. Parameters and gradients stay float32. On a GPU the host waits at
    most three times: for unscale_, for step and for the loss.

`fp16_underflow_fraction(grads, scale)`
    grads    tensor of any shape, float32 or float64
    returns  a float: which share of the nonzero entries becomes 0 when grads * scale is cast to float16; 0.0
             where no entry is nonzero

Example
    >>> pick_device("cpu")
    device(type='cpu')
    >>> moved = move_to({"x": torch.zeros(2, 3), "name": "a", "rest": [torch.ones(1)]}, "meta")
    >>> moved["x"].device, moved["name"], moved["rest"][0].device
    (device(type='meta'), 'a', device(type='meta'))
    >>> scaler = LossScaler(init_scale=8.0, interval=2)
    >>> trace = []
    >>> for ok in (True, True, True, False, True, True):
    ...     scaler.update(ok)
    ...     trace.append(scaler.scale(torch.tensor(1.0)).item())
    >>> trace
    [8.0, 16.0, 16.0, 8.0, 8.0, 16.0]
    >>> grads = torch.tensor([0.0, 1e-3, -6e-8, 2e-8, 1e-9])
    >>> fp16_underflow_fraction(grads, 1.0), fp16_underflow_fraction(grads, 2.0)
    (0.5, 0.25)

On a CPU low precision saves memory, hardly time: use bfloat16 or float32 there; the gain comes from the
matrix units of a GPU.

Asked next: which operators does autocast keep in float32, and why? Why does bfloat16 need no scaler, and what
does it pay for that? What happens if the optimizer steps on an infinite gradient, with Adam? How do scaling
and gradient accumulation go together? When does non_blocking=True help?
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


def pick_device(prefer: str = "cuda") -> torch.device:
    raise NotImplementedError("TODO: the preferred device where there is one, else the CPU")


def move_to(obj: Any, device: torch.device | str, non_blocking: bool = False) -> Any:
    raise NotImplementedError("TODO: tensors to the device, containers rebuilt, the rest as it is")


class LossScaler:
    def __init__(self, init_scale: float = 2.0**16, growth: float = 2.0, backoff: float = 0.5, interval: int = 2000):
        raise NotImplementedError("TODO: check and keep the settings")

    def scale(self, loss: Tensor) -> Tensor:
        raise NotImplementedError("TODO: loss * S")

    def unscale_(self, params: Iterable[nn.Parameter]) -> bool:
        raise NotImplementedError("TODO: divide the gradients by S; are all finite?")

    def step(self, optimizer: torch.optim.Optimizer, params: Iterable[nn.Parameter]) -> bool:
        raise NotImplementedError("TODO: step only if all gradients are finite")

    def update(self, ok: bool) -> None:
        raise NotImplementedError("TODO: back off, or grow after enough good steps")


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
    raise NotImplementedError("TODO: autocast, scale, backward, unscale_, clip, step, update")


def fp16_underflow_fraction(grads: Tensor, scale: float) -> float:
    raise NotImplementedError("TODO: nonzero before, zero as float16")
