from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np


class Tensor:
    _recording = True

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.data = np.array(data, dtype=np.float64)
        self.grad: np.ndarray | None = None
        self.requires_grad = requires_grad
        self._edges: list[tuple[Tensor, Callable]] = []  # (parent, gradient here -> gradient there)

    def _node(self, data: np.ndarray, *edges: tuple["Tensor", Callable]) -> "Tensor":
        out = type(self)(data)
        if self._recording:
            out._edges = [(parent, vjp) for parent, vjp in edges if parent.requires_grad]
            out.requires_grad = len(out._edges) > 0
        return out

    def _tensor(self, other: Any) -> "Tensor":
        return other if isinstance(other, Tensor) else type(self)(other)

    def __add__(self, other: Any) -> "Tensor":
        other = self._tensor(other)
        return self._node(self.data + other.data, (self, lambda g: g), (other, lambda g: g))

    def __mul__(self, other: Any) -> "Tensor":
        other = self._tensor(other)
        return self._node(self.data * other.data, (self, lambda g: g * other.data), (other, lambda g: g * self.data))

    def __truediv__(self, other: Any) -> "Tensor":
        other = self._tensor(other)
        return self._node(
            self.data / other.data,
            (self, lambda g: g / other.data),
            (other, lambda g: -g * self.data / other.data**2),
        )

    def __pow__(self, n: float) -> "Tensor":
        return self._node(self.data**n, (self, lambda g: g * n * self.data ** (n - 1)))

    def __matmul__(self, other: "Tensor") -> "Tensor":
        return self._node(
            self.data @ other.data, (self, lambda g: g @ other.data.T), (other, lambda g: self.data.T @ g)
        )

    def __neg__(self) -> "Tensor":
        return self._node(-self.data, (self, lambda g: -g))

    def __sub__(self, other: Any) -> "Tensor":
        return self + -self._tensor(other)

    def __rsub__(self, other: Any) -> "Tensor":
        return -self + other

    def __rtruediv__(self, other: Any) -> "Tensor":
        return self._tensor(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def __getitem__(self, index: Any) -> "Tensor":
        def vjp(g: np.ndarray) -> np.ndarray:
            full = np.zeros(self.data.shape)
            np.add.at(full, index, g)  # repeated indices add up
            return full

        return self._node(self.data[index], (self, vjp))

    def relu(self) -> "Tensor":
        return self._node(self.data.clip(0), (self, lambda g: g * (self.data > 0)))

    def tanh(self) -> "Tensor":
        y = np.tanh(self.data)
        return self._node(y, (self, lambda g: g * (1 - y**2)))

    def exp(self) -> "Tensor":
        y = np.exp(self.data)
        return self._node(y, (self, lambda g: g * y))

    def log(self) -> "Tensor":
        return self._node(np.log(self.data), (self, lambda g: g / self.data))

    def sum(self, axis: int | None = None, keepdims: bool = False) -> "Tensor":
        kept = self.data.sum(axis=axis, keepdims=True)
        data = kept if keepdims else kept.squeeze(axis)
        return self._node(data, (self, lambda g: np.broadcast_to(g.reshape(kept.shape), self.data.shape)))

    def mean(self, axis: int | None = None, keepdims: bool = False) -> "Tensor":
        total = self.sum(axis, keepdims)
        return total * (total.data.size / self.data.size)

    def reshape(self, *shape: int) -> "Tensor":
        return self._node(self.data.reshape(shape), (self, lambda g: g.reshape(self.data.shape)))

    @property
    def T(self) -> "Tensor":
        return self._node(self.data.T, (self, lambda g: g.T))

    def backward(self, grad: np.ndarray | None = None) -> None:
        if not self.requires_grad:
            raise ValueError("this tensor has no graph: nothing it depends on requires grad")
        if grad is None:
            grad = np.float64(1)  # of shape (), as a scalar's gradient
        if np.shape(grad) != self.data.shape:
            raise ValueError("grad must have the shape of the tensor; only a scalar goes without")
        cotangents = {self: np.array(grad, dtype=np.float64)}  # of this call
        for node in reversed(_parents_first(self)):
            g = cotangents[node]  # complete: all children of the node came before
            node.grad = g if node.grad is None else node.grad + g
            for parent, vjp in node._edges:
                cotangents[parent] = cotangents.get(parent, 0) + _unbroadcast(vjp(g), parent.data.shape)

    def zero_grad(self) -> None:
        self.grad = None

    def detach(self) -> "Tensor":
        return type(self)(self.data)


def _parents_first(root: Tensor) -> list[Tensor]:
    """Depth-first postorder with a stack of its own: any depth, each node once."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent, _ in node._edges)
    return order


def _unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sum over the axes that broadcasting added or stretched."""
    added = g.ndim - len(shape)
    axes = [i for i in range(g.ndim) if i < added or shape[i - added] == 1]
    return g.sum(axis=tuple(axes)).reshape(shape)


def no_grad() -> AbstractContextManager[None]:
    return _paused()


@contextmanager
def _paused() -> Iterator[None]:
    before, Tensor._recording = Tensor._recording, False
    try:
        yield
    finally:
        Tensor._recording = before
