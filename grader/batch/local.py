"""The engine of this machine: worker processes, each grades one submission at a time and is replaced when it ends."""

import selectors
from collections.abc import Iterable, Mapping

from .engine import Event, Payload
from .workers import Foreman, Worker

RECYCLE = 1000  # submissions that one process grades: a slow leak has an end


class LocalEngine:
    """The engine of this machine. Use it from the thread that made it: its processes end with that thread."""

    def __init__(
        self, jobs: int, sandbox: str, exercises: Iterable[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self._jobs = jobs
        self._sandbox = sandbox
        self._exercises = list(exercises)
        self._environment = environment or {}
        self._foremen: list[Foreman] = []
        self._workers: list[Worker] = []

    @property
    def slots(self) -> int:
        return self._jobs

    @property
    def processes(self) -> list[int]:
        """Process ids of the workers, for tests that kill some."""
        return [w.pid for w in self._workers]

    def submit(self, ticket: str, payload: Payload) -> None:
        worker = next((w for w in self._workers if not w.ticket), None)
        if worker is not None and worker.taken >= RECYCLE:
            self._dismiss(worker)
            worker = None
        if worker is None:
            if len(self._workers) >= self._jobs:
                raise ValueError("more tickets than slots")
            worker = Worker(self._foreman(str(payload.get("exercise"))))
            self._workers.append(worker)
        worker.give(ticket, payload)

    def _foreman(self, exercise: str) -> Foreman:
        foreman = next((f for f in self._foremen if f.has_room), None)
        if foreman is None:
            foreman = Foreman(self._sandbox, self._exercises or [exercise], self._environment)
            self._foremen.append(foreman)
        return foreman

    def poll(self, timeout: float) -> list[Event]:
        events: list[Event] = []
        if not self._workers:
            return events
        with selectors.DefaultSelector() as selector:
            for worker in self._workers:
                selector.register(worker.replies, selectors.EVENT_READ, worker)
                if worker.write():
                    selector.register(worker.tasks, selectors.EVENT_WRITE, worker)
            for key, mask in selector.select(timeout):
                if mask & selectors.EVENT_WRITE:
                    key.data.write()
                else:
                    events += self._read(key.data)
        return events

    def _read(self, worker: Worker) -> list[Event]:
        replies = worker.read()
        if replies is None:
            return self._bury(worker)
        events = []
        for reply in replies:
            ticket = reply.pop("ticket", "")
            if reply.get("started"):
                events.append(Event(ticket, "started"))
            else:
                worker.ticket = ""
                events.append(Event(ticket, "done", reply))
        return events

    def _bury(self, worker: Worker) -> list[Event]:
        event = Event(worker.ticket, "lost", {"fault": worker.last_words()})
        self._dismiss(worker)
        return [event] if event.ticket else []

    def _dismiss(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.close()

    def abandon(self, ticket: str) -> None:
        for worker in [w for w in self._workers if w.ticket == ticket]:
            self._dismiss(worker)

    def close(self) -> None:
        for foreman in self._foremen:
            foreman.close()
        for worker in self._workers:
            worker.close()
        self._workers.clear()
        self._foremen.clear()
