"""Two things timed in turn (A B A B …), so that a busy machine slows both: ratios of medians, with least and most."""

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Action = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds of both sides, and the ratio that is wanted (None: for information)."""

    what: str
    against: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    reach: float | None

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def met(self) -> bool | None:
        return None if self.reach is None else self.ratio <= self.reach

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio, "met": self.met}

    def __str__(self) -> str:
        state = {True: "met", False: "NOT MET", None: "for information"}[self.met]
        bar = f", {self.reach:.3g} wanted" if self.reach is not None else ""
        sides = f"{spread(self.ours)} against {self.against}: {spread(self.theirs)}"
        return f"{self.what}: {sides}: {self.ratio:.3f}{bar}: {state}"


def spread(seconds: Sequence[float]) -> str:
    """Median (least to most) in milliseconds."""
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    return f"{1e3 * middle:.1f} ms ({1e3 * low:.1f} to {1e3 * high:.1f})"


def compare(what: str, ours: Action, against: str, theirs: Action, reach: float | None, repeats: int = 7) -> Row:
    """Time both, in turn; the first pair is a warm-up that is not counted."""
    times: tuple[list[float], list[float]] = ([], [])
    for round_ in range(repeats + 1):
        for side, action in enumerate((ours, theirs)):
            started = time.perf_counter()
            action()
            if round_ > 0:
                times[side].append(time.perf_counter() - started)
    return Row(what, against, tuple(times[0]), tuple(times[1]), reach)


def command(*words: str | Path, cwd: Path | None = None, codes: tuple[int, ...] = (0,)) -> Action:
    """A cold command; anything but the expected exit code is an error: a benchmark of a failure says nothing."""

    def run() -> None:
        done = subprocess.run([str(w) for w in words], cwd=cwd, capture_output=True, check=False)
        if done.returncode not in codes:
            raise RuntimeError(
                f"{' '.join(map(str, words))} ended with {done.returncode}: {done.stderr.decode()[-500:]}"
            )

    return run


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": [round(v, 2) for v in os.getloadavg()],
        "date": time.strftime("%Y-%m-%d"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
