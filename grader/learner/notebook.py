"""`%dlkit …` and `check(softmax)` in a notebook: the cells go to a grading process, its report comes into the cell."""

import atexit
import contextlib
import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ..catalog import Exercise, catalog
from ..errors import DlkitError, GraderFault, UsageProblem
from ..result import Result
from .cells import answer_units

USAGE = """%dlkit check softmax [--seed N] [--only CHECK]   grade what the cells have defined
%dlkit hint softmax                              one hint more
%dlkit show softmax                              the statement
%dlkit next | list | progress                    what to do, what there is, how far you have come
%dlkit solution softmax                          after full marks"""
_TEXT = ("hint", "show", "next", "list", "progress", "solution", "reset", "doctor")  # as in a terminal


def register(shell: Any) -> None:
    """Give an IPython shell the magic `%dlkit`."""
    shell.register_magic_function(_magic, "line", "dlkit")


def check(exercise: object, seed: int | None = None, only: str | tuple[str, ...] = ()) -> None:
    """Grade what the cells that were run define, and show the report.

    `exercise` is its name or the function itself: `check(softmax)`, `check("softmax", seed=7, only="stability")`.
    """
    _said(lambda: _check(_meant(exercise), seed, (only,) if isinstance(only, str) else tuple(only)))


def _magic(line: str) -> None:
    """%dlkit check softmax · hint · show · next · list · progress · solution"""
    _said(lambda: _command(line))


def _said(work: Any) -> None:
    """Do it; what a person should know about comes as one sentence, never as a traceback."""
    try:
        work()
    except click.ClickException as error:
        _show(error.format_message())
    except (DlkitError, ValueError) as error:  # ValueError: a quotation mark that is not closed
        _show(str(error))
    except KeyboardInterrupt:
        _show("Stopped.")
    except Exception as error:
        _show(f"A fault of dlkit, not of your answer: {type(error).__name__}: {error}. Please report it.")


def _command(line: str) -> None:
    words = shlex.split(line)
    if not words or words[0] in ("help", "-h", "--help"):
        print(USAGE)
    elif words[0] == "check":
        context = _CHECK.make_context("%dlkit check", words[1:])
        _check(catalog().find(context.params["exercise"]), context.params["seed"], context.params["only"])
    elif words[0] == "progress" and len(words) == 1:
        _progress()
    elif words[0] in _TEXT:
        from dlkit.cli import cli

        with contextlib.suppress(SystemExit):
            cli.main(words, prog_name="%dlkit", standalone_mode=False)
    else:
        raise UsageProblem(f"`%dlkit {words[0]}` is not for notebooks; in a terminal: dlkit {line}.\n{USAGE}")


_CHECK = click.Command(
    "check",
    params=[
        click.Argument(["exercise"]),
        click.Option(["--seed"], type=click.IntRange(0, 2**31 - 1)),
        click.Option(["--only"], multiple=True),
    ],
    add_help_option=False,
)


def _check(exercise: Exercise, seed: int | None, only: tuple[str, ...]) -> None:
    from ..render.html import message_html, report_html
    from ..render.terminal import report

    units = answer_units(_cells(), exercise.names)
    if not units:
        raise UsageProblem(
            f"No cell that was run defines `{exercise.names[0]}`. Run the cell with your answer first, then check."
        )
    waiting = f"Grading {exercise.slug} …"
    handle = _display(_bundle(message_html(waiting), waiting), display_id=True)
    try:
        result, remarks = _SERVICE.grade(exercise, units, seed, only)
    except (DlkitError, KeyboardInterrupt) as error:
        words = str(error) or "Stopped."
        handle.update(_bundle(message_html(words), words), raw=True)
        return
    result = _rerun_here(result)
    notes = "".join(message_html(r) for r in remarks)
    handle.update(_bundle(report_html(result) + notes, "\n".join([report(result), *remarks])), raw=True)


def _rerun_here(result: Result) -> Result:
    """What to type again is a magic here."""
    return replace(result, checks=tuple(replace(c, rerun=f"%{c.rerun}" if c.rerun else "") for c in result.checks))


def _progress() -> None:
    from datetime import date

    from ..render.learner import progress_words
    from ..render.progress_page import progress_html
    from ..render.terminal import no_style
    from .history import history
    from .progress import ProgressUnavailable, opened

    try:
        with opened() as progress:
            found = history(progress, date.today())
    except ProgressUnavailable as error:
        raise UsageProblem(str(error)) from None
    exercises = list(catalog())
    _display(_bundle(progress_html(exercises, found), progress_words(exercises, found, 80, no_style)))


def _cells() -> list[tuple[str, str]]:
    """What was run in this session, in order, each under the number that stands beside its cell."""
    shell: Any = None
    with contextlib.suppress(ImportError):
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
    if shell is None:
        raise UsageProblem("This is no notebook. In a terminal: dlkit check softmax FILE")
    return [(f"cell [{n}]", source) for n, source in enumerate(shell.history_manager.input_hist_raw) if source.strip()]


def _meant(exercise: object) -> Exercise:
    """The exercise of a name, or the one whose function or class was given."""
    if isinstance(exercise, str):
        return catalog().find(exercise)
    name = getattr(exercise, "__name__", None)
    if not isinstance(name, str):
        raise UsageProblem('Give the name of an exercise, or your function: check("softmax") or check(softmax).')
    found = [e for e in catalog() if e.slug == name] or [e for e in catalog() if name in e.names]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageProblem(f"No exercise asks for `{name}`. Give its name, as `%dlkit list` shows it.")
    names = ", ".join(e.slug for e in found)
    raise UsageProblem(f"Several exercises ask for `{name}`: {names}. Give the one you mean: check({found[0].slug!r}).")


def _show(text: str) -> None:
    from ..render.html import message_html

    _display(_bundle(message_html(text), text))


def _display(bundle: dict[str, str], **options: Any) -> Any:
    try:
        import IPython.display
    except ImportError:  # called from a plain Python
        print(bundle["text/plain"])
        return None
    display: Any = IPython.display.display
    return display(bundle, raw=True, **options)


def _bundle(html: str, text: str) -> dict[str, str]:
    return {"text/html": html, "text/plain": text}


class _Service:
    """The grading process of this kernel: begun at the first check, ended with the kernel."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def grade(
        self, exercise: Exercise, units: tuple[tuple[str, str], ...], seed: int | None, only: tuple[str, ...]
    ) -> tuple[Result, list[str]]:
        """The verdict and remarks. Raises DlkitError with a sentence; interrupted, the process is ended."""
        file = Path.cwd() / f"{exercise.stem}.ipynb"
        request = {"exercise": exercise.slug, "units": units, "seed": seed, "only": only, "file": str(file)}
        try:
            reply = self._ask(json.dumps(request))
        except BaseException:
            self.end(patience=0.0)  # what it would still say belongs to no question
            raise
        if "error" in reply:
            raise UsageProblem(reply["error"])
        return Result.from_json(reply["result"]), reply["remarks"]

    def _ask(self, line: str) -> dict[str, Any]:
        if self._process is None or self._process.poll() is not None:
            self._start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            raise GraderFault("The grading process has ended. Check again; if it stays so, run `dlkit doctor`.")
        return dict(json.loads(answer))

    def _start(self) -> None:
        """In a session of its own: interrupting the kernel must not interrupt it in the middle of a reply."""
        command = [sys.executable, "-P", "-m", "dlkit.grader.learner.service"]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, text=True, encoding="utf-8", cwd="/", start_new_session=True, **pipes)
        atexit.register(self.end)

    def end(self, patience: float = 3.0) -> None:
        """End the process, which ends its candidates; it is killed where that takes longer than `patience` seconds."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


_SERVICE = _Service()
