"""A learner's workspace: copies of the stubs in folders by track. Nothing that was edited is ever touched."""

import json
import re
import time
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..catalog import Exercise
from ..errors import UsageProblem

MARK = "dlkit.toml"
ASIDE = ("interviews", "reviews")  # fresh stubs beside the learner's own copies
VERSION = 1
_MARK_TEXT = f"""# A dlkit workspace. `dlkit` looks for this file upwards from the folder you are in.
version = {VERSION}
"""
_README = """# My dlkit workspace

    dlkit next              what to do now
    dlkit watch             grade the current exercise each time you save it
    dlkit check softmax     grade one exercise
    dlkit hint softmax      one hint more
    dlkit progress          how far you have come
    dlkit interview         exercises against the clock
    dlkit review            what is due again

Each file holds its statement at the top. `dlkit reset softmax` gives a fresh stub and keeps your answer as a backup.
"""
_PYTEST = """# Plain `pytest` here runs the examples of the statements on your answers.
[pytest]
addopts = --doctest-modules --doctest-ignore-import-errors -p no:cacheprovider
python_files = exercise_*.py
doctest_optionflags = NORMALIZE_WHITESPACE ELLIPSIS
"""
_IGNORE = "__pycache__/\n.ipynb_checkpoints/\n*.backup-*\n"


@dataclass(frozen=True)
class Workspace:
    """A folder with `dlkit.toml` in it."""

    root: Path

    def file(self, exercise: Exercise) -> Path | None:
        """The learner's copy, wherever in the workspace it was moved to; the Python file before the notebook."""
        for suffix in (".py", ".ipynb"):
            usual = self.usual_place(exercise).with_suffix(suffix)
            if usual.is_file():
                return usual
            moved = (p for p in self.root.rglob(f"{exercise.stem}{suffix}") if p.is_file())
            own = sorted(p for p in moved if p.relative_to(self.root).parts[0] not in ASIDE)
            if own:
                return own[0]
        return None

    def usual_place(self, exercise: Exercise) -> Path:
        return self.root / track_folder(exercise.track) / f"{exercise.stem}.py"


def track_folder(track: str) -> str:
    """`A Foundations` -> `A_foundations`."""
    letter, _, name = track.partition(" ")
    return f"{letter}_{re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_')}"


def find(start: Path) -> Workspace | None:
    """The workspace that `start` lies in, if any. Raises UsageProblem where its file is of a later version."""
    for folder in (start, *start.parents):
        mark = folder / MARK
        if mark.is_file():
            _check_version(mark)
            return Workspace(folder)
    return None


def _check_version(mark: Path) -> None:
    if _version(mark) > VERSION:
        raise UsageProblem(
            f"{mark} is of a later dlkit (version {_version(mark)}). Update: pip install --upgrade dlkit"
        )


def _version(mark: Path) -> int:
    try:
        version = tomllib.loads(mark.read_text("utf-8")).get("version", 0)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageProblem(
            f"{mark} cannot be read ({error}). Mend it, or delete it and run `dlkit init` again."
        ) from None
    if type(version) is not int:
        raise UsageProblem(f"{mark}: `version = {version!r}` is no number. Write `version = {VERSION}`.")
    return version


def outdated(workspace: Workspace) -> str:
    """A sentence for the learner where the workspace was made by an earlier dlkit (it works); else nothing."""
    version = _version(workspace.root / MARK)
    if version >= VERSION:
        return ""
    return (
        f"This workspace is of an earlier dlkit (version {version}). `dlkit init {workspace.root}` adds what is new"
        " and changes nothing that you edited."
    )


def _renewed(mark: Path) -> str | None:
    """The text of an older workspace's file with the present version, the rest as it is; None where it is not old."""
    if not mark.is_file() or _version(mark) >= VERSION:
        return None
    text, line = mark.read_text("utf-8"), f"version = {VERSION}"
    changed, count = re.subn(r"(?m)^version\s*=.*$", line, text, count=1)
    return changed if count else f"{line}\n{text}"


def create(folder: Path, exercises: Iterable[Exercise], notebooks: bool) -> list[Path]:
    """Write what is missing; the files written. Raises UsageProblem where the folder cannot be written."""
    written: list[Path] = []
    texts = {
        folder / MARK: _MARK_TEXT,
        folder / "README.md": _README,
        folder / ".gitignore": _IGNORE,
        folder / "pytest.ini": _PYTEST,
        folder / ".vscode" / "settings.json": json.dumps(_editor_settings(), indent=2) + "\n",
    }
    workspace = Workspace(folder)
    for exercise in exercises:
        place = workspace.usual_place(exercise)
        if notebooks:
            texts[place.with_suffix(".ipynb")] = notebook(exercise)
        elif workspace.file(exercise) is None:
            texts[place] = exercise.stub.read_text("utf-8")
    try:
        for path, text in texts.items():
            if not path.exists() and not path.is_symlink():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
                written.append(path)
        renewed = _renewed(folder / MARK)
        if renewed is not None:
            (folder / MARK).write_text(renewed, "utf-8")
            written.append(folder / MARK)
    except OSError as error:
        raise UsageProblem(f"{error.filename} cannot be written ({error.strerror}). Choose another folder.") from None
    return written


def _editor_settings() -> dict[str, object]:
    """VS Code: this interpreter, and a test panel with the examples of the statements (pytest.ini)."""
    import sys

    return {
        "python.defaultInterpreterPath": sys.executable,
        "python.testing.pytestEnabled": True,
        "python.testing.pytestArgs": ["."],
    }


def notebook(exercise: Exercise) -> str:
    """A notebook with the statement, the stub's code and a cell that grades."""
    source = exercise.stub.read_text("utf-8")
    code = source.split('"""', 2)[2].strip("\n") + "\n"
    cells = [
        _cell("markdown", f"# {exercise.title}\n\n```text\n{exercise.statement}\n```", "statement"),
        _cell("code", code, "answer"),
        _cell("code", f"%load_ext dlkit\n%dlkit check {exercise.slug}", "check"),
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}, indent=1
    )


def _cell(kind: str, source: str, name: str) -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": kind, "id": name, "metadata": {}, "source": source}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def reset(workspace: Workspace, exercise: Exercise) -> tuple[Path, Path | None]:
    """A fresh stub; the learner's file is kept beside it under a new name. `(stub, backup)`."""
    mine = workspace.file(exercise)
    place = mine if mine is not None else workspace.usual_place(exercise)
    backup = None
    try:
        if mine is not None:
            backup = _free_name(mine)
            _move(mine, backup)
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = notebook(exercise) if place.suffix == ".ipynb" else exercise.stub.read_text("utf-8")
        place.write_text(fresh, "utf-8")
    except OSError as error:
        raise UsageProblem(f"{error.filename} cannot be written ({error.strerror}); nothing was lost.") from None
    return place, backup


def fresh_stub(exercise: Exercise, folder: Path) -> tuple[Path, Path | None]:
    """A fresh stub in `folder`; a file of its name that differs is kept as a backup. `(stub, backup)`.

    Raises UsageProblem where the folder cannot be written.
    """
    place, backup = folder / f"{exercise.stem}.py", None
    text = exercise.stub.read_text("utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if place.exists() and place.read_text("utf-8", "replace") != text:
            backup = _free_name(place)
            _move(place, backup)
        place.write_text(text, "utf-8")
    except OSError as error:
        raise UsageProblem(f"{error.filename} cannot be written ({error.strerror}); nothing was lost.") from None
    return place, backup


def _free_name(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1000):
        name = path.with_name(f"{path.name}.backup-{stamp}" + (f"-{number}" if number else ""))
        if not name.exists():
            return name
    raise UsageProblem(f"There are too many backups beside {path}.")


def _move(place: Path, backup: Path) -> None:
    """Also from one file system to another."""
    import shutil

    shutil.move(place, backup)
