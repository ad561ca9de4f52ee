"""Each docstring is the line the learner reads. The oracle is numpy's own bookkeeping."""

import re

import numpy as np

from dlkit.grader.compare import (
    check,
    check_close,
    check_equal,
    check_pure,
    check_raises,
    check_shape,
    check_type,
    unpack,
)
from dlkit.grader.plugin import points


def compatible_shapes(rng, rank, count):
    """Shapes that broadcast: suffixes of one shape, some of their sizes replaced by 1."""
    sizes = rng.choice([0, 1, 2, 3, 4, 5], size=rank, p=[0.1, 0.1, 0.2, 0.2, 0.2, 0.2])
    shapes = []
    for _ in range(count):
        start = int(rng.integers(0, rank + 1))
        shapes.append(tuple(1 if rng.random() < 0.3 else int(n) for n in sizes[start:]))
    return shapes


@points(25)
def test_broadcast_value(candidate, rng, case):
    """Shapes of any ranks and any number broadcast to numpy's common shape."""
    with case("by hand"):  # -1: 4 with 1 is 4; -2: 1 with 3 is 3; -3: 2 with nothing is 2
        check_equal("broadcast_shape((2, 1, 4), (3, 1))", candidate.broadcast_shape((2, 1, 4), (3, 1)), (2, 3, 4))
    with case("three shapes"):  # -1: 1, 5, nothing but 1; -2: 4, 1, nothing; -3: only the first has one
        result = candidate.broadcast_shape((1,), (6, 1, 5), (4, 1))
        check_equal("broadcast_shape((1,), (6, 1, 5), (4, 1))", result, (6, 4, 5))
        check_type("the result of broadcast_shape", result, tuple)
    for shapes, expected in (
        ((), ()),
        (((),), ()),
        (((3, 2),), (3, 2)),
        (((), (2, 3), ()), (2, 3)),
        (((1, 1), (1,)), (1, 1)),
        (((0,), (1,)), (0,)),
        (((4, 1), (0,)), (4, 0)),
        (((3, 0), (3, 0), (1, 1)), (3, 0)),
    ):
        with case(f"shapes {shapes}"):
            check_equal(f"broadcast_shape{shapes}", candidate.broadcast_shape(*shapes), expected)
    for rank in range(6):
        for count in (2, 3, 5):
            shapes = compatible_shapes(rng, rank, count)
            with case(f"rank {rank}, {count} shapes"):
                words = f"broadcast_shape({', '.join(map(str, shapes))})"
                check_equal(words, candidate.broadcast_shape(*shapes), np.broadcast_shapes(*shapes))


@points(15)
def test_broadcast_incompatible(candidate, rng, case):
    """Shapes that do not broadcast raise ValueError, and its message names the axis, counted from the end."""
    clashes = [
        ([(2, 3), (2, 4)], -1),
        ([(4,), (3,)], -1),
        ([(3, 1, 2), (4, 1, 2)], -3),
        ([(0,), (3,)], -1),
        ([(2, 3), (2,)], -1),  # the shorter one belongs to the end
        ([(5, 2, 4, 3), (3, 4, 1)], -3),
        ([(1, 2), (3, 1), (4, 1)], -2),  # the first shape agrees with each of the others
        ([(2, 6), (2, 1), (1, 5)], -1),
    ]
    for rank in (2, 3, 4, 5):
        axis = -int(rng.integers(1, rank + 1))
        sizes = [int(n) for n in rng.integers(1, 5, size=rank)]
        other = [n if rng.random() < 0.5 else 1 for n in sizes]
        sizes[axis], other[axis] = (int(n) for n in rng.choice([0, 2, 3, 4, 5], size=2, replace=False))
        shapes = [tuple(sizes), tuple(other)[int(rng.integers(0, rank + axis + 1)) :]]
        clashes.append((shapes if rng.random() < 0.5 else shapes[::-1], axis))
    for number, (shapes, axis) in enumerate(clashes):
        with case(f"clash {number}"):
            check_clash(candidate, shapes, axis)


def check_clash(candidate, shapes, axis):
    words = f"broadcast_shape({', '.join(map(str, shapes))})"
    returned, named = unpack(words, candidate.run(clash, *shapes), 2)
    check(named is not None, f"{words} should raise ValueError; your code returned {returned}.")
    check(str(axis) in named, f"The message of the ValueError of {words} should contain the bad axis, {axis}.")


def clash(m, *shapes):
    """What came back, or the negative numbers in the message of the ValueError."""
    try:
        return m.broadcast_shape(*shapes), None
    except ValueError as error:
        return None, re.findall(r"-\d+", str(error))


@points(20)
def test_strides_value(candidate, rng, case):
    """The strides are those of a C-order array, in elements."""
    with case("by hand"):  # 1; 4 * 1; 3 * 4; 5 * 12
        result = candidate.row_major_strides((2, 5, 3, 4))
        check_equal("row_major_strides((2, 5, 3, 4))", result, (60, 12, 4, 1))
        check_type("the result of row_major_strides", result, tuple)
    for shape, expected in (
        ((), ()),
        ((7,), (1,)),
        ((0,), (1,)),
        ((3, 1, 1), (1, 1, 1)),
        ((2, 0, 3), (3, 3, 1)),  # the 0 counts as 1
        ((4, 3, 0), (3, 1, 1)),
    ):
        with case(f"shape {shape}"):
            check_equal(f"row_major_strides({shape})", candidate.row_major_strides(shape), expected)
    for rank in (2, 3, 4, 5):
        shape = tuple(int(n) for n in rng.permutation([2, 3, 4, 5, 6])[:rank])
        shapes = [shape, tuple(int(n) for n in rng.integers(1, 7, size=rank))]
        for number, shape in enumerate(shapes):
            with case(f"rank {rank}, shape {number}"):
                array = np.zeros(shape, dtype=np.int16)
                expected = tuple(s // array.itemsize for s in array.strides)
                check_equal(f"row_major_strides({shape})", candidate.row_major_strides(shape), expected)


@points(20)
def test_flat_index_value(candidate, rng, case):
    """flat_index finds each element in the flattened array, negative entries included."""
    with case("by hand"):  # 1 * 12 + 0 * 4 + 2 * 1
        result = candidate.flat_index((1, 0, 2), (2, 3, 4))
        check_equal("flat_index((1, 0, 2), (2, 3, 4))", result, 14)
        check_type("the result of flat_index", result, int)
    with case("by hand, negative"):  # (2 - 1) * 3 + (3 - 3) * 1
        check_equal("flat_index((-1, -3), (2, 3))", candidate.flat_index((-1, -3), (2, 3)), 3)
    with case("a single number"):
        check_equal("flat_index((), ())", candidate.flat_index((), ()), 0)
    for rank in range(1, 6):
        shape = tuple(int(n) for n in rng.permutation([2, 3, 4, 5, 6])[:rank])
        places = np.arange(np.prod(shape)).reshape(shape)
        front = tuple(int(rng.integers(1, n)) for n in shape)
        back = tuple(int(rng.integers(-n, -1)) for n in shape)
        mixed = tuple(int(rng.integers(-n, n)) for n in shape)
        for words, index in (("first", (0,) * rank), ("front", front), ("back", back), ("mixed", mixed)):
            with case(f"rank {rank}, {words}"):
                check_equal(f"flat_index({index}, {shape})", candidate.flat_index(index, shape), int(places[index]))


@points(10)
def test_one_hot_value(candidate, rng, case):
    """Each row has its 1.0 in the label's column; the result is float64 of shape (N, C)."""
    with case("by hand"):
        expected = np.array([[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
        check_close("one_hot([2, 0, 2], 4)", candidate.one_hot(np.array([2, 0, 2]), 4), expected, dtype=True)
    for dtype in ("int64", "int32", "uint8"):
        rows, classes = (int(n) for n in rng.choice([2, 3, 5, 6, 7], size=2, replace=False))
        labels = rng.integers(0, classes, size=rows).astype(dtype)
        labels[0] = classes - 1
        with case(f"{dtype} labels"):
            result = candidate.one_hot(labels, num_classes=classes)
            check_close(f"one_hot({labels}, {classes})", result, np.eye(classes)[labels], dtype=True)
    with case("the labels of every second place"):
        labels = rng.integers(0, 4, size=10)[::2]
        check_close(f"one_hot({labels}, 4)", candidate.one_hot(labels, 4), np.eye(4)[labels])
    with case("one class"):
        check_close("one_hot([0, 0], 1)", candidate.one_hot(np.array([0, 0]), 1), np.ones((2, 1)))
    with case("no labels"):
        result = candidate.one_hot(np.array([], dtype=np.int64), 3)
        check_shape("one_hot of no labels", result, (0, 3))
    check_pure(candidate, "labels")


@points(10)
def test_errors(candidate, rng, case):
    """A place outside the shape, a wrong number of entries, a bad label or no classes raise ValueError."""
    size = int(rng.integers(2, 6))
    for index, shape in (
        ((size,), (size,)),
        ((-size - 1,), (size,)),
        ((0, 3), (2, 3)),  # offset 3 lies inside the block of 6
        ((-3, 1), (2, 3)),
        ((1, -4, 0), (2, 3, 4)),  # as above
        ((1, 0), (3, 0)),  # nothing fits into an axis of size 0
        ((1,), (2, 3)),
        ((0, 0, 0), (2, 3)),
        ((0,), ()),
        ((), (2,)),
    ):
        with case(f"index {index}, shape {shape}"), check_raises(ValueError, f"flat_index({index}, {shape})"):
            candidate.flat_index(index, shape)
    for labels, classes in (([0, size], size), ([-1, 0], size), ([0, -size], size), ([size + 4], size), ([0], 0)):
        with case(f"labels {labels}, {classes} classes"), check_raises(ValueError, f"one_hot({labels}, {classes})"):
            candidate.one_hot(np.array(labels), classes)
    for classes in (0, -2):
        with case(f"no labels, {classes} classes"), check_raises(ValueError, f"one_hot([], {classes})"):
            candidate.one_hot(np.array([], dtype=np.int64), classes)
