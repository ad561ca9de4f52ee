"""Options and arguments that several commands share."""

import click
from click.shell_completion import CompletionItem


class ExerciseName(click.ParamType[str]):
    """The name of an exercise, completed by the shell."""

    name = "exercise"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from dlkit.grader.catalog import catalog

        names = [n for e in catalog() for n in (e.slug, e.name)]
        return [CompletionItem(n) for n in names if n.startswith(incomplete)]


EXERCISE = ExerciseName()
SECONDS = click.option(
    "--timeout", type=click.FloatRange(1, 3600), metavar="SECONDS",
    help="For one submission (default 60); a call may take a sixth of it, or what its exercise says.",
)  # fmt: skip
