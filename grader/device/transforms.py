"""torch.func on `sim`: all but a gradient inside a forward-mode derivative, which would end the process."""

from typing import Any

import torch
from torch._functorch import eager_transforms

from .tensor import NAME, cannot
from .watch import tensors_in

_grad = eager_transforms._autograd_grad


def _guarded(outputs: Any, *args: Any, **kwargs: Any) -> Any:
    """Autograd computes it in the device's thread, where forward mode's levels are not."""
    levels = torch._C._functorch.get_interpreter_stack() or ()
    forward = any(level.key() == torch._C._functorch.TransformType.Jvp for level in levels)
    if forward and any(t.device.type == NAME for t in tensors_in(outputs)):
        raise cannot("the simulated device cannot take a gradient inside jvp, jacfwd or hessian")
    return _grad(outputs, *args, **kwargs)


def install() -> None:
    eager_transforms._autograd_grad = _guarded
