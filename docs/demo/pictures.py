"""Draws docs/demo/failing.svg and passing.svg, the pictures of the README, from real runs"""

import inspect
import io
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from dlkit.grader.command import CheckRequest, run_check
from dlkit.grader.render.terminal import report

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RUNS = {
    "failing": ("softmax_with_a_mistake.py", HERE / "softmax_with_a_mistake.py"),
    "passing": ("exercise_07_softmax.py", ROOT / "solutions" / "exercise_07_softmax.py"),
}
WIDTH = 80
# The picture's own template names fonts on another host: it must stand alone.
_USUAL = inspect.signature(Console.export_svg).parameters["code_format"].default
_FONTS, _REST = _USUAL.index("    @font-face"), _USUAL.index("    .{unique_id}-matrix")
FORMAT = _USUAL[:_FONTS] + _USUAL[_REST:].replace("Fira Code", "ui-monospace")


def draw(name: str) -> str:
    """The SVG of one run: the command, then what dlkit prints on a terminal of 80 columns."""
    label, file = RUNS[name]
    request = CheckRequest("softmax", str(file), 7, "auto", "auto", None, (), False)
    result = run_check(request, io.BytesIO(), lambda words: None).result
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ dlkit check softmax {label} --seed 7\n", style="bold"))
    console.print(Text.from_ansi(report(result, WIDTH, click.style)))
    return console.export_svg(title="dlkit check", code_format=FORMAT, unique_id=f"dlkit-{name}")


def main() -> None:
    for name in RUNS:
        (HERE / f"{name}.svg").write_text(draw(name) + "\n", "utf-8")
        sys.stdout.write(f"docs/demo/{name}.svg\n")


if __name__ == "__main__":
    main()
