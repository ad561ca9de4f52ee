"""The reference against torch's own attention and gradcheck, in float64."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dlkit.solutions.exercise_52_scaled_dot_product_attention import causal_mask, scaled_dot_product_attention


def _inputs(seed: int, lead: tuple[int, ...] = (2, 3)) -> tuple[np.random.Generator, Tensor, Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    L, S, E, Ev = (int(n) for n in rng.permutation([2, 3, 4, 5, 6])[:4])
    return rng, *(torch.tensor(rng.normal(size=(*lead, *shape))) for shape in ((L, E), (S, E), (S, Ev)))


def test_output_is_that_of_the_library() -> None:
    for seed in range(20):
        rng, q, k, v = _inputs(seed)
        L, S = q.shape[-2], k.shape[-2]
        bool_mask = torch.tensor(rng.random((2, 1, L, S)) < 0.6)
        bool_mask[..., 0] = True
        bias = torch.tensor(rng.normal(size=(3, L, S)))
        for mask, causal, scale in (
            (None, False, None),
            (bool_mask, False, 0.3),
            (bias, False, None),
            (None, True, None),
        ):
            output, weights = scaled_dot_product_attention(q, k, v, mask, causal, scale)
            expected = F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal, scale=scale)
            torch.testing.assert_close(output, expected, rtol=1e-9, atol=1e-12)
            torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, L, dtype=torch.float64))


def test_gradients_also_where_a_query_sees_nothing() -> None:
    for seed in range(2):
        rng, q, k, v = _inputs(seed, (2,))
        mask = causal_mask(q.shape[-2], k.shape[-2])
        mask[0] = False
        arguments = [x.requires_grad_() for x in (q, k, v)]
        bias = torch.tensor(rng.normal(size=mask.shape), requires_grad=True)
        assert torch.autograd.gradcheck(
            lambda *a, m=mask: scaled_dot_product_attention(*a, m), arguments, fast_mode=True
        )
        assert torch.autograd.gradcheck(scaled_dot_product_attention, (*arguments, bias), fast_mode=True)
