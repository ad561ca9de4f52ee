"""Shared by the project's tests: a terminal."""

import contextlib
import fcntl
import importlib.util
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

# clusters.py and sandboxes.py, and loopback.py: Ray clusters on this machine alone
sys.path += [str(Path(__file__).parent), str(Path(__file__).parent.parent / "benchmarks")]


# A shell starts background jobs with Ctrl-C ignored, and programs that they start inherit that: with it, tests that
# interrupt dlkit would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Terminal:
    """A dlkit command in a terminal of its own; `see` waits for words after the last clearing of the screen."""

    def __init__(self, cwd, *arguments, columns=80):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"TERM": "xterm", "NO_COLOR": "1"}
            os.chdir(cwd)
            os.execve(sys.executable, [sys.executable, "-m", "dlkit.cli", *arguments], environment)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.text = ""
        self.ended = None

    def see(self, words, seconds=60):
        end = time.monotonic() + seconds
        while words not in self.text.rpartition("\x1b[2J")[2]:
            assert time.monotonic() < end, f"waited in vain for {words!r}; the screen is:\n{self.text[-2000:]}"
            assert self._read(), f"it ended without {words!r}; the screen is:\n{self.text[-2000:]}"

    def _read(self):
        """Whether the terminal is still open."""
        if not select.select([self.descriptor], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def press(self, key):
        os.write(self.descriptor, key.encode())

    def wait(self, seconds=30):
        """The exit code; a process that does not end is killed."""
        deadline = time.monotonic() + seconds
        while self._read() and time.monotonic() < deadline:
            pass
        return self._reap(kill=time.monotonic() >= deadline)

    def hang_up(self):
        """The terminal's window is closed."""
        os.close(self.descriptor)
        self.descriptor = -1
        return self._reap(kill=False)

    def _reap(self, kill):
        if self.ended is None:
            if kill:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)
            self.ended = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.ended

    def close(self):
        self._reap(kill=True)
        if self.descriptor >= 0:
            os.close(self.descriptor)


@pytest.fixture
def terminal():
    """`terminal(cwd, "watch")` starts `dlkit watch` there."""
    started = []

    def start(cwd, *arguments, columns=80):
        started.append(Terminal(cwd, *arguments, columns=columns))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="module")
def ray_cluster():
    """Two nodes of one core each, and an environment in which a driver joins them. Skipped where there is no Ray."""
    if importlib.util.find_spec("ray") is None:  # not imported here: it reads its environment then
        pytest.skip("Ray is not installed: pip install 'dlkit[ray]'")
    if sys.platform != "linux":
        pytest.skip("finds the processes of nodes in /proc")
    import loopback

    with loopback.Cluster() as cluster, pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        yield cluster
