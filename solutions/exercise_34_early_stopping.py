import math
from collections.abc import Callable

import numpy as np


class EarlyStopping:
    def __init__(
        self,
        patience: int = 0,
        min_delta: float = 0.0,
        mode: str = "min",
        restore_best: bool = True,
        baseline: float | None = None,
    ) -> None:
        if patience < 0 or min_delta < 0 or mode not in ("min", "max"):
            raise ValueError("patience and min_delta must not be negative, mode must be min or max")
        self.patience = patience
        self.min_delta = min_delta
        self.mode = mode
        self.restore_best = restore_best
        worst = math.inf if mode == "min" else -math.inf
        self.best = worst if baseline is None else baseline
        self.best_epoch: int | None = None
        self.best_weights: list[np.ndarray] | None = None
        self.wait = 0
        self.stopped_epoch: int | None = None

    def update(self, epoch: int, metric: float, weights: list[np.ndarray]) -> bool:
        lower, higher = metric < self.best - self.min_delta, metric > self.best + self.min_delta
        if lower if self.mode == "min" else higher:  # NaN is neither
            self.best, self.best_epoch, self.wait = metric, epoch, 0
            self.best_weights = [w.copy() for w in weights]
            return False
        self.wait += 1
        if self.wait < self.patience or epoch == 0:
            return False
        self.stopped_epoch = epoch
        return True


def fit_with_early_stopping(
    train_epoch: Callable[[], None],
    evaluate: Callable[[], float],
    get_weights: Callable[[], list[np.ndarray]],
    set_weights: Callable[[list[np.ndarray]], None],
    stopper: EarlyStopping,
    max_epochs: int,
) -> dict:
    history = []
    for epoch in range(max_epochs):
        train_epoch()
        metric = evaluate()
        history.append(metric)
        if stopper.update(epoch, metric, get_weights()):
            break
    if stopper.restore_best and stopper.best_weights is not None:
        set_weights(stopper.best_weights)
    return {
        "stopped_epoch": stopper.stopped_epoch,
        "best_epoch": stopper.best_epoch,
        "best": stopper.best,
        "history": history,
    }
