import numpy as np


def neuron(x: np.ndarray, w: np.ndarray, b: float, activation: str = "step") -> np.ndarray:
    z = x @ w + b  # (N, D) @ (D,) -> (N,); matmul refuses different D with ValueError
    if activation == "step":
        return (z >= 0).astype(z.dtype)
    if activation == "identity":
        return z
    if activation == "relu":
        return z.clip(min=0)
    if activation == "sigmoid":
        return np.exp(z.clip(max=0)) / (1 + np.exp(-np.abs(z)))  # exp sees no positive number
    raise ValueError(f"activation {activation!r} is not step, identity, relu or sigmoid")


def perceptron_fit(
    X: np.ndarray, y: np.ndarray, lr: float = 1.0, max_epochs: int = 100
) -> tuple[np.ndarray, float, int]:
    N, D = X.shape
    if N == 0:
        raise ValueError("X has no rows")
    if (np.abs(y) != 1).any():
        raise ValueError("y must be -1 or +1")
    w, b, updates = np.zeros(D), 0.0, 0
    for _ in range(max_epochs):
        before = updates
        for x_n, y_n in zip(X, y.tolist(), strict=True):  # ValueError: y not of length N
            if y_n * (x_n @ w + b) <= 0:
                w += y_n * lr * x_n
                b += y_n * lr
                updates += 1
        if updates == before:
            break
    return w, b, updates


def perceptron_predict(X: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    return np.where(X @ w + b >= 0, 1, -1)
