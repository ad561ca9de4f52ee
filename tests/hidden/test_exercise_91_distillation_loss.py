"""Each docstring is the line the learner reads. The oracle is plain Python: one row at a time, math.exp, math.fsum.

Networks are described as lists of layers with their arrays and built where they are needed.
"""

import math

import numpy as np
import torch
from torch import nn

from dlkit.grader.compare import (
    check,
    check_close,
    check_equal,
    check_fresh,
    check_pure,
    check_raises,
    check_shape,
    check_type,
)
from dlkit.grader.on_device import check_no_sync, check_stays
from dlkit.grader.plugin import device_check, points


def log_softmax(row, T=1.0):
    scaled = [float(v) / T for v in row]
    top = max(scaled)
    log_sum = top + math.log(math.fsum(math.exp(v - top) for v in scaled))
    return [v - log_sum for v in scaled]


def softmax_rows(logits, T=1.0):
    return np.array([[math.exp(v) for v in log_softmax(row, T)] for row in logits])


def terms(student, teacher, target, T):
    """The KL term without T^2, and the cross-entropy."""
    kls, losses = [], []
    for s, t, y in zip(student, teacher, target, strict=True):
        log_q, log_p = log_softmax(s, T), log_softmax(t, T)
        kls.append(math.fsum(math.exp(p) * (p - q) for p, q in zip(log_p, log_q, strict=True)))
        losses.append(-log_softmax(s)[int(y)])
    return math.fsum(kls) / len(kls), math.fsum(losses) / len(losses)


def total(student, teacher, target, T, alpha):
    soft, hard = terms(student, teacher, target, T)
    return alpha * T * T * soft + (1 - alpha) * hard


def soft_gradient(student, teacher, T):
    return T * (softmax_rows(student, T) - softmax_rows(teacher, T)) / len(student)


def gradient(student, teacher, target, T, alpha):
    hard = (softmax_rows(student) - np.eye(student.shape[1])[target]) / len(student)
    return alpha * soft_gradient(student, teacher, T) + (1 - alpha) * hard


def batch(rng, scale=2.0):
    """Logits of a student and a teacher, and targets; the sizes differ."""
    rows, classes = (int(n) for n in rng.permutation([3, 4, 5, 6, 7])[:2])
    student, teacher = rng.normal(scale=scale, size=(2, rows, classes))
    return student, teacher, rng.integers(classes, size=rows)


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


def small_network(rng, inputs, classes, extras=True):
    """Linear, BatchNorm, ReLU, Dropout, Linear; or the same without BatchNorm and Dropout."""
    hidden = 6
    first, last = (rng.normal(size=(hidden, inputs)), rng.normal(size=hidden)), rng.normal(size=(classes, hidden))
    norm = ("norm", rng.normal(size=hidden), rng.uniform(0.5, 2.0, size=hidden))
    middle = [norm, ("relu",), ("dropout", 0.5)] if extras else [("relu",)]
    return [("linear", *first), *middle, ("linear", last, rng.normal(size=classes))]


def logits_of(layers, x, training=False):
    """What such a network gives, by numpy."""
    for kind, *values in layers:
        if kind == "linear":
            x = x @ values[0].T + values[1]
        elif kind == "norm":
            mean, var = (x.mean(axis=0), x.var(axis=0)) if training else values
            x = (x - mean) / np.sqrt(var + 1e-5)
        elif kind == "relu":
            x = np.maximum(x, 0.0)
    return x


@points(25)
def test_value(candidate, tensor, rng, case):
    """soften is the softmax of logits / T, and the loss is alpha * T^2 * KL + (1 - alpha) * cross-entropy."""
    with case("by hand"):
        student, teacher = np.zeros((1, 2)), np.array([[2 * math.log(3.0), 0.0]])
        loss = candidate.distillation_loss(tensor(student), tensor(teacher), tensor([1]), T=2.0, alpha=0.5)
        # p = [3/4, 1/4], q = [1/2, 1/2]: 1/2 * 4 * (3/4 log 3/2 + 1/4 log 1/2) + 1/2 * log 2
        by_hand = 2.0 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5)) + 0.5 * math.log(2.0)
        check_close("distillation_loss(…)", loss, tensor(by_hand))
    for T in (1.0, 2, 4.0, 20.0, 0.5, float(rng.uniform(1.0, 10.0))):
        for alpha in (0, 0.3, 1.0):
            student, teacher, target = batch(rng)
            with case(f"T = {T:.3g}, alpha = {alpha:g}"):
                loss = candidate.distillation_loss(tensor(student), tensor(teacher), tensor(target), T, alpha)
                check_close("distillation_loss(…)", loss, tensor(total(student, teacher, target, T, alpha)), dtype=True)
    with case("T and alpha not given"):
        student, teacher, target = batch(rng)
        loss = candidate.distillation_loss(tensor(student), tensor(teacher), tensor(target))
        check_close("distillation_loss(…)", loss, tensor(total(student, teacher, target, 4.0, 0.5)))
    with case("float32, transposed logits"):
        student, teacher, target = batch(rng)
        views = [tensor(a.T.copy(), dtype=torch.float32).T for a in (student, teacher)]
        loss = candidate.distillation_loss(*views, tensor(target), T=3.0, alpha=0.7)
        expected = tensor(total(student, teacher, target, 3.0, 0.7), dtype=torch.float32)
        check_close("distillation_loss of float32", loss, expected, dtype=True)
        check_pure(candidate, "student_logits", "teacher_logits", "target")
    for shape in ((5,), (3, 4), (2, 3, 5)):
        T = float(rng.uniform(0.5, 8.0))
        with case(f"soften, shape {shape}, T = {T:.3g}"):
            logits = rng.normal(scale=3.0, size=shape)
            expected = softmax_rows(logits.reshape(-1, shape[-1]), T).reshape(shape)
            check_close("soften(logits, T)", candidate.soften(tensor(logits), T), tensor(expected), dtype=True)
            check_pure(candidate, "logits")
            check_fresh(candidate, "logits")


@points(10)
def test_limits(candidate, tensor, rng, case):
    """A student that agrees with its teacher has no soft loss, and alpha = 0 leaves plain cross-entropy."""
    for T in (1.0, 4.0, 15.0):
        student, teacher, target = batch(rng)
        y = tensor(target)
        with case(f"equal logits, T = {T:g}"):
            loss = candidate.distillation_loss(tensor(teacher), tensor(teacher), y, T=T, alpha=1.0)
            check_close("distillation_loss(t, t, …, alpha=1)", loss, tensor(0.0))
        with case(f"logits that differ by a constant per row, T = {T:g}"):
            shifted = teacher + rng.normal(size=(len(teacher), 1))
            loss = candidate.distillation_loss(tensor(shifted), tensor(teacher), y, T=T, alpha=0.4)
            expected = 0.6 * terms(shifted, teacher, target, 1.0)[1]
            check_close("distillation_loss(t + c, t, …, alpha=0.4)", loss, tensor(expected))
        with case(f"alpha = 0, T = {T:g}"):
            loss = candidate.distillation_loss(tensor(student), tensor(teacher), y, T=T, alpha=0.0)
            expected = torch.nn.functional.cross_entropy(tensor(student), y)
            check_close("distillation_loss(…, alpha=0)", loss, expected)
        with case(f"alpha = 1 does not look at the targets, T = {T:g}"):
            other = tensor((target + 1) % student.shape[1])
            loss = candidate.distillation_loss(tensor(student), tensor(teacher), y, T=T, alpha=1.0)
            again = candidate.distillation_loss(tensor(student), tensor(teacher), other, T=T, alpha=1.0)
            check_shape("distillation_loss(…, alpha=1)", loss, ())
            check(bool(loss > 1e-6), f"The soft loss of two that disagree is {loss.item():.4g}; it should be positive.")
            check_close("distillation_loss(…, other targets, alpha=1)", again, loss)


def without_autograd(m, student, teacher, T):  # runs in the candidate
    with torch.no_grad():
        return m.distillation_grad(student, teacher, T)


@points(15)
def test_gradient_value(candidate, tensor, rng, case):
    """The loss's gradient by autograd and distillation_grad agree with the formula."""
    with case("by hand"):
        student, teacher = np.zeros((1, 2)), np.array([[2 * math.log(3.0), 0.0]])
        grad = candidate.distillation_grad(tensor(student), tensor(teacher), 2.0)
        check_close("distillation_grad(…)", grad, tensor([[-0.5, 0.5]]))  # 2 * (1/2 - 3/4), 2 * (1/2 - 1/4)
    for T in (1.0, 2.0, 4, 20.0, float(rng.uniform(0.5, 10.0))):
        student, teacher, target = batch(rng)
        expected = tensor(soft_gradient(student, teacher, T))
        with case(f"distillation_grad, T = {T:.3g}"):
            grad = candidate.run(without_autograd, tensor(student), tensor(teacher), T)
            check_close("distillation_grad(…)", grad, expected, dtype=True)
        for alpha in (0.0, 0.3, 1.0):
            with case(f"autograd, T = {T:.3g}, alpha = {alpha:g}"):
                _, (grad,) = candidate.grad(
                    "distillation_loss", tensor(student), tensor(teacher), tensor(target), T=T, alpha=alpha
                )
                both = tensor(gradient(student, teacher, target, T, alpha))
                check_close("the gradient with respect to student_logits", grad, both)
    with case("distillation_grad leaves its inputs alone"):
        student, teacher, _ = batch(rng)
        inputs = tensor(student, dtype=torch.float32), tensor(teacher, dtype=torch.float32)
        grad = candidate.distillation_grad(*inputs, 3.0)
        expected = tensor(soft_gradient(student, teacher, 3.0), dtype=torch.float32)
        check_close("distillation_grad of float32", grad, expected, dtype=True)
        check_pure(candidate, "student_logits", "teacher_logits")
        check_fresh(candidate, "student_logits", "teacher_logits")


@points(10)
def test_t_squared(candidate, tensor, rng, case):
    """As T grows, the soft gradient neither vanishes nor explodes: it tends to (s - t, centred) / (N * C)."""
    student, teacher, target = batch(rng, scale=1.0)
    away = student - teacher
    limit = (away - away.mean(axis=1, keepdims=True)) / away.size
    for T in (1e3, 1e4, 1e5):
        slack = 20.0 / T / len(student)  # the next term of the series: z^2 / (2 C T) for each of two logits |z| < 6
        with case(f"autograd, T = {T:g}"):
            _, (grad,) = candidate.grad(
                "distillation_loss", tensor(student), tensor(teacher), tensor(target), T=T, alpha=1.0
            )
            check_close("the gradient of the soft term", grad, tensor(limit), rtol=0.0, atol=slack)
        with case(f"distillation_grad, T = {T:g}"):
            grad = candidate.distillation_grad(tensor(student), tensor(teacher), T)
            check_close("distillation_grad(…)", grad, tensor(limit), rtol=0.0, atol=slack)


class Descent:
    """Gradient descent with an optimizer's methods; it counts its steps (torch.optim takes a second to import)."""

    def __init__(self, parameters, lr):
        self.param_groups = [{"params": list(parameters), "lr": lr}]
        self.steps = 0

    def zero_grad(self, set_to_none=True):
        for parameter in self.param_groups[0]["params"]:
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.zero_()

    def step(self):
        self.steps += 1
        with torch.no_grad():
            for parameter in self.param_groups[0]["params"]:
                if parameter.grad is not None:
                    parameter -= self.param_groups[0]["lr"] * parameter.grad


def one_step(m, student_layers, teacher_layers, x, y, T, alpha, lr, flags, stale, training):  # runs in the candidate
    """One distill_step, and everything that can be seen afterwards."""
    torch.manual_seed(0)  # a dropout that should be off draws the same mask in every run
    student, teacher = network(student_layers).to(x.device), network(teacher_layers).to(x.device)
    student.train(training)
    for module, flag in zip(teacher.modules(), flags, strict=False):
        module.training = flag
    optimizer = Descent(student.parameters(), lr)
    for parameter in student.parameters():
        parameter.grad = torch.full_like(parameter, stale) if stale else None
    grad_enabled = []
    teacher.register_forward_hook(lambda *_: grad_enabled.append(torch.is_grad_enabled()))
    loss = m.distill_step(student, teacher, x, y, optimizer, T, alpha)
    return {
        "loss": loss,
        "kind": type(loss).__name__,
        "student": [p.detach() for p in student.parameters()],
        "student_training": [module.training for module in student.modules()],
        "batches": [int(module.num_batches_tracked) for module in student.modules() if hasattr(module, "running_mean")],
        "teacher_flags": [module.training for module in teacher.modules()],
        "teacher": [value.detach() for value in teacher.state_dict().values()],
        "teacher_grads": sum(p.grad is not None for p in teacher.parameters()),
        "requires_grad": all(p.requires_grad for p in teacher.parameters()),
        "steps": optimizer.steps,
        "grad_enabled": grad_enabled,
    }


@points(15)
def test_teacher_constant(candidate, tensor, rng, case):
    """No gradient reaches the teacher; it runs in eval mode and is left as it was, flag by flag."""
    for T, alpha in ((1.0, 1.0), (4.0, 0.5)):
        student, teacher, target = batch(rng)
        with case(f"teacher_logits get no gradient, T = {T:g}"):
            arguments = tensor(student), tensor(teacher), tensor(target)
            _, grads = candidate.grad("distillation_loss", *arguments, T=T, alpha=alpha, wrt=(0, 1))
            check_close(
                "the gradient of student_logits", grads[0], tensor(gradient(student, teacher, target, T, alpha))
            )
            check(
                grads[1] is None or not grads[1].any(),
                "A gradient flows into teacher_logits: the teacher is a constant, detach its logits.",
            )
    mixed = [True, True, False, True, True, False]  # the Sequential, then its layers
    for words, flags in (("in train mode", [True] * 6), ("in eval mode", [False] * 6), ("of mixed modes", mixed)):
        x, classes = rng.normal(size=(7, 3)), 4
        y = rng.integers(classes, size=7)
        layers = small_network(rng, 3, classes, extras=False), small_network(rng, 3, classes)
        arguments = (*layers, tensor(x), tensor(y), 3.0, 0.6, 0.1, flags, 0.0, True)
        with case(f"distill_step with a teacher {words}"):
            seen = candidate.run(one_step, *arguments)
            check_equal("the training flags of the teacher's modules", seen["teacher_flags"], flags)
            before = [value.numpy() for value in network(layers[1]).state_dict().values()]
            moved = [not np.array_equal(v.numpy(), b) for v, b in zip(seen["teacher"], before, strict=True)]
            check(not any(moved), "The teacher's parameters or BatchNorm statistics have changed.")
            check(not seen["teacher_grads"], f"{seen['teacher_grads']} parameters of the teacher got a gradient.")
            check(seen["requires_grad"], "A teacher's parameter has lost its requires_grad.")
            check(seen["grad_enabled"] == [False], "The teacher should run once, with gradients switched off.")
            student, teacher = (logits_of(part, x) for part in layers)
            check_close("the loss with the teacher in eval mode", seen["loss"], total(student, teacher, y, 3.0, 0.6))


@points(10)
def test_stability(candidate, tensor, rng, case):
    """Logits of 1e4 give finite numbers in every precision; half precision is computed in float32."""
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        name = str(dtype).removeprefix("torch.")
        wide = dtype if dtype in (torch.float64, torch.float32) else torch.float32
        for T in (0.125, 4.0):
            rows = rng.permuted(np.tile([1e4, 0.0, -1e4], (4, 1)), axis=1)
            student, teacher = (tensor(a).to(dtype) for a in (rows, np.roll(rows, 1, axis=1)))  # they disagree
            target = rng.integers(3, size=4)
            s, t = (a.double().cpu().numpy() for a in (student, teacher))
            with case(f"loss, {name}, T = {T:g}"):
                loss, (grad,) = candidate.grad("distillation_loss", student, teacher, tensor(target), T=T, alpha=0.5)
                check_close("the loss", loss, tensor(total(s, t, target, T, 0.5)).to(wide), dtype=True)
                check_close("the gradient", grad, tensor(gradient(s, t, target, T, 0.5)).to(dtype))
            with case(f"soften and distillation_grad, {name}, T = {T:g}"):
                check_close(
                    "soften(logits, T)", candidate.soften(student, T), tensor(softmax_rows(s, T)).to(wide), dtype=True
                )
                grad = candidate.distillation_grad(student, teacher, T)
                check_close("distillation_grad(…)", grad, tensor(soft_gradient(s, t, T)).to(wide), dtype=True)
    for dtype in (torch.float16, torch.bfloat16):
        with case(f"ordinary logits in {dtype}"):
            student, teacher, target = batch(rng)
            halves = [tensor(a).to(dtype) for a in (student, teacher)]
            s, t = (a.double().cpu().numpy() for a in halves)
            loss = candidate.distillation_loss(*halves, tensor(target), T=3.0, alpha=0.4)
            check_close("the loss", loss, tensor(total(s, t, target, 3.0, 0.4)).to(torch.float32), dtype=True)
            expected = tensor(softmax_rows(s, 2.0)).to(torch.float32)
            check_close("soften(logits, T)", candidate.soften(halves[0], 2.0), expected, dtype=True)


def many_steps(m, student_layers, teacher_layers, x, y, T, alpha):  # runs in the candidate
    student, teacher = network(student_layers).to(x.device), network(teacher_layers).to(x.device)
    optimizer = Descent(student.parameters(), 0.3)
    return [m.distill_step(student, teacher, x, y, optimizer, T, alpha) for _ in range(16)]


def updated_parameters(layers, x, y, teacher, T, alpha, lr, training):
    """A student's parameters after one step: the gradient formula, pulled back through the network."""
    student = network(layers).train(training)
    cotangent = torch.tensor(gradient(logits_of(layers, x, training), teacher, y, T, alpha))
    (student(torch.tensor(x)) * cotangent).sum().backward()  # backward(cotangent) would import sympy: half a second
    return [(p - lr * p.grad).detach() for p in student.parameters()]


@points(10)
def test_step(candidate, tensor, rng, case):
    """distill_step makes one optimizer step along the gradient of this batch and returns its loss as a float."""
    for words, training, stale in (
        ("a fresh optimizer", True, 0.0), ("old gradients", True, 0.5), ("a student in eval mode", False, 0.0)
    ):  # fmt: skip
        x, classes = rng.normal(size=(8, 3)), 5
        y, T, alpha = rng.integers(classes, size=8), float(rng.uniform(1.5, 5.0)), float(rng.uniform(0.2, 0.8))
        students = small_network(rng, 3, classes)
        students = [layer for layer in students if layer[0] != "dropout"] if training else students
        teachers = small_network(rng, 3, classes, extras=False)
        with case(words):
            arguments = (students, teachers, tensor(x), tensor(y), T, alpha, 0.3, [True] * 4, stale, training)
            seen = candidate.run(one_step, *arguments)
            check_type("the returned loss", seen["loss"], float)
            teacher = logits_of(teachers, x)
            expected = total(logits_of(students, x, training), teacher, y, T, alpha)
            check_close("the returned loss", seen["loss"], expected)
            check_equal("the number of optimizer steps", seen["steps"], 1)
            check_equal("the student's training flags", seen["student_training"], [training] * (len(students) + 1))
            check_equal("the batches that the student's BatchNorm saw", seen["batches"], [int(training)])
            after = updated_parameters(students, x, y, teacher, T, alpha, 0.3, training)
            for number, (actual, wanted) in enumerate(zip(seen["student"], after, strict=True)):
                check_close(f"the student's parameter {number} after the step", actual, tensor(wanted.numpy()))
    with case("the student learns the teacher's soft targets"):
        x, classes = rng.normal(size=(12, 4)), 3
        y = rng.integers(classes, size=12)
        teachers = [("linear", rng.normal(size=(classes, 4)), rng.normal(size=classes))]
        students = [("linear", np.zeros((classes, 4)), np.zeros(classes))]
        losses = candidate.run(many_steps, students, teachers, tensor(x), tensor(y), 2.0, 1.0)
        check_type("the returned loss", losses[0], float)
        words = f"In 16 small steps the soft loss went from {losses[0]:.4g} to {losses[-1]:.4g}; it should fall by 30%."
        check(losses[-1] < 0.7 * losses[0], words)


@points(5)
def test_errors(candidate, tensor, rng, case):
    """T <= 0, alpha outside [0, 1] and shapes that do not fit raise ValueError."""
    student, teacher = tensor(rng.normal(size=(4, 3))), tensor(rng.normal(size=(4, 3)))
    target = tensor(rng.integers(3, size=4))
    for T in (0, 0.0, -2.0):
        with case(f"soften, T = {T:g}"), check_raises(ValueError, f"soften with T={T:g}"):
            candidate.soften(student, T)
        with case(f"distillation_loss, T = {T:g}"), check_raises(ValueError, f"distillation_loss with T={T:g}"):
            candidate.distillation_loss(student, teacher, target, T=T)
        with case(f"distillation_grad, T = {T:g}"), check_raises(ValueError, f"distillation_grad with T={T:g}"):
            candidate.distillation_grad(student, teacher, T)
    for alpha in (-0.1, 1.1):
        with case(f"alpha = {alpha:g}"), check_raises(ValueError, f"alpha={alpha:g}"):
            candidate.distillation_loss(student, teacher, target, alpha=alpha)
    for shape in ((1, 3), (4, 1), (4, 5), (3,)):
        other = tensor(rng.normal(size=shape))
        with case(f"teacher of shape {shape}"), check_raises(ValueError, f"a teacher of shape {shape}"):
            candidate.distillation_loss(student, other, target)
        with (
            case(f"distillation_grad, teacher of shape {shape}"),
            check_raises(ValueError, f"a teacher of shape {shape}"),
        ):
            candidate.distillation_grad(student, other, 2.0)
    for shape in ((5,), (1,), (4, 1), (4, 3)):
        other = tensor(rng.integers(3, size=shape))
        with case(f"target of shape {shape}"), check_raises(ValueError, f"a target of shape {shape}"):
            candidate.distillation_loss(student, teacher, other)


@device_check
def test_device_parity(candidate, tensor, rng, case):
    """On the device the values are those of the CPU, and nothing leaves it or is made elsewhere."""
    student, teacher, target = batch(rng)
    s, t = (tensor(a, dtype=torch.float32) for a in (student, teacher))
    near = {"rtol": 1e-3, "atol": 1e-4}
    with case("soften"):
        q = candidate.soften(s, 3.0)
        check_stays(candidate, "soften(logits, T)", q)
        check_close("soften(logits, T)", q, tensor(softmax_rows(student, 3.0), dtype=torch.float32), **near)
    with case("distillation_loss"):
        loss = candidate.distillation_loss(s, t, tensor(target), T=3.0, alpha=0.4)
        check_stays(candidate, "distillation_loss(…)", loss)
        expected = tensor(total(student, teacher, target, 3.0, 0.4), dtype=torch.float32)
        check_close("distillation_loss(…)", loss, expected, **near)
    with case("distillation_grad"):
        grad = candidate.distillation_grad(s, t, 3.0)
        check_stays(candidate, "distillation_grad(…)", grad)
        check_close(
            "distillation_grad(…)", grad, tensor(soft_gradient(student, teacher, 3.0), dtype=torch.float32), **near
        )


@device_check
def test_device_gradient(candidate, tensor, rng):
    """Autograd gives the CPU's gradient, on the device."""
    student, teacher, target = batch(rng)
    s, t = (tensor(a, dtype=torch.float32) for a in (student, teacher))
    _, (grad,) = candidate.grad("distillation_loss", s, t, tensor(target), T=2.5, alpha=0.6)
    check_stays(candidate, "the gradient of student_logits", grad)
    expected = tensor(gradient(student, teacher, target, 2.5, 0.6), dtype=torch.float32)
    check_close("the gradient of student_logits", grad, expected, rtol=1e-3, atol=1e-4)


@device_check
def test_device_no_sync(candidate, tensor, rng, case):
    """soften, distillation_loss and distillation_grad never make the host wait for the device."""
    student, teacher, target = batch(rng)
    s, t = (tensor(a, dtype=torch.float32) for a in (student, teacher))
    with case("soften"):
        candidate.soften(s, 3.0)
        check_no_sync(candidate)
    with case("distillation_loss"):
        candidate.distillation_loss(s, t, tensor(target), T=3.0, alpha=0.4)
        check_no_sync(candidate)
    with case("distillation_grad"):
        candidate.distillation_grad(s, t, 3.0)
        check_no_sync(candidate)


@device_check
def test_device_half(candidate, tensor, rng, case):
    """Logits of 1e4 in half precision give finite numbers on the device."""
    rows = rng.permuted(np.tile([1e4, 0.0, -1e4], (4, 1)), axis=1)
    target = rng.integers(3, size=4)
    for dtype in (torch.float16, torch.bfloat16):
        student, teacher = (tensor(a, dtype=dtype) for a in (rows, np.roll(rows, 1, axis=1)))
        s, t = (a.double().numpy() for a in (student, teacher))
        with case(str(dtype).removeprefix("torch.")):
            loss = candidate.distillation_loss(student, teacher, tensor(target), T=4.0, alpha=0.5)
            check_stays(candidate, "distillation_loss(…)", loss)
            expected = tensor(total(s, t, target, 4.0, 0.5), dtype=torch.float32)
            check_close("distillation_loss(…)", loss, expected, dtype=True)


@device_check
def test_device_step(candidate, tensor, rng):
    """distill_step trains a student on the device; the host waits once, for the returned loss."""
    x, classes = rng.normal(size=(8, 3)), 5
    y = rng.integers(classes, size=8)
    students, teachers = small_network(rng, 3, classes), small_network(rng, 3, classes, extras=False)
    students = [layer for layer in students if layer[0] != "dropout"]
    arguments = (students, teachers, tensor(x), tensor(y), 3.0, 0.4, 0.3, [True] * 4, 0.0, True)
    seen = candidate.run(one_step, *arguments)
    check_no_sync(candidate, at_most=1)
    after = updated_parameters(students, x, y, logits_of(teachers, x), 3.0, 0.4, 0.3, True)
    for number, (actual, wanted) in enumerate(zip(seen["student"], after, strict=True)):
        check_close(f"the student's parameter {number} after the step", actual, tensor(wanted.numpy()), rtol=1e-6)
