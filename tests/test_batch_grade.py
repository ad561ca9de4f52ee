"""`dlkit grade` as an instructor uses it: right verdicts, resumed after anything, nothing doubled."""

import collections
import contextlib
import json
import os
import pty
import random
import re
import select
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
import sandboxes

from dlkit.grader.batch.store import Store

ROOT = Path(__file__).parent.parent
DLKIT = [sys.executable, "-m", "dlkit.cli"]
SOLUTION = (ROOT / "solutions" / "exercise_07_softmax.py").read_text("utf-8")
MISTAKE = (ROOT / "docs" / "demo" / "softmax_with_a_mistake.py").read_text("utf-8")
STUB = (ROOT / "exercises" / "exercise_07_softmax.py").read_text("utf-8")
NAME = "exercise_07_softmax.py"
SLOW = bool(os.environ.get("DLKIT_SLOW"))
SUBMISSIONS = {
    "right": (SOLUTION, "passed", 100.0),
    "mistake": (MISTAKE, "failed", None),
    "stub": (STUB, "not_started", 0.0),
    "syntax": ("def softmax(:\n", "invalid", 0.0),
    "exits": ("import os\nos._exit(0)\n", "crashed", 0.0),
    "null": ("x = '\0'\n", "invalid", 0.0),
    "empty": ("", "invalid", 0.0),
}


SANDBOX = sandboxes.best()


def command(*arguments):
    """The command line that is run: a process sandbox must be asked for, where there is no other."""
    extra = ["--sandbox", "process"] if arguments[0] == "grade" and SANDBOX == "process" else []
    return [*DLKIT, *map(str, arguments), *extra]


def dlkit(*arguments, cwd=None, env=None):
    environment = {**os.environ, "COLUMNS": "80", **(env or {})}
    done = subprocess.run(command(*arguments), capture_output=True, text=True, cwd=cwd, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


def make_class(folder, count, kinds=tuple(SUBMISSIONS)):
    """Students named after what they hand in; no two files are the same."""
    for i in range(count):
        kind = kinds[i % len(kinds)]
        place = folder / f"{kind}_{i:03}"
        place.mkdir(parents=True)
        (place / NAME).write_text(SUBMISSIONS[kind][0] + f"\n# {i}\n", "utf-8")
    return folder


def verdicts(path):
    """student -> (status, score, attempts), of every student, after a look at the file itself."""
    with Store.read(path) as store:
        assert store._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = list(store.attempts("exercise_07_softmax"))
    return {a["student"]: (a["status"], a["score"], a["attempt"]) for a in found}


def rows(path, table="results"):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]


def assert_right(path, count):
    found = verdicts(path)
    assert len(found) == count
    for student, (status, score, attempt) in found.items():
        _, expected, points = SUBMISSIONS[student.split("_")[0]]
        assert (status, attempt) == (expected, 1), student
        assert score == points or (points is None and 0 < score < 100), student


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class that was graded once; tests that change it copy it."""
    folder = tmp_path_factory.mktemp("graded")
    make_class(folder / "class", 9)
    (folder / "class" / "link_900").mkdir()
    (folder / "class" / "link_900" / NAME).symlink_to("/etc/passwd")
    (folder / "class" / "bomb.zip").write_bytes(b"no zip")
    code, out, err = dlkit("grade", folder / "class", "--out", folder / "results.db")
    return folder, code, out, err


def test_a_class(graded):
    folder, code, out, err = graded
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert "11 students, 10 submissions (10 new), 3 problems" in lines
    assert any(line.startswith("  ! link_900/") and line.endswith("links are not followed") for line in lines)
    assert "  ! bomb.zip: it is not a zip archive" in lines
    assert any(line.startswith("  ! null_005/") and "null byte (line 1)" in line for line in lines)
    assert "exercise_07 Softmax: 10 students, mean " in out
    assert ", full marks 2" in out
    assert f"dlkit export {folder / 'results.db'} --format csv" in lines
    found = verdicts(folder / "results.db")
    assert found.pop("link_900") == ("invalid", 0.0, 1)
    assert len(found) == 9
    with Store.read(folder / "results.db") as store:
        (attempt,) = [a for a in store.attempts("exercise_07_softmax") if a["student"] == "mistake_001"]
    diagnosed = [c["diagnosis"]["mistake"] for c in attempt["result"]["checks"] if c["diagnosis"]]
    assert set(diagnosed) == {"no_max_shift"}
    assert attempt["result"]["sandbox"] == SANDBOX
    assert str(folder) not in json.dumps(attempt["result"])


def test_again_grades_nothing_and_a_changed_file_alone(tmp_path):
    folder = make_class(tmp_path / "class", 4)
    out = tmp_path / "results.db"
    assert dlkit("grade", folder, "--out", out)[0] == 0
    before = rows(out)
    code, text, _ = dlkit("grade", folder, "--out", out, "--resume")
    assert (code, rows(out)) == (0, before)
    assert "(0 new)" in text
    assert " graded in " not in text
    (folder / "syntax_003" / NAME).write_text(SOLUTION, "utf-8")
    (folder / "right_000" / NAME).unlink()  # what was handed in stays
    code, text, _ = dlkit("grade", folder, "--out", out)
    assert "1 of 1 graded" in text
    found = verdicts(out)
    assert found["syntax_003"] == ("passed", 100.0, 2)
    assert found["right_000"] == ("passed", 100.0, 1)


def test_one_time_limit_for_the_whole_class(tmp_path):
    folder, out = tmp_path / "class", tmp_path / "results.db"
    for student, text in {"right": SOLUTION, "loop": "while True:\n    pass\n"}.items():
        (folder / student).mkdir(parents=True)
        (folder / student / NAME).write_text(text, "utf-8")
    assert dlkit("grade", folder, "--out", out, "--timeout", "18")[0] == 0
    found = verdicts(out)
    assert found["right"][:2] == ("passed", 100.0)
    assert found["loop"][:2] == ("timeout", 0.0)
    with Store.read(out) as store:
        message = next(a["result"]["message"] for a in store.attempts("exercise_07_softmax", "loop"))
    assert "no answer within 3 s" in message  # a sixth of it, as of the usual 60 s
    before = rows(out)
    assert "(0 new)" in dlkit("grade", folder, "--out", out)[1]
    code, text, err = dlkit("grade", folder, "--out", out, "--timeout", "30")
    assert (code, text, rows(out)) == (2, "", before)
    assert "begun with 18 s for a submission" in err


def test_device_checks_of_a_class_stand_beside_the_score(tmp_path):
    folder, out = tmp_path / "class", tmp_path / "results.db"
    name = "exercise_91_distillation_loss.py"
    right = (ROOT / "solutions" / name).read_text("utf-8")
    waits = right.replace("    loss.backward()", "    print(loss.item())\n    loss.backward()")
    for student, text in {"right": right, "waits": waits}.items():
        (folder / student).mkdir(parents=True)
        (folder / student / name).write_text(text, "utf-8")
    assert dlkit("grade", folder, "--out", out, "--device", "sim")[0] == 0
    with Store.read(out) as store:
        stem = "exercise_91_distillation_loss"
        found = {s: next(store.attempts(stem, s))["result"] for s in ("right", "waits")}
    assert [found[s]["score"] for s in found] == [100.0, 100.0]
    assert [(found[s]["gpu"]["device"], found[s]["gpu"]["passed"]) for s in found] == [("sim", 5), ("sim", 4)]
    assert dlkit("export", out, "--format", "csv", "--out", tmp_path / "x.csv")[0] == 0
    code, _, err = dlkit("grade", folder, "--out", out, "--device", "cpu")
    assert code == 2
    assert "was begun with --device sim" in err


def copied_package(tmp_path):
    """A dlkit of its own, whose exercises may be changed."""
    import shutil

    for name in ("__init__.py", "cli.py", "grader", "exercises", "solutions", "tests/hidden"):
        source, target = ROOT / name, tmp_path / "lib" / "dlkit" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    return tmp_path / "lib" / "dlkit"


def grading_with(package):
    """`dlkit grade` of another package."""
    script = "import sys, dlkit.cli; sys.argv[0] = 'dlkit'; dlkit.cli.main()"
    where = {"env": {**os.environ, "PYTHONPATH": str(package.parent)}, "cwd": package.parent.parent}

    def run(*arguments):
        extra = command("grade", *arguments)[len(DLKIT) + 1 :]
        done = subprocess.run([sys.executable, "-c", script, "grade", *extra], **where, capture_output=True, text=True, check=False)  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    found = subprocess.run([sys.executable, "-c", "import dlkit.cli; print(dlkit.cli.__file__)"], **where, capture_output=True, text=True, check=True)  # fmt: skip
    if str(package) not in found.stdout:
        pytest.skip("this interpreter finds the installed dlkit first")
    return run


def test_a_check_of_ours_that_breaks_is_no_verdict(tmp_path):
    package = copied_package(tmp_path)
    run = grading_with(package)
    student, out = tmp_path / "class" / "ann", tmp_path / "results.db"
    student.mkdir(parents=True)
    (student / NAME).write_text(SOLUTION, "utf-8")
    tests = package / "tests" / "hidden" / f"test_{NAME}"
    good = tests.read_text("utf-8")
    tests.write_text(good.rstrip() + "\n    {}['x']\n", "utf-8")  # at the end of the last check
    code, text = run(tmp_path / "class", "--out", out)
    assert (code, rows(out)) == (3, 0), text
    assert "1 student, mean 0, full marks 0, 1 without a verdict" in text
    assert "no verdict: A check of ours broke." in text
    assert "KeyError" in text
    tests.write_text(good, "utf-8")
    code, text = run(tmp_path / "class", "--out", out)
    assert (code, rows(out)) == (0, 1), text


def test_after_an_exercise_changed_only_that_is_graded_again(tmp_path):
    package = copied_package(tmp_path)
    run = grading_with(package)
    student = tmp_path / "class" / "ann"
    student.mkdir(parents=True)
    (student / NAME).write_text(SOLUTION, "utf-8")
    (student / "exercise_03_sigmoid_tanh.py").write_text(
        (ROOT / "solutions" / "exercise_03_sigmoid_tanh.py").read_text("utf-8")
    )
    out = tmp_path / "results.db"
    code, text = run(tmp_path / "class", "--out", out)
    assert (code, rows(out)) == (0, 2), text
    stub = package / "exercises" / "exercise_03_sigmoid_tanh.py"
    stub.write_text(stub.read_text("utf-8") + "\n# a word more\n", "utf-8")
    code, text = run(tmp_path / "class", "--out", out)
    assert (code, rows(out)) == (0, 3), text
    assert "1 of 1 graded" in text


def test_one_exercise_and_an_archive_instead_of_a_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as made:
        made.writestr("ann/whatever.py", SOLUTION)
        made.writestr("bo/exercise_14_backprop.py", "x = 1")
        made.writestr("../cy/whatever.py", SOLUTION)
    out = tmp_path / "r.db"
    code, text, _ = dlkit(
        "grade", tmp_path / "class.zip", "--out", out, "--exercise", "softmax", "--seed", "5", "--jobs", "1"
    )
    assert code == 0, text
    assert verdicts(out)["ann"] == ("passed", 100.0, 1)
    assert "leads out of the folder" in text
    with Store.read(out) as store:
        assert store.seed == 5
        assert [e["slug"] for e in store.exercises()] == ["softmax"]


def hostile():
    """The answers of tests/submissions with the verdicts they must get; endless ones take their ten seconds a call."""
    for folder in sorted((ROOT / "tests" / "submissions").iterdir()):
        slow = folder.name in ("infinite_loop", "sleeps", "prints_100_mb")
        if (folder / "expected.json").is_file() and not (slow and not SLOW):
            expected = json.loads((folder / "expected.json").read_text("utf-8"))
            yield folder.name, (folder / "answer.py").read_bytes(), expected["status"], expected["score"]


def test_a_large_class_with_hostile_answers_gets_every_verdict_right(tmp_path):
    cases, count, wanted = list(hostile()), 1000 if SLOW else 40, {}
    for i in range(count):
        name, data, status, score = "right", SOLUTION.encode(), "passed", 100.0
        if i % 100 < 15 if SLOW else i < len(cases):
            name, data, status, score = cases[(i // 100 * 15 + i % 100 if SLOW else i) % len(cases)]
        student = f"{i:04}_{name}"
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / NAME).write_bytes(data + b"\n# %d\n" % i)
        wanted[student] = (status, score, 1)
    code, text, err = dlkit("grade", tmp_path / "class", "--out", tmp_path / "r.db", "--seed", "1")
    print(text)
    assert code == 0, err
    found = verdicts(tmp_path / "r.db")
    assert {s: v for s, v in found.items() if v != wanted[s]} == {}
    assert len(found) == count


# Killed


def killed(arguments, path, kill, after):
    """Run until `after` more results are there, then call kill(process); everything below it must end."""
    before = rows(path) if path.exists() and path.stat().st_size else 0
    process = subprocess.Popen(command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 240
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(sqlite3.Error):
                if rows(path) >= before + after:
                    kill(process)
                    break
            time.sleep(0.005)
        process.wait(240)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return process.returncode


def nodes():
    """Worker processes on this machine that belong to this test run's drivers."""
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and b"dlkit.grader.batch.foreman" in (entry / "cmdline").read_bytes():
                found.add((int(entry.name), (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]))
    return found


COUNT, KILLS = (500, 30) if SLOW else (20, 2)


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc, which only Linux has")
def test_a_killed_driver_loses_and_doubles_nothing(tmp_path):
    folder, out = make_class(tmp_path / "class", COUNT), tmp_path / "results.db"
    rng = random.Random(SLOW)
    kills, told = 0, 0
    while kills < KILLS:
        below = []

        def kill(process, below=below):
            below.extend(p for p, parent in nodes() if int(parent) == process.pid)
            process.kill()

        most = max(1, 2 * COUNT // (KILLS + 2))
        code = killed(["grade", folder, "--out", out, "--jobs", "2"], out, kill, rng.randint(1, most))
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
        deadline = time.monotonic() + 30
        while any((Path("/proc") / str(p) / "cmdline").exists() for p in below) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any((Path("/proc") / str(p) / "cmdline").exists() for p in below), "a worker outlived its driver"
        assert rows(out) >= told
        told = rows(out)
    assert kills >= min(KILLS, 2)
    code, text, _ = dlkit("grade", folder, "--out", out, "--resume")
    assert code == 0, text
    assert rows(out) == COUNT
    assert_right(out, COUNT)
    assert not (tmp_path / "results.db.lock").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc, which only Linux has")
def test_killed_workers_are_replaced(tmp_path):
    folder, out = make_class(tmp_path / "class", 14), tmp_path / "results.db"

    def kill(process):
        for pid, parent in nodes():
            if int(parent) == process.pid:
                os.kill(pid, signal.SIGKILL)

    assert killed(["grade", folder, "--out", out, "--jobs", "2"], out, kill, 3) == 0
    assert_right(out, 14)
    assert rows(out) == 14


def test_interrupted_by_the_keyboard(tmp_path):
    folder, out = make_class(tmp_path / "class", 10), tmp_path / "results.db"
    assert killed(["grade", folder, "--out", out], out, lambda p: p.send_signal(signal.SIGINT), 2) == 130
    assert 0 < rows(out) < 10
    assert dlkit("grade", folder, "--out", out)[0] == 0
    assert_right(out, 10)


# What is said


def test_without_a_sandbox_it_refuses(tmp_path):
    make_class(tmp_path / "class", 1)
    bare = tmp_path / "bin"
    bare.mkdir()
    done = subprocess.run(
        [*DLKIT, "grade", tmp_path / "class", "--out", tmp_path / "r.db"], capture_output=True, text=True,
        env={**os.environ, "PATH": str(bare)}, check=False,
    )  # fmt: skip
    assert done.returncode == 4
    assert "No sandbox for other people's code" in done.stderr
    assert "--sandbox process" in done.stderr
    assert not (tmp_path / "r.db").exists()
    told = [*DLKIT, "grade", tmp_path / "class", "--out", tmp_path / "r.db", "--sandbox", "process"]
    done = subprocess.run(told, capture_output=True, text=True, env={**os.environ, "PATH": str(bare)}, check=False)
    assert done.returncode == 0, done.stderr
    with Store.read(tmp_path / "r.db") as store:
        assert [a["result"]["sandbox"] for a in store.attempts("exercise_07_softmax")] == ["process"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere", "--out", "r.db"], "There is no folder nowhere."),
        (["empty", "--out", "r.db"], "empty holds no submissions."),
        (["class", "--out", "class"], "class is a folder. --out names the results file"),
        (["class", "--out", "no/r.db"], "There is no folder no to put r.db into."),
        (["class", "--out", "r.db", "--resume"], "--resume: there is no r.db yet."),
        (["class", "--out", "r.db", "--exercise", "sofmax"], "Did you mean `softmax`?"),
        (["class"], "Missing option '--out'."),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, arguments, words):
    (tmp_path / "empty").mkdir()
    make_class(tmp_path / "class", 1)
    code, out, err = dlkit("grade", *arguments, cwd=tmp_path)
    assert code == 2
    assert words in err
    assert "Traceback" not in err
    assert out == ""


def test_a_file_of_another_program_is_not_touched(tmp_path):
    make_class(tmp_path / "class", 1)
    (tmp_path / "thesis.txt").write_text("mine\n" * 50)
    code, _, err = dlkit("grade", tmp_path / "class", "--out", tmp_path / "thesis.txt")
    assert code == 4
    assert "not a results file" in err
    assert (tmp_path / "thesis.txt").read_text() == "mine\n" * 50


def test_a_bar_on_a_narrow_terminal(tmp_path):
    make_class(tmp_path / "class", 3)
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "60", "LINES": "20"}
        os.execve(sys.executable, command("grade", tmp_path / "class", "--out", tmp_path / "r.db"), environment)
    shown, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline and select.select([terminal], [], [], 60)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        shown += data
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    text = shown.decode()
    assert "3/3" in text or "2/3" in text
    assert "/s" in text
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert "3 of 3 graded" in plain
    assert max(len(line.rstrip()) for line in re.split(r"[\r\n]+", plain)) <= 60


def test_problem_lines_are_counted_when_there_are_too_many():
    import io

    from dlkit.grader.batch.screen import Screen

    stream = io.StringIO()
    screen = Screen(stream, most_problems=3)
    for i in range(5):
        screen.problem("ann", f"f{i}.py", "bad \x1b[31m\x07 reason")
    screen.problems_end()
    lines = stream.getvalue().splitlines()
    assert lines[0] == "  ! ann: f0.py: bad  reason"
    assert lines[3:] == ["  … and 2 more problems; `dlkit report` lists all."]
    assert collections.Counter(stream.getvalue())["\x1b"] == 0
