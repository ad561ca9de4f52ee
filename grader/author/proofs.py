"""Proofs that were made already: an exercise whose files, and the grader's, have not changed need not be proved again.

Kept in `.proofs/` beside the checkout, one file per exercise, under a hash of all that the proof depends on.
"""

import hashlib
import json
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..catalog import Exercise
from .report import Report


def kept(exercise: Exercise, seeds: int) -> Report | None:
    """The report of an earlier proof of the same sources with the same seeds; only sound ones are kept."""
    try:
        found: dict[str, Any] = json.loads(_place(exercise).read_text("utf-8"))
        return Report(**found["report"]) if found["key"] == _key(exercise, seeds) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(exercise: Exercise, seeds: int, report: Report) -> None:
    """Keep a sound report; a folder that cannot be written only means that the proof is made again."""
    if report.problems:
        return
    place = _place(exercise)
    try:
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps({"key": _key(exercise, seeds), "report": asdict(report)}), "utf-8")
    except OSError:
        return


def _place(exercise: Exercise) -> Path:
    return exercise.root / ".proofs" / f"{exercise.stem}.json"


def _key(exercise: Exercise, seeds: int) -> str:
    own = (exercise.stub, exercise.solution, exercise.right, exercise.wrong, exercise.tests)
    engine = sorted((exercise.root / "grader").rglob("*.py"))
    sources = [repr(exercise).encode(), *(file.read_bytes() for file in (*own, *engine))]
    packages = ["numpy", "torch"] if exercise.framework == "torch" else ["numpy"]
    setting = [sys.version, str(seeds), *(f"{name} {version(name)}" for name in packages)]
    digest = hashlib.sha256("\n".join(setting).encode())
    for source in sources:
        digest.update(hashlib.sha256(source).digest())
    return digest.hexdigest()
