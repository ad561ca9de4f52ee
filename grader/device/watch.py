"""Every operator passes here: copies between devices, host synchronisation, how many there were, live memory.

It works for tensors of any device; on the CPU it sees what would be a synchronisation elsewhere.
"""

import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .places import Place, place

MAX_EVENTS = 200
_aten = torch.ops.aten
_MASKS = (torch.bool, torch.uint8)


class Event(NamedTuple):
    """Something that a device check wants to know.

    `kind` is sync (the host waits for the device), to_cpu, to_device (a copy between them), mixed (an operator got
    tensors of two devices), hard_coded (a device is named in the code) or unsupported (the simulation cannot do it).
    """

    kind: str
    what: str
    place: Place | None
    made: Place | None = None  # mixed: where the tensor on the wrong device was made


class Watch(TorchDispatchMode):
    """While it is entered, notes what happens to tensors on `device` ("sim", "cuda", "cpu")."""

    def __init__(self, device: str, is_theirs: Callable[[str], bool]) -> None:
        super().__init__()
        self.device = device
        self.events: list[Event] = []
        self.operators = 0
        self.live = self.peak = 0  # bytes of the storages that operators made and that are still there
        self._is_theirs = is_theirs
        self._origins: dict[int, Place | None] = {}  # storage made without a tensor argument -> line
        self._storages: dict[int, int] = {}
        self._inside = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # the wrapper that says so to torch.compile would import a second's worth of it

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        self.operators += 1
        self._before(func, args, kwargs)
        out = self.run(func, args, kwargs)
        self._after(func, args, kwargs, out)
        return out

    def run(self, func: Any, args: Any, kwargs: Any) -> Any:
        return func(*args, **kwargs)

    def start(self) -> None:
        """Count from here: events, operators, and memory above what is live now."""
        self.events.clear()
        self.operators = 0
        self.live = self.peak = 0
        self._storages.clear()

    # What happens

    def note(self, kind: str, what: str, made: Place | None = None) -> None:
        if len(self.events) < MAX_EVENTS:
            self.events.append(Event(kind, what, place(self._is_theirs), made))

    def ours(self, tensor: Any) -> bool:
        """Is it on the watched device?"""
        return isinstance(tensor, torch.Tensor) and tensor.device.type == self.device

    def _before(self, func: Any, args: Any, kwargs: Any) -> None:
        if func is _aten._local_scalar_dense.default:
            if self.ours(args[0]):
                self.note("sync", "reading a value: item(), float(), int(), bool() or an `if` over a tensor")
        elif func is _aten.nonzero.default or func is _aten.masked_select.default:
            if self.ours(args[0]):
                self.note(
                    "sync", "a result whose size depends on values: nonzero(), masked_select() or indexing by a mask"
                )
        elif func is _aten.index.Tensor:
            if self.ours(args[0]) and any(i is not None and i.dtype in _MASKS for i in args[1]):
                self.note("sync", "indexing by a boolean mask: the host has to wait for the size of the result")
        elif func is _aten.equal.default or func is _aten.is_nonzero.default:
            if self.ours(args[0]):
                self.note("sync", "torch.equal: its answer is a Python bool")
        elif func is _aten._to_copy.default:
            self._copied(args[0], kwargs.get("device"), kwargs.get("non_blocking", False))
        elif func is _aten.copy_.default:
            self._copied(args[1], args[0].device, args[2] if len(args) > 2 else kwargs.get("non_blocking", False))
        elif func in _UNIQUE and self.ours(args[0]):
            self.note("sync", "torch.unique: the size of its result depends on values")

    def _copied(self, source: Any, device: Any, non_blocking: bool) -> None:
        target = torch.device(device).type if device is not None else source.device.type
        if source.device.type == target:
            return
        if self.ours(source):
            self.note("to_cpu" if target == "cpu" else "to_device", f"a copy from {self.device} to {target}")
        elif target == self.device:
            self.note("to_device", f"a copy from {source.device.type} to {target}")

    def _after(self, func: Any, args: Any, kwargs: Any, out: Any) -> None:
        fresh = not any(True for _ in tensors_in((args, kwargs)))
        for tensor in tensors_in(out):
            storage = self.storage(tensor)
            key = storage._cdata
            if key not in self._storages:
                self._born(key, storage)
            if fresh and key not in self._origins:
                self._origins[key] = place(self._is_theirs)
                weakref.finalize(storage, self._origins.pop, key, None)

    def _born(self, key: int, storage: Any) -> None:
        size = storage.nbytes()
        self._storages[key] = size
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._died, key)

    def _died(self, key: int) -> None:
        self.live -= self._storages.pop(key, 0)

    def storage(self, tensor: Any) -> Any:
        return tensor.untyped_storage()

    def made(self, tensor: Any) -> Place | None:
        """The line that made this tensor out of nothing (torch.zeros, torch.arange, …), if one did."""
        return self._origins.get(self.storage(tensor)._cdata)


_UNIQUE = tuple(
    getattr(_aten, name).default for name in ("_unique2", "unique_dim", "unique_consecutive") if hasattr(_aten, name)
)


def tensors_in(value: Any) -> Iterator[Any]:
    """The tensors among an operator's arguments or results."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for v in value:
            yield from tensors_in(v)
    elif isinstance(value, dict):
        for v in value.values():
            yield from tensors_in(v)
