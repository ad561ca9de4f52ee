"""What is graded, as plain data: who only passes it on imports nothing more."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Submission:
    """What is graded: units of source under the names shown in tracebacks, and what the exercise says of it."""

    units: tuple[tuple[str, str], ...]
    module: str  # the name the learner's module is loaded under
    names: tuple[str, ...] = ()  # what it must define
    bans: tuple[str, ...] = ()
    support: tuple[tuple[str, str], ...] = ()  # trusted modules loaded beside it: (name, source)
