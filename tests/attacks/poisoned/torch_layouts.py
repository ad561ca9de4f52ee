"""Returns tensors that are sparse, quantized, nested, conjugated, without data, or expanded to a trillion numbers."""

import itertools

import torch

STATUS = {"failed"}
MAX_SCORE = 2.5  # three cases compare two answers of its own
EXERCISE = "distillation_loss"

kinds = itertools.cycle(
    [
        lambda: torch.eye(3).to_sparse(),
        lambda: torch.eye(3).to_sparse_csr(),
        lambda: torch.empty(2**40, device="meta"),
        lambda: torch.zeros(1).expand(10**12),
        lambda: torch.zeros(3, dtype=torch.complex64).conj(),
        lambda: torch.zeros(3, dtype=torch.complex64).conj().imag,
        lambda: torch.zeros(3, dtype=torch.bfloat16),
        lambda: torch.zeros(3).to(torch.float8_e4m3fn),
        lambda: torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)]),
        lambda: torch.zeros(0, 2**40),
        lambda: torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8),
    ]
)


def odd(*args, **kwargs):
    return next(kinds)()


soften = distillation_loss = distillation_grad = distill_step = odd
