"""docs/strength.md says what was measured on the sources as they are."""

import json
from pathlib import Path

import pytest

from dlkit.grader.author.strength import facts, page, records_path
from dlkit.grader.catalog import catalog

ROOT = Path(__file__).parent.parent
RECORDS = json.loads(records_path(ROOT).read_text("utf-8"))


@pytest.mark.parametrize("exercise", list(catalog()), ids=lambda e: e.stem)
def test_the_record_is_of_these_sources(exercise):
    entry = RECORDS.get(exercise.stem, {})
    known = {k: v for k, v in entry.items() if k not in ("killed", "equivalent", "survived")}
    assert known == facts(exercise), "the sources have changed: run `make strength`"


@pytest.mark.parametrize("exercise", list(catalog()), ids=lambda e: e.stem)
def test_at_least_99_percent_of_the_mutants_are_killed(exercise):
    entry = RECORDS[exercise.stem]
    assert entry["killed"] >= 0.99 * (entry["made"] - entry["equivalent"])


def test_the_page_is_made_from_the_records():
    assert (ROOT / "docs" / "strength.md").read_text("utf-8") == page(RECORDS, catalog())
