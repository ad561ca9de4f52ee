"""The results of a class in one SQLite file that loses nothing and doubles nothing.

Write-ahead logging, every commit on the disk before the next task; one result per key, insert or nothing. Verdicts are
never changed: when an exercise changes, new keys get new results and the old ones stay as history.
"""

import contextlib
import json
import secrets
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageProblem
from .database import connect, connect_to_read, explained, transaction
from .engine import USUAL_SECONDS
from .identity import task_key

Units = tuple[tuple[str, str], ...]
# The result that counts for a submission: that of the exercise and grader as they were at the last run.
_CURRENT = (
    "results r ON r.exercise = s.exercise AND r.sha = s.sha AND r.version = e.version AND r.grader = e.grader"
    " AND r.seed = (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'seed')"
)


@dataclass(frozen=True)
class Pending:
    """A source without a current result; `refused` says why it cannot be graded at all."""

    exercise: str
    version: str
    sha: str
    refused: str

    def key(self, grader: str, seed: int) -> str:
        return task_key(self.version, self.sha, grader, seed)


class Store:
    """One results file, opened for a run (`create`) or for reading (`read`)."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self.path = path
        self._db = db

    @classmethod
    def create(
        cls, path: Path, seed: int | None = None, must_exist: bool = False, seconds: float | None = None,
        device: str | None = None,
    ) -> "Store":  # fmt: skip
        """Open a results file for writing, or begin one. Raises UsageProblem, StoreUnavailable."""
        if must_exist and not path.exists():
            raise UsageProblem(f"--resume: there is no {path} yet. Leave --resume out to begin it.")
        store = cls(path, connect(path))
        try:
            store._settle(seed, seconds, device)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def read(cls, path: Path) -> "Store":
        """Open a results file for exports and reports; it is not changed."""
        return cls(path, connect_to_read(path))

    def _settle(self, seed: int | None, seconds: float | None, device: str | None) -> None:
        """One secret seed, one time limit and one device for the whole class, for as long as the file lives."""
        with self.writing():
            if self._meta("seed") is None:
                new = secrets.randbelow(2**31) if seed is None else seed
                self._db.execute("INSERT INTO meta VALUES ('seed', ?)", (str(new),))
                self._db.execute("INSERT INTO meta VALUES ('salt', ?)", (secrets.token_hex(16),))
                limit = USUAL_SECONDS if seconds is None else float(seconds)
                self._db.execute("INSERT INTO meta VALUES ('seconds', ?)", (repr(limit),))
                self._db.execute("INSERT INTO meta VALUES ('device', ?)", (device or "none",))
            elif seed is not None and seed != self.seed:
                raise UsageProblem(
                    f"{self.path} was begun with another seed, and one class has one seed. Leave --seed out to go on,"
                    " or begin a new file with --out."
                )
            elif seconds is not None and seconds != self.seconds:
                raise UsageProblem(
                    f"{self.path} was begun with {self.seconds:g} s for a submission, and one class has one limit."
                    " Leave --timeout out to go on, or begin a new file with --out."
                )
            elif device is not None and device != self.device:
                raise UsageProblem(
                    f"{self.path} was begun with --device {self.device}, and one class has one. Leave --device out"
                    " to go on, or begin a new file with --out."
                )

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._db.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Several writes in one transaction, and database errors as sentences."""
        with explained(self.path), transaction(self._db):
            yield

    def _meta(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    @property
    def seed(self) -> int:
        return int(self._meta("seed") or 0)

    @property
    def seconds(self) -> float:
        """What one submission may take."""
        return float(self._meta("seconds") or USUAL_SECONDS)

    @property
    def device(self) -> str:
        """Where device checks run: `none` for nowhere."""
        return self._meta("device") or "none"

    @property
    def salt(self) -> str:
        """The secret behind pseudonyms: the same ones in every export of this file."""
        return self._meta("salt") or ""

    # Writing: what was handed in

    def begin_run(self, source: str, grader: str) -> int:
        with self.writing():
            row = self._db.execute(
                "INSERT INTO runs (started_at, source, grader) VALUES (?, ?, ?)", (time.time(), source, grader)
            )
        return int(row.lastrowid or 0)

    def end_run(self, run: int) -> None:
        with self.writing():
            self._db.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (time.time(), run))

    def know_exercise(self, stem: str, position: int, names: tuple[str, str, str], version: str, grader: str) -> None:
        """Note the version that counts from now on. `names`: name, slug, title. Inside `writing()`."""
        self._db.execute(
            "INSERT INTO exercises VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (stem) DO UPDATE SET"
            " position = excluded.position, name = excluded.name, slug = excluded.slug, title = excluded.title,"
            " version = excluded.version, grader = excluded.grader",
            (stem, position, *names, version, grader),
        )

    def add_submission(
        self, student: str, exercise: str, sha: str, units: Units | None, file: str, submitted_at: float, refused: str
    ) -> bool:
        """Keep what a student handed in, if it is not what this student handed in last. Inside `writing()`."""
        last = self._db.execute(
            "SELECT sha, attempt FROM submissions WHERE student = ? AND exercise = ? ORDER BY attempt DESC LIMIT 1",
            (student, exercise),
        ).fetchone()
        if last and last[0] == sha:
            return False
        if units is not None:
            packed = zlib.compress(json.dumps(units).encode(), 6)
            self._db.execute("INSERT OR IGNORE INTO sources VALUES (?, ?)", (sha, packed))
        self._db.execute(
            "INSERT INTO submissions (student, exercise, attempt, sha, file, submitted_at, seen_at, refused)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (student, exercise, last[1] + 1 if last else 1, sha, file, submitted_at, time.time(), refused),
        )
        return True

    def add_problem(self, student: str, exercise: str, file: str, reason: str, run: int) -> None:
        """Inside `writing()`."""
        self._db.execute(
            "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET last_run = excluded.last_run",
            (student, exercise, file, reason, run, run),
        )

    # Writing: verdicts

    def commit(self, key: str, task: Pending, grader: str, result: dict[str, Any]) -> bool:
        """Insert a result or nothing; whether it was inserted."""
        packed = zlib.compress(json.dumps(result, ensure_ascii=True, allow_nan=False).encode(), 6)
        with self.writing():
            row = self._db.execute(
                "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    key, task.exercise, task.sha, task.version, grader, self.seed, result["status"], result["score"],
                    result["max_score"], time.time(), packed,
                ),
            )  # fmt: skip
        return row.rowcount == 1

    def note_failure(self, key: str, kind: str, detail: str) -> None:
        """An attempt that gave no verdict."""
        with self.writing():
            self._db.execute(
                "INSERT INTO failures (key, at, kind, detail) VALUES (?, ?, ?, ?)",
                (key, time.time(), kind, detail[:2000]),
            )

    # Reading

    def pending(self, exercises: Iterable[str] = ()) -> list[Pending]:
        """What has no current result, each source once, in teaching order."""
        chosen = list(exercises)
        where = f" AND s.exercise IN ({','.join('?' * len(chosen))})" if chosen else ""
        with explained(self.path):
            rows = self._db.execute(
                "SELECT s.exercise, e.version, s.sha, MAX(s.refused) FROM submissions s"
                f" JOIN exercises e ON e.stem = s.exercise LEFT JOIN {_CURRENT}"
                f" WHERE r.key IS NULL{where} GROUP BY s.exercise, s.sha ORDER BY e.position, MIN(s.id)",
                chosen,
            ).fetchall()
        return [Pending(*row) for row in rows]

    def units(self, sha: str) -> Units:
        row = self._db.execute("SELECT units FROM sources WHERE sha = ?", (sha,)).fetchone()
        return tuple((label, text) for label, text in json.loads(zlib.decompress(row[0]))) if row else ()

    def exercises(self) -> list[dict[str, str]]:
        """Those that somebody answered, in teaching order: stem, name, slug, title."""
        rows = self._db.execute(
            "SELECT stem, name, slug, title FROM exercises WHERE stem IN (SELECT exercise FROM submissions)"
            " ORDER BY position, stem"
        )
        return [dict(zip(("stem", "name", "slug", "title"), row, strict=True)) for row in rows]

    def students(self) -> list[str]:
        """Everybody who handed in something, in alphabetical order."""
        rows = self._db.execute(
            "SELECT student FROM submissions UNION SELECT student FROM problems WHERE student <> '' ORDER BY 1"
        )
        return [student for (student,) in rows]

    def attempts(
        self, exercise: str, student: str | None = None, with_results: bool = True
    ) -> Iterator[dict[str, Any]]:
        """Every submission to an exercise (of one student) with its current result or None, by student and attempt."""
        column = "r.result" if with_results else "NULL"
        where = "" if student is None else " AND s.student = ?"
        rows = self._db.execute(
            "SELECT s.student, s.attempt, s.sha, s.file, s.submitted_at, s.seen_at, s.refused, r.status, r.score,"
            f" r.max_score, r.graded_at, {column} FROM submissions s JOIN exercises e ON e.stem = s.exercise"
            f" LEFT JOIN {_CURRENT} WHERE s.exercise = ?{where} ORDER BY s.student, s.attempt",
            (exercise,) if student is None else (exercise, student),
        )
        names = (
            "student attempt sha file submitted_at seen_at refused status score max_score graded_at result".split()
        )  # fmt: skip
        for row in rows:
            found = dict(zip(names, row, strict=True))
            if found["result"] is not None:
                found["result"] = json.loads(zlib.decompress(found["result"]))
            yield found

    def problems(self) -> list[dict[str, str]]:
        """What the last run could not take as an answer."""
        rows = self._db.execute(
            "SELECT student, exercise, file, reason FROM problems"
            " WHERE last_run = (SELECT MAX(id) FROM runs) ORDER BY student, file"
        )
        return [dict(zip(("student", "exercise", "file", "reason"), row, strict=True)) for row in rows]

    def failures(self) -> list[tuple[str, str, str]]:
        """Attempts without a verdict: key, kind, detail."""
        return [tuple(row) for row in self._db.execute("SELECT key, kind, detail FROM failures ORDER BY id")]
