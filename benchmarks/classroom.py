"""Seconds per submission: stock nbgrader, nbgrader with dlkit, `dlkit nbgrader autograde`; start-up included.

    python benchmarks/classroom.py softmax 200 FOLDER

The same submissions (two right, one wrong, …) in three courses below FOLDER, one command after the other. The tests of
stock are the statement's examples, five times, which cost next to nothing: what it pays for is a kernel each.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from dlkit.grader.catalog import catalog
from dlkit.grader.nbgrader import course as courses

COMMANDS = {
    "jobs": ["dlkit", "nbgrader", "autograde", "ps1"],
    "serial": ["nbgrader", "autograde", "ps1"],
    "stock": ["nbgrader", "autograde", "ps1"],
}


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
    right = exercise.solution.read_text("utf-8")
    for i in range(number):
        answer["source"] = (right if i % 3 else right.replace(" - ", " + ")) + f"\n# student {i}\n"
        place = root / "submitted" / f"s{i:04d}" / "ps1"
        place.mkdir(parents=True)
        (place / "ps1.ipynb").write_text(json.dumps(released))


def main():
    exercise, number, folder = catalog().find(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    for name, command in COMMANDS.items():
        make(folder / name, exercise, number, name == "stock")
        wall, processor = run(folder / name, *command)
        load = os.getloadavg()[0]
        print(
            f"{exercise.slug} {name}: {wall / number:.4f} s, {processor / number:.4f} s of processor, load {load:.1f}"
        )


if __name__ == "__main__":
    main()
