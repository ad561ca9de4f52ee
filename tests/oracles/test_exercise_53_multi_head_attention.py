"""The reference against torch.nn.MultiheadAttention, whose state_dict it loads, and the other way round."""

import numpy as np
import torch
from torch import nn

from dlkit.solutions.exercise_53_multi_head_attention import MultiHeadAttention


def test_output_and_weights_are_those_of_the_library() -> None:
    torch.manual_seed(0)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        N, h, L, S, d = (int(n) for n in rng.permutation([2, 3, 4, 5, 6]))
        library = nn.MultiheadAttention(h * d, h, bias=seed % 2 == 0, batch_first=True, dtype=torch.float64)
        module = MultiHeadAttention(h * d, h, seed % 2 == 0).double()
        module.load_state_dict(library.state_dict())
        library.load_state_dict(module.state_dict())
        x, y, z = (torch.tensor(rng.normal(size=(N, n, h * d))) for n in (L, S, S))
        padding = torch.tensor(rng.random((N, S)) < 0.4)
        mask = torch.tensor(rng.random((N * h, L, S)) < 0.4)
        padding[:, 0] = mask[..., 0] = False
        for options in ({}, {"key_padding_mask": padding}, {"attn_mask": mask}, {"attn_mask": mask[0]}):
            output, weights = module(x, y, z, **options, need_weights=True)
            expected = library(x, y, z, **options, need_weights=True)
            torch.testing.assert_close((output, weights), expected, rtol=1e-9, atol=1e-12)
