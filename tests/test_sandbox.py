"""Warm parents and what happens where bubblewrap is missing, broken or forbidden."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dlkit.grader.candidate.confine import Limits
from dlkit.grader.candidate.proxy import CandidateDied, CandidateProxy, ProcessLink, Session
from dlkit.grader.candidate.source import Submission
from dlkit.grader.sandbox import FreshParent, SandboxUnavailable, start
from dlkit.grader.sandbox.bwrap import PACKAGE_ROOT, command

HAS_BWRAP = shutil.which("bwrap") is not None
KINDS = ["process", "fresh", *(["bwrap"] if HAS_BWRAP else [])]
LIMITS = Limits(call_seconds=5.0, total_seconds=30.0)


def test_ci_has_the_real_sandbox():
    """Where CI runs, `make test` has installed bubblewrap: the bwrap tests below do run there."""
    if os.environ.get("CI"):
        assert HAS_BWRAP


def ask(parent, source, *arguments, limits=LIMITS):
    """The answer of `f(*arguments)` of a fresh candidate."""
    session = Session(
        Submission((("answer.py", source),), "answer"), lambda: ProcessLink(parent.spawn(limits), limits), limits, 1
    )
    try:
        return CandidateProxy(session).f(*arguments)
    finally:
        session.close()


@pytest.fixture(scope="module", params=KINDS)
def parent(request):
    """`fresh` is how candidates start on macOS, where forking after an import of numpy is not safe."""
    with FreshParent(["numpy"]) if request.param == "fresh" else start(request.param, ["numpy"]) as parent:
        parent.ready()
        assert parent.kind == request.param.replace("fresh", "process")
        yield parent


def test_one_parent_forks_many_candidates(parent):
    assert [ask(parent, f"def f(x): return x + {i}", 1) for i in range(20)] == list(range(1, 21))


def test_candidates_run_side_by_side(parent):
    limits, links = LIMITS, []
    for i in range(5):
        session = Session(
            Submission((("a.py", f"def f(): return {i}"),), "a"),
            lambda: ProcessLink(parent.spawn(limits), limits),
            limits,
            1,
        )
        session.load()
        links.append(session)
    assert [CandidateProxy(s).f() for s in links] == [0, 1, 2, 3, 4]
    for session in links:
        session.close()


def test_memory_without_room_for_an_answer_is_out_of_memory(parent):
    source = """
held = []
for size in (1 << 20, 1 << 18, 1 << 16, 1 << 14, 1 << 12):
    try:
        while True:
            held.append(bytearray(size))
    except MemoryError:
        pass
def f():
    return 1
"""
    with pytest.raises(CandidateDied) as death:
        ask(parent, source, limits=Limits(call_seconds=5.0, total_seconds=30.0, memory=256 << 20))
    assert death.value.kind == "out_of_memory"


@pytest.mark.skipif(not HAS_BWRAP, reason="a plain process does not hold candidates apart")
def test_a_guest_has_candidates_of_its_own_which_end_with_it():
    """What a worker process shares with the one that it was forked from."""
    with start("bwrap", ["numpy"]) as parent:
        guest = parent.share()
        assert guest.came_up()
        assert ask(guest, "def f(x): return x + 1", 1) == 2
        before = family(os.getpid())
        ours, theirs = parent.spawn(LIMITS), guest.spawn(LIMITS)
        wait_for(lambda: len(family(os.getpid()) - before) == 2)
        both = family(os.getpid()) - before
        guest.close()
        wait_for(lambda: len(family(os.getpid()) & both) == 1)
        assert ours.ended(0.2)["reason"] == "lost"  # nothing is known of its end: it lives
        assert ask(parent, "def f(x): return x + 1", 1) == 2
        for candidate in (ours, theirs):
            candidate.close()


@pytest.mark.skipif(not HAS_BWRAP, reason="a plain process does not hold candidates apart")
def test_a_guest_notices_the_end_of_its_host():
    with start("bwrap", ["numpy"]) as parent:
        guest, late = parent.share(), parent.share()
        assert guest.came_up()
        parent.close()
        wait_for(guest.lost)
        assert not guest.came_up()
        assert not late.came_up()
        with pytest.raises(SandboxUnavailable, match="has ended"):
            guest.spawn(LIMITS)
        for each in (guest, late):
            each.close()


def test_nothing_is_left_after_closing(parent):
    source = """
import os, subprocess, sys, time
def f(fresh):
    for _ in range(2):
        if os.fork() == 0:
            if not fresh:
                os.setsid()  # a fresh parent is no subreaper: there, only the process group is found
            if os.fork() == 0:
                time.sleep(60)
            os._exit(0)
    open("left.txt", "w").write("x")
    return os.getcwd()
"""
    before = family(os.getpid())
    folder = ask(parent, source, isinstance(parent, FreshParent))
    wait_for(lambda: len(family(os.getpid())) <= len(before) + isinstance(parent, FreshParent))  # one waits in reserve
    if parent.kind == "process":
        assert not Path(folder).exists()


def family(pid):
    """Every process that descends from `pid`."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found, todo = set(), [pid]
    while todo:
        todo = [p for p, above in parents.items() if above in todo]
        found.update(todo)
    return found


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_a_fork_is_far_quicker_than_a_fresh_import():
    """Ratios in one run; the figures themselves are for the benchmark."""
    with start("auto", ["numpy"]) as parent:
        parent.ready()
        ask(parent, "def f(): return 1")
        forks = []
        for _ in range(15):
            started = time.perf_counter()
            ask(parent, "def f(): return 1")
            forks.append(time.perf_counter() - started)
    fresh = []
    for _ in range(5):
        started = time.perf_counter()
        with start("auto", ["numpy"]) as other:
            ask(other, "def f(): return 1")
        fresh.append(time.perf_counter() - started)
    assert statistics.median(forks) < 0.7 * statistics.median(fresh)


# Where bubblewrap is not


def test_without_bubblewrap_auto_is_a_process_and_bwrap_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with start("auto", ["numpy"]) as parent:
        parent.ready()
        assert parent.kind == "process"
        assert parent.why == "bubblewrap is not installed"
        assert ask(parent, "def f(): return 7") == 7
    with pytest.raises(SandboxUnavailable, match="bubblewrap is not installed"):
        start("bwrap", ["numpy"])


@pytest.mark.parametrize(
    "script", ["echo 'bwrap: No permissions to create new namespace' >&2; exit 1", "exit 0", "kill -9 $$"]
)
def test_a_bubblewrap_that_does_not_work(monkeypatch, tmp_path, script):
    """As in containers that forbid user namespaces: auto falls back and says why, bwrap is refused with the reason."""
    fake = tmp_path / "bwrap"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with start("auto", ["numpy"]) as parent:
        parent.ready()
        assert parent.kind == "process"
        assert parent.why.startswith("bubblewrap does not work here: ")
        assert ask(parent, "def f(): return 7") == 7
        assert not parent.lost()  # what has ended is not the one that serves now
    refused = start("bwrap", ["numpy"])
    with pytest.raises(SandboxUnavailable) as error:
        refused.ready()
    if "echo" in script:
        assert "No permissions to create new namespace" in str(error.value)


def test_a_module_that_cannot_be_imported_is_said():
    with (
        start("process", ["no_such_framework"]) as parent,
        pytest.raises(SandboxUnavailable, match="no_such_framework"),
    ):
        parent.ready()


def test_the_command_line_shows_no_secret():
    """Whatever is bound is the interpreter, its packages or /usr/lib; dlkit's own folder is covered wherever it shows."""
    words = command("bwrap", ["true"], None)
    bound = [words[i + 1] for i, w in enumerate(words) if w == "--ro-bind"]
    root = str(PACKAGE_ROOT)
    ours = [str(PACKAGE_ROOT / "grader" / folder) for folder in ("candidate", "device")]
    allowed = (*ours, sys.base_prefix, sys.prefix, "/usr/lib", "/lib")
    assert [b for b in bound if not b.startswith(allowed) and b != os.path.realpath(sys.executable)] == []
    assert root not in bound
    assert "--clearenv" in words
    assert not {"--bind", "--dev-bind", "--share-net"} & set(words)


def test_the_parent_dies_with_the_grader(tmp_path):
    """SIGKILL of the grader leaves no zygote and no candidate behind."""
    script = tmp_path / "grader.py"
    script.write_text(
        "import sys, time\n"
        "from dlkit.grader.sandbox import start\n"
        "from dlkit.grader.candidate.confine import Limits\n"
        "parent = start('auto', ['numpy']); parent.ready(); child = parent.spawn(Limits())\n"
        "print('up', flush=True); time.sleep(600)\n"
    )
    grader = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE)
    assert grader.stdout.readline() == b"up\n"
    time.sleep(0.3)
    children = family(grader.pid)
    assert len(children) >= 2
    grader.kill()
    grader.wait()
    grader.stdout.close()
    wait_for(lambda: not any(Path(f"/proc/{p}").exists() and not zombie(p) for p in children))


def zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True
