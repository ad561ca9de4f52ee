"""Results as they stand below a graded cell: the points as a plain number, and the report."""

import math
import re
from dataclasses import replace
from typing import Any

from ..render.html import message_html, report_html
from ..render.terminal import report
from ..result import Result

Output = dict[str, Any]
# Python's warnings show the line they come from: in a probe, that is a line of the hidden test.
_PROBE_LINE = re.compile(r"^<check [^>\n]*>:\d+: (.*)(?:\n  .*)?$", re.MULTILINE)
HIDDEN = -1  # in place of the seed: one secret seed grades the whole class


def points(score: float, max_score: float, worth: float) -> float:
    """What a score is worth: a plain float from 0 to `worth`, whatever `score` is.

    nbgrader gives full marks for what it cannot read as a number, for nan and for less than nothing.
    """
    score, max_score, worth = float(score), float(max_score), float(worth)
    if not (math.isfinite(score) and max_score > 0):
        return 0.0
    return min(worth, max(0.0, round(score / max_score * worth, 2)))


def shown(result: Result) -> Result:
    """A result as students may see it: without the seed, without commands that would need it, without test code."""
    checks = tuple(replace(c, rerun="", output=_PROBE_LINE.sub(r"\1", c.output)) for c in result.checks)
    return replace(result, seed=HIDDEN, checks=checks, output=_PROBE_LINE.sub(r"\1", result.output))


def result_outputs(result: Result, worth: float) -> list[Output]:
    """Outputs of a graded cell: the report, then the points."""
    seen = shown(result)
    return _outputs(report_html(seen), report(seen, 100), points(result.score, result.max_score, worth))


def message_outputs(text: str) -> list[Output]:
    """Outputs of a graded cell that earns nothing: why."""
    return _outputs(message_html(text), text, 0.0)


def _outputs(html: str, text: str, earned: float) -> list[Output]:
    """nbgrader takes the first `execute_result` for the points; anything on standard error would mean 0."""
    return [
        {"output_type": "display_data", "data": {"text/html": html, "text/plain": text}, "metadata": {}},
        {
            "output_type": "execute_result", "data": {"text/plain": repr(float(earned))}, "execution_count": 1,
            "metadata": {},
        },
    ]  # fmt: skip
