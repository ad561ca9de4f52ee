"""Solved exercises that are due again, by spaced repetition (FSRS): `dlkit review`.

What is kept is the history (progress.py): when an exercise was solved, and how each review and interview went. The
schedule follows from it whenever it is asked for, so that a newer scheduler needs no migration.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..catalog import Catalog, Exercise, catalog
from ..errors import UsageProblem
from ..result import Result
from . import interviews
from .progress import Progress, Standing
from .workspace import Workspace, fresh_stub

AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4
FOLDER = "reviews"


@dataclass(frozen=True)
class Due:
    """A solved exercise: when it is to be done again, and the chance (0 to 1) that it is still known."""

    exercise: Exercise
    at: float
    recall: float
    reviews: int


def schedule(progress: Progress, exercises: Catalog, now: float) -> list[Due]:
    """Every solved exercise, the most urgent first."""
    known = progress.standings()
    histories: dict[str, list[tuple[float, int]]] = {}
    for slug, s in known.items():
        if s.solved_at is not None:
            histories[slug] = [(s.solved_at, first_rating(s, _hints(progress, slug, s.solved_at)))]
    for slug, at, rating in _later(progress):
        if slug in histories and at > histories[slug][0][0]:
            histories[slug].append((at, rating))
    due = [_due(e, histories[e.slug], now) for e in exercises if e.slug in histories]
    return sorted(due, key=lambda d: d.at)


def first_rating(standing: Standing, hints: int) -> int:
    """How easy an exercise was the first time, from what it took; `hints` are those seen before."""
    if standing.gave_up or hints >= 2:
        return HARD
    return EASY if standing.tries == 1 and not hints else GOOD


def review_rating(attempts: int, minutes: float, par: float) -> int:
    """How a review went that ended with full marks."""
    if attempts == 1 and minutes <= par:
        return EASY
    return GOOD if attempts <= 3 and minutes <= 2 * par else HARD


def _hints(progress: Progress, slug: str, before: float) -> int:
    row = progress.database.execute("SELECT COUNT(*) FROM hints WHERE exercise = ? AND at <= ?", (slug, before))
    return int(row.fetchone()[0])


def _later(progress: Progress) -> list[tuple[str, float, int]]:
    """Reviews and interviews that are over: `(exercise, at, rating)`, in order."""
    rows = progress.database.execute("SELECT exercise, ended_at, rating FROM reviews WHERE ended_at IS NOT NULL")
    sat = [(name, at, GOOD if full else AGAIN) for name, at, full in interviews.outcomes(progress)]
    return sorted([*rows.fetchall(), *sat], key=lambda row: row[1])


def _due(exercise: Exercise, history: Iterable[tuple[float, int]], now: float) -> Due:
    from fsrs import Card, Rating, Scheduler

    scheduler = Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)  # in days, and repeatable
    card, reviews, latest = Card(card_id=int(exercise.number)), 0, 0.0
    for at, rating in history:
        latest = max(latest, min(at, now))  # a clock that was wrong
        card, _ = scheduler.review_card(card, Rating(rating), review_datetime=datetime.fromtimestamp(latest, UTC))
        reviews += 1
    recall = scheduler.get_card_retrievability(card, datetime.fromtimestamp(max(now, latest), UTC))
    return Due(exercise, card.due.timestamp(), recall, reviews - 1)


def begin(progress: Progress, place: Workspace, exercise: Exercise) -> tuple[Path, Path | None]:
    """A fresh stub to do again, beside the workspace's own copy; `(stub, backup of what was there)`.

    Raises UsageProblem where the exercise has never been solved, or is asked in a running interview.
    """
    if progress.standing(exercise.slug).state != "solved":
        raise UsageProblem(f"{exercise.slug} is not solved yet: there is nothing to review. Do it: dlkit next")
    stub, backup = fresh_stub(exercise, place.root / FOLDER)
    with progress.transaction():
        progress.database.execute("DELETE FROM reviews WHERE exercise = ? AND ended_at IS NULL", (exercise.slug,))
        progress.database.execute(
            "INSERT INTO reviews (exercise, started_at) VALUES (?, ?)", (exercise.slug, time.time())
        )
    return stub, backup


def is_review(place: Workspace, file: Path) -> bool:
    """Whether a file of the workspace is one that `begin` made."""
    return file.resolve().relative_to(place.root.resolve()).parts[0] == FOLDER


def remember(progress: Progress, result: Result, now: float) -> list[str]:
    """An attempt at a review: full marks end it. Remarks for the learner."""
    exercise = catalog().find(result.slug)
    with progress.transaction():
        row = progress.database.execute(
            "SELECT id, started_at, attempts FROM reviews WHERE exercise = ? AND ended_at IS NULL", (exercise.slug,)
        ).fetchone()
        if row is None:
            return []
        number, started_at, attempts = row
        if not result.passed:
            progress.database.execute("UPDATE reviews SET attempts = ? WHERE id = ?", (attempts + 1, number))
            return []
        rating = review_rating(attempts + 1, max(0.0, now - started_at) / 60, exercise.minutes)
        _close(progress, number, attempts + 1, rating, now)
    return [f"Review done. `dlkit review` says when {exercise.slug} is due again."]


def give_up(progress: Progress, exercise: str, now: float) -> None:
    """The solution was shown during a review: it counts as forgotten."""
    with progress.transaction():
        rows = progress.database.execute(
            "SELECT id, attempts FROM reviews WHERE exercise = ? AND ended_at IS NULL", (exercise,)
        )
        for number, attempts in rows.fetchall():
            _close(progress, number, attempts, AGAIN, now)


def _close(progress: Progress, number: int, attempts: int, rating: int, now: float) -> None:
    progress.database.execute(
        "UPDATE reviews SET ended_at = ?, rating = ?, attempts = ? WHERE id = ?", (now, rating, attempts, number)
    )
