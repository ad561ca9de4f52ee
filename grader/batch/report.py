"""The picture of the class as plain data: render/class_page.py shows it."""

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..catalog import catalog
from .formats.table import mistakes, moment
from .gradebook import Names, Policy, Row, rows
from .output import check_free, write_file
from .similarity import Answer, Likeness, compare
from .store import Store

HARD = 0.15  # a check that fewer pass is a bad check or a bad lecture
HARD_LEAST = 5  # students, to say so


@dataclass(frozen=True)
class Student:
    """One row of a heat map: what share of each check's points a student has (None: it was not run)."""

    name: str
    score: float
    raw_score: float
    status: str
    attempts: int
    days_late: int
    seconds: float
    submitted: str
    shares: tuple[float | None, ...]
    mistakes: tuple[str, ...]


@dataclass(frozen=True)
class CheckLine:
    """How a check went: the share of students that pass it, of those for whom it ran."""

    name: str
    title: str
    points: float
    passed: int
    ran: int

    @property
    def share(self) -> float:
        return self.passed / self.ran if self.ran else 0.0

    @property
    def hard(self) -> bool:
        return self.ran >= HARD_LEAST and self.share < HARD


@dataclass(frozen=True)
class Mistake:
    """A misconception, its sentence, and who has it."""

    name: str
    message: str
    students: tuple[str, ...]


@dataclass(frozen=True)
class Flag:
    """A forbidden shortcut that somebody took."""

    student: str
    name: str
    line: int


@dataclass
class ExercisePart:
    """Everything about one exercise."""

    name: str
    title: str
    students: list[Student] = field(default_factory=list)
    checks: list[CheckLine] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    likeness: Likeness = field(default_factory=Likeness)
    gains: list[float] = field(default_factory=list)  # last score less first, of those who tried again

    @property
    def scores(self) -> list[float]:
        return [s.score for s in self.students if s.status != "pending"]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.scores) if self.scores else 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.scores) if self.scores else 0.0

    def bins(self) -> list[tuple[str, int]]:
        """How many scores fall where: 0, up to 10, …, up to 99, and full marks."""
        labels = ["0", *(f"{low}–{low + 9}" for low in range(0, 100, 10)), "100"]
        labels[1] = "1–9"
        counts = [0] * len(labels)
        for score in self.scores:
            counts[0 if score <= 0 else 11 if score >= 100 else 1 + int(score // 10)] += 1
        return list(zip(labels, counts, strict=True))


@dataclass
class ClassReport:
    """The whole page."""

    title: str
    made: str
    students: list[str]
    parts: list[ExercisePart]
    problems: list[dict[str, str]]
    policy: str
    anonymous: bool
    sandboxes: tuple[str, ...] = ()


def class_report(store: Store, policy: Policy, names: Names, title: str) -> ClassReport:
    """Collect everything; memory grows with students × checks, not with what they printed."""
    parts: dict[str, ExercisePart] = {}
    sandboxes: set[str] = set()
    for exercise in store.exercises():
        stem = exercise["stem"]
        part = parts[stem] = ExercisePart(exercise["name"], exercise["title"])
        tally = _Tally()
        chosen: dict[str, str] = {}
        for row in rows(store, policy, names, [stem]):
            tally.add(row)
            chosen[row.student] = row.sha
            sandboxes.add((row.result or {}).get("sandbox", ""))
        tally.fill(part)
        part.gains = _gains(store, stem)
        part.likeness = _likeness(store, stem, names, chosen)
    found = [
        {
            "student": names.of(p["student"]),
            "file": "" if names.anonymous else p["file"],
            "reason": names.text(p["student"], p["reason"]),
        }
        for p in store.problems()
    ]
    words = f"{policy.which} attempt" + (f", due {moment(policy.due)[:16].replace('T', ' ')}" if policy.due else "")
    words += f", {policy.late_percent:g} % off a day" if policy.due and policy.late_percent else ""
    people = [names.of(s) for s in names.sorted(store.students())]
    made = time.strftime("%Y-%m-%d %H:%M")
    return ClassReport(
        title, made, people, list(parts.values()), found, words, names.anonymous, tuple(sorted(sandboxes - {""}))
    )


class _Tally:
    """Adds up the rows of one exercise."""

    def __init__(self) -> None:
        self._checks: dict[str, list[Any]] = {}  # title, points, passed, ran
        self._rows: list[tuple[Row, dict[str, float | None]]] = []
        self._mistakes: dict[str, tuple[str, list[str]]] = {}
        self._flags: list[Flag] = []

    def add(self, row: Row) -> None:
        result = row.result or {}
        shares: dict[str, float | None] = {}
        for check in result.get("checks", []):
            line = self._checks.setdefault(check["name"], [check["title"], check["max_points"], 0, 0])
            ran = check["status"] in ("passed", "failed")
            line[2] += check["status"] == "passed"
            line[3] += ran
            shares[check["name"]] = check["points"] / (check["max_points"] or 1) if ran else None
            if check["diagnosis"]:
                _, who = self._mistakes.setdefault(check["diagnosis"]["mistake"], (check["diagnosis"]["message"], []))
                if row.student not in who:
                    who.append(row.student)
        self._flags += [Flag(row.student, str(f["name"]), int(f["line"])) for f in result.get("flags", [])]
        # Kept without the texts: they would be most of the memory.
        self._rows.append((_slim(row, result), shares))

    def fill(self, part: ExercisePart) -> None:
        part.checks = [CheckLine(n, *line) for n, line in self._checks.items()]
        part.mistakes = [Mistake(n, words, tuple(who)) for n, (words, who) in self._mistakes.items()]
        part.mistakes.sort(key=lambda m: (-len(m.students), m.name))
        part.flags = self._flags
        for row, shares in self._rows:
            ordered = tuple(shares.get(c.name) for c in part.checks)
            result = row.result or {}
            part.students.append(
                Student(
                    row.student, row.score, row.raw_score, row.status, row.attempts, row.days_late, result["seconds"],
                    moment(row.submitted_at), ordered, tuple(result["mistakes"]),
                )
            )  # fmt: skip
        part.students.sort(key=lambda s: (-s.score, s.name))


def _slim(row: Row, result: dict[str, Any]) -> Row:
    return replace(row, result={"seconds": result.get("duration_s", 0.0), "mistakes": mistakes(result)})


def _gains(store: Store, stem: str) -> list[float]:
    """What trying again has brought, for each student with several verdicts."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for attempt in store.attempts(stem, with_results=False):
        if attempt["score"] is None:
            continue
        if attempt["student"] in first:
            last[attempt["student"]] = attempt["score"]
        first.setdefault(attempt["student"], attempt["score"])
    return [round(score - first[student], 2) for student, score in last.items()]


def _likeness(store: Store, stem: str, names: Names, chosen: dict[str, str]) -> Likeness:
    stub = next((e.stub for e in catalog() if e.stem == stem), None)
    given = stub.read_text("utf-8") if stub is not None and stub.is_file() else ""
    return compare(_answers(store, names, chosen), given)


def _answers(store: Store, names: Names, chosen: dict[str, str]) -> Iterable[Answer]:
    known = {names.of(s): s for s in store.students()}
    for shown, sha in chosen.items():
        text = "\n".join(source for _, source in store.units(sha))
        if text.strip():
            yield Answer(shown, names.text(known[shown], text[:200_000]))


@dataclass(frozen=True)
class ReportRequest:
    """What the command line said."""

    store: str
    html: str
    policy: Policy
    anonymous: bool
    force: bool


def run_report(request: ReportRequest) -> ClassReport:
    """Write the page; the data behind it. Raises DlkitError."""
    from ..render.class_page import class_page

    out = Path(request.html)
    check_free(out, request.force)
    with Store.read(Path(request.store)) as store:
        names = Names(store, request.anonymous)
        report = class_report(store, request.policy, names, "Class report")
    write_file(out, [class_page(report)])
    return report
