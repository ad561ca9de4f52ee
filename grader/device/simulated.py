"""The device `sim`: tensors with a device of their own and real values, which lie on the CPU.

PyTorch reserves a device type for backends from outside (PrivateUse1). A `SimTensor` wraps a CPU tensor and says that
it is there; every operator comes through `Accelerator`, is held to the rule that its tensors lie on one device, runs
on the CPU values and is wrapped again. The rule is CUDA's: a tensor of no dimensions on the CPU may take part, indices
may lie on the CPU, and copies may cross.
"""

import contextlib
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils import backend_registration

from . import autocast
from .places import Place
from .watch import Watch, tensors_in

NAME = "sim"
_aten = torch.ops.aten
_INDEXING = {
    _aten.index.Tensor, _aten.index_put.default, _aten.index_put_.default, _aten._index_put_impl_.default,
    _aten._unsafe_index.Tensor,
}  # fmt: skip
_CROSSING = {_aten._to_copy.default, _aten.copy_.default, _aten.copy.default, _aten._copy_from.default}


class Unsupported(NotImplementedError):
    """The simulation cannot do this; a real device might."""


class SimTensor(torch.Tensor):
    """A tensor on `sim`; `held` has its values."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> "SimTensor":
        wrapper: SimTensor = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype,
            layout=held.layout, device=torch.device(NAME, 0),
        )  # fmt: skip
        wrapper.held = held
        return wrapper

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})

    @property
    def data(self) -> Any:
        return SimTensor(self.held.detach())  # the same memory, and a count of versions of its own

    @data.setter
    def data(self, new: Any) -> None:
        if not isinstance(new, SimTensor):
            raise RuntimeError(f"a tensor on {NAME} cannot take the data of one on {new.device.type}")
        torch.Tensor.data.__set__(self, new)  # type: ignore[attr-defined]
        self.held = new.held

    def __deepcopy__(self, memo: dict[int, Any]) -> "SimTensor":
        if id(self) not in memo:
            if not self.is_leaf:
                raise RuntimeError("Only Tensors created explicitly by the user (graph leaves) support deepcopy")
            copy = SimTensor(self.held.detach().clone()).requires_grad_(self.requires_grad)
            if getattr(self, "_is_param", False):
                copy._is_param = True
            if self.grad is not None:
                copy.grad = self.grad.__deepcopy__(memo)
            memo[id(self)] = copy
        return memo[id(self)]  # type: ignore[no-any-return]

    def numpy(self, *, force: bool = False) -> Any:
        if force:
            return self.detach().cpu().numpy()
        raise TypeError(
            f"can't convert {NAME}:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory"
            " first."
        )

    def tolist(self) -> Any:
        return self.detach().cpu().tolist()

    def __repr__(self, **_: Any) -> str:
        return f"{repr(self.held).rstrip(')')}, device='{NAME}:0')"


_OURS: "weakref.WeakValueDictionary[int, SimGenerator]" = weakref.WeakValueDictionary()


class SimGenerator(torch._C.Generator):
    """A generator of `sim`: its numbers are those of the CPU's."""

    def __init__(self) -> None:
        super().__init__()
        _OURS[self._cdata] = self  # an operator gets another object of Python's for the same generator

    @property
    def device(self) -> torch.device:
        return torch.device(NAME, 0)


class Accelerator(Watch):
    """The mode in which code runs that may use `sim`."""

    def __init__(self, is_theirs: Callable[[str], bool]) -> None:
        super().__init__(NAME, is_theirs)

    def run(self, func: Any, args: Any, kwargs: Any) -> Any:
        mixed = _mixed(func, args, kwargs)
        if mixed is not None:
            raise self._mixture(func, mixed)
        try:
            return run(func, args, kwargs)
        except Unsupported as error:
            self.note("unsupported", str(error))
            raise

    def storage(self, tensor: Any) -> Any:
        return (tensor.held if isinstance(tensor, SimTensor) else tensor).untyped_storage()

    def _mixture(self, func: Any, stranger: torch.Tensor) -> RuntimeError:
        made = self.made(stranger)
        name = _name(func)
        self.note("mixed", f"{name} got tensors on {NAME}:0 and on {stranger.device.type}", made)
        origin = f"; the one on {stranger.device.type} was made in line {made.line}" if made else ""
        return RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {NAME}:0 and"
            f" {stranger.device.type}! (in {name}{origin})"
        )


def _mixed(func: Any, args: Any, kwargs: Any) -> torch.Tensor | None:
    """A tensor that may not meet the others in this operator."""
    if func in _CROSSING:
        return None
    if func in _INDEXING:  # indices may lie on the CPU where the indexed tensor does not
        rest = [a for i, a in enumerate(args) if i != 1]
        if args and not isinstance(args[0], SimTensor):
            rest.append(args[1])
        args = rest
    found = list(tensors_in((args, kwargs)))
    here = [t for t in found if isinstance(t, SimTensor)]
    strange = [t for t in found if not isinstance(t, SimTensor)]
    if not here or not strange:
        return None
    if all(t.dim() == 0 for t in here) and any(t.dim() for t in strange):
        return next(t for t in strange if t.dim())
    sized = [t for t in strange if t.dim()]
    if sized:
        return sized[0]
    return strange[0] if func in _STRICT else None


_STRICT = {_aten.stack.default, _aten.cat.default}  # here even a tensor of no dimensions must lie on the device


def run(func: Any, args: Any, kwargs: Any) -> Any:
    """Run an operator on the values, and wrap what comes out where it belongs on `sim`."""
    asked = kwargs.get("device")
    to_sim = asked is not None and torch.device(asked).type == NAME
    inputs = list(tensors_in((args, kwargs)))
    on_sim = to_sim or (asked is None and any(isinstance(t, SimTensor) for t in inputs))
    if func is _aten.copy_.default or func in _INDEXING:
        on_sim = isinstance(args[0], SimTensor)
    _one_generator(kwargs.get("generator"), on_sim)
    plain = {**_unwrap(kwargs)}
    if to_sim:
        plain["device"] = torch.device("cpu")
    plain.pop("pin_memory", None)
    try:
        out = func(*_unwrap(args), **plain)
    except NotImplementedError as error:
        if on_sim and str(error).startswith("Could not run"):
            raise Unsupported(f"the simulated device has no {_name(func)}") from None
        raise
    written = _written(func, args, kwargs)
    if torch.Tag.inplace_view in func.tags and isinstance(args[0], SimTensor):
        _change_metadata(func, args, kwargs)
    if written is not None:
        return written
    return _wrap(out) if on_sim else out


def _name(func: Any) -> str:
    """`mm` of aten::mm.default."""
    return str(func.name().removeprefix("aten::").partition(".")[0])


def _unwrap(value: Any) -> Any:
    if isinstance(value, SimTensor):
        return value.held
    if type(value) in (list, tuple):
        return type(value)(_unwrap(v) for v in value)
    if type(value) is dict:
        return {k: _unwrap(v) for k, v in value.items()}
    return value


def _wrap(value: Any) -> Any:
    if isinstance(value, SimTensor):
        return value
    if isinstance(value, torch.Tensor):
        return SimTensor(value)
    if isinstance(value, list | tuple):
        return type(value)(_wrap(v) for v in value)
    return value


def _one_generator(generator: Any, on_sim: bool) -> None:
    if generator is None or (generator._cdata in _OURS) == on_sim:
        return
    expected, found = (NAME, "cpu") if on_sim else ("cpu", NAME)
    raise RuntimeError(f"Expected a '{expected}' device type for generator but found '{found}'")


_WRITES: dict[Any, list[tuple[int, str]]] = {}


def _written(func: Any, args: Any, kwargs: Any) -> Any:
    """The argument that an in-place or out= operator returns; None for the others."""
    if func not in _WRITES:
        schema = func._schema
        returned = [r.alias_info.before_set for r in schema.returns if r.alias_info and r.alias_info.is_write]
        _WRITES[func] = [
            (i, a.name) for alias in returned for i, a in enumerate(schema.arguments)
            if a.alias_info and a.alias_info.is_write and a.alias_info.before_set == alias
        ]  # fmt: skip
    found = [kwargs[name] if name in kwargs else args[i] for i, name in _WRITES[func]]
    return None if not found else found[0] if len(found) == 1 else tuple(found)


def _change_metadata(func: Any, args: Any, kwargs: Any) -> None:
    """t_(), squeeze_() and their like change the wrapper's shape, too."""
    included = torch._C._meta_in_tls_dispatch_include()
    with torch._C._DisableTorchDispatch():  # type: ignore[attr-defined]
        torch._C._set_meta_in_tls_dispatch_include(True)
        try:
            func(*args, **kwargs)
        finally:
            torch._C._set_meta_in_tls_dispatch_include(included)


class _Module(types.ModuleType):
    """What torch asks of a device: `torch.sim`."""

    def is_initialized(self) -> bool:
        return True

    def is_available(self) -> bool:
        return True

    def current_device(self) -> int:
        return 0

    def device_count(self) -> int:
        return 1

    def _is_in_bad_fork(self) -> bool:
        return False

    def manual_seed_all(self, seed: int) -> None:
        """The CPU's generator draws for `sim`; torch.manual_seed has seeded it already."""

    manual_seed = manual_seed_all

    def synchronize(self, device: Any = None) -> None:
        """Nothing is ever pending."""

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]

    def get_rng_state(self, device: Any = None) -> torch.Tensor:
        return torch.get_rng_state()

    def set_rng_state(self, state: torch.Tensor, device: Any = None) -> None:
        torch.set_rng_state(state)


_LIBRARY: list[torch.library.Library] = []  # the kernels below live as long as it does


def _empty_strided(size: Any, stride: Any, *, dtype: Any = None, **_: Any) -> SimTensor:
    """For torch.tensor(…, device="sim"), which makes its tensor below every mode."""
    return SimTensor(torch.empty_strided(size, stride, dtype=dtype))


def _empty(size: Any, *, dtype: Any = None, memory_format: Any = None, **_: Any) -> SimTensor:
    return SimTensor(torch.empty(size, dtype=dtype, memory_format=memory_format or torch.contiguous_format))


def _copy_from(source: Any, target: Any, non_blocking: bool = False) -> Any:
    _unwrap(target).copy_(_unwrap(source))
    return target


def install() -> None:
    """Tell torch of the device, once in a process. Raises what torch raises where its interface has changed."""
    if torch._C._get_privateuse1_backend_name() == NAME:
        return
    backend_registration._setup_privateuseone_for_python_backend(NAME, _Module(NAME))  # type: ignore[attr-defined]
    _LIBRARY.append(torch.library.Library("aten", "IMPL"))
    _LIBRARY[0].impl("empty_strided", _empty_strided, "PrivateUse1")
    _LIBRARY[0].impl("empty.memory_format", _empty, "PrivateUse1")
    _LIBRARY[0].impl("_copy_from", _copy_from, "PrivateUse1")
    autocast.install()
    torch.__future__.set_swap_module_params_on_conversion(True)  # module.to("sim"): parameters stay the same objects
    torch.Generator = _AnyGenerator  # type: ignore[misc,assignment]


_Generator = torch.Generator


class _GeneratorType(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _Generator)

    def __call__(cls, device: Any = "cpu") -> torch.Generator:
        return SimGenerator() if torch.device(device).type == NAME else _Generator(device)


class _AnyGenerator(metaclass=_GeneratorType):
    """What `torch.Generator` is where there is `sim`: it makes those of `sim`, too."""


@contextlib.contextmanager
def accelerator(is_theirs: Callable[[str], bool]) -> Iterator[Accelerator]:
    """Code inside may use `sim`, and is watched."""
    install()
    with Accelerator(is_theirs) as mode:
        yield mode


__all__ = ["NAME", "Accelerator", "Place", "SimGenerator", "SimTensor", "Unsupported", "accelerator", "install", "run"]
