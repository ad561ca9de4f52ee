import math


def step_decay(lr0: float, epoch: int, step_size: int, gamma: float = 0.1) -> float:
    return exponential_decay(lr0, epoch // step_size, gamma)


def exponential_decay(lr0: float, epoch: int, gamma: float) -> float:
    if lr0 < 0:
        raise ValueError("lr0 must not be negative")
    return lr0 * gamma**epoch


def cosine_annealing(lr0: float, t: int, t_max: int, lr_min: float = 0.0) -> float:
    if lr0 < 0 or t_max < 1:
        raise ValueError("lr0 must not be negative, t_max at least 1")
    return lr_min + (lr0 - lr_min) * (1 + math.cos(math.pi * min(t / t_max, 1))) / 2


def linear_warmup_cosine(lr0: float, t: int, warmup: int, total: int, lr_min: float = 0.0) -> float:
    if lr0 < 0 or warmup > total:
        raise ValueError("lr0 must not be negative, warmup at most total")
    if t < warmup:
        return lr0 * (t + 1) / warmup
    return cosine_annealing(lr0, t - warmup, max(total - warmup, 1), lr_min)


class ReduceLROnPlateau:
    def __init__(
        self,
        lr: float,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        mode: str = "min",
        cooldown: int = 0,
        min_lr: float = 0.0,
    ):
        if lr < 0 or factor >= 1 or mode not in ("min", "max"):
            raise ValueError("lr must not be negative, factor below 1, mode min or max")
        self.lr, self.factor, self.patience, self.threshold = lr, factor, patience, threshold
        self.mode, self.cooldown, self.min_lr = mode, cooldown, min_lr
        self.best = math.inf if mode == "min" else -math.inf
        self.bad = self.cooling = 0

    def step(self, metric: float) -> float:
        if self._better(metric):
            self.best = metric
            self.bad = 0
        else:
            self.bad += 1
        if self.cooling > 0:
            self.cooling -= 1
            self.bad = 0
        if self.bad > self.patience:
            lower = max(self.lr * self.factor, self.min_lr)
            if self.lr - lower > 1e-8:
                self.lr = lower
            self.bad, self.cooling = 0, self.cooldown
        return self.lr

    def _better(self, metric: float) -> bool:
        if self.mode == "min":
            return metric < self.best * (1 - self.threshold)
        return metric > self.best * (1 + self.threshold)
