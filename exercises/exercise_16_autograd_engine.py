"""A reverse-mode autograd engine with broadcasting.

Write a tensor that remembers how it was computed and finds all gradients in one walk back. The graph is built
while the code runs (define-by-run): each result keeps its parents and, for each parent, the local
vector-Jacobian product: the function that turns the result's gradient into that parent's share. The graph is
an explicit structure of nodes and edges that `backward` walks, not a picture.

class `Tensor(data, requires_grad=False)`
    data           a Python number, a (nested) list or an array; kept as a float64 array
    attributes     .data (float64 array), .grad (None or a float64 array of that shape), .requires_grad (bool)

    Operations return a new Tensor and leave their operands alone; a result requires grad if an operand does.
    x + y, x - y, x * y, x / y       numpy's broadcasting; either side may be a Python number
    -x, x**n                         n is a Python number, a constant
    x @ y                            both 2-d
    x.relu(), x.tanh(), x.exp(), x.log()    the derivative of relu at 0 is 0
    x.sum(axis=None, keepdims=False)        axis is None or an int; negative axes count from the end
    x.mean(axis=None, keepdims=False)
    x.reshape(2, 3), x.reshape(-1)   the sizes are separate arguments, one of them may be -1
    x.T                              a property: all axes reversed
    x[index]                         as in numpy: ints, slices, integer arrays and lists, masks, and tuples of
                                     these; where an entry is picked repeatedly, its gradients add up

    `backward(grad=None)`
        grad       the gradient of some loss with respect to this tensor: an array of this tensor's shape;
                   a scalar, which means shape (), may go without: then it is 1.0

        Adds to .grad of every tensor that requires grad and that this one was computed from: leaves,
        intermediate results and this tensor itself. Each node is visited once, in reverse topological order,
        so that its gradient is complete before it is passed on. An operand that was broadcast gets its
        gradient summed over the broadcast axes, back to its own shape.
        What is passed on are the gradients of this call, never what .grad held before: a second call, on the
        same graph or on a new one, adds to .grad what a first call would have put there.
        On a leaf that requires grad it adds grad (or 1.0). Chains of 5000 operations work without touching
        Python's recursion limit. The array grad is left as it is, and no .grad shares memory with it or with
        another .grad.

    `zero_grad()`  sets .grad to None
    `detach()`     a new Tensor with the same values, cut off from the graph, that does not require grad

`no_grad()`
    A context manager (`with no_grad(): ...`): operations inside record nothing, their results do not require
    grad. Recording comes back when the outermost block ends, be it by an exception, which passes through.
    Tensor(..., requires_grad=True) inside is still a leaf that requires grad.

ValueError: backward without grad on a tensor whose shape is not (), even if it has only one entry; a grad of
another shape than the tensor's; backward on a tensor that does not require grad; shapes that do not broadcast
or do not fit in @ (numpy raises that by itself).

Example
    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> w = Tensor(2.0, requires_grad=True)
    >>> loss = (w * x - 1).tanh().sum() + x[[0, 0]].sum()
    >>> loss.backward()
    >>> x.grad.round(2)
    array([2.84, 0.02, 0.  ])
    >>> w.grad.shape
    ()
    >>> x.zero_grad()
    >>> (x * x).backward(np.array([1.0, 0.0, -1.0]))
    >>> x.grad
    array([ 2.,  0., -6.])

Asked next: why reverse mode for training, and when is forward mode cheaper? What does a static graph gain
over this one, and what does it lose? Which intermediate values does backward need, and how does checkpointing save
memory?
"""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np


class Tensor:
    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        raise NotImplementedError("TODO: data as float64, grad, requires_grad, and the way back")

    def __add__(self, other: Any) -> "Tensor":
        raise NotImplementedError("TODO")

    def __radd__(self, other: Any) -> "Tensor":
        raise NotImplementedError("TODO")

    def __sub__(self, other: Any) -> "Tensor":
        raise NotImplementedError("TODO")

    def __rsub__(self, other: Any) -> "Tensor":
        raise NotImplementedError("TODO")

    def __mul__(self, other: Any) -> "Tensor":
        raise NotImplementedError("TODO")

    def __rmul__(self, other: Any) -> "Tensor":
        raise NotImplementedError("TODO")

    def __truediv__(self, other: Any) -> "Tensor":
        raise NotImplementedError("TODO")

    def __rtruediv__(self, other: Any) -> "Tensor":
        raise NotImplementedError("TODO")

    def __neg__(self) -> "Tensor":
        raise NotImplementedError("TODO")

    def __pow__(self, n: float) -> "Tensor":
        raise NotImplementedError("TODO")

    def __matmul__(self, other: "Tensor") -> "Tensor":
        raise NotImplementedError("TODO")

    def __getitem__(self, index: Any) -> "Tensor":
        raise NotImplementedError("TODO: repeated indices add up")

    def relu(self) -> "Tensor":
        raise NotImplementedError("TODO")

    def tanh(self) -> "Tensor":
        raise NotImplementedError("TODO")

    def exp(self) -> "Tensor":
        raise NotImplementedError("TODO")

    def log(self) -> "Tensor":
        raise NotImplementedError("TODO")

    def sum(self, axis: int | None = None, keepdims: bool = False) -> "Tensor":
        raise NotImplementedError("TODO")

    def mean(self, axis: int | None = None, keepdims: bool = False) -> "Tensor":
        raise NotImplementedError("TODO")

    def reshape(self, *shape: int) -> "Tensor":
        raise NotImplementedError("TODO")

    @property
    def T(self) -> "Tensor":
        raise NotImplementedError("TODO")

    def backward(self, grad: np.ndarray | None = None) -> None:
        raise NotImplementedError("TODO: every node once, children before parents, without recursion")

    def zero_grad(self) -> None:
        raise NotImplementedError("TODO")

    def detach(self) -> "Tensor":
        raise NotImplementedError("TODO")


def no_grad() -> AbstractContextManager[None]:
    raise NotImplementedError("TODO: a context manager that switches recording off")
