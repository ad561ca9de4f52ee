"""Answers people really give. Each must fail exactly the checks it names."""

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_01_tensor_basics import broadcast_shape, flat_index, one_hot, row_major_strides


@wrong(replaces="broadcast_shape", fails=["broadcast_value", "broadcast_incompatible"])
def left_align(*shapes):
    """Shapes line up from the LAST axis; a missing axis is a leading 1, you added the ones at the end."""
    rank = max(map(len, shapes), default=0)
    return broadcast_shape(*(s + (1,) * (rank - len(s)) for s in shapes))


@wrong(replaces="broadcast_shape", fails=["broadcast_value", "broadcast_incompatible"])
def max_size(*shapes):
    """Only size 1 stretches: 2 against 3 must be refused, and 0 against 1 gives 0. The larger size is no rule."""
    rank = max(map(len, shapes), default=0)
    return tuple(max(s[axis] for s in shapes if len(s) >= -axis) for axis in range(-rank, 0))


@wrong(replaces="broadcast_shape", fails=["broadcast_value"])
def zero_becomes_one(*shapes):
    """A size of 1 stretches to the OTHER size, and that may be 0: max(1, 0) is 1, the right answer is 0."""
    broadcast_shape(*shapes)  # the reference's ValueErrors
    return max_size(*shapes)


@wrong(replaces="broadcast_shape", fails=["broadcast_value"])
def first_two_only(*shapes):
    """Every shape takes part; you look at the first two only."""
    broadcast_shape(*shapes)
    return broadcast_shape(*shapes[:2])


@wrong(replaces="broadcast_shape", fails=["broadcast_incompatible"])
def pairs_with_first(*shapes):
    """Compare every shape with the result so far: the others can clash where the first shape has size 1."""
    for shape in shapes[1:]:
        broadcast_shape(shapes[0], shape)
    rank = max(map(len, shapes), default=0)
    sizes = [[s[axis] for s in shapes if len(s) >= -axis] for axis in range(-rank, 0)]
    return tuple(next((n for n in of_axis if n != 1), 1) for of_axis in sizes)


@wrong(replaces="broadcast_shape", fails=["broadcast_incompatible"])
def axis_from_front(*shapes):
    """Name the bad axis as it is counted from the end (-1 is the last): from the front, ranks that differ disagree."""
    try:
        return broadcast_shape(*shapes)
    except ValueError as error:
        axis = int(str(error).split()[1].rstrip(":"))
        raise ValueError(f"axis {max(map(len, shapes)) + axis} does not broadcast") from None


@wrong(replaces="row_major_strides", fails=["strides_value", "flat_index_value"])
def column_major(shape):
    """You built Fortran order; in C order the last axis is contiguous (stride 1)."""
    return row_major_strides(shape[::-1])[::-1]


@wrong(replaces="row_major_strides", fails=["strides_value", "flat_index_value"])
def byte_strides(shape):
    """Strides here count elements, not bytes: do not multiply by the item size."""
    return tuple(8 * s for s in row_major_strides(shape))


@wrong(replaces="row_major_strides", fails=["strides_value"])
def zero_stride(shape):
    """An axis of size 0 counts as 1 in the product, else every stride before it becomes 0."""
    return tuple(int(np.prod(shape[k + 1 :])) for k in range(len(shape)))


@wrong(replaces="row_major_strides", fails=["strides_value", "flat_index_value"])
def own_size_counts(shape):
    """The stride of an axis is the product of the sizes AFTER it; its own size does not count."""
    return tuple(s * max(n, 1) for s, n in zip(row_major_strides(shape), shape, strict=True))


@wrong(replaces="flat_index", fails=["flat_index_value"])
def neg_index(index, shape):
    """Add the axis length to a negative index before multiplying by the stride."""
    flat_index(index, shape)
    return sum(i * s for i, s in zip(index, row_major_strides(shape), strict=True))


@wrong(replaces="flat_index", fails=["flat_index_value"])
def neg_shift_off_by_one(index, shape):
    """-1 is the last place, size - 1: a negative index i means i + size, not i + size - 1."""
    flat_index(index, shape)
    shifted = [i + n - 1 if i < 0 else i for i, n in zip(index, shape, strict=True)]
    return sum(i * s for i, s in zip(shifted, row_major_strides(shape), strict=True))


@wrong(replaces="flat_index", fails=["errors"])
def wraps_around(index, shape):
    """An index outside its axis is an error; i % size silently wraps it onto another element."""
    if len(index) != len(shape) or 0 in shape:
        raise ValueError("index")
    return sum(i % n * s for i, n, s in zip(index, shape, row_major_strides(shape), strict=True))


@wrong(replaces="flat_index", fails=["errors"])
def only_offset_checked(index, shape):
    """An offset inside the block is not enough: each entry must lie inside its own axis."""
    strides = row_major_strides(shape)
    shifted = [i + n if i < 0 else i for i, n in zip(index, shape, strict=True)]
    offset = sum(i * s for i, s in zip(shifted, strides, strict=True))
    if not 0 <= offset < int(np.prod(shape)):
        raise ValueError("index")
    return offset


@wrong(replaces="flat_index", fails=["errors"])
def rank_ignored(index, shape):
    """zip stops at the shorter one: an index with too few or too many entries must be refused."""
    rank = min(len(index), len(shape))
    return flat_index(index[:rank], shape[:rank])


@wrong(replaces="one_hot", fails=["errors"])
def label_from_the_end(labels, num_classes):
    """numpy reads label -1 as the last column; a negative label is an error here, not an index from the end."""
    if num_classes <= 0 or (labels >= num_classes).any() or (labels < -num_classes).any():
        raise ValueError("labels")
    return one_hot(labels % num_classes, num_classes)


@wrong(replaces="one_hot", fails=["errors"])
def bad_label_all_zeros(labels, num_classes):
    """A label outside [0, num_classes) must be refused; you return a row of zeros for it."""
    if num_classes <= 0:
        raise ValueError("num_classes")
    return (labels[:, None] == np.arange(num_classes)).astype(np.float64)


@wrong(replaces="one_hot", fails=["one_hot_value"])
def classes_from_data(labels, num_classes):
    """The number of columns is num_classes, also where the largest class does not occur in this batch."""
    one_hot(labels, num_classes)
    return one_hot(labels, int(labels.max(initial=0)) + 1)


@wrong(replaces="one_hot", fails=["one_hot_value"])
def classes_as_rows(labels, num_classes):
    """One ROW per label, one column per class: (N, C). You built the transpose."""
    return one_hot(labels, num_classes).T


@wrong(replaces="one_hot", fails=["one_hot_value"])
def integer_result(labels, num_classes):
    """The result should be float64, so that it can enter a product with logits and gradients as it is."""
    return one_hot(labels, num_classes).astype(labels.dtype)
