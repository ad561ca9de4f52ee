"""Loads the learner's module and answers requests: inputs in, outputs out. It knows no expected value.

The same class serves a sandboxed process (zygote.py) and, for trusted answers, the grader's own process.
"""

import ast
import builtins
import contextlib
import hashlib
import inspect
import linecache
import random
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .forbidden import Guard, scan
from .inputs import Snapshot, aliases, tensors
from .wire import DEVICE_TENSORS, Decoder, Encoder, Tree, WireError, torch_or_none

MAX_TEXT = 2_000  # characters of an exception's message
MAX_FRAMES = 8
Reply = tuple[str, Tree, list[bytes]]


class Callback:
    """A function of the test, as the learner's code sees it."""

    def __init__(self, number: int, name: str, call: Callable[..., Any]) -> None:
        self._dlkit = number, name, call
        self.__name__ = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        number, _, call = self._dlkit
        return call(number, None, args, kwargs)

    def __repr__(self) -> str:
        return f"<function {self._dlkit[1]} of the check>"


class RemoteObject:
    """An object of the test (an environment, say): public methods are calls, other attributes are fetched."""

    def __init__(self, number: int, name: str, methods: list[str], call: Callable[..., Any]) -> None:
        self.__dict__["_dlkit"] = number, name, methods, call

    def __getattr__(self, name: str) -> Any:
        number, _, methods, call = self.__dict__["_dlkit"]
        if name.startswith("_"):
            raise AttributeError(name)
        if name in methods:
            return lambda *args, **kwargs: call(number, name, args, kwargs)
        return call(number, "." + name, (), {})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        number, _, _, call = self.__dict__["_dlkit"]
        return call(number, "__call__", args, kwargs)

    def __repr__(self) -> str:
        return f"<{self.__dict__['_dlkit'][1]} of the check>"


class Worker:
    """Answers one request at a time. `ask` sends a callback to the test and waits for its reply."""

    def __init__(self, ask: Callable[[Tree, list[bytes]], tuple[Tree, list[memoryview]]]) -> None:
        self._ask = ask
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}
        self._module: types.ModuleType | None = None
        self._files: dict[str, str] = {}  # label -> source, of the learner's units
        self._parsed: list[tuple[str, ast.Module]] = []
        self._guard: Guard | None = None
        self._device = "cpu"
        self._support: dict[str, str] = {}  # name -> source, of trusted modules beside it
        self._watched = False  # in this request
        self._watch: Any = None  # device/watch.py, once something is to be watched
        self._probes: dict[str, dict[str, Any]] = {}
        self._actions: dict[str, Callable[[Tree, Decoder], Reply]] = {
            "scan": self._scan, "load": self._load, "call": self._call, "run": self._run,
            "get": self._get, "set": self._set,
        }  # fmt: skip

    def adopt(self, module: types.ModuleType) -> None:
        """Serve a trusted module that is imported already."""
        self._module = module

    def close(self) -> None:
        if self._guard is not None:
            self._guard.remove()

    def handle(self, kind: str, tree: Tree, buffers: list[memoryview]) -> Reply:
        """The reply to one request; whatever the learner's code raises becomes data."""
        self._watched = False
        try:
            decoder = Decoder(buffers, self._resolve)
            return self._actions[kind](tree, decoder)
        except WireError as error:
            return "refused", str(error), []
        except MemoryError:
            return "raise", self._describe(MemoryError("the memory limit is reached")), []
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the learner's, too
            return "raise", self._describe(error), []

    # Requests

    def _scan(self, tree: Tree, decoder: Decoder) -> Reply:
        """Parse and look for forbidden names; the findings leave before any line of the learner's runs."""
        wanted = decoder.decode(tree)
        errors, flags = [], []
        alias: dict[str, str] = {}
        for label, source in wanted["units"]:
            self._files[label] = source
            linecache.cache[label] = (len(source), None, source.splitlines(True), label)
            try:
                parsed = ast.parse(source, label)
                self._parsed.append((label, parsed))
                flags += [{**flag, "file": label} for flag in scan(parsed, wanted["bans"], alias)]
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                errors.append(_syntax(label, error))
        return self._reply("scanned", {"flags": flags, "errors": errors})

    def _load(self, tree: Tree, decoder: Decoder) -> Reply:
        """Run the parsed units, one after the other, as one module; an error costs only its own unit."""
        wanted, errors = decoder.decode(tree), []
        seed_generators(wanted["seed"])
        problem = self._use(wanted["device"])
        for extra, source in wanted["support"]:
            self._add_module(extra, source)
        self._module = module = types.ModuleType(wanted["module"])
        module.__file__ = next(iter(self._files), wanted["module"])
        sys.modules[module.__name__] = module
        self._guard = Guard(wanted["bans"], self._files.__contains__)
        for label, parsed in self._parsed:
            try:
                with self._watching(self._device != "cpu"):
                    exec(compile(parsed, label, "exec", dont_inherit=True), module.__dict__)
            except BaseException as error:
                errors.append({"kind": "import", "file": label, **self._describe(error)})
        names = {n: _kind_of(module.__dict__[n]) for n in wanted["names"] if n in module.__dict__}
        told = {"names": names, "errors": errors, "flags": self._flags(), "device_problem": problem}
        return self._reply("loaded", told)

    def _call(self, tree: Tree, decoder: Decoder) -> Reply:
        target_tree, positional, named, options = tree
        args = [decoder.decode(t) for t in positional]
        kwargs = {name: decoder.decode(t) for name, t in named}
        target = self._target(target_tree)
        return self._invoke(target, args, kwargs, decoder.decode(options))

    def _run(self, tree: Tree, decoder: Decoder) -> Reply:
        probe_tree, positional, named, options = tree
        args = [decoder.decode(t) for t in positional]
        kwargs = {name: decoder.decode(t) for name, t in named}
        probe = self._probe(decoder.decode(probe_tree))
        return self._invoke(probe, args, kwargs, decoder.decode(options), self._module)

    def _get(self, tree: Tree, decoder: Decoder) -> Reply:
        return self._result(self._target(tree), {}, {}, {})

    def _set(self, tree: Tree, decoder: Decoder) -> Reply:
        target_tree, value = tree
        *base, name = target_tree
        setattr(self._target(base), name, decoder.decode(value))
        return self._result(None, {}, {}, {})

    def _invoke(self, function: Any, args: list[Any], kwargs: dict[str, Any], options: Any, *before: Any) -> Reply:
        inputs: dict[Any, Any] = {**dict(enumerate(args)), **kwargs}
        snapshots = {key: Snapshot(value, self._reference) for key, value in inputs.items()}
        try:
            with (
                np.errstate(**options.get("errstate", {})),
                self._watching(options.get("watch", self._device != "cpu")),
            ):
                result = function(*before, *args, **kwargs)
        except MemoryError as error:
            return "raise", {**self._describe(error), "flags": self._flags()}, []
        except BaseException as error:
            described = self._describe(error)
            if type(error) is TypeError and not described["frames"]:
                described["signature"] = _signature(function)
            changed = self._changed(inputs, snapshots)
            return self._reply("raise", {**described, "changed": changed, "flags": self._flags(), **self._seen()})
        return self._result(result, inputs, snapshots, options)

    def _result(self, result: Any, inputs: Any, snapshots: Any, options: Any) -> Reply:
        changed = self._changed(inputs, snapshots)
        shared = aliases(result, inputs)
        payload = {"changed": changed, "aliases": shared, "flags": self._flags(), **self._seen(result)}
        encoder = Encoder(self._reference)
        tree = [encoder.encode(result), encoder.encode(payload)]
        return "ok", tree, encoder.buffers

    # Inputs and outputs

    def _changed(self, inputs: dict[Any, Any], before: dict[Any, Snapshot]) -> list[tuple[Any, Any]]:
        return [(k, value) for k, value in inputs.items() if Snapshot(value, self._reference) != before[k]]

    def _reply(self, kind: str, value: Any) -> Reply:
        encoder = Encoder(self._reference)
        return kind, encoder.encode(value), encoder.buffers

    def _flags(self) -> list[dict[str, Any]]:
        return list(self._guard.flags) if self._guard else []

    def _reference(self, obj: Any) -> Tree:
        if isinstance(obj, Callback):
            return ["callback", obj._dlkit[0]]
        if isinstance(obj, RemoteObject):
            return ["callback", obj.__dict__["_dlkit"][0]]
        if id(obj) not in self._numbers:
            number = len(self._objects)
            self._objects[number], self._numbers[id(obj)] = obj, number
        return ["handle", self._numbers[id(obj)], _kind_label(obj), callable(obj)]

    def _resolve(self, tag: str, args: list[Any]) -> Any:
        if tag == "handle":
            return self._objects[args[0]]
        if tag == "callback":
            return Callback(args[0], args[1], self._callback)
        if tag == "object":
            return RemoteObject(args[0], args[1], args[2], self._callback)
        if tag == "tensor_on":
            return self._tensor_on(*args)
        if tag == "generator_on":
            return self._generator_on(*args)
        raise WireError(f"unknown tag {tag}")

    def _callback(self, number: int, method: str | None, args: Any, kwargs: Any) -> Any:
        encoder = Encoder(self._reference)
        tree = ["callback", number, method, [encoder.encode(a) for a in args], encoder.encode(kwargs)]
        answer, buffers = self._ask(tree, encoder.buffers)
        decoder = Decoder(buffers, self._resolve)
        outcome, value = answer
        if outcome == "raise":
            kind = getattr(builtins, value[0], RuntimeError)
            raise (kind if issubclass(kind, Exception) else RuntimeError)(value[1])
        return decoder.decode(value)

    def _target(self, path: list[Any]) -> Any:
        """`[handle or None, name, name, …]`: an attribute path from a handle or from the learner's module."""
        start, *names = path
        target: Any = self._module if start is None else self._objects[start]
        if start is None and names and not hasattr(target, names[0]):
            raise AttributeError(f"your file defines no `{names[0]}`")
        for name in names:
            target = getattr(target, name)
        return target

    # Devices

    def _use(self, device: str) -> str:
        """Tensors of this run lie on `device`; what happens to them there is watched. Why not, if they cannot."""
        self._device = device
        if device != "sim":
            return ""
        from ..device import selftest, simulated

        problem = selftest.problem()
        if problem is None:
            DEVICE_TENSORS[:] = [simulated.SimTensor]
            self._watch = simulated.Accelerator(self._watched_file)
        return problem or ""

    @contextlib.contextmanager
    def _watching(self, wanted: bool) -> Iterator[None]:
        """Operators inside are watched; `_seen` tells of them."""
        self._watched = wanted
        if not wanted:
            yield
            return
        if self._watch is None:
            from ..device.watch import Watch

            self._watch = Watch(self._device.partition(":")[0], self._watched_file)
        self._watch.start()
        with self._watch:
            yield

    def _watched_file(self, name: str) -> bool:
        return name in self._files or name in self._support

    def _seen(self, result: Any = None) -> dict[str, Any]:
        """What was watched during this request, and which lines made those parts of its result that are elsewhere."""
        watch = self._watch
        if not self._watched:
            return {}
        told = [e for e in watch.events if e.place or e.kind in ("mixed", "unsupported")]  # the rest is a probe's own
        events = [[e.kind, e.what, watch.times[e], *self._place(e.place), *self._place(e.made)] for e in told]
        left = dict.fromkeys(watch.made(t) for t in tensors(result) if self._elsewhere(t))
        events += [["left_behind", "", 1, *self._place(p), *self._place(None)] for p in left if p is not None]
        return {"events": events, "operators": watch.operators, "peak": watch.peak}

    def _elsewhere(self, value: Any) -> bool:
        return not isinstance(value, np.ndarray) and value.device.type != self._device.partition(":")[0]

    def _place(self, place: Any) -> tuple[str, int, str]:
        """File, line and what stands there; the line is 0 where it is not known."""
        if place is None:
            return "", 0, ""
        lines = (self._files | self._support)[place.file].splitlines()
        return place.file, place.line, lines[place.line - 1].strip()[:160] if place.line <= len(lines) else ""

    def _tensor_on(self, tensor: Any, device: str) -> Any:
        if device == "sim":
            from ..device.simulated import SimTensor

            return SimTensor(tensor)
        return tensor.to(device)

    def _generator_on(self, state: Any, device: str) -> Any:
        """The check's generator, on the device: the same numbers on `sim`, the same seed on others."""
        torch = torch_or_none()
        generator = torch.Generator(device)
        if device == "sim":
            generator.set_state(state)
        else:
            ours = torch.Generator()
            ours.set_state(state)
            generator.manual_seed(ours.initial_seed())
        return generator

    # The learner's code and the test's probes

    def _add_module(self, name: str, source: str) -> None:
        self._support[name] = source
        parts = name.split(".")
        for end in range(1, len(parts)):
            package = ".".join(parts[:end])
            sys.modules.setdefault(package, types.ModuleType(package)).__path__ = []
        module = types.ModuleType(name)
        sys.modules[name] = module
        exec(compile(source, name, "exec", dont_inherit=True), module.__dict__)

    def _probe(self, probe: dict[str, Any]) -> Any:
        key = hashlib.sha256(repr((probe["source"], probe["constants"])).encode()).hexdigest()
        if key not in self._probes:
            file = f"<check {probe['name']}>"  # not in linecache: a warning would print a line of the check
            space: dict[str, Any] = {"__name__": "dlkit_probe", **probe["constants"]}
            for alias, module in probe["imports"].items():
                space[alias] = _import(module)
            exec(compile(probe["source"], file, "exec", dont_inherit=True), space)
            self._probes[key] = space
        return self._probes[key][probe["name"]]

    def _describe(self, error: BaseException) -> dict[str, Any]:
        """An exception as plain data: type names, text, and the learner's own frames, innermost last."""
        frames = list(_frames(error, self._files))
        return {
            "types": [t.__name__[:80] for t in type(error).__mro__[:-1]][:16],
            "text": _text_of(error),
            "frames": frames[-MAX_FRAMES:],
            "stopped": isinstance(error, SystemExit | KeyboardInterrupt),
        }


def seed_generators(seed: int) -> None:
    """Global generators start the same in every run with the same seed."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch = torch_or_none()
    if torch is not None:
        torch.manual_seed(seed)


def _kind_label(obj: Any) -> str:
    """How the report calls an object that is not data."""
    if isinstance(obj, np.ndarray):
        return f"array of dtype {obj.dtype}"[:80]
    return f"{type(obj).__qualname__[:70]} object"


def _import(path: str) -> Any:
    module, _, name = path.partition(":")
    loaded = __import__(module, fromlist=["_"])
    return getattr(loaded, name) if name else loaded


def _kind_of(value: Any) -> str:
    if isinstance(value, type):
        return "class"
    return "function" if callable(value) else type(value).__name__[:80]


def _signature(function: Any) -> str | None:
    with contextlib.suppress(Exception):
        return f"{function.__name__}{inspect.signature(function)}"[:300]
    return None


def _text_of(error: BaseException) -> str:
    try:
        return str(error)[:MAX_TEXT]
    except BaseException:
        return "(its message could not be made)"


def _syntax(label: str, error: BaseException) -> dict[str, Any]:
    line = getattr(error, "lineno", None)
    return {
        "kind": "syntax",
        "file": label,
        "line": line if isinstance(line, int) else None,
        "column": getattr(error, "offset", None),
        "code": (getattr(error, "text", None) or "")[:200],
        "types": [type(error).__name__],
        "text": str(getattr(error, "msg", None) or error)[:MAX_TEXT],
        "frames": [],
    }


def _frames(error: BaseException, files: dict[str, str]) -> Iterator[dict[str, Any]]:
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename in files:
            lines = files[code.co_filename].splitlines()
            text = lines[trace.tb_lineno - 1].strip() if 0 < trace.tb_lineno <= len(lines) else ""
            yield {
                "file": code.co_filename, "line": trace.tb_lineno, "function": code.co_name[:80], "code": text[:160]
            }  # fmt: skip
        trace = trace.tb_next
