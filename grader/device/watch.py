"""Every operator passes here: copies between devices, host synchronisation, how many there were, live memory.

It works for tensors of any device; on the CPU it sees what would be a synchronisation elsewhere.
"""

import contextlib
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .places import Place, in_library, place
from .syncs import synchronises

MAX_EVENTS = 100  # of one kind
_aten = torch.ops.aten
_LIFTS = (_aten.lift_fresh.default, _aten.lift_fresh_copy.default)  # torch.tensor(…): made where no mode looks


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
    """While it is entered, notes what happens to tensors on `device` ("sim", "cuda", "cpu").

    `events` has each once, in the order of their first time; `times` says how often each happened.
    """

    def __init__(self, device: str, is_theirs: Callable[[str], bool]) -> None:
        super().__init__()
        self.device = device
        self.events: list[Event] = []
        self.times: Counter[Event] = Counter()
        self.operators = 0
        self.live = self.peak = 0  # bytes of the storages that operators made and that are still there
        self._is_theirs = is_theirs
        self._origins: dict[int, Place | None] = {}  # storage off the device -> the line that made it
        self._storages: dict[int, int] = {}
        self._here = threading.local()
        self._patches: list[contextlib.ExitStack] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # the wrapper that says so to torch.compile would import a second's worth of it

    def __enter__(self) -> "Watch":
        from .patches import patched

        super().__enter__()
        self._patches.append(patched(self))
        return self

    def __exit__(self, *error: Any) -> None:
        self._patches.pop().close()
        super().__exit__(*error)

    @property
    def busy(self) -> bool:
        """Is this thread inside an operator that the watch looks at?"""
        return getattr(self._here, "depth", 0) > 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        here = self._here
        here.depth = getattr(here, "depth", 0) + 1
        try:
            self.operators += 1
            self._before(func, args, kwargs)
            out = self.run(func, args, kwargs)
            self._after(func, args, kwargs, out)
            return out
        finally:
            here.depth -= 1

    def run(self, func: Any, args: Any, kwargs: Any) -> Any:
        try:
            return func(*args, **kwargs)
        except RuntimeError as error:
            if "Expected all tensors to be on the same device" in str(error):
                self.mixed(str(error), (args, kwargs))
            raise

    def start(self) -> None:
        """Count from here: events, operators, and memory above what is live now."""
        self.events.clear()
        self.times.clear()
        self.operators = 0
        self.live = self.peak = 0
        self._storages = dict.fromkeys(self._storages, 0)

    # What happens

    def note(self, kind: str, what: str, made: Place | None = None) -> None:
        if kind == "sync" and in_library(self._is_theirs):
            return
        event = Event(kind, what, place(self._is_theirs), made)
        if event in self.times or sum(e.kind == kind for e in self.events) < MAX_EVENTS:
            self.times[event] += 1
            if self.times[event] == 1:
                self.events.append(event)

    def ours(self, tensor: Any) -> bool:
        """Is it on the watched device?"""
        return isinstance(tensor, torch.Tensor) and tensor.device.type == self.device

    def _before(self, func: Any, args: Any, kwargs: Any) -> None:
        waits = synchronises(func, args, kwargs)
        if waits is not None:
            if self.ours(waits[0]):
                self.note("sync", waits[1])
        elif func is _aten._to_copy.default:
            self._copied(args[0], kwargs.get("device"))
        elif func is _aten.copy_.default:
            self._copied(args[1], args[0].device)
        device = kwargs.get("device")
        if device is not None and device.type not in (self.device, "cpu", "meta"):
            self.named(device.type)

    def _copied(self, source: Any, device: Any) -> None:
        target = torch.device(device).type if device is not None else source.device.type
        if source.device.type == target:
            return
        if self.ours(source):
            self.note("to_cpu", f"a copy from {self.device} to {target}")
        elif target == self.device:
            self.note("to_device", f"a copy from {source.device.type} to {target}")

    def named(self, device: str) -> None:
        """The code asks for a device that is not the one of its inputs."""
        self.note("hard_coded", f"the code names the device {device}; its inputs are on {self.device}")

    def mixed(self, what: str, arguments: Any) -> None:
        """PyTorch itself refused tensors of two devices."""
        self.note("mixed", what, next((self.made(t) for t in tensors_in(arguments) if not self.ours(t)), None))

    # Memory, and where it comes from

    def _after(self, func: Any, args: Any, kwargs: Any, out: Any) -> None:
        inputs: list[Any] | None = None
        for tensor in tensors_in(out):
            storage = self.storage(tensor)
            key = storage._cdata
            if key in self._storages:
                continue
            if inputs is None:
                inputs = tensors_in((args, kwargs))
            old = func not in _LIFTS and any(self.storage(t)._cdata == key for t in inputs)
            self._born(key, storage, 0 if old else storage.nbytes())
            if not old and not self.ours(tensor):
                self._origins[key] = self._source(inputs)

    def _source(self, inputs: list[Any]) -> Place | None:
        """Where a new tensor off the device comes from: its first argument off the device, or this line."""
        for tensor in inputs:
            if not self.ours(tensor):
                made = self.made(tensor)
                if made is not None:
                    return made
        return place(self._is_theirs)

    def _born(self, key: int, storage: Any, size: int) -> None:
        self._storages[key] = size
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._died, key).atexit = False

    def _died(self, key: int) -> None:
        self.live -= self._storages.pop(key, 0)
        self._origins.pop(key, None)

    def storage(self, tensor: Any) -> Any:
        return tensor.untyped_storage()

    def made(self, tensor: Any) -> Place | None:
        """The line that made this tensor, where it is not on the device: torch.zeros(…), x.cpu(), …"""
        return self._origins.get(self.storage(tensor)._cdata)


def tensors_in(value: Any) -> list[Any]:
    """The tensors among an operator's arguments or results."""
    found: list[Any] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[Any]) -> None:
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif isinstance(value, list | tuple):
        for v in value:
            _collect(v, found)
    elif isinstance(value, dict):
        for v in value.values():
            _collect(v, found)
