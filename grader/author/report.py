"""What `dlkit dev check` finds."""

from dataclasses import dataclass, field
from pathlib import Path

from ..catalog import Exercise


@dataclass
class Report:
    """What `dev check` found for one exercise; each problem is said with file, line and the next step."""

    stem: str
    problems: list[str] = field(default_factory=list)
    checks: int = 0
    right: int = 0  # right answers, the reference included
    wrong: int = 0
    seeds: int = 0
    seconds: float = 0.0  # of all proofs
    run_seconds: float = 0.0  # processor time of one run of all checks

    def add(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def short(path: Path, exercise: Exercise) -> str:
    """A file as the author knows it."""
    return str(path.relative_to(exercise.root))
