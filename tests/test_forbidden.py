"""Forbidden shortcuts: the scan of the source, and the guard whose callables raise for the learner alone."""

import ast
import contextlib
import importlib
import math
import sys
import textwrap
import types

import numpy as np
import pytest

from dlkit.grader.candidate.confine import Limits
from dlkit.grader.candidate.forbidden import ForbiddenShortcut, Guard, canonical, scan
from dlkit.grader.candidate.proxy import LocalLink, Session
from dlkit.grader.candidate.source import Submission


def found(source, *bans):
    """`[(name, line), …]` of what the scan finds."""
    return [(f["name"], f["line"]) for f in scan(ast.parse(textwrap.dedent(source)), bans)]


@pytest.mark.parametrize(
    ("ban", "name"),
    [
        ("scipy", "scipy"),
        ("np.tanh", "numpy.tanh"),
        ("np.linalg.inv", "numpy.linalg.inv"),
        ("F.softmax", "torch.nn.functional.softmax"),
        ("nn.Linear", "torch.nn.Linear"),
        ("torch.softmax", "torch.softmax"),
        (".strides", ".strides"),
        ("npx.tanh", "npx.tanh"),
    ],
)
def test_canonical(ban, name):
    assert canonical(ban) == name


# The scan

USES = {
    # imports
    "package": ("import scipy", ["scipy"], [("scipy", 1)]),
    "submodule of a banned package": ("import scipy.special", ["scipy"], [("scipy", 1)]),
    "from a banned package": ("from scipy.special import expit", ["scipy"], [("scipy", 1)]),
    "from it, and its use": (
        "from scipy import special\n\nspecial.expit(0)", ["scipy"], [("scipy", 1), ("scipy", 3)]
    ),
    "the second of a line": ("import os, scipy", ["scipy"], [("scipy", 1)]),
    "in a function": ("def f():\n    import scipy", ["scipy"], [("scipy", 2)]),
    "in a try": ("try:\n    import scipy\nexcept ImportError:\n    pass", ["scipy"], [("scipy", 2)]),
    # calls
    "the usual name": ("import numpy as np\nnp.tanh(0)", ["np.tanh"], [("np.tanh", 2)]),
    "the full name": ("import numpy\nnumpy.tanh(0)", ["np.tanh"], [("np.tanh", 2)]),
    "a ban by the full name": ("import numpy as np\nnp.tanh(0)", ["numpy.tanh"], [("numpy.tanh", 2)]),
    "an alias": ("import numpy as n\nn.tanh(0)", ["np.tanh"], [("np.tanh", 2)]),
    "not called": ("import numpy as np\nf = np.tanh", ["np.tanh"], [("np.tanh", 2)]),
    "from-import": ("from numpy import tanh", ["np.tanh"], [("np.tanh", 1)]),
    "from-import under another name": ("from numpy import exp, tanh as t\nt(0)", ["np.tanh"], [("np.tanh", 1)]),
    "submodule": ("import numpy as np\nnp.linalg.inv(x)", ["np.linalg.inv"], [("np.linalg.inv", 2)]),
    "imported submodule": ("import numpy.linalg\nnumpy.linalg.inv(x)", ["np.linalg.inv"], [("np.linalg.inv", 2)]),
    "alias of a submodule": ("import numpy.linalg as la\nla.inv(x)", ["np.linalg.inv"], [("np.linalg.inv", 2)]),
    "from-import of a submodule": (
        "from numpy import linalg as la\nla.inv(x)", ["np.linalg.inv"], [("np.linalg.inv", 2)]
    ),
    "a ban of a whole submodule": (
        "import numpy as np\nnp.linalg.inv(np.linalg.norm(x))", ["np.linalg"], [("np.linalg", 2), ("np.linalg", 2)]
    ),
    "F": ("import torch.nn.functional as F\nF.softmax(x)", ["F.softmax"], [("F.softmax", 2)]),
    "F from torch.nn": ("from torch.nn import functional as G\nG.softmax(x)", ["F.softmax"], [("F.softmax", 2)]),
    "F, spelled out": ("import torch\ntorch.nn.functional.softmax(x)", ["F.softmax"], [("F.softmax", 2)]),
    "a class": ("from torch import nn\nclass Net(nn.Linear): ...", ["nn.Linear"], [("nn.Linear", 2)]),
    "a decorator": ("import functools as ft\n@ft.cache\ndef f(): ...", ["functools.cache"], [("functools.cache", 2)]),
    "a default": ("import numpy as np\ndef f(g=np.tanh): ...", ["np.tanh"], [("np.tanh", 2)]),
    "as an argument": ("import numpy as np\nmap(np.tanh, x)", ["np.tanh"], [("np.tanh", 2)]),
    "in an f-string": ("import numpy as np\nf'{np.tanh(0)}'", ["np.tanh"], [("np.tanh", 2)]),
    "twice, in order": (
        "import numpy as np\ndef f():\n    return np.tanh(0)\ny = np.exp(np.tanh(1))", ["np.exp", "np.tanh"],
        [("np.tanh", 3), ("np.exp", 4), ("np.tanh", 4)],
    ),
    # getattr
    "getattr": ("import numpy as np\ngetattr(np, 'tanh')(0)", ["np.tanh"], [("np.tanh", 2)]),
    "getattr with a default": ("import numpy as np\ngetattr(np, 'tanh', None)", ["np.tanh"], [("np.tanh", 2)]),
    "getattr of a submodule": (
        "import numpy as np\ngetattr(np.linalg, 'inv')", ["np.linalg.inv"], [("np.linalg.inv", 2)]
    ),
    "getattr of anything": ("def f(x):\n    return getattr(x, 'strides')", [".strides"], [(".strides", 2)]),
    # attributes of anything
    "attribute": ("def f(x):\n    return x.strides", [".strides"], [(".strides", 2)]),
    "attribute of a call": ("f(x).strides", [".strides"], [(".strides", 1)]),
    "attribute that is written": ("x.strides = (8,)", [".strides"], [(".strides", 1)]),
    "method": ("def f(x):\n    return x.softmax(-1)", [".softmax"], [(".softmax", 2)]),
    "attribute of a module's class": (
        "import torch\ndef f(loss):\n    torch.Tensor.backward(loss)", [".backward"], [(".backward", 3)]
    ),
    "attribute of an imported name": ("from kit import x\nx.strides", [".strides"], [(".strides", 2)]),
    # always
    "eval": ("y = eval('1 + 1')", [], [("eval", 1)]),
    "exec": ("x = 1\nexec('y = 2')", [], [("exec", 2)]),
    "__import__": ("np = __import__('numpy')", [], [("__import__", 1)]),
}  # fmt: skip


@pytest.mark.parametrize("case", USES)
def test_found(case):
    source, bans, uses = USES[case]
    assert found(source, *bans) == uses


FINE = {
    "another function": ("import numpy as np\nnp.exp(0)\nnp.arctanh(0)", ["np.tanh", "np.exp2"]),
    "another package": ("import numpy as np, scipy_like\nfrom scipyx import a", ["scipy"]),
    "a package of the learner's names": ("scipy = 3\nscipy + 1", ["scipy"]),
    "own function of the same name": ("def tanh(x): ...\ntanh(0)", ["np.tanh"]),
    "own attribute of the same name": ("class A:\n    tanh = 1\nA.tanh", ["np.tanh"]),
    "math instead of numpy": ("import math\nmath.tanh(0)", ["np.tanh"]),
    "a name that only begins like it": ("import numpy as np\nnp.linalg_like.inv(x)", ["np.linalg"]),
    "the parent of what is banned": ("import numpy as np\nnp.linalg.norm(x)", ["np.linalg.inv"]),
    "comment": ("# import scipy; np.tanh(0); eval('1')\nx = 1", ["scipy", "np.tanh"]),
    "string": ("'''import scipy\nx.strides'''\ny = 'eval(1)'", ["scipy", ".strides"]),
    "docstring": ("def f(x):\n    '''Like np.tanh(x), without exec().'''", ["np.tanh"]),
    "model.eval()": ("def f(model):\n    model.eval()\n    return model.exec('x')", []),
    "own method eval": ("class A:\n    def eval(self): ...", []),
    "eval, not called": ("evaluate = 1\nevaluation = evaluate", []),
    "attribute of another name": ("x.stride()\nx.strides_", [".strides"]),
    "keyword": ("f(strides=3)", [".strides"]),
    "own name like a banned attribute": ("strides = 3\nstrides + 1", [".strides"]),
    "getattr with a variable": ("import numpy as np\nname = 'exp'\ngetattr(np, name)", ["np.tanh"]),
    "getattr of another name": ("import numpy as np\ngetattr(np, 'exp')", ["np.tanh"]),
    "own module as an attribute": ("class A: ...\nA.np.tanh", ["np.tanh"]),
    "nothing": ("", ["np.tanh", "scipy", ".strides"]),
    "no bans": ("import numpy as np\nnp.tanh(0)", []),
}


@pytest.mark.parametrize("case", FINE)
def test_fine(case):
    source, bans = FINE[case]
    assert found(source, *bans) == []


# The guard


@pytest.fixture
def guard_up():
    """A guard over code that is compiled under the name `answer.py`."""
    with contextlib.ExitStack() as undo:

        def up(*bans):
            guard = Guard(bans, lambda file: file == "answer.py")
            undo.callback(guard.remove)
            return guard

        yield up


def run_as(file, source, **space):
    exec(compile(textwrap.dedent(source), file, "exec"), space)
    return space


def test_a_banned_callable_raises_for_the_learner(guard_up):
    guard = guard_up("np.tanh")
    with pytest.raises(ForbiddenShortcut, match=r"^np\.tanh is what this exercise asks you to write yourself$"):
        run_as("answer.py", "import numpy as np\n\ny = np.tanh(0.5)")
    assert guard.flags == [{"name": "np.tanh", "line": 3}]


def test_the_grader_and_libraries_may_call_it(guard_up):
    guard = guard_up("np.tanh")
    space = run_as("library.py", "import numpy as np\ndef f(x):\n    return np.tanh(x)\ny = f(0.5)")
    assert space["y"] == np.tanh(0.5) == pytest.approx(math.tanh(0.5))
    assert run_as("answer.py", "y = f(0.5)", f=space["f"])["y"] == np.tanh(0.5)  # through a library
    assert guard.flags == []


def test_arguments_pass_through(guard_up):
    guard_up("np.sum")
    assert np.sum(np.ones((2, 3)), axis=0, keepdims=True).tolist() == [[2.0, 2.0, 2.0]]
    assert np.sum.__name__ == "sum"


@pytest.mark.parametrize(
    "source",
    [
        "import numpy\nnumpy.tanh(0)",
        "from numpy import tanh\ntanh(0)",
        "from numpy import *\ntanh(0)",
        "import numpy as np\ngetattr(np, 'ta' + 'nh')(0)",
        "import numpy as np\nlist(map(np.tanh, [0]))",
        "import numpy as np\nnp.__dict__['tanh'](0)",
        "import numpy as np\n(lambda: np.tanh(0))()",
        "import numpy as np\nn = np\nn.tanh(0)",
        "import numpy as np\nclass A:\n    y = np.tanh(0)",
    ],
)
def test_however_it_is_reached(source, guard_up):
    guard = guard_up("np.tanh")
    with pytest.raises(ForbiddenShortcut):
        run_as("answer.py", source)
    assert [f["name"] for f in guard.flags] == ["np.tanh"]


def test_a_caught_exception_leaves_its_flag(guard_up):
    guard = guard_up("np.tanh")
    source = """\
        import numpy as np
        try:
            np.tanh(0)
        except Exception:
            pass
        """
    run_as("answer.py", source)
    assert guard.flags == [{"name": "np.tanh", "line": 3}]


def test_a_function_that_is_called_later_is_guarded_still(guard_up):
    guard = guard_up("np.tanh")
    f = run_as("answer.py", "import numpy as np\ndef f(x):\n    return np.tanh(x)")["f"]
    assert guard.flags == []
    with pytest.raises(ForbiddenShortcut):
        f(0)
    assert guard.flags == [{"name": "np.tanh", "line": 3}]


@pytest.mark.parametrize(
    ("ban", "source"),
    [
        ("np.linalg.inv", "import numpy as np\nnp.linalg.inv(np.eye(2))"),
        ("math.exp", "import math\nmath.exp(0)"),
        ("cmath.exp", "import cmath\ncmath.exp(0)"),
        ("numpy.tanh", "import numpy as np\nnp.tanh(0)"),
    ],
)
def test_modules_of_every_kind(ban, source, guard_up):
    guard_up(ban)
    with pytest.raises(ForbiddenShortcut, match=ban.replace(".", r"\.")):
        run_as("answer.py", source)


def test_torch(guard_up):
    torch = pytest.importorskip("torch")
    guard_up("F.softmax", "torch.Tensor.softmax")
    for call in ("torch.nn.functional.softmax(x, -1)", "x.softmax(-1)"):
        with pytest.raises(ForbiddenShortcut):
            run_as("answer.py", call, torch=torch, x=torch.ones(2))
    assert torch.nn.functional.softmax(torch.zeros(2), -1).tolist() == [0.5, 0.5]
    assert torch.zeros(2).softmax(-1).tolist() == [0.5, 0.5]


# Imports


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that nobody has imported yet."""
    for name in ("dlkit_banned", "dlkit_allowed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("value = 1\n")
        (tmp_path / name / "inner.py").write_text("value = 2\n")
    (tmp_path / "dlkit_library.py").write_text("import dlkit_banned\nvalue = dlkit_banned.value\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [n for n in sys.modules if n.startswith(("dlkit_banned", "dlkit_allowed", "dlkit_library"))]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "source",
    [
        "import dlkit_banned",
        "import dlkit_banned.inner",
        "from dlkit_banned import value",
        "from dlkit_banned.inner import value",
        "import importlib\nimportlib.import_module('dlkit_banned')",
        "__import__('dlkit_banned')",
        "def f():\n    import dlkit_banned\nf()",
    ],
)
def test_a_banned_package_does_not_import(source, package, guard_up):
    guard = guard_up("dlkit_banned")
    with pytest.raises(ForbiddenShortcut, match="dlkit_banned is what this exercise"):
        run_as("answer.py", source)
    assert [f["name"] for f in guard.flags] == ["dlkit_banned"]
    assert "dlkit_banned" not in sys.modules


def test_other_packages_import(package, guard_up):
    guard = guard_up("dlkit_banned", "np.tanh")
    assert run_as("answer.py", "from dlkit_allowed.inner import value")["value"] == 2
    assert guard.flags == []


def test_a_library_may_import_it(package, guard_up):
    guard = guard_up("dlkit_banned")
    assert run_as("answer.py", "import dlkit_library\nvalue = dlkit_library.value")["value"] == 1
    assert guard.flags == []


# What is not there, and putting everything back


@pytest.mark.parametrize(
    "bans",
    [
        (),
        (".strides",),
        ("np.no_such_function",),
        ("np.pi",),
        ("np.ndarray",),
        ("no_such_package.f",),
        ("np.no_such_module.f",),
        ("np.ndarray.strides",),
        ("np.ndarray.tolist",),
    ],
    ids=repr,
)
def test_what_cannot_be_patched_is_left_alone(bans, guard_up):
    before = dict(vars(np))
    guard = guard_up(*bans)
    assert run_as("answer.py", "import numpy as np\ny = np.ones(2).tolist() + [np.pi]")["y"] == [1.0, 1.0, math.pi]
    guard.remove()
    assert vars(np) == before


def test_remove_puts_everything_back(package):
    before, path, finders = np.tanh, np.linalg.inv, list(sys.meta_path)
    guard = Guard(["np.tanh", "numpy.tanh", "np.linalg.inv", "dlkit_banned", "math.exp"], lambda file: True)
    assert np.tanh is not before
    assert len(sys.meta_path) == len(finders) + 1
    guard.remove()
    assert (np.tanh, np.linalg.inv) == (before, path)
    assert isinstance(np.tanh, np.ufunc)
    assert sys.meta_path == finders
    assert math.exp(0) == 1
    assert importlib.import_module("dlkit_banned").value == 1
    guard.remove()  # twice does no harm
    assert np.tanh is before


def test_remove_of_a_method_leaves_no_trace():
    torch = pytest.importorskip("torch")
    before = dict(vars(torch.Tensor))
    guard = Guard(["torch.Tensor.tanh"], lambda file: file == "answer.py")
    with pytest.raises(ForbiddenShortcut):
        run_as("answer.py", "x.tanh()", x=torch.zeros(2))
    guard.remove()
    assert set(vars(torch.Tensor)) == set(before)  # it is inherited
    assert torch.zeros(2).tanh().tolist() == [0.0, 0.0]


# In a session: scan and guard together


@pytest.fixture
def flags():
    sessions = []

    def load(*units, bans):
        units = tuple((f"cell {i + 1}", source) for i, source in enumerate(units))
        unlimited = Limits(call_seconds=1e9, total_seconds=1e9)
        session = Session(Submission(units, "exercise_99_guarded", (), bans), LocalLink, unlimited, 0)
        sessions.append(session)
        session.load()
        return [(f["name"], f["line"]) for f in session.flags]

    yield load
    for session in sessions:
        session.close()
    sys.modules.pop("exercise_99_guarded", None)


def test_what_is_banned_is_found_before_it_runs(flags):
    assert flags("import numpy as np\n\n\ndef f(x):\n    return np.tanh(x)\n", bans=("np.tanh",)) == [("np.tanh", 5)]


def test_what_is_hidden_is_found_when_it_runs(flags):
    assert flags("import numpy as np\ny = getattr(np, 'ta' + 'nh')(0)\n", bans=("np.tanh",)) == [("np.tanh", 2)]


def test_an_import_in_one_cell_counts_in_the_next(flags):
    """Cells of a notebook are one module: the class below is imported in the cell before."""
    first, second = "import collections as c\n", "def f():\n    return c.OrderedDict()\n"
    assert flags(first, second, bans=("collections.OrderedDict",)) == [("collections.OrderedDict", 2)]


def test_a_clean_submission_has_no_flags(flags):
    assert flags("import numpy as np\n\n\ndef f(x):\n    return np.exp(x)\n", bans=("np.tanh", "scipy")) == []


def test_the_guard_is_gone_with_its_session(flags):
    before = list(sys.meta_path)
    session = Session(
        Submission((("a.py", "x = 1\n"),), "exercise_99_guarded", (), ("np.tanh",)), LocalLink, Limits(), 0
    )
    session.load()
    assert not isinstance(np.tanh, np.ufunc)
    session.close()
    assert isinstance(np.tanh, np.ufunc)
    assert sys.meta_path == before
    assert isinstance(sys.modules["exercise_99_guarded"], types.ModuleType)
