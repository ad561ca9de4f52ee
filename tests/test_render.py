"""Reports, listings and statements for terminals of every width, and text made safe to show."""

import json
import unicodedata
from dataclasses import replace

import click
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlkit.grader.catalog import Exercise
from dlkit.grader.render.listing import listing, listing_json, statement, statement_json
from dlkit.grader.render.terminal import no_style, report
from dlkit.grader.result import Check, Diagnosis, Gpu, Result
from dlkit.grader.text import clean

WIDTHS = [40, 60, 80, 120]
RERUN = "dlkit check exercise_07 --seed 1234 --only stability"
PASSED = Check("value", "Softmax of random logits, for every rank and axis.", "passed", 80.0, 80.0)
FAILED = Check(
    "stability",
    "Logits of 1e4, 1e300 and -inf give finite probabilities without warnings.",
    "failed",
    0.0,
    20.0,
    "logits 10000: softmax(x)[0, 0] is nan, expected 0.5; 3 of 6 values differ. (4 of 7 cases fail)",
    "softmax(array([[10000., 10000., 0.], [0., 10000., 0.]]))",
    Diagnosis("no_max_shift", "exp overflows at large logits; subtract the maximum first: the result does not change."),
    RERUN,
    "shift = 10000.0\n",
)
SKIPPED = Check(
    "axis", "The result sums to 1 along its axis.", "skipped", 0.0, 5.0, "needs the check `value`, which did not pass"
)
BROKEN = Check(
    "purity", "The input is left as it is.", "error", 0.0, 2.5, "ZeroDivisionError: division by zero", rerun=RERUN
)
RESULT = Result(
    "exercise_07", "softmax", "Softmax", "failed", 80.0, 100.0, 1234, "cpu", "bwrap", 0.412, (PASSED, FAILED), "0.1.0"
)  # fmt: skip


def result(**changes):
    return replace(RESULT, **changes)


LONG = " ".join(["gradient"] * 60)
UNBROKEN = "/a/path/without/any/blank/" + "x" * 300
RESULTS = {
    "failed": RESULT,
    "passed": result(status="passed", score=100.0, checks=(PASSED,)),
    "all kinds": result(checks=(PASSED, FAILED, SKIPPED, BROKEN), score=74.38),
    "only failures": result(checks=(FAILED, FAILED), score=0.0),
    "not started": result(
        status="not_started",
        score=0.0,
        message="Every function still raises NotImplementedError: write your answer in its place.",
        checks=(replace(FAILED, diagnosis=None, message="NotImplementedError: TODO"),),
    ),
    "invalid": result(
        status="invalid",
        score=0.0,
        message="SyntaxError in a.py, line 3: '(' was never closed.\n    return np.exp(x - x.max()\n                 ^",
        checks=(replace(SKIPPED, message="Your file does not load."),),
    ),
    "forbidden": result(
        score=0.0,
        message="A forbidden shortcut makes the score 0.",
        flags=({"name": "scipy", "line": 3, "message": "`scipy` (line 3) is what you are asked to write yourself"},),
    ),
    "timeout": result(status="timeout", score=33.33),
    "crashed": result(status="crashed", message="Your file ended while it was imported: no answer within 10 s."),
    "out of memory": result(status="out_of_memory", score=33.33),
    "internal error": result(status="internal_error", score=33.33, checks=(BROKEN,)),
    "no checks": result(checks=()),
    "device": result(gpu=Gpu("failed", "sim", "", 3, 5)),
    "device skipped": result(gpu=Gpu("skipped", None, "device checks are not built yet")),
    "a long title": result(title=LONG),
    "long words": result(
        message=LONG + "\n" + UNBROKEN,
        checks=(
            replace(
                FAILED, title=LONG, message=LONG + "\n    " + UNBROKEN, input=UNBROKEN, output=f"{UNBROKEN}\n{LONG}"
            ),
            replace(SKIPPED, title=UNBROKEN, message=UNBROKEN),
            replace(PASSED, title=LONG),
        ),
    ),
    "no title": result(checks=(replace(FAILED, title="", message="", input="", output="", rerun=""),)),
    "much output": result(checks=(replace(FAILED, output="\n".join(map(str, range(100)))),)),
    "deep indentation": result(checks=(replace(FAILED, message="Look:\n" + " " * 160 + "^\n" + " " * 70 + LONG),)),
}


def test_the_whole_report():
    assert (
        report(RESULT, width=80)
        == """\
exercise_07 · Softmax

✓ Softmax of random logits, for every rank and axis.                       80/80
✗ Logits of 1e4, 1e300 and -inf give finite probabilities without           0/20
  warnings.
    logits 10000: softmax(x)[0, 0] is nan, expected 0.5; 3 of 6 values differ.
    (4 of 7 cases fail)
    in softmax(array([[10000., 10000., 0.], [0., 10000., 0.]]))
    → exp overflows at large logits; subtract the maximum first: the result does
    not change.
    your code printed:
    | shift = 10000.0
    dlkit check exercise_07 --seed 1234 --only stability

80 of 100 points · not there yet
0.41 s · sandbox: bwrap · seed 1234"""
    )


def test_the_narrowest_report():
    checks = (replace(FAILED, input="", output=""), SKIPPED)
    assert (
        report(result(score=0.0, checks=checks, gpu=Gpu("passed", "sim", "", 5, 5)), width=40)
        == """\
exercise_07 · Softmax

✗ Logits of 1e4, 1e300 and -inf     0/20
  give finite probabilities
  without warnings.
    logits 10000: softmax(x)[0, 0] is
    nan, expected 0.5; 3 of 6 values
    differ. (4 of 7 cases fail)
    → exp overflows at large logits;
    subtract the maximum first: the
    result does not change.
    dlkit check exercise_07 --seed 1234 --only stability

– The result sums to 1 along its     0/5
  axis.
    Not run: needs the check `value`,
    which did not pass

0 of 100 points · not there yet
0.41 s · sandbox: bwrap · seed 1234 ·
device checks: 5 of 5 on sim"""
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", RESULTS)
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_too_long(case, width, verbose):
    """But for the command to copy, which stays in one piece."""
    limit = min(width, 110)
    lines = [line for line in report(RESULTS[case], width, verbose=verbose).split("\n") if RERUN not in line]
    assert [line for line in lines if len(line) > limit] == []


@pytest.mark.parametrize("case", RESULTS)
def test_deep_indentation_does_not_make_endless_reports(case):
    assert report(RESULTS[case], 40).count("\n") < 200


def test_a_terminal_of_no_width_is_taken_for_one_of_40():
    assert report(RESULT, width=0) == report(RESULT, width=1) == report(RESULT, width=40)
    assert report(RESULT, width=10_000) == report(RESULT, width=110)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", RESULTS)
def test_style_only_colours(case, width):
    plain = report(RESULTS[case], width)
    assert "\x1b" not in plain
    coloured = report(RESULTS[case], width, style=click.style)
    assert click.unstyle(coloured) == plain
    assert coloured != plain
    assert report(RESULTS[case], width, no_style) == plain


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("passed", "full marks"),
        ("failed", "not there yet"),
        ("not_started", "not started"),
        ("invalid", "does not load"),
        ("crashed", "crashed"),
        ("timeout", "ran out of time"),
        ("out_of_memory", "ran out of memory"),
        ("internal_error", "a fault of dlkit"),
    ],
)
def test_every_status_has_its_words(status, words):
    lines = report(result(status=status)).split("\n")
    assert lines[-2] == f"80 of 100 points · {words}"


@pytest.mark.parametrize(
    ("check", "mark", "words"),
    [
        (PASSED, "✓", ""),
        (FAILED, "✗", "logits 10000: softmax(x)[0, 0] is nan"),
        (SKIPPED, "–", "Not run: needs the check `value`"),
        (BROKEN, "!", "A fault of dlkit: ZeroDivisionError: division by zero"),
    ],
)
def test_every_status_of_a_check_has_its_mark_and_words(check, mark, words):
    """A colour is never the only sign."""
    lines = report(result(checks=(check,)), width=100).split("\n")
    assert lines[2].startswith(f"{mark} {check.title}")
    assert lines[2].endswith(f" {check.points:g}/{check.max_points:g}")
    assert lines[3].strip().startswith(words)


def test_a_check_without_a_title_is_called_by_its_name():
    assert "✗ stability" in report(RESULTS["no title"])


def test_what_to_type_next_stands_under_failures_only():
    assert RERUN in report(result(checks=(FAILED,)))
    assert RERUN in report(result(checks=(BROKEN,)))
    for check in (PASSED, SKIPPED):
        assert RERUN not in report(result(checks=(replace(check, rerun=RERUN),)))


def test_what_was_printed_is_cut():
    text = report(RESULTS["much output"])
    assert "    | 11\n    | … 88 more lines\n" in text
    assert "| 12" not in text


def test_code_and_its_caret_stay_aligned():
    lines = report(RESULTS["invalid"]).split("\n")
    at = next(i for i, line in enumerate(lines) if "return np.exp" in line)
    assert lines[at].index("(x") == lines[at + 1].index("^")


def test_what_is_said_above_is_not_said_again():
    """A file that does not load, or was not begun, is explained once, unless everything is asked for."""
    for case, again in (("invalid", "Not run: Your file does not load."), ("not started", "NotImplementedError: TODO")):
        assert again not in report(RESULTS[case])
        assert again in report(RESULTS[case], verbose=True)


def test_a_forbidden_shortcut_is_named():
    expected = "Forbidden: `scipy` (line 3) is what you are asked to write yourself. The score is 0."
    assert expected in " ".join(report(RESULTS["forbidden"]).split())


def test_device_checks_are_beside_the_score():
    assert report(RESULTS["device"]).endswith("seed 1234 · device checks: 3 of 5 on sim")
    skipped = "seed 1234 · device checks: skipped (device checks are not built yet)"
    assert report(RESULTS["device skipped"], width=110).endswith(skipped)
    assert "device" not in report(RESULT)


# Listings

SOFTMAX = Exercise(
    "exercise_07_softmax",
    "Softmax",
    "A Foundations",
    2,
    "numpy",
    prerequisites=("tensor_basics",),
    forbidden=("scipy", "np.logaddexp"),
    hints=("A hint.",),
    questions=(
        "Why does a naive softmax overflow, and how do you make it stable for logits of any size?",
        "What is its Jacobian?",
    ),
    sources=("Bridle 1990, Probabilistic interpretation of feedforward classification network outputs",),
)
SALIENCY = Exercise(
    "exercise_85_saliency",
    "Saliency, integrated gradients, Shapley values, permutation importance",
    "Q Trust",
    5,
    "torch",
)
RELU = Exercise("exercise_03_relu", "ReLU and its gradient", "A Foundations", 1, "numpy")
EXERCISES = [RELU, SOFTMAX, SALIENCY]


def test_the_whole_listing():
    assert (
        listing(EXERCISES, 80, no_style)
        == """\
A Foundations
  03  relu      ReLU and its gradient                     numpy, level 1, 15 min
  07  softmax   Softmax                                   numpy, level 2, 15 min

Q Trust
  85  saliency  Saliency, integrated gradients, Shapley…  torch, level 5, 15 min

3 exercises. `dlkit show relu` prints a statement."""
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("question", [None, "softmax overflow"])
def test_no_line_of_a_listing_is_too_long(width, question):
    exercises = [*EXERCISES, replace(SOFTMAX, stem="exercise_101_scaled_dot_product_attention")]
    lines = listing(exercises, width, no_style, question).split("\n")
    assert [line for line in lines if len(line) > width] == []
    for e in exercises:
        assert any(e.number in line and e.slug in line for line in lines)


def test_a_listing_shows_the_questions_that_match():
    text = listing([SOFTMAX], 80, no_style, "OVERFLOW stable")
    assert "      ? Why does a naive softmax overflow, and how do you make it stable for\n        logits" in text
    assert "Jacobian" not in text
    assert "?" not in listing([SOFTMAX], 80, no_style)


def test_a_listing_of_one_and_of_none():
    assert listing([SOFTMAX], 80, no_style).endswith("\n1 exercise. `dlkit show softmax` prints a statement.")
    assert listing([], 80, no_style) == "No exercise fits. `dlkit list` without options shows all of them."


@pytest.fixture
def stub(tmp_path):
    """SOFTMAX with a stub of its own."""
    (tmp_path / "exercises").mkdir()
    e = replace(SOFTMAX, root=tmp_path)
    e.stub.write_text(
        '"""Softmax.\n\nThe formula:\n\n    y = exp(x) / sum(exp(x))\n"""\n\n\ndef softmax(x): ...\n', "utf-8"
    )
    return e


def test_the_whole_statement(stub):
    assert (
        statement(stub, 80, no_style)
        == f"""\
exercise_07 · Softmax
A Foundations · numpy · level 2 of 5 · 15 minutes

Softmax.

The formula:

    y = exp(x) / sum(exp(x))

Not to be used: scipy, np.logaddexp

Builds on: tensor_basics

Interview questions it answers
  - Why does a naive softmax overflow, and how do you make it stable for logits
    of any size?
  - What is its Jacobian?

Sources: Bridle 1990, Probabilistic interpretation of feedforward classification
network outputs

Start from {stub.stub}, then: dlkit check softmax YOUR_FILE"""
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_of_a_statement_is_too_long(stub, width):
    """But for the statement, which its author wrapped, and the place of the stub."""
    stub = replace(stub, title=SALIENCY.title)
    lines = statement(stub, width, no_style).split("\n")
    assert lines[-1].startswith("Start from ")
    assert [line for line in lines[:-1] if len(line) > width] == []


def test_a_statement_without_extras(stub):
    bare = replace(stub, forbidden=(), prerequisites=(), questions=(), sources=())
    text = statement(bare, 80, no_style)
    assert "exp(x))\n\nStart from" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_style_only_colours_listings(stub, width):
    for show in (
        lambda style: listing(EXERCISES, width, style, "softmax"),
        lambda style: statement(stub, width, style),
    ):
        plain, coloured = show(no_style), show(click.style)
        assert "\x1b" not in plain
        assert plain != coloured
        assert click.unstyle(coloured) == plain


def test_json(stub):
    entries = json.loads(listing_json([RELU, stub]))
    assert [e["slug"] for e in entries] == ["relu", "softmax"]
    assert entries[1] == {
        "exercise": "exercise_07", "slug": "softmax", "title": "Softmax", "track": "A Foundations",
        "framework": "numpy", "level": 2, "minutes": 15, "prerequisites": ["tensor_basics"],
        "forbidden": ["scipy", "np.logaddexp"],
        "questions": list(SOFTMAX.questions), "sources": list(SOFTMAX.sources),
    }  # fmt: skip
    shown = json.loads(statement_json(stub))
    text = "Softmax.\n\nThe formula:\n\n    y = exp(x) / sum(exp(x))"
    assert shown == entries[1] | {"statement": text, "stub": stub.stub.read_text("utf-8")}
    assert "A hint." not in listing_json([stub]) + statement_json(stub)  # hints are asked for one by one
    assert json.loads(listing_json([])) == []


# Text that came from a submission


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("Größe ∑ 梯度 🙂", "Größe ∑ 梯度 🙂"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[1;31;4mred\x1b[m", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b[?25lhidden", "hidden"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r\x1b\\text", "text"),
        ("\x1b]52;c;aGk=", ""),  # a string that never ends, to the clipboard
        ("\x1bcreset", "reset"),
        ("\x1b(0lines", "lines"),
        ("end\x1b", "end"),
        ("\x1b[\x1b[31mtwice", "twice"),
        ("\x1b\x1b[31m[31mnested", "[31mnested"),
        ("\x9b31mone byte", "31mone byte"),
        ("bell\x07 back\x08 null\x00 delete\x7f form\x0c", "bell back null delete form"),
        ("10%\r20%\r\ndone", "10%\n20%\ndone"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
        ("\ud83d\ude42", "??"),
        ("\ufeffbom", "bom"),
        ("", ""),
    ],
)
def test_clean(text, cleaned):
    assert clean(text) == cleaned


BIDI = [chr(c) for c in range(0x110000) if 0x200E <= c <= 0x200F or 0x202A <= c <= 0x202E or 0x2066 <= c <= 0x2069]


@pytest.mark.parametrize("character", ["\u061c", *BIDI], ids=ascii)
def test_no_character_that_turns_the_direction_is_left(character):
    """All of Unicode's Bidi_Control: code can look like other code than it is."""
    assert clean(f"a{character}b") == "ab"


def test_clean_cuts():
    assert clean("x" * 10, 10) == "x" * 10
    assert clean("x" * 11, 10).endswith(" …")
    assert clean("\x1b[31m" * 100 + "x", 10) == "x"  # what is not shown does not count
    assert len(clean("x" * 100, 10)) <= 10


ESCAPES = ["\x1b", "\x1b[", "\x1b]", "\x1b\\", "\x07", "\x9b", "31m", ";"]
NASTY = st.sampled_from([*ESCAPES, "\r", "\r\n", "\ud800", "\udc00", "\u202e", "\u061c", "\n", "\t"])
TEXTS = st.lists(NASTY | st.characters() | st.text(max_size=3), max_size=30).map("".join)


@given(TEXTS)
@example("\x1b[0" * 1000)
@settings(deadline=None, max_examples=300)
def test_clean_leaves_nothing_that_moves_the_cursor(text):
    cleaned = clean(text)
    assert [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"] == []
    assert not set(cleaned) & {*BIDI, "\u061c"}
    assert clean(cleaned) == cleaned
    assert len(cleaned) <= len(text)
    cleaned.encode("utf-8")


@given(TEXTS, st.integers(2, 40))
@settings(deadline=None)
def test_clean_never_grows_beyond_its_limit(text, limit):
    cut = clean(text, limit)
    assert len(cut) <= limit
    assert cut == clean(text) or cut.endswith("…")


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
@settings(deadline=None)
def test_clean_leaves_ordinary_text_alone(text):
    assert clean(text) == text


def test_clean_is_quick_with_what_never_ends():
    for text in ("\x1b[" * 100_000, "\x1b[" + "0" * 200_000, "\x1b]" * 100_000, "\x1b" + " " * 200_000):
        assert len(clean(text)) <= len(text)
