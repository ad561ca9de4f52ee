"""grade_with(suite, parent, exercise, submission) -> Result: the one place where a verdict is made."""

import contextlib
import functools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import devices, diagnose
from .candidate.confine import Limits
from .candidate.proxy import Call, CandidateDied, LearnerError, ProcessLink, Session, Strayed
from .candidate.source import Submission
from .candidate.wire import Decoder
from .catalog import Exercise
from .compare import show
from .local import answer_session
from .memory import Memory
from .options import Options, preload_for
from .plugin import Record
from .result import Check, Diagnosis, Gpu, Result
from .sandbox import Parent, SandboxUnavailable, start
from .suite import Suite
from .text import clean
from .version import VERSION
from .wrong import WrongAnswer

Progress = Callable[[str], None]


def grade_with(
    suite: Suite,
    parent: Parent,
    exercise: Exercise,
    submission: Submission,
    options: Options,
    progress: Progress = lambda name: None,
    memory: Memory | None = None,
    gpu_parent: Callable[[], Parent] | None = None,
    on_verdict: Callable[[Result], object] = lambda result: None,
) -> Result:
    """Grade one submission with a suite and a parent that are there already (and one that shows the GPU, if asked for).

    `memory` is that of a batch. `on_verdict` hears of the points before the device checks run.
    """
    started = time.monotonic()
    parent.ready()
    limits = options.limits or Limits(call_seconds=exercise.call_seconds)

    def points(memory: Memory | None) -> Result:
        link = functools.partial(_link, parent, limits)
        session = Session(submission, link, limits, public_seed(options.seed))
        try:
            trouble = _load(session)
            records = {} if trouble else _run(suite, exercise, session, options, progress, memory)
            output = session.output
            # In a plain process the submission may have ended it: that stays its own death.
            if session.deaths and parent.kind == "bwrap" and parent.lost():
                raise SandboxUnavailable("the sandbox ended while the submission was graded")
        finally:
            session.close()
        verdict = _Verdict(suite, exercise, session, options, trouble, records, memory or Memory())
        return replace(verdict.result(parent.kind, output), duration_s=round(time.monotonic() - started, 3))

    try:
        result = points(memory)
    except Strayed:
        result = points(None)
    if options.device != "none" and suite.device_checks(exercise):
        on_verdict(replace(result, gpu=Gpu("running", None, "")))
    gpu = _on_device(suite, parent, exercise, submission, options, limits, result, gpu_parent)
    status = result.status if result.checks or gpu.status != "passed" else "passed"  # where only those were asked for
    return replace(result, gpu=gpu, status=status, duration_s=round(time.monotonic() - started, 3))


def _link(parent: Parent, limits: Limits) -> ProcessLink:
    return ProcessLink(parent.spawn(limits), limits)


def _run(
    suite: Suite, exercise: Exercise, session: Session, options: Options, progress: Progress, memory: Memory | None
) -> dict[str, Record]:
    """The checks that give points, or those of them that are asked for."""
    only = [n for n in suite.checks(exercise) if n in options.only]
    if options.only and not only:
        return {}
    return suite.run(exercise, session, options.seed, only, lambda r: progress(r.name), memory)


def _on_device(
    suite: Suite, parent: Parent, exercise: Exercise, submission: Submission, options: Options, limits: Limits,
    result: Result, gpu_parent: Callable[[], Parent] | None,
) -> Gpu:  # fmt: skip
    """The device checks, with a candidate of their own: the one that earned the points was on the CPU."""
    if exercise.framework == "numpy":
        return Gpu()
    if options.device == "none" or not suite.device_checks(exercise):
        return Gpu("skipped", None, devices.NOT_ASKED if suite.device_checks(exercise) else "this exercise has none")
    if result.checks and not result.score:
        return Gpu("skipped", None, "first comes a check that gives points")
    device = devices.resolve(options.device)
    with contextlib.ExitStack() as stack:
        if device == "cuda":
            if not devices.has_cuda():
                return Gpu("skipped", device, "there is no CUDA device here")
            stack.enter_context(devices.one_at_a_time())
            parent = gpu_parent() if gpu_parent else start(parent.kind, preload_for(exercise), gpu=True)
            if gpu_parent is None:
                stack.callback(parent.close)
        link = functools.partial(_link, parent, limits)
        session = Session(submission, link, limits, public_seed(options.seed), device)
        return devices.device_block(suite, exercise, session, options.seed, options.only)


@functools.lru_cache(1024)
def public_seed(seed: int) -> int:
    """The seed of the candidate's global generators: it follows from the run's seed and does not reveal it."""
    import hashlib

    # Slow on purpose (a millisecond): the seeds that `fresh_seed` gives are few enough to be tried one by one.
    return int.from_bytes(hashlib.pbkdf2_hmac("sha256", str(seed).encode(), b"dlkit", 2000)[:4], "big")


def _load(session: Session) -> str:
    """Load the submission; why no check can run, or nothing."""
    try:
        session.load()
    except CandidateDied as death:
        return f"While your file was imported: {death}."
    if not session.names and session.submission.names and session.errors:
        return _load_error(session.errors[0])
    return ""


def _load_error(error: dict[str, Any]) -> str:
    kind, text = error["types"][0], error["text"]
    if error["kind"] == "syntax":
        line, column, code = error["line"], error["column"] or 1, error["code"].rstrip("\n")
        words = f"{kind} in {error['file']}, line {line}: {text}."
        if line is not None and code:
            caret = max(0, column - 1 - (len(code) - len(code.lstrip())))
            words += f"\n    {code.strip()}\n    {' ' * min(caret, 160)}^"
        return words
    lines = [f"{error['file']} does not import. {kind}: {text}"]
    lines += [f"    line {f['line']}, in {f['function']}: {f['code']}" for f in error["frames"]]
    return "\n".join(line[:400] for line in lines)


class _Verdict:
    """From what happened to a Result."""

    def __init__(
        self, suite: Suite, exercise: Exercise, session: Session, options: Options, trouble: str,
        records: dict[str, Record], memory: Memory,
    ) -> None:  # fmt: skip
        self._suite = suite
        self._exercise = exercise
        self._session = session
        self._options = options
        self._trouble = trouble
        self._records = records
        self._memory = memory
        self._settle_errors()
        failed = [r for r in records.values() if r.outcome == "failed"]
        not_started = failed and all(_unstarted(r) for r in failed)
        self._diagnoses = self._diagnose(failed) if options.diagnose and failed and not not_started else {}

    def _diagnose(self, failed: list[Record]) -> dict[str, Diagnosis]:
        known = self._memory.diagnosed(failed)
        if known is None:
            known = diagnose.diagnose(self._exercise, failed, self._replay, self._options.diagnosis_seconds)
            self._memory.note_diagnoses(failed, known)
        return known

    def _replay(self, check: str, answer: WrongAnswer | None, against: Record | None = None) -> Record | None:
        """One check again, in this process, with the reference or with a known-wrong answer.

        With `against` it may be stopped at the first call that differs from that record's. What happens depends on the
        seed and on nothing of the submission: a batch with one seed replays each once, and the first part of most.
        """
        key = (self._exercise.stem, self._options.seed, check, answer.name if answer else None)
        replays = self._memory.replays
        known = replays.get(key)
        if known is None or (known.outcome == "stopped" and not diagnose.differ(against, known)):
            known = self._run_again(check, answer.overrides if answer else {}, against)
            if known is not None:
                replays[key] = known
        return known

    def _run_again(self, check: str, overrides: dict[str, Any], against: Record | None) -> Record | None:
        session = answer_session(self._exercise, overrides, public_seed(self._options.seed))
        session.until = diagnose.difference_from(against) if against else None
        try:
            record = self._suite.run(self._exercise, session, self._options.seed, [check]).get(check)
        finally:
            session.close()
        return None if record is not None and isinstance(record.error, diagnose.TooLong) else record

    def _settle_errors(self) -> None:
        """An unforeseen exception in a check is the learner's if the reference passes that check."""
        for record in self._records.values():
            if record.outcome == "error" and diagnose.error_is_learners(record, self._replay):
                record.outcome = "failed"

    def result(self, sandbox: str, output: str) -> Result:
        """The verdict; its time and the device checks are still to come."""
        exercise, options = self._exercise, self._options
        checks = tuple(self._check(name, title, maximum) for name, title, maximum in self._wanted())
        flags = tuple(
            {**f, "message": f"`{f['name']}` (line {f['line']}) is what this exercise asks you to write yourself"}
            for f in self._session.flags
        )
        score = 0.0 if flags else _rounded(sum(c.points for c in checks))
        maximum = _rounded(sum(c.max_points for c in checks))
        passed = bool(checks) and all(c.status == "passed" for c in checks)
        status, message = self._status(checks, passed and score >= maximum)
        return Result(
            exercise.name, exercise.slug, exercise.title, status, score, maximum, options.seed, "cpu",
            sandbox, 0.0, checks, VERSION, Gpu(), flags, clean(output), clean(message, 4000),
        )  # fmt: skip

    def _wanted(self) -> list[tuple[str, str, float]]:
        names = self._suite.checks(self._exercise)
        chosen = [n for n in names if not self._options.only or n in self._options.only]
        if self._records:
            return [(r.name, r.title, r.max_points) for r in (self._records[n] for n in chosen)]
        return [self._suite.describe(self._exercise, n) for n in chosen]

    def _check(self, name: str, title: str, maximum: float) -> Check:
        options, record = self._options, self._records.get(name)
        if record is None:
            return Check(name, title, "skipped", 0.0, maximum, "Your file does not load, so this was not tried.")
        earned = 0.0 if record.outcome in ("error", "skipped") else _rounded(maximum * record.fraction)
        failed = record.outcome == "failed"
        return Check(
            name, title, record.outcome, earned, maximum, clean(_message(record, self._exercise), 4000),
            clean(_input(record), 600) if failed else "", self._diagnoses.get(name) if failed else None,
            f"dlkit check {self._exercise.name} --seed {options.seed} --only {name}" if earned < maximum else "",
            clean(record.output, 8000) if failed else "",
        )  # fmt: skip

    def _status(self, checks: tuple[Check, ...], full: bool) -> tuple[str, str]:
        session, records = self._session, self._records
        failed = [r for r in records.values() if r.outcome == "failed"]
        deaths = [d for d in session.deaths if d != "refused"]
        if any(c.status == "error" for c in checks):
            return "internal_error", "A check of ours broke. This is a fault of dlkit, not of your answer."
        if session.flags:
            return "failed", "A forbidden shortcut makes the score 0."
        if self._trouble:
            return (deaths[0] if deaths else "invalid"), self._trouble
        missing = [n for n in session.submission.names if session.names.get(n) not in ("function", "class")]
        if missing:
            return "invalid", _missing_words(missing, session, self._exercise)
        if failed and all(_unstarted(r) for r in failed) and len(failed) + _skipped(records) == len(records):
            return "not_started", "Every function still raises NotImplementedError: write your answer in its place."
        if deaths and not full:
            return deaths[0], ""
        return ("passed" if full else "failed"), ""


def _rounded(value: float) -> float:
    return round(value + 0.0, 2)


def _skipped(records: dict[str, Record]) -> int:
    return sum(r.outcome == "skipped" for r in records.values())


def _unstarted(record: Record) -> bool:
    errors = [c.error for c in record.cases] or [record.error]
    return all(isinstance(e, LearnerError) and e.not_implemented for e in errors)


def _missing_words(missing: list[str], session: Session, exercise: Exercise) -> str:
    name = missing[0]
    kind = session.names.get(name)
    if kind is not None:
        return f"`{name}` is {kind}, not a function: the checks call it as the statement shows."
    words = f"Your file defines no `{name}`"
    if session.errors:
        return f"{words}. {_load_error(session.errors[0])}"
    return f"{words}: keep the names of the stub (`dlkit show {exercise.number}` prints it)."


def _message(record: Record, exercise: Exercise) -> str:
    if record.outcome == "passed":
        return ""
    if record.outcome == "skipped":
        return record.reason
    first, newline, rest = _error_words(record.error, record, exercise).partition("\n")
    failing = [c for c in record.cases if c.error is not None]
    if failing and failing[0].error is record.error:
        first = f"{failing[0].name}: {first}"
    if failing and len(record.cases) > 1:
        first += f" ({len(failing)} of {len(record.cases)} cases fail)"
    return first + newline + rest


def _error_words(error: BaseException | None, record: Record, exercise: Exercise) -> str:
    if isinstance(error, LearnerError):
        return _learner_words(error)
    if isinstance(error, CandidateDied):
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    if isinstance(error, AssertionError):
        return str(error) or "The check's condition does not hold."
    called = record.candidate.calls[-1].target if record.candidate and record.candidate.calls else exercise.slug
    if record.outcome == "failed":
        return f"What {called} returned cannot be used: {type(error).__name__}: {error}"
    return f"{type(error).__name__}: {error}"


def _learner_words(error: LearnerError) -> str:
    lines = [f"{error.types[0].lstrip('_')}: {error.text}" if error.text else error.types[0]]
    lines += [f"    {f['file']}, line {f['line']}, in {f['function']}: {f['code']}" for f in error.frames[-3:]]
    if error.signature and not error.frames:
        lines.append(f"    Your signature is {error.signature}; keep the one of the stub.")
    return "\n".join(lines)


def _input(record: Record) -> str:
    """The call that failed, as it was sent."""
    calls: list[Call] = record.candidate.calls if record.candidate else []
    failing = next((c.name for c in record.cases if c.error is not None), None)
    calls = [c for c in calls if c.case == failing] or calls
    if not calls:
        return ""
    call = calls[-1]
    (positional, named), buffers = call.payload
    try:
        decoder = Decoder([memoryview(bytes(b)) for b in buffers], lambda tag, args: _Named(tag, args))
        shown = [show(decoder.decode(t), 160) for t in positional]
        shown += [f"{name}={show(decoder.decode(t), 160)}" for name, t in named]
    except Exception:  # an input that cannot be shown is no reason to lose the report
        return ""
    return f"{call.target}({', '.join(shown)})"


class _Named:
    """A handle or callback, in a shown call."""

    def __init__(self, tag: str, args: list[Any]) -> None:
        self._text = f"<{args[-1] if tag == 'callback' else args[1] if len(args) > 1 else 'object'}>"

    def __repr__(self) -> str:
        return self._text
