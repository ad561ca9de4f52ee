"""The real nbgrader 0.9.6, there and back: init, generate, release, fetch, edit, submit, collect, autograde, feedback,
release, export. One course for the whole file; each step is nbgrader's own command."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dlkit.grader.catalog import catalog

pytest.importorskip("nbgrader")
ROOT = Path(__file__).parent.parent
DLKIT = [sys.executable, "-m", "dlkit.cli"]
SOFTMAX, LINEAR = catalog().find("softmax"), catalog().find("linear_layer")
RIGHT = {e.stem: e.solution.read_text("utf-8") for e in (SOFTMAX, LINEAR)}
MISTAKE = (ROOT / "docs" / "demo" / "softmax_with_a_mistake.py").read_text("utf-8")
# Many nbgrader commands in one process: importing nbgrader takes seconds.
DRIVER = """
import contextlib, json, os, sys
from jupyter_core.application import NoStart
from nbgrader.apps import NbGraderApp
for folder, words in json.load(sys.stdin):
    os.chdir(folder)
    app = NbGraderApp()
    app.initialize(words)
    with contextlib.suppress(NoStart):  # the subcommand has been run
        app.start()
    app.subapp.clear_instance()
"""
API = """
import json, sys
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from nbgrader.coursedir import CourseDirectory
from nbgrader.apps.baseapp import NbGrader
app = NbGrader()
app.initialize([])
api = NbGraderAPI(app.coursedir, parent=app)
print("reply", json.dumps([api.autograde("ps2", "ann"), api.generate_feedback("ps2", "ann")]))
"""


class Course:
    """A course, its exchange and its students, below one folder."""

    def __init__(self, base):
        self.base, self.root, self.exchange = base, base / "course", base / "exchange"
        self.exchange.mkdir()
        self.exchange.chmod(0o777)
        home = base / "home"
        home.mkdir()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST", "PYTHONWARN"))}
        self.env |= {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "PYTHONWARNINGS": "ignore"}
        self.env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader runs alembic

    def run(self, command, cwd, stdin=None, code=0):
        done = subprocess.run(
            [str(c) for c in command], cwd=cwd, env=self.env, input=stdin, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    def nbgrader(self, *steps):
        """Steps are (folder, words…)."""
        lines = [
            [str(folder), ["--log-level=WARNING", *words] if not words else list(words)] for folder, *words in steps
        ]
        return self.run([sys.executable, "-c", DRIVER], self.base, json.dumps(lines))

    def dlkit(self, *words, code=0):
        return self.run([*DLKIT, *words], self.base, code=code)

    def student(self, name):
        folder = self.base / "students" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def exchange_words(self, name):
        return ["--course=course", f"--Exchange.root={self.exchange}", f"--Exchange.cache={self.student(name)}/.cache",
                f"--CourseDirectory.student_id={name}", f"--ExchangeFetchAssignment.assignment_dir={self.student(name)}"]  # fmt: skip

    def fetch(self, name, assignment="ps1"):
        return (self.student(name), "fetch_assignment", assignment, *self.exchange_words(name))

    def submit(self, name, assignment="ps1"):
        return (self.student(name), "submit", assignment, *self.exchange_words(name))

    def gradebook(self):
        from nbgrader.api import Gradebook

        return Gradebook(f"sqlite:///{self.root}/gradebook.db", "course")

    def scores(self, assignment="ps1"):
        """Per student, the automatic score of each graded cell."""
        with self.gradebook() as gradebook:
            return {
                s.student.id: {g.name: g.auto_score for n in s.notebooks for g in n.grades}
                for s in gradebook.assignment_submissions(assignment)
            }

    def feedback(self, name, assignment="ps1"):
        return (self.root / "feedback" / name / assignment / f"{assignment}.html").read_text("utf-8")


def source(notebook, grade_id):
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def code_cell(text, **metadata):
    return {"cell_type": "code", "id": f"x{abs(hash(text)) % 10**9}", "metadata": metadata, "source": text,
            "outputs": [], "execution_count": None}  # fmt: skip


def ann(nb):
    """Right; imports and helpers stand in cells of her own, and a forbidden function in a comparison."""
    text = RIGHT[SOFTMAX.stem]
    source(nb, f"{SOFTMAX.stem}-answer")["source"] = text.replace("import numpy as np", "").replace("np.exp", "_exp")
    nb["cells"].insert(1, code_cell("%matplotlib inline\nimport numpy as np\n\ndef _exp(x):\n    return np.exp(x)"))
    nb["cells"].append(code_cell("import torch\ntorch.softmax(torch.zeros(3), 0)\nplot(undefined)"))
    source(nb, f"{LINEAR.stem}-answer")["source"] = RIGHT[LINEAR.stem]
    source(nb, "essay")["source"] = "Because <script>alert(1)</script> of it."


def bob(nb):
    """One mistake that has a name."""
    source(nb, f"{SOFTMAX.stem}-answer")["source"] = MISTAKE
    source(nb, f"{LINEAR.stem}-answer")["source"] = RIGHT[LINEAR.stem]


def eve(nb):
    """Cheats: graded cells replaced and deleted, points and outputs forged, numpy patched."""
    cheat = (ROOT / "tests" / "attacks" / "patching" / "numpy_testing.py").read_text("utf-8")
    source(nb, f"{SOFTMAX.stem}-answer")["source"] = cheat
    graded = source(nb, SOFTMAX.stem)
    graded["source"], graded["metadata"]["nbgrader"]["points"] = "1000", 1000
    graded["outputs"] = [
        {"output_type": "execute_result", "data": {"text/plain": "60.0"}, "metadata": {}, "execution_count": 1}
    ]
    nb["cells"].remove(source(nb, LINEAR.stem))


def dan(nb):
    """Reordered, split and duplicated; the answer cell renamed; right all the same."""
    answer = source(nb, f"{SOFTMAX.stem}-answer")
    head, tail = RIGHT[SOFTMAX.stem].split("def softmax_backward")
    second = json.loads(json.dumps(answer)) | {"source": f"def softmax_backward{tail}", "id": "second"}
    answer["source"] = head
    answer["metadata"]["nbgrader"]["grade_id"] = "my-own-name"
    linear = source(nb, f"{LINEAR.stem}-answer")
    linear["source"] = RIGHT[LINEAR.stem]
    nb["cells"].append(second)
    nb["cells"].append(json.loads(json.dumps(source(nb, SOFTMAX.stem))))
    nb["cells"].reverse()


STUDENTS = {"ann": ann, "bob": bob, "eve": eve, "dan": dan, "nil": lambda nb: None, "mal": None}


def essay(nb):
    """What an instructor adds in Jupyter: a question that a person grades."""
    mark = {
        "schema_version": 3,
        "grade": True,
        "grade_id": "essay",
        "locked": False,
        "solution": True,
        "points": 10,
        "task": False,
    }
    nb["cells"].append(
        {"cell_type": "markdown", "id": "essay", "metadata": {"nbgrader": mark}, "source": "Why? ANSWER"}
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("round"))
    course.dlkit("nbgrader", "init", "course", "--assignment", "ps1", "softmax", "linear_layer", "--points", "40",
                 "--points", "softmax=60", "--exchange", "exchange", "--title", "Problem set 1")  # fmt: skip
    with (course.root / "nbgrader_config.py").open("a") as config:  # all users of this test are one user
        config.write("c.ExchangeCollect.check_owner = False\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    path = course.root / "source" / "ps1" / "ps1.ipynb"
    nb = json.loads(path.read_text("utf-8"))
    essay(nb)
    path.write_text(json.dumps(nb))
    course.nbgrader(
        (course.root, "generate_assignment", "ps1"),
        (course.root, "release_assignment", "ps1"),
        *(course.fetch(name) for name in STUDENTS),
    )
    for name, edit in STUDENTS.items():
        path = course.student(name) / "ps1" / "ps1.ipynb"
        if edit is None:
            path.write_bytes(b"\x00\xff not a notebook {")
            continue
        nb = json.loads(path.read_text("utf-8"))
        for cell in nb["cells"]:
            cell["source"] = "".join(cell["source"])
        edit(nb)
        path.write_text(json.dumps(nb), "utf-8")
    return course


@pytest.fixture(scope="module")
def graded(course):
    course.said = course.nbgrader(
        *(course.submit(name) for name in STUDENTS),
        (course.root, "collect", "ps1"),
        (course.root, "autograde", "ps1"),
        (course.root, "generate_feedback", "ps1"),
        (course.root, "release_feedback", "ps1"),
        (course.root, "export"),
        (course.student("bob"), "fetch_feedback", "ps1", *course.exchange_words("bob")),
    )
    return course


def test_what_students_get_holds_the_statement_and_nothing_secret(course):
    text = (course.root / "release" / "ps1" / "ps1.ipynb").read_text("utf-8")
    released = json.loads(text)
    assert "".join(source(released, f"{SOFTMAX.stem}-statement")["source"]).count(SOFTMAX.statement.strip()) == 1
    answer = "".join(source(released, f"{SOFTMAX.stem}-answer")["source"])
    assert "def softmax(x: np.ndarray, axis: int = -1, temperature: float = 1.0) -> np.ndarray:" in answer
    assert "# TODO: subtract each slice's maximum" in answer
    assert answer.count("raise NotImplementedError()") == 2
    hidden = {
        x.strip() for e in (SOFTMAX, LINEAR) for x in e.tests.read_text("utf-8").splitlines() if len(x.strip()) > 30
    }
    lines = {x.strip() for c in released["cells"] for x in "".join(c["source"]).splitlines()}
    assert not hidden & lines
    stored = (course.root / "gradebook.db").read_bytes().decode("utf-8", "replace")
    assert not [line for line in hidden if line in stored]


def test_scores_in_the_gradebook(graded):
    scores = graded.scores()
    full = {SOFTMAX.stem: 60.0, LINEAR.stem: 40.0}
    assert scores["ann"] == full | {"essay": None}  # a person grades the essay
    assert scores["dan"] == full | {"essay": 0.0}
    assert 0 < scores["bob"][SOFTMAX.stem] < 60
    assert scores["bob"][LINEAR.stem] == 40
    assert scores["eve"] == {SOFTMAX.stem: pytest.approx(0.0, abs=0.6), LINEAR.stem: 0.0, "essay": 0.0}
    assert scores["nil"] == scores["mal"] == {SOFTMAX.stem: 0.0, LINEAR.stem: 0.0, "essay": 0.0}


def test_scores_in_the_exported_csv(graded):
    with (graded.root / "grades.csv").open(encoding="utf-8") as file:
        rows = {r["student_id"]: r for r in csv.DictReader(file)}
    assert set(rows) == set(STUDENTS)
    assert float(rows["ann"]["score"]) == 100
    assert float(rows["mal"]["score"]) == 0
    assert float(rows["bob"]["score"]) == pytest.approx(sum(filter(None, graded.scores()["bob"].values())))
    assert {float(r["max_score"]) for r in rows.values()} == {110.0}


def test_feedback_names_the_mistake_and_hides_the_tests(graded):
    page = graded.feedback("bob")
    assert "subtract the maximum first" in page
    assert "Logits of 1e4, 1e300 and -inf give finite probabilities without warnings." in page
    assert "dlkit check exercise_07 --seed" not in page
    from dlkit.grader.nbgrader.course import seed

    assert str(seed(graded.root, "ps1")) not in page
    hidden = {
        x.strip() for e in (SOFTMAX, LINEAR) for x in e.tests.read_text("utf-8").splitlines() if len(x.strip()) > 30
    }
    titles = {x for x in hidden if x.startswith('"""')}
    for name in STUDENTS:
        assert not [line for line in hidden - titles if line in graded.feedback(name)]
    fetched = list(graded.student("bob").glob("ps1/feedback/*/ps1.html"))
    assert [p.read_text("utf-8") for p in fetched] == [page]


def test_feedback_says_what_happened(graded):
    assert "mal" in graded.scores()
    assert "is not a Jupyter notebook" in graded.feedback("mal")
    assert "Every function still raises NotImplementedError" in graded.feedback("nil")


def test_a_students_markup_is_shown_and_not_obeyed(graded):
    assert "<script>alert(1)</script>" not in graded.feedback("ann")
    assert "&lt;script&gt;alert(1)" in graded.feedback("ann")


def test_validate_fails_on_the_stub_and_passes_on_the_answer(course, tmp_path):
    """With a kernel, on the student's side: the examples of the statement."""
    released = json.loads((course.root / "release" / "ps1" / "ps1.ipynb").read_text("utf-8"))
    (tmp_path / "stub.ipynb").write_text(json.dumps(released))
    for exercise in (SOFTMAX, LINEAR):
        source(released, f"{exercise.stem}-answer")["source"] = RIGHT[exercise.stem]
    source(released, "essay")["source"] = "Because."
    (tmp_path / "right.ipynb").write_text(json.dumps(released))
    said = course.nbgrader((tmp_path, "validate", "stub.ipynb"))
    assert "VALIDATION FAILED ON 3 CELL(S)" in said
    assert "3 of 3 examples give something else" in said
    assert "Success! Your notebook passes all the tests." in course.nbgrader((tmp_path, "validate", "right.ipynb"))


def test_dlkit_check_gives_the_students_the_same_verdict(graded):
    from dlkit.grader.nbgrader.course import seed

    for name, code in (("ann", 0), ("bob", 1)):
        file = graded.student(name) / "ps1" / "ps1.ipynb"
        said = graded.dlkit("check", file, "--json", "--seed", seed(graded.root, "ps1"), code=code)
        results = json.loads(said)["results"]
        points = {f"{r['exercise']}_{r['slug']}": r["score"] for r in results}
        worth = {SOFTMAX.stem: 0.6, LINEAR.stem: 0.4}
        automatic = graded.scores()[name]
        assert {s: pytest.approx(points[s] * worth[s], abs=0.01) for s in points} == {s: automatic[s] for s in points}


def test_again_in_parallel_manual_scores_stay_and_nothing_changes(graded):
    before = graded.scores()
    with graded.gradebook() as gradebook:
        grade = gradebook.find_grade(SOFTMAX.stem, "ps1", "ps1", "bob")
        grade.manual_score, grade.needs_manual_grade = 55.0, False
        gradebook.find_grade("essay", "ps1", "ps1", "ann").manual_score = 7.0
        gradebook.db.commit()
    said = graded.dlkit("nbgrader", "autograde", "ps1", "--course", "course", "--jobs", "3", "--force")
    assert "6 submissions graded" in said
    assert "bob" in said.split("For a person to look at")[1]
    assert graded.scores() == before
    with graded.gradebook() as gradebook:
        assert gradebook.find_grade(SOFTMAX.stem, "ps1", "ps1", "bob").score == 55.0
        assert gradebook.find_grade(SOFTMAX.stem, "ps1", "ps1", "bob").needs_manual_grade
        assert gradebook.find_submission("ps1", "ann").score == 107.0
    assert "Nothing new to grade" in graded.dlkit("nbgrader", "autograde", "ps1", "--course", "course")


def test_a_second_assignment_late_through_the_api(graded):
    said = graded.dlkit("nbgrader", "add", "course", "--assignment", "ps2", "softmax")
    assert "source/ps2/ps2.ipynb" in said
    graded.nbgrader(
        (graded.root, "generate_assignment", "ps2"),
        (graded.root, "release_assignment", "ps2"),
        graded.fetch("ann", "ps2"),
    )
    path = graded.student("ann") / "ps2" / "ps2.ipynb"
    nb = json.loads(path.read_text("utf-8"))
    source(nb, f"{SOFTMAX.stem}-answer")["source"] = RIGHT[SOFTMAX.stem]
    path.write_text(json.dumps(nb))
    graded.nbgrader(graded.submit("ann", "ps2"), (graded.root, "collect", "ps2"))
    with graded.gradebook() as gradebook:
        gradebook.update_or_create_assignment("ps2", duedate="2020-01-01 00:00:00 UTC")
    said = graded.run([sys.executable, "-c", API], graded.root)
    replies = json.loads(said.split("reply ")[1].split("\n")[0])
    assert [r["success"] for r in replies] == [True, True], replies
    with graded.gradebook() as gradebook:
        submission = gradebook.find_submission("ps2", "ann")
        assert submission.score == 100
        assert submission.late_submission_penalty == 100  # the course's rule: nothing for what is late
        assert gradebook.find_submission("ps1", "ann").late_submission_penalty == 0
    assert "full marks" in graded.feedback("ann", "ps2")
