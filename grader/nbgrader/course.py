"""The course folder: what nbgrader needs to accept it as it is, and assignments made from exercises."""

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from ..catalog import Exercise, catalog
from ..errors import UsageProblem
from .notebook import Item, as_json, assignment_notebook

CONFIG = "nbgrader_config.py"
OWN = ".dlkit"  # in the course folder: the secret seed and what is graded already
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_CONFIG_TEXT = """# The settings of this course for nbgrader. `dlkit nbgrader init` wrote them; change what you like.
import os

c = get_config()
c.CourseDirectory.root = os.path.dirname(os.path.abspath(__file__))
c.CourseDirectory.course_id = {course!r}
{exchange}
# Answers run in dlkit's sandbox, outside of this process; no kernel is started.
c.Autograde.exporter_class = "dlkit.grader.nbgrader.preprocessor.SubmissionReader"
c.Autograde.autograde_preprocessors = [
    "dlkit.grader.nbgrader.preprocessor.DlkitGrade",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "dlkit.grader.nbgrader.preprocessor.MarkForReview",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
"""
_EXCHANGE = "c.Exchange.root = {!r}\n"
_NO_EXCHANGE = '# c.Exchange.root = "/srv/nbgrader/exchange"  # a folder that everybody may write to (mode 777)\n'


def init(course: Path, course_id: str | None, exchange: Path | None) -> list[Path]:
    """Make a course folder; the files written. Raises UsageProblem where there is a course already."""
    config = course / CONFIG
    if exchange is not None and not exchange.exists():
        _make_exchange(exchange)
    if os.path.lexists(config):
        raise UsageProblem(f"{course} is a course already. To add an assignment: dlkit nbgrader add {course} …")
    name = course_id or re.sub(r"[^A-Za-z0-9_.-]+", "-", course.resolve().name).strip("-.") or "course"
    where = _EXCHANGE.format(str(exchange.resolve())) if exchange else _NO_EXCHANGE
    _write(config, _CONFIG_TEXT.format(course=_named("course", name), exchange=where))
    secret(course)
    return [config]


def _make_exchange(exchange: Path) -> None:
    """nbgrader wants it to be everybody's, students' included."""
    try:
        exchange.mkdir(parents=True)
        exchange.chmod(0o777)
    except OSError as error:
        raise UsageProblem(f"{error.filename} cannot be made ({error.strerror}). Name another --exchange.") from None


def check_new(course: Path, assignment: str, items: Sequence[Item]) -> None:
    """Raises UsageProblem where `init` and then `add` would: so that half a course is never left behind."""
    if os.path.lexists(course / CONFIG):
        raise UsageProblem(f"{course} is a course already. To add an assignment: dlkit nbgrader add {course} …")
    _check_assignment(course, assignment, items)


def _check_assignment(course: Path, assignment: str, items: Sequence[Item]) -> None:
    _named("assignment", assignment)
    if not items:
        raise UsageProblem("Which exercises? Name at least one; `dlkit list` shows them.")
    stems = [i.exercise.stem for i in items]
    for stem in {s for s in stems if stems.count(s) > 1}:
        raise UsageProblem(f"{stem} is named twice. An exercise can be in an assignment once.")
    folder = course / "source" / assignment
    if os.path.lexists(folder):
        raise UsageProblem(f"{folder} is there already; nothing was changed. Choose another name, or delete it first.")


def add(course: Path, assignment: str, title: str | None, items: Sequence[Item]) -> list[Path]:
    """Write `source/<assignment>/<assignment>.ipynb`. Raises UsageProblem where that is there, or no course is."""
    if not (course / CONFIG).is_file():
        raise UsageProblem(f"{course} is no course: it has no {CONFIG}. Make one: dlkit nbgrader init {course} …")
    _check_assignment(course, assignment, items)
    file = course / "source" / assignment / f"{assignment}.ipynb"
    _write(file, as_json(assignment_notebook(assignment, title or assignment, list(items))))
    return [file]


def items(names: Sequence[str], points: Sequence[str]) -> list[Item]:
    """Exercises by their names; `points` are `20` (for each) or `softmax=30`. Raises UsageProblem."""
    found = [catalog().find(n) for n in names]
    each, own = 100.0, {}
    for text in points:
        name, equals, number = text.rpartition("=")
        value = _number(number, text)
        if equals:
            own[_one_of(catalog().find(name), found)] = value
        else:
            each = value
    return [Item(e, own.get(e.stem, each)) for e in found]


def _one_of(exercise: Exercise, found: list[Exercise]) -> str:
    if exercise not in found:
        raise UsageProblem(f"--points names {exercise.name}, which is not in this assignment.")
    return exercise.stem


def _number(text: str, given: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1e6:
        raise UsageProblem(f"--points {given}: give a number, as in --points 20, or --points softmax=30.")
    return value


def _named(what: str, name: str) -> str:
    """nbgrader makes folders and identifiers of it."""
    if not _NAME.fullmatch(name):
        raise UsageProblem(f"`{name}` is no name for the {what}: use letters, digits, `-`, `_` and `.`.")
    return name


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageProblem(f"{error.filename} cannot be written ({error.strerror}). Choose another folder.") from None


def secret(course: Path) -> str:
    """The course's secret, made where it is missing: seeds follow from it. Only the owner may read it."""
    file = course / OWN / "secret"
    try:
        if not file.exists():
            (course / OWN).mkdir(mode=0o700, exist_ok=True)
            (course / OWN / ".gitignore").write_text("*\n")
            new = course / OWN / f"secret-{os.getpid()}"
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as written:
                written.write(secrets.token_hex(32) + "\n")
            with contextlib.suppress(FileExistsError):  # another process was first: then its secret counts
                os.link(new, file)
            new.unlink()
        return file.read_text("utf-8").strip()
    except OSError as error:
        raise UsageProblem(f"{error.filename} cannot be written ({error.strerror}).") from None


def seed(course: Path, assignment: str) -> int:
    """One seed for everybody in an assignment, that nobody can foresee."""
    digest = hmac.new(secret(course).encode(), assignment.encode("utf-8", "replace"), hashlib.sha256).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
