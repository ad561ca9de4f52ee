"""The device `sim`: tensors with a device of their own and real values, which lie on the CPU.

PyTorch reserves a device type for backends from outside (PrivateUse1). A `SimTensor` wraps a CPU tensor and says that
it is there; every operator comes through `Accelerator`, is held to the rule that its tensors lie on one device, runs
on the CPU values and is wrapped again. The rule is CUDA's: a tensor of no dimensions on the CPU may take part, indices
may lie on the CPU, and copies may cross.

`install()` has to run before the first backward() of a process, or of the process it was forked from: autograd counts
its devices once. What was tried and cannot be done, each an event `unsupported` and never a verdict on the code:

- sparse, quantized and nested tensors; with them nn.TransformerEncoder's padding mask in eval mode without gradients
- a lazy layer (nn.LazyLinear) moved before its first call
- a module moved from the CPU to `sim` while a graph still saves its parameters; within `sim` it may
- a gradient inside forward mode: torch.func.hessian, jacfwd of grad, jvp of grad (grad, vmap, jacrev, jvp alone work)
- an operator that the CPU has not for float16 or bfloat16

What it does not see: torch.cuda.FloatTensor(…) (it raises a sentence of PyTorch's own), a conversion to a device that
this PyTorch has no support for (x.to("mps")), a CPU tensor made in another thread (the mixture is seen, where it was
made is not), values that an operator reads inside (torch.linspace from a tensor). A synchronisation inside PyTorch's
own layers, optimizers and GradScaler is not noted: it is not the learner's. `is_cuda` is False, `type(x)` is
SimTensor, and copies that share memory with numpy do not exist.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from .backend import install
from .operators import Mixed, name, run
from .places import Place
from .tensor import LISTENERS, NAME, SimGenerator, SimTensor, Unsupported
from .watch import Watch


class Accelerator(Watch):
    """The mode in which code runs that may use `sim`."""

    def __init__(self, is_theirs: Callable[[str], bool]) -> None:
        super().__init__(NAME, is_theirs)

    def run(self, func: Any, args: Any, kwargs: Any) -> Any:
        try:
            return run(func, args, kwargs)
        except Mixed as error:
            raise self._told(func, error) from None
        except Unsupported as error:
            self.note("unsupported", str(error))
            raise

    def _told(self, func: Any, error: Mixed) -> RuntimeError:
        if error.stranger is None:
            self.note("mixed", str(error))
            return RuntimeError(str(error))
        made, device = self.made(error.stranger), error.stranger.device.type
        self.note("mixed", f"{name(func)} got tensors on {NAME}:0 and on {device}", made)
        origin = f"; the one on {device} was made in line {made.line}" if made else ""
        return RuntimeError(f"{str(error).removesuffix(')')}{origin})")

    def storage(self, tensor: Any) -> Any:
        return (tensor.held if isinstance(tensor, SimTensor) else tensor).untyped_storage()


@contextlib.contextmanager
def accelerator(is_theirs: Callable[[str], bool]) -> Iterator[Accelerator]:
    """Code inside may use `sim`, and is watched."""
    install()
    with Accelerator(is_theirs) as mode:
        yield mode


__all__ = [
    "LISTENERS",
    "NAME",
    "Accelerator",
    "Place",
    "SimGenerator",
    "SimTensor",
    "Unsupported",
    "accelerator",
    "install",
    "run",
]
