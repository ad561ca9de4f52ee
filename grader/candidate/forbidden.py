"""Forbidden shortcuts: a scan of the source, and callables patched to raise when the learner's own code calls them.

A ban is written as learners write it: `scipy` (a package), `np.tanh` (a callable), `.strides` (an attribute of
anything). This finds the plain cases; a determined student can hide one, and the documentation says so.
"""

import ast
import functools
import importlib
import sys
from collections.abc import Callable, Iterable
from importlib.abc import MetaPathFinder
from typing import Any

_SHORT = {"np": "numpy", "F": "torch.nn.functional", "nn": "torch.nn"}
_ALWAYS = ("eval", "exec", "__import__")


class ForbiddenShortcut(Exception):
    """Raised inside the learner's code at the banned call."""


def canonical(ban: str) -> str:
    head, dot, rest = ban.partition(".")
    return _SHORT.get(head, head) + dot + rest


def scan(tree: ast.Module, bans: Iterable[str], alias: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Every use of a banned name in the source: `{"name", "line"}`, in order of lines.

    `alias` keeps what names mean from one cell of a notebook to the next.
    """
    banned = {canonical(b): b for b in bans}
    finder = _Finder(banned, {} if alias is None else alias)
    finder.visit(tree)
    return sorted(finder.found, key=lambda f: f["line"])


class _Finder(ast.NodeVisitor):
    def __init__(self, banned: dict[str, str], alias: dict[str, str]) -> None:
        self._banned = banned
        self._alias = alias
        self.found: list[dict[str, Any]] = []

    def _check(self, path: str, line: int) -> bool:
        """A ban of `scipy` covers `scipy.special.expit`, too."""
        parts = path.split(".")
        for end in range(1, len(parts) + 1):
            ban = self._banned.get(".".join(parts[:end]))
            if ban is not None:
                self.found.append({"name": ban, "line": line})
                return True
        return False

    def _check_attribute(self, base: str | None, attribute: str, line: int) -> bool:
        if base is not None and self._check(f"{base}.{attribute}", line):
            return True
        if f".{attribute}" in self._banned:
            self.found.append({"name": f".{attribute}", "line": line})
        return False

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            self._check(name.name, node.lineno)
            self._alias[name.asname or name.name.split(".")[0]] = name.name if name.asname else name.name.split(".")[0]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for name in node.names:
            path = f"{node.module or ''}.{name.name}"
            self._check(path, node.lineno)
            self._alias[name.asname or name.name] = path

    def _path(self, node: ast.AST) -> str | None:
        if isinstance(node, ast.Name):
            return self._alias.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self._path(node.value)
            return None if base is None else f"{base}.{node.attr}"
        return None

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not self._check_attribute(self._path(node.value), node.attr, node.lineno):
            self.generic_visit(node)  # a path that is banned is one use, not one for each of its parts

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in _ALWAYS:
            self.found.append({"name": node.func.id, "line": node.lineno})
        if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) > 1:
            base, name = self._path(node.args[0]), node.args[1]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                self._check_attribute(base, name.value, node.lineno)
        self.generic_visit(node)


class Guard:
    """While the learner's code runs: banned callables raise when called from it, banned packages do not import."""

    def __init__(self, bans: Iterable[str], is_learner: Callable[[str], bool]) -> None:
        self.flags: list[dict[str, Any]] = []
        self._is_learner = is_learner
        self._packages: set[str] = set()
        self._undo: list[tuple[Any, str, Any, bool]] = []
        for ban in bans:
            path = canonical(ban)
            if path.startswith("."):
                continue  # an attribute of anything: only the scan sees it
            if "." not in path:
                self._packages.add(path)
            else:
                self._patch(ban, path)
        self._finder = _Blocked(self)
        sys.meta_path.insert(0, self._finder)

    def remove(self) -> None:
        for owner, name, original, own in reversed(self._undo):
            if own:
                setattr(owner, name, original)
            else:
                delattr(owner, name)  # it is inherited
        self._undo.clear()
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)

    def note(self, ban: str, depth: int) -> None:
        """Raise if the learner's code is the caller `depth` frames up (import machinery is looked through)."""
        frame: Any = sys._getframe(depth)
        while frame is not None and "importlib" in frame.f_code.co_filename:
            frame = frame.f_back
        if frame is not None and self._is_learner(frame.f_code.co_filename):
            self.flags.append({"name": ban, "line": frame.f_lineno})
            raise ForbiddenShortcut(f"{ban} is what this exercise asks you to write yourself")

    def covers(self, module: str) -> bool:
        return module.split(".")[0] in self._packages

    def _patch(self, ban: str, path: str) -> None:
        module_name, _, name = path.rpartition(".")
        root = sys.modules.get(module_name.split(".")[0])
        owner: Any = root
        for part in module_name.split(".")[1:]:
            owner = getattr(owner, part, None)
        if owner is None and root is not None and module_name in sys.modules:
            owner = sys.modules[module_name]
        if root is None and module_name in ("math", "cmath"):
            owner = importlib.import_module(module_name)
        original = getattr(owner, name, None) if owner is not None else None
        if not callable(original) or isinstance(original, type):
            return

        @functools.wraps(original, updated=())
        def refuse(*args: Any, **kwargs: Any) -> Any:
            self.note(ban, 2)
            return original(*args, **kwargs)

        own = name in getattr(owner, "__dict__", {})
        try:
            setattr(owner, name, refuse)
        except (AttributeError, TypeError):
            return  # a C type: only the scan sees it
        self._undo.append((owner, name, original, own))


class _Blocked(MetaPathFinder):
    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if self._guard.covers(fullname):
            self._guard.note(fullname.split(".")[0], 2)
