"""Each docstring is the line the learner reads. The oracle spells out the block on copied weights, in float64 on the
CPU, with its own normalisation; the highway layer and the gradients of stacks are numpy."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from dlkit.grader.compare import check, check_close, check_equal, check_raises, check_type
from dlkit.grader.on_device import check_no_sync, check_stays
from dlkit.grader.plugin import device_check, points

NEAR = {"rtol": 1e-3, "atol": 1e-4}
# same shape; more channels; fewer channels; stride 2 with and without other channels; stride 3. H and W odd or even.
KINDS = [(3, 3, 1, 5, 6), (3, 4, 1, 4, 5), (4, 3, 1, 5, 4), (3, 3, 2, 7, 6), (2, 5, 2, 5, 8), (3, 4, 3, 7, 8)]


def projects(c_in, c_out, stride):
    return c_in != c_out or stride != 1


def shapes_of(c_in, c_out, stride):
    """The state_dict of a block: name -> shape."""
    convolutions = {"conv1": (c_out, c_in, 3, 3), "conv2": (c_out, c_out, 3, 3)}
    norms = ["bn1", "bn2"]
    if projects(c_in, c_out, stride):
        convolutions["shortcut.0"] = (c_out, c_in, 1, 1)
        norms.append("shortcut.1")
    shapes = {f"{name}.weight": shape for name, shape in convolutions.items()}
    for name in norms:
        shapes |= {f"{name}.{part}": (c_out,) for part in ("weight", "bias", "running_mean", "running_var")}
        shapes[f"{name}.num_batches_tracked"] = ()
    return shapes


def state_of(rng, tensor, kind, dtype=torch.float64):
    """Random weights and statistics."""
    state = {}
    for name, shape in shapes_of(*kind).items():
        if name.endswith("tracked"):
            state[name] = torch.tensor(0)
        else:
            positive = name.endswith("var") or (len(shape) == 1 and name.endswith("weight"))
            values = rng.uniform(0.5, 1.5, size=shape) if positive else rng.normal(scale=0.5, size=shape)
            state[name] = tensor(values, dtype=dtype)
    return state


def normalised(x, state, name, training, after):
    """BatchNorm written out; the statistics it leaves behind go to `after`."""
    mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    if training:
        old = mean, var
        mean, var, count = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False), x.numel() // x.shape[1]
        after[f"{name}.running_mean"] = (0.9 * old[0] + 0.1 * mean).detach()
        after[f"{name}.running_var"] = (0.9 * old[1] + 0.1 * var * count / (count - 1)).detach()
    mean, var, weight, bias = (v[:, None, None] for v in (mean, var, state[f"{name}.weight"], state[f"{name}.bias"]))
    return (x - mean) / torch.sqrt(var + 1e-5) * weight + bias


def oracle(state, x, stride, training, dy):
    """y, the gradient of x, those of the parameters, and the running statistics afterwards; in float64."""
    state = {name: value.double() for name, value in state.items()}
    leaves = {n: v.requires_grad_() for n, v in state.items() if n.endswith(("weight", "bias"))}
    x, after = x.double().requires_grad_(), {}
    inner = F.conv2d(x, state["conv1.weight"], stride=stride, padding=1)
    inner = torch.clamp(normalised(inner, state, "bn1", training, after), min=0)
    out = normalised(F.conv2d(inner, state["conv2.weight"], padding=1), state, "bn2", training, after)
    skip = x
    if "shortcut.0.weight" in state:  # a 1x1 convolution is a product over the channels of every stride-th pixel
        skip = torch.einsum("oc,nchw->nohw", state["shortcut.0.weight"][:, :, 0, 0], x[:, :, ::stride, ::stride])
        skip = normalised(skip, state, "shortcut.1", training, after)
    y = torch.clamp(out + skip, min=0)
    grads = torch.autograd.grad((y * dy.double()).sum(), [x, *leaves.values()])
    return y.detach(), grads[0], dict(zip(leaves, grads[1:], strict=True)), after


def run_block(m, kind, state, x, dy, training):  # runs in the candidate
    """A block with these weights: its output, gradients, statistics; and x afterwards."""
    block = m.BasicBlock(*kind).to(x.device, x.dtype)
    block.load_state_dict(state)
    block.train(training)
    leaf = x.detach().clone().requires_grad_()
    given = leaf.clone()
    y = block(given)
    parameters = dict(block.named_parameters())
    grads = torch.autograd.grad((y * dy).sum(), [leaf, *parameters.values()], allow_unused=True)
    return {
        "y": y.detach(),
        "dx": grads[0],
        "grads": dict(zip(parameters, grads[1:], strict=True)),
        "after": {n: b.detach() for n, b in block.named_buffers() if not n.endswith("tracked")},
        "given": given.detach(),
        "parameters": [p.detach() for p in parameters.values()],
    }


def output_shape(kind, batch, height, width):
    return batch, kind[1], math.ceil(height / kind[2]), math.ceil(width / kind[2])


def described(m, kind):  # runs in the candidate
    """What a new block is made of."""
    block = m.BasicBlock(*kind)
    return {
        "shapes": {name: tuple(value.shape) for name, value in block.state_dict().items()},
        "count": sum(p.numel() for p in block.parameters()),
        "trained": all(p.requires_grad for p in block.parameters()),
        "children": [name for name, _ in block.named_children()],
        "identity": isinstance(block.shortcut, nn.Identity),
    }


@points(15)
def test_structure(candidate, case):
    """A block has conv1, bn1, conv2, bn2 and shortcut, with the parameters of the statement and no others."""
    for kind, count in (((64, 128, 2), 230144), ((16, 16), 2 * 9 * 16 * 16 + 4 * 16)):
        with case(f"the number of parameters of BasicBlock{kind}"):
            seen = candidate.run(described, list(kind))
            check_equal(f"the number of parameters of BasicBlock{kind}", seen["count"], count)
    for c_in, c_out, stride, *_ in KINDS:
        with case(f"BasicBlock({c_in}, {c_out}, {stride})"):
            seen = candidate.run(described, [c_in, c_out, stride])
            missing = {"conv1", "bn1", "conv2", "bn2", "shortcut"} - set(seen["children"])
            check(not missing, f"These submodules are missing: {', '.join(sorted(missing))}.")
            check_equal("the shapes in the state_dict", seen["shapes"], shapes_of(c_in, c_out, stride))
            check(seen["trained"], "Some parameters of a new block do not require a gradient.")


@points(25)
def test_value(candidate, tensor, rng, case):
    """With given weights, output, gradients and running statistics are those of the formula, in train and eval mode."""
    for *kind, height, width in KINDS:
        for training in (True, False):
            batch = int(rng.integers(2, 5))
            x, state = tensor(rng.normal(size=(batch, kind[0], height, width))), state_of(rng, tensor, kind)
            dy = tensor(rng.normal(size=output_shape(kind, batch, height, width)))
            with case(f"BasicBlock{tuple(kind)}, {'train' if training else 'eval'}"):
                y, dx, grads, after = oracle(state, x, kind[2], training, dy)
                seen = candidate.run(run_block, kind, state, x, dy, training)
                check_close("the block's output", seen["y"], y, dtype=True)
                check_close("the gradient of x", seen["dx"], dx)
                check_close("the gradients of the parameters", seen["grads"], grads)
                kept = {name: value for name, value in state.items() if "running" in name}
                check_close("the running statistics afterwards", seen["after"], after if training else kept)
                check_equal("x afterwards", seen["given"], x)
    with case("float32, one channels-last input"):
        kind = [3, 4, 2]
        state = state_of(rng, tensor, kind, torch.float32)
        x = tensor(rng.normal(size=(2, 5, 6, 3)), dtype=torch.float32).permute(0, 3, 1, 2)
        dy = tensor(rng.normal(size=(2, 4, 3, 3)), dtype=torch.float32)
        y = oracle(state, x, 2, False, dy)[0]
        seen = candidate.run(run_block, kind, state, x, dy, False)
        check_close("the block's output", seen["y"], y.float(), dtype=True)


@points(15)
def test_shortcut(candidate, tensor, rng, case):
    """The shortcut is the identity where shapes agree, else a projection, for odd sizes, too."""
    for *kind, height, width in KINDS:
        with case(f"BasicBlock{tuple(kind)}, {height} x {width}"):
            seen = candidate.run(described, kind)
            words = f"The shortcut of BasicBlock{tuple(kind)} should {'not ' * projects(*kind)}be nn.Identity."
            check(seen["identity"] != projects(*kind), words)
            found, wanted = (
                {name: shape for name, shape in shapes.items() if name.startswith("shortcut")}
                for shapes in (seen["shapes"], shapes_of(*kind))
            )
            check_equal("the entries of the shortcut in the state_dict", found, wanted)
            for batch in (1, 3):
                y = candidate.BasicBlock(*kind)(tensor(rng.normal(size=(batch, kind[0], height, width)), torch.float32))
                check_equal("the shape of the output", list(y.shape), list(output_shape(kind, batch, height, width)))


@points(10)
def test_zero_branch(candidate, tensor, rng, case):
    """With bn2.weight and bn2.bias 0 the branch is gone: ReLU of the shortcut is left."""
    for *kind, height, width in (KINDS[0], KINDS[3], KINDS[1]):
        for training in (True, False):
            with case(f"BasicBlock{tuple(kind)}, {'train' if training else 'eval'}"):
                state = state_of(rng, tensor, kind)
                state["bn2.weight"], state["bn2.bias"] = tensor(np.zeros(kind[1])), tensor(np.zeros(kind[1]))
                x = tensor(rng.normal(size=(3, kind[0], height, width)))
                dy = tensor(rng.normal(size=output_shape(kind, 3, height, width)))
                expected = torch.clamp(x, min=0) if not projects(*kind) else oracle(state, x, kind[2], training, dy)[0]
                y = candidate.run(run_block, kind, state, x, dy, training)["y"]
                check_close("the block's output", y, expected)
                check(bool(expected.any()), "The check's own input is useless.")


def run_highway(m, options, weights, x, dy):  # runs in the candidate
    """A layer with these weights (None: left as made): output, gradients, and the layer as it was made."""
    layer = m.HighwayLayer(x.shape[1], **options).to(x.device, x.dtype)
    made = {name: value.detach().clone() for name, value in layer.state_dict().items()}
    with torch.no_grad():
        for parameter, value in zip(
            (layer.transform.weight, layer.transform.bias, layer.gate.weight, layer.gate.bias), weights, strict=True
        ):
            if value is not None:
                parameter.copy_(value)
    leaf = x.detach().clone().requires_grad_()
    given = leaf.clone()
    y = layer(given)
    grads = torch.autograd.grad((y * dy).sum(), [leaf, layer.gate.weight, layer.transform.weight])
    return y.detach(), list(grads), made, given.detach(), [p.detach() for p in layer.parameters()]


def highway(weights, x, dy):
    """y and the gradients of x, the gate's weight and the transform's weight."""
    W, b, V, c = weights
    T, pre = 1 / (1 + np.exp(-(x @ V.T + c))), x @ W.T + b
    H = np.maximum(pre, 0)
    to_gate, to_transform = dy * (H - x) * T * (1 - T), dy * T * (pre > 0)
    return T * H + (1 - T) * x, [dy * (1 - T) + to_gate @ V + to_transform @ W, to_gate.T @ x, to_transform.T @ x]


@points(20)
def test_highway_value(candidate, tensor, rng, case):
    """HighwayLayer gives T * H + (1 - T) * x; its gate's bias starts at gate_bias, which decides between x and H."""
    for rows, dim in ((4, 3), (1, 5), (6, 2)):
        with case(f"x of shape ({rows}, {dim})"):
            weights = [rng.normal(size=s) for s in ((dim, dim), dim, (dim, dim), dim)]
            x, dy = rng.normal(scale=2.0, size=(2, rows, dim))
            y, grads, made, given, _ = candidate.run(
                run_highway, {}, [tensor(w) for w in weights], tensor(x), tensor(dy)
            )
            value, expected = highway(weights, x, dy)
            check_close("the layer's output", y, tensor(value), dtype=True)
            check_close("the gradients of x, gate.weight, transform.weight", grads, [tensor(g) for g in expected])
            check_equal("x afterwards", given, tensor(x))
            check_close("a new layer's gate.bias", made["gate.bias"], tensor([-2.0] * dim))
    for bias in (-50.0, 50.0, -1, -float(rng.integers(21, 32)) / 8):
        with case(f"gate_bias {bias:.3g}"):
            dim = int(rng.integers(3, 7))
            x, dy = rng.normal(scale=2.0, size=(2, 4, dim))
            drawn = [rng.normal(size=s) for s in ((dim, dim), dim, (dim, dim))]
            sent = [*(tensor(w) for w in drawn), None]
            y, _, made, *_ = candidate.run(run_highway, {"gate_bias": bias}, sent, tensor(x), tensor(dy))
            shapes = {name: tuple(value.shape) for name, value in made.items()}
            wanted = {"transform.weight": (dim, dim), "transform.bias": (dim,)}
            wanted |= {"gate.weight": (dim, dim), "gate.bias": (dim,)}
            check_equal("the shapes in the state_dict", shapes, wanted)
            check_close("a new layer's gate.bias", made["gate.bias"], tensor([float(bias)] * dim))
            other = float(made["transform.bias"].abs().max())
            check(
                other <= dim**-0.5 + 1e-6, f"transform.bias of a new layer reaches {other:.3g}: leave torch's default."
            )
            check_close("the layer's output", y, tensor(highway([*drawn, np.full(dim, float(bias))], x, dy)[0]))
            if abs(bias) == 50:
                limit = x if bias < 0 else np.maximum(x @ drawn[0].T + drawn[1], 0)
                check_close("the layer's output", y, tensor(limit))


def measured(m, W, x, depth, skip):  # runs in the candidate
    """input_gradient_norm of a stack of tanh(0.5 W x), with or without a skip; what was called, and what was left."""
    linear = nn.Linear(W.shape[1], W.shape[0], bias=False).to(W.device, W.dtype)
    linear.weight.data.copy_(W)
    seen = []

    def block(h):
        seen.append(tuple(h.shape))
        branch = torch.tanh(0.5 * linear(h))
        return h + branch if skip else branch

    before = x.clone()
    norm = m.input_gradient_norm(block, x, depth)
    x_left = x.requires_grad or x.grad is not None or not torch.equal(x, before)
    return norm, seen, linear.weight.grad is not None, x_left


def stack_norm(W, x, depth, skip):
    """The same norm, by the chain rule in numpy."""
    slopes, h = [], x
    for _ in range(depth):
        branch = np.tanh(0.5 * h @ W.T)
        slopes.append(0.5 * (1 - branch**2))
        h = h + branch if skip else branch
    g = np.full(x.shape, 1 / x.size)
    for slope in reversed(slopes):
        g = (g if skip else 0) + (g * slope) @ W
    return math.sqrt(math.fsum(v * v for v in g.flat))


def grows(h):
    return 3.0 * h


@points(10)
def test_gradient_flow(candidate, tensor, rng, case):
    """input_gradient_norm is the norm of d mean(out) / dx: it dies in a plain stack and survives with skips."""
    with case("by hand"):
        norm = candidate.run(scaled, tensor(np.ones((2, 2))), 2)
        check_type("input_gradient_norm(…)", norm, float)
        check_close("input_gradient_norm(h -> 3 h, four ones, 2)", norm, 4.5)  # four entries 9/4: 2 * 9/4
    W, x = rng.normal(size=(64, 64)) / 8, rng.normal(size=(3, 64))
    for skip in (False, True):
        for depth in (0, 1, 2, 30):
            with case(f"depth {depth}, {'with skips' if skip else 'plain'}"):
                norm, seen, left, x_left = candidate.run(measured, tensor(W), tensor(x), depth, skip)
                check_equal("the shapes block_fn was called with", seen, [(3, 64)] * depth)
                check(not left, "block_fn's parameters got a .grad: use torch.autograd.grad for x alone.")
                check(not x_left, "x was changed: its values, requires_grad or .grad are not as before.")
                check_close("input_gradient_norm(…)", norm, stack_norm(W, x, depth, skip))
                ratio = norm / stack_norm(W, x, 1, skip)
                if depth == 30:
                    words = (
                        f"This stack should {'keep' if skip else 'lose'} the gradient of depth 1; {ratio:.3g} is left."
                    )
                    check(ratio > 1e-2 if skip else ratio < 1e-6, words)


def scaled(m, x, depth):  # runs in the candidate
    return m.input_gradient_norm(grows, x, depth)


@points(5)
def test_errors(candidate, tensor, rng, case):
    """An input with another number of channels than c_in raises ValueError."""
    for kind, channels in (((3, 3), 4), ((3, 4), 4), ((4, 2), 2), ((3, 5), 1)):
        with case(f"BasicBlock{kind} with {channels} channels"):
            block = candidate.BasicBlock(*kind)
            check(block(tensor(rng.normal(size=(2, kind[0], 5, 6)), torch.float32)).shape[1] == kind[1], "channels")
            with check_raises(ValueError, f"{channels} channels in BasicBlock{kind}"):
                block(tensor(rng.normal(size=(2, channels, 5, 6)), torch.float32))


def single(rng, tensor, kind, height, width):
    """Weights, an input and a cotangent in float32."""
    state = state_of(rng, tensor, kind, torch.float32)
    x = tensor(rng.normal(size=(4, kind[0], height, width)), dtype=torch.float32)
    return state, x, tensor(rng.normal(size=output_shape(kind, 4, height, width)), dtype=torch.float32)


def highway_inputs(rng, tensor):
    weights = [rng.normal(size=s) for s in ((3, 3), 3, (3, 3), 3)]
    return weights, *rng.normal(size=(2, 5, 3))


@device_check
def test_device_parity(candidate, tensor, rng, case):
    """On the device the outputs are those of the CPU; they, the parameters and the buffers stay there."""
    for *kind, height, width in KINDS[:5:2]:
        for training in (True, False):
            with case(f"BasicBlock{tuple(kind)}, {'train' if training else 'eval'}"):
                state, x, dy = single(rng, tensor, kind, height, width)
                y, _, _, after = oracle(state, x, kind[2], training, dy)
                seen = candidate.run(run_block, kind, state, x, dy, training)
                check_stays(candidate, "the block", seen["y"], *seen["parameters"], *seen["after"].values())
                check_close("the block's output", seen["y"], y.float(), **NEAR)
                if training:
                    check_close(
                        "the running statistics", seen["after"], {n: v.float() for n, v in after.items()}, **NEAR
                    )
    with case("HighwayLayer"):
        weights, x, dy = highway_inputs(rng, tensor)
        sent = [tensor(a, dtype=torch.float32) for a in (*weights, x, dy)]
        y, _, _, _, parameters = candidate.run(run_highway, {}, sent[:4], *sent[4:])
        check_stays(candidate, "the highway layer", y, *parameters)
        check_close("the layer's output", y, tensor(highway(weights, x, dy)[0], dtype=torch.float32), **NEAR)


@device_check
def test_device_gradient(candidate, tensor, rng, case):
    """On the device the gradients are those of the CPU."""
    for *kind, height, width in KINDS[:5:2]:
        with case(f"BasicBlock{tuple(kind)}"):
            state, x, dy = single(rng, tensor, kind, height, width)
            _, dx, grads, _ = oracle(state, x, kind[2], False, dy)
            seen = candidate.run(run_block, kind, state, x, dy, False)
            check_stays(candidate, "the gradient", seen["dx"], *seen["grads"].values())
            check_close("the gradient of x", seen["dx"], dx.float(), **NEAR)
            # sums over all pixels of 4 images: entries near 0 carry the rounding of large terms
            expected = {name: g.float() for name, g in grads.items()}
            check_close("the gradients of the parameters", seen["grads"], expected, rtol=1e-3, atol=1e-3)
    with case("HighwayLayer"):
        weights, x, dy = highway_inputs(rng, tensor)
        sent = [tensor(a, dtype=torch.float32) for a in (*weights, x, dy)]
        _, grads, *_ = candidate.run(run_highway, {}, sent[:4], *sent[4:])
        check_stays(candidate, "the gradient", *grads)
        expected = [tensor(g, dtype=torch.float32) for g in highway(weights, x, dy)[1]]
        check_close("the gradients of x, gate.weight, transform.weight", grads, expected, **NEAR)
    with case("input_gradient_norm"):
        W, x = rng.normal(size=(6, 6)), rng.normal(size=(3, 6))
        norm, *_ = candidate.run(measured, *(tensor(a, dtype=torch.float32) for a in (W, x)), 3, True)
        check_stays(candidate, "input_gradient_norm(…)")
        check_close("input_gradient_norm(…)", norm, stack_norm(W, x, 3, True), **NEAR)


def under_autocast(m, kind, state, x, weights, h):  # runs in the candidate
    block = m.BasicBlock(*kind).to(x.device)
    block.load_state_dict(state)
    layer = m.HighwayLayer(h.shape[1]).to(h.device)
    for parameter, value in zip((layer.gate.weight, layer.transform.weight), weights, strict=True):
        parameter.data.copy_(value)
    x = x.clone().requires_grad_()
    with torch.autocast(device_type=x.device.type, dtype=torch.bfloat16):
        y, z = block.eval()(x), layer(h)
    (dx,) = torch.autograd.grad(y.float().sum(), x)
    return y.detach().float(), z.detach().float(), dx


@device_check
def test_device_autocast(candidate, tensor, rng):
    """Under bfloat16 autocast blocks and layers give finite outputs and gradients, near those of float32."""
    kind = [3, 4, 2]
    state, x, dy = single(rng, tensor, kind, 7, 6)
    h, *weights = (tensor(a, dtype=torch.float32) for a in rng.normal(size=(3, 5, 5)))
    y, z, dx = candidate.run(under_autocast, kind, state, x, weights, h)
    check_stays(candidate, "the output under autocast", y, z)
    expected = oracle(state, x, 2, False, dy)[0].float()
    # three products of bfloat16, each off by 2^-8 of its largest terms, scaled by the normalisation
    check_close("the block's output under autocast", y, expected, rtol=2e-2, atol=0.05 * float(expected.max()))
    check(bool(z.isfinite().all()), "The highway layer's output under autocast is not finite.")
    check(bool(dx.isfinite().all()), "The gradient of x under autocast is not finite.")


def forward_only(m, kind, x, h):  # runs in the candidate
    return m.BasicBlock(*kind).to(x.device)(x).detach(), m.HighwayLayer(h.shape[1]).to(h.device)(h).detach()


@device_check
def test_device_no_sync(candidate, tensor, rng):
    """Neither layer makes the host wait for the device."""
    x, h = tensor(rng.normal(size=(2, 3, 5, 6)), torch.float32), tensor(rng.normal(size=(4, 3)), torch.float32)
    y, _ = candidate.run(forward_only, [3, 4, 2], x, h)
    check_no_sync(candidate)
    check_equal("the shape of the output", list(y.shape), [2, 4, 3, 3])
