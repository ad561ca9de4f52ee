"""The same in other styles."""

import copy

import numpy as np

# --- a sign for the mode, deep copies, a while loop


class EarlyStopping:
    def __init__(self, patience=0, min_delta=0.0, mode="min", restore_best=True, baseline=None):
        if patience < 0:
            raise ValueError("patience")
        if min_delta < 0:
            raise ValueError("min_delta")
        if mode not in {"min", "max"}:
            raise ValueError("mode")
        self._sign = {"min": 1.0, "max": -1.0}[mode]
        self._patience, self._delta, self._restore = max(patience, 1), min_delta, restore_best
        self.best = float("inf") * self._sign if baseline is None else float(baseline)
        self.best_epoch = self.best_weights = self.stopped_epoch = None
        self.wait = 0

    def update(self, epoch, metric, weights):
        gain = self._sign * (self.best - metric)
        improved = gain > self._delta
        self.wait = 0 if improved else self.wait + 1
        if improved:
            self.best, self.best_epoch, self.best_weights = float(metric), epoch, copy.deepcopy(weights)
        stop = not improved and self.wait >= self._patience and epoch > 0
        if stop:
            self.stopped_epoch = epoch
        return stop


def fit_with_early_stopping(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):
    history, stop = [], False
    while not stop and len(history) < max_epochs:
        train_epoch()
        history.append(evaluate())
        stop = stopper.update(len(history) - 1, history[-1], get_weights())
    if stopper._restore and stopper.best_weights:
        set_weights(stopper.best_weights)
    return {"history": history, **{name: getattr(stopper, name) for name in ("stopped_epoch", "best_epoch", "best")}}


# --- all epochs on record, the attributes worked out from it


class EarlyStopping:  # noqa: F811
    def __init__(self, patience=0, min_delta=0.0, mode="min", restore_best=True, baseline=None):
        if not (patience >= 0 and min_delta >= 0 and mode in ("min", "max")):
            raise ValueError("patience, min_delta, mode")
        self.options = patience, min_delta, mode
        self.restore_best = restore_best
        start = baseline if baseline is not None else np.inf if mode == "min" else -np.inf
        self.improvements, self.wait, self.stopped_epoch = [(start, None, None)], 0, None

    @property
    def best(self):
        return self.improvements[-1][0]

    @property
    def best_epoch(self):
        return self.improvements[-1][1]

    @property
    def best_weights(self):
        return self.improvements[-1][2]

    def update(self, epoch, metric, weights):
        patience, delta, mode = self.options
        beaten = np.less(metric + delta, self.best) if mode == "min" else np.greater(metric - delta, self.best)
        if beaten:
            self.improvements.append((metric, epoch, [np.array(w) for w in weights]))
            self.wait = 0
        else:
            self.wait += 1
            if epoch and self.wait >= patience:
                self.stopped_epoch = epoch
        return self.stopped_epoch is not None


def fit_with_early_stopping(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs):  # noqa: F811
    result = {"history": []}
    for epoch in range(max_epochs):
        train_epoch()
        result["history"] += [evaluate()]
        if stopper.update(epoch, result["history"][epoch], get_weights()):
            break
    result.update(stopped_epoch=stopper.stopped_epoch, best_epoch=stopper.best_epoch, best=stopper.best)
    if stopper.restore_best and stopper.best_epoch is not None:
        set_weights([w.copy() for w in stopper.best_weights])
    return result
