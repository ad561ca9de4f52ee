"""What a learner types."""

import sys
from pathlib import Path
from typing import Any

import click

from .console import Progress, colours, columns, print_report, progress_shown, say
from .options import EXERCISE


@click.command()
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
    from ..command import CheckRequest, run_check

    request = CheckRequest(exercise, file, seed, device, sandbox, timeout, only, require_gpu)
    progress = Progress(enabled=not as_json)
    if file is None and exercise.endswith(".ipynb"):
        _check_assignment(request, as_json, verbose, progress)
    outcome = run_check(request, sys.stdin.buffer, progress)
    progress.done()
    if as_json:
        import json

        say(json.dumps(outcome.result.to_json(), ensure_ascii=True, allow_nan=False))
    else:
        print_report(outcome.result, verbose)
        for note in (*outcome.remarks, *(outcome.notes if verbose else ())):
            say(note)
    sys.exit(outcome.exit_code)


def _check_assignment(request: Any, as_json: bool, verbose: bool, progress: "Progress") -> None:
    """All exercises of an assignment's notebook, then exit; returns where the notebook is that of one exercise."""
    import json

    from ..nbgrader.check import as_json as to_json
    from ..nbgrader.check import assignment_exercises, check_assignment, summary

    stems = assignment_exercises(request.exercise)
    outcomes = []
    for outcome in check_assignment(request, stems, sys.stdin.buffer, progress):
        outcomes.append(outcome)
        progress.done()
        if not as_json:
            print_report(outcome.result, verbose)
            say("")
    if stems:
        results = [o.result for o in outcomes]
        say(json.dumps(to_json(request.exercise, results), allow_nan=False) if as_json else summary(results))
        sys.exit(max(o.exit_code for o in outcomes))


@click.command()
@click.argument("folder", type=click.Path(file_okay=False), default=".")
@click.option("--track", multiple=True, metavar="A-R", help="Only these tracks.")
@click.option("--notebooks", is_flag=True, help="Notebooks instead of Python files.")
def init(folder: str, track: tuple[str, ...], notebooks: bool) -> None:
    """Make a workspace: the stubs in folders by track, ready to be filled. Again: adds what is missing.

    \b
    dlkit init my-exercises
    dlkit init . --track A --track C
    """
    from ..catalog import catalog, select
    from ..learner import workspace

    exercises = [e for t in track for e in select(catalog(), t, None, None, None)] if track else list(catalog())
    written = workspace.create(Path(folder), exercises, notebooks)
    say(f"{len(written)} files written in {folder}; nothing that was there has been changed.")
    if folder != ".":
        say(f"Next: cd {folder} && dlkit next")


@click.command("next")
def next_command() -> None:
    """Say which exercise to do now: the one begun last, else the first that is open.

    \b
    dlkit next
    """
    from ..catalog import catalog
    from ..learner import desk
    from ..render.learner import next_words

    place, known = desk.here(Path.cwd()), desk.standings()
    for words in desk.remarks(place, catalog(), known):
        click.echo(words, err=True)
    exercise = desk.next_exercise(desk.in_workspace(place, catalog()), known)
    file = place.file(exercise) or "" if exercise else ""
    say(next_words(exercise, str(file), columns(), colours()))


@click.command()
@click.argument("exercise", required=False, type=EXERCISE)
@click.option("--once", is_flag=True, help="Grade one time and leave (for scripts).")
def watch(exercise: str | None, once: bool) -> None:
    """Grade the current exercise each time you save it. Keys: h hint, n next, l list, r run again, q quit.

    \b
    dlkit watch
    dlkit watch softmax
    """
    from ..catalog import catalog
    from ..learner import desk
    from ..learner.watch import Screen, need_watchfiles
    from ..learner.watch import watch as follow
    from ..render.listing import listing
    from ..render.terminal import report

    need_watchfiles()
    live = sys.stdin.isatty() and sys.stdout.isatty() and not once
    screen = Screen(
        live,
        lambda text, clear: say(("\x1b[2J\x1b[H" if clear else "") + text),
        lambda result: report(result, columns(), colours()),
        lambda: listing(list(catalog()), columns(), colours(), None, desk.standings()),
    )
    place = desk.here(Path.cwd())
    for words in desk.remarks(place, catalog(), desk.standings()):
        click.echo(words, err=True)
    follow(place, catalog(), screen, catalog().find(exercise) if exercise else None, once)


@click.command("list")
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
    from ..catalog import catalog, select
    from ..learner.desk import in_state, standings
    from ..render.listing import listing, listing_json

    stand = standings()
    chosen = in_state(select(catalog(), track, framework, level, question), stand, state)
    say(listing_json(chosen) if as_json else listing(chosen, columns(), colours(), question, stand))


@click.command()
@click.argument("exercise", type=EXERCISE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(exercise: str, as_json: bool) -> None:
    """Print the statement of an exercise, the interview questions it answers and its prerequisites.

    \b
    dlkit show softmax
    dlkit show 7 | less
    """
    from ..catalog import catalog
    from ..render.listing import statement, statement_json

    found = catalog().find(exercise)
    say(statement_json(found) if as_json else statement(found, columns(), colours()))


@click.command()
@click.argument("exercise", type=EXERCISE)
def hint(exercise: str) -> None:
    """Give one hint more; there are three: a question, a direction, nearly the answer.

    \b
    dlkit hint softmax
    """
    from ..catalog import catalog
    from ..learner import desk
    from ..render.learner import hint_words

    found = catalog().find(exercise)
    with progress_shown() as progress:
        say(hint_words(found, desk.hint(found, progress), columns(), colours()))


@click.command()
@click.argument("exercise", type=EXERCISE)
@click.option("--give-up", is_flag=True, help="Before full marks, too; this is recorded.")
def solution(exercise: str, give_up: bool) -> None:
    """Show the reference, another right answer and the mistakes people make, once you have full marks.

    \b
    dlkit solution softmax
    dlkit solution softmax --give-up
    """
    from ..catalog import catalog
    from ..learner import desk
    from ..render.learner import solution_words
    from ..wrong import wrong_answers

    found = catalog().find(exercise)
    if not found.solution.is_file():
        raise click.UsageError("This kit for students holds no solutions.")
    with progress_shown() as progress:
        desk.may_see_solution(found, progress, give_up)
    answers, _ = wrong_answers(found)
    texts = (found.solution.read_text("utf-8"), found.right.read_text("utf-8"))
    say(solution_words(found, *texts, answers, columns(), colours()))


@click.command()
@click.argument("exercise", type=EXERCISE)
def reset(exercise: str) -> None:
    """Put a fresh stub in the workspace; your file is kept beside it as a backup.

    \b
    dlkit reset softmax
    """
    from ..catalog import catalog
    from ..learner import desk, workspace

    place, backup = workspace.reset(desk.here(Path.cwd()), catalog().find(exercise))
    say(f"A fresh stub is in {place}." + (f" Your file is kept as {backup}." if backup else ""))


@click.command("progress")
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

    from ..catalog import catalog
    from ..learner import desk
    from ..learner.history import history
    from ..render.learner import progress_words
    from ..render.progress_page import MARK, progress_page

    with progress_shown() as progress:
        if export:
            say(json.dumps(progress.export(), indent=1))
            return
        found = history(progress, date.today())
    if page is None:
        say(progress_words(list(catalog()), found, columns(), colours()))
        return
    desk.write_page(Path(page), progress_page(list(catalog()), found), MARK)
    say(f"Written: {page}. Open it in a browser.")


@click.command()
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
    from ..catalog import catalog
    from ..learner.interview import Sitting, running_or_new, sit
    from ..learner.interviews import need_running

    with progress_shown() as progress:
        if grade or end:
            need_running(progress)
        found = running_or_new(progress, Path.cwd(), catalog(), minutes, count, (track, level))
        sit(Sitting(progress, found, catalog()), _interview_screen(), grade, end)


def _interview_screen() -> Any:
    from ..learner.interview import Screen, follow_ups
    from ..render import interview as words

    live = sys.stdin.isatty() and sys.stdout.isatty()
    return Screen(
        live,
        lambda text: say(f"\r\x1b[2K{text}" if live else text),  # in the place of the countdown
        lambda left: click.echo("\r\x1b[2K" + words.countdown(left, columns()), nl=False),
        lambda found, files: words.opening(found, files, live, columns(), colours()),
        lambda graded: words.graded(graded, columns(), colours()),
        lambda found, graded: words.final(
            found, graded, {g.exercise.slug: follow_ups(g.exercise) for g in graded}, columns(), colours()
        ),
    )


@click.command()
@click.argument("exercise", required=False, type=EXERCISE)
@click.option("--start", is_flag=True, help="Begin with the most urgent one.")
def review(exercise: str | None, start: bool) -> None:
    """List the solved exercises that are due again (spaced repetition); with a name, begin one from a fresh stub.

    \b
    dlkit review
    dlkit review softmax
    """
    import time

    from ..catalog import catalog
    from ..learner import desk
    from ..learner import review as reviews
    from ..render.learner import review_begun_words, review_words

    with progress_shown() as progress:
        due = reviews.schedule(progress, catalog(), time.time())
        chosen = catalog().find(exercise) if exercise else due[0].exercise if start and due else None
        if chosen is None:
            say(review_words(due, time.time(), columns(), colours()))
            return
        stub, backup = reviews.begin(progress, desk.here(Path.cwd()), chosen)
        say(review_begun_words(chosen, str(stub), str(backup or ""), columns()))


@click.command()
def doctor() -> None:
    """Look at this machine: Python, packages, PyTorch, the sandbox; what is missing and the command that mends it.

    \b
    dlkit doctor
    """
    from ..learner.doctor import examine
    from ..render.learner import doctor_words

    broken = False
    for finding in examine():
        broken = broken or finding.state == "broken"
        say(doctor_words(finding, colours()))
    sys.exit(4 if broken else 0)


@click.command()
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
    from ..command import run_debug

    sys.exit(run_debug(exercise, check, file, seed))


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands, options and exercise names.

    \b
    dlkit completion bash > ~/.dlkit-complete.bash    then, in ~/.bashrc: . ~/.dlkit-complete.bash
    dlkit completion zsh  > ~/.dlkit-complete.zsh     then, in ~/.zshrc: . ~/.dlkit-complete.zsh
    dlkit completion fish > ~/.config/fish/completions/dlkit.fish
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    say(kind(context.find_root().command, {}, "dlkit", "_DLKIT_COMPLETE").source())
