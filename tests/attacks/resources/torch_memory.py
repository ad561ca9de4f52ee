"""Asks torch for memory, in pieces of 64 MiB up to 2 GiB. Right would be to refuse; it answers with how much it got."""

import torch

STATUS = {"failed", "out_of_memory", "invalid"}
MAX_SCORE = 0.0
EXERCISE = "distillation_loss"
CALL_SECONDS = 8.0  # it ends by itself, but takes longer on a busy machine

held = []
for _ in range(32):
    held.append(torch.ones(16 << 20))


def nothing(*args, **kwargs):
    return None


soften = distillation_loss = distillation_grad = distill_step = nothing
