"""The contract of engines, and the pool that makes exactly one outcome of their at-least-once."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sandboxes

from dlkit.grader.batch.cluster import connect
from dlkit.grader.batch.engine import USUAL_SECONDS, Event, limits_for
from dlkit.grader.batch.identity import exercise_version
from dlkit.grader.batch.local import LocalEngine
from dlkit.grader.batch.parallel import graded
from dlkit.grader.batch.pool import Pool, Task, more_seconds
from dlkit.grader.batch.ray_engine import RayEngine
from dlkit.grader.batch.request import Request
from dlkit.grader.candidate.confine import Limits
from dlkit.grader.catalog import catalog
from dlkit.grader.errors import GraderFault

ROOT = Path(__file__).parent.parent
SOFTMAX = catalog().find("softmax")
RIGHT = SOFTMAX.solution.read_text("utf-8")
LOOP = "while True:\n    pass\n"
SLEEPS = f"import time\ntime.sleep(3)\n{RIGHT}"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc, which only Linux has")


def payload(source=RIGHT, exercise=SOFTMAX, **changes):
    units = [[f"{exercise.stem}.py", source]]
    return {"exercise": exercise.stem, "version": exercise_version(exercise), "units": units, "seed": 7, **changes}


def descendants(pid):
    """Every process below `pid`, by (pid, start time): pids are used again."""
    children, starts = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                children.setdefault(int(fields[1]), []).append(int(entry.name))
                starts[int(entry.name)] = fields[19]
    found, queue = set(), [pid]
    while queue:
        for child in children.get(queue.pop(), []):
            found.add((child, starts[child]))
            queue.append(child)
    return found


def alive(processes):
    left = set()
    for pid, start in processes:
        with contextlib.suppress(OSError, IndexError):
            fields = (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
            if fields[19] == start and fields[0] not in "ZX":
                left.add(pid)
    return left


def graders(pid):
    """The grading processes below `pid` and everything below them: what a cluster starts for itself is not ours."""
    found = set()
    for process in descendants(pid):
        with contextlib.suppress(OSError):
            if b"dlkit.grader.batch.foreman" in (Path("/proc") / str(process[0]) / "cmdline").read_bytes():
                found |= {process, *descendants(process[0])}
    return found


def working(pid, least, seconds=60, below=descendants):
    """The processes below `pid`, once there are at least so many: a worker, its sandbox, a candidate."""
    deadline = time.monotonic() + seconds
    while len(found := below(pid)) < least and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(found) >= least
    return found


def busy(processes):
    """Those of them that compute: a candidate in its endless loop does nothing else."""

    def ticks():
        found = {}
        for pid, _ in processes:
            with contextlib.suppress(OSError, IndexError):
                fields = (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
                found[pid] = int(fields[11]) + int(fields[12])
        return found

    before = ticks()
    time.sleep(0.5)
    after = ticks()
    return {pid for pid in alive(processes) if after.get(pid, 0) - before.get(pid, 0) >= 5}


def comes_to(state, processes, seconds=30):
    """Whether they are `busy` (True) or at rest (False) before so many seconds are over."""
    deadline = time.monotonic() + seconds
    while bool(busy(processes)) is not state:
        if time.monotonic() > deadline:
            return False
    return True


def gone(processes, seconds=30):
    deadline = time.monotonic() + seconds
    while alive(processes) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(processes)


# The contract: each engine passes it


@pytest.fixture(params=["local", "ray"])
def engine(request):
    if request.param == "local":
        made = LocalEngine(2, sandboxes.best(), [SOFTMAX.stem])
    else:  # a cluster of two nodes, one core each, whose processes are below ours as well
        cluster = request.getfixturevalue("ray_cluster")
        made = RayEngine(connect(cluster.address), sandboxes.best(), lambda stem: Request())
    yield made
    made.close()


def until(engine, kind, ticket=None, seconds=120):
    """Events until one of this kind comes; all of them."""
    heard, deadline = [], time.monotonic() + seconds
    while time.monotonic() < deadline:
        heard += engine.poll(1.0)
        if any(e.kind == kind and ticket in (None, e.ticket) for e in heard):
            return heard
    raise AssertionError(f"no {kind} among {heard}")


def all_done(engine, tickets, seconds=120):
    """The replies to these tickets, once there are all."""
    replies, deadline = {}, time.monotonic() + seconds
    while len(replies) < len(tickets):
        assert time.monotonic() < deadline, replies
        replies |= {e.ticket: e.reply for e in engine.poll(1.0) if e.kind == "done" and e.ticket in tickets}
    return replies


def test_a_task_is_started_and_done(engine):
    assert engine.slots == 2
    engine.submit("a", payload())
    heard = until(engine, "done")
    assert [(e.ticket, e.kind) for e in heard] == [("a", "started"), ("a", "done")]
    result = heard[-1].reply["result"]
    assert (result["score"], result["status"], result["seed"]) == (100.0, "passed", 7)


def test_tasks_of_several_exercises_and_kinds(engine):
    backprop = catalog().find("backprop")
    tasks = {
        "right": payload(),
        "stub": payload(SOFTMAX.stub.read_text("utf-8")),
        "syntax": payload("def f(:\n"),
        "exit": payload("import os\nos._exit(0)\n"),
        "other": payload(backprop.solution.read_text("utf-8"), backprop),
        "unknown": payload(exercise=SOFTMAX) | {"exercise": "exercise_00_none"},
        "version": payload(version="another"),
        "nonsense": payload(units=[["only one"]]),
        "again": payload(RIGHT + "\n"),
    }
    outcomes = {o.task.key: o for o in Pool(engine, attempts=1).run(Task(k, p) for k, p in tasks.items())}
    status = {k: o.result["status"] for k, o in outcomes.items() if o.result}
    assert status == {
        "right": "passed", "stub": "not_started", "syntax": "invalid", "exit": "crashed", "other": "passed",
        "again": "passed",
    }  # fmt: skip
    assert "There is no exercise" in outcomes["unknown"].failures[0].detail
    assert "another version" in outcomes["version"].failures[0].detail
    assert outcomes["nonsense"].failures[0].kind == "fault"


def test_an_abandoned_task_is_ended_and_its_place_is_free(engine):
    engine.submit("loop", payload(LOOP))
    until(engine, "started")
    before = working(os.getpid(), 5, below=graders)
    assert comes_to(True, before)
    engine.abandon("loop")
    assert comes_to(False, before)
    engine.submit("next", payload())
    heard = until(engine, "done", "next")
    assert [e.reply["result"]["score"] for e in heard if e.kind == "done"] == [100.0]


def test_close_ends_everything(engine):
    engine.submit("a", payload(LOOP))
    engine.submit("b", payload(LOOP))
    until(engine, "started", "b")
    before = working(os.getpid(), 6, below=graders)
    engine.close()
    assert gone(before)


# The local engine


@LINUX
def test_a_killed_worker_is_a_lost_task_and_takes_its_candidate_along():
    engine = LocalEngine(2, sandboxes.best(), [SOFTMAX.stem])
    try:
        engine.submit("a", payload(LOOP))
        until(engine, "started")
        engine.submit("b", payload(SLEEPS))
        until(engine, "started", "b")
        before = graders(os.getpid())
        assert comes_to(True, before)
        os.kill(engine.processes[0], signal.SIGKILL)
        (event,) = [e for e in until(engine, "lost") if e.kind == "lost"]
        assert event.ticket == "a"
        assert "signal 9" in event.reply["fault"]
        assert comes_to(False, before)
        engine.submit("c", payload())
        replies = all_done(engine, "bc")  # the other worker noticed nothing
        assert [reply["result"]["score"] for reply in replies.values()] == [100, 100]
    finally:
        engine.close()


@LINUX
def test_with_a_killed_foreman_its_workers_end_and_another_takes_over():
    engine = LocalEngine(2, sandboxes.best(), [SOFTMAX.stem])
    try:
        for ticket in "ab":
            engine.submit(ticket, payload(LOOP))
            until(engine, "started", ticket)
        before = graders(os.getpid())
        (foreman,) = {parent(pid) for pid in engine.processes}
        os.kill(foreman, signal.SIGKILL)
        lost = {e.ticket: e.reply["fault"] for e in until(engine, "lost", "a") + engine.poll(5.0) if e.kind == "lost"}
        assert lost == dict.fromkeys("ab", "the worker process ended (signal 9)")
        assert gone(before)
        engine.submit("c", payload())
        assert until(engine, "done", "c")[-1].reply["result"]["score"] == 100
    finally:
        engine.close()


@pytest.mark.skipif(sandboxes.best() != "bwrap", reason=f"a shared parent needs the sandbox: {sandboxes.missing()}")
def test_workers_share_a_warm_parent_and_do_without_when_it_ends():
    engine = LocalEngine(2, "bwrap", [SOFTMAX.stem])
    try:
        for ticket in "ab":
            engine.submit(ticket, payload(SLEEPS))
            until(engine, "started", ticket)
        zygotes = warm_parents(os.getpid())
        assert len(zygotes) == 1
        all_done(engine, "ab")
        os.kill(min(zygotes), signal.SIGKILL)
        outcomes = list(Pool(engine).run(Task(i, payload(f"{RIGHT}# {i}")) for i in range(12)))
        assert [o.result["score"] for o in outcomes] == [100] * 12  # what was begun too soon was tried again
        assert len(warm_parents(os.getpid()) - zygotes) == 2  # each worker has its own now
    finally:
        engine.close()


def test_where_forking_is_not_safe_each_worker_has_a_foreman_of_its_own(monkeypatch):
    """As on macOS."""
    monkeypatch.setattr("dlkit.grader.batch.workers.FORKS", False)
    engine = LocalEngine(2, "process", [SOFTMAX.stem])
    try:
        engine.submit("a", payload(LOOP))
        engine.submit("b", payload())
        assert all_done(engine, "b")["b"]["result"]["score"] == 100
        _, second = engine.processes
        engine.submit("c", payload(exercise=catalog().find("backprop"), source=RIGHT))
        assert all_done(engine, "c")["c"]["result"]["status"] == "invalid"
        engine.abandon("a")
        assert engine.processes == [second]
        os.kill(second, signal.SIGKILL)
        engine.submit("d", payload())
        assert until(engine, "lost")[-1].reply["fault"] == "the worker process ended (signal 9)"
        engine.submit("e", payload())
        assert all_done(engine, "e")["e"]["result"]["score"] == 100
    finally:
        engine.close()


def parent(pid):
    return int((Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[1])


def warm_parents(pid):
    """The sandboxes below `pid`, by the process that started them: bubblewrap's first."""
    found = set()
    for process, _ in graders(pid):
        with contextlib.suppress(OSError):
            if b"zygote" in (Path("/proc") / str(process) / "cmdline").read_bytes():
                found.add(process)
    return {p for p in found if parent(p) not in found}


def test_a_worker_ends_after_its_thousand_and_another_goes_on(monkeypatch):
    monkeypatch.setattr("dlkit.grader.batch.local.RECYCLE", 2)
    engine = LocalEngine(1, sandboxes.best(), [SOFTMAX.stem])
    seen = set()
    try:
        for ticket in "abcde":
            engine.submit(ticket, payload())
            assert until(engine, "done", ticket)[-1].reply["result"]["score"] == 100
            seen |= set(engine.processes)
        assert len(seen) == 3
    finally:
        engine.close()


def test_nothing_of_the_working_folder_is_imported(tmp_path, monkeypatch):
    for name in ("json.py", "numpy.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the folder that is graded')\n")
    monkeypatch.chdir(tmp_path)
    engine = LocalEngine(1, sandboxes.best(), [SOFTMAX.stem])
    try:
        engine.submit("a", payload())
        assert until(engine, "done")[-1].reply["result"]["score"] == 100
    finally:
        engine.close()


def test_large_tasks_do_not_block_the_driver():
    """4 MiB go through a pipe of 64 KiB to a process that is still importing."""
    engine = LocalEngine(1, sandboxes.best(), [SOFTMAX.stem])
    try:
        engine.submit("a", payload(RIGHT + "#" * (3 << 20)))
        assert until(engine, "done")[-1].reply["result"]["status"] in ("passed", "invalid")
    finally:
        engine.close()


def test_answers_in_parallel_without_a_results_file():
    """What other graders build on: their own keys, results as they come, workers that end with the iterator."""
    before = descendants(os.getpid())
    answers = [(("ann", 1), SOFTMAX, (("a.py", RIGHT),)), (("bo", 2), SOFTMAX, (("b.py", "def f(:"),))]
    outcomes = {o.task.key: o.result["score"] for o in graded(answers, 7, sandboxes.best(), jobs=2)}
    assert outcomes == {("ann", 1): 100.0, ("bo", 2): 0.0}
    endless = graded(
        ((i, SOFTMAX, (("a.py", f"{RIGHT}# {i}"),)) for i in itertools.count()), 7, sandboxes.best(), jobs=1
    )
    assert next(endless).result["score"] == 100
    below = descendants(os.getpid()) - before
    endless.close()
    assert below
    assert gone(below)


ENTRY = """
import json, os, sys
from dlkit.grader.batch.entry import node_entry
os.environ["RAY_AUTH_TOKEN"] = "secret"
for line in sys.stdin:
    task, seconds = json.loads(line)
    reply = node_entry(task, sandbox=sys.argv[1], task_seconds=seconds)
    print(json.dumps([reply.get("fault"), reply.get("result", {}).get("score")]), flush=True)
"""


@LINUX
def test_node_entry_grades_one_task_after_the_other_and_ends_with_its_process():
    """As a cluster's worker calls it: warm, within its limits, without the cluster's variables."""
    command = [sys.executable, "-c", ENTRY, sandboxes.best()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:

        def ask(task, seconds=100.0):
            worker.stdin.write(json.dumps([task, seconds]) + "\n")
            worker.stdin.flush()
            return json.loads(worker.stdout.readline())

        assert ask(payload()) == [None, 100.0]
        below = descendants(worker.pid)
        assert ask(payload("x = 1\n")) == [None, 0.0]
        assert len(below & descendants(worker.pid)) >= 2  # the worker and its sandbox, still warm
        for pid, _ in below:
            with contextlib.suppress(OSError):
                assert b"RAY_" not in (Path("/proc") / str(pid) / "environ").read_bytes()
        assert ask(payload(LOOP), 0.3) == ["it gave no verdict in time", None]
        assert ask(payload(version="another"))[0].startswith("exercise_07_softmax is another version")
        assert ask(payload(RIGHT + "#")) == [None, 100.0]
        below = descendants(worker.pid)
        worker.kill()
        worker.wait()
    assert below
    assert gone(below)


# The pool, with an engine that does as the test says


class Fake:
    """Replies by a script: payload["do"] lists what becomes of the first attempt, the second, …"""

    def __init__(self, slots=2):
        self.slots = slots
        self.active, self.events, self.abandoned, self.most = {}, [], [], 0
        self.tries = {}

    def submit(self, ticket, payload):
        self.active[ticket] = payload
        self.most = max(self.most, len(self.active))
        number = self.tries[payload["name"]] = self.tries.get(payload["name"], 0) + 1
        what = payload["do"][min(number, len(payload["do"])) - 1]
        if what != "never starts":
            self.events.append(Event(ticket, "started"))
        if what in ("done", "twice"):
            reply = Event(ticket, "done", {"result": {"name": payload["name"], "try": number}})
            self.events += [reply] * (2 if what == "twice" else 1)
        if what == "fault":
            self.events.append(Event(ticket, "done", {"fault": "broken"}))
        if what == "broken check":
            checks = [{"name": "shape", "status": "error", "message": "KeyError: 'x'"}]
            result = {"status": "internal_error", "message": "A check of ours broke.", "checks": checks, "try": number}
            self.events.append(Event(ticket, "done", {"result": result}))
        if what == "lost":
            self.events.append(Event(ticket, "lost", {"fault": "gone"}))

    def poll(self, timeout):
        if not self.events:
            time.sleep(min(timeout, 0.01))
            return []
        event = self.events.pop(0)
        if event.kind != "started":
            self.active.pop(event.ticket, None)
        return [event]

    def abandon(self, ticket):
        self.abandoned.append(ticket)
        self.active.pop(ticket, None)
        self.events.append(Event(ticket, "done", {"result": {"name": "too late", "try": 0}}))

    def close(self):
        pass


def run(tasks, slots=2, **options):
    engine = Fake(slots)
    source = (Task(name, {"name": name, "do": do}) for name, do in tasks.items())
    outcomes = list(Pool(engine, **{"task_seconds": 0.1, "start_seconds": 0.1, **options}).run(source))
    return (
        engine,
        {o.task.key: (o.result and o.result["try"], [f.kind for f in o.failures]) for o in outcomes},
        outcomes,
    )


def test_every_task_has_one_outcome():
    tasks = {
        "good": ["done"], "again": ["lost", "done"], "thrice": ["lost", "fault", "done"], "twice": ["twice"],
        "hangs once": ["hangs", "done"], "late": ["never starts", "done"], "bad": ["lost"], "stuck": ["hangs"],
        "our fault": ["lost", "broken check"],
    }  # fmt: skip
    engine, outcomes, told = run(tasks)
    assert outcomes == {
        "good": (1, []), "again": (2, ["lost"]), "thrice": (3, ["lost", "fault"]), "twice": (1, []),
        "hangs once": (2, ["deadline"]), "late": (2, ["deadline"]), "bad": (None, ["lost"] * 3),
        "stuck": (None, ["deadline"] * 3), "our fault": (None, ["lost", "fault"]),
    }  # fmt: skip
    broken = next(o for o in told if o.task.key == "our fault")
    assert broken.failures[-1].detail == "A check of ours broke. shape: KeyError: 'x'"
    assert len(told) == len(tasks)
    assert len(engine.abandoned) == 5
    assert engine.most <= 2


def test_a_larger_budget_means_more_patience():
    assert limits_for(SOFTMAX, USUAL_SECONDS) == Limits()
    assert limits_for(SOFTMAX, 120) == Limits(call_seconds=20.0, total_seconds=120)
    assert [more_seconds(p) for p in ({}, {"seconds": 6}, {"seconds": 60}, {"seconds": 100.0})] == [0, 0, 0, 40]
    engine = Fake()
    pool = Pool(engine, task_seconds=0.0)
    tasks = (Task(n, {"name": n, "do": ["done"], "seconds": s}) for n, s in {"patient": 1000.0, "usual": 60.0}.items())
    outcomes = {o.task.key: [f.kind for f in o.failures] for o in pool.run(tasks)}
    assert outcomes["patient"] == []


def test_tasks_are_drawn_only_when_there_is_room():
    drawn = []

    def source():
        for i in itertools.count():
            drawn.append(i)
            yield Task(i, {"name": i, "do": ["done"]})

    outcomes = Pool(Fake(3)).run(source())
    for number in range(10):
        next(outcomes)
        assert len(drawn) <= number + 1 + 3


def test_a_machine_that_cannot_work_at_all_is_said_so():
    with pytest.raises(GraderFault, match="No worker gets anything done; the last one said: gone"):
        run({i: ["lost"] for i in range(100)})
    _, outcomes, _ = run({"good": ["done"], **{i: ["lost"] for i in range(10)}})
    assert outcomes["good"] == (1, [])
    assert len(outcomes) == 11
