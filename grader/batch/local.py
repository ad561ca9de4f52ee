"""Worker processes on this machine: each grades one submission at a time and is replaced when it ends."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from typing import IO

from ..sandbox.bwrap import ENVIRONMENT
from .engine import Event, Payload
from .node import MAX_LINE

RECYCLE = 1000  # submissions that one process grades: a slow leak has an end
_THREADS = {name: "1" for name in ENVIRONMENT if name.endswith("_THREADS")}


class NodeProcess:
    """One node.py process and the ticket that it works on."""

    def __init__(self, sandbox: str, exercises: list[str], environment: Mapping[str, str]) -> None:
        self.ticket = ""
        self.taken = 0
        self._heard = bytearray()
        self._unsent = bytearray()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the process
        # -P and cwd: a file called json.py in the folder that is graded must not be imported by us.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dlkit.grader.batch.node"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, cwd="/", env={**_environment(), **environment}, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self.replies = self._process.stdin, self._process.stdout
        os.set_blocking(self._to.fileno(), False)
        os.set_blocking(self.replies.fileno(), False)
        self._queue({"parent": os.getpid(), "sandbox": sandbox, "exercises": exercises})

    @property
    def pid(self) -> int:
        return self._process.pid

    def give(self, ticket: str, payload: Payload) -> None:
        self.ticket = ticket
        self.taken += 1
        self._queue({"ticket": ticket, **payload})

    def _queue(self, message: Payload) -> None:
        self._unsent += json.dumps(message, ensure_ascii=True).encode() + b"\n"
        self.write()

    def write(self) -> bool:
        """Send what the pipe takes; whether anything is left."""
        try:
            while self._unsent:
                sent = os.write(self._to.fileno(), self._unsent[:65536])
                del self._unsent[:sent]
        except BlockingIOError:
            return True
        except OSError:  # it has ended, as reading will show
            self._unsent.clear()
        return bool(self._unsent)

    def read(self) -> list[Payload] | None:
        """Complete replies; None once the process has ended or speaks nonsense."""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self.replies.fileno(), 1 << 20)
            if not data:
                return None
            self._heard += data
        *lines, rest = self._heard.split(b"\n")
        self._heard = bytearray(rest)
        try:
            return None if len(rest) > MAX_LINE else [json.loads(line) for line in lines]
        except ValueError:
            return None

    def last_words(self) -> str:
        """What it left on standard error, after its end."""
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - 2000))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        status = self._process.poll()
        how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
        return f"the worker process ended ({how})" + (f": {lines[-1]}" if lines else "")

    def end(self) -> None:
        """Kill it; the kernel takes its sandbox along."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._to, self.replies):
            with contextlib.suppress(OSError):
                stream.close()

    def close(self) -> None:
        self.end()
        self._errors.close()


def _environment() -> dict[str, str]:
    """One thread per library: the worker processes share the cores among themselves."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "RAY_"))}, **_THREADS}


class LocalEngine:
    """The engine of this machine. Use it from the thread that made it: its processes end with that thread."""

    def __init__(
        self, jobs: int, sandbox: str, exercises: Iterable[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self._jobs = jobs
        self._sandbox = sandbox
        self._exercises = list(exercises)
        self._environment = environment or {}
        self._nodes: list[NodeProcess] = []
        self._lost: list[Event] = []

    @property
    def slots(self) -> int:
        return self._jobs

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers, for tests that kill some."""
        return [n.pid for n in self._nodes]

    def submit(self, ticket: str, payload: Payload) -> None:
        node = next((n for n in self._nodes if not n.ticket), None)
        if node is not None and node.taken >= RECYCLE:
            self._nodes.remove(node)
            node.close()
            node = None
        if node is None:
            if len(self._nodes) >= self._jobs:
                raise ValueError("more tickets than slots")
            node = NodeProcess(self._sandbox, self._exercises, self._environment)
            self._nodes.append(node)
        node.give(ticket, payload)

    def poll(self, timeout: float) -> list[Event]:
        events, self._lost = self._lost, []
        if not self._nodes:
            return events
        with selectors.DefaultSelector() as selector:
            for node in self._nodes:
                selector.register(node.replies, selectors.EVENT_READ, node)
                if node.write():
                    selector.register(node._to, selectors.EVENT_WRITE, node)
            for key, mask in selector.select(0 if events else timeout):
                if mask & selectors.EVENT_WRITE:
                    key.data.write()
                else:
                    events += self._read(key.data)
        return events

    def _read(self, node: NodeProcess) -> list[Event]:
        replies = node.read()
        if replies is None:
            return self._bury(node)
        events = []
        for reply in replies:
            ticket = reply.pop("ticket", "")
            if reply.get("started"):
                events.append(Event(ticket, "started"))
            else:
                node.ticket = ""
                events.append(Event(ticket, "done", reply))
        return events

    def _bury(self, node: NodeProcess) -> list[Event]:
        self._nodes.remove(node)
        node.end()
        event = Event(node.ticket, "lost", {"fault": node.last_words()})
        node.close()
        return [event] if node.ticket else []

    def abandon(self, ticket: str) -> None:
        for node in [n for n in self._nodes if n.ticket == ticket]:
            self._nodes.remove(node)
            node.close()

    def close(self) -> None:
        for node in self._nodes:
            node.close()
        self._nodes.clear()
