"""The notebook of an assignment, made from the stubs: statement, answer cell, examples, graded cell."""

import ast
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..catalog import Exercise

Node = dict[str, Any]
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
ANSWER, EXAMPLES, STATEMENT = "-answer", "-examples", "-statement"  # after the stem, in a cell's grade_id


@dataclass(frozen=True)
class Item:
    """An exercise of an assignment and what it is worth there."""

    exercise: Exercise
    points: float


def assignment_notebook(name: str, title: str, items: list[Item]) -> Node:
    """The source notebook `<name>.ipynb` as nbformat 4.5 data, with nbgrader's metadata."""
    cells = [_cell("markdown", _front(name, title, items), f"{name}-front", locked=True)]
    for number, item in enumerate(items, 1):
        cells += _exercise_cells(number, item, name)
    mark = {"assignment": name, "exercises": [i.exercise.stem for i in items]}
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}, "dlkit": mark}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def as_json(notebook: Node) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def graded_stem(grade_id: str) -> str:
    """The exercise that a graded cell stands for, or nothing where the cell is not dlkit's."""
    return grade_id if re.fullmatch(r"exercise_\d{2,3}_[a-z0-9_]+", grade_id) else ""


def answered_stem(grade_id: str) -> str:
    """The exercise that an answer cell is meant for, or nothing."""
    return graded_stem(grade_id.removesuffix(ANSWER)) if grade_id.endswith(ANSWER) else ""


def _front(name: str, title: str, items: list[Item]) -> str:
    total = sum(i.points for i in items)
    count = f"{len(items)} exercises" if len(items) > 1 else "One exercise"
    lines = [f"# {title}", "", f"{count}, {total:g} points in all.", ""]
    lines += [f"{n}. {i.exercise.title} ({i.points:g} points)" for n, i in enumerate(items, 1)]
    lines += [
        "",
        "Write your answers in the cells with a function to fill. Add cells for helpers and experiments wherever you"
        " like: what your answer needs is found. Keep the names of the functions.",
        "",
        f"Try before you submit: *Validate* runs the examples; `dlkit check {name}.ipynb` in a terminal names the"
        " mistake.",
    ]
    return "\n".join(lines)


def _exercise_cells(number: int, item: Item, name: str) -> list[Node]:
    exercise = item.exercise
    statement, code = stub_parts(exercise)
    fence = "````" if "```" in statement else "```"
    text = f"## {number}. {exercise.title} ({item.points:g} points)\n\n{fence}text\n{statement}\n{fence}"
    cells = [
        _cell("markdown", text, exercise.stem + STATEMENT, locked=True),
        _cell("code", with_regions(code), exercise.stem + ANSWER, solution=True),
    ]
    examples = _examples_cell(exercise, statement)
    if examples:
        cells.append(_cell("code", examples, exercise.stem + EXAMPLES, locked=True))
    graded = _graded_text(exercise, item.points, name, bool(examples))
    return [*cells, _cell("code", graded, exercise.stem, locked=True, points=item.points)]


def _graded_text(exercise: Exercise, points: float, name: str, examples: bool) -> str:
    lines = [f"# Graded: {exercise.stem}, {points:g} points. The course runs hidden tests on your answer."]
    lines += [f"# Try it yourself: dlkit check {exercise.slug} {name}.ipynb"]
    if examples:  # so that `nbgrader validate` fails on an answer that fails them: it looks at graded cells only
        lines += [f"check_examples_{exercise.number}()"]
    return "\n".join(lines)


def stub_parts(exercise: Exercise) -> tuple[str, str]:
    """The statement (the stub's docstring) and the code below it."""
    source = exercise.stub.read_text("utf-8")
    tree = ast.parse(source)
    end = (tree.body[0].end_lineno or 0) if ast.get_docstring(tree) else 0
    return exercise.statement.strip(), "\n".join(source.split("\n")[end:]).strip("\n")


def with_regions(code: str) -> str:
    """Each `raise NotImplementedError("TODO: …")` as a solution region, so that nbgrader keeps what is around it.

    The hint of the stub becomes a comment above the region.
    """
    lines = code.split("\n")
    todos = [n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Raise) and _is_todo(n)]
    places = [(n.lineno - 1, n.end_lineno or n.lineno, _hint(n)) for n in todos]
    for first, end, hint in sorted(places, reverse=True):
        indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        words = textwrap.wrap(hint, 100, initial_indent="# ", subsequent_indent="# ") if hint else []
        region = [*words, "### BEGIN SOLUTION", "raise NotImplementedError()", "### END SOLUTION"]
        lines[first:end] = [indent + line for line in region]
    return "\n".join(lines)


def _is_todo(node: ast.Raise) -> bool:
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def _hint(node: ast.AST) -> str:
    strings = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    return strings[0] if strings and strings[0] != "TODO" else ""


def example_text(statement: str) -> str:
    """The doctests of a statement, dedented; empty where there are none."""
    return "\n".join(_example_lines(textwrap.dedent(statement).split("\n")))


def _example_lines(lines: list[str]) -> Iterator[str]:
    """A `>>>` line and what follows it as far as the indentation or an empty line goes."""
    indent: int | None = None
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if line.lstrip().startswith(">>> "):
            indent = depth
        if not line.strip() or (indent is not None and depth < indent):
            if indent is not None:
                yield ""
            indent = None
        elif indent is not None:
            yield line[indent:]


def _examples_cell(exercise: Exercise, statement: str) -> str:
    """Python for the student's kernel, without dlkit: a function that runs the statement's examples."""
    text = example_text(statement).strip("\n")
    if not text:
        return ""
    lines = "\n".join(f"        {line!r}," for line in text.split("\n"))  # IPython strips a `>>>` at a line's beginning
    names = ", ".join(f"`{n}`" for n in exercise.names)
    return f"""# The examples of the statement. This cell fails while {names} do not give them.
def check_examples_{exercise.number}():
    import doctest

    lines = [
{lines}
    ]
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    test = doctest.DocTestParser().get_doctest("\\n".join(lines), dict(globals()), "example", None, 0)
    result = doctest.DocTestRunner(optionflags=flags).run(test)
    assert result.failed == 0, f"{{result.failed}} of {{result.attempted}} examples give something else"


check_examples_{exercise.number}()"""


def _cell(
    kind: str, source: str, grade_id: str, locked: bool = False, solution: bool = False, points: float | None = None
) -> Node:
    mark: Node = {"schema_version": 3, "grade": points is not None, "grade_id": grade_id, "locked": locked}
    mark |= {"solution": solution, "task": False}
    if points is not None:
        mark["points"] = points
    # nbformat allows 64 characters in a cell's own id
    cell: Node = {"cell_type": kind, "id": grade_id[-64:], "metadata": {"nbgrader": mark}, "source": source}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell
