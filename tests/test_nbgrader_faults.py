"""When grading processes die through no fault of a submission: nobody gets a zero in silence, and the next run mends it."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sandboxes

from dlkit.grader.catalog import catalog

pytest.importorskip("nbgrader")
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it finds its children in /proc")
SOFTMAX = catalog().find("softmax")
RIGHT = SOFTMAX.solution.read_text("utf-8")
# In the order in which they are graded, with the points they deserve; nobody's answer is another's.
ANSWERS = {
    "a-first": (RIGHT, 100),
    "b-loop": ("while True:\n    pass\n", 0),
    "c-right": (f"{RIGHT}\nsoftmax.mark = 1\n", 100),
}


class Course:
    def __init__(self, root):
        self.root = root
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))}
        self.env |= {"HOME": str(root), "PYTHONWARNINGS": "ignore"}
        self.env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.autograde = [sys.executable, "-m", "dlkit.cli", "nbgrader", "autograde", "ps1", "--jobs", "1"]
        self.autograde += ["--timeout", "18", "--sandbox", sandboxes.best()]

    def run(self, *command):
        return subprocess.run(command, cwd=self.root, env=self.env, capture_output=True, text=True, check=False)

    def killing(self, most, after=0):
        """Grade and kill the first `most` grading processes, once `after` results are kept."""
        done, killed = subprocess.PIPE, set()
        with subprocess.Popen(
            self.autograde, cwd=self.root, env=self.env, stdout=done, stderr=subprocess.STDOUT, text=True
        ) as driver:
            deadline = time.monotonic() + 120
            while driver.poll() is None and len(killed) < most:
                assert time.monotonic() < deadline
                for pid in self._nodes(driver.pid) - killed if self.kept() >= after else ():
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
                time.sleep(0.01)
            said = driver.communicate()[0]
        return driver.returncode, said

    @staticmethod
    def _nodes(driver):
        found = set()
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                stat = Path(f"/proc/{entry}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
                command = Path(f"/proc/{entry}/cmdline").read_bytes()
            except OSError:
                continue
            if int(stat[1]) == driver and stat[0] != "Z" and b"dlkit.grader.batch.foreman" in command:
                found.add(int(entry))
        return found

    def kept(self):
        try:
            with sqlite3.connect(self.root / ".dlkit" / "results.db") as db:
                return db.execute("SELECT COUNT(*) FROM results").fetchone()[0]
        except sqlite3.Error:
            return 0

    def scores(self):
        """student -> points, and whether a person should look; of those with a graded notebook."""
        from nbgrader.api import Gradebook

        graded = {p.parent.parent.name for p in self.root.glob("autograded/*/ps1/ps1.ipynb")}
        with Gradebook(f"sqlite:///{self.root}/gradebook.db", "course") as gradebook:
            all_of_them = gradebook.assignment_submissions("ps1")
            return {s.student.id: (s.score, s.needs_manual_grade) for s in all_of_them if s.student.id in graded}

    def report(self, student):
        notebook = json.loads((self.root / "autograded" / student / "ps1" / "ps1.ipynb").read_text("utf-8"))
        ids = [c["metadata"].get("nbgrader", {}).get("grade_id") for c in notebook["cells"]]
        return "".join(notebook["cells"][ids.index(SOFTMAX.stem)]["outputs"][0]["data"]["text/plain"])


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("faults") / "course")
    course.root.mkdir()
    made = course.run(sys.executable, "-m", "dlkit.cli", "nbgrader", "init", ".", "--assignment", "ps1", "softmax")
    assert made.returncode == 0, made.stderr
    made = course.run(sys.executable, "-m", "nbgrader", "generate_assignment", "ps1")
    assert made.returncode == 0, made.stderr
    released = (course.root / "release" / "ps1" / "ps1.ipynb").read_text("utf-8")
    for student, (text, _) in ANSWERS.items():
        notebook = json.loads(released)
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == f"{SOFTMAX.stem}-answer":
                cell["source"] = text
        place = course.root / "submitted" / student / "ps1"
        place.mkdir(parents=True)
        (place / "ps1.ipynb").write_text(json.dumps(notebook))
    return course


def test_where_every_grading_process_dies_the_run_stops_with_a_sentence(course):
    code, said = course.killing(1000)
    assert code == 3
    assert said.splitlines()[-1] == "dlkit: No worker gets anything done; the last one said: " + (
        "the worker process ended (signal 9)"
    )
    assert "Traceback" not in said
    assert all(review for _, review in course.scores().values())  # nobody's zero counts


def test_a_submission_whose_grading_processes_die_is_named_and_the_next_run_grades_it(course):
    code, said = course.killing(4, after=1)  # three attempts of the second submission, or one of the third's
    assert code == 3
    assert re.search(r"^problem: b-loop: exercise_07_softmax got no verdict: .*\(signal 9\)\. `dlkit nbg", said, re.M)
    assert "For a person to look at (in `nbgrader formgrader`): b-loop" in said
    assert course.scores() == {"a-first": (100, False), "b-loop": (0, True), "c-right": (100, False)}
    assert "The grader broke here. That is not your fault" in course.report("b-loop")

    done = course.run(*course.autograde)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 submission graded" in done.stdout
    assert course.scores() == {s: (points, False) for s, (_, points) in ANSWERS.items()}
    assert "ran out of time" in course.report("b-loop")
    assert "Nothing new to grade" in course.run(*course.autograde).stdout
