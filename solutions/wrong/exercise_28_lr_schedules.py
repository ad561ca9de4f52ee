"""Answers people really give. Each must fail exactly the checks it names."""

import math

from dlkit.grader.wrong import wrong
from dlkit.solutions.exercise_28_lr_schedules import ReduceLROnPlateau as Right
from dlkit.solutions.exercise_28_lr_schedules import cosine_annealing as right_cosine
from dlkit.solutions.exercise_28_lr_schedules import exponential_decay as right_exponential
from dlkit.solutions.exercise_28_lr_schedules import linear_warmup_cosine as right_warmup
from dlkit.solutions.exercise_28_lr_schedules import step_decay as right_step


@wrong(replaces="step_decay", fails=["closed_forms"])
def compounding(lr0, epoch, step_size, gamma=0.1):
    """Decay once per step_size epochs: you multiply by gamma in every epoch."""
    return right_exponential(lr0, epoch, gamma)


@wrong(replaces="step_decay", fails=["closed_forms"])
def smooth_steps(lr0, epoch, step_size, gamma=0.1):
    """The rate stays constant within a period: take the floor of epoch / step_size (//), not the fraction."""
    return right_exponential(lr0, epoch / step_size, gamma)


@wrong(replaces="step_decay", fails=["closed_forms"])
def steps_one_early(lr0, epoch, step_size, gamma=0.1):
    """The first drop comes at epoch = step_size: epochs 0 ... step_size - 1 have the full lr0."""
    return right_step(lr0, epoch + 1, step_size, gamma)


@wrong(replaces="step_decay", fails=["closed_forms"])
def decays_once(lr0, epoch, step_size, gamma=0.1):
    """The rate drops again after every further step_size epochs, not only once."""
    return right_exponential(lr0, min(epoch // step_size, 1), gamma)


@wrong(replaces="step_decay", fails=["closed_forms"])
def gamma_of_half(lr0, epoch, step_size, gamma=0.5):
    """The default gamma of step_decay is 0.1."""
    return right_step(lr0, epoch, step_size, gamma)


@wrong(replaces="exponential_decay", fails=["closed_forms"])
def rate_of_e(lr0, epoch, gamma):
    """gamma is the base, the factor per epoch: lr0 * gamma^epoch; exp(-gamma * epoch) is another convention."""
    return right_exponential(lr0, 0, gamma) * math.exp(-gamma * epoch)


@wrong(replaces="exponential_decay", fails=["closed_forms"])
def linear_in_epoch(lr0, epoch, gamma):
    """Exponential means that gamma is raised to the power epoch, not multiplied by it."""
    return right_exponential(lr0, 0, gamma) * (gamma * epoch if epoch else 1.0)


@wrong(replaces="cosine_annealing", fails=["closed_forms", "warmup"])
def cosine_restart(lr0, t, t_max, lr_min=0.0):
    """Past t_max the rate stays at lr_min: the cosine alone would rise again."""
    right_cosine(lr0, t, t_max)
    return lr_min + (lr0 - lr_min) * (1 + math.cos(math.pi * t / t_max)) / 2


@wrong(replaces="cosine_annealing", fails=["closed_forms", "warmup"])
def lr_min_added(lr0, t, t_max, lr_min=0.0):
    """The cosine spans lr0 - lr_min: with lr_min merely added, the start is above lr0."""
    return lr_min + right_cosine(lr0, t, t_max)


@wrong(replaces="cosine_annealing", fails=["closed_forms", "warmup"])
def lr_min_as_floor(lr0, t, t_max, lr_min=0.0):
    """lr_min is where the cosine ends, not a floor that cuts it off early."""
    return max(lr_min, right_cosine(lr0, t, t_max))


@wrong(replaces="cosine_annealing", fails=["closed_forms", "warmup"])
def lr_min_ignored(lr0, t, t_max, lr_min=0.0):
    """`lr_min` has no effect on your result: the rate ends there, not at 0."""
    return right_cosine(lr0, t, t_max)


@wrong(replaces="cosine_annealing", fails=["closed_forms", "warmup"])
def quarter_period(lr0, t, t_max, lr_min=0.0):
    """The decay is half a period, (1 + cos(pi t / t_max)) / 2: flat at both ends; yours is a quarter of one."""
    right_cosine(lr0, t, t_max)
    return lr_min + (lr0 - lr_min) * math.cos(math.pi / 2 * min(t / t_max, 1))


@wrong(replaces="cosine_annealing", fails=["closed_forms", "warmup"])
def straight_line(lr0, t, t_max, lr_min=0.0):
    """That is linear decay: the cosine starts and ends flat."""
    right_cosine(lr0, t, t_max)
    return lr0 + (lr_min - lr0) * min(t / t_max, 1)


@wrong(replaces="cosine_annealing", fails=["closed_forms", "warmup"])
def ends_one_early(lr0, t, t_max, lr_min=0.0):
    """lr_min is reached at t = t_max, not at t_max - 1: divide t by t_max."""
    right_cosine(lr0, t, t_max)
    return right_cosine(lr0, t, max(t_max - 1, 1), lr_min)


@wrong(replaces="linear_warmup_cosine", fails=["warmup"])
def off_by_one_warmup(lr0, t, warmup, total, lr_min=0.0):
    """A rate of 0 at t = 0 would waste the first step: ramp with (t + 1) / warmup."""
    right = right_warmup(lr0, t, warmup, total, lr_min)
    return lr0 * t / warmup if t < warmup else right


@wrong(replaces="linear_warmup_cosine", fails=["warmup"])
def cosine_not_shifted(lr0, t, warmup, total, lr_min=0.0):
    """The cosine begins where the ramp ends: its time is t - warmup, its length total - warmup."""
    right = right_warmup(lr0, t, warmup, total, lr_min)
    return right if t < warmup else right_cosine(lr0, t, max(total, 1), lr_min)


@wrong(replaces="linear_warmup_cosine", fails=["warmup"])
def cosine_too_long(lr0, t, warmup, total, lr_min=0.0):
    """The cosine has total - warmup steps, so that lr_min is reached at t = total."""
    right = right_warmup(lr0, t, warmup, total, lr_min)
    return right if t < warmup else right_cosine(lr0, t - warmup, max(total, 1), lr_min)


@wrong(replaces="linear_warmup_cosine", fails=["warmup"])
def ramp_from_lr_min(lr0, t, warmup, total, lr_min=0.0):
    """The ramp is lr0 * (t + 1) / warmup, whatever lr_min is: lr_min is the end of the decay."""
    right = right_warmup(lr0, t, warmup, total, lr_min)
    return lr_min + (lr0 - lr_min) * (t + 1) / warmup if t < warmup else right


@wrong(replaces="linear_warmup_cosine", fails=["warmup"])
def ramp_to_the_joint(lr0, t, warmup, total, lr_min=0.0):
    """The ramp's last value, at t = warmup - 1, is lr0 already: divide t + 1 by warmup."""
    right = right_warmup(lr0, t, warmup, total, lr_min)
    return lr0 * (t + 1) / (warmup + 1) if t < warmup else right


@wrong(replaces="linear_warmup_cosine", fails=["warmup"])
def constant_after_warmup(lr0, t, warmup, total, lr_min=0.0):
    """After the warm-up the rate decays along the cosine; yours stays at lr0."""
    right = right_warmup(lr0, t, warmup, total, lr_min)
    return right if t < warmup else lr0


@wrong(replaces="linear_warmup_cosine", fails=["warmup"])
def warmup_lr_min_ignored(lr0, t, warmup, total, lr_min=0.0):
    """`lr_min` has no effect on linear_warmup_cosine: the cosine ends there."""
    return right_warmup(lr0, t, warmup, total)


@wrong(replaces="linear_warmup_cosine", fails=["warmup"])
def at_least_one_warmup(lr0, t, warmup, total, lr_min=0.0):
    """warmup = 0 is the cosine alone, from t = 0 on: no step of it goes to a ramp."""
    right_warmup(lr0, t, warmup, total)
    return right_warmup(lr0, t, max(warmup, 1), max(total, 1), lr_min)


@wrong(replaces="linear_warmup_cosine", fails=["warmup"])
def no_room_for_cosine(lr0, t, warmup, total, lr_min=0.0):
    """warmup = total leaves a cosine of no length: do not divide by 0, the rate is lr0 at t = warmup, then lr_min."""
    right = right_warmup(lr0, t, warmup, total, lr_min)
    return lr_min if t >= warmup == total else right


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class patience_ge(Right):
    """Patience is the number of bad steps TOLERATED: act when the count exceeds it, not when it reaches it."""

    def __init__(self, lr, factor=0.1, patience=10, threshold=1e-4, mode="min", cooldown=0, min_lr=0.0):
        super().__init__(lr, factor, patience - 1, threshold, mode, cooldown, min_lr)


class _Changed(Right):
    """The reference's step in parts that can be replaced."""

    def step(self, metric):
        if self._better(metric):
            self.best = metric
            self.good()
        else:
            self.bad += 1
            self.missed(metric)
        if self.cooling > 0:
            self.cool()
        if self.bad > self.patience:
            self.reduce()
            self.after()
        return self.lr

    def good(self):
        self.bad = 0

    def missed(self, metric):
        pass

    def cool(self):
        self.cooling -= 1
        self.bad = 0

    def lower(self):
        return max(self.lr * self.factor, self.min_lr)

    def reduce(self):
        if self.lr - self.lower() > 1e-8:
            self.lr = self.lower()

    def after(self):
        self.bad, self.cooling = 0, self.cooldown


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class absolute_threshold(_Changed):
    """The threshold is relative to the best metric: best * (1 - threshold), not best - threshold."""

    def _better(self, metric):
        if self.mode == "min":
            return metric < self.best - self.threshold
        return metric > self.best + self.threshold


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class no_reset(_Changed):
    """Start counting afresh after each reduction: without it every further bad step reduces again."""

    def after(self):
        self.cooling = self.cooldown


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class bad_steps_in_all(_Changed):
    """A better metric sets the count of bad steps to 0: patience is about bad steps in a row."""

    def good(self):
        pass


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class threshold_ignored(_Changed):
    """A metric is better only if it beats the best by the threshold; tiny improvements are a plateau."""

    def _better(self, metric):
        return metric < self.best if self.mode == "min" else metric > self.best


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class best_creeps(_Changed):
    """best changes only if it is beaten by the threshold: creeping along with tiny gains hides a plateau's end."""

    def missed(self, metric):
        if metric < self.best if self.mode == "min" else metric > self.best:
            self.best = metric


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class against_previous(_Changed):
    """Compare with the BEST metric so far, not with the one before: getting worse and back again is no progress."""

    def missed(self, metric):
        if not math.isnan(metric):
            self.best = metric


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class threshold_of_size(_Changed):
    """The comparison is best * (1 - threshold) for negative metrics, too, as in PyTorch: no absolute value."""

    def _better(self, metric):
        margin = self.threshold * abs(self.best) if math.isfinite(self.best) else 0.0
        return metric < self.best - margin if self.mode == "min" else metric > self.best + margin


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class mode_ignored(_Changed):
    """`mode` has no effect: in mode "max" a larger metric is better."""

    def __init__(self, lr, factor=0.1, patience=10, threshold=1e-4, mode="min", cooldown=0, min_lr=0.0):
        super().__init__(lr, factor, patience, threshold, mode, cooldown, min_lr)
        self.mode, self.best = "min", math.inf


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class max_threshold_below(_Changed):
    """In mode "max" better means ABOVE best * (1 + threshold): with 1 - threshold a worse metric passes for better."""

    def _better(self, metric):
        return super()._better(metric) if self.mode == "min" else metric > self.best * (1 - self.threshold)


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class cooldown_ignored(_Changed):
    """`cooldown` has no effect: for so many steps after a reduction the count stays 0, so nothing is reduced."""

    def after(self):
        self.bad = 0


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class counts_while_cooling(_Changed):
    """Bad steps during the cooldown are not counted either: the count is 0 in each of its steps."""

    blocked = False

    def step(self, metric):
        self.blocked = self.cooling > 0
        return super().step(metric)

    def cool(self):
        self.cooling -= 1

    def reduce(self):
        if not self.blocked:
            super().reduce()

    def after(self):
        if not self.blocked:
            super().after()


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class cooldown_one_short(_Changed):
    """The cooldown begins with the step after the reduction: the reducing step itself is not its first."""

    def after(self):
        self.bad, self.cooling = 0, max(self.cooldown - 1, 0)


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class cooldown_freezes_best(_Changed):
    """The best metric is kept up to date during the cooldown as well; only the count stands still."""

    def step(self, metric):
        if self.cooling > 0:
            self.cooling -= 1
            return self.lr
        return super().step(metric)


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class min_lr_ignored(_Changed):
    """`min_lr` has no effect: no reduction goes below it."""

    def lower(self):
        return self.lr * self.factor


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class min_lr_not_reached(_Changed):
    """A reduction that would go below min_lr ends at min_lr: it is not left out."""

    def reduce(self):
        if self.lr * self.factor >= self.min_lr and self.lr * (1 - self.factor) > 1e-8:
            self.lr *= self.factor


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class min_lr_raises(_Changed):
    """A min_lr above the present rate changes nothing: reducing never raises the rate."""

    def reduce(self):
        if abs(self.lr - self.lower()) > 1e-8:
            self.lr = self.lower()


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value"])
class tiny_changes(_Changed):
    """A reduction by 1e-8 or less is skipped: the rate stays as it is."""

    def reduce(self):
        self.lr = min(self.lr, self.lower())


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class reduces_once(_Changed):
    """Every reduction multiplies the rate of then by factor, not the rate of the start."""

    def __init__(self, lr, factor=0.1, patience=10, threshold=1e-4, mode="min", cooldown=0, min_lr=0.0):
        super().__init__(lr, factor, patience, threshold, mode, cooldown, min_lr)
        self.first = lr

    def lower(self):
        return max(self.first * self.factor, self.min_lr)


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class divides_by_factor(_Changed):
    """A reduction multiplies the rate by factor, which is below 1; dividing by it raises the rate."""

    def reduce(self):
        self.lr = max(self.lr / self.factor, self.min_lr)


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class returns_old_rate(_Changed):
    """step returns the rate from now on: the reduced one in the very step that reduces it."""

    def step(self, metric):
        before = self.lr
        super().step(metric)
        return before


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class returns_nothing(_Changed):
    """step returns the current rate: a `return` is missing."""

    def step(self, metric):
        super().step(metric)


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class best_starts_at_zero(_Changed):
    """The first metric becomes the best: start with inf (mode "min") or -inf ("max"), a loss never beats 0."""

    def __init__(self, lr, factor=0.1, patience=10, threshold=1e-4, mode="min", cooldown=0, min_lr=0.0):
        super().__init__(lr, factor, patience, threshold, mode, cooldown, min_lr)
        self.best = 0.0


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class first_is_bad(_Changed):
    """The first metric is better than nothing: it becomes the best and is not counted as a bad step."""

    started = False

    def good(self):
        self.bad = 0 if self.started else self.bad + 1
        self.started = True


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_first"])
class nan_is_first(_Changed):
    """NaN must not become the best: nothing is below NaN, so no later metric would ever be better."""

    started = False

    def step(self, metric):
        if not self.started:
            self.started, self.best = True, metric
            return self.lr
        return super().step(metric)


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_first"])
class nan_is_better(_Changed):
    """NaN is never better: written as `not metric >= bound` the comparison lets it pass."""

    def _better(self, metric):
        if self.mode == "min":
            return not metric >= self.best * (1 - self.threshold)
        return not metric <= self.best * (1 + self.threshold)


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_first"])
class nan_not_counted(_Changed):
    """A NaN metric counts as a bad step: a run that diverges should lower its rate."""

    def missed(self, metric):
        self.bad -= math.isnan(metric)


@wrong(replaces="ReduceLROnPlateau", fails=["plateau_value", "plateau_first"])
class other_defaults(_Changed):
    """The defaults are factor=0.1, patience=10, threshold=1e-4, mode="min", cooldown=0, min_lr=0.0."""

    def __init__(self, lr, factor=0.5, patience=5, threshold=1e-3, mode="min", cooldown=0, min_lr=0.0):
        super().__init__(lr, factor, patience, threshold, mode, cooldown, min_lr)


@wrong(replaces=("step_decay", "exponential_decay"), fails=["errors"])
class negative_rate:
    """A negative learning rate climbs: raise ValueError."""

    def step_decay(lr0, epoch, step_size, gamma=0.1):
        return lr0 * gamma ** (epoch // step_size)

    def exponential_decay(lr0, epoch, gamma):
        return lr0 * gamma**epoch


@wrong(replaces="cosine_annealing", fails=["errors"])
def t_max_unchecked(lr0, t, t_max, lr_min=0.0):
    """A cosine of no length (t_max < 1) is a mistake of the caller's: raise ValueError."""
    return right_cosine(lr0, t, t_max, lr_min) if t_max > 0 else lr_min + right_cosine(lr0, 1, 1)


@wrong(replaces="linear_warmup_cosine", fails=["errors"])
def warmup_too_long(lr0, t, warmup, total, lr_min=0.0):
    """A warm-up longer than the whole training never reaches lr0: raise ValueError."""
    return right_warmup(lr0, t, min(warmup, total), total, lr_min)


@wrong(replaces="ReduceLROnPlateau", fails=["errors"])
class plateau_unchecked(Right):
    """A negative rate, a factor >= 1 (which would raise the rate) or an unknown mode: raise ValueError."""

    def __init__(self, lr, factor=0.1, patience=10, threshold=1e-4, mode="min", cooldown=0, min_lr=0.0):
        super().__init__(abs(lr), 0.5, patience, threshold, "min", cooldown, min_lr)
        self.factor = factor
        if mode != "min":
            self.mode, self.best = "max", -math.inf
