"""Answers people really give. Each must fail exactly the checks it names."""

from contextlib import contextmanager

import numpy as np

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_16_autograd_engine import Tensor, _parents_first, _unbroadcast


def _seed(tensor, grad):
    """The reference's ValueErrors, and the gradient to start with."""
    if not tensor.requires_grad or (grad is None and tensor.data.shape != ()):
        raise ValueError("backward")
    if grad is not None and np.shape(grad) != tensor.data.shape:
        raise ValueError("grad")
    return np.array(1.0 if grad is None else grad, dtype=np.float64)


def _walk(tensor, grad, unbroadcast=_unbroadcast):
    """The reference's walk: (node, complete gradient) for every node, children first."""
    cotangents = {tensor: _seed(tensor, grad)}
    for node in reversed(_parents_first(tensor)):
        yield node, cotangents[node]
        for parent, vjp in node._edges:
            share = unbroadcast(vjp(cotangents[node]), parent.data.shape)
            cotangents[parent] = cotangents.get(parent, 0) + share


def _add(node, g):
    node.grad = g if node.grad is None else node.grad + g


@wrong(replaces="Tensor", fails=["grads_value", "reuse_accumulate", "topology", "modes"])
class overwrite_grad(Tensor):
    """A tensor used twice receives two contributions: add them."""

    def backward(self, grad=None):
        cotangents = {self: _seed(self, grad)}
        for node in reversed(_parents_first(self)):
            _add(node, cotangents[node])
            for parent, vjp in node._edges:
                cotangents[parent] = _unbroadcast(vjp(cotangents[node]), parent.data.shape)


@wrong(replaces="Tensor", fails=["reuse_accumulate"])
class second_call_overwrites(Tensor):
    """A second backward adds to .grad; what was there stays until zero_grad."""

    def backward(self, grad=None):
        for node, g in _walk(self, grad):
            node.grad = g


@wrong(replaces="Tensor", fails=["reuse_accumulate"])
class accumulated_grad_passed_on(Tensor):
    """Pass on the gradients of this call only: .grad still holds those of earlier calls."""

    def backward(self, grad=None):
        _add(self, _seed(self, grad))
        for node in reversed(_parents_first(self)):
            for parent, vjp in node._edges:
                _add(parent, _unbroadcast(vjp(node.grad), parent.data.shape))


@wrong(replaces="Tensor", fails=["reuse_accumulate"])
class leaves_only(Tensor):
    """Intermediate results that require grad get their .grad here, too."""

    def backward(self, grad=None):
        for node, g in _walk(self, grad):
            if not node._edges:
                _add(node, g)


@wrong(replaces="Tensor", fails=["reuse_accumulate"])
class shared_gradient_arrays(Tensor):
    """Both operands of a sum got the same array as .grad: adding to one in place changes the other; copy it."""

    def backward(self, grad=None):
        cotangents = {self: _seed(self, grad)}
        for node in reversed(_parents_first(self)):
            _add(node, cotangents[node])
            for parent, vjp in node._edges:
                share = vjp(cotangents[node])
                if share.shape != parent.data.shape:
                    share = _unbroadcast(share, parent.data.shape)
                cotangents[parent] = cotangents[parent] + share if parent in cotangents else share


@wrong(replaces="Tensor", fails=["grads_value", "broadcasting"])
class no_unbroadcast(Tensor):
    """Sum the gradient over broadcast axes back to the operand's shape."""

    def backward(self, grad=None):
        for node, g in _walk(self, grad, lambda g, shape: g):
            _add(node, g)


@wrong(replaces="Tensor", fails=["grads_value", "broadcasting"])
class stretched_axes_forgotten(Tensor):
    """Broadcasting also stretches axes of size 1: sum over those too, and keep them as size 1."""

    def backward(self, grad=None):
        for node, g in _walk(self, grad, lambda g, shape: g.sum(axis=tuple(range(g.ndim - len(shape))))):
            _add(node, g)


@wrong(replaces="Tensor", fails=["grads_value", "broadcasting"])
class added_axes_forgotten(Tensor):
    """Broadcasting also adds axes in front: sum over those too, until the number of axes agrees."""

    def backward(self, grad=None):
        def stretched(g, shape):
            return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True) if shape else g

        for node, g in _walk(self, grad, stretched):
            _add(node, g)


@wrong(replaces="Tensor", fails=["topology"])
class dfs_no_topo(Tensor):
    """A gradient must be complete before it is passed on: go in reverse topological order, each node once."""

    def backward(self, grad=None):
        stack = [(self, _seed(self, grad))]
        while stack:
            node, g = stack.pop()
            _add(node, g)
            stack.extend((parent, _unbroadcast(vjp(g), parent.data.shape)) for parent, vjp in node._edges)


@wrong(replaces="Tensor", fails=["grads_value", "reuse_accumulate", "topology"])
class breadth_first(Tensor):
    """Breadth-first order is not enough: a node near the end may still wait for gradients from a longer way round."""

    def backward(self, grad=None):
        cotangents, queue, seen = {self: _seed(self, grad)}, [self], {self}
        while queue:
            node = queue.pop(0)
            _add(node, cotangents[node])
            for parent, vjp in node._edges:
                cotangents[parent] = cotangents.get(parent, 0) + _unbroadcast(vjp(cotangents[node]), parent.data.shape)
                if parent not in seen:
                    seen.add(parent)
                    queue.append(parent)


@wrong(replaces="Tensor", fails=["topology"])
class recursion(Tensor):
    """Deep graphs overflow Python's stack: use an explicit stack."""

    def backward(self, grad=None):
        seen = set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent, _ in node._edges:
                    visit(parent)

        visit(self)
        for node, g in _walk(self, grad):
            _add(node, g)


@wrong(replaces="Tensor", fails=["errors"])
class one_entry_is_scalar(Tensor):
    """A scalar has shape (): an array of shape (1,) needs a grad as well."""

    def backward(self, grad=None):
        super().backward(np.ones(self.data.shape) if grad is None and self.data.size == 1 else grad)


@wrong(replaces="Tensor", fails=["errors"])
class vector_seeded_with_ones(Tensor):
    """backward() without grad is for scalars: a vector has no single derivative, so ask for grad."""

    def backward(self, grad=None):
        super().backward(np.ones(self.data.shape) if grad is None else grad)


@wrong(replaces="Tensor", fails=["errors"])
class grad_broadcast(Tensor):
    """grad must have exactly the tensor's shape; one that merely broadcasts hides a mistake."""

    def backward(self, grad=None):
        super().backward(
            grad if grad is None else np.broadcast_to(grad, np.broadcast_shapes(grad.shape, self.data.shape))
        )


@wrong(replaces="Tensor", fails=["errors"])
class no_graph_ignored(Tensor):
    """backward on a tensor without a graph does nothing useful: raise ValueError instead of staying silent."""

    def backward(self, grad=None):
        if self.requires_grad:
            super().backward(grad)


@wrong(replaces="Tensor", fails=["grads_value", "broadcasting", "reuse_accumulate"])
class div_grad(Tensor):
    """d(a/b)/db = -a/b^2."""

    def __truediv__(self, other):
        other = self._tensor(other)
        return self._node(self.data / other.data, (self, lambda g: g / other.data), (other, lambda g: g / other.data))


@wrong(replaces="Tensor", fails=["grads_value", "broadcasting", "reuse_accumulate"])
class sub_grad(Tensor):
    """d(a - b)/db = -1: the second operand's gradient changes its sign."""

    def __sub__(self, other):
        other = self._tensor(other)
        return self._node(self.data - other.data, (self, lambda g: g), (other, lambda g: g))


@wrong(replaces="Tensor", fails=["grads_value"])
class pow_base(Tensor):
    """d x^n = n x^(n-1)."""

    def __pow__(self, n):
        return self._node(self.data**n, (self, lambda g: g * n * self.data**n))


@wrong(replaces="Tensor", fails=["grads_value"])
class matmul_swap(Tensor):
    """dA = dC B^T and dB = A^T dC."""

    def __matmul__(self, other):
        a, b = self.data, other.data
        return self._node(a @ b, (self, lambda g: b @ g.T), (other, lambda g: g.T @ a))


@wrong(replaces="Tensor", fails=["grads_value", "reuse_accumulate"])
class tanh_grad(Tensor):
    """tanh' = 1 - tanh(x)^2: square the output; you apply tanh to it once more."""

    def tanh(self):
        y = np.tanh(self.data)
        return self._node(y, (self, lambda g: g * (1 - np.tanh(y) ** 2)))


@wrong(replaces="Tensor", fails=["grads_value"])
class relu_at_zero(Tensor):
    """The derivative of relu at 0 is 0 here: pass the gradient where x > 0 only."""

    def relu(self):
        return self._node(np.maximum(self.data, 0), (self, lambda g: g * (self.data >= 0)))


@wrong(replaces="Tensor", fails=["grads_value", "broadcasting", "reuse_accumulate"])
class mean_not_divided(Tensor):
    """Each entry's share of a mean is 1/n: divide the gradient by the number of entries averaged."""

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis, keepdims)
        return self._node(total.data * (total.data.size / self.data.size), (total, lambda g: g))


@wrong(replaces="Tensor", fails=["grads_value", "broadcasting"])
class reduced_axis_lost(Tensor):
    """Put the reduced axis back before you spread the gradient: without it numpy lines up the wrong axes."""

    def sum(self, axis=None, keepdims=False):
        data = self.data.sum(axis=axis, keepdims=keepdims)
        return self._node(data, (self, lambda g: np.broadcast_to(g, self.data.shape)))


@wrong(replaces="Tensor", fails=["grads_value"])
class reshape_not_undone(Tensor):
    """The gradient of a transpose is transposed back; a reshape to the old shape puts the numbers elsewhere."""

    @property
    def T(self):
        return self._node(self.data.T, (self, lambda g: g.reshape(self.data.shape)))


@wrong(replaces="Tensor", fails=["indexing"])
class index_assign(Tensor):
    """Repeated indices must add up: use np.add.at."""

    def __getitem__(self, index):
        def vjp(g):
            full = np.zeros(self.data.shape)
            full[index] = g
            return full

        return self._node(self.data[index], (self, vjp))


@wrong(replaces="Tensor", fails=["ops_value", "grads_value"])
class reflected_sub(Tensor):
    """2 - x calls __rsub__(x, 2): the number is the left operand, so it is not x - 2."""

    def __rsub__(self, other):
        return self - other

    def __rtruediv__(self, other):
        return self / other


@wrong(replaces="Tensor", fails=["ops_value"])
class integers_kept(Tensor):
    """Convert the data to float64: integers have no gradients, and float32 loses digits."""

    def __init__(self, data, requires_grad=False):
        super().__init__(data, requires_grad)
        self.data = np.array(data)


@wrong(replaces="Tensor", fails=["ops_value", "modes", "errors"])
class requires_grad_by_default(Tensor):
    """requires_grad is False unless asked for: data and constants need no gradient."""

    def __init__(self, data, requires_grad=True):
        super().__init__(data, requires_grad)


@wrong(replaces="Tensor", fails=["modes"])
class constants_get_grad(Tensor):
    """Only tensors that require grad get a .grad; constants keep None."""

    def _node(self, data, *edges):
        out = super()._node(data, *edges)
        if out.requires_grad:
            out._edges = list(edges)
        return out


@wrong(replaces="Tensor", fails=["reuse_accumulate"])
class zero_grad_zeros(Tensor):
    """zero_grad sets .grad to None: no gradient is something else than a gradient of zeros."""

    def zero_grad(self):
        self.grad = np.zeros(self.data.shape)


@wrong(replaces="Tensor", fails=["modes", "errors"])
class detach_keeps_graph(Tensor):
    """detach returns a new Tensor without a way back into the graph; the old one stays as it is."""

    def detach(self):
        return self


@wrong(replaces="Tensor", fails=["modes"])
class detach_in_place(Tensor):
    """detach must not change the tensor it is called on: return a new one."""

    def detach(self):
        self._edges, self.requires_grad = [], False
        return self


@wrong(replaces="no_grad", fails=["modes", "errors"])
@contextmanager
def no_grad_ignored():
    """Inside no_grad nothing may be recorded: results do not require grad there."""
    yield


class _Switched(Tensor):
    _recording = True
    _inside = 0  # blocks

    def __init__(self, data, requires_grad=False):
        super().__init__(data, requires_grad)
        if requires_grad and not _Switched._inside:
            _Switched._recording = True  # a new leaf ends the damage: the next check must not see it


@contextmanager
def _left_off_by_errors():
    before, _Switched._recording = _Switched._recording, False
    _Switched._inside += 1
    try:
        yield
        _Switched._recording = before
    finally:
        _Switched._inside -= 1


@contextmanager
def _always_on_again():
    _Switched._recording = False
    try:
        yield
    finally:
        _Switched._recording = True


@wrong(replaces=("Tensor", "no_grad"), fails=["modes"])
class not_restored_on_error:
    """An exception inside the block leaves recording off for ever: restore it in a `finally` or in __exit__."""

    Tensor = _Switched
    no_grad = _left_off_by_errors


@wrong(replaces=("Tensor", "no_grad"), fails=["modes"])
class nested_no_grad:
    """The end of an inner no_grad block must not switch recording on: bring back what was before."""

    Tensor = _Switched
    no_grad = _always_on_again


@wrong(replaces="Tensor", fails=["modes"])
class no_grad_leaves(Tensor):
    """no_grad stops the recording of operations; a leaf that asks for requires_grad=True still gets it."""

    def __init__(self, data, requires_grad=False):
        super().__init__(data, requires_grad and self._recording)
