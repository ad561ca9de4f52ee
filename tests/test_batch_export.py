"""Exports, feedback and the class report: right figures, documented forms, nothing hostile, nobody else's data."""

import csv
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
import zlib
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from click.testing import CliRunner

from dlkit.cli import cli
from dlkit.grader.batch import feedback
from dlkit.grader.batch.export import due_moment
from dlkit.grader.batch.formats import canvas, table
from dlkit.grader.batch.gradebook import Names, Policy, rows
from dlkit.grader.batch.report import class_report
from dlkit.grader.batch.similarity import Answer, compare
from dlkit.grader.batch.store import Store
from dlkit.grader.catalog import catalog
from dlkit.grader.errors import DlkitError, UsageProblem
from dlkit.grader.render.class_page import class_page

ROOT = Path(__file__).parent.parent
SEED = 1234567
SOFTMAX, BACKPROP = catalog().find("softmax"), catalog().find("backprop")
HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>\x1b[31m]]>&\'"'
DAY = 86_400.0
BASE = datetime(2026, 3, 1, 12).timestamp()


def check(name, share=1.0, points=50.0, mistake=None, message="", output=""):
    status = "passed" if share == 1 else "failed"
    diagnosis = {"mistake": mistake, "message": f"You {mistake}."} if mistake else None
    return {
        "name": name, "title": f"The {name} is right.", "status": status, "points": points * share, "max_points": points,
        "message": message, "input": "softmax(1)" if share < 1 else "", "diagnosis": diagnosis,
        "rerun": f"dlkit check exercise_07 --seed {SEED} --only {name}", "output": output,
    }  # fmt: skip


def result(checks, status=None, exercise=SOFTMAX, message="", flags=(), output=""):
    score = sum(c["points"] for c in checks) if not flags else 0.0
    gpu = {"status": "not_applicable", "device": None, "reason": "", "passed": 0, "total": 0, "checks": []}
    return {
        "schema": "dlkit.result/1", "exercise": exercise.name, "slug": exercise.slug, "title": exercise.title,
        "status": status or ("passed" if score == 100 else "failed"), "score": score, "max_score": 100.0, "seed": SEED,
        "device": "cpu", "sandbox": "bwrap", "duration_s": 0.5, "checks": checks, "gpu": gpu, "flags": list(flags),
        "output": output, "message": message, "grader": "0.1.0",
    }  # fmt: skip


RIGHT = [check("value"), check("axis")]


class Class:
    """A results file with verdicts made up by the test."""

    def __init__(self, path):
        self.path = path
        self.count = 0
        with Store.create(path, seed=SEED) as store:
            store.begin_run("class", "0.1.0")
            with store.writing():
                for position, e in enumerate((SOFTMAX, BACKPROP)):
                    store.know_exercise(e.stem, position, (e.name, e.slug, e.title), "v1", "0.1.0")

    def add(self, student, verdict, at=BASE, exercise=SOFTMAX, text=None):
        self.count += 1
        sha = f"sha-{self.count}"
        units = (("exercise_07_softmax.py", text or f"x = {self.count}\n"),)
        with Store.create(self.path) as store:
            with store.writing():
                store.add_submission(student, exercise.stem, sha, units, f"{student}/{exercise.stem}.py", at, "")
            for p in store.pending():
                if p.sha == sha and verdict is not None:
                    store.commit(p.key("0.1.0", SEED), p, "0.1.0", verdict)
        return self


@pytest.fixture
def klass(tmp_path):
    made = Class(tmp_path / "results.db")
    half = [check("value"), check("axis", 0.5, mistake="swap the axes", message="axis 0 differs")]
    made.add("ann", result(half)).add("ann", result(RIGHT), BASE + DAY).add("ann", result(half), BASE + 2 * DAY)
    made.add("bo", result([check("value", 0.0, message=HOSTILE, output="I am Bo\n<b>"), check("axis", 0.0, mistake="swap the axes")], output=HOSTILE))  # fmt: skip
    made.add("bo", result([check("value")], exercise=BACKPROP), exercise=BACKPROP)
    made.add("=cy\n+1", result([], "invalid", message="null byte"))
    flag = {"name": "scipy.special.softmax", "line": 3, "message": "`softmax` (line 3) is what you write"}
    made.add("di", result(RIGHT, "failed", flags=[flag]))
    made.add("ed", None)
    return made.path


def dlkit(*arguments):
    """The command line in this process: exit code, standard output, standard error."""
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    if isinstance(done.exception, DlkitError):
        return done.exception.exit_code, done.stdout, done.stderr + str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def export(path, *arguments):
    return dlkit("export", *([path] if path else []), *arguments)


def grades(path, policy=None, anonymous=False):
    with Store.read(path) as store:
        return {(r.student, r.name): r for r in rows(store, policy or Policy(), Names(store, anonymous))}


# Which attempt counts


def test_best_or_last_and_what_lateness_costs(klass):
    assert grades(klass)["ann", "exercise_07"].score == 100
    assert grades(klass)["ann", "exercise_07"].attempt == 2
    assert grades(klass, Policy("last"))["ann", "exercise_07"].score == 75
    due = Policy("best", BASE, 10)
    row = grades(klass, due)["ann", "exercise_07"]
    assert (row.score, row.raw_score, row.days_late, row.attempt) == (90, 100, 1, 2)
    strict = grades(klass, Policy("best", BASE, 100))["ann", "exercise_07"]
    assert (strict.score, strict.attempt, strict.days_late) == (75, 1, 0)
    assert grades(klass, Policy("last", BASE, 100))["ann", "exercise_07"].score == 0
    assert grades(klass)["ed", "exercise_07"].status == "pending"


def test_due_dates():
    assert due_moment("2026-03-01") == datetime(2026, 3, 1, 23, 59, 59).timestamp()
    assert due_moment(" 2026-03-01 18:00 ") == datetime(2026, 3, 1, 18).timestamp()
    assert due_moment("2026-03-01T18:00+00:00") == 1772388000.0
    for text in ("tomorrow", "2026-13-01", ""):
        with pytest.raises(UsageProblem, match="write it as"):
            due_moment(text)


# Formats


def test_csv_runs_no_formula(klass):
    code, out, err = export(klass, "--format", "csv")
    assert code == 0
    assert "1 submissions have no verdict yet" in err
    lines = list(csv.DictReader(io.StringIO(out)))
    by_student = {(line["student"], line["exercise"]): line for line in lines}
    assert ("'=cy\n+1", "exercise_07") in by_student
    assert by_student["ann", "exercise_07"]["score"] == "100"
    assert by_student["bo", "exercise_07"]["mistakes"] == "swap the axes"
    assert by_student["di", "exercise_07"]["flags"] == "scipy.special.softmax"
    for line in csv.reader(io.StringIO(out)):
        assert all(cell[:1] not in "=+-@\t\r" or not cell for cell in line), line


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1"])
def test_cells_that_a_spreadsheet_would_run(text):
    assert table.safe(text) == f"'{text}"
    assert table.safe("a=1") == "a=1"
    assert table.safe(-1.5) == "-1.5"


def test_json_lines_hold_the_results_without_the_secret(klass):
    code, out, _ = export(klass, "--format", "json")
    assert code == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["schema"] for line in lines} == {"dlkit.grade/1"}
    (ann,) = [line for line in lines if line["student"] == "ann"]
    assert ann["result"]["checks"][0]["title"] == "The value is right."
    assert str(SEED) not in out
    assert '"seed"' not in out


def test_junit_is_xml_whatever_was_printed(klass):
    code, out, _ = export(klass, "--format", "junit")
    assert code == 0
    root = ElementTree.fromstring(out)
    suites = {s.get("name"): s for s in root}
    assert suites["ann exercise_07"].get("failures") == "0"
    bo = suites["bo exercise_07"]
    assert (bo.get("tests"), bo.get("failures")) == ("2", "2")
    assert "<script>" in bo.find("testcase/failure").text
    assert suites["di exercise_07"].find("testcase[@name='forbidden']/failure") is not None
    assert suites["ed exercise_07"].find("testcase/skipped") is not None


def test_canvas_finds_students_in_its_own_gradebook(klass, tmp_path):
    roster = tmp_path / "canvas.csv"
    roster.write_text(
        "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Softmax (4711),Other (1)\n"
        "    Points Possible,,,,,100,10\n"
        '"Smith, Ann",11,u11,ann,A,,\n'
        '"Li, Bo",12,u12,bo,A,,\n'
        '"Student, Test",,,,A,,\n',
        "utf-8",
    )
    code, out, err = export(klass, "--format", "canvas", "--roster", roster)
    assert code == 0
    lines = list(csv.reader(io.StringIO(out)))
    assert lines[0] == [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        "Softmax (4711)",
        f"exercise_14 {BACKPROP.title}",
    ]
    assert lines[1][0].strip() == "Points Possible"
    assert lines[2] == ["Smith, Ann", "11", "u11", "ann", "A", "100", ""]
    assert lines[3] == ["Li, Bo", "12", "u12", "bo", "A", "0", "50"]
    assert len(lines) == 4
    assert "di is not in" in err
    person = canvas.Person(("Smith, Ann", "11", "", "asmith", ""))
    assert all(person.called(s) for s in ("smithann_11", "Ann Smith", "ASMITH", "x_11", "smithann"))
    assert not any(person.called(s) for s in ("smithann_12", "", "ann"))
    code, _, err = export(klass, "--format", "canvas", "--roster", klass)
    assert code == 2


def test_nbgrader_csv(klass):
    code, out, _ = export(klass, "--format", "nbgrader", "--due", "2026-03-01 12:00", "--late-percent", "10")
    assert code == 0
    lines = {
        line["student_id"]: line for line in csv.DictReader(io.StringIO(out)) if line["assignment"] == SOFTMAX.stem
    }
    assert lines["ann"]["score"] == "90"
    assert (lines["ann"]["raw_score"], lines["ann"]["late_submission_penalty"], lines["ann"]["max_score"]) == (
        "100",
        "10",
        "100",
    )


_VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
_FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
GRADESCOPE = {  # the documented fields of results.json
    "type": "object",
    "additionalProperties": False,
    "anyOf": [{"required": ["score"]}, {"required": ["tests"]}],
    "properties": {
        "score": {"type": "number"}, "execution_time": {"type": "number"}, "output": {"type": "string"},
        "output_format": _FORMAT, "test_output_format": _FORMAT, "test_name_format": _FORMAT,
        "visibility": _VISIBILITY, "stdout_visibility": _VISIBILITY, "extra_data": {"type": "object"},
        "leaderboard": {"type": "array"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number", "minimum": 0}, "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]}, "name": {"type": "string"}, "name_format": _FORMAT,
                    "number": {"type": "string"}, "output": {"type": "string"}, "output_format": _FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}}, "visibility": _VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
}  # fmt: skip


def test_gradescope_results_have_the_documented_fields(klass, tmp_path):
    out = tmp_path / "gs"
    code, _, err = export(klass, "--format", "gradescope", "--out", out)
    assert code == 0
    found = {p.parent.name: json.loads(p.read_text("utf-8")) for p in out.glob("*/results.json")}
    assert len(found) == 5
    for answer in found.values():
        jsonschema.validate(answer, GRADESCOPE)
        assert str(SEED) not in json.dumps(answer)
    assert found["ann"]["score"] == 100
    assert found["bo"]["score"] == 50
    assert [t["number"] for t in found["bo"]["tests"]] == ["1", "2", "3"]
    assert "→ You swap the axes." in found["bo"]["tests"][1]["output"]
    assert found["di"]["score"] == 0
    assert all(t["status"] == "failed" for t in found["di"]["tests"])
    assert "Forbidden: `softmax` (line 3)" in found["di"]["output"]
    assert "5 students in" in err


# Feedback


class Text(HTMLParser):
    """The text and the tags of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def no_network(page):
    """Nothing in the page asks for anything from anywhere."""
    for tag, attributes in Text(page).tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form", "video", "audio"), tag
        for name, value in attributes.items():
            assert not name.startswith("on"), name
            if name in ("src", "href", "action", "srcset"):
                assert value.startswith("#"), value
    assert "Content-Security-Policy" in page
    assert not re.search(r"@import|url\(", page)


def test_feedback_holds_a_students_own_data_and_no_other(klass, tmp_path):
    out = tmp_path / "feedback"
    assert export(klass, "--format", "feedback", "--out", out)[0] == 0
    pages = {p.name: p.read_text("utf-8") for p in out.iterdir()}
    assert len(pages) == 5
    bo = pages["bo.html"]
    text = Text(bo).text
    for words in ("Feedback for bo", "The value is right.", "You swap the axes.", "I am Bo", "50 of 200", "alert(1)"):
        assert words in text, words
    for page in pages.values():
        no_network(page)
        assert [t for t, _ in Text(page).tags if t == "script"] == []
        assert str(SEED) not in page
        assert "--seed" not in page
    for name, page in pages.items():
        others = {"ann", "bo", "di", "ed"} - {name.removesuffix(".html")}
        assert not any(re.search(rf"\b{other}\b", Text(page).text) for other in others)
    assert "There is no verdict yet" in pages["ed.html"]
    assert "Attempt 2 of 3" in pages["ann.html"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in out.iterdir())


def test_file_names_of_students_are_safe_and_different():
    names = ["ann", "Ann", "../../etc/passwd", "..", "", "a/b", "a_b", "CON", "x" * 300, "é", "e", "\n"]
    files = [feedback.file_name(n) for n in names]
    assert len({f.lower() for f in files}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}", f) for f in files), files


# Under pseudonyms


def test_anonymous_outputs_name_nobody(klass, tmp_path):
    texts = [export(klass, "--format", f, "--anonymous")[1] for f in ("csv", "json", "junit", "nbgrader", "canvas")]
    for kind in ("feedback", "gradescope"):
        assert export(klass, "--format", kind, "--anonymous", "--out", tmp_path / kind)[0] == 0
        texts += [f"{p}\n{p.read_text('utf-8')}" for p in (tmp_path / kind).rglob("*") if p.is_file()]
    page = tmp_path / "r.html"
    assert dlkit("report", klass, "--html", page, "--anonymous")[0] == 0
    texts.append(page.read_text("utf-8"))
    for text in texts:
        text = text.replace(str(tmp_path), "")
        assert not re.search(r"\b(ann|cy)\b", text), text[:500]
    pseudonyms = [set(re.findall(r"student-[0-9a-f]{10}", t)) for t in (texts[0], texts[1], texts[-1])]
    assert pseudonyms[0] == pseudonyms[1] == pseudonyms[2]
    assert len(pseudonyms[0]) == 5


def test_pseudonyms_do_not_give_the_alphabet_away(klass):
    shown = [k[0] for k in grades(klass, anonymous=True) if k[1] == "exercise_07"]
    assert shown == sorted(shown)


def test_a_name_in_an_answers_own_text_is_replaced(klass):
    with Store.read(klass) as store:
        names = Names(store, anonymous=True)
    text = names.text("Ann Marie Smith_123", "# by ann marie smith_123; Smith, MARIE wrote this 123")
    assert "mith" not in text
    assert "arie" not in text.lower()
    assert "wrote this 123" in text


# What is never overwritten


def test_nothing_is_overwritten_unasked(klass, tmp_path):
    out = tmp_path / "grades.csv"
    assert export(klass, "--format", "csv", "--out", out)[0] == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    before = out.read_text("utf-8")
    code, _, err = export(klass, "--format", "json", "--out", out)
    assert (code, out.read_text("utf-8")) == (2, before)
    assert "Say --force to replace it" in err
    assert export(klass, "--format", "json", "--out", out, "--force")[0] == 0
    assert out.read_text("utf-8") != before
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("x")
    code, _, err = export(klass, "--format", "feedback", "--out", mine)
    assert code == 2
    assert "has something in it" in err
    assert [p.name for p in mine.iterdir()] == ["thesis.txt"]
    assert export(klass, "--format", "feedback", "--out", out)[0] == 2
    assert export(klass, "--format", "csv", "--out", tmp_path / "no" / "x.csv")[0] == 2
    assert export(tmp_path / "none.db", "--format", "csv")[0] == 2
    assert export(None, "--format", "csv")[0] == 2
    assert list(tmp_path.glob(".*")) == []


def test_an_output_into_a_closed_pipe_is_no_error(klass):
    done = subprocess.run(["bash", "-c", f"{sys.executable} -m dlkit.cli export {klass} --format json | head -c 1"], capture_output=True, text=True, check=False)  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "fault" not in done.stderr


# The class report


def report_of(path, policy=None, anonymous=False):
    with Store.read(path) as store:
        return class_report(store, policy or Policy(), Names(store, anonymous), "Class report")


def test_the_figures_of_the_report(klass):
    report = report_of(klass, Policy("last"))
    softmax, backprop = report.parts
    assert (softmax.name, backprop.name) == ("exercise_07", "exercise_14")
    assert sorted(softmax.scores) == [0, 0, 0, 75]
    assert dict(softmax.bins())["0"] == 3
    assert dict(softmax.bins())["70–79"] == 1
    assert [(m.name, len(m.students)) for m in softmax.mistakes] == [("swap the axes", 2)]
    value, axis = softmax.checks
    assert (value.passed, value.ran, axis.passed, axis.ran) == (2, 3, 1, 3)
    assert softmax.gains == [0.0]
    assert [(f.student, f.line) for f in softmax.flags] == [("di", 3)]
    shares = {s.name: s.shares for s in softmax.students}
    assert shares["ann"] == (1.0, 0.5)
    assert shares["ed"] == (None, None)


def test_a_check_that_nearly_nobody_passes_is_pointed_out(tmp_path):
    made = Class(tmp_path / "r.db")
    for i in range(8):
        made.add(f"s{i}", result([check("value"), check("axis", 0.5 if i else 1.0)]))
    (part,) = report_of(made.path).parts
    assert [c.hard for c in part.checks] == [False, True]
    assert "nearly nobody" in class_page(report_of(made.path))


def test_the_page_escapes_everything_and_asks_for_nothing(klass, tmp_path):
    made = Class(tmp_path / "r2.db")
    evil = '"><img src=x onerror=alert(1)>'
    made.add(evil, result([check("value", 0.0, mistake=evil, message=evil)], message=evil, flags=[{"name": evil, "line": 1, "message": evil}]), text=f"# {evil}\n" * 40)  # fmt: skip
    made.add("b", result(RIGHT), text=f"# {evil}\n" * 41)
    for path in (klass, made.path):
        page = class_page(report_of(path))
        no_network(page)
        assert len([t for t, _ in Text(page).tags if t == "script"]) == 1


HARNESS = """<!doctype html><body><iframe id=f src="REPORT" width=1200 height=900></iframe><pre id=out>waiting</pre><script>
document.getElementById('f').addEventListener('load', () => {
  const d = document.getElementById('f').contentDocument, w = document.getElementById('f').contentWindow, said = {};
  const shown = () => [...d.querySelectorAll('#exercise_07 .heat tbody tr:not(.hidden)')].map(r => r.dataset.who);
  const head = name => [...d.querySelectorAll('#exercise_07 .heat thead button')].find(b => b.textContent === name);
  said.count = d.getElementById('count').textContent;
  said.all = shown();
  head('Score').click(); said.down = shown(); head('Score').click(); said.up = shown();
  said.sorted = head('Score').parentElement.getAttribute('aria-sort');
  const filter = d.getElementById('filter');
  const type = text => { filter.value = text; filter.dispatchEvent(new w.Event('input')); };
  type('ann'); said.ann = shown(); type('swap axes'); said.swap = shown();
  d.dispatchEvent(new w.KeyboardEvent('keydown', {key: 'Escape', bubbles: true})); said.escaped = shown().length;
  d.querySelector('button[data-find]').click(); said.button = shown();
  d.dispatchEvent(new w.KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));
  const state = d.getElementById('state'); state.value = 'passed'; state.dispatchEvent(new w.Event('change')); said.passed = shown();
  d.activeElement.blur(); d.dispatchEvent(new w.KeyboardEvent('keydown', {key: '/', bubbles: true}));
  said.focus = d.activeElement.id;
  said.wide = d.documentElement.scrollWidth <= d.documentElement.clientWidth;
  said.unreachable = [...d.querySelectorAll('.scroll, button, summary, pre')].filter(e => e.tabIndex < 0).length;
  document.getElementById('out').textContent = JSON.stringify(said);
});
</script>"""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def chromium(page, *options):
    home = page.parent / "chromium"
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={home}",
        *options,
        page.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_the_page_works_in_chromium(klass, tmp_path):
    page = tmp_path / "report.html"
    page.write_text(class_page(report_of(klass)), "utf-8")
    harness = tmp_path / "harness.html"
    harness.write_text(HARNESS.replace("REPORT", page.name), "utf-8")
    done = chromium(
        harness, "--allow-file-access-from-files", "--disable-web-security", "--dump-dom", "--enable-logging=stderr"
    )
    found = re.search(r'<pre id="out">(\{.*?\})</pre>', done.stdout)
    assert found, done.stdout[-2000:] + done.stderr[-2000:]
    said = json.loads(found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert said["count"] == "5 of 5 students"
    assert len(said["all"]) == 5
    assert said["down"][0] == "ann"
    assert said["up"][-1] == "ann"
    assert said["sorted"] == "ascending"
    assert said["ann"] == ["ann"]
    assert said["swap"] == ["bo"]
    assert said["button"] == ["bo"]
    assert said["escaped"] == 5
    assert said["passed"] == ["ann"]
    assert said["focus"] == "filter"
    assert said["wide"]
    assert said["unreachable"] == 0
    assert "Content Security Policy" not in done.stderr


# Likeness

STUB = '"""Do it."""\nimport numpy as np\n\n\ndef softmax(x):\n    raise NotImplementedError\n'


def answer(student, body):
    return Answer(student, f'"""Do it."""\nimport numpy as np\n\n\ndef softmax(x):\n{body}\n')


def test_likeness_shows_what_only_two_have():
    bodies = [
        f"    v{i} = x - x.max()\n    e{i} = np.exp(v{i})\n    total{i} = e{i}.sum()\n    check{i} = total{i} > 0\n    return e{i} / total{i}"
        for i in range(12)
    ]
    answers = [answer(f"s{i}", b) for i, b in enumerate(bodies)]
    copied = "    shifted_by_biggest = x - np.max(x)  # the biggest becomes nought\n    grown = np.exp(shifted_by_biggest)\n    every_one = np.sum(grown)\n    return grown / every_one"
    answers += [answer("ann", copied), answer("bo", copied + "\n    # done")]
    answers += [answer("stub", "    raise NotImplementedError"), answer("tiny", "    return x")]
    found = compare(answers, STUB)
    assert found.compared == 14
    assert found.pairs[0].students == (("ann",), ("bo",))
    assert "shifted_by_biggest" in found.pairs[0].shared
    assert any(s.startswith("# the biggest") for s in found.pairs[0].shared)
    assert len(found.pairs) == 1
    assert 0 < found.median < 0.9


def test_equal_answers_are_a_group_not_pairs():
    body = "    e = np.exp(x - x.max())\n    s = e.sum()\n    t = e / s\n    return t + 0 * s * t * e"
    found = compare([answer("a", body), answer("b", body.replace(" = ", "  =  ")), answer("c", body + "\n")], STUB)
    assert found.same == (("a", "b", "c"),)
    assert found.pairs == ()


def test_without_the_library_equal_answers_are_still_found(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    body = "    e = np.exp(x - x.max())\n    s = e.sum()\n    t = e / s\n    return t + 0 * s * t * e"
    found = compare([answer("a", body), answer("b", body), answer("c", body.replace("0", "1"))], STUB)
    assert (found.available, found.same, found.pairs) == (False, (("a", "b"),), ())


def test_likeness_of_a_large_class_and_of_hostile_texts():
    started = time.process_time()
    answers = [
        Answer(f"s{i}", "\n".join(f"name_{i * j % 97} = value_{j} + {i}" for j in range(40))) for i in range(600)
    ]
    answers.append(Answer("long", "x = 1\n" * 100_000))
    answers.append(Answer("line", "a" * 200_000))
    answers.append(Answer("odd", "\ud7ff\ue000 名 = '\x00' # \U0001f600\n" * 30))
    found = compare(answers, STUB)
    assert len(found.pairs) <= 40
    assert time.process_time() - started < 100  # quadratic in Python would take hours


# In Gradescope's container


def test_the_autograder_folder_grades_in_gradescopes_layout(tmp_path):
    root = tmp_path / "autograder"
    root.mkdir()
    code, _, err = export(None, "--format", "gradescope-autograder", "--exercise", "softmax", "--out", root / "source")
    assert code == 0, err
    source = root / "source"
    assert not list(source.rglob("*exercise_14*"))
    for script in ("setup.sh", "run_autograder"):
        assert os.access(source / script, os.X_OK)
        assert subprocess.run(["bash", "-n", source / script], check=False).returncode == 0
    assert any(line.startswith("numpy==") for line in (source / "requirements.txt").read_text().splitlines())
    shutil.copy(source / "run_autograder", root / "run_autograder")
    venv = tmp_path / "venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (venv / "python").chmod(0o755)

    def run(files):
        shutil.rmtree(root / "submission", ignore_errors=True)
        (root / "submission").mkdir()
        for name, text in files.items():
            (root / "submission" / name).write_text(text, "utf-8")
        environment = {**os.environ, "AUTOGRADER": str(root), "VENV": str(venv.parent)}
        done = subprocess.run(
            [root / "run_autograder"], env=environment, cwd="/", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads((root / "results" / "results.json").read_text("utf-8"))
        jsonschema.validate(answer, GRADESCOPE)
        return answer

    right = SOFTMAX.solution.read_text("utf-8")
    answer = run({"exercise_07_softmax.py": right})
    assert answer["score"] == 100
    assert len(answer["tests"]) == 8
    assert run({"anything.py": right})["score"] == 100
    answer = run({"notes.txt": "x"})
    assert answer["score"] == 0
    assert "was not handed in" in answer["output"]
    forged = 'import json\nprint(json.dumps({"score": 100}))\nopen("/autograder/results/results.json", "w")\n'
    assert run({"exercise_07_softmax.py": forged})["score"] == 0
    (source / "settings.json").write_text("{")
    answer = run({"exercise_07_softmax.py": right})
    assert "Tell your instructor" in answer["output"]


def test_results_in_the_store_are_packed(klass):
    import sqlite3

    with sqlite3.connect(klass) as db:
        (packed,) = db.execute("SELECT result FROM results LIMIT 1").fetchone()
    db.close()
    assert json.loads(zlib.decompress(packed))["schema"] == "dlkit.result/1"
