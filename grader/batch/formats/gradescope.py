"""Gradescope's results.json: one object per student."""

from collections.abc import Sequence
from typing import Any

from ..gradebook import Row

MAX_OUTPUT = 20_000
_STATUS = {
    "passed": "full marks", "failed": "not there yet", "not_started": "not started", "invalid": "does not load",
    "crashed": "crashed", "timeout": "ran out of time", "out_of_memory": "ran out of memory",
    "internal_error": "a fault of dlkit", "pending": "no verdict yet",
}  # fmt: skip


def results(rows: Sequence[Row]) -> dict[str, Any]:
    """The object for one student's rows. The score is the sum over exercises; the tests say what each check gave."""
    tests = [test for row in rows for test in _tests(row)]
    for number, test in enumerate(tests, 1):
        test["number"] = str(number)
    return {
        "score": round(sum(r.score for r in rows), 2),
        "execution_time": round(sum((r.result or {}).get("duration_s", 0.0) for r in rows), 2),
        "output": "\n".join(_summary(r) for r in rows)[:MAX_OUTPUT],
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {
            "grader": "dlkit",
            "attempts": {r.name: r.attempts for r in rows},
            "sandbox": sorted({r.result["sandbox"] for r in rows if r.result}),
        },
        "tests": tests,
    }


def _summary(row: Row) -> str:
    words = f"{row.name} {row.title}: {row.score:g} of {row.max_score:g} ({_STATUS[row.status]})"
    if row.days_late:
        words += f"; {row.days_late} days late, {row.raw_score - row.score:g} points off"
    message = (row.result or {}).get("message", "")
    flags = [f"Forbidden: {f['message']}." for f in (row.result or {}).get("flags", [])]
    return "\n".join([words, *flags, *([message] if message else [])])


def _tests(row: Row) -> list[dict[str, Any]]:
    result = row.result or {}
    zero = bool(result.get("flags"))
    return [
        {
            "name": f"{row.name}: {check['title']}",
            "score": 0.0 if zero else check["points"],
            "max_score": check["max_points"],
            "status": "passed" if check["status"] == "passed" and not zero else "failed",
            "output": _output(check)[:MAX_OUTPUT],
            "output_format": "text",
            "tags": list(dict.fromkeys([row.name, check["name"]])),
            "visibility": "visible",
        }
        for check in result.get("checks", [])
    ]


def _output(check: dict[str, Any]) -> str:
    if check["status"] == "passed":
        return ""
    parts = [check["message"]]
    if check["input"]:
        parts.append(f"in {check['input']}")
    if check["diagnosis"]:
        parts.append(f"→ {check['diagnosis']['message']}")
    if check["output"].strip():
        parts.append(f"your code printed:\n{check['output']}")
    return "\n".join(p for p in parts if p)
