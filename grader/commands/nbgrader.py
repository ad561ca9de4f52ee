"""`dlkit nbgrader …`."""

import os
import sys
from pathlib import Path

import click

from .console import Progress, say
from .options import EXERCISE, SECONDS

_EXERCISES = click.argument("exercises", nargs=-1, required=True, type=EXERCISE)
_ASSIGNMENT = click.option("--assignment", required=True, metavar="NAME", help="The name of the assignment: ps1.")
_POINTS = click.option("--points", multiple=True, metavar="N|EX=N", help="Points for each exercise, or for one.")
_TITLE = click.option("--title", help="The heading of the notebook.")
_COURSE = click.option("--course", type=click.Path(file_okay=False), default=".", help="The course folder (here).")


@click.group("nbgrader")
def nbgrader_group() -> None:
    """For instructors: assignments through nbgrader, graded safely. See docs/instructors.md."""


@nbgrader_group.command("init")
@click.argument("course", type=click.Path(file_okay=False))
@_EXERCISES
@_ASSIGNMENT
@_POINTS
@_TITLE
@click.option("--course-id", help="The course's name in nbgrader (default: that of the folder).")
@click.option("--exchange", type=click.Path(file_okay=False), help="The folder for handing out and in.")
def nbgrader_init(
    course: str, exercises: tuple[str, ...], assignment: str, points: tuple[str, ...], title: str | None,
    course_id: str | None, exchange: str | None,
) -> None:  # fmt: skip
    """Make a course folder with a first assignment. Then nbgrader's own commands take over.

    \b
    dlkit nbgrader init my-course --assignment ps1 softmax backprop
    cd my-course && nbgrader generate_assignment ps1
    """
    from ..nbgrader import course as courses

    items = courses.items(exercises, points)
    courses.check_new(Path(course), assignment, items)
    written = courses.init(Path(course), course_id, Path(exchange) if exchange else None)
    written += courses.add(Path(course), assignment, title, items)
    _said_written(written, course, assignment)


@nbgrader_group.command("add")
@click.argument("course", type=click.Path(file_okay=False))
@_EXERCISES
@_ASSIGNMENT
@_POINTS
@_TITLE
def nbgrader_add(
    course: str, exercises: tuple[str, ...], assignment: str, points: tuple[str, ...], title: str | None
) -> None:
    """Add an assignment to a course folder.

    \b
    dlkit nbgrader add my-course --assignment ps2 --points 20 --points softmax=40 softmax momentum
    """
    from ..nbgrader import course as courses

    _said_written(courses.add(Path(course), assignment, title, courses.items(exercises, points)), course, assignment)


def _said_written(written: list[Path], course: str, assignment: str) -> None:
    for path in written:
        say(f"written: {path}")
    say(f"Next: cd {course} && nbgrader generate_assignment {assignment}")


@nbgrader_group.command("autograde")
@click.argument("assignment")
@_COURSE
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Worker processes (default: one per core).")
@click.option("--student", default="*", help="Only this student.")
@click.option("--force", is_flag=True, help="Again, also what is graded already.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Instead of the course's secret seed.")
@click.option("--sandbox", type=click.Choice(["bwrap", "process"]), help="Where answers run (default: bwrap).")
@SECONDS
def nbgrader_autograde(
    assignment: str, course: str, jobs: int | None, student: str, force: bool, seed: int | None, sandbox: str | None,
    timeout: float | None,
) -> None:  # fmt: skip
    """Grade what was handed in and is not graded yet: `nbgrader autograde`, in parallel.

    \b
    dlkit nbgrader autograde ps1
    dlkit nbgrader autograde ps1 --jobs 8 --force
    """
    from ..nbgrader import need_nbgrader

    need_nbgrader()
    from ..nbgrader.autograde import Wanted, autograde
    from ..nbgrader.scores import summary_words

    progress = Progress()
    wanted = Wanted(Path(course), assignment, jobs or os.cpu_count() or 1, force, student, seed, sandbox, timeout)
    done = autograde(wanted, progress)
    progress.done()
    say(summary_words(done))
    sys.exit(3 if done.problems else 0)


@nbgrader_group.command("grade")
@click.argument("folder", type=click.Path(file_okay=False, exists=True))
@_ASSIGNMENT
@_COURSE
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Worker processes (default: one per core).")
@click.option("--sandbox", type=click.Choice(["bwrap", "process"]), help="Where answers run (default: bwrap).")
@SECONDS
def nbgrader_grade(
    folder: str, assignment: str, course: str, jobs: int | None, sandbox: str | None, timeout: float | None
) -> None:
    """Grade FOLDER/<student>/exercise_NN_slug.py into the gradebook, for courses that collect Python files.

    \b
    dlkit nbgrader grade handed-in --assignment ps1 --course my-course
    """
    from ..nbgrader import need_nbgrader

    need_nbgrader()
    from ..nbgrader.autograde import Wanted, autograde
    from ..nbgrader.direct import take
    from ..nbgrader.scores import summary_words

    taken = take(Path(folder), Path(course), assignment)
    for problem in taken.problems:
        click.echo(problem, err=True)
    progress = Progress()
    jobs = jobs or os.cpu_count() or 1
    done = autograde(Wanted(Path(course), assignment, jobs, sandbox=sandbox, timeout=timeout), progress)
    progress.done()
    say(summary_words(done))
    sys.exit(3 if done.problems else 0)
