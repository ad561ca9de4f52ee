"""The device `sim`: tensors with a device of their own and real values, which lie on the CPU.

PyTorch reserves a device type for backends from outside (PrivateUse1). A `SimTensor` wraps a CPU tensor and says that
it is there; every operator comes through `Accelerator`, is held to the rule that its tensors lie on one device, runs
on the CPU values and is wrapped again. The rule is CUDA's: a tensor of no dimensions on the CPU may take part, indices
may lie on the CPU, and copies may cross.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from .backend import install
from .operators import Mixed, name, run
from .places import Place
from .tensor import NAME, SimGenerator, SimTensor, Unsupported
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


__all__ = ["NAME", "Accelerator", "Place", "SimGenerator", "SimTensor", "Unsupported", "accelerator", "install", "run"]
