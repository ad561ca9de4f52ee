"""`dlkit dev mutate`: run the hidden tests on every mutant of the reference and list those that survive.

Each mutant is a submission in the warm parent; the first failing check kills it. A survivor gets more seeds before it
counts. An interrupted run resumes: verdicts are kept beside the checkout, under a hash of all that they depend on.
"""

import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..candidate.confine import Limits
from ..candidate.proxy import CandidateDied, ProcessLink, Session
from ..candidate.source import Submission
from ..catalog import Exercise
from ..errors import UsageProblem
from ..sandbox import Parent
from ..submission import submission
from ..suite import Suite
from .mutants import Mutant, mutants
from .on_device import device_failures

SEEDS = 4  # a mutant that passes all of these has survived
LIMITS = Limits(call_seconds=3.0, total_seconds=15.0)


@dataclass
class Tally:
    """What became of an exercise's mutants."""

    stem: str
    made: int = 0
    killed: int = 0
    equivalent: int = 0
    survivors: list[dict[str, Any]] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)  # records of equivalents that match no survivor
    by_check: dict[str, int] = field(default_factory=dict)  # which check killed how many (the first one that did)

    @property
    def share(self) -> float:
        """Killed, of those that are not equivalent."""
        real = self.made - self.equivalent
        return self.killed / real if real else 1.0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "share": round(self.share, 4)}


def records_file(exercise: Exercise) -> Path:
    return exercise.root / "tests" / "records" / f"{exercise.stem}.toml"


def equivalents(exercise: Exercise) -> dict[str, str]:
    """Mutants that an author has marked as equivalent: the diff -> the reason. Raises UsageProblem without a reason."""
    file = records_file(exercise)
    if not file.is_file():
        return {}
    marked = {}
    for entry in tomllib.loads(file.read_text("utf-8")).get("equivalent", []):
        if not entry.get("reason", "").strip():
            raise UsageProblem(f"{file}: an equivalent mutant without a reason: {entry.get('diff')}")
        marked[_normal(entry["diff"])] = entry["reason"]
    return marked


def _normal(diff: str) -> str:
    return "\n".join(" ".join(line.split()) for line in diff.strip().splitlines())


def mutate(
    exercise: Exercise,
    suite: Suite,
    parent: Parent,
    store: Path,
    share: tuple[int, int],
    progress: Callable[[str], None],
) -> None:
    """Run the mutants whose number is `share[0]` modulo `share[1]` and have no verdict yet."""
    made = mutants(exercise.solution.read_text("utf-8"))
    verdicts = _Verdicts(store, exercise)
    for number, mutant in enumerate(made):
        if number % share[1] != share[0] or verdicts.known(mutant):
            continue
        progress(f"{exercise.stem}: mutant {number + 1} of {len(made)}")
        verdicts.add(mutant, _killer(exercise, suite, parent, mutant))


def tally_of(exercise: Exercise, store: Path) -> Tally:
    """What became of the mutants, from the verdicts that are there."""
    made = mutants(exercise.solution.read_text("utf-8"))
    verdicts = _Verdicts(store, exercise)
    marked = equivalents(exercise)
    result = Tally(exercise.stem, made=len(made))
    used = set()
    for mutant in made:
        killer = verdicts.get(mutant)
        if killer:
            result.killed += 1
            result.by_check[killer] = result.by_check.get(killer, 0) + 1
        elif _normal(mutant.diff) in marked:
            used.add(_normal(mutant.diff))
            result.equivalent += 1
        else:
            result.survivors.append({"line": mutant.line, "what": mutant.what, "diff": mutant.diff})
    result.stale = sorted(set(marked) - used)
    return result


def _killer(exercise: Exercise, suite: Suite, parent: Parent, mutant: Mutant) -> str:
    """The check that rejects the mutant, or nothing."""
    answer = submission(exercise, ((f"{exercise.stem}.py", mutant.source),))
    return _killer_with_points(exercise, suite, parent, answer) or _killer_on_device(exercise, suite, parent, answer)


def _killer_on_device(exercise: Exercise, suite: Suite, parent: Parent, answer: Submission) -> str:
    """A `device=` that is dropped changes nothing on the CPU."""
    if not suite.device_checks(exercise):
        return ""
    return next(iter(device_failures(suite, parent, exercise, answer, 0, "sim")), "")


def _killer_with_points(exercise: Exercise, suite: Suite, parent: Parent, answer: Submission) -> str:
    for seed in range(SEEDS):
        session = Session(answer, lambda: ProcessLink(parent.spawn(LIMITS), LIMITS), LIMITS, seed)
        try:
            session.load()
            if session.errors or session.flags:
                return "load"
            failed: list[str] = []

            def stop(record: Any, failed: list[str] = failed) -> bool:
                if record.outcome != "passed":
                    failed.append(record.name)
                return bool(failed)

            suite.run(exercise, session, seed, on_check=stop)
            if failed:
                return failed[0]
        except CandidateDied:
            return "load"
        finally:
            session.close()
    return ""


class _Verdicts:
    """Verdicts of one exercise's mutants, one JSON line each; only those of the present sources count."""

    def __init__(self, store: Path, exercise: Exercise) -> None:
        sources = exercise.solution.read_bytes() + exercise.tests.read_bytes()
        version = hashlib.sha256(sources).hexdigest()[:16]
        self._file = store / f"{exercise.stem}-{version}.jsonl"
        self._known: dict[str, str] = {}
        if self._file.is_file():
            for line in self._file.read_text("utf-8").splitlines():
                try:
                    entry = json.loads(line)
                    self._known[entry["mutant"]] = entry["killer"]
                except (ValueError, KeyError):
                    continue  # a line cut off by an interruption

    def known(self, mutant: Mutant) -> bool:
        return _hash(mutant) in self._known

    def get(self, mutant: Mutant) -> str:
        return self._known.get(_hash(mutant), "")

    def add(self, mutant: Mutant, killer: str) -> None:
        self._known[_hash(mutant)] = killer
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"mutant": _hash(mutant), "killer": killer}) + "\n")


def _hash(mutant: Mutant) -> str:
    return hashlib.sha256(mutant.source.encode()).hexdigest()[:16]
