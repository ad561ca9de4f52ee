"""Operators after which the host waits for the device, on CUDA."""

from typing import Any

import torch

_aten = torch.ops.aten
_MASKS = (torch.bool, torch.uint8)
_VALUE = "reading a value: item(), float(), int(), bool() or an `if` over a tensor"
_SIZE = "a result whose size depends on values: nonzero(), masked_select() or indexing by a mask"
_MASK = "indexing by a boolean mask: the host has to wait for the size of the result"
_ALWAYS = {
    "_local_scalar_dense": _VALUE, "is_nonzero": _VALUE,
    "nonzero": _SIZE, "nonzero_numpy": _SIZE, "masked_select": _SIZE, "argwhere": _SIZE,
    "equal": "torch.equal: its answer is a Python bool", "allclose": "torch.allclose: its answer is a Python bool",
    "_unique": "torch.unique: the size of its result depends on values",
    "_unique2": "torch.unique: the size of its result depends on values",
    "unique_dim": "torch.unique: the size of its result depends on values",
    "unique_dim_consecutive": "torch.unique_consecutive: the size of its result depends on values",
    "unique_consecutive": "torch.unique_consecutive: the size of its result depends on values",
    "bincount": "torch.bincount: the size of its result depends on values",
}  # fmt: skip


def _table() -> dict[Any, str]:
    found = {}
    for name, why in _ALWAYS.items():
        packet = getattr(_aten, name, None)
        for overload in packet.overloads() if packet else ():
            found[getattr(packet, overload)] = why
    return found


_WAITS = _table()
_ASSIGNED = {_aten.index_put_.default, _aten.index_put.default, _aten._index_put_impl_.default}


def synchronises(func: Any, args: Any, kwargs: Any) -> tuple[Any, str] | None:
    """The tensor whose values the host waits for, and why; None where it does not."""
    if func in _WAITS:
        return args[0], _WAITS[func]
    if func is _aten.index.Tensor and _by_mask(args):
        return args[0], _MASK
    # A number through a mask is masked_fill, which does not wait.
    if func in _ASSIGNED and args[2].numel() != 1 and _by_mask(args):
        return args[0], "assigning through a boolean mask: the host has to wait for how many there are"
    if func is _aten.repeat_interleave.Tensor and kwargs.get("output_size") is None:
        return args[0], "repeat_interleave by a tensor: give output_size, or the host waits for the sum"
    return None


def _by_mask(args: Any) -> bool:
    return any(i is not None and i.dtype in _MASKS and i.device == args[0].device for i in args[1])
