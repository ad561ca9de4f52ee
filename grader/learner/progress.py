"""What a learner has done: attempts, hints and solutions seen, in one SQLite file that nothing loses.

Written in transactions (WAL), so that several processes may read and write; a file that is no database is set aside.
"""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..result import Result

VERSION = 2
_SCHEMA = (
    """
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, exercise TEXT NOT NULL, status TEXT NOT NULL, score REAL NOT NULL,
        max_score REAL NOT NULL, seed INTEGER NOT NULL, duration_s REAL NOT NULL, mistakes TEXT NOT NULL
    );
    CREATE INDEX attempts_by_exercise ON attempts (exercise, at);
    CREATE TABLE hints (
        exercise TEXT NOT NULL, level INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (exercise, level)
    );
    CREATE TABLE solutions (exercise TEXT PRIMARY KEY, at REAL NOT NULL, gave_up INTEGER NOT NULL);
    """,
    # Version 2: interviews and reviews. Times within an interview are seconds since it began.
    """
    ALTER TABLE attempts ADD COLUMN kind TEXT NOT NULL DEFAULT 'practice';
    CREATE TABLE interviews (
        id INTEGER PRIMARY KEY, started_at REAL NOT NULL, minutes REAL NOT NULL, folder TEXT NOT NULL,
        used_s REAL NOT NULL DEFAULT 0, event_s REAL NOT NULL DEFAULT 0, ended_at REAL
    );
    CREATE TABLE interview_items (
        interview INTEGER NOT NULL REFERENCES interviews (id), position INTEGER NOT NULL, exercise TEXT NOT NULL,
        saved_at REAL NOT NULL, spent_s REAL NOT NULL DEFAULT 0, status TEXT, score REAL,
        PRIMARY KEY (interview, position)
    );
    CREATE TABLE reviews (
        id INTEGER PRIMARY KEY, exercise TEXT NOT NULL, started_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
        ended_at REAL, rating INTEGER
    );
    """,
)


class ProgressUnavailable(Exception):
    """The file cannot be written; the text says why. Grading goes on without it."""


@dataclass
class Standing:
    """Where a learner stands with one exercise. Times are seconds since the epoch."""

    attempts: int = 0
    tries: int = 0  # attempts up to the first full marks
    best: float = 0.0
    first_at: float | None = None
    solved_at: float | None = None  # the first full marks
    passed_at: float | None = None  # the latest
    last_at: float | None = None
    hints: int = 0
    gave_up: bool = False
    mistakes: list[str] = field(default_factory=list)  # named at the last attempt
    order: int = 0  # of the last attempt among all; a clock may jump

    @property
    def state(self) -> str:
        if self.solved_at is not None:
            return "solved"
        return "started" if self.attempts else "open"


def default_path() -> Path:
    """In the platform's data folder."""
    from platformdirs import user_data_path

    return user_data_path("dlkit") / "progress.db"


class Progress:
    """The file, opened for one command."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []  # what a person should know: a file was set aside
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._open()
        except (OSError, sqlite3.OperationalError) as error:
            raise ProgressUnavailable(f"progress is not kept: {path} cannot be written ({error})") from None

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.OperationalError:
            raise  # locked, read-only, disk full: the file may be fine
        except sqlite3.DatabaseError:
            aside = self.path.with_name(f"progress-damaged-{time.strftime('%Y%m%d-%H%M%S')}.db")
            self.path.rename(aside)
            for rest in ("-wal", "-shm"):
                Path(f"{self.path}{rest}").unlink(missing_ok=True)
            self.notes.append(f"{self.path.name} was damaged; it is kept as {aside}, and a new one was begun.")
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=10.0, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            self._migrate(db)
        except BaseException:
            db.close()
            raise
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise ProgressUnavailable(f"progress is not kept: {self.path} is of a later dlkit. Update this one")
        if version == VERSION:
            return
        db.execute("BEGIN IMMEDIATE")
        have = db.execute("PRAGMA user_version").fetchone()[0]  # another process may have been quicker
        for step in _SCHEMA[have:]:
            for statement in step.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()

    @property
    def database(self) -> sqlite3.Connection:
        """For the tables of interviews and reviews."""
        return self._db

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is written inside, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Writing

    def record(self, result: "Result", at: float, kind: str = "practice") -> None:
        """Keep an attempt at all checks of an exercise; `kind` is `practice`, `interview` or `review`."""
        mistakes = sorted({c.diagnosis.mistake for c in result.checks if c.diagnosis})
        self._db.execute(
            "INSERT INTO attempts (at, exercise, status, score, max_score, seed, duration_s, mistakes,"
            " kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                at, result.slug, result.status, result.score, result.max_score, result.seed, result.duration_s,
                json.dumps(mistakes), kind,
            ),
        )  # fmt: skip

    def take_hint(self, exercise: str, available: int, at: float) -> int:
        """The number of hints seen after taking one more."""
        level = min(self.standing(exercise).hints + 1, available)
        self._db.execute("INSERT OR IGNORE INTO hints VALUES (?, ?, ?)", (exercise, level, at))
        return level

    def see_solution(self, exercise: str, gave_up: bool, at: float) -> None:
        self._db.execute("INSERT OR IGNORE INTO solutions VALUES (?, ?, ?)", (exercise, at, int(gave_up)))

    # Reading

    def standing(self, exercise: str) -> Standing:
        return self.standings().get(exercise, Standing())

    def standings(self) -> dict[str, Standing]:
        """By exercise, for those that were touched."""
        found: dict[str, Standing] = {}
        rows = self._db.execute(
            "SELECT id, exercise, at, score, max_score, status, mistakes FROM attempts ORDER BY id"
        ).fetchall()
        for order, exercise, at, score, max_score, status, mistakes in rows:
            s = found.setdefault(exercise, Standing(first_at=at))
            s.attempts += 1
            s.order, s.last_at = order, at
            s.best = max(s.best, score)
            s.mistakes = json.loads(mistakes)
            if status == "passed" and max_score == 100:
                s.passed_at = at
                if s.solved_at is None:
                    s.solved_at, s.tries = at, s.attempts
        for exercise, level in self._db.execute("SELECT exercise, MAX(level) FROM hints GROUP BY exercise"):
            found.setdefault(exercise, Standing()).hints = level
        for exercise, gave_up in self._db.execute("SELECT exercise, gave_up FROM solutions"):
            found.setdefault(exercise, Standing()).gave_up = bool(gave_up)
        return found

    def days(self) -> list[str]:
        """The days (local time, ISO) with at least one attempt, in order."""
        rows = self._db.execute("SELECT DISTINCT date(at, 'unixepoch', 'localtime') FROM attempts ORDER BY 1")
        return [day for (day,) in rows]

    def export(self) -> dict[str, Any]:
        """Everything, as plain data."""
        attempts = self._rows("attempts")
        for attempt in attempts:
            attempt["mistakes"] = json.loads(attempt["mistakes"])
        standings = {k: {**asdict(s), "state": s.state} for k, s in self.standings().items()}
        tables = {name: self._rows(name) for name in ("interviews", "interview_items", "reviews")}
        return {
            "schema": "dlkit.progress/1",
            "attempts": attempts,
            "exercises": standings,
            "days": self.days(),
            **tables,
        }

    def _rows(self, table: str) -> list[dict[str, Any]]:
        rows = self._db.execute(f"SELECT * FROM {table} ORDER BY rowid")
        names = [column[0] for column in rows.description]
        return [dict(zip(names, row, strict=True)) for row in rows]


@contextlib.contextmanager
def opened(path: Path | None = None) -> Iterator[Progress]:
    """The learner's progress. Raises ProgressUnavailable where its file cannot be written."""
    progress = Progress(path or default_path())
    try:
        yield progress
    except (sqlite3.OperationalError, OSError) as error:
        raise ProgressUnavailable(f"progress is not kept: {progress.path} ({error})") from None
    finally:
        progress.close()


def streak(days: list[str], today: str) -> int:
    """How many days in a row up to today (or yesterday: today is not over) had an attempt."""
    from datetime import date, timedelta

    have = {date.fromisoformat(d) for d in days}
    day = date.fromisoformat(today)
    if day not in have:
        day -= timedelta(days=1)
    count = 0
    while day in have:
        count += 1
        day -= timedelta(days=1)
    return count
