"""One notebook, three ways to a verdict, one seed: `dlkit check ps1.ipynb`, `%dlkit check` in its kernel, and the course."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import sandboxes
from nbclient import NotebookClient

from dlkit.grader.catalog import catalog
from dlkit.grader.nbgrader.feedback import result_outputs
from dlkit.grader.render.terminal import report
from dlkit.grader.result import Result

pytest.importorskip("nbgrader")
ROOT = Path(__file__).parent.parent
SOFTMAX = catalog().find("softmax")
RIGHT = SOFTMAX.solution.read_text("utf-8")
MISTAKE = (ROOT / "docs" / "demo" / "softmax_with_a_mistake.py").read_text("utf-8")
CHEAT = (ROOT / "tests" / "attacks" / "patching" / "numpy_testing.py").read_text("utf-8")
HALF = RIGHT[: RIGHT.index("def softmax_backward")] + "def softmax_backward(dy, y, axis=-1):\n    return no_such_name\n"
SEED = 7
# kind -> the cell with the answer, a cell of the student's own, the verdict.
KINDS = {
    "right": (RIGHT, "import numpy as np\nnp.testing.assert_allclose(softmax(np.zeros(2)), [0.5, 0.5])", "passed"),
    "wrong": ("def softmax(x, axis=-1, temperature=1.0):\n    return x\n\ndef softmax_backward(dy, y, axis=-1):\n    return dy\n", "", "failed"),
    "one-mistake": (MISTAKE, "raise RuntimeError('a scratch cell')", "failed"),
    "half": (HALF, "print(softmax.__doc__)", "failed"),
    "helper-elsewhere": (RIGHT.replace("import numpy as np", "", 1), "import numpy as np", "passed"),
    "cheating": (CHEAT, "", "failed"),
    "forbidden": ("import torch\n" + RIGHT.replace("np.exp(", "torch.softmax("), "", "failed"),
    "dies": ("import os\n\ndef softmax(x, axis=-1, temperature=1.0):\n    os._exit(0)\n\ndef softmax_backward(dy, y, axis=-1):\n    return dy\n", "", "crashed"),
    "no-such-package": ("import no_such_package\n" + RIGHT.replace("np.exp(", "no_such_package.exp("), "", "invalid"),
    "no-python": ("def softmax(x, axis=-1, temperature=1.0:\n    return x\n", "", "invalid"),
}  # fmt: skip


pytestmark = pytest.mark.skipif(bool(sandboxes.missing()), reason=f"no sandbox: {sandboxes.missing()}")


def environment(root):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))}
    env |= {"HOME": str(root), "PYTHONWARNINGS": "ignore", "XDG_DATA_HOME": str(root / "data")}
    return env | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "80"}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with a student for each kind, graded."""
    root = tmp_path_factory.mktemp("verdicts") / "course"
    root.mkdir()

    def run(*command):
        done = subprocess.run(command, cwd=root, env=environment(root), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    dlkit = (sys.executable, "-m", "dlkit.cli", "nbgrader")
    run(*dlkit, "init", ".", "--assignment", "ps1", "softmax", "--points", "100")
    run("nbgrader", "generate_assignment", "ps1")
    released = (root / "release" / "ps1" / "ps1.ipynb").read_text("utf-8")
    for kind, (text, scratch, _) in KINDS.items():
        book = nbformat.reads(released, as_version=4)
        answer = next(c for c in book.cells if c.metadata.get("nbgrader", {}).get("grade_id", "").endswith("-answer"))
        answer.source = text
        if scratch:
            book.cells.insert(1, nbformat.v4.new_code_cell(scratch))
        place = root / "submitted" / kind / "ps1"
        place.mkdir(parents=True)
        (place / "ps1.ipynb").write_text(nbformat.writes(book), "utf-8")
    run(*dlkit, "autograde", "ps1", "--jobs", "2", "--seed", str(SEED))
    return root


def by_check(root, kind):
    """The Result of `dlkit check ps1.ipynb`."""
    command = [sys.executable, "-m", "dlkit.cli", "check", "ps1.ipynb", "--json", "--seed", str(SEED)]
    place = root / "submitted" / kind / "ps1"
    done = subprocess.run(command, cwd=place, env=environment(root), capture_output=True, text=True, check=False)
    assert done.stderr == ""
    (result,) = json.loads(done.stdout)["results"]
    return Result.from_json(result)


def by_magic(root, kind, monkeypatch):
    """What `%dlkit check softmax` shows below the student's cells, all of them run."""
    monkeypatch.setenv("XDG_DATA_HOME", str(root / "data"))
    monkeypatch.setenv("IPYTHONDIR", str(root / "ipython"))
    place = root / "submitted" / kind / "ps1"
    book = nbformat.read(place / "ps1.ipynb", as_version=4)
    if kind == "helper-elsewhere":
        book.cells.append(nbformat.v4.new_code_cell("softmax(np.zeros(2))"))
    check = nbformat.v4.new_code_cell(f"%load_ext dlkit\n%dlkit check softmax --seed {SEED}")
    book.cells.append(check)
    client = NotebookClient(
        book, timeout=120, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(place)}}
    )
    client.execute()
    return next(o.data["text/plain"] for o in reversed(check.outputs) if "data" in o)


def by_course(root, kind):
    """What stands below the graded cell, and the points."""
    graded = nbformat.read(root / "autograded" / kind / "ps1" / "ps1.ipynb", as_version=4)
    cell = next(c for c in graded.cells if c.metadata.get("nbgrader", {}).get("grade_id") == SOFTMAX.stem)
    return cell.outputs[0].data["text/plain"], float(cell.outputs[1].data["text/plain"])


def verdict(text):
    """A report without what each place says in its own way: where cells stand, how long it took, what to type next."""
    text = re.sub(r"ps1\.ipynb cell \d+|cell \[\d+\]", "CELL", text)
    text = re.sub(r"^[\d.]+ m?s · sandbox.*$", "", text, flags=re.MULTILINE)
    lines = [line.rstrip() for line in text.split("\n")]
    return " ".join(" ".join(line for line in lines if "dlkit check" not in line).split())


@pytest.mark.parametrize("kind", KINDS)
def test_one_verdict(course, kind, monkeypatch):
    result = by_check(course, kind)
    assert result.status == KINDS[kind][2]
    text, points = by_course(course, kind)
    assert points == result.score
    expected = result_outputs(result, 100.0)[0]["data"]["text/plain"]
    assert verdict(text) == verdict(expected)
    shown = by_magic(course, kind, monkeypatch)
    if kind == "no-python":  # IPython itself has said so, and there is nothing that was run
        assert shown.startswith("No cell that was run defines `softmax`.")
        return
    assert verdict(shown) == verdict(report(result))
