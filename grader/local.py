"""Sessions in this process, for trusted answers only: the reference, the known-wrong ones, a debugger's file."""

import io
from dataclasses import replace

from .candidate.confine import Limits
from .candidate.proxy import LocalLink, Session
from .candidate.source import Submission
from .catalog import Exercise, catalog
from .wrong import answer_module

_UNLIMITED = Limits(call_seconds=1e9, total_seconds=1e9)


def answer_session(exercise: Exercise, overrides: dict[str, object], seed: int) -> Session:
    """The reference, with some of its names replaced, behind the same wire as a submission."""

    def open_link() -> LocalLink:
        link = LocalLink()
        link.adopt(answer_module(exercise, overrides))
        return link

    return LocalSession(Submission((), exercise.stem), open_link, _UNLIMITED, seed)


def local_session(exercise_name: str, file: str, seed: int) -> Session:
    """A trusted file, loaded into this process (a debugger works in it)."""
    from .submission import read_submission

    answer = read_submission(catalog().find(exercise_name), file, io.BytesIO())
    session = Session(replace(answer, bans=()), LocalLink, _UNLIMITED, seed)
    session.load()
    return session


class LocalSession(Session):
    """A session whose link serves a module that is imported already."""

    def load(self) -> None:
        self.generation += 1
        self._link = self._open_link()
