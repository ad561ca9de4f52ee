"""Warm parents: zygotes (candidate/zygote.py) that this process starts, or is a guest of."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from typing import Any

from ..candidate.confine import Limits
from . import bwrap
from .control import Candidate, Control, SandboxUnavailable

READY_SECONDS = 60.0  # to import torch on a cold disk
_UIDS = 50_000  # spare user ids, when root starts the sandbox
_FIRST_UID = 1_500_000_000
_NOT_INSTALLED = "bubblewrap is not installed"


def start(kind: str, preload: list[str], gpu: bool = False) -> "WarmParent | FreshParent":
    """Start a warm parent: `bwrap`, `process`, or `auto` (bwrap where it works, else process). `gpu` shows it CUDA.

    It returns at once, so that the grader's own imports run beside; `ready()` waits. Raises SandboxUnavailable
    where `bwrap` was asked for and is not installed.
    """
    if sys.platform == "win32":
        raise SandboxUnavailable("dlkit does not run on Windows itself; use it inside WSL")
    linux = sys.platform == "linux"
    why = "" if shutil.which("bwrap") and linux else _NOT_INSTALLED if linux else "bubblewrap exists on Linux only"
    if kind == "bwrap" and why:
        raise SandboxUnavailable(why)
    if kind == "process" or why:
        return WarmParent("process", preload, why, gpu=gpu) if linux else FreshParent(preload, why)
    return WarmParent("bwrap", preload, fall_back=kind == "auto", gpu=gpu)


class WarmParent(Control):
    """A zygote of our own; closing it kills everything that it ever started."""

    def __init__(
        self, kind: str, preload: list[str], why: str = "", fall_back: bool = False, forks: bool = True,
        gpu: bool = False,
    ) -> None:  # fmt: skip
        control, theirs = socket.socketpair()
        super().__init__(kind, control)
        self._gpu = gpu
        self._forks = forks
        self.why = why  # why it is not the better kind
        self._preload = preload
        self._fall_back = fall_back
        self._start(theirs)

    def _start(self, theirs: socket.socket) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  what bwrap itself complains about
        owned: list[int] = []
        config: dict[str, Any] = {"control": theirs.fileno(), "kind": self.kind, "preload": self._preload}
        config["forks"], config["gpu"] = self._forks, self._gpu
        if self.kind == "bwrap":
            namespace = _namespace_for_root() if os.geteuid() == 0 else None
            if namespace is not None:
                owned.append(namespace)
                config["uids"] = _UIDS - 1
            config["private"] = bwrap.private_folders()
            program = shutil.which("bwrap") or "bwrap"
            command = bwrap.command(program, _python("/dlkit", config), namespace, self._gpu)
        else:
            config["private"] = []
            command = _python(str(bwrap.PACKAGE_ROOT), config)
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors,
                env=bwrap.environment(self._gpu),
                pass_fds=[theirs.fileno(), *owned], start_new_session=True, cwd="/",
            )  # fmt: skip
        except OSError as error:
            raise SandboxUnavailable(f"{command[0]} does not start: {error}") from None
        finally:
            theirs.close()
            for descriptor in owned:
                os.close(descriptor)

    def ready(self) -> None:
        """Wait until the imports are done; falls back to a plain process where that was allowed."""
        if self._ready:
            return
        message = self._receive(READY_SECONDS)
        if message is not None and "ready" in message:
            self._ready = True
            self.abilities = message["ready"]
            return
        why = (message or {}).get("failed") or self._complaint() or "it does not answer"
        self.close()
        if not self._fall_back:
            raise SandboxUnavailable(why)
        control, theirs = socket.socketpair()
        super().__init__("process", control)
        self.why, self._fall_back = f"bubblewrap does not work here: {why}", False
        self._start(theirs)
        self.ready()

    def kill(self, number: int) -> None:
        if self._forks:
            super().kill(number)
        else:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def exited(self, number: int, timeout: float) -> dict[str, Any] | None:
        if self._forks:
            return super().exited(number, timeout)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return {"status": self._process.wait(timeout), "reason": None}
        return None

    def share(self) -> "Guest":
        """For a process that is forked from this one: the same zygote, and candidates of its own. Only with `bwrap`,
        which holds candidates that run at the same time apart."""
        ours, theirs = socket.socketpair()
        with theirs, contextlib.suppress(OSError):  # a zygote that has ended lets nobody come up
            socket.send_fds(self._control, [json.dumps({"join": True}).encode() + b"\n"], [theirs.fileno()])
        return Guest(self.kind, ours)

    def disown(self) -> None:
        """Let go of it in a forked process: it ends with the process that started it."""
        self._control.close()
        self._errors.close()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def _complaint(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._errors.seek(0)
        lines = self._errors.read(4000).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def close(self) -> None:
        """End the zygote and everything in it."""
        self._control.close()
        if self._errors.closed:
            return
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._errors.close()

    def __enter__(self) -> "WarmParent":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Guest(Control):
    """A zygote that another process has started; what this one has it fork ends with this one."""

    def came_up(self) -> bool:
        """Whether it is there: it waits for the imports, and afterwards looks whether the zygote has ended since."""
        try:
            self.ready()
        except SandboxUnavailable:
            return False
        return not self.lost()

    def ready(self) -> None:
        if not self._ready:
            message = self._receive(READY_SECONDS)
            if message is None or "ready" not in message:
                raise SandboxUnavailable("the warm parent has ended")
            self._ready = True

    def close(self) -> None:
        """Let it end what was forked for us."""
        self._control.close()


class FreshParent:
    """Where forking is not safe (macOS): a fresh interpreter for every candidate, behind the same methods."""

    kind = "process"

    def __init__(self, preload: list[str], why: str = "") -> None:
        self.why = why
        self._preload = preload
        self._next = WarmParent("process", preload, forks=False)
        self._started = [self._next]

    def ready(self) -> None:
        self._next.ready()

    def lost(self) -> bool:
        """Each candidate is its own parent: one that ended says nothing of the next."""
        return False

    def spawn(self, limits: Limits) -> "Candidate":
        parent, self._next = self._next, WarmParent("process", self._preload, forks=False)
        for used in [p for p in self._started if p.ended]:
            used.close()
            self._started.remove(used)
        self._started.append(self._next)
        return parent.spawn(limits)

    def close(self) -> None:
        for parent in self._started:
            parent.kill(1)
            parent.close()

    def __enter__(self) -> "FreshParent":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _python(folder: str, config: dict[str, Any]) -> list[str]:
    code = (
        f"import sys, json; sys.path[:0] = json.loads(sys.argv[2]); sys.path.insert(0, {folder!r});"
        f" from grader.candidate import zygote; sys.path.remove({folder!r});"
        " config = json.loads(sys.argv[1]); sys.argv[:] = ['']; zygote.main(config)"
    )
    flags = ["-I", "-S", "-B", "-X", "faulthandler"]
    return [bwrap.interpreter(), *flags, "-c", code, json.dumps(config), json.dumps(bwrap.site_folders())]


def _namespace_for_root() -> int | None:
    """A user namespace in which root is root and spare ids exist, so that candidates need not run as root's user."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    ready_read, ready_write = os.pipe()
    done_read, done_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        result = libc.unshare(0x10000000)
        os.write(ready_write, b"y" if result == 0 else b"n")
        os.close(done_write)
        os.read(done_read, 1)
        os._exit(0)
    try:
        os.close(ready_write)
        if os.read(ready_read, 1) != b"y":
            return None
        for kind in ("uid_map", "gid_map"):
            with open(f"/proc/{pid}/{kind}", "w") as mapping:
                mapping.write(f"0 0 1\n1 {_FIRST_UID} {_UIDS - 1}\n")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    except OSError:
        return None
    finally:
        for descriptor in (ready_read, done_read, done_write):
            os.close(descriptor)
        os.waitpid(pid, 0)
