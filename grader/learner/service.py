"""Grades for a notebook, in a process of its own that stays warm from one check to the next.

The kernel has run the learner's code, so it decides nothing: it sends the cells here and shows what comes back.
One JSON object per line, in and out. `python -P -m dlkit.grader.learner.service`; it ends with its standard input.
"""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

from ..catalog import Exercise, catalog
from ..command import need_checks, need_machine
from ..errors import DlkitError, MissingOnMachine
from ..options import Options, fresh_seed, preload_for
from ..runner import grade_with
from ..sandbox import Parent, SandboxUnavailable, start
from ..submission import submission
from ..suite import Suite, with_suite
from . import desk

Request = dict[str, Any]  # exercise: slug; units; seed or None; only; file: where the notebook may stand


class _Service:
    """Requests come in; per exercise in turn its hidden tests stay collected, per framework a parent stays warm."""

    def __init__(self, requests: TextIO, replies: TextIO, parents: contextlib.ExitStack) -> None:
        self._requests = requests
        self._replies = replies
        self._stack = parents
        self._parents: dict[str, Parent] = {}

    def run(self) -> None:
        request = self._next()
        while request is not None:
            exercise = catalog().find(request["exercise"])
            first: Request = request
            try:
                need_machine(exercise, "cpu")
                parent = self._parent(exercise)
                request = with_suite([exercise], lambda suite: self._serve(suite, parent, exercise, first))  # noqa: B023
            except DlkitError as error:
                self._reply({"error": str(error)})
                request = self._next()

    def _serve(self, suite: Suite, parent: Parent, exercise: Exercise, request: Request | None) -> Request | None:
        """Answer requests for one exercise; the first one for another, or None at the end."""
        while request is not None and request["exercise"] == exercise.slug:
            try:
                self._reply(self._graded(suite, parent, exercise, request))
            except (DlkitError, SandboxUnavailable) as error:
                self._reply({"error": str(error)})
            request = self._next()
        return request

    def _graded(self, suite: Suite, parent: Parent, exercise: Exercise, request: Request) -> dict[str, Any]:
        need_checks(exercise, tuple(request["only"]))
        seed = fresh_seed() if request["seed"] is None else request["seed"]
        units = tuple((label, source) for label, source in request["units"])
        options = Options(seed, only=tuple(request["only"]), device="auto")
        result = grade_with(suite, parent, exercise, submission(exercise, units), options)
        return {"result": result.to_json(), "remarks": desk.remember(result, Path(request["file"]))}

    def _parent(self, exercise: Exercise) -> Parent:
        if exercise.framework not in self._parents:
            try:
                parent = start("auto", preload_for(exercise))
            except SandboxUnavailable as error:
                raise MissingOnMachine(f"No sandbox works here: {error}.") from None
            self._stack.callback(parent.close)
            self._parents[exercise.framework] = parent
        return self._parents[exercise.framework]

    def _next(self) -> Request | None:
        line = self._requests.readline()
        return json.loads(line) if line else None

    def _reply(self, reply: dict[str, Any]) -> None:
        self._replies.write(json.dumps(reply, allow_nan=False) + "\n")
        self._replies.flush()


def main() -> None:
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed must not look like a reply
    with contextlib.ExitStack() as parents:
        _Service(sys.stdin, replies, parents).run()


if __name__ == "__main__":
    main()
