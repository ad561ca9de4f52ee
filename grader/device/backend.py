"""What PyTorch has to be told of `sim`, once in a process."""

import types
from typing import Any

import torch
from torch.utils import backend_registration

from . import autocast, files, transforms
from .tensor import LISTENERS, NAME, AnyGenerator, SimTensor, cannot

_LIBRARY: list[torch.library.Library] = []  # the kernels below live as long as it does


class _Device:
    """`with torch.sim.device(0):` there is one."""

    def __init__(self, device: Any) -> None:
        self.device = device

    def __enter__(self) -> None: ...

    def __exit__(self, *_: Any) -> None: ...


class _Module(types.ModuleType):
    """What torch asks of a device: `torch.sim`."""

    device = _Device

    def is_initialized(self) -> bool:
        return True

    def is_available(self) -> bool:
        return True

    def current_device(self) -> int:
        return 0

    def set_device(self, device: Any) -> None: ...

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


def _empty_strided(size: Any, stride: Any, *, dtype: Any = None, **_: Any) -> SimTensor:
    """For torch.tensor(…, device="sim"), which makes its tensor below every mode."""
    return SimTensor(torch.empty_strided(size, stride, dtype=dtype))


def _empty(size: Any, *, dtype: Any = None, memory_format: Any = None, **_: Any) -> SimTensor:
    return SimTensor(torch.empty(size, dtype=dtype, memory_format=memory_format or torch.contiguous_format))


def _copy_from(source: Any, target: Any, non_blocking: bool = False) -> Any:
    held = [t.held if isinstance(t, SimTensor) else t for t in (target, source)]
    held[0].copy_(held[1])
    return target


def _local_scalar_dense(tensor: Any) -> Any:
    """For torch.tensor([x[0], x[1]]), which reads values below every mode."""
    if LISTENERS and not LISTENERS[-1].busy:
        LISTENERS[-1].note("sync", "reading a value: torch.tensor of tensors; torch.stack has no need of them")
    return tensor.held.item()


def _pin_memory(tensor: Any, device: Any = None) -> Any:
    """It speeds up copies and changes no value: DataLoader(…, pin_memory=True)."""
    return tensor


_swap = torch.utils.swap_tensors


def _move(parameter: Any, moved: Any) -> None:
    """module.to(…): parameters stay the same objects, as on CUDA.

    Within one device PyTorch changes their data, whoever else holds them; across, it has to swap the two objects,
    which it refuses while a graph uses the parameter.
    """
    if isinstance(parameter, SimTensor) == isinstance(moved, SimTensor):
        parameter.data = moved
        return
    try:
        _swap(parameter, moved)
    except RuntimeError:
        raise cannot("the simulated device cannot move a module whose parameters a living graph uses") from None


_apply = torch.nn.Module._apply


def _convert(module: Any, change: Any, recurse: bool = True) -> Any:
    """A layer whose parameters have no shape yet is converted as it always was: swapping cannot."""
    lazy = any(isinstance(p, torch.nn.parameter.UninitializedParameter) for p in module._parameters.values())
    if lazy and isinstance(change(torch.empty(0)), SimTensor):
        raise cannot("the simulated device cannot take a lazy layer before its first call")
    torch.__future__.set_swap_module_params_on_conversion(not lazy)
    try:
        return _apply(module, change, recurse)
    finally:
        torch.__future__.set_swap_module_params_on_conversion(True)


def install() -> None:
    """Tell torch of the device, once in a process, before the first gradient is computed in it.

    Autograd counts the devices at the first backward(), and has none for `sim` after that. Raises what torch raises
    where its interface has changed.
    """
    if torch._C._get_privateuse1_backend_name() == NAME:
        return
    backend_registration._setup_privateuseone_for_python_backend(NAME, _Module(NAME))
    _LIBRARY.append(torch.library.Library("aten", "IMPL"))
    _LIBRARY[0].impl("empty_strided", _empty_strided, "PrivateUse1")
    _LIBRARY[0].impl("empty.memory_format", _empty, "PrivateUse1")
    _LIBRARY[0].impl("_local_scalar_dense", _local_scalar_dense, "PrivateUse1")
    _LIBRARY[0].impl("_copy_from", _copy_from, "PrivateUse1")
    autocast.install()
    transforms.install()
    torch.__future__.set_swap_module_params_on_conversion(True)
    torch.utils.swap_tensors = _move
    torch.nn.Module._apply = _convert  # type: ignore[method-assign]
    torch.Generator = AnyGenerator  # type: ignore[assignment]
    torch.load = files.load
    torch.Tensor.pin_memory = _pin_memory  # type: ignore[assignment, method-assign]
