"""The learner's day: workspace, progress, hints, solution, reset, doctor, watch."""

import json
import re
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dlkit.grader.catalog import catalog
from dlkit.grader.learner import desk, workspace
from dlkit.grader.learner.progress import Progress, ProgressUnavailable, Standing, opened, streak
from dlkit.grader.result import Check, Diagnosis, Result

ROOT = Path(__file__).parent.parent
SOFTMAX = catalog().find("softmax")
DLKIT = [sys.executable, "-m", "dlkit.cli"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "dlkit" / "progress.db"


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "work"
    workspace.create(folder, [SOFTMAX, catalog().find("backprop")], notebooks=False)
    return workspace.Workspace(folder)


def dlkit(*arguments, cwd):
    done = subprocess.run([*DLKIT, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def result(score=50.0, status="failed", mistake=None, slug="softmax", max_score=100.0):
    diagnosis = Diagnosis(mistake, "…") if mistake else None
    check = Check("value", "…", "failed", score, max_score, diagnosis=diagnosis)
    return Result("exercise_07", slug, "…", status, score, max_score, 1, "cpu", "bwrap", 0.1, (check,), "0.1.0")


# Workspace


def test_a_workspace_holds_the_stubs_by_track(place):
    names = sorted(str(p.relative_to(place.root)) for p in place.root.rglob("*") if p.is_file())
    assert names == [
        ".gitignore", ".vscode/settings.json", "A_foundations/exercise_07_softmax.py",
        "C_backprop_and_autograd/exercise_14_backprop.py", "README.md", "dlkit.toml", "pytest.ini",
    ]  # fmt: skip
    assert place.file(SOFTMAX).read_text("utf-8") == SOFTMAX.stub.read_text("utf-8")
    assert workspace.find(place.root / "A_foundations") == place
    assert workspace.find(place.root.parent) is None


def test_again_adds_what_is_missing_and_touches_nothing(place):
    mine = place.file(SOFTMAX)
    mine.write_text("# mine\n")
    (place.root / "README.md").write_text("my notes")
    (place.root / "dlkit.toml").write_text("version = 1\n# mine\n")
    place.file(catalog().find("backprop")).unlink()
    written = workspace.create(place.root, [*list(catalog())[:3], SOFTMAX, catalog().find("backprop")], False)
    assert mine.read_text() == "# mine\n"
    assert (place.root / "README.md").read_text() == "my notes"
    assert (place.root / "dlkit.toml").read_text().endswith("# mine\n")
    assert place.root / "C_backprop_and_autograd" / "exercise_14_backprop.py" in written
    assert all("softmax" not in p.name for p in written)


def test_a_file_that_was_moved_is_still_found_and_not_written_again(place):
    other = place.root / "done" / "exercise_07_softmax.py"
    other.parent.mkdir()
    place.file(SOFTMAX).rename(other)
    assert place.file(SOFTMAX) == other
    assert workspace.create(place.root, [SOFTMAX], False) == []


def test_a_workspace_of_a_later_version_is_refused_with_a_sentence(place, home):
    (place.root / "dlkit.toml").write_text("version = 99\n")
    code, _, err = dlkit("next", cwd=place.root)
    assert code == 2
    assert "is of a later dlkit (version 99). Update: pip install --upgrade dlkit" in err
    (place.root / "dlkit.toml").write_text("version = = 1")
    code, _, err = dlkit("next", cwd=place.root)
    assert (code, "cannot be read" in err) == (2, True)


def test_outside_of_a_workspace(tmp_path, home):
    for command in (["next"], ["watch", "--once"], ["reset", "softmax"]):
        code, _, err = dlkit(*command, cwd=tmp_path)
        assert code == 2
        assert "This is no dlkit workspace. Make one: dlkit init my-exercises" in err
    code, out, _ = dlkit(cwd=tmp_path)
    assert code == 0
    assert out.startswith("Usage: dlkit")


def test_a_folder_that_cannot_be_written():
    code, _, err = dlkit("init", "/proc/nowhere", cwd="/")
    assert code == 2
    assert "cannot be written" in err
    assert "Traceback" not in err


def test_notebooks(tmp_path, home):
    code, _, _ = dlkit("init", tmp_path / "n", "--track", "A", "--notebooks", cwd=tmp_path)
    assert code == 0
    book = tmp_path / "n" / "A_foundations" / "exercise_07_softmax.ipynb"
    cells = json.loads(book.read_text("utf-8"))["cells"]
    assert [c["cell_type"] for c in cells] == ["markdown", "code", "code"]
    code, out, _ = dlkit("check", "softmax", "--json", cwd=tmp_path / "n")
    assert json.loads(out)["status"] == "not_started"


def test_plain_pytest_in_a_workspace_runs_the_examples(place):
    place.file(SOFTMAX).write_text(_filled(SOFTMAX))
    run = [sys.executable, "-m", "pytest", "-q", "A_foundations"]
    done = subprocess.run(run, cwd=place.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def _filled(exercise):
    """The stub's docstring with the reference's code."""
    return f'"""{exercise.statement}"""\n\n' + exercise.solution.read_text("utf-8")


def test_reset_keeps_the_file(place):
    mine = place.file(SOFTMAX)
    for number in range(3):
        mine.write_text(f"# mine {number}\n")
        fresh, backup = workspace.reset(place, SOFTMAX)
        assert fresh.read_text("utf-8") == SOFTMAX.stub.read_text("utf-8")
        assert backup.read_text() == f"# mine {number}\n"
    assert len(list(mine.parent.glob("*.backup-*"))) == 3
    mine.unlink()
    assert workspace.reset(place, SOFTMAX) == (mine, None)


# Progress


def test_standings(home):
    with opened() as progress:
        progress.record(result(20, mistake="no_max_shift"), at=100.0)
        assert progress.standing("softmax").state == "started"
        assert progress.standing("softmax").mistakes == ["no_max_shift"]
        progress.record(result(100, "passed"), at=160.0)
        progress.record(result(90), at=200.0)
        assert progress.take_hint("softmax", 3, 90.0) == 1
        assert [progress.take_hint("softmax", 3, 90.0) for _ in range(4)] == [2, 3, 3, 3]
        s = progress.standing("softmax")
    assert (s.state, s.attempts, s.best, s.first_at, s.solved_at, s.hints) == ("solved", 3, 100, 100, 160, 3)


def test_part_of_an_exercise_does_not_solve_it(home):
    with opened() as progress:
        progress.record(result(20, "passed", max_score=20), at=1.0)
        assert progress.standing("softmax").state == "started"


def test_streak():
    days = ["2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01"]
    assert streak(days, "2026-03-01") == 4
    assert streak(days, "2026-03-02") == 4
    assert streak(days, "2026-03-03") == 0
    assert streak([], "2026-03-03") == 0
    assert streak(["2026-02-25", "2026-03-01"], "2026-03-01") == 1


def test_a_damaged_file_is_set_aside_and_named(home):
    home.parent.mkdir(parents=True)
    home.write_bytes(b"this is no database" * 100)
    with opened() as progress:
        assert len(progress.notes) == 1
        aside = next(home.parent.glob("progress-damaged-*.db"))
        assert str(aside) in progress.notes[0]
        assert aside.read_bytes() == b"this is no database" * 100
        progress.record(result(), 1.0)
    with opened() as progress:
        assert progress.notes == []
        assert progress.standing("softmax").attempts == 1


def test_two_processes_write_at_once(home):
    def write():
        for i in range(40):
            with opened() as progress:
                progress.record(result(), float(i))

    threads = [threading.Thread(target=write) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with opened() as progress:
        assert progress.standing("softmax").attempts == 120


def test_a_locked_or_unwritable_file_is_not_damaged(home, tmp_path):
    with opened():
        pass
    blocker = tmp_path / "file"
    blocker.write_text("x")
    with pytest.raises(ProgressUnavailable, match="cannot be written"):
        Progress(blocker / "progress.db")
    assert list(home.parent.glob("*damaged*")) == []


def test_a_file_of_version_0_is_migrated(home):
    home.parent.mkdir(parents=True)
    sqlite3.connect(home).close()
    with opened() as progress:
        assert progress.standings() == {}


def test_only_files_of_a_workspace_are_remembered(place, home, tmp_path):
    outside = tmp_path / "answer.py"
    outside.write_bytes(SOFTMAX.solution.read_bytes())
    assert desk.remember(result(), outside) == []
    assert not home.exists()
    desk.remember(result(), place.file(SOFTMAX))
    assert desk.standings()["softmax"].attempts == 1
    desk.remember(result(max_score=20.0), place.file(SOFTMAX))
    assert desk.standings()["softmax"].attempts == 1


def test_next_exercise():
    first, second = list(catalog())[:2]
    assert desk.next_exercise(catalog(), {}) == first
    assert desk.next_exercise(catalog(), {first.slug: Standing(1, 1, 100, 0.0, 1.0, 1.0)}) == second
    started = {SOFTMAX.slug: Standing(attempts=1, best=20, order=5), second.slug: Standing(attempts=1, order=2)}
    assert desk.next_exercise(catalog(), started) == SOFTMAX
    solved = {e.slug: Standing(1, 1, 100, 0.0, 1.0, 1.0) for e in catalog()}
    assert desk.next_exercise(catalog(), solved) is None


def test_the_day_on_the_command_line(place, home):
    code, out, _ = dlkit("next", cwd=place.root)
    assert code == 0
    assert "Edit " in out
    assert dlkit("check", "softmax", cwd=place.root)[0] == 1
    code, out, err = dlkit("solution", "softmax", cwd=place.root)
    assert (code, out) == (2, "")
    assert "is shown after full marks (your best so far: 0)" in err
    for number in (1, 2, 3):
        code, out, _ = dlkit("hint", "softmax", cwd=place.root)
        assert out.startswith(f"Hint {number} of 3 for softmax")
    place.file(SOFTMAX).write_bytes(SOFTMAX.solution.read_bytes())
    assert dlkit("check", "softmax", cwd=place.root)[0] == 0
    code, out, _ = dlkit("solution", "softmax", cwd=place.root)
    assert code == 0
    assert "exercise_07 · Softmax: the reference" in out
    assert "Another right answer" in out
    assert "- no_max_shift: exp overflows" in out
    code, out, _ = dlkit("progress", cwd=place.root)
    assert re.search(r"✓ 07 softmax: best 100, 2 attempts, 3 hints, solved after \d", out)
    assert f"1 of {len(list(catalog()))} solved · 1 day in a row" in out
    data = json.loads(dlkit("progress", "--export", cwd=place.root)[1])
    assert data["exercises"]["softmax"]["state"] == "solved"
    assert len(data["attempts"]) == 2
    code, out, _ = dlkit("list", "--state", "solved", cwd=place.root)
    assert "✓ 07  softmax" in out
    assert "1 exercise. " in out


def test_give_up_is_recorded(place, home):
    assert dlkit("solution", "softmax", "--give-up", cwd=place.root)[0] == 0
    assert "solution seen" in dlkit("progress", cwd=place.root)[1]


def test_progress_that_cannot_be_kept_does_not_stop_a_check(place, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", "/proc/nowhere")
    code, out, err = dlkit("check", "softmax", cwd=place.root)
    assert code == 1
    assert "progress is not kept: /proc/nowhere/dlkit/progress.db cannot be written" in out
    assert err == ""
    assert dlkit("hint", "softmax", cwd=place.root)[0] == 4


def test_doctor(home):
    code, out, _ = dlkit("doctor", cwd="/")
    assert code == 0
    assert re.search(r"^✓ Python: 3\.\d+\.\d+", out, re.MULTILINE)
    assert re.search(r"^(✓ sandbox: bubblewrap works|– sandbox: )", out, re.MULTILINE)


# Watch


def test_watch_follows_the_file(place, home, terminal):
    desk.remember(result(), place.file(SOFTMAX))  # softmax is the exercise begun last
    terminal = terminal(place.root, "watch")
    terminal.see("not started")
    mine = place.file(SOFTMAX)
    answer = SOFTMAX.solution.read_text("utf-8")
    mine.write_text(answer.replace("- m", "+ m"))
    terminal.see("not there yet")
    mine.write_text(answer.replace("return e /", "return e / ("))  # in the middle of typing
    terminal.see("SyntaxError in exercise_07_softmax.py")
    mine.unlink()
    terminal.see("is gone from the workspace")
    beside = mine.with_suffix(".tmp")
    beside.write_text(answer)
    beside.rename(mine)  # as editors save
    terminal.see("full marks")
    terminal.press("h")
    terminal.see("Hint 1 of 3")
    terminal.press("l")
    terminal.see("✓ 07  softmax")
    for i in range(30):  # a burst of saves ends with the verdict on the last one
        mine.write_text(answer + f"# {i}\n")
    mine.write_text(answer.replace("temperature)", "1)"))
    terminal.see("not there yet")
    terminal.press("n")
    terminal.see("not started")
    terminal.press("q")
    assert terminal.wait() == 0
    standings = desk.standings()
    assert standings["softmax"].solved_at is not None


def test_watch_without_a_terminal_prints_plain_lines(place, home):
    done = subprocess.run(
        [*DLKIT, "watch", "softmax", "--once"], cwd=place.root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "not started" in done.stdout
    assert "\x1b" not in done.stdout
