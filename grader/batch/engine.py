"""What an engine is: something that runs tasks somewhere and may run one twice, never a place where verdicts are kept.

A task and its reply are JSON. An engine is at-least-once and keeps nothing: the pool owns attempts, deadlines and
retries, the driver the only commit. Local processes and clusters pass the same contract tests.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..candidate.confine import Limits
from ..catalog import Exercise

Payload = dict[str, Any]
Units = Iterable[tuple[str, str]]  # (name shown in tracebacks, text)
USUAL_SECONDS = Limits().total_seconds
MAX_LINE = 64 << 20  # bytes of a reply


def payload(
    stem: str, version: str, units: Units, seed: int, seconds: float = USUAL_SECONDS, device: str = "none"
) -> Payload:
    """What a node needs to grade one submission, which may take `seconds` in all (and again as much on a device)."""
    return {
        "exercise": stem, "version": version, "units": [list(u) for u in units], "seed": seed, "seconds": seconds,
        "device": device,
    }  # fmt: skip


def limits_for(exercise: Exercise, seconds: float) -> Limits:
    """Seconds for one submission, and in proportion those for one call, which are the exercise's own choice."""
    return Limits(call_seconds=exercise.call_seconds * seconds / USUAL_SECONDS, total_seconds=seconds)


@dataclass(frozen=True)
class Event:
    """What became of a ticket: `started` on a node, `done` with a reply, or `lost` with a reason.

    A reply holds `result` (a Result as JSON) or `fault` (a sentence: our mistake or the machine's).
    """

    ticket: str
    kind: str
    reply: Payload = field(default_factory=dict)


class Engine(Protocol):
    """Runs at most `slots` tickets at a time; more are never submitted."""

    @property
    def slots(self) -> int: ...

    def submit(self, ticket: str, payload: Payload) -> None:
        """Take a task. Its end is told by `poll`: done, lost, or, after `abandon`, perhaps nothing."""
        ...

    def poll(self, timeout: float) -> list[Event]:
        """What happened, after at most `timeout` seconds. Events of abandoned tickets may still come."""
        ...

    def abandon(self, ticket: str) -> None:
        """End a task by force, with everything it started."""
        ...

    def close(self) -> None:
        """End everything at once."""
        ...
