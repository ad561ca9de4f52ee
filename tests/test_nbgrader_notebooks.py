"""Course folders, the notebook made from stubs, and notebooks that were handed in: taken as data, whatever they are."""

import ast
import json
import re
from pathlib import Path

import pytest

from dlkit.grader.catalog import catalog
from dlkit.grader.errors import UsageProblem
from dlkit.grader.nbgrader import course, feedback
from dlkit.grader.nbgrader.notebook import Item, assignment_notebook, stub_parts, with_regions
from dlkit.grader.nbgrader.reading import Known, answer, cells_of, clean_notebook, parse
from dlkit.grader.result import Check, Result
from dlkit.grader.submission import read_submission

SOFTMAX, LINEAR, MOMENTUM = (catalog().find(n) for n in ("softmax", "linear_layer", "momentum"))
WRITTEN = [e for e in catalog() if e.stub.is_file() and e.tests.is_file()]


# The course folder


def test_a_course_is_made_once_and_nothing_is_overwritten(tmp_path):
    place = tmp_path / "my course"
    written = course.init(place, None, None)
    written += course.add(place, "ps1", "Set 1", course.items(["softmax", "5"], ["20", "softmax=30"]))
    assert [p.relative_to(place).as_posix() for p in written] == ["nbgrader_config.py", "source/ps1/ps1.ipynb"]
    config = (place / "nbgrader_config.py").read_text("utf-8")
    assert "c.CourseDirectory.course_id = 'my-course'" in config
    compile(config, "config", "exec")
    with pytest.raises(UsageProblem, match="is a course already"):
        course.init(place, None, None)
    with pytest.raises(UsageProblem, match="is there already; nothing was changed"):
        course.add(place, "ps1", None, course.items(["softmax"], []))
    assert (place / "nbgrader_config.py").read_text("utf-8") == config
    notebook = json.loads((place / "source/ps1/ps1.ipynb").read_text("utf-8"))
    points = [c["metadata"]["nbgrader"].get("points") for c in notebook["cells"]]
    assert [p for p in points if p is not None] == [30, 20]


def test_what_cannot_be_is_said_before_anything_is_written(tmp_path):
    for names, points, words in (
        (["softmax", "7"], [], "named twice"),
        (["nonsense"], [], "There is no exercise"),
        (["softmax"], ["momentum=3"], "not in this assignment"),
        (["softmax"], ["many"], "give a number"),
        (["softmax"], ["-1"], "give a number"),
        (["softmax"], ["nan"], "give a number"),
    ):
        with pytest.raises(UsageProblem, match=words):
            course.check_new(tmp_path / "c", "ps1", course.items(names, points))
    for name in ("a/b", "..", "", "x+y", "-x"):
        with pytest.raises(UsageProblem, match="is no name"):
            course.check_new(tmp_path / "c", name, course.items(["softmax"], []))
    with pytest.raises(UsageProblem, match="is no course"):
        course.add(tmp_path, "ps1", None, course.items(["softmax"], []))
    assert not list(tmp_path.iterdir())


def test_the_secret_seed_stays_and_only_the_owner_may_read_it(tmp_path):
    first = course.seed(tmp_path, "ps1")
    assert first == course.seed(tmp_path, "ps1") != course.seed(tmp_path, "ps2")
    assert (tmp_path / ".dlkit" / "secret").stat().st_mode & 0o077 == 0
    (tmp_path / ".dlkit" / "secret").unlink()
    assert course.seed(tmp_path, "ps1") != first


# From the stub to the notebook


@pytest.mark.parametrize("exercise", WRITTEN, ids=lambda e: e.slug)
def test_a_notebook_from_every_stub(exercise):
    """Valid for nbformat and nbgrader; the stub's code without its TODO lines is the answer cell without its regions."""
    nbformat = pytest.importorskip("nbformat")
    validator = pytest.importorskip("nbgrader.nbgraderformat").MetadataValidator()
    notebook = assignment_notebook("ps1", "Set", [Item(exercise, 10)])
    node = nbformat.from_dict(notebook)
    nbformat.validate(node)
    validator.validate_nb(node)
    sources = [c["source"] for c in notebook["cells"]]
    assert exercise.statement.strip() in sources[1]
    tree = ast.parse(sources[2])
    assert ast.dump(_quiet(tree)) == ast.dump(_quiet(ast.parse(stub_parts(exercise)[1])))
    assert sources[2].count("### BEGIN SOLUTION") == sources[2].count("### END SOLUTION") > 0
    assert not [x for x in _secrets(exercise) if x in "\n".join(sources)]


def _quiet(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            node.exc = ast.Name("NotImplementedError")
    return tree


def _secrets(exercise):
    body = [x.strip() for p in (exercise.tests, exercise.wrong) for x in p.read_text("utf-8").splitlines()]
    statement = exercise.stub.read_text("utf-8")
    return {x for x in body if len(x) > 40 and not x.startswith(("from ", "import ")) and x not in statement}


def test_regions_keep_what_is_around_them():
    code = "def f(x):\n    y = 1\n    raise NotImplementedError(\n        'TODO: '\n        'two'\n    )\n\n\ndef g():\n    raise ValueError\n"
    made = with_regions(code)
    assert made.startswith(
        "def f(x):\n    y = 1\n    # TODO: two\n    ### BEGIN SOLUTION\n    raise NotImplementedError()\n"
    )
    assert made.endswith("    ### END SOLUTION\n\n\ndef g():\n    raise ValueError\n")


def test_the_examples_cell_needs_no_dlkit_and_fails_on_the_stub():
    cells = {
        c["metadata"]["nbgrader"]["grade_id"]: c["source"]
        for c in assignment_notebook("ps1", "S", [Item(SOFTMAX, 10)])["cells"]
    }
    examples = cells[f"{SOFTMAX.stem}-examples"]
    assert not re.search(r"^\s*>>>", examples, re.MULTILINE)  # IPython would strip it
    space = {"__name__": "__main__"}
    exec(SOFTMAX.solution.read_text("utf-8"), space)
    exec(examples, space)
    exec(cells[f"{SOFTMAX.stem}-answer"], space)
    with pytest.raises(AssertionError, match="3 of 3 examples"):
        exec(examples, space)


# What answers an exercise


def cells(*sources):
    """Cells as (grade_id, source); the id may be empty."""
    raw = [
        {"cell_type": "code", "source": s, "metadata": {"nbgrader": {"grade_id": g}} if g else {}} for g, s in sources
    ]
    return cells_of({"cells": raw}, "ps1.ipynb")


def joined(units):
    return "\n".join(text for _, text in units)


ANSWER, OTHER = f"{SOFTMAX.stem}-answer", f"{LINEAR.stem}-answer"


def test_helpers_and_imports_of_other_cells_count_and_scratch_cells_do_not():
    found = joined(answer(cells(
        ("", "import numpy as np"), ("", "EPS = 1e-9\ndef shifted(x): return x - x.max()"),
        (ANSWER, "def softmax(x): return shifted(x) + EPS\ndef softmax_backward(dy, y): return dy"),
        ("", "import numpy as np\nimport torch\nprint(torch.softmax(x, 0))\nos._exit(0)"),
    ), SOFTMAX))  # fmt: skip
    assert "def shifted" in found
    assert "EPS = 1e-9" in found
    assert "torch" not in found
    assert "_exit" not in found


def test_an_import_above_counts_when_a_later_cell_imports_again():
    found = answer(cells((ANSWER, "import numpy as np\ndef softmax(x: np.ndarray): return np.exp(x)\ndef softmax_backward(): pass"),
                         ("", "import numpy as np\nplot(np)")), SOFTMAX)  # fmt: skip
    space = {}
    exec(joined(found), space)
    assert space["softmax"](0.0) == 1


def test_the_answer_of_another_exercise_does_not_shadow():
    found = joined(answer(cells(
        (ANSWER, "def softmax(x): return help_(x)\ndef softmax_backward(dy, y): return 1\ndef help_(x): return 'mine'"),
        (OTHER, "def linear_forward(): pass\ndef help_(x): return 'theirs'\ndef softmax(x): return 'theirs'"),
    ), SOFTMAX))  # fmt: skip
    assert "theirs" not in found


def test_an_answer_elsewhere_counts():
    """The answer cell was deleted, emptied, split, renamed or filled with the answer of another exercise."""
    body = "def softmax(x): return 1\ndef softmax_backward(dy, y): return 2"
    head, tail = body.split("\n")
    for sources in (
        [("", body)],
        [(ANSWER, ""), ("", body)],
        [(ANSWER, head), (ANSWER, tail)],
        [(ANSWER, tail), ("", head)],
        [("my-own", body)],
        [(OTHER, body)],
        [(ANSWER, "# see below"), (OTHER, body)],
    ):
        found = joined(answer(cells(*sources), SOFTMAX))
        assert head in found, sources
        assert tail in found, sources


def test_an_import_in_a_cell_below_is_there_in_time():
    units = answer(
        cells((ANSWER, "def softmax(x: np.ndarray): pass\ndef softmax_backward(): pass"), ("", "import numpy as np")),
        SOFTMAX,
    )
    exec(joined(units), {})


def test_a_cell_that_is_no_python_is_reported_and_costs_only_itself():
    broken = answer(
        cells((ANSWER, "def softmax(x):\n    return (x\ndef softmax_backward(): pass"), ("", "x = = 2")), SOFTMAX
    )
    assert "return (x" in joined(broken)
    assert "= =" not in joined(broken)
    fine = answer(cells(("", "x = = 2"), (ANSWER, "def softmax(x): pass\ndef softmax_backward(): pass")), SOFTMAX)
    assert "= =" not in joined(fine)


def test_dlkit_check_takes_the_exercises_own_part_of_an_assignment(tmp_path):
    notebook = assignment_notebook("ps1", "Set", [Item(SOFTMAX, 10), Item(LINEAR, 10)])
    file = tmp_path / "ps1.ipynb"
    file.write_text(json.dumps(notebook))
    first, second = (joined(read_submission(e, str(file), None).units) for e in (SOFTMAX, LINEAR))
    assert "def softmax" in first
    assert "linear" not in first
    assert "def linear_forward" in second
    assert "softmax" not in second


@pytest.mark.parametrize(
    "source",
    ["a" + ".b" * 30_000, "-" * 60_000 + "1", "x = [" * 5000, "f(" * 3000 + ")" * 3000, "a=b\n" * 8_000, "x[0] = x\n" * 6_000, "\0\ud800", "é" * 9],
    ids=["attributes", "signs", "open", "calls", "assignments", "changes", "odd characters", "letters"],
)  # fmt: skip
def test_monstrous_cells_are_read_all_the_same(source):
    sources = cells(
        ("", source), (ANSWER, "def softmax(x): pass\ndef softmax_backward(): pass"), ("", f"softmax = {source}")
    )
    joined(answer(sources, SOFTMAX)).encode("utf-8")


# The clean notebook


def known():
    """The gradebook's cells for an assignment of one exercise and an essay."""
    notebook = assignment_notebook("ps1", "Set", [Item(SOFTMAX, 10)])
    found = [
        Known(c["metadata"]["nbgrader"]["grade_id"], c["cell_type"], c["source"], c["metadata"]["nbgrader"])
        for c in notebook["cells"]
    ]
    mark = {
        "schema_version": 3,
        "grade": True,
        "solution": True,
        "locked": False,
        "task": False,
        "points": 5,
        "grade_id": "essay",
    }
    return [*found, Known("essay", "markdown", "Why?", mark)]


def ids(notebook):
    return [c["metadata"].get("nbgrader", {}).get("grade_id", "") for c in notebook["cells"]]


def hostile():
    notebook = assignment_notebook("ps1", "Set", [Item(SOFTMAX, 10)])
    own = notebook["cells"]
    yield "nothing left", []
    yield "no metadata", [{k: v for k, v in c.items() if k != "metadata"} for c in own]
    yield "everything twice", own + own
    yield "backwards", own[::-1]
    yield "all raw", [c | {"cell_type": "raw"} for c in own]
    yield "all markdown", [c | {"cell_type": "markdown"} for c in own]
    for name, mark in (("schema 99", {"schema_version": 99, "grade": True}), ("a list", [1]), ("numbers", {"grade_id": 7, "points": "nan"}),
                       ("more points", {"grade_id": SOFTMAX.stem, "grade": True, "points": 1e308}), ("unlocked", {"grade_id": SOFTMAX.stem, "grade": False}),
                       ("all the same", {"grade_id": SOFTMAX.stem, "grade": True, "solution": True})):  # fmt: skip
        yield name, [c | {"metadata": {"nbgrader": mark}} for c in own]
    yield (
        "not cells",
        [
            None,
            7,
            [],
            {},
            {"cell_type": "code"},
            {"cell_type": "code", "source": {"a": 1}},
            {"cell_type": "alien", "source": ""},
            *own,
        ],
    )
    yield "skip tags", [c | {"metadata": c["metadata"] | {"tags": ["skip-execution", "remove-cell"]}} for c in own]
    forged = {"output_type": "execute_result", "data": {"text/plain": "10.0"}, "metadata": {}, "execution_count": 1}
    yield "forged outputs", [c | {"outputs": [forged], "execution_count": "x"} for c in own]
    yield (
        "attachments",
        [
            {"cell_type": "markdown", "source": "", "attachments": {"a": {"text/html": "<script>"}}, "metadata": {}},
            *own,
        ],
    )
    yield "ids", [c | {"id": "same id !"} for c in own]


@pytest.mark.parametrize(("name", "raw"), list(hostile()), ids=[n for n, _ in hostile()])
def test_a_clean_notebook_of_any_notebook(name, raw):
    nbformat = pytest.importorskip("nbformat")
    validator = pytest.importorskip("nbgrader.nbgraderformat").MetadataValidator()
    clean = clean_notebook(
        cells_of(parse(json.dumps({"cells": raw, "metadata": []}).encode(), "ps1.ipynb"), "ps1.ipynb"), known()
    )
    node = nbformat.from_dict(clean)
    nbformat.validate(node)
    validator.validate_nb(node)
    found = ids(clean)
    by_id = {k.grade_id: k for k in known()}
    for cell, grade_id in zip(clean["cells"], found, strict=True):
        if grade_id:
            assert cell["metadata"] == {"nbgrader": by_id[grade_id].metadata}
            assert cell["cell_type"] == by_id[grade_id].kind
            if by_id[grade_id].fixed:
                assert cell["source"] == by_id[grade_id].source
        else:
            assert cell["metadata"] == {}
        assert not cell.get("outputs")
        assert "text/html" not in json.dumps(cell)
    for k in known():
        assert found.count(k.grade_id) == (1 if k.needed else min(1, found.count(k.grade_id)))


def test_markup_in_text_is_shown_and_code_is_left_alone():
    raw = [
        {"cell_type": kind, "source": "a < b <img src=x onerror=alert(1)></script>", "metadata": {}}
        for kind in ("markdown", "raw", "code")
    ]
    clean = clean_notebook(cells_of({"cells": raw}, "n"), [])
    assert [c["source"] for c in clean["cells"]] == ["a < b &lt;img src=x onerror=alert(1)>&lt;/script>"] * 2 + [
        raw[0]["source"]
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'{"cells": 7}', b"\xff\xfe", b"[" * 100_000, b'{"cells": [' + b"9" * 5000 + b"]}"],
)
def test_what_is_no_notebook_is_said_so(data):
    with pytest.raises(UsageProblem, match="is not a Jupyter notebook"):
        parse(data, "ps1.ipynb")


def test_a_notebook_without_end_is_refused():
    with pytest.raises(UsageProblem, match="has more than"):
        cells_of({"cells": [{"cell_type": "code", "source": "x"}] * 3000}, "ps1.ipynb")
    with pytest.raises(UsageProblem, match="has more than"):
        cells_of({"cells": [{"cell_type": "code", "source": "x" * (1 << 20)}]}, "ps1.ipynb")


# Points


@pytest.mark.parametrize(
    ("score", "maximum", "worth", "expected"),
    [(100, 100, 10, 10.0), (71.83, 100, 20, 14.37), (float("nan"), 100, 10, 0.0), (float("inf"), 100, 10, 0.0), (-5, 100, 10, 0.0),
     (200, 100, 10, 10.0), (50, 0, 10, 0.0), (33.333, 100, 0, 0.0), (99.999, 100, 1, 1.0)],
)  # fmt: skip
def test_points_are_plain_and_never_too_many(score, maximum, worth, expected):
    found = feedback.points(score, maximum, worth)
    assert type(found) is float
    assert found == expected


def test_outputs_hold_the_points_and_no_seed_and_no_test_code():
    printed = "mine\n<check descend>:5: RuntimeWarning: overflow\n  params = m.secret_step()\nalso mine"
    check = Check(
        "value",
        "It is.",
        "failed",
        3.0,
        10.0,
        "<b>no</b>",
        "f(1)",
        None,
        "dlkit check exercise_07 --seed 4711",
        printed,
    )
    result = Result(
        "exercise_07", "softmax", "S", "failed", 3.0, 10.0, 4711, "cpu", "bwrap", 0.1, (check,), "0.1.0", output=printed
    )
    outputs = feedback.result_outputs(result, 50)
    text = json.dumps(outputs)
    assert [o["output_type"] for o in outputs] == ["display_data", "execute_result"]
    assert outputs[1]["data"] == {"text/plain": "15.0"}
    assert "4711" not in text
    assert "secret_step" not in text
    assert "RuntimeWarning: overflow" in text
    assert "also mine" in text
    assert "<b>" not in outputs[0]["data"]["text/html"]


def test_core_commands_do_not_import_nbgrader(tmp_path):
    import subprocess
    import sys

    file = tmp_path / "ps1.ipynb"
    file.write_text(json.dumps(assignment_notebook("ps1", "Set", [Item(SOFTMAX, 10)])))
    code = (
        "import sys\nfrom dlkit.cli import cli\n"
        f"try: cli.main(['check', {str(file)!r}, '--json'], standalone_mode=False)\nexcept SystemExit: pass\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('nbgrader', 'nbformat', 'nbconvert', 'sqlalchemy')], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    assert done.stderr.strip() == "[]"
    assert json.loads(done.stdout)["results"][0]["status"] == "not_started"
