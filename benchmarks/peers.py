"""Other kits on one right softmax, for information: what their users wait for. python benchmarks/peers.py

torch-judge runs the learner's function in the process that judges it; otter runs a submission without a container and,
here, one test with one example. dlkit runs its whole hidden tests on a candidate in a sandbox. They are installed for
the occasion, beside the torch that is here.
"""

import site
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from timing import Row, command, compare

from dlkit.grader.catalog import catalog

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
JUDGE = """
import os
os.environ["HOME"] = os.getcwd()
import torch
def my_softmax(x, dim):
    e = torch.exp(x - x.max(dim=dim, keepdim=True).values)
    return e / e.sum(dim=dim, keepdim=True)
from torch_judge import check
check("softmax")
"""
EXAMPLE = r"""
OK_FORMAT = True
case = ">>> import numpy as np\n>>> bool(np.allclose(softmax(np.zeros(2)), 0.5))\nTrue"
suite = {"cases": [{"code": case}], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
test = {"name": "q1", "points": 1, "suites": [suite]}
"""


def peer_rows(repeats: int) -> Iterator[Row]:
    """Cold, start to verdict."""
    answer = catalog().find("softmax").solution
    with tempfile.TemporaryDirectory(prefix="dlkit-peers-") as name:
        folder = Path(name)
        if not _installed(folder):
            print("torch-judge and otter-grader cannot be installed here: no rows of theirs", flush=True)
            return
        python, otter = folder / "venv" / "bin" / "python", folder / "venv" / "bin" / "otter"
        (folder / "tests").mkdir()
        (folder / "results").mkdir()
        (folder / "tests" / "q1.py").write_text(EXAMPLE, "utf-8")
        (folder / "answer.py").write_text(answer.read_text("utf-8"), "utf-8")
        command(otter, "generate", "-t", "tests", "-o", "autograder.zip", cwd=folder)()
        ours = command(sys.executable, "-m", "dlkit.cli", "check", "softmax", folder / "answer.py")
        judge = command(python, "-c", JUDGE, cwd=folder)
        run = command(otter, "run", "-a", "autograder.zip", "-o", "results", "answer.py", cwd=folder)
        what = "dlkit check of softmax, cold"
        yield compare(what, ours, "torch-judge on its softmax, cold", judge, None, repeats)
        yield compare(what, ours, "otter run on one example, cold", run, None, repeats)


def _installed(folder: Path) -> bool:
    """In a virtual environment of their own, which sees the packages that are here after its own."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = str(folder / "venv" / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "-c", str(CONSTRAINTS)]
    for words in (["otter-grader", "ipykernel"], ["--no-deps", "torch-judge"]):
        if subprocess.run([*pip, *words], capture_output=True, check=False).returncode:
            return False
    (place,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (place / "here.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    return True


def main() -> None:
    for row in peer_rows(5):
        print(row, flush=True)


if __name__ == "__main__":
    main()
