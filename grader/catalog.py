"""exercises/index.toml -> Exercise; finding one by number, slug, stem, unique prefix or path."""

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import UsageProblem

ROOT = Path(__file__).resolve().parent.parent
INDEX = ROOT / "exercises" / "index.toml"
_STEM = re.compile(r"exercise_(\d{2,3})_([a-z0-9_]+)")


@dataclass(frozen=True)
class Exercise:
    """One entry of the index, in teaching order."""

    stem: str
    title: str
    track: str
    level: int
    framework: str
    prerequisites: tuple[str, ...] = ()
    minutes: int = 15
    forbidden: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    call_seconds: float = 10.0
    root: Path = ROOT

    @property
    def number(self) -> str:
        return self.stem.split("_")[1]

    @property
    def slug(self) -> str:
        return self.stem.split("_", 2)[2]

    @property
    def name(self) -> str:
        """What the learner types: `exercise_07`."""
        return f"exercise_{self.number}"

    @property
    def stub(self) -> Path:
        return self.root / "exercises" / f"{self.stem}.py"

    @property
    def solution(self) -> Path:
        return self.root / "solutions" / f"{self.stem}.py"

    @property
    def wrong(self) -> Path:
        return self.root / "solutions" / "wrong" / f"{self.stem}.py"

    @property
    def right(self) -> Path:
        return self.root / "solutions" / "right" / f"{self.stem}.py"

    @property
    def tests(self) -> Path:
        return self.root / "tests" / "hidden" / f"test_{self.stem}.py"

    @property
    def bans(self) -> tuple[str, ...]:
        """What the submission may not use: the index's list and, for numpy exercises, the other frameworks."""
        always = ("torch", "tensorflow", "jax", "sklearn") if self.framework == "numpy" else ()
        return tuple(dict.fromkeys((*always, *self.forbidden)))

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """The public functions and classes that the stub defines, and so every submission must."""
        import ast

        return tuple(
            node.name
            for node in ast.parse(self.stub.read_text("utf-8")).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        )

    @functools.cached_property
    def statement(self) -> str:
        """The stub's docstring: what is asked."""
        import ast

        return ast.get_docstring(ast.parse(self.stub.read_text("utf-8"))) or ""


class Catalog:
    """All exercises of one installation."""

    def __init__(self, exercises: Iterable[Exercise], planned: Iterable[str] = ()) -> None:
        self.exercises = tuple(exercises)
        self.planned = frozenset(planned)  # slugs of the curriculum that are not written yet

    def __iter__(self) -> Iterator[Exercise]:
        return iter(self.exercises)

    def find(self, text: str) -> Exercise:
        """The exercise that `text` means. Raises UsageProblem with suggestions where none or several do."""
        key = text.strip().replace("-", "_")
        stem = _STEM.fullmatch(Path(key).name.split(".")[0].removeprefix("test_"))
        if stem:
            key = stem.group(0)
        exact = [e for e in self.exercises if key in (e.stem, e.name, e.slug)]
        digits = re.fullmatch(r"(?:exercise_?|ex_?)?0*(\d{1,3})", key)
        if not exact and digits:
            exact = [e for e in self.exercises if int(e.number) == int(digits.group(1))]
        if not exact and not digits and key:
            exact = [e for e in self.exercises if e.slug.startswith(key) or e.stem.startswith(key)]
        if len(exact) == 1:
            return exact[0]
        if exact:
            names = ", ".join(f"{e.slug} ({e.number})" for e in exact[:6])
            raise UsageProblem(f"`{text}` means several exercises: {names}. Write one more letter, or its number.")
        raise UsageProblem(f"There is no exercise `{text}`.{self._suggest(key)} `dlkit list` shows all of them.")

    def _suggest(self, key: str) -> str:
        import difflib

        slugs = [e.slug for e in self.exercises]
        near = difflib.get_close_matches(key.removeprefix("exercise_").lstrip("0123456789_"), slugs, 3, 0.5)
        return f" Did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""


def select(
    exercises: Iterable[Exercise], track: str | None, framework: str | None, level: int | None, question: str | None
) -> list[Exercise]:
    """The exercises that agree with every filter given; `question` wants all its words in one interview question."""

    def fits(e: Exercise) -> bool:
        words = (question or "").lower().split()
        return (
            (
                track is None
                or e.track[:1].lower() == track.lower()
                or (len(track) > 1 and track.lower() in e.track.lower())
            )
            and framework in (None, e.framework)
            and level in (None, e.level)
            and (not words or any(all(w in q.lower() for w in words) for q in (*e.questions, e.title)))
        )

    return [e for e in exercises if fits(e)]


def read_index(path: Path = INDEX) -> Catalog:
    """The catalogue of an index file. Raises ValueError, with the entry's name, where one is malformed."""
    with path.open("rb") as file:
        index = tomllib.load(file)
    entries = index.get("exercise", [])
    if not isinstance(entries, list):
        raise ValueError("index.toml: write [[exercise]], one table per exercise")
    exercises = [_entry(e, path.parent.parent) for e in entries]
    numbers: dict[int, Exercise] = {}
    for e in exercises:
        other = numbers.setdefault(int(e.number), e)
        if other is not e:
            raise ValueError(f"{e.stem!r} in index.toml has the number of {other.stem!r}")
    return Catalog(exercises, index.get("planned", []))


@functools.cache
def catalog() -> Catalog:
    return read_index()


_LISTS = ("prerequisites", "forbidden", "hints", "questions", "sources")
_NEEDED = {"stem": str, "title": str, "track": str, "level": int, "framework": str}
_KINDS: dict[str, Any] = {**_NEEDED, "minutes": int, "call_seconds": int | float}


def _entry(entry: Any, root: Path) -> Exercise:
    if not isinstance(entry, dict):
        raise ValueError(f"index.toml: {entry!r} is not a table")
    name = entry.get("stem", "an entry without a stem")
    for key in _NEEDED.keys() - entry.keys():
        raise ValueError(f"{name!r} in index.toml has no `{key}`")
    for key, value in entry.items():
        if key in _LISTS:
            fits = isinstance(value, list) and all(isinstance(v, str) for v in value)
        else:
            fits = key in _KINDS and isinstance(value, _KINDS[key]) and not isinstance(value, bool)
        if not fits:
            raise ValueError(f"{name!r} in index.toml: `{key} = {value!r}` is not what belongs there")
    if not _STEM.fullmatch(name):
        raise ValueError(f"{name!r} in index.toml is not of the form exercise_NN_slug")
    values: dict[str, Any] = {k: tuple(v) if k in _LISTS else v for k, v in entry.items()}
    return Exercise(**values, root=root)
