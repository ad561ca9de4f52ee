"""What was graded, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

_MOST = 20  # problems that are told one by one


@dataclass(frozen=True)
class Graded:
    """One student's standing in the gradebook."""

    student: str
    score: float
    max_score: float
    review: bool  # a person should look


@dataclass(frozen=True)
class Summary:
    """What was graded now, and what went wrong."""

    graded: tuple[Graded, ...]
    problems: tuple[str, ...] = ()


def summary_words(done: Summary) -> str:
    """A few lines, however many students there are."""
    lines = [f"problem: {p}" for p in done.problems[:_MOST]]
    if len(done.problems) > _MOST:
        lines.append(f"… and {len(done.problems) - _MOST} more problems")
    if not done.graded:
        return "\n".join([*lines, "Nothing new to grade. (--force grades again what is graded already.)"])
    scores = [g.score for g in done.graded]
    best = done.graded[0].max_score
    mean = sum(scores) / len(scores)
    lines.append(f"{_count(len(scores), 'submission')} graded: mean {mean:.4g} of {best:g}, lowest {min(scores):g}.")
    review = [g.student for g in done.graded if g.review]
    if review:
        lines.append(f"For a person to look at (in `nbgrader formgrader`): {_names(review)}")
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _names(students: Sequence[str]) -> str:
    more = len(students) - 10
    return ", ".join(students[:10]) + (f" and {more} more" if more > 0 else "")
