"""`dlkit dev new`: the files of an exercise and its entry in the index, in the house style, ready to be filled."""

import re
from pathlib import Path

from ..catalog import ROOT
from ..errors import UsageProblem

_INDEX = """
[[exercise]]
stem = "{stem}"
title = "{title}"
track = "A Foundations"
level = 2
framework = "{framework}"
prerequisites = []
minutes = 15
forbidden = []
hints = [
  "A question that sets the learner thinking.",
  "A direction.",
  "Nearly the answer.",
]
questions = ["Which interview question does it answer?"]
sources = ["The paper, or the library whose convention it follows"]
"""
_STUB = '''"""{title}.

What it is, and the definition as a formula in plain text:

    y = 2 * x

`{slug}(x)`
    x        {array} of shape (N, D), floating; left as it is
    returns  a new {array} of the same shape and dtype
    ValueError: x has no axis (0-d).

Example
    >>> {slug}({one})
    {shown}

Asked next: what would an interviewer ask now?
"""

{imports}


def {slug}(x: {type}) -> {type}:
    raise NotImplementedError("TODO: one line that says where to begin")
'''
_SOLUTION = """{imports}


def {slug}(x: {type}) -> {type}:
    if x.ndim == 0:
        raise ValueError("x needs at least one axis")
    return 2 * x
"""
_RIGHT = '''"""The same in another style."""


def {slug}(x):
    if not x.ndim:
        raise ValueError("x")
    return x + x
'''
_WRONG = '''"""Answers people really give. Each must fail exactly the checks it names."""

{wrong_imports}from dlkit.grader.wrong import wrong
from dlkit.solutions.{stem} import {slug}


@wrong(replaces="{slug}", fails=["value"])
def the_misconception(x):
    """One sentence for the learner: what is wrong, and why."""
    {slug}(x)  # the reference's ValueErrors
    return 3 * x


@wrong(replaces="{slug}", fails=["errors_purity"])
def no_validation(x):
    """x without an axis should be refused with a ValueError."""
    return 2 * x
'''
_TESTS = '''"""Each docstring is the line the learner reads."""

{test_imports}
from dlkit.grader.compare import check_close, check_pure, check_raises
{device_imports}from dlkit.grader.plugin import {marks}


@points(80)
def test_value(candidate, rng, case{tensor}):
    """Every number is doubled."""
    with case("by hand"):
        check_close("{slug}([1.5])", candidate.{slug}({make}([1.5])), {make}([3.0]))  # 2 * 1.5
    for shape in ((2, 3), (4, 1, 5)):
        x = rng.normal(size=shape)
        with case(f"shape {{shape}}"):
            check_close("{slug}(x)", candidate.{slug}({make}(x)), {make}(x * 2), dtype=True)
            check_pure(candidate, "x")


@points(20)
def test_errors_purity(candidate{tensor}):
    """An x without an axis raises ValueError."""
    with check_raises(ValueError, "a 0-d x"):
        candidate.{slug}({make}(1.0))
'''
_ON_DEVICE = '''

@device_check
def test_device_parity(candidate, rng, tensor):
    """On the device the values and the gradient are those of the CPU, and nothing leaves it or waits for it."""
    x = rng.normal(size=(3, 4)).astype("float32")
    y, (grad,) = candidate.grad("{slug}", tensor(x, dtype=torch.float32))
    check_stays(candidate, "{slug}(x)", y, grad)
    check_no_sync(candidate)
    check_close("{slug}(x)", y, tensor(x * 2, dtype=torch.float32), rtol=1e-3, atol=1e-4)
    check_close("the gradient", grad, torch.full((3, 4), 2.0), rtol=1e-3, atol=1e-4)
'''
_WRONG_ON_DEVICE = '''

@wrong(replaces="{slug}", fails=["device_parity"])
def factor_on_cpu(x):
    """A tensor that is made without device= lies on the CPU, and may not meet one on the device."""
    {slug}(x)  # the reference's ValueErrors
    return x * torch.full((1,), 2.0, dtype=x.dtype)
'''


def create(slug: str, number: int, framework: str, root: Path = ROOT) -> list[str]:
    """Write the files; the lines to print. Raises UsageProblem where the slug or the number is taken or malformed."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug):
        raise UsageProblem(f"`{slug}` is no slug: use small letters, digits and underscores, `layer_norm`.")
    stem = f"exercise_{number:02d}_{slug}"
    index = root / "exercises" / "index.toml"
    text = index.read_text("utf-8")
    taken = re.search(rf'^stem = "(exercise_{number:02d}_.*|exercise_\d+_{slug})"', text, re.MULTILINE)
    if taken:
        raise UsageProblem(f"{taken.group(1)} is in exercises/index.toml already; choose another number or slug.")
    files = {
        root / "exercises" / f"{stem}.py": _STUB,
        root / "solutions" / f"{stem}.py": _SOLUTION,
        root / "solutions" / "right" / f"{stem}.py": _RIGHT,
        root / "solutions" / "wrong" / f"{stem}.py": _WRONG,
        root / "tests" / "hidden" / f"test_{stem}.py": _TESTS,
    }
    for path in files:
        if path.exists():
            raise UsageProblem(f"{path} exists already; nothing was written.")
    if framework == "torch":
        *_, wrong, tests = files
        files[wrong] += _WRONG_ON_DEVICE
        files[tests] += _ON_DEVICE
    words = _words(slug, stem, framework)
    for path, template in files.items():
        path.write_text(template.format(**words), "utf-8")
    index.write_text(text.rstrip("\n") + "\n" + _INDEX.format(**words), "utf-8")
    written = [str(p.relative_to(root)) for p in files]
    return [*written, "exercises/index.toml (an entry at the end)", "", f"Fill them, then: dlkit dev check {slug}"]


def _words(slug: str, stem: str, framework: str) -> dict[str, str]:
    title = slug.replace("_", " ").capitalize()
    common = {"slug": slug, "stem": stem, "title": title, "framework": framework}
    if framework == "torch":
        return {
            **common, "type": "Tensor", "array": "tensor", "imports": "import torch\nfrom torch import Tensor",
            "one": "torch.tensor([1.5])", "shown": "tensor([3.])", "tensor": ", tensor", "make": "tensor",
            "test_imports": "import torch\n", "wrong_imports": "import torch\n\n", "marks": "device_check, points",
            "device_imports": "from dlkit.grader.on_device import check_no_sync, check_stays\n",
        }  # fmt: skip
    return {
        **common, "type": "np.ndarray", "array": "array", "imports": "import numpy as np", "one": "np.array([1.5])",
        "shown": "array([3.])", "tensor": "", "make": "np.array", "test_imports": "import numpy as np\n",
        "wrong_imports": "", "marks": "points", "device_imports": "",
    }  # fmt: skip
