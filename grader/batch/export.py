"""`dlkit export` from words to files."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

from ..catalog import catalog
from ..errors import UsageProblem
from . import feedback
from .autograder import write_autograder
from .formats import canvas, gradescope, jsonl, junit, nbgrader, table
from .gradebook import Names, Policy, Row, rows, rows_by_student
from .output import fresh_folder, write_file, write_out
from .store import Store

TEXTS = ("csv", "json", "junit", "canvas", "nbgrader")
FOLDERS = ("gradescope", "feedback", "gradescope-autograder")


@dataclass(frozen=True)
class ExportRequest:
    """What the command line said."""

    store: str | None
    format: str
    out: str | None = None
    exercises: tuple[str, ...] = ()
    policy: str = "best"
    due: str | None = None
    late_percent: float = 0.0
    anonymous: bool = False
    roster: str | None = None
    force: bool = False


def run_export(request: ExportRequest, note: Callable[[str], None]) -> None:
    """Write what was asked for. `note` hears remarks for people. Raises DlkitError."""
    stems = [catalog().find(e).stem for e in request.exercises]
    if request.format == "gradescope-autograder":
        _autograder(request, stems, note)
        return
    if request.store is None:
        raise UsageProblem("Which results? dlkit export results.db --format csv")
    policy = Policy(request.policy, due_moment(request.due), request.late_percent)
    with Store.read(Path(request.store)) as store:
        _warn(store, note)
        names = Names(store, request.anonymous)
        if request.format in FOLDERS:
            _folder(request, store, policy, names, stems, note)
        else:
            write_out(request.out, _text(request, store, policy, names, stems, note), request.force)


def due_moment(text: str | None) -> float | None:
    """`2026-03-01` (its end) or `2026-03-01 18:00`, local time unless a zone is given, as seconds since the epoch."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        if len(text.strip()) <= 10:
            moment = datetime.combine(moment.date(), time(23, 59, 59))
        return moment.timestamp()
    except (ValueError, OverflowError):
        raise UsageProblem(f"--due {text}: write it as 2026-03-01 or '2026-03-01 18:00'.") from None


def _warn(store: Store, note: Callable[[str], None]) -> None:
    missing = len(store.pending())
    if missing:
        note(f"{missing} submissions have no verdict yet; `dlkit grade` with the same --out goes on.")


def _text(
    request: ExportRequest, store: Store, policy: Policy, names: Names, stems: list[str], note: Callable[[str], None]
) -> Iterator[str]:
    found = rows(store, policy, names, stems)
    if request.format == "canvas":
        return _canvas(request, found, note)
    if request.format == "nbgrader":
        return nbgrader.lines(found, policy.due)
    return {"csv": table.lines, "json": jsonl.lines, "junit": junit.lines}[request.format](found)


def _canvas(request: ExportRequest, found: Iterator[Row], note: Callable[[str], None]) -> Iterator[str]:
    if request.roster is None:
        return canvas.lines(found)
    try:
        with open(request.roster, encoding="utf-8-sig", newline="") as file:
            roster = canvas.read_roster(file, request.roster)
    except OSError as error:
        raise UsageProblem(f"--roster {request.roster} cannot be read: {error.strerror}.") from None
    known = list(found)
    for student in canvas.unknown(known, roster):
        note(f"{student} is not in {request.roster}: left out.")
    return canvas.lines(known, roster)


def _folder(
    request: ExportRequest, store: Store, policy: Policy, names: Names, stems: list[str], note: Callable[[str], None]
) -> None:
    out = Path(request.out or request.format)
    fresh_folder(out, request.force)
    count = 0
    for student, own in rows_by_student(store, policy, names, stems):
        name = feedback.file_name(student)
        if request.format == "feedback":
            write_file(out / f"{name}.html", [feedback.page(student, own)])
        else:
            folder = out / name
            folder.mkdir(mode=0o700, exist_ok=True)
            write_file(folder / "results.json", [json.dumps(gradescope.results(own), indent=1, allow_nan=False)])
        count += 1
    note(f"{count} students in {out}")


def _autograder(request: ExportRequest, stems: list[str], note: Callable[[str], None]) -> None:
    if not stems and request.store is not None:
        with Store.read(Path(request.store)) as store:
            stems = [e["stem"] for e in store.exercises()]
    if not stems:
        raise UsageProblem(
            "Which exercises? dlkit export --format gradescope-autograder --exercise softmax --out gradescope"
        )
    out = Path(request.out or request.format)
    fresh_folder(out, request.force)
    write_autograder(out, [catalog().find(s) for s in stems])
    note(f"Zip what is in {out} and upload it to Gradescope: (cd {out} && zip -r ../autograder.zip .)")
