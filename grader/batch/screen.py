"""What `dlkit grade` shows while it works: a bar with rate and time left on a terminal, plain lines in a pipe."""

import os
import shutil
import textwrap
import time
from typing import TextIO

from ..text import clean

EVERY_SECONDS = 10.0  # between plain lines


class Screen:
    """Lines on `stream` and, where there is a terminal, a bar on `terminal`. Names and reasons come from outside: they
    are cleaned before they are shown."""

    def __init__(self, stream: TextIO, terminal: TextIO | None = None, most_problems: int = 50) -> None:
        self._stream = stream
        self._terminal = terminal
        self._problems = 0
        self._most_problems = most_problems
        self._bar: object = None
        self._total = 0
        self._done = 0
        self._began = self._said = time.monotonic()

    def say(self, text: str) -> None:
        self._write(text)

    def problem(self, student: str, file: str, reason: str) -> None:
        """A line per problem; a flood of them is counted."""
        self._problems += 1
        if self._problems <= self._most_problems:
            where = file if not student or file.startswith(student) else f"{student}: {file}"
            self._write(f"  ! {clean(where, 160)}: {clean(reason, 300)}")

    def problems_end(self) -> None:
        if self._problems > self._most_problems:
            self._write(f"  … and {self._problems - self._most_problems} more problems; `dlkit report` lists all.")

    def start(self, total: int) -> None:
        self._total, self._done = total, 0
        self._began = self._said = time.monotonic()
        if self._terminal is not None and total:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (
                TextColumn("grading"), BarColumn(None), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(compact=True), TextColumn("left"),
            )  # fmt: skip
            self._bar = Progress(*columns, console=Console(file=self._terminal), transient=True)
            self._task = self._bar.add_task("", total=total, rate="")
            self._bar.start()

    def advance(self) -> None:
        self._done += 1
        if self._bar is not None:
            self._bar.update(self._task, advance=1, rate=f"{self._rate():.1f}/s")  # type: ignore[attr-defined]
        elif time.monotonic() - self._said >= EVERY_SECONDS:
            self._said = time.monotonic()
            left = (self._total - self._done) / max(self._rate(), 1e-9)
            self._write(f"{self._done} of {self._total} graded, {self._rate():.1f}/s, about {_span(left)} left")

    def _rate(self) -> float:
        return self._done / max(time.monotonic() - self._began, 1e-9)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()  # type: ignore[attr-defined]
            self._bar = None

    def end(self) -> None:
        self.stop()
        if self._total:
            seconds = time.monotonic() - self._began
            self._write(f"{self._done} of {self._total} graded in {_span(seconds)} ({self._rate():.1f}/s)")

    def _write(self, text: str) -> None:
        if self._bar is not None and self._stream.isatty():
            self._bar.console.print(text, markup=False, highlight=False)  # type: ignore[attr-defined]
            return
        try:
            self._stream.write(self._wrapped(text) + "\n")
            self._stream.flush()
        except BrokenPipeError:  # `| head` has enough; grading goes on
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def _wrapped(self, text: str) -> str:
        """Between words on a terminal; as it is in a file or a pipe."""
        if not self._stream.isatty():
            return text
        width = max(40, shutil.get_terminal_size((80, 24)).columns)
        return "\n".join(textwrap.wrap(text, width, subsequent_indent="    ", break_on_hyphens=False)) or text


def _span(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
