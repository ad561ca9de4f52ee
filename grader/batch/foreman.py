"""The process that workers are forked from: `python -m dlkit.grader.batch.foreman SOCKET`.

It imports numpy or torch, collects the hidden tests and has one warm parent per framework import the same beside it:
all that once, for all its workers. Orders come over the socket, one JSON object a line: `work` (a number for the new
worker; with three descriptors: its tasks, its replies, its standard error) and `end`; it tells `began` and `ended`.
Where forking is not safe (macOS) it becomes the one worker itself. It dies with whoever started it, its workers with
it, and their candidates with them.
"""

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from ..candidate.children import wake_on_exit
from ..candidate.zygote import Client
from ..catalog import Exercise, catalog
from ..errors import DlkitError
from ..options import preload_for
from ..sandbox import SandboxUnavailable, WarmParent, start
from ..suite import Suite, with_suite
from .engine import MAX_LINE, Payload
from .node import Node, serve, serve_with


class Foreman:
    def __init__(self, control: socket.socket, sandbox: str, exercises: list[Exercise], forks: bool) -> None:
        self._driver = Client(control)
        self._forks = forks
        self._sandbox = sandbox
        self._exercises = exercises
        self._workers: dict[int, int] = {}  # pid -> the number that the orders call it by
        self._parents: dict[str, WarmParent] = {}

    def run(self) -> NoReturn:
        """Work until the orders end. In a forked worker this goes on after the collected tests are left behind."""
        if self._forks and self._sandbox == "bwrap":  # a plain process cannot hold two candidates apart
            self._start_parents()
        try:
            desk = with_suite(self._exercises, self._attend) if self._exercises else self._attend(None)
        except DlkitError:  # a hidden test does not load: every worker will say so of its tasks
            desk = self._attend(None)
        desk.work()

    def _start_parents(self) -> None:
        """They import while the tests are collected here. Workers start their own where these do not come up."""
        for exercise in self._exercises:
            if exercise.framework not in self._parents:
                with contextlib.suppress(SandboxUnavailable):
                    parent = start("bwrap", preload_for(exercise))
                    assert isinstance(parent, WarmParent)
                    self._parents[exercise.framework] = parent

    def _attend(self, suite: Suite | None) -> "Desk":
        """Follow orders. Returns in a new worker only, when a task comes that `suite` has no tests for."""
        gc.collect()
        gc.freeze()  # a collection in a worker would copy every page that holds our objects
        woken, orders = wake_on_exit(), select.poll()
        orders.register(woken, select.POLLIN)
        orders.register(self._driver, select.POLLIN)
        while True:
            for descriptor, _ in orders.poll():
                if descriptor == woken:
                    os.read(woken, 512)
                    self._reap()
                    continue
                desk = self._follow()
                if desk is not None:
                    return desk.begin(suite)

    def _follow(self) -> "Desk | None":
        """The orders that came; in a new worker, its desk."""
        requests = self._driver.requests()
        if requests is None:
            self._leave()
        for order in requests:
            if "work" in order:
                desk = self._hire(order["work"], [self._driver.descriptor() for _ in range(3)])
                if desk is not None:
                    return desk
            else:
                for pid in [p for p, number in self._workers.items() if number == order["end"]]:
                    _kill(pid)
        return None

    def _hire(self, number: int, descriptors: list[int]) -> "Desk | None":
        guests = {kind: parent.share() for kind, parent in self._parents.items()}
        foreman = os.getpid()
        pid = os.fork() if self._forks else 0
        if pid == 0:
            return self._desk(foreman, descriptors, guests)
        for guest in guests.values():
            guest.close()
        for descriptor in descriptors:
            os.close(descriptor)
        self._workers[pid] = number
        self._driver.tell(began=number, pid=pid)
        return None

    def _desk(self, foreman: int, descriptors: list[int], guests: dict[str, Any]) -> "Desk":
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if self._forks:
            die_with(foreman)
            os.setsid()
            self._driver.close()
            for parent in self._parents.values():
                parent.disown()
        tasks, replies, errors = descriptors
        for standard in (1, 2):
            os.dup2(errors, standard)
        return Desk(Node(self._sandbox, guests), _lines(tasks), _sender(replies), [e.stem for e in self._exercises])

    def _reap(self) -> None:
        for pid in list(self._workers):
            with contextlib.suppress(ChildProcessError):
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    self._driver.tell(ended=self._workers.pop(pid), status=os.waitstatus_to_exitcode(status))

    def _leave(self) -> NoReturn:
        for pid in self._workers:
            _kill(pid)
        for parent in self._parents.values():
            parent.close()
        os._exit(0)


class Desk:
    """What a worker has: a node, and where its tasks come from and its replies go."""

    def __init__(
        self, node: Node, receive: Callable[[], Payload | None], send: Callable[[Payload], None], stems: list[str]
    ) -> None:
        self._node = node
        self._receive = receive
        self._send = send
        self._stems = stems
        self._next: Payload | None = None

    def begin(self, suite: Suite | None) -> "Desk":
        """Tasks as long as `suite` has their tests."""
        with self._guarded():
            self._next = self._receive()
            if suite is not None:
                self._next = serve_with(self._node, self._receive, self._send, self._next, suite)
            if self._next is None:
                self._end(0)
        return self

    def work(self) -> NoReturn:
        """All other tasks."""
        with self._guarded():
            serve(self._node, self._receive, self._send, self._stems, self._next)
        self._end(0)

    @contextlib.contextmanager
    def _guarded(self) -> Any:
        """Nothing goes back up the stack that this worker was forked in."""
        try:
            yield
        except (BrokenPipeError, KeyboardInterrupt):  # nobody listens any more
            self._end(0)
        except Exception:
            traceback.print_exc(file=sys.__stderr__)
            self._end(1)

    def _end(self, status: int) -> NoReturn:
        self._node.close()
        os._exit(status)


def die_with(parent: int) -> None:
    """Be killed by the kernel when the process `parent` ends (Linux; elsewhere the end of the input is the sign)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it has ended already
            os._exit(1)


def _kill(pid: int) -> None:
    """A worker with what it started itself; a worker that is not yet the leader of its group, alone."""
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def _lines(descriptor: int) -> Callable[[], Payload | None]:
    stream = os.fdopen(descriptor, "rb")

    def receive() -> Payload | None:
        line = stream.readline(MAX_LINE)
        return json.loads(line) if line.endswith(b"\n") else None

    return receive


def _sender(descriptor: int) -> Callable[[Payload], None]:
    stream = os.fdopen(descriptor, "wb")

    def send(reply: Payload) -> None:
        stream.write(json.dumps(reply, ensure_ascii=True, allow_nan=False).encode() + b"\n")
        stream.flush()

    return send


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's; it ends us
    control = socket.socket(fileno=int(sys.argv[1]))
    hello = json.loads(sys.argv[2])
    die_with(int(hello["parent"]))
    wanted = set(hello["exercises"])
    exercises = [e for e in catalog() if e.stem in wanted]
    Foreman(control, str(hello["sandbox"]), exercises, bool(hello["forks"])).run()


if __name__ == "__main__":
    main()
