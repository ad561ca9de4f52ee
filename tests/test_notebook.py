"""Notebooks: a real kernel, real cells; which statements are the answer; the report as HTML."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from dlkit.grader.catalog import catalog
from dlkit.grader.learner import workspace
from dlkit.grader.learner.cells import answer_units
from dlkit.grader.render.html import message_html, page_html, report_html
from dlkit.grader.result import Check, Diagnosis, Result
from dlkit.grader.submission import without_magics

SOFTMAX = catalog().find("softmax")
ANSWER = SOFTMAX.solution.read_text("utf-8")
MISTAKE = ANSWER.replace("x - m", "x - 0 * m")

CELLS = {
    "load": "%load_ext dlkit",
    "too early": "%dlkit check softmax",
    "helpers": "import numpy as np\nfiles = !echo hello\nwidth = %sx echo 3",
    "wrong": MISTAKE,
    "check wrong": "%dlkit check softmax --seed 7",
    "wrong once": "%dlkit check exercise_07 --seed 7 --only stability",
    "right": ANSWER.replace("e / ", "e * one() / "),
    "helper": "def one():\n    return 1.0 if files is None else 1.0",
    "compare": "import torch\nx = torch.ones(3)\ny = torch.softmax(x, 0)\nraise RuntimeError('a scratch cell')",
    "patch": "import numpy.testing\nnp.array_equal = np.testing.assert_allclose = lambda *a, **k: True",
    "check right": "from dlkit.notebook import check\ncheck(softmax)",
    "wrong again": MISTAKE + "\ncheck(softmax, seed=7)",
    "end the service": "import dlkit.grader.learner.notebook as n\nn._SERVICE._process.kill(); n._SERVICE._process.wait()",
    "after its end": "check('softmax', seed=7, only='axis')",
    "hint": "%dlkit hint softmax",
    "show": "%dlkit show softmax",
    "progress": "%dlkit progress",
    "list": "%dlkit list --track A",
    "next": "%dlkit next",
    "unknown": "%dlkit check softmix",
    "option": "%dlkit check softmax --seed x",
    "quote": "%dlkit check 'softmax",
    "elsewhere": "%dlkit watch",
    "thing": "check(3)",
    "no exercise": "def nothing(): pass\ncheck(nothing)",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What each cell of CELLS shows, `{"text", "html"}`, run by one kernel in a workspace of notebooks."""
    folder = tmp_path_factory.mktemp("book")
    workspace.create(folder, [SOFTMAX], notebooks=True)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS.values()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        client = NotebookClient(
            book, timeout=120, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(folder)}}
        )
        client.execute()
    return {name: _shown(cell) for name, cell in zip(CELLS, book.cells, strict=True)}


def _shown(cell):
    bundles = [o.data for o in cell.outputs if "data" in o]
    texts = [b["text/plain"] for b in bundles] + [o.text for o in cell.outputs if o.output_type == "stream"]
    errors = [o.ename for o in cell.outputs if o.output_type == "error"]
    html = "".join(b.get("text/html", "") for b in bundles)
    return {"text": "\n".join(texts), "html": html, "errors": errors, "outputs": len(cell.outputs)}


def test_what_the_cells_define_is_graded(run):
    assert "100 of 100 points · full marks" in run["check right"]["text"]
    assert "<strong>100 of 100 points</strong>" in run["check right"]["html"]
    for name in ("check wrong", "wrong again"):  # a later definition counts, in the checking cell, too
        assert "not there yet" in run[name]["text"]
        assert "exp overflows at large logits; subtract the maximum first" in run[name]["html"]
        assert run[name]["outputs"] == 1  # the report takes the place of `Grading …`


def test_tracebacks_name_the_cell(run):
    assert re.search(r"cell \[4\], line \d+, in softmax", run["check wrong"]["text"])
    assert "%dlkit check exercise_07 --seed 7 --only stability" in run["check wrong"]["html"]


def test_one_check_alone(run):
    assert "10 of 20 points" in run["wrong once"]["text"]
    assert "10 of 10 points" in run["after its end"]["text"]  # by a new grading process


def test_the_learners_day_in_a_notebook(run):
    assert run["hint"]["text"].startswith("Hint 1 of 3 for softmax")
    assert "Softmax, forward and backward." in run["show"]["text"]
    assert re.search(r"✓ 07 softmax: best 100, 3 attempts, 1 hint", run["progress"]["text"])
    assert "07  softmax" in run["list"]["text"]
    assert "Every exercise is solved" in run["next"]["text"]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("too early", "No cell that was run defines `softmax`. Run the cell with your answer first, then check."),
        ("unknown", "There is no exercise `softmix`. Did you mean `softmax`?"),
        ("option", "Invalid value for '--seed'"),
        ("quote", "No closing quotation"),
        ("elsewhere", "`%dlkit watch` is not for notebooks; in a terminal: dlkit watch."),
        ("thing", "Give the name of an exercise, or your function"),
        ("no exercise", "No exercise asks for `nothing`."),
    ],
)
def test_a_wrong_command_is_one_sentence(run, cell, sentence):
    assert run[cell]["errors"] == []
    assert run[cell]["text"].startswith(sentence)


def test_a_check_can_be_interrupted_and_done_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))

    def run(code, interrupt=False):
        """What is shown; with `interrupt`, the kernel is stopped as soon as something is."""
        asked, shown = client.execute(code), []
        while True:
            message = client.get_iopub_msg(timeout=120)
            content = message["content"]
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] in ("display_data", "update_display_data", "error"):
                shown.append(content.get("data", {}).get("text/plain", content.get("ename")))
                if interrupt:
                    manager.interrupt_kernel()
                    interrupt = False
            if content.get("execution_state") == "idle":
                return shown

    try:
        run("%load_ext dlkit\n" + ANSWER.replace("    m = ", "    while True: pass\n    m = "))
        assert run("%dlkit check softmax", interrupt=True) == ["Grading softmax …", "Stopped."]
        run(ANSWER)
        assert "100 of 100 points" in run("%dlkit check softmax")[-1]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_importing_dlkit_imports_nothing_heavy():
    code = "import dlkit, sys; print(*{'IPython', 'numpy', 'click', 'rich', 'pytest'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_outside_of_a_notebook_check_says_so():
    code = "from dlkit.notebook import check; check('softmax')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "This is no notebook. In a terminal: dlkit check softmax FILE" in done.stdout


def test_the_workspaces_notebooks_check_themselves(tmp_path):
    book = nbformat.reads(workspace.notebook(SOFTMAX), as_version=4)
    nbformat.validate(book)
    assert book.cells[-1].source == "%load_ext dlkit\n%dlkit check softmax"


# Which statements are the answer


def units(*cells, names=("f",)):
    return [source for _, source in answer_units([(f"cell [{i}]", c) for i, c in enumerate(cells, 1)], names)]


def test_the_last_definition_and_what_it_needs():
    cells = (
        "import numpy as np, os\n",
        "def f(x): return 1",
        "def f(x):\n    return g(x) + C",
        "C = 3",
        "def g(x): return np.exp(x)",
    )
    assert units(*cells) == [cells[0], cells[2] + "\n", "C = 3\n", cells[4] + "\n"]


def test_a_local_name_pulls_in_no_scratch_variable():
    assert units("def f(x):\n    y = x + 1\n    return y", "y = forbidden()", "x = forbidden()") == [
        "def f(x):\n    y = x + 1\n    return y\n"
    ]


def test_what_is_not_the_answer_leaves_empty_lines():
    cell = "plot()\n@deco\nclass f:\n    a = B\nprint(f)"
    assert units(cell, "B = 1; C = 2", "deco = staticmethod") == [
        "\n@deco\nclass f:\n    a = B\n",
        "B = 1; C = 2\n",
        "deco = staticmethod\n",
    ]


def test_later_changes_belong_to_it():
    cells = (
        "class f: pass",
        "f.forward = lambda self: 1",
        "table = [0]\nf.table = table",
        "table[0] = 1",
        "table += [2]",
    )
    assert units(*cells) == [f"{c}\n" for c in cells]


def test_conditional_definitions_are_kept_with_what_they_replace():
    cells = ("f = None", "try:\n    from fast import f\nexcept ImportError:\n    pass")
    assert units(*cells) == [f"{c}\n" for c in cells]


def test_star_imports_are_kept_and_broken_cells_cost_nothing():
    assert units("from math import *", "def f(:", "def f(): return exp(1)") == [
        "from math import *\n",
        "def f(): return exp(1)\n",
    ]


def test_nothing_defines_it():
    assert units("x = 1", "print(f)") == []
    assert units() == []


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("files = !ls *.py", "files = None"),
        ("if 1:\n    t = %timeit -o f()", "if 1:\n    t = None"),
        ("!pip install \\\n  torch\nx = 1", "\n\nx = 1"),
        ("a, b = !date", "a, b = None"),
        ("x = '= !'\ny = a != b\nz = 5 %3", "x = '= !'\ny = a != b\nz = 5 %3"),
        ("y = (3\n  == !x)", "y = (3\n  == !x)"),
        ("softmax??", ""),
    ],
)
def test_magics_within_a_cell(cell, python):
    assert without_magics(cell) == python


# The report as HTML


class Balance(HTMLParser):
    """Collects tags and text; fails on a tag that is not closed in its place."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        assert all(not name.startswith("on") and name not in ("src", "href") for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data


def parsed(html):
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
    return parser


EVIL = "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)> & \"'\x1b[31m\u202e"


def evil_result(status="failed"):
    check = Check("value", EVIL, "failed", 10.0, 100.0, EVIL, EVIL, Diagnosis("m", EVIL), EVIL, EVIL + "\n" * 40)
    skipped = Check("other", EVIL, "skipped", 0.0, 0.0, EVIL)
    flags = ({"name": EVIL, "line": 1, "message": EVIL},)
    return Result("exercise_07", "softmax", EVIL, status, 10.0, 100.0, 1, "cpu", EVIL, 0.1, (check, skipped), "0.1.0", flags=flags, output=EVIL, message=EVIL)  # fmt: skip


@pytest.mark.parametrize("status", ["failed", "passed", "not_started", "invalid", "timeout", "internal_error"])
def test_everything_is_escaped(status):
    html = page_html(EVIL, report_html(evil_result(status)) + message_html(EVIL))
    page = parsed(html)
    assert not {"script", "img"} & set(page.tags)
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert page.text.count("<script>alert(1)</script>") >= 5
    assert "10 of 100 points" in page.text
    assert "http" not in html.replace("http-equiv", "")


def test_long_output_is_cut():
    check = Check("value", "…", "failed", 0.0, 100.0, output="line\n" * 500)
    result = Result("exercise_07", "softmax", "…", "failed", 0.0, 100.0, 1, "cpu", "bwrap", 0.1, (check,), "0.1.0")
    assert "… 488 more lines" in report_html(result)


def test_a_result_survives_json():
    result = evil_result()
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result
