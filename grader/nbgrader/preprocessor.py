"""What runs inside `nbgrader autograde`, set in nbgrader_config.py: no kernel, no code of the submission's here."""

import functools
import os
from pathlib import Path
from typing import Any

import nbformat
import sqlalchemy
from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from traitlets import Float, Integer, Unicode

import nbgrader.api
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from ..batch.engine import USUAL_SECONDS
from ..catalog import Exercise, catalog
from ..errors import DlkitError, UsageProblem
from ..result import Result
from . import course
from .feedback import message_outputs, result_outputs
from .notebook import Node, graded_stem
from .reading import AGAIN, TROUBLE, Cell, Known, answer, cells_of, clean_notebook, read_notebook
from .service import Fault, service, task

Resources = dict[str, Any]
REVIEW = "review"  # in a cell's metadata.dlkit: a person should look

# nbgrader makes an SQLAlchemy engine each time it opens its database, ten times for each submission, and each compiles
# the same queries again: half of its time. An engine is made to be shared.
nbgrader.api.create_engine = functools.cache(sqlalchemy.create_engine)


class SubmissionReader(NotebookExporter):
    """Reads a submitted notebook, whatever it is, as a clean one, so that every submission gets a score."""

    def from_filename(self, filename: str, resources: Resources | None = None, **_: Any) -> tuple[str, Resources]:
        resources = resources if resources is not None else {}
        place = resources["nbgrader"]
        if getattr(self.parent, "_sanitizing", True):
            known = known_cells(place["db_url"], place["assignment"], place["notebook"])
            node, trouble = clean(Path(filename), known)
            if trouble:
                self.log.warning("%s: %s", filename, trouble)
        else:  # what the first pass wrote
            node = nbformat.read(filename, as_version=4)
        resources["metadata"] = {"name": place["notebook"], "path": os.path.dirname(filename)}
        converted: tuple[str, Resources] = self.from_notebook_node(node, resources=resources)
        return converted


def clean(file: Path, known: list[Known]) -> tuple[NotebookNode, str]:
    """The clean notebook of a submitted file, and what was wrong with the file, if anything."""
    cells: list[Cell] = []
    trouble = ""
    try:
        cells = cells_of(read_notebook(file), file.name)
    except UsageProblem as error:
        trouble = str(error)
    return nbformat.from_dict(clean_notebook(cells, known, trouble)), trouble


def known_cells(db_url: str, assignment: str, notebook: str) -> list[Known]:
    """The cells of a notebook as the gradebook has them: only these count."""
    with Gradebook(db_url) as gradebook:
        found = gradebook.find_notebook(notebook, assignment)
        points = {c.name: c.max_score for c in (*found.grade_cells, *found.task_cells)}
        grades, tasks = {c.name for c in found.grade_cells}, {c.name for c in found.task_cells}
        solutions = {c.name for c in found.solution_cells}
        known = []
        for cell in found.source_cells:
            mark: Node = {"schema_version": 3, "grade_id": cell.name, "cell_type": cell.cell_type}
            mark |= {"grade": cell.name in grades, "solution": cell.name in solutions, "task": cell.name in tasks}
            mark |= {"locked": bool(cell.locked), "checksum": cell.checksum}
            if cell.name in points:
                mark["points"] = points[cell.name]
            known.append(Known(cell.name, cell.cell_type, cell.source, mark))
    return known


class DlkitGrade(NbGraderPreprocessor):
    """Grades the exercises of a notebook in worker processes and writes points and reports below the graded cells."""

    sandbox = Unicode("bwrap", help="Where answers run: bwrap, or process for people whose code you trust.").tag(
        config=True
    )
    seed = Integer(-1, help="The seed of all submissions; -1: the course's secret one.").tag(config=True)
    jobs = Integer(1, help="Worker processes.").tag(config=True)
    timeout = Float(USUAL_SECONDS, min=1.0, help="Seconds for one exercise of one submission.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        place = resources["nbgrader"]
        root = _course_root(self)
        seed = self.seed if self.seed >= 0 else course.seed(root, place["assignment"])
        trouble = nb.metadata.pop("dlkit", {}).get(TROUBLE, "")
        exercises = {} if trouble else _exercises(nb)
        cells = cells_of(nb, f"{place['notebook']}.ipynb")
        tasks = [task(e, answer(cells, e), seed, self.timeout) for e in exercises.values()]
        grading = service(root / course.OWN / "results.db", self.sandbox, self.jobs)
        results = dict(zip(exercises, grading.results(tasks), strict=True)) if tasks else {}
        for cell in nb.cells:
            if utils.is_grade(cell) and not utils.is_solution(cell) and cell.cell_type == "code":
                result = results.get(cell.metadata.nbgrader.grade_id)
                self._write(cell, result, trouble, place["student"])
                if isinstance(result, Fault):
                    nb.metadata["dlkit"] = {AGAIN: True}
        return nb, resources

    def _write(self, cell: NotebookNode, result: Result | Fault | None, trouble: str, student: str) -> None:
        grade_id = cell.metadata.nbgrader.grade_id
        review = ""
        if trouble:
            outputs = message_outputs(f"{trouble} So there is nothing to grade here: 0 points.")
        elif isinstance(result, Result):
            outputs = result_outputs(result, cell.metadata.nbgrader.points)
        elif result is None:
            review = "this is not a cell of dlkit's, and no kernel runs it"
            outputs = message_outputs("This cell is not run: dlkit grades its own cells only. A person will look.")
        else:
            review = f"{str(result).rstrip('.')}. `dlkit nbgrader autograde` tries it again."
            outputs = message_outputs("The grader broke here. That is not your fault, and a person will look at it.")
        if review:
            said = self.log.warning if result is None else self.log.error
            said("%s: %s got no verdict: %s", student, grade_id, review)
            cell.metadata["dlkit"] = {REVIEW: True}
        cell.outputs = [nbformat.from_dict(o) for o in outputs]
        cell.execution_count = 1


def _course_root(part: Any) -> Path:
    """The course folder: nbgrader's converters know it, and work in it."""
    while part is not None:
        if getattr(part, "coursedir", None) is not None:
            return Path(part.coursedir.root)
        part = part.parent
    return Path.cwd()


def _exercises(nb: NotebookNode) -> dict[str, Exercise]:
    """The exercises of a notebook by the ids of their graded cells, which the gradebook gave it."""
    found = {}
    by_stem = {e.stem: e for e in catalog()}
    for cell in nb.cells:
        if utils.is_grade(cell):
            stem = graded_stem(cell.metadata.nbgrader.grade_id)
            if stem and stem not in by_stem:
                raise DlkitError(f"This dlkit has no exercise {stem}. Install the one that made the assignment.")
            if stem:
                found[stem] = by_stem[stem]
    return found


class MarkForReview(NbGraderPreprocessor):
    """After the scores are saved: cells without a verdict are marked for manual grading."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        place = resources["nbgrader"]
        waiting = [c for c in nb.cells if c.metadata.pop("dlkit", {}).get(REVIEW)]
        if waiting:
            with Gradebook(place["db_url"]) as gradebook:
                for cell in waiting:
                    where = (cell.metadata.nbgrader.grade_id, place["notebook"], place["assignment"], place["student"])
                    gradebook.find_grade(*where).needs_manual_grade = True
                gradebook.db.commit()
        return nb, resources
