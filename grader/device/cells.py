"""The two operators that PyTorch has for every device but the CPU: a step of an LSTM and of a GRU, and their gradients.

Gates are (batch, 4 x hidden) or (batch, 3 x hidden); a workspace has what the gradient needs, in an order of its own.
"""

from typing import Any

import torch
from torch import Tensor

_aten = torch.ops.aten


def _sum(gates: Tensor, bias: Tensor | None) -> Tensor:
    return gates if bias is None else gates + bias


def lstm(
    inner: Tensor, hidden: Tensor, cx: Tensor, inner_bias: Tensor | None = None, hidden_bias: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """The new hidden state, the new cell state, the workspace."""
    i, f, g, o = (_sum(inner, inner_bias) + _sum(hidden, hidden_bias)).chunk(4, 1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    cy = f * cx + i * g
    return o * cy.tanh(), cy, torch.cat([i, f, g, o], 1)


def lstm_backward(
    grad_hy: Tensor | None, grad_cy: Tensor | None, cx: Tensor, cy: Tensor, workspace: Tensor, has_bias: bool
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The gradients of the gates, of the old cell state and of a bias."""
    if grad_hy is None and grad_cy is None:
        return None, None, None
    i, f, g, o = workspace.chunk(4, 1)
    top = torch.zeros_like(cy) if grad_hy is None else grad_hy
    squashed = cy.tanh()
    cell = top * o * (1 - squashed**2)
    cell = cell if grad_cy is None else cell + grad_cy
    parts = [cell * g * i * (1 - i), cell * cx * f * (1 - f), cell * i * (1 - g**2), top * squashed * o * (1 - o)]
    gates = torch.cat(parts, 1)
    return gates, cell * f, gates.sum(0) if has_bias else None


def gru(
    inner: Tensor, hidden: Tensor, hx: Tensor, inner_bias: Tensor | None = None, hidden_bias: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The new hidden state, the workspace."""
    inner_r, inner_z, inner_n = _sum(inner, inner_bias).chunk(3, 1)
    hidden_r, hidden_z, hidden_n = _sum(hidden, hidden_bias).chunk(3, 1)
    r, z = (inner_r + hidden_r).sigmoid(), (inner_z + hidden_z).sigmoid()
    n = (inner_n + r * hidden_n).tanh()
    return n + z * (hx - n), torch.cat([r, z, n, hx, hidden_n], 1)


def gru_backward(grad_hy: Tensor, workspace: Tensor, has_bias: bool) -> tuple[Tensor | None, ...]:
    """The gradients of both gates, of the old hidden state and of both biases."""
    r, z, n, hx, hidden_n = workspace.chunk(5, 1)
    to_n = grad_hy * (1 - z) * (1 - n**2)
    to_z = grad_hy * (hx - n) * z * (1 - z)
    to_r = to_n * hidden_n * r * (1 - r)
    inner = torch.cat([to_r, to_z, to_n], 1)
    hidden = torch.cat([to_r, to_z, to_n * r], 1)
    biases = (inner.sum(0), hidden.sum(0)) if has_bias else (None, None)
    return inner, hidden, grad_hy * z, *biases


KERNELS: dict[Any, Any] = {
    _aten._thnn_fused_lstm_cell.default: lstm,
    _aten._thnn_fused_lstm_cell_backward_impl.default: lstm_backward,
    _aten._thnn_fused_gru_cell.default: gru,
    _aten._thnn_fused_gru_cell_backward.default: gru_backward,
}
