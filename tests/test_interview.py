"""Interviews and reviews: what is drawn, time, a closed terminal, clocks that jump, the report, what is due again."""

import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from dlkit.grader.catalog import catalog
from dlkit.grader.errors import UsageProblem
from dlkit.grader.learner import desk, interview, interviews, progress, review, workspace
from dlkit.grader.learner.interviews import Interview, Item
from dlkit.grader.learner.progress import ProgressUnavailable, Standing, opened
from dlkit.grader.result import Check, Diagnosis, Result

ROOT = Path(__file__).parent.parent
SOFTMAX = catalog().find("softmax")
DLKIT = [sys.executable, "-m", "dlkit.cli"]
DAY = 86400.0


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "dlkit" / "progress.db"


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "work"
    workspace.create(folder, [SOFTMAX], notebooks=False)
    return workspace.Workspace(folder)


def dlkit(*arguments, cwd):
    done = subprocess.run([*DLKIT, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def result(score=50.0, status="failed", slug="softmax"):
    check = Check("value", "Softmax of logits.", "failed", score, 100.0, diagnosis=Diagnosis("m", "The mistake."))
    return Result("exercise_07", slug, "…", status, score, 100.0, 1, "cpu", "bwrap", 0.1, (check,), "0.1.0")


# What is drawn


def drawn(known=None, count=2, minutes=60, avoid=(), seed=0, exercises=None):
    return interview.draw(exercises or catalog(), known or {}, count, minutes, 100 * DAY, random.Random(seed), avoid)


def test_weak_tracks_come_first_and_each_once():
    known = {e.slug: Standing(attempts=1, best=90) for e in catalog() if e.track[0] not in "CD"}
    for seed in range(10):
        assert {e.track[0] for e in drawn(known, seed=seed)} == {"C", "D"}
    assert len({drawn(seed=s)[0].slug for s in range(30)}) > 5


def test_what_was_solved_lately_is_not_drawn():
    solved = Standing(attempts=1, best=100, solved_at=1.0, passed_at=95 * DAY)
    known = {e.slug: solved for e in catalog() if e.slug != "softmax"}
    assert drawn(known, count=1) == [SOFTMAX]
    known = {slug: replace(s, passed_at=10 * DAY) for slug, s in known.items()} | {"softmax": solved}
    assert all(SOFTMAX not in drawn(known, seed=s) for s in range(10))
    everything = dict.fromkeys([e.slug for e in catalog()], solved)
    assert len(drawn(everything)) == 2  # rather than nothing


def test_what_fits_the_time_and_was_not_asked_the_last_time():
    for seed in range(10):
        assert sum(e.minutes for e in drawn(minutes=45, seed=seed)) <= 45
        assert "softmax" not in [e.slug for e in drawn(avoid=["softmax"], seed=seed)]
    assert drawn(exercises=[SOFTMAX], count=3, avoid=["softmax"]) == [SOFTMAX]


def test_every_exercise_has_questions_to_ask_next():
    for exercise in catalog():
        questions = interview.follow_ups(exercise)
        assert questions, exercise.slug
        assert all(q[0].isupper() and "\n" not in q for q in questions)
    assert interview.follow_ups(SOFTMAX)[0] == "Why is log(softmax(x)) a bad idea?"


# Time


def running(**values):
    return Interview(1, 1000.0, 30, Path("/nowhere"), items=[Item("a", 990.0), Item("b", 990.0)], **values)


def test_time_between_saves_goes_to_the_file_saved():
    i = running()
    i.pass_time(1100.0)
    i.note_saves({"a": 1060.0, "b": 990.0})
    i.note_saves({"a": 1060.0, "b": 1090.0})
    i.pass_time(1300.0)
    i.note_saves({"a": 1250.0, "b": 1200.0})  # both since the last look: in the order of the saves
    assert [(x.exercise, x.spent_s) for x in i.items] == [("a", 110.0), ("b", 140.0)]
    i.note_saves({"a": 1250.0})  # b is gone
    i.note_saves({"a": 5.0, "b": 9e9})  # file times from another clock
    assert sum(x.spent_s for x in i.items) == 300.0


def test_time_passes_for_a_closed_terminal_and_ends():
    i = running()
    assert i.pass_time(1600.0) is False
    assert i.left_s == 1200.0
    assert i.pass_time(99999.0) is False
    assert i.left_s == 0.0


@pytest.mark.parametrize("since_last", [None, 2.0])
def test_a_clock_that_is_set_back_costs_and_gives_no_time(since_last):
    i = running()
    i.pass_time(1600.0)
    assert i.pass_time(1600.0 - 7200.0, since_last) is True
    assert i.used_s == pytest.approx(600.0 + (since_last or 0.0))
    assert i.pass_time(1600.0 - 7200.0 + 60.0, since_last) is False
    assert i.used_s == pytest.approx(660.0, abs=5.0)


def test_a_clock_that_is_set_forward_before_our_eyes_costs_nothing():
    i = running()
    i.pass_time(1600.0)
    assert i.pass_time(1600.0 + 7200.0, 1.0) is True
    assert i.used_s == 601.0
    assert i.pass_time(1600.0 + 7201.0, 1.0) is False
    assert i.used_s == 602.0


# On the command line


def test_an_interview_without_a_terminal(place, home):
    code, out, _ = dlkit("interview", "--track", "A", "--count", "1", "--minutes", "20", cwd=place.root)
    assert code == 0
    assert re.match(r"Interview · 20 minutes · (20:00|19:\d\d) left\n\n1\. ", out)
    assert max(map(len, out.replace(str(place.root), "").splitlines())) <= 80
    file = next((place.root / "interviews").rglob("*.py"))
    exercise = catalog().find(file.name)
    assert file.read_text("utf-8") == exercise.stub.read_text("utf-8")
    code, out, err = dlkit("hint", exercise.slug, cwd=place.root)
    assert (code, out) == (2, "")
    assert "no hints and no solution now" in err
    assert dlkit("solution", exercise.slug, "--give-up", cwd=place.root)[0] == 2
    file.write_bytes(exercise.solution.read_bytes())
    code, out, _ = dlkit("interview", "--grade", cwd="/")
    assert f"{exercise.slug}: 100 of 100 points" in out
    assert len(list((place.root / "interviews").iterdir())) == 1  # it has gone on with the same
    code, out, _ = dlkit("interview", "--end", cwd=place.root)
    assert "Interview: 100 of 100 points in" in out
    assert f"up to your last save (par {exercise.minutes} min)" in out
    assert "Asked next:\n    - " in out
    assert (
        dlkit("interview", "--end", cwd=place.root)[2] == "dlkit: No interview is running. Begin one: dlkit interview\n"
    )
    with opened() as kept:
        assert kept.standing(exercise.slug).state == "solved"
        data = kept.export()
    assert data["attempts"][0]["kind"] == "interview"
    assert data["interview_items"][0]["score"] == 100
    assert dlkit("hint", exercise.slug, cwd=place.root)[0] == 0


def begun(place, minutes=30):
    with opened() as kept:
        return interview.begin(kept, place, [SOFTMAX], minutes)


def test_time_that_ran_out_while_the_terminal_was_closed(place, home):
    i = begun(place)
    next(i.folder.iterdir()).write_text(SOFTMAX.solution.read_text("utf-8").replace("x - m", "x"))
    with sqlite3.connect(home) as db:
        db.execute("UPDATE interviews SET started_at = started_at - 7200")
    code, out, _ = dlkit("interview", cwd=place.root)
    assert code == 0
    assert out.startswith("The time is over; what your files hold now is graded.")
    assert "→ exp overflows at large logits" in out
    assert "30 min of 30 min" in out


def test_files_that_are_gone_and_exercises_that_are_no_more(place, home):
    i = begun(place)
    shutil.rmtree(i.folder)
    with sqlite3.connect(home) as db:
        db.execute("INSERT INTO interview_items (interview, position, exercise, saved_at) VALUES (1, 1, 'no_more', 0)")
    code, out, _ = dlkit("interview", "--end", cwd=place.root)
    assert code == 0
    assert "0 of 100 points · There is no file" in " ".join(out.split())


def test_nothing_fits_and_no_workspace(place, home, tmp_path):
    assert "No exercise fits these filters" in dlkit("interview", "--track", "nonsense", cwd=place.root)[2]
    assert "This is no dlkit workspace." in dlkit("interview", cwd=tmp_path)[2]
    assert not (place.root / "interviews").exists()


def test_two_terminals_end_one_interview_once(place, home):
    begun(place)
    with opened() as first, opened() as second:
        one, other = interviews.running(first), interviews.running(second)
        assert interviews.begin(second, place.root, 5, {}, 0.0) is None
        assert interviews.end(first, one, 1.0)
        assert not interviews.end(second, other, 2.0)


def test_the_clock_on_a_terminal_survives_its_end(place, home, terminal):
    """Countdown, a grade on request, the terminal closed in the middle, back again, ended by two keys."""
    i = begun(place)
    first = terminal(place.root, "interview")
    first.see("g grade · e end · q leave")
    first.press("g")
    first.see("softmax: 0 of 100 points")
    first.hang_up()
    next(i.folder.iterdir()).write_bytes(SOFTMAX.solution.read_bytes())
    again = terminal(place.root, "interview", columns=60)
    again.see("left · g grade")
    again.press("e")
    again.see("Press e once more")
    again.press("e")
    again.see("Asked next:")
    assert again.wait() == 0
    with opened() as kept:
        assert interviews.running(kept) is None
        assert kept.standing("softmax").state == "solved"


def test_leaving_keeps_it_running(place, home, terminal):
    begun(place)
    window = terminal(place.root, "interview")
    window.see("q leave")
    window.press("q")
    window.see("The clock goes on.")
    assert window.wait() == 0
    with opened() as kept:
        assert interviews.running(kept) is not None


# Reviews


def solve(kept, slug="softmax", at=0.0, attempts=1):
    for n in range(attempts - 1):
        kept.record(result(slug=slug), at - 10 + n)
    kept.record(result(100.0, "passed", slug), at)


def due(kept, now=4e9):
    return {d.exercise.slug: d for d in review.schedule(kept, catalog(), now)}


def test_what_was_harder_is_due_sooner(home):
    with opened() as kept:
        solve(kept, "softmax", 1000.0)
        solve(kept, "backprop", 1000.0, attempts=4)
        kept.take_hint("conv2d", 3, 900.0)
        kept.take_hint("conv2d", 3, 900.0)
        solve(kept, "conv2d", 1000.0)
        found = review.schedule(kept, catalog(), 1000.0)
    assert [d.exercise.slug for d in found] == ["conv2d", "backprop", "softmax"]
    assert all(1000.0 + DAY <= d.at < 1000.0 + 60 * DAY for d in found)


def test_a_review_that_goes_well_puts_it_off_and_a_solution_seen_does_not(place, home):
    with opened() as kept:
        solve(kept, at=time.time() - 20 * DAY)
        first = due(kept)["softmax"].at
        stub, backup = review.begin(kept, place, SOFTMAX)
        assert (stub, backup) == (place.root / "reviews" / "exercise_07_softmax.py", None)
    assert desk.remember(result(), stub) == []
    assert desk.remember(result(100.0, "passed"), stub) == [
        "Review done. `dlkit review` says when softmax is due again."
    ]
    with opened() as kept:
        good = due(kept)["softmax"]
        assert good.at > first + 10 * DAY
        assert good.reviews == 1
        assert [a["kind"] for a in kept.export()["attempts"]] == ["practice", "review", "review"]
        review.begin(kept, place, SOFTMAX)
        desk.may_see_solution(SOFTMAX, kept, give_up=False)
        forgotten = due(kept)["softmax"]
        assert forgotten.at < good.at


def test_an_interview_counts_as_a_review(home):
    with opened() as kept:
        solve(kept, at=1000.0)
        before = due(kept)["softmax"].at
        i = interviews.begin(kept, Path("/nowhere"), 30, {"softmax": 0.0}, 9 * DAY)
        i.items[0].score = 100.0
        interviews.end(kept, i, 9 * DAY)
        assert due(kept)["softmax"].at > before + 10 * DAY


def test_later_attempts_and_hints_do_not_change_how_hard_it_was(home):
    with opened() as kept:
        solve(kept, at=1000.0)
        before = due(kept)["softmax"].at
        kept.record(result(), 2000.0)
        kept.take_hint("softmax", 3, 2000.0)
        assert due(kept)["softmax"].at == before


def test_a_fresh_stub_keeps_what_was_there_and_is_not_the_workspaces_copy(place, home):
    with opened() as kept:
        with pytest.raises(UsageProblem, match="softmax is not solved yet"):
            review.begin(kept, place, SOFTMAX)
        solve(kept)
        stub, _ = review.begin(kept, place, SOFTMAX)
        assert review.begin(kept, place, SOFTMAX) == (stub, None)  # nothing was written in it
        stub.write_text("# mine\n")
        _, backup = review.begin(kept, place, SOFTMAX)
    assert backup.read_text() == "# mine\n"
    place.usual_place(SOFTMAX).unlink()
    assert place.file(SOFTMAX) is None


def test_reviews_on_the_command_line(place, home):
    assert "Nothing is solved yet" in dlkit("review", cwd=place.root)[1]
    with opened() as kept:
        solve(kept, at=time.time() - 30 * DAY)
        solve(kept, "backprop", at=time.time())
    code, out, _ = dlkit("review", cwd="/")
    assert code == 0
    assert out.startswith("1 of 2 solved exercises are due again.\n  - softmax: due since 22 days, ")
    assert "Next: backprop in 8 days" in out
    code, out, _ = dlkit("review", "--start", cwd=place.root)
    stub = place.root / "reviews" / "exercise_07_softmax.py"
    assert f"dlkit check {stub}" in out
    stub.write_bytes(SOFTMAX.solution.read_bytes())
    code, out, _ = dlkit("check", stub, cwd=place.root)
    assert code == 0
    assert "Review done." in out
    assert dlkit("review", cwd="/")[1].startswith("Nothing is due today.")


# The file


def test_a_file_of_version_1_is_migrated_with_everything_in_it(home):
    home.parent.mkdir(parents=True)
    with sqlite3.connect(home) as db:
        db.executescript(progress._SCHEMA[0])
        db.execute("PRAGMA user_version = 1")
        db.execute("INSERT INTO attempts VALUES (1, 5.0, 'softmax', 'passed', 100, 100, 1, 0.1, '[]')")
    db.close()
    with opened() as kept:
        assert kept.standing("softmax").solved_at == 5.0
        assert kept.export()["attempts"][0]["kind"] == "practice"
        assert interviews.running(kept) is None
        json.dumps(kept.export())


def test_a_file_of_a_later_version_is_left_alone(home):
    with opened():
        pass
    with sqlite3.connect(home) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(ProgressUnavailable, match="is of a later dlkit"), opened():
        pass


def test_the_last_attempt_is_the_last_one_made_whatever_the_clock_says(home):
    with opened() as kept:
        kept.record(result(slug="backprop"), 9e9)  # the clock was years ahead
        kept.record(result(), 1000.0)
        found = kept.standings()
    assert desk.next_exercise(catalog(), found) == SOFTMAX
