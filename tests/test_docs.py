"""The documentation cannot lie: its commands run, its links lead somewhere, its sample report is what dlkit prints."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
_BLOCK = re.compile(r"(<!-- not run: [^>]+-->\n)?```sh\n(.*?)```", re.DOTALL)


def commands():
    for page in PAGES:
        for skipped, block in _BLOCK.findall(page.read_text("utf-8")):
            if not skipped:
                yield pytest.param(block, id=f"{page.name}: {block.strip().splitlines()[0][:40]}")


@pytest.mark.parametrize("block", list(commands()))
def test_commands_run(block, tmp_path):
    """As a shell script, in a folder that looks like the checkout."""
    for name in ("exercises", "solutions", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", block],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_the_report_in_the_readme_is_real():
    shown = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL).group(1)
    mistake = ROOT / "docs" / "demo" / "softmax_with_a_mistake.py"
    done = subprocess.run(
        [sys.executable, "-m", "dlkit.cli", "check", "softmax", mistake, "--seed", "7"],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown in done.stdout


@pytest.mark.parametrize(
    ("picture", "file"),
    [("failing", "docs/demo/softmax_with_a_mistake.py"), ("passing", "solutions/exercise_07_softmax.py")],
)
def test_the_pictures_show_what_is_printed(picture, file):
    """Drawn by docs/demo/pictures.py from a real run; draw them again when the report changes."""
    drawn = ElementTree.parse(ROOT / "docs" / "demo" / f"{picture}.svg")
    shown = "".join(e.text or "" for e in drawn.iter() if e.tag.endswith("}text"))
    done = subprocess.run(
        [sys.executable, "-m", "dlkit.cli", "check", "softmax", str(ROOT / file), "--seed", "7"],
        env={**os.environ, "COLUMNS": "80"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    report = done.stdout[: done.stdout.rindex("\n", 0, -1)]  # without the seconds it took
    assert "".join(report.split()) in "".join(shown.split())
    assert "@font-face" not in (ROOT / "docs" / "demo" / f"{picture}.svg").read_text("utf-8")  # nothing loaded


def test_every_command_is_in_the_documentation():
    text = "".join(p.read_text("utf-8") for p in PAGES)
    from dlkit.cli import cli

    for name, command in cli.commands.items():
        names = [f"{name} {sub}" for sub in command.commands] if hasattr(command, "commands") else [name]
        for full in names:
            assert f"dlkit {full}" in text, full
