"""What a call did to its arguments: were they changed, and does the result share their memory?"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .wire import MAX_DEPTH, MAX_NODES, PLAIN, Encoder, Tree, WireError, pack, torch_or_none

_AS_IT_IS = 64 << 20  # bytes of an array that is compared as it is


class Snapshot:
    """What a value is now; equal to a later one if nothing was changed in between.

    Everything that would cross the wire, or less where less tells it: most arguments are plain arrays and tensors.
    """

    def __init__(self, value: Any, reference: Callable[[Any], Tree]) -> None:
        self._reference = reference
        self._nodes = 0
        self._torch = torch_or_none()
        try:
            self._seen = self._look(value, 0)
        except WireError:
            self._seen = None  # grew beyond what may cross: certainly changed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self._seen is not None and self._seen == other._seen

    __hash__ = None  # type: ignore[assignment]

    def _look(self, value: Any, depth: int) -> Any:
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise WireError("more than may cross")
        kind = type(value)
        if kind is float:
            return value.hex()  # NaN, too, equals itself, and -0.0 is not 0.0
        if kind in PLAIN:
            return kind, value
        if kind is np.ndarray and not value.dtype.hasobject and value.nbytes < _AS_IT_IS:
            return value.dtype, value.shape, value.strides, value.flags.writeable, value.tobytes()
        if kind is list or kind is tuple:
            return kind, [self._look(v, depth + 1) for v in value]
        if kind is dict:
            return kind, [self._look(v, depth + 1) for pair in value.items() for v in pair]
        torch = self._torch
        if torch is not None and kind is torch.Tensor and _plain(torch, value):
            return value.dtype, value.shape, value.stride(), value.reshape(-1).view(torch.uint8).numpy().tobytes()
        encoder = Encoder(self._reference)
        return pack(encoder.encode(value)), encoder.buffers


def _plain(torch: Any, value: Any) -> bool:
    """A tensor whose values are all there is to it."""
    dense = value.layout is torch.strided and value.device.type == "cpu" and not value.is_quantized
    alone = not value.requires_grad and value.grad is None and not value.is_conj() and not value.is_neg()
    return bool(dense and alone and value.numel() * value.element_size() < _AS_IT_IS)


def aliases(result: Any, inputs: dict[Any, Any]) -> list[Any]:
    """The arguments whose memory the result shares."""
    ours = _memory(result)
    if not any(ours):
        return []
    return [key for key, value in inputs.items() if type(value) not in PLAIN and _shared(ours, _memory(value))]


_Memory = tuple[list[np.ndarray], set[Any]]


def _shared(a: _Memory, b: _Memory) -> bool:
    return bool(a[1] & b[1]) or any(np.may_share_memory(x, y) for x in a[0] for y in b[0])


def _memory(value: Any) -> _Memory:
    """The arrays in a value, and where its tensors have their storage: (device, address)."""
    arrays, storages = [], set()
    for found in tensors(value):
        if isinstance(found, np.ndarray):
            arrays.append(found)
        elif found.numel():
            held = getattr(found, "held", found)  # on the simulated device
            with contextlib.suppress(Exception):  # a kind of tensor without storage shares none
                storages.add((found.device, held.untyped_storage().data_ptr()))
    return arrays, storages


def tensors(value: Any, depth: int = 0) -> Iterator[Any]:
    """The arrays and tensors in a value, as far as lists and dicts are looked into."""
    torch = torch_or_none()
    if isinstance(value, np.ndarray) or (torch is not None and isinstance(value, torch.Tensor)):
        yield value
    elif depth < 8 and isinstance(value, list | tuple):
        for item in value[:200]:
            yield from tensors(item, depth + 1)
    elif depth < 8 and isinstance(value, dict):
        yield from tensors(list(value.values()), depth + 1)
