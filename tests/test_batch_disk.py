"""`dlkit grade` on a disk that is full, and where nothing may be written: mounts of their own, through bubblewrap."""

import csv
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sandboxes

ROOT = Path(__file__).parent.parent
SOLUTION = (ROOT / "solutions" / "exercise_07_softmax.py").read_text("utf-8")
BWRAP = [shutil.which("bwrap") or "bwrap", "--dev-bind", "/", "/"]
STUDENTS = 9


def sandbox_missing():
    if sandboxes.missing():
        return sandboxes.missing()
    inside = [*BWRAP, *BWRAP, "--size", "65536", "--tmpfs", "/tmp", "true"]
    tried = subprocess.run(inside, capture_output=True, text=True, check=False)
    return tried.stderr if tried.returncode else ""


pytestmark = pytest.mark.skipif(bool(sandbox_missing()), reason=f"no sandbox in a sandbox: {sandbox_missing()}")


@pytest.fixture
def klass(tmp_path):
    for i in range(STUDENTS):
        folder = tmp_path / "class" / f"s{i}"
        folder.mkdir(parents=True)
        noise = os.urandom(9000).hex()  # so that it takes room
        (folder / "exercise_07_softmax.py").write_text(f"{SOLUTION}\n# {noise}\n", "utf-8")
    (tmp_path / "place").mkdir()
    return tmp_path


def sh(klass, script, *mounts):
    """What a script of commands says, with `klass/place` mounted as told."""
    environment = {**os.environ, "DLKIT": f"{sys.executable} -m dlkit.cli"}
    return subprocess.run(
        [*BWRAP, *mounts, "sh", "-c", script], cwd=klass, env=environment, capture_output=True, text=True, check=False
    )


def test_a_full_disk_stops_with_a_sentence_and_the_run_goes_on_once_there_is_room(klass):
    done = sh(
        klass,
        """
        head -c 3500000 /dev/zero > place/filler
        $DLKIT grade class --out place/results.db --jobs 1 >&2; echo $?
        rm place/filler
        $DLKIT grade class --out place/results.db --jobs 1 >&2; echo $?
        $DLKIT export place/results.db --format csv
        """,
        "--size", "3800000", "--tmpfs", str(klass / "place"),
    )  # fmt: skip
    first, second, rest = done.stdout.split("\n", 2)
    assert (first, second) == ("4", "0"), done.stdout + done.stderr
    assert "results.db cannot grow: the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    grades = list(csv.DictReader(io.StringIO(rest)))
    assert sorted(g["student"] for g in grades) == [f"s{i}" for i in range(STUDENTS)]
    assert {g["status"] for g in grades} == {"passed"}


def test_where_nothing_may_be_written_results_are_still_read(klass):
    out = klass / "place" / "results.db"
    done = sh(klass, "$DLKIT grade class --out place/results.db --exercise softmax")
    assert done.returncode == 0, done.stderr
    before = out.read_bytes()
    done = sh(
        klass,
        """
        $DLKIT grade class --out place/results.db; echo $?
        $DLKIT grade class --out place/new.db; echo $?
        $DLKIT report place/results.db --html report.html; echo $?
        """,
        "--ro-bind", str(klass / "place"), str(klass / "place"),
    )  # fmt: skip
    assert done.stdout.split("\n")[:2] == ["4", "4"], done.stdout
    assert done.stdout.endswith(f"{STUDENTS} students, 1 exercise\n0\n")
    assert [line.split(" cannot")[0] for line in done.stderr.splitlines()] == [
        "dlkit: place/results.db", "dlkit: place/new.db",
    ]  # fmt: skip
    assert (out.read_bytes(), list((klass / "place").iterdir())) == (before, [out])
