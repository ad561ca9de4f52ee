"""The command `dlkit`: parse, call, render; nothing else. Imports stay inside the commands, for a quick start."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from dlkit.grader.result import Result

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _ExerciseName(click.ParamType[str]):
    """The name of an exercise, completed by the shell."""

    name = "exercise"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from dlkit.grader.catalog import catalog

        names = [n for e in catalog() for n in (e.slug, e.name)]
        return [CompletionItem(n) for n in names if n.startswith(incomplete)]


EXERCISE = _ExerciseName()
_SECONDS = click.option(
    "--timeout", type=click.FloatRange(1, 3600), metavar="SECONDS",
    help="For one submission (default 60); a call may take a sixth of it, or what its exercise says.",
)  # fmt: skip


# Commands that a kit for students (`dlkit bundle`) does not have, and the part of dlkit that they need.
_PARTS = {
    "grade": "batch", "merge": "batch", "export": "batch", "report": "batch",
    "nbgrader": "nbgrader/course.py", "bundle": "nbgrader/bundle.py", "dev": "author",
}  # fmt: skip


class _Group(click.Group):
    """Commands in the order a learner meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in self.commands if self.get_command(ctx, name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        part = _PARTS.get(cmd_name)
        missing = part is not None and not (Path(__file__).parent / "grader" / part).exists()
        return None if missing else super().get_command(ctx, cmd_name)


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
        _say(context.get_help())
    else:
        context.invoke(watch)


@cli.command()
@click.argument("exercise", type=EXERCISE)
@click.argument("file", required=False, type=click.Path(allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (schema dlkit.result/1) and nothing else.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Repeat a run: the seed that its report shows.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "sim"]), default="auto", help="For torch exercises."
)
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bwrap", "process"]),
    default="auto",
    help="Where the answer runs; auto takes bubblewrap where it works.",
)
@click.option("--timeout", type=click.FloatRange(0.1, 600), default=None, help="Seconds for one call (default 10).")
@click.option("--only", multiple=True, metavar="CHECK", help="Run this check alone; may be repeated.")
@click.option("--require-gpu", is_flag=True, help="A device check that does not pass means exit code 1.")
@click.option("-v", "--verbose", is_flag=True, help="Say every detail, and what the sandbox lacks.")
def check(
    exercise: str, file: str | None, as_json: bool, seed: int | None, device: str, sandbox: str, timeout: float | None,
    only: tuple[str, ...], require_gpu: bool, verbose: bool,
) -> None:  # fmt: skip
    """Grade an answer and name its mistakes.

    EXERCISE is `exercise_07`, `07`, `7`, `softmax`, a unique prefix, or a path. FILE is the answer: a Python file, a
    notebook, or `-` for standard input; without it, your copy in the workspace or in this folder. The notebook of an
    assignment alone (`dlkit check ps1.ipynb`) means all its exercises.

    \b
    dlkit check softmax
    dlkit check exercise_07 my_answer.py --only stability
    dlkit check 7 - --json < my_answer.py

    Exit codes: 0 full marks, 1 less, 2 usage, 3 a fault of dlkit, 4 something is missing on this machine.
    """
    from dlkit.grader.command import CheckRequest, run_check

    request = CheckRequest(exercise, file, seed, device, sandbox, timeout, only, require_gpu)
    progress = _Progress(enabled=not as_json)
    if file is None and exercise.endswith(".ipynb"):
        _check_assignment(request, as_json, verbose, progress)
    outcome = run_check(request, sys.stdin.buffer, progress)
    progress.done()
    if as_json:
        import json

        _say(json.dumps(outcome.result.to_json(), ensure_ascii=True, allow_nan=False))
    else:
        _print_report(outcome.result, verbose)
        for note in (*outcome.remarks, *(outcome.notes if verbose else ())):
            _say(note)
    sys.exit(outcome.exit_code)


def _check_assignment(request: Any, as_json: bool, verbose: bool, progress: "_Progress") -> None:
    """All exercises of an assignment's notebook, then exit; returns where the notebook is that of one exercise."""
    import json

    from dlkit.grader.nbgrader.check import as_json as to_json
    from dlkit.grader.nbgrader.check import assignment_exercises, check_assignment, summary

    stems = assignment_exercises(request.exercise)
    outcomes = []
    for outcome in check_assignment(request, stems, sys.stdin.buffer, progress):
        outcomes.append(outcome)
        progress.done()
        if not as_json:
            _print_report(outcome.result, verbose)
            _say("")
    if stems:
        results = [o.result for o in outcomes]
        _say(json.dumps(to_json(request.exercise, results), allow_nan=False) if as_json else summary(results))
        sys.exit(max(o.exit_code for o in outcomes))


@cli.command()
@click.argument("folder", type=click.Path(file_okay=False), default=".")
@click.option("--track", multiple=True, metavar="A-R", help="Only these tracks.")
@click.option("--notebooks", is_flag=True, help="Notebooks instead of Python files.")
def init(folder: str, track: tuple[str, ...], notebooks: bool) -> None:
    """Make a workspace: the stubs in folders by track, ready to be filled. Again: adds what is missing.

    \b
    dlkit init my-exercises
    dlkit init . --track A --track C
    """
    from dlkit.grader.catalog import catalog, select
    from dlkit.grader.learner import workspace

    exercises = [e for t in track for e in select(catalog(), t, None, None, None)] if track else list(catalog())
    written = workspace.create(Path(folder), exercises, notebooks)
    _say(f"{len(written)} files written in {folder}; nothing that was there has been changed.")
    if folder != ".":
        _say(f"Next: cd {folder} && dlkit next")


@cli.command("next")
def next_command() -> None:
    """Say which exercise to do now: the one begun last, else the first that is open.

    \b
    dlkit next
    """
    from dlkit.grader.catalog import catalog
    from dlkit.grader.learner import desk
    from dlkit.grader.render.learner import next_words

    place, known = desk.here(Path.cwd()), desk.standings()
    for words in desk.remarks(place, catalog(), known):
        click.echo(words, err=True)
    exercise = desk.next_exercise(desk.in_workspace(place, catalog()), known)
    file = place.file(exercise) or "" if exercise else ""
    _say(next_words(exercise, str(file), _width(), _style()))


@cli.command()
@click.argument("exercise", required=False, type=EXERCISE)
@click.option("--once", is_flag=True, help="Grade one time and leave (for scripts).")
def watch(exercise: str | None, once: bool) -> None:
    """Grade the current exercise each time you save it. Keys: h hint, n next, l list, r run again, q quit.

    \b
    dlkit watch
    dlkit watch softmax
    """
    from dlkit.grader.catalog import catalog
    from dlkit.grader.learner import desk
    from dlkit.grader.learner.watch import Screen, need_watchfiles
    from dlkit.grader.learner.watch import watch as follow
    from dlkit.grader.render.listing import listing
    from dlkit.grader.render.terminal import report

    need_watchfiles()
    live = sys.stdin.isatty() and sys.stdout.isatty() and not once
    screen = Screen(
        live,
        lambda text, clear: _say(("\x1b[2J\x1b[H" if clear else "") + text),
        lambda result: report(result, _width(), _style()),
        lambda: listing(list(catalog()), _width(), _style(), None, desk.standings()),
    )
    place = desk.here(Path.cwd())
    for words in desk.remarks(place, catalog(), desk.standings()):
        click.echo(words, err=True)
    follow(place, catalog(), screen, catalog().find(exercise) if exercise else None, once)


@cli.command("list")
@click.option("--track", metavar="A-R", help="Only this track, by its letter or a word of its name.")
@click.option("--framework", type=click.Choice(["numpy", "torch"]), help="Only exercises in this framework.")
@click.option("--level", type=click.IntRange(1, 5), help="Only this level: 1 warm-up … 5 hard.")
@click.option("--state", type=click.Choice(["open", "started", "solved"]), help="Only exercises where you stand so.")
@click.option("--question", metavar="TEXT", help="Only exercises that answer an interview question with these words.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_command(
    track: str | None, framework: str | None, level: int | None, state: str | None, question: str | None, as_json: bool
) -> None:
    """List the exercises in teaching order.

    \b
    dlkit list
    dlkit list --track optimizers --level 2
    dlkit list --question "vanishing gradient"
    """
    from dlkit.grader.catalog import catalog, select
    from dlkit.grader.learner.desk import in_state, standings
    from dlkit.grader.render.listing import listing, listing_json

    stand = standings()
    chosen = in_state(select(catalog(), track, framework, level, question), stand, state)
    _say(listing_json(chosen) if as_json else listing(chosen, _width(), _style(), question, stand))


@cli.command()
@click.argument("exercise", type=EXERCISE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(exercise: str, as_json: bool) -> None:
    """Print the statement of an exercise, the interview questions it answers and its prerequisites.

    \b
    dlkit show softmax
    dlkit show 7 | less
    """
    from dlkit.grader.catalog import catalog
    from dlkit.grader.render.listing import statement, statement_json

    found = catalog().find(exercise)
    _say(statement_json(found) if as_json else statement(found, _width(), _style()))


@cli.command()
@click.argument("exercise", type=EXERCISE)
def hint(exercise: str) -> None:
    """Give one hint more; there are three: a question, a direction, nearly the answer.

    \b
    dlkit hint softmax
    """
    from dlkit.grader.catalog import catalog
    from dlkit.grader.learner import desk
    from dlkit.grader.render.learner import hint_words

    found = catalog().find(exercise)
    with _progress() as progress:
        _say(hint_words(found, desk.hint(found, progress), _width(), _style()))


@cli.command()
@click.argument("exercise", type=EXERCISE)
@click.option("--give-up", is_flag=True, help="Before full marks, too; this is recorded.")
def solution(exercise: str, give_up: bool) -> None:
    """Show the reference, another right answer and the mistakes people make, once you have full marks.

    \b
    dlkit solution softmax
    dlkit solution softmax --give-up
    """
    from dlkit.grader.catalog import catalog
    from dlkit.grader.learner import desk
    from dlkit.grader.render.learner import solution_words
    from dlkit.grader.wrong import wrong_answers

    found = catalog().find(exercise)
    if not found.solution.is_file():
        raise click.UsageError("This kit for students holds no solutions.")
    with _progress() as progress:
        desk.may_see_solution(found, progress, give_up)
    answers, _ = wrong_answers(found)
    texts = (found.solution.read_text("utf-8"), found.right.read_text("utf-8"))
    _say(solution_words(found, *texts, answers, _width(), _style()))


@cli.command()
@click.argument("exercise", type=EXERCISE)
def reset(exercise: str) -> None:
    """Put a fresh stub in the workspace; your file is kept beside it as a backup.

    \b
    dlkit reset softmax
    """
    from dlkit.grader.catalog import catalog
    from dlkit.grader.learner import desk, workspace

    place, backup = workspace.reset(desk.here(Path.cwd()), catalog().find(exercise))
    _say(f"A fresh stub is in {place}." + (f" Your file is kept as {backup}." if backup else ""))


@cli.command("progress")
@click.option("--export", is_flag=True, help="Print everything as one JSON object.")
@click.option("--html", "page", metavar="FILE", type=click.Path(dir_okay=False), help="Write a page with pictures.")
def progress_command(export: bool, page: str | None) -> None:
    """Show how far you have come: points per track and over time, attempts, hints, time to full marks, days in a row.

    \b
    dlkit progress
    dlkit progress --html progress.html
    dlkit progress --export > progress.json
    """
    import json
    from datetime import date

    from dlkit.grader.catalog import catalog
    from dlkit.grader.learner import desk
    from dlkit.grader.learner.history import history
    from dlkit.grader.render.learner import progress_words
    from dlkit.grader.render.progress_page import MARK, progress_page

    with _progress() as progress:
        if export:
            _say(json.dumps(progress.export(), indent=1))
            return
        found = history(progress, date.today())
    if page is None:
        _say(progress_words(list(catalog()), found, _width(), _style()))
        return
    desk.write_page(Path(page), progress_page(list(catalog()), found), MARK)
    _say(f"Written: {page}. Open it in a browser.")


@cli.command()
@click.option("--minutes", type=click.IntRange(1, 480), default=45, show_default=True, help="How long it lasts.")
@click.option("--count", type=click.IntRange(1, 10), default=2, show_default=True, help="How many exercises.")
@click.option("--track", metavar="A-R", help="Only this track, by its letter or a word of its name.")
@click.option("--level", type=click.IntRange(1, 5), help="Only this level.")
@click.option("--grade", is_flag=True, help="Say the points so far, in the running interview.")
@click.option("--end", is_flag=True, help="End the running interview: the report.")
def interview(minutes: int, count: int, track: str | None, level: int | None, grade: bool, end: bool) -> None:
    """Sit an interview: exercises you have not solved lately, fresh stubs, a countdown, no hints; a report at the end.

    It goes on when the terminal is closed; the same command comes back to it.

    \b
    dlkit interview
    dlkit interview --minutes 30 --count 1 --track optimizers
    dlkit interview --grade
    """
    from dlkit.grader.catalog import catalog
    from dlkit.grader.learner.interview import Sitting, running_or_new, sit
    from dlkit.grader.learner.interviews import need_running

    with _progress() as progress:
        if grade or end:
            need_running(progress)
        found = running_or_new(progress, Path.cwd(), catalog(), minutes, count, (track, level))
        sit(Sitting(progress, found, catalog()), _interview_screen(), grade, end)


def _interview_screen() -> Any:
    from dlkit.grader.learner.interview import Screen, follow_ups
    from dlkit.grader.render import interview as words

    live = sys.stdin.isatty() and sys.stdout.isatty()
    return Screen(
        live,
        lambda text: _say(f"\r\x1b[2K{text}" if live else text),  # in the place of the countdown
        lambda left: click.echo("\r\x1b[2K" + words.countdown(left, _width()), nl=False),
        lambda found, files: words.opening(found, files, live, _width(), _style()),
        lambda graded: words.graded(graded, _width(), _style()),
        lambda found, graded: words.final(
            found, graded, {g.exercise.slug: follow_ups(g.exercise) for g in graded}, _width(), _style()
        ),
    )


@cli.command()
@click.argument("exercise", required=False, type=EXERCISE)
@click.option("--start", is_flag=True, help="Begin with the most urgent one.")
def review(exercise: str | None, start: bool) -> None:
    """List the solved exercises that are due again (spaced repetition); with a name, begin one from a fresh stub.

    \b
    dlkit review
    dlkit review softmax
    """
    import time

    from dlkit.grader.catalog import catalog
    from dlkit.grader.learner import desk
    from dlkit.grader.learner import review as reviews
    from dlkit.grader.render.learner import review_begun_words, review_words

    with _progress() as progress:
        due = reviews.schedule(progress, catalog(), time.time())
        chosen = catalog().find(exercise) if exercise else due[0].exercise if start and due else None
        if chosen is None:
            _say(review_words(due, time.time(), _width(), _style()))
            return
        stub, backup = reviews.begin(progress, desk.here(Path.cwd()), chosen)
        _say(review_begun_words(chosen, str(stub), str(backup or ""), _width()))


@cli.command()
def doctor() -> None:
    """Look at this machine: Python, packages, PyTorch, the sandbox; what is missing and the command that mends it.

    \b
    dlkit doctor
    """
    from dlkit.grader.learner.doctor import examine
    from dlkit.grader.render.learner import doctor_words

    broken = False
    for finding in examine():
        broken = broken or finding.state == "broken"
        _say(doctor_words(finding, _style()))
    sys.exit(4 if broken else 0)


@cli.command()
@click.argument("exercise", type=EXERCISE)
@click.argument("check", metavar="CHECK")
@click.argument("file", required=False, type=click.Path())
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, help="As the report of `dlkit check` shows it.")
def debug(exercise: str, check: str, file: str | None, seed: int) -> None:
    """Run one check in one process, without the sandbox, so that breakpoint() and print work in your code.

    For your own code only: nothing is isolated here. FILE is found as by `dlkit check`.

    \b
    dlkit debug softmax stability my_softmax.py
    """
    from dlkit.grader.command import run_debug

    sys.exit(run_debug(exercise, check, file, seed))


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes a shell complete commands, options and exercise names.

    \b
    dlkit completion bash > ~/.dlkit-complete.bash    then, in ~/.bashrc: . ~/.dlkit-complete.bash
    dlkit completion zsh  > ~/.dlkit-complete.zsh     then, in ~/.zshrc: . ~/.dlkit-complete.zsh
    dlkit completion fish > ~/.config/fish/completions/dlkit.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    _say(kind(cli, {}, "dlkit", "_DLKIT_COMPLETE").source())


@cli.command()
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
@_SECONDS
@click.option("--resume", is_flag=True, help="Insist that the results file is there already.")
def grade(
    folder: str, out: str, exercises: tuple[str, ...], jobs: int | None, seed: int | None, sandbox: str, engine: str,
    address: str | None, gpu: float, no_cluster_auth: bool, shard: str | None, timeout: float | None,
    resume: bool,
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
    from dlkit.grader.batch.command import GradeRequest, run_grade
    from dlkit.grader.batch.screen import Screen

    request = GradeRequest(
        folder, out, exercises, jobs, seed, sandbox, engine, resume, address, not no_cluster_auth, gpu, shard, timeout
    )
    live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    sys.exit(run_grade(request, Screen(sys.stdout, sys.stderr if live else None)))


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(), metavar="RESULTS...")
@click.option("--out", required=True, type=click.Path(), metavar="FILE", help="The results file to make, or to add to.")
def merge(files: tuple[str, ...], out: str) -> None:
    """Join the results files of one class, graded in parts, into one. Again: nothing changes.

    \b
    dlkit merge results.1.db results.2.db --out results.db
    """
    from dlkit.grader.batch.merge import merge_files

    for line in merge_files([Path(f) for f in files], Path(out)):
        _say(line)


_LATE = (
    click.option("--policy", type=click.Choice(["best", "last"]), default="best", help="Which attempt counts."),
    click.option("--due", metavar="DATE", help="When answers were due: 2026-03-01, or '2026-03-01 18:00'."),
    click.option(
        "--late-percent", type=click.FloatRange(0, 100), default=0.0, help="Points off for each day begun after --due."
    ),
    click.option("--anonymous", is_flag=True, help="Pseudonyms instead of names, the same in every output."),
    click.option("--force", is_flag=True, help="Replace what is there."),
)


def _with_late(command: Any) -> Any:
    """The options that `export` and `report` share."""
    for option in reversed(_LATE):
        command = option(command)
    return command


@cli.command()
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
    from dlkit.grader.batch.export import ExportRequest, run_export

    request = ExportRequest(results, kind, out, exercises, policy, due, late_percent, anonymous, roster, force)
    run_export(request, lambda words: click.echo(words, err=True))


@cli.command()
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
    from dlkit.grader.batch.export import due_moment
    from dlkit.grader.batch.gradebook import Policy
    from dlkit.grader.batch.report import ReportRequest, run_report

    counted = Policy(policy, due_moment(due), late_percent)
    made = run_report(ReportRequest(results, html, counted, anonymous, force))
    _say(f"{html}: {len(made.students)} students, {len(made.parts)} exercises")


@cli.group("nbgrader")
def nbgrader_group() -> None:
    """For instructors: assignments through nbgrader, graded safely. See docs/instructors.md."""


_POINTS = click.option("--points", multiple=True, metavar="N|EX=N", help="Points for each exercise, or for one.")
_TITLE = click.option("--title", help="The heading of the notebook.")
_ASSIGNMENT = click.option("--assignment", required=True, metavar="NAME", help="The name of the assignment: ps1.")
_COURSE = click.option("--course", type=click.Path(file_okay=False), default=".", help="The course folder (here).")
_EXERCISES = click.argument("exercises", nargs=-1, required=True, type=EXERCISE)


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
    from dlkit.grader.nbgrader import course as courses

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
    from dlkit.grader.nbgrader import course as courses

    _said_written(courses.add(Path(course), assignment, title, courses.items(exercises, points)), course, assignment)


def _said_written(written: list[Path], course: str, assignment: str) -> None:
    for path in written:
        _say(f"written: {path}")
    _say(f"Next: cd {course} && nbgrader generate_assignment {assignment}")


@nbgrader_group.command("autograde")
@click.argument("assignment")
@_COURSE
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Worker processes (default: one per core).")
@click.option("--student", default="*", help="Only this student.")
@click.option("--force", is_flag=True, help="Again, also what is graded already.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Instead of the course's secret seed.")
@click.option("--sandbox", type=click.Choice(["bwrap", "process"]), help="Where answers run (default: bwrap).")
@_SECONDS
def nbgrader_autograde(
    assignment: str, course: str, jobs: int | None, student: str, force: bool, seed: int | None, sandbox: str | None,
    timeout: float | None,
) -> None:  # fmt: skip
    """Grade what was handed in and is not graded yet: `nbgrader autograde`, in parallel.

    \b
    dlkit nbgrader autograde ps1
    dlkit nbgrader autograde ps1 --jobs 8 --force
    """
    from dlkit.grader.nbgrader import need_nbgrader

    need_nbgrader()
    from dlkit.grader.nbgrader.autograde import Wanted, autograde
    from dlkit.grader.nbgrader.scores import summary_words

    progress = _Progress()
    wanted = Wanted(Path(course), assignment, jobs or os.cpu_count() or 1, force, student, seed, sandbox, timeout)
    done = autograde(wanted, progress)
    progress.done()
    _say(summary_words(done))
    sys.exit(3 if done.problems else 0)


@nbgrader_group.command("grade")
@click.argument("folder", type=click.Path(file_okay=False, exists=True))
@_ASSIGNMENT
@_COURSE
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Worker processes (default: one per core).")
@click.option("--sandbox", type=click.Choice(["bwrap", "process"]), help="Where answers run (default: bwrap).")
@_SECONDS
def nbgrader_grade(
    folder: str, assignment: str, course: str, jobs: int | None, sandbox: str | None, timeout: float | None
) -> None:
    """Grade FOLDER/<student>/exercise_NN_slug.py into the gradebook, for courses that collect Python files.

    \b
    dlkit nbgrader grade handed-in --assignment ps1 --course my-course
    """
    from dlkit.grader.nbgrader import need_nbgrader

    need_nbgrader()
    from dlkit.grader.nbgrader.autograde import Wanted, autograde
    from dlkit.grader.nbgrader.direct import take
    from dlkit.grader.nbgrader.scores import summary_words

    taken = take(Path(folder), Path(course), assignment)
    for problem in taken.problems:
        click.echo(problem, err=True)
    progress = _Progress()
    jobs = jobs or os.cpu_count() or 1
    done = autograde(Wanted(Path(course), assignment, jobs, sandbox=sandbox, timeout=timeout), progress)
    progress.done()
    _say(summary_words(done))
    sys.exit(3 if done.problems else 0)


@cli.command()
@click.option("--students", "out", required=True, type=click.Path(), metavar="OUT", help="The folder to write.")
def bundle(out: str) -> None:
    """Write an installable kit for students: no solutions, no known-wrong answers, no hidden tests.

    \b
    dlkit bundle --students dlkit-students
    """
    from dlkit.grader.nbgrader.bundle import bundle as write

    _say(f"{len(write(Path(out)))} files written in {out}. Students install it: pip install {out}")


@cli.group()
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
    from dlkit.grader.author.command import check_exercises

    sys.exit(check_exercises(exercises, all_of_them, seeds, jobs, fresh, _say, _Progress()))


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
    from dlkit.grader.author.command import mutate_exercises

    sys.exit(mutate_exercises(exercises, all_of_them, jobs, as_json, fresh, record, _say, _Progress(not as_json)))


@dev.command("new")
@click.argument("slug")
@click.option("--number", type=click.IntRange(1, 999), required=True, help="The number of the exercise; never reused.")
@click.option("--torch", is_flag=True, help="A torch exercise.")
def dev_new(slug: str, number: int, torch: bool) -> None:
    """Write the files of a new exercise and its entry in the index, ready to be filled.

    \b
    dlkit dev new layer_norm --number 38
    """
    from dlkit.grader.author.new import create

    for line in create(slug, number, "torch" if torch else "numpy"):
        _say(line)


@contextlib.contextmanager
def _progress() -> Iterator[Any]:
    """The learner's progress, with its remarks said; where it cannot be kept, a sentence and exit code 4."""
    from dlkit.grader.errors import MissingOnMachine
    from dlkit.grader.learner.progress import ProgressUnavailable, opened

    try:
        with opened() as progress:
            for note in progress.notes:
                click.echo(note, err=True)
            yield progress
    except ProgressUnavailable as error:
        raise MissingOnMachine(f"{error}. Set XDG_DATA_HOME to a folder that you may write.") from None


class _Progress:
    """One line on a terminal that says what runs; nothing in a pipe."""

    def __init__(self, enabled: bool = True) -> None:
        self._live = enabled and sys.stderr.isatty()

    def __call__(self, words: str) -> None:
        if self._live:
            width = _width()
            click.echo("\r\x1b[2K" + f"… {words}"[: width - 1], nl=False, err=True)

    def done(self) -> None:
        if self._live:
            click.echo("\r\x1b[2K", nl=False, err=True)


def _say(text: str) -> None:
    """Print; a reader that has enough (`| head`) is no error and changes no exit code."""
    try:
        click.echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).columns


def _style() -> Any:
    from dlkit.grader.render.terminal import no_style

    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return no_style if plain else click.style


def _print_report(result: "Result", verbose: bool) -> None:
    from dlkit.grader.render.terminal import report

    _say(report(result, _width(), _style(), verbose))


def main() -> None:
    """Run the command line; every error of ours becomes one sentence and an exit code."""
    from dlkit.grader.errors import DlkitError

    for stream in (sys.stdout, sys.stderr):  # a terminal in another encoding shows `?` rather than a traceback
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        cli.main(standalone_mode=False, prog_name="dlkit")
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
