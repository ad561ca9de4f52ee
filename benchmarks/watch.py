"""From save to verdict in `dlkit watch`, against a cold `dlkit check`: python tests/bench_watch.py softmax conv2d

Interleaved, seven of each, in one run; the ratio of the medians is what counts (the reach is 0.15).
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from conftest import Terminal

from dlkit.grader.catalog import catalog
from dlkit.grader.learner import workspace

ROUNDS = 7


def measure(slug: str, folder: Path) -> tuple[float, float]:
    """Median seconds: a save graded by the watch, a cold check."""
    exercise = catalog().find(slug)
    place = workspace.Workspace(folder / slug)
    workspace.create(place.root, [exercise], notebooks=False)
    file = place.file(exercise)
    right = exercise.solution.read_text("utf-8")
    watch = Terminal(place.root, "watch", slug)
    watch.see("q quit")
    warm, cold = [], []
    for number in range(ROUNDS):
        file.write_text(f"# {number}\n" + exercise.stub.read_text("utf-8"), "utf-8")
        watch.see("not started")
        time.sleep(0.5)  # the watch is at rest: not a part of what is measured
        started = time.perf_counter()
        file.write_text(right + f"# {number}\n", "utf-8")
        watch.see("full marks")
        warm.append(time.perf_counter() - started)
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "dlkit.cli", "check", slug], cwd=place.root, capture_output=True, check=True
        )
        cold.append(time.perf_counter() - started)
    watch.press("q")
    watch.wait()
    watch.close()
    return statistics.median(warm), statistics.median(cold)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = f"{folder}/data"
        for slug in sys.argv[1:] or ["softmax"]:
            warm, cold = measure(slug, Path(folder))
            print(f"{slug}: watch {warm:.3f} s, cold check {cold:.3f} s, ratio {warm / cold:.3f}")


if __name__ == "__main__":
    main()
