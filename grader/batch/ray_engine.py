"""An engine on a Ray cluster: stateless remote tasks that stream `started`, signs of life and the reply.

Ray starts the workers and says when one, or a node, died; it retries nothing. That a node is frozen Ray learns late,
minutes late for a task that it sent there and that was not begun. So the engine chooses the node of each task itself,
and notices what is silent: a task that was begun is given up, one that was not is sent elsewhere, and the node is
avoided for a while.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .cluster import places
from .engine import Event, Payload
from .pool import TASK_SECONDS
from .remote import run_task
from .request import Place, Request

SILENCE_SECONDS = 30.0  # six signs of life missed
AVOID_SECONDS = 120.0  # by then Ray has noticed a node that is gone for good
_LOOK_SECONDS = 2.0  # between looks at the cluster's nodes


@dataclass
class _Running:
    payload: Payload
    stream: Any
    heard: float
    node: str  # where it was sent; "": Ray chooses
    begun: bool = False


class RayEngine:
    """The engine of a cluster. `ray` is connected (cluster.py) and closed with the engine; `request` says what a task
    of an exercise needs. The window is as wide as the cluster has room for tasks like the last one."""

    def __init__(
        self, ray: Any, sandbox: str, request: Callable[[str], Request], jobs: int | None = None,
        first: Request | None = None, task_seconds: float = TASK_SECONDS, silence_seconds: float = SILENCE_SECONDS,
    ) -> None:  # fmt: skip
        self._ray = ray
        self._sandbox = sandbox
        self._request_for = request
        self._request = first or Request()
        self._jobs = jobs
        self._task_seconds = task_seconds
        self._silence_seconds = silence_seconds
        # max_calls: a worker that used a GPU is kept as well, because its grading process is a process of its own.
        self._run = ray.remote(max_calls=0, max_retries=0)(run_task)
        self._running: dict[str, _Running] = {}
        self._avoided: dict[str, float] = {}  # node -> until when
        self.moved = 0  # tasks that were sent to another node before they were begun
        self._heard: dict[str, float] = {}  # node -> when something came from it
        self._places: list[Place] = []
        self._looked = float("-inf")

    @property
    def slots(self) -> int:
        room = sum(p.room(self._request) for p in self._usable(self._request))
        return max(1, min(room, self._jobs) if self._jobs else room)  # one waits, where nodes come and go

    def _usable(self, request: Request) -> list[Place]:
        """Nodes with room for such a task; those that are avoided only where there are no others."""
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS:
            self._places, self._looked = places(self._ray), now
        fitting = [p for p in self._places if p.room(request)]
        return self._welcome(fitting) or fitting

    def _welcome(self, found: list[Place]) -> list[Place]:
        """Those of them that are not avoided."""
        return [p for p in found if self._avoided.get(p.id, 0.0) < time.monotonic()]

    def submit(self, ticket: str, payload: Payload) -> None:
        request = self._request_for(str(payload.get("exercise")))
        self._request = request
        if len(self._running) >= self.slots:
            raise ValueError("more tickets than slots")
        self._send(ticket, payload)

    def _send(self, ticket: str, payload: Payload) -> None:
        request = self._request_for(str(payload.get("exercise")))
        options: dict[str, Any] = {"num_cpus": request.cpus, "memory": request.memory, "num_returns": "streaming"}
        if request.gpus:
            options["num_gpus"] = request.gpus
        node = self._choose(request)
        if node:
            options["label_selector"] = {"ray.io/node-id": node}
        task = json.dumps(payload, ensure_ascii=True).encode()
        stream = self._run.options(**options).remote(task, self._sandbox, bool(request.gpus), self._task_seconds)
        self._running[ticket] = _Running(payload, stream, time.monotonic(), node)

    def _choose(self, request: Request) -> str:
        """The node with the most room left by our own tasks; where all are avoided or none fits, Ray may choose."""
        usable = self._welcome(self._usable(request))
        sent = [r.node for r in self._running.values()]
        return max(usable, key=lambda p: p.room(request) - sent.count(p.id)).id if usable else ""

    def poll(self, timeout: float) -> list[Event]:
        if not self._running:
            return []
        tickets = {id(r.stream): t for t, r in self._running.items()}
        streams = [r.stream for r in self._running.values()]
        ready, _ = self._ray.wait(streams, num_returns=1, timeout=timeout)
        if ready:
            ready, _ = self._ray.wait(streams, num_returns=len(streams), timeout=0)
        events = [event for stream in ready for event in self._read(tickets[id(stream)])]
        return events + self._silent()

    def _read(self, ticket: str) -> list[Event]:
        running = self._running[ticket]
        try:
            message = json.loads(self._ray.get(next(running.stream)))
        except StopIteration:
            return [self._lost(ticket, "its worker process said nothing")]
        except self._ray.exceptions.RayError as error:
            return [self._lost(ticket, self._words(error, running.node))]
        running.heard = time.monotonic()
        if "node" in message:
            running.begun, running.node = True, str(message["node"])
        self._heard[running.node] = running.heard
        if "node" in message or "alive" in message:
            return []
        if "started" in message:
            return [Event(ticket, "started")]
        del self._running[ticket]
        return [Event(ticket, "done", message)]

    def _words(self, error: Exception, node: str) -> str:
        """What Ray says of a lost task, in a sentence. A node that died is avoided until it is off Ray's list."""
        where = f"node {node[:8]}" if node else "a node of the cluster"
        exceptions = self._ray.exceptions
        if isinstance(error, exceptions.NodeDiedError):
            self._avoid(node)
            return f"{where} died"
        if isinstance(error, exceptions.WorkerCrashedError):
            return f"its worker process on {where} was killed"
        if isinstance(error, exceptions.OutOfMemoryError):
            return f"Ray ended its worker process: {where} has too little memory"
        lines = [line for line in str(error).splitlines() if line.strip()]
        return f"{type(error).__name__} on {where}: {lines[-1].strip() if lines else ''}"[:500]

    def _silent(self) -> list[Event]:
        """Tasks whose node has not been heard of. Called after reading: it is not we who were asleep."""
        events = []
        for ticket, running in list(self._running.items()):
            # One that was not begun may wait for another of ours: then its node is heard of.
            heard = running.heard if running.begun else max(running.heard, self._heard.get(running.node, 0.0))
            if not running.node or time.monotonic() - heard <= self._silence_seconds:
                continue
            self._avoid(running.node)
            self._cancel(running)
            if running.begun:
                words = f"node {running.node[:8]} has not been heard of for {self._silence_seconds:g} s"
                events.append(self._lost(ticket, words))
            else:
                self.moved += 1
                del self._running[ticket]
                self._send(ticket, running.payload)
        return events

    def _avoid(self, node: str) -> None:
        if node:
            self._avoided[node] = time.monotonic() + AVOID_SECONDS

    def _lost(self, ticket: str, words: str) -> Event:
        del self._running[ticket]
        return Event(ticket, "lost", {"fault": words})

    def _cancel(self, running: _Running) -> None:
        """Its worker process is killed, and with it the grading process and the sandbox."""
        self._ray.cancel(running.stream, force=True)

    def abandon(self, ticket: str) -> None:
        running = self._running.pop(ticket, None)
        if running is not None:
            self._cancel(running)

    def close(self) -> None:
        for ticket in list(self._running):
            self.abandon(ticket)
        self._ray.shutdown()
