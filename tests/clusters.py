"""For the tests of `dlkit grade --engine ray`: classes, a driver in the background, and what the nodes run."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import loopback
import pytest
import sandboxes

from dlkit.grader.batch.store import Store
from dlkit.grader.catalog import catalog

SOFTMAX = catalog().find("softmax")
RIGHT = SOFTMAX.solution.read_text("utf-8")
NAME = f"{SOFTMAX.stem}.py"
LINGERS = 0.5  # seconds that an answer takes to load, so that a disturbance finds it at work
SLEEP = f"import time\ntime.sleep({LINGERS})\n"
STUB = SOFTMAX.stub.read_text("utf-8")
KINDS = {
    "right": (SLEEP + RIGHT, "passed", 100.0),
    "stub": (SLEEP + STUB, "not_started", 0.0),
    "exits": (SLEEP + "import os\nos._exit(0)\n", "crashed", 0.0),
    "quick": (RIGHT, "passed", 100.0),
}
LINGERING = 24  # of a class, the first ones: in their time everything happens
COUNT = 500


SANDBOX = sandboxes.best()
BWRAP = pytest.mark.skipif(SANDBOX != "bwrap", reason="needs bubblewrap: a plain process promises nothing")


def command(cluster, folder, out, *more):
    cluster_words = ["--engine", "ray", "--address", cluster.address]
    arguments = ["grade", str(folder), "--out", str(out), *cluster_words, "--sandbox", SANDBOX, *more]
    return [sys.executable, "-m", "dlkit.cli", *arguments]


def graded(cluster, folder, out, *more, **environment):
    done = subprocess.run(
        command(cluster, folder, out, *more), capture_output=True, text=True, check=False, timeout=600,
        env={**os.environ, **cluster.environment, **environment},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def make_class(folder, count=COUNT):
    """Students named after what they hand in; no two files are the same."""
    for i in range(count):
        kind = "quick" if i >= LINGERING else list(KINDS)[i % len(KINDS)]
        place = folder / f"{i:03}_{kind}"
        place.mkdir(parents=True)
        (place / NAME).write_text(KINDS[kind][0] + f"\n# {i}\n", "utf-8")
    return folder


def rows(out):
    with contextlib.suppress(Exception), Store.read(out) as store:  # not there, or not yet a results file
        return store._db.execute("SELECT COUNT(*) FROM results").fetchone()[0]
    return 0


def failures(out):
    with Store.read(out) as store:
        return [(kind, detail) for _, kind, detail in store.failures()]


def assert_right(out, count=COUNT):
    """Exactly one right result for each."""
    with Store.read(out) as store:
        found = {a["student"]: a for a in store.attempts(SOFTMAX.stem)}
    assert (len(found), rows(out)) == (count, count)
    for student, attempt in found.items():
        assert (attempt["status"], attempt["score"]) == KINDS[student.split("_")[1]][1:], student


def graders(node):
    """The grading processes of a node with everything below them: (pid, seconds since its start)."""
    found = {}
    for pid in node.processes:
        with contextlib.suppress(OSError):
            if b"dlkit.grader.batch.foreman" in (Path("/proc") / str(pid) / "cmdline").read_bytes():
                found |= {p: age(p) for p in [pid, *loopback.descendants(pid)]}
    return found


def age(pid):
    with contextlib.suppress(OSError, IndexError):
        ticks = int((Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[19])
        up = float(Path("/proc/uptime").read_text().split()[0])
        return up - ticks / os.sysconf("SC_CLK_TCK")
    return 0.0


def at_work(node):
    """A candidate has just been made: it is at its sleep."""
    return any(0.05 < seconds < LINGERS / 2 for seconds in graders(node).values())


def until(condition, process=None, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process is None or process.poll() is None, "the driver has ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.05)  # a look at /proc is no small thing


@contextlib.contextmanager
def driver(cluster, folder, out):
    """A run in the background that has got some way."""
    with subprocess.Popen(
        command(cluster, folder, out), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **cluster.environment},
    ) as process:  # fmt: skip
        try:
            until(lambda: rows(out) >= 2, process)
            yield process
        finally:
            process.kill()


def healthy(cluster):
    """Two nodes, whatever the test before has done."""
    cluster.nodes[:] = [n for n in cluster.nodes if n.process.poll() is None]
    while len(cluster.nodes) < 2:
        cluster.add()
    return cluster.nodes
