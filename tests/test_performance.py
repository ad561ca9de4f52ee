"""docs/performance.md says what was measured, and nothing else."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_page_is_made_from_the_figures(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import page

    figures = [json.loads((page.PLACE / f"{name}.json").read_text("utf-8")) for name in ("bench", "scaling")]
    assert page.PAGE.read_text("utf-8") == page.page(*figures), "run: python benchmarks/page.py"
    del sys.modules["page"]


def test_each_ratio_is_that_of_its_medians(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import page
    from timing import Row

    bench = json.loads((page.PLACE / "bench.json").read_text("utf-8"))
    for row in bench["rows"]:
        again = Row(row["what"], row["against"], tuple(row["ours"]), tuple(row["theirs"]), row["reach"])
        assert (again.ratio, again.met) == (row["ratio"], row["met"])
    for name in ("page", "timing"):
        del sys.modules[name]
