"""Where the learner's code is: the innermost frame of their files."""

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import NamedTuple


class Place(NamedTuple):
    """A line of a learner's file."""

    file: str
    line: int


def place(is_theirs: Callable[[str], bool]) -> Place | None:
    """The line of theirs that runs now; for autograd's own thread, the line that waits for it (`loss.backward()`)."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_theirs(frame.f_code.co_filename):
            return Place(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    if threading.current_thread() is not threading.main_thread():
        frame = sys._current_frames().get(threading.main_thread().ident or 0)
        while frame is not None:
            if is_theirs(frame.f_code.co_filename):
                return Place(frame.f_code.co_filename, frame.f_lineno)
            frame = frame.f_back
    return None
