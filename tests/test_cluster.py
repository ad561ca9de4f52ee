"""`dlkit grade --engine ray` on two nodes of this machine: 500 right verdicts whatever is killed or frozen."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from clusters import (
    COUNT,
    NAME,
    RIGHT,
    SANDBOX,
    SOFTMAX,
    assert_right,
    at_work,
    driver,
    failures,
    graded,
    graders,
    healthy,
    make_class,
    rows,
    until,
)  # fmt: skip

from dlkit.grader.batch.cluster import connect
from dlkit.grader.batch.identity import exercise_version
from dlkit.grader.batch.pool import Pool, Task
from dlkit.grader.batch.ray_engine import RayEngine
from dlkit.grader.batch.request import Request

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="finds the processes of nodes in /proc, which only Linux has"
)


def test_undisturbed_both_nodes_work(ray_cluster, tmp_path):
    folder, out, worked = make_class(tmp_path / "class"), tmp_path / "r.db", [False, False]
    with driver(ray_cluster, folder, out) as process:
        while process.poll() is None:
            worked = [w or at_work(n) for w, n in zip(worked, healthy(ray_cluster), strict=True)]
            time.sleep(0.05)
        text = process.stdout.read()
    assert process.returncode == 0, text
    assert "2 nodes, room for 2 submissions at once" in text
    assert worked == [True, True]
    assert failures(out) == []
    assert_right(out)


def test_a_killed_worker_costs_an_attempt(ray_cluster, tmp_path):
    folder, out = make_class(tmp_path / "class"), tmp_path / "r.db"
    _, node = healthy(ray_cluster)
    with driver(ray_cluster, folder, out) as process:
        until(lambda: at_work(node), process)
        below = graders(node)
        for pid in node.processes:
            with contextlib.suppress(OSError):
                if (Path("/proc") / str(pid) / "comm").read_text().startswith("ray::run_task"):
                    os.kill(pid, signal.SIGKILL)
        until(lambda: not set(graders(node)) & set(below), process)  # grandchildren, too
        assert process.wait(600) == 0, process.stdout.read()
    told = failures(out)
    # Ray says that the node died where its daemon is too busy to answer in time what became of the worker.
    words = ("its worker process", "died")
    assert any(kind == "lost" and any(word in detail for word in words) for kind, detail in told), told
    assert_right(out)


def test_a_killed_driver_is_resumed(ray_cluster, tmp_path):
    folder, out = make_class(tmp_path / "class"), tmp_path / "r.db"
    nodes = healthy(ray_cluster)
    with driver(ray_cluster, folder, out) as process:
        until(lambda: any(map(at_work, nodes)), process)
        below = [graders(n) for n in nodes]
        process.kill()
        process.wait()
    before = rows(out)
    assert 0 < before < COUNT
    assert any(below)
    until(lambda: not any(set(graders(n)) & set(b) for n, b in zip(nodes, below, strict=True)))
    code, text = graded(ray_cluster, folder, out, "--resume")
    assert code == 0, text
    assert f"{COUNT - before} of {COUNT - before} graded" in text
    assert_right(out)


@contextlib.contextmanager
def frozen(node):
    stopped = node.send(signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_a_frozen_node_is_given_up_and_may_come_back(ray_cluster, tmp_path):
    folder, out = make_class(tmp_path / "class"), tmp_path / "r.db"
    _, node = healthy(ray_cluster)
    with driver(ray_cluster, folder, out) as process:
        until(lambda: at_work(node), process)
        with frozen(node):
            until(lambda: rows(out) == COUNT or failures(out), process)
        assert process.wait(600) == 0, process.stdout.read()
    kinds = failures(out)
    assert any(kind == "lost" and "has not been heard of" in detail for kind, detail in kinds), kinds
    assert_right(out)


def test_what_a_frozen_node_never_began_goes_elsewhere(ray_cluster):
    """Ray itself sends tasks to such a node for minutes. It costs no attempt: nothing has failed."""
    _, node = healthy(ray_cluster)
    ray = connect(ray_cluster.address)
    head = next(n["NodeID"] for n in ray.nodes() if "node:__internal_head__" in n["Resources"])
    engine = RayEngine(ray, SANDBOX, lambda stem: Request(), silence_seconds=5.0)
    task = {"exercise": SOFTMAX.stem, "version": exercise_version(SOFTMAX), "units": [[NAME, RIGHT]]}
    try:
        with frozen(node):
            engine._avoided[head] = time.monotonic() + 1.0  # so that the first one goes to the frozen node
            engine._heard[head] = time.monotonic()
            outcomes = list(Pool(engine).run(Task(i, {**task, "seed": i}) for i in range(3)))
    finally:
        engine.close()
    assert [(o.result["score"], o.failures) for o in outcomes] == [(100.0, ())] * 3
    assert engine.moved == 1


def test_a_killed_node_is_done_without(ray_cluster, tmp_path):
    folder, out = make_class(tmp_path / "class"), tmp_path / "r.db"
    _, node = healthy(ray_cluster)
    with driver(ray_cluster, folder, out) as process:
        until(lambda: at_work(node), process)
        below = graders(node)
        node.kill()
        until(lambda: not any((Path("/proc") / str(pid) / "cmdline").exists() for pid in below))
        assert process.wait(600) == 0, process.stdout.read()
        assert "raylet" not in process.stdout.read()  # what Ray has to say of it
    assert any(kind == "lost" for kind, _ in failures(out))
    assert_right(out)
