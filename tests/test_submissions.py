"""The grader tested by wrong answers: a folder per case, with the exact verdict beside it.

`expected.json` holds the exit code, and every field of the JSON result but times, versions and file paths. After a
change of wording: python tests/test_submissions.py --write, and read the difference.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

CASES = sorted(p.parent for p in Path(__file__).parent.glob("submissions/*/answer.py"))
SCHEMA = json.loads((Path(__file__).parent.parent / "grader" / "result.schema.json").read_text("utf-8"))
SEED = "1"
# An endless loop is given up after this many seconds; a right call takes milliseconds.
TIMEOUT = "1.5"


def dlkit(*arguments, cwd=None, stdin=b"", env=None):
    """The real command, cold: exit code, stdout, stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "dlkit.cli", *map(str, arguments)],
        input=stdin, capture_output=True, cwd=cwd, env=env, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def verdict(case):
    code, out, _ = dlkit("check", "softmax", case / "answer.py", "--seed", SEED, "--timeout", TIMEOUT, "--json")
    result = json.loads(out)
    jsonschema.validate(result, SCHEMA)
    checks = {
        c["name"]: {
            "status": c["status"], "points": c["points"], "message": c["message"],
            "mistake": c["diagnosis"] and c["diagnosis"]["mistake"],
        }
        for c in result["checks"]
    }  # fmt: skip
    # Python's own files stand elsewhere on every machine, and its words after a crash change with its version.
    output = result["output"].split("Fatal Python error")[0]
    return {
        "exit_code": code, "status": result["status"], "score": result["score"], "message": result["message"],
        "flags": result["flags"], "checks": checks, "output": output[:300],
    }  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_verdict(case):
    expected = json.loads((case / "expected.json").read_text("utf-8"))
    assert verdict(case) == expected


def test_every_case_has_a_verdict():
    assert [c.name for c in CASES if not (c / "expected.json").is_file()] == []
    assert len(CASES) >= 25


if __name__ == "__main__" and "--write" in sys.argv:
    for folder in CASES:
        text = json.dumps(verdict(folder), indent=1, ensure_ascii=False)
        (folder / "expected.json").write_text(text + os.linesep, "utf-8")
