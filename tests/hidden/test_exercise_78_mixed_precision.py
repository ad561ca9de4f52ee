"""Each docstring is the line the learner reads. The oracle: float64 formulas on arrays with torch.autograd.grad, a
scale that is counted in runs of good steps, numpy's float16.

Networks are Linear, Tanh, Linear (no kinks for half precision to fall off), described by their arrays.
"""

import collections
import dataclasses
import math

import numpy as np
import torch
from torch import nn

from dlkit.grader.compare import check, check_close, check_equal, check_pure, check_raises, check_type
from dlkit.grader.on_device import check_no_sync, check_stays, on_cpu
from dlkit.grader.plugin import device_check, points


def picked(m, prefer, cuda, mps):  # runs in the candidate
    """What pick_device says on a machine with these devices."""
    saved = torch.cuda.is_available, torch.backends.mps.is_available
    torch.cuda.is_available, torch.backends.mps.is_available = lambda: cuda, lambda: mps
    try:
        device = m.pick_device() if prefer is None else m.pick_device(prefer)
    finally:
        torch.cuda.is_available, torch.backends.mps.is_available = saved
    return {"kind": type(device).__name__, "device": str(device)}


@points(10)
def test_device_fallback(candidate, case):
    """pick_device takes the preferred device where there is one, and otherwise the CPU."""
    for prefer, cuda, mps, expected in (
        (None, False, False, "cpu"), (None, True, False, "cuda"), (None, False, True, "cpu"),
        ("cuda", False, False, "cpu"), ("cuda:1", True, True, "cuda:1"), ("cuda:1", False, True, "cpu"),
        ("mps", False, True, "mps"), ("mps", True, False, "cpu"), ("cpu", True, True, "cpu"),
        ("cpu", False, False, "cpu"),
    ):  # fmt: skip
        there = " and ".join(name for name, flag in (("CUDA", cuda), ("MPS", mps)) if flag) or "no accelerator"
        with case(f"prefer {prefer or '(default)'}, {there}"):
            seen = candidate.run(picked, prefer, cuda, mps)
            check_equal("the type of what pick_device returns", seen["kind"], "device")
            check_equal(f"pick_device with {there}", seen["device"], expected)


def structures(x, y, marker):
    """Tensors x and y in containers."""
    pair = collections.namedtuple("Pair", "left right")
    box = dataclasses.make_dataclass("Box", [("x", object), ("label", object)])
    frozen = dataclasses.make_dataclass("Frozen", [("x", object), ("more", object)], frozen=True)
    return {
        "a tensor": x,
        "a tuple": (x, y),
        "a list with other things": [x, 3, "text", None, marker, y, 2.5],
        "dicts": {"b": x, "a": {"inner": y, "n": 1}, 3: marker},
        "a namedtuple": pair(x, [y, marker]),
        "a dataclass": box(x, "name"),
        "a frozen dataclass": frozen((x, y), {"k": y}),
        "everything": {"batch": [pair(box(x, marker), (y, 1)), "end"], "more": frozen([x], ({"z": y},))},
        "no tensors": [marker, (1, "a"), {"b": None}, [], {}],
    }


def told(value, marker):
    """A container in words, with its types and the devices of its tensors."""
    if value is marker:
        return "the object itself"
    if isinstance(value, torch.Tensor):
        return f"{value.device.type} {tuple(value.shape)} {value.dtype}"
    if isinstance(value, dict):
        return [type(value).__name__, *[[key, told(v, marker)] for key, v in value.items()]]
    if isinstance(value, list | tuple):
        return [type(value).__name__, *[told(v, marker) for v in value]]
    if dataclasses.is_dataclass(value):
        fields = [f.name for f in dataclasses.fields(value)]
        return [type(value).__name__, *[[name, told(getattr(value, name), marker)] for name in fields]]
    return value


def move_one(m, name, x, y, device, non_blocking):  # runs in the candidate
    marker = object()
    original = structures(x, y, marker)[name]
    before = told(original, marker)
    result = m.move_to(original, device) if non_blocking is None else m.move_to(original, device, non_blocking)
    return {"result": told(result, marker), "before": before, "after": told(original, marker)}


def non_blocking_seen(m, options):  # runs in the candidate
    seen = []

    class Noting(torch.Tensor):
        def to(self, *args, **kwargs):
            seen.append(any(a is True for a in args) or kwargs.get("non_blocking", False))
            return torch.zeros(2)

    def made():
        return torch.ones(2).as_subclass(Noting)

    box = dataclasses.make_dataclass("Box", [("x", object)])
    pair = collections.namedtuple("Pair", "left right")
    m.move_to([made(), (made(),), {"a": made()}, box(made()), pair(made(), 1)], "cpu", **options)
    return seen


@points(15)
def test_move_to(candidate, tensor, rng, case):
    """move_to rebuilds the containers around moved tensors and leaves the original and all other objects alone."""
    for name in structures(None, None, None):
        with case(name):
            x, y = tensor(rng.normal(size=(2, 3)), dtype=torch.float32), tensor(rng.integers(5, size=4))
            marker = object()
            seen = candidate.run(move_one, name, x, y, "meta", None)
            expected = told(structures(x.to("meta"), y.to("meta"), marker)[name], marker)
            check_equal("the structure that move_to returns", seen["result"], expected)
            check_equal("the original after move_to", seen["after"], seen["before"])
    with case("a torch.device as the device"):
        x, y = tensor(rng.normal(size=(2, 3)), dtype=torch.float32), tensor(rng.integers(5, size=4))
        seen = candidate.run(moved_to_meta_device, x, y)
        check_equal("the devices after move_to", seen, ["meta", "meta"])
    for options in ({}, {"non_blocking": True}, {"non_blocking": False}):
        with case(f"options {options}"):
            seen = candidate.run(non_blocking_seen, options)
            check_equal("non_blocking in the five calls of Tensor.to", seen, [bool(options.get("non_blocking"))] * 5)


def moved_to_meta_device(m, x, y):  # runs in the candidate
    return [t.device.type for t in m.move_to((x, y), torch.device("meta"), non_blocking=True)]


def scales(m, settings, oks):  # runs in the candidate
    scaler = m.LossScaler(**settings)
    trace = [scaler.scale(torch.tensor(1.0, dtype=torch.float64)).item()]
    for ok in oks:
        scaler.update(ok)
        trace.append(scaler.scale(torch.tensor(1.0, dtype=torch.float64)).item())
    return trace


def expected_scales(settings, oks):
    """Every `interval`th good step of a run of good ones raises the scale; every bad one lowers it."""
    options = {"init_scale": 65536.0, "growth": 2.0, "backoff": 0.5, "interval": 2000, **settings}
    trace, run = [options["init_scale"]], 0
    for ok in oks:
        run = run + 1 if ok else 0
        raised = run > 0 and run % options["interval"] == 0
        trace.append(trace[-1] * (options["growth"] if raised else 1.0 if ok else options["backoff"]))
    return trace


def scaled(m, settings, loss):  # runs in the candidate
    leaf = loss.detach().clone().requires_grad_()
    result = m.LossScaler(**settings).scale(leaf * 3.0)
    result.backward()
    return result.detach(), leaf.grad


@points(25)
def test_scaler_trace(candidate, tensor, rng, case):
    """The scale grows after `interval` good steps in a row and falls with every bad one."""
    with case("by hand"):
        settings = {"init_scale": 8.0, "growth": 4.0, "backoff": 0.25, "interval": 2}
        # good, good: * 4; good, bad: / 4 and counted anew; good, good: * 4
        trace = candidate.run(scales, settings, [True, True, True, False, True, True])
        check_close("the scale after each update", trace, [8.0, 8.0, 32.0, 32.0, 8.0, 8.0, 32.0])
    with case("default settings"):
        oks = [True] * 1999 + [False] + [True] * 2001 + [False, False]
        trace = candidate.run(scales, {}, oks)
        check_close("the scale after each update", trace, expected_scales({}, oks))
    with case("settings near their limits"):
        settings = {"init_scale": 0.25, "growth": 1.0625, "backoff": 0.9375, "interval": 1}
        trace = candidate.run(scales, settings, [True, False, False, True])
        check_close("the scale after each update", trace, expected_scales(settings, [True, False, False, True]))
    for interval in (1, 2, 3, 5):
        settings = {
            "init_scale": float(rng.uniform(10.0, 1000.0)), "growth": float(rng.uniform(1.5, 4.0)),
            "backoff": float(rng.uniform(0.2, 0.8)), "interval": interval,
        }  # fmt: skip
        runs = [interval, 2 * interval, interval - 1, interval + 1, 0, 2 * interval - 1, 3 * interval]
        oks = [ok for run in rng.permutation(runs) for ok in [True] * int(run) + [False]]
        with case(f"interval {interval}, random growth and backoff"):
            trace = candidate.run(scales, settings, oks)
            check_close("the scale after each update", trace, expected_scales(settings, oks))
    with case("positional settings"):
        seen = candidate.LossScaler(16.0, 3.0, 0.5, 1)
        seen.update(True)
        check_close("scale(1)", seen.scale(tensor(1.0)), tensor(48.0))
        seen.update(False)
        check_close("scale(1)", seen.scale(tensor(1.0)), tensor(24.0))
    for dtype in (torch.float32, torch.float64):
        with case(f"scale(loss) of {dtype}".replace("torch.", "")):
            size, loss = float(rng.uniform(5.0, 50.0)), float(rng.uniform(0.5, 2.0))
            result, grad = candidate.run(scaled, {"init_scale": size}, tensor(loss, dtype=dtype))
            check_close("scale(loss)", result, tensor(3 * size * loss, dtype=dtype), dtype=True)
            check_close("the gradient through scale(loss)", grad, tensor(3 * size, dtype=dtype), dtype=True)


class Momentum:
    """Gradient descent with momentum and an optimizer's methods (torch.optim takes a second to import)."""

    def __init__(self, parameters, lr, trace):
        self.param_groups = [{"params": list(parameters), "lr": lr}]
        self.velocity = [torch.full_like(p, 0.125) for p in self.param_groups[0]["params"]]
        self.trace = trace

    def zero_grad(self, set_to_none=True):
        for parameter in self.param_groups[0]["params"]:
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.zero_()

    def step(self):
        self.trace.append("optimizer")
        with torch.no_grad():
            for parameter, velocity in zip(self.param_groups[0]["params"], self.velocity, strict=True):
                velocity.mul_(0.5)
                if parameter.grad is not None:
                    velocity.add_(parameter.grad)
                parameter -= self.param_groups[0]["lr"] * velocity


def unscaled(m, settings, values, grads):  # runs in the candidate
    """unscale_ on parameters with these gradients (None: without one)."""
    scaler = m.LossScaler(**settings)
    params = [nn.Parameter(v) for v in values]
    for parameter, grad in zip(params, grads, strict=True):
        parameter.grad = None if grad is None else grad.clone()
    held = [p.grad for p in params]
    ok = scaler.unscale_(p for p in params)
    return {
        "ok": ok,
        "grads": [p.grad for p in params],
        "same": all(p.grad is h for p, h in zip(params, held, strict=True)),
        "values": [p.detach() for p in params],
    }


def stepped(m, values, grads):  # runs in the candidate
    """step on parameters with these gradients."""
    scaler, trace = m.LossScaler(init_scale=64.0, interval=1), []
    params = [nn.Parameter(v) for v in values]
    for parameter, grad in zip(params, grads, strict=True):
        parameter.grad = None if grad is None else grad.clone()
    optimizer = Momentum(params, 0.5, trace)
    ok = scaler.step(optimizer, (p for p in params))
    return {
        "ok": ok, "steps": len(trace), "values": [p.detach() for p in params], "velocity": optimizer.velocity,
        "grads": [p.grad for p in params], "scale": scaler.scale(torch.tensor(1.0)).item(),
    }  # fmt: skip


def network(arrays, device):
    """Linear, Tanh, Linear in float32."""
    layers = [nn.Linear(w.shape[1], w.shape[0]) for w in arrays[::2]]
    model = nn.Sequential(layers[0], nn.Tanh(), layers[1])
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays, strict=True):
            parameter.copy_(torch.tensor(array))
    return model.to(device)


def some_arrays(rng, inputs, outputs, hidden=6):
    shapes = ((hidden, inputs), (hidden,), (outputs, hidden), (outputs,))
    return [rng.normal(scale=0.6, size=shape).astype(np.float32) for shape in shapes]


def some_batch(rng, inputs, outputs, rows, kind):
    x = rng.normal(size=(rows, inputs)).astype(np.float32)
    if kind == "cross-entropy":
        return x, rng.integers(outputs, size=rows)
    level = {"square": 0.0, "far": 50.0}[kind]  # far: gradients well above 2, and times 2^127 they are infinite
    return x, (level + rng.normal(size=(rows, outputs))).astype(np.float32)


def sent(batch):
    """The batch as tensors that stay on the CPU: the step moves them."""
    return tuple(on_cpu(torch.tensor(a)) for a in batch)


def amp_steps(m, arrays, batches, kind, lr, settings, dtype, device, options, stale):  # runs in the candidate
    trace, outputs = [], []

    class Noting(m.LossScaler):
        def scale(self, loss):
            trace.append("scale")
            return super().scale(loss)

        def unscale_(self, params):
            trace.append("unscale_")
            return super().unscale_(params)

        def step(self, optimizer, params):
            trace.append("step")
            return super().step(optimizer, params)

        def update(self, ok):
            trace.append(f"update({ok})")
            return super().update(ok)

    model = network(arrays, device)
    model.register_forward_hook(lambda module, args, output: outputs.append(str(output.dtype)))
    list(model.parameters())[-1].register_post_accumulate_grad_hook(lambda p: trace.append("backward"))
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, stale) if stale else None
    optimizer = Momentum(model.parameters(), lr, trace)
    scaler = None if settings is None else Noting(**settings)
    loss_fn = nn.functional.cross_entropy if kind == "cross-entropy" else nn.functional.mse_loss
    kind_of = getattr(torch, dtype)
    results = [m.amp_train_step(model, b, optimizer, loss_fn, scaler, device, kind_of, **options) for b in batches]
    calls = list(trace)
    return {
        "results": results,
        "trace": calls,
        "outputs": outputs,
        "parameters": [p.detach() for p in model.parameters()],
        "dtypes": sorted({str(t.dtype) for p in model.parameters() for t in (p, p.grad) if t is not None}),
        "velocity": optimizer.velocity,
        "scale": None if scaler is None else m.LossScaler.scale(scaler, torch.tensor(1.0)).item(),
    }


# The oracle of a step


def loss_and_grads(parameters, batch, kind):
    leaves = [p.clone().requires_grad_() for p in parameters]
    x, y = torch.tensor(batch[0], dtype=torch.float64), torch.tensor(batch[1])
    output = torch.tanh(x @ leaves[0].T + leaves[1]) @ leaves[2].T + leaves[3]
    if kind == "cross-entropy":
        loss = (torch.logsumexp(output, dim=1) - output[torch.arange(len(y)), y]).mean()
    else:
        loss = ((output - y) ** 2).mean()
    return loss.item(), list(torch.autograd.grad(loss, leaves))


def expected_steps(arrays, batches, kind, lr, max_norm=None):
    """(losses, parameters, velocity) after a step of Momentum on each batch; the gradients as last used."""
    parameters = [torch.tensor(a, dtype=torch.float64) for a in arrays]
    velocity = [torch.full_like(p, 0.125) for p in parameters]
    losses, grads = [], []
    for batch in batches:
        loss, grads = loss_and_grads(parameters, batch, kind)
        norm = math.sqrt(math.fsum(float((g**2).sum()) for g in grads))
        factor = 1.0 if max_norm is None or norm <= max_norm else max_norm / norm
        velocity = [0.5 * v + factor * g for v, g in zip(velocity, grads, strict=True)]
        parameters = [p - lr * v for p, v in zip(parameters, velocity, strict=True)]
        losses.append(loss)
    return losses, parameters, velocity


def check_tensors(what, actual, expected, **tolerance):
    check_equal(f"the number of {what}s", len(actual), len(expected))
    for number, (a, e) in enumerate(zip(actual, expected, strict=True)):
        check_close(f"{what} {number}", a, e.to(torch.float32), **tolerance)


def check_results(results, losses, oks, **tolerance):
    for number, (result, loss, ok) in enumerate(zip(results, losses, oks, strict=True)):
        check(isinstance(result, tuple) and len(result) == 2, "amp_train_step should return a tuple (loss, ok).")
        check_type(f"the loss of step {number}", result[0], float)
        check_close(f"the loss of step {number}", result[0], loss, **tolerance)
        check_equal(f"ok of step {number}", result[1], ok)


SINGLE = {"rtol": 1e-4, "atol": 1e-5}


@points(15)
def test_skip_step(candidate, tensor, rng, case, device):
    """A gradient that is not finite skips the optimizer's step; parameters and optimizer state stay as they were."""
    shapes = ((2, 3), (4,), (3,))
    for bad in (None, math.inf, -math.inf, math.nan):
        values, grads = ([rng.normal(size=s).astype(np.float32) for s in shapes] for _ in range(2))
        place = int(rng.integers(3))
        if bad is not None:
            grads[place].flat[int(rng.integers(grads[place].size))] = bad
        with case(f"step, {'finite gradients' if bad is None else f'{bad} in gradient {place}'}"):
            sent_values, sent_grads = [tensor(v) for v in values], [tensor(g) for g in grads]
            seen = candidate.run(stepped, [*sent_values, tensor([1.0])], [*sent_grads, None])
            check_equal("what step returns", seen["ok"], bad is None)
            check_equal("the number of optimizer steps", seen["steps"], int(bad is None))
            check_close("the scale after step", seen["scale"], 64.0)
            velocity = [0.0625 + g if bad is None else np.full_like(g, 0.125) for g in grads]
            after = [v - 0.5 * u if bad is None else v for v, u in zip(values, velocity, strict=True)]
            check_tensors("parameter", seen["values"][:3], [torch.tensor(a) for a in after])
            check_tensors("momentum", seen["velocity"][:3], [torch.tensor(u) for u in velocity])
            for number, grad in enumerate(grads):
                check_close(f"gradient {number} after step", seen["grads"][number], torch.tensor(grad), nan_ok=True)
        with case(f"unscale_, {'finite gradients' if bad is None else f'{bad} in gradient {place}'}"):
            arguments = [tensor(v) for v in values], [tensor(g) for g in grads]
            seen = candidate.run(unscaled, {"init_scale": 8.0}, *arguments)
            check_equal("what unscale_ returns", seen["ok"], bad is None)
            for number, grad in enumerate(grads):
                expected = torch.tensor(grad / 8.0)
                check_close(f"gradient {number} after unscale_", seen["grads"][number], expected, nan_ok=True)
    for dtype in ("float32", "bfloat16"):
        with case(f"amp_train_step, the scaled loss overflows, {dtype}"):
            arrays, lr = some_arrays(rng, 3, 4), 0.05
            batches = [some_batch(rng, 3, 4, 5, "far")]
            settings = {"init_scale": 2.0**127, "backoff": 2.0**-110, "interval": 7}
            arguments = [sent(b) for b in batches], "far", lr, settings, dtype, device, {"max_norm": 1.0}, 0.0
            seen = candidate.run(amp_steps, arrays, *arguments)
            near = SINGLE if dtype == "float32" else {"rtol": 2e-2, "atol": 2e-2}
            check_results(seen["results"], expected_steps(arrays, batches, "far", lr)[0], [False], **near)
            check_equal("the number of optimizer steps", seen["trace"].count("optimizer"), 0)
            check_tensors("parameter", seen["parameters"], [torch.tensor(a) for a in arrays], rtol=0.0, atol=0.0)
            check_tensors("momentum", seen["velocity"], [torch.full(a.shape, 0.125) for a in arrays])
            check_close("the scale after the skipped step", seen["scale"], 2.0**17)
    with case("amp_train_step, the step after a skipped one"):
        arrays, lr = some_arrays(rng, 3, 4), 0.05
        batches = [some_batch(rng, 3, 4, 5, "far") for _ in range(2)]
        settings = {"init_scale": 2.0**127, "backoff": 2.0**-110, "interval": 1}
        arguments = [sent(b) for b in batches], "far", lr, settings, "float32", device, {}, 0.0
        seen = candidate.run(amp_steps, arrays, *arguments)
        first = expected_steps(arrays, batches[:1], "far", lr)[0]
        losses, parameters, _ = expected_steps(arrays, batches[1:], "far", lr)
        check_results(seen["results"], first + losses, [False, True], **SINGLE)
        check_tensors("parameter", seen["parameters"], parameters, **SINGLE)
        check_close("the scale", seen["scale"], 2.0**18)


@points(15)
def test_step_order(candidate, tensor, rng, case, device):
    """Gradients are divided by the scale before they are clipped; the scale leaves no trace in the update."""
    with case("unscale_ divides in place"):
        values, grads = ([tensor(rng.normal(size=s)) for s in ((2, 3), (4,), (3,))] for _ in range(2))
        size = float(rng.uniform(3.0, 300.0))
        seen = candidate.run(unscaled, {"init_scale": size}, [*values, tensor([1.0])], [*grads, None])
        check_equal("what unscale_ returns", seen["ok"], True)
        check(seen["same"], "unscale_ should divide the gradients in place; yours put other tensors into p.grad.")
        for number, (grad, value) in enumerate(zip(grads, values, strict=True)):
            check_close(f"gradient {number} after unscale_", seen["grads"][number], grad / size)
            check_close(f"parameter {number} after unscale_", seen["values"][number], value)
        check(seen["grads"][3] is None, "A parameter without a gradient should still have none after unscale_.")
    with case("no gradients at all"):
        seen = candidate.run(unscaled, {}, [tensor([1.0])], [None])
        check_equal("what unscale_ returns", seen["ok"], True)
    for size in (None, 2.0**10, 1000.0):
        for max_norm in (None, 0.05, 100.0):
            kind = str(rng.choice(["cross-entropy", "square"]))
            arrays, lr, stale = some_arrays(rng, 3, 4), 0.1, float(rng.choice([0.0, 0.5]))
            batches = [some_batch(rng, 3, 4, n, kind) for n in (5, 7)]
            settings = None if size is None else {"init_scale": size, "interval": 2}
            with case(f"scale {size}, max_norm {max_norm}"):
                options = {} if max_norm is None else {"max_norm": max_norm}
                arguments = [sent(b) for b in batches], kind, lr, settings, "float32", device, options, stale
                seen = candidate.run(amp_steps, arrays, *arguments)
                losses, parameters, _ = expected_steps(arrays, batches, kind, lr, max_norm)
                check_results(seen["results"], losses, [True, True], **SINGLE)
                check_tensors("parameter", seen["parameters"], parameters, **SINGLE)
                around = (["scale"], ["unscale_", "step"], ["update(True)"]) if size else ([], [], [])
                once = [*around[0], "backward", *around[1], "optimizer", *around[2]]
                check_equal("the order of the calls", seen["trace"], once * 2)
                check_close("the scale afterwards", [seen["scale"] or 0.0], [2 * size if size else 0.0])


def share_lost(grads, scale):
    with np.errstate(over="ignore"):
        small = (np.asarray(grads, dtype=np.float64) * scale).astype(np.float16)
    lost = [s == 0 for g, s in zip(np.ravel(grads), np.ravel(small), strict=True) if g != 0]
    return sum(lost) / max(len(lost), 1)


@points(10)
def test_underflow(candidate, tensor, rng, case):
    """fp16_underflow_fraction is the share of nonzero entries that float16 loses."""
    with case("by hand"):
        # nonzero: 6e-8 and 4e-8 round to 2^-24, 2e-8 and -1e-9 to 0, 1e-5 stays (rounded): 2 of 5
        grads = tensor([0.0, 6e-8, 4e-8, 2e-8, -1e-9, 1e-5, 0.0], dtype=torch.float32)
        share = candidate.fp16_underflow_fraction(grads, 1.0)
        check_type("the fraction", share, float)
        check_close("the fraction", share, 0.4, rtol=1e-6)
    for scale in (1.0, 1024.0, 65536.0, float(rng.uniform(0.1, 100.0))):
        for dtype in (torch.float32, torch.float64):
            with case(f"scale {scale:.4g}, {str(dtype).removeprefix('torch.')}"):
                sizes = 10.0 ** rng.uniform(-16, 1, size=(7, 9)) * rng.choice([-1.0, 1.0], size=(7, 9))
                border = np.abs(np.abs(sizes) * scale * 2.0**25 - 1) < 0.01
                grads = np.where(border, 2 * sizes, sizes)  # no entry near 2^-25, where rounding turns
                grads[rng.random(size=grads.shape) < 0.3] = 0.0
                grads = tensor(grads, dtype=dtype)
                share = candidate.fp16_underflow_fraction(grads, scale)
                check_type("the fraction", share, float)
                check_close("the fraction", share, share_lost(grads.numpy(), scale), rtol=1e-6)  # float32 means pass
                check_pure(candidate, "grads")
    for words, grads, expected in (
        ("only zeros", np.zeros((2, 3)), 0.0), ("no entries", np.zeros(0), 0.0), ("one entry", np.array([1e-9]), 1.0)
    ):  # fmt: skip
        with case(words):
            share = candidate.fp16_underflow_fraction(tensor(grads, dtype=torch.float32), 2.0)
            check_close("the fraction", share, expected)


@points(10)
def test_errors_dtype(candidate, tensor, rng, case, device):
    """Weights and gradients stay float32, autocast runs the dtype asked for, and bad settings raise ValueError."""
    for settings in (
        {"growth": 1.0}, {"growth": 0.5}, {"backoff": 0.0}, {"backoff": 1.0}, {"backoff": -0.5}, {"backoff": 1.5},
        {"init_scale": 0.0}, {"init_scale": -2.0}, {"interval": 0}, {"interval": -1},
    ):  # fmt: skip
        words = ", ".join(f"{k}={v}" for k, v in settings.items())
        with case(words), check_raises(ValueError, f"LossScaler({words})"):
            candidate.LossScaler(**settings)
    for dtype, size in (
        ("bfloat16", None), ("bfloat16", 256.0), ("float16", 256.0), ("float32", None), ("float32", 256.0)
    ):  # fmt: skip
        with case(f"{dtype}, {'no scaler' if size is None else 'a scaler'}"):
            check_low_step(candidate, rng, device, dtype, None if size is None else {"init_scale": size})


def check_low_step(candidate, rng, device, dtype, settings):
    """A step in this precision: its types, and numbers close to those of full precision."""
    arrays, lr = some_arrays(rng, 4, 3), 1.0
    batch = some_batch(rng, 4, 3, 8, "cross-entropy")
    arguments = [sent(batch)], "cross-entropy", lr, settings, dtype, device, {}, 0.25
    seen = candidate.run(amp_steps, arrays, *arguments)
    check_equal("the types of parameters and gradients", seen["dtypes"], ["torch.float32"])
    check_equal("the types of the model's output", seen["outputs"], [f"torch.{dtype}"])
    losses, parameters, velocity = expected_steps(arrays, [batch], "cross-entropy", lr)
    near = SINGLE if dtype == "float32" else {"rtol": 2e-2, "atol": 1e-2}
    check_results(seen["results"], losses, [True], **near)
    # single entries of a low-precision gradient cancel: allow 5% of the largest one
    top = max(float((v - 0.0625).abs().max()) for v in velocity)
    slack = SINGLE if dtype == "float32" else {"rtol": 0.0, "atol": 0.05 * top}
    check_tensors("parameter", seen["parameters"], parameters, **slack)
    return seen


NEAR = {"rtol": 1e-3, "atol": 1e-4}


@device_check
def test_device_step(candidate, rng, case, device):
    """A step in float32, bfloat16 and float16 on the device is close to the CPU's; the host waits three times."""
    for dtype in ("float32", "bfloat16", "float16"):
        with case(dtype):
            settings = None if dtype == "float32" else {"init_scale": 1024.0}
            seen = check_low_step(candidate, rng, device, dtype, settings)
            check_stays(candidate, "a parameter", *seen["parameters"])
            check_no_sync(candidate, at_most=3 if settings else 1)


@device_check
def test_device_overflow(candidate, rng, device):
    """A step that overflows is skipped on the device, and the scale falls."""
    arrays = some_arrays(rng, 3, 4)
    settings = {"init_scale": 2.0**127, "backoff": 2.0**-110}
    arguments = [sent(some_batch(rng, 3, 4, 5, "far"))], "far", 0.1, settings, "float16", device, {}, 0.0
    seen = candidate.run(amp_steps, arrays, *arguments)
    check_stays(candidate, "a parameter", *seen["parameters"])
    check_equal("ok", seen["results"][0][1], False)
    check_equal("the number of optimizer steps", seen["trace"].count("optimizer"), 0)
    check_tensors("parameter", seen["parameters"], [torch.tensor(a) for a in arrays], rtol=0.0, atol=0.0)
    check_tensors("momentum", seen["velocity"], [torch.full(a.shape, 0.125) for a in arrays])
    check_close("the scale", seen["scale"], 2.0**17)


@device_check
def test_device_move(candidate, rng, case, device):
    """move_to brings every tensor from the CPU to the device and keeps the original where it is."""
    for name in structures(None, None, None):
        x, y = torch.tensor(rng.normal(size=(2, 3))), torch.tensor(rng.integers(5, size=4))
        marker = object()
        with case(name):
            seen = candidate.run(move_one, name, on_cpu(x), on_cpu(y), device, True)
            place = torch.device("meta")  # stands for the device in the words
            words = told(structures(x.to(place), y.to(place), marker)[name], marker)
            check_equal("the structure that move_to returns", seen["result"], renamed(words, device))
            check_equal("the original", seen["after"], told(structures(x, y, marker)[name], marker))


def renamed(words, device):
    if isinstance(words, list):
        return [renamed(w, device) for w in words]
    return words.replace("meta ", f"{device} ", 1) if isinstance(words, str) and words.startswith("meta ") else words


@device_check
def test_device_scaler(candidate, tensor, rng, case):
    """On the device scale, unscale_ and step give the CPU's numbers; unscale_ and step wait once each."""
    with case("scale"):
        result, grad = candidate.run(scaled, {"init_scale": 96.0}, tensor(0.5, dtype=torch.float32))
        check_stays(candidate, "scale(loss)", result, grad)
        check_no_sync(candidate)
        check_close("scale(loss)", result, tensor(144.0, dtype=torch.float32), **NEAR)
    for bad in (False, True):
        values, grads = ([rng.normal(size=s).astype(np.float32) for s in ((2, 3), (4,), (3,))] for _ in range(2))
        if bad:
            grads[1][2] = math.inf
        arguments = [tensor(v) for v in values], [tensor(g) for g in grads]
        with case(f"unscale_, {'an infinite gradient' if bad else 'finite gradients'}"):
            seen = candidate.run(unscaled, {"init_scale": 16.0}, *arguments)
            check_stays(candidate, "a gradient", *seen["grads"])
            check_no_sync(candidate, at_most=1)
            check_equal("what unscale_ returns", seen["ok"], not bad)
            check_tensors("gradient", seen["grads"], [torch.tensor(g / 16.0) for g in grads], **NEAR)
        with case(f"step, {'an infinite gradient' if bad else 'finite gradients'}"):
            seen = candidate.run(stepped, *arguments)
            check_stays(candidate, "a parameter", *seen["values"])
            check_no_sync(candidate, at_most=2)  # the probe's own look at the scale comes on top on some devices
            check_equal("the number of optimizer steps", seen["steps"], int(not bad))


@device_check
def test_device_underflow(candidate, tensor, rng):
    """On the device fp16_underflow_fraction counts as on the CPU."""
    grads = np.array([0.0, 6e-8, 2e-8, 1e-10, -4e-3, 1e-9, 7.0, -1e-12])  # 4 of 7 are lost
    grads = rng.permutation(grads)
    share = candidate.fp16_underflow_fraction(tensor(grads, dtype=torch.float32), 1.0)
    check_type("the fraction", share, float)
    check_close("the fraction", share, 4 / 7, rtol=1e-6)
