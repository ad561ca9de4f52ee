"""A tensor on `sim`, and a generator of random numbers there."""

import weakref
from typing import Any

import torch

NAME = "sim"
LISTENERS: list[Any] = []  # the watches that are entered; the last one hears what no operator shows


class Unsupported(NotImplementedError):
    """The simulation cannot do this; a real device might."""


def cannot(what: str) -> Unsupported:
    """To be raised where no operator shows it; the watch hears of it here."""
    if LISTENERS and not LISTENERS[-1].busy:
        LISTENERS[-1].note("unsupported", what)
    return Unsupported(what)


class SimTensor(torch.Tensor):
    """A tensor on `sim`; `held`, a tensor on the CPU, has its values."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> "SimTensor":
        if held.layout is not torch.strided or held.is_nested or held.is_quantized:
            raise Unsupported(f"the simulated device has no tensors like this one ({_sort(held)})")
        if (held.is_complex() and held.is_conj()) or held.is_neg():
            held = held.resolve_conj().resolve_neg()  # a wrapper cannot say that its values are to be read negated
        wrapper: SimTensor = torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype,
            layout=held.layout, device=torch.device(NAME, 0),
        )  # fmt: skip
        wrapper.held = held
        return wrapper

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Comes here outside of every mode: after the watch has ended, and in threads that the learner started."""
        from .operators import run

        if LISTENERS and not LISTENERS[-1].busy:
            return LISTENERS[-1].__torch_dispatch__(func, types, args, kwargs)
        return run(func, args, kwargs or {})

    @property
    def data(self) -> Any:
        return SimTensor(self.held.detach())  # the same memory, and a count of versions of its own

    @data.setter
    def data(self, new: Any) -> None:
        if not isinstance(new, SimTensor):
            raise RuntimeError(f"a tensor on {NAME} cannot take the data of one on {new.device.type}")
        self.adopt(new.held)

    def adopt(self, held: torch.Tensor) -> None:
        """Stay the same object with other values, of another shape or dtype perhaps."""
        torch.Tensor.data.__set__(self, SimTensor(held))
        self.held = held

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
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        """As its values and the name of its device, so that torch.load's map_location and weights_only work."""
        if getattr(self, "_is_param", False):
            return torch._utils._rebuild_parameter, (SimTensor(self.held.detach()), self.requires_grad, {})
        values = self.held.detach()
        rebuild = torch._utils._rebuild_device_tensor_from_cpu_tensor
        return rebuild, (values, self.dtype, str(self.device), self.requires_grad)

    def __repr__(self, **_: Any) -> str:
        if LISTENERS and not LISTENERS[-1].busy:
            LISTENERS[-1].note("sync", "printing a tensor: the host waits for its values")
        more = ", requires_grad=True" if self.requires_grad and self.is_leaf else ""
        more = f", grad_fn=<{type(self.grad_fn).__name__}>" if self.grad_fn is not None else more
        text = f"{repr(self.held.detach()).removesuffix(')')}, device='{NAME}:0'{more})"
        return f"Parameter containing:\n{text}" if getattr(self, "_is_param", False) else text

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if self.dim() == 0 else object.__format__(self, spec)


def _sort(held: torch.Tensor) -> str:
    return "nested" if held.is_nested else "quantized" if held.is_quantized else str(held.layout)


_OURS: "weakref.WeakValueDictionary[int, SimGenerator]" = weakref.WeakValueDictionary()
_Generator = torch.Generator


class SimGenerator(torch._C.Generator):
    """A generator of `sim`: its numbers are those of the CPU's."""

    def __init__(self) -> None:
        super().__init__()
        _OURS[self._cdata] = self  # an operator gets another object of Python's for the same generator

    @property
    def device(self) -> torch.device:
        return torch.device(NAME, 0)


def draws_for(generator: Any, on_sim: bool) -> bool:
    """A generator draws for its own device only; no generator is the default one of any."""
    return generator is None or (generator._cdata in _OURS) == on_sim


class _GeneratorType(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _Generator)

    def __call__(cls, device: Any = "cpu") -> torch.Generator:
        kind = torch.device(device).type
        if kind == NAME:
            return SimGenerator()
        if kind != "cpu" and LISTENERS and kind != LISTENERS[-1].device:
            LISTENERS[-1].named(kind)
        return _Generator(device)


class AnyGenerator(metaclass=_GeneratorType):
    """What `torch.Generator` is where there is `sim`: it makes those of `sim`, too."""
