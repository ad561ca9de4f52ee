"""Keys pressed on a terminal, one letter each."""

import contextlib
import os
import select
import sys
import threading
from collections.abc import Iterator


class Keys:
    """Keys pressed on a terminal, one letter each."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self.waiting: list[str] = []  # pressed and not yet taken: also by the exercise that comes next
        self.stopped = threading.Event()

    def take(self, seconds: float = 0.0) -> str:
        """The next key, waited for so long, or nothing."""
        terminal = self._descriptor
        if not self.waiting and terminal is not None and select.select([terminal], [], [], seconds)[0]:
            data = os.read(terminal, 64)
            if not data:  # the terminal is gone
                self.stopped.set()
                return "q"
            self.waiting += [c for c in data.decode("ascii", "ignore").lower() if c.isprintable()]
        return self.waiting.pop(0) if self.waiting else ""


@contextlib.contextmanager
def keyboard(live: bool) -> Iterator[Keys]:
    """The terminal's keys, unbuffered and unseen; none where there is no terminal."""
    if not live:
        yield Keys(None)
        return
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield Keys(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
