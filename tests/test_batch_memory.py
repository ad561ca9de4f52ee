"""The driver of `dlkit grade` keeps no results: its memory does not grow with the class."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOLUTION = (ROOT / "solutions" / "exercise_07_softmax.py").read_text("utf-8")
ROOM = 8 << 10  # KiB that a class ten times as large may take more; its results would take dozens of times that
# The command with an engine that answers at once, and with a lot to say.
DRIVER = """
import json, resource, sys
from dlkit.cli import main
from dlkit.grader.batch import command
from dlkit.grader.batch.engine import Event
from dlkit.grader.batch.pool import Pool
from dlkit.grader.result import Check, Result

checks = tuple(Check(f"check_{i}", "title", "failed", 0.0, 10.0, "message " * 500, output="x" * 20000) for i in range(10))
names = ("exercise_07", "softmax", "Softmax")
REPLY = json.dumps(Result(*names, "failed", 0.0, 100.0, 7, "cpu", "bwrap", 0.1, checks, "0").to_json())

class Instant:
    slots = 2
    def __init__(self, *request):
        self.events = []
    def submit(self, ticket, payload):
        self.events += [Event(ticket, "started"), Event(ticket, "done", {"result": json.loads(REPLY)})]
    def poll(self, timeout):
        events, self.events = self.events, []
        return events
    def abandon(self, ticket):
        pass
    def close(self):
        pass

def engine_for(*request):
    engine = Instant(*request)
    return engine, Pool(engine)

command.engine_for, command.check_engine = engine_for, lambda request: "bwrap"
try:
    main()
finally:
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def peak(folder, count):
    """KiB that the driver took for so many submissions."""
    for i in range(count):
        place = folder / "class" / f"student{i:04}"
        place.mkdir(parents=True)
        (place / "exercise_07_softmax.py").write_text(f"{SOLUTION}\n# {i}\n", "utf-8")
    command = [sys.executable, "-c", DRIVER, "grade", str(folder / "class"), "--out", str(folder / "results.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{count} of {count} graded" in done.stdout
    return int(done.stderr.split()[-1])


def test_the_driver_takes_no_more_for_a_class_ten_times_as_large(tmp_path):
    small, large = peak(tmp_path / "small", 100), peak(tmp_path / "large", 1000)
    assert large - small < ROOM, f"{small >> 10} MiB for 100, {large >> 10} MiB for 1,000"
