"""Folders of Python files into a gradebook, and what happens when grading is interrupted."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dlkit.grader.catalog import catalog
from dlkit.grader.errors import UsageProblem
from dlkit.grader.nbgrader import course as courses
from dlkit.grader.nbgrader import direct

pytest.importorskip("nbgrader")
SOFTMAX, LINEAR = catalog().find("softmax"), catalog().find("linear_layer")
DLKIT = [sys.executable, "-m", "dlkit.cli", "nbgrader"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    base = tmp_path_factory.mktemp("direct")
    courses.init(base / "course", None, None)
    courses.add(base / "course", "ps1", None, courses.items(["softmax", "linear_layer"], ["50"]))
    done = run(base / "course", "nbgrader", "generate_assignment", "ps1")
    assert done.returncode == 0, done.stderr
    return base


def environment(base):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {
        **os.environ,
        "HOME": str(base),
        "PATH": path,
        "XDG_DATA_HOME": str(base / "data"),
        "PYTHONWARNINGS": "ignore",
    }


def run(cwd, *command):
    return subprocess.run(
        [str(c) for c in command], cwd=cwd, env=environment(cwd), capture_output=True, text=True, check=False
    )


def scores(base):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{base}/course/gradebook.db", "course") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions("ps1")}


def hand_in(base, student, **files):
    folder = base / "files" / student
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_bytes(text if isinstance(text, bytes) else text.encode())


def test_python_files_are_graded_into_the_gradebook(place):
    right = {SOFTMAX.stem: SOFTMAX.solution.read_text("utf-8"), LINEAR.slug: LINEAR.solution.read_text("utf-8")}
    hand_in(place, "ann", **right)
    hand_in(place, "bob", softmax=right[SOFTMAX.stem])
    hand_in(place, "cyd", softmax=b"\xff\xfe\x00", exercise_05="def linear_forward(:")
    hand_in(place, "dan", notes="# nothing")
    kept = place / "course" / "submitted" / "eve" / "ps1"
    kept.mkdir(parents=True)
    (kept / "ps1.ipynb").write_text("hers")
    hand_in(place, "eve", softmax=right[SOFTMAX.stem])
    done = run(place, *DLKIT, "grade", "files", "--assignment", "ps1", "--course", "course", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "eve has a submission already" in done.stderr
    assert (kept / "ps1.ipynb").read_text() == "hers"
    assert scores(place) == {"ann": 100, "bob": 50, "cyd": 0, "dan": 0, "eve": 0}
    stamp = (place / "course" / "submitted" / "ann" / "ps1" / "timestamp.txt").read_text()
    assert stamp.endswith(" UTC")
    made = run(place / "course", "nbgrader", "generate_feedback", "ps1")
    assert made.returncode == 0, made.stderr
    page = (place / "course" / "feedback" / "cyd" / "ps1" / "ps1.html").read_text("utf-8")
    assert "SyntaxError" in page
    assert "holds a null byte" in page or "is not UTF-8" in page


def test_what_cannot_be_taken_is_said(tmp_path):
    with pytest.raises(UsageProblem, match="is no course"):
        direct.take(tmp_path, tmp_path, "ps1")
    courses.init(tmp_path / "c", None, None)
    with pytest.raises(UsageProblem, match="generate_assignment"):
        direct.take(tmp_path, tmp_path / "c", "ps1")


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_an_interrupted_run_goes_on(place, stop):
    """A folder is what a killed run may leave of a submission: it is graded, too."""
    course = place / "course"
    text = SOFTMAX.solution.read_text("utf-8")
    for n in range(5):
        hand_in(place, f"s{n}-{stop}", softmax=f"{text}\n# {n} {stop}\n")
    direct.take(place / "files", course, "ps1")
    command = [*DLKIT, "autograde", "ps1", "--course", str(course), "--student", f"s?-{stop}", "--jobs", "2"]
    process = subprocess.Popen(command, env=environment(place), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(course.glob(f"autograded/s?-{stop}/ps1/ps1.ipynb")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(stop)
    process.wait(60)
    (course / "autograded" / f"s4-{stop}" / "ps1").mkdir(parents=True, exist_ok=True)
    done = run(place, *command)
    assert done.returncode == 0, done.stderr
    found = scores(place)
    assert [found[f"s{n}-{stop}"] for n in range(5)] == [50.0] * 5
    assert len(list(course.glob(f"autograded/s?-{stop}/ps1/ps1.ipynb"))) == 5
    assert not list(course.glob("autograded/*/ps1/*.part"))
