"""Files that somebody handed in, on disk or in a zip archive, behind one face; nothing is unpacked to disk.

Everything here is hostile until proven otherwise: links are not followed, sizes are bounded before memory is taken,
names are cleaned before they are shown.
"""

import contextlib
import io
import os
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..text import clean

MAX_ENTRIES = 1000  # files of one student
MAX_DEPTH = 6
MAX_CLASS_ENTRIES = 50_000
MAX_DIRECTORY = 8 << 20  # bytes of an archive's table of contents, which zipfile reads at once
MAX_INNER_ARCHIVE = 16 << 20  # a student's archive
MAX_ARCHIVES = 8  # of one student
ARCHIVES = (".zip",)
_IGNORED = ("__MACOSX", "__pycache__", "node_modules", "Thumbs.db")


class Refused(Exception):
    """It is not read; the text says why."""


@dataclass(frozen=True)
class Entry:
    """One file: `path` below the student's (or class's) folder, `shown` for people, `trouble` why it is refused."""

    path: tuple[str, ...]
    shown: str
    mtime: float
    read: Callable[[int], bytes]  # at most so many bytes; raises Refused
    trouble: str = ""

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()


def shown_name(text: str) -> str:
    """A file's name as one line of harmless text."""
    return " ".join(clean(text, 200).split()) or "(a name that cannot be shown)"


def ignored(name: str) -> bool:
    return name.startswith(".") or name in _IGNORED


def never(reason: str) -> Callable[[int], bytes]:
    """A reader for what is refused already."""

    def read(limit: int) -> bytes:
        raise Refused(reason)

    return read


def refused(path: tuple[str, ...], shown: str, reason: str, mtime: float = 0.0) -> Entry:
    return Entry(path, shown, mtime, never(reason), reason)


# On disk


def folder_entries(folder: Path, shown: str) -> Iterator[Entry]:
    """The files of a student's folder, by name, at most MAX_ENTRIES of them and so deep."""
    return bounded(_walk(folder, (), shown), shown)


def bounded(entries: Iterable[Entry], shown: str, most: int = MAX_ENTRIES) -> Iterator[Entry]:
    """The first of many, and a word about the others."""
    for count, entry in enumerate(entries):
        if count >= most:
            yield refused(("",), shown, f"more than {most} files; the rest was not looked at")
            return
        yield entry


def _walk(folder: Path, above: tuple[str, ...], shown: str) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as scanned:
            found = sorted(_bounded(scanned), key=lambda e: e.name)
    except OSError as error:
        yield refused((*above, folder.name), shown, f"the folder cannot be read: {error.strerror}")
        return
    for item in found:
        if ignored(item.name):
            continue
        path, label = (*above, item.name), f"{shown}/{shown_name(item.name)}"
        if not item.is_dir(follow_symlinks=False):
            yield disk_entry(Path(item.path), path, label)
        elif item.name.lower().endswith((".py", ".ipynb")):
            yield refused(path, label, "this is a folder, not a file")
        elif len(path) >= MAX_DEPTH:
            yield refused(path, label, f"folders are nested more than {MAX_DEPTH} deep; this one was not looked at")
        else:
            yield from _walk(Path(item.path), path, label)


def _bounded(scanned: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
    for number, item in enumerate(scanned):
        if number > MAX_CLASS_ENTRIES:
            return
        yield item


def disk_entry(file: Path, path: tuple[str, ...], shown: str) -> Entry:
    """A file on disk; links, pipes and devices are refused and never opened."""
    try:
        state = file.lstat()
    except OSError as error:
        return refused(path, shown, f"it cannot be read: {error.strerror}")
    if stat.S_ISLNK(state.st_mode):
        return refused(path, shown, "this is a link; links are not followed", state.st_mtime)
    if not stat.S_ISREG(state.st_mode):
        return refused(path, shown, "this is not an ordinary file", state.st_mtime)
    return Entry(path, shown, state.st_mtime, lambda limit: _read_disk(file, limit))


def open_regular(file: Path) -> BinaryIO:
    """Open an ordinary file, and only that, whatever has been put in its place meanwhile. Raises Refused."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"it cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused("this is not an ordinary file")
    return os.fdopen(descriptor, "rb")


def _read_disk(file: Path, limit: int) -> bytes:
    with open_regular(file) as opened:
        try:
            return _cut(opened.read(limit + 1), limit)
        except OSError as error:
            raise Refused(f"it cannot be read: {error.strerror}") from None


def _cut(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise Refused(f"it is larger than {limit >> 20} MiB; an answer is a short file")
    return data


# In archives


@contextlib.contextmanager
def opened_archive(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """A zip archive whose table of contents is of a reasonable size. Raises Refused."""
    with _archive(file) as archive:
        yield archive


def _archive(file: BinaryIO) -> zipfile.ZipFile:
    _check_directory(file)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError, struct.error):
        raise Refused("it is not a zip archive that can be read") from None


def _check_directory(file: BinaryIO) -> None:
    """Refuse a table of contents that would take too much memory, before zipfile reads it."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65_557))
    tail = file.read(65_557)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise Refused("it is not a zip archive")
    (length,) = struct.unpack("<L", tail[at + 12 : at + 16])
    if b"PK\x06\x07" in tail[max(0, at - 20) : at] or length == 0xFFFFFFFF or length > MAX_DIRECTORY:
        raise Refused("the archive lists too many files")
    file.seek(0)


def archive_entries(archive: zipfile.ZipFile, shown: str, most: int = MAX_ENTRIES) -> Iterator[Entry]:
    """The files in an archive. Bad names, links, encryption and bombs become entries that are refused."""
    return bounded(_listed(archive, shown), shown, most)


def _listed(archive: zipfile.ZipFile, shown: str) -> Iterator[Entry]:
    seen: set[tuple[str, ...]] = set()
    for info in archive.infolist():
        path = tuple(p for p in info.filename.replace("\\", "/").split("/") if p not in ("", "."))
        if info.is_dir() or not path or any(ignored(p) for p in path if p != ".."):
            continue
        label = f"{shown}/{shown_name('/'.join(path))}"
        trouble = _archive_trouble(info, path, path in seen)
        seen.add(path)
        if trouble:
            yield refused(tuple(p for p in path if p != "..") or ("",), label, trouble, _time(info))
        else:
            yield Entry(path, label, _time(info), _archive_reader(archive, info))


def _archive_trouble(info: zipfile.ZipInfo, path: tuple[str, ...], twice: bool) -> str:
    mode = info.external_attr >> 16
    if info.filename.startswith(("/", "\\")) or ".." in path or ":" in path[0][1:2]:
        return "its name in the archive leads out of the folder"
    if len(path) > MAX_DEPTH:
        return f"folders are nested more than {MAX_DEPTH} deep"
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "this is a link; links are not followed" if stat.S_ISLNK(mode) else "this is not an ordinary file"
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # zipfile unfolds others without a bound
        return "it is compressed in a way that is not read; use an ordinary zip"
    return "the archive holds this name twice; the first one counts" if twice else ""


def _archive_reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        if info.file_size > limit:
            raise Refused(f"it is larger than {limit >> 20} MiB; an answer is a short file")
        try:
            with archive.open(info) as member:
                return _cut(member.read(limit + 1), limit)
        except Refused:
            raise
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError, zlib.error):
            raise Refused("the archive is damaged here") from None
        except Exception as error:  # other decompressors have errors of their own (lzma.LZMAError)
            raise Refused(f"the archive is damaged here ({type(error).__name__})") from None

    return read


def _time(info: zipfile.ZipInfo) -> float:
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (ValueError, OverflowError, TypeError):
        return 0.0


def expanded(entries: Iterator[Entry]) -> Iterator[Entry]:
    """The entries of one student with archives replaced by what is in them (not archives in those)."""
    archives = 0
    for entry in entries:
        if entry.trouble or entry.suffix not in ARCHIVES:
            yield entry
            continue
        archives += 1
        try:
            if archives > MAX_ARCHIVES:
                raise Refused(f"more than {MAX_ARCHIVES} archives; this one was not looked at")
            # Not closed here: the entries are read later, and it is bytes in memory that go with the last of them.
            archive = _archive(io.BytesIO(entry.read(MAX_INNER_ARCHIVE)))
            yield from archive_entries(archive, entry.shown)
        except Refused as error:
            yield refused(entry.path, entry.shown, str(error), entry.mtime)
