"""The results file as a database: its schema, opening it, errors as sentences, one writer at a time."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..errors import MissingOnMachine, UsageProblem

VERSION = 1
APPLICATION = 0x646C6B74  # "dlkt": SQLite's mark of whose file this is
BUSY_SECONDS = 30.0
_SCHEMA = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY, started_at REAL NOT NULL, ended_at REAL, source TEXT NOT NULL, grader TEXT NOT NULL
    );
    CREATE TABLE exercises (
        stem TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, slug TEXT NOT NULL, title TEXT NOT NULL,
        version TEXT NOT NULL, grader TEXT NOT NULL
    );
    CREATE TABLE sources (sha TEXT PRIMARY KEY, units BLOB NOT NULL);
    CREATE TABLE submissions (
        id INTEGER PRIMARY KEY, student TEXT NOT NULL, exercise TEXT NOT NULL, attempt INTEGER NOT NULL,
        sha TEXT NOT NULL, file TEXT NOT NULL, submitted_at REAL NOT NULL, seen_at REAL NOT NULL,
        refused TEXT NOT NULL, UNIQUE (student, exercise, attempt)
    );
    CREATE INDEX submissions_by_source ON submissions (exercise, sha);
    CREATE TABLE results (
        key TEXT PRIMARY KEY, exercise TEXT NOT NULL, sha TEXT NOT NULL, version TEXT NOT NULL, grader TEXT NOT NULL,
        seed INTEGER NOT NULL, status TEXT NOT NULL, score REAL NOT NULL, max_score REAL NOT NULL,
        graded_at REAL NOT NULL, result BLOB NOT NULL
    );
    CREATE INDEX results_by_source ON results (exercise, sha);
    CREATE TABLE failures (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL
    );
    CREATE TABLE problems (
        student TEXT NOT NULL, exercise TEXT NOT NULL, file TEXT NOT NULL, reason TEXT NOT NULL,
        first_run INTEGER NOT NULL, last_run INTEGER NOT NULL, PRIMARY KEY (student, exercise, file, reason)
    );
    """,
)


class StoreUnavailable(MissingOnMachine):
    """The file cannot be written or read; the text says why and what to do. What was committed is kept."""


def connect(path: Path) -> sqlite3.Connection:
    """Open a results file for writing, or begin one. Raises UsageProblem, StoreUnavailable."""
    with explained(path):
        _private(path)
        db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _check(db, path)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")  # a commit outlives a power cut
            _migrate(db)
        except BaseException:
            db.close()
            raise
    return db


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a results file that is not going to be changed."""
    if not path.is_file():
        raise UsageProblem(f"There is no results file {path}. `dlkit grade FOLDER --out {path.name}` makes one.")
    with explained(path):
        writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
        # Without the right to write its shared-memory file, SQLite can only read a file that nobody is writing.
        uri = f"{path.resolve().as_uri()}?mode={'rw' if writable else 'ro&immutable=1'}"
        db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _check(db, path)
            if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                raise UsageProblem(f"{path} is empty. `dlkit grade FOLDER --out {path.name}` fills it.")
            db.execute("PRAGMA query_only = 1")
        except BaseException:
            db.close()
            raise
    return db


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # SQLite has rolled back by itself after some errors
            db.execute("ROLLBACK")
        raise


def _check(db: sqlite3.Connection, path: Path) -> None:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION and (tables or version):
        raise UsageProblem(f"{path} is a database of another program. Choose another file.")
    if version > VERSION:
        raise UsageProblem(f"{path} was written by a newer dlkit (schema {version}). Update dlkit.")


def _migrate(db: sqlite3.Connection) -> None:
    with transaction(db):
        have = db.execute("PRAGMA user_version").fetchone()[0]
        for step in _SCHEMA[have:]:
            for statement in step.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")


def check_place(path: Path) -> None:
    """Raises UsageProblem where no file can be."""
    if not path.parent.is_dir():
        raise UsageProblem(f"There is no folder {path.parent} to put {path.name} into. Make it first.")
    if path.is_dir():
        raise UsageProblem(f"{path} is a folder. --out names the results file, results.db say.")


def _private(path: Path) -> None:
    """Make the file so that only its owner reads it, before anything is in it."""
    check_place(path)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Database errors as sentences."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(_words(path, str(error))) from None
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(
            f"{path} is not a results file, or it is damaged ({error}). It has not been changed; choose another file."
        ) from None
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written: {error.strerror}. Choose another place.") from None


def _words(path: Path, text: str) -> str:
    kept = "What was graded is kept; the same command goes on from there"
    if "full" in text or "disk I/O" in text:
        return f"{path} cannot grow: the disk is full or broken ({text}). {kept} once there is room."
    if "locked" in text or "busy" in text:
        return f"{path} is locked by another program for more than {BUSY_SECONDS:g} s. {kept} once that has let go."
    if "readonly" in text or "unable to open" in text:
        return (
            f"{path} may not be written ({text}). Mend the permissions of the file and its folder, or choose another."
        )
    return f"{path} cannot be used ({text}). {kept}."


@contextlib.contextmanager
def only_driver(path: Path) -> Iterator[None]:
    """Hold a results file for one run: two at once would do the same work twice. Raises UsageProblem."""
    lock = path.with_name(path.name + ".lock")
    with explained(path):
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise UsageProblem(f"Another `dlkit grade` is writing {path}. Wait for it, or choose another --out.") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()
        os.close(descriptor)
