"""What the progress file says about the days so far: plain data for the terminal's plot and the page."""

from dataclasses import dataclass
from datetime import date, datetime

from .progress import Progress, Standing, streak


@dataclass(frozen=True)
class History:
    """Days are local; an attempt that lies in the future (a clock was wrong) counts in points, not in days."""

    today: date
    streak: int
    attempts: dict[date, int]  # per day with at least one
    points: tuple[tuple[date, float], ...]  # the sum of the best points, at the end of each such day, in order
    scores: dict[str, tuple[float, ...]]  # per exercise, attempt by attempt
    standings: dict[str, Standing]
    interviews: tuple[tuple[date, float], ...]  # when one ended, the mean of its points
    future: str = ""  # the day of an attempt that lies in the future


def history(progress: Progress, today: date) -> History:
    """Everything at once, from one reading of the file."""
    rows = progress.database.execute("SELECT at, exercise, score FROM attempts ORDER BY id").fetchall()
    attempts: dict[date, int] = {}
    points: dict[date, float] = {}
    scores: dict[str, list[float]] = {}
    best: dict[str, float] = {}
    latest, future = date.min, ""
    for at, exercise, score in rows:
        day = _day(at)
        if day > today:
            future, day = day.isoformat(), today
        else:
            attempts[day] = attempts.get(day, 0) + 1
        scores.setdefault(exercise, []).append(score)
        best[exercise] = max(best.get(exercise, 0.0), score)
        latest = max(latest, day)  # a clock that was set back does not take points away
        points[latest] = sum(best.values())
    return History(
        today, streak([d.isoformat() for d in sorted(attempts)], today.isoformat()), attempts, tuple(points.items()),
        {k: tuple(v) for k, v in scores.items()}, progress.standings(), _interviews(progress), future,
    )  # fmt: skip


def _day(at: float) -> date:
    try:
        return datetime.fromtimestamp(at).date()
    except (OverflowError, OSError, ValueError):  # no year that there is
        return date.max


def _interviews(progress: Progress) -> tuple[tuple[date, float], ...]:
    rows = progress.database.execute(
        "SELECT ended_at, AVG(COALESCE(score, 0)) FROM interviews JOIN interview_items ON interview = interviews.id"
        " WHERE ended_at IS NOT NULL GROUP BY interviews.id ORDER BY interviews.id"
    )
    return tuple((_day(at), mean) for at, mean in rows)
