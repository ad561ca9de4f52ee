"""The command `dlkit`: parse, call, render; nothing else.

The commands are in grader/commands/, a file for each kind of user; one is imported when it is used. Imports inside
them stay inside the functions, for a quick start.
"""

import importlib
import os
import sys
from pathlib import Path

import click

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
# In the order a user meets them: where each is, in grader/commands/.
COMMANDS = {
    "check": ("learner", "check"),
    "init": ("learner", "init"),
    "next": ("learner", "next_command"),
    "watch": ("learner", "watch"),
    "list": ("learner", "list_command"),
    "show": ("learner", "show"),
    "hint": ("learner", "hint"),
    "solution": ("learner", "solution"),
    "reset": ("learner", "reset"),
    "progress": ("learner", "progress_command"),
    "interview": ("learner", "interview"),
    "review": ("learner", "review"),
    "doctor": ("learner", "doctor"),
    "debug": ("learner", "debug"),
    "completion": ("learner", "completion"),
    "grade": ("instructor", "grade"),
    "merge": ("instructor", "merge"),
    "export": ("instructor", "export"),
    "report": ("instructor", "report"),
    "nbgrader": ("nbgrader", "nbgrader_group"),
    "bundle": ("instructor", "bundle"),
    "dev": ("author", "dev"),
}
# Those that a kit for students (`dlkit bundle`) does not have, and the part of dlkit that they need.
_PARTS = {
    "grade": "batch", "merge": "batch", "export": "batch", "report": "batch",
    "nbgrader": "nbgrader/course.py", "bundle": "nbgrader/bundle.py", "dev": "author",
}  # fmt: skip


class _Group(click.Group):
    """Commands in the order a learner meets them, each loaded when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if self._is_here(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS or not self._is_here(cmd_name):
            return None
        module, function = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"dlkit.grader.commands.{module}"), function)
        return command

    def _is_here(self, name: str) -> bool:
        part = _PARTS.get(name)
        return part is None or (Path(__file__).parent / "grader" / part).exists()


@click.group(cls=_Group, context_settings=CONTEXT, invoke_without_command=True)
@click.version_option(package_name="dlkit", prog_name="dlkit")
@click.pass_context
def cli(context: click.Context) -> None:
    """Deep-learning interview exercises, graded, with the mistake named.

    \b
    dlkit init my-exercises          a workspace of your own
    dlkit watch                      grade each time you save
    dlkit list                       what there is
    dlkit show softmax               the statement of one exercise
    dlkit check softmax my_file.py   grade an answer

    Inside a workspace, `dlkit` alone is `dlkit watch`.
    """
    if context.invoked_subcommand is not None:
        return
    from dlkit.grader.learner import workspace

    if workspace.find(Path.cwd()) is None:
        click.echo(context.get_help())
    else:
        from dlkit.grader.commands.learner import watch

        context.invoke(watch)


def main() -> None:
    """Run the command line; every error of ours becomes one sentence and an exit code."""
    from dlkit.grader.errors import DlkitError

    for stream in (sys.stdout, sys.stderr):  # a terminal in another encoding shows `?` rather than a traceback
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        try:
            cli.main(standalone_mode=False, prog_name="dlkit")
        except SystemExit as error:
            if "torch" not in sys.modules or not isinstance(error.code, int):
                raise
            _leave(error.code)  # PyTorch takes a third of a second to take itself down
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nStopped.", err=True)
        _leave(130)
    except DlkitError as error:
        from dlkit.grader.text import clean

        click.echo(f"dlkit: {clean(str(error))}", err=True)  # it may hold the name of a file
        sys.exit(error.exit_code)
    except Exception as error:
        click.echo(
            f"dlkit: a fault of dlkit, not of your answer: {type(error).__name__}: {error}\n"
            "Set DLKIT_TRACEBACK=1 to see where, and please report it.",
            err=True,
        )
        if os.environ.get("DLKIT_TRACEBACK"):
            raise
        sys.exit(3)


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
