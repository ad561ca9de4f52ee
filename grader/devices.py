"""The block `gpu` of a result: an exercise's device checks on CUDA, or on the simulated accelerator. No points."""

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .candidate.proxy import CandidateDied, CandidateProxy, LearnerError, Session
from .catalog import Exercise
from .on_device import sentence
from .plugin import Record
from .result import Check, Gpu
from .text import clean

if TYPE_CHECKING:
    from .suite import Suite

NOT_ASKED = "not run here"


def resolve(device: str) -> str:
    """`auto` is CUDA where there is one, else the simulated accelerator."""
    if device != "auto":
        return device
    return "cuda" if has_cuda() else "sim"


def has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def device_block(suite: "Suite", exercise: Exercise, session: Session, seed: int, only: tuple[str, ...] = ()) -> Gpu:
    """An exercise's device checks on a fresh session of some device, which is closed afterwards."""
    device = session.device
    with contextlib.closing(session):
        try:
            session.load()
        except CandidateDied as death:
            return Gpu("skipped", device, f"your file did not load there: {death}")
        if session.device_problem:
            return Gpu("skipped", device, session.device_problem)
        records = _run(suite, exercise, session, seed, only)
        name = _device_name(session, device)
    return _block(records, exercise, device, name, seed)


def _run(suite: "Suite", exercise: Exercise, session: Session, seed: int, only: tuple[str, ...]) -> dict[str, Record]:
    """What happened in each check. What the simulation cannot do is skipped."""
    names = [n for n in suite.device_checks(exercise) if not only or n in only]
    records = suite.run(exercise, session, seed, names) if names else {}
    for record in records.values():
        lack = next((e for e in _events(record) if e.kind == "unsupported"), None)
        if record.outcome in ("failed", "error") and lack is not None:
            record.outcome, record.reason = "skipped", f"{lack.what}: only a real device can tell"
    return records


def _block(records: dict[str, Record], exercise: Exercise, device: str, name: str, seed: int) -> Gpu:
    """What these records say; `name` is how the report calls the device."""
    checks = tuple(_check(r, exercise, device, seed) for r in records.values())
    ran = [c for c in checks if c.status != "skipped"]
    if not ran:
        reason = checks[0].message if checks else "this exercise has none"
        return Gpu("skipped" if checks else "not_applicable", name, reason, 0, 0, checks)
    passed = sum(c.status == "passed" for c in ran)
    return Gpu("passed" if passed == len(ran) else "failed", name, "", passed, len(ran), checks)


def _check(record: Record, exercise: Exercise, device: str, seed: int) -> Check:
    message = ""
    if record.outcome == "skipped":
        message = record.reason
    elif record.outcome != "passed":
        message = _words(record)
    rerun = f"dlkit check {exercise.name} --seed {seed} --device {device} --only {record.name}"
    return Check(
        record.name, record.title, record.outcome, 0.0, 0.0, clean(message, 4000),
        rerun="" if record.outcome in ("passed", "skipped") else rerun,
    )  # fmt: skip


def _words(record: Record) -> str:
    """A mixture of devices raises in the learner's code: the event says more than the exception."""
    error = record.error
    if isinstance(error, LearnerError):
        told = next((e for e in reversed(_events(record)) if e.kind in ("mixed", "hard_coded")), None)
        if told is not None:
            return sentence(told)
        where = "".join(f"\n    line {f['line']}, in {f['function']}: {f['code']}" for f in error.frames[-3:])
        return f"{error}{where}"
    if isinstance(error, CandidateDied):
        return f"{str(error)[:1].upper()}{str(error)[1:]}."
    failing = next((c.name for c in record.cases if c.error is error), None)
    words = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
    return f"{failing}: {words}" if failing else words


def _events(record: Record) -> list:  # type: ignore[type-arg]
    return [e for call in (record.candidate.calls if record.candidate else []) for e in call.events]


def _device_name(session: Session, device: str) -> str:
    """`NVIDIA H200`; the candidate is asked, for this process never touches a GPU."""
    if device == "cuda":
        with contextlib.suppress(LearnerError, CandidateDied):
            told = CandidateProxy(session).run(_cuda_name)
            if isinstance(told, str):
                return clean(told, 60)
    return device


def _cuda_name(m: object) -> str:  # runs in the candidate
    import torch

    return torch.cuda.get_device_name()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """One candidate on a GPU at a time: its memory is measured. Whoever else waits for the same card waits here."""
    import fcntl

    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # no such node where the driver has other names for it
            node = stack.enter_context(open(f"/dev/nvidia{first}" if first.isdigit() else "/dev/nvidiactl"))
            fcntl.flock(node, fcntl.LOCK_EX)
        yield
