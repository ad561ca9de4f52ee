"""What a class handed in -> one item per answer or problem. Nothing is executed, nothing is unpacked to disk."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ..catalog import Exercise
from ..errors import UsageProblem
from ..submission import MAX_BYTES
from ..text import clean
from .entries import (
    ARCHIVES,
    MAX_CLASS_ENTRIES,
    Entry,
    Refused,
    archive_entries,
    bounded,
    disk_entry,
    expanded,
    folder_entries,
    ignored,
    open_regular,
    opened_archive,
    shown_name,
)

SUFFIXES = (".py", ".ipynb")
MAX_NOBODYS = 100
MAX_OTHERS = 8  # files of one student that are named although they are no answers
_OTHER_ARCHIVES = (".rar", ".7z", ".gz", ".tar", ".tgz", ".xz", ".bz2")
# How learning platforms name what they export.
_MOODLE = re.compile(r"(?P<student>.+_\d+)_assignsubmission_(?:file|onlinetext)_?")
_CANVAS = re.compile(r"(?P<name>[^_/]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)")
_BLACKBOARD = re.compile(r".+?_(?P<name>[^_]+)_attempt_[\d-]{19}_(?P<file>.+)")
_COPY = re.compile(r"(?:-(?P<canvas>\d{1,4})| ?\((?P<browser>\d{1,4})\)| - Copy)$")


@dataclass(frozen=True)
class Found:
    """An answer of one student to one exercise."""

    student: str
    stem: str
    shown: str
    data: bytes
    notebook: bool
    submitted_at: float  # seconds since the epoch; 0 where nothing is known


@dataclass(frozen=True)
class Problem:
    """Something that is not graded. Where student and exercise are known, it counts as an answer that is invalid."""

    student: str
    stem: str
    shown: str
    reason: str
    submitted_at: float = 0.0


Item = Found | Problem


class Collector:
    """Knows which exercises count, and reads one folder or archive."""

    def __init__(self, exercises: Iterable[Exercise], only: Iterable[Exercise] = ()) -> None:
        self._names = {n: e.stem for e in exercises for n in (e.stem, e.name, e.slug)}
        chosen = [e.stem for e in only]
        self._only = frozenset(chosen)
        self._single = chosen[0] if len(chosen) == 1 else ""
        self._students: dict[str, str] = {}

    def collect(self, source: Path) -> Iterator[Item]:
        """Everything below `source`, by student. Raises UsageProblem where it cannot be read at all."""
        if source.is_file() and source.suffix.lower() in ARCHIVES:
            yield from self._archive(source, shown_name(source.name), whole_class=True)
        elif source.is_dir():
            yield from self._folder(source)
        elif source.exists():
            raise UsageProblem(f"{source} is neither a folder nor a zip archive.")
        else:
            raise UsageProblem(f"There is no folder {source}. Check the path.")

    def one_student(self, folder: Path) -> Iterator[Item]:
        """The answers in a folder that holds one student's files."""
        yield from self._student("student", folder_entries(folder, "submission"), "submission")

    def _folder(self, folder: Path) -> Iterator[Item]:
        loose: list[Entry] = []
        try:
            paths = sorted(p for p in folder.iterdir() if not ignored(p.name))
        except OSError as error:
            raise UsageProblem(f"{folder} cannot be read: {error.strerror}.") from None
        for path in paths:
            shown = shown_name(path.name)
            if path.is_dir() and not path.is_symlink():
                yield from self._student(path.name, folder_entries(path, shown), shown)
            elif path.suffix.lower() in ARCHIVES and _flat_student(path.name) is None and not path.is_symlink():
                yield from self._archive(path, shown, whole_class=False)
            else:
                loose.append(disk_entry(path, (path.name,), shown))
        yield from self._class(loose)

    def _archive(self, path: Path, shown: str, whole_class: bool) -> Iterator[Item]:
        """A class as a platform exports it, or one student's archive, which is named after the student."""
        try:
            with open_regular(path) as file, opened_archive(file) as archive:
                entries = list(archive_entries(archive, shown, MAX_CLASS_ENTRIES))
                if whole_class or self._is_class(entries):
                    yield from self._class(entries)
                else:
                    yield from self._student(path.stem, bounded(entries, shown), shown)
        except Refused as error:
            student = "" if whole_class else _student_name(path.stem)
            yield Problem(student, self._single if student else "", shown, str(error))

    def _is_class(self, entries: list[Entry]) -> bool:
        if any(_MOODLE.fullmatch(e.path[0]) if len(e.path) > 1 else _flat_student(e.name) for e in entries):
            return True
        folders: dict[str, set[str]] = {}
        for e in entries:
            stem = self._stem(e)
            if stem and len(e.path) > 1:
                folders.setdefault(stem, set()).add("/".join(e.path[:-1]))
        return any(len(found) > 1 for found in folders.values())

    def _class(self, entries: list[Entry]) -> Iterator[Item]:
        """Entries of several students: in folders of their own, or with names that say whose they are."""
        tops = {e.path[0] for e in entries}
        while len(tops) == 1 and all(len(e.path) > 2 for e in entries):  # a folder around the whole class
            entries = [replace(e, path=e.path[1:]) for e in entries]
            tops = {e.path[0] for e in entries}
        students: dict[str, list[Entry]] = {}
        nobodys: list[Entry] = []
        for e in entries:
            flat = _flat_student(e.name)
            if len(e.path) > 1:
                students.setdefault(e.path[0], []).append(replace(e, path=e.path[1:]))
            elif flat is not None:
                students.setdefault(flat[0], []).append(replace(e, path=(flat[1],)))
            elif e.trouble or e.suffix in SUFFIXES + ARCHIVES:
                nobodys.append(e)
        for e in nobodys[:MAX_NOBODYS]:
            yield Problem("", "", e.shown, e.trouble or "it lies in no student's folder")
        if len(nobodys) > MAX_NOBODYS:
            yield Problem("", "", "", f"{len(nobodys) - MAX_NOBODYS} more files lie in no student's folder")
        for name, own in students.items():
            yield from self._student(name, iter(own), shown_name(name))

    def _student(self, folder: str, entries: Iterator[Entry], shown: str) -> Iterator[Item]:
        """The answers of one student: one per exercise, the newest where there are several."""
        moodle = _MOODLE.fullmatch(folder)
        student = _student_name(moodle["student"] if moodle else folder)
        if not student:
            yield Problem("", "", shown, "the folder's name cannot be shown; rename it")
            return
        if self._students.setdefault(student, folder) != folder:
            yield Problem(student, "", shown, "another folder has a name that looks the same; rename one of them")
            return
        by_exercise: dict[str, list[Entry]] = {}
        others: list[Entry] = []
        for entry in expanded(entries):
            stem = self._exercise(entry)
            if stem:
                by_exercise.setdefault(stem, []).append(entry)
            elif self._worth_a_word(entry):
                others.append(entry)
        yield from self._others(student, others)
        for stem, found in by_exercise.items():
            yield from self._answers(student, stem, found)
        if not by_exercise and not others:
            yield Problem(student, self._single, shown, "nothing to grade was found here")

    def _others(self, student: str, entries: list[Entry]) -> Iterator[Item]:
        """Files that are no answers, a few of them by name."""
        entries.sort(key=lambda e: not e.trouble)
        for entry in entries[:MAX_OTHERS]:
            yield Problem(student, "", entry.shown, entry.trouble or self._unknown(entry))
        if len(entries) > MAX_OTHERS:
            more = f"{len(entries) - MAX_OTHERS} more files here are not answers either"
            yield Problem(student, "", entries[-1].shown, more)

    def _answers(self, student: str, stem: str, found: list[Entry]) -> Iterator[Item]:
        named = [e for e in found if self._stem(e) == stem]
        good = [e for e in named or found if not e.trouble]
        if not named and len(good) > 1:
            names = ", ".join(sorted(shown_name(e.name) for e in good)[:4])
            reason = f"several files ({names}), and none is called {stem}.py: which one is the answer?"
            yield Problem(student, stem, good[0].shown, reason, max(e.mtime for e in good))
            return
        good.sort(key=_age)
        refusals = [Problem(student, stem, e.shown, e.trouble, e.mtime) for e in found if e.trouble]
        taken: Found | None = None
        while good and taken is None:
            entry = good.pop()
            try:
                taken = Found(student, stem, entry.shown, entry.read(MAX_BYTES), entry.suffix == ".ipynb", entry.mtime)
            except Refused as error:
                refusals.append(Problem(student, stem, entry.shown, str(error), entry.mtime))
        if taken is None:
            yield from (replace(p, stem="") for p in refusals[:-1])
            yield refusals[-1]
            return
        yield taken
        yield from (replace(p, stem="") for p in refusals)
        for entry in good:
            if not _same(entry, taken):
                reason = f"there is a newer answer to the same exercise ({taken.shown}), which is graded"
                yield Problem(student, "", entry.shown, reason, entry.mtime)

    # Names

    def _exercise(self, entry: Entry) -> str:
        """The exercise that a file answers, among those that count; or nothing."""
        stem = self._stem(entry)
        if not stem and self._single and entry.suffix in SUFFIXES:
            return self._single
        return stem if not self._only or stem in self._only else ""

    def _stem(self, entry: Entry) -> str:
        name = PurePosixPath(entry.name)
        if name.suffix.lower() not in SUFFIXES:
            return ""
        return self._names.get(_COPY.sub("", name.stem), "")

    def _worth_a_word(self, entry: Entry) -> bool:
        if self._only and self._stem(entry):
            return False  # an exercise that was not asked for
        known = self._names.get(_COPY.sub("", entry.name.split(".")[0]))
        return bool(entry.trouble or known) or entry.suffix in (*SUFFIXES, *_OTHER_ARCHIVES)

    def _unknown(self, entry: Entry) -> str:
        if entry.suffix in _OTHER_ARCHIVES:
            return "archives of this kind are not read; ask for a zip"
        if entry.suffix in SUFFIXES:
            return "no exercise has this name"
        return "an answer is a .py or .ipynb file"


def _age(entry: Entry) -> tuple[float, int, str]:
    """Older first. Copies that a platform or a browser numbered are newer than the first."""
    copy = _COPY.search(PurePosixPath(entry.name).stem)
    number = int((copy and (copy["canvas"] or copy["browser"])) or 0)
    return entry.mtime, number, entry.shown


def _same(entry: Entry, taken: Found) -> bool:
    try:
        return entry.read(MAX_BYTES) == taken.data
    except Refused:
        return False


def _flat_student(name: str) -> tuple[str, str] | None:
    """Whose file this is and its own name, where a platform packs both into one name."""
    canvas = _CANVAS.fullmatch(name)
    if canvas:
        return f"{canvas['name']}_{canvas['id']}", canvas["file"]
    blackboard = _BLACKBOARD.fullmatch(name)
    return (blackboard["name"], blackboard["file"]) if blackboard else None


def _student_name(folder: str) -> str:
    """A folder's name as a student's: one line of harmless text, in one Unicode form."""
    return " ".join(unicodedata.normalize("NFC", clean(folder, 200)).split())[:120]
