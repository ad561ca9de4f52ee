"""The grader's end of the wire: `candidate.softmax(x)` in a hidden test is a call in the candidate.

A Session keeps one submission answering: it opens a link (a sandboxed process, or this process for trusted answers),
loads the module, counts time, and opens a fresh link after a crash. A CandidateProxy is what one check sees.
"""

import contextlib
import dis
import inspect
import random
import textwrap
import time
import types
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..text import clean
from .channel import Channel, Closed, DeadlinePassed
from .confine import OUT_OF_MEMORY, Limits
from .source import Submission
from .wire import Decoder, Encoder, Tree, WireError, pack, torch_or_none
from .worker import Worker

MAX_CALLBACKS = 200_000  # in one call
MAX_KEPT = 64 << 20  # bytes of results of one submission, kept for the report and the diagnosis
MAX_TRAIL = 4 << 20  # bytes of one check's messages that are kept to spare the next submission that check
MAX_LINE = 10_000_000
_RAISABLE = (
    ValueError, TypeError, IndexError, KeyError, AttributeError, RuntimeError, NotImplementedError, ZeroDivisionError,
    OverflowError, FloatingPointError, ArithmeticError, LookupError, RecursionError, NameError, ImportError, OSError,
)  # fmt: skip
_BY_NAME = {kind.__name__: kind for kind in _RAISABLE}


class LearnerError(Exception):
    """The learner's code raised. Also an instance of the built-in types it raised, so `pytest.raises` sees those."""

    types: tuple[str, ...]
    text: str
    frames: list[dict[str, Any]]
    signature: str | None

    def __str__(self) -> str:
        return f"{self.types[0]}: {self.text}" if self.text else self.types[0]

    @property
    def not_implemented(self) -> bool:
        return "NotImplementedError" in self.types


class CandidateDied(Exception):
    """The candidate gave no answer: `kind` is `timeout`, `crashed`, `out_of_memory` or `refused`."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def learner_error(described: Any) -> LearnerError:
    """The exception for what a candidate says it raised; every field is checked, for it may say anything."""
    described = described if type(described) is dict else {}
    names = [n for n in _list(described.get("types")) if type(n) is str] or ["Exception"]
    bases = [_BY_NAME[n] for n in names if n in _BY_NAME]
    error: LearnerError = _class_for(tuple(bases))()
    error.types = tuple(n[:80] for n in names[:16])
    text = described.get("text")
    error.text = text[:2000] if type(text) is str else ""
    if "SystemExit" in error.types:
        error.text = f"your code ended the program ({error.text or 'sys.exit'})"
    error.frames = [f for f in map(_frame, _list(described.get("frames"))[-8:]) if f]
    signature = described.get("signature")
    error.signature = signature[:300] if type(signature) is str else None
    return error


def raised_by(reply: tuple[str, Tree, list[memoryview]]) -> LearnerError:
    """The exception that a reply of the kind `raise` tells of."""
    _, tree, buffers = reply
    return learner_error(_described(tree, Decoder(buffers, _ignore_reference, layout=False)))


def _described(tree: Tree, decoder: Decoder) -> Any:
    return decoder.decode(tree) if type(tree) is list else tree


def _class_for(bases: tuple[type, ...]) -> type:
    independent = tuple(b for i, b in enumerate(bases) if not any(issubclass(c, b) for c in bases[:i]))
    try:
        return type("LearnerError", (LearnerError, *independent[:2]), {})
    except TypeError:  # two built-in types that nothing can be both of
        return type("LearnerError", (LearnerError, *independent[:1]), {})


def _list(value: Any) -> list[Any]:
    return value if type(value) is list else []


def _frame(frame: Any) -> dict[str, Any] | None:
    line = _line(frame.get("line")) if type(frame) is dict else None
    if line is None:
        return None
    return {key: _word(frame.get(key)) for key in ("file", "function", "code")} | {"line": line}


def _size(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 60 else None


def _line(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value <= MAX_LINE else None


def _word(value: Any, limit: int = 160) -> str:
    return value[:limit] if type(value) is str else ""


def load_error(told: Any) -> dict[str, Any] | None:
    """What a candidate says went wrong when it loaded a unit; every field is checked."""
    if type(told) is not dict:
        return None
    error = learner_error(told)
    return {
        "kind": "syntax" if told.get("kind") == "syntax" else "import",
        "file": _word(told.get("file")),
        "line": _line(told.get("line")),
        "column": _line(told.get("column")),
        "code": _word(told.get("code"), 200),
        "types": list(error.types),
        "text": error.text,
        "frames": error.frames,
    }


class Link(Protocol):
    """A way to a worker: `request` sends one message and returns the reply, serving callbacks meanwhile."""

    def request(
        self, kind: str, tree: Tree, buffers: list[bytes], deadline: float, on_callback: Callable[..., Any]
    ) -> tuple[str, Tree, list[memoryview]]: ...

    def output(self) -> str: ...

    def close(self) -> None: ...


class LocalLink:
    """A worker in this process, for trusted answers: the reference and the known-wrong ones."""

    def __init__(self) -> None:
        self._on_callback: list[Callable[..., Any]] = []
        self._worker = Worker(self._ask)
        torch = torch_or_none()
        if torch is not None:
            torch.set_num_threads(1)  # as in a candidate: sums in one order, and no threads to wait for

    def adopt(self, module: types.ModuleType) -> None:
        self._worker.adopt(module)

    def _ask(self, tree: Tree, buffers: list[bytes]) -> tuple[Tree, list[memoryview]]:
        answer, answer_buffers = self._on_callback[-1](tree, [memoryview(b) for b in buffers])
        return answer, [memoryview(b) for b in answer_buffers]

    def request(
        self, kind: str, tree: Tree, buffers: list[bytes], deadline: float, on_callback: Callable[..., Any]
    ) -> tuple[str, Tree, list[memoryview]]:
        self._on_callback.append(on_callback)
        try:
            with warnings.catch_warnings():  # whoever runs this process may have made warnings errors
                warnings.simplefilter("default")
                reply, answer, out = self._worker.handle(kind, tree, [memoryview(bytearray(b)) for b in buffers])
        finally:
            self._on_callback.pop()
        return reply, answer, [memoryview(bytearray(b)) for b in out]

    def output(self) -> str:
        return ""

    def close(self) -> None:
        self._worker.close()


class ProcessLink:
    """A worker in a candidate process (sandbox/parent.py)."""

    def __init__(self, process: Any, limits: Limits) -> None:
        import os

        self._os = os
        self._process = process
        self._limits = limits
        self._kept = bytearray()
        self._dropped = 0
        self.channel = Channel(process.wire, {process.output: self._drain})

    def request(
        self, kind: str, tree: Tree, buffers: list[bytes], deadline: float, on_callback: Callable[..., Any]
    ) -> tuple[str, Tree, list[memoryview]]:
        number = random.getrandbits(62)
        try:
            if self.channel.pending():
                raise WireError("an answer that nobody asked for")
            self.channel.send(number, kind, tree, buffers, deadline)
            while True:
                message = self.channel.receive(deadline)
                if message.number != number:
                    raise WireError("the answer to another question")
                if message.kind != "callback":
                    return message.kind, message.tree, message.buffers
                answer, out = on_callback(message.tree, message.buffers)
                self.channel.send(number, "answer", answer, out, deadline)
        except (Closed, DeadlinePassed, WireError) as error:
            raise self._death(error) from None

    def _death(self, error: Exception) -> CandidateDied:
        if isinstance(error, DeadlinePassed):
            self._process.kill()
            return CandidateDied("timeout", f"no answer within {self._limits.call_seconds:g} s")
        if isinstance(error, WireError):
            self._process.kill()
            return CandidateDied("crashed", f"your code broke the connection to the grader ({error})")
        ended = self._process.ended(0.3)
        if ended["status"] is None:  # it closed the wire and lives on, or dies slowly: then this changes nothing
            self._process.kill()
            ended = self._process.ended()
        return _obituary(ended, self._limits)

    def _drain(self) -> None:
        """Keep the first part of what is printed, throw the rest away; never longer than one look takes."""
        for _ in range(64):
            try:
                data = self._os.read(self._process.output, 65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.channel.watched.pop(self._process.output, None)
                return
            room = self._limits.output - len(self._kept)
            self._kept += data[: max(0, room)]
            self._dropped += max(0, len(data) - max(0, room))

    def output(self) -> str:
        """What was printed since the last look, at most `limits.output` bytes of it."""
        self._drain()
        text = self._kept.decode("utf-8", "replace")
        if self._dropped:
            text += f"\n… ({self._dropped:,} more bytes were not kept)"
        self._kept.clear()
        self._dropped = 0
        return text

    def close(self) -> None:
        self._process.close()


def _obituary(ended: dict[str, Any], limits: Limits) -> CandidateDied:
    status, reason = ended["status"], ended["reason"]
    if reason == "memory" or status == OUT_OF_MEMORY:
        return CandidateDied("out_of_memory", f"more than {limits.memory >> 20} MiB of memory was used")
    if reason == "processes":
        return CandidateDied("crashed", f"more than {limits.processes} processes or threads were started")
    if reason is not None:
        return CandidateDied("crashed", reason)
    if status is not None and status < 0:
        with contextlib.suppress(ValueError):
            import signal

            name = signal.Signals(-status).name
            if name == "SIGKILL":
                return CandidateDied("crashed", "your code closed the connection to the grader")
            if name == "SIGXCPU":
                return CandidateDied("timeout", "the processor time for one submission is used up")
            if name == "SIGSEGV":
                return CandidateDied("crashed", "Python crashed (segmentation fault); endless recursion is one cause")
            return CandidateDied("crashed", f"Python was ended by {name}")
    return CandidateDied("crashed", f"your code ended Python (exit status {status}) instead of returning")


@dataclass(frozen=True)
class Event:
    """What a candidate says happened on its device (device/watch.py), in the learner's line and by it."""

    kind: str
    what: str
    times: int
    file: str
    line: int  # 0: not known
    code: str
    made_line: int = 0  # where the tensor on the wrong device was made
    made_code: str = ""


def _event(told: Any) -> Event | None:
    if type(told) is not list or len(told) != 9:
        return None
    kind, what, times, file, line, code, _, made, made_code = told
    words = (_word(kind, 20), clean(_word(what, 300), 300), _size(times) or 1, clean(_word(file), 160))
    return Event(*words, _line(line) or 0, clean(_word(code), 160), _line(made) or 0, clean(_word(made_code), 160))


@dataclass
class Call:
    """One call as the check made it, for the report and for the diagnosis."""

    target: str
    payload: tuple[Any, list[bytes]]  # arguments as they were sent
    result: Any = None
    error: LearnerError | None = None
    changed: dict[Any, Any] = field(default_factory=dict)
    aliases: list[Any] = field(default_factory=list)
    case: str | None = None
    dropped: bool = False  # the result was too large to keep
    events: list["Event"] = field(default_factory=list)  # on the device, where that was watched
    operators: int | None = None
    peak: int | None = None  # bytes


@dataclass
class Exchange:
    """One request of a check and what came of it: a reply, or the candidate's death."""

    kind: str
    tree: Tree
    buffers: list[bytes]
    reply: tuple[str, Tree, list[memoryview]] = ("", None, [])
    death: CandidateDied | None = None

    def asks(self, kind: str, tree: Tree, buffers: list[bytes]) -> bool:
        if self.kind != kind or self.buffers != buffers:
            return False
        return bool(self.tree == tree) or pack(self.tree) == pack(tree)  # packed, NaN equals itself

    @property
    def reply_size(self) -> int:
        return sum(map(len, self.reply[2]))

    @property
    def size(self) -> int:
        return sum(map(len, self.buffers)) + self.reply_size


class Enough(BaseException):
    """A replay has shown what it was made for: it ends the check, and no check can catch it by accident."""


class Strayed(Exception):
    """What was put to the candidate from memory is not what the check asks: the submission is graded without."""


class Session:
    """One submission, kept answering across crashes and within its budget of time."""

    def __init__(
        self, submission: Submission, open_link: Callable[[], Link], limits: Limits, seed: int, device: str = "cpu"
    ) -> None:
        self.device = device  # where the candidate puts the tensors that it is sent
        self.submission = submission
        self.limits = limits
        self.flags: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []  # of loading
        self.names: dict[str, str] = {}
        self.device_problem = ""  # why nothing can run on the device
        self.deaths: list[str] = []
        self.used = 0.0
        self.until: Callable[[list[Call], Call], bool] | None = None  # says when the calls were enough
        self.enough = False
        self._open_link = open_link
        self._seed = seed
        self._link: Link | None = None
        self._output: list[str] = []
        self._closed = False
        self.kept = 0  # bytes
        self.generation = 0  # goes up when handles of an earlier link have died
        self.lent = 0  # functions and objects of the test that the candidate was given
        self.trail: list[Exchange] = []  # since `listen`
        self.strayed = False
        self._room = -1  # bytes of the trail that are left; nothing is kept where it is negative
        self._again: deque[Exchange] = deque()

    def load(self) -> None:
        """Scan and import the submission; its own errors end up in `errors`. Raises CandidateDied."""
        first = self.generation == 0
        self.generation += 1
        self._link = self._open_link()
        for kind, value in (("scan", self._scan_request()), ("load", self._load_request())):
            encoder = Encoder(_no_reference)
            reply, tree, buffers = self.request(kind, encoder.encode(value), encoder.buffers, _no_callback)
            try:
                told = Decoder(buffers, _ignore_reference, layout=False).decode(tree)
            except WireError as error:
                death = CandidateDied("crashed", f"your code broke the connection to the grader ({error})")
                self._bury(death)
                raise death from None
            if first:
                self._note(told if reply in ("scanned", "loaded") and type(told) is dict else {})

    def _scan_request(self) -> dict[str, Any]:
        return {"units": list(self.submission.units), "bans": list(self.submission.bans)}

    def _load_request(self) -> dict[str, Any]:
        s = self.submission
        return {
            "module": s.module, "seed": self._seed, "support": list(s.support), "bans": list(s.bans),
            "names": list(s.names), "device": self.device,
        }  # fmt: skip

    def _note(self, told: dict[str, Any]) -> None:
        self.errors += [e for e in map(load_error, _list(told.get("errors"))[:20]) if e is not None]
        self.note_flags(told.get("flags"))
        self.device_problem = clean(_word(told.get("device_problem"), 300), 300)
        names = told.get("names")
        if type(names) is dict:
            self.names = {n: _word(names.get(n), 80) for n in self.submission.names if n in names}

    def note_flags(self, flags: Any) -> None:
        for flag in _list(flags):
            if type(flag) is dict:
                entry = {"name": clean(_word(flag.get("name")), 80), "line": _line(flag.get("line")) or 0}
                if entry not in self.flags and len(self.flags) < 20:
                    self.flags.append(entry)

    def request(
        self, kind: str, tree: Tree, buffers: list[bytes], on_callback: Callable[..., Any]
    ) -> tuple[str, Tree, list[memoryview]]:
        """One request to a live link. Raises CandidateDied; the link is closed then and the next call opens another."""
        if self._again:
            return self._repeat(kind, tree, buffers)
        if self._closed:
            raise CandidateDied("crashed", "the grading is over")
        if self._link is None:
            self.load()
        assert self._link is not None
        left = self.limits.total_seconds - self.used
        if left <= 0:
            raise CandidateDied("timeout", f"the {self.limits.total_seconds:g} s for one submission are used up")
        started = time.monotonic()
        exchange = Exchange(kind, tree, buffers)
        try:
            exchange.reply = self._link.request(
                kind, tree, buffers, started + min(left, self.limits.call_seconds), on_callback
            )  # fmt: skip
            return exchange.reply
        except CandidateDied as death:
            exchange.death = death
            self._bury(death)
            raise
        finally:
            self.used += time.monotonic() - started
            self._remember(exchange)

    # Checks from memory (memory.py)

    @property
    def calm(self) -> bool:
        """Whether nothing has happened that a check's replies do not tell."""
        undisturbed = self.generation == 1 and not self.deaths and not self.flags
        return undisturbed and self.device == "cpu" and self.kept < MAX_KEPT // 2

    def listen(self) -> None:
        """Keep the exchanges from now on, for one check, up to MAX_TRAIL bytes."""
        self.trail, self.lent, self._room = [], 0, MAX_TRAIL

    @property
    def listening(self) -> bool:
        """Whether the trail holds every exchange since `listen`."""
        return self._room >= 0

    def _remember(self, exchange: Exchange) -> None:
        if self.listening:
            self.trail.append(exchange)
            self._room -= exchange.size

    def rewind(self) -> None:
        """Let the check that runs now have the replies that came already."""
        self._again = deque(self.trail)
        if not self.listening:
            self.trail = []

    def _repeat(self, kind: str, tree: Tree, buffers: list[bytes]) -> tuple[str, Tree, list[memoryview]]:
        exchange = self._again.popleft()
        if not exchange.asks(kind, tree, buffers):
            self.strayed = True
            self._again.clear()
            raise CandidateDied("crashed", "the check asks something else than was remembered of it")
        if exchange.death is not None:
            raise exchange.death
        return exchange.reply

    def _bury(self, death: CandidateDied) -> None:
        self.deaths.append(death.kind)
        self.collect_output()
        self._close_link()

    def _close_link(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def collect_output(self) -> str:
        """Everything printed since the last call of this, and keep it."""
        text = self._link.output() if self._link is not None else ""
        if text:
            self._output.append(text)
        return text

    @property
    def output(self) -> str:
        self.collect_output()
        return "".join(self._output)

    def close(self) -> None:
        """For good: a handle that is touched later must not open another link."""
        self._closed = True
        self._close_link()


class Handle:
    """An object that stays in the candidate: attributes are read there, calls are made there."""

    def __init__(self, proxy: "CandidateProxy", number: int, kind: str, can_call: bool) -> None:
        object.__setattr__(self, "_dlkit", (proxy, number, kind, can_call, proxy.session.generation))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._dlkit[0].read([self._dlkit[1], name])

    def __setattr__(self, name: str, value: Any) -> None:
        self._dlkit[0].write([self._dlkit[1], name], value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        proxy, number, kind, *_ = self._dlkit
        return proxy.call([number], kind, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self._dlkit[0].call([self._dlkit[1], "__getitem__"], "[]", (key,), {})

    def __len__(self) -> int:
        try:
            size = self._dlkit[0].call([self._dlkit[1], "__len__"], "len", (), {})
        except AttributeError:
            raise TypeError(f"{self._dlkit[2]} has no length") from None
        return size if type(size) is int else -1

    def __iter__(self) -> Iterator[Any]:
        return iter(self._dlkit[0].run(_listed, self))

    def __array__(self, *_: Any, **__: Any) -> Any:
        # numpy would unfold it, entry by entry, over the wire; and the check that wanted an array has failed
        raise AssertionError(f"What was returned is a thing of kind `{self._dlkit[2]}`, expected an array.")

    def __repr__(self) -> str:
        return f"<{self._dlkit[2]} of the submission>"


def _listed(m: Any, iterable: Any) -> list[Any]:  # runs in the candidate
    items = []
    for item in iterable:
        items.append(item)
        if len(items) > 100_000:
            raise ValueError("more than 100000 items")
    return items


def _gradient(m: Any, name: Any, args: Any, kwargs: Any, wrt: Any, cotangent: Any) -> Any:  # runs in the candidate
    import torch

    args = list(args)
    leaves = []
    for key in wrt:
        place = kwargs if isinstance(key, str) else args
        place[key] = place[key].detach().clone().requires_grad_()
        leaves.append(place[key])
    function = m
    for part in name.split("."):
        function = getattr(function, part)
    result = function(*args, **kwargs)
    if not isinstance(result, torch.Tensor) or not result.requires_grad:
        raise RuntimeError(
            "the result carries no graph back to the inputs: something on the way (.item(), .detach(), .data, numpy,"
            " no_grad) cut it"
        )
    scalar = result.sum() if cotangent is None else (result * cotangent).sum()
    return result.detach(), torch.autograd.grad(scalar, leaves, allow_unused=True)


class CandidateProxy:
    """What a check knows as `candidate`: attributes are the learner's functions and classes."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.calls: list[Call] = []
        self.case: str | None = None
        self._errstate: dict[str, str] = {}
        self._in_place = False
        self._watched = False
        self._callbacks: list[Any] = []
        self._broken: BaseException | None = None
        self._timed_out: CandidateDied | None = None
        self._finished: Call | None = None  # the last one that was

    def __getattr__(self, name: str) -> "Function":
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(self, name)

    def __getitem__(self, name: str) -> "Function":
        return Function(self, name)

    @contextlib.contextmanager
    def strict(self, **errstate: str) -> Iterator[None]:
        """Inside, numpy's overflow, invalid and divide warnings of the learner's code are errors."""
        before = self._errstate
        self._errstate = errstate or {"over": "raise", "invalid": "raise", "divide": "raise"}
        try:
            yield
        finally:
            self._errstate = before

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Inside, what the learner's code does to its arguments happens to the test's own.

        Not otherwise: an oracle that is asked after the call would be asked about inputs of the learner's choice.
        """
        before, self._in_place = self._in_place, True
        try:
            yield
        finally:
            self._in_place = before

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, the operators of torch that a call runs are watched: `calls[-1].events`, `.operators`, `.peak`."""
        before, self._watched = self._watched, True
        try:
            yield
        finally:
            self._watched = before

    def run(self, probe: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run `probe(module, *args)`, a function of the test file, in the candidate."""
        return self._exchange("run", package_probe(probe), probe.__name__, args, kwargs)

    def grad(self, name: str, *args: Any, wrt: tuple[Any, ...] = (0,), cotangent: Any = None, **kwargs: Any) -> Any:
        """`(result, gradients)`: of `(cotangent * result).sum()` with respect to the arguments named in `wrt`.

        Autograd runs in the candidate; a gradient is None where the result does not depend on that argument.
        """
        return self.run(_gradient, name, args, kwargs, list(wrt), cotangent)

    def read(self, path: list[Any]) -> Any:
        return self._finish(".".join(map(str, path[1:])), "get", path, [])

    def write(self, path: list[Any], value: Any) -> None:
        encoder = Encoder(self._reference, device=self.session.device)
        self._finish(str(path[-1]), "set", [path, encoder.encode(value)], encoder.buffers)

    def call(self, path: list[Any], label: str, args: Any, kwargs: Any) -> Any:
        return self._exchange("call", path, label, args, kwargs)

    # One exchange

    def _exchange(self, kind: str, target: Any, label: str, args: Any, kwargs: Any) -> Any:
        encoder = Encoder(self._reference, device=self.session.device)
        positional = [encoder.encode(a) for a in args]
        named = [[name, encoder.encode(value)] for name, value in kwargs.items()]
        target_tree = target if kind == "call" else encoder.encode(target)
        said: dict[str, Any] = {"errstate": self._errstate} if self._errstate else {}
        if self._watched:
            said["watch"] = True
        options = encoder.encode(said)
        inputs = {**dict(enumerate(args)), **kwargs}
        tree = [target_tree, positional, named, options]
        return self._finish(label, kind, tree, encoder.buffers, inputs, (positional, named))

    def _finish(
        self, label: str, kind: str, tree: Tree, buffers: list[bytes], inputs: Any = None, shown: Any = ((), ())
    ) -> Any:
        self._stop_if_enough()
        if self._timed_out is not None:  # the other cases of this check would only take as long again
            raise self._timed_out
        record = Call(label, (shown, buffers), case=self.case)
        self.calls.append(record)
        self._callbacks_used = 0
        try:
            reply, answer, out = self.session.request(kind, tree, buffers, self._serve)
        except CandidateDied as death:
            self._timed_out = death if death.kind == "timeout" else None
            raise
        if self.session.enough:  # a function of the test, called meanwhile, has found out
            self.calls[:] = [c for c in self.calls if c is not record]
            raise Enough
        if self._broken is not None:
            broken, self._broken = self._broken, None
            raise broken
        try:
            self._read_reply(record, reply, answer, Decoder(out, self._resolve, layout=False))
        except WireError as error:
            raise CandidateDied("refused", f"the result of {label} cannot be used: {error}") from None
        for key, value in record.changed.items():
            if inputs and key in inputs and (self._in_place or is_generator(inputs[key])):
                write_back(inputs[key], value)
        result = record.result
        self.session.kept += sum(map(len, out))
        if self.session.kept > MAX_KEPT:  # the check has it; the report and the diagnosis do without
            record.result, record.changed, record.dropped = None, dict.fromkeys(record.changed), True
        self._finished = record
        if record.error is not None:
            raise record.error
        return result

    def _stop_if_enough(self) -> None:
        """Before the next call: by now the check has done to the last one's result whatever it does to it."""
        session, finished = self.session, self._finished
        self._finished = None
        if session.until is not None and finished is not None and not session.enough:
            session.enough = session.until(self.calls, finished)
        if session.enough:
            raise Enough

    def _read_reply(self, record: Call, reply: str, answer: Tree, decoder: Decoder) -> None:
        extra: Any
        if reply == "ok" and type(answer) is list and len(answer) == 2:
            record.result = decoder.decode(answer[0])
            extra = decoder.decode(answer[1])
        elif reply == "raise":
            extra = _described(answer, decoder)
            record.error = learner_error(extra)
            if "MemoryError" in record.error.types:
                record.error.text += f" (the limit is {self.session.limits.memory >> 20} MiB)"
                self.session.deaths.append("out_of_memory")
        elif reply == "refused" and type(answer) is str:
            raise WireError(answer[:300])
        else:
            raise WireError("not a reply")
        if type(extra) is dict:
            record.changed = {k: v for k, v in _pairs(extra.get("changed")) if type(k) in (int, str)}
            record.aliases = [k for k in _list(extra.get("aliases")) if type(k) in (int, str)]
            self.session.note_flags(extra.get("flags"))
            record.events = [e for e in map(_event, _list(extra.get("events"))[:200]) if e is not None]
            record.operators, record.peak = (_size(extra.get(key)) for key in ("operators", "peak"))

    def _serve(self, tree: Tree, buffers: list[memoryview]) -> tuple[Tree, list[bytes]]:
        """The learner's code called a function of the test."""
        self._callbacks_used += 1
        encoder = Encoder(_no_reference, device=self.session.device)
        try:
            if self._callbacks_used > MAX_CALLBACKS:
                raise WireError("too many calls of the test's functions")
            if type(tree) is not list or len(tree) != 5 or tree[0] != "callback":
                raise WireError("not a callback")
            _, number, method, positional, named = tree
            decoder = Decoder(buffers, self._resolve, layout=False)
            args = [decoder.decode(a) for a in _list(positional)]
            kwargs = decoder.decode(named)
            function = self._callback(number, method)
            value = function(*args, **kwargs) if callable(function) else function
            return ["ok", encoder.encode(value)], encoder.buffers
        except WireError:
            raise
        except LearnerError as error:
            return ["raise", [error.types[0], error.text]], []
        except (AssertionError, CandidateDied) as error:
            self._broken = self._broken or error
            return ["raise", ["RuntimeError", "the check has failed already"]], []
        except Exception as error:
            return ["raise", [type(error).__name__, str(error)[:500]]], []

    def _callback(self, number: Any, method: Any) -> Any:
        if type(number) is not int or not 0 <= number < len(self._callbacks):
            raise WireError("no such function")
        target = self._callbacks[number]
        if method is None or method == "__call__":
            return target
        name = method.removeprefix(".") if type(method) is str else "_"
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(target, name)

    def _reference(self, obj: Any) -> Tree:
        if type(obj) is Handle:
            proxy, number, _, _, generation = obj._dlkit
            if generation != proxy.session.generation:
                raise CandidateDied("crashed", "the object it works on was lost when your code crashed")
            return ["handle", number]
        torch = torch_or_none()
        if torch is not None and isinstance(obj, torch.nn.Module):
            raise TypeError("a module cannot be sent: build it in a probe")
        if isinstance(obj, np.random.Generator):
            raise TypeError("send np.random.default_rng(seed): the check's own generator must stay the check's")
        number = len(self._callbacks)
        self._callbacks.append(obj)
        self.session.lent += 1
        if inspect.isroutine(obj) or isinstance(obj, type):
            return ["callback", number, getattr(obj, "__name__", "function")]
        methods = [n for n in dir(obj) if not n.startswith("_") and callable(getattr(obj, n))]
        return ["object", number, type(obj).__name__, methods]

    def _resolve(self, tag: str, args: list[Any]) -> Any:
        if tag == "handle" and len(args) == 3 and type(args[0]) is int:
            return Handle(self, args[0], str(args[1])[:80], args[2] is True)
        if tag == "callback" and type(args[0]) is int and 0 <= args[0] < len(self._callbacks):
            return self._callbacks[args[0]]
        if tag == "tensor_on" and len(args) == 2 and type(args[1]) is str:
            args[0].dlkit_device = args[1][:20]  # its values are here, on the CPU; where it was is noted
            return args[0]
        if tag == "generator_on":
            return _generator(*args)
        raise WireError("not a value")


class Function:
    """`candidate.softmax`: calling it calls the learner's; `candidate.Tensor.zeros` follows attributes."""

    def __init__(self, proxy: CandidateProxy, *path: str) -> None:
        self._proxy = proxy
        self._path = path

    def __getattr__(self, name: str) -> "Function":
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(self._proxy, *self._path, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._proxy.call([None, *self._path], ".".join(self._path), args, kwargs)

    def value(self) -> Any:
        """The attribute itself, for a constant."""
        return self._proxy.read([None, *self._path])

    def __repr__(self) -> str:
        return f"<{'.'.join(self._path)} of the submission>"


def _generator(state: Any, device: Any) -> Any:
    """A generator of the simulated device has the CPU's state; what another device's says means nothing here."""
    torch = torch_or_none()
    generator = torch.Generator()
    if type(device) is str and device.startswith("sim"):
        generator.set_state(state)
        return generator
    return None


def is_generator(value: Any) -> bool:
    torch = torch_or_none()
    return isinstance(value, np.random.Generator) or (torch is not None and isinstance(value, torch.Generator))


def write_back(original: Any, new: Any) -> None:
    """Give the test's own object the value that the learner's code left in its copy."""
    torch = torch_or_none()
    if isinstance(original, np.ndarray):
        if isinstance(new, np.ndarray) and new.shape == original.shape and original.flags.writeable:
            original[...] = new.astype(original.dtype, copy=False)
    elif torch is not None and isinstance(original, torch.Tensor):
        if isinstance(new, torch.Tensor) and new.shape == original.shape:
            with torch.no_grad():
                original.data.copy_(new)
            original.grad = new.grad
    elif isinstance(original, list) and isinstance(new, list):
        kept = [_kept(o, n) for o, n in zip(original, new, strict=False)]
        original[:] = [*kept, *new[len(kept) :]]
    elif isinstance(original, tuple) and isinstance(new, tuple):
        for o, n in zip(original, new, strict=False):
            write_back(o, n)
    elif isinstance(original, dict) and isinstance(new, dict):
        merged = {k: _kept(original[k], n) if k in original else n for k, n in new.items()}
        original.clear()
        original.update(merged)
    elif isinstance(original, np.random.Generator) and isinstance(new, np.random.Generator):
        with contextlib.suppress(ValueError, TypeError):
            original.bit_generator.state = new.bit_generator.state
    elif torch is not None and isinstance(original, torch.Generator) and isinstance(new, torch.Generator):
        original.set_state(new.get_state())


def _kept(original: Any, new: Any) -> Any:
    """The test's own nested object with the new value, where the kinds agree; else the new one."""
    if isinstance(original, np.ndarray) and isinstance(new, np.ndarray):
        if original.shape != new.shape or original.dtype != new.dtype:
            return new
        write_back(original, new)
        return original
    if isinstance(original, list | dict) and type(original) is type(new):
        write_back(original, new)
        return original
    return new


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    return [p for p in _list(value) if type(p) is tuple and len(p) == 2]


def _no_reference(obj: Any) -> Tree:
    raise TypeError(f"{type(obj).__name__} cannot cross to the candidate")


def _ignore_reference(tag: str, args: list[Any]) -> Any:
    return None


def _no_callback(*_: Any) -> Any:
    raise WireError("not a callback")


# Probes: functions of the test file, sent as source

_FUTURE = "from __future__ import annotations\n"  # a probe's annotations mean nothing over there
_PACKAGED: dict[types.CodeType, dict[str, Any]] = {}


def package_probe(probe: Callable[..., Any]) -> dict[str, Any]:
    """A probe's source with what its globals mean: modules by name, other functions as source, plain constants."""
    code = probe.__code__
    if code not in _PACKAGED:
        if code.co_freevars:
            raise TypeError(f"the probe {probe.__name__} uses variables of the test around it: {code.co_freevars}")
        sources: list[str] = []
        imports: dict[str, str] = {}
        constants: dict[str, Any] = {}
        _collect(probe, sources, imports, constants, set())
        _PACKAGED[code] = {
            "name": probe.__name__, "source": _FUTURE + "\n\n".join(sources), "imports": imports, "constants": constants
        }  # fmt: skip
    return _PACKAGED[code]


def _globals_of(code: types.CodeType) -> set[str]:
    """The global names that a piece of code reads, nested functions and classes included."""
    names = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return names.union(*(_globals_of(c) for c in code.co_consts if isinstance(c, types.CodeType)))


def _collect(
    function: Any, sources: list[str], imports: dict[str, str], constants: dict[str, Any], seen: set[str]
) -> None:
    if function.__name__ in seen:
        return
    seen.add(function.__name__)
    source = textwrap.dedent(inspect.getsource(function))
    sources.insert(0, source)
    space = inspect.getmodule(function).__dict__ if isinstance(function, type) else function.__globals__
    for name in sorted(_globals_of(compile(_FUTURE + source, "probe", "exec"))):
        if name not in space:
            continue
        value = space[name]
        if isinstance(value, types.ModuleType):
            imports[name] = value.__name__
        elif isinstance(value, types.FunctionType | type) and value.__module__ == space["__name__"]:
            _collect(value, sources, imports, constants, seen)
        elif isinstance(value, type) or inspect.isroutine(value):
            if value.__module__ not in ("builtins", "typing"):
                imports[name] = f"{value.__module__}:{value.__qualname__}"
        elif not name.startswith("__") and not hasattr(value, "__origin__"):
            constants[name] = value
