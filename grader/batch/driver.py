"""Store and pool together: what has no result yet is graded, and every verdict is committed here and nowhere else."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ..catalog import Exercise
from ..errors import UsageProblem
from ..submission import units_of
from ..version import VERSION
from .collect import Found, Item, Problem
from .engine import Engine, Payload, payload
from .identity import exercise_version, refusal_hash, submission_hash
from .pool import Outcome, Pool, Task
from .store import Pending, Store

CHUNK = 50  # submissions per commit while collecting: a killed run collects again anyway


@dataclass
class Intake:
    """What collecting gave."""

    students: set[str] = field(default_factory=set)
    found: int = 0
    new: int = 0
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Tally:
    """How grading went."""

    graded: int = 0
    refused: int = 0
    retried: int = 0
    unfinished: list[tuple[str, str]] = field(default_factory=list)  # exercise, reason


def take_in(
    store: Store, items: Iterable[Item], run: int, exercises: dict[str, Exercise], on_problem: Callable[[Problem], None]
) -> Intake:
    """Keep what was handed in. `exercises` is the catalogue by stem."""
    intake = Intake()
    chunk: list[Item] = []
    for item in items:
        chunk.append(item)
        if len(chunk) >= CHUNK:
            _keep(store, chunk, run, exercises, intake, on_problem)
            chunk = []
    _keep(store, chunk, run, exercises, intake, on_problem)
    return intake


def _keep(
    store: Store, items: list[Item], run: int, exercises: dict[str, Exercise], intake: Intake,
    on_problem: Callable[[Problem], None],
) -> None:  # fmt: skip
    with store.writing():
        for item in items:
            problem = item if isinstance(item, Problem) else _keep_answer(store, item, intake)
            intake.students.add(item.student)
            if problem is None:
                continue
            intake.problems.append(problem)
            on_problem(problem)
            store.add_problem(problem.student, problem.stem, problem.shown, problem.reason, run)
            if problem.student and problem.stem and isinstance(item, Problem):
                intake.found += 1
                sha = refusal_hash(problem.reason)
                at, reason = problem.submitted_at, problem.reason
                intake.new += store.add_submission(problem.student, problem.stem, sha, None, problem.shown, at, reason)


def _keep_answer(store: Store, item: Found, intake: Intake) -> Problem | None:
    """Under a name of ours: results are shared by all who hand in the same bytes, and names are hostile."""
    label = f"{item.stem}.{'ipynb' if item.notebook else 'py'}"
    sha = submission_hash(item.data, item.notebook)
    intake.found += 1
    try:
        units, refused = units_of(item.data, label, item.notebook), ""
    except UsageProblem as error:
        units, refused = None, str(error)
    intake.new += store.add_submission(
        item.student, item.stem, sha, units, item.shown, item.submitted_at, refused
    )  # fmt: skip
    return Problem(item.student, item.stem, item.shown, refused, item.submitted_at) if refused else None


def know_exercises(store: Store, exercises: Iterable[Exercise]) -> None:
    """From now on the exercises as they are on this machine count."""
    with store.writing():
        for position, e in enumerate(exercises):
            store.know_exercise(e.stem, position, (e.name, e.slug, e.title), exercise_version(e), VERSION)


def grade_pending(
    store: Store, engine: Engine, pending: list[Pending], exercises: dict[str, Exercise], sandbox: str,
    on_outcome: Callable[[Pending, Payload | None], None], pool: Pool | None = None,
) -> Tally:  # fmt: skip
    """Grade what is pending; every verdict is on the disk before `on_outcome` hears of it."""
    tally, seed, seconds, device = Tally(), store.seed, store.seconds, store.device

    def tasks() -> Iterator[Task]:
        for p in pending:
            if p.refused:
                result = refusal(exercises[p.exercise], p.refused, seed, sandbox)
                store.commit(p.key(VERSION, seed), p, VERSION, result)
                tally.refused += 1
                on_outcome(p, result)
                continue
            yield Task(p, payload(p.exercise, p.version, store.units(p.sha), seed, seconds, device))

    for outcome in (pool or Pool(engine)).run(tasks()):
        _settle(store, outcome, seed, tally)
        on_outcome(outcome.task.key, outcome.result)
    return tally


def _settle(store: Store, outcome: Outcome, seed: int, tally: Tally) -> None:
    task: Pending = outcome.task.key
    key = task.key(VERSION, seed)
    for failure in outcome.failures:
        store.note_failure(key, failure.kind, failure.detail)
    if outcome.result is None:
        tally.unfinished.append((task.exercise, outcome.failures[-1].detail))
        return
    tally.retried += bool(outcome.failures)
    tally.graded += store.commit(key, task, VERSION, outcome.result)


def refusal(exercise: Exercise, reason: str, seed: int, sandbox: str) -> Payload:
    """The verdict on something that cannot be read as an answer."""
    from ..result import Result

    return Result(
        exercise.name, exercise.slug, exercise.title, "invalid", 0.0, 100.0, seed, "cpu", sandbox, 0.0, (), VERSION,
        message=reason[:4000],
    ).to_json()  # fmt: skip
