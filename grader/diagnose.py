"""Name the mistake: known-wrong answers on the inputs that failed, then generic patterns on the numbers.

A failing check is run again, in this process, with the reference and with each known-wrong answer, from the same seed;
where the learner's calls gave what the known-wrong answer's calls give, and not what the reference's give, the
misconception has its name. Most of them differ at the first call that failed, and are not asked for more.
"""

import contextlib
import io
import math
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .candidate.proxy import Call, CandidateDied, Handle, LearnerError
from .catalog import Exercise
from .compare import Mismatch, as_array
from .plugin import Record
from .result import Diagnosis
from .wrong import WrongAnswer, wrong_answers

MAX_DIAGNOSES = 2  # in one report
AGREES = 1e-7  # relative difference up to which two float64 answers are the same answer
# (check, which answer, None being the reference; a record: it may stop at what differs from that) -> what happened
Replay = Callable[[str, WrongAnswer | None, Record | None], Record | None]


def diagnose(exercise: Exercise, failed: list[Record], replay: Replay, seconds: float) -> dict[str, Diagnosis]:
    """A diagnosis for those of the `failed` checks that have one, by the check's name.

    It takes no more than `seconds` of processor time, on whatever the submission's values may be; wall time would
    make the diagnosis depend on how busy the machine is.
    """
    try:
        answers, beliefs = wrong_answers(exercise)
    except Exception:  # the learner's verdict does not depend on our diagnosis
        return {}
    until = time.process_time() + seconds

    def tried(action: Callable[[], Any]) -> Any:
        return _tried(action, until - time.process_time())

    def explains(answer: WrongAnswer, record: Record) -> bool:
        mistaken = replay(record.name, answer, record)
        if mistaken is None or mistaken.outcome != "failed" or differ(record, mistaken):
            return False
        reference = replay(record.name, None, None)
        return reference is not None and reference.outcome == "passed" and _tells(record, reference, mistaken)

    asked = {r.name: r for r in failed if not isinstance(r.error, CandidateDied) and _whole(r)}
    found: dict[str, list[WrongAnswer]] = {name: [] for name in asked}
    for answer in sorted(answers, key=lambda a: -_likeness(a, set(asked))):
        for name in asked.keys() & set(answer.fails):
            if tried(lambda: explains(answer, asked[name])):  # noqa: B023
                found[name].append(answer)
        if all(answer in explained for explained in found.values()):
            break  # it explains everything, and those that come later fail other checks than these
    best = _most_telling(found)
    named = {check: Diagnosis(a.name, a.message) for check, a in best.items()}
    for record in failed:
        belief = next((b for b in beliefs if b.check == record.name), None)
        if record.name in named:
            continue
        if belief is not None and isinstance(record.error, Mismatch):
            named[record.name] = Diagnosis(belief.name, belief.message)
        elif isinstance(record.error, Mismatch):
            pattern = tried(lambda: generic(record.error))  # type: ignore[arg-type]  # noqa: B023
            if pattern is not None:
                named[record.name] = pattern
    return named


def _likeness(answer: WrongAnswer, failed: set[str]) -> float:
    """How well the checks that it should fail agree with those that failed: 0 to 1."""
    fails = {name for name in answer.fails if not name.startswith("device_")}  # those run elsewhere, and later
    return len(failed & fails) / len(failed | fails)


def _tried(action: Callable[[], Any], seconds: float) -> Any:
    """A diagnosis is a courtesy: whatever goes wrong in it, there is none."""
    if seconds <= 0:
        return None
    try:
        with _deadline(seconds), _silence():
            return action()
    except Exception:
        return None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    hush = io.StringIO()
    with contextlib.redirect_stdout(hush), contextlib.redirect_stderr(hush), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class TooLong(Exception):
    """The time for the diagnosis is used up."""


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    """TooLong after so much processor time."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(*_: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _most_telling(found: dict[str, list[WrongAnswer]]) -> dict[str, WrongAnswer]:
    """One answer per check, two in all: those that explain most checks (then those that should fail just these)."""
    failed = set(found)
    likeness = {a.name: _likeness(a, failed) for answers in found.values() for a in answers}
    chosen: list[str] = []
    best: dict[str, WrongAnswer] = {}
    while len(chosen) < MAX_DIAGNOSES:
        open_checks = {c: [a for a in answers if c not in best] for c, answers in found.items()}
        counts: dict[str, int] = {}
        for answers in open_checks.values():
            for answer in answers:
                counts[answer.name] = counts.get(answer.name, 0) + 1
        if not counts:
            break
        name = max(counts, key=lambda n: (counts[n], likeness[n]))
        chosen.append(name)
        for check, answers in open_checks.items():
            for answer in answers:
                if answer.name == name:
                    best[check] = answer
    return best


# Do the learner's calls agree with the known-wrong answer's?


def _whole(record: Record) -> bool:
    """Whether all that its calls gave is still there."""
    return record.candidate is not None and not any(call.dropped for call in record.candidate.calls)


def difference_from(record: Record) -> Callable[[list[Call], Call], bool]:
    """For a replay: whether one of its calls gives something else than the same call of a failing case of `record`."""
    failing = _failing(record)

    def differs(calls: list[Call], call: Call) -> bool:
        theirs = failing.get(call.case, [])
        i = next(i for i, c in enumerate(c for c in calls if c.case == call.case) if c is call)
        try:
            return i < len(theirs) and _distance_of(theirs[i], call) > AGREES
        except TooLong:
            raise
        except Exception:  # what cannot be compared
            return True

    return differs


def differ(record: Record | None, replayed: Record) -> bool:
    """Whether a replay, as far as it went, gives something else in a failing case of `record`."""
    if record is None:
        return False
    differs = difference_from(record)
    calls = replayed.candidate.calls if replayed.candidate else []
    return any(differs(calls, call) for call in calls)


def _tells(record: Record, reference: Record, mistaken: Record) -> bool:
    """Whether all calls of the failing cases agree with the known-wrong answer's, and one does not with the right one.

    `differ` has looked at those that both made.
    """
    right, wrong = _by_case(reference), _by_case(mistaken)
    telling = False
    for case, calls in _failing(record).items():
        if len(wrong.get(case, [])) < len(calls):
            return False
        for i, call in enumerate(calls):
            from_right = _distance_of(call, right[case][i]) if i < len(right.get(case, [])) else math.inf
            telling = telling or from_right > max(1e-13, 10 * _distance_of(call, wrong[case][i]))
    return telling


def _failing(record: Record) -> dict[str | None, list[Call]]:
    """The calls of the cases that failed: what a known-wrong answer must give, too."""
    theirs = _by_case(record)
    failing: list[str | None] = [c.name for c in record.cases if c.error is not None] or [None]
    if not any(case in theirs for case in failing):  # they judge what was called outside of them, or in others
        return theirs
    return {case: theirs.get(case, []) for case in failing}


def _by_case(record: Record) -> dict[str | None, list[Call]]:
    grouped: dict[str | None, list[Call]] = {}
    for call in record.candidate.calls if record.candidate else []:
        grouped.setdefault(call.case, []).append(call)
    return grouped


def _distance_of(a: Call, b: Call) -> float:
    """How far two calls' outcomes lie apart: 0 for equal, inf for different in kind."""
    if (a.error is None) != (b.error is None) or a.aliases != b.aliases:
        return math.inf
    if a.error is not None and b.error is not None and not _same_error(a.error, b.error):
        return math.inf
    return max(distance(a.result, b.result), distance(a.changed, b.changed))


def _same_error(a: LearnerError, b: LearnerError) -> bool:
    """Of the same type; a floating-point error also of the same kind (overflow is not 0/0)."""
    return a.types[0] == b.types[0] and (a.types[0] != "FloatingPointError" or a.text == b.text)


def distance(a: Any, b: Any) -> float:
    """The largest difference between two values, relative to their size; inf where structure, shape or dtype differ."""
    if isinstance(a, Handle) or isinstance(b, Handle):
        return 0.0 if isinstance(a, Handle) and isinstance(b, Handle) else math.inf
    if isinstance(a, dict) and isinstance(b, dict):
        return max((distance(a[k], b[k]) for k in a), default=0.0) if a.keys() == b.keys() else math.inf
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return max(map(distance, a, b), default=0.0) if len(a) == len(b) else math.inf
    if _numeric(a) and _numeric(b):
        x, y = as_array(a), as_array(b)
        return _array_distance(x, y) if x.shape == y.shape and x.dtype == y.dtype else math.inf
    if isinstance(a, np.random.Generator) or type(a).__module__ == "torch":
        return 0.0 if type(a) is type(b) else math.inf
    return 0.0 if type(a) is type(b) and bool(a == b) else math.inf


def _numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic | int | float | complex) or hasattr(value, "detach")


def _array_distance(x: np.ndarray, y: np.ndarray) -> float:
    if x.dtype.kind not in "fc":
        return 0.0 if np.array_equal(x, y) else math.inf
    if not x.size:
        return 0.0
    finite = np.isfinite(x)
    if not np.array_equal(finite, np.isfinite(y)) or not np.array_equal(x[~finite], y[~finite], equal_nan=True):
        return math.inf
    rounding = 1e-3 if x.dtype.itemsize <= (8 if x.dtype.kind == "c" else 4) else 1.0  # float32 agrees less closely
    wide = np.complex128 if x.dtype.kind == "c" else np.float64
    a, b = x[finite].astype(wide), y[finite].astype(wide)
    scale = max(float(np.abs(b).max(initial=0.0)), 1e-300)
    return float(np.max(np.abs(a - b) / (np.abs(b) + 1e-3 * scale), initial=0.0)) * rounding


def _near(x: np.ndarray, y: np.ndarray) -> bool:
    """The same numbers, as closely as the coarser of the two dtypes can tell."""
    if x.shape != y.shape:
        return False
    agrees = AGREES * 1e3 if "single" in (_precision(x), _precision(y)) else AGREES
    return _array_distance(x.astype(np.complex128), y.astype(np.complex128)) <= agrees


def _precision(x: np.ndarray) -> str:
    return "single" if x.dtype.kind in "fc" and x.dtype.itemsize <= (8 if x.dtype.kind == "c" else 4) else "double"


# Patterns that need no known-wrong answer


def generic(error: Mismatch) -> Diagnosis | None:
    """What the numbers look like: transposed, negated, off by a factor, summed, shifted, …"""
    if error.actual is None or not _numeric(error.actual) or not _numeric(error.expected):
        return None
    actual, expected = as_array(error.actual), as_array(error.expected)
    if expected.dtype.kind not in "iufc" or actual.dtype.kind not in "biufc":
        return None
    name = error.name or "the result"
    for mistake, sentence in _patterns(actual, expected):
        return Diagnosis(mistake, sentence.format(name=name))
    return None


def _patterns(actual: np.ndarray, expected: np.ndarray) -> Iterator[tuple[str, str]]:
    if actual.size == 0:
        return
    with np.errstate(all="ignore"):
        if actual.shape != expected.shape:
            yield from _shape_patterns(actual, expected)
            return
        if np.isnan(actual).any() and not np.isnan(expected).any():
            yield (
                "nan",
                "NaN where a finite value is right: look for 0/0, inf - inf, the log or root of a negative number.",
            )
            return
        if not (np.isfinite(actual).all() and np.isfinite(expected).all()):
            return
        if actual.dtype.kind in "biu":
            actual = actual.astype(np.float64)
        if expected.dtype.kind in "iu":
            expected = expected.astype(np.float64)
        if not np.abs(expected).max() > 1e-12 or (actual.size < 2 and np.abs(expected).max() < 1e-9):
            return
        if not _near(actual, expected):  # symmetric or constant numbers look transposed and shifted when they are right
            yield from _value_patterns(actual, expected)


def _shape_patterns(actual: np.ndarray, expected: np.ndarray) -> Iterator[tuple[str, str]]:
    if actual.shape == expected.shape[::-1] and _near(actual.T, expected):
        yield "transposed", "The numbers are right, but transposed: swap the axes."
    elif actual.size == expected.size and _near(np.ravel(actual), np.ravel(expected)):
        yield (
            "wrong_shape",
            "The numbers are right, the shape is not: look for a missing or an extra axis (keepdims, squeeze).",
        )
    elif expected.ndim and actual.shape == expected.shape + expected.shape:
        yield "broadcast", "An outer product appeared: two shapes that should match were broadcast against each other."
    elif actual.shape != () and expected.shape == () and actual.size:
        for word, value in (("averaged", actual.mean()), ("summed", actual.sum())):
            if _near(np.asarray(value), expected):
                yield "not_reduced", f"These are single values; they should be {word} into one number."
                return


def _value_patterns(actual: np.ndarray, expected: np.ndarray) -> Iterator[tuple[str, str]]:
    if _near(actual, -expected):
        yield "negated", "The sign is wrong: your numbers are minus the right ones."
        return
    solid = np.abs(expected) > 1e-9 * np.abs(expected).max()
    ratios = (actual[solid] / expected[solid]).real
    factor = float(np.median(ratios))
    same = solid.sum() > 1 and abs(factor - 1) > 1e-6 and factor != 0  # one number always has a factor
    if same and _near(actual, np.asarray(factor, expected.dtype) * expected):
        yield "factor", _factor_words(factor, expected.shape)
        return
    if actual.ndim == 2 and actual.shape[0] == actual.shape[1] and _near(actual, expected.T):
        yield "transposed", "The numbers are right, but transposed: swap the axes."
        return
    if actual.ndim and actual.shape[0] > 2:
        for step in (1, -1):
            inner = slice(1, None) if step == 1 else slice(None, -1)
            if _near(np.roll(expected, step, axis=0)[inner], actual[inner]) and not _near(
                expected[inner], actual[inner]
            ):
                yield "shifted", "The numbers are right, but shifted by one along the first axis."
                return


def _factor_words(factor: float, shape: tuple[int, ...]) -> str:
    sizes = {n for n in (*shape, int(np.prod(shape))) if n > 1}
    for n in sorted(sizes):
        if abs(factor - n) < 1e-6 * n:
            return f"Every number is {n} times too large, and {n} is a size here: summed instead of averaged?"
        if abs(factor * n - 1) < 1e-6:
            return f"Every number is {n} times too small, and {n} is a size here: averaged instead of summed, or twice?"
        if abs(factor - n / (n - 1)) < 1e-6 or abs(factor - (n - 1) / n) < 1e-6:
            return f"The numbers are off by {n}/{n - 1}: one divides by n, the other by n - 1."
    return f"Every number is {factor:.6g} times the right one: a constant factor is missing or too many."


def error_is_learners(record: Record, replay: Replay) -> bool:
    """Whether an unforeseen exception in a check comes from the submission's value: the reference passes the check."""
    try:
        with _silence():
            reference = replay(record.name, None, None)
    except Exception:
        return False
    return reference is not None and reference.outcome == "passed"


def first_line(error: BaseException | None) -> str:
    if isinstance(error, LearnerError | Mismatch):
        return str(error)
    return f"{type(error).__name__}: {error}" if error is not None else ""
