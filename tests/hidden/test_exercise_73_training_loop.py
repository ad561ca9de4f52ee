"""Each docstring is the line the learner reads. The oracle: networks as lists of float64 arrays, formulas on them,
gradients by torch.autograd.grad, the update written out; no module, no optimizer, no mode.

Networks are described as lists of layers with their arrays and built where they are needed.
"""

import itertools
import math
import re

import numpy as np
import torch
from torch import nn

from dlkit.grader.compare import check, check_close, check_equal, check_pure, check_shape, check_type
from dlkit.grader.on_device import check_no_sync, check_stays, on_cpu
from dlkit.grader.plugin import device_check, points


class Descent:
    """Gradient descent with an optimizer's methods; it counts its steps (torch.optim takes a second to import)."""

    def __init__(self, parameters, lr, trace):
        self.param_groups = [{"params": list(parameters), "lr": lr}]
        self.trace = trace

    def zero_grad(self, set_to_none=True):
        for parameter in self.param_groups[0]["params"]:
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.zero_()

    def step(self):
        self.trace.append("step")
        with torch.no_grad():
            for parameter in self.param_groups[0]["params"]:
                if parameter.grad is not None:
                    parameter -= self.param_groups[0]["lr"] * parameter.grad


def network(layers):
    """A Sequential of ("linear", W, b), ("norm", mean, var), ("relu",) and ("dropout", p), in float64."""
    modules = []
    for kind, *values in layers:
        if kind == "linear":
            module = nn.Linear(values[0].shape[1], values[0].shape[0], dtype=torch.float64)
            module.weight.data.copy_(torch.tensor(values[0]))
            module.bias.data.copy_(torch.tensor(values[1]))
        elif kind == "norm":
            module = nn.BatchNorm1d(len(values[0]), dtype=torch.float64)
            module.running_mean.copy_(torch.tensor(values[0]))
            module.running_var.copy_(torch.tensor(values[1]))
        elif kind == "relu":
            module = nn.ReLU()
        else:
            module = nn.Dropout(values[0])
        modules.append(module)
    return nn.Sequential(*modules)


def loss_called(name):
    return {
        "cross-entropy": nn.CrossEntropyLoss(),
        "mean square": nn.functional.mse_loss,
        "minus mean square": lambda output, y: -nn.functional.mse_loss(output, y),
    }[name]


def plain_layers(rng, inputs, outputs, hidden=6):
    """Linear, ReLU, Linear. Smooth where it is looked at: no unit is within rounding of its kink."""
    first = ("linear", rng.normal(size=(hidden, inputs)), rng.normal(size=hidden))
    return [first, ("relu",), ("linear", rng.normal(size=(outputs, hidden)), rng.normal(size=outputs))]


def full_layers(rng, inputs, outputs, hidden=6):
    """Linear, BatchNorm, ReLU, Dropout, Linear."""
    first, relu, last = plain_layers(rng, inputs, outputs, hidden)
    norm = ("norm", rng.normal(size=hidden), rng.uniform(0.5, 2.0, size=hidden))
    return [first, norm, relu, ("dropout", 0.5), last]


def classes(rng, inputs, outputs, sizes):
    """Batches of these sizes, with class numbers; arrays."""
    return [(rng.normal(size=(n, inputs)), rng.integers(outputs, size=n)) for n in sizes]


def sent(batches, dtype=torch.float64, make=None):
    """The batches as tensors that stay on the CPU: the loop moves them. `make`: the fixture tensor, moved already."""
    pairs = []
    for x, y in batches:
        kind = dtype if y.dtype.kind == "f" else torch.int64
        pair = torch.tensor(x, dtype=dtype), torch.tensor(y, dtype=kind)
        pairs.append(pair if make else tuple(map(on_cpu, pair)))
    return pairs


# The oracle


def parameters_of(layers):
    return [torch.tensor(a) for kind, *values in layers if kind == "linear" for a in values]


def output_of(parameters, x):
    """Linear, ReLU, Linear, …: of a list W, b, W, b, …"""
    h = torch.as_tensor(x)
    for i in range(0, len(parameters), 2):
        h = h @ parameters[i].T + parameters[i + 1]
        h = h * (h > 0) if i + 2 < len(parameters) else h
    return h


def loss_of(name, output, y):
    y = torch.as_tensor(y)
    if name == "cross-entropy":
        return (torch.logsumexp(output, dim=1) - output[torch.arange(len(y)), y]).sum() / len(y)
    square = ((output - y) ** 2).sum() / y.numel()
    return square if name == "mean square" else -square


def updated(parameters, batch, name, lr, max_norm=None):
    """(loss before, parameters after, norm of the gradients) of one step of gradient descent."""
    leaves = [p.detach().clone().requires_grad_() for p in parameters]
    loss = loss_of(name, output_of(leaves, batch[0]), batch[1])
    grads = torch.autograd.grad(loss, leaves)
    norm = math.sqrt(math.fsum(float((g**2).sum()) for g in grads))
    factor = 1.0 if max_norm is None or norm <= max_norm else max_norm / norm
    return loss.item(), [(p - lr * factor * g).detach() for p, g in zip(leaves, grads, strict=True)], norm


def trained(parameters, batches, name, lr, max_norm=None):
    """(mean loss over the samples, parameters, norms) of one epoch."""
    total, count, norms = [], 0, []
    for batch in batches:
        loss, parameters, norm = updated(parameters, batch, name, lr, max_norm)
        total.append(loss * len(batch[0]))
        count += len(batch[0])
        norms.append(norm)
    return math.fsum(total) / count, parameters, norms


def measured(parameters, batches):
    """(mean loss over the samples, share of them that is right)."""
    outputs = [output_of(parameters, x) for x, _ in batches]
    count = sum(len(x) for x, _ in batches)
    losses = [float(loss_of("cross-entropy", o, y)) * len(y) for o, (_, y) in zip(outputs, batches, strict=True)]
    right = sum(int(own(parameters, x[i : i + 1])[0] == y[i]) for x, y in batches for i in range(len(y)))
    return math.fsum(losses) / count, right / count


# What runs in the candidate


def prepared(layers, dtype, device, flags, stale, trace):
    """The network on the device, flag by flag, with old gradients; what its forward passes see goes into the trace."""
    torch.manual_seed(0)  # a dropout that should be off draws the same mask in every run
    model = network(layers).to(device=device, dtype=dtype)
    for module, flag in zip(model.modules(), flags, strict=True):
        module.training = flag
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, stale) if stale else None

    def note(module, args, output):
        modes = {part.training for part in module.modules()}
        places = {args[0].device.type} | {p.device.type for p in module.parameters()}
        trace.append(["forward", len(args[0]), sorted(modes), torch.is_grad_enabled(), sorted(places)])

    model.register_forward_hook(note)
    return model


def seen_of(model, trace, result):
    """Everything that can be seen afterwards."""
    return {
        "result": result,
        "kind": type(result).__name__,
        "parameters": [p.detach() for p in model.parameters()],
        "grads": [p.grad for p in model.parameters()],
        "requires_grad": [p.requires_grad for p in model.parameters()],
        "buffers": [b.detach() for b in model.buffers()],
        "flags": [module.training for module in model.modules()],
        "forwards": [entry[1:] for entry in trace if entry[0] == "forward"],
        "trace": [entry if isinstance(entry, str) else entry[0] for entry in trace],
        "steps": trace.count("step"),
        "grad_enabled": torch.is_grad_enabled(),
    }


def one_epoch(m, layers, batches, name, lr, device, flags, stale, options):
    trace = []
    model = prepared(layers, batches[0][0].dtype, device, flags, stale, trace)
    optimizer = Descent(model.parameters(), lr, trace)
    loader = (pair for pair in batches)  # no length, and walked once
    try:
        result = m.train_one_epoch(model, loader, optimizer, loss_called(name), device, **options)
    except FloatingPointError as error:
        result = {"message": str(error)}
    return seen_of(model, trace, result)


def one_evaluation(m, layers, batches, device, flags, stale):
    trace = []
    model = prepared(layers, batches[0][0].dtype, device, flags, stale, trace)
    loader = (pair for pair in batches)
    result = m.evaluate(model, loader, nn.functional.cross_entropy, torch.device(device))
    return seen_of(model, trace, result)


def one_fit(m, layers, batches, others, lr, epochs, device, flags):
    trace = []
    model = prepared(layers, batches[0][0].dtype, device, flags, 0.0, trace)
    optimizer = Descent(model.parameters(), lr, trace)
    result = m.fit(model, batches, others, optimizer, nn.CrossEntropyLoss(), epochs, torch.device(device))
    return seen_of(model, trace, result)


def one_accumulation(m, layers, pieces, name, lr, device, flags, stale):
    trace = []
    model = prepared(layers, pieces[0][0].dtype, device, flags, stale, trace)
    optimizer = Descent(model.parameters(), lr, trace)
    last = list(model.parameters())[-1]
    last.register_post_accumulate_grad_hook(lambda p: trace.append("backward"))
    result = m.accumulate_step(model, pieces, optimizer, loss_called(name))
    return seen_of(model, trace, result)


def classified(m, sizes, arrays, x, p_drop, training, dtype_of_x):
    """A Classifier with these weights, applied to x; the shapes of its parameters; the modules' names."""
    d_in, hidden, num_classes = sizes
    options = {} if p_drop is None else {"p_drop": p_drop}
    model = m.Classifier(d_in, hidden, num_classes, **options)
    is_module = isinstance(model, nn.Module)
    model = (model.to(x.dtype) if dtype_of_x else model).to(x.device).train(training)
    shapes = [tuple(p.shape) for p in model.parameters()]
    if shapes == [tuple(a.shape) for a in arrays]:
        with torch.no_grad():
            for parameter, array in zip(model.parameters(), arrays, strict=True):
                parameter.copy_(array)
    torch.manual_seed(1)
    output = model(x)
    again = model(x)
    return {"module": is_module, "shapes": shapes, "output": output.detach(), "again": again.detach()}


def classifier_gradients(m, sizes, arrays, x, y):
    model = m.Classifier(*sizes).to(x.device, x.dtype)
    with torch.no_grad():
        for parameter, array in zip(model.parameters(), arrays, strict=True):
            parameter.copy_(array)
    nn.functional.cross_entropy(model(x), y).backward()
    return [p.grad for p in model.parameters()]


def learned(m, hidden, classes, batches, others, lr, epochs, seed, device):
    torch.manual_seed(seed)
    model = m.Classifier(batches[0][0].shape[1], hidden, classes).to(device)
    optimizer = Descent(model.parameters(), lr, [])
    history = m.fit(model, batches, others, optimizer, nn.CrossEntropyLoss(), epochs, device)
    model.eval()
    with torch.no_grad():
        right = [(model(x.to(device)).argmax(dim=1) == y.to(device)).sum().item() for x, y in others]
    return history, sum(right) / sum(len(y) for _, y in others)


# The checks


def stack_of(rng, sizes):
    """Weights and biases of a stack of Linears."""
    d_in, hidden, num_classes = sizes
    widths = [d_in, *hidden, num_classes]
    arrays = []
    for n, k in itertools.pairwise(widths):
        arrays += [rng.normal(size=(k, n)), rng.normal(size=k)]
    return arrays


@points(15)
def test_logits(candidate, tensor, rng, case):
    """Classifier is Linear-ReLU-Dropout for every hidden size and ends with plain logits."""
    for hidden in ([], [5], [4, 7], [6, 3, 5]):
        sizes = (2, hidden, 3)
        for training in (True, False):
            with case(f"hidden = {hidden}, {'train' if training else 'eval'} mode"):
                arrays = stack_of(rng, sizes)
                x = rng.normal(size=(8, 2))
                sent_arrays = [tensor(a) for a in arrays]
                p_drop = None if training else 0.4  # in train mode the default: no dropout
                seen = candidate.run(classified, sizes, sent_arrays, tensor(x), p_drop, training, True)
                check(seen["module"], "Classifier should be an nn.Module.")
                check_equal("the shapes of parameters()", seen["shapes"], [a.shape for a in arrays])
                expected = output_of([tensor(a) for a in arrays], x)
                check_close("Classifier(…)(x)", seen["output"], expected, dtype=True)
    with case("logits of any size and sign"):
        arrays = [tensor(np.array([[1.0], [-1.0]])), tensor([5.0, -7.0])]
        seen = candidate.run(classified, (1, [], 2), arrays, tensor([[0.0], [1.0], [-2.0]]), None, True, True)
        expected = tensor([[5.0, -7.0], [6.0, -8.0], [3.0, -5.0]])  # (x + 5, -x - 7)
        check_close("Classifier(…)(x)", seen["output"], expected)
    with case("float32 unless converted"):
        x = tensor(rng.normal(size=(5, 4)), dtype=torch.float32)
        seen = candidate.run(classified, (4, [3], 2), [], x, None, True, False)
        check_shape("Classifier(…)(x)", seen["output"], (5, 2))
        check_equal("the dtype of Classifier(…)(x)", str(seen["output"].dtype), "torch.float32")
    for depth in (1, 2):
        p, width = float(rng.uniform(0.2, 0.5)), 12
        with case(f"dropout behind {'the ReLU' if depth == 1 else 'both ReLUs'}, p_drop = {p:.2g}"):
            # All weights are chosen so that without dropout every hidden unit is 2 and every logit 10 + 2.
            arrays = [np.ones((width, 1)), np.ones(width)]
            for _ in range(depth):
                arrays += [np.eye(width), np.zeros(width)]
            arrays[-1] = np.full(width, 10.0)
            sizes, x = (1, [width] * depth, width), np.ones((200, 1))
            seen = candidate.run(classified, sizes, [tensor(a) for a in arrays], tensor(x), p, True, True)
            check_equal("the shapes of parameters()", seen["shapes"], [a.shape for a in arrays])
            values = seen["output"].numpy() - 10.0
            check_shape("Classifier(…)(x)", values, (200, width))
            kept, dropped = np.abs(values - 2.0 / (1 - p) ** depth) < 1e-9, np.abs(values) < 1e-9
            check(
                (kept | dropped).all(),
                "In train mode hidden units should be 0 or scaled by 1 / (1 - p_drop), logits and inputs not touched.",
            )
            share, wanted = dropped.mean(), 1 - (1 - p) ** depth
            slack = 6 * math.sqrt(wanted * (1 - wanted) / values.size)  # six standard deviations
            words = f"{share:.1%} of the hidden units were dropped, expected about {wanted:.1%}."
            check(abs(share - wanted) < slack, words)
            check(
                not np.array_equal(values, seen["again"].numpy() - 10.0), "Every forward pass should draw a new mask."
            )


def check_parameters(actual, expected, **tolerance):
    check_equal("the number of parameters", len(actual), len(expected))
    for number, (a, e) in enumerate(zip(actual, expected, strict=True)):
        check_close(f"parameter {number} after training", a, e, **tolerance)


@points(20)
def test_step_value(candidate, rng, case, device):
    """An epoch makes the steps of gradient descent, batch by batch, clipped by the global norm."""
    with case("by hand"):
        layers = [("linear", np.zeros((1, 1)), np.zeros(1))]
        batches = [(np.array([[1.0], [3.0]]), np.array([[2.0], [4.0]])), (np.array([[2.0]]), np.array([[5.0]]))]
        seen = candidate.run(one_epoch, layers, sent(batches), "mean square", 0.125, device, [True] * 2, 0.0, {})
        # batch 0: dL/dw = -(2*1 + 4*3) = -14, dL/db = -(2 + 4) = -6, so w = 1.75, b = 0.75
        # batch 1: 1.75*2 + 0.75 - 5 = -0.75; dL/dw = -2*0.75*2 = -3, dL/db = -1.5, so w = 2.125, b = 0.9375
        check_parameters(seen["parameters"], [torch.tensor([[2.125]]).double(), torch.tensor([0.9375]).double()])
    for name, stale in (("cross-entropy", 0.0), ("cross-entropy", 0.7), ("mean square", -1.5)):
        layers, lr = plain_layers(rng, 3, 4), float(rng.uniform(0.05, 0.2))
        sizes = [int(n) for n in rng.permutation([5, 8, 6, 2])]
        batches = classes(rng, 3, 4, sizes)
        if name == "mean square":
            batches = [(x, rng.normal(size=(len(x), 4))) for x, _ in batches]
        with case(f"{name}, {'old gradients' if stale else 'no gradients yet'}"):
            seen = candidate.run(one_epoch, layers, sent(batches), name, lr, device, [True] * 4, stale, {})
            check_parameters(seen["parameters"], trained(parameters_of(layers), batches, name, lr)[1])
            check_equal("the number of optimizer steps", seen["steps"], len(batches))
            check_equal("the sizes of the batches that went through the model", [f[0] for f in seen["forwards"]], sizes)
            check_pure(candidate)
    # Clipping: torch adds 1e-6 to the norm, others do not; with norms of 0.1 and more that is within 1e-5.
    layers, lr = plain_layers(rng, 4, 3), 0.2
    batches = classes(rng, 4, 3, [6, 3, 5, 4])
    parameters = parameters_of(layers)
    norms = trained(parameters, batches, "cross-entropy", lr)[2]
    middle = float(np.median(norms))
    for words, max_norm in (("all", 0.1 * min(norms)), ("some", middle), ("none", 1000.0), ("none", None)):
        with case(f"max_norm = {max_norm if max_norm is None else round(max_norm, 3)}: {words} clipped"):
            options = {"max_norm": max_norm}
            seen = candidate.run(
                one_epoch, layers, sent(batches), "cross-entropy", lr, device, [True] * 4, 0.3, options
            )
            after = trained(parameters, batches, "cross-entropy", lr, max_norm)[1]
            check_parameters(seen["parameters"], after, rtol=1e-4, atol=1e-6)


@points(10)
def test_loss_mean(candidate, rng, case, device):
    """Losses and accuracy are means over the samples, also where batches differ in size, and Python floats."""
    for sizes in ([7, 7, 2], [1, 9, 4, 6], [5]):
        layers, lr = plain_layers(rng, 3, 4), 0.1
        batches = classes(rng, 3, 4, sizes)
        parameters = parameters_of(layers)
        with case(f"train_one_epoch, batches of {sizes}"):
            seen = candidate.run(one_epoch, layers, sent(batches), "cross-entropy", lr, device, [True] * 4, 0.0, {})
            check_type("the loss that train_one_epoch returns", seen["result"], float)
            expected = trained(parameters, batches, "cross-entropy", lr)[0]
            check_close("the loss that train_one_epoch returns", seen["result"], expected)
        with case(f"evaluate, batches of {sizes}"):
            # half of the labels are the network's own answers, so that the accuracy is neither 0 nor 1
            labelled = [(x, np.where(np.arange(len(y)) % 2, y, own(parameters, x))) for x, y in batches]
            seen = candidate.run(one_evaluation, layers, sent(labelled), device, [True] * 4, 0.0)
            check_evaluation(seen["result"], measured(parameters, labelled))
            check_equal("the sizes of the batches that went through the model", [f[0] for f in seen["forwards"]], sizes)
    for epochs in (0, 1, 3):
        layers, lr = plain_layers(rng, 4, 3), 0.1
        batches, others = classes(rng, 4, 3, [6, 3, 5]), classes(rng, 4, 3, [7, 4])
        with case(f"fit, {epochs} epochs"):
            seen = candidate.run(one_fit, layers, sent(batches), sent(others), lr, epochs, device, [True] * 4)
            history, after = fitted(layers, batches, others, lr, epochs)
            check_close("fit(…)", seen["result"], history)
            for key in history:
                for value in seen["result"][key]:
                    check_type(f"an entry of fit(…)[{key!r}]", value, float)
            check_parameters(seen["parameters"], after)


def own(parameters, x):
    return output_of(parameters, x).numpy().argmax(axis=1)


def fitted(layers, batches, others, lr, epochs):
    """What fit returns, and the parameters."""
    parameters = parameters_of(layers)
    history = {"train_loss": [], "val_loss": [], "val_acc": []}
    for _ in range(epochs):
        loss, parameters, _ = trained(parameters, batches, "cross-entropy", lr)
        for key, value in zip(history, (loss, *measured(parameters, others)), strict=True):
            history[key].append(value)
    return history, parameters


def check_evaluation(result, expected, **tolerance):
    check(isinstance(result, tuple) and len(result) == 2, "evaluate should return a tuple (loss, accuracy).")
    for name, actual, wanted in zip(("loss", "accuracy"), result, expected, strict=True):
        check_type(f"the {name} that evaluate returns", actual, float)
        check_close(f"the {name} that evaluate returns", actual, wanted, **tolerance)


def normalised(layers, x):
    """The output of the full network in eval mode: running statistics, no dropout."""
    (_, w1, b1), (_, mean, var), _, _, (_, w2, b2) = layers
    h = (x @ w1.T + b1 - mean) / np.sqrt(var + 1e-5)
    return torch.tensor(np.maximum(h, 0.0) @ w2.T + b2)


@points(15)
def test_modes(candidate, rng, case, device):
    """Training runs in train mode, evaluation in eval mode, which leaves each module's flag as it was."""
    mixed = [True, True, False, True, False, True]  # the Sequential, then its layers
    starts = (("train mode", [True] * 6), ("eval mode", [False] * 6), ("mixed modes", mixed))
    for words, flags in starts:
        layers = full_layers(rng, 3, 4)
        batches = classes(rng, 3, 4, [6, 8, 5])
        with case(f"train_one_epoch, from {words}"):
            seen = candidate.run(one_epoch, layers, sent(batches), "cross-entropy", 0.1, device, flags, 0.0, {})
            check_equal(
                "the modules' training flags in each forward pass", [f[1] for f in seen["forwards"]], [[True]] * 3
            )
            check_equal("the batches that BatchNorm saw", int(seen["buffers"][2]), 3)
            check_equal("the modules' training flags afterwards", seen["flags"], [True] * 6)
        with case(f"evaluate, from {words}"):
            seen = candidate.run(one_evaluation, layers, sent(batches), device, flags, 0.0)
            check_equal(
                "the modules' training flags in each forward pass", [f[1] for f in seen["forwards"]], [[False]] * 3
            )
            check_equal("the modules' training flags afterwards", seen["flags"], flags)
            check_close("BatchNorm's running mean", seen["buffers"][0], torch.tensor(layers[1][1]))
            outputs = [normalised(layers, x) for x, _ in batches]
            losses = [
                float(loss_of("cross-entropy", o, y)) * len(y) for o, (_, y) in zip(outputs, batches, strict=True)
            ]
            check_close("the loss that evaluate returns", seen["result"][0], math.fsum(losses) / 19)
        with case(f"accumulate_step, from {words}"):
            seen = candidate.run(
                one_accumulation, layers, sent(batches, make=True), "cross-entropy", 0.1, device, flags, 0.0
            )
            check_equal(
                "the modules' training flags in each forward pass", [f[1] for f in seen["forwards"]], [[True]] * 3
            )
    with case("fit goes back and forth"):
        layers, others = full_layers(rng, 3, 4), classes(rng, 3, 4, [7])
        batches = classes(rng, 3, 4, [6, 8])
        seen = candidate.run(one_fit, layers, sent(batches), sent(others), 0.1, 2, device, [False] * 6)
        check_equal(
            "the modules' training flags in each forward pass",
            [f[1] for f in seen["forwards"]],
            [[True], [True], [False], [True], [True], [False]],
        )


@points(10)
def test_eval_no_grad(candidate, rng, case, device):
    """evaluate builds no graph and leaves parameters, gradients and autograd as they were."""
    for stale in (0.0, 0.25):
        layers = full_layers(rng, 3, 5)
        batches = classes(rng, 3, 5, [4, 6, 3])
        with case("gradients there before" if stale else "no gradients before"):
            seen = candidate.run(one_evaluation, layers, sent(batches), device, [True] * 6, stale)
            check_equal("gradients switched on in each forward pass", [f[2] for f in seen["forwards"]], [False] * 3)
            check_equal("gradients switched on afterwards", seen["grad_enabled"], True)
            check_equal("requires_grad of the parameters", seen["requires_grad"], [True] * 6)
            before = [p.detach() for p in network(layers).parameters()]
            for number, (actual, wanted) in enumerate(zip(seen["parameters"], before, strict=True)):
                check_close(f"parameter {number} after evaluate", actual, wanted, rtol=0.0, atol=0.0)
            for number, (grad, parameter) in enumerate(zip(seen["grads"], before, strict=True)):
                if stale:
                    check_close(f"the gradient of parameter {number}", grad, torch.full_like(parameter, stale))
                else:
                    check(grad is None, f"evaluate gave parameter {number} a gradient.")


@points(10)
def test_nan_guard(candidate, rng, case, device):
    """A loss that is not finite raises FloatingPointError, naming the batch, before its step."""
    for value, name in (
        (math.nan, "mean square"), (1e200, "mean square"), (1e200, "minus mean square"), (math.nan, "cross-entropy")
    ):  # fmt: skip
        for bad in (0, 3):
            layers, lr = plain_layers(rng, 3, 4), 0.02
            batches = classes(rng, 3, 4, [5, 2, 6, 4, 3])
            if name != "cross-entropy":
                batches = [(x, rng.normal(size=(len(x), 4))) for x, _ in batches]
                batches[bad][1][0, 1] = value
            else:
                batches[bad][0][1] = value
            loss = {"mean square": math.inf, "minus mean square": -math.inf}.get(name) if value == 1e200 else math.nan
            with case(f"a loss of {loss} in batch {bad}"):
                seen = candidate.run(one_epoch, layers, sent(batches), name, lr, device, [True] * 4, 0.0, {})
                result = seen["result"]
                check(
                    isinstance(result, dict),
                    f"The loss of batch {bad} is {loss}: train_one_epoch should raise FloatingPointError.",
                )
                named = re.findall(r"\d+", result["message"])
                words = f"The message ({result['message']!r}) should contain the number of the batch, {bad}."
                check(str(bad) in named, words)
                check_equal("the number of optimizer steps", seen["steps"], bad)
                after = trained(parameters_of(layers), batches[:bad], name, lr)[1] if bad else parameters_of(layers)
                check_parameters(seen["parameters"], after)


@points(10)
def test_accumulation(candidate, rng, case, device):
    """accumulate_step makes the step of the whole batch from uneven pieces, one graph at a time."""
    for name, sizes, stale in (
        ("cross-entropy", [4, 4, 1], 0.0), ("cross-entropy", [2, 7], 0.6), ("mean square", [1, 3, 5, 2], -0.4),
        ("cross-entropy", [6], 0.0),
    ):  # fmt: skip
        layers, lr = plain_layers(rng, 3, 4), float(rng.uniform(0.1, 0.4))
        pieces = classes(rng, 3, 4, sizes)
        if name == "mean square":
            pieces = [(x, rng.normal(size=(len(x), 4))) for x, _ in pieces]
        with case(f"{name}, pieces of {sizes}, {'old gradients' if stale else 'no gradients yet'}"):
            arguments = layers, sent(pieces, make=True), name, lr, device, [False] * 4, stale
            seen = candidate.run(one_accumulation, *arguments)
            whole = tuple(np.concatenate(parts) for parts in zip(*pieces, strict=True))
            loss, after, _ = updated(parameters_of(layers), whole, name, lr)
            check_type("the loss that accumulate_step returns", seen["result"], float)
            check_close("the loss that accumulate_step returns", seen["result"], loss)
            check_parameters(seen["parameters"], after)
            check_equal("the sizes of the batches that went through the model", [f[0] for f in seen["forwards"]], sizes)
            check_equal("the order of the calls", seen["trace"], ["forward", "backward"] * len(sizes) + ["step"])


def blobs(rng, count, sizes):
    """Three clouds in the plane, 3.5 from the origin: at 0.5 of spread they are 6 standard deviations from a border."""
    turn = float(rng.uniform(0, 2 * math.pi))
    centres = np.array([[math.cos(turn + 2 * math.pi * k / 3), math.sin(turn + 2 * math.pi * k / 3)] for k in range(3)])
    labels = rng.permuted(np.arange(count) % 3)
    x = 3.5 * centres[labels] + rng.normal(scale=0.5, size=(count, 2))
    cuts = np.cumsum(sizes)[:-1]
    return list(zip(np.split(x, cuts), np.split(labels, cuts), strict=True))


@points(10)
def test_learns(candidate, rng, case, device):
    """A Classifier trained by fit separates three clouds of points."""
    for hidden in ([], [16], [12, 8]):
        parts = blobs(rng, 106, [16] * 4 + [12, 16, 14])
        batches, others = parts[:5], parts[5:]
        with case(f"hidden = {hidden}"):
            arguments = sent(batches, torch.float32), sent(others, torch.float32), 0.2, 12, int(rng.integers(2**31))
            history, accuracy = candidate.run(learned, hidden, 3, *arguments, device)
            check_equal("the entries of fit(…)", sorted(history), ["train_loss", "val_acc", "val_loss"])
            check_equal("the number of epochs in fit(…)", [len(v) for v in history.values()], [12] * 3)
            final = history["train_loss"][-1]
            # twice applied, softmax over 3 classes costs log(1 + 2/e) = 0.55 at the least
            check(final < 0.3, f"After 12 epochs the training loss is {final:.3g}; below 0.3 is easy here.")
            check(accuracy >= 0.95, f"After 12 epochs {accuracy:.0%} of new points are right; 95% is easy here.")
            check_close("the last val_acc", history["val_acc"][-1], accuracy, rtol=1e-6)


NEAR = {"rtol": 1e-3, "atol": 1e-4}


def check_places(seen, device):
    places = [f[3] for f in seen["forwards"]]
    check_equal("the devices of batch and model in each forward pass", places, [[device]] * len(places))


def narrow(parameters):
    return [p.to(torch.float32) for p in parameters]


@device_check
def test_device_classifier(candidate, tensor, rng, case):
    """On the device a Classifier gives the CPU's logits and gradients, and nothing leaves it or is made elsewhere."""
    sizes = (3, [6, 5], 4)
    arrays, x, y = stack_of(rng, sizes), rng.normal(size=(7, 3)), rng.integers(4, size=7)
    weights = [tensor(a, dtype=torch.float32) for a in arrays]
    inputs = tensor(x, dtype=torch.float32)
    with case("logits"):
        seen = candidate.run(classified, sizes, weights, inputs, 0.3, False, True)
        check_stays(candidate, "Classifier(…)(x)", seen["output"])
        check_no_sync(candidate)
        check_close("Classifier(…)(x)", seen["output"], output_of([tensor(a) for a in arrays], x).float(), **NEAR)
    with case("dropout"):
        seen = candidate.run(classified, sizes, weights, inputs, 0.3, True, True)
        check_stays(candidate, "Classifier(…)(x)", seen["output"])
        check_no_sync(candidate)
    with case("gradients"):
        grads = candidate.run(classifier_gradients, sizes, weights, inputs, tensor(y))
        check_stays(candidate, "a parameter's gradient", *grads)
        before = [tensor(a) for a in arrays]
        after = updated(before, (x, y), "cross-entropy", 1.0)[1]
        for number, (grad, b, a) in enumerate(zip(grads, before, after, strict=True)):
            check_close(f"the gradient of parameter {number}", grad, (b - a).float(), **NEAR)


@device_check
def test_device_train(candidate, rng, case, device):
    """train_one_epoch moves batches to the model's device, trains as on the CPU and waits once per batch."""
    layers, lr = plain_layers(rng, 3, 4), 0.1
    batches = classes(rng, 3, 4, [5, 8, 6, 2])
    for max_norm in (None, 0.5):
        with case(f"max_norm = {max_norm}"):
            arguments = layers, sent(batches, torch.float32), "cross-entropy", lr, device, [True] * 4, 0.5
            seen = candidate.run(one_epoch, *arguments, {"max_norm": max_norm})
            loss, after, _ = trained(parameters_of(layers), batches, "cross-entropy", lr, max_norm)
            check_stays(candidate, "a parameter", *seen["parameters"])
            check_places(seen, device)
            check_parameters(seen["parameters"], narrow(after), **NEAR)
            check_close("the loss that train_one_epoch returns", seen["result"], loss, **NEAR)
            if max_norm is None:  # an `if` over the norm may cost another wait
                check_no_sync(candidate, at_most=len(batches) + 1)


@device_check
def test_device_evaluate(candidate, rng, device):
    """evaluate moves batches to the model's device, measures as on the CPU and waits once, not once per batch."""
    layers = plain_layers(rng, 3, 4)
    batches = classes(rng, 3, 4, [5, 8, 6, 2])
    parameters = parameters_of(layers)
    labelled = [(x, np.where(np.arange(len(y)) % 2, y, own(parameters, x))) for x, y in batches]
    seen = candidate.run(one_evaluation, layers, sent(labelled, torch.float32), device, [True] * 4, 0.0)
    check_no_sync(candidate, at_most=1)
    check_places(seen, device)
    check_evaluation(seen["result"], measured(parameters, labelled), **NEAR)


@device_check
def test_device_fit(candidate, rng, device):
    """On the device fit reaches the losses, the accuracy and the parameters of the CPU."""
    layers, lr, epochs = plain_layers(rng, 3, 4), 0.1, 3
    batches, others = classes(rng, 3, 4, [5, 8, 6]), classes(rng, 3, 4, [7, 4, 6])
    seen = candidate.run(
        one_fit, layers, sent(batches, torch.float32), sent(others, torch.float32), lr, epochs, device, [True] * 4
    )
    history, after = fitted(layers, batches, others, lr, epochs)
    check_places(seen, device)
    check_no_sync(candidate, at_most=epochs * (len(batches) + 2))
    for key in ("train_loss", "val_loss"):
        check_close(f"fit(…)[{key!r}]", seen["result"][key], history[key], **NEAR)
    # a sample whose two best logits agree within float32 may fall on either side
    check_close("fit(…)['val_acc']", seen["result"]["val_acc"], history["val_acc"], rtol=0.0, atol=1.5 / 17)
    check_parameters(seen["parameters"], narrow(after), **NEAR)


@device_check
def test_device_accumulate(candidate, rng, device):
    """On the device accumulate_step makes the CPU's step and waits once, not once per piece."""
    layers, lr = plain_layers(rng, 3, 4), 0.2
    pieces = classes(rng, 3, 4, [4, 1, 6])
    arguments = layers, sent(pieces, torch.float32, make=True), "cross-entropy", lr, device, [True] * 4, 0.5
    seen = candidate.run(one_accumulation, *arguments)
    check_no_sync(candidate, at_most=1)
    check_stays(candidate, "a parameter", *seen["parameters"])
    whole = tuple(np.concatenate(parts) for parts in zip(*pieces, strict=True))
    loss, after, _ = updated(parameters_of(layers), whole, "cross-entropy", lr)
    check_parameters(seen["parameters"], narrow(after), **NEAR)
    check_close("the loss that accumulate_step returns", seen["result"], loss, **NEAR)
