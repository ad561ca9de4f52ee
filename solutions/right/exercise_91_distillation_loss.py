"""The same in another style: sums written out; then kl_div on probabilities, one-hot targets and a saved teacher."""

import contextlib
import copy

import torch
import torch.nn.functional as F


# --- sums written out
def _wide(logits):
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits


def soften(logits, T):
    if T <= 0:
        raise ValueError("T")
    z = _wide(logits) / T
    e = torch.exp(z - z.amax(dim=-1, keepdim=True))
    return e / e.sum(dim=-1, keepdim=True)


def distillation_loss(student_logits, teacher_logits, target, T=4.0, alpha=0.5):
    if T <= 0 or alpha < 0 or alpha > 1:
        raise ValueError("T or alpha")
    N, C = student_logits.shape
    if tuple(teacher_logits.shape) != (N, C) or tuple(target.shape) != (N,):
        raise ValueError("shape")
    student, teacher = _wide(student_logits), _wide(teacher_logits.detach())
    log_q = student / T - torch.logsumexp(student / T, dim=1, keepdim=True)
    log_p = teacher / T - torch.logsumexp(teacher / T, dim=1, keepdim=True)
    soft = (log_p.exp() * (log_p - log_q)).sum() / N
    hard = (torch.logsumexp(student, dim=1) - student[torch.arange(N), target]).mean()
    return alpha * (T * T) * soft + (1 - alpha) * hard


def distillation_grad(student_logits, teacher_logits, T):
    if student_logits.shape != teacher_logits.shape:
        raise ValueError("shape")
    return (soften(student_logits, T) - soften(teacher_logits, T)) * (T / student_logits.shape[0])


# --- library calls
def distillation_loss(student_logits, teacher_logits, target, T=4.0, alpha=0.5):  # noqa: F811
    if not T > 0:
        raise ValueError("T")
    if not 0.0 <= alpha <= 1.0:
        raise ValueError("alpha")
    if student_logits.shape != teacher_logits.shape or target.ndim != 1 or len(target) != len(student_logits):
        raise ValueError("shape")
    kind = torch.float64 if student_logits.dtype == torch.float64 else torch.float32
    student_logits = student_logits.to(kind)
    with torch.no_grad():
        p = F.softmax(teacher_logits.to(kind) / T, dim=1)
    soft = F.kl_div(F.log_softmax(student_logits / T, dim=1), p, reduction="sum") / len(target)
    return T**2 * alpha * soft + (1 - alpha) * F.cross_entropy(student_logits, target)


def distill_step(student, teacher, x, y, optimizer, T, alpha):
    frozen = copy.deepcopy(teacher).eval()  # the teacher itself is not touched
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        targets = frozen(x)
    optimizer.zero_grad(set_to_none=False)
    loss = distillation_loss(student(x), targets, y, T=T, alpha=alpha)
    loss.backward()
    optimizer.step()
    return float(loss)
