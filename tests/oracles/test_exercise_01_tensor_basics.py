import numpy as np
import torch

from dlkit.solutions.exercise_01_tensor_basics import broadcast_shape, flat_index, one_hot, row_major_strides


def test_agrees_with_torch():
    rng = np.random.default_rng(1)
    for rank in range(6):
        shape = tuple(int(n) for n in rng.integers(0, 5, size=rank))
        other = tuple(n if rng.random() < 0.5 else 1 for n in shape[int(rng.integers(0, rank + 1)) :])
        assert broadcast_shape(shape, other) == tuple(torch.broadcast_shapes(shape, other))
        assert row_major_strides(shape) == torch.empty(shape).stride()


def test_flat_index_and_one_hot_agree_with_torch():
    rng = np.random.default_rng(2)
    for rank in range(1, 6):
        shape = tuple(int(n) for n in rng.integers(1, 5, size=rank))
        index = tuple(int(rng.integers(-n, n)) for n in shape)
        block = torch.arange(int(np.prod(shape))).reshape(shape)
        assert flat_index(index, shape) == block[index].item()
    labels = rng.integers(0, 7, size=11)
    assert (one_hot(labels, 7) == torch.nn.functional.one_hot(torch.tensor(labels), 7).double().numpy()).all()
