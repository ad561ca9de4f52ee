"""A folder of .py files -> scores in a gradebook: each file becomes the answer cell of a submitted notebook.

From there everything is as with notebooks: autograding, Formgrader, feedback, the late penalty.
"""

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..catalog import Exercise, catalog
from ..errors import UsageProblem
from ..submission import read_text
from .course import CONFIG, OWN
from .notebook import Node, answered_stem, as_json
from .reading import exercise_stems, read_notebook

_MARK = "direct"  # in the course's own folder: which submissions were made here


@dataclass(frozen=True)
class Taken:
    """What became of a folder of files: students with a submission now, and what was left alone."""

    students: tuple[str, ...]
    problems: tuple[str, ...]


def take(folder: Path, course: Path, assignment: str) -> Taken:
    """Make submissions in `course` of `folder/<student>/exercise_NN_slug.py`. Raises UsageProblem."""
    if not (course / CONFIG).is_file():
        raise UsageProblem(f"{course} is no course: it has no {CONFIG}. Name it with --course.")
    release = course / "release" / assignment / f"{assignment}.ipynb"
    if not release.is_file():
        raise UsageProblem(f"There is no {release}. Run first: nbgrader generate_assignment {assignment}")
    try:
        students = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        raise UsageProblem(f"{folder} cannot be read ({error.strerror}).") from None
    if not students:
        raise UsageProblem(f"{folder} holds no folders. There should be one for each student, with .py files in it.")
    notebook = read_notebook(release)
    taken, problems = [], []
    for place in students:
        problem = _take(place, course, assignment, notebook)
        problems += [problem] if problem else []
        taken += [] if problem else [place.name]
    return Taken(tuple(taken), tuple(problems))


def _take(place: Path, course: Path, assignment: str, notebook: Node) -> str:
    """One student's files; why not, if not."""
    target = course / "submitted" / place.name / assignment
    mark = course / OWN / _MARK / assignment / place.name
    if target.exists() and not mark.exists():
        return f"{place.name} has a submission already ({target}); it was left as it is."
    files = dict(_answers(place, [e for e in catalog() if e.stem in exercise_stems(notebook)]))
    newest = max((f.stat().st_mtime for f in files.values()), default=None)
    for folder in (target, mark.parent):
        folder.mkdir(parents=True, exist_ok=True)
    (target / f"{assignment}.ipynb").write_text(as_json(_filled(notebook, files)), "utf-8")
    if newest is not None:
        (target / "timestamp.txt").write_text(f"{datetime.fromtimestamp(newest, UTC):%Y-%m-%d %H:%M:%S} UTC")
    mark.write_text(json.dumps(sorted(str(f) for f in files.values())))
    return ""


def _answers(place: Path, exercises: Sequence[Exercise]) -> Iterator[tuple[str, Path]]:
    """The stem of an exercise and the file that answers it; one exercise alone may have a file of any name."""
    scripts = sorted(p for p in place.glob("*.py") if p.is_file())
    for exercise in exercises:
        names = {exercise.stem, exercise.name, exercise.slug}
        own = [p for p in scripts if p.stem in names] or (scripts if len(exercises) == len(scripts) == 1 else [])
        if own:
            yield exercise.stem, own[0]


def _filled(notebook: Node, files: dict[str, Path]) -> Node:
    """The released notebook with the files in its answer cells; an answer that is missing stays the stub."""
    filled = copy.deepcopy(notebook)
    for cell in filled["cells"]:
        file = files.get(answered_stem(str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))))
        if file is not None:
            try:
                cell["source"] = read_text(file)
            except UsageProblem as error:
                cell["source"] = f"# {' '.join(str(error).split())}"
    return filled
