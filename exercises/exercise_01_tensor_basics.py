"""Tensors: shape, strides, broadcasting.

A tensor is a flat block of numbers plus bookkeeping: a shape, and strides that say how far apart neighbours
along each axis lie in the block. Write that bookkeeping. Shapes are tuples of ints >= 0; () is the shape of a
single number.

`broadcast_shape(*shapes)`
    shapes       any number of shapes, of any ranks; none at all gives ()
    returns      the tuple of ints that the shapes broadcast to

    Line the shapes up at the LAST axis; a missing axis is a leading one and counts as size 1. Per axis, equal
    sizes stay, and a size of 1 stretches to the other one: 1 with 4 gives 4, and 1 with 0 gives 0.
    ValueError: any other pair of sizes (2 with 3, 0 with 3). Its message contains the axis, counted from the
    end, as a negative number: -1 for the last axis. Where several axes are bad, any one of them will do.

`row_major_strides(shape)`
    returns      the tuple of C-order strides, counted in elements, not in bytes

        s[-1] = 1,   s[k] = s[k+1] * max(shape[k+1], 1)

    so the last axis is contiguous, and an axis of size 0 counts as 1. The strides of () are ().

`flat_index(index, shape)`
    index        a tuple of ints, one per axis; negative ones count from the end, -1 is the last place
    returns      an int, the element's offset in the C-order block: sum_k i_k * s_k; 0 for () in shape ()

    ValueError: an entry outside its axis, that is not -shape[k] <= i_k < shape[k] (no entry fits into an axis
    of size 0); an index with more or fewer entries than shape.

`one_hot(labels, num_classes)`
    labels       (N,) integers of any integer dtype; N may be 0
    num_classes  the number of columns C
    returns      a float64 array (N, C), 1.0 at column labels[n] of row n, else 0.0; labels stays as it is

    ValueError: C <= 0, a negative label (labels do not count from the end), a label >= C.

Example
    >>> broadcast_shape((8, 1, 6), (7, 1))
    (8, 7, 6)
    >>> row_major_strides((2, 3, 4))
    (12, 4, 1)
    >>> flat_index((1, -1), (2, 3))
    5
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])

Asked next: which strides make a broadcast view of size 1000 out of one number, without a copy? What do
transposing and reshaping do to the strides, and when must a reshape copy? Why is adding (N,) to (N, 1) a
classic silent bug?
"""

import numpy as np


def broadcast_shape(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    raise NotImplementedError("TODO: compare the sizes axis by axis, from the last axis on")


def row_major_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    raise NotImplementedError("TODO: from the last axis to the first, multiply the sizes passed")


def flat_index(index: tuple[int, ...], shape: tuple[int, ...]) -> int:
    raise NotImplementedError("TODO: check each entry, shift the negative ones, sum index times stride")


def one_hot(labels: np.ndarray, num_classes: int) -> np.ndarray:
    raise NotImplementedError("TODO: refuse bad labels, then put one 1.0 into each row")
