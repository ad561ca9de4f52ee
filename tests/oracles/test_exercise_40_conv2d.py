"""The reference against torch.nn.functional.conv2d and unfold."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from dlkit.solutions.exercise_40_conv2d import conv2d, im2col

CASES = [
    ((3, 3), 1, 0, 1, 1),
    ((2, 3), 2, 1, 1, 1),
    ((3, 2), (1, 3), (2, 0), (2, 1), 2),
    ((3, 3), (2, 1), 1, (1, 2), 6),
    ((1, 1), 3, 0, 1, 3),
    ((9, 7), 1, 0, 1, 1),
    ((2, 2), 1, 4, 3, 2),
]


@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation", "groups"), CASES)
def test_against_torch(kernel, stride, padding, dilation, groups):
    rng = np.random.default_rng(40)
    x, weight = rng.normal(size=(2, 6, 9, 7)), rng.normal(size=(12, 6 // groups, *kernel))
    bias = rng.normal(size=12)
    settings = (stride, padding, dilation)
    for b in (bias, None):
        expected = F.conv2d(
            torch.tensor(x), torch.tensor(weight), None if b is None else torch.tensor(b), *settings, groups
        )
        np.testing.assert_allclose(conv2d(x, weight, b, *settings, groups), expected.numpy(), rtol=1e-9, atol=1e-12)
    unfolded = F.unfold(torch.tensor(x), kernel, dilation, padding, stride)
    np.testing.assert_array_equal(im2col(x, kernel, *settings), unfolded.numpy())
