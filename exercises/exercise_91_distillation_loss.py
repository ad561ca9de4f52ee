"""Knowledge distillation loss.

A small student learns from a trained teacher: not only which class is right, but how the teacher spreads its
probability over the wrong ones. A temperature T softens both distributions so that the small ones show:

    p = softmax(teacher / T),  q = softmax(student / T)
    soft = (1/N) * sum_n sum_c p[n, c] * (log p[n, c] - log q[n, c])         (KL(p || q), teacher first)
    hard = cross-entropy of softmax(student) with the targets, mean over n   (temperature 1)
    loss = alpha * T^2 * soft + (1 - alpha) * hard

Softening by T shrinks the gradient of the soft term by 1/T^2; the factor T^2 undoes that, so alpha keeps its
meaning when T changes. Both terms are sums over classes and means over the N samples.

All logits are finite floats of any size (+-1e4, say): every result is finite, too. So work with log-softmax,
never with the logarithm of a softmax. float32 and float64 keep their dtype; float16 and bfloat16 logits are
computed, and returned, in float32.

`soften(logits, T)`
    logits   tensor (..., C), classes last
    T        temperature, a number > 0
    returns  softmax(logits / T) over the classes, same shape

`distillation_loss(student_logits, teacher_logits, target, T=4.0, alpha=0.5)`
    student_logits   (N, C)
    teacher_logits   (N, C), a constant: no gradient flows into it, even if it has requires_grad
    target           (N,), int64 class numbers from 0 to C - 1
    T                a number > 0
    alpha            the weight of the SOFT term, 0 <= alpha <= 1
    returns          the loss, a tensor of shape () through which autograd reaches student_logits

`distillation_grad(student_logits, teacher_logits, T)`
    returns  the gradient of T^2 * soft with respect to student_logits, (N, C), by formula:
             T * (softmax(student / T) - softmax(teacher / T)) / N.
             No autograd: it also works under torch.no_grad().

`distill_step(student, teacher, x, y, optimizer, T, alpha)`
    student, teacher   nn.Modules that map x to logits (N, C); one forward pass of each
    x, y               a batch and its targets (N,)
    optimizer          has zero_grad() and step(), as torch.optim's; works on the student's parameters, which
                       may still hold old gradients
    returns            the loss of this batch before the update, a Python float

    One training step: the teacher's logits, loss, gradients, exactly one optimizer.step(). The teacher is a
    constant: it runs in eval mode with gradients switched off, and is left as it was: parameters, buffers
    (BatchNorm's running statistics) and the training flag of EVERY submodule, whatever mixture these were in.
    The student runs in the mode that it is in.

ValueError (all but distill_step): T <= 0, alpha outside [0, 1], student and teacher logits of different
shapes (no broadcasting), target of any shape but (N,).

Example
    >>> student, teacher = torch.zeros(1, 2), torch.tensor([[1.0, 9.0]]).log()
    >>> soften(teacher, 2.0)  # 1 / (1 + 3), 3 / (1 + 3): T = 2 takes the root of 9
    tensor([[0.2500, 0.7500]])
    >>> label = torch.tensor([1])
    >>> distillation_loss(student, teacher, label, T=2.0, alpha=1.0)  # 4 * (log(1/2) / 4 + 3 * log(3/2) / 4)
    tensor(0.5232)
    >>> distillation_loss(student, teacher, label, T=2.0, alpha=0.0)  # log 2
    tensor(0.6931)
    >>> distillation_grad(student, teacher, 2.0)  # 2 * (1/2 - 1/4), 2 * (1/2 - 3/4)
    tensor([[ 0.5000, -0.5000]])

F.kl_div(input, target) computes KL(target || input): its input are LOG-probabilities, here of the student,
and its default reduction 'mean' divides by N * C; 'batchmean' divides by N.

Asked next: what does the gradient of the soft term become for very large T (matching of centred logits)? Why
is KL(teacher || student) used rather than its reverse? What is "dark knowledge", and why does a teacher that
was trained with label smoothing pass on less of it? How would you distil features instead of logits?
"""

import torch
from torch import Tensor, nn


def soften(logits: Tensor, T: float) -> Tensor:
    raise NotImplementedError("TODO: softmax of logits / T")


def distillation_loss(
    student_logits: Tensor, teacher_logits: Tensor, target: Tensor, T: float = 4.0, alpha: float = 0.5
) -> Tensor:
    raise NotImplementedError("TODO: alpha * T^2 * KL(teacher || student) + (1 - alpha) * cross-entropy")


def distillation_grad(student_logits: Tensor, teacher_logits: Tensor, T: float) -> Tensor:
    raise NotImplementedError("TODO: T * (q - p) / N")


def distill_step(
    student: nn.Module,
    teacher: nn.Module,
    x: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    T: float,
    alpha: float,
) -> float:
    raise NotImplementedError("TODO: constant teacher, loss, backward, one step")
