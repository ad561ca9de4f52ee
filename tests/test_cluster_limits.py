"""`dlkit grade --engine ray`: what an answer reaches of the cluster (nothing), who may join, and what tasks ask for."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import loopback
import pytest
from clusters import (
    BWRAP,
    KINDS,
    NAME,
    RIGHT,
    SANDBOX,
    SOFTMAX,
    assert_right,
    graded,
    graders,
    healthy,
    make_class,
    rows,
)

from dlkit.grader.batch.cluster import connect
from dlkit.grader.batch.identity import exercise_version
from dlkit.grader.batch.pool import Pool, Task
from dlkit.grader.batch.ray_engine import RayEngine
from dlkit.grader.batch.request import GIB, Place, Request
from dlkit.grader.batch.store import Store
from dlkit.grader.catalog import catalog

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="finds the processes of nodes in /proc, which only Linux has"
)

# Out of reach

PROBE = """
import os, socket, sys
found = [name for name in os.environ if "RAY" in name or "CUDA" in name]
for port in {ports}:
    for host in ("127.0.0.1", "{host}"):
        try:
            socket.create_connection((host, port), 1).close()
            found.append((host, port))
        except OSError:
            pass
for path in {paths}:
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(path)
            found.append(path)
    except OSError:
        pass
for path in {files}:
    if os.path.exists(path):
        found.append(path)
for pid in os.listdir("/proc"):
    if pid.isdigit():
        try:
            with open(f"/proc/{{pid}}/environ") as one, open(f"/proc/{{pid}}/cmdline") as other:
                text = one.read() + other.read()
        except (OSError, UnicodeDecodeError):
            continue
        found += ["process " + pid] * ("RAY" in text or "raylet" in text)
print("FOUND", found, "OF", {count})
"""


def listening(pids):
    """TCP ports that these processes listen on, and names of their Unix sockets, abstract ones too."""
    inodes = set()
    for pid in pids:
        for link in (Path("/proc") / str(pid) / "fd").glob("*"):
            with contextlib.suppress(OSError):
                inodes |= set(re.findall(r"socket:\[(\d+)\]", os.readlink(link)))
    ports, names = set(), set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net/" + table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in inodes:
                ports.add(int(words[1].rsplit(":", 1)[1], 16))
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        words = line.split()
        if words[6] in inodes and len(words) > 7:
            names.add(words[7].replace("@", "\0"))
    return sorted(ports), sorted(names)


@BWRAP
def test_an_answer_reaches_nothing_of_the_cluster(ray_cluster, tmp_path):
    ports, paths = listening([pid for node in healthy(ray_cluster) for pid in node.processes])
    assert ray_cluster.port in ports
    assert len(ports) >= 5
    assert any("raylet" in p for p in paths)
    files = [str(ray_cluster.token), str(ray_cluster.folder), "/tmp/ray", os.path.expanduser("~/.ray")]
    host = ray_cluster.address.split(":")[0]
    probe = PROBE.format(ports=ports, host=host, paths=paths, files=files, count=len(ports) + len(paths))
    (tmp_path / "class" / "ann").mkdir(parents=True)
    (tmp_path / "class" / "ann" / NAME).write_text(RIGHT + probe)
    code, text = graded(ray_cluster, tmp_path / "class", tmp_path / "r.db")
    assert code == 0, text
    with Store.read(tmp_path / "r.db") as store:
        (attempt,) = store.attempts(SOFTMAX.stem)
    assert f"FOUND [] OF {len(ports) + len(paths)}" in attempt["result"]["output"]
    bare = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    for found in (
        "'RAY_AUTH_TOKEN_PATH'",
        f"('127.0.0.1', {ray_cluster.port})",
        f"'{ray_cluster.token}'",
        "raylet",
        "process",
    ):
        assert found in bare  # the probe does find things where there is no sandbox


def test_the_token_is_looked_after(ray_cluster, tmp_path):
    folder = make_class(tmp_path / "class", 1)
    for changed, words in (
        ({"RAY_AUTH_TOKEN_PATH": str(tmp_path / "none")}, "There is no token for the cluster in"),
        ({"RAY_AUTH_TOKEN": "0" * 64}, "does not accept the token in RAY_AUTH_TOKEN"),
        ({"RAY_AUTH_TOKEN_PATH": str(tmp_path / "open")}, "Others may read"),
    ):
        (tmp_path / "open").write_text(ray_cluster.token.read_text())
        (tmp_path / "open").chmod(0o644)
        code, text = graded(ray_cluster, folder, tmp_path / "r.db", **changed)
        assert (code, words in text) == (4, True), text
    assert rows(tmp_path / "r.db") == 0


def test_a_cluster_that_is_open_to_all_is_refused(tmp_path):
    pytest.importorskip("ray")
    folder = make_class(tmp_path / "class", 1)
    with loopback.Cluster(cpus=(1,), token=False) as cluster:
        code, text = graded(cluster, folder, tmp_path / "r.db", RAY_AUTH_MODE="token")
        assert code == 4
        assert "takes orders from anybody" in text
        assert rows(tmp_path / "r.db") == 0
        code, text = graded(cluster, folder, tmp_path / "r.db", "--no-cluster-auth")
        assert code == 0, text
        assert_right(tmp_path / "r.db", 1)


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [
        (None, 2, "needs --address HOST:PORT"), ("auto", 2, "is no HOST:PORT"), ("ray://h:1", 2, "without Ray Client"),
        ("127.0.0.1:1", 4, "Nothing answers at 127.0.0.1:1"),
    ],
)  # fmt: skip
def test_which_cluster_is_never_guessed(tmp_path, address, code, words):
    pytest.importorskip("ray")
    arguments = [*(["--address", address] if address else []), "--engine", "ray", "--out", tmp_path / "r.db"]
    folder = make_class(tmp_path / "class", 1)
    done = subprocess.run(
        [sys.executable, "-m", "dlkit.cli", "grade", folder, *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "RAY_AUTH_TOKEN": "x"},
    )  # fmt: skip
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


# Requests


def test_room_on_a_node():
    node = Place("id", "name", cpus=8, memory=16 * GIB, gpus=2)
    assert node.room(Request()) == 8
    assert node.room(Request(memory=3 * GIB)) == 5
    assert node.room(Request(gpus=0.25)) == 8
    assert node.room(Request(gpus=0.4)) == 4  # two on each card: a share is never of two cards
    assert node.room(Request(gpus=2)) == 1
    assert node.room(Request(gpus=3)) == 0


def test_what_no_node_has_is_refused(ray_cluster, tmp_path):
    torch = next(e for e in catalog() if e.framework == "torch")
    (tmp_path / "class" / "ann").mkdir(parents=True)
    (tmp_path / "class" / "ann" / f"{torch.stem}.py").write_text(torch.solution.read_text("utf-8"))
    code, text = graded(ray_cluster, tmp_path / "class", tmp_path / "r.db", "--gpu", "1")
    assert code == 4
    assert "can ever run a task that needs 1 CPU, 3 GiB of memory, 1 GPU" in text
    assert rows(tmp_path / "r.db") == 0


class Wide(RayEngine):
    """Submits more than there is room for: Ray has to see to it."""

    slots = 4


def devices(node):
    """CUDA_VISIBLE_DEVICES of the grading processes."""
    found = set()
    for pid in graders(node):
        with contextlib.suppress(OSError):
            environment = (Path("/proc") / str(pid) / "environ").read_bytes().split(b"\0")
            found |= {e.partition(b"=")[2] for e in environment if e.startswith(b"CUDA_VISIBLE_DEVICES=")}
    return found


def test_a_gpu_is_lent_once_and_other_versions_are_named(ray_cluster, tmp_path):
    """On a third node, with two cores, one GPU that does not exist, and another torch."""
    (tmp_path / "other" / "torch-9.9.dist-info").mkdir(parents=True)
    (tmp_path / "other" / "torch-9.9.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: torch\nVersion: 9.9\n"
    )
    healthy(ray_cluster)
    node = ray_cluster.add(cpus=2, gpus=1, environment={"PYTHONPATH": str(tmp_path / "other")})
    engine = Wide(connect(ray_cluster.address), SANDBOX, lambda stem: Request(gpus=1.0))
    try:
        for i in range(4):
            units = [[NAME, f"{KINDS['right'][0]}# {i}"]]
            engine.submit(
                str(i), {"exercise": SOFTMAX.stem, "version": exercise_version(SOFTMAX), "units": units, "seed": 7}
            )
        active, done, most = set(), [], 0
        while len(done) < 4:
            for event in engine.poll(1.0):
                assert event.kind != "lost", event
                active ^= {event.ticket}
                most = max(most, len(active))
                if event.kind == "done":
                    done.append(event.reply["result"]["score"])
                else:
                    assert devices(node) == {b"0"}
        assert (most, done) == (1, [100.0] * 4)
        engine._request_for = lambda stem: Request()
        tasks = [
            Task(
                i, {"exercise": SOFTMAX.stem, "version": exercise_version(SOFTMAX), "units": [[NAME, RIGHT]], "seed": i}
            )
            for i in range(8)
        ]
        assert [o.result["score"] for o in Pool(engine).run(tasks)] == [100.0] * 8
        assert set.union(*(devices(n) for n in ray_cluster.nodes)) <= {b"", b"0"}
        assert any(b"" in devices(n) for n in ray_cluster.nodes)
    finally:
        engine.close()
    torch = next(e for e in catalog() if e.framework == "torch")
    (tmp_path / "class" / "ann").mkdir(parents=True)
    (tmp_path / "class" / "ann" / f"{torch.stem}.py").write_text(torch.solution.read_text("utf-8"))
    code, text = graded(ray_cluster, tmp_path / "class", tmp_path / "r.db")
    assert code == 4
    assert "Not every node of the cluster" in text
    assert re.search(r"\): torch 9\.9, elsewhere it is 2\.", text)


def test_differences_between_nodes_are_lines():
    from dlkit.grader.batch.preflight import _words, differences
    from dlkit.grader.version import VERSION

    torch = next(e for e in catalog() if e.framework == "torch")
    good = {"dlkit": VERSION, "torch": "2.13.0", "exercises": {torch.stem: exercise_version(torch)}, "sandbox": ""}
    reports = {
        "a": good, "b": {**good, "torch": "2.13.0+cu126"}, "c": {**good, "dlkit": "0.0.1"}, "d": {**good, "torch": None},
        "e": {**good, "torch": "2.6.0"}, "f": {**good, "exercises": {}}, "g": {**good, "exercises": {torch.stem: "x"}},
        "h": {**good, "sandbox": "No sandbox"}, "i": "it does not answer",
    }  # fmt: skip
    assert differences(json.loads(json.dumps(reports)), [torch]) == [
        f"c: dlkit 0.0.1, here it is {VERSION}", "d: PyTorch is not installed", "e: torch 2.6.0, elsewhere it is 2.13.0",
        f"f: {torch.stem} is missing", f"g: {torch.stem} is another version", "h: No sandbox", "i: it does not answer",
    ]  # fmt: skip
    assert (
        _words(RuntimeError("Traceback\nModuleNotFoundError: No module named 'dlkit.grader.batch.remote'\n"))
        == "dlkit is not installed there, or another version of it"
    )
