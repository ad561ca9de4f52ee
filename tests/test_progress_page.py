"""`dlkit progress`: the plot in the terminal, the page with pictures."""

import subprocess
import sys
from datetime import date, datetime, timedelta
from xml.etree import ElementTree

import pytest

from dlkit.grader.catalog import catalog
from dlkit.grader.learner.history import history
from dlkit.grader.learner.progress import Standing, opened
from dlkit.grader.render.charts import bar_svg, block_chart, calendar_svg, line_svg, spark_svg
from dlkit.grader.render.learner import progress_words
from dlkit.grader.render.progress_page import progress_page
from dlkit.grader.render.terminal import no_style
from dlkit.grader.result import Check, Result

TODAY = date(2026, 3, 20)
EXERCISES = list(catalog())


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "dlkit" / "progress.db"


def record(kept, day, score, slug="softmax", hour=12):
    at = datetime(day.year, day.month, day.day, hour).timestamp()
    status = "passed" if score == 100 else "failed"
    check = Check("value", "…", status, score, 100.0)
    kept.record(Result("exercise_07", slug, "…", status, score, 100.0, 1, "cpu", "bwrap", 0.1, (check,), "0.1.0"), at)


def days_ago(n):
    return TODAY - timedelta(days=n)


def filled():
    with opened() as kept:
        record(kept, days_ago(9), 20.0)
        record(kept, days_ago(9), 60.0, hour=13)
        record(kept, days_ago(1), 100.0)
        record(kept, TODAY, 50.0, "backprop")
        record(kept, TODAY, 40.0, "backprop", hour=13)
        kept.take_hint("backprop", 3, 0.0)
        return history(kept, TODAY)


def test_the_history(home):
    found = filled()
    assert found.points == ((days_ago(9), 60.0), (days_ago(1), 100.0), (TODAY, 150.0))
    assert found.attempts == {days_ago(9): 2, days_ago(1): 1, TODAY: 2}
    assert found.scores == {"softmax": (20.0, 60.0, 100.0), "backprop": (50.0, 40.0)}
    assert (found.streak, found.future, found.interviews) == (2, "", ())


def test_a_clock_that_was_wrong_is_said_and_takes_nothing(home):
    with opened() as kept:
        record(kept, days_ago(2), 60.0)
        record(kept, TODAY + timedelta(days=400), 80.0)
        record(kept, days_ago(1), 90.0)
        kept.database.execute("UPDATE attempts SET at = 9e30 WHERE score = 90")
        found = history(kept, TODAY)
    assert found.points == ((days_ago(2), 60.0), (TODAY, 90.0))
    assert found.attempts == {days_ago(2): 1}
    words = progress_words(EXERCISES, found, 80, no_style)
    assert "The clock of this machine was wrong once, or is now: an attempt is dated 9999-12-31." in " ".join(
        words.split()
    )
    assert "best 90, 3 attempts" in words


@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_plot_in_the_terminal(home, width):
    words = progress_words(EXERCISES, filled(), width, no_style)
    lines = words.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Points so far (150 of"))
    assert lines[at + 1].startswith("150 │")
    assert lines[at + 1].endswith("█")
    assert lines[at + 4].startswith("    │█")
    assert max(len(line) for line in lines[at + 1 :]) <= width


def test_blocks():
    assert block_chart([0, 1, 2, 4], 4, 4, 2) == ["   █", " ▄██"]
    assert block_chart([1e-9], 1.0, 1, 1) == ["▁"]  # little is not nothing
    assert block_chart([], 4, 10, 2) == ["", ""]
    assert block_chart(list(range(100)), 99, 10, 1)[0][-1] == "█"
    assert len(block_chart(list(range(100)), 99, 10, 1)[0]) == 10


def test_pictures_are_svg_with_words_for_those_who_do_not_see_them():
    for svg in (
        bar_svg(0.5, "A & B: 50%"),
        bar_svg(7.0, "too much"),
        spark_svg([0.0, 100.0] * 30),
        spark_svg([]),
        calendar_svg({TODAY: 3, days_ago(1): 1}, TODAY),
        calendar_svg({}, TODAY),
        line_svg([(days_ago(9), 10.0), (TODAY, 150.0)], 200.0, TODAY),
        line_svg([(TODAY, 0.0)], 0.0, TODAY),
    ):
        tree = ElementTree.fromstring(svg)
        assert tree.get("role") == "img"
        assert tree.get("aria-label")
        assert "nan" not in svg
    days = [e.text for e in ElementTree.fromstring(calendar_svg({TODAY: 3}, TODAY)).iter() if e.tag.endswith("title")]
    assert days[-1] == "2026-03-20: 3 attempts"
    assert len(days) == 7 * 25 + 5


def test_the_page_is_one_file_and_says_it_all(home):
    page = progress_page(EXERCISES, filled())
    assert page.startswith("<!DOCTYPE html>")
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page
    assert page.count("<svg") == 2 + len({e.track for e in EXERCISES}) + 2
    for words in (f"1 of {len(EXERCISES)}</strong> solved", "2 days in a row</strong> streak", "5</strong> attempts",
                  "1</strong> hints", "8 days</strong> to full marks (median)"):  # fmt: skip
        assert words in page
    assert page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "").count("http") == 0


def test_a_mistake_with_an_odd_name_is_escaped(home):
    found = filled()
    found.standings["softmax"] = Standing(attempts=1, mistakes=["<script>alert(1)</script>"])
    assert "<script" not in progress_page(EXERCISES, found)


def test_an_empty_page(home):
    with opened() as kept:
        found = history(kept, TODAY)
    assert "Nothing has been tried yet." in progress_page(EXERCISES, found)
    assert "no streak yet" in progress_words(EXERCISES, found, 60, no_style)


def test_a_file_of_the_learners_is_not_overwritten(home, tmp_path):
    def write(name):
        run = [sys.executable, "-m", "dlkit.cli", "progress", "--html", name]
        return subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert write("page.html").returncode == 0
    assert write("page.html").returncode == 0  # ours: replaced
    (tmp_path / "notes.html").write_text("mine")
    done = write("notes.html")
    assert (done.returncode, done.stdout) == (2, "")
    assert "notes.html exists and is no page of dlkit: it is left as it is." in done.stderr
    assert (tmp_path / "notes.html").read_text() == "mine"
    assert "cannot be written" in write("no/such/folder.html").stderr
