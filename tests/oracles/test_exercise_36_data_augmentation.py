import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dlkit.solutions.exercise_36_data_augmentation import augment, cutout, hflip, mixup, random_crop, rot90

X = np.random.default_rng(1).normal(size=(4, 3, 5, 6))


def test_flip_and_turns_agree_with_torch():
    x = torch.tensor(X)
    np.testing.assert_array_equal(hflip(X), x.flip(-1).numpy())
    for k in range(-5, 6):
        np.testing.assert_array_equal(rot90(X, k), torch.rot90(x, k, (2, 3)).numpy())
    flags = torch.tensor(np.random.default_rng(2).random(4) < 0.5)
    expected = torch.where(flags[:, None, None, None], x.flip(-1), x)
    np.testing.assert_array_equal(augment(X, np.random.default_rng(2)), expected.numpy())


@pytest.mark.parametrize(("size", "padding"), [(3, 0), (5, 1), (7, 1), (8, 3)])
def test_crops_are_windows_of_the_padded_image(size, padding):
    crops = random_crop(X, size, padding, np.random.default_rng(3))
    windows = F.pad(torch.tensor(X), (padding,) * 4).unfold(2, size, 1).unfold(3, size, 1)
    draws = np.random.default_rng(3)
    for i, crop in enumerate(crops):
        top, left = draws.integers(0, windows.shape[2]), draws.integers(0, windows.shape[3])
        np.testing.assert_array_equal(crop, windows[i, :, top, left].numpy())


@pytest.mark.parametrize("size", [1, 3, 5, 11])
def test_squares_agree_with_a_max_pooled_centre(size):
    # A square of odd size is what max pooling makes of the one pixel in its centre.
    centres, draws = torch.zeros(4, 1, 5, 6), np.random.default_rng(4)
    for i in range(4):
        centres[i, 0, draws.integers(0, 5), draws.integers(0, 6)] = 1
    covered = F.max_pool2d(F.pad(centres, (size // 2,) * 4), size, 1)
    expected = torch.where(covered > 0, 0.5, torch.tensor(X))
    np.testing.assert_array_equal(cutout(X, size, np.random.default_rng(4), 0.5), expected.numpy())


def test_mixup_agrees_with_lerp():
    y, draws = np.eye(4), np.random.default_rng(5)
    lam, perm = draws.beta(0.4, 0.4), draws.permutation(4)
    for a, mixed in zip((X, y), mixup(X, y, 0.4, np.random.default_rng(5)), strict=True):
        t = torch.tensor(a)
        np.testing.assert_allclose(mixed, torch.lerp(t[perm], t, lam).numpy(), rtol=1e-9, atol=1e-12)
