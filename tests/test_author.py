"""What `dlkit dev new` writes is a sound exercise of a trivial kind, in both frameworks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROVE = """
import sys
from dlkit.grader.author.command import check_one
from dlkit.grader.author.new import create
from dlkit.grader.catalog import ROOT, catalog

create("double_it", 98, sys.argv[1])
report = check_one(catalog().find("double_it"), 4, lambda words: None)
print(ROOT, report.right, report.wrong, *report.problems, sep="\\n")
"""


PROVE_RESTLESS = """
from dlkit.grader.author.command import check_one
from dlkit.grader.author.new import create
from dlkit.grader.catalog import catalog

create("double_it", 98, "numpy")
tests = catalog().find("double_it").tests
text = tests.read_text("utf-8")
tests.write_text(text.replace("rng.normal(", "np.random.default_rng().normal("), "utf-8")
assert tests.read_text("utf-8") != text
print(*check_one(catalog().find("double_it"), 2, lambda words: None).problems, sep="\\n")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of what git knows of: the files of a new exercise go into the checkout that runs."""
    folder = tmp_path_factory.mktemp("author") / "dlkit"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def printed(checkout, place, program, *arguments):
    """What a program prints in a copy of the checkout."""
    place.parent.mkdir()
    subprocess.run(["cp", "-r", str(checkout), str(place)], check=True)
    environment = os.environ | {"PYTHONPATH": str(place.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=place.parent, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(("framework", "wrong"), [("numpy", 2), ("torch", 3)])
def test_a_new_exercise_is_sound(checkout, framework, wrong):
    place = checkout.parent / framework / "dlkit"
    assert printed(checkout, place, PROVE, framework).splitlines() == [str(place), "2", str(wrong)]


def test_a_check_that_is_different_in_every_run_is_named(checkout):
    told = printed(checkout, checkout.parent / "restless" / "dlkit", PROVE_RESTLESS)
    assert "asks for different things in two runs with one seed" in told
