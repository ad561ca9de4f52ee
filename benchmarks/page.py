"""docs/performance.md, from the figures that bench.py and scaling.py left in docs/performance/."""

import json
import statistics
from pathlib import Path
from typing import Any

PLACE = Path(__file__).resolve().parents[1] / "docs" / "performance"
PAGE = PLACE.parent / "performance.md"

HEAD = """# Speed

Every row is a ratio of two things timed in turn in one run, so that a busy machine slows both; the median, with the
least and the most. `make bench` measures again (`python benchmarks/bench.py --quick` in three minutes),
`make scaling` how cost grows, and both write this page. Nothing here is copied by hand.

"""
CLASS = """
The rows of a class are one run each: stock nbgrader starts a kernel for every submission. Its tests here are the
statement's examples, five times, and cost next to nothing; dlkit runs the whole hidden tests.
"""


def page(bench: dict[str, Any], scaling: dict[str, Any]) -> str:
    """The page as text; pure."""
    parts = [HEAD, f"## Against what a user would otherwise do\n\n{_where(bench['machine'])}\n", _rows(bench["rows"])]
    parts += [CLASS, f"\n## How cost grows\n\n{_where(scaling['machine'])}\n\n", _wire(scaling["wire"]), "\n"]
    parts += ["![Seconds over bytes](performance/wire.svg)\n\n", _class(scaling["class"]), "\n"]
    parts += ["![Seconds over submissions](performance/class.svg)\n"]
    return "".join(parts)


def _where(machine: dict[str, Any]) -> str:
    load = ", ".join(f"{v:g}" for v in machine["load"])
    words = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    return f"{words}; {machine['date']}, load {load} at the start."


def _rows(rows: list[dict[str, Any]]) -> str:
    lines = ["", "| what | against | ratio | wanted | |", "|---|---|---|---|---|"]
    for row in rows:
        state = {True: "met", False: "**not met**", None: ""}[row["met"]]
        reach = "" if row["reach"] is None else f"{row['reach']:.3g}"
        ours, theirs = _spread(row["ours"]), _spread(row["theirs"])
        lines.append(f"| {row['what']}: {ours} | {row['against']}: {theirs} | {row['ratio']:.3g} | {reach} | {state} |")
    return "\n".join(lines) + "\n"


def _spread(seconds: list[float]) -> str:
    middle = f"{_ms(statistics.median(seconds))} ms"
    return middle if len(seconds) == 1 else f"{middle} ({_ms(min(seconds))} to {_ms(max(seconds))})"


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:,.0f}" if seconds >= 0.1 else f"{1e3 * seconds:.3g}"


def _wire(points: list[dict[str, float]]) -> str:
    lines = ["| bytes of one array, to a candidate and back | ms |", "|---|---|"]
    return "\n".join([*lines, *(f"| {p['bytes']:,} | {1e3 * p['seconds']:.3g} |" for p in points)]) + "\n"


def _class(runs: list[dict[str, float]]) -> str:
    lines = ["| submissions (softmax) | workers | seconds, start-up included | a second | driver, MiB |"]
    lines.append("|---|---|---|---|---|")
    for run in sorted(runs, key=lambda r: (r["jobs"], r["submissions"])):
        count, seconds = int(run["submissions"]), run["seconds"]
        lines.append(f"| {count:,} | {run['jobs']} | {seconds:.3g} | {count / seconds:.3g} | {run['driver_mib']:.3g} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    bench, scaling = (json.loads((PLACE / f"{name}.json").read_text("utf-8")) for name in ("bench", "scaling"))
    PAGE.write_text(page(bench, scaling), "utf-8")


if __name__ == "__main__":
    main()
