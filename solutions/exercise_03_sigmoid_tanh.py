import numpy as np


def _real(x: np.ndarray) -> np.ndarray:
    """x in its own float dtype, integers and booleans as float64."""
    if x.dtype.kind not in "fiub":
        raise ValueError("x must be an array of real numbers")
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def sigmoid(x: np.ndarray) -> np.ndarray:
    x = _real(x)
    return np.exp(x.clip(max=0)) / (1 + np.exp(-np.abs(x)))  # 1 / (1 + e^-x) and, for x < 0, e^x / (1 + e^x)


def sigmoid_grad(x: np.ndarray) -> np.ndarray:
    s = sigmoid(x)
    return s * (1 - s)


def tanh(x: np.ndarray) -> np.ndarray:
    x = _real(x)
    e = np.expm1(-np.abs(x))  # with t = e^-|x| = 1 + e: tanh |x| = (1 - t^2) / (1 + t^2), and t^2 - 1 = e (2 + e)
    return np.copysign(e * (2 + e) / (1 + (1 + e) ** 2), x)


def tanh_grad(x: np.ndarray) -> np.ndarray:
    return 1 - tanh(x) ** 2
