"""One-change mutants of a reference: what a slip of the pen, or of the mind, would make of it."""

import ast
import copy
import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_BINARY: dict[type[ast.operator], list[type[ast.operator]]] = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Div, ast.Add],
    ast.Div: [ast.Mult],
    ast.FloorDiv: [ast.Div],
    ast.Mod: [ast.FloorDiv],
    ast.Pow: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.BitAnd: [ast.BitOr],
    ast.BitOr: [ast.BitAnd],
}
_COMPARE: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
_NAMES = {
    "max": "min", "min": "max", "sum": "mean", "mean": "sum", "argmax": "argmin", "argmin": "argmax", "all": "any",
    "any": "all", "ones": "zeros", "zeros": "ones", "ones_like": "zeros_like", "zeros_like": "ones_like",
    "exp": "expm1", "log": "log1p", "expm1": "exp", "log1p": "log", "maximum": "minimum", "minimum": "maximum",
    "floor": "ceil", "ceil": "floor", "var": "std", "std": "var", "sqrt": "square", "square": "sqrt", "sin": "cos",
    "cos": "sin", "cumsum": "cumprod",
}  # fmt: skip
_DROPPED_CALLS = {"copy", "abs", "sqrt", "clone", "detach", "astype", "log", "exp", "T", "transpose", "swapaxes"}


@dataclass(frozen=True)
class Mutant:
    """A changed source: what was done, in which line, and the source itself."""

    what: str
    line: int
    source: str
    diff: str

    @property
    def key(self) -> str:
        """The change itself, independent of line numbers: how records of equivalent mutants name it."""
        return self.diff


def mutants(source: str) -> list[Mutant]:
    """All different one-change mutants of a source, in order of lines."""
    tree = ast.parse(source)
    original = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    annotations = _annotations(tree)
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in annotations:
            continue
        for what, change in _changes(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[index]
            change(target)
            try:
                text = ast.unparse(ast.fix_missing_locations(changed))
                compile(text, "mutant", "exec")
            except (SyntaxError, ValueError, TypeError):
                continue
            if text != original and text not in found:
                found[text] = Mutant(what, getattr(node, "lineno", 0), text, _diff(original, text))
    return sorted(found.values(), key=lambda m: m.line)


def _annotations(tree: ast.AST) -> set[int]:
    """The nodes inside annotations: they compute nothing."""
    roots = [getattr(n, field, None) for n in ast.walk(tree) for field in ("annotation", "returns")]
    return {id(n) for root in roots if isinstance(root, ast.AST) for n in ast.walk(root)}


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0)
    return "\n".join(line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))


Change = Callable[[ast.AST], None]
Part = Callable[[Any], ast.AST]  # a node of a kind that the caller knows -> one of its children


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for other in _BINARY.get(type(node.op), []):
            yield f"{type(node.op).__name__} -> {other.__name__}", _set(op=other())
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.MatMult):
            yield "operands swapped", _swap_operands
        if isinstance(node, ast.BinOp):
            yield "left operand only", _become(lambda n: n.left)
            yield "right operand only", _become(lambda n: n.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
        if not isinstance(node.operand, ast.Constant):
            yield "sign or negation dropped", _become(lambda n: n.operand)
    elif isinstance(node, ast.Compare):
        for other_op in _COMPARE.get(type(node.ops[0]), []):
            yield f"{type(node.ops[0]).__name__} -> {other_op.__name__}", _set(ops=[other_op(), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp):
        yield "and <-> or", _set(op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for i in range(len(node.values)):
            yield "condition dropped", _drop_value(i)
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield "transpose dropped", _become(lambda n: n.value)
    elif isinstance(node, ast.IfExp):
        yield "first branch only", _become(lambda n: n.body)
        yield "second branch only", _become(lambda n: n.orelse)
    elif isinstance(node, ast.Slice):
        for part in ("lower", "upper", "step"):
            if getattr(node, part) is not None:
                yield f"slice {part} dropped", _set(**{part: None})
    if hasattr(node, "body") and isinstance(node.body, list):
        yield from _statements(node)


def _constants(node: ast.Constant) -> Iterator[tuple[str, Change]]:
    value = node.value
    if isinstance(value, bool):
        yield f"{value} -> {not value}", _set(value=not value)
    elif isinstance(value, int):
        for other in sorted({value + 1, value - 1, -value} - {value}):
            yield f"{value} -> {other}", _set(value=other)
    elif isinstance(value, float):
        for changed in (0.0, 1.0, value * 2, value / 10, -value):
            if changed != value:
                yield f"{value:g} -> {changed:g}", _set(value=changed)


def _calls(node: ast.Call) -> Iterator[tuple[str, Change]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _NAMES:
        field = "attr" if isinstance(node.func, ast.Attribute) else "id"
        yield f"{name} -> {_NAMES[name]}", _set_function(field, _NAMES[name])
    if name in _DROPPED_CALLS and isinstance(node.func, ast.Attribute):
        if not node.args and not _is_module(node.func.value):
            yield f".{name}() dropped", _become(lambda n: n.func.value)
        elif len(node.args) == 1 and _is_module(node.func.value):
            yield f"{name}(…) dropped", _become(lambda n: n.args[0])
        elif name == "astype":
            yield ".astype(…) dropped", _become(lambda n: n.func.value)
    for i, keyword in enumerate(node.keywords):
        yield f"{keyword.arg}= dropped", _drop_keyword(i)
    if len(node.args) >= 2 and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
        yield "arguments swapped", _swap_arguments
    if len(node.args) >= 2:
        yield "last argument dropped", _drop_argument


def _is_module(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "torch", "F", "math")


def _statements(node: ast.AST) -> Iterator[tuple[str, Change]]:
    body = node.body  # type: ignore[attr-defined]
    for i, statement in enumerate(body):
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Pass):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # a docstring
        yield "statement dropped", _drop_statement(i)
        if isinstance(statement, ast.AugAssign):
            yield "augmented assignment -> assignment", _assign(i)
        if isinstance(statement, ast.If):
            yield "condition always true", _fix_condition(i, True)


def _set(**fields: object) -> Change:
    def change(node: ast.AST) -> None:
        for name, value in fields.items():
            setattr(node, name, value)

    return change


def _become(part: Part) -> Change:
    def change(node: ast.AST) -> None:
        other = part(node)
        node.__class__ = other.__class__
        node.__dict__ = dict(other.__dict__)

    return change


def _set_function(field: str, name: str) -> Change:
    def change(node: ast.AST) -> None:
        setattr(node.func, field, name)  # type: ignore[attr-defined]

    return change


def _swap_operands(node: ast.AST) -> None:
    node.left, node.right = node.right, node.left  # type: ignore[attr-defined]


def _swap_arguments(node: ast.AST) -> None:
    node.args[0], node.args[1] = node.args[1], node.args[0]  # type: ignore[attr-defined]


def _drop_argument(node: ast.AST) -> None:
    node.args.pop()  # type: ignore[attr-defined]


def _drop_value(index: int) -> Change:
    def change(node: ast.AST) -> None:
        del node.values[index]  # type: ignore[attr-defined]

    return change


def _drop_keyword(index: int) -> Change:
    def change(node: ast.AST) -> None:
        del node.keywords[index]  # type: ignore[attr-defined]

    return change


def _drop_statement(index: int) -> Change:
    def change(node: ast.AST) -> None:
        node.body[index] = ast.Pass()  # type: ignore[attr-defined]

    return change


def _assign(index: int) -> Change:
    def change(node: ast.AST) -> None:
        statement = node.body[index]  # type: ignore[attr-defined]
        node.body[index] = ast.Assign([statement.target], statement.value)  # type: ignore[attr-defined]

    return change


def _fix_condition(index: int, value: bool) -> Change:
    def change(node: ast.AST) -> None:
        node.body[index].test = ast.Constant(value)  # type: ignore[attr-defined]

    return change
