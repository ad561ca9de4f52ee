"""One page per student: score, checks, the mistake by name. Nobody else's data, no test code, no seed."""

import hashlib
import re
from collections.abc import Sequence
from html import escape

from ..render.html import fragment, page_html, report_html
from ..result import Result
from .formats.table import moment
from .gradebook import Row


def page(student: str, rows: Sequence[Row]) -> str:
    """One student's page."""
    total, maximum = sum(r.score for r in rows), sum(r.max_score for r in rows)
    head = f"<p><strong>{total:g} of {maximum:g} points</strong></p>" if len(rows) > 1 else ""
    title = f"Feedback for {student}"
    return page_html(title, fragment(f"<h1>{escape(title)}</h1>{head}") + "\n".join(_part(r) for r in rows))


def _part(row: Row) -> str:
    if row.result is None:
        return fragment(f"<h2>{escape(row.name)} · {escape(row.title)}</h2><p>There is no verdict yet.</p>")
    facts = [f"Attempt {row.attempt} of {row.attempts}"] if row.attempts > 1 else []
    if row.submitted_at:
        facts.append(f"handed in {moment(row.submitted_at)}")
    if row.days_late:
        facts.append(f"{row.days_late} days late: {row.score:g} of {row.raw_score:g} points count")
    note = fragment(f'<p class="soft">{escape("; ".join(facts))}</p>') if facts else ""
    return f"<article>{report_html(Result.from_json(row.result))}{note}</article>"


def file_name(student: str) -> str:
    """A name that is safe on every file system and different for different students."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", student).strip("._")[:60]
    if plain and plain == student and plain == plain.lower():
        return plain
    return f"{plain or 'student'}-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:8]}"
