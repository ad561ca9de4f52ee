"""Every attack of the corpus in the answer cell of a notebook, graded as `dlkit nbgrader autograde` does: no undeserved
point, nobody dropped, the neighbouring answers unharmed, and feedback that says what happened.

What an attack declares (STATUS, MAX_SCORE, MIN_SCORE) is told in test_attacks.py. One course, one run.
"""

import ast
import contextlib
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unicodedata
import urllib.request
from pathlib import Path

import pytest
import sandboxes

from dlkit.grader.catalog import catalog
from dlkit.grader.render.terminal import STATUS_WORDS

pytest.importorskip("nbgrader")
ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "tests" / "attacks").glob("*/*.py"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TORCH = importlib.util.find_spec("torch") is not None
MARK = "dlkit_attack"  # in the name of whatever an attack leaves behind
SECONDS = 9  # for a submission, and so 1.5 for a call, of attacks that may wait for the end of their time
NEIGHBOUR = catalog().find("sigmoid_tanh")
WAITING = "waiting-"  # before the names of those who hand such an attack in
# They are right, and what they take is below the usual limit (2 GiB), which is not that of test_attacks.py.
ALLOWED_HERE = {f"resources/memory_{how}" for how in ("shared", "in_children", "in_one_piece")}


pytestmark = pytest.mark.skipif(bool(sandboxes.missing()), reason=f"no sandbox: {sandboxes.missing()}")


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


def declared(path):
    found = {"EXERCISE": "softmax", "MIN_SCORE": 0.0}
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper():
            with contextlib.suppress(ValueError):
                found[node.targets[0].id] = ast.literal_eval(node.value)
    return found


ATTACKS = {name_of(p): declared(p) for p in FILES}
CHOSEN = [n for n, d in ATTACKS.items() if TORCH or d["EXERCISE"] == "softmax"]
FAMILIES = sorted({n.split("/")[0] for n in CHOSEN})


def as_answer(text):
    """Statements that define nothing are no part of an answer in a notebook and are not run: below an `if`, together
    with the function that is asked for, they are."""
    tree = ast.parse(text)
    loose = (ast.If, ast.Try, ast.For, ast.While, ast.With, ast.Raise, ast.Delete, ast.AugAssign)
    calls = [n for n in tree.body if isinstance(n, ast.Expr) and not isinstance(n.value, ast.Constant)]
    if not calls and not any(isinstance(n, loose) for n in tree.body):
        return text
    return ast.unparse(ast.fix_missing_locations(ast.Module([ast.If(ast.Constant(True), tree.body, [])], [])))


def right(exercise, mark=""):
    """The reference; no two marks are the same answer."""
    return exercise.solution.read_text("utf-8") + (f"\n{exercise.names[0]}.mark = {mark!r}\n" if mark else "")


def filled(released, answers):
    """A released notebook with answers, by the exercise's stem."""
    notebook = json.loads(released)
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if grade_id.endswith("-answer") and grade_id.removesuffix("-answer") in answers:
            cell["source"] = answers[grade_id.removesuffix("-answer")]
    return json.dumps(notebook)


class Ears:
    """Sockets on this machine at which nobody should knock."""

    def __init__(self, folder):
        self.sockets, self.addresses = [], {}
        self._open("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self._open("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))
        self._open("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self._open("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{MARK}_{os.getpid()}_notebooks")
        self._open("path", socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "ear"))

    def _open(self, name, family, kind, address):
        ear = socket.socket(family, kind)
        self.sockets.append(ear)
        with contextlib.suppress(OSError):  # a machine without IPv6
            ear.bind(address)
            ear.setblocking(False)
            if kind == socket.SOCK_STREAM:
                ear.listen()
            self.addresses[name] = address.lstrip("\0") if isinstance(address, str) else ear.getsockname()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for ear in self.sockets:
            ear.close()

    def heard(self):
        for name, ear in zip(("tcp", "tcp6", "udp", "abstract", "path"), self.sockets, strict=True):
            with contextlib.suppress(OSError):
                ear.recv(100) if name == "udp" else ear.accept()[0].close()
                yield name


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

    def dlkit(self, *command):
        return self.run(sys.executable, "-m", "dlkit.cli", *command)

    def hand_in(self, student, notebook):
        place = self.root / "submitted" / student / "ps1"
        place.mkdir(parents=True)
        (place / "ps1.ipynb").write_text(notebook)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("corpus") / "course")
    course.root.mkdir()
    exercises = [NEIGHBOUR.slug, *sorted({ATTACKS[n]["EXERCISE"] for n in CHOSEN})]
    course.dlkit("nbgrader", "init", ".", "--assignment", "ps1", "--points", "100", *exercises)
    course.run("nbgrader", "generate_assignment", "ps1")
    released = (course.root / "release" / "ps1" / "ps1.ipynb").read_text("utf-8")
    with Ears(course.root) as ears:
        grade_all(course, released, ears)
    return course


def grade_all(course, released, ears):
    course.before = traces(course.root)
    for name in CHOSEN:
        text = (ROOT / "tests" / "attacks" / f"{name}.py").read_text("utf-8")
        text = as_answer(text.replace("LISTENER = None", f"LISTENER = {ears.addresses!r}"))
        stem = catalog().find(ATTACKS[name]["EXERCISE"]).stem
        course.hand_in(student_of(name), filled(released, {NEIGHBOUR.stem: right(NEIGHBOUR), stem: text}))
    for family in FAMILIES:  # in the order of grading, one after each family
        softmax = catalog().find("softmax")
        course.hand_in(f"{family}-zz-honest", filled(released, {softmax.stem: right(softmax, family)}))
    grade = ("nbgrader", "autograde", "ps1", "--jobs", "2")
    course.said = course.dlkit(*grade, "--student", f"{WAITING}*", "--timeout", str(SECONDS)) + course.dlkit(*grade)
    course.after, course.heard = traces(course.root), list(ears.heard())


def student_of(name):
    return (WAITING if "timeout" in ATTACKS[name]["STATUS"] else "") + name.replace("/", "-")


def traces(root):
    places = [root, Path.home(), Path(tempfile.gettempdir()), Path("/dev/shm"), Path("/var/tmp"), ROOT]
    return {str(p) for place in places if place.is_dir() for p in place.glob(f"*{MARK}*")}


@pytest.fixture(scope="module")
def scores(graded):
    """student -> graded cell -> points, and whether a person should look."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded.root}/gradebook.db", "course") as gradebook:
        return {
            s.student.id: {g.name: (g.score, g.needs_manual_grade) for n in s.notebooks for g in n.grades}
            for s in gradebook.assignment_submissions("ps1")
        }


def report_of(course, student, stem):
    """What stands below a graded cell: text and HTML."""
    notebook = json.loads((course.root / "autograded" / student / "ps1" / "ps1.ipynb").read_text("utf-8"))
    cell = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == stem)
    data = cell["outputs"][0]["data"]
    return "".join(data["text/plain"]), "".join(data["text/html"])


@pytest.mark.parametrize("name", CHOSEN)
def test_an_attack_in_a_notebook(graded, scores, name):
    attack = ATTACKS[name]
    stem = catalog().find(attack["EXERCISE"]).stem
    points, review = scores[student_of(name)][stem]
    words, page = report_of(graded, student_of(name), stem)
    assert not review, words  # it got a verdict
    assert re.search(rf"^{points:g} of 100 points · ", words, re.MULTILINE), words
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in words)
    assert not re.search(r"<(script|img|iframe|a href=.(?!#))", page)
    assert scores[student_of(name)][NEIGHBOUR.stem] == (100, False)
    if name in ALLOWED_HERE:
        return
    assert points <= attack["MAX_SCORE"], words
    if "CALL_SECONDS" in attack and f"of 100 points · {STATUS_WORDS['timeout']}" in words:
        return  # what takes long by itself may take too long on a busy machine
    assert any(f"of 100 points · {STATUS_WORDS[v]}" in words for v in attack["STATUS"]), words
    assert points >= attack["MIN_SCORE"], words


@pytest.mark.parametrize("family", FAMILIES)
def test_the_honest_answer_after_a_family_of_attacks(scores, family):
    assert scores[f"{family}-zz-honest"][catalog().find("softmax").stem] == (100, False)


def test_nobody_is_dropped_and_nothing_is_left_behind(graded, scores):
    assert set(scores) == {p.name for p in (graded.root / "submitted").iterdir()}
    assert len(scores) == len(CHOSEN) + len(FAMILIES)
    assert "problem:" not in graded.said
    assert (graded.heard, graded.after - graded.before) == ([], set())


# Formgrader: the instructor's own browser


@pytest.fixture
def formgrader(graded):
    """The address of a Jupyter server in the course's folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={graded.root}"]
    address = f"http://127.0.0.1:{port}/formgrader"
    with (
        (graded.root / "server.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options], cwd=graded.root, env=graded.env, stdout=log, stderr=log
        ) as server,
    ):
        deadline = time.monotonic() + 120
        try:
            while not answers(address):
                assert server.poll() is None, (graded.root / "server.log").read_text("utf-8")[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield address
        finally:
            server.terminate()


def answers(address):
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=30) as reply:
        return reply.status == 200
    return False


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_formgrader_shows_the_report_and_obeys_no_markup(graded, formgrader):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded.root}/gradebook.db", "course") as gradebook:
        number = gradebook.find_submission_notebook("ps1", "ps1", "text-markup").id
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={graded.root}/chromium"]
    command += ["--virtual-time-budget=5000", "--dump-dom", f"{formgrader}/submissions/{number}/"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=graded.env)
    page = done.stdout
    assert "0 of 100 points" in page, page[-2000:] + done.stderr[-2000:]
    assert "A check of ours" not in page
    assert "Student's answer" in page
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert '<img src="x"' not in page
