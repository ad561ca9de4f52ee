"""The same in other styles."""

import numpy as np

# --- einsum


def linear_forward(x, W, b=None):
    if x.shape[-1] != W.shape[1]:
        raise ValueError("x")
    y = np.einsum("...i,oi->...o", x, W)
    if b is None:
        return y
    if b.ndim != 1 or b.size != W.shape[0]:
        raise ValueError("b")
    return np.add(y, b)


def linear_backward(dy, x, W):
    errors, inputs = dy.reshape(-1, W.shape[0]), x.reshape(-1, W.shape[1])
    return np.einsum("...o,oi->...i", dy, W), errors.T @ inputs, np.einsum("no->o", errors)


def linear_num_params(d_in, d_out, bias=True):
    return d_in * d_out + d_out if bias else d_in * d_out


# --- one sample at a time


def linear_forward(x, W, b=None):  # noqa: F811
    if x.shape[-1] != W.shape[1] or (b is not None and len(b) != len(W)):
        raise ValueError("sizes")
    y = np.zeros((*x.shape[:-1], len(W)), dtype=x.dtype)
    for sample in np.ndindex(x.shape[:-1]):
        y[sample] = W.dot(x[sample])
        if b is not None:
            y[sample] += b
    return y


def linear_backward(dy, x, W):  # noqa: F811
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(len(W), dtype=x.dtype)
    for sample in np.ndindex(x.shape[:-1]):
        dx[sample] = W.T.dot(dy[sample])
        dW += np.outer(dy[sample], x[sample])
        db += dy[sample]
    return dx, dW, db
