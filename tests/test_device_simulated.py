"""The simulated accelerator as a part of a process: its self-test, threads, forks, what is left after it has ended."""

import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("torch")

START = """
import threading, os, sys
import torch
from dlkit.grader.device import selftest, simulated, watch
simulated.install()
HERE = __file__
def kinds(entered):
    return [(e.kind, e.place.line if e.place else None) for e in entered.events if e.kind != "to_device"]
"""


@pytest.fixture
def python(tmp_path):
    """Run code in a process of its own, where no gradient has been computed yet; returns what it prints."""

    def run(code, start=START):
        file = tmp_path / "program.py"
        file.write_text(start + textwrap.dedent(code))
        done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run


def test_the_self_test_passes_and_imports_no_compiler(python):
    assert python("print(selftest.problem(), 'torch._dynamo' in sys.modules)") == "None False\n"


def test_a_device_set_up_too_late_is_a_sentence(python):
    code = """
    import torch
    torch.ones(2, requires_grad=True).sum().backward()
    from dlkit.grader.device import selftest
    print(selftest.problem())
    """
    assert python(code, start="").startswith("a gradient was computed before the simulated device was set up")


def test_a_self_test_that_fails_is_a_sentence(python):
    code = """
    selftest._CHECKS = (lambda watch: 1 / 0,)
    print(selftest.problem())
    selftest._CHECKS = (lambda watch: False,)
    print(selftest.problem())
    """
    failed, wrong = python(code).splitlines()
    assert "ZeroDivisionError" in failed
    assert "wrong answer" in wrong


def test_values_can_be_read_after_the_watch_has_ended_without_events(python):
    code = """
    numpy, lazy, autocast = torch.Tensor.numpy, torch.cuda._lazy_init, torch.autocast.__init__
    with simulated.accelerator(HERE.__eq__) as entered:
        y = torch.nn.Parameter(torch.arange(6.0).view(2, 3).to("sim"))
        (y * 2).sum().backward()
        generator = torch.Generator(device="sim")
    plain = y.T.detach()
    assert (str(plain.device), plain.stride(), plain.is_contiguous()) == ("sim:0", (1, 3), False)
    assert plain.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().nbytes == 24
    assert y.requires_grad and y.is_leaf and y.grad.cpu().tolist() == [[2.0] * 3] * 2
    assert isinstance(y, torch.nn.Parameter) and isinstance(generator, torch.Generator)
    assert generator.get_state().numpy().size and y[0, 1].item() == 1 and "device='sim:0'" in repr(y)
    (y * 2).sum().backward()
    assert kinds(entered) == [], kinds(entered)
    assert torch.Tensor.numpy is numpy and torch.cuda._lazy_init is lazy and torch.autocast.__init__ is autocast
    """
    python(code)


def test_events_survive_threads_errors_and_recursion(python):
    code = """
    def in_a_thread(x):
        try:
            x + torch.ones(6)
        except RuntimeError:
            x.sum().item()

    def deep(x):
        x * 2
        deep(x)

    with simulated.accelerator(HERE.__eq__) as entered:
        x = torch.ones(4, 6).to("sim")
        entered.start()
        thread = threading.Thread(target=in_a_thread, args=(x,))
        thread.start()
        thread.join()
        assert [kind for kind, _ in kinds(entered)] == ["mixed", "sync"], kinds(entered)
        try:
            deep(x)
        except RecursionError:
            pass
        for _ in range(1000):
            x.sum().item()
        x[x > 0]
        assert [kind for kind, _ in kinds(entered)] == ["mixed", "sync", "sync", "sync"], kinds(entered)
        assert max(entered.times.values()) == 1000
        with entered:
            x.sum().item()
    try:
        with simulated.accelerator(HERE.__eq__) as entered:
            x.cuda()
    except RuntimeError:
        assert [kind for kind, _ in kinds(entered)] == ["hard_coded"]
    assert not simulated.LISTENERS
    """
    python(code)


def test_a_forked_process_can_use_it(python):
    code = """
    assert threading.active_count() == 1
    child = os.fork()
    if child == 0:
        os._exit(0 if selftest.problem() is None else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), selftest.problem())
    """
    assert python(code) == "0 None\n"


def test_the_same_watch_over_the_cpu(python):
    code = """
    import numpy as np
    with watch.Watch("cpu", HERE.__eq__) as entered:
        x = torch.arange(6.0)
        entered.start()
        y = (x * 2).cumsum(0)
        assert entered.operators == 2 and kinds(entered) == []
        float(y.sum()), x[x > 1], x.tolist(), np.asarray(x)
        assert [kind for kind, _ in kinds(entered)] == ["sync", "sync", "sync", "to_cpu"], kinds(entered)
        try:
            x.cuda()
        except RuntimeError:
            assert kinds(entered)[-1][0] == "hard_coded"
    """
    python(code)


def test_memory_is_what_lives_now_and_its_peak(python):
    code = """
    with simulated.accelerator(HERE.__eq__) as entered:
        x = torch.ones(1000, device="sim")
        entered.start()
        x += 1
        assert entered.peak == 0, entered.peak
        for _ in range(5):
            y = x * 2
            del y
        assert (entered.peak, entered.live) == (4000, 0), (entered.peak, entered.live)
        kept = [x * i for i in range(3)]
        assert (entered.peak, entered.live) == (12000, 12000)
        del x, kept
        assert entered.live == 0, entered.live
    """
    python(code)


def test_the_compiler_may_be_imported_while_it_is_watched(python):
    code = """
    with simulated.accelerator(HERE.__eq__) as entered:
        x = torch.ones(4, device="sim", requires_grad=True)
        torch.optim.SGD([x], 0.1)
        assert "torch._dynamo" in sys.modules
    """
    python(code)
