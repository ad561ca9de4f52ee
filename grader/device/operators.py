"""An operator on `sim`: the rule that its tensors lie on one device, its run on the CPU's values, the wrapping."""

from typing import Any

import torch

from . import cells
from .tensor import NAME, SimTensor, Unsupported, draws_for
from .watch import tensors_in

_aten = torch.ops.aten
_INDEXING = {
    _aten.index.Tensor, _aten.index_put.default, _aten.index_put_.default, _aten._index_put_impl_.default,
    _aten._unsafe_index.Tensor, _aten._unsafe_index_put.default,
}  # fmt: skip
_CROSSING = {_aten._to_copy.default, _aten.copy_.default, _aten.copy.default, _aten._copy_from.default}
_TAKES_A_NUMBER = {  # beside the pointwise operators: here, too, CUDA lets a tensor of no dimensions lie on the CPU
    _aten.fill_.Tensor, _aten.fill.Tensor, _aten.masked_fill.Tensor, _aten.masked_fill_.Tensor,
    _aten.index_fill.int_Tensor, _aten.index_fill_.int_Tensor, _aten.lerp.Tensor, _aten.lerp_.Tensor,
    _aten.where.self, _aten._foreach_mul.Tensor, _aten._foreach_mul_.Tensor, _aten._foreach_div.Tensor,
    _aten._foreach_div_.Tensor, _aten._foreach_add.Tensor, _aten._foreach_add_.Tensor, *_INDEXING,
}  # fmt: skip
_RESIZES = {
    _aten.resize_.default, _aten.resize_as_.default, _aten.set_.default, _aten.set_.source_Tensor,
    _aten.set_.source_Tensor_storage_offset,
}  # fmt: skip
# Arguments, and after them results, that lie on the CPU whatever the device of the others is.
_HOST = {
    _aten._pack_padded_sequence.default: ({1}, {1}),
    _aten._pad_packed_sequence.default: ({1}, {1}),
    _aten._pack_padded_sequence_backward.default: ({2}, set()),
    _aten._ctc_loss.Tensor: ({1, 2, 3}, set()),
    _aten._ctc_loss_backward.Tensor: ({2, 3, 4}, set()),
}


class Mixed(RuntimeError):
    """An operator got tensors of two devices, or a generator of another; `stranger` is the tensor on the CPU."""

    def __init__(self, what: str, stranger: torch.Tensor | None = None) -> None:
        super().__init__(what)
        self.stranger = stranger


def name(func: Any) -> str:
    """`mm` of aten::mm.default."""
    return str(func.name().removeprefix("aten::").partition(".")[0])


def run(func: Any, args: Any, kwargs: Any) -> Any:
    """Run an operator on the values, and wrap what comes out where it belongs on `sim`."""
    inputs = tensors_in((args, kwargs))
    some = any(isinstance(t, SimTensor) for t in inputs)
    if some and not all(isinstance(t, SimTensor) for t in inputs):
        _same_device(func, args, kwargs)
    asked = kwargs.get("device")
    on_sim = torch.device(asked).type == NAME if asked is not None else some
    if func is _aten.copy_.default or func in _INDEXING:
        on_sim = isinstance(args[0], SimTensor)
    if not draws_for(kwargs.get("generator"), on_sim):
        expected, found = (NAME, "cpu") if on_sim else ("cpu", NAME)
        raise Mixed(f"Expected a '{expected}' device type for generator but found '{found}' (in {name(func)})")
    plain = _unwrap(kwargs) if kwargs else {}
    if on_sim and asked is not None:
        plain["device"] = torch.device("cpu")
    plain.pop("pin_memory", None)
    out = _values(func, _unwrap(args), plain, on_sim, inputs)
    written = _written(func, args, kwargs)
    if written is None:
        return _wrap(out, _HOST[func][1] if func in _HOST else None) if on_sim else out
    if on_sim:
        _follow(func, args, kwargs, written)
    return written


def _values(func: Any, args: Any, kwargs: Any, on_sim: bool, inputs: list[Any]) -> Any:
    if not on_sim:
        return func(*args, **kwargs)
    try:
        return cells.KERNELS.get(func, func)(*args, **kwargs)
    except NotImplementedError as error:
        if str(error).startswith("Could not run"):
            raise Unsupported(f"the simulated device has no {name(func)}") from None
        raise
    except RuntimeError as error:
        low = [t.dtype for t in inputs if t.dtype in (torch.float16, torch.bfloat16)]
        if low and "not implemented for '" in str(error):
            kind = str(low[0]).removeprefix("torch.")
            raise Unsupported(f"the simulated device has no {name(func)} for {kind}") from None
        raise


def _same_device(func: Any, args: Any, kwargs: Any) -> None:
    """Raises Mixed where CUDA would refuse, as it refuses."""
    stranger = _stranger(func, args, kwargs)
    if stranger is None:
        return
    raise Mixed(
        f"Expected all tensors to be on the same device, but found at least two devices, {NAME}:0 and"
        f" {stranger.device.type}! (in {name(func)})",
        stranger,
    )


def _stranger(func: Any, args: Any, kwargs: Any) -> torch.Tensor | None:
    """A tensor that may not meet the others in this operator."""
    if func in _CROSSING:
        return None
    if func in _INDEXING:  # indices may lie on the CPU where the indexed tensor does not
        rest = [a for i, a in enumerate(args) if i != 1]
        args = rest if isinstance(args[0], SimTensor) else [*rest, args[1]]
    elif func in _HOST:
        args = [a for i, a in enumerate(args) if i not in _HOST[func][0]]
    found = tensors_in((args, kwargs))
    here = [t for t in found if isinstance(t, SimTensor)]
    strange = [t for t in found if not isinstance(t, SimTensor)]
    if not here or not strange:
        return None
    for tensor in strange:
        if tensor.dim() or any(tensor is t for t in tensors_in(_written(func, args, kwargs))):
            return tensor
    return None if torch.Tag.pointwise in func.tags or func in _TAKES_A_NUMBER else strange[0]


def _unwrap(value: Any) -> Any:
    if isinstance(value, SimTensor):
        return value.held
    if type(value) in (list, tuple):
        return type(value)([_unwrap(v) for v in value])
    if type(value) is dict:
        return {k: _unwrap(v) for k, v in value.items()}
    return value


def _wrap(value: Any, host: set[int] | None = None) -> Any:
    if isinstance(value, SimTensor):
        return value
    if isinstance(value, torch.Tensor):
        return SimTensor(value)
    if isinstance(value, list | tuple):
        return type(value)([v if host and i in host else _wrap(v) for i, v in enumerate(value)])
    return value


_WRITES: dict[Any, list[tuple[int, str]]] = {}


def _written(func: Any, args: Any, kwargs: Any) -> Any:
    """The argument that an in-place or out= operator returns; None for the others."""
    writes = _WRITES.get(func)
    if writes is None:
        schema = func._schema
        returned = [r.alias_info.before_set for r in schema.returns if r.alias_info and r.alias_info.is_write]
        writes = _WRITES[func] = [
            (i, a.name) for alias in returned for i, a in enumerate(schema.arguments)
            if a.alias_info and a.alias_info.is_write and a.alias_info.before_set == alias
        ]  # fmt: skip
    if not writes:
        return None
    found = [kwargs[name] if name in kwargs else args[i] for i, name in writes]
    return found[0] if len(found) == 1 else tuple(found)


def _follow(func: Any, args: Any, kwargs: Any, written: Any) -> None:
    """Give the wrappers the shapes that t_(), squeeze_(), resize_() or out= gave their values."""
    if torch.Tag.inplace_view in func.tags and func not in _RESIZES:
        included = torch._C._meta_in_tls_dispatch_include()
        with torch._C._DisableTorchDispatch():
            torch._C._set_meta_in_tls_dispatch_include(True)
            try:
                func(*args, **kwargs)
            finally:
                torch._C._set_meta_in_tls_dispatch_include(included)
        return
    for tensor in tensors_in(written):
        if isinstance(tensor, SimTensor) and (tensor.shape != tensor.held.shape or func in _RESIZES):
            tensor.adopt(tensor.held)
