"""Answers people really give. Each must fail exactly the checks it names."""

import math

from dlkit.grader.wrong import belief, wrong
from dlkit.solutions.exercise_34_early_stopping import EarlyStopping
from dlkit.solutions.exercise_34_early_stopping import fit_with_early_stopping as right_fit

train_metric = belief(
    "train_metric",
    check="trace_min",
    message="Monitor a validation metric: the training loss keeps falling while the model overfits.",
)


class _Parts(EarlyStopping):
    """The reference in parts: how it begins, what is an improvement, what is kept, when to stop."""

    def __init__(self, patience=0, min_delta=0.0, mode="min", restore_best=True, baseline=None):
        super().__init__(patience, min_delta, mode, restore_best, baseline)
        self.begin()

    def begin(self):
        pass

    def improves(self, metric):
        return metric < self.best - self.min_delta if self.mode == "min" else metric > self.best + self.min_delta

    def keep(self, weights):
        return [w.copy() for w in weights]

    def patient(self, epoch):
        return self.wait < self.patience or epoch == 0

    def update(self, epoch, metric, weights):
        if self.improves(metric):
            self.best, self.best_epoch, self.wait = metric, epoch, 0
            self.best_weights = self.keep(weights)
            return False
        self.wait += 1
        if self.patient(epoch):
            return False
        self.stopped_epoch = epoch
        return True


@wrong(replaces="EarlyStopping", fails=["restore"])
class alias_weights(_Parts):
    """best_weights changed with training: you keep the live list itself. Copy every array in it."""

    def keep(self, weights):
        return weights


@wrong(replaces="EarlyStopping", fails=["restore"])
class shallow_copy(_Parts):
    """A copy of the list still holds the live arrays, and training writes into those: copy every array."""

    def keep(self, weights):
        return list(weights)


@wrong(replaces="EarlyStopping", fails=["restore"])
class first_weights_kept(_Parts):
    """Every improvement brings new best weights: replace the ones that you have."""

    def keep(self, weights):
        return self.best_weights or [w.copy() for w in weights]


@wrong(replaces="EarlyStopping", fails=["no_restore"])
class kept_only_to_restore(_Parts):
    """best_weights should be there for whoever reads them, also with restore_best=False."""

    def keep(self, weights):
        return [w.copy() for w in weights] if self.restore_best else None


@wrong(replaces="EarlyStopping", fails=["trace_min", "trace_max", "min_delta_baseline", "restore", "nan_metric"])
class patience_off_by_one(_Parts):
    """Stop when wait REACHES patience, wait >= patience: you wait one epoch longer."""

    def patient(self, epoch):
        return self.wait <= self.patience or epoch == 0


@wrong(replaces="EarlyStopping", fails=["trace_min", "trace_max", "min_delta_baseline", "restore", "nan_metric"])
class patience_counts_from_zero(_Parts):
    """wait counts the epoch without improvement that has just ended, too: with patience 2 the second one stops."""

    def patient(self, epoch):
        return self.wait < self.patience - 1 or epoch == 0


@wrong(replaces="EarlyStopping", fails=["trace_min", "trace_max", "min_delta_baseline", "never_stops"])
class patience_zero_at_once(_Parts):
    """An improvement never stops: with patience 0, wait >= patience holds right after it, too."""

    def update(self, epoch, metric, weights):
        stop = super().update(epoch, metric, weights)
        if not stop and self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            return True
        return stop


@wrong(replaces="EarlyStopping", fails=["min_delta_baseline", "nan_metric"])
class stops_at_epoch_zero(_Parts):
    """Epoch 0 never stops, even if its metric is NaN or does not beat the baseline."""

    def patient(self, epoch):
        return self.wait < self.patience


@wrong(replaces="EarlyStopping", fails=["trace_min", "trace_max", "min_delta_baseline", "restore", "nan_metric"])
class consecutive(_Parts):
    """Compare with the BEST value so far, not with the previous epoch."""

    previous = None

    def improves(self, metric):
        best, self.best = self.best, self.best if self.previous is None else self.previous
        better = super().improves(metric)
        self.best, self.previous = best, metric
        return better


@wrong(replaces="EarlyStopping", fails=["min_delta_baseline"])
class delta_sign(_Parts):
    """min_delta makes an improvement HARDER: a loss has to fall below best - min_delta."""

    def improves(self, metric):
        return metric < self.best + self.min_delta if self.mode == "min" else metric > self.best - self.min_delta


@wrong(replaces="EarlyStopping", fails=["min_delta_baseline"])
class delta_ignored(_Parts):
    """`min_delta` has no effect on your result: smaller gains than that do not count."""

    def improves(self, metric):
        return metric < self.best if self.mode == "min" else metric > self.best


@wrong(replaces="EarlyStopping", fails=["min_delta_baseline"])
class delta_relative(_Parts):
    """min_delta is an absolute difference, not a share of the best value."""

    def improves(self, metric):
        delta = self.min_delta * abs(self.best) if math.isfinite(self.best) else 0.0
        return metric < self.best - delta if self.mode == "min" else metric > self.best + delta


@wrong(replaces="EarlyStopping", fails=["trace_min", "trace_max", "min_delta_baseline"])
class boundary_improves(_Parts):
    """An equal metric is no improvement, and neither is one that is exactly min_delta better: use < and >."""

    def improves(self, metric):
        return metric <= self.best - self.min_delta if self.mode == "min" else metric >= self.best + self.min_delta


@wrong(replaces="EarlyStopping", fails=["min_delta_baseline"])
class best_creeps(_Parts):
    """best moves only when a metric counts as an improvement; else many gains below min_delta never add up to one."""

    def improves(self, metric):
        better = super().improves(metric)
        if metric < self.best if self.mode == "min" else metric > self.best:
            self.best = metric
        return better


@wrong(replaces="EarlyStopping", fails=["trace_min", "trace_max", "min_delta_baseline", "restore", "nan_metric"])
class wait_not_reset(_Parts):
    """Reset wait at each improvement: it counts the epochs in a row without one."""

    def update(self, epoch, metric, weights):
        wait = self.wait
        stop = super().update(epoch, metric, weights)
        self.wait = max(self.wait, wait)
        return stop


@wrong(replaces="EarlyStopping", fails=["trace_max", "min_delta_baseline", "restore", "nan_metric"])
class mode_ignored(_Parts):
    """`mode` has no effect on your result: with "max" a larger metric is better."""

    def improves(self, metric):
        if self.best == -math.inf:
            self.best = math.inf
        return metric < self.best - self.min_delta


@wrong(replaces="EarlyStopping", fails=["trace_max", "min_delta_baseline", "nan_metric"])
class max_from_zero(_Parts):
    """In mode "max" best starts at -inf: from 0 a negative metric (R^2, a log-likelihood) never improves."""

    def begin(self):
        self.best = max(self.best, 0.0) if self.mode == "max" and self.best == -math.inf else self.best


@wrong(replaces="EarlyStopping", fails=["min_delta_baseline", "restore"])
class baseline_ignored(_Parts):
    """`baseline` has no effect on your result: best starts there, and only a metric that beats it improves."""

    def begin(self):
        self.best = math.inf if self.mode == "min" else -math.inf


@wrong(replaces="EarlyStopping", fails=["min_delta_baseline"])
class baseline_zero_is_none(_Parts):
    """A baseline of 0.0 is a baseline: ask `baseline is None`, not `if baseline`."""

    def begin(self):
        self.best = self.best or (math.inf if self.mode == "min" else -math.inf)


@wrong(replaces="EarlyStopping", fails=["min_delta_baseline"])
class baseline_is_a_goal(_Parts):
    """The baseline is where the bar lies at first; beating it does not end the training."""

    def begin(self):
        self.goal = self.best

    def update(self, epoch, metric, weights):
        stop = super().update(epoch, metric, weights)
        if not stop and epoch > 0 and self.best_epoch == epoch and math.isfinite(self.goal):
            self.stopped_epoch = epoch
            return True
        return stop


@wrong(replaces="EarlyStopping", fails=["nan_metric"])
class nan_improves(_Parts):
    """NaN is no improvement: ask whether the metric IS better, for `not metric >= best` is true of NaN."""

    def improves(self, metric):
        if self.mode == "min":
            return not metric >= self.best - self.min_delta
        return not metric <= self.best + self.min_delta


@wrong(replaces="EarlyStopping", fails=["nan_metric"])
class nan_skipped(_Parts):
    """An epoch with NaN counts as one without improvement: wait grows by 1."""

    def update(self, epoch, metric, weights):
        return False if math.isnan(metric) else super().update(epoch, metric, weights)


@wrong(replaces="EarlyStopping", fails=["nan_metric"])
class nan_stops(_Parts):
    """NaN is one epoch without improvement, it does not stop the training by itself: patience holds for it, too."""

    def patient(self, epoch):
        return super().patient(epoch) and not self.broken

    def improves(self, metric):
        self.broken = math.isnan(metric) and math.isfinite(self.best)
        return super().improves(metric)


@wrong(
    replaces="EarlyStopping",
    fails=["trace_min", "trace_max", "min_delta_baseline", "restore", "nan_metric", "never_stops"],
)
class stopped_at_zero(_Parts):
    """stopped_epoch is None while nothing has stopped: 0 would be an epoch."""

    def begin(self):
        self.stopped_epoch = 0


@wrong(replaces="EarlyStopping", fails=["trace_min", "trace_max", "min_delta_baseline", "restore", "nan_metric"])
class stopped_at_the_best(_Parts):
    """stopped_epoch is the epoch at which you stop; the best one was earlier, and is best_epoch."""

    def update(self, epoch, metric, weights):
        stop = super().update(epoch, metric, weights)
        if stop:
            self.stopped_epoch = self.best_epoch
        return stop


@wrong(replaces="EarlyStopping", fails=["trace_min"])
class own_count(_Parts):
    """Take the epoch that is passed in: a resumed run does not start at 0."""

    count = -1

    def update(self, epoch, metric, weights):
        self.count += 1
        return super().update(self.count, metric, weights)


def _fit(*, restore=True, keep_metric=lambda history, metric: [*history, metric], first=0):
    """fit_with_early_stopping with one of its parts replaced."""

    def fit(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
        history = []
        for epoch in range(max_epochs):
            train_epoch()
            metric = evaluate()
            history = keep_metric(history, metric)
            if stopper.update(epoch + first, metric, get_weights()):
                break
        if restore and stopper.restore_best and stopper.best_weights is not None:
            set_weights(stopper.best_weights)
        names = ("stopped_epoch", "best_epoch", "best")
        return {name: getattr(stopper, name) for name in names} | {"history": history}

    return fit


@wrong(replaces=("fit_with_early_stopping",), fails=["restore"])
class no_restore_default:
    """The last weights are patience epochs past the best: put the best ones back at the end."""

    fit_with_early_stopping = staticmethod(_fit(restore=False))


@wrong(replaces="fit_with_early_stopping", fails=["restore"])
def restores_only_if_stopped(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    """A run that goes to max_epochs may be past its best, too: put the best weights back in either case."""

    def only_if_stopped(weights):
        if stopper.stopped_epoch is not None:
            set_weights(weights)

    return right_fit(train_epoch, evaluate, get_weights, only_if_stopped, stopper, max_epochs)


@wrong(replaces="fit_with_early_stopping", fails=["no_restore"])
def always_restores(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    """restore_best=False leaves the weights of the last epoch: do not put the best ones back."""
    result = right_fit(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs)
    if stopper.best_weights is not None:
        set_weights(stopper.best_weights)
    return result


@wrong(replaces="fit_with_early_stopping", fails=["restore", "nan_metric"])
def restores_nothing(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    """If no epoch improved there are no best weights to put back: best_weights is None."""
    result = right_fit(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs)
    if stopper.restore_best:
        set_weights(stopper.best_weights)
    return result


@wrong(replaces="fit_with_early_stopping", fails=["restore", "nan_metric", "never_stops"])
def evaluates_first(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    """Train first, then evaluate: the metric of an epoch belongs to the weights at its end."""
    state = {}

    def train_later():
        state["metric"] = evaluate()
        train_epoch()

    return right_fit(train_later, lambda: state["metric"], get_weights, set_weights, stopper, max_epochs)


@wrong(replaces="fit_with_early_stopping", fails=["restore", "nan_metric", "never_stops"])
def evaluates_twice(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    """Evaluate once per epoch and keep the number: evaluation may be expensive."""

    def twice():
        evaluate()
        return evaluate()

    return right_fit(train_epoch, twice, get_weights, set_weights, stopper, max_epochs)


@wrong(replaces="fit_with_early_stopping", fails=["restore", "nan_metric"])
def one_more_epoch(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    """When the stopper says stop, stop: you train for another epoch."""
    history = []
    stop = False
    for epoch in range(max_epochs):
        train_epoch()
        history.append(evaluate())
        if stop:
            break
        stop = stopper.update(epoch, history[-1], get_weights())
    if stopper.restore_best and stopper.best_weights is not None:
        set_weights(stopper.best_weights)
    names = ("stopped_epoch", "best_epoch", "best")
    return {name: getattr(stopper, name) for name in names} | {"history": history}


@wrong(replaces="fit_with_early_stopping", fails=["restore", "nan_metric"])
def stop_ignored(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    """`update` returns True when training should end: leave the loop."""
    history = []
    for epoch in range(max_epochs):
        train_epoch()
        history.append(evaluate())
        stopper.update(epoch, history[-1], get_weights())
    if stopper.restore_best and stopper.best_weights is not None:
        set_weights(stopper.best_weights)
    names = ("stopped_epoch", "best_epoch", "best")
    return {name: getattr(stopper, name) for name in names} | {"history": history}


@wrong(replaces="fit_with_early_stopping", fails=["restore", "nan_metric"])
def last_metric_missing(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    """The history holds every metric, that of the epoch that stopped, too."""
    result = right_fit(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs)
    return result | {"history": result["history"][: stopper.stopped_epoch]}


@wrong(replaces=("fit_with_early_stopping",), fails=["restore", "nan_metric", "never_stops"])
class epochs_from_one:
    """Count the epochs from 0."""

    fit_with_early_stopping = staticmethod(_fit(first=1))


@wrong(replaces=("fit_with_early_stopping",), fails=["restore", "nan_metric", "never_stops"])
class history_of_records:
    """The history holds the metric of every epoch, not the best so far."""

    fit_with_early_stopping = staticmethod(_fit(keep_metric=lambda history, m: [*history, min([*history, m])]))


@wrong(replaces="fit_with_early_stopping", fails=["never_stops", "restore"])
def stopped_at_the_end(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    """A run that reaches max_epochs was not stopped early: stopped_epoch stays None."""
    result = right_fit(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs)
    return result | {"stopped_epoch": len(result["history"]) - 1}


@wrong(replaces="EarlyStopping", fails=["errors"])
class unchecked(EarlyStopping):
    """A patience or min_delta below 0 is a mistake of the caller's: raise ValueError."""

    def __init__(self, patience=0, min_delta=0.0, mode="min", restore_best=True, baseline=None):
        super().__init__(max(patience, 0), max(min_delta, 0.0), mode, restore_best, baseline)


@wrong(replaces="EarlyStopping", fails=["errors"])
class other_modes(EarlyStopping):
    """The modes are "min" and "max": any other word is a mistake that should raise ValueError, not mean one of them."""

    def __init__(self, patience=0, min_delta=0.0, mode="min", restore_best=True, baseline=None):
        mode = "max" if mode in ("max", "auto") else "min"
        super().__init__(patience, min_delta, mode, restore_best, baseline)
