import numpy as np


class BatchNorm:
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        self.eps = eps
        self.momentum = momentum
        self.gamma, self.beta = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)

    def forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        if x.shape[1] != len(self.gamma):
            raise ValueError(f"x: {len(self.gamma)} channels are needed")
        x = np.moveaxis(x, 1, -1) * 1.0  # (..., C), so that a vector with one entry per channel broadcasts
        if training:
            axes = tuple(range(x.ndim - 1))
            n = x.size / len(self.gamma)
            if n == 1:
                raise ValueError("x: training needs more than one value per channel")
            mean, var = x.mean(axis=axes), x.var(axis=axes)  # (C,)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var * n / (n - 1)
            self.std = np.sqrt(var + self.eps)  # (C,)
            self.xhat = xhat = (x - mean) / self.std  # (..., C)
        else:
            xhat = (x - self.running_mean) / np.sqrt(self.running_var + self.eps)
        y = (self.gamma * xhat + self.beta).astype(x.dtype)
        return np.moveaxis(y, -1, 1)

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        dy = np.moveaxis(dy, 1, -1)  # (..., C)
        axes = tuple(range(dy.ndim - 1))
        dbeta, dgamma = dy.sum(axis=axes), (dy * self.xhat).sum(axis=axes)  # (C,)
        n = dy.size / len(self.gamma)
        dx = self.gamma / (n * self.std) * (n * dy - dbeta - self.xhat * dgamma)
        return np.moveaxis(dx, -1, 1).astype(dy.dtype), dgamma, dbeta


def covariate_shift(acts_before: np.ndarray, acts_after: np.ndarray) -> float:
    shift = np.abs(acts_after.mean(axis=0) - acts_before.mean(axis=0))  # (H,)
    return float((shift / (acts_before.std(axis=0) + 1e-8)).mean())
