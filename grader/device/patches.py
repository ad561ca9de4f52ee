"""Calls that no operator shows: a device named in the code where there is none, values read as numpy or as lists.

They are replaced while a watch is entered, and put back after it. Where CUDA is real and watched, only the reading is.
"""

import contextlib
from typing import TYPE_CHECKING, Any

import torch

from .tensor import LISTENERS, SimTensor

if TYPE_CHECKING:
    from .watch import Watch

_ELSEWHERE = ("cuda", "mps", "xpu")


def patched(watch: "Watch") -> contextlib.ExitStack:
    """Close it to undo."""
    stack = contextlib.ExitStack()
    LISTENERS.append(watch)
    stack.callback(LISTENERS.remove, watch)
    _reading(stack, watch)
    _recurrent(stack, watch)
    if watch.device != "cuda":
        _naming(stack, watch)
    return stack


def _replace(stack: contextlib.ExitStack, owner: Any, name: str, new: Any) -> None:
    """`new` has to be an object of its own: PyTorch's compiler, first imported meanwhile perhaps, looks them up."""
    own = vars(owner).get(name)
    setattr(owner, name, new)
    stack.callback(*((delattr, owner, name) if own is None else (setattr, owner, name, own)))


def _reading(stack: contextlib.ExitStack, watch: "Watch") -> None:
    numpy, tolist = torch.Tensor.numpy, torch.Tensor.tolist

    def to_numpy(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if watch.ours(self):
            watch.note("to_cpu", f"numpy() reads the CPU's memory; the tensor is on {watch.device}")
        return numpy(self, *args, **kwargs)

    def to_list(self: torch.Tensor) -> Any:
        if watch.ours(self):
            watch.note("sync", "tolist(): the host waits for the values")
        return tolist(self.held if isinstance(self, SimTensor) else self)

    _replace(stack, torch.Tensor, "numpy", to_numpy)
    _replace(stack, torch.Tensor, "tolist", to_list)


def _recurrent(stack: contextlib.ExitStack, watch: "Watch") -> None:
    """These look at their tensors' devices themselves, before any operator."""

    def told(function: Any) -> Any:
        def call(*args: Any) -> Any:
            try:
                return function(*args)
            except RuntimeError as error:
                if "not at the same device" in str(error):
                    watch.mixed(str(error), args)
                raise

        return call

    for name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
        _replace(stack, torch._VF, name, told(getattr(torch._VF, name)))


def _naming(stack: contextlib.ExitStack, watch: "Watch") -> None:
    """Nearly all that needs CUDA goes through _lazy_init, which would say how torch was compiled."""
    if watch.device != "sim" and torch.cuda.is_available():
        return

    def refuse() -> Any:
        watch.named("cuda")
        raise RuntimeError(f"this code names the device cuda; its inputs are on {watch.device}: use x.device")

    _replace(stack, torch.cuda, "_lazy_init", lambda: refuse())
    _replace(stack, torch.cuda, "set_device", lambda device: refuse())
    _replace(stack, torch.cuda.Event, "__new__", staticmethod(lambda cls, *_, **__: refuse()))
    _replace(stack, torch.cuda.Stream, "__new__", staticmethod(lambda cls, *_, **__: refuse()))

    def noting(function: Any, place: int) -> Any:
        """A function that is told a device, and does without where there is none such."""

        def call(*args: Any, **kwargs: Any) -> Any:
            device = args[place] if len(args) > place else kwargs.get("device_type", kwargs.get("device", "cuda"))
            if device is not None and torch.device(device).type in _ELSEWHERE:
                watch.named(torch.device(device).type)
            return function(*args, **kwargs)

        return call

    _replace(stack, torch.autocast, "__init__", noting(torch.autocast.__init__, 1))
    _replace(stack, torch.amp.GradScaler, "__init__", noting(torch.amp.GradScaler.__init__, 1))
    _replace(stack, torch, "set_default_device", noting(torch.set_default_device, 0))
    convert = torch.Tensor.type

    def to_type(self: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(a, str) and a.startswith("torch.cuda.") for a in (*args, *kwargs.values())):
            refuse()
        return convert(self, *args, **kwargs)

    _replace(stack, torch.Tensor, "type", to_type)
