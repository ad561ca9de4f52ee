"""`dlkit grade` from words to a results file."""

import importlib.util
import itertools
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..catalog import Catalog, Exercise, catalog
from ..errors import MissingOnMachine, UsageProblem
from ..sandbox import SandboxUnavailable, start
from ..text import counted
from ..version import VERSION
from .cluster import check_address
from .collect import Collector, Problem
from .database import check_place, only_driver
from .driver import Intake, Tally, grade_pending, know_exercises, take_in
from .engine import Engine, Payload
from .local import LocalEngine
from .on_cluster import on_cluster
from .parallel import cores
from .pool import Pool
from .screen import Screen
from .shard import parse_shard
from .store import Pending, Store


@dataclass(frozen=True)
class GradeRequest:
    """What the command line said."""

    source: str
    out: str
    exercises: tuple[str, ...] = ()
    jobs: int | None = None
    seed: int | None = None
    sandbox: str = "auto"
    engine: str = "local"
    resume: bool = False
    address: str | None = None
    cluster_auth: bool = True
    gpus: float = 0.0
    shard: str | None = None
    timeout: float | None = None  # seconds for one submission
    device: str | None = None  # for device checks; None: as the file was begun, else none


def run_grade(request: GradeRequest, screen: Screen) -> int:
    """Grade a class; 0 if everything has a verdict, 3 if something of ours failed. Raises DlkitError."""
    index = catalog()
    only = [index.find(name) for name in dict.fromkeys(request.exercises)]
    out = Path(request.out)
    if not Path(request.source).exists():
        raise UsageProblem(f"There is no folder {request.source}. Check the path.")
    check_place(out)
    shard = parse_shard(request.shard, request.seed, out) if request.shard else None
    sandbox = check_engine(request)
    with only_driver(out), Store.create(out, request.seed, request.resume, request.timeout, request.device) as store:
        run = store.begin_run(request.source, VERSION)
        scope = only or list(index)
        know_exercises(store, scope)
        _collect(store, run, request.source, index, only, screen)
        pending = [p for p in store.pending(e.stem for e in scope) if shard is None or shard.holds(p)]
        if request.engine == "local":
            need_frameworks(index, {p.exercise for p in pending})
        tally = _grade(store, pending, index, request, sandbox, screen)
        store.end_run(run)
        for line in summary(store, tally, out):
            screen.say(line)
    return 3 if tally.unfinished else 0


def check_engine(request: GradeRequest) -> str:
    """The sandbox, after a look at what the engine needs on this machine; a cluster's nodes are asked for it later."""
    if request.engine == "local":
        if request.address or request.gpus:
            raise UsageProblem("--address and --gpu are for clusters: add --engine ray, or leave them out.")
        return usable_sandbox(request.sandbox)
    check_address(request.address)
    return "process" if request.sandbox == "process" else "bwrap"


def usable_sandbox(kind: str) -> str:
    """The sandbox for other people's code: bubblewrap, or a plain process where that was asked for by name."""
    wanted = "process" if kind == "process" else "bwrap"
    try:
        with start(wanted, []) as parent:
            parent.ready()
    except SandboxUnavailable as error:
        raise MissingOnMachine(
            f"No sandbox for other people's code: {error}. Install it with your package manager (`apt install"
            " bubblewrap`). If you trust every submission, or run inside a container of its own, say --sandbox process."
        ) from None
    return wanted


def need_frameworks(index: Catalog, stems: Iterable[str]) -> None:
    torch = [e.name for e in index if e.stem in set(stems) and e.framework == "torch"]
    if torch and importlib.util.find_spec("torch") is None:
        raise MissingOnMachine(
            f"{torch[0]} needs PyTorch, which is not installed. Install it (pip install 'dlkit[torch]', see README for"
            " a small CPU build), or grade the others with --exercise."
        )


def _collect(store: Store, run: int, source: str, index: Catalog, only: list[Exercise], screen: Screen) -> Intake:
    exercises = {e.stem: e for e in index}

    def tell(problem: Problem) -> None:
        screen.problem(problem.student, problem.shown, problem.reason)

    intake = take_in(store, Collector(index, only).collect(Path(source)), run, exercises, tell)
    screen.problems_end()
    if not intake.found and not intake.problems:
        raise UsageProblem(
            f"{source} holds no submissions. dlkit looks for {source}/STUDENT/exercise_07_softmax.py (or .ipynb, or a"
            " zip as a learning platform exports it); with one --exercise, for STUDENT/ANYTHING.py."
        )
    students = len(intake.students - {""})
    count = len(intake.problems)
    problems = f", {counted(count, 'problem')}" if count else ""
    screen.say(f"{counted(students, 'student')}, {counted(intake.found, 'submission')} ({intake.new} new){problems}")
    return intake


def _grade(
    store: Store, pending: list[Pending], index: Catalog, request: GradeRequest, sandbox: str, screen: Screen
) -> Tally:
    exercises = {e.stem: e for e in index}
    engine, pool = engine_for(request, sandbox, pending, exercises, screen)
    screen.start(len(pending))

    def done(task: Pending, result: Payload | None) -> None:
        if result is None:
            screen.problem("", exercises[task.exercise].name, "no verdict after several attempts")
        screen.advance()

    try:
        tally = grade_pending(store, engine, pending, exercises, sandbox, done, pool)
    except KeyboardInterrupt:
        screen.stop()
        screen.say(f"What was graded is kept in {request.out}; the same command goes on from there.")
        raise
    finally:
        screen.stop()
        engine.close()
    screen.end()
    return tally


def engine_for(
    request: GradeRequest, sandbox: str, pending: list[Pending], exercises: dict[str, Exercise], screen: Screen
) -> tuple[Engine, Pool]:
    """The engine by its name, and a pool for it. Its workers start with the first task."""
    needed = list(dict.fromkeys(p.exercise for p in pending if not p.refused))
    if request.engine == "ray" and needed:
        return on_cluster(request.address or "", request.cluster_auth, sandbox, [exercises[s] for s in needed],
                          request.gpus, request.jobs, screen.say)  # fmt: skip
    jobs = request.jobs or cores()
    engine = LocalEngine(max(1, min(jobs, len(pending))), sandbox, dict.fromkeys(p.exercise for p in pending))
    return engine, Pool(engine)


def _last_attempts(store: Store, stem: str) -> Iterator[Payload]:
    """Each student's last attempt, row by row: a class of thousands does not stay in memory."""
    for _, attempts in itertools.groupby(store.attempts(stem, with_results=False), key=lambda a: a["student"]):
        *_, last = attempts
        yield last


def summary(store: Store, tally: Tally, out: Path) -> list[str]:
    """A line per exercise, and what to type next."""
    lines = [""]
    for exercise in store.exercises():
        last = [(a["status"], a["score"]) for a in _last_attempts(store, exercise["stem"])]
        graded = [(status, score) for status, score in last if status is not None]
        full = sum(status == "passed" for status, _ in graded)
        mean = statistics.fmean(score for _, score in graded) if graded else 0.0
        open_ones = f", {len(last) - len(graded)} without a verdict" if len(last) > len(graded) else ""
        words = f"{exercise['name']} {exercise['title']}: {counted(len(last), 'student')}, mean {mean:.0f}"
        lines.append(f"{words}, full marks {full}{open_ones}")
    for exercise_stem, reason in tally.unfinished[:10]:
        lines.append(f"! {exercise_stem}: no verdict: {reason[:200]}")
    if tally.unfinished:
        lines.append(f"{len(tally.unfinished)} submissions have no verdict; the same command tries them again.")
    lines += ["", f"dlkit report {out} --html report.html", f"dlkit export {out} --format csv"]
    return lines
