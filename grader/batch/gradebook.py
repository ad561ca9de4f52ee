"""Results as a course needs them: which attempt counts, what lateness costs, whose name is shown."""

import hashlib
import hmac
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .store import Store

DAY = 86_400.0


@dataclass(frozen=True)
class Policy:
    """Which attempt counts (`best` or `last`), when answers were due (seconds since the epoch), and the price of being
    late: per cent of the maximum for each day begun."""

    which: str = "best"
    due: float | None = None
    late_percent: float = 0.0

    def days_late(self, submitted_at: float) -> int:
        if self.due is None or submitted_at <= self.due:
            return 0
        return math.ceil((submitted_at - self.due) / DAY)

    def counted(self, score: float, maximum: float, submitted_at: float) -> float:
        """The score after the penalty, never below 0."""
        penalty = maximum * self.late_percent / 100 * self.days_late(submitted_at)
        return round(max(0.0, score - penalty), 2)


@dataclass(frozen=True)
class Row:
    """What one student gets for one exercise. `result` is the Result as JSON without the secret seed; None while there
    is no verdict (`status` is `pending` then)."""

    student: str
    stem: str
    name: str
    title: str
    status: str
    score: float
    raw_score: float
    max_score: float
    attempt: int
    attempts: int
    submitted_at: float
    days_late: int
    file: str
    result: dict[str, Any] | None = field(compare=False, default=None)
    sha: str = ""


class Names:
    """Students' names, or pseudonyms that are the same in every output of one results file."""

    def __init__(self, store: Store, anonymous: bool) -> None:
        self.anonymous = anonymous
        self._salt = store.salt.encode()

    def of(self, student: str) -> str:
        if not self.anonymous or not student:
            return student
        digest = hmac.new(self._salt, student.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
        return f"student-{digest[:10]}"

    def sorted(self, students: Iterable[str]) -> list[str]:
        """Students in the order in which they are shown: under pseudonyms, the alphabet would give them away."""
        return sorted(students, key=self.of)

    def text(self, student: str, text: str) -> str:
        """Text of a student's without the name, as far as it is there letter by letter."""
        if not self.anonymous or len(student) < 3:
            return text
        parts = {student, *(p for p in re.split(r"[\s_.,@-]+", student) if len(p) > 3 and not p.isdigit())}
        pattern = "|".join(re.escape(p) for p in sorted(parts, key=len, reverse=True))
        return re.sub(pattern, self.of(student), text, flags=re.IGNORECASE)

    def result(self, student: str, result: dict[str, Any]) -> dict[str, Any]:
        """A result as others may see it: no seed (it is the class's secret), no command that would repeat it."""
        shown: dict[str, Any] = self._texts(student, {k: v for k, v in result.items() if k != "seed"})
        for check in (*shown["checks"], *shown["gpu"]["checks"]):
            check.pop("rerun", None)
        return shown

    def _texts(self, student: str, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(student, value)
        if isinstance(value, list | tuple):
            return [self._texts(student, v) for v in value]
        if isinstance(value, dict):
            return {k: self._texts(student, v) for k, v in value.items()}
        return value


def rows(store: Store, policy: Policy, names: Names, stems: Iterable[str] = ()) -> Iterator[Row]:
    """One row for each exercise and student that something was handed in for, exercise by exercise."""
    students = names.sorted(store.students())
    for exercise in _exercises(store, stems):
        for student in students:
            yield from _rows(store, student, exercise, policy, names)


def rows_by_student(
    store: Store, policy: Policy, names: Names, stems: Iterable[str] = ()
) -> Iterator[tuple[str, list[Row]]]:
    """The same, student by student; only those who handed in something that counts."""
    exercises = _exercises(store, stems)
    for student in names.sorted(store.students()):
        own = [row for e in exercises for row in _rows(store, student, e, policy, names)]
        if own:
            yield names.of(student), own


def _exercises(store: Store, stems: Iterable[str]) -> list[dict[str, str]]:
    chosen = set(stems)
    return [e for e in store.exercises() if not chosen or e["stem"] in chosen]


def _rows(store: Store, student: str, exercise: dict[str, str], policy: Policy, names: Names) -> Iterator[Row]:
    own = list(store.attempts(exercise["stem"], student))
    if own:
        yield _row(student, exercise, own, policy, names)


def _row(student: str, exercise: dict[str, str], own: list[dict[str, Any]], policy: Policy, names: Names) -> Row:
    def worth(attempt: dict[str, Any]) -> tuple[bool, float, int]:
        if attempt["status"] is None:
            return False, 0.0, attempt["attempt"]
        points = policy.counted(attempt["score"], attempt["max_score"], attempt["submitted_at"])
        return True, points, attempt["attempt"]

    chosen = own[-1] if policy.which == "last" else max(own, key=worth)
    graded, points, _ = worth(chosen)
    return Row(
        names.of(student), exercise["stem"], exercise["name"], exercise["title"],
        chosen["status"] if graded else "pending", points, chosen["score"] if graded else 0.0,
        chosen["max_score"] if graded else 100.0, chosen["attempt"], len(own), chosen["submitted_at"],
        policy.days_late(chosen["submitted_at"]), "" if names.anonymous else chosen["file"],
        names.result(student, chosen["result"]) if graded else None, chosen["sha"],
    )  # fmt: skip
