"""Several results files of one class -> one: what job arrays and lent machines have graded in parts.

Everything is inserted by what makes it the same (a result by its key), so merging again, or in another order, changes
nothing. The files that are read are not changed.
"""

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import UsageProblem
from ..text import counted
from .database import check_place, connect, connect_to_read, explained, only_driver, transaction

_RUN = "dlkit merge"  # the source of the run that a merge is
Row = tuple[Any, ...]


def merge_files(paths: list[Path], out: Path) -> list[str]:
    """Put all of `paths` into `out`, which is made or added to; lines to say. Raises UsageProblem, StoreUnavailable."""
    check_place(out)
    seeds = {path: _seed(path) for path in [*paths, *([out] if _filled(out) else [])]}
    _one_seed(seeds)
    with only_driver(out), explained(out):
        db = connect(out)
        try:
            with transaction(db):
                before, last = _count(db), _latest(db)
                others = [path for path in paths if path.resolve() != out.resolve()]
                for path in others:
                    _add(db, path)
                _number_attempts(db)
                _name_problems(db, others, last)
                after = _count(db)
                students = db.execute("SELECT COUNT(DISTINCT student) FROM submissions").fetchone()[0]
                open_ones = db.execute(_OPEN).fetchone()[0]
        finally:
            db.close()
    lines = [f"{out}: {counted(students, 'student')}, {counted(after, 'result')} ({after - before} new)"]
    if open_ones:
        lines.append(f"{open_ones} answers have no verdict yet: another part, or `dlkit grade FOLDER --out {out}`.")
    return lines


_OPEN = (
    "SELECT COUNT(*) FROM (SELECT DISTINCT s.exercise, s.sha FROM submissions s JOIN exercises e ON e.stem = s.exercise"
    " WHERE NOT EXISTS (SELECT 1 FROM results r WHERE r.exercise = s.exercise AND r.sha = s.sha"
    " AND r.version = e.version AND r.grader = e.grader"
    " AND r.seed = (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'seed')))"
)


def _filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    with explained(path):
        db = connect_to_read(path)
        try:
            yield db
        finally:
            db.close()


def _seed(path: Path) -> str:
    """What has to be the same in all parts: the seed, the time for a submission, and the device."""
    with _reading(path) as db:
        rows = db.execute("SELECT name, value FROM meta WHERE name IN ('seed', 'seconds', 'device') ORDER BY name")
        return repr(rows.fetchall())


def _one_seed(seeds: dict[Path, str]) -> None:
    first = next(iter(seeds))
    for path, seed in seeds.items():
        if seed != seeds[first]:
            raise UsageProblem(
                f"{first} and {path} were begun with different seeds, time limits or devices, so they are not"
                " parts of one class's grading. Grade all parts with the same --seed, --timeout and --device."
            )


def _count(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COUNT(*) FROM results").fetchone()[0])


def _add(db: sqlite3.Connection, path: Path) -> None:
    with _reading(path) as other:

        def all_of(table: str, columns: str = "*") -> Iterable[Row]:
            return other.execute(f"SELECT {columns} FROM {table}")

        db.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", all_of("meta"))
        db.executemany("INSERT OR IGNORE INTO sources VALUES (?, ?)", all_of("sources"))
        db.executemany(
            "INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", all_of("results")
        )  # fmt: skip
        db.executemany(
            "INSERT INTO failures (key, at, kind, detail) SELECT ?1, ?2, ?3, ?4"
            " WHERE NOT EXISTS (SELECT 1 FROM failures WHERE key = ?1 AND at = ?2 AND kind = ?3 AND detail = ?4)",
            all_of("failures", "key, at, kind, detail"),
        )
        _add_exercises(db, other)
        _add_submissions(db, other)


def _last_run(db: sqlite3.Connection) -> float:
    row = db.execute("SELECT MAX(started_at) FROM runs WHERE source <> ?", (_RUN,)).fetchone()
    return float(row[0] or 0.0)


def _add_exercises(db: sqlite3.Connection, other: sqlite3.Connection) -> None:
    """The versions of the latest run count; earlier results stay as history."""
    newer = _last_run(other) > _last_run(db)
    word = "REPLACE" if newer else "IGNORE"
    rows = other.execute("SELECT stem, position, name, slug, title, version, grader FROM exercises").fetchall()
    db.executemany(f"INSERT OR {word} INTO exercises VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    for row in other.execute("SELECT started_at, ended_at, source, grader FROM runs WHERE source <> ?", (_RUN,)):
        have = db.execute("SELECT 1 FROM runs WHERE started_at = ? AND source = ?", (row[0], row[2])).fetchone()
        if not have:
            db.execute("INSERT INTO runs (started_at, ended_at, source, grader) VALUES (?, ?, ?, ?)", row)


def _add_submissions(db: sqlite3.Connection, other: sqlite3.Connection) -> None:
    """The same bytes handed in at the same time are the same attempt. Numbers beyond all others, until all are in."""
    columns = "student, exercise, sha, file, submitted_at, seen_at, refused"
    db.executemany(
        f"INSERT INTO submissions ({columns}, attempt) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7,"
        " (SELECT COALESCE(MAX(attempt), 0) + 1 FROM submissions WHERE student = ?1 AND exercise = ?2)"
        " WHERE NOT EXISTS (SELECT 1 FROM submissions WHERE student = ?1 AND exercise = ?2 AND sha = ?3"
        " AND submitted_at = ?5)",
        other.execute(f"SELECT {columns} FROM submissions ORDER BY student, exercise, attempt"),
    )


def _number_attempts(db: sqlite3.Connection) -> None:
    """Attempts in the order they were handed in, whichever file they came from."""
    rows = db.execute(
        "SELECT id, attempt, ROW_NUMBER() OVER (PARTITION BY student, exercise ORDER BY submitted_at, seen_at, sha)"
        " FROM submissions"
    ).fetchall()
    moved = [(number, row) for row, attempt, number in rows if attempt != number]
    db.executemany("UPDATE submissions SET attempt = -? WHERE id = ?", moved)  # no two alike on the way
    db.executemany("UPDATE submissions SET attempt = ? WHERE id = ?", moved)


def _latest(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COALESCE(MAX(id), 0) FROM runs").fetchone()[0])


def _name_problems(db: sqlite3.Connection, paths: list[Path], last: int) -> None:
    """What the last run of each part could not take is what the merged file names; `last`: its own last run."""
    row = db.execute("SELECT id FROM runs WHERE source = ? AND id = (SELECT MAX(id) FROM runs)", (_RUN,)).fetchone()
    if row is None:
        now = time.time()
        values = (now, now, _RUN, "")
        row = db.execute(
            "INSERT INTO runs (started_at, ended_at, source, grader) VALUES (?, ?, ?, ?) RETURNING id", values
        )
        row = row.fetchone()
    number = row[0]
    db.execute("UPDATE problems SET last_run = ? WHERE last_run = ?", (number, last))
    for path in paths:
        with _reading(path) as other:
            found = other.execute(
                "SELECT student, exercise, file, reason FROM problems WHERE last_run = ?", (_latest(other),)
            )
            for problem in found:
                db.execute(
                    "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET last_run = excluded.last_run",
                    (*problem, number, number),
                )
