"""The CSV that Canvas imports into its gradebook: a line per student, a column per exercise.

Canvas finds students by its own ids. They come from the names of files that Canvas exported, or from the gradebook
that Canvas exports (`--roster`), whose columns are kept.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from ...errors import UsageProblem
from ..gradebook import Row
from .table import csv_line

COLUMNS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


@dataclass(frozen=True)
class Person:
    """A student as Canvas knows one: the values of COLUMNS."""

    values: tuple[str, ...]

    def called(self, student: str) -> bool:
        """Whether a submission's student is this one: by Canvas's id at the end of the name, a login or the name."""
        number = re.search(r"_(\d+)$", student)
        known = {v.casefold() for v in self.values[:4] if v}
        name = self.values[0]
        if "," in name:
            last, first = name.split(",", 1)
            known |= {f"{first} {last}".strip().casefold(), f"{last}{first}".replace(" ", "").casefold()}
        return student.casefold() in known or bool(number and number[1] == self.values[1])


@dataclass(frozen=True)
class Roster:
    """Canvas's own export: who is in the course and how its columns of assignments are called."""

    people: tuple[Person, ...]
    titles: tuple[str, ...]


def read_roster(stream: TextIO, name: str) -> Roster:
    """Raises UsageProblem where it is not a gradebook of Canvas."""
    try:
        table = list(csv.reader(stream))
    except (csv.Error, UnicodeDecodeError):
        table = []
    header = [c.lstrip("\ufeff") for c in table[0]] if table else []
    if "Student" not in header or "ID" not in header:
        raise UsageProblem(f"{name} is not a gradebook of Canvas: it has no columns Student and ID.")
    places = [header.index(c) if c in header else None for c in COLUMNS]
    people = []
    for line in table[1:]:
        values = tuple("" if p is None or p >= len(line) else line[p].strip() for p in places)
        if values[1].isdigit():  # not `Points Possible`, not the test student
            people.append(Person(values))
    return Roster(tuple(people), tuple(c for c in header if c not in COLUMNS))


def lines(rows: Iterable[Row], roster: Roster | None = None) -> Iterator[str]:
    """The file. Students that the roster does not know are left out; `unknown` names them."""
    found = list(rows)
    exercises = list(dict.fromkeys((r.name, r.title) for r in found))
    by_student: dict[str, dict[str, Row]] = {}
    for row in found:
        by_student.setdefault(row.student, {})[row.name] = row
    titles = [_title(name, title, roster) for name, title in exercises]
    yield csv_line((*COLUMNS, *titles))
    yield csv_line(("    Points Possible", "", "", "", "", *(100.0 for _ in exercises)))
    for student, own in by_student.items():
        person = _person(student, roster)
        if person is not None:
            yield csv_line((*person.values, *(_score(own.get(name)) for name, _ in exercises)))


def unknown(rows: Iterable[Row], roster: Roster) -> list[str]:
    """Students of ours whom Canvas's gradebook does not have."""
    return [s for s in dict.fromkeys(r.student for r in rows) if _person(s, roster) is None]


def _score(row: Row | None) -> float | str:
    return "" if row is None or row.status == "pending" else row.score


def _title(name: str, title: str, roster: Roster | None) -> str:
    """Canvas's own column for an exercise, `Softmax (4711)`, or a name that it makes a new assignment of."""
    for column in roster.titles if roster else ():
        plain = re.sub(r"\s*\(\d+\)$", "", column).casefold()
        if plain in (title.casefold(), name.casefold(), f"{name} {title}".casefold()):
            return column
    return f"{name} {title}"


def _person(student: str, roster: Roster | None) -> Person | None:
    if roster is not None:
        return next((p for p in roster.people if p.called(student)), None)
    number = re.search(r"_(\d+)$", student)
    return Person((student, number[1] if number else "", "", "" if number else student, ""))
