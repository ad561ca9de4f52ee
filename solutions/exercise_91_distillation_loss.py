import torch
import torch.nn.functional as F
from torch import Tensor, nn


def soften(logits: Tensor, T: float) -> Tensor:
    return _log_soft(logits, T).exp()


def _log_soft(logits: Tensor, T: float) -> Tensor:
    if not T > 0:
        raise ValueError("T must be positive")
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))  # changes half precision only
    return F.log_softmax(wide / T, dim=-1)


def distillation_loss(
    student_logits: Tensor, teacher_logits: Tensor, target: Tensor, T: float = 4.0, alpha: float = 0.5
) -> Tensor:
    _check_shapes(student_logits, teacher_logits)
    if target.shape != (len(student_logits),):
        raise ValueError("target must have shape (N,)")
    if not 0 <= alpha <= 1:
        raise ValueError("alpha must lie in [0, 1]")
    log_q = _log_soft(student_logits, T)  # (N, C)
    log_p = _log_soft(teacher_logits.detach(), T)  # (N, C)
    soft = F.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    hard = F.nll_loss(_log_soft(student_logits, 1.0), target)
    return alpha * T**2 * soft + (1 - alpha) * hard


def _check_shapes(student_logits: Tensor, teacher_logits: Tensor) -> None:
    if student_logits.shape != teacher_logits.shape:
        raise ValueError("student_logits and teacher_logits differ in shape")


def distillation_grad(student_logits: Tensor, teacher_logits: Tensor, T: float) -> Tensor:
    _check_shapes(student_logits, teacher_logits)
    return T * (soften(student_logits, T) - soften(teacher_logits, T)) / len(student_logits)


def distill_step(
    student: nn.Module,
    teacher: nn.Module,
    x: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    T: float,
    alpha: float,
) -> float:
    flags = [(module, module.training) for module in teacher.modules()]
    teacher.eval()
    with torch.no_grad():
        teacher_logits = teacher(x)
    for module, flag in flags:
        module.training = flag
    loss = distillation_loss(student(x), teacher_logits, y, T, alpha)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
