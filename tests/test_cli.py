"""The command line, as a user types it: whole output or exact sentences, and exit codes."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sandboxes

ROOT = Path(__file__).parent.parent
SOLUTION = ROOT / "solutions" / "exercise_07_softmax.py"
DLKIT = [sys.executable, "-m", "dlkit.cli"]
SIX = ("exercise_07", "exercise_14", "exercise_23", "exercise_40", "exercise_70", "exercise_91")


def dlkit(*arguments, stdin=b"", env=None, cwd=None, timeout=120):
    environment = {**os.environ, "COLUMNS": "80", "XDG_DATA_HOME": "/proc/nowhere", **(env or {})}
    done = subprocess.run(
        [*DLKIT, *map(str, arguments)], input=stdin, capture_output=True, env=environment, cwd=cwd, timeout=timeout,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def stem_of(name):
    return next((ROOT / "solutions").glob(f"{name}_*.py")).stem


# Verdicts


@pytest.mark.parametrize("name", SIX)
def test_references_get_100_and_stubs_0(name):
    code, out, _ = dlkit("check", name, ROOT / "solutions" / f"{stem_of(name)}.py", "--json")
    result = json.loads(out)
    assert (code, result["status"], result["score"], result["exercise"]) == (0, "passed", 100.0, name)
    code, out, _ = dlkit("check", name, ROOT / "exercises" / f"{stem_of(name)}.py", "--json")
    result = json.loads(out)
    assert (code, result["status"], result["score"]) == (1, "not_started", 0.0)
    assert all(c["diagnosis"] is None for c in result["checks"])


def test_the_report_of_a_right_answer():
    code, out, err = dlkit("check", "7", SOLUTION, "--seed", "5")
    assert code == 0
    assert err == ""
    lines = out.splitlines()
    assert lines[0] == "exercise_07 · Softmax"
    assert lines[2] == "✓ Softmax of random logits, for every rank and axis.                       20/20"
    assert lines[-2] == "100 of 100 points · full marks"
    assert re.fullmatch(r"\d\.\d\d s · sandbox: (bwrap|process) · seed 5", lines[-1])
    assert max(map(len, lines)) <= 80


def test_the_report_of_a_mistake_names_it_and_the_rerun_repeats_it():
    mistake = ROOT / "docs" / "demo" / "softmax_with_a_mistake.py"
    code, out, _ = dlkit("check", "softmax", mistake, "--seed", "7")
    assert code == 1
    assert "→ exp overflows at large logits; subtract the maximum first" in out
    assert "dlkit check exercise_07 --seed 7 --only stability" in out
    code, again, _ = dlkit("check", "softmax", mistake, "--seed", "7", "--only", "stability", "--json")
    result = json.loads(again)
    assert code == 1
    assert [c["name"] for c in result["checks"]] == ["stability"]
    assert result["max_score"] == 20
    assert result["checks"][0]["message"].splitlines()[0] in " ".join(out.split())


def test_only_a_passing_check_exits_0():
    mistake = ROOT / "docs" / "demo" / "softmax_with_a_mistake.py"
    code, out, _ = dlkit("check", "softmax", mistake, "--only", "value", "--only", "axis", "--json")
    assert code == 0
    assert json.loads(out)["score"] == 30


def test_the_same_seed_gives_the_same_verdict():
    mistake = ROOT / "docs" / "demo" / "softmax_with_a_mistake.py"
    first, second = (json.loads(dlkit("check", "7", mistake, "--seed", "11", "--json")[1]) for _ in range(2))
    first.pop("duration_s")
    second.pop("duration_s")
    assert first == second


def test_standard_input_and_paths(tmp_path):
    code, out, _ = dlkit("check", "softmax", "-", stdin=SOLUTION.read_bytes())
    assert code == 0
    assert "100 of 100 points" in out
    copy = tmp_path / "exercise_07_softmax.py"
    copy.write_bytes(SOLUTION.read_bytes())
    assert dlkit("check", copy)[0] == 0
    assert dlkit("check", "softmax", cwd=tmp_path)[0] == 0
    named = tmp_path / "a name with spaces\nand a newline.py"
    named.write_bytes(SOLUTION.read_bytes())
    assert dlkit("check", "softmax", named)[0] == 0


def test_a_notebook_is_an_answer(tmp_path):
    forward, backward = SOLUTION.read_text("utf-8").split("\n\ndef softmax_backward")
    cells = [
        {"cell_type": "markdown", "source": "# notes", "metadata": {}},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import numpy as np"], "metadata": {}},
        {"cell_type": "code", "source": "1 / 0  # a scratch cell that fails costs nothing else", "metadata": {}},
        {"cell_type": "code", "source": forward, "metadata": {}},
        {"cell_type": "code", "source": "def softmax_backward" + backward, "metadata": {}},
    ]
    book = tmp_path / "exercise_07_softmax.ipynb"
    book.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    code, out, _ = dlkit("check", "softmax", book, "--json")
    assert json.loads(out)["score"] == 100
    assert code == 0


# Usage: one clear sentence, exit code 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "softmix", "x.py"], "There is no exercise `softmix`. Did you mean `softmax`"),
        (["check", "exercise_999", "x.py"], "There is no exercise `exercise_999`."),
        (["check", "", "x.py"], "There is no exercise ``."),
        (["check", "7", "nothing.py"], "There is no file nothing.py. Check the path."),
        (["check", "7", "."], "is a folder. Give the file in it that holds your answer."),
        (["check", "7", "/dev/null"], "is not an ordinary file."),
        (["check", "7"], "Which file holds your answer? There is no exercise_07_softmax.py here."),
        (
            ["check", "7", str(SOLUTION), "--only", "valeu"],
            "exercise_07 has no check `valeu`. Its checks: value, stability,",
        ),
        (["check", "7", str(SOLUTION), "--sandbox", "docker"], "Invalid value for '--sandbox'"),
        (["check", "7", str(SOLUTION), "--timeout", "0"], "Invalid value for '--timeout'"),
        (["frobnicate"], "No such command 'frobnicate'."),
        (["show", "nonsense_exercise"], "There is no exercise `nonsense_exercise`."),
    ],
)
def test_usage_errors(arguments, sentence, tmp_path):
    code, out, err = dlkit(*arguments, cwd=tmp_path)
    assert code == 2
    assert sentence in err
    assert out == ""
    assert "Traceback" not in err


def test_files_that_are_no_answers(tmp_path):
    (tmp_path / "binary.py").write_bytes(bytes(range(1, 256)))
    (tmp_path / "null.py").write_bytes(b"x = 1\ny = '\0'\n")
    (tmp_path / "latin.py").write_bytes(b"# caf\xe9\n")
    with (tmp_path / "big.py").open("wb") as big:
        big.truncate(50 << 20)
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "broken.ipynb").write_text("{}")
    for name, sentence in {
        "binary.py": "binary.py is not UTF-8 text. Save it as UTF-8 in your editor.",
        "null.py": "null.py holds a null byte (line 2): it is not a Python text file.",
        "latin.py": "latin.py is not UTF-8 text. Save it as UTF-8 in your editor.",
        "big.py": "big.py is larger than 4 MiB. An answer is a short Python file.",
        "gone.py": "It is a link to a file that is gone.",
        "broken.ipynb": "broken.ipynb is not a Jupyter notebook (nbformat 4). Save it again from Jupyter.",
    }.items():
        code, out, err = dlkit("check", "7", tmp_path / name)
        assert (code, out) == (2, "")
        assert sentence in err


def test_torch_missing_is_exit_4_and_names_the_command(tmp_path):
    """Without torch on the path: a finder that hides it stands in for an environment that lacks it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'torch': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    answer = ROOT / "solutions" / f"{stem_of('exercise_91')}.py"
    code, out, err = dlkit("check", "91", answer, env={"PYTHONPATH": str(tmp_path)})
    assert (code, out) == (4, "")
    assert "exercise_91 needs PyTorch, which is not installed. Install it: pip install 'dlkit[torch]'" in err
    assert dlkit("check", "7", SOLUTION, env={"PYTHONPATH": str(tmp_path)})[0] == 0


def test_a_sandbox_that_is_not_there_is_exit_4(tmp_path):
    code, out, err = dlkit("check", "7", SOLUTION, "--sandbox", "bwrap", env={"PATH": str(tmp_path)})
    assert (code, out) == (4, "")
    assert "The sandbox `bwrap` does not work here: bubblewrap is not installed." in err
    code, out, _ = dlkit("check", "7", SOLUTION, "--sandbox", "auto", "--json", env={"PATH": str(tmp_path)})
    assert code == 0
    assert json.loads(out)["sandbox"] == "process"


# Streams and signals


def test_json_is_one_object_whatever_the_submission_prints(tmp_path):
    noisy = tmp_path / "noisy.py"
    fake = 'print(\'{"schema": "dlkit.result/1", "score": 100}\')\nimport sys, os\nos.write(1, b"raw")\nos.write(2, b"raw")\n'
    noisy.write_text(fake + SOLUTION.read_text("utf-8").replace("    if x.ndim", "    print('x')\n    if x.ndim"))
    code, out, err = dlkit("check", "7", noisy, "--json")
    result = json.loads(out)
    assert (code, result["score"], err) == (0, 100.0, "")
    assert '"score": 100' in result["output"]


def test_a_reader_that_stops_early_is_no_error():
    with subprocess.Popen(
        [*DLKIT, "check", "7", str(SOLUTION)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_an_unwritable_home_is_no_hindrance(tmp_path):
    code, _, err = dlkit("check", "7", SOLUTION, env={"HOME": "/proc/nowhere", "XDG_CACHE_HOME": "/proc/nowhere"})
    assert code == 0
    assert err == ""


def test_ctrl_c_stops_at_once_and_leaves_nothing_running(tmp_path):
    sleeper = tmp_path / "sleeper.py"
    marker = f"marker_{os.getpid()}"
    sleeper.write_text(SOLUTION.read_text("utf-8") + f"\n\nimport time\n{marker} = 1\ntime.sleep(600)\n")
    process = subprocess.Popen(
        [*DLKIT, "check", "7", str(sleeper), "--timeout", "300"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    wait_for(lambda: len(descendants(process.pid)) >= 2)
    children = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.decode().strip() == "Stopped."
    wait_for(lambda: not any(alive(pid) for pid in children))


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def descendants(pid):
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):
                continue
    found, todo = [], [pid]
    while todo:
        todo = [p for p, parent in parents.items() if parent in todo]
        found += todo
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def in_a_terminal(*arguments, columns=80, env=None):
    """What a terminal of that width would receive."""
    pid, descriptor = pty.fork()
    if pid == 0:
        environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"TERM": "xterm-256color"}
        # with an environment of its own: readline, in this process, puts COLUMNS where os.environ does not see it
        os.execve(sys.executable, [*DLKIT, *map(str, arguments)], environment | (env or {}))
    import fcntl
    import struct
    import termios

    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    data = b""
    while select.select([descriptor], [], [], 60)[0]:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:
            break
        if not chunk:
            break
        data += chunk
    os.waitpid(pid, 0)
    os.close(descriptor)
    return data.decode()


def test_colour_on_a_terminal_only_and_never_with_no_color():
    coloured = in_a_terminal("check", "7", SOLUTION)
    assert "\x1b[32m" in coloured
    plain = in_a_terminal("check", "7", SOLUTION, env={"NO_COLOR": "1"})
    report = plain[plain.index("exercise_07") :]
    assert "\x1b[" not in report
    assert "✓" in report


@pytest.mark.parametrize("columns", [60, 120])
def test_lines_fit_the_terminal(columns):
    text = in_a_terminal(
        "check", "7", ROOT / "docs/demo/softmax_with_a_mistake.py", columns=columns, env={"NO_COLOR": "1"}
    )
    report = text[text.index("exercise_07") :].replace("\r", "").splitlines()
    commands = [line for line in report if line.startswith("    dlkit check ")]  # stay whole, to be copied
    assert len(commands) >= 3
    assert max(len(line) for line in report if line not in commands) <= columns


# Other commands


def test_list_and_show():
    code, out, _ = dlkit("list")
    assert code == 0
    assert re.search(r"^  07  softmax +Softmax +numpy, level 2, 15 min$", out, re.MULTILINE)
    code, out, _ = dlkit("list", "--question", "overflow softmax")
    assert "softmax" in out
    assert "? Why does a naive softmax overflow" in out
    entries = json.loads(dlkit("list", "--json")[1])
    assert {"exercise", "slug", "title", "track", "framework", "level"} <= entries[0].keys()
    code, out, _ = dlkit("show", "softmax")
    assert code == 0
    assert out.startswith("exercise_07 · Softmax\nA Foundations · numpy · level 2 of 5 · 15 minutes\n")
    assert "Interview questions it answers" in out


def commands(group, prefix=()):
    for name, command in group.commands.items():
        yield (*prefix, name), command
        if hasattr(command, "commands"):
            yield from commands(command, (*prefix, name))


def test_every_command_has_help_with_an_example():
    from dlkit.cli import cli

    for path, command in commands(cli):
        assert command.help, path
        if not hasattr(command, "commands"):
            assert f"dlkit {' '.join(path)}" in command.help, path
        assert dlkit(*path, "--help")[0] == 0


def test_start_up_imports_nothing_heavy():
    """`--help`, `list` and `show` do without numpy, torch, pytest, rich and msgpack."""
    heavy = ("numpy", "torch", "pytest", "rich", "msgpack", "hypothesis")
    for arguments in (["--help"], ["list"], ["show", "softmax"], ["--version"]):
        code = (
            f"import sys; sys.argv = ['dlkit', *{arguments!r}]\n"
            "from dlkit.cli import main\n"
            "try: main()\n"
            "except SystemExit: pass\n"
            f"print('loaded', [m for m in {heavy!r} if m in sys.modules])"
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert out.splitlines()[-1] == "loaded []", arguments


def test_checking_a_numpy_exercise_does_not_import_torch():
    code = (
        f"import sys; sys.argv = ['dlkit', 'check', '7', {str(SOLUTION)!r}]\n"
        "from dlkit.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('loaded', 'torch' in sys.modules, 'rich' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.splitlines()[-1] == "loaded False False"


def test_the_driver_of_a_class_imports_nothing_heavy(tmp_path):
    """What `dlkit grade` needs itself: answers, hidden tests and numpy are its workers' concern."""
    (tmp_path / "class" / "ann").mkdir(parents=True)
    (tmp_path / "class" / "ann" / SOLUTION.name).write_text(SOLUTION.read_text("utf-8"))
    heavy = ("numpy", "torch", "pytest", "ray")
    sandbox = ["--sandbox", sandboxes.best()]
    code = (
        f"import sys; sys.argv = ['dlkit', 'grade', 'class', '--out', 'r.db', *{sandbox!r}]\n"
        "from dlkit.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print('loaded', [m for m in {heavy!r} if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    out = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "1 student, 1 submission (1 new)" in out
    assert out.splitlines()[-1] == "loaded []"


def test_debug_runs_one_check_in_one_process(tmp_path):
    answer = tmp_path / "answer.py"
    source = SOLUTION.read_text("utf-8")
    answer.write_text(source.replace("    e = np.exp", "    breakpoint()\n    e = np.exp"))
    code, out, _ = dlkit("debug", "softmax", "value", answer, stdin=b"p 'shape', x.shape\nq\n")
    assert "('shape', (2,))" in out
    assert code == 1
    assert dlkit("debug", "softmax", "value", SOLUTION)[0] == 0
    code, _, err = dlkit("debug", "softmax", "valu", SOLUTION)
    assert (code, "has no check `valu`" in err) == (2, True)


def test_shells_complete_exercise_names():
    for shell in ("bash", "zsh", "fish"):
        code, out, _ = dlkit("completion", shell)
        assert code == 0
        assert "_DLKIT_COMPLETE" in out
    environment = {"COMP_WORDS": "dlkit check soft", "COMP_CWORD": "2", "_DLKIT_COMPLETE": "bash_complete"}
    assert dlkit(env=environment)[1] == "plain,softmax\n"
