"""Each docstring is the line the learner reads. The oracles: repeated multiplication, the half-angle form of the
cosine, and a plateau that looks back over the whole history of metrics at every step.
"""

import math

from dlkit.grader.compare import check_close, check_raises, check_type
from dlkit.grader.plugin import points


def rates(candidate, name, lr0, times, *args, **named):
    """The submission's rates at these times."""
    return [candidate[name](lr0, t, *args, **named) for t in times]


def multiplied(lr0, gamma, times):
    """lr0 multiplied by gamma so many times."""
    lrs = []
    for count in times:
        lr = lr0
        for _ in range(count):
            lr *= gamma
        lrs.append(lr)
    return lrs


def cosine(lr0, t, t_max, lr_min=0.0):
    """cos(x / 2)^2 = (1 + cos x) / 2."""
    return lr_min if t >= t_max else lr_min + (lr0 - lr_min) * math.cos(math.pi * t / t_max / 2) ** 2


@points(30)
def test_closed_forms(candidate, rng, case):
    """Step, exponential and cosine decay have the right rate in every epoch, and beyond t_max the cosine stays low."""
    with case("step_decay by hand"):
        lr = candidate.step_decay(0.8, 7, 3, 0.5)
        check_type("step_decay", lr, float)
        check_close("step_decay(0.8, 7, 3, 0.5)", lr, 0.2, rtol=1e-12)  # two full periods: 0.8 / 2 / 2
    for size in (1, 3, 10, int(rng.integers(4, 9))):
        lr0, gamma = float(rng.uniform(0.01, 2.0)), float(rng.uniform(0.2, 0.95))
        with case(f"step_decay, step_size {size}"):
            expected = multiplied(lr0, gamma, [sum(e % size == 0 for e in range(1, t + 1)) for t in range(50)])
            found = rates(candidate, "step_decay", lr0, range(50), size, gamma=gamma)
            check_close("step_decay in epochs 0 to 49", found, expected, atol=0.0)
    with case("step_decay, gamma by default"):
        found = rates(candidate, "step_decay", 3.0, (0, 4, 5, 14), step_size=5)
        check_close("step_decay in epochs 0, 4, 5 and 14", found, [3.0, 3.0, 0.3, 0.03])
    with case("exponential_decay by hand"):
        lr = candidate.exponential_decay(4.0, 3, 0.5)
        check_type("exponential_decay", lr, float)
        check_close("exponential_decay(4.0, 3, 0.5)", lr, 0.5, rtol=1e-12)  # 4 / 2 / 2 / 2
    for gamma in (0.9, 1.0, float(rng.uniform(0.5, 0.99))):
        with case(f"exponential_decay, gamma {gamma:.3g}"):
            lr0 = float(rng.uniform(0.01, 2.0))
            found = rates(candidate, "exponential_decay", lr0, range(50), gamma=gamma)
            check_close("exponential_decay in epochs 0 to 49", found, multiplied(lr0, gamma, range(50)), atol=0.0)
    with case("cosine_annealing by hand"):
        lr = candidate.cosine_annealing(3.0, 2, 6, 1.0)
        check_type("cosine_annealing", lr, float)
        check_close("cosine_annealing(3.0, 2, 6, 1.0)", lr, 2.5, rtol=1e-12)  # cos(pi/3) = 1/2: 1 + 2 * 3/4
    for t_max in (1, 2, 7, int(rng.integers(10, 40))):
        lr0, lr_min = float(rng.uniform(0.5, 2.0)), float(rng.uniform(0.05, 0.3))
        with case(f"cosine_annealing, t_max {t_max}"):
            expected = [cosine(lr0, t, t_max, lr_min) for t in range(t_max + 1)]
            found = rates(candidate, "cosine_annealing", lr0, range(t_max + 1), t_max, lr_min)
            check_close("cosine_annealing up to t_max", found, expected)
        with case(f"cosine_annealing, t_max {t_max}, lr_min by default"):
            expected = [cosine(lr0, t, t_max) for t in range(t_max + 1)]
            found = rates(candidate, "cosine_annealing", lr0, range(t_max + 1), t_max=t_max)
            check_close("cosine_annealing up to t_max", found, expected)
        with case(f"cosine_annealing beyond t_max {t_max}"):
            times = (t_max, t_max + 1, 2 * t_max - 1, 2 * t_max, 2 * t_max + 1, 3 * t_max, 4 * t_max, 9 * t_max + 2)
            found = rates(candidate, "cosine_annealing", lr0, times, t_max, lr_min=lr_min)
            check_close("cosine_annealing at t_max and beyond", found, [lr_min] * len(times))
    with case("a rate of 0"):
        check_close("step_decay(0.0, 3, 2)", candidate.step_decay(0.0, 3, 2), 0.0)
        check_close("exponential_decay(0.0, 3, 0.5)", candidate.exponential_decay(0.0, 3, 0.5), 0.0)
        check_close("cosine_annealing(0.0, 1, 2)", candidate.cosine_annealing(0.0, 1, 2), 0.0)


@points(20)
def test_warmup(candidate, rng, case):
    """The rate climbs to lr0, stays there for the joint, and follows the cosine to lr_min."""
    with case("by hand"):
        found = rates(candidate, "linear_warmup_cosine", 2.0, range(9), 4, 8, 1.0)
        check_type("linear_warmup_cosine", found[0], float)
        check_type("linear_warmup_cosine", found[5], float)
        # 2 * (1, 2, 3, 4) / 4, then 1 + (1 + cos(k pi / 4)) / 2
        half = math.sqrt(0.5) / 2
        expected = [0.5, 1.0, 1.5, 2.0, 2.0, 1.5 + half, 1.5, 1.5 - half, 1.0]
        check_close("linear_warmup_cosine at t = 0 to 8", found, expected)
    a, b = int(rng.integers(3, 9)), int(rng.integers(10, 25))
    for warmup, total in ((a, b), (1, 6), (5, 6), (0, 9), (0, 1), (7, 40)):
        lr0, lr_min = float(rng.uniform(0.5, 2.0)), float(rng.uniform(0.05, 0.3))
        ramp = [lr0 * k / warmup for k in range(1, warmup + 1)]
        times = range(total + 1)
        for more in ({"lr_min": lr_min}, {}):
            with case(f"warmup {warmup}, total {total}, {'lr_min' if more else 'lr_min by default'}"):
                low = more.get("lr_min", 0.0)
                expected = ramp + [cosine(lr0, t, total - warmup, low) for t in range(total - warmup + 1)]
                found = rates(candidate, "linear_warmup_cosine", lr0, times, warmup, total, **more)
                check_close("linear_warmup_cosine", found, expected)
        with case(f"beyond total, warmup {warmup}, total {total}"):
            times = (total, total + 1, 2 * total, 2 * total - warmup, 3 * total + 1)
            found = rates(candidate, "linear_warmup_cosine", lr0, times, warmup, total, lr_min)
            check_close("linear_warmup_cosine at the end and beyond", found, [lr_min] * 5)
    with case("a rate of 0"):
        check_close("linear_warmup_cosine", rates(candidate, "linear_warmup_cosine", 0.0, range(6), 2, 4), [0.0] * 6)
    for both in (1, 5, 0):
        with case(f"warmup = total = {both}"):
            lr0, lr_min = float(rng.uniform(0.5, 2.0)), float(rng.uniform(0.05, 0.3))
            expected = [lr0 * k / both for k in range(1, both + 1)] + [lr0, lr_min, lr_min, lr_min]
            found = rates(candidate, "linear_warmup_cosine", lr0, range(both + 4), both, both, lr_min)
            check_close("linear_warmup_cosine", found, expected)


SETTINGS = ("factor", "patience", "threshold", "mode", "cooldown", "min_lr")
DEFAULTS = {"factor": 0.1, "patience": 10, "threshold": 1e-4, "mode": "min", "cooldown": 0, "min_lr": 0.0}


def plateau(lr, metrics, **settings):
    """The rate after every metric, from the definition: what happened since when."""
    s = {**DEFAULTS, **settings}
    lrs, best, good, reduced = [], None, -1, -math.inf  # the last step that was better, and that reduced
    for t, metric in enumerate(metrics):
        if not math.isnan(metric):
            low, high = (metric, best) if s["mode"] == "min" else (best, metric)
            part = 1 - s["threshold"] if s["mode"] == "min" else 1 + s["threshold"]
            if best is None or (low < high * part if s["mode"] == "min" else high > low * part):
                best, good = metric, t
        # counted are the steps after the last better one, and after the last cooldown
        count = t - max(good, reduced + s["cooldown"] if reduced >= 0 else -1)
        if count > s["patience"]:
            lower, reduced = max(lr * s["factor"], s["min_lr"]), t
            lr = lower if lr - lower > 1e-8 else lr
        lrs.append(lr)
    return lrs


def watched(m, lr, metrics, args, settings):  # runs in the candidate
    scheduler = m.ReduceLROnPlateau(lr, *args, **settings)
    return [scheduler.step(metric) for metric in metrics]


def follows(candidate, lr, metrics, args=(), **settings):
    found = candidate.run(watched, lr, metrics, list(args), settings)
    expected = plateau(lr, metrics, **dict(zip(SETTINGS, args, strict=False)), **settings)
    check_close("the rates that step returned", found, expected, atol=0.0)


def metrics_of(rng, count, threshold, mode, sign=1.0):
    """Gains above and below the threshold, setbacks, and repeated values, at some scale."""
    best, sequence = float(rng.uniform(0.2, 3.0)), []
    better = -1.0 if (mode == "min") == (sign > 0) else 1.0  # what makes |metric| better
    for _ in range(count):
        kind = rng.choice(["gain", "small", "setback", "same"], p=[0.25, 0.25, 0.35, 0.15])
        size = max(threshold, 1e-3) if kind != "small" else threshold
        share = {"gain": (1.5, 3.0), "small": (0.3, 0.6), "setback": (-3.0, -1.5), "same": (0.0, 0.0)}[kind]
        metric = best * (1 + better * size * float(rng.uniform(*share)))
        if kind == "gain":
            best = metric
        sequence.append(sign * metric)
    return sequence


@points(30)
def test_plateau_value(candidate, rng, case):
    """ReduceLROnPlateau has the right rate after every metric, in both modes, with threshold, cooldown and min_lr."""
    with case("by hand"):
        plateau_by_hand = candidate.ReduceLROnPlateau(0.8, 0.5, 1, 0.1, "min", 2, 0.15)
        found = [plateau_by_hand.step(metric) for metric in (10.0, 9.5, 9.2, 9.9, 8.0, 7.9, 7.8, 7.7, 7.6, 7.5)]
        check_type("what step returns", found[0], float)
        # 9.5 and 9.2 miss 9: reduced. Cooldown: 9.9 and 8.0 (the new best). 7.9 and 7.8 miss 7.2: reduced. Cooldown.
        expected = [0.8, 0.8, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.2]
        check_close("the rates that step returned", found, expected)
    for mode in ("min", "max"):
        for patience in (0, 1, 3):
            for cooldown in (0, 1, 3):
                with case(f"{mode}, patience {patience}, cooldown {cooldown}"):
                    threshold = float(rng.uniform(0.01, 0.1))
                    metrics = metrics_of(rng, 60, threshold, mode)
                    factor, min_lr = float(rng.uniform(0.5, 0.8)), float(rng.uniform(1e-3, 1e-2))
                    args = factor, patience, threshold, mode, cooldown, min_lr
                    follows(candidate, float(rng.uniform(0.1, 1.0)), metrics, args)
        with case(f"{mode}, negative metrics"):
            follows(candidate, 1.0, metrics_of(rng, 80, 0.05, mode, -1.0), (0.8, 1, 0.05, mode))
            # In mode "min" -0.97 is "better" than -1 with threshold 0.05: it is below -0.95.
            follows(candidate, 1.0, [-1.0] * 3 + [-0.97] * 3, factor=0.5, patience=0, threshold=0.05, mode=mode)
        with case(f"{mode}, threshold 0"):
            metrics = [round(float(v), 1) for v in rng.uniform(1.0, 2.0, size=60)]
            follows(candidate, 1.0, metrics, factor=0.9, patience=1, threshold=0.0, mode=mode)
        with case(f"{mode}, metrics of 1e-6 and of 1e6"):
            for scale in (1e-6, 1e6):
                metrics = [scale * v for v in metrics_of(rng, 40, 0.02, mode)]
                follows(candidate, 1.0, metrics, factor=0.7, patience=1, threshold=0.02, mode=mode)
        with case(f"{mode}, many small gains"):
            steps = range(30) if mode == "max" else range(0, -30, -1)
            follows(candidate, 1.0, [5.0 + 0.01 * k for k in steps], (0.5, 2, 0.01, mode))
        with case(f"{mode}, the best metric within the cooldown"):
            metrics = [4.0, 4.0, 2.0, 3.0, 3.0, 3.0] if mode == "min" else [2.0, 2.0, 4.0, 3.0, 3.0, 3.0]
            follows(candidate, 1.0, metrics, (0.5, 0, 0.1, mode, 2))
        with case(f"{mode}, up and down"):
            follows(candidate, 1.0, [2.0, 4.0, 3.0, 2.0, 3.0, 4.0] * 3, (0.5, 2, 0.1, mode))
    with case("everything but lr by default"):
        follows(candidate, 0.3, [1.0 - 1.7e-5 * k for k in range(40)])  # every 6th is better by 1e-4
        follows(candidate, 0.3, [1.0 - 7e-6 * k for k in range(40)])  # every 15th, but 10 bad ones are tolerated
        follows(candidate, 0.3, [2.0] * 40)
    for left_out in SETTINGS:
        with case(f"{left_out} by default"):
            settings = {"factor": 0.5, "patience": 1, "threshold": 0.05, "mode": "max", "cooldown": 2, "min_lr": 0.1}
            metrics = metrics_of(rng, 60, 0.05, "max")
            metrics += [metrics[-1] * (1 + 2e-4 * k) for k in range(30)] + [0.1] * 40
            follows(candidate, 0.7, metrics, **{name: v for name, v in settings.items() if name != left_out})
    with case("min_lr is reached exactly"):
        follows(candidate, 1.0, [1.0] * 12, factor=0.5, patience=0, min_lr=0.3)
    with case("min_lr above the rate"):
        follows(candidate, 0.1, [1.0] * 6, factor=0.5, patience=0, min_lr=0.3)
    with case("reductions below 1e-8 are skipped, but start a cooldown"):
        follows(candidate, 3e-8, [1.0] * 12, factor=0.5, patience=0, cooldown=1)
        follows(candidate, 1.1e-8, [1.0] * 6, factor=0.01, patience=0)
    with case("a skipped reduction by just 1e-8"):
        follows(candidate, 1e-8, [1.0] * 4, factor=0.0, patience=0)
    with case("a skipped reduction: 0.9 of 5e-8"):
        follows(candidate, 5e-8, [1.0] * 6, factor=0.9, patience=0)
    with case("a factor of 0"):
        follows(candidate, 0.5, [1.0] * 6, factor=0.0, patience=1, min_lr=0.01)
    with case("a rate of 0"):
        follows(candidate, 0.0, [1.0] * 6, patience=1)
    with case("two schedulers in turn"):
        runs = [(float(rng.uniform(0.1, 1.0)), metrics_of(rng, 20, 0.02, "min")) for _ in range(2)]
        both = [candidate.ReduceLROnPlateau(lr, factor=0.5, patience=1, threshold=0.02) for lr, _ in runs]
        found = [[both[k].step(runs[k][1][t]) for k in (0, 1)] for t in range(20)]
        for k in (0, 1):
            expected = plateau(*runs[k], factor=0.5, patience=1, threshold=0.02)
            check_close(f"the rates of scheduler {k + 1}", [pair[k] for pair in found], expected)


@points(10)
def test_plateau_first(candidate, rng, case):
    """The first metric becomes the best whatever it is, and NaN is a bad step."""
    nan = math.nan
    for mode in ("min", "max"):
        for size in (1e-9, 1.0, 1e12):
            for sign in (1.0, -1.0):
                with case(f"{mode}, the first metric is {sign * size:g}"):
                    first, off = sign * size, 0.2 * size if mode == "min" else -0.2 * size
                    metrics = [first] + [first + off] * 4 + [first - 2 * off] + [first] * 6
                    follows(candidate, 1.0, metrics, factor=0.5, patience=2, threshold=0.01, mode=mode)
        with case(f"{mode}, the first metric is 0"):
            follows(candidate, 1.0, [0.0] * 8, factor=0.5, patience=2, mode=mode)
        better = 0.5 if mode == "min" else 2.0
        for words, metrics in (
            ("NaN first", [nan, 3.0, 3.0 * better, 3.0, 3.0, 3.0, 3.0, 3.0]),
            ("NaN all the time", [nan] * 9),
            ("NaN in between", [3.0, 3.0, nan, 3.0, nan, nan, 3.0 * better, nan, nan, nan]),
            ("NaN before and after", [nan, nan, nan, nan, 1.0, nan, better, nan, nan, nan, 1.0]),
        ):
            for patience in (0, 2):
                with case(f"{mode}, {words}, patience {patience}"):
                    follows(candidate, 1.0, metrics, factor=0.5, patience=patience, mode=mode)
    with case("NaN, everything by default"):
        follows(candidate, 0.2, [1.0] + [nan] * 25)


@points(10)
def test_errors(candidate, rng, case):
    """Negative rates, a cosine of no length, a warm-up beyond the end, a factor >= 1, unknown modes: ValueError."""
    for lr in (-0.1, -1e-9):
        for name, args in (
            ("step_decay", (0, 5)),
            ("step_decay", (7, 3, 0.5)),
            ("exponential_decay", (0, 0.9)),
            ("exponential_decay", (3, 0.9)),
            ("cosine_annealing", (1, 4)),
            ("cosine_annealing", (5, 4, 0.1)),
            ("linear_warmup_cosine", (1, 3, 8)),
            ("linear_warmup_cosine", (5, 3, 8)),
            ("linear_warmup_cosine", (9, 0, 8)),
        ):
            with case(f"{name}, lr0 {lr:g}, {args}"), check_raises(ValueError, f"lr0={lr:g}"):
                candidate[name](lr, *args)
        with case(f"ReduceLROnPlateau, lr {lr:g}"), check_raises(ValueError, f"lr={lr:g}"):
            candidate.ReduceLROnPlateau(lr)
    for t_max in (0, -1, -5):
        for t in (0, 3):
            with case(f"t_max {t_max}, t {t}"), check_raises(ValueError, f"t_max={t_max}"):
                candidate.cosine_annealing(0.1, t, t_max)
    for warmup, total in ((5, 4), (1, 0), (9, 3)):
        for t in (0, 4, 12):
            with case(f"warmup {warmup}, total {total}, t {t}"), check_raises(ValueError, f"warmup={warmup} > {total}"):
                candidate.linear_warmup_cosine(0.1, t, warmup, total)
    for factor in (1.0, 1.5):
        with case(f"factor {factor:g}"), check_raises(ValueError, f"factor={factor:g}"):
            candidate.ReduceLROnPlateau(0.1, factor)
    for mode in ("best", "MIN", ""):
        with case(f"mode {mode!r}"), check_raises(ValueError, f"mode={mode!r}"):
            candidate.ReduceLROnPlateau(0.1, mode=mode)
