"""Interviews on disk: which exercises, since when, how much time went into each. Tables of the progress file.

Whatever is known is written at once, so that a closed terminal loses nothing. Times within an interview are seconds
since it began; a clock that is set back or forward moves the beginning, not the time used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UsageProblem
from .progress import Progress

JUMP = 60.0  # seconds by which the clock may differ from the time that has passed


@dataclass
class Item:
    """One exercise of an interview. `saved_at`: when its file was last seen saved, seconds since the epoch."""

    exercise: str
    saved_at: float
    spent_s: float = 0.0
    status: str | None = None  # of the last grading
    score: float | None = None


@dataclass
class Interview:
    """An interview, running or over."""

    id: int
    started_at: float
    minutes: float
    folder: Path
    used_s: float = 0.0
    event_s: float = 0.0  # when a file was last saved
    ended_at: float | None = None
    items: list[Item] = field(default_factory=list)

    @property
    def left_s(self) -> float:
        return max(0.0, self.minutes * 60 - self.used_s)

    def pass_time(self, now: float, since_last: float | None = None) -> bool:
        """Bring `used_s` up to `now`; whether the clock jumped.

        `since_last` is what a steady clock says has passed since the last call, where one process made both.
        """
        used = now - self.started_at
        jump = used - self.used_s if since_last is None else used - self.used_s - since_last
        jumped = jump < -1.0 if since_last is None else abs(jump) > JUMP
        if jumped:
            used = self.used_s + (since_last or 0.0)
            self.started_at = now - used
        self.used_s = min(self.minutes * 60, max(self.used_s, used))
        return jumped

    def note_saves(self, saved: Mapping[str, float]) -> None:
        """The time since the last save of any file went into the file saved now. `saved`: exercise -> mtime."""
        for item in sorted(self.items, key=lambda i: saved.get(i.exercise, 0.0)):
            at = saved.get(item.exercise, item.saved_at)
            if at != item.saved_at:
                offset = min(max(at - self.started_at, self.event_s), max(self.used_s, self.event_s))
                item.spent_s += offset - self.event_s
                item.saved_at, self.event_s = at, offset


def begin(progress: Progress, folder: Path, minutes: float, saved: Mapping[str, float], now: float) -> Interview | None:
    """A new interview on the exercises of `saved` (file times, in order); None where another one is running."""
    db = progress.database
    with progress.transaction():
        if db.execute("SELECT 1 FROM interviews WHERE ended_at IS NULL").fetchone():
            return None
        number = db.execute(
            "INSERT INTO interviews (started_at, minutes, folder) VALUES (?, ?, ?)", (now, minutes, str(folder))
        ).lastrowid
        rows = [(number, position, name, at) for position, (name, at) in enumerate(saved.items())]
        db.executemany(
            "INSERT INTO interview_items (interview, position, exercise, saved_at) VALUES (?, ?, ?, ?)", rows
        )
    return running(progress)


def running(progress: Progress) -> Interview | None:
    """The interview that has not been ended (its time may be over)."""
    row = progress.database.execute(
        "SELECT id, started_at, minutes, folder, used_s, event_s FROM interviews"
        " WHERE ended_at IS NULL ORDER BY id DESC"
    ).fetchone()
    if row is None:
        return None
    number, started_at, minutes, folder, used_s, event_s = row
    items = progress.database.execute(
        "SELECT exercise, saved_at, spent_s, status, score FROM interview_items WHERE interview = ? ORDER BY position",
        (number,),
    )
    return Interview(number, started_at, minutes, Path(folder), used_s, event_s, None, [Item(*i) for i in items])


def keep(progress: Progress, interview: Interview) -> None:
    """Write what is known of a running interview."""
    with progress.transaction():
        _write(progress, interview)


def end(progress: Progress, interview: Interview, now: float) -> bool:
    """Write it and close it; False where another terminal has closed it already (nothing is written then)."""
    with progress.transaction():
        closed = progress.database.execute(
            "UPDATE interviews SET ended_at = ? WHERE id = ? AND ended_at IS NULL", (now, interview.id)
        )
        if closed.rowcount:
            _write(progress, interview)
    if closed.rowcount:
        interview.ended_at = now
    return bool(closed.rowcount)


def _write(progress: Progress, interview: Interview) -> None:
    db = progress.database
    db.execute(
        "UPDATE interviews SET started_at = ?, used_s = ?, event_s = ? WHERE id = ?",
        (interview.started_at, interview.used_s, interview.event_s, interview.id),
    )
    db.executemany(
        "UPDATE interview_items SET saved_at = ?, spent_s = ?, status = ?, score = ?"
        " WHERE interview = ? AND exercise = ?",
        [(i.saved_at, i.spent_s, i.status, i.score, interview.id, i.exercise) for i in interview.items],
    )


def recently_drawn(progress: Progress) -> set[str]:
    """The exercises of the last interview."""
    rows = progress.database.execute(
        "SELECT exercise FROM interview_items WHERE interview = (SELECT MAX(id) FROM interviews)"
    )
    return {name for (name,) in rows}


def outcomes(progress: Progress) -> Sequence[tuple[str, float, bool]]:
    """What interviews said of exercises: `(exercise, when it ended, full marks)`, in order."""
    rows = progress.database.execute(
        "SELECT exercise, ended_at, score FROM interview_items JOIN interviews ON interview = interviews.id"
        " WHERE ended_at IS NOT NULL ORDER BY interviews.id, position"
    )
    return [(name, at, score == 100) for name, at, score in rows]


def is_asked(progress: Progress, exercise: str, now: float) -> bool:
    """Whether an interview with this exercise is running: then there are no hints."""
    interview = running(progress)
    if interview is None or exercise not in [i.exercise for i in interview.items]:
        return False
    interview.pass_time(now)
    return interview.left_s > 0


def need_running(progress: Progress) -> None:
    """Raises UsageProblem where none is."""
    if running(progress) is None:
        raise UsageProblem("No interview is running. Begin one: dlkit interview")
