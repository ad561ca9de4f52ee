"""The catalogue: what a learner may type for an exercise, what is said when it fits none or several, and the index."""

import dataclasses

import pytest

from dlkit.grader.catalog import ROOT, Catalog, Exercise, catalog, read_index, select
from dlkit.grader.errors import UsageProblem


def exercise(stem, **facts):
    values = {"title": stem.title(), "track": "A Foundations", "level": 1, "framework": "numpy", **facts}
    return Exercise(stem, **values)


SOFTMAX = exercise(
    "exercise_07_softmax",
    title="Softmax",
    level=2,
    questions=("Why does a naive softmax overflow?", "What is the Jacobian of softmax?"),
)
ENTROPY = exercise("exercise_08_softmax_cross_entropy", title="Softmax with cross-entropy", level=2)
ADAM = exercise("exercise_24_adam", title="Adam", track="D Optimizers", level=3, framework="torch")
ADAMW = exercise("exercise_25_adamw", title="AdamW", track="D Optimizers", framework="torch")
ATTENTION = exercise(
    "exercise_101_attention", title="Scaled dot-product attention", track="I Attention", level=4, framework="torch"
)
ALL = Catalog([SOFTMAX, ENTROPY, ADAM, ADAMW, ATTENTION])


# Finding one


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("exercise_07", SOFTMAX),
        ("07", SOFTMAX),
        ("7", SOFTMAX),
        ("007", SOFTMAX),
        ("exercise_7", SOFTMAX),
        ("exercise7", SOFTMAX),
        ("exercise-07", SOFTMAX),
        ("ex7", SOFTMAX),
        ("ex_07", SOFTMAX),
        ("softmax", SOFTMAX),  # exact, although it is also a prefix
        ("exercise_07_softmax", SOFTMAX),
        ("  softmax\n", SOFTMAX),
        ("101", ATTENTION),
        ("exercise_101", ATTENTION),
        ("softmax_cross_entropy", ENTROPY),
        ("softmax-cross-entropy", ENTROPY),
        ("adam", ADAM),
        # unique prefixes
        ("softmax_", ENTROPY),
        ("softmax_cross", ENTROPY),
        ("adamw", ADAMW),
        ("att", ATTENTION),
        ("exercise_07_s", SOFTMAX),
        # paths
        ("exercise_07_softmax.py", SOFTMAX),
        ("exercises/exercise_07_softmax.py", SOFTMAX),
        ("./my answers.d/exercise_07_softmax.py", SOFTMAX),
        ("/tmp/somewhere else/exercise_07_softmax.ipynb", SOFTMAX),
        ("tests/hidden/test_exercise_07_softmax.py", SOFTMAX),
        ("solutions/wrong/exercise_101_attention.py", ATTENTION),
        ("exercise_08_softmax_cross_entropy.solution.py", ENTROPY),
    ],
)
def test_find(text, found):
    assert ALL.find(text) is found


@pytest.mark.parametrize(
    "text", ["adam_", "softmax x", "12", "0", "999", "1000", "70", "exercise_2", "", "  ", "-", "."]
)
def test_unknown(text):
    with pytest.raises(UsageProblem) as caught:
        ALL.find(text)
    assert str(caught.value).startswith(f"There is no exercise `{text}`.")
    assert str(caught.value).endswith(" `dlkit list` shows all of them.")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("sofmax", " Did you mean `softmax`?"),
        ("Softmax", " Did you mean `softmax`?"),
        ("exercise_09_softmaks", " Did you mean `softmax`?"),
        ("07_softmax", " Did you mean `softmax` or `softmax_cross_entropy`?"),
        ("atention", " Did you mean `attention`?"),
        ("adan", " Did you mean `adam` or `adamw`?"),
        ("42", ""),
        ("qqq", ""),
    ],
)
def test_did_you_mean(text, suggestion):
    with pytest.raises(UsageProblem) as caught:
        ALL.find(text)
    assert str(caught.value) == f"There is no exercise `{text}`.{suggestion} `dlkit list` shows all of them."


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("soft", "softmax (07), softmax_cross_entropy (08)"),
        ("ada", "adam (24), adamw (25)"),
        ("a", "adam (24), adamw (25), attention (101)"),
    ],
)
def test_ambiguous(text, names):
    with pytest.raises(UsageProblem) as caught:
        ALL.find(text)
    sentence = f"`{text}` means several exercises: {names}. Write one more letter, or its number."
    assert str(caught.value) == sentence


def test_ambiguous_names_six_at_most():
    many = Catalog([exercise(f"exercise_{n:02}_conv_{n}") for n in range(1, 20)])
    with pytest.raises(UsageProblem) as caught:
        many.find("conv")
    assert str(caught.value).count("conv_") == 6


@pytest.mark.parametrize("text", ["\0", "💥", "../../etc/passwd", "x" * 10_000, "[", "\\", "`"])
def test_odd_words_are_only_unknown(text):
    with pytest.raises(UsageProblem, match="There is no exercise"):
        ALL.find(text)


def test_an_empty_catalogue_finds_nothing():
    with pytest.raises(UsageProblem):
        Catalog([]).find("softmax")


# Filters


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [SOFTMAX, ENTROPY, ADAM, ADAMW, ATTENTION]),
        ({"track": "A"}, [SOFTMAX, ENTROPY]),
        ({"track": "d"}, [ADAM, ADAMW]),
        ({"track": "optim"}, [ADAM, ADAMW]),
        ({"track": "ATTENTION"}, [ATTENTION]),
        ({"track": "I"}, [ATTENTION]),  # a letter is the track's, not one of its name's
        ({"track": "Z"}, []),
        ({"framework": "torch"}, [ADAM, ADAMW, ATTENTION]),
        ({"level": 2}, [SOFTMAX, ENTROPY]),
        ({"level": 5}, []),
        ({"question": "jacobian"}, [SOFTMAX]),
        ({"question": "OVERFLOW naive"}, [SOFTMAX]),  # all words, in any order
        ({"question": "jacobian overflow"}, []),  # of one question
        ({"question": "softmax"}, [SOFTMAX, ENTROPY]),  # the title counts
        ({"question": ""}, [SOFTMAX, ENTROPY, ADAM, ADAMW, ATTENTION]),
        ({"track": "D", "framework": "torch", "level": 3}, [ADAM]),
        ({"framework": "numpy", "track": "D"}, []),
    ],
)
def test_select(filters, found):
    options = {"track": None, "framework": None, "level": None, "question": None, **filters}
    assert select(ALL, **options) == found


# One exercise


def test_names_and_places(tmp_path):
    e = dataclasses.replace(SOFTMAX, root=tmp_path)
    assert (e.number, e.slug, e.name) == ("07", "softmax", "exercise_07")
    assert (ENTROPY.number, ENTROPY.slug) == ("08", "softmax_cross_entropy")
    places = {
        "stub": "exercises/exercise_07_softmax.py",
        "solution": "solutions/exercise_07_softmax.py",
        "wrong": "solutions/wrong/exercise_07_softmax.py",
        "right": "solutions/right/exercise_07_softmax.py",
        "tests": "tests/hidden/test_exercise_07_softmax.py",
    }
    assert {k: getattr(e, k) for k in places} == {k: tmp_path / v for k, v in places.items()}


def test_what_a_stub_asks_for(tmp_path):
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "exercise_07_softmax.py").write_text(
        '"""Softmax.\n\n  Größe: a statement.\n"""\n\nimport numpy as np\n\nLIMIT = 3\n\n\ndef softmax(x): ...\n\n\n'
        "def _helper(): ...\n\n\nclass Layer:\n    def forward(self): ...\n",
        "utf-8",
    )
    e = dataclasses.replace(SOFTMAX, root=tmp_path)
    assert e.names == ("softmax", "Layer")
    assert e.statement == "Softmax.\n\nGröße: a statement."


def test_a_numpy_exercise_bans_the_other_frameworks():
    banned = exercise("exercise_01_a", forbidden=("np.exp", "torch")).bans
    assert {"torch", "jax", "tensorflow", "np.exp"} <= set(banned)
    assert len(banned) == len(set(banned))
    assert exercise("exercise_01_a", framework="torch", forbidden=("F.softmax",)).bans == ("F.softmax",)


# The index

ENTRY = """
[[exercise]]
stem = "exercise_07_softmax"
title = "Softmax"
track = "A Foundations"
level = 2
framework = "numpy"
"""


@pytest.fixture
def index(tmp_path):
    def write(text):
        (tmp_path / "exercises").mkdir(exist_ok=True)
        file = tmp_path / "exercises" / "index.toml"
        file.write_text(text, "utf-8")
        return file

    return write


def test_read_index(index, tmp_path):
    second = ENTRY.replace("07_softmax", "03_relu") + 'hints = ["Look at 0.", "max"]\nminutes = 5\ncall_seconds = 2.5\n'
    first, other = read_index(index(ENTRY + second))
    assert first == Exercise("exercise_07_softmax", "Softmax", "A Foundations", 2, "numpy", root=tmp_path)
    assert (first.minutes, first.hints, first.call_seconds) == (15, (), 10.0)
    assert (other.stem, other.minutes, other.call_seconds) == ("exercise_03_relu", 5, 2.5)  # teaching order is kept
    assert other.hints == ("Look at 0.", "max")
    assert other.stub == tmp_path / "exercises" / "exercise_03_relu.py"


def test_an_empty_index_is_an_empty_catalogue(index):
    assert list(read_index(index("# nothing yet\n"))) == []


MALFORMED = {
    "not TOML": "[[exercise]\n",
    "no stem": ENTRY.replace('stem = "exercise_07_softmax"\n', ""),
    "no number in the stem": ENTRY.replace("exercise_07_softmax", "softmax"),
    "one digit": ENTRY.replace("exercise_07_softmax", "exercise_7_softmax"),
    "capital letters": ENTRY.replace("exercise_07_softmax", "exercise_07_Softmax"),
    "a path as stem": ENTRY.replace("exercise_07_softmax", "../exercise_07_softmax"),
    "a number as stem": ENTRY.replace('"exercise_07_softmax"', "7"),
    "no title": ENTRY.replace('title = "Softmax"\n', ""),
    "an unknown key": ENTRY + "minuets = 10\n",
    "a key of the class": ENTRY + 'root = "/"\n',
    "a hint that is no list": ENTRY + 'hints = "Subtract the maximum."\n',
    "a list of numbers": ENTRY + "hints = [1, 2]\n",
    "a level in words": ENTRY.replace("level = 2", 'level = "2"'),
    "a table of its own": ENTRY.replace("[[exercise]]", "[exercise]"),
    "no tables": "exercise = [1]\n",
    "the same stem twice": ENTRY + ENTRY,
    "the same number twice": ENTRY + ENTRY.replace("07_softmax", "07_relu"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_entry_is_a_value_error(case, index):
    with pytest.raises(ValueError):
        read_index(index(MALFORMED[case]))


def test_a_malformed_entry_is_named(index):
    with pytest.raises(ValueError, match=r"'softmax' in index\.toml is not of the form exercise_NN_slug"):
        read_index(index(MALFORMED["no number in the stem"]))


# The catalogue of this checkout


def test_the_catalogue_is_read_once_and_finds_each_of_its_exercises():
    assert catalog() is catalog()
    assert len(list(catalog())) > 0
    for e in catalog():
        assert e.root == ROOT
        for text in (e.stem, e.name, e.number, str(int(e.number)), e.slug, str(e.stub), str(e.tests)):
            assert catalog().find(text) is e
