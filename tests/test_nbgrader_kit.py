"""The kit for students: installed, it checks the examples, and holds nothing that the course keeps to itself."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from dlkit.grader.catalog import catalog, read_index
from dlkit.grader.errors import UsageProblem
from dlkit.grader.nbgrader.bundle import bundle
from dlkit.grader.nbgrader.notebook import Item, assignment_notebook
from dlkit.grader.wrong import wrong_answers

ROOT = Path(__file__).parent.parent
SOFTMAX = catalog().find("softmax")
WRITTEN = [e for e in catalog() if e.stub.is_file() and e.tests.is_file()]


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    out = tmp_path_factory.mktemp("kit") / "dlkit-students"
    bundle(out)
    return out


@pytest.fixture(scope="module")
def student(kit, tmp_path_factory):
    """`dlkit` of an environment where the kit is installed, with only this interpreter's dependencies beside it."""
    home = tmp_path_factory.mktemp("student")
    wheels = home / "wheels"
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(wheels),
        str(kit),
    ]
    subprocess.run(build, check=True, capture_output=True)
    venv.create(home / "env", symlinks=True)
    site = next((home / "env" / "lib").glob("python3*/site-packages"))
    with zipfile.ZipFile(next(wheels.glob("dlkit-*.whl"))) as archive:
        archive.extractall(site)
    (site / "dependencies.pth").write_text(f"{Path(pytest.__file__).parent.parent}\n")

    def run(*arguments):
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"XDG_DATA_HOME": str(home / "data")}
        command = [home / "env" / "bin" / "python", "-m", "dlkit.cli", *map(str, arguments)]
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    run.site = site / "dlkit"
    return run


def test_the_examples_are_checked_and_the_rest_is_the_courses(student, tmp_path):
    code, said = student("check", "softmax", SOFTMAX.solution)
    assert code == 0, said
    assert "✓ The examples of the statement give what they promise." in said
    assert "examples: passed" in said
    assert "The rest is graded by the course." in said
    assert "of 100" not in said
    wrong = tmp_path / "answer.py"
    wrong.write_text(SOFTMAX.solution.read_text("utf-8").replace("keepdims=True", "keepdims=True, initial=0.5"))
    code, said = student("check", "softmax", wrong)
    assert code == 1, said
    assert "✗ The examples" in said
    assert "Expected:" in said
    code, said = student("check", "softmax", SOFTMAX.stub)
    assert code == 1
    assert "examples: not" in said


def test_a_whole_assignment_is_checked_by_its_examples(student, tmp_path):
    file = tmp_path / "ps1.ipynb"
    file.write_text(json.dumps(assignment_notebook("ps1", "Set", [Item(SOFTMAX, 10)])))
    code, said = student("check", file)
    assert code == 1
    assert "exercise_07  examples failed  Softmax" in said


def test_commands_that_need_more_are_not_there(student):
    _, said = student("--help")
    assert " check " in said
    for name in ("nbgrader", "bundle", "dev"):
        assert f"  {name} " not in said
        code, said_then = student(name)
        assert code == 2
        assert "No such command" in said_then
    code, said = student("solution", "softmax", "--give-up")
    assert code == 2
    assert "no solutions" in said


def lines_of(path):
    return {line.strip() for line in path.read_text("utf-8").splitlines() if len(line.strip()) > 40}


def test_nothing_secret_is_in_the_installed_kit(student):
    files = [p for p in student.site.rglob("*") if p.is_file()]
    text = "\n".join(p.read_text("utf-8", "replace") for p in files if p.suffix != ".pyc")
    assert not [p for p in files if "solutions" in p.parts or "author" in p.parts]
    public = {line for p in student.site.rglob("grader/**/*.py") for line in lines_of(p)}
    for exercise in WRITTEN:
        statement = exercise.stub.read_text("utf-8")
        for secret in (exercise.solution, exercise.tests):
            body = [
                x for x in lines_of(secret) - public if x not in statement and not x.startswith(("from ", "import "))
            ]
            assert not [line for line in body if line in text], secret.name
    for answer in wrong_answers(SOFTMAX)[0]:
        assert answer.message not in text


def test_the_last_hint_is_nearly_the_answer_and_stays_with_the_course(kit):
    ours = {e.stem: e.hints for e in WRITTEN}
    kits = {e.stem: e.hints for e in read_index(kit / "exercises" / "index.toml")}
    assert kits == kits | {stem: hints[:-1] for stem, hints in ours.items()}


def test_what_is_there_is_not_overwritten(kit):
    with pytest.raises(UsageProblem, match="is there already"):
        bundle(kit)
