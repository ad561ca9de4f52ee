"""What makes two gradings the same one: the key that results are stored under."""

import hashlib
import json
from dataclasses import asdict

from ..catalog import Exercise


def exercise_version(exercise: Exercise) -> str:
    """A hash of everything of an exercise that can change a verdict or its wording."""
    digest = hashlib.sha256()
    for path in (exercise.stub, exercise.tests, exercise.solution, exercise.wrong):
        data = path.read_bytes() if path.is_file() else b""
        digest.update(b"%d\n" % len(data) + data)
    entry = {k: v for k, v in asdict(exercise).items() if k != "root"}
    digest.update(json.dumps(entry, sort_keys=True).encode())
    return digest.hexdigest()


def submission_hash(data: bytes, notebook: bool) -> str:
    """The bytes handed in; the same bytes are another answer as a notebook."""
    return hashlib.sha256((b"notebook\n" if notebook else b"python\n") + data).hexdigest()


def refusal_hash(reason: str) -> str:
    """In place of the bytes, where they could not be read."""
    return hashlib.sha256(b"refused\n" + reason.encode("utf-8", "replace")).hexdigest()


def task_key(version: str, sha: str, grader: str, seed: int) -> str:
    return hashlib.sha256(f"{version}\n{sha}\n{grader}\n{seed}".encode()).hexdigest()
