"""torch.load(…, map_location="sim"): PyTorch would make a storage there, and `sim` has none."""

from typing import Any

import torch

from .tensor import NAME

_load = torch.load


def load(f: Any, map_location: Any = None, *args: Any, **kwargs: Any) -> Any:
    """torch.load, which loads to the CPU and moves what it found where `sim` is wanted."""
    if not isinstance(map_location, str | torch.device) or torch.device(map_location).type != NAME:
        return _load(f, map_location, *args, **kwargs)
    return _moved(_load(f, "cpu", *args, **kwargs), {})


def _moved(value: Any, seen: dict[int, Any]) -> Any:
    if id(value) in seen:
        return seen[id(value)]
    new = value
    if isinstance(value, torch.nn.Parameter):
        new = torch.nn.Parameter(value.detach().to(NAME), value.requires_grad)
    elif isinstance(value, torch.Tensor):
        new = value.detach().to(NAME).requires_grad_(value.requires_grad)
    elif isinstance(value, torch.nn.Module):
        new = value.to(NAME)
    elif isinstance(value, dict):
        for key in value:
            value[key] = _moved(value[key], seen)
    elif isinstance(value, list):
        value[:] = [_moved(v, seen) for v in value]
    elif type(value) is tuple:
        new = tuple([_moved(v, seen) for v in value])
    seen[id(value)] = new
    return new
