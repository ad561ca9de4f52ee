"""One-change mutants: every kind of slip appears, each of them is Python, and no two are alike."""

import ast
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlkit.grader.author.mutants import mutants
from dlkit.grader.catalog import catalog


def changed(source):
    """`{what: [the changed line or lines, …]}` of a source of which every line is its own statement."""
    found = {}
    for m in mutants(textwrap.dedent(source)):
        added = [line[1:].strip() for line in m.diff.split("\n") if line.startswith("+")]
        found.setdefault(m.what, []).append("\n".join(added))
    return found


KINDS = [  # source, what, the changed line
    # arithmetic
    ("y = a + b", "Add -> Sub", "y = a - b"),
    ("y = a - b", "Sub -> Add", "y = a + b"),
    ("y = a * b", "Mult -> Div", "y = a / b"),
    ("y = a * b", "Mult -> Add", "y = a + b"),
    ("y = a / b", "Div -> Mult", "y = a * b"),
    ("y = a // b", "FloorDiv -> Div", "y = a / b"),
    ("y = a % b", "Mod -> FloorDiv", "y = a // b"),
    ("y = a ** b", "Pow -> Mult", "y = a * b"),
    ("y = a @ b", "MatMult -> Mult", "y = a * b"),
    ("y = a & b", "BitAnd -> BitOr", "y = a | b"),
    ("y = a | b", "BitOr -> BitAnd", "y = a & b"),
    ("y += a", "Add -> Sub", "y -= a"),
    ("y *= a", "Mult -> Div", "y /= a"),
    ("y = a - b", "operands swapped", "y = b - a"),
    ("y = a / b", "operands swapped", "y = b / a"),
    ("y = a @ b", "operands swapped", "y = b @ a"),
    ("y = a + b", "left operand only", "y = a"),
    ("y = a + b", "right operand only", "y = b"),
    ("y = -x", "sign or negation dropped", "y = x"),
    ("y = not x", "sign or negation dropped", "y = x"),
    ("y = ~x", "sign or negation dropped", "y = x"),
    # comparisons and conditions
    ("y = a < b", "Lt -> LtE", "y = a <= b"),
    ("y = a < b", "Lt -> GtE", "y = a >= b"),
    ("y = a <= b", "LtE -> Lt", "y = a < b"),
    ("y = a > b", "Gt -> GtE", "y = a >= b"),
    ("y = a >= b", "GtE -> Gt", "y = a > b"),
    ("y = a == b", "Eq -> NotEq", "y = a != b"),
    ("y = a != b", "NotEq -> Eq", "y = a == b"),
    ("y = a is b", "Is -> IsNot", "y = a is not b"),
    ("y = a is not b", "IsNot -> Is", "y = a is b"),
    ("y = a in b", "In -> NotIn", "y = a not in b"),
    ("y = a not in b", "NotIn -> In", "y = a in b"),
    ("y = a and b", "and <-> or", "y = a or b"),
    ("y = a or b", "and <-> or", "y = a and b"),
    ("y = a and b", "condition dropped", "y = a"),
    ("y = a and b", "condition dropped", "y = b"),
    ("y = a if c else b", "first branch only", "y = a"),
    ("y = a if c else b", "second branch only", "y = b"),
    ("if c:\n    y = a", "condition always true", "if True:"),
    # constants
    ("y = 2", "2 -> 3", "y = 3"),
    ("y = 2", "2 -> 1", "y = 1"),
    ("y = 2", "2 -> -2", "y = -2"),
    ("y = 0", "0 -> 1", "y = 1"),
    ("y = 0.5", "0.5 -> 0", "y = 0.0"),
    ("y = 0.5", "0.5 -> 1", "y = 1.0"),
    ("y = 0.5", "0.5 -> 0.05", "y = 0.05"),
    ("y = 0.5", "0.5 -> -0.5", "y = -0.5"),
    ("y = True", "True -> False", "y = False"),
    ("y = x.sum(keepdims=True)", "True -> False", "y = x.sum(keepdims=False)"),
    ("y = x.sum(axis=-1)", "1 -> 0", "y = x.sum(axis=-0)"),
    # calls
    ("y = x.max()", "max -> min", "y = x.min()"),
    ("y = np.sum(x)", "sum -> mean", "y = np.mean(x)"),
    ("y = max(a, b)", "max -> min", "y = min(a, b)"),
    ("y = np.exp(x)", "exp -> expm1", "y = np.expm1(x)"),
    ("y = np.exp(x)", "exp(…) dropped", "y = x"),
    ("y = np.sqrt(x)", "sqrt -> square", "y = np.square(x)"),
    ("y = x.copy()", ".copy() dropped", "y = x"),
    ("y = x.astype(float)", ".astype(…) dropped", "y = x"),
    ("y = x.T", "transpose dropped", "y = x"),
    ("y = x.sum(axis=0)", "axis= dropped", "y = x.sum()"),
    ("y = f(a, b)", "arguments swapped", "y = f(b, a)"),
    ("y = f(a, b)", "last argument dropped", "y = f(a)"),
    # slices
    ("y = x[1:]", "slice lower dropped", "y = x[:]"),
    ("y = x[:n]", "slice upper dropped", "y = x[:]"),
    ("y = x[::2]", "slice step dropped", "y = x[:]"),
    # statements
    ("y = a\ny = b", "statement dropped", "pass"),
    ("y += a", "augmented assignment -> assignment", "y = a"),
    ("for i in x:\n    y = i", "statement dropped", "pass"),
    ("def f(x):\n    return x", "statement dropped", "pass"),
]


@pytest.mark.parametrize(("source", "what", "line"), KINDS)
def test_kind(source, what, line):
    assert line in changed(source)[what]


ALL_KINDS = """
import numpy as np

class Layer:
    '''A layer with 3 parts.'''
    rate: float = 0.5

    def __init__(self, n: int = 2, name: str | None = None) -> None:
        self.w = np.zeros((n, n + 1))
        self.on = True

def softmax(x, axis=-1, temperature=1.0):
    '''Probabilities: exp(x) / sum(exp(x)), 1e-7 close.'''
    if temperature <= 0 or not -x.ndim <= axis < x.ndim:
        raise ValueError('temperature is <= 0')
    z = (x - x.max(axis=axis, keepdims=True)) / temperature
    e = np.exp(z)
    total = 0.0
    for i in range(1, 3):
        total += e[i:, ::2].sum() ** 2
    y = e if total is None else e @ e.T
    return y[:-1] if x.ndim > 1 and axis in (0, 1) else y
"""


def well_formed(source):
    """The promises that hold for the mutants of any source."""
    original = ast.unparse(ast.parse(source))
    found = mutants(source)
    for m in found:
        compile(m.source, "mutant", "exec")
        assert m.source != original
        assert m.what
        assert m.diff
        assert all(line[0] in "+-" for line in m.diff.split("\n"))
        assert m.key == m.diff
    sources = [m.source for m in found]
    assert len(set(sources)) == len(sources)
    assert [m.line for m in found] == sorted(m.line for m in found)
    return found


def test_mutants_are_python_and_differ_from_the_original_and_one_another():
    assert len(well_formed(ALL_KINDS)) > 100


def test_mutants_of_a_reference_of_the_catalogue():
    source = catalog().find("softmax").solution.read_text("utf-8")
    found = {m.what for m in well_formed(source)}
    assert {"max -> min", "keepdims= dropped", "Sub -> Add", "exp(…) dropped", "statement dropped"} <= found


def test_each_mutant_is_one_change():
    for m in mutants(ALL_KINDS):
        lines = m.diff.split("\n")
        removed, added = sum(line[0] == "-" for line in lines), sum(line[0] == "+" for line in lines)
        assert added == 1, m
        # a compound statement that is dropped takes its lines along
        assert removed == 1 or m.what == "statement dropped", m


def test_the_same_source_gives_the_same_mutants():
    assert mutants(ALL_KINDS) == mutants(ALL_KINDS)


def test_a_key_does_not_depend_on_the_place():
    """Records of equivalent mutants survive an edit above them."""
    keys = [m.key for m in mutants("def f(x):\n    return x + y\n")]
    moved = [m.key for m in mutants("import os\n\n\n# more\ndef f(x):\n    return x + y\n")]
    assert keys == moved


def test_lines_are_those_of_the_source():
    source = "import numpy as np\n\n\ndef f(x):\n    # a comment\n    return x + 1\n"
    assert {m.line for m in mutants(source) if m.what == "Add -> Sub"} == {6}


# What is left alone


def dump(node):
    return ast.dump(node) if node is not None else None


def asides(source):
    """Docstrings, annotations, imports and names of parameters: what no mutant may touch."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            found.append(("docstring", ast.get_docstring(node, clean=False)))
        if isinstance(node, ast.arg):
            found.append((node.arg, dump(node.annotation)))
        if isinstance(node, ast.FunctionDef):
            found.append((node.name, dump(node.returns)))
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(("import", dump(node)))
    return sorted(found, key=str)


ANNOTATED = """
'''Module: 1 + 1.'''
from typing import Annotated, Literal
import numpy as np

def f(
    x: np.ndarray | None,
    mode: Literal[1, 2] = 1,
    *args: tuple[int, ...],
    flag: Annotated[bool, True] = False,
    **options: 'dict[str, int] | None',
) -> tuple[np.ndarray | float, int]:
    '''Add 1 to x; x + 1 and not x - 1. True if x > 0.'''
    return x, 2

class A:
    '''Class: 2 * 2.'''
    def g(self) -> int | None:
        '''Method: max(1, 2).'''
        return 3
"""


def test_docstrings_annotations_and_imports_are_unharmed():
    before = asides(ANNOTATED)
    found = well_formed(ANNOTATED)
    assert found
    assert [m.diff for m in found if asides(m.source) != before] == []


def test_annotations_of_variables_are_unharmed():
    source = "def f(x):\n    y: int | None = x + 3\n    return y\n"
    annotations = {
        ast.unparse(node.annotation)
        for m in well_formed(source)
        for node in ast.walk(ast.parse(m.source))
        if isinstance(node, ast.AnnAssign)
    }
    assert annotations == {"int | None"}


def test_strings_are_unharmed():
    assert changed("y = 'a + 1'") == {"statement dropped": ["pass"]}


@pytest.mark.parametrize(
    "source",
    [
        "",
        "'''Only a docstring: 1 + 1.'''",
        "import numpy as np\n",
        "def f(x):\n    pass\n",
        "class A:\n    '''Nothing.'''\n",
        "pass",
    ],
)
def test_nothing_to_change(source):
    assert mutants(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "y = f(*a, b)",  # swapping a starred argument would not compile everywhere
        "y = f(**o)",
        "y = -1",
        "y = x[...]",
        "y = [a + b for a in x if a < b]",
        "y = lambda a: a + 1",
        "y = f'{a + b:.3f}'",
        "with open(p) as f:\n    y = f.read(1, 2)",
        "try:\n    y = a + b\nexcept ValueError:\n    y = 0\nfinally:\n    z = 1",
        "match x:\n    case 1:\n        y = 2\n    case _:\n        y = 3",
        "async def f(x):\n    return await g(x, 1)",
        "def f(x):\n    yield x + 1",
        "@cache(1)\ndef f(x): return x * 2",
        "x: int = 3",
        "del x[1:2]",
        "assert a < b, 'words'",
        "y = 1e400",
        "y = 10 ** 400",
        "y = a < b <= c",
        "while True:\n    break",
        "for x in y:\n    continue\nelse:\n    z = 1",
        "a.b[c + 1] += d",
        "global_, *rest = x, 1",
        "if a:\n    b = 1\nelif c:\n    b = 2\nelse:\n    b = 3",
        "y = (z := 3) + z",
        "y = 1j * 2",
    ],
)
def test_every_kind_of_syntax(source):
    well_formed(source)


NAMES = st.sampled_from(["a", "b", "x"])
EXPRESSIONS = st.recursive(
    NAMES | st.sampled_from(["0", "1", "2", "0.5", "1.0", "True"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", "@", "<", "==", "and", "or"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        )
        | inner.map(lambda e: f"(-{e})")
        | inner.map(lambda e: f"np.exp({e})")
        | st.tuples(inner, inner).map(lambda t: f"f({t[0]}, {t[1]}, axis=0)")
        | st.tuples(NAMES, inner).map(lambda t: f"{t[0]}[{t[1]}:]")
        | st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})")
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
@settings(deadline=None, max_examples=60)
def test_mutants_of_any_expression(expression):
    well_formed(f"y = {expression}\n")
