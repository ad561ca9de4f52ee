"""Learning-rate schedules: decay in steps, exponentially, along a cosine; warm-up; waiting for a plateau.

A large rate moves fast but stays noisy around the minimum; a small one settles but takes long to get there.
So one starts large and decays. The first four functions are closed forms: they compute the rate at a given
time from nothing but their arguments, which makes them easy to resume. The last one has to watch a metric, so
it keeps a state.

Rates, factors and metrics are Python floats, times and counts are ints >= 0. All functions and `step` return
a float.

`step_decay(lr0, epoch, step_size, gamma=0.1)`
    lr0 * gamma^k, where k = floor(epoch / step_size) is the number of full periods of step_size >= 1 epochs
    so far: the rate stays as it is within a period.
    ValueError: lr0 < 0.

`exponential_decay(lr0, epoch, gamma)`
    lr0 * gamma^epoch
    ValueError: lr0 < 0.

`cosine_annealing(lr0, t, t_max, lr_min=0.0)`
    lr_min + (lr0 - lr_min) * (1 + cos(pi * t / t_max)) / 2 for 0 <= t <= t_max: from lr0 down to lr_min along
    half a period. For t > t_max the rate stays at lr_min; it does not rise again.
    ValueError: lr0 < 0, t_max < 1.

`linear_warmup_cosine(lr0, t, warmup, total, lr_min=0.0)`
    For t < warmup a ramp that starts above 0 and whose last value is lr0: lr0 * (t + 1) / warmup.
    From t = warmup on a cosine over the remaining total - warmup steps: lr0 at t = warmup, lr_min at
    t = total and beyond. warmup = 0 is the cosine alone. Where warmup = total, the rate is lr0 at t = warmup
    and lr_min after it.
    ValueError: lr0 < 0, warmup > total.

`ReduceLROnPlateau(lr, factor=0.1, patience=10, threshold=1e-4, mode="min", cooldown=0, min_lr=0.0)`
    Lowers the rate when a metric has stopped getting better, like torch.optim.lr_scheduler.ReduceLROnPlateau.
    lr           the rate to start with
    factor       what a reduction multiplies the rate by, < 1
    patience     how many bad steps in a row are TOLERATED: the next one reduces
    threshold    how much better counts, RELATIVE to the best metric so far, 0 <= threshold < 1
    mode         "min": smaller is better (a loss), "max": larger is better (an accuracy)
    cooldown     for how many steps after a reduction nothing is counted
    min_lr       no reduction goes below it
    ValueError: lr < 0, factor >= 1, a mode that is neither "min" nor "max".

    `step(metric)` takes the metric of one epoch, a finite number or NaN, and returns the rate from then on:

        1. The metric is better if metric < best * (1 - threshold) in mode "min", > best * (1 + threshold) in
           mode "max". (The comparison is this one for negative metrics, too, as in PyTorch.) The first metric
           that is not NaN is better in any case; NaN never is.
        2. If it is better, it becomes the best and the count of bad steps is 0 again. Else the count goes up
           by 1 and best stays, also where the metric was a little better, but not by the threshold.
        3. During a cooldown: one step of it is over, and the count is 0 (best may have changed in 2).
        4. If now count > patience: the rate becomes max(lr * factor, min_lr) if that lowers it by more than
           1e-8, and stays otherwise (so a min_lr above lr changes nothing). In either case the count is 0
           again and a cooldown of `cooldown` steps begins, the next step being its first.

Example
    >>> [round(float(step_decay(1.0, epoch, 10)), 6) for epoch in (0, 9, 10, 25)]
    [1.0, 1.0, 0.1, 0.01]
    >>> [round(float(cosine_annealing(1.0, t, 4)), 4) for t in range(6)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    >>> [round(float(linear_warmup_cosine(1.0, t, 2, 6)), 4) for t in range(8)]
    [0.5, 1.0, 1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    >>> plateau = ReduceLROnPlateau(1.0, factor=0.5, patience=1)
    >>> [float(plateau.step(metric)) for metric in (3.0, 2.0, 2.5, 2.0, 2.0, 2.0)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]

There 2.5 is the first bad step, which patience = 1 tolerates, and the 2.0 after it is the second, which
reduces.

Asked next: why does Adam profit from a warm-up? What do you schedule per step and what per epoch? How does
the rate scale with the batch size? Which of these schedules need to know the length of the training
beforehand?
"""


def step_decay(lr0: float, epoch: int, step_size: int, gamma: float = 0.1) -> float:
    raise NotImplementedError("TODO: lr0 times gamma for every full period")


def exponential_decay(lr0: float, epoch: int, gamma: float) -> float:
    raise NotImplementedError("TODO: lr0 times gamma for every epoch")


def cosine_annealing(lr0: float, t: int, t_max: int, lr_min: float = 0.0) -> float:
    raise NotImplementedError("TODO: half a period of the cosine, with math.cos; lr_min after it")


def linear_warmup_cosine(lr0: float, t: int, warmup: int, total: int, lr_min: float = 0.0) -> float:
    raise NotImplementedError("TODO: the ramp up to lr0, then the cosine from t = warmup on")


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
        raise NotImplementedError("TODO: keep the settings, the best metric so far and two counters")

    def step(self, metric: float) -> float:
        raise NotImplementedError("TODO: compare with the best, count, cool down, reduce")
