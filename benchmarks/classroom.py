"""Seconds per submission: stock nbgrader, dlkit inside it, `dlkit nbgrader autograde`, `dlkit grade`.

    python benchmarks/classroom.py softmax 200

The same answers, one command after the other, start-up included. The tests of stock are the
statement's examples, five times, which cost next to nothing: what it pays for is a kernel each.
"""

import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from timing import Row

from dlkit.grader.author.mutants import mutants
from dlkit.grader.author.prove import alternatives
from dlkit.grader.catalog import catalog
from dlkit.grader.nbgrader import course as courses

COMMANDS = {
    "jobs": ["dlkit", "nbgrader", "autograde", "ps1"],
    "serial": ["nbgrader", "autograde", "ps1"],
    "grade": ["dlkit", "grade", "class", "--out", "results.db"],
    "stock": ["nbgrader", "autograde", "ps1"],
}
# What is wanted of one submission against stock: design.md, section 7, and the issues of the nbgrader commands.
REACH = {
    "numpy": {"grade": 1 / 40, "jobs": 1 / 20, "serial": 1 / 6},
    "torch": {"grade": 1 / 80, "jobs": 1 / 40, "serial": 1 / 10},
}
SLIPS = 12
NAMES = {"grade": "dlkit grade", "jobs": "dlkit nbgrader autograde", "serial": "dlkit inside nbgrader autograde"}


def run(folder, *command):
    """Wall and processor seconds of a command and what it waited for."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "HOME": str(folder), "PATH": path}
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def make(root, exercise, number, stock):
    """A course with `number` submissions."""
    courses.init(root, None, None)
    (source,) = courses.add(root, "ps1", None, courses.items([exercise.slug], []))
    if stock:
        (root / courses.CONFIG).write_text("c = get_config()\nc.CourseDirectory.course_id = 'stock'\n")
        notebook = json.loads(source.read_text("utf-8"))
        notebook["cells"][-1]["source"] += f"\ncheck_examples_{exercise.number}()" * 4
        source.write_text(json.dumps(notebook))
    run(root, "nbgrader", "generate_assignment", "ps1")
    released = json.loads((root / "release" / "ps1" / "ps1.ipynb").read_text("utf-8"))
    (answer,) = [c for c in released["cells"] if c["metadata"]["nbgrader"]["solution"]]
    for i, text in enumerate(answers(exercise, number)):
        answer["source"] = text
        place = root / "submitted" / f"s{i:04d}" / "ps1"
        place.mkdir(parents=True)
        (place / "ps1.ipynb").write_text(json.dumps(released))


def answers(exercise, number):
    """No two files alike: two thirds right, in the styles that the kit has, one third with one of twelve slips."""
    reference = exercise.solution.read_text("utf-8")
    others = exercise.root / "solutions" / "right" / f"{exercise.stem}.py"
    right = itertools.cycle([reference, *(f"{reference}\n\n{text}" for _, text in alternatives(others, reference))])
    wrong = itertools.cycle(m.source for m in random.Random(1).sample(mutants(reference), SLIPS))
    return [next(right if i % 3 else wrong) + f"\n# student {i}\n" for i in range(number)]


def hand_in(root, exercise, number):
    """The same as files."""
    for i, text in enumerate(answers(exercise, number)):
        place = root / "class" / f"s{i:04d}"
        place.mkdir(parents=True)
        (place / f"{exercise.stem}.py").write_text(text, "utf-8")


def measured(slug: str, number: int) -> dict[str, tuple[float, float]]:
    """Wall and processor seconds per submission, by the way of grading."""
    exercise, found = catalog().find(slug), {}
    with tempfile.TemporaryDirectory(prefix="dlkit-bench-") as folder:
        for name, command in COMMANDS.items():
            root = Path(folder) / name
            root.mkdir()
            if name == "grade":
                hand_in(root, exercise, number)
            else:
                make(root, exercise, number, name == "stock")
            wall, processor = run(root, *command)
            found[name] = wall / number, processor / number
            words = f"{wall / number:.4f} s, {processor / number:.4f} s of processor, load {os.getloadavg()[0]:.1f}"
            print(f"  {slug}, {number} submissions, {name}: {words}", flush=True)
    return found


def class_rows(numbers: dict[str, int]) -> Iterator[Row]:
    """Rows for a class of so many submissions to each exercise; one run each, for it takes minutes."""
    for slug, number in numbers.items():
        found, framework = measured(slug, number), catalog().find(slug).framework
        for name, reach in REACH[framework].items():
            yield Row(
                f"{NAMES[name]}, {number} {framework} submissions, each", "nbgrader autograde, each",
                (found[name][0],), (found["stock"][0],), reach if number >= 100 else None,
            )  # fmt: skip


def main():
    measured(sys.argv[1], int(sys.argv[2]))


if __name__ == "__main__":
    main()
