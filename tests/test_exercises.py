"""The kit proves itself: every exercise of the index is sound, complete, and nothing else lies about.

`make test` runs each right answer on SEEDS seeds and every known-wrong answer on one; whoever changes an exercise runs
more (`dlkit dev check`). The mutants are run by `make strength`, and tests/test_strength.py compares what they showed
with the sources.
"""

import subprocess
from pathlib import Path

import pytest

from dlkit.grader.author.command import jobs_for, reports_of
from dlkit.grader.catalog import catalog

ROOT = Path(__file__).parent.parent
SEEDS = 6  # `dlkit dev check` runs 50, whoever changes an exercise 200
TREES = (
    "exercises",
    "solutions",
    "solutions/right",
    "solutions/wrong",
    "tests/hidden",
    "tests/oracles",
    "tests/records",
)


@pytest.fixture(scope="session")
def reports(request):
    """`dlkit dev check` of every exercise that this run asks for, on all cores."""
    asked = [i.callspec.params["exercise"] for i in request.session.items if i.originalname == "test_is_sound"]
    return {r.stem: r for r in reports_of(asked, SEEDS, jobs_for(None, len(asked)), Silent(), wrong_seeds=1)}


class Silent:
    def __call__(self, words):
        """Progress is not shown in tests."""

    def done(self):
        """Nothing was shown."""


@pytest.mark.parametrize("exercise", list(catalog()), ids=lambda e: e.stem)
def test_is_sound(exercise, reports):
    """Stub not started; right answers 100 on every seed; wrong ones fail exactly what they name and are named."""
    report = reports[exercise.stem]
    assert report.problems == []
    assert report.seeds == SEEDS
    assert report.right >= 2
    assert report.wrong >= 3


def test_the_six_exercises_of_the_projects_purpose_are_there():
    numbers = {e.number: e.slug for e in catalog()}
    wanted = {"07": "softmax", "14": "backprop", "23": "rmsprop", "40": "conv2d", "70": "q_learning"}
    assert wanted.items() <= numbers.items()
    assert numbers["91"] == "distillation_loss"


def test_numbers_and_slugs_are_used_once():
    exercises = list(catalog())
    assert len({e.number for e in exercises}) == len(exercises)
    assert len({e.slug for e in exercises}) == len(exercises)


def test_planned_exercises_are_not_written_yet():
    assert sorted({e.slug for e in catalog()} & catalog().planned) == []


@pytest.mark.parametrize("tree", TREES)
def test_no_stray_files(tree):
    """Every tracked file of a tree belongs to an exercise of the index."""
    listed = subprocess.run(["git", "ls-files", tree], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    stems = {e.stem for e in catalog()}
    strays = [
        f for f in listed.splitlines()
        if Path(f).parent == Path(tree) and Path(f).suffix in (".py", ".toml", ".json")
        and Path(f).stem.removeprefix("test_") not in stems and Path(f).name not in ("index.toml", "strength.json")
    ]  # fmt: skip
    assert strays == []
