"""A notebook that somebody handed in, taken as data: what answers an exercise, and the clean notebook made of it.

Nothing in it is believed: not its metadata, not its locked cells, not its outputs. nbgrader drops a submission whose
notebook it cannot read, and grades what a forged notebook claims; a clean notebook leaves it nothing to stumble over.
"""

import ast
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..catalog import Exercise
from ..errors import UsageProblem
from ..learner.cells import answer_units
from ..submission import read_bytes, without_magics
from .notebook import ANSWER, EXAMPLES, KERNEL, STATEMENT, Node, answered_stem, graded_stem

Units = tuple[tuple[str, str], ...]
MAX_CELLS = 2000
MAX_TEXT = 256 << 10  # of source, in all cells together: it is parsed in this process
_LATE = "imports of cells below"
_ROLES = (STATEMENT, ANSWER, EXAMPLES, "")
TROUBLE = "trouble"  # in the notebook's metadata: why there is nothing to grade
AGAIN = "again"  # in a graded notebook's metadata: a cell has no verdict, through a fault of ours


@dataclass(frozen=True)
class Known:
    """A cell as the gradebook has it; `metadata` is what nbgrader wants to find in the cell."""

    grade_id: str
    kind: str
    source: str
    metadata: Node

    @property
    def fixed(self) -> bool:
        """The student may not change it."""
        return not self.metadata["solution"]

    @property
    def needed(self) -> bool:
        """It is put back where it is missing. Not an answer: the stub would hide one that stands elsewhere."""
        return self.fixed or bool(self.metadata["grade"])


@dataclass(frozen=True)
class Cell:
    """One cell: its label in tracebacks, its kind and source, the id it claims (each id once)."""

    label: str
    kind: str
    source: str
    grade_id: str
    attachments: Node


def read_notebook(path: Path) -> Node:
    """The notebook in a file, as JSON. Raises UsageProblem with a sentence where there is none."""
    return parse(*read_bytes(path))


def parse(data: bytes, label: str) -> Node:
    """The same, of bytes."""
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        if isinstance(notebook["cells"], list):
            return dict(notebook)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise UsageProblem(f"{label} is not a Jupyter notebook (nbformat 4). Save it again from Jupyter.")


def cells_of(notebook: Node, name: str) -> list[Cell]:
    """The cells that are cells. Raises UsageProblem where they are too many, or too long."""
    cells: list[Cell] = []
    seen: set[str] = set()
    number = 0
    for raw in notebook["cells"]:
        if len(cells) > MAX_CELLS:
            break
        if not isinstance(raw, dict) or raw.get("cell_type") not in ("code", "markdown", "raw"):
            continue
        grade_id = _grade_id(raw)
        grade_id = "" if grade_id in seen else grade_id
        seen.add(grade_id)
        source = _text(raw.get("source"))
        kind = "code" if answered_stem(grade_id) else raw["cell_type"]  # made a raw cell by a slip, it is an answer
        number += kind == "code"
        cells.append(Cell(f"{name} cell {number}", kind, source, grade_id, _attachments(raw)))
    if len(cells) > MAX_CELLS or sum(len(c.source) for c in cells) > MAX_TEXT:
        raise UsageProblem(f"{name} has more than {MAX_CELLS} cells, or more than {MAX_TEXT >> 10} KiB of text.")
    return cells


def _grade_id(raw: Node) -> str:
    metadata = raw.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = mark.get("grade_id") if isinstance(mark, dict) else None
    return grade_id if isinstance(grade_id, str) else ""


def _text(source: Any) -> str:
    """Source as a string that can be written: no halves of characters, no null bytes."""
    if isinstance(source, list):
        source = "".join(s for s in source if isinstance(s, str))
    if not isinstance(source, str):
        return ""
    return source.replace("\r\n", "\n").replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _attachments(raw: Node) -> Node:
    """Pictures in a text cell, where they are what they should be."""
    found = raw.get("attachments")
    if not isinstance(found, dict) or raw["cell_type"] != "markdown":
        return {}
    good: Node = {}
    for name, bundle in found.items():
        if isinstance(bundle, dict) and all(re.fullmatch(r"image/[a-z.+-]+", k) for k in bundle):
            good[_text(name)] = {k: _text(v) for k, v in bundle.items()}
    return good


def exercise_stems(notebook: Node) -> list[str]:
    """The exercises of an assignment's notebook, by its graded cells; empty where it is no such notebook."""
    ids = [_grade_id(raw) for raw in notebook["cells"] if isinstance(raw, dict)]
    return list(dict.fromkeys(filter(None, map(graded_stem, ids))))


def assignment_units(data: bytes, label: str, exercise: Exercise) -> Units | None:
    """What answers an exercise in an assignment's notebook; None where it is no such notebook. Raises UsageProblem."""
    notebook = parse(data, label)
    return answer(cells_of(notebook, label), exercise) if exercise.stem in exercise_stems(notebook) else None


def answer(cells: Sequence[Cell], exercise: Exercise) -> Units:
    """What answers an exercise: the definitions of its names, wherever they stand, and all that these need.

    A notebook runs from top to bottom, so the last definition counts; but what stands in the answer cells of other
    exercises further down is theirs, unless this answer is nowhere else.
    """
    code = [c for c in cells if c.kind == "code" and not _of_the_course(c.grade_id)]
    try:
        return _answer(code, exercise)
    except (RecursionError, MemoryError, ValueError):  # too strange to be taken apart
        return tuple((c.label, without_magics(c.source)) for c in code)


def _answer(code: Sequence[Cell], exercise: Exercise) -> Units:
    own = next((i for i, c in enumerate(code) if answered_stem(c.grade_id) == exercise.stem), len(code))
    near = [c for i, c in enumerate(code) if i <= own or not answered_stem(c.grade_id)]
    units = _units(near, exercise)
    if exercise.names and not set(exercise.names) <= _defined(units):
        units = _units(code, exercise)
    late = _late_imports(units)
    return ((_LATE, late), *units) if late else units


def _late_imports(units: Units) -> str:
    """Imports that stand below what needs them: in the student's kernel their cell had been run before."""
    late: list[str] = []
    earlier, bound = "", set[str]()
    for _, text in units:
        for node in ast.parse(text).body if _parses(text) else []:
            names = _bound(node)
            if isinstance(node, ast.Import | ast.ImportFrom):
                late += (
                    [ast.unparse(node)] if any(re.search(rf"\b{n}\b", earlier) for n in names - bound - {"*"}) else []
                )
            bound |= names
        earlier += text
    return "\n".join(dict.fromkeys(late))


def _of_the_course(grade_id: str) -> bool:
    return bool(graded_stem(grade_id) or graded_stem(grade_id.removesuffix(EXAMPLES)))


def _units(code: Sequence[Cell], exercise: Exercise) -> Units:
    """The statements that count and, for the report, cells that are no Python: the answer may have been meant there."""
    chosen = dict(answer_units([(c.label, c.source) for c in code], exercise.names))
    missing = set(exercise.names) - _defined(chosen.items())
    for cell in code:
        text = without_magics(cell.source)
        if missing and not _parses(text) and any(re.search(rf"\b{re.escape(n)}\b", text) for n in missing):
            chosen[cell.label] = text
    if not chosen:  # then this exercise's own cell says the most
        chosen = {c.label: without_magics(c.source) for c in code if answered_stem(c.grade_id) == exercise.stem}
    order = [c.label for c in code]
    return tuple(sorted(chosen.items(), key=lambda unit: order.index(unit[0])))


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _defined(units: Iterable[tuple[str, str]]) -> set[str]:
    """The names that units bind at their top level."""
    bodies = [ast.parse(text).body for _, text in units if _parses(text)]
    return {name for body in bodies for node in body for name in _bound(node)}


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(a.asname or a.name).split(".")[0] for a in node.names}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def clean_notebook(cells: Sequence[Cell], known: Sequence[Known], trouble: str = "") -> Node:
    """A valid notebook: the student's cells, the course's as the course has them, no outputs, no other metadata."""
    by_id = {k.grade_id: k for k in known}
    made = [_clean_cell(c, by_id.get(c.grade_id)) for c in cells]
    places = [c.grade_id if c.grade_id in by_id else "" for c in cells]
    for k in sorted(known, key=lambda k: _role(k.grade_id)):
        if k.needed and k.grade_id not in places:
            at = _place(k.grade_id, places)
            made.insert(at, _node(k.kind, k.source, k.metadata))
            places.insert(at, k.grade_id)
    for number, node in enumerate(made):
        node["id"] = f"cell-{number}"
    metadata: Node = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    if trouble:
        metadata["dlkit"] = {TROUBLE: trouble}
    return {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _place(grade_id: str, places: list[str]) -> int:
    """Where a missing cell goes: among those of its exercise, in their order; else to the end."""
    same = [i for i, place in enumerate(places) if _stem(place) and _stem(place) == _stem(grade_id)]
    before = [i for i in same if _role(places[i]) < _role(grade_id)]
    return before[-1] + 1 if before else min(same, default=len(places))


def _stem(grade_id: str) -> str:
    """The exercise that a cell of the course belongs to."""
    return graded_stem(re.sub(rf"({'|'.join(_ROLES[:-1])})$", "", grade_id))


def _role(grade_id: str) -> int:
    """The order in which an exercise's cells stand."""
    return next((n for n, suffix in enumerate(_ROLES) if grade_id.endswith(suffix)), len(_ROLES))


def _clean_cell(cell: Cell, known: Known | None) -> Node:
    if known is None:
        return _node(cell.kind, _harmless(cell), None, cell.attachments)
    if known.fixed:
        return _node(known.kind, known.source, known.metadata)
    source = cell.source if known.kind == "code" or cell.source == known.source else _harmless(cell)
    return _node(known.kind, source, known.metadata, cell.attachments)


def _harmless(cell: Cell) -> str:
    """Text for the feedback page and the instructor's Formgrader: a tag in it is shown, not obeyed."""
    return cell.source if cell.kind == "code" else re.sub(r"<(?=[A-Za-z/!?])", "&lt;", cell.source)


def _node(kind: str, source: str, mark: Node | None, attachments: Node | None = None) -> Node:
    node: Node = {"cell_type": kind, "metadata": {"nbgrader": dict(mark)} if mark else {}, "source": source}
    if kind == "code":
        node |= {"execution_count": None, "outputs": []}
    elif attachments:
        node["attachments"] = attachments
    return node
