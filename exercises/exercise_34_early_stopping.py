"""Early stopping with patience, and the best weights back.

Training is watched through a metric on VALIDATION data, once per epoch. When it has not improved for
`patience` epochs, training stops. By then the weights are past the best ones: without restoring, you keep
those of the last epoch, `patience` epochs too late. (Watching the training loss does not help: it keeps
falling while the model overfits.)

`EarlyStopping(patience=0, min_delta=0.0, mode="min", restore_best=True, baseline=None)`
    patience      an int >= 0
    min_delta     a float >= 0: how much better than the best a metric must be to count as an improvement
    mode          "min" if small metrics are good (a loss), "max" if large ones are (an accuracy)
    restore_best  whether the driver below puts the best weights back at the end
    baseline      a float that the metric has to beat first, or None

    ValueError: patience < 0, min_delta < 0, any other mode.

    Attributes to read at any time:
    best           the best metric so far; at first baseline, or if that is None inf ("min") or -inf ("max")
    best_epoch     its epoch, or None if nothing has improved yet
    best_weights   the weights at that epoch, or None. They are kept whatever restore_best says
    wait           how many updates there have been since the last improvement (or since the start)
    stopped_epoch  the epoch at which `update` said stop, or None

`EarlyStopping.update(epoch, metric, weights)`
    epoch        an int, the number of the epoch just finished, counted from 0 by whoever calls
    metric       a float, its metric
    weights      a list of float arrays: the LIVE weights. Training goes on writing into these arrays, and may
                 put other arrays into the list: keep a copy of each array, and change neither
    returns      a bool: True = stop now

    The metric is an improvement if
        metric < best - min_delta   ("min")        metric > best + min_delta   ("max")
    so exactly min_delta better is not enough, and an equal metric never is. NaN is no improvement either. The
    comparison is with the BEST, not with the epoch before, and only an improvement moves best.
    Improvement:  best, best_epoch and best_weights are set, wait = 0; returns False.
    Otherwise:    wait grows by 1. If wait >= patience now, and epoch > 0: sets stopped_epoch, returns True.
                  Else returns False.
    So patience 0 and 1 both stop at the first epoch without improvement, and epoch 0 never stops. Nobody
    calls `update` again after True.

`fit_with_early_stopping(train_epoch, evaluate, get_weights, set_weights, stopper, max_epochs)`
    train_epoch  train_epoch() trains for one epoch
    evaluate     evaluate() returns the metric, a float; it may be expensive: call it once per epoch
    get_weights  get_weights() returns the live list of arrays
    set_weights  set_weights(arrays) copies their values into the model
    stopper      a new EarlyStopping
    max_epochs   an int >= 1
    returns      a dict with the keys "stopped_epoch", "best_epoch" and "best", the stopper's attributes of
                 these names at the end, and "history", the list of all metrics in order, the last one, too

    For epoch = 0, 1, 2 and so on: train, evaluate, update; until the stopper says stop, or max_epochs epochs
    are done. In EITHER case the best weights are then put back, if the stopper was made with
    restore_best=True and has any. Otherwise set_weights is not called, and the weights stay as they are.

Example
    >>> stopper = EarlyStopping(patience=2)
    >>> [stopper.update(epoch, loss, [np.ones(2)]) for epoch, loss in enumerate([0.9, 0.5, 0.7, 0.6])]
    [False, False, False, True]
    >>> stopper.best, stopper.best_epoch, stopper.wait, stopper.stopped_epoch
    (0.5, 1, 2, 3)
    >>> w, losses = np.zeros(1), iter([3.0, 2.0, 4.0, 1.0])
    >>> def train_epoch():
    ...     w[:] += 1.0
    >>> def set_weights(arrays):
    ...     w[:] = arrays[0]
    >>> result = fit_with_early_stopping(
    ...     train_epoch, lambda: next(losses), lambda: [w], set_weights, EarlyStopping(patience=1), 10)
    >>> result["stopped_epoch"], result["best_epoch"], result["best"], result["history"]
    (2, 1, 2.0, [3.0, 2.0, 4.0])
    >>> w                                      # after epoch 1: two times + 1
    array([2.])

Asked next: how would you choose patience? Why does stopping early act like an L2 penalty? In Keras, a
validation_split takes the last rows, before shuffling: when is that a trap? Is the best validation metric an
honest estimate?
"""

from collections.abc import Callable

import numpy as np


class EarlyStopping:
    best: float
    best_epoch: int | None
    best_weights: list[np.ndarray] | None
    wait: int
    stopped_epoch: int | None

    def __init__(
        self,
        patience: int = 0,
        min_delta: float = 0.0,
        mode: str = "min",
        restore_best: bool = True,
        baseline: float | None = None,
    ) -> None:
        raise NotImplementedError("TODO: check the arguments, set the attributes")

    def update(self, epoch: int, metric: float, weights: list[np.ndarray]) -> bool:
        raise NotImplementedError("TODO: improvement or not, stop or not")


def fit_with_early_stopping(
    train_epoch: Callable[[], None],
    evaluate: Callable[[], float],
    get_weights: Callable[[], list[np.ndarray]],
    set_weights: Callable[[list[np.ndarray]], None],
    stopper: EarlyStopping,
    max_epochs: int,
) -> dict:
    raise NotImplementedError("TODO: train, evaluate, update; at the end the best weights back")
