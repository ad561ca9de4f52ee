"""Where the learner's code is: the innermost frame of their files."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NamedTuple

import torch

_TORCH = os.path.dirname(torch.__file__)
# A layer, an optimizer, GradScaler: what they do inside is PyTorch's doing, not that of whoever calls them.
_LIBRARY = tuple(
    os.path.join(_TORCH, folder) + os.sep for folder in ("nn", "optim", "amp", "utils", "autograd", "distributions")
)


class Place(NamedTuple):
    """A line of a learner's file."""

    file: str
    line: int


def place(is_theirs: Callable[[str], bool]) -> Place | None:
    """The line of theirs that runs now; for autograd's own thread, the line that waits for it (`loss.backward()`)."""
    for frame in _frames():
        if is_theirs(frame.f_code.co_filename):
            return Place(frame.f_code.co_filename, frame.f_lineno)
    return None


def in_library(is_theirs: Callable[[str], bool]) -> bool:
    """Is it PyTorch's own Python code that runs now, called by theirs?"""
    for frame in _frames():
        if is_theirs(frame.f_code.co_filename):
            return False
        if frame.f_code.co_filename.startswith(_LIBRARY):
            return True
    return False


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back
    main = threading.main_thread()
    if threading.current_thread() is not main:
        frame = sys._current_frames().get(main.ident or 0)
        while frame is not None:
            yield frame
            frame = frame.f_back
