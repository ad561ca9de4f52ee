"""The same in other styles."""

import math

import numpy as np

# --- loops, numpy, one pass with a steps-since counter


def step_decay(lr0, epoch, step_size, gamma=0.1):
    if lr0 < 0:
        raise ValueError("lr0")
    lr = lr0
    for _ in range(step_size, epoch + 1, step_size):
        lr *= gamma
    return lr


def exponential_decay(lr0, epoch, gamma):
    if lr0 < 0:
        raise ValueError("lr0")
    return float(lr0 * np.exp(epoch * np.log(gamma)))


def cosine_annealing(lr0, t, t_max, lr_min=0.0):
    if lr0 < 0 or t_max < 1:
        raise ValueError("lr0, t_max")
    if t >= t_max:
        return lr_min
    share = 0.5 + 0.5 * np.cos(np.pi * t / t_max)
    return share * lr0 + (1 - share) * lr_min


def linear_warmup_cosine(lr0, t, warmup, total, lr_min=0.0):
    if lr0 < 0 or warmup > total:
        raise ValueError("lr0, warmup")
    if t < warmup:
        return lr0 / warmup * (t + 1)
    if t == warmup:
        return lr0
    if t >= total:
        return lr_min
    return cosine_annealing(lr0, t - warmup, total - warmup, lr_min)


class ReduceLROnPlateau:
    def __init__(self, lr, factor=0.1, patience=10, threshold=1e-4, mode="min", cooldown=0, min_lr=0.0):
        if lr < 0:
            raise ValueError("lr")
        if factor >= 1:
            raise ValueError("factor")
        if mode != "min" and mode != "max":
            raise ValueError("mode")
        self.rate, self.factor, self.patience = lr, factor, patience
        self.sign = 1 if mode == "min" else -1
        self.needed = 1 - self.sign * threshold
        self.cooldown, self.min_lr = cooldown, min_lr
        self.best = None
        self.since = 0  # bad steps; below 0 while cooling down

    def step(self, metric):
        better = not math.isnan(metric) and (
            self.best is None or self.sign * metric < self.sign * (self.best * self.needed)
        )
        if better:
            self.best = metric
        if self.since < 0:
            self.since += 1
            return self.rate
        self.since = 0 if better else self.since + 1
        if self.since > self.patience:
            lower = max(self.rate * self.factor, self.min_lr)
            self.rate = lower if self.rate - lower > 1e-8 else self.rate
            self.since = -self.cooldown
        return self.rate
