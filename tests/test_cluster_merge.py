"""`--shard i/N` and `dlkit merge`: a class graded in parts is the class graded at once."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dlkit.grader.batch.merge import merge_files
from dlkit.grader.batch.shard import parse_shard
from dlkit.grader.batch.store import Pending, Store
from dlkit.grader.catalog import catalog
from dlkit.grader.errors import UsageProblem

SOFTMAX = catalog().find("softmax")
GRADER = "1.0"


def hand_in(path, *answers, version="v1", seed=7, grade=lambda p: True, problems=(), started=None):
    """A results file as a run leaves it: (student, bytes, when) handed in, some of it graded."""
    with Store.create(path, seed) as store:
        run = store.begin_run("class", GRADER)
        with store.writing():
            if started is not None:
                store._db.execute("UPDATE runs SET started_at = ? WHERE id = ?", (started, run))
            store.know_exercise(SOFTMAX.stem, 7, (SOFTMAX.name, SOFTMAX.slug, SOFTMAX.title), version, GRADER)
            for student, sha, at in answers:
                store.add_submission(student, SOFTMAX.stem, sha, (("a.py", sha),), f"{student}.py", at, "")
            for student in problems:
                store.add_problem(student, SOFTMAX.stem, "x.py", "it is a link", run)
        for pending in filter(grade, store.pending()):
            result = {"status": "passed", "score": 100.0, "max_score": 100.0, "of": path.name}
            store.commit(pending.key(GRADER, seed), pending, GRADER, result)
        store.end_run(run)


def content(path):
    """Everything that counts in a results file."""
    tables = {
        "results": "key, status, score, result", "submissions": "student, exercise, attempt, sha, submitted_at",
        "sources": "sha, units", "failures": "key, kind, detail", "exercises": "stem, version", "meta": "name, value",
        "problems": "student, file, reason, last_run", "runs": "source, started_at",
    }  # fmt: skip
    with sqlite3.connect(path) as db:
        found = {t: sorted(db.execute(f"SELECT {c} FROM {t}").fetchall()) for t, c in tables.items()}
    db.close()
    return found


@pytest.fixture
def parts(tmp_path):
    """Three parts of a class of 30, a third graded in each."""
    answers = [(f"s{i:02}", f"sha{i:02}", 100.0 + i) for i in range(30)]
    made = []
    for number in (1, 2, 3):
        shard = parse_shard(f"{number}/3", 7, tmp_path / "none")
        made.append(tmp_path / f"{number}.db")
        hand_in(made[-1], *answers, grade=shard.holds, problems=["eve"])
    return made


def test_every_answer_is_in_exactly_one_part():
    answers = [Pending("exercise_07_softmax", "v", f"{i:064x}", "") for i in range(500)]
    for count in (1, 2, 7):
        shards = [parse_shard(f"{n}/{count}", 1, Path("none")) for n in range(1, count + 1)]
        held = [sum(s.holds(a) for s in shards) for a in answers]
        assert held == [1] * 500
        assert min(sum(s.holds(a) for a in answers) for s in shards) > 500 / count / 2


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "1/2/3", "-1/2", "1/99999"])
def test_nonsense_is_no_part(text, tmp_path):
    with pytest.raises(UsageProblem, match="it is I/N"):
        parse_shard(text, 7, tmp_path / "none")


def test_parts_need_one_seed(tmp_path):
    with pytest.raises(UsageProblem, match="--shard needs --seed"):
        parse_shard("1/2", None, tmp_path / "none")


def test_parts_are_joined_and_joining_again_changes_nothing(parts, tmp_path):
    before = [p.read_bytes() for p in parts]
    lines = merge_files(parts, tmp_path / "all.db")
    assert lines == [f"{tmp_path / 'all.db'}: 30 students, 30 results (30 new)"]
    once = content(tmp_path / "all.db")
    assert [p.read_bytes() for p in parts] == before
    with Store.read(tmp_path / "all.db") as store:
        attempts = list(store.attempts(SOFTMAX.stem))
        assert [(a["score"], a["attempt"]) for a in attempts] == [(100.0, 1)] * 30
        assert [p["student"] for p in store.problems()] == ["eve"]
        assert store.seed == 7
    assert "(0 new)" in merge_files(parts, tmp_path / "all.db")[0]
    assert content(tmp_path / "all.db") == once
    merge_files([tmp_path / "all.db", parts[1]], tmp_path / "all.db")
    assert content(tmp_path / "all.db") == once
    merge_files(parts[::-1], tmp_path / "other.db")
    other = content(tmp_path / "other.db")
    assert [other[t] for t in ("results", "submissions", "sources")] == [
        once[t] for t in ("results", "submissions", "sources")
    ]


def test_parts_that_are_missing_are_counted(parts, tmp_path):
    lines = merge_files(parts[:2], tmp_path / "all.db")
    graded = len(content(tmp_path / "all.db")["results"])
    assert 0 < graded < 30
    assert lines[1].startswith(f"{30 - graded} answers have no verdict yet")


def test_attempts_are_in_the_order_of_their_time(tmp_path):
    hand_in(tmp_path / "a.db", ("ann", "late", 300.0), ("bo", "x", 1.0))
    hand_in(tmp_path / "b.db", ("ann", "early", 100.0), ("ann", "late", 300.0))
    hand_in(tmp_path / "c.db", ("ann", "middle", 200.0))
    merge_files([tmp_path / f"{n}.db" for n in "abc"], tmp_path / "all.db")
    with Store.read(tmp_path / "all.db") as store:
        found = [(a["student"], a["attempt"], a["sha"]) for a in store.attempts(SOFTMAX.stem)]
    assert found == [("ann", 1, "early"), ("ann", 2, "middle"), ("ann", 3, "late"), ("bo", 1, "x")]


def test_the_version_of_the_latest_run_counts(tmp_path):
    hand_in(tmp_path / "new.db", ("ann", "x", 1.0), version="v2", started=200.0)
    hand_in(tmp_path / "old.db", ("ann", "x", 1.0), version="v1", started=100.0)
    for order in (("new", "old"), ("old", "new")):
        out = tmp_path / ("_".join(order) + ".db")
        merge_files([tmp_path / f"{n}.db" for n in order], out)
        assert content(out)["exercises"] == [(SOFTMAX.stem, "v2")]
        assert len(content(out)["results"]) == 2


def test_other_seeds_and_other_files_are_refused(tmp_path):
    hand_in(tmp_path / "a.db", ("ann", "x", 1.0))
    hand_in(tmp_path / "b.db", ("bo", "y", 1.0), seed=8)
    (tmp_path / "thesis.txt").write_text("mine\n" * 50)
    with pytest.raises(UsageProblem, match="different seeds"):
        merge_files([tmp_path / "a.db", tmp_path / "b.db"], tmp_path / "all.db")
    with pytest.raises(UsageProblem, match="There is no results file"):
        merge_files([tmp_path / "a.db", tmp_path / "none.db"], tmp_path / "all.db")
    assert not (tmp_path / "all.db").exists()
    before = content(tmp_path / "b.db")
    with pytest.raises(UsageProblem, match="different seeds"):
        merge_files([tmp_path / "a.db"], tmp_path / "b.db")
    assert content(tmp_path / "b.db") == before


def dlkit(*arguments):
    done = subprocess.run(
        [sys.executable, "-m", "dlkit.cli", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_class_in_two_parts_by_hand(tmp_path):
    """As a job array does it, in the plain sandbox: it is about the parts."""
    right = SOFTMAX.solution.read_text("utf-8")
    for i in range(6):
        (tmp_path / "class" / f"s{i}").mkdir(parents=True)
        (tmp_path / "class" / f"s{i}" / f"{SOFTMAX.stem}.py").write_text(f"{right}# {i % 5}\n")
    graded = []
    for number in (1, 2):
        part = tmp_path / f"{number}.db"
        code, text = dlkit(
            "grade", tmp_path / "class", "--out", part, "--seed", 7, "--shard", f"{number}/2", "--sandbox", "process"
        )
        assert code == 0, text
        graded.append(len(content(part)["results"]))
    assert sum(graded) == 5  # two students have the same answer
    assert 5 not in graded
    code, text = dlkit("merge", tmp_path / "1.db", tmp_path / "2.db", "--out", tmp_path / "all.db")
    assert (code, text) == (0, f"{tmp_path / 'all.db'}: 6 students, 5 results (5 new)\n")
    code, text = dlkit("export", tmp_path / "all.db", "--format", "csv", "--out", tmp_path / "all.csv")
    assert code == 0, text
    assert (tmp_path / "all.csv").read_text().count("100") >= 6
    code, text = dlkit("grade", tmp_path / "class", "--out", tmp_path / "none.db", "--shard", "1/2")
    assert (code, "--shard needs --seed" in text) == (2, True)
