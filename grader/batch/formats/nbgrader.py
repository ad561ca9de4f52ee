"""The CSV of `nbgrader export`: what its own exporter writes, for tools that read that."""

from collections.abc import Iterable, Iterator

from ..gradebook import Row
from .table import csv_line, moment

HEADER = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def lines(rows: Iterable[Row], due: float | None = None) -> Iterator[str]:
    yield csv_line(HEADER)
    for row in rows:
        penalty = round(row.raw_score - row.score, 2)
        yield csv_line(
            (
                row.stem, moment(due or 0), moment(row.submitted_at), row.student, "", "", "", row.raw_score, penalty,
                row.score, row.max_score,
            )
        )  # fmt: skip
