import numpy as np


def broadcast_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    rank = len(max(shapes, key=len, default=()))
    result = []
    for axis in range(-rank, 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(sizes) > 1:
            raise ValueError(f"axis {axis}: sizes {sizes} do not broadcast")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def row_major_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides = [1] * len(shape)
    for k in reversed(range(len(shape) - 1)):
        strides[k] = strides[k + 1] * (shape[k + 1] or 1)
    return tuple(strides)


def flat_index(index: tuple[int, ...], shape: tuple[int, ...]) -> int:
    offset = 0
    for i, size, stride in zip(index, shape, row_major_strides(shape), strict=True):  # ValueError: ranks differ
        if not -size <= i < size:
            raise ValueError(f"index {i} is outside an axis of size {size}")
        offset += i % size * stride  # -1 % size is size - 1
    return offset


def one_hot(labels: np.ndarray, num_classes: int) -> np.ndarray:
    if num_classes <= 0:
        raise ValueError("num_classes must be positive")
    if ((labels < 0) | (labels >= num_classes)).any():
        raise ValueError("labels must lie in [0, num_classes)")
    return (labels[:, None] == np.arange(num_classes)).astype(np.float64)  # (N, 1) == (C,) -> (N, C)
