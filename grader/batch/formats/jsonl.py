"""JSON lines: one object per student and exercise, with the whole result."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from ..gradebook import Row
from .table import moment

SCHEMA = "dlkit.grade/1"


def lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        fields = {k: v for k, v in asdict(row).items() if k not in ("stem", "sha", "name", "title")}
        fields["submitted_at"] = moment(row.submitted_at) or None
        head = {"schema": SCHEMA, "student": fields.pop("student"), "exercise": row.name, "title": row.title}
        yield json.dumps({**head, **fields}, ensure_ascii=True, allow_nan=False) + "\n"
