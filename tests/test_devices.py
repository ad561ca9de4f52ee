"""Device checks through the wire: where tensors go, what is seen of them, what the learner reads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from dlkit.grader.candidate.confine import Limits
from dlkit.grader.candidate.proxy import CandidateProxy, LearnerError, ProcessLink, Session
from dlkit.grader.candidate.source import Submission
from dlkit.grader.compare import Mismatch, check_close
from dlkit.grader.on_device import (
    check_compiles,
    check_no_sync,
    check_operators,
    check_peak_memory,
    check_stays,
    on_cpu,
    sentence,
)
from dlkit.grader.sandbox import start

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "solutions" / "exercise_91_distillation_loss.py"
DLKIT = [sys.executable, "-m", "dlkit.cli"]
SOURCE = """
import torch

def scaled(x):
    return x * 2

def with_mask(x):
    mask = torch.ones(3)
    return x * mask

def guarded(x):
    if x.sum() > 0:
        x = x * 2
    return x.cpu()

def noisy(x, generator):
    return x + torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)

def rows(x):
    return torch.stack([row.sum() for row in x])

def whole(x):
    return x.sum(dim=1)

def greedy(x):
    return (x[:, None] * x[None, :]).sum()

def branching(x):
    if x.sum() > 0:
        return x
    return -x

def moved(batch, device):
    return batch.to(device) * 2

def where(x):
    return x.device

def made_anew(x):
    out = torch.zeros(3)
    out += 1
    return out

def fused(x):
    return torch.nn.LSTM(3, 2)(x[None])[0] if x.device.type == "cpu" else torch.nn.LSTM(3, 2).to(x.device)(x[None])[0]

class Layer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(3))
        self.offset = torch.ones(3)

    def forward(self, x):
        return x * self.weight + self.offset
"""


@pytest.fixture(scope="module")
def parent():
    with start("auto", ["numpy", "torch"]) as warm:
        yield warm


@pytest.fixture
def on(parent):
    """`on("sim")`: the submission above, with its tensors there."""
    sessions = []

    def opened(device):
        limits = Limits()
        submission = Submission((("mine.py", SOURCE),), "mine", ("scaled",))
        sessions.append(Session(submission, lambda: ProcessLink(parent.spawn(limits), limits), limits, 1, device))
        sessions[-1].load()
        assert sessions[-1].errors == []
        return CandidateProxy(sessions[-1])

    yield opened
    for session in sessions:
        session.close()


@pytest.mark.parametrize("device", ["cpu", "sim"])
def test_values_come_back_and_stay_where_they_were(on, device):
    candidate, x = on(device), torch.randn(2, 3)
    y = candidate.scaled(x)
    check_close("y", y, x * 2, dtype=True)
    check_stays(candidate, "y", y)
    check_no_sync(candidate)
    assert str(candidate.where(x)).partition(":")[0] == device


def test_views_parameters_and_gradients_cross(on):
    candidate = on("sim")
    x = torch.randn(3, 4, dtype=torch.float64).T
    check_close("y", candidate.scaled(x), x * 2, dtype=True)
    result, (grad,) = candidate.grad("scaled", x)
    check_close("the gradient", grad, torch.full((4, 3), 2.0, dtype=torch.float64))
    check_stays(candidate, "both", result, grad)


def test_a_generator_draws_the_cpus_numbers_there_and_is_advanced(on):
    candidate, x = on("sim"), torch.zeros(5)
    sent, ours = (torch.Generator().manual_seed(3) for _ in range(2))
    check_close("the noise", candidate.noisy(x, sent), torch.randn(5, generator=ours))
    assert torch.equal(torch.randn(4, generator=sent), torch.randn(4, generator=ours))


def test_a_mixture_is_told_with_both_lines(on):
    candidate = on("sim")
    with pytest.raises(LearnerError, match="same device"):
        candidate.with_mask(torch.ones(3))
    (event,) = candidate.calls[-1].events
    assert (event.kind, event.file, event.line, event.code) == ("mixed", "mine.py", 9, "return x * mask")
    assert (event.made_line, event.made_code) == (8, "mask = torch.ones(3)")
    assert sentence(event) == (
        "Line 9 (`return x * mask`): mul got tensors on sim:0 and on cpu. The one on the CPU was made in line 8:"
        " `mask = torch.ones(3)`. Make it where the input is: `device=x.device`, or from the input (`x.new_zeros`,"
        " `zeros_like`)."
    )


def test_an_attribute_that_is_no_buffer_stays_behind(on):
    def moved(m, x):  # runs in the candidate
        return m.Layer().to(x.device)(x)

    candidate = on("sim")
    with pytest.raises(LearnerError, match="same device"):
        candidate.run(moved, torch.ones(3))
    assert [e.made_line for e in candidate.calls[-1].events if e.kind == "mixed"] == [
        SOURCE.splitlines().index("        self.offset = torch.ones(3)") + 1
    ]


def test_waiting_and_leaving_fail_with_their_lines(on):
    candidate, x = on("sim"), torch.ones(3)
    y = candidate.guarded(x)
    with pytest.raises(Mismatch, match=r"The host waits for the device 2 times; here it should never\.\nLine 12"):
        check_no_sync(candidate)
    check_no_sync(candidate, at_most=2)
    with pytest.raises(Mismatch, match=r"Line 14 \(`return x.cpu\(\)`\) copies values to the CPU"):
        check_stays(candidate, "guarded(x)", y)


def test_a_result_left_behind_is_told_with_the_line_that_made_it(on):
    candidate = on("sim")
    y = candidate.made_anew(torch.ones(3))
    line = SOURCE.splitlines().index("    out = torch.zeros(3)") + 1
    words = "the sums is on cpu, the inputs are on sim: keep it on the device of the input.\n"
    words += f"Line {line} (`out = torch.zeros(3)`) makes it: `device=x.device`, or `x.new_zeros`, `zeros_like` and their kind."
    with pytest.raises(Mismatch) as error:
        check_stays(candidate, "the sums", y)
    assert str(error.value) == words


def test_a_batch_can_stay_on_the_cpu(on):
    candidate = on("sim")
    y = candidate.moved(on_cpu(torch.ones(3)), "sim")
    check_stays(candidate, "y", y)
    assert [e.kind for e in candidate.calls[-1].events] == ["to_device"]
    assert str(candidate.where(on_cpu(torch.ones(3)))) == "cpu"


def test_operators_tell_a_loop_from_a_whole(on):
    candidate, x = on("cpu"), torch.randn(500, 4)
    with candidate.watched():
        candidate.whole(x)
        check_operators(candidate, 5)
        candidate.rows(x)
    with pytest.raises(Mismatch, match=r"Your code runs [\d,]{3,} operators where 5 are plenty"):
        check_operators(candidate, 5)
    candidate.whole(x)
    with pytest.raises(RuntimeError, match="was not watched"):
        check_operators(candidate, 5)


@pytest.mark.parametrize("device", ["cpu", "sim"])
def test_peak_memory_counts_what_is_alive_together(on, device):
    candidate, x = on(device), torch.randn(100, 2)
    with candidate.watched():
        candidate.whole(x)
        check_peak_memory(candidate, 100 * 4)
        candidate.greedy(x)
    check_peak_memory(candidate, 100 * 100 * 2 * 4 + 4)
    with pytest.raises(Mismatch, match=r"At its peak your code holds 80,004 bytes of new tensors; 400 are enough"):
        check_peak_memory(candidate, 400)


def test_one_graph_or_a_break(on):
    candidate = on("cpu")
    check_close("whole(x)", check_compiles(candidate, "whole", torch.ones(2, 3)), torch.full((2,), 3.0))
    with pytest.raises(Mismatch, match="`branching` does not compile into one graph"):
        check_compiles(candidate, "branching", torch.ones(2, 3))


def check(tmp_path, text, *options):
    file = tmp_path / "answer.py"
    file.write_text(text, "utf-8")
    done = subprocess.run(
        [*DLKIT, "check", "91", str(file), "--seed", "3", "--json", *options], capture_output=True, text=True
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def test_the_gpu_block_and_the_exit_codes(tmp_path):
    """Full marks with a device bug: exit 0, or 1 where device checks are required."""
    text = REFERENCE.read_text("utf-8")
    code, result = check(tmp_path, text, "--require-gpu")
    assert (code, result["score"], result["device"]) == (0, 100.0, "cpu")
    gpu = result["gpu"]
    assert (gpu["status"], gpu["device"], gpu["passed"], gpu["total"]) == ("passed", "sim", 5, 5)
    waiting = text.replace("    loss.backward()", "    print(loss.item())\n    loss.backward()")
    line = waiting.splitlines().index("    print(loss.item())") + 1
    code, result = check(tmp_path, waiting)
    assert (code, result["score"], result["gpu"]["status"]) == (0, 100.0, "failed")
    (bad,) = [c for c in result["gpu"]["checks"] if c["status"] == "failed"]
    assert bad["name"] == "device_step"
    assert f"Line {line} (`print(loss.item())`) makes the host wait" in bad["message"]
    assert check(tmp_path, waiting, "--require-gpu")[0] == 1
    code, result = check(tmp_path, waiting, "--only", "device_step")
    assert (code, result["checks"], [c["name"] for c in result["gpu"]["checks"]]) == (1, [], ["device_step"])
    code, result = check(tmp_path, text, "--only", "device_step", "--device", "cpu")
    assert (code, result["status"], result["gpu"]["device"], result["gpu"]["passed"]) == (0, "passed", "cpu", 1)


def test_no_device_checks_before_there_are_points(tmp_path):
    text = (ROOT / "exercises" / REFERENCE.name).read_text("utf-8")
    code, result = check(tmp_path, text)
    assert code == 1
    assert result["gpu"]["status"] == "skipped"
    assert result["gpu"]["reason"] == "first comes a check that gives points"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_is_asked_for_where_there_is_none(tmp_path):
    code, error = check(tmp_path, REFERENCE.read_text("utf-8"), "--device", "cuda")
    assert code == 4
    assert "PyTorch sees no CUDA device here. Leave the option out, or use sim." in error
