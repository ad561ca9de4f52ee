"""The strength of the hidden tests, as measured: tests/records/strength.json and the page docs/strength.md."""

import ast
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..catalog import Catalog, Exercise
from .mutants import mutants
from .mutate import Tally, equivalents

_HEAD = """# How strong are the hidden tests?

Made by `make strength`; tests/test_strength.py fails when a source has changed since.

**Known-wrong answers** are misconceptions in code: every one is rejected, fails exactly the checks it names, and is
named to the learner (tests/test_exercises.py). **Mutants** are the reference with one change (an operator, a constant,
a comparison, an axis, a default, a dropped statement or argument, …): a mutant that no check notices is a hole, unless
it computes the same; those are *equivalent*, each with its reason in tests/records/.

| exercise | checks | right answers | known-wrong answers | mutants | killed | equivalent |
|---|---|---|---|---|---|---|
"""


def facts(exercise: Exercise) -> dict[str, Any]:
    """What the sources alone say: counts, and the hash of all that the mutants' verdicts depend on."""
    files = (exercise.solution, exercise.tests)
    return {
        "checks": _count(exercise.tests, "test_"),
        "right": 1 + max(1, exercise.right.read_text("utf-8").count("\n# --- ")),
        "wrong": exercise.wrong.read_text("utf-8").count("\n@wrong("),
        "made": len(mutants(exercise.solution.read_text("utf-8"))),
        "marked": len(equivalents(exercise)),
        "sources": hashlib.sha256(b"\0".join(f.read_bytes() for f in files)).hexdigest()[:16],
    }


def _count(path: Path, prefix: str) -> int:
    tree = ast.parse(path.read_text("utf-8"))
    return sum(isinstance(n, ast.FunctionDef) and n.name.startswith(prefix) for n in tree.body)


def records_path(root: Path) -> Path:
    return root / "tests" / "records" / "strength.json"


def record(tallies: Iterable[Tally], catalog: Catalog) -> None:
    """Keep the tallies beside what the sources say, and write the page."""
    exercises = list(catalog)
    path = records_path(exercises[0].root)
    kept = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    by_stem = {e.stem: e for e in exercises}
    for tally in tallies:
        kept[tally.stem] = {
            **facts(by_stem[tally.stem]), "killed": tally.killed,
            "equivalent": tally.equivalent, "survived": len(tally.survivors),
        }  # fmt: skip
    kept = {e.stem: kept[e.stem] for e in exercises if e.stem in kept}
    path.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    (exercises[0].root / "docs" / "strength.md").write_text(page(kept, catalog), "utf-8")


def page(kept: dict[str, Any], catalog: Catalog) -> str:
    """docs/strength.md for these records."""
    rows = []
    totals = dict.fromkeys(("checks", "right", "wrong", "made", "killed", "equivalent"), 0)
    for exercise in catalog:
        entry = kept.get(exercise.stem)
        if entry is None:
            continue
        for key in totals:
            totals[key] += entry[key]
        rows.append(_row(f"{exercise.number} {exercise.slug}", entry))
    return _HEAD + "\n".join([*rows, _row(f"**{len(rows)} exercises**", totals)]) + "\n"


def _row(name: str, entry: dict[str, Any]) -> str:
    real = entry["made"] - entry["equivalent"]
    share = f"{entry['killed']} of {real} ({entry['killed'] / real:.1%})" if real else "0"
    return (
        f"| {name} | {entry['checks']} | {entry['right']} | {entry['wrong']} | {entry['made']} | {share}"
        f" | {entry['equivalent']} |"
    )
