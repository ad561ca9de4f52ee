"""What commands say, and the progress that they show."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..result import Result


@contextlib.contextmanager
def progress_shown() -> Iterator[Any]:
    """The learner's progress, with its remarks said; where it cannot be kept, a sentence and exit code 4."""
    from ..errors import MissingOnMachine
    from ..learner.progress import ProgressUnavailable, opened

    try:
        with opened() as progress:
            for note in progress.notes:
                click.echo(note, err=True)
            yield progress
    except ProgressUnavailable as error:
        raise MissingOnMachine(f"{error}. Set XDG_DATA_HOME to a folder that you may write.") from None


class Progress:
    """One line on a terminal that says what runs; nothing in a pipe."""

    def __init__(self, enabled: bool = True) -> None:
        self._live = enabled and sys.stderr.isatty()

    def __call__(self, words: str) -> None:
        if self._live:
            width = columns()
            click.echo("\r\x1b[2K" + f"… {words}"[: width - 1], nl=False, err=True)

    def done(self) -> None:
        if self._live:
            click.echo("\r\x1b[2K", nl=False, err=True)


def say(text: str) -> None:
    """Print; a reader that has enough (`| head`) is no error and changes no exit code."""
    try:
        click.echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def columns() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


def colours() -> Any:
    from ..render.terminal import no_style

    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return no_style if plain else click.style


def print_report(result: "Result", verbose: bool) -> None:
    from ..render.terminal import report

    say(report(result, columns(), colours(), verbose))
