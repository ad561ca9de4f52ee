"""The same in other styles."""

import math

import numpy as np

# --- one channel at a time, and the gradient through the steps of the forward pass


class BatchNorm:
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.settings = eps, momentum
        self.gamma, self.running_var = np.full((2, num_features), 1.0)
        self.beta, self.running_mean = np.full((2, num_features), 0.0)

    def forward(self, x, training):
        eps, momentum = self.settings
        channels = self.gamma.shape[0]
        if x.ndim not in (2, 4) or x.shape[1] != channels:
            raise ValueError("channels")
        if training and x[:, 0].size < 2:
            raise ValueError("one value")
        y = np.empty(x.shape, x.dtype if x.dtype.kind == "f" else np.float64)
        if training:
            self.saved = []
        for c in range(channels):
            values = x[:, c].astype(np.float64)
            if training:
                mean = math.fsum(values.flat) / values.size
                total = math.fsum((v - mean) ** 2 for v in values.flat)
                var = total / values.size
                self.running_mean[c] += momentum * (mean - self.running_mean[c])
                self.running_var[c] += momentum * (total / (values.size - 1) - self.running_var[c])
                self.saved.append((values - mean, var + eps))
            else:
                mean, var = self.running_mean[c], self.running_var[c]
            y[:, c] = self.gamma[c] * (values - mean) / math.sqrt(var + eps) + self.beta[c]
        return y

    def backward(self, dy):
        dx, dgamma, dbeta = np.empty_like(dy), np.empty_like(dy[0, :, ...], shape=dy.shape[1]), []
        for c, (centred, power) in enumerate(self.saved):
            g = dy[:, c].astype(np.float64)
            dxhat = g * self.gamma[c]
            dvar = -0.5 * (dxhat * centred).sum() * power**-1.5
            dmean = -dxhat.sum() / math.sqrt(power)
            dx[:, c] = dxhat / math.sqrt(power) + (2 * dvar * centred + dmean) / g.size
            dgamma[c] = (g * centred).sum() / math.sqrt(power)
            dbeta.append(g.sum())
        return dx, dgamma, np.array(dbeta, dtype=dy.dtype)


def covariate_shift(acts_before, acts_after):
    total = 0.0
    for before, after in zip(acts_before.T.tolist(), acts_after.T.tolist(), strict=True):
        mean = math.fsum(before) / len(before)
        std = math.sqrt(math.fsum((v - mean) ** 2 for v in before) / len(before))
        total += abs(math.fsum(after) / len(after) - mean) / (std + 1e-8)
    return total / acts_before.shape[1]


# --- keepdims and reshaped parameters, everything in the dtype of x


class BatchNorm:  # noqa: F811
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.c, self.eps, self.momentum = num_features, eps, momentum
        self.gamma = np.ones(num_features)
        self.beta = np.zeros(num_features)
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)

    def shaped(self, vector):
        return vector.astype(self.dtype).reshape(self.shape)

    def forward(self, x, training):
        if x.shape[1] != self.c:
            raise ValueError("num_features")
        if not np.issubdtype(x.dtype, np.floating):
            x = x.astype(float)
        axes = (0,) if x.ndim == 2 else (0, 2, 3)
        self.dtype, self.shape = x.dtype, (1, self.c, *[1] * (x.ndim - 2))
        if not training:
            scale = 1 / np.sqrt(self.shaped(self.running_var) + self.eps)
            return self.shaped(self.gamma) * (x - self.shaped(self.running_mean)) * scale + self.shaped(self.beta)
        n = math.prod(x.shape[a] for a in axes)
        if n == 1:
            raise ValueError("one value per channel")
        mean = np.mean(x, axis=axes, keepdims=True)
        centred = x - mean
        var = np.mean(centred * centred, axis=axes, keepdims=True)
        keep = 1 - self.momentum
        self.running_mean = keep * self.running_mean + self.momentum * mean.ravel()
        self.running_var = keep * self.running_var + self.momentum * x.var(axis=axes, ddof=1)
        inverse = 1 / np.sqrt(var + self.eps)
        self.cache = centred * inverse, inverse, axes, self.shape
        return centred * inverse * self.shaped(self.gamma) + self.shaped(self.beta)

    def backward(self, dy):
        xhat, inverse, axes, self.shape = self.cache
        self.dtype = dy.dtype
        dxhat = dy * self.shaped(self.gamma)
        project = xhat * (dxhat * xhat).mean(axis=axes, keepdims=True)
        dx = inverse * (dxhat - dxhat.mean(axis=axes, keepdims=True) - project)
        return [dx, np.sum(dy * xhat, axis=axes), np.sum(dy, axis=axes)]
