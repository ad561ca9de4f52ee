"""How cost grows: arrays through the wire, submissions, workers. Writes figures and plots to docs/performance.

python benchmarks/scaling.py [--quick] [--memory] [--most N]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from plot import log_log
from timing import machine

from dlkit.grader.candidate.confine import Limits
from dlkit.grader.candidate.proxy import CandidateProxy, ProcessLink, Session
from dlkit.grader.candidate.source import Submission
from dlkit.grader.catalog import catalog
from dlkit.grader.sandbox import start

ROOT = Path(__file__).resolve().parents[1]
LIMITS = Limits(call_seconds=60, total_seconds=600, memory=4 << 30)
SOFTMAX = catalog().find("softmax")
# The command itself, which says at its end what memory it had taken; its workers are other processes.
DRIVER = """
import resource, sys
from dlkit.cli import main
try:
    main()
finally:
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def through_the_wire(sizes: list[int], repeats: int) -> list[dict[str, float]]:
    """Seconds for an array of so many bytes to go to a candidate and come back (`lambda x: x`)."""
    answer = Submission((("identity.py", "def identity(x):\n    return x\n"),), "identity", ("identity",))
    found = []
    with start("auto", ["numpy"]) as parent:
        session = Session(answer, lambda: ProcessLink(parent.spawn(LIMITS), LIMITS), LIMITS, 1)
        session.load()
        candidate = CandidateProxy(session)
        for size in sizes:
            array = np.random.default_rng(1).normal(size=max(1, size // 8))
            times = []
            for _ in range(repeats + 1):
                started = time.perf_counter()
                candidate.identity(array)
                times.append(time.perf_counter() - started)
                candidate.calls.clear()
            found.append({"bytes": array.nbytes, "seconds": statistics.median(times[1:])})
            print(f"{array.nbytes:>12,} bytes: {1e3 * found[-1]['seconds']:9.2f} ms", flush=True)
        session.close()
    return found


def a_class(counts: list[int], jobs: list[int]) -> list[dict[str, float]]:
    """Seconds for `dlkit grade` of so many right and wrong softmax answers, start-up included; MiB of the driver."""
    found = []
    for workers in jobs:
        for count in counts if workers == max(jobs) else counts[-2:-1]:
            with tempfile.TemporaryDirectory(prefix="dlkit-bench-") as folder:
                _hand_in(Path(folder) / "class", count)
                command = [sys.executable, "-c", DRIVER, "grade", f"{folder}/class", "--out", f"{folder}/r.db"]
                started = time.perf_counter()
                done = subprocess.run([*command, "--jobs", str(workers)], check=True, capture_output=True, text=True)
                took = time.perf_counter() - started
            peak = int(done.stderr.split()[-1]) / 1024
            found.append({"submissions": count, "jobs": workers, "seconds": took, "driver_mib": peak})
            words = f"{count:>5} submissions, {workers} jobs: {took:7.2f} s, {count / took:6.1f} a second"
            print(f"{words}, the driver took {peak:.1f} MiB", flush=True)
    return found


def _hand_in(folder: Path, count: int) -> None:
    """Every answer differs in a comment: none is graded only once for several students. One in three is wrong."""
    right = SOFTMAX.solution.read_text("utf-8")
    wrong = right.replace("x - m", "x")
    assert wrong != right
    for number in range(count):
        place = folder / f"student{number:05d}"
        place.mkdir(parents=True)
        source = wrong if number % 3 == 2 else right
        (place / SOFTMAX.solution.name).write_text(f"{source}\n# {number}\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes only; nothing is written")
    parser.add_argument("--memory", action="store_true", help="the class only, 100 to 5,000; nothing is written")
    parser.add_argument("--most", type=int, default=5000, help="the largest class (5,000 take minutes)")
    options = parser.parse_args()
    quick = options.quick
    where = machine()
    print(", ".join(f"{k} {v}" for k, v in where.items()), flush=True)
    if options.memory:
        a_class([100, 1000, 5000], [2])
        return
    sizes = [10**e for e in range(3, 7 if quick else 9)]
    counts = [1, 10, 50] if quick else [n for n in (1, 10, 100, 1000, 5000) if n <= options.most]
    grading = a_class(counts, [1, 2])  # first: a driver's peak memory begins at that of the process it was forked from
    wire = through_the_wire(sizes, 3 if quick else 7)
    if quick:
        return
    place = ROOT / "docs" / "performance"
    place.mkdir(exist_ok=True)
    text = json.dumps({"machine": where, "wire": wire, "class": grading}, indent=1) + "\n"
    (place / "scaling.json").write_text(text, "utf-8")
    points = [(p["bytes"], p["seconds"]) for p in wire]
    (place / "wire.svg").write_text(log_log(points, "bytes of one array, there and back", "seconds"), "utf-8")
    points = [(p["submissions"], p["seconds"]) for p in grading if p["jobs"] == 2]
    (place / "class.svg").write_text(log_log(points, "submissions, two workers", "seconds"), "utf-8")


if __name__ == "__main__":
    main()
