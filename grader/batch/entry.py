"""What an engine runs on a machine of its own: one task in, one reply out.

The worker process of a cluster calls `node_entry`; the grading itself happens in a process that it starts, with an
environment without the cluster's variables, kept warm from one task to the next and ended with the worker.
"""

import atexit
import itertools
import time

from .engine import Payload
from .local import LocalEngine
from .pool import START_SECONDS, TASK_SECONDS, more_seconds

_engines: dict[str, LocalEngine] = {}
_tickets = itertools.count(1)


def node_entry(
    task: Payload, sandbox: str = "bwrap", task_seconds: float = TASK_SECONDS, start_seconds: float = START_SECONDS
) -> Payload:
    """Grade one task here: a reply with `result`, or with `fault` in a sentence. It keeps its time limits itself: what
    exceeds them is ended with everything that it started. Call it from one thread, always the same."""
    engine = _engine(sandbox)
    ticket = str(next(_tickets))
    engine.submit(ticket, task)
    due = time.monotonic() + start_seconds
    while time.monotonic() < due:
        for event in engine.poll(max(0.0, min(1.0, due - time.monotonic()))):
            if event.ticket != ticket:
                continue
            if event.kind == "started":
                due = time.monotonic() + task_seconds + more_seconds(task)
            else:
                return event.reply
    engine.abandon(ticket)
    return {"fault": "it gave no verdict in time"}


def _engine(sandbox: str) -> LocalEngine:
    if sandbox not in _engines:
        _engines[sandbox] = LocalEngine(1, sandbox)
        atexit.register(_engines[sandbox].close)
    return _engines[sandbox]
