import numpy as np


def linear_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    if b is not None and b.shape != (len(W),):
        raise ValueError("b must have one entry per output")
    y = x @ W.T  # (..., D_out); matmul raises ValueError unless the last axis of x is D_in
    return y if b is None else y + b


def linear_backward(dy: np.ndarray, x: np.ndarray, W: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    samples = tuple(range(dy.ndim - 1))  # all axes but the last
    return dy @ W, np.tensordot(dy, x, (samples, samples)), dy.sum(axis=samples)


def linear_num_params(d_in: int, d_out: int, bias: bool = True) -> int:
    return d_out * (d_in + bias)
