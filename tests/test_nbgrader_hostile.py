"""Notebooks that cheat or harm, through the real nbgrader: no undeserved point, and nobody is dropped."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sandboxes

from dlkit.grader.catalog import catalog

pytest.importorskip("nbgrader")
ROOT = Path(__file__).parent.parent
SOFTMAX = catalog().find("softmax")
RIGHT = SOFTMAX.solution.read_text("utf-8")
ANSWER, EXAMPLES = f"{SOFTMAX.stem}-answer", f"{SOFTMAX.stem}-examples"
ATTACKS = ["text/markup", "text/terminal_escapes"]  # the whole corpus: test_nbgrader_corpus.py


pytestmark = pytest.mark.skipif(bool(sandboxes.missing()), reason=f"no sandbox: {sandboxes.missing()}")


def declared(name):
    tree = ast.parse((ROOT / "tests" / "attacks" / f"{name}.py").read_text("utf-8"))
    values = {
        n.targets[0].id: n.value for n in tree.body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
    }
    return ast.literal_eval(values["MAX_SCORE"])


def cell(nb, grade_id):
    return next(c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def with_answer(nb, text):
    cell(nb, ANSWER)["source"] = text
    return nb


def attack(name):
    text = (ROOT / "tests" / "attacks" / f"{name}.py").read_text("utf-8")
    return lambda nb: with_answer(nb, text)


def graded_forged(nb):
    own = cell(nb, SOFTMAX.stem)
    own["source"] = "100.0"
    own["metadata"]["nbgrader"]["points"] = 1e9
    own["outputs"] = [
        {"output_type": "execute_result", "data": {"text/plain": "100.0"}, "metadata": {}, "execution_count": 1}
    ]
    return nb


def skipped(nb):
    for own in nb["cells"]:
        own["metadata"]["tags"] = ["skip-execution"]
    return nb


def marked(**mark):
    def edit(nb):
        for own in nb["cells"]:
            own["metadata"].setdefault("nbgrader", {}).update(mark)
        return nb

    return edit


def without(*ids):
    def edit(nb):
        return nb | {"cells": [c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") not in ids]}

    return edit


def converted(kind):
    return lambda nb: (
        nb
        | {
            "cells": [
                {k: v for k, v in c.items() if k not in ("outputs", "execution_count")} | {"cell_type": kind}
                for c in nb["cells"]
            ]
        }
    )


# Notebook -> what is written, and the score it deserves of 100.
TRICKS = {
    "graded-forged": (graded_forged, 0),
    "skip-execution": (skipped, 0),
    "graded-deleted": (without(SOFTMAX.stem), 0),
    "all-deleted": (lambda nb: nb | {"cells": []}, 0),
    "answer-deleted": (without(ANSWER), 0),
    "doubled": (lambda nb: nb | {"cells": nb["cells"] * 2}, 0),
    "ids-changed": (marked(grade_id="mine"), 0),
    "schema-of-the-future": (marked(schema_version=99), 0),
    "schema-of-the-past": (marked(schema_version=0), 0),
    "not-graded": (marked(grade=False, solution=True), 0),
    "raw-cells": (converted("raw"), 0),
    "trouble-forged": (lambda nb: with_answer(nb, RIGHT) | {"metadata": {"dlkit": {"trouble": "x", "review": True}}}, 100),
    "right-and-raw": (lambda nb: converted("raw")(with_answer(nb, RIGHT)), 100),
    "right-and-doubled": (lambda nb: nb | {"cells": with_answer(nb, RIGHT)["cells"] * 2}, 100),
    "right-and-graded-deleted": (lambda nb: without(SOFTMAX.stem, EXAMPLES)(with_answer(nb, RIGHT)), 100),
    "right-without-ids": (lambda nb: marked(grade_id="")(with_answer(nb, RIGHT)), 100),
    "right-and-a-broken-cell": (lambda nb: nb | {"cells": [{"cell_type": "code", "metadata": {}, "source": "1 +", "outputs": []}, *with_answer(nb, RIGHT)["cells"]]}, 100),
    "text-for-a-notebook": (lambda nb: "hello", 0),
    "a-list": (lambda nb: [], 0),
    "version-3": (lambda nb: {"nbformat": 3, "worksheets": [{"cells": nb["cells"]}], "metadata": {}}, 0),
    "empty-file": (lambda nb: None, 0),
}  # fmt: skip


# A test of the instructor's own, as nbgrader knows them: without a kernel it has no output, which would mean full marks.
OWN_TEST = {"cell_type": "code", "id": "own", "source": "assert softmax", "outputs": [], "execution_count": None, "metadata": {"nbgrader": {
    "schema_version": 3, "grade": True, "grade_id": "own-test", "locked": True, "solution": False, "points": 7, "task": False}}}  # fmt: skip


class Course:
    def __init__(self, root):
        self.root = root
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))}
        self.env |= {"HOME": str(root), "PYTHONWARNINGS": "ignore", "XDG_DATA_HOME": str(root / "data")}
        self.env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def run(self, *command):
        done = subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout + done.stderr

    def scores(self):
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.root}/gradebook.db", "course") as gradebook:
            return {s.student.id: s.score for s in gradebook.assignment_submissions("ps1")}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("hostile") / "course")
    course.root.mkdir()
    course.run(sys.executable, "-m", "dlkit.cli", "nbgrader", "init", ".", "--assignment", "ps1", "softmax")
    source = course.root / "source" / "ps1" / "ps1.ipynb"
    notebook = json.loads(source.read_text("utf-8"))
    notebook["cells"].append(OWN_TEST)
    source.write_text(json.dumps(notebook))
    course.run("nbgrader", "generate_assignment", "ps1")
    released = (course.root / "release" / "ps1" / "ps1.ipynb").read_text("utf-8")
    edits = {f"trick-{n}": edit for n, (edit, _) in TRICKS.items()}
    edits |= {f"attack-{n.replace('/', '-')}": attack(n) for n in ATTACKS}
    for student, edit in edits.items():
        place = course.root / "submitted" / student / "ps1"
        place.mkdir(parents=True)
        made = edit(json.loads(released))
        (place / "ps1.ipynb").write_text("" if made is None else json.dumps(made))
    return course


@pytest.fixture(scope="module")
def graded(course):
    """The tricks by nbgrader's own command, the attacks by ours; the feedback by nbgrader's."""
    course.run("nbgrader", "autograde", "ps1", "--CourseDirectory.student_id=trick-*")
    nobody = course.root / "submitted" / "no-notebook" / "ps1"
    nobody.mkdir(parents=True)
    (nobody / "notes.txt").write_text("I forgot it.")
    course.run(sys.executable, "-m", "dlkit.cli", "nbgrader", "autograde", "ps1", "--jobs", "2")
    course.run("nbgrader", "generate_feedback", "ps1", "--CourseDirectory.student_id=trick-*")
    course.run("nbgrader", "generate_feedback", "ps1", "--CourseDirectory.student_id=attack-text-*")
    return course


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_earns_what_the_answer_deserves(graded, name):
    assert graded.scores()[f"trick-{name}"] == TRICKS[name][1]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_in_a_notebook_earns_nothing(graded, name):
    assert graded.scores()[f"attack-{name.replace('/', '-')}"] <= declared(name)


def test_a_cell_that_nobody_ran_earns_nothing_and_waits_for_a_person(graded):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded.root}/gradebook.db", "course") as gradebook:
        for student in ("trick-right-and-raw", "attack-text-markup"):
            grade = gradebook.find_grade("own-test", "ps1", "ps1", student)
            assert (grade.auto_score, grade.needs_manual_grade) == (0, True)
    page = (graded.root / "feedback" / "trick-right-and-raw" / "ps1" / "ps1.html").read_text("utf-8")
    assert "dlkit grades its own cells only" in page


def test_everybody_has_a_score_and_feedback_that_says_what_happened(graded):
    students = {p.name for p in (graded.root / "submitted").iterdir()}
    assert set(graded.scores()) == students
    for student in students:
        graded_notebook = graded.root / "autograded" / student / "ps1" / "ps1.ipynb"
        report = "".join(
            cell(json.loads(graded_notebook.read_text("utf-8")), SOFTMAX.stem)["outputs"][0]["data"]["text/plain"]
        )
        assert "points" in report, student
        assert "of 100 points" in report or "is not a Jupyter notebook" in report or "There is no file" in report, (
            student
        )
        page = graded.root / "feedback" / student / "ps1" / "ps1.html"
        if page.exists():
            text = page.read_text("utf-8")
            assert report.split("\n")[0].split("·")[0].strip()[:40] in text.replace("&#39;", "'"), student
            assert "<script>alert" not in text
            assert "<img src=x" not in text
