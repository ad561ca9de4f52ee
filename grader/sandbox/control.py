"""What the grader says to a zygote (candidate/zygote.py) over one socket, and the candidates that come of it."""

import contextlib
import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import asdict
from typing import Any

from ..candidate.confine import Limits


class SandboxUnavailable(Exception):
    """This kind of sandbox does not work here; the text says why."""


class Control:
    """Orders to a zygote: `spawn()` forks a candidate."""

    def __init__(self, kind: str, control: socket.socket) -> None:
        self.kind = kind
        self._control = control
        self._heard = b""
        self._gone = False  # the zygote
        self._ready = False
        self._spawned = 0
        self._exited: dict[int, dict[str, Any]] = {}

    def ready(self) -> None:
        """Wait until the imports are done. Raises SandboxUnavailable where they never are."""
        raise NotImplementedError

    def spawn(self, limits: Limits) -> "Candidate":
        self.ready()
        self._note_ends()
        self._spawned += 1
        folder = None if self.kind == "bwrap" else tempfile.mkdtemp(prefix="dlkit-")
        wire, their_wire = socket.socketpair()
        output, their_output = os.pipe()
        request = {"spawn": self._spawned, "limits": asdict(limits), "folder": folder}
        try:
            line = json.dumps(request).encode() + b"\n"
            socket.send_fds(self._control, [line], [their_wire.fileno(), their_output])
        except OSError:
            wire.close()
            os.close(output)
            raise SandboxUnavailable("the warm parent has ended") from None
        finally:
            their_wire.close()
            os.close(their_output)
        return Candidate(self, self._spawned, wire, output, folder)

    def kill(self, number: int) -> None:
        with contextlib.suppress(OSError):
            self._control.sendall(json.dumps({"kill": number}).encode() + b"\n")

    def exited(self, number: int, timeout: float) -> dict[str, Any] | None:
        """How candidate `number` ended: `{"status", "reason"}`; None if it has not, within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while number not in self._exited:
            if not self._note(self._receive(deadline - time.monotonic())):
                return None
        return self._exited[number]

    def lost(self) -> bool:
        """Whether the zygote has ended: then the end of a candidate tells nothing of the submission."""
        self._note_ends()
        return self._gone

    def _note(self, message: dict[str, Any] | None) -> bool:
        if message is not None and "exited" in message:
            self._exited[message["exited"]] = message
        return message is not None

    def _note_ends(self) -> None:
        """Read what the zygote says of candidates that nobody waited for: one day it could not say any more."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        while (b"\n" in self._heard or poll.poll(0)) and self._note(self._receive(0.0)):
            pass

    def _receive(self, timeout: float) -> dict[str, Any] | None:
        """The zygote's next line; None where it is silent or gone."""
        deadline = time.monotonic() + timeout
        try:
            while b"\n" not in self._heard:
                self._control.settimeout(max(0.001, deadline - time.monotonic()))
                data = self._control.recv(65536)
                if not data:
                    self._gone = True
                    return None
                self._heard += data
            line, _, self._heard = self._heard.partition(b"\n")
            return json.loads(line)  # type: ignore[no-any-return]
        except (OSError, ValueError):
            return None


class Candidate:
    """One forked candidate: its end of the wire, what it prints, and the means to end it."""

    def __init__(self, parent: Control, number: int, wire: socket.socket, output: int, folder: str | None) -> None:
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
        """End it. It need not be gone when this returns: the kernel takes longer for torch than the next one waits."""
        self.kill()
        self.wire.close()
        os.close(self.output)
        if self._folder is not None:
            self.ended()
            _remove(self._folder)


def _remove(folder: str) -> None:
    """A candidate's working folder, whatever it made of it: folders in folders that rmtree gives up on, or closed."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        for command in (["chmod", "-R", "u+rwX", folder], ["rm", "-rf", folder]):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False)
