"""The results file: insert or nothing, history, errors as sentences, nothing lost when the power goes."""

import json
import os
import resource
import sqlite3
import stat
import subprocess
import sys
import time

import pytest

from dlkit.grader.batch import database
from dlkit.grader.batch.database import StoreUnavailable, only_driver
from dlkit.grader.batch.store import Store
from dlkit.grader.errors import UsageProblem

UNITS = (("exercise_07_softmax.py", "x = 1\n"),)
SOFTMAX = "exercise_07_softmax"
GRADER = "1.0"


def result(score=50.0, text=""):
    status = "passed" if score == 100 else "failed"
    return {"status": status, "score": score, "max_score": 100.0, "message": text, "checks": []}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.db"


@pytest.fixture
def store(path):
    with Store.create(path) as opened:
        yield opened


def know(store, version="v1", grader=GRADER):
    with store.writing():
        store.know_exercise(SOFTMAX, 1, ("exercise_07", "softmax", "Softmax"), version, grader)


def hand_in(store, student="ann", sha="sha-1", refused=""):
    with store.writing():
        return store.add_submission(student, SOFTMAX, sha, None if refused else UNITS, "f.py", 5.0, refused)


def grade_all(store, score=50.0):
    count = 0
    for p in store.pending():
        count += store.commit(p.key(GRADER, store.seed), p, GRADER, result(score))
    return count


def latest(store):
    return [(a["student"], a["attempt"], a["score"]) for a in store.attempts(SOFTMAX)]


def test_a_result_is_inserted_once(store):
    know(store)
    hand_in(store)
    (pending,) = store.pending()
    key = pending.key(GRADER, store.seed)
    assert store.commit(key, pending, GRADER, result(50.0))
    assert not store.commit(key, pending, GRADER, result(100.0))
    assert latest(store) == [("ann", 1, 50.0)]
    assert store.pending() == []
    assert store.units("sha-1") == UNITS


def test_the_same_bytes_are_graded_once_for_all(store):
    know(store)
    hand_in(store, "ann")
    hand_in(store, "bo")
    assert grade_all(store) == 1
    assert latest(store) == [("ann", 1, 50.0), ("bo", 1, 50.0)]


def test_attempts_are_kept_and_only_new_bytes_are_one(store):
    know(store)
    assert hand_in(store, sha="sha-1")
    assert not hand_in(store, sha="sha-1")
    assert hand_in(store, sha="sha-2")
    assert hand_in(store, sha="sha-1")  # back to the first: it is the last attempt now
    assert grade_all(store) == 2
    assert [a["attempt"] for a in store.attempts(SOFTMAX)] == [1, 2, 3]


@pytest.mark.parametrize("change", [{"version": "v2"}, {"grader": "2.0"}])
def test_a_changed_exercise_or_grader_is_graded_again_and_history_stays(store, path, change):
    know(store)
    hand_in(store)
    grade_all(store, 10.0)
    know(store, **change)
    assert [a["status"] for a in store.attempts(SOFTMAX)] == [None]
    (pending,) = store.pending()
    grader = change.get("grader", GRADER)
    store.commit(pending.key(grader, store.seed), pending, grader, result(20.0))
    assert latest(store) == [("ann", 1, 20.0)]
    with sqlite3.connect(path) as db:
        assert sorted(db.execute("SELECT score FROM results").fetchall()) == [(10.0,), (20.0,)]
    know(store)
    assert latest(store) == [("ann", 1, 10.0)]  # the exercise as it was: nothing to do again
    assert store.pending() == []


def test_pending_is_in_teaching_order_and_by_exercise(store):
    with store.writing():
        store.know_exercise("exercise_99_last", 9, ("exercise_99", "last", "Last"), "v", GRADER)
        store.add_submission("ann", "exercise_99_last", "sha-9", UNITS, "f.py", 5.0, "")
    know(store)
    hand_in(store, sha="sha-1")
    hand_in(store, "bo", sha="sha-2", refused="it is a link")
    assert [(p.sha, p.refused) for p in store.pending()] == [("sha-1", ""), ("sha-2", "it is a link"), ("sha-9", "")]
    assert [p.sha for p in store.pending(["exercise_99_last"])] == ["sha-9"]


def test_one_class_has_one_secret_seed(path):
    with Store.create(path) as store:
        seed = store.seed
    with Store.create(path) as store:
        assert store.seed == seed
    with Store.create(path, seed=seed) as store:
        assert store.seed == seed
    with pytest.raises(UsageProblem, match="begun with another seed"):
        Store.create(path, seed=seed + 1)
    other = path.with_name("other.db")
    with Store.create(other) as store:
        assert store.seed != seed


def test_one_class_has_one_time_limit(path):
    with Store.create(path, seconds=9) as store:
        assert store.seconds == 9
    with Store.create(path) as store:
        assert store.seconds == 9
    with pytest.raises(UsageProblem, match="begun with 9 s for a submission"):
        Store.create(path, seconds=20)
    with Store.create(path.with_name("other.db")) as store:
        assert store.seconds == 60
        store._db.execute("DELETE FROM meta WHERE name = 'seconds'")  # as earlier versions left it
    with Store.create(path.with_name("other.db"), seconds=60) as store:
        assert store.seconds == 60


def test_the_file_is_private(store, path):
    know(store)
    os.chmod(path.parent, 0o755)
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


# Files that are not what they should be


def test_resume_insists_on_the_file(path):
    with pytest.raises(UsageProblem, match="there is no"):
        Store.create(path, must_exist=True)
    assert not path.exists()


def test_files_of_others_are_refused_and_untouched(path):
    path.write_text("my thesis\n" * 100)
    with pytest.raises(StoreUnavailable, match="is not a results file"):
        Store.create(path)
    with pytest.raises(StoreUnavailable, match="is not a results file"):
        Store.read(path)
    assert path.read_text() == "my thesis\n" * 100
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(UsageProblem, match="database of another program"):
        Store.create(path)
    assert path.read_bytes() == before


def test_a_newer_file_is_refused(path):
    Store.create(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(UsageProblem, match="newer dlkit"):
        Store.create(path)


def test_reading_what_is_not_there(path):
    with pytest.raises(UsageProblem, match="There is no results file"):
        Store.read(path)
    path.touch()
    with pytest.raises(UsageProblem, match="is empty"):
        Store.read(path)
    with pytest.raises(UsageProblem, match="is a folder"):
        Store.create(path.parent)
    with pytest.raises(UsageProblem, match="There is no folder"):
        Store.create(path / "x" / "results.db")


def test_a_locked_file(store, path, monkeypatch):
    know(store)
    hand_in(store)
    (pending,) = store.pending()
    store._db.execute("PRAGMA busy_timeout = 50")
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable, match="locked by another program"):
            store.commit("key", pending, GRADER, result())
        other.execute("ROLLBACK")
    other.close()
    assert store.commit("key", pending, GRADER, result())


def test_only_one_run_at_a_time(path):
    with only_driver(path), pytest.raises(UsageProblem, match="Another `dlkit grade`"), only_driver(path):
        pass
    with only_driver(path):
        pass
    assert list(path.parent.iterdir()) == []


def test_errors_of_the_disk_are_sentences(path):
    for text, words in (
        ("database or disk is full", "the disk is full"),
        ("attempt to write a readonly database", "Mend the permissions"),
        ("something new", "cannot be used"),
    ):
        with pytest.raises(StoreUnavailable, match=words), database.explained(path):
            raise sqlite3.OperationalError(text)


WRITER = """
import resource, signal, sys
from pathlib import Path
from dlkit.grader.batch.store import Store
from dlkit.grader.errors import DlkitError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path, limit = Path(sys.argv[1]), int(sys.argv[2])
with Store.create(path) as store:
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        for p in store.pending():
            big = {"status": "failed", "score": 1.0, "max_score": 100.0, "message": __import__("os").urandom(2000).hex()}
            store.commit(p.key("1.0", store.seed), p, "1.0", big)
            print("kept", flush=True)
    except DlkitError as error:
        print("stopped:", error, flush=True)
"""


def fill(path, count):
    with Store.create(path) as store:
        know(store)
        for i in range(count):
            hand_in(store, f"s{i}", f"sha-{i}")


def counted(path):
    with Store.read(path) as store:
        assert store._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return store._db.execute("SELECT COUNT(*), COUNT(DISTINCT key) FROM results").fetchone()


def test_a_full_disk_stops_with_a_sentence_and_keeps_what_was_graded(path):
    fill(path, 60)
    limit = path.stat().st_size + 80_000
    done = subprocess.run([sys.executable, "-c", WRITER, path, str(limit)], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("stopped: "), done.stdout + done.stderr
    assert "What was graded is kept" in lines[-1]
    kept = lines.count("kept")
    assert 0 < kept < 60
    assert counted(path) == (kept, kept)
    done = subprocess.run([sys.executable, "-c", WRITER, path, "0"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines().count("kept") == 60 - kept
    assert counted(path) == (60, 60)


def test_killed_in_the_middle_of_writing_nothing_that_was_kept_is_lost(path):
    fill(path, 150)
    told, rounds = 0, 0
    while counted(path)[0] < 150:
        rounds += 1
        with subprocess.Popen([sys.executable, "-c", WRITER, path, "0"], stdout=subprocess.PIPE) as process:
            for _ in range(20):
                if not process.stdout.readline():
                    break
                told += 1
            process.kill()
            told += process.stdout.read().count(b"kept\n")
        assert counted(path)[0] >= told
    assert rounds >= 3
    assert counted(path) == (150, 150)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_file(path):
    fill(path, 1)
    path.chmod(0o400)
    with pytest.raises(StoreUnavailable, match="may not be written"):
        Store.create(path)
    with Store.read(path) as store:
        assert store.students() == ["s0"]


def test_reading_does_not_change_the_file(path):
    fill(path, 3)
    before = path.read_bytes()
    with Store.read(path) as store:
        assert store.students() == ["s0", "s1", "s2"]
        with pytest.raises(StoreUnavailable), store.writing():
            store.add_problem("a", "", "f", "r", 1)
    assert path.read_bytes() == before


def test_problems_of_the_last_run_only(store):
    for reason in ("old", "new"):
        run = store.begin_run("folder", GRADER)
        with store.writing():
            store.add_problem("ann", "", "f", reason, run)
            store.add_problem("bo", "", "f", "always", run)
        store.end_run(run)
    assert [(p["student"], p["reason"]) for p in store.problems()] == [("ann", "new"), ("bo", "always")]


def test_a_large_class_is_read_row_by_row(store):
    """5,000 results never lie in memory together."""
    know(store)
    with store.writing():
        for i in range(3000):
            store.add_submission(f"s{i}", SOFTMAX, f"sha-{i}", UNITS, "f.py", 5.0, "")
            pending = ("key", i)
            store._db.execute(
                "INSERT INTO results VALUES (?, ?, ?, 'v1', ?, ?, 'failed', 1, 100, 0, ?)",
                (f"{pending}", SOFTMAX, f"sha-{i}", GRADER, store.seed, __import__("zlib").compress(json.dumps({"message": "x" * 20_000}).encode())),
            )  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    assert sum(1 for _ in store.attempts(SOFTMAX)) == 3000
    assert time.monotonic() - started < 600
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000  # of 60 MB
