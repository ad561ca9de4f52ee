"""The simulated accelerator's catalogue: programs that are right on a device, and programs with a device bug.

What each program must get is written in it: `# <- kind` at the lines that events have to name, nothing in the clean
ones (tests/device_programs/). All of them run in one process of their own, once.
"""

import ast
import functools
import json
import pathlib
import re
import subprocess
import sys

import pytest

pytest.importorskip("torch")
HERE = pathlib.Path(__file__).parent / "device_programs"
MARK = re.compile(r"# <- (\w+(?: behind)?)")


def _programs():
    """Program -> the (kind, line) that it must get, from the end of the program before it on."""
    found = {}
    for path in sorted(p for p in HERE.glob("*.py") if p.name.startswith(("clean_", "buggy_", "unsupported_"))):
        text = path.read_text()
        lines, start = text.splitlines(), 0
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found[node.name] = {(k, n + 1) for n in range(start, node.end_lineno) for k in MARK.findall(lines[n])}
                start = node.end_lineno
    return found


PROGRAMS = _programs()
CLEAN = [name for name in PROGRAMS if name.startswith("clean_")]
BUGGY = [name for name in PROGRAMS if name.startswith("buggy_")]
BEYOND = [name for name in PROGRAMS if name.startswith("unsupported_")]
# No event can name the line of these, at most one in twenty: the type raises before any code of ours.
UNSEEN = {"buggy_legacy_type": "torch.cuda.FloatTensor(…) says itself that there is no CUDA"}


@functools.cache
def _run():
    command = [sys.executable, str(HERE / "catalogue.py")]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def _verdicts():
    assert _run().returncode == 0, _run().stderr[-3000:]
    return json.loads(_run().stdout)["verdicts"]


@pytest.mark.parametrize("name", CLEAN)
def test_no_false_alarm(name):
    assert not PROGRAMS[name], "a clean program has no marks"
    verdict = _verdicts()[name]
    assert (verdict["error"], verdict["events"], verdict["difference"]) == ("", [], "")
    assert verdict["operators"], "nothing was watched"


@pytest.mark.parametrize("name", BUGGY)
def test_the_line_is_named(name):
    assert PROGRAMS[name], "a program with a bug has a mark"
    if name in UNSEEN:
        pytest.skip(UNSEEN[name])
    verdict = _verdicts()[name]
    assert {(kind, line) for kind, line in verdict["events"]} == PROGRAMS[name], verdict


@pytest.mark.parametrize("name", BEYOND)
def test_what_it_cannot_do_is_said(name):
    verdict = _verdicts()[name]
    assert {(kind, line) for kind, line in verdict["events"]} == PROGRAMS[name], verdict
    assert verdict["error"]


def test_the_catalogue_is_as_large_as_promised():
    assert len(CLEAN) >= 60
    assert len(BUGGY) >= 60
    assert len(UNSEEN) * 20 <= len(BUGGY)
    assert not set(UNSEEN) - set(BUGGY)
