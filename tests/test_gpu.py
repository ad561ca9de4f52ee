"""What only a machine with CUDA can show; `make test-gpu` runs it there."""

import json
import subprocess
import sys

import pytest
import torch

from dlkit.grader.catalog import catalog
from dlkit.grader.sandbox import SandboxUnavailable, start

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
TORCH = [e for e in catalog() if e.framework == "torch"]


def kinds():
    with start("auto", ["numpy"]) as parent:
        parent.ready()
        return ["process"] if parent.kind == "process" else ["bwrap", "process"]


def check(exercise, path, *options):
    command = [
        sys.executable,
        "-m",
        "dlkit.cli",
        "check",
        exercise.slug,
        str(path),
        "--json",
        "--device",
        "cuda",
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("exercise", TORCH, ids=lambda e: e.stem)
def test_the_reference_passes_all_device_checks(exercise):
    for sandbox in kinds():
        code, result = check(exercise, exercise.solution, "--require-gpu", "--sandbox", sandbox)
        gpu = result["gpu"]
        assert code == 0, gpu
        assert gpu["device"] == torch.cuda.get_device_name()
        assert gpu["passed"] == gpu["total"] > 0, gpu


def test_a_stranger_on_the_cpu_is_found(tmp_path):
    """A tensor made without device=, and a wait: the same verdicts as on the simulated accelerator."""
    exercise = catalog().find("distillation_loss")
    text = exercise.solution.read_text("utf-8")
    file = tmp_path / "answer.py"
    file.write_text(text.replace("wide / T", "wide / torch.full((1,), T, dtype=wide.dtype)"), "utf-8")
    failed = {c["name"]: c["message"] for c in check(exercise, file)[1]["gpu"]["checks"] if c["status"] == "failed"}
    assert "device_parity" in failed
    assert "Line" in failed["device_parity"]
    file.write_text(text.replace("    loss.backward()", "    print(loss.item())\n    loss.backward()"), "utf-8")
    failed = {c["name"]: c["message"] for c in check(exercise, file)[1]["gpu"]["checks"] if c["status"] == "failed"}
    assert list(failed) == ["device_step"]
    assert "print(loss.item())" in failed["device_step"]


def test_without_asking_no_candidate_sees_the_gpu():
    from dlkit.grader.candidate.confine import Limits
    from dlkit.grader.candidate.proxy import CandidateProxy, ProcessLink, Session
    from dlkit.grader.candidate.source import Submission

    def seen(m):  # runs in the candidate
        import torch

        return torch.cuda.is_available()

    try:
        with start("bwrap", ["numpy", "torch"]) as parent:
            parent.ready()
            limits = Limits()
            session = Session(Submission((), "mine"), lambda: ProcessLink(parent.spawn(limits), limits), limits, 1)
            session.load()
            assert CandidateProxy(session).run(seen) is False
            session.close()
    except SandboxUnavailable as error:
        pytest.skip(str(error))
