"""What an instructor types: a class graded, told, exported."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from .console import say
from .options import EXERCISE, SECONDS

_LATE = (
    click.option("--policy", type=click.Choice(["best", "last"]), default="best", help="Which attempt counts."),
    click.option("--due", metavar="DATE", help="When answers were due: 2026-03-01, or '2026-03-01 18:00'."),
    click.option(
        "--late-percent", type=click.FloatRange(0, 100), default=0.0, help="Points off for each day begun after --due."
    ),
    click.option("--anonymous", is_flag=True, help="Pseudonyms instead of names, the same in every output."),
    click.option("--force", is_flag=True, help="Replace what is there."),
)


@click.command()
@click.argument("folder", type=click.Path())
@click.option("--out", required=True, type=click.Path(), metavar="FILE", help="The results file (results.db).")
@click.option("--exercise", "exercises", multiple=True, type=EXERCISE, help="Only this exercise; may be repeated.")
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Worker processes (default: one per core).")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="The class's seed (default: a secret one).")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bwrap", "process"]),
    default="auto",
    help="auto is bubblewrap, or nothing; process has to be said.",
)
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", help="Where grading runs.")
@click.option("--address", metavar="HOST:PORT", help="The Ray cluster's head, with --engine ray.")
@click.option(
    "--gpu", type=click.FloatRange(0, 64), default=0.0, help="GPU per torch submission on Ray; 0.25: a share."
)
@click.option("--no-cluster-auth", is_flag=True, help="Join a Ray cluster that asks nobody for a token.")
@click.option("--shard", metavar="I/N", help="Grade only the I-th of N parts; needs --seed. `dlkit merge` joins them.")
@SECONDS
@click.option(
    "--device",
    type=click.Choice(["none", "auto", "cpu", "sim", "cuda"]),
    help="Where torch answers are checked beside the score (default: nowhere).",
)
@click.option("--resume", is_flag=True, help="Insist that the results file is there already.")
def grade(
    folder: str, out: str, exercises: tuple[str, ...], jobs: int | None, seed: int | None, sandbox: str, engine: str,
    address: str | None, gpu: float, no_cluster_auth: bool, shard: str | None, timeout: float | None,
    device: str | None, resume: bool,
) -> None:  # fmt: skip
    """Grade a whole class; stopped at any moment, the same command goes on.

    FOLDER holds STUDENT/exercise_NN_slug.py (or .ipynb), or archives as learning platforms export them; an archive may
    stand for the folder. With one --exercise, STUDENT/ANYTHING.py will do. Again: only what is new or changed.

    \b
    dlkit grade submissions --out results.db
    dlkit grade moodle-export.zip --out results.db --exercise softmax
    dlkit grade submissions --out results.db --engine ray --address 10.0.0.5:6379
    dlkit grade submissions --out results.2.db --seed 7 --shard 2/8

    Exit codes: 0 everything has a verdict, 2 usage, 3 a fault of dlkit, 4 no sandbox, PyTorch or cluster.
    """
    from ..batch.command import GradeRequest, run_grade
    from ..batch.screen import Screen

    request = GradeRequest(
        folder, out, exercises, jobs, seed, sandbox, engine, resume, address, not no_cluster_auth, gpu, shard, timeout,
        device,
    )  # fmt: skip
    live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    sys.exit(run_grade(request, Screen(sys.stdout, sys.stderr if live else None)))


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(), metavar="RESULTS...")
@click.option("--out", required=True, type=click.Path(), metavar="FILE", help="The results file to make, or to add to.")
def merge(files: tuple[str, ...], out: str) -> None:
    """Join the results files of one class, graded in parts, into one. Again: nothing changes.

    \b
    dlkit merge results.1.db results.2.db --out results.db
    """
    from ..batch.merge import merge_files

    for line in merge_files([Path(f) for f in files], Path(out)):
        say(line)


def _with_late(command: Any) -> Any:
    """The options that `export` and `report` share."""
    for option in reversed(_LATE):
        command = option(command)
    return command


@click.command()
@click.argument("results", required=False, type=click.Path())
@click.option(
    "--format",
    "kind",
    required=True,
    type=click.Choice(
        ["csv", "json", "junit", "gradescope", "canvas", "nbgrader", "feedback", "gradescope-autograder"]
    ),
    help="feedback: one HTML page per student.",
)
@click.option("--out", type=click.Path(), help="File, or folder where the format is one. Default: standard output.")
@click.option("--exercise", "exercises", multiple=True, type=EXERCISE, help="Only this exercise; may be repeated.")
@click.option("--roster", type=click.Path(), help="For canvas: the gradebook as Canvas exports it, with its ids.")
@_with_late
def export(
    results: str | None, kind: str, out: str | None, exercises: tuple[str, ...], roster: str | None, policy: str,
    due: str | None, late_percent: float, anonymous: bool, force: bool,
) -> None:  # fmt: skip
    """Write results for other programs, and feedback for students.

    \b
    dlkit export results.db --format csv --out grades.csv
    dlkit export results.db --format canvas --roster canvas.csv --due 2026-03-01 --late-percent 10
    dlkit export results.db --format feedback --out feedback
    dlkit export --format gradescope-autograder --exercise softmax --out autograder
    """
    from ..batch.export import ExportRequest, run_export

    request = ExportRequest(results, kind, out, exercises, policy, due, late_percent, anonymous, roster, force)
    run_export(request, lambda words: click.echo(words, err=True))


@click.command()
@click.argument("results", type=click.Path())
@click.option("--html", required=True, type=click.Path(), metavar="FILE", help="The page to write.")
@_with_late
def report(
    results: str, html: str, policy: str, due: str | None, late_percent: float, anonymous: bool, force: bool
) -> None:
    """Write the picture of the class: one page with scores, misconceptions, hard checks and who is alike.

    \b
    dlkit report results.db --html report.html
    dlkit report results.db --html report.html --anonymous
    """
    from ..batch.export import due_moment
    from ..batch.gradebook import Policy
    from ..batch.report import ReportRequest, run_report
    from ..text import counted

    what_counts = Policy(policy, due_moment(due), late_percent)
    made = run_report(ReportRequest(results, html, what_counts, anonymous, force))
    say(f"{html}: {counted(len(made.students), 'student')}, {counted(len(made.parts), 'exercise')}")


@click.command()
@click.option("--students", "out", required=True, type=click.Path(), metavar="OUT", help="The folder to write.")
def bundle(out: str) -> None:
    """Write an installable kit for students: no solutions, no known-wrong answers, no hidden tests.

    \b
    dlkit bundle --students dlkit-students
    """
    from ..nbgrader.bundle import bundle as write

    say(f"{len(write(Path(out)))} files written in {out}. Students install it: pip install {out}")
