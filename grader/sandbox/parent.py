"""The grader's handle on a warm parent (candidate/zygote.py) and on the candidates that it forks."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from typing import Any

from ..candidate.confine import Limits
from . import bwrap

READY_SECONDS = 60.0  # to import torch on a cold disk
_UIDS = 50_000  # spare user ids, when root starts the sandbox
_FIRST_UID = 1_500_000_000


class SandboxUnavailable(Exception):
    """This kind of sandbox does not work here; the text says why."""


def start(kind: str, preload: list[str]) -> "WarmParent":
    """Start a warm parent: `bwrap`, `process`, or `auto` (bwrap where it works, else process).

    It returns at once, so that the grader's own imports run beside; `ready()` waits. Raises SandboxUnavailable
    where `bwrap` was asked for and is not installed.
    """
    if kind == "process":
        return WarmParent("process", preload)
    if shutil.which("bwrap") is None or sys.platform != "linux":
        reason = "bubblewrap is not installed" if sys.platform == "linux" else "bubblewrap exists on Linux only"
        if kind == "bwrap":
            raise SandboxUnavailable(reason)
        return WarmParent("process", preload, reason)
    return WarmParent("bwrap", preload, fall_back=kind == "auto")


class WarmParent:
    """One zygote. `spawn()` forks a candidate; closing it kills everything that it ever started."""

    def __init__(self, kind: str, preload: list[str], why: str = "", fall_back: bool = False) -> None:
        self.kind = kind
        self.why = why  # why it is not the better kind
        self._preload = preload
        self._fall_back = fall_back
        self._spawned = 0
        self._exited: dict[int, dict[str, Any]] = {}
        self._ready = False
        self._start()

    def _start(self) -> None:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = control
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  what bwrap itself complains about
        owned: list[int] = []
        config: dict[str, Any] = {"control": theirs.fileno(), "kind": self.kind, "preload": self._preload}
        if self.kind == "bwrap":
            namespace = _namespace_for_root() if os.geteuid() == 0 else None
            if namespace is not None:
                owned.append(namespace)
                config["uids"] = _UIDS - 1
            config["private"] = bwrap.private_folders()
            program = shutil.which("bwrap") or "bwrap"
            command = bwrap.command(program, _python("/dlkit", config), namespace)
        else:
            config["private"] = []
            command = _python(str(bwrap.CANDIDATE.parent), config)
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors, env=bwrap.ENVIRONMENT,
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
        self.kind, self.why, self._fall_back = "process", f"bubblewrap does not work here: {why}", False
        self._start()
        self.ready()

    def spawn(self, limits: Limits) -> "Candidate":
        self.ready()
        self._spawned += 1
        folder = None if self.kind == "bwrap" else tempfile.mkdtemp(prefix="dlkit-")
        wire, their_wire = socket.socketpair()
        output, their_output = os.pipe()
        request = {"spawn": self._spawned, "limits": asdict(limits), "folder": folder}
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], [their_wire.fileno(), their_output])
        except OSError:
            raise SandboxUnavailable("the warm parent has ended") from None
        finally:
            their_wire.close()
            os.close(their_output)
        return Candidate(self, self._spawned, wire, output, folder)

    def kill(self, number: int) -> None:
        with contextlib.suppress(OSError):
            self._control.send(json.dumps({"kill": number}).encode())

    def exited(self, number: int, timeout: float) -> dict[str, Any] | None:
        """How candidate `number` ended: `{"status", "reason"}`; None if it has not, within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while number not in self._exited:
            message = self._receive(deadline - time.monotonic())
            if message is None:
                return None
            if "exited" in message:
                self._exited[message["exited"]] = message
        return self._exited[number]

    def _receive(self, timeout: float) -> dict[str, Any] | None:
        self._control.settimeout(max(0.0, timeout))
        try:
            data = self._control.recv(65536)
            return json.loads(data) if data else None
        except (OSError, ValueError):
            return None
        finally:
            self._control.settimeout(None)

    def _complaint(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._errors.seek(0)
        lines = self._errors.read(4000).decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def close(self) -> None:
        """End the zygote and everything in it."""
        self._control.close()
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


class Candidate:
    """One forked candidate: its end of the wire, what it prints, and the means to end it."""

    def __init__(self, parent: WarmParent, number: int, wire: socket.socket, output: int, folder: str | None) -> None:
        self._parent = parent
        self._number = number
        self._folder = folder
        self.wire = wire
        self.output = output
        wire.setblocking(False)
        os.set_blocking(output, False)

    def kill(self) -> None:
        self._parent.kill(self._number)

    def ended(self, timeout: float = 5.0) -> dict[str, Any]:
        """How it ended: `status` (exit code, negative for a signal) and `reason` (`memory`, …)."""
        return self._parent.exited(self._number, timeout) or {"status": None, "reason": "lost"}

    def close(self) -> None:
        self.kill()
        self.wire.close()
        os.close(self.output)
        self.ended()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _python(folder: str, config: dict[str, Any]) -> list[str]:
    code = (
        f"import sys, json; sys.path[:0] = json.loads(sys.argv[2]); sys.path.insert(0, {folder!r});"
        f" from candidate import zygote; sys.path.remove({folder!r});"
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
