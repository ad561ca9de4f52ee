"""The wheel holds what the checkout holds, under `dlkit` and nowhere else; an installed dlkit grades."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = ("cli.py", "notebook.py", "grader", "exercises", "solutions", "tests/hidden")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel, built from a copy of what git tracks or would track (build/ in the checkout would be left behind)."""
    copy = tmp_path_factory.mktemp("checkout")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(out), str(copy)]
    subprocess.run(build, check=True, capture_output=True)
    return next(out.glob("dlkit-*.whl"))


def expected():
    names = {"dlkit/__init__.py"}
    for part in SHIPPED:
        path = ROOT / part
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.suffix in (".py", ".toml", ".json") and "__pycache__" not in file.parts:
                names.add(f"dlkit/{file.relative_to(ROOT)}")
    return names


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    assert names == expected()


def test_an_installed_wheel_grades(wheel, tmp_path):
    """In an environment of its own, from another folder, with only this interpreter's dependencies beside it."""
    home = tmp_path / "env"
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    site = next((home / "lib").glob("python3*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    dependencies = Path(pytest.__file__).parent.parent
    (site / "dependencies.pth").write_text(f"{dependencies}\n")
    answer = tmp_path / "answer.py"
    answer.write_bytes((ROOT / "solutions" / "exercise_07_softmax.py").read_bytes())
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-m", "dlkit.cli", "check", "softmax", answer], cwd=tmp_path, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert "100 of 100 points" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
    where = subprocess.run(
        [python, "-c", "import dlkit; print(dlkit.__file__)"], cwd=tmp_path, env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(site)


def test_versions_agree():
    import tomllib

    from dlkit.grader.version import VERSION

    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == VERSION
