"""Each docstring is the line the learner reads. The oracle works from the list of improvements, without counters.

All metrics are multiples of 1/8, so that differences and sums of them are exact. The runs happen in the learner's
process, where weights can be shared by mistake.
"""

import math

import numpy as np

from dlkit.grader.compare import check, check_close, check_equal, check_raises, unpack
from dlkit.grader.plugin import points

NAN = math.nan
STATE = ("best", "best_epoch", "wait", "stopped_epoch")


def expected(metrics, patience=0, min_delta=0.0, mode="min", baseline=None, first=0):
    """The results of update until it stops, and the attributes before and after each update."""
    sign = 1 if mode == "min" else -1
    bar = sign * (math.inf if mode == "min" else -math.inf) if baseline is None else sign * baseline
    best, improved = bar, []
    stops, rows = [], [(sign * bar, None, 0, None)]
    for i, metric in enumerate(metrics):
        if sign * metric < best - min_delta:
            best = sign * metric
            improved.append(i)
        wait = i - improved[-1] if improved else i + 1
        stop = wait > 0 and wait >= patience and first + i > 0
        stops.append(stop)
        best_epoch = first + improved[-1] if improved else None
        rows.append((sign * best, best_epoch, wait, first + i if stop else None))
        if stop:
            break
    return stops, rows


def watched(m, metrics, options, first):  # runs in the candidate
    stopper = m.EarlyStopping(**options)
    stops, rows = [], [[getattr(stopper, name) for name in STATE]]
    for epoch, metric in enumerate(metrics, first):
        stops.append(stopper.update(epoch, metric, [np.zeros(2)]))
        rows.append([getattr(stopper, name) for name in STATE])
        if stops[-1]:
            break
    return stops, rows


def two_watched(m, metrics, others, options):  # runs in the candidate
    stoppers = m.EarlyStopping(**options), m.EarlyStopping(**options)
    for epoch, pair in enumerate(zip(metrics, others, strict=True)):
        for stopper, metric in zip(stoppers, pair, strict=True):
            stopper.update(epoch, metric, [np.zeros(2)])
    return [[getattr(stopper, name) for name in STATE] for stopper in stoppers]


def follows(candidate, metrics, first=0, **options):
    metrics = [float(v) for v in metrics]
    stops, rows = expected(metrics, first=first, **options)
    got_stops, got_rows = unpack("update", candidate.run(watched, metrics, options, first), 2)
    told = f"after the metrics {[f'{v:g}' for v in metrics]} with {options}"
    check_equal(f"What update returned {told}", got_stops, stops)
    for k, name in enumerate(STATE):
        check_equal(f"{name}, at first and {told}", [row[k] for row in got_rows], [row[k] for row in rows])


class Trainer:
    """Its weights grow by `step` per epoch: in place, but `rebinds` says which arrays are new ones each time.

    The metrics are written down beforehand.
    """

    def __init__(self, start, step, metrics, rebinds):
        self.weights = [w.copy() for w in start]
        self.step, self.metrics, self.rebinds = step, metrics, rebinds
        self.log = []

    def train_epoch(self):
        self.log.append("train")
        for i, s in enumerate(self.step):
            if i in self.rebinds:
                self.weights[i] = self.weights[i] + s
            else:
                self.weights[i] += s

    def evaluate(self):
        self.log.append("evaluate")
        return self.metrics[max(self.log.count("train") - 1, 0)]

    def get_weights(self):
        return self.weights

    def set_weights(self, arrays):
        self.log.append("set")
        for w, new in zip(self.weights, arrays, strict=True):
            w[...] = new


def fitted(m, start, step, metrics, rebinds, options, max_epochs):  # runs in the candidate
    trainer = Trainer(start, step, metrics, rebinds)
    stopper = m.EarlyStopping(**options)
    result = m.fit_with_early_stopping(
        trainer.train_epoch, trainer.evaluate, trainer.get_weights, trainer.set_weights, stopper, max_epochs
    )
    best = stopper.best_weights
    return result, trainer.log, [w.copy() for w in trainer.weights], best and [np.array(w) for w in best]


def run_of(candidate, rng, metrics, max_epochs, rebinds, options):
    """(result, calls, weights at the end, best_weights) of one run of the driver, and the right weights by epoch."""
    start = [rng.normal(size=(3, 2)), rng.normal(size=4)]
    step = [rng.uniform(0.5, 1.0, size=(3, 2)), rng.uniform(-1.0, -0.5, size=4)]
    got = candidate.run(fitted, start, step, metrics, rebinds, options, max_epochs)
    after = [[w + (epoch + 1) * s for w, s in zip(start, step, strict=True)] for epoch in range(len(metrics))]
    return *unpack("fit_with_early_stopping", got, 4), after


def fits(candidate, rng, metrics, max_epochs=None, rebinds=(), only_result=False, **options):
    """One run of the driver: its result, the order of its calls, the weights at the end and those kept."""
    metrics = [float(v) for v in metrics]
    max_epochs = max_epochs or len(metrics)
    stops, rows = expected(metrics[:max_epochs], **{k: v for k, v in options.items() if k != "restore_best"})
    best, best_epoch, _, stopped_epoch = rows[-1]
    made = len(stops)
    result, log, weights, kept, after = run_of(candidate, rng, metrics, max_epochs, rebinds, options)
    calls = [entry for entry in log if entry != "set"]
    check_equal("The calls of train_epoch and evaluate", calls, ["train", "evaluate"] * made)
    names = {"stopped_epoch": stopped_epoch, "best_epoch": best_epoch, "best": best}
    check(
        isinstance(result, dict) and set(result) == {*names, "history"},
        f"fit_with_early_stopping should return a dict with the keys {sorted({*names, 'history'})}.",
    )
    check_equal("The result without its history", {k: v for k, v in result.items() if k != "history"}, names)
    check_close("The history", result["history"], metrics[:made], rtol=0.0, atol=0.0, nan_ok=True)
    if only_result:
        return
    if best_epoch is None:
        check(kept is None, "best_weights should be None if no epoch improved.")
        check("set" not in log, "set_weights should not be called if there are no best weights.")
        check_close(f"At the end the weights (those of the last epoch, {made - 1})", weights, after[made - 1])
    else:
        check_close(f"At the end the weights (those of the best epoch, {best_epoch})", weights, after[best_epoch])
        check_close(f"best_weights, of epoch {best_epoch}", kept, after[best_epoch])


def moved(rng, *shape):
    """A curve of this shape, elsewhere: times 1, 2 or 4, plus an offset. It stays positive."""
    return float(rng.choice([1.0, 2.0, 4.0])) * np.array(shape) + float(rng.integers(0, 40)) / 8


def random_curve(rng, length):
    """Few different values, so that equal ones come up."""
    return rng.integers(4, 4 + length, size=length) / 8


SHAPES = {
    "improves, then worse": (4, 3, 2, 2.5, 3, 3.5, 4, 4.5),
    "a plateau": (4, 3, 3, 2, 2, 2, 2, 2, 2),
    "up and down": (4, 5, 6, 3, 4, 3.5, 3.25, 5, 6),
}


WAYS = {"in place": (), "with new arrays in the list": (0, 1), "in place and with new arrays": (1,)}


@points(20)
def test_trace_min(candidate, rng, case):
    """When to stop, best, best_epoch and wait after every epoch, for a metric that should be small."""
    with case("by hand"):
        # best: 0.75, 0.5, 0.5, 0.5; wait: 0, 0, 1, 2
        stops, rows = unpack("update", candidate.run(watched, [0.75, 0.5, 0.625, 0.5], {"patience": 2}, 0), 2)
        check_equal("What update returned", stops, [False, False, False, True])
        check_equal("best, best_epoch, wait and stopped_epoch at the end", rows[-1], [0.5, 1, 2, 3])
    for patience in range(5):
        for words, shape in SHAPES.items():
            with case(f"patience {patience}, {words}"):
                follows(candidate, moved(rng, *shape), patience=patience)
    with case("patience 0 by default"):
        follows(candidate, moved(rng, 4, 3, 2, 2.5))
    for patience in range(5):
        with case(f"patience {patience}, random"):
            follows(candidate, random_curve(rng, 16), patience=patience)
    with case("a resumed run: epochs from 5"):
        follows(candidate, moved(rng, 4, 3, 3.5, 2, 2.5, 3), first=5, patience=2)
    with case("two stoppers at once"):
        one, other = moved(rng, 4, 5, 3, 6).tolist(), moved(rng, 3, 4, 5, 6).tolist()
        got = candidate.run(two_watched, one, other, {"patience": 9})
        check_equal("The state of the first", got[0], list(expected(one, 9)[1][-1]))
        check_equal("The state of the second", got[1], list(expected(other, 9)[1][-1]))


@points(10)
def test_trace_max(candidate, rng, case):
    """The same for a metric that should be large: it may be negative, too."""
    for patience in range(4):
        for words, shape in SHAPES.items():
            with case(f"patience {patience}, {words}"):
                follows(candidate, -moved(rng, *shape), patience=patience, mode="max")
                follows(candidate, 60 - moved(rng, *shape), patience=patience, mode="max")
    with case("random"):
        follows(candidate, random_curve(rng, 16), patience=2, mode="max")


@points(15)
def test_min_delta_baseline(candidate, rng, case):
    """A gain of exactly min_delta is no improvement, and a baseline has to be beaten first."""
    for mode, sign in (("min", 1), ("max", -1)):
        with case(f"{mode}: exactly min_delta"):
            follows(candidate, sign * np.array([4, 3.75, 3.5, 3.5, 3.25]), patience=3, min_delta=0.25, mode=mode)
        with case(f"{mode}: small gains add up"):
            curve = 0.125 * np.array([32, 30, 28, 26, 24, 22, 22, 22, 22])
            follows(candidate, sign * curve, patience=4, min_delta=0.5, mode=mode)
        with case(f"{mode}: a large min_delta"):
            follows(candidate, sign * moved(rng, 4, 3.5, 3, 2.5), patience=3, min_delta=32.0, mode=mode)
        for patience in range(4):
            with case(f"{mode}: baseline not beaten, patience {patience}"):
                bar = sign * 2.0
                follows(candidate, sign * np.array([3, 2.5, 2, 2.25, 2]), patience=patience, mode=mode, baseline=bar)
            with case(f"{mode}: baseline beaten in the second epoch, patience {patience}"):
                curve = sign * np.array([3, 1, 0.5, 0.75, 1, 2, 3])
                follows(candidate, curve, patience=patience, mode=mode, baseline=sign * 2.0)
        with case(f"{mode}: baseline beaten late"):
            curve = sign * np.array([3, 2.5, 1.5, 1.75, 1.625, 1.5, 1])
            follows(candidate, curve, patience=3, mode=mode, baseline=sign * 2.0)
        with case(f"{mode}: baseline 0"):
            follows(candidate, sign * np.array([1, 0.5, -0.5, 0.25, 0.25, 1]), patience=3, mode=mode, baseline=0.0)
        with case(f"{mode}: baseline and min_delta"):
            curve = sign * np.array([1.75, 1.5, 1.25, 1, 0.5, 1])
            follows(candidate, curve, patience=4, min_delta=0.5, mode=mode, baseline=sign * 2.0)
        with case(f"{mode}: random"):
            for patience in (1, 3):
                bar, delta = float(rng.integers(10, 18)) / 8, float(rng.integers(1, 4)) / 8
                follows(candidate, random_curve(rng, 16), patience=patience, min_delta=delta, mode=mode, baseline=bar)


@points(20)
def test_restore(candidate, rng, case):
    """At the end the model has the weights of the best epoch, even where training writes into them in place."""
    shape = (5, 6, 3, 4, 3.5, 7, 8, 9)  # best in epoch 2, with patience 3 the end is epoch 5
    for way, rebinds in WAYS.items():
        with case(f"training {way}"):
            fits(candidate, rng, moved(rng, *shape), rebinds=rebinds, patience=3)
        with case(f"training {way}, mode max"):
            fits(candidate, rng, 80 - moved(rng, *shape), rebinds=rebinds, patience=3, mode="max")
        with case(f"training {way}, stopped and not stopped"):
            fits(candidate, rng, moved(rng, *shape), max_epochs=6, rebinds=rebinds, patience=3)
            fits(candidate, rng, moved(rng, *shape), max_epochs=5, rebinds=rebinds, patience=3)  # past the best, too
    with case("only the first epoch improves"):
        fits(candidate, rng, moved(rng, 3, 4, 5, 6), restore_best=True, patience=2)
    with case("no epoch beats the baseline: nothing to put back"):
        fits(candidate, rng, moved(rng, *shape) + 1.0, patience=4, baseline=0.5)


@points(5)
def test_no_restore(candidate, rng, case):
    """With restore_best=False the model keeps the weights of the last epoch; best_weights can still be read."""
    for way, rebinds in WAYS.items():
        for max_epochs in (8, 5):
            with case(f"training {way}, at most {max_epochs} epochs"):
                metrics = moved(rng, 5, 6, 3, 4, 3.5, 7, 8, 9).tolist()
                options = {"patience": 3, "restore_best": False}
                _, log, weights, kept, after = run_of(candidate, rng, metrics, max_epochs, rebinds, options)
                last = log.count("train") - 1
                check_close(f"At the end the weights (those of the last epoch, {last})", weights, after[last])
                check(kept is not None, "best_weights should be kept with restore_best=False, too.")


@points(10)
def test_nan_metric(candidate, rng, case):
    """NaN counts as an epoch without improvement, and never becomes the best."""
    for mode in ("min", "max"):
        for patience in range(4):
            with case(f"{mode}, patience {patience}: NaN at first"):
                follows(candidate, [NAN, NAN, NAN, NAN, NAN], patience=patience, mode=mode)
        with case(f"{mode}: NaN, then numbers"):
            follows(candidate, [NAN, 3.0, 3.5 if mode == "min" else 2.5, NAN, NAN], patience=3, mode=mode)
        with case(f"{mode}: NaN among numbers"):
            curve = np.array([3.0, NAN, NAN, 2.0, 2.5, NAN, 4.0])
            follows(candidate, curve if mode == "min" else 5 - curve, patience=3, mode=mode)
    with case("a run with NaN in it"):
        fits(candidate, rng, [4.0, 2.0, NAN, 3.0, 5.0, 6.0], patience=2, only_result=True)
    with case("a run of NaN"):
        fits(candidate, rng, [NAN] * 5, patience=3)


@points(10)
def test_never_stops(candidate, rng, case):
    """A run that keeps improving goes to max_epochs, and its stopped_epoch is None."""
    for patience in (0, 1, 3):
        with case(f"patience {patience}"):
            fits(candidate, rng, moved(rng, 7, 6, 5.5, 4, 3, 2), patience=patience, only_result=True)
    with case("wait never reaches patience"):
        fits(candidate, rng, moved(rng, 7, 8, 6, 6.5, 5), patience=4, only_result=True)
    with case("a single epoch"):
        fits(candidate, rng, moved(rng, 7, 8, 9), max_epochs=1, only_result=True)


@points(10)
def test_errors(candidate, rng, case):
    """A negative patience or min_delta and an unknown mode raise ValueError."""
    for patience in (-1, -5):
        with case(f"patience = {patience}"), check_raises(ValueError, f"patience={patience}"):
            candidate.EarlyStopping(patience)
    for delta in (-0.25, -1e-9):
        with case(f"min_delta = {delta:g}"), check_raises(ValueError, f"min_delta={delta:g}"):
            candidate.EarlyStopping(patience=2, min_delta=delta)
    for mode in ("auto", "MIN", "maximum", ""):
        with case(f"mode = {mode!r}"), check_raises(ValueError, f"mode={mode!r}"):
            candidate.EarlyStopping(2, 0.1, mode)
    with case("mode 'max', min_delta below 0"), check_raises(ValueError, "mode='max', min_delta=-0.1"):
        candidate.EarlyStopping(mode="max", min_delta=-0.1)
