"""A folder that Gradescope takes as an autograder, and what runs in it there.

Gradescope's layout: /autograder/source is the folder, /autograder/submission what the student uploaded,
/autograder/results/results.json what comes back. `python -m dlkit.grader.batch.autograder /autograder` does one run.
"""

import importlib.metadata
import json
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..catalog import ROOT, Exercise, catalog
from ..errors import DlkitError
from ..sandbox import SandboxUnavailable, start
from ..submission import units_of
from .collect import Collector, Found
from .driver import refusal
from .formats.gradescope import results
from .gradebook import Row
from .output import write_file
from .parallel import Answer, graded

_CODE = ("__init__.py", "cli.py", "grader", "exercises/index.toml")
_SUFFIXES = (".py", ".toml", ".json")
SETUP = """\
#!/usr/bin/env bash
# Runs once, when Gradescope builds the image. Python 3.11 to 3.13 is needed: choose a base image that has it.
set -euo pipefail
SOURCE="${SOURCE:-/autograder/source}"
VENV="${VENV:-/opt/dlkit}"
find_python() {
  for v in 3.12 3.13 3.11; do "python$v" -c 'import ensurepip' 2>/dev/null && PYTHON="python$v" && return; done
  return 1
}
if command -v apt-get >/dev/null; then
  apt-get update -q
  apt-get install -qy bubblewrap libseccomp2 || true
  for v in 3.12 3.13 3.11; do
    find_python && break
    apt-get install -qy "python$v" "python$v-venv" 2>/dev/null || true
  done
fi
find_python || { echo "No Python 3.11 to 3.13 here: choose a newer base image."; exit 1; }
"$PYTHON" -m venv "$VENV"
"$VENV/bin/python" -m pip install -q -r "$SOURCE/requirements.txt"
"""
RUN = """\
#!/usr/bin/env bash
# Runs for each submission.
AUTOGRADER="${AUTOGRADER:-/autograder}"
VENV="${VENV:-/opt/dlkit}"
export PYTHONPATH="$AUTOGRADER/source" PYTHONDONTWRITEBYTECODE=1
exec "$VENV/bin/python" -P -m dlkit.grader.batch.autograder "$AUTOGRADER"
"""


def write_autograder(folder: Path, exercises: list[Exercise]) -> None:
    """Fill `folder`: two scripts, the settings, the packages to install and the part of dlkit that is needed."""
    package = folder / "dlkit"
    for name in _CODE:
        _copy(ROOT / name, package / name)
    for exercise in exercises:
        for path in (exercise.stub, exercise.solution, exercise.wrong, exercise.tests):
            if path.is_file():
                _copy(path, package / path.relative_to(ROOT))
    settings = {
        "exercises": [e.stem for e in exercises],
        "seed": secrets.randbelow(2**31),
        # Gradescope runs every submission in a container of its own; where bubblewrap works inside, it is used.
        "sandbox": "auto",
    }
    write_file(folder / "settings.json", [json.dumps(settings, indent=1)])
    torch = any(e.framework == "torch" for e in exercises)
    write_file(folder / "requirements.txt", [line + "\n" for line in requirements(torch)])
    write_file(folder / "setup.sh", [SETUP], 0o700)
    write_file(folder / "run_autograder", [RUN], 0o700)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        for file in sorted(source.rglob("*")):
            if file.suffix in _SUFFIXES and "__pycache__" not in file.parts:
                _copy(file, target / file.relative_to(source))
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def requirements(torch: bool) -> list[str]:
    """What dlkit needs, in the versions that are installed here."""
    lines = ["--extra-index-url https://download.pytorch.org/whl/cpu"] if torch else []
    names = [re.split(r"[<>=!~;\\[ ]", r, maxsplit=1)[0] for r in _core()]
    for name in [*names, *(["torch"] if torch else [])]:
        try:
            lines.append(f"{name}=={importlib.metadata.version(name).split('+')[0]}")
        except importlib.metadata.PackageNotFoundError:
            lines.append(name)
    return lines


def _core() -> list[str]:
    try:
        return [r for r in importlib.metadata.requires("dlkit") or [] if "extra ==" not in r]
    except importlib.metadata.PackageNotFoundError:  # a copy on PYTHONPATH
        return ["click", "msgpack", "numpy", "platformdirs", "pyseccomp", "pytest", "rich"]


# There


def run(root: Path) -> None:
    """One run: always leaves a results.json, whatever happened."""
    try:
        settings = json.loads((root / "source" / "settings.json").read_text("utf-8"))
        answer = results(list(_grade(root / "submission", settings)))
    except (DlkitError, OSError, ValueError, KeyError) as error:
        words = f"The autograder could not do its work ({error}). Tell your instructor; your submission is kept."
        answer = {"score": 0.0, "output": words[:4000], "visibility": "visible", "stdout_visibility": "hidden"}
    (root / "results").mkdir(exist_ok=True)
    write_file(root / "results" / "results.json", [json.dumps(answer, indent=1, allow_nan=False)], 0o644)


def _grade(submission: Path, settings: dict[str, Any]) -> Iterable[Row]:
    exercises = [catalog().find(s) for s in settings["exercises"]]
    seed, sandbox = int(settings["seed"]), _sandbox(str(settings["sandbox"]))
    found, problems = _read(submission, exercises)
    verdicts: dict[str, dict[str, Any]] = {}
    answers: list[Answer] = []
    for exercise in exercises:
        item = found.get(exercise.stem)
        if item is None:
            reason = problems.get(exercise.stem) or f"{exercise.stem}.py was not handed in."
            verdicts[exercise.stem] = refusal(exercise, reason, seed, sandbox)
            continue
        try:
            units = units_of(item.data, f"{exercise.stem}.{'ipynb' if item.notebook else 'py'}", item.notebook)
        except DlkitError as error:
            verdicts[exercise.stem] = refusal(exercise, str(error), seed, sandbox)
            continue
        answers.append((exercise.stem, exercise, units))
    for outcome in graded(answers, seed, sandbox, jobs=1):
        if outcome.result is None:
            raise DlkitError(f"{outcome.task.key}: {outcome.failures[-1].detail}")
        verdicts[outcome.task.key] = outcome.result
    return [_row(e, verdicts[e.stem]) for e in exercises]


def _read(submission: Path, exercises: list[Exercise]) -> tuple[dict[str, Found], dict[str, str]]:
    """What the student uploaded, by exercise, and what is wrong with the rest."""
    found, problems = {}, {}
    for item in Collector(catalog(), exercises).one_student(submission):
        if isinstance(item, Found):
            found[item.stem] = item
        elif item.stem and item.shown != "submission":  # that is the whole folder: nothing was found
            problems[item.stem] = f"{item.shown}: {item.reason}"
    return found, problems


def _sandbox(kind: str) -> str:
    try:
        with start("bwrap" if kind == "auto" else kind, []) as parent:
            parent.ready()
    except SandboxUnavailable:
        return "process"
    return "process" if kind == "process" else "bwrap"


def _row(exercise: Exercise, result: dict[str, Any]) -> Row:
    shown = {k: v for k, v in result.items() if k != "seed"}
    score, maximum = result["score"], result["max_score"]
    return Row(
        "student", exercise.stem, exercise.name, exercise.title, result["status"], score, score, maximum, 1, 1,
        time.time(), 0, "", shown,
    )  # fmt: skip


if __name__ == "__main__":
    os.umask(0o077)
    run(Path(sys.argv[1]))
