"""From save to verdict in `dlkit watch`, in a real terminal, against a cold `dlkit check` of the same file."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from timing import Row, command

from dlkit.grader.catalog import Exercise, catalog
from dlkit.grader.learner import workspace

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from conftest import Terminal


def watched(repeats: int, slugs: tuple[str, ...] = ("softmax", "distillation_loss")) -> Iterator[Row]:
    """One row per exercise, numpy and torch."""
    with tempfile.TemporaryDirectory(prefix="dlkit-bench-") as folder:
        os.environ["XDG_DATA_HOME"] = f"{folder}/data"  # not the progress of whoever measures
        for slug in slugs:
            yield _row(catalog().find(slug), Path(folder) / slug, repeats)


def _row(exercise: Exercise, folder: Path, repeats: int) -> Row:
    workspace.create(folder, [exercise], notebooks=False)
    file = workspace.Workspace(folder).file(exercise)
    right, stub = exercise.solution.read_text("utf-8"), exercise.stub.read_text("utf-8")
    cold = command(sys.executable, "-m", "dlkit.cli", "check", exercise.slug, cwd=folder)
    watch = Terminal(folder, "watch", exercise.slug)
    watch.see("q quit")
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(repeats):
        file.write_text(f"# {number}\n{stub}", "utf-8")
        watch.see("not started")
        time.sleep(0.5)  # the watch is at rest: not a part of what is measured
        started = time.perf_counter()
        file.write_text(f"{right}# {number}\n", "utf-8")
        watch.see("full marks")
        times[0].append(time.perf_counter() - started)
        started = time.perf_counter()
        cold()
        times[1].append(time.perf_counter() - started)
    watch.press("q")
    watch.wait()
    watch.close()
    kind = f"{exercise.framework} exercise"
    return Row(f"watch, save to verdict, {kind}", "the cold check", tuple(times[0]), tuple(times[1]), 0.15)
