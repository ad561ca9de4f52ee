"""The driver's handles on worker processes of this machine, and on the foremen that they are forked from."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import IO

from ..sandbox.bwrap import ENVIRONMENT
from .engine import MAX_LINE, Payload

FORKS = sys.platform == "linux"  # elsewhere that is not safe after the imports: each worker has its own foreman
_PER_FOREMAN = 8  # one warm parent forks the candidates of so many workers, one after the other
_PATIENCE = 5.0  # seconds until a foreman does what it is told
_THREADS = {name: "1" for name in ENVIRONMENT if name.endswith("_THREADS")}


class Foreman:
    """A process (foreman.py) that forks workers; they end with it."""

    def __init__(self, sandbox: str, exercises: list[str], environment: Mapping[str, str]) -> None:
        self._control, theirs = socket.socketpair()
        self._heard = b""
        self._began: dict[int, int] = {}  # number of a worker -> its process id
        self._ended: dict[int, int] = {}  # and how it ended: exit status, negative for a signal
        self._hired = 0
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the process
        hello = {"parent": os.getpid(), "sandbox": sandbox, "exercises": exercises, "forks": FORKS}
        # -P and cwd: a file called json.py in the folder that is graded must not be imported by us.
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "dlkit.grader.batch.foreman", str(theirs.fileno()), json.dumps(hello)],
                stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors, pass_fds=[theirs.fileno()],
                cwd="/", env={**_environment(), **environment}, start_new_session=True,
            )  # fmt: skip

    @property
    def has_room(self) -> bool:
        self._listen(0.0)
        at_work = self._hired - len(self._ended)
        return self._process.poll() is None and (at_work < _PER_FOREMAN if FORKS else not self._hired)

    def hire(self, tasks: int, replies: int, errors: int) -> int:
        """A new worker, by its number: it reads `tasks` and writes to `replies`."""
        self._hired += 1
        with contextlib.suppress(OSError):  # it has ended, as the end of the replies will show
            socket.send_fds(self._control, [_packed(work=self._hired)], [tasks, replies, errors])
        return self._hired

    def pid(self, number: int) -> int:
        """The process of a worker; 0 before it is forked."""
        self._listen(0.0)
        return self._began.get(number, 0) if FORKS else self._process.pid

    def end(self, number: int) -> None:
        """Kill a worker, with its candidates. One that is not yet there will end as soon as it is."""
        with contextlib.suppress(OSError):
            self._control.sendall(_packed(end=number))
        if not FORKS or (self.pid(number) and self.status(number) is None):
            self.close()

    def status(self, number: int) -> int | None:
        """How a worker ended (of its own accord, or with its foreman); None if it has not."""
        deadline = time.monotonic() + _PATIENCE
        while number not in self._ended:
            if not self._listen(deadline - time.monotonic()):  # silent, or gone with all its workers
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return self._process.wait(0.5)
                return None
        return self._ended[number]

    def _listen(self, timeout: float) -> bool:
        """Note what it tells; whether it told anything within `timeout` seconds."""
        if self._control.fileno() < 0:
            return False
        readable = select.poll()
        readable.register(self._control, select.POLLIN)
        try:
            if not readable.poll(max(0.0, timeout) * 1000):
                return False
            data = self._control.recv(65536)
        except OSError:
            return False
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            told = json.loads(line)
            if "began" in told:
                self._began[told["began"]] = told["pid"]
            else:
                self._ended[told["ended"]] = told["status"]
        return bool(data)

    def last_words(self) -> str:
        """What it left on standard error itself."""
        return "" if self._errors.closed else _last_line(self._errors)

    def close(self) -> None:
        """Kill it; the kernel takes its workers along, and their sandbox."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._control.close()
        self._errors.close()


class Worker:
    """One worker process and the ticket that it works on."""

    def __init__(self, foreman: Foreman) -> None:
        self.ticket = ""
        self.taken = 0
        self._foreman = foreman
        self._heard = bytearray()
        self._unsent = bytearray()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the process
        tasks, self._to = os.pipe()
        self.replies, replies = os.pipe()
        self._number = foreman.hire(tasks, replies, self._errors.fileno())
        for theirs in (tasks, replies):
            os.close(theirs)
        os.set_blocking(self._to, False)
        os.set_blocking(self.replies, False)

    @property
    def pid(self) -> int:
        return self._foreman.pid(self._number)

    @property
    def tasks(self) -> int:
        """The descriptor that tasks go to."""
        return self._to

    def give(self, ticket: str, payload: Payload) -> None:
        self.ticket = ticket
        self.taken += 1
        self._unsent += json.dumps({"ticket": ticket, **payload}, ensure_ascii=True).encode() + b"\n"
        self.write()

    def write(self) -> bool:
        """Send what the pipe takes; whether anything is left."""
        try:
            while self._unsent:
                sent = os.write(self._to, self._unsent[:65536])
                del self._unsent[:sent]
        except BlockingIOError:
            return True
        except OSError:  # it has ended, as reading will show
            self._unsent.clear()
        return bool(self._unsent)

    def read(self) -> list[Payload] | None:
        """Complete replies; None once the process has ended or speaks nonsense."""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self.replies, 1 << 20)
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
        """What is known of its end, and what it left on standard error."""
        status = self._foreman.status(self._number)
        how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
        line = _last_line(self._errors) or self._foreman.last_words()
        return f"the worker process ended ({how})" + (f": {line}" if line else "")

    def close(self) -> None:
        """Kill it; its candidates go along."""
        self._foreman.end(self._number)
        os.close(self._to)
        os.close(self.replies)
        self._errors.close()


def _packed(**order: int) -> bytes:
    return json.dumps(order).encode() + b"\n"


def _last_line(errors: IO[bytes]) -> str:
    size = os.fstat(errors.fileno()).st_size
    lines = os.pread(errors.fileno(), 2000, max(0, size - 2000)).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _environment() -> dict[str, str]:
    """One thread per library: the worker processes share the cores among themselves."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "RAY_"))}, **_THREADS}
