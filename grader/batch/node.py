"""Grades tasks, one after the other: what a worker does (foreman.py is where workers come from).

It keeps warm parents (one per framework), the collected hidden tests and what known-wrong answers do, so that a
submission costs its own calls only.
"""

import contextlib
import functools
from collections.abc import Callable, Mapping

from ..catalog import Exercise, catalog
from ..errors import DlkitError
from ..memory import Memory
from ..options import Options, preload_for
from ..runner import grade_with
from ..sandbox import Guest, Parent, SandboxUnavailable, start
from ..submission import submission
from ..suite import Suite, with_suite
from .engine import USUAL_SECONDS, Payload, limits_for
from .identity import exercise_version

Receive = Callable[[], Payload | None]
Send = Callable[[Payload], None]


class Node:
    """Grades tasks in this process, with warm parents that are there already, and others where there are none."""

    def __init__(self, sandbox: str, parents: Mapping[str, Parent] | None = None) -> None:
        self._sandbox = sandbox
        self._parents = dict(parents or {})
        self._memory = Memory()
        self._versions: dict[str, str] = {}

    def grade(self, suite: Suite, exercise: Exercise, task: Payload) -> Payload:
        """The reply to a task: a `result`, or a `fault` of ours in a sentence."""
        try:
            self._same_version(exercise, task)
            answer = submission(exercise, tuple((str(label), str(text)) for label, text in task["units"]))
            limits = limits_for(exercise, float(task.get("seconds", USUAL_SECONDS)))
            device = str(task.get("device", "none"))
            options = Options(seed=int(task["seed"]), limits=limits, sandbox=self._sandbox, device=device)
            result = grade_with(
                suite, self._parent(exercise), exercise, answer, options, memory=self._memory,
                gpu_parent=lambda: self._parent(exercise, gpu=True),
            )  # fmt: skip
        except (SandboxUnavailable, DlkitError) as error:
            self.close()
            return {"fault": str(error)}
        except Exception as error:  # whatever it is, the next submission is graded
            self.close()
            return {"fault": f"{type(error).__name__}: {error}"[:2000]}
        return {"result": result.to_json()}

    def _same_version(self, exercise: Exercise, task: Payload) -> None:
        version = self._versions.setdefault(exercise.stem, exercise_version(exercise))
        if version != task["version"]:
            raise DlkitError(f"{exercise.stem} is another version here than where the run was started.")

    def _parent(self, exercise: Exercise, gpu: bool = False) -> Parent:
        kind = "gpu" if gpu else exercise.framework
        parent = self._parents.get(kind)
        if isinstance(parent, Guest) and not parent.came_up():
            parent.close()  # the one that starts here says why, if it does not come up either
            parent = None
        elif parent is not None and getattr(parent, "ended", False):
            parent.close()
            parent = None
        if parent is None:
            parent = self._parents[kind] = start(self._sandbox, preload_for(exercise), gpu=gpu)
        return parent

    def close(self) -> None:
        """End the warm parents and whatever runs in them; new ones are started when needed."""
        for parent in self._parents.values():
            with contextlib.suppress(Exception):
                parent.close()
        self._parents.clear()


def serve(node: Node, receive: Receive, send: Send, stems: list[str], first: Payload | None) -> None:
    """Tasks until there are no more. Hidden tests are collected once, and again when a new exercise turns up."""
    known = list(dict.fromkeys(stems))
    task = first
    while task is not None:
        current, exercise = task, _find(task)
        if exercise is not None and exercise.stem not in known:
            known.append(exercise.stem)
        if not known:
            send({"ticket": current["ticket"], "fault": _unknown(current)})
            task = receive()
            continue
        try:
            work = functools.partial(serve_with, node, receive, send, current)
            task = with_suite([catalog().find(s) for s in known], work)
        except DlkitError as error:
            send({"ticket": current["ticket"], "fault": str(error)})
            known = []
            task = receive()


def serve_with(node: Node, receive: Receive, send: Send, first: Payload | None, suite: Suite) -> Payload | None:
    """Tasks whose exercises are in `suite`; returns the first one whose exercise is not, None at their end."""
    task = first
    while task is not None:
        exercise = _find(task)
        if exercise is None:
            send({"ticket": task["ticket"], "fault": _unknown(task)})
        elif not suite.checks(exercise):
            return task
        else:
            send({"ticket": task["ticket"], "started": True})
            send({"ticket": task["ticket"], **node.grade(suite, exercise, task)})
        task = receive()
    return None


def _find(task: Payload) -> Exercise | None:
    return next((e for e in catalog() if e.stem == task.get("exercise")), None)


def _unknown(task: Payload) -> str:
    return f"There is no exercise {str(task.get('exercise'))[:80]} here."
