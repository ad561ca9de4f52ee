"""What an engine runs on a machine of its own: one task in, one reply out.

The worker process of a cluster calls `node_entry`; the grading itself happens in a process that it starts, with an
environment without the cluster's variables, kept warm from one task to the next and ended with the worker.
"""

import atexit
import itertools
import time
from collections.abc import Iterator

from .engine import Payload
from .local import LocalEngine
from .pool import START_SECONDS, TASK_SECONDS, more_seconds

ALIVE_SECONDS = 5.0  # between signs of life while a task is graded
_engines: dict[tuple[str, str], LocalEngine] = {}
_tickets = itertools.count(1)


def node_entry(
    task: Payload, sandbox: str = "bwrap", task_seconds: float = TASK_SECONDS, start_seconds: float = START_SECONDS
) -> Payload:
    """Grade one task here: a reply with `result`, or with `fault` in a sentence. It keeps its time limits itself: what
    exceeds them is ended with everything that it started. Call it from one thread, always the same."""
    *_, reply = node_events(task, sandbox, task_seconds, start_seconds)
    return reply


def node_events(
    task: Payload, sandbox: str = "bwrap", task_seconds: float = TASK_SECONDS, start_seconds: float = START_SECONDS,
    devices: str = "",
) -> Iterator[Payload]:  # fmt: skip
    """`node_entry` as it goes: `{"started": true}` once the task is begun, `{"alive": true}` every few seconds, and the
    reply. `devices` are the CUDA devices that the task may see: none, unless they are named."""
    engine = _engine(sandbox, devices)
    ticket = str(next(_tickets))
    engine.submit(ticket, task)
    due = time.monotonic() + start_seconds
    told = time.monotonic()
    while time.monotonic() < due:
        for event in engine.poll(max(0.0, min(1.0, due - time.monotonic()))):
            if event.ticket != ticket:
                continue
            if event.kind != "started":
                yield event.reply
                return
            due = time.monotonic() + task_seconds + more_seconds(task)
            yield {"started": True}
        if time.monotonic() - told >= ALIVE_SECONDS:
            told = time.monotonic()
            yield {"alive": True}
    engine.abandon(ticket)
    yield {"fault": "it gave no verdict in time"}


def _engine(sandbox: str, devices: str) -> LocalEngine:
    """One at a time, kept warm: what a process sees of the machine's devices is settled when it starts."""
    wanted = (sandbox, devices)
    if wanted not in _engines:
        for engine in _engines.values():
            engine.close()
        _engines.clear()
        _engines[wanted] = LocalEngine(1, sandbox, environment={"CUDA_VISIBLE_DEVICES": devices})
    return _engines[wanted]


@atexit.register
def _close() -> None:
    for engine in _engines.values():
        engine.close()
