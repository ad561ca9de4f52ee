import contextlib
import heapq

import numpy as np

_STATE = {"record": True}


# --- a closure per node, in-degrees counted first
class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data = np.asarray(data, dtype=np.float64).copy()
        self.grad = None
        self.requires_grad = requires_grad
        self.parents, self.pull = (), None

    @staticmethod
    def _make(data, parents, pull):
        out = Tensor(data)
        if _STATE["record"] and any(p.requires_grad for p in parents):
            out.requires_grad, out.parents, out.pull = True, tuple(parents), pull
        return out

    @staticmethod
    def _shrink(g, shape):
        while np.ndim(g) > len(shape):
            g = np.sum(g, axis=0)
        for i, n in enumerate(shape):
            if n == 1 and g.shape[i] != 1:
                g = g.sum(axis=i, keepdims=True)
        return np.asarray(g)

    def _binary(self, other, value, left, right):
        other = other if isinstance(other, Tensor) else Tensor(other)
        a, b = self.data, other.data

        def pull(g):
            return self._shrink(left(g, a, b), a.shape), self._shrink(right(g, a, b), b.shape)

        return Tensor._make(value(a, b), (self, other), pull)

    def __add__(self, other):
        return self._binary(other, np.add, lambda g, a, b: g, lambda g, a, b: g)

    def __sub__(self, other):
        return self._binary(other, np.subtract, lambda g, a, b: g, lambda g, a, b: -g)

    def __mul__(self, other):
        return self._binary(other, np.multiply, lambda g, a, b: g * b, lambda g, a, b: g * a)

    def __truediv__(self, other):
        return self._binary(other, np.divide, lambda g, a, b: g / b, lambda g, a, b: -g * a / (b * b))

    def __matmul__(self, other):
        return self._binary(other, np.matmul, lambda g, a, b: np.dot(g, b.T), lambda g, a, b: np.dot(a.T, g))

    def __radd__(self, other):
        return Tensor(other) + self

    def __rsub__(self, other):
        return Tensor(other) - self

    def __rmul__(self, other):
        return Tensor(other) * self

    def __rtruediv__(self, other):
        return Tensor(other) / self

    def __neg__(self):
        return Tensor._make(-self.data, (self,), lambda g: (-g,))

    def __pow__(self, n):
        return Tensor._make(self.data**n, (self,), lambda g: (n * self.data ** (n - 1) * g,))

    def __getitem__(self, index):
        places = np.arange(self.data.size).reshape(self.data.shape)[index]

        def pull(g):
            flat = np.bincount(np.ravel(places), weights=np.ravel(g), minlength=self.data.size)
            return (flat.reshape(self.data.shape),)

        return Tensor._make(self.data[index], (self,), pull)

    def relu(self):
        on = self.data > 0
        return Tensor._make(np.where(on, self.data, 0.0), (self,), lambda g: (np.where(on, g, 0.0),))

    def tanh(self):
        return Tensor._make(np.tanh(self.data), (self,), lambda g: (g / np.cosh(self.data) ** 2,))

    def exp(self):
        return Tensor._make(np.exp(self.data), (self,), lambda g: (g * np.exp(self.data),))

    def log(self):
        return Tensor._make(np.log(self.data), (self,), lambda g: (g / self.data,))

    def sum(self, axis=None, keepdims=False):
        def pull(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return (np.broadcast_to(g, self.data.shape),)

        return Tensor._make(np.sum(self.data, axis=axis, keepdims=keepdims), (self,), pull)

    def mean(self, axis=None, keepdims=False):
        n = self.data.size if axis is None else self.data.shape[axis]
        return self.sum(axis, keepdims) / n

    def reshape(self, *shape):
        return Tensor._make(self.data.reshape(*shape), (self,), lambda g: (np.reshape(g, self.data.shape),))

    @property
    def T(self):
        return Tensor._make(self.data.transpose(), (self,), lambda g: (np.transpose(g),))

    def backward(self, grad=None):
        if not self.requires_grad:
            raise ValueError("no graph")
        if grad is None and self.data.ndim:
            raise ValueError("grad is needed")
        grad = np.ones(()) if grad is None else np.asarray(grad, dtype=np.float64)
        if grad.shape != self.data.shape:
            raise ValueError("shape of grad")
        children, nodes, seen = {id(self): 0}, [self], {id(self)}
        while nodes:
            for p in nodes.pop().parents:
                children[id(p)] = children.get(id(p), 0) + 1
                if id(p) not in seen:
                    seen.add(id(p))
                    nodes.append(p)
        waiting, ready = {id(self): grad}, [self]
        while ready:
            node = ready.pop()
            g = waiting.pop(id(node), None)
            if node.requires_grad:
                node.grad = np.array(g) if node.grad is None else node.grad + g
            for p, share in zip(node.parents, node.pull(g) if node.pull else (), strict=True):
                waiting[id(p)] = waiting[id(p)] + share if id(p) in waiting else share
                children[id(p)] -= 1
                if not children[id(p)]:
                    ready.append(p)

    def zero_grad(self):
        self.grad = None

    def detach(self):
        return Tensor(self.data)


class no_grad:
    def __enter__(self):
        self.before = _STATE["record"]
        _STATE["record"] = False

    def __exit__(self, *error):
        _STATE["record"] = self.before
        return False


# --- serial numbers: parents are older than their children
_ENGINE = {"paused": 0, "serial": 0}


@contextlib.contextmanager
def no_grad():  # noqa: F811
    _ENGINE["paused"] += 1
    try:
        yield
    finally:
        _ENGINE["paused"] -= 1


def _lift(value):
    return value if isinstance(value, Tensor) else Tensor(value)


def _result(value, *links):
    """links: (parent, function of the result's gradient)."""
    out = Tensor(value)
    links = [] if _ENGINE["paused"] else [link for link in links if link[0].requires_grad]
    if links:
        out.requires_grad, out.links = True, links
    return out


def _fit(g, shape):
    g = np.asarray(g)
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i in range(len(shape)) if shape[i] < g.shape[i]), keepdims=True)


class Tensor:  # noqa: F811
    def __init__(self, data, requires_grad=False):
        self.data, self.grad, self.requires_grad, self.links = np.array(data, float), None, requires_grad, []
        _ENGINE["serial"] += 1
        self.serial = _ENGINE["serial"]

    def __add__(self, other):
        other = _lift(other)
        return _result(self.data + other.data, (self, lambda g: g), (other, lambda g: g))

    def __mul__(self, other):
        other = _lift(other)
        return _result(self.data * other.data, (self, lambda g: other.data * g), (other, lambda g: self.data * g))

    def __pow__(self, n):
        return _result(np.power(self.data, n), (self, lambda g: g * n * np.power(self.data, n - 1)))

    def __matmul__(self, other):
        a, b = self.data, other.data
        return _result(
            a @ b, (self, lambda g: np.einsum("ij,kj->ik", g, b)), (other, lambda g: np.einsum("ki,kj->ij", a, g))
        )

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + _lift(other) * -1.0

    def __rsub__(self, other):
        return _lift(other) + self * -1.0

    def __truediv__(self, other):
        return self * _lift(other) ** -1

    def __rtruediv__(self, other):
        return self**-1 * other

    def __getitem__(self, index):
        def scatter(g):
            out = np.zeros_like(self.data)
            np.add.at(out, index, g)
            return out

        return _result(self.data[index], (self, scatter))

    def relu(self):
        return _result(self.data.clip(min=0), (self, lambda g: g * np.heaviside(self.data, 0)))

    def tanh(self):
        y = np.tanh(self.data)
        return _result(y, (self, lambda g: (1 - y) * (1 + y) * g))

    def exp(self):
        y = np.exp(self.data)
        return _result(y, (self, lambda g: y * g))

    def log(self):
        return _result(np.log(self.data), (self, lambda g: g / self.data))

    def _reduced(self, axis, keepdims):
        axes = tuple(range(self.data.ndim)) if axis is None else (axis % self.data.ndim,)
        kept = tuple(1 if i in axes else n for i, n in enumerate(self.data.shape))
        return kept, kept if keepdims else tuple(n for i, n in enumerate(self.data.shape) if i not in axes)

    def sum(self, axis=None, keepdims=False):
        kept, shape = self._reduced(axis, keepdims)
        total = np.add.reduce(self.data, axis=axis).reshape(shape)
        return _result(total, (self, lambda g: np.zeros_like(self.data) + g.reshape(kept)))

    def mean(self, axis=None, keepdims=False):
        kept, shape = self._reduced(axis, keepdims)
        n = self.data.size // int(np.prod(kept))
        return _result(
            self.data.mean(axis=axis).reshape(shape), (self, lambda g: np.ones_like(self.data) * g.reshape(kept) / n)
        )

    def reshape(self, *shape):
        return _result(self.data.reshape(shape), (self, lambda g: g.reshape(self.data.shape)))

    @property
    def T(self):
        return _result(self.data.T, (self, lambda g: g.T))

    def backward(self, grad=None):
        if not self.requires_grad:
            raise ValueError("requires_grad")
        if grad is None:
            if self.data.shape != ():
                raise ValueError("grad")
            grad = 1.0
        if np.shape(grad) != self.data.shape:
            raise ValueError("shape")
        pending, youngest = {self.serial: [self, np.array(grad, float)]}, [-self.serial]
        while youngest:
            node, g = pending.pop(-heapq.heappop(youngest))
            node.grad = g + (0 if node.grad is None else node.grad)
            for parent, vjp in node.links:
                share = _fit(vjp(g), parent.data.shape)
                if parent.serial in pending:
                    pending[parent.serial][1] = pending[parent.serial][1] + share
                else:
                    pending[parent.serial] = [parent, share]
                    heapq.heappush(youngest, -parent.serial)

    def zero_grad(self):
        self.grad = None

    def detach(self):
        return Tensor(self.data.copy())
