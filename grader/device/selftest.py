"""Can the simulated device do what it promises, with this PyTorch? Tried before it is used, in milliseconds.

Nothing here may import PyTorch's compiler (torch.optim does): that takes a second.
"""

from collections.abc import Callable

import torch

from . import simulated
from .watch import Event


def problem() -> str | None:
    """None, or a sentence that says what the simulated device cannot do here."""
    for check in _CHECKS:
        try:
            with simulated.accelerator(lambda file: file == __file__) as watch:
                right = check(watch)
        except Exception as error:
            return _sentence(check, error)
        if not right:
            return f"the simulated device gave a wrong answer in its self-test ({check.__name__.strip('_')})"
    return None


def _sentence(check: Callable[[simulated.Accelerator], bool], error: Exception) -> str:
    if "device_ready_queues_" in str(error):
        return "a gradient was computed before the simulated device was set up; after that PyTorch takes no new device"
    text = (str(error) or "no message").splitlines()[0][:200]
    return f"the simulated device failed its self-test ({check.__name__.strip('_')}): {type(error).__name__}: {text}"


def _there(*values: float) -> torch.Tensor:
    return torch.tensor(values, device=simulated.NAME, dtype=torch.float32)


def _is(tensor: torch.Tensor, *values: float) -> bool:
    return isinstance(tensor, simulated.SimTensor) and tensor.cpu().tolist() == list(values)


def _kinds(watch: simulated.Accelerator) -> list[str]:
    return [event.kind for event in watch.events]


def _forward(watch: simulated.Accelerator) -> bool:
    x = _there(1, -2, 3)
    return _is((x * 2 + x.relu()).cumsum(0), 3, -1, 8) and _is(torch.ones(2, device="sim"), 1, 1)


def _backward(watch: simulated.Accelerator) -> bool:
    x = _there(1, 2, 3).requires_grad_()
    (slope,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    slope.sum().backward()
    return _is(slope.detach(), 3, 12, 27) and x.grad is not None and _is(x.grad, 6, 12, 18)


def _in_place(watch: simulated.Accelerator) -> bool:
    x = _there(1, 2, 3, 4)
    row = x.view(2, 2)[1]
    row += 10
    x[0] = 7
    return _is(x, 7, 2, 13, 14) and _is(row, 13, 14)


def _index(watch: simulated.Accelerator) -> bool:
    x = _there(5, 6, 7)
    return _is(x[torch.tensor([2, 0])], 7, 5) and _is(x.where(x > 5, 0), 0, 6, 7) and "mixed" not in _kinds(watch)


def _layer(watch: simulated.Accelerator) -> bool:
    layer = torch.nn.Linear(2, 1)
    before = layer.weight
    layer.weight.data.fill_(2)
    layer.bias.data.fill_(1)
    layer.to("sim")
    layer(_there(1, 2)).backward()
    with torch.no_grad():
        for parameter in layer.parameters():
            assert parameter.grad is not None
            parameter -= parameter.grad
    return layer.weight is before and _is(layer.weight.detach()[0], 1, 0) and _is(layer.bias.detach(), 0)


def _mixed(watch: simulated.Accelerator) -> bool:
    wrong = torch.zeros(3)
    try:
        _there(1, 2, 3) + wrong
    except RuntimeError:
        return _named(watch.events[-1], "mixed") and watch.events[-1].made is not None
    return False


def _copied(watch: simulated.Accelerator) -> bool:
    return _there(1).cpu().device.type == "cpu" and _named(watch.events[-1], "to_cpu")


def _waited(watch: simulated.Accelerator) -> bool:
    x = _there(1, 2)
    return x.sum().item() == 3 and _kinds(watch)[-1] == "sync" and len(x[x > 1]) == 1 and len(watch.times) >= 2


def _named_device(watch: simulated.Accelerator) -> bool:
    try:
        _there(1).cuda()
    except RuntimeError:
        return _named(watch.events[-1], "hard_coded")
    return False


def _named(event: Event, kind: str) -> bool:
    return event.kind == kind and event.place is not None and event.place.file == __file__


def _generator(watch: simulated.Accelerator) -> bool:
    draws = [torch.rand(2, device=d, generator=torch.Generator(device=d).manual_seed(1)) for d in ("sim", "cpu")]
    return _is(draws[0], *draws[1].tolist())


_CHECKS = (_forward, _backward, _in_place, _index, _layer, _mixed, _copied, _waited, _named_device, _generator)
