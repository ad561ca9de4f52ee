"""Runs every program beside this file on the simulated accelerator, and prints what came of each, as JSON.

A process of its own: the device has to be set up before the first gradient is computed in a process.
"""

import contextlib
import importlib.util
import inspect
import io
import json
import pathlib
import sys
import warnings

import torch

from dlkit.grader.device import simulated
from dlkit.grader.device.watch import tensors_in

HERE = pathlib.Path(__file__).parent
FILES = sorted(p for p in HERE.glob("*.py") if p.name.startswith(("clean_", "buggy_", "unsupported_")))
THEIRS = {str(p) for p in FILES}


def inputs(name):
    generator = torch.Generator().manual_seed(5)
    shapes = {"x": (4, 6), "images": (2, 3, 8, 8), "steps": (4, 5, 6)}
    if name == "ids":
        return torch.randint(0, 10, (4, 5), generator=generator)
    return torch.randn(shapes[name], generator=generator)


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain(value):
    """What can be compared: tensors as CPU tensors with their strides."""
    if isinstance(value, torch.Tensor):
        held = value.held if isinstance(value, simulated.SimTensor) else value
        return [list(held.stride()), held.detach().cpu()]
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def difference(left, right):
    """A sentence, or nothing where both are the same."""
    if isinstance(left, torch.Tensor):
        try:
            torch.testing.assert_close(left, right, equal_nan=True, rtol=1e-5, atol=1e-6)
        except AssertionError as error:
            return str(error)
        return ""
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return next((d for d in map(difference, left, right) if d), "")
    if isinstance(left, dict) and list(left) == list(right):
        return next((d for d in map(difference, left.values(), right.values()) if d), "")
    return "" if left == right else f"{left!r} is not {right!r}"


def run(function, value):
    torch.manual_seed(1)
    with contextlib.redirect_stdout(io.StringIO()):
        return function(value)


def verdict(function):
    name = next(iter(inspect.signature(function).parameters))
    clean = function.__name__.startswith("clean_")
    expected = plain(run(function, inputs(name))) if clean else None
    result, error = None, ""
    with simulated.accelerator(THEIRS.__contains__) as watch:
        value = inputs(name).to("sim")
        watch.start()
        try:
            result = run(function, value)
        except Exception as raised:
            error = f"{type(raised).__name__}: {raised}"
    found = []
    for event in watch.events:
        if event.kind != "to_device":
            found.append([event.kind, event.place and event.place.line])
            found += [["made", event.made.line]] if event.made else []
    if not clean:
        strays = [watch.made(t) for t in tensors_in(result) if t.device.type != "sim"]
        found += [["left behind", place and place.line] for place in strays]
    wrong = difference(expected, plain(result)) if clean and not error else ""
    return {"events": found, "error": error[:500], "difference": wrong[:500], "operators": watch.operators}


def main():
    simulated.install()
    warnings.simplefilter("ignore")
    verdicts = {}
    for path in FILES:
        module = loaded(path)
        for name, function in list(vars(module).items()):
            if name.startswith(("clean_", "buggy_", "unsupported_")):
                verdicts[name] = verdict(function)
    json.dump({"verdicts": verdicts}, sys.stdout)


if __name__ == "__main__":
    main()
