"""The process inside the sandbox: it imports numpy or torch once and forks one candidate per submission.

It is trusted code that runs no line of a learner. The grader speaks to it over a control socket (one JSON object per
line): `spawn` (with two descriptors: the wire and the output pipe), `kill`, `join` (with a descriptor: the control
socket of another process of the grader's); it answers `ready`, `spawned`, `exited`.
Where forking after such imports is not safe (macOS), it does not fork: it becomes the one candidate itself.
"""

import contextlib
import faulthandler
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from typing import Any

from . import confine
from .channel import Channel, Closed
from .children import wake_on_exit
from .wire import Tree, WireError
from .worker import Worker, seed_generators

_TICK = 0.05  # seconds between looks at the memory of a running candidate


def main(config: dict[str, Any]) -> None:
    control = socket.socket(fileno=config["control"])
    gc.disable()  # the imports leave hardly any garbage
    try:
        for module in config["preload"]:
            importlib.import_module(module)
        seed_generators(0)  # what the generators import at their first use, candidates need not
        if "torch" in config["preload"]:
            _warm_torch()
        zygote = Zygote(control, config)
        gc.freeze()  # a collection in a candidate would write to, and so copy, every page that holds our objects
        gc.enable()
    except BaseException as error:
        _send(control, {"failed": f"{type(error).__name__}: {error}"[:2000]})
        os._exit(1)
    _send(control, {"ready": zygote.abilities})
    zygote.run()


def _warm_torch() -> None:
    """Let torch look at the processor now: a candidate has no /proc to look in, and would warn about it."""
    import torch

    from ..device import patches, selftest  # noqa: F401  for candidates that want `sim`: imports less in each

    with torch.no_grad():
        half = torch.ones(2, 2, dtype=torch.float16)
        torch.nn.functional.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
        torch.nn.functional.linear(half @ half, half)
    if len(os.listdir("/proc/self/task") if os.path.isdir("/proc/self/task") else [1]) != 1:
        raise RuntimeError("torch has started threads: forking would not be safe")


def _send(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        control.sendall(json.dumps(message).encode() + b"\n")


class Client:
    """The process at the other end of a control socket, that this one forks for (batch/foreman.py has one, too)."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._heard = b""
        self._descriptors: list[int] = []

    def fileno(self) -> int:
        return self._control.fileno()

    def requests(self) -> list[dict[str, Any]] | None:
        """Those that came; None where it has gone."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, 65536, 16)
        except OSError:
            return None
        if not data:
            return None
        self._descriptors += descriptors
        *lines, self._heard = (self._heard + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def descriptor(self) -> int:
        """The next of those that came with the requests."""
        return self._descriptors.pop(0)

    def tell(self, **message: Any) -> None:
        _send(self._control, message)

    def close(self) -> None:
        self._control.close()


class Zygote:
    def __init__(self, control: socket.socket, config: dict[str, Any]) -> None:
        self._clients = {control.fileno(): Client(control)}  # the first of them is the process that we end with
        self._isolate = config["kind"] == "bwrap"
        self._forks = config["forks"]
        self._outer_uids = config.get("uids", 0)  # how many spare user ids the outer namespace maps
        self._private = config["private"]
        self._gpu = config["gpu"]
        self._kernel: confine.Kernel | None = None
        self._rules: Any = None
        self._children: dict[int, dict[str, Any]] = {}  # pid -> what the grader calls it, and its limits
        self._started = 0
        self._strays = 0  # of the candidates that run now
        if sys.platform == "linux":
            self._kernel = confine.Kernel()
            self._rules = confine.system_call_filter()
            if self._isolate:
                self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            else:
                confine.become_subreaper(self._kernel)
        self._inherited = _usage([os.getpid()])[0]  # each fork starts with this much, shared until it is written
        self.abilities = {"pid": os.getpid(), "filter": self._rules is not None}

    def run(self) -> None:
        woken, self._poll = wake_on_exit(), select.poll()
        self._poll.register(woken, select.POLLIN)
        (owner,) = self._clients
        self._poll.register(owner, select.POLLIN)
        while True:
            for descriptor, _ in self._poll.poll(_TICK * 1000 if self._children else None):
                if descriptor == woken:
                    os.read(woken, 512)
                elif not self._requests(self._clients[descriptor]):
                    if descriptor == owner:
                        self._leave()
                    self._forget(descriptor)
            self._reap()
            self._watch()

    def _requests(self, client: Client) -> bool:
        requests = client.requests()
        for request in requests or ():
            if "spawn" in request:
                self._spawn(client, request, client.descriptor(), client.descriptor())
            elif "join" in request:
                self._welcome(client.descriptor())
            else:
                self._end([p for p, c in self._children.items() if c["of"] is client and c["name"] == request["kill"]])
        return requests is not None

    def _welcome(self, control: int) -> None:
        self._clients[control] = client = Client(socket.socket(fileno=control))
        self._poll.register(control, select.POLLIN)
        client.tell(ready=self.abilities)

    def _forget(self, control: int) -> None:
        """A client that has gone takes its candidates along."""
        client = self._clients.pop(control)
        self._poll.unregister(control)
        client.close()
        self._end([pid for pid, child in self._children.items() if child["of"] is client])

    def _end(self, pids: list[int]) -> None:
        for pid in pids:
            self._kill(pid)

    def _spawn(self, client: Client, request: dict[str, Any], wire: int, output: int) -> None:
        limits = confine.Limits(**request["limits"])
        self._started += 1
        self._strays = 0
        if not self._forks:
            self._become_candidate(wire, output, limits, request)
        try:
            if self._isolate:
                assert self._kernel is not None
                self._kernel("unshare", confine.NEWPID)
            pid = os.fork()
        except OSError as error:
            os.close(wire)
            os.close(output)
            client.tell(exited=request["spawn"], status=None, reason=f"no process could be started: {error}")
            return
        if pid == 0:
            self._become_candidate(wire, output, limits, request)
        if self._isolate:
            self._kernel("setns", self._own_pids, confine.NEWPID)  # type: ignore[misc]
        os.close(wire)
        os.close(output)
        self._children[pid] = {"of": client, "name": request["spawn"], "limits": limits, "reason": None}
        client.tell(spawned=request["spawn"])

    def _become_candidate(self, wire: int, output: int, limits: confine.Limits, request: dict[str, Any]) -> None:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if self._forks:
                os.setsid()
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            sock = socket.socket(fileno=os.dup2(wire, 3))
            os.closerange(4, 4096)
            imports = confine.memory_mapped()  # now: the candidate's /proc will be empty
            if self._isolate:
                assert self._kernel is not None
                if self._outer_uids:  # a user of its own, with no right to anything of the one who started dlkit
                    uid = 1 + self._started % self._outer_uids
                    os.setresgid(uid, uid, uid)
                    os.setresuid(uid, uid, uid)
                confine.enter_namespaces(self._kernel, limits, self._private, hide_processes=not self._gpu)
            else:
                os.chdir(request["folder"])
            confine.limit_resources(limits, self._isolate, None if self._gpu else imports)
            if self._kernel is not None:
                confine.drop_privileges(self._kernel, self._rules)
            serve(Channel(sock))
        except BaseException as error:
            with contextlib.suppress(BaseException):
                os.write(2, f"dlkit: the candidate could not start: {type(error).__name__}: {error}\n".encode())
            os._exit(97)
        os._exit(0)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self._children.pop(pid, None)
            if child is not None:
                if not self._isolate:
                    _kill_group(pid)
                    self._kill_strays()
                code = os.waitstatus_to_exitcode(status)
                child["of"].tell(exited=child["name"], status=code, reason=child["reason"])

    def _watch(self) -> None:
        """Memory and number of a candidate's processes together: what no resource limit of one process sees."""
        if not self._children or not os.path.isdir("/proc/self"):
            return
        if not self._isolate:
            self._watch_strays()
        family = _families(set(self._children))
        for pid, members in family.items():
            child = self._children[pid]
            memory, threads = _usage(members)
            if memory - len(members) * self._inherited > child["limits"].memory * 1.1:
                child["reason"] = "memory"
            elif threads > child["limits"].processes * 2:
                child["reason"] = "processes"
            else:
                continue
            self._kill(pid)

    def _kill(self, pid: int) -> None:
        if not self._isolate:
            for member in _families({pid}).get(pid, []):
                with contextlib.suppress(OSError):
                    os.kill(member, signal.SIGKILL)
            _kill_group(pid)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)  # the first process of a pid namespace takes all others with it

    def _watch_strays(self) -> None:
        """Processes whose parents ended: they would escape every count."""
        self._strays += self._kill_strays()
        for pid, child in self._children.items():
            if self._strays > child["limits"].processes:
                child["reason"] = "processes"
                self._kill(pid)

    def _kill_strays(self) -> int:
        """Processes that a candidate left behind are our children now (subreaper). How many there were."""
        killed = 0
        for _ in range(100):
            strays = [p for p, parent in _parents().items() if parent == os.getpid() and p not in self._children]
            if not strays:
                break
            killed += len(strays)
            for pid in strays:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(OSError):
                    os.waitpid(pid, 0)
        return killed

    def _leave(self) -> None:
        self._end(list(self._children))
        deadline = time.monotonic() + 1.0
        while self._children and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.002)
        os._exit(0)


def serve(channel: Channel) -> None:
    """Answer requests until the grader closes the wire."""
    number = 0

    def ask(tree: Tree, buffers: list[bytes]) -> tuple[Tree, list[memoryview]]:
        _flush()
        channel.send(number, "callback", tree, buffers)
        outer = number
        while True:
            message = channel.receive()
            if message.kind == "answer":
                return message.tree, message.buffers
            answer(message)  # the test's function called back into the learner's code
            _restore(outer)

    def _restore(value: int) -> None:
        nonlocal number
        number = value

    def answer(message: Any) -> None:
        nonlocal number
        number = message.number
        kind, tree, buffers = worker.handle(message.kind, message.tree, message.buffers)
        _flush()
        try:
            channel.send(message.number, kind, tree, buffers)
        except WireError as error:
            channel.send(message.number, "refused", str(error), [])

    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    with contextlib.suppress(Exception):
        faulthandler.enable(file=2, all_threads=False)
    worker = Worker(ask)
    try:
        while True:
            answer(channel.receive())
    except (Closed, WireError):
        os._exit(0)
    except MemoryError:  # not even the reply fits beside what the learner's module holds
        os._exit(confine.OUT_OF_MEMORY)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BaseException):
            stream.flush()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def _parents() -> dict[int, int]:
    """Every process this one can see -> its parent."""
    parents = {}
    with contextlib.suppress(OSError):
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{entry}/stat", "rb") as stat:
                    parents[int(entry)] = int(stat.read().rpartition(b")")[2].split()[1])
    return parents


def _families(roots: set[int]) -> dict[int, list[int]]:
    """The descendants of each root, itself included."""
    parents, family = _parents(), {root: [root] for root in roots}
    for pid in parents:
        step, seen = pid, 0
        while step in parents and step not in roots and seen < 10_000:
            step, seen = parents[step], seen + 1
        if step in roots and pid != step:
            family[step].append(pid)
    return family


def _usage(pids: list[int]) -> tuple[int, int]:
    """Bytes of anonymous and shared memory in use, and threads, of all these processes."""
    memory = threads = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith(("RssAnon:", "RssShmem:")):
                    memory += int(line.split()[1]) * 1024
                elif line.startswith("Threads:"):
                    threads += int(line.split()[1])
    return memory, threads
