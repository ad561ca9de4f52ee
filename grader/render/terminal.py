"""A Result as a report for a terminal: what passed, what differs and where, the mistake named, what to type next."""

from __future__ import annotations  # `dlkit list` shares this module, and has no use for results

import textwrap
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..result import Check, Result

Style = Callable[..., str]
_MARKS = {"passed": ("✓", "green"), "failed": ("✗", "red"), "skipped": ("–", "yellow"), "error": ("!", "magenta")}
STATUS_WORDS = {
    "passed": "full marks",
    "failed": "not there yet",
    "not_started": "not started",
    "invalid": "does not load",
    "crashed": "crashed",
    "timeout": "ran out of time",
    "out_of_memory": "ran out of memory",
    "internal_error": "a fault of dlkit",
}
MAX_OUTPUT_LINES = 12


def no_style(text: str, **_: object) -> str:
    return text


def report(result: Result, width: int = 80, style: Style = no_style, verbose: bool = False) -> str:
    """The whole report. `style(text, fg=…, bold=…)` colours; `width` is where lines are wrapped."""
    width = max(40, min(width, 110))
    return "\n".join(
        [
            *_head(result, width, style),
            *_checks(result, width, style, verbose),
            *_device_checks(result, width, style, verbose),
            *_foot(result, width, style),
        ]
    )


def _head(result: Result, width: int, style: Style) -> Iterator[str]:
    for line in _wrapped(f"{result.exercise} · {result.title}", width, ""):
        yield style(line, bold=True)
    if result.message:
        yield ""
        yield from _wrapped(result.message, width, "  ")
    for flag in result.flags:
        yield ""
        yield from _wrapped(f"Forbidden: {flag['message']}. The score is 0.", width, "  ")
    yield ""


def _checks(result: Result, width: int, style: Style, verbose: bool) -> Iterator[str]:
    for check in result.checks:
        yield from _line(check, width, style)
        said = check.status == "skipped" if result.message else False  # once, above, is enough
        said = said or (result.status in ("not_started", "invalid") and not check.points)
        if check.status != "passed" and (verbose or not said):
            yield from _details(check, width, style)


def _line(check: Check, width: int, style: Style) -> Iterator[str]:
    mark, colour = _MARKS[check.status]
    earned = f"{check.points:g}/{check.max_points:g}"
    lines = textwrap.wrap(check.title, max(20, width - len(earned) - 6)) or [check.name]
    dots = " " * max(1, width - len(lines[0]) - len(earned) - 2)
    yield f"{style(mark, fg=colour, bold=True)} {lines[0]}{dots}{style(earned, fg=colour)}"
    for line in lines[1:]:
        yield f"  {line}"


def _details(check: Check, width: int, style: Style) -> Iterator[str]:
    word = {"failed": "", "skipped": "Not run: ", "error": "A fault of dlkit: "}[check.status]
    yield from _wrapped(word + check.message, width, "    ")
    if check.input:
        yield from (style(line, dim=True) for line in _wrapped(f"in {check.input}", width, "    ", max_lines=3))
    if check.diagnosis is not None:
        for line in _wrapped(f"→ {check.diagnosis.message}", width, "    "):
            yield style(line, fg="cyan", bold=True)
    if check.output.strip():
        yield style("    your code printed:", dim=True)
        lines = check.output.rstrip("\n").split("\n")
        for line in lines[:MAX_OUTPUT_LINES]:
            yield style(f"    | {line[: width - 6]}", dim=True)
        if len(lines) > MAX_OUTPUT_LINES:
            yield style(f"    | … {len(lines) - MAX_OUTPUT_LINES} more lines", dim=True)
    if check.rerun and check.status in ("failed", "error"):
        yield style(f"    {check.rerun}", dim=True)
    yield ""


def _device_checks(result: Result, width: int, style: Style, verbose: bool) -> Iterator[str]:
    """Those that did not pass (all with `verbose`); they stand beside the score."""
    shown = [c for c in result.gpu.checks if verbose or c.status != "passed"]
    if not shown:
        return
    yield ""
    yield style(f"On the device ({result.gpu.device}), without points:", bold=True)
    for check in shown:
        mark, colour = _MARKS[check.status]
        first, *rest = textwrap.wrap(check.title, max(20, width - 2)) or [check.name]
        yield f"{style(mark, fg=colour, bold=True)} {first}"
        yield from (f"  {line}" for line in rest)
        if check.status != "passed":
            yield from _details(check, width, style)


def _foot(result: Result, width: int, style: Style) -> Iterator[str]:
    if result.checks and result.checks[-1].status == "passed":
        yield ""
    colour = "green" if result.passed else "yellow" if result.score else "red"
    score = f"{result.score:g} of {result.max_score:g} points"
    words = STATUS_WORDS[result.status]
    if not result.checks:  # only device checks were asked for
        yield style(f"device checks: {words}", fg="green" if result.passed else "red", bold=True)
    elif not result.max_score:  # a kit for students: the points are given elsewhere
        yield style(f"examples: {'passed' if result.passed else words}", fg=colour, bold=True)
    else:
        yield f"{style(score, fg=colour, bold=True)} · {style(words, fg=colour)}"
    facts = f"{result.duration_s:.2f} s · sandbox: {result.sandbox}"
    if result.seed >= 0:  # a class's is secret
        facts += f" · seed {result.seed}"
    if result.gpu.status != "not_applicable":
        facts += f" · {_gpu(result)}"
    for line in _wrapped(facts, width, ""):
        yield style(line, dim=True)


def _gpu(result: Result) -> str:
    if result.gpu.total:
        return f"device checks: {result.gpu.passed} of {result.gpu.total} on {result.gpu.device}"
    if result.gpu.status == "running":
        return "device checks: running"
    return f"device checks: skipped ({result.gpu.reason})"


def _wrapped(text: str, width: int, indent: str, max_lines: int | None = None) -> Iterator[str]:
    """Each line of `text` wrapped on its own; the indentation a line has is kept (tracebacks, carets)."""
    lines: list[str] = []
    for line in text.split("\n"):
        inner = indent + line[: len(line) - len(line.lstrip())][: width // 2]  # room for the words stays
        lines += textwrap.wrap(
            line.strip(), width, initial_indent=inner, subsequent_indent=inner, break_on_hyphens=False
        ) or [indent]  # fmt: skip
    if max_lines is not None and len(lines) > max_lines:
        lines = [*lines[:max_lines], f"{indent}…"]
    return iter(lines)
