"""CSV for spreadsheets: one line per student and exercise; no cell is ever a formula."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from ..gradebook import Row

HEADER = (
    "student", "exercise", "title", "score", "max_score", "raw_score", "status", "attempt", "attempts", "submitted_at",
    "days_late", "mistakes", "flags", "file",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """The file, line by line."""
    yield csv_line(HEADER)
    for row in rows:
        yield csv_line(
            (
                row.student, row.name, row.title, row.score, row.max_score, row.raw_score, row.status, row.attempt,
                row.attempts, moment(row.submitted_at), row.days_late, " ".join(mistakes(row.result)),
                " ".join(str(f["name"]) for f in (row.result or {}).get("flags", [])), row.file,
            )
        )  # fmt: skip


def csv_line(cells: Iterable[Any]) -> str:
    """One line with its end. Texts that a spreadsheet would run are quoted with an apostrophe."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerow([safe(c) for c in cells])
    return stream.getvalue()


def safe(cell: Any) -> Any:
    if not isinstance(cell, str):
        return f"{cell:g}" if isinstance(cell, float) else cell
    text = cell.replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def moment(seconds: float) -> str:
    """ISO 8601 with the time zone of this machine; nothing where nothing is known."""
    try:
        return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds") if seconds else ""
    except (OverflowError, ValueError, OSError):
        return ""


def mistakes(result: dict[str, Any] | None) -> list[str]:
    """The misconceptions that were named, each once."""
    checks = (result or {}).get("checks", [])
    return list(dict.fromkeys(c["diagnosis"]["mistake"] for c in checks if c["diagnosis"]))
