"""Answers people really give. Each must fail exactly the checks it names."""

import torch
import torch.nn.functional as F

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_91_distillation_loss import distillation_loss as reference_loss
from dlkit.solutions.exercise_91_distillation_loss import soften


def _wide(logits):
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits


def _prepared(student_logits, teacher_logits, target, T, alpha):
    """Widened logits; the teacher's detached; the reference's ValueErrors."""
    reference_loss(student_logits, teacher_logits, target, T, alpha)
    return _wide(student_logits), _wide(teacher_logits.detach())


def _soft(s, t, T):
    return F.kl_div(F.log_softmax(s / T, -1), F.log_softmax(t / T, -1), reduction="batchmean", log_target=True)


@wrong(
    replaces="distillation_loss",
    fails=["value", "gradient_value", "t_squared", "teacher_constant", "stability", "step"],
)
def no_t_squared(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """The gradient of the soft term shrinks by 1/T^2: multiply that term by T^2."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    return alpha * _soft(s, t, T) + (1 - alpha) * F.cross_entropy(s, target)


@wrong(
    replaces="distillation_loss", fails=["value", "limits", "gradient_value", "teacher_constant", "stability", "step"]
)
def t_squared_on_both(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """T^2 belongs to the soft term, whose gradient T shrinks; the hard term is not softened and needs no factor."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    return T**2 * (alpha * _soft(s, t, T) + (1 - alpha) * F.cross_entropy(s, target))


@wrong(replaces="distillation_loss", fails=["value", "gradient_value", "teacher_constant", "stability", "step"])
def kl_reversed(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """The teacher comes first, KL(teacher || student): F.kl_div takes the student's LOG-probs as its input."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    return alpha * T**2 * _soft(t, s, T) + (1 - alpha) * F.cross_entropy(s, target)


@wrong(
    replaces="distillation_loss",
    fails=["value", "gradient_value", "t_squared", "teacher_constant", "stability", "step"],
)
def reduction_mean(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """F.kl_div's default 'mean' also divides by the number of classes C: use reduction='batchmean'."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    soft = F.kl_div(F.log_softmax(s / T, -1), F.log_softmax(t / T, -1), reduction="mean", log_target=True)
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(s, target)


@wrong(
    replaces="distillation_loss",
    fails=["value", "gradient_value", "t_squared", "teacher_constant", "stability", "step"],
)
def reduction_sum(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """The soft term is a mean over the batch: use reduction='batchmean', or divide the sum by N."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    soft = F.kl_div(F.log_softmax(s / T, -1), F.log_softmax(t / T, -1), reduction="sum", log_target=True)
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(s, target)


@wrong(
    replaces="distillation_loss", fails=["value", "limits", "gradient_value", "teacher_constant", "stability", "step"]
)
def t_on_hard(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """The hard term uses T = 1: cross-entropy of the student's own logits, not of logits / T."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    return alpha * T**2 * _soft(s, t, T) + (1 - alpha) * F.cross_entropy(s / T, target)


@wrong(
    replaces="distillation_loss",
    fails=["value", "limits", "gradient_value", "t_squared", "teacher_constant", "stability", "step"],
)
def probs_to_kl_div(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """The first argument of F.kl_div must be log-probabilities: log_softmax of the student, not its softmax."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    soft = F.kl_div(F.softmax(s / T, -1), F.softmax(t / T, -1), reduction="batchmean")
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(s, target)


@wrong(replaces="distillation_loss", fails=["teacher_constant"])
def teacher_grad(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """The teacher is a constant: detach its logits, or the loss would also pull the teacher towards the student."""
    _prepared(student_logits, teacher_logits, target, T, alpha)
    s, t = _wide(student_logits), _wide(teacher_logits)
    return alpha * T**2 * _soft(s, t, T) + (1 - alpha) * F.cross_entropy(s, target)


@wrong(
    replaces="distillation_loss",
    fails=["value", "limits", "gradient_value", "t_squared", "teacher_constant", "stability", "step"],
)
def alpha_swapped(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """alpha weighs the SOFT term here, 1 - alpha the hard one; many papers write it the other way round."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    return (1 - alpha) * T**2 * _soft(s, t, T) + alpha * F.cross_entropy(s, target)


@wrong(
    replaces="distillation_loss",
    fails=["value", "limits", "gradient_value", "t_squared", "teacher_constant", "stability", "step"],
)
def teacher_only_softened(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """Soften both with the same T: the student's logits in the KL term are divided by T, too."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    soft = F.kl_div(F.log_softmax(s, -1), F.log_softmax(t / T, -1), reduction="batchmean", log_target=True)
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(s, target)


@wrong(replaces="distillation_loss", fails=["value", "limits", "teacher_constant", "stability", "step"])
def soft_cross_entropy(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """Cross-entropy with the teacher's probabilities has the right gradient, but its value is not the KL: it misses
    minus the teacher's entropy, and is not 0 when the student agrees."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    soft = -(F.softmax(t / T, -1) * F.log_softmax(s / T, -1)).sum(-1).mean()
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(s, target)


@wrong(replaces="distillation_loss", fails=["stability"])
def log_of_softmax(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """A softmax underflows to 0 at large logits and its log is -inf: use log_softmax."""
    s, t = _prepared(student_logits, teacher_logits, target, T, alpha)
    p, q = F.softmax(t / T, -1), F.softmax(s / T, -1)
    soft = (p * (p.log() - q.log())).sum(-1).mean()
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(s, target)


@wrong(replaces="distillation_loss", fails=["stability"])
def half_stays_half(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """Half precision overflows at 65504 and has three digits: convert the logits to float32 before dividing by T."""
    _prepared(student_logits, teacher_logits, target, T, alpha)
    s, t = student_logits, teacher_logits.detach()
    return alpha * T**2 * _soft(s, t, T) + (1 - alpha) * F.cross_entropy(s, target)


@wrong(
    replaces="distillation_loss",
    fails=["value", "limits", "gradient_value", "t_squared", "teacher_constant", "stability", "step"],
)
def everything_to_float32(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """.float() also cuts float64 down to float32: widen half precision only, float64 logits give a float64 loss."""
    s, t = _prepared(student_logits.float(), teacher_logits.float(), target, T, alpha)
    return alpha * T**2 * _soft(s, t, T) + (1 - alpha) * F.cross_entropy(s, target)


@wrong(replaces="distillation_loss", fails=["errors"])
def shapes_broadcast(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """Logits of shapes (N, C) and (1, C) broadcast without a word: refuse a teacher of another shape."""
    teacher_logits = teacher_logits.expand_as(student_logits)
    return reference_loss(student_logits, teacher_logits, target, T, alpha)


@wrong(replaces="distillation_loss", fails=["errors"])
def alpha_unchecked(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """An alpha outside [0, 1] gives one of the terms a negative weight: raise ValueError."""
    s, t = _prepared(student_logits, teacher_logits, target, T, 0.5)
    return alpha * T**2 * _soft(s, t, T) + (1 - alpha) * F.cross_entropy(s, target)


@wrong(replaces="soften", fails=["value", "gradient_value", "t_squared", "stability"])
def multiplies_by_t(logits, T):
    """A temperature divides the logits; multiplying by it sharpens instead of softening."""
    soften(logits, T)  # the reference's ValueError
    return soften(logits, 1 / T)


@wrong(replaces="soften", fails=["value"])
def soften_axis(logits, T):
    """The classes lie on the LAST axis: dim=-1, whatever the rank of the logits."""
    return soften(logits, T) if logits.ndim < 3 else soften(logits.movedim(1, -1), T).movedim(-1, 1)


def _difference(student_logits, teacher_logits, T):
    if student_logits.shape != teacher_logits.shape:
        raise ValueError("student_logits and teacher_logits differ in shape")
    return soften(student_logits, T) - soften(teacher_logits, T)


@wrong(replaces="distillation_grad", fails=["gradient_value", "t_squared", "stability"])
def grad_without_t(student_logits, teacher_logits, T):
    """One factor T stays: T^2 of the loss times 1/T, the inner derivative of student / T."""
    return _difference(student_logits, teacher_logits, T) / len(student_logits)


@wrong(replaces="distillation_grad", fails=["gradient_value", "t_squared", "stability"])
def grad_with_t_squared(student_logits, teacher_logits, T):
    """The inner derivative of student / T is 1/T: of the factor T^2 only T is left."""
    return T**2 * _difference(student_logits, teacher_logits, T) / len(student_logits)


@wrong(replaces="distillation_grad", fails=["gradient_value", "t_squared", "stability"])
def grad_not_averaged(student_logits, teacher_logits, T):
    """The loss is a mean over the batch, so its gradient carries 1/N."""
    return T * _difference(student_logits, teacher_logits, T)


@wrong(replaces="distillation_grad", fails=["gradient_value", "t_squared", "stability"])
def grad_sign(student_logits, teacher_logits, T):
    """The gradient points away from the teacher, student minus teacher; descent then moves towards it."""
    return T * _difference(teacher_logits, student_logits, T) / len(student_logits)


@wrong(replaces="distillation_grad", fails=["gradient_value"])
def grad_by_autograd(student_logits, teacher_logits, T):
    """Asked is the formula T * (q - p) / N: autograd gives nothing under torch.no_grad()."""
    _difference(student_logits, teacher_logits, T)
    s = student_logits.detach().clone().requires_grad_()
    (T**2 * _soft(_wide(s), _wide(teacher_logits), T)).backward()
    return _wide(s.grad)


@wrong(replaces="distillation_grad", fails=["errors"])
def grad_shapes_broadcast(student_logits, teacher_logits, T):
    """Logits of shapes (N, C) and (1, C) broadcast without a word: refuse a teacher of another shape."""
    return _difference(student_logits, teacher_logits.expand_as(student_logits), T) * T / len(student_logits)


def _modes(teacher):
    return [(module, module.training) for module in teacher.modules()]


def _restore(modes):
    for module, mode in modes:
        module.training = mode


def _constant(teacher, x):
    """The teacher's logits as they should be made."""
    modes = _modes(teacher)
    with torch.no_grad():
        logits = teacher.eval()(x)
    _restore(modes)
    return logits


@wrong(replaces="distill_step", fails=["teacher_constant"])
def teacher_in_train_mode(student, teacher, x, y, optimizer, T, alpha):
    """In train mode the teacher's dropout adds noise and its BatchNorm statistics move: call teacher.eval() first."""
    with torch.no_grad():
        teacher_logits = teacher(x)
    return _update(reference_loss(student(x), teacher_logits, y, T, alpha), optimizer)


@wrong(replaces="distill_step", fails=["teacher_constant"])
def teacher_left_in_eval(student, teacher, x, y, optimizer, T, alpha):
    """The teacher belongs to the caller: put the training flags back as they were."""
    with torch.no_grad():
        teacher_logits = teacher.eval()(x)
    return _update(reference_loss(student(x), teacher_logits, y, T, alpha), optimizer)


@wrong(replaces="distill_step", fails=["teacher_constant"])
def one_flag_for_all(student, teacher, x, y, optimizer, T, alpha):
    """teacher.train(flag) gives every submodule the flag of the root: remember each module's own."""
    flag = teacher.training
    with torch.no_grad():
        teacher_logits = teacher.eval()(x)
    teacher.train(flag)
    return _update(reference_loss(student(x), teacher_logits, y, T, alpha), optimizer)


@wrong(replaces="distill_step", fails=["teacher_constant"])
def teacher_with_graph(student, teacher, x, y, optimizer, T, alpha):
    """The teacher's forward pass needs no graph: switch gradients off (torch.no_grad), detaching later costs memory."""
    modes = _modes(teacher)
    teacher_logits = teacher.eval()(x)
    _restore(modes)
    return _update(reference_loss(student(x), teacher_logits, y, T, alpha), optimizer)


@wrong(replaces="distill_step", fails=["teacher_constant"])
def teacher_frozen_for_good(student, teacher, x, y, optimizer, T, alpha):
    """requires_grad_(False) stays after the step: the caller's teacher has changed. torch.no_grad() leaves no trace."""
    teacher.requires_grad_(False)
    return _update(reference_loss(student(x), _constant(teacher, x), y, T, alpha), optimizer)


def _update(loss, optimizer, clear=True):
    if clear:
        optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@wrong(replaces="distill_step", fails=["step"])
def no_zero_grad(student, teacher, x, y, optimizer, T, alpha):
    """backward() adds to the gradients that are there: clear them with optimizer.zero_grad() first."""
    return _update(reference_loss(student(x), _constant(teacher, x), y, T, alpha), optimizer, clear=False)


@wrong(replaces="distill_step", fails=["teacher_constant", "step"])
def a_step_per_term(student, teacher, x, y, optimizer, T, alpha):
    """One loss, one step: two steps, for the soft and the hard term, use two different students (and Adam states)."""
    teacher_logits = _constant(teacher, x)
    soft = alpha * _update(reference_loss(student(x), teacher_logits, y, T, 1.0) * alpha, optimizer) / alpha
    return soft + _update(reference_loss(student(x), teacher_logits, y, T, 0.0) * (1 - alpha), optimizer)


@wrong(replaces="distill_step", fails=["step"])
def student_forced_to_train(student, teacher, x, y, optimizer, T, alpha):
    """The student runs in the mode that it is in: student.train() here would undo a caller's frozen BatchNorm."""
    student.train()
    return _update(reference_loss(student(x), _constant(teacher, x), y, T, alpha), optimizer)


@wrong(replaces="distill_step", fails=["step"])
def no_update(student, teacher, x, y, optimizer, T, alpha):
    """backward() only fills the gradients; the parameters change in optimizer.step()."""
    optimizer.zero_grad()
    loss = reference_loss(student(x), _constant(teacher, x), y, T, alpha)
    loss.backward()
    return loss.item()


@wrong(replaces="distill_step", fails=["teacher_constant", "step"])
def loss_as_tensor(student, teacher, x, y, optimizer, T, alpha):
    """A float is asked for: a returned tensor keeps the whole graph of the batch alive. Use loss.item()."""
    loss = reference_loss(student(x), _constant(teacher, x), y, T, alpha)
    _update(loss, optimizer)
    return loss


@wrong(replaces="distill_step", fails=["teacher_constant", "step"])
def settings_ignored(student, teacher, x, y, optimizer, T, alpha):
    """T and alpha of the step have to reach the loss; yours uses the defaults."""
    return _update(reference_loss(student(x), _constant(teacher, x), y), optimizer)


@wrong(replaces="soften", fails=["device_parity", "device_no_sync"])
def temperature_on_cpu(logits, T):
    """A tensor made without device= lies on the CPU; a Python number goes to every device."""
    wide = _wide(logits)
    if not T > 0:
        raise ValueError
    return torch.softmax(wide / torch.full((1,), T, dtype=wide.dtype), dim=-1)


@wrong(replaces="distillation_loss", fails=["device_no_sync", "device_step"])
def asks_for_nan(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """An `if` over a tensor makes the host wait for the device in every step."""
    loss = reference_loss(student_logits, teacher_logits, target, T, alpha)
    if torch.isnan(loss):
        return loss.detach()
    return loss


@wrong(
    replaces="distillation_loss",
    fails=["device_parity", "device_gradient", "device_no_sync", "device_half", "device_step"],
)
def computes_on_cpu(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    """A hard-coded .cpu() moves every batch to the host and back: compute where the logits are."""
    return reference_loss(student_logits.cpu(), teacher_logits.cpu(), target.cpu(), T, alpha).to(student_logits.device)
