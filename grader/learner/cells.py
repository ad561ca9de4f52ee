"""What a notebook's cells have defined: the statements that an answer consists of, out of all that was run.

A notebook also holds plots, training runs, comparisons with the very function that is forbidden, and older versions of
a cell. None of that is the answer. Taken are the last definitions of the exercise's names and, from there, whatever
they name: imports, helpers, constants.
"""

import ast
import bisect
import symtable
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..submission import without_magics

Unit = tuple[str, str]  # the label that tracebacks show, the source


@dataclass(frozen=True)
class _Statement:
    """A top-level statement: where it stands, the names it binds (for certain, or changes), the names it reads."""

    cell: int
    first: int
    last: int
    binds: frozenset[str]
    changes: frozenset[str]
    reads: frozenset[str]


def answer_units(sources: Sequence[tuple[str, str]], names: Iterable[str]) -> tuple[Unit, ...]:
    """The units that define `names`, from `(label, raw cell source)` in the order the cells were run.

    Lines that do not belong to the answer are empty, so that line numbers stay. A cell that is no Python (IPython said
    so when it was run) gives nothing. Empty when no cell defines any of the names.
    """
    texts = [without_magics(source) for _, source in sources]
    statements = [s for i, text in enumerate(texts) for s in _statements(i, text)]
    wanted = _needed(statements, set(names))
    units = []
    for i, (label, _) in enumerate(sources):
        kept = {n for s in wanted if s.cell == i for n in range(s.first, s.last + 1)}
        if kept:
            lines = texts[i].split("\n")
            units.append((label, "\n".join(x if n in kept else "" for n, x in enumerate(lines, 1)).rstrip() + "\n"))
    return tuple(units)


def _needed(statements: list[_Statement], names: set[str]) -> list[_Statement]:
    """Per name, its last certain binding and what changes it later; then the names that these read, and so on.

    A statement that is run reads what was bound before it (`np.ndarray` in an annotation), and what it defines reads,
    once it is called, what was bound last: both are needed.
    """
    end = len(statements)
    places: dict[str, list[int]] = {}
    for at, s in enumerate(statements):
        for name in s.binds | s.changes:
            places.setdefault(name, []).append(at)
    chosen: set[int] = set()
    seen: set[tuple[str, int]] = set()
    todo = [(name, end) for name in names]
    while todo:
        name, before = todo.pop()
        own = places.get(name, [])
        for i in range(bisect.bisect_left(own, before) - 1, -1, -1):
            at = own[i]
            if (name, at) in seen:
                break
            seen.add((name, at))
            if at not in chosen:
                chosen.add(at)
                todo += [(read, where) for read in statements[at].reads for where in (at, end)]
            if name in statements[at].binds:
                break
    if chosen:  # `from numpy import *` may bind anything
        chosen |= {at for at, s in enumerate(statements) if "*" in s.binds}
    return [statements[at] for at in sorted(chosen)]


def _statements(cell: int, text: str) -> list[_Statement]:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    lines = text.split("\n")
    return [_statement(cell, node, lines) for node in body]


def _statement(cell: int, node: ast.stmt, lines: list[str]) -> _Statement:
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    last = node.end_lineno or node.lineno
    bound, changes = _bound(node), set()
    if not isinstance(node, _DEFINITIONS):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Attribute | ast.Subscript) and isinstance(inner.ctx, ast.Store):
                changes |= _base(inner)  # `Layer.forward = fast`, `table[0] = 1`
    certain = isinstance(node, _CERTAIN)
    return _Statement(
        cell, first, last, frozenset(bound if certain else ()), frozenset(changes if certain else changes | bound),
        _reads("\n".join(lines[first - 1 : last])),
    )  # fmt: skip


def _reads(source: str) -> frozenset[str]:
    """The module's names that some statements read, in the bodies of their functions, too."""
    try:
        tables = [symtable.symtable(source, "<cell>", "exec")]
    except (SyntaxError, ValueError, RecursionError):  # it has been parsed: this should not be
        return frozenset()
    names = {s.get_name() for s in tables[0].get_symbols() if s.is_referenced()}
    while tables:
        table = tables.pop()
        tables += table.get_children()
        names |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return frozenset(names)


_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_CERTAIN = (*_DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)


def _bound(node: ast.AST) -> set[str]:
    """The names that a statement binds in its own scope."""
    if isinstance(node, _DEFINITIONS):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(a.asname or a.name).split(".")[0] for a in node.names}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return set()
    return {name for child in ast.iter_child_nodes(node) for name in _bound(child)}


def _base(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
