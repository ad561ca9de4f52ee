"""`dlkit nbgrader autograde`: nbgrader's own converter, fed by worker processes that grade ahead of it.

Only this process writes to the gradebook, so the database is never locked. nbgrader's preprocessors save scores and
penalties; what it does twice or ten times for each submission (reading, validating, opening the database) is done once.
"""

import contextlib
import glob
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters.exporter import ResourcesDict
from traitlets import Any as Anything

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import AutogradeApp
from nbgrader.apps.baseapp import NbGrader
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import CheckCellMetadata
from nbgrader.utils import rmtree

from ..batch.engine import USUAL_SECONDS
from ..batch.pool import Task
from ..catalog import catalog
from ..errors import DlkitError, UsageProblem
from . import course, preprocessor
from .notebook import graded_stem
from .reading import AGAIN, Known, answer, cells_of, exercise_stems, read_notebook
from .scores import Graded, Summary
from .service import service, task

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What the command line said; None and empty: as the course's config says."""

    course: Path
    assignment: str
    jobs: int
    force: bool = False
    student: str = "*"
    seed: int | None = None
    sandbox: str | None = None
    timeout: float | None = None


class _Log(logging.Handler):
    """nbgrader's complaints, as lines."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self.lines.append(record.getMessage().strip().split("\n")[-1])


class Fast(Autograde):
    """Autograde in one pass over each notebook: it is made clean, so nothing is left to sanitize."""

    on_submission: Any = Anything(lambda student: None)
    grading: Any = Anything()
    seed: Any = Anything(0)
    seconds: Any = Anything(USUAL_SECONDS)
    notebooks: Any

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self._cells: dict[str, list[Known]] = {}
        self._ready: list[Any] = []
        self._names: list[str] = []

    def init_notebooks(self) -> None:
        """Every submission with every notebook of the assignment: a missing one gets 0 and a page that says so."""
        pattern = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                self._names = [n.name for n in gradebook.find_assignment(self.coursedir.assignment_id).notebooks]
            except MissingEntry:
                self._names = []
        if not self._names:
            raise UsageProblem(
                f"The gradebook knows no assignment {self.coursedir.assignment_id}. Run first:"
                f" nbgrader generate_assignment {self.coursedir.assignment_id}"
            )
        folders = sorted(filter(os.path.isdir, glob.glob(pattern)))
        if not folders:
            raise UsageProblem(f"Nothing was handed in: there is no folder {pattern}. Run `nbgrader collect` first?")
        self.assignments = {f: [os.path.join(f, f"{n}.ipynb") for n in self._names] for f in folders}
        self.grading.begin(self._tasks(folders))

    def _tasks(self, folders: list[str]) -> Iterator[Task]:
        """What will have to be graded, in the order in which it will be asked for."""
        for folder in folders:
            done = self._format_dest(self.coursedir.assignment_id, os.path.basename(os.path.dirname(folder)))
            if self.force or not self._finished(done) or _newer(self.coursedir, folder, done):
                for name in self._names:
                    yield from _tasks(Path(folder) / f"{name}.ipynb", self.seed, self.seconds)

    def _finished(self, done: str) -> bool:
        """Every notebook is there, with all verdicts: the folder alone is what an interrupted run leaves."""
        return all(_settled(Path(done) / f"{name}.ipynb") for name in self._names)

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        done = self._format_dest(assignment_id, student_id)
        if os.path.isdir(done) and not self._finished(done):
            rmtree(done)
        return bool(super().init_destination(assignment_id, student_id))

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        self.on_submission(student_id)
        wanted: list[str] = self.notebooks
        super().init_assignment(assignment_id, student_id)
        self.notebooks = wanted

    def convert_single_notebook(self, notebook_filename: str) -> None:
        resources = ResourcesDict()
        resources.update(self.init_single_notebook_resources(notebook_filename))
        place = resources["nbgrader"]
        node, trouble = preprocessor.clean(Path(notebook_filename), self._known(place))
        if trouble:
            self.log.warning("%s: %s", notebook_filename, trouble)
        try:
            for each in self._steps():
                node, resources = each(node, resources)
        except DlkitError as error:  # nothing can be graded here: no sandbox, or workers that all die
            raise _Stop(error) from None
        place = Path(self._format_dest(place["assignment"], place["student"]))
        place.mkdir(parents=True, exist_ok=True)
        half = place / f"{resources['unique_key']}.part"
        half.write_text(nbformat.writes(node) + "\n", "utf-8")
        half.replace(half.with_suffix(".ipynb"))  # whole or not at all

    def _known(self, place: Any) -> list[Known]:
        if place["notebook"] not in self._cells:
            self._cells[place["notebook"]] = preprocessor.known_cells(
                place["db_url"], place["assignment"], place["notebook"]
            )
        return self._cells[place["notebook"]]

    def _steps(self) -> list[Any]:
        """The preprocessors of the config, ready to be called; a clean notebook needs no check of its metadata."""
        if not self._ready:
            self._sanitizing = False
            self._init_preprocessors()
            self._sanitizing = True
            self._ready = [p for p in self.exporter._preprocessors if not isinstance(p, CheckCellMetadata)]
        return self._ready


class _Stop(KeyboardInterrupt):
    """The end of the run: after any other exception, nbgrader goes on with the next submission."""

    def __init__(self, error: DlkitError) -> None:
        super().__init__(str(error))
        self.error = error


def _settled(graded: Path) -> bool:
    """A graded notebook is there and no cell waits for a verdict. (In a cell's text, the quotes would be escaped.)"""
    return graded.is_file() and f'"{AGAIN}": true'.encode() not in graded.read_bytes()


def _newer(coursedir: Any, folder: str, done: str) -> bool:
    new, old = coursedir.get_existing_timestamp(folder), coursedir.get_existing_timestamp(done)
    return bool(new is not None and old is not None and new > old)


def _tasks(file: Path, seed: int, seconds: float) -> Iterator[Task]:
    """The tasks of a submitted notebook, as its own cells tell; what they do not tell is graded when its turn comes."""
    by_stem = {e.stem: e for e in catalog()}
    with contextlib.suppress(UsageProblem):
        notebook = read_notebook(file)
        cells = cells_of(notebook, file.name)
        for stem in exercise_stems(notebook):
            if graded_stem(stem) in by_stem:
                yield task(by_stem[stem], answer(cells, by_stem[stem]), seed, seconds)


@contextlib.contextmanager
def one_gradebook() -> Iterator[None]:
    """Let nbgrader open its database once: it does so ten times for each submission, and looks at every table."""
    opened: dict[str, Gradebook] = {}
    begin, end = Gradebook.__init__, Gradebook.close

    def init(self: Any, db_url: str, *arguments: Any, **named: Any) -> None:
        if db_url not in opened:
            begin(self, db_url, *arguments, **named)
            opened[db_url] = self
        self.__dict__.update(opened[db_url].__dict__)

    Gradebook.__init__, Gradebook.close = init, lambda self: None
    try:
        yield
    finally:
        Gradebook.__init__, Gradebook.close = begin, end
        for gradebook in opened.values():
            gradebook.close()


def autograde(wanted: Wanted, progress: Progress) -> Summary:
    """Grade what was submitted and is not graded yet. Raises DlkitError with a sentence where that cannot be."""
    root = wanted.course.resolve()
    if not (root / course.CONFIG).is_file():
        raise UsageProblem(f"{wanted.course} is no course: it has no {course.CONFIG}. Name it with --course.")
    here = os.getcwd()
    os.chdir(root)  # where nbgrader looks for its config
    try:
        with warnings.catch_warnings():  # of nbgrader's about itself
            warnings.simplefilter("ignore")
            return _autograde(root, wanted, progress)
    finally:
        os.chdir(here)


def _autograde(root: Path, wanted: Wanted, progress: Progress) -> Summary:
    app = AutogradeApp()
    log = _Log()
    app.initialize(["--log-level=CRITICAL"])
    settings = app.config.DlkitGrade
    said = {"seed": wanted.seed, "sandbox": wanted.sandbox, "jobs": wanted.jobs, "timeout": wanted.timeout}
    for name, value in said.items():
        if value is not None:
            settings[name] = value
    NbGrader.start(app)
    for handler in list(app.log.handlers):
        app.log.removeHandler(handler)
    app.log.addHandler(log)
    app.log.setLevel(logging.WARNING)
    app.coursedir.assignment_id, app.coursedir.student_id = wanted.assignment, wanted.student
    options = preprocessor.DlkitGrade(parent=app)
    seed = options.seed if options.seed >= 0 else course.seed(root, wanted.assignment)
    grading = service(root / course.OWN / "results.db", options.sandbox, options.jobs)
    students: list[str] = []

    def on_submission(student: str) -> None:
        students.append(student)
        progress(f"{len(students)} {student}")

    converter = Fast(
        coursedir=app.coursedir, parent=app, grading=grading, seed=seed, seconds=options.timeout,
        on_submission=on_submission,
    )  # fmt: skip
    return _converted(app, wanted, converter, log, students)


def _converted(app: Any, wanted: Wanted, converter: Fast, log: _Log, students: list[str]) -> Summary:
    converter.force = converter.force or wanted.force
    with one_gradebook():
        try:
            converter.start()
        except _Stop as stop:
            raise stop.error from None
        except NbGraderException as error:
            if not log.lines:
                raise DlkitError(f"nbgrader stopped: {error}") from None
        finally:
            converter.grading.close()
        with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as gradebook:
            graded = tuple(_standing(gradebook, wanted.assignment, s) for s in students)
    return Summary(graded, tuple(log.lines))


def _standing(gradebook: Gradebook, assignment: str, student: str) -> Graded:
    found = gradebook.find_submission(assignment, student)
    return Graded(student, found.score, found.max_score, found.needs_manual_grade)
