"""`dlkit dev …`."""

import sys

import click

from .console import Progress, say
from .options import EXERCISE


@click.group()
def dev() -> None:
    """For authors: add an exercise and prove that its tests are sound."""


@dev.command("check")
@click.argument("exercises", nargs=-1, type=EXERCISE)
@click.option("--all", "all_of_them", is_flag=True, help="Every exercise of the index.")
@click.option("--seeds", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Runs per right answer.")
@click.option("--jobs", type=click.IntRange(1, 64), default=None, help="Processes (default: one per core).")
@click.option("--fresh", is_flag=True, help="Prove again what was proved before and has not changed.")
def dev_check(exercises: tuple[str, ...], all_of_them: bool, seeds: int, jobs: int | None, fresh: bool) -> None:
    """Prove exercises: the stub fails, right answers pass on every seed, wrong ones fail just what they name.

    \b
    dlkit dev check softmax
    dlkit dev check --all --seeds 200
    """
    from ..author.command import check_exercises

    sys.exit(check_exercises(exercises, all_of_them, seeds, jobs, fresh, say, Progress()))


@dev.command("mutate")
@click.argument("exercises", nargs=-1, type=EXERCISE)
@click.option("--all", "all_of_them", is_flag=True, help="Every exercise of the index.")
@click.option("--jobs", type=click.IntRange(1, 64), default=None, help="Processes (default: one per core).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--fresh", is_flag=True, help="Forget what an interrupted run has done.")
@click.option("--record", is_flag=True, help="Keep the figures in tests/records and write docs/strength.md.")
def dev_mutate(
    exercises: tuple[str, ...], all_of_them: bool, jobs: int | None, as_json: bool, fresh: bool, record: bool
) -> None:
    """Change the reference in one place at a time and list the changes that the hidden tests do not notice.

    \b
    dlkit dev mutate softmax
    """
    from ..author.command import mutate_exercises

    sys.exit(mutate_exercises(exercises, all_of_them, jobs, as_json, fresh, record, say, Progress(not as_json)))


@dev.command("new")
@click.argument("slug")
@click.option("--number", type=click.IntRange(1, 999), required=True, help="The number of the exercise; never reused.")
@click.option("--torch", is_flag=True, help="A torch exercise.")
def dev_new(slug: str, number: int, torch: bool) -> None:
    """Write the files of a new exercise and its entry in the index, ready to be filled.

    \b
    dlkit dev new layer_norm --number 38
    """
    from ..author.new import create

    for line in create(slug, number, "torch" if torch else "numpy"):
        say(line)
