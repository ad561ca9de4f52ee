"""A learner's bad days: a read-only workspace, two watches, an old workspace, a wrong clock, a file that is gone."""

import os
import shutil
import subprocess
import sys

import pytest

from dlkit.grader.catalog import catalog
from dlkit.grader.learner import desk, review, workspace
from dlkit.grader.learner.progress import Standing, opened
from dlkit.grader.result import Check, Result

SOFTMAX, BACKPROP = catalog().find("softmax"), catalog().find("backprop")
DLKIT = [sys.executable, "-m", "dlkit.cli"]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "work"
    workspace.create(folder, [SOFTMAX, BACKPROP], notebooks=False)
    return workspace.Workspace(folder)


def dlkit(*arguments, cwd, before=()):
    command = [*before, *DLKIT, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def attempt(slug, score=50.0):
    status = "passed" if score == 100 else "failed"
    check = Check("value", "…", status, score, 100.0)
    return Result("exercise_07", slug, "…", status, score, 100.0, 1, "cpu", "bwrap", 0.1, (check,), "0.1.0")


def contents(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def read_only(place, home):
    """`read_only("reset", "softmax")` runs dlkit where the workspace may only be read (root needs a mount for that)."""
    home.mkdir()
    before = []
    if os.geteuid() == 0:
        if shutil.which("bwrap") is None:
            pytest.skip("root writes everywhere, and there is no bubblewrap")
        before = [
            "bwrap",
            "--bind",
            "/",
            "/",
            "--dev-bind",
            "/dev",
            "/dev",
            "--ro-bind",
            str(place.root),
            str(place.root),
        ]
        if subprocess.run([*before, "true"], check=False, capture_output=True).returncode:
            pytest.skip("bubblewrap does not work here")
    else:
        for folder in [place.root, *(p for p in place.root.rglob("*") if p.is_dir())]:
            folder.chmod(0o555)
    yield lambda *arguments: dlkit(*arguments, cwd=place.root, before=before)
    for folder in [place.root, *(p for p in place.root.rglob("*") if p.is_dir())]:
        folder.chmod(0o755)


def test_a_read_only_workspace_is_graded_and_nothing_in_it_changes(place, read_only):
    before = contents(place.root)
    with opened() as kept:
        kept.record(attempt("backprop", 100.0), 0.0)
    assert read_only("check", "softmax")[0] == 1
    assert read_only("watch", "softmax", "--once")[0] == 0
    assert read_only("hint", "softmax")[0] == 0
    for command in (["reset", "softmax"], ["interview"], ["review", "backprop"], ["init", ".", "--notebooks"]):
        code, out, err = read_only(*command)
        assert (code, out) == (2, ""), command
        assert "cannot be written (" in err
        assert len(err.splitlines()) == 1
    assert "No interview is running" in read_only("interview", "--end")[2]
    assert contents(place.root) == before


def test_two_watches_at_once(place, home, terminal):
    first = terminal(place.root, "watch", "softmax")
    first.see("not started")
    code, out, err = dlkit("watch", "softmax", cwd=place.root)
    assert (code, out) == (2, "")
    assert f"Another `dlkit watch` (process {first.pid}) follows {place.root} already." in err
    assert dlkit("watch", "softmax", "--once", cwd=place.root)[0] == 0  # this one does not stay
    first.hang_up()
    second = terminal(place.root, "watch", "softmax")  # the lock went with the process
    second.see("not started")
    second.press("q")
    assert second.wait() == 0


def test_a_workspace_of_an_earlier_version(place, home):
    mark = place.root / "dlkit.toml"
    mark.write_text("# mine\nversion = 0\ncolour = 'blue'\n")
    sentence = "This workspace is of an earlier dlkit (version 0)."
    code, _, err = dlkit("next", cwd=place.root)
    assert code == 0
    assert sentence in err
    assert dlkit("check", "softmax", cwd=place.root)[0] == 1
    edited = contents(place.root)
    assert dlkit("init", ".", "--track", "A", cwd=place.root)[0] == 0
    assert mark.read_text() == "# mine\nversion = 1\ncolour = 'blue'\n"
    assert sentence not in dlkit("next", cwd=place.root)[2]
    now = contents(place.root)
    assert all(now[path] == text for path, text in edited.items() if path != mark)
    mark.write_text("colour = 'blue'\n")  # older still: without a number
    workspace.create(place.root, [], notebooks=False)
    assert mark.read_text() == "version = 1\ncolour = 'blue'\n"


def test_a_version_that_is_no_number(place, home):
    (place.root / "dlkit.toml").write_text("version = 'new'\n")
    code, _, err = dlkit("next", cwd=place.root)
    assert code == 2
    assert "`version = 'new'` is no number. Write `version = 1`." in err


def test_the_exercise_begun_last_is_gone(place, home):
    with opened() as kept:
        kept.record(attempt("softmax"), 0.0)
    place.file(SOFTMAX).unlink()
    code, out, err = dlkit("next", cwd=place.root)
    assert code == 0
    assert (
        err
        == "softmax, which you began last, has no file in this workspace; `dlkit reset softmax` puts a fresh stub there.\n"
    )
    assert "exercise_14 · " in out
    assert dlkit("reset", "softmax", cwd=place.root)[0] == 0
    code, out, err = dlkit("next", cwd=place.root)
    assert err == ""
    assert str(place.file(SOFTMAX)) in out
    place.file(SOFTMAX).unlink()
    code, out, err = dlkit("watch", "--once", cwd=place.root)
    assert (code, err.startswith("softmax, which you began last, has no file")) == (0, True)


def test_a_workspace_without_any_exercise(place, home):
    for exercise in (SOFTMAX, BACKPROP):
        place.file(exercise).unlink()
    code, out, _ = dlkit("next", cwd=place.root)
    assert code == 0
    assert "It has no file here: dlkit reset" in out


@pytest.mark.parametrize("at", [-5e9, 9e9, 9e30])
def test_a_wrong_clock_breaks_nothing_that_is_shown(place, home, at):
    with opened() as kept:
        kept.record(attempt("softmax"), 1000.0)
        kept.record(attempt("softmax", 100.0), at)
        kept.record(attempt("backprop"), 2000.0)
        kept.take_hint("softmax", 3, at)
        assert [d.exercise for d in review.schedule(kept, catalog(), 3000.0)] == [SOFTMAX]
        known = kept.standings()
    assert known["softmax"].state == "solved"
    assert desk.next_exercise([SOFTMAX, BACKPROP], known) == BACKPROP
    for command in (
        ["progress"],
        ["progress", "--html", "page.html"],
        ["progress", "--export"],
        ["review"],
        ["next"],
        ["list"],
    ):
        assert dlkit(*command, cwd=place.root)[0] == 0, command


def test_standings_are_by_the_order_of_attempts():
    known = {
        "softmax": Standing(attempts=1, last_at=9e9, order=1),
        "backprop": Standing(attempts=1, last_at=5.0, order=2),
    }
    assert desk.next_exercise([SOFTMAX, BACKPROP], known) == BACKPROP
