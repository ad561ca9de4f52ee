"""A Ray cluster of several nodes on this machine's loopback interface, for tests and measurements.

Each node is `ray start --block` in a process of ours; what it starts is found as its descendants, so that a whole node
can be killed or stopped, and nothing else of the machine.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Ray replaces loopback addresses by one that other machines reach, and listens on all interfaces then.
LAUNCHER = """
import ctypes, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
import ray._private.services as services
services.resolve_ip_for_localhost = lambda host: host
services.get_node_ip_address = lambda address=None: "127.0.0.1"
from ray.scripts.scripts import main
sys.argv[0] = "ray"
main()
"""
START_SECONDS = 120
TOKEN = secrets.token_hex(32)  # one for all clusters of this process: Ray reads it once


def descendants(pid):
    """Every process below `pid`."""
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


class Node:
    def __init__(self, process, log):
        self.process, self.log = process, log

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        while b"Ray runtime started" not in self.log.read_bytes():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no Ray node: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)
        return self

    @property
    def processes(self):
        return [self.process.pid, *descendants(self.process.pid)]

    def send(self, number):
        """A signal to the whole node; to which processes."""
        reached = self.processes
        for pid in reached:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return reached

    def kill(self):
        """The node with all that it started, at once. Stopped first: nothing is started while we look."""
        self.send(signal.SIGSTOP)
        self.send(signal.SIGKILL)
        self.process.wait()


class Cluster:
    """`cpus`: of each node, the head first. Used as a context; the driver needs `environment`."""

    def __init__(self, cpus=(1, 1), token=True, gpus=0):
        self.folder = Path(tempfile.mkdtemp(prefix="dlkr", dir="/tmp"))  # short: paths of sockets are limited
        self.token = self.folder / "token"
        self.token.touch(0o600)
        self.token.write_text(TOKEN)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.environment = {
            "RAY_AUTH_MODE": "token" if token else "disabled", "RAY_AUTH_TOKEN_PATH": str(self.token),
            "RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(self.folder),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # for the driver: loopback addresses stay what they are
        }  # fmt: skip
        self.nodes, self.started = [], 0
        try:
            for number in cpus:
                self._start(number, gpus, None)
                self._answers()
            for node, number in zip(list(self.nodes), cpus, strict=True):
                self._ready(node, number, gpus, None)
        except BaseException:
            self.close()
            raise

    def add(self, cpus=1, gpus=0, environment=None):
        """One more node, ready for work."""
        return self._ready(self._start(cpus, gpus, environment), cpus, gpus, environment)

    def _ready(self, node, *arguments):
        """Started anew where it has given up: Ray allows a node 30 s, which a busy machine may not have."""
        for _ in range(2):
            try:
                return node.wait()
            except RuntimeError:
                if node is self.nodes[0]:
                    raise
                node.kill()
                self.nodes.remove(node)
                node = self._start(*arguments)
        return node.wait()

    def _answers(self):
        """Wait for the head's port: the other nodes may start from then on."""
        deadline = time.monotonic() + START_SECONDS
        while self.nodes[0].process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.05)
        raise RuntimeError(f"no head: {self.nodes[0].log.read_text()[-2000:]}")

    def _start(self, cpus, gpus, environment):
        place = ["--address", self.address] if self.nodes else [
            "--head", f"--port={self.port}", "--include-dashboard=false", f"--temp-dir={self.folder}",
        ]  # fmt: skip
        command = [
            sys.executable, "-c", LAUNCHER, "start", *place, "--block", "--node-ip-address=127.0.0.1",
            f"--num-cpus={cpus}", f"--num-gpus={gpus}", "--object-store-memory=90000000", "--memory=8000000000",
            "--include-log-monitor=false", "--disable-usage-stats",
        ]  # fmt: skip
        base = {k: v for k, v in os.environ.items() if not k.startswith(("RAY_", "PYTEST_"))}
        self.started += 1
        log = self.folder / f"node{self.started}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/",
                env={**base, **self.environment, "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1", **(environment or {})},
            )  # fmt: skip
        self.nodes.append(Node(process, log))
        return self.nodes[-1]

    def close(self):
        for node in reversed(self.nodes):
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
